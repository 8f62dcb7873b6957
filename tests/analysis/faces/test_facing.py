"""How long faces were turned to zones, edges of the picture and the camera."""

import naive_trust
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from ptrack_analysis import Zone, compute_trajectories, read_tracking
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.faces import compute_facing
from ptrack_analysis.schema import (
    DETECTIONS,
    FACE_COLUMNS,
    FACING,
    TRAJECTORIES,
    assemble,
    empty_table,
    validate,
)

VIDEO = make_video(10_000)
EDGES = ["left", "right", "top", "bottom", "camera"]


def make_faces(rows, **quality):
    """Make detections of (person, ms, x, y, yaw, pitch): middle of the face in px; None as x: no face."""
    known = [None not in row for row in rows]
    x, y, yaw, pitch = (
        np.array([np.nan if row[place] is None else row[place] for row in rows], dtype="float64")
        for place in (2, 3, 4, 5)
    )
    arrays = {
        "timestamp": np.array([row[1] for row in rows], dtype="int64"),
        "person_index": np.array([row[0] for row in rows], dtype="int64"),
        "face_left": x / 1000 - 0.01,
        "face_top": y / 500 - 0.02,
        "face_width": np.where(known, 0.02, np.nan),
        "face_height": np.where(known, 0.04, np.nan),
        "face_yaw": yaw,
        "face_pitch": pitch,
        "face_confidence": np.where(known, 99.0, np.nan),
    }
    arrays |= {name: np.full(len(rows), 0.1) for name in ("left", "top", "width", "height")}
    arrays |= {f"face_{name}": np.full(len(rows), value) for name, value in quality.items()}
    return assemble(DETECTIONS, arrays)


def facing_of(rows, targets, *, video=VIDEO, quality=None, **options):
    detections = make_faces(rows, **(quality or {}))
    trajectories = compute_trajectories(detections, video, period="100ms")
    return compute_facing(detections, trajectories, targets, video, **options)


def faced(yaw, pitch, targets, *, at=(500, 250), **options):
    """Name the targets that one face is turned to."""
    table = facing_of([(1, 0, *at, yaw, pitch)], targets, **options)
    return set(table.index.get_level_values("target")[table["facing"] > pd.Timedelta(0)])


TURNS = {
    "straight to the camera": (0, 0, {"camera"}),
    "to the picture's right": (60, 0, {"right"}),
    "to the picture's left": (-60, 0, {"left"}),
    "up": (0, 40, {"top"}),
    "down": (0, -40, {"bottom"}),
    "away from the camera": (180, 0, set()),
    "as far as still is the camera": (20, 0, {"camera"}),
    "a degree farther": (21, 0, {"right"}),
    "between two edges": (45, 35.2644, set()),
}


@pytest.mark.parametrize(("yaw", "pitch", "wanted"), TURNS.values(), ids=TURNS.keys())
def test_a_face_is_turned_to_an_edge_or_the_camera(yaw, pitch, wanted):
    if yaw == 180:
        wanted = faced(yaw, pitch, EDGES) & {"left", "right"}  # straight away: the side is rounding
    assert faced(yaw, pitch, EDGES) == wanted


def test_with_a_wide_cone_two_edges_are_faced_at_once():
    assert faced(45, 35.2644, EDGES, within=46.0) == {"right", "top"}


ZONE = Zone("shelf", box(700, 200, 800, 300), "px")
PLACES = {
    "straight on it": ((500, 250), 60, 0, True),
    "away from it": ((500, 250), -60, 0, False),
    "its corner at the edge of the cone": ((600, 300 + 200 * np.sqrt(1 / 3) - 0.01), 60, 0, True),
    "its corner just outside of the cone": ((600, 300 + 200 * np.sqrt(1 / 3) + 0.01), 60, 0, False),
    "on the zone in the picture": ((750, 250), -60, 0, True),
    "below it and looking up": ((750, 450), 0, 40, True),
    "below it and looking down": ((750, 450), 0, -40, False),
    "to the camera": ((500, 250), 10, 0, False),
}


@pytest.mark.parametrize(("at", "yaw", "pitch", "wanted"), PLACES.values(), ids=PLACES.keys())
def test_a_zone_is_faced_if_the_cone_meets_it(at, yaw, pitch, wanted):
    assert faced(yaw, pitch, [ZONE], at=at) == ({"shelf"} if wanted else set())


