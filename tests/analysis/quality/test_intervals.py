"""How far chance alone could move a figure."""

import naive_trust
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.quality import compute_confidence_intervals
from ptrack_analysis.schema import INTERVALS, VISITS, assemble, empty_table, validate


def make_visits(rows):
    """Make visits of (zone, person, dwell in ms)."""
    count = len(rows)
    arrays = {
        "zone": [zone for zone, _, _ in rows],
        "person_index": np.array([person for _, person, _ in rows], dtype="int64"),
        "visit": np.arange(count),
        "dwell": np.array([dwell for _, _, dwell in rows], dtype="int64"),
        "entered": np.zeros(count, dtype="int64"),
        "exited": np.zeros(count, dtype="int64"),
        "entry": np.zeros(count, dtype="int8"),
        "exit": np.zeros(count, dtype="int8"),
        "detections": np.ones(count, dtype="int64"),
        "interpolated": np.zeros(count, dtype="int64"),
        "bridged": np.zeros(count, dtype="int64"),
        "since_previous_visit": np.zeros(count, dtype="int64"),
    }
    return assemble(VISITS, arrays)


ROWS = [("till", 1, 1000), ("till", 1, 3000), ("till", 2, 5000), ("hall", 1, 2000), ("till", 3, 4000)]


@pytest.mark.parametrize(
    ("options", "figure", "till"),
    [
        ({}, "mean dwell", 3.25),
        ({"statistic": "median"}, "median dwell", 3.5),
        ({"of": None, "statistic": "rate"}, "rows per person", 4 / 3),
        ({"statistic": "rate"}, "dwell per person", 13 / 3),
        ({"statistic": "rate", "per": "detections"}, "dwell per detections", 3.25),
    ],
)
def test_the_figure_is_the_plain_one(options, figure, till):
    table = compute_confidence_intervals(make_visits(ROWS), **options)
    assert table.index.tolist() == [("hall", figure), ("till", figure)]
    row = table.loc[("till", figure)]
    assert row["value"] == pytest.approx(till)
    assert row["low"] <= till <= row["high"]
    assert (row["persons"], row["rows"]) == (3, 4)


def test_of_one_person_nothing_is_said():
    row = compute_confidence_intervals(make_visits(ROWS)).loc[("hall", "mean dwell")]
    assert row["value"] == 2.0
    assert np.isnan([row["low"], row["high"]]).all()


def test_where_all_are_alike_chance_moves_nothing():
    table = compute_confidence_intervals(make_visits([("till", person, 2000) for person in range(9)]))
    assert table[["value", "low", "high"]].to_numpy().tolist() == [[2.0, 2.0, 2.0]]


def test_no_rows_give_no_rows():
    validate(compute_confidence_intervals(empty_table(VISITS)), INTERVALS)
    assert compute_confidence_intervals(empty_table(VISITS)).empty


def many(seed, persons=60):
    chance = np.random.default_rng(seed)
    stays = chance.integers(1, 4, persons)
    person = np.repeat(np.arange(persons), stays)
    dwell = np.repeat(chance.exponential(9000, persons), stays) + chance.exponential(3000, len(person))
    return [("till", int(one), int(time)) for one, time in zip(person, dwell, strict=True)]


@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_what_is_drawn_is_drawn_as_a_slow_loop_draws(statistic):
    rows = many(5)
    table = compute_confidence_intervals(make_visits(rows), statistic=statistic, rounds=4000)
    slow = naive_trust.bootstrap([(p, d / 1000, 1) for _, p, d in rows], statistic, rounds=1500, seed=8)
    low, high = np.quantile(slow, [0.025, 0.975])
    width = high - low
    assert table["low"].item() == pytest.approx(low, abs=0.15 * width)
    assert table["high"].item() == pytest.approx(high, abs=0.15 * width)


def test_rows_of_one_person_count_as_one():
    """Each stay four times over says nothing new: the interval stays as wide."""
    rows = many(6)
    once, often = (compute_confidence_intervals(make_visits(rows * times)) for times in (1, 4))
    assert often[["value", "low", "high"]].to_numpy() == pytest.approx(
        once[["value", "low", "high"]].to_numpy()
    )


def test_a_seed_gives_the_same_interval_and_another_one_another():
    visits = make_visits(many(7))
    first, again, other = (
        compute_confidence_intervals(visits, seed=seed)["low"].item() for seed in (1, 1, 2)
    )
    assert first == again != other


@given(
    st.lists(st.tuples(st.just("a"), st.integers(0, 9), st.integers(0, 9999)), min_size=2, max_size=30),
    st.integers(1, 50),
)
def test_times_in_other_units_scale_the_interval(rows, factor):
    columns = ["value", "low", "high"]
    one = compute_confidence_intervals(make_visits(rows), rounds=40)[columns].to_numpy()
    other = compute_confidence_intervals(make_visits([(z, p, d * factor) for z, p, d in rows]), rounds=40)[
        columns
    ]
    assert other.to_numpy() == pytest.approx(one * factor, rel=1e-6, abs=1e-9, nan_ok=True)


WRONG = {
    "rounds": ({"rounds": 3}, "rounds is 3, not a whole number of at least 20"),
    "confidence": ({"confidence": 1.0}, "confidence is 1.0, not a number above 0 and below 1"),
    "several": ({"rounds": 2.5, "seed": -1}, "rounds is 2.5.*; seed is -1"),
    "no column": ({"of": "size"}, "of is 'size', which is no column; there are entered, exited, dwell"),
    "no numbers": ({"of": "entry"}, "of is 'entry', a column of category, not of numbers"),
    "statistic": ({"statistic": "mode"}, "statistic is 'mode', not one of mean, median, rate"),
    "mean of rows": ({"of": None}, "of is None, but a mean needs a column"),
    "mean per": (
        {"per": "since_previous_visit"},
        "per is 'since_previous_visit', but a mean is divided by nothing",
    ),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_estimated_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        compute_confidence_intervals(make_visits(ROWS), **options)


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a visits table"):
        compute_confidence_intervals([1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "truth"),
    [
        ({"statistic": "mean"}, 12.0),
        ({"statistic": "median"}, None),
        ({"of": None, "statistic": "rate"}, 2.0),
    ],
    ids=["mean dwell", "median dwell", "stays per person"],
)
def test_95_percent_intervals_hold_the_truth_in_nine_of_ten_seeds(options, truth):
    if truth is None:
        truth = np.median([dwell for _, _, dwell in many(0, persons=400_000)]) / 1000
    held = 0
    for seed in range(200):
        row = compute_confidence_intervals(make_visits(many(1000 + seed, persons=100)), **options).iloc[0]
        held += row["low"] <= truth <= row["high"]
    assert held >= 180
