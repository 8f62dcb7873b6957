"""Counts of crossings in intervals of time."""

import numpy as np
import pandas as pd
import pytest
from factories import make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from ptrack_analysis import Line, Video, count_crossings
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import COUNTS, CROSSINGS, OCCUPANCY_CHANGES, assemble, empty_table, validate

DOOR = Line("door", LineString([(5, 10), (5, 0)]), "px")
IN, OUT = 0, 1


def make_crossings(rows):
    """Make crossings (line, ms, way), each of a person of their own."""
    arrays = {
        "line": [line for line, _, _ in rows],
        "timestamp": np.array([time for _, time, _ in rows], dtype="int64"),
        "person_index": np.arange(len(rows)),
        "direction": np.array([way for _, _, way in rows], dtype="int8"),
        "crossing": np.ones(len(rows), dtype="int64"),
        "x_{u}": np.zeros(len(rows)),
        "y_{u}": np.zeros(len(rows)),
    }
    return assemble(CROSSINGS, arrays, unit="px")


def rows_of(counts):
    starts = counts.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    spans = counts["interval"].to_numpy().astype("int64").tolist()
    numbers = counts[["in_count", "out_count", "in_total", "out_total"]].to_numpy().tolist()
    return [(start, span, *row) for start, span, row in zip(starts, spans, numbers, strict=True)]


def counts_of(*crossings, duration=2500, every="1s"):
    rows = [("door", time, way) for time, way in crossings]
    return rows_of(count_crossings(make_crossings(rows), [DOOR], make_video(duration), every=every))


def test_each_interval_counts_its_own_and_all_before():
    assert counts_of((10, IN), (20, IN), (1500, OUT), (2100, IN)) == [
        (0, 1000, 2, 0, 2, 0),
        (1000, 1000, 0, 1, 2, 1),
        (2000, 500, 1, 0, 3, 1),
    ]


def test_an_interval_includes_its_start_and_not_its_end():
    assert [row[2] for row in counts_of((999, IN), (1000, IN), (2000, IN))] == [1, 1, 1]


def test_a_crossing_at_the_end_of_the_video_is_in_the_last_interval():
    assert counts_of((2000, IN), duration=2000) == [(0, 1000, 0, 0, 0, 0), (1000, 1000, 1, 0, 1, 0)]


def test_an_unknown_end_is_that_of_the_last_crossings_interval():
    assert counts_of((1000, IN), duration=None) == [(0, 1000, 0, 0, 0, 0), (1000, 1000, 1, 0, 1, 0)]
    assert counts_of(duration=None) == []


def test_an_end_before_a_crossing_is_not_believed():
    assert [row[:3] for row in counts_of((1001, IN), duration=1000)] == [(0, 1000, 0), (1000, 1000, 1)]


def test_a_video_shorter_than_an_interval_is_one():
    assert counts_of((300, OUT), duration=400) == [(0, 400, 0, 1, 0, 1)]
    assert counts_of(duration=0) == [(0, 0, 0, 0, 0, 0)]


def test_lines_never_crossed_have_rows_and_lines_not_given_have_none():
    crossings = make_crossings([("door", 10, IN), ("gate", 20, IN)])
    counts = count_crossings(crossings, ["window", DOOR], make_video(1000))
    assert counts["in_count"].to_dict() == {("door", pd.Timedelta(0)): 1, ("window", pd.Timedelta(0)): 0}


def test_nothing_in_gives_rows_of_0_or_none():
    nothing = empty_table(CROSSINGS, unit="m")
    counts = count_crossings(nothing, [DOOR], make_video(90_000))
    validate(counts, COUNTS)
    assert rows_of(counts) == [(0, 60_000, 0, 0, 0, 0), (60_000, 30_000, 0, 0, 0, 0)]
    for none in (count_crossings(nothing, [], make_video(90_000)), count_crossings(nothing, [DOOR], Video())):
        validate(none, COUNTS)
        assert none.empty


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (DOOR, "lines must be a list of lines or line names"),
        ("door", "lines must be a list of lines or line names, got 'door'"),
        ([7], "lines must be a list of lines or line names, but contains 7"),
        ([DOOR, "door"], "the line 'door' occurs twice"),
    ],
)
def test_what_is_no_list_of_lines_is_refused(lines, sentence):
    with pytest.raises(ParameterError, match=sentence):
        count_crossings(make_crossings([]), lines, make_video(1000))


@pytest.mark.parametrize("every", ["0s", "-1s", "soon", None])
def test_an_interval_without_length_is_refused(every):
    with pytest.raises(ParameterError, match=f"every must be a duration.* got {every!r}"):
        count_crossings(make_crossings([]), [DOOR], make_video(1000), every=every)


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError, match="not a crossings table"):
        count_crossings(empty_table(OCCUPANCY_CHANGES), [DOOR], make_video(1000))


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 5000), st.sampled_from([IN, OUT])))


@given(ROWS, st.one_of(st.none(), st.integers(0, 6000)), st.integers(1, 3000))
def test_counts_add_up_to_the_crossings_and_intervals_to_the_video(rows, duration, every):
    counts = count_crossings(make_crossings(rows), ["a", "b"], make_video(duration), every=f"{every}ms")
    for line in ("a", "b"):
        own = rows_of(counts[counts.index.get_level_values("line") == line])
        for column, way in ((2, IN), (3, OUT)):
            times = [time for name, time, direction in rows if (name, direction) == (line, way)]
            assert sum(row[column] for row in own) == len(times)
            total = 0
            for start, span, *numbers in own:
                is_last = start == own[-1][0]
                total += sum(
                    start <= time < start + span or (is_last and time == start + span) for time in times
                )
                assert numbers[column] == total
        believed = duration is not None and all(time <= duration for _, time, _ in rows)
        if believed:
            assert sum(row[1] for row in own) == duration
        assert [row[0] for row in own] == [place * every for place in range(len(own))]


def test_more_intervals_than_anyone_wants_are_refused():
    with pytest.raises(ParameterError, match="every of '1ms' gives 7200000 bins for each of 1"):
        count_crossings(empty_table(CROSSINGS, unit="px"), ["door"], make_video(7_200_000), every="1ms")


def test_counting_begins_where_the_part_that_was_selected_does():
    crossings = make_crossings([("door", 61_000, 0), ("door", 125_000, 1)])
    counts = count_crossings(crossings, ["door"], make_video(150_000), start="60s")
    assert (counts.index.get_level_values("timestamp") / pd.Timedelta("1s")).tolist() == [60, 120]
    assert counts["interval"].dt.total_seconds().tolist() == [60, 30]
    assert counts[["in_count", "out_count"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ParameterError, match="a crossing at 61000 ms is before the start at 70000 ms"):
        count_crossings(crossings, ["door"], make_video(150_000), start="70s")