def test_with_a_cone_of_no_width_the_gaze_itself_must_meet_the_zone():
    assert faced(60, 0, [ZONE], at=(500, 299), within=0) == {"shelf"}
    assert faced(60, 0, [ZONE], at=(500, 301), within=0) == set()


def test_each_detection_counts_for_the_time_that_it_holds():
    rows = [(1, 0, 500, 250, 60, 0), (1, 300, None, None, None, None), (1, 1000, 500, 250, -60, 0)]
    table = facing_of(rows, ["right"])
    row = table.loc[("right", 1)]
    assert [row[name] / pd.Timedelta("1ms") for name in ("facing", "not_facing", "without_face")] == [
        300,
        100,
        700,
    ]
    assert row["coverage"] == pytest.approx(400 / 1100)


def test_a_zone_is_faced_only_while_it_holds():
    part = Zone(
        "shelf", box(700, 200, 800, 300), "px", start=pd.Timedelta("200ms"), end=pd.Timedelta("500ms")
    )
    rows = [(1, time, 500, 250, 60, 0) for time in (0, 1000)]
    row = facing_of(rows, [part]).loc[("shelf", 1)]
    assert row["facing"] == pd.Timedelta("300ms")
    assert row["not_facing"] == pd.Timedelta("800ms")


@pytest.mark.parametrize("name", ["confidence", "sharpness", "brightness"])
def test_a_face_below_what_is_asked_is_no_face(name):
    rows = [(1, 0, 500, 250, 60, 0)]
    for value, coverage in ((50.0, 1.0), (50.1, 0.0)):
        quality = {"confidence": 95.0, name: 50.0}
        options = {"min_confidence": 0.0, f"min_{name}": value}
        assert facing_of(rows, ["right"], quality=quality, **options)["coverage"].tolist() == [coverage]


def test_a_quality_that_is_missing_is_enough_only_where_none_is_asked():
    rows = [(1, 0, 500, 250, 60, 0)]
    assert facing_of(rows, ["right"], min_sharpness=0.0)["coverage"].tolist() == [1.0]
    assert facing_of(rows, ["right"], min_sharpness=1.0)["coverage"].tolist() == [0.0]


def test_without_face_columns_all_time_is_without_face():
    detections = make_detections({1: [(0, 0.5, 0.5), (400, 0.5, 0.5)]})
    table = compute_facing(detections, compute_trajectories(detections, VIDEO), ["left"], VIDEO)
    assert table["without_face"].dt.total_seconds().tolist() == [0.8]
    assert table["coverage"].tolist() == [0.0]


def test_faces_dropped_as_pages_are_read_leave_nothing_to_face(data):
    detections, video = read_tracking(data / "shop", faces=False)
    assert not {column.name for column in FACE_COLUMNS} & set(detections.columns)
    trajectories = compute_trajectories(detections, video)
    assert set(compute_facing(detections, trajectories, EDGES, video)["coverage"]) == {0.0}


def test_in_the_simulated_shop_some_faces_look_at_some_edge(data):
    detections, video = read_tracking(data / "shop")
    trajectories = compute_trajectories(detections, video)
    table = compute_facing(detections, trajectories, EDGES, video)
    assert 0.3 < table["coverage"].mean() < 0.6
    seen = table.groupby("person_index")["facing"].sum() > pd.Timedelta(0)
    assert (seen == (table["coverage"].groupby("person_index").first() > 0)).mean() > 0.9


def test_real_faces_turn_right_and_up_where_the_angles_are_positive(real_data):
    """The nose moves with the face: right of the eyes' middle with the yaw, up from it with the pitch."""
    source = real_data / "rekognition" / "edenai-2023-10-16.json"
    faces = read_tracking(source, landmarks=True, allow_incomplete=True)[0].dropna(subset=["nose_x"])
    right = faces["nose_x"] - (faces["eye_left_x"] + faces["eye_right_x"]) / 2
    down = faces["nose_y"] - (faces["eye_left_y"] + faces["eye_right_y"]) / 2
    high = (faces["mouth_left_y"] + faces["mouth_right_y"] - faces["eye_left_y"] - faces["eye_right_y"]) / 2
    assert np.corrcoef(faces["face_yaw"], right / faces["face_width"])[0, 1] > 0.7
    assert np.corrcoef(faces["face_pitch"], down / high)[0, 1] < -0.4


