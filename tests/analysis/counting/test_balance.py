"""Persons counted over lines beside persons present."""

from itertools import pairwise

import numpy as np
import pytest
from factories import make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, box

from ptrack_analysis import Line, Zone, compute_crossings, compute_occupancy, compute_trajectories
from ptrack_analysis.counting import compute_count_drift
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import BALANCE, CROSSINGS, OCCUPANCY_CHANGES, empty_table, validate

DOOR = Line("door", LineString([(5, 10), (5, 0)]), "m")
ROOM = Zone("room", box(5, 0, 10, 10), "m")


def tables_of(persons, duration=1000, lines=(DOOR,)):
    video = make_video(duration)
    trajectories = compute_trajectories(make_points(persons), video=video, period="100ms")
    return compute_crossings(trajectories, list(lines)), compute_occupancy(trajectories, video, zones=[ROOM])


def rows_of(balance):
    times = balance.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    return [(time, *row) for time, row in zip(times, balance.to_numpy().tolist(), strict=True)]


def balance_of(persons, zone="room", **options):
    return rows_of(compute_count_drift(*tables_of(persons), zone=zone, **options))


def test_the_line_is_crossed_between_two_detections_and_the_zone_entered_at_the_second():
    assert balance_of({1: [(0, 4, 5), (100, 4, 5), (200, 6, 5), (900, 6, 5)]}) == [
        (0, 0, 0, 0, 0, 0),
        (150, 1, 0, 1, 0, 1),
        (200, 1, 0, 1, 1, 0),
        (1000, 1, 0, 1, 1, 0),
    ]


def test_those_present_at_the_start_are_counted():
    assert balance_of({1: [(0, 6, 5), (100, 4, 5)]}) == [
        (0, 0, 0, 1, 1, 0),
        (50, 0, 1, 0, 1, -1),
        (100, 0, 1, 0, 0, 0),
        (1000, 0, 1, 0, 0, 0),
    ]


def test_who_appears_or_vanishes_inside_makes_the_count_drift_for_good():
    appears = [(200, 6, 5), (300, 6, 5)]
    assert [row[-1] for row in balance_of({1: appears})] == [0, -1, 0, 0]
    enters_and_vanishes = [(100, 4, 5), (200, 6, 5)]
    assert balance_of({1: enters_and_vanishes})[-1] == (1000, 1, 0, 1, 0, 1)


def test_the_end_of_the_video_is_nobodys_going():
    assert balance_of({1: [(0, 6, 5), (900, 6, 5)]}) == [(0, 0, 0, 1, 1, 0), (1000, 0, 0, 1, 1, 0)]


def test_only_the_lines_asked_for_are_counted():
    gate = Line("gate", LineString([(5, 0), (5, 10)]), "m")
    tables = tables_of({1: [(0, 4, 5), (100, 6, 5)]}, lines=(DOOR, gate))
    last = [rows_of(compute_count_drift(*tables, lines=lines))[-1] for lines in (None, [DOOR], ["gate"], [])]
    assert [row[1:3] for row in last] == [(1, 1), (1, 0), (0, 1), (0, 0)]
    assert rows_of(compute_count_drift(*tables, lines=["never crossed"]))[-1][1:3] == (0, 0)


def test_nothing_in_gives_the_occupancy_alone_or_nothing():
    crossings, occupancy = tables_of({})
    balance = compute_count_drift(crossings, occupancy, zone="room")
    validate(balance, BALANCE)
    assert rows_of(balance) == [(0, 0, 0, 0, 0, 0), (1000, 0, 0, 0, 0, 0)]
    nothing = compute_count_drift(empty_table(CROSSINGS, unit="px"), empty_table(OCCUPANCY_CHANGES))
    validate(nothing, BALANCE)
    assert nothing.empty


def test_what_does_not_fit_is_refused():
    crossings, occupancy = tables_of({1: [(0, 4, 5), (100, 6, 5)]})
    with pytest.raises(ParameterError, match="zone 'hall' is not in the occupancy table"):
        compute_count_drift(crossings, occupancy, zone="hall")
    with pytest.raises(ParameterError, match="lines must be a list of lines"):
        compute_count_drift(crossings, occupancy, lines="door")
    short = tables_of({}, duration=49)[1]
    with pytest.raises(
        ParameterError, match="a crossing at 50 ms is after the end of the occupancy at 49 ms"
    ):
        compute_count_drift(crossings, short)
    with pytest.raises(SchemaError, match=r"not an? occupancy_changes table"):
        compute_count_drift(crossings, crossings)
    with pytest.raises(SchemaError, match="not a crossings table"):
        compute_count_drift(occupancy, occupancy)


PATHS = st.lists(st.tuples(st.sampled_from([1, 50, 400]), st.integers(3, 7)), max_size=10)


@given(st.dictionaries(st.integers(0, 3), PATHS, max_size=3), st.sampled_from(["", "room"]))
def test_balance_equals_counting_at_every_moment(persons, zone):
    paths = {
        person: [(int(t), x, 5) for t, (_, x) in zip(np.cumsum([s for s, _ in path]), path, strict=True)]
        for person, path in persons.items()
    }
    crossings, occupancy = tables_of(paths, duration=4000)
    crossed = list(
        zip(
            crossings.index.get_level_values("timestamp").to_numpy().astype("int64").tolist(),
            crossings["direction"].tolist(),
            strict=True,
        )
    )
    counts = [
        (int(moment.astype("int64")), int(persons))
        for moment, persons in zip(
            occupancy.loc[[zone]].index.get_level_values("timestamp").to_numpy(),
            occupancy.loc[[zone], "persons"],
            strict=True,
        )
    ]
    rows = rows_of(compute_count_drift(crossings, occupancy, zone=zone))
    assert [rows[0][0], rows[-1][0]] == [0, 4000]
    for time, came, went, counted, present, drift in rows[:-1]:
        assert came == sum(moment <= time and way == "in" for moment, way in crossed)
        assert went == sum(moment <= time and way == "out" for moment, way in crossed)
        assert present == [persons for moment, persons in counts if moment <= time][-1]
        assert (counted, drift) == (counts[0][1] + came - went, counted - present)
    assert all(one[1:] != other[1:] for one, other in pairwise(rows[:-1]))
    assert rows[-1][1:] == rows[-2][1:]
    assert {moment for moment, _ in [*crossed, *counts]} >= {row[0] for row in rows}
