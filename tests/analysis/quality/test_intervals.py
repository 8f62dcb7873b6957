"""How far chance alone could move a figure."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.quality import compute_confidence_intervals, estimate_count
from ptrack_analysis.schema import GROUPS, INTERVALS, VISITS, assemble, empty_table, validate


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
    assert (row["persons"], row["rows"]) == (3, 4)
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["note"] == ("fewer than 6 people" if "median" in figure else "fewer than 10 people")


def test_a_count_has_garwoods_bounds_for_the_visits_of_each_person():
    visits = make_visits([("till", person, 2000) for person in (1, 2, 3, 3)])
    row = compute_confidence_intervals(visits, of=None, statistic="count").loc[("till", "count")]
    interval = estimate_count([1, 1, 2])
    assert (row["value"], row["persons"], row["rows"]) == (4, 3, 4)
    assert (row["low"], row["high"], row["note"]) == (interval.low, interval.high, "")
    pairs = pd.DataFrame(
        {"group": [1, 1, 2], "size": [2, 2, 1]}, index=pd.Index([1, 2, 3], name="person_index")
    )
    grouped = compute_confidence_intervals(visits, of=None, statistic="count", groups=pairs)
    assert (grouped["low"].item(), grouped["high"].item()) == pytest.approx(
        (estimate_count([2, 2]).low, estimate_count([2, 2]).high)
    )


def test_where_all_are_alike_there_is_no_interval():
    table = compute_confidence_intervals(make_visits([("till", person, 2000) for person in range(40)]))
    assert table["value"].item() == 2
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["note"].item() == "no variation between people"


def test_no_rows_give_no_rows():
    validate(compute_confidence_intervals(empty_table(VISITS)), INTERVALS)
    assert compute_confidence_intervals(empty_table(VISITS)).empty


def many(seed, persons=60):
    chance = np.random.default_rng(seed)
    stays = chance.integers(1, 4, persons)
    person = np.repeat(np.arange(persons), stays)
    dwell = np.repeat(chance.exponential(9000, persons), stays) + chance.exponential(3000, len(person))
    return [("till", int(one), int(time)) for one, time in zip(person, dwell, strict=True)]


def test_the_interval_of_a_mean_is_the_jackknife_over_people_by_hand():
    rows = many(5)
    row = compute_confidence_intervals(make_visits(rows)).iloc[0]
    people = sorted({person for _, person, _ in rows})
    logs = [math.log(np.mean([d for _, p, d in rows if p != person])) for person in people]
    n = len(people)
    deviation = math.sqrt((n - 1) / n * sum((one - np.mean(logs)) ** 2 for one in logs))
    spread = stats.t.ppf(0.975, n - 1) * deviation
    assert row["low"] == pytest.approx(row["value"] * math.exp(-spread))
    assert row["high"] == pytest.approx(row["value"] * math.exp(spread))
    assert row["note"] == ""


def test_below_fifty_people_the_interval_says_that_it_covers_less():
    row = compute_confidence_intervals(make_visits(many(5, persons=30))).iloc[0]
    assert row["note"] == "fewer than 50 people: about 92 % instead of 95 %"
    assert row["low"] < row["value"] < row["high"]


def test_groups_make_the_interval_wider():
    rows = [("till", 3 * place + twin, d) for place, (_, _, d) in enumerate(many(5)) for twin in range(3)]
    people = np.array([person for _, person, _ in rows])
    arrays = {"person_index": people, "group": people // 3 + 1, "size": np.full(len(people), 3)}
    visits = make_visits(rows)
    alone, together = (
        compute_confidence_intervals(visits, groups=groups).iloc[0]
        for groups in (None, assemble(GROUPS, arrays))
    )
    assert (alone["persons"], together["persons"]) == (len(people), len(people) // 3)
    assert together["low"] < alone["low"] < alone["high"] < together["high"]


def test_rows_of_one_person_count_as_one():
    """Each stay four times over says nothing new: the interval stays as wide."""
    rows = many(6)
    once, often = (compute_confidence_intervals(make_visits(rows * times)) for times in (1, 4))
    assert often[["value", "low", "high"]].to_numpy() == pytest.approx(
        once[["value", "low", "high"]].to_numpy()
    )


@given(
    st.lists(st.tuples(st.just("a"), st.integers(0, 15), st.integers(0, 9999)), min_size=2, max_size=40),
    st.integers(1, 50),
)
def test_times_in_other_units_scale_the_interval(rows, factor):
    columns = ["value", "low", "high"]
    one = compute_confidence_intervals(make_visits(rows))[columns].to_numpy()
    other = compute_confidence_intervals(make_visits([(z, p, d * factor) for z, p, d in rows]))[columns]
    assert other.to_numpy() == pytest.approx(one * factor, rel=1e-6, abs=1e-9, nan_ok=True)


WRONG = {
    "confidence": ({"confidence": 1.0}, "confidence must be between 0 and 1, got 1.0"),
    "no column": ({"of": "size"}, "of must be a column of the table, got 'size'; the columns are entered"),
    "no numbers": ({"of": "entry"}, "of must be a column of numbers, .* but 'entry' is category"),
    "statistic": ({"statistic": "mode"}, "statistic must be one of mean, median, rate, count, got 'mode'"),
    "mean of rows": ({"of": None}, "of must be a column for a mean"),
    "count of a column": (
        {"statistic": "count"},
        "of must be None for a count, which counts rows, got 'dwell'",
    ),
    "mean per": (
        {"per": "since_previous_visit"},
        "per applies to statistic='rate' only, got per='since_previous_visit' with 'mean'",
    ),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_estimated_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        compute_confidence_intervals(make_visits(ROWS), **options)


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a visits table"):
        compute_confidence_intervals([1])
