"""What every ``compute_`` promises, in one place."""

import inspect
import re
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from pages import record
from pandas.testing import assert_frame_equal
from rekognition_server import RekognitionServer
from shapely.geometry import LineString, box

import ptrack_analysis
from ptrack_analysis import Line, Zone, compute_trajectories
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.schema import (
    BALANCE,
    BOX_HEATMAP,
    COUNTS,
    CROSSINGS,
    DENSITY,
    DETECTIONS,
    DWELL,
    DWELL_COMPARISON,
    DWELL_QUANTILES,
    ENCOUNTERS,
    FACING,
    FIELD,
    FLOW,
    FUNDAMENTAL,
    FUNNEL,
    GROUPS,
    HEAT_DIFFERENCE,
    HEATMAP,
    HEATMAP_SLICES,
    INTERVALS,
    MEASURE,
    MOVEMENT,
    OCCUPANCY_CHANGES,
    OCCUPANCY_HOURLY,
    POINTS,
    QUALITY,
    QUEUE,
    RETAIL,
    SCENE_STAY,
    SENSITIVITY,
    SERVICE_LEVELS,
    STAFF,
    STITCHES,
    STOPS,
    SURVIVAL,
    TRACKS,
    TRAJECTORIES,
    TRANSITIONS,
    VISITS,
    VISITS_HOURLY,
    WAITS,
    ZONE_OCCUPANCY,
    empty_table,
    validate,
)

MODULES = [ptrack_analysis] + [
    module for name in dir(ptrack_analysis) if inspect.ismodule(module := getattr(ptrack_analysis, name))
]
PUBLIC = {name: getattr(module, name) for module in MODULES for name in getattr(module, "__all__", [])}
VIDEO = make_video(30_000)
RECORDING = ptrack_analysis.clock.Recording(
    video="video",
    started_at=datetime.fromisoformat("2026-10-25T02:59:55+02:00"),
    timezone="Europe/Berlin",
    opening_hours="Su 02:00-03:00",
)
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
    validate(detections, DETECTIONS)
    time, person = (detections.index.get_level_values(name) for name in DETECTIONS.key_names)
    numbers = np.where(time >= pd.Timedelta("5s"), person + 10, person)
    return detections.set_axis(pd.MultiIndex.from_arrays([time, numbers], names=DETECTIONS.key_names))


def stitches_of(detections):
    broken = renumbered(detections)
    return ptrack_analysis.cleaning.compute_stitches(
        broken, trajectories_of(broken), VIDEO, max_speed=99.0, max_drift=99.0, min_margin=0.0
    )


def on_a_floor(trajectories):
    """Take the pixels for meters."""
    validate(trajectories, TRAJECTORIES)
    return trajectories.rename(columns=lambda name: name.replace("_px", "_m"))


