"""What every ``compute_`` promises, in one place."""

import inspect

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, box

import ptrack_analysis
from ptrack_analysis import Heatmap, Line, Zone, compute_trajectories, empty
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.schema import (
    BALANCE,
    COUNTS,
    CROSSINGS,
    DETECTIONS,
    HEATMAP,
    MOVEMENT,
    OCCUPANCY,
    POINTS,
    STITCHES,
    STOPS,
    TRACKS,
    TRAJECTORIES,
    VISITS,
    check,
)

VIDEO = make_video(10_000)
LINES = [Line("middle", LineString([(500, 500), (500, 0)]), "px")]
ZONES = [Zone("left", box(0, 0, 500, 500), "px"), Zone("right", box(500, 0, 1000, 500), "px")]
CHANCE = np.random.default_rng(11)
PERSONS = {
    person: [
        (int(time), *((None, None) if gone else (float(x), float(y))))
        for time, x, y, gone in zip(
            np.cumsum(CHANCE.choice([33, 67, 100, 2500], 30)),
            CHANCE.random(30),
            CHANCE.random(30),
            CHANCE.random(30) < 0.2,
            strict=True,
        )
    ]
    for person in (4, 1, 7)
}
DETECTED = make_detections(PERSONS)
POINTED = make_points(
    {person: [(t, x or 0.0, y or 0.0) for t, x, y in path] for person, path in PERSONS.items()}
)


def trajectories_of(detections):
    return compute_trajectories(detections, VIDEO, period="67ms")


def renumbered(detections):
    """Give each person another number from the fifth second on."""
    check(detections, DETECTIONS)
    time, person = (detections.index.get_level_values(name) for name in DETECTIONS.key_names)
    numbers = np.where(time >= pd.Timedelta("5s"), person + 10, person)
    return detections.set_axis(pd.MultiIndex.from_arrays([time, numbers], names=DETECTIONS.key_names))


def stitches_of(detections):
    broken = renumbered(detections)
    return ptrack_analysis.compute_stitches(
        broken, trajectories_of(broken), VIDEO, max_speed=99.0, max_drift=99.0, min_margin=0.0
    )


CALLS = {
    "compute_trajectories": (
        lambda d: ptrack_analysis.compute_trajectories(d, VIDEO),
        DETECTIONS,
        TRAJECTORIES,
    ),
    "trajectories_from_points": (ptrack_analysis.trajectories_from_points, POINTS, TRAJECTORIES),
    "compute_tracks": (ptrack_analysis.compute_tracks, TRAJECTORIES, TRACKS),
    "compute_movement": (ptrack_analysis.compute_movement, TRAJECTORIES, MOVEMENT),
    "compute_stops": (
        lambda t: ptrack_analysis.compute_stops(t, max_extent=900, min_duration="300ms"),
        TRAJECTORIES,
        STOPS,
    ),
    "simplify_paths": (lambda t: ptrack_analysis.simplify_paths(t, 20.0), TRAJECTORIES, POINTS),
    "compute_visits": (lambda t: ptrack_analysis.compute_visits(t, ZONES, VIDEO), TRAJECTORIES, VISITS),
    "compute_occupancy": (
        lambda t: ptrack_analysis.compute_occupancy(t, VIDEO, ZONES),
        TRAJECTORIES,
        OCCUPANCY,
    ),
    "compute_crossings": (
        lambda t: ptrack_analysis.compute_crossings(t, LINES, min_distance=5),
        TRAJECTORIES,
        CROSSINGS,
    ),
    "first_crossings": (ptrack_analysis.first_crossings, CROSSINGS, CROSSINGS),
    "compute_counts": (
        lambda c: ptrack_analysis.compute_counts(c, LINES, VIDEO, every="1s"),
        CROSSINGS,
        COUNTS,
    ),
    "compute_balance": (
        lambda c: ptrack_analysis.compute_balance(
            c, ptrack_analysis.compute_occupancy(INPUTS[TRAJECTORIES.name], VIDEO)
        ),
        CROSSINGS,
        BALANCE,
    ),
    "compute_stitches": (stitches_of, DETECTIONS, STITCHES),
    "fill_gaps": (
        lambda d: ptrack_analysis.fill_gaps(d, limit="4s", period="67ms"),
        DETECTIONS,
        DETECTIONS,
    ),
    "smooth_trajectories": (ptrack_analysis.smooth_trajectories, TRAJECTORIES, TRAJECTORIES),
    "flag_jumps": (lambda t: ptrack_analysis.flag_jumps(t, max_speed=4000.0), TRAJECTORIES, TRAJECTORIES),
    "repair_jumps": (
        lambda t: ptrack_analysis.repair_jumps(ptrack_analysis.flag_jumps(t, max_speed=4000.0)),
        TRAJECTORIES,
        TRAJECTORIES,
    ),
    "compute_heatmap": (lambda t: ptrack_analysis.compute_heatmap(t, VIDEO), TRAJECTORIES, HEATMAP),
    "compute_box_heatmap": (
        lambda d: ptrack_analysis.compute_box_heatmap(d, trajectories_of(d), VIDEO),
        DETECTIONS,
        HEATMAP,
    ),
    "select": (lambda d: ptrack_analysis.select(d, start="1s", persons=[4, 1]), DETECTIONS, DETECTIONS),
}
# What depends on no sampling period that is found in the whole table, and compares no persons.
EACH_BY_ITSELF = {
    "compute_tracks",
    "compute_movement",
    "compute_stops",
    "simplify_paths",
    "compute_crossings",
    "first_crossings",
    "fill_gaps",
    "smooth_trajectories",
    "flag_jumps",
    "repair_jumps",
    "select",
}
INPUTS = {DETECTIONS.name: DETECTED, TRAJECTORIES.name: trajectories_of(DETECTED), POINTS.name: POINTED}
INPUTS[CROSSINGS.name] = ptrack_analysis.compute_crossings(INPUTS[TRAJECTORIES.name], LINES)
every = pytest.mark.parametrize(("call", "takes", "gives"), CALLS.values(), ids=CALLS.keys())


