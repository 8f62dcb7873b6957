"""How well computed counts agree with a count by hand."""

import naive_trust
import numpy as np
import pytest

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.quality import compare_with_manual_count
from ptrack_analysis.schema import AGREEMENT, CROSSINGS, TALLY, VISITS, assemble, empty_table, validate

MINUTE = 60_000


def make_tally(rows):
    """Make a tally of (name, start, length, count), times in ms."""
    names = ("timestamp", "interval", "tallied")
    arrays = {"name": [row[0] for row in rows]} | {
        name: np.array([row[place] for row in rows], dtype="int64")
        for place, name in enumerate(names, start=1)
    }
    return assemble(TALLY, arrays)


def make_crossings(rows):
    """Make crossings of (line, ms, direction), each of a person of their own."""
    arrays = {
        "line": [row[0] for row in rows],
        "timestamp": np.array([row[1] for row in rows], dtype="int64"),
        "person_index": np.arange(len(rows)),
        "direction": np.array([row[2] == "out" for row in rows], dtype="int8"),
        "crossing": np.ones(len(rows), dtype="int64"),
        "x_{u}": np.zeros(len(rows)),
        "y_{u}": np.zeros(len(rows)),
    }
    return assemble(CROSSINGS, arrays, unit="px")


CROSSED = make_crossings(
    [("door", 0, "in"), ("door", 59_999, "out"), ("door", 60_000, "in"), ("gate", 10, "in")]
)


def test_bias_and_errors_are_those_of_the_intervals():
    row = compare_with_manual_count(
        CROSSED, make_tally([("door", 0, MINUTE, 4), ("door", MINUTE, MINUTE, 0)])
    ).loc["door"]
    assert (row["intervals"], row["tallied"], row["counted"]) == (2, 4, 3)
    assert row["bias"] == -0.5
    assert row["mean_absolute_error"] == 1.5
    assert row["mean_absolute_percentage_error"] == 50.0
    geh = [np.sqrt(2 * 120**2 / 360), np.sqrt(2 * 60**2 / 60)]
    assert row["geh"] == pytest.approx(np.mean(geh))
    assert row["geh_below_5"] == 0.0


def test_one_direction_is_compared_by_itself():
    assert compare_with_manual_count(CROSSED, make_tally([("door", 0, MINUTE, 1)]), direction="in")[
        "bias"
    ].tolist() == [0]


def test_a_tally_of_nothing_has_no_percentage():
    row = compare_with_manual_count(CROSSED, make_tally([("door", 90_000, MINUTE, 0)])).loc["door"]
    assert np.isnan(row["mean_absolute_percentage_error"])
    assert (row["geh"], row["geh_below_5"], row["bias"]) == (0, 1, 0)


def test_an_unknown_line_is_refused_by_its_name():
    with pytest.raises(
        ParameterError, match="the tally contains 'back', 'side', but no such line was computed"
    ):
        compare_with_manual_count(
            CROSSED, make_tally([("side", 0, 1, 1), ("back", 0, 1, 1), ("door", 0, 1, 1)])
        )


def test_a_zone_without_visits_is_compared_where_it_is_named():
    tally = make_tally([("till", 0, MINUTE, 2)])
    with pytest.raises(ParameterError, match="The computed zones are empty"):
        compare_with_manual_count(empty_table(VISITS), tally)
    assert compare_with_manual_count(empty_table(VISITS), tally, places=["till"])["bias"].tolist() == [-2.0]


WRONG = {
    "no length": ([("door", 5, 0, 1)], "the tally of 'door' at 5 ms has an interval without length"),
    "below 0": ([("door", 5, 9, -1)], "the tally of 'door' at 5 ms has a count below 0"),
    "overlap": (
        [("door", 5, 9, 1), ("door", 13, 9, 1)],
        "the tally of 'door' at 5 ms overlaps the next interval",
    ),
}


@pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_nobody_can_have_counted_is_refused(rows, message):
    with pytest.raises(ParameterError, match=message):
        compare_with_manual_count(CROSSED, make_tally(rows))


def test_wrong_options_and_tables_are_refused():
    tally = make_tally([("door", 0, MINUTE, 1)])
    with pytest.raises(ParameterError, match="direction must be 'in' or 'out', got 'up'"):
        compare_with_manual_count(CROSSED, tally, direction="up")
    with pytest.raises(ParameterError, match="direction applies to crossings only"):
        compare_with_manual_count(empty_table(VISITS), tally, direction="in")
    with pytest.raises(ParameterError, match="places must contain only zones, lines or their names, got 7"):
        compare_with_manual_count(CROSSED, tally, places=[7])
    with pytest.raises(SchemaError, match="not a tally table"):
        compare_with_manual_count(CROSSED, CROSSED)
    with pytest.raises(SchemaError, match="not a visits table"):
        compare_with_manual_count(None, tally)


def test_an_empty_tally_gives_no_rows():
    result = compare_with_manual_count(CROSSED, empty_table(TALLY))
    validate(result, AGREEMENT)
    assert result.empty


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_loop_says_the_same(seed):
    chance = np.random.default_rng(seed)
    events = [(str(chance.choice(["a", "b"])), int(time), "in") for time in chance.integers(0, 600_000, 80)]
    tally = [
        (name, start * MINUTE, int(chance.integers(1, MINUTE + 1)), int(chance.integers(0, 8)))
        for name in "ab"
        for start in range(10)
    ]
    result = compare_with_manual_count(make_crossings(events), make_tally(tally), places=["a", "b"])
    columns = ["intervals", "tallied", "counted", "bias", "mean_absolute_error", "geh"]
    wanted = naive_trust.agreement(events, tally)
    assert result[columns].to_numpy() == pytest.approx(np.array([wanted["a"], wanted["b"]]))