FLOOR_ZONES = [Zone(zone.name, zone.outline, "m") for zone in ZONES]
CALLS = {
    "compute_trajectories": (
        lambda d: ptrack_analysis.compute_trajectories(d, VIDEO),
        DETECTIONS,
        TRAJECTORIES,
    ),
    "compute_trajectories of points": (ptrack_analysis.compute_trajectories, POINTS, TRAJECTORIES),
    "compute_tracks": (ptrack_analysis.compute_tracks, TRAJECTORIES, TRACKS),
    "compute_kinematics": (ptrack_analysis.motion.compute_kinematics, TRAJECTORIES, MOVEMENT),
    "compute_stops": (
        lambda t: ptrack_analysis.compute_stops(t, max_extent=9000, min_duration="300ms"),
        TRAJECTORIES,
        STOPS,
    ),
    "simplify_trajectories": (
        lambda t: ptrack_analysis.motion.simplify_trajectories(t, tolerance=20.0),
        TRAJECTORIES,
        POINTS,
    ),
    "compute_visits": (lambda t: ptrack_analysis.compute_visits(t, ZONES, VIDEO), TRAJECTORIES, VISITS),
    "compute_dwell": (ptrack_analysis.compute_dwell, VISITS, DWELL),
    "compute_dwell_quantiles": (ptrack_analysis.dwell.compute_dwell_quantiles, VISITS, DWELL_QUANTILES),
    "compute_stay_in_scene": (
        lambda t: ptrack_analysis.dwell.compute_stay_in_scene(t, VIDEO, period="67ms"),
        TRACKS,
        SCENE_STAY,
    ),
    "compute_survival": (ptrack_analysis.dwell.compute_survival, VISITS, SURVIVAL),
    "compare_periods": (
        lambda v: ptrack_analysis.dwell.compare_periods(v, v),
        VISITS,
        DWELL_COMPARISON,
    ),
    "compare_dwell": (
        lambda v: ptrack_analysis.dwell.compare_dwell(v, ["left", "right"]),
        VISITS,
        DWELL_COMPARISON,
    ),
    "detect_staff": (
        lambda v: ptrack_analysis.dwell.detect_staff(v, min_stay="300ms", zones=["left"], recurrence=2),
        VISITS,
        STAFF,
    ),
    "compute_waiting_times": (
        lambda v: ptrack_analysis.queues.compute_waiting_times(v, ["left", "right"]),
        VISITS,
        WAITS,
    ),
    "compute_queue_length": (
        lambda v: ptrack_analysis.queues.compute_queue_length(v, ["left"], VIDEO),
        VISITS,
        QUEUE,
    ),
    "compute_service_levels": (
        lambda w: ptrack_analysis.queues.compute_service_levels(w, targets=["100ms", "1s"]),
        WAITS,
        SERVICE_LEVELS,
    ),
    "compute_transitions": (
        lambda v: ptrack_analysis.compute_transitions(v, max_between="1s"),
        VISITS,
        TRANSITIONS,
    ),
    "compute_funnel": (lambda v: ptrack_analysis.compute_funnel(v, ZONES), VISITS, FUNNEL),
    "compute_retail_metrics": (
        lambda v: ptrack_analysis.compute_retail_metrics(v, ZONES, passers_by={"left": "right"}),
        VISITS,
        RETAIL,
    ),
    "compute_occupancy": (
        lambda t: ptrack_analysis.compute_occupancy(t, VIDEO, zones=ZONES),
        TRAJECTORIES,
        OCCUPANCY_CHANGES,
    ),
    "compute_crossings": (
        lambda t: ptrack_analysis.compute_crossings(t, LINES, min_distance=5),
        TRAJECTORIES,
        CROSSINGS,
    ),
    "filter_first_crossings": (ptrack_analysis.counting.filter_first_crossings, CROSSINGS, CROSSINGS),
    "count_crossings": (
        lambda c: ptrack_analysis.count_crossings(c, LINES, VIDEO, every="1s"),
        CROSSINGS,
        COUNTS,
    ),
    "compute_count_drift": (
        lambda c: ptrack_analysis.counting.compute_count_drift(
            c, ptrack_analysis.compute_occupancy(INPUTS[TRAJECTORIES.name], VIDEO)
        ),
        CROSSINGS,
        BALANCE,
    ),
    "compute_stitches": (stitches_of, DETECTIONS, STITCHES),
    "fill_gaps": (
        lambda d: ptrack_analysis.cleaning.fill_gaps(d, limit="4s", period="67ms"),
        DETECTIONS,
        DETECTIONS,
    ),
    "smooth_trajectories": (ptrack_analysis.cleaning.smooth_trajectories, TRAJECTORIES, TRAJECTORIES),
    "flag_jumps": (
        lambda t: ptrack_analysis.cleaning.flag_jumps(t, max_speed=4000.0),
        TRAJECTORIES,
        TRAJECTORIES,
    ),
    "repair_jumps": (
        lambda t: ptrack_analysis.cleaning.repair_jumps(
            ptrack_analysis.cleaning.flag_jumps(t, max_speed=4000.0)
        ),
        TRAJECTORIES,
        TRAJECTORIES,
    ),
    "compute_heatmap": (lambda t: ptrack_analysis.compute_heatmap(t, VIDEO), TRAJECTORIES, HEATMAP),
    "compute_heatmap of mean speed": (
        lambda t: ptrack_analysis.compute_heatmap(t, VIDEO, quantity="mean_speed", shape=(5, 9)),
        TRAJECTORIES,
        MEASURE,
    ),
    "compute_heatmap over time": (
        lambda t: ptrack_analysis.compute_heatmap(t, VIDEO, every="3s", shape=(5, 9)),
        TRAJECTORIES,
        HEATMAP_SLICES,
    ),
    "compare_heatmaps": (
        lambda t: ptrack_analysis.heat.compare_heatmaps(
            t, INPUTS[TRAJECTORIES.name], VIDEO, permutations=20, shape=(5, 9)
        ),
        TRAJECTORIES,
        HEAT_DIFFERENCE,
    ),
    "compute_flow_field": (
        lambda t: ptrack_analysis.heat.compute_flow_field(t, VIDEO, shape=(5, 9)),
        TRAJECTORIES,
        FIELD,
    ),
    "compute_box_heatmap": (
        lambda d: ptrack_analysis.compute_box_heatmap(d, trajectories_of(d), VIDEO),
        DETECTIONS,
        BOX_HEATMAP,
    ),
    "compute_facing": (
        lambda d: ptrack_analysis.faces.compute_facing(d, trajectories_of(d), [*ZONES, "camera"], VIDEO),
        DETECTIONS,
        FACING,
    ),
    "compute_quality": (
        lambda d: ptrack_analysis.compute_quality(d, trajectories_of(d), VIDEO, entrances=ZONES[:1]),
        DETECTIONS,
        QUALITY,
    ),
    "compute_sensitivity": (
        lambda d: ptrack_analysis.quality.compute_sensitivity(d, ZONES, VIDEO, max_gaps=["1s", "3s"]),
        DETECTIONS,
        SENSITIVITY,
    ),
    "compute_confidence_intervals": (
        ptrack_analysis.quality.compute_confidence_intervals,
        VISITS,
        INTERVALS,
    ),
    "compute_occupancy_bins": (
        lambda o: ptrack_analysis.crowd.compute_occupancy_bins(o, VIDEO, every="1s"),
        OCCUPANCY_CHANGES,
        ZONE_OCCUPANCY,
    ),
    "compute_occupancy_hourly": (
        lambda o: ptrack_analysis.clock.compute_occupancy_hourly(o, VIDEO, RECORDING),
        OCCUPANCY_CHANGES,
        OCCUPANCY_HOURLY,
    ),
    "compute_visits_hourly": (
        lambda v: ptrack_analysis.clock.compute_visits_hourly(v, VIDEO, RECORDING),
        VISITS,
        VISITS_HOURLY,
    ),
    "compute_density": (
        lambda b: ptrack_analysis.crowd.compute_density(b, FLOOR_ZONES),
        ZONE_OCCUPANCY,
        DENSITY,
    ),
    "compute_line_flow": (
        lambda c: ptrack_analysis.crowd.compute_line_flow(c, LINES, VIDEO, every="1s"),
        CROSSINGS,
        FLOW,
    ),
    "compute_fundamental_diagram": (
        lambda t: ptrack_analysis.crowd.compute_fundamental_diagram(
            on_a_floor(t), FLOOR_ZONES, VIDEO, every="1s"
        ),
        TRAJECTORIES,
        FUNDAMENTAL,
    ),
    "compute_encounters": (
        lambda t: ptrack_analysis.crowd.compute_encounters(t, max_distance=400, min_duration="100ms"),
        TRAJECTORIES,
        ENCOUNTERS,
    ),
    "detect_groups": (
        lambda t: ptrack_analysis.crowd.detect_groups(
            ptrack_analysis.crowd.compute_encounters(t, max_distance=400), t, min_extent=50
        ),
        TRAJECTORIES,
        GROUPS,
    ),
    "select": (lambda d: ptrack_analysis.select(d, start="1s", persons=[4, 1]), DETECTIONS, DETECTIONS),
}
UNITS = {"trajectories": "px", "points": "m", "crossings": "px", "tracks": "px"}
# What depends on no sampling period that is found in the whole table, and compares no persons.
EACH_BY_ITSELF = {
    "compute_tracks",
    "compute_kinematics",
    "compute_stops",
    "simplify_trajectories",
    "compute_crossings",
    "filter_first_crossings",
    "fill_gaps",
    "smooth_trajectories",
    "flag_jumps",
    "repair_jumps",
    "select",
}
INPUTS = {DETECTIONS.name: DETECTED, TRAJECTORIES.name: trajectories_of(DETECTED), POINTS.name: POINTED}
INPUTS[VISITS.name] = ptrack_analysis.compute_visits(INPUTS[TRAJECTORIES.name], ZONES, VIDEO)
INPUTS[TRACKS.name] = ptrack_analysis.compute_tracks(INPUTS[TRAJECTORIES.name])
INPUTS[CROSSINGS.name] = ptrack_analysis.compute_crossings(INPUTS[TRAJECTORIES.name], LINES)
INPUTS[WAITS.name] = ptrack_analysis.queues.compute_waiting_times(INPUTS[VISITS.name], ["left", "right"])
INPUTS[OCCUPANCY_CHANGES.name] = ptrack_analysis.compute_occupancy(
    INPUTS[TRAJECTORIES.name], VIDEO, zones=ZONES
)
INPUTS[ZONE_OCCUPANCY.name] = ptrack_analysis.crowd.compute_occupancy_bins(
    INPUTS[OCCUPANCY_CHANGES.name], VIDEO, every="1s"
)
every = pytest.mark.parametrize(("call", "takes", "gives"), CALLS.values(), ids=CALLS.keys())