def table_of(result):
    return result.to_frame() if isinstance(result, Heatmap) else result


def test_every_computation_is_under_this_contract():
    public = {name for name in ptrack_analysis.__all__ if name.startswith("compute_")}
    of_zones = {"compute_overlaps", "compute_coverage"}  # take zones, not a table
    assert public <= set(CALLS) | of_zones


@every
def test_the_result_is_the_table_that_it_should_be(call, takes, gives):
    result = table_of(call(INPUTS[takes.name]))
    check(result, gives)
    assert len(result)
    assert result.index.is_monotonic_increasing


@every
def test_the_argument_is_not_changed(call, takes, gives):
    given = INPUTS[takes.name]
    before = given.copy(deep=True)
    call(given)
    assert_frame_equal(given, before)
    assert given.index.names == before.index.names


@every
def test_nothing_in_gives_nothing_out_with_the_right_types(call, takes, gives):
    result = table_of(call(INPUTS[takes.name].iloc[:0]))
    check(result, gives)
    fresh = table_of(
        call(empty(takes, unit={"trajectories": "px", "points": "m", "crossings": "px"}.get(takes.name)))
    )
    check(fresh, gives)
    if gives not in (HEATMAP, OCCUPANCY, COUNTS, BALANCE):
        assert result.empty
        assert fresh.empty


@every
@pytest.mark.parametrize("seed", range(3))
def test_shuffled_rows_give_the_same_result(call, takes, gives, seed):
    given = INPUTS[takes.name]
    shuffled = given.iloc[np.random.default_rng(seed).permutation(len(given))]
    assert_frame_equal(table_of(call(shuffled)).sort_index(), table_of(call(given)).sort_index())


@pytest.mark.parametrize("name", sorted(EACH_BY_ITSELF))
def test_who_else_is_in_the_table_changes_nothing_for_a_person(name):
    call, takes, _ = CALLS[name]
    given = INPUTS[takes.name]
    some = [1, 7]
    alone = call(given[given.index.get_level_values("person_index").isin(some)])
    together = call(given)
    together = together[together.index.get_level_values("person_index").isin(some)]
    assert_frame_equal(alone.sort_index(), together.sort_index(), rtol=1e-9, atol=1e-9)


@every
@pytest.mark.parametrize(
    "wrong", [None, [1, 2], pd.DataFrame({"a": [1]}), pd.concat({"v": DETECTED}, names=["video"])]
)
def test_a_wrong_table_is_refused(call, takes, gives, wrong):
    with pytest.raises(SchemaError, match=f"not a {takes.name} table"):
        call(wrong)


@every
def test_the_definition_is_written_down(call, takes, gives):
    name = next(name for name, entry in CALLS.items() if entry[0] is call)
    text = inspect.getdoc(getattr(ptrack_analysis, name))
    for part in ("Parameters\n----------", "Returns\n-------", "Raises\n------"):
        assert part in text
    if name in {"compute_trajectories", "trajectories_from_points", "compute_visits", "select"}:
        assert "[ms]" in text