def test_who_holds_for_no_time_has_no_coverage():
    table = facing_of([(1, 0, 500, 250, 60, 0)], ["right"], video=make_video(0))
    assert table["coverage"].isna().tolist() == [True]


def test_no_targets_are_no_rows():
    table = facing_of([(1, 0, 500, 250, 60, 0)], [])
    validate(table, FACING)
    assert table.empty


FACES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 9000),
        st.none() | st.floats(0, 1000),
        st.floats(0, 500),
        st.floats(-180, 180),
        st.floats(-90, 90),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[:2],
)


@given(FACES, st.floats(0, 90), st.floats(0, 90))
def test_facing_not_facing_and_without_face_are_all_that_is_held(rows, within, towards_camera):
    detections = make_faces(rows)
    trajectories = compute_trajectories(detections, VIDEO, period="100ms")
    table = compute_facing(
        detections, trajectories, [ZONE, *EDGES], VIDEO, within=within, towards_camera=towards_camera
    )
    times = table[["facing", "not_facing", "without_face"]].astype("timedelta64[ms]").astype("int64")
    assert (times >= 0).all(axis=None)
    held = trajectories["time_present"].groupby("person_index").sum().astype("int64")
    for _, part in times.sum(axis=1).groupby("target"):
        assert part.droplevel("target").tolist() == held.tolist()


def test_what_is_faced_is_what_a_walk_along_the_outline_finds():
    chance = np.random.default_rng(3)
    corners = [(420, 120), (800, 180), (640, 260), (700, 400), (450, 330)]
    zone = Zone("bent", Polygon(corners), "px")
    compared = 0
    for _ in range(300):
        at = (chance.uniform(0, 1000), chance.uniform(0, 500))
        yaw, pitch = chance.uniform(-80, 80), chance.uniform(-50, 50)
        if naive_trust.turned_from_camera(yaw, pitch) < 21 or zone.outline.contains(Point(at)):
            continue
        least, wanted = naive_trust.looks_at_outline(at, yaw, pitch, corners, within=30)
        if abs(least - 30) > 0.5:
            assert (faced(yaw, pitch, [zone], at=at) == {"bent"}) == wanted
            compared += 1
    assert compared > 150


WRONG = {
    "no list": (ZONE, ParameterError, "targets must be a list of zones or zone names, got a Zone"),
    "no target": (
        ["up"],
        ParameterError,
        "targets must be zones or left, right, top, bottom, camera, got 'up'",
    ),
    "meters": ([Zone("a", box(0, 0, 1, 1), "m")], SchemaError, "zone 'a' must be in px"),
    "twice": (["left", "left"], ZoneError, "the name 'left' occurs twice"),
    "a zone named like an edge, beside it": (
        [Zone("left", box(0, 0, 1, 1), "px"), "left"],
        ZoneError,
        "'left' occurs twice",
    ),
}


@pytest.mark.parametrize(("targets", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_target_is_refused(targets, error, message):
    with pytest.raises(error, match=message):
        facing_of([(1, 0, 500, 250, 60, 0)], targets)


def test_all_numbers_out_of_range_are_named_at_once():
    with pytest.raises(ParameterError, match=r"within must be .* got 91; towards_camera must be .* got -1"):
        facing_of([(1, 0, 500, 250, 60, 0)], [], within=91, towards_camera=-1)
    with pytest.raises(ParameterError, match="min_sharpness must be from 0 to 100, got 101"):
        facing_of([(1, 0, 500, 250, 60, 0)], [], min_sharpness=101)


def test_trajectories_of_others_are_refused():
    detections = make_faces([(1, 0, 500, 250, 60, 0)])
    other = compute_trajectories(make_faces([(2, 0, 500, 250, 60, 0)]), VIDEO)
    with pytest.raises(SchemaError, match="the trajectories contain person 2"):
        compute_facing(detections, other, ["left"], VIDEO)
    with pytest.raises(SchemaError, match="not a trajectories table"):
        compute_facing(detections, detections, ["left"], VIDEO)
    nobody = compute_facing(detections, empty_table(TRAJECTORIES, unit="m"), ["left"], VIDEO)
    assert nobody.empty