def table_of(result):
    return result if isinstance(result, pd.DataFrame) else result.to_frame()


def test_every_computation_is_under_this_contract():
    public = {name for name in PUBLIC if name.startswith("compute_")}
    of_zones = {"compute_zone_overlaps", "compute_zone_coverage"}  # take zones, not a table
    assert public <= set(CALLS) | of_zones


RANKS = dict.fromkeys(("zones", "lines", "targets", "steps"), 1) | {"video": 2, "recording": 3}
"""Where an argument stands; tables come first."""


@pytest.mark.parametrize(
    "name", sorted({name.split()[0] for name in CALLS} | {"check_zones", "compute_zone_coverage"})
)
def test_tables_come_before_zones_and_zones_before_the_video_and_options_are_named(name):
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    positional = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    ranks = [RANKS.get(each.name, 0) for each in positional]
    assert ranks == sorted(ranks)
    assert all(each.default is each.empty or each.name == "video" for each in positional)
    assert not [each for each in positional if each.annotation in {"float", float, int, str}]


@every
def test_the_result_is_the_table_that_it_should_be(call, takes, gives):
    result = table_of(call(INPUTS[takes.name]))
    validate(result, gives)
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
    validate(result, gives)
    fresh = table_of(call(empty_table(takes, unit=UNITS.get(takes.name))))
    validate(fresh, gives)
    if gives not in (
        HEATMAP,
        BOX_HEATMAP,
        OCCUPANCY_CHANGES,
        QUEUE,
        COUNTS,
        BALANCE,
        FUNNEL,
        RETAIL,
        MEASURE,
        HEATMAP_SLICES,
        HEAT_DIFFERENCE,
        FIELD,
        FLOW,
        FUNDAMENTAL,
    ):
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
    name = "detections" if takes is POINTS else takes.name
    with pytest.raises(SchemaError, match=f"not a {name} table"):
        call(wrong)


@every
def test_the_definition_is_written_down(call, takes, gives):
    name = next(name for name, entry in CALLS.items() if entry[0] is call)
    text = inspect.getdoc(PUBLIC[name.split()[0]])
    for part in ("Parameters\n----------", "Returns\n-------", "Raises\n------"):
        assert part in text
    parameters = text.partition("Parameters\n----------")[2].partition("Returns\n-------")[0]
    assert "[ms]" not in parameters, "a number given for a duration is in seconds"


@pytest.mark.parametrize(("sort_by", "max_results"), [("TIMESTAMP", 2), ("INDEX", 3)])
def test_a_job_is_started_waited_for_and_fetched_with_sort_by_and_max_results(tmp_path, sort_by, max_results):
    with RekognitionServer() as server:
        client = server.client()
        job_id = ptrack_analysis.rekognition.start_job("s3://videos/shop.mp4", client=client)
        server.add([record(40 * number, number % 2) for number in range(7)], job_id=job_id, in_progress=2)
        ptrack_analysis.rekognition.wait_for_job(job_id, client=client, first_pause="1ms")
        server.requests.clear()
        fetched = ptrack_analysis.rekognition.fetch_pages(
            job_id, tmp_path / "pages", client=client, sort_by=sort_by, max_results=max_results
        )
        asked = [request for _, request in server.requests]
    assert {(request["SortBy"], request["MaxResults"]) for request in asked} == {(sort_by, max_results)}
    assert fetched.pages == -(-7 // max_results)
    detections, _ = ptrack_analysis.read_tracking(tmp_path / "pages")
    assert len(detections) == 7


DOCUMENTED = {
    name: value for name, value in PUBLIC.items() if "Parameters\n---" in (inspect.getdoc(value) or "")
}


@pytest.mark.parametrize("name", sorted(name for name in DOCUMENTED if inspect.isfunction(DOCUMENTED[name])))
def test_the_docstring_names_every_parameter(name):
    text = inspect.getdoc(DOCUMENTED[name]).split("Parameters\n----------\n")[1]
    section = re.split(r"\n\w+\n-+\n", text)[0]
    heads = ", ".join(line for line in section.splitlines() if not line.startswith(" "))
    named = {head.strip("* ") for head in heads.split(",")}
    assert set(inspect.signature(DOCUMENTED[name]).parameters) <= named
