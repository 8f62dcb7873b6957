"""Zone files: what is read, and what is refused with which words."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from factories import make_detections, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString

from ptrack_analysis import (
    Line,
    Video,
    compute_trajectories,
    compute_visits,
    read_parquet,
    read_zones,
    write_parquet,
)
from ptrack_analysis.dataset.dimensions import lines_table, list_definitions, zones_table
from ptrack_analysis.errors import ParameterError, ZoneError
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.scene.zone_files import read_scene
from ptrack_analysis.schema import LINES, ZONES, validate

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5], [0.1, 0.1]]


def feature(name="a", kind="Polygon", coordinates=None, **properties):
    geometry = {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": geometry}


def read(tmp_path, *features, unit=None, plane=None, video=None):
    file = tmp_path / "zones.geojson"
    content = {"type": "FeatureCollection", "features": list(features)} | ({"unit": unit} if unit else {})
    file.write_text(json.dumps(content), encoding="utf-8")
    return read_zones(file, video or make_video(), plane=plane)


def test_fractions_become_pixels(tmp_path):
    (zone,), (line,) = read(
        tmp_path,
        feature(kind="Polygon", coordinates=[SQUARE]),
        feature("door", "LineString", [[0, 0.5], [1, 0.5]]),
    )
    assert zone.outline.bounds == (100, 50, 500, 250)
    assert (zone.name, zone.unit, zone.kind) == ("a", "px", "zone")
    assert (list(line.outline.coords), line.kind) == ([(0, 250), (1000, 250)], "line")


def test_pixels_stay_and_kinds_are_kept(tmp_path):
    (zone,), _ = read(
        tmp_path, feature(coordinates=[[[0, 0], [9, 0], [9, 9]]], kind="Polygon") | {}, unit="px"
    )
    assert zone.outline.bounds == (0, 0, 9, 9)
    queue = feature("q")
    queue["properties"]["kind"] = "queue"
    (zone,), _ = read(tmp_path, queue)
    assert zone.kind == "queue"


@pytest.mark.parametrize(
    ("text", "seconds"), [("1:30", 90), ("75:00", 4500), ("0:01:30", 90), ("1:02:03.5", 3723.5), ("90s", 90)]
)
def test_a_time_may_be_written_as_plots_write_it(tmp_path, text, seconds):
    (zone,), _ = read(tmp_path, feature("a", **{"from": text}))
    assert zone.start == pd.Timedelta(seconds=seconds)


@pytest.mark.parametrize(("given", "kind"), [("Queue", "queue"), (" GOAL ", "goal"), ("VIP", "VIP")])
def test_letters_of_a_known_kind_may_be_capital(tmp_path, given, kind):
    made = feature("a")
    made["properties"]["kind"] = given
    (zone,), _ = read(tmp_path, made)
    assert zone.kind == kind


def test_heights_are_dropped_and_parts_and_holes_kept(tmp_path):
    hole = [[0.2, 0.2], [0.3, 0.2], [0.3, 0.3], [0.2, 0.2]]
    zones, _ = read(
        tmp_path,
        feature("high", coordinates=[[[*point, 7.0] for point in SQUARE]]),
        feature("holed", coordinates=[SQUARE, hole]),
        feature("parts", "MultiPolygon", [[SQUARE], [[[0.6, 0.6], [0.9, 0.6], [0.9, 0.9], [0.6, 0.6]]]]),
    )
    assert [zone.outline.has_z for zone in zones] == [False] * 3
    assert len(zones[1].outline.interiors) == 1
    assert len(zones[2].outline.geoms) == 2


BAD = {
    "bow tie": (
        [feature("tie", coordinates=[[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]])],
        "'tie' is not a valid outline: Self-intersection",
    ),
    "two equal names": ([feature("a"), feature("a")], "feature 2: the name 'a' occurs twice"),
    "two corners": (
        [feature("thin", coordinates=[[[0, 0], [1, 1], [0, 0]]])],
        "'thin' has fewer than three corners",
    ),
    "no corners": ([feature("none", coordinates=[])], "'none' has"),
    "not finite": (
        [feature("far", coordinates=[[[0, 0], [1, 0], [float("nan"), 1], [0, 0]]])],
        "'far' has a coordinate that is not a finite number",
    ),
    "a point": (
        [feature("dot", "Point", [0, 0])],
        "'dot' must be a Polygon, MultiPolygon or LineString, got 'Point'",
    ),
    "no name": (
        [{"type": "Feature", "properties": {}, "geometry": None}],
        "properties.name must be a text, got None",
    ),
    "blank name": ([feature(" ")], "properties.name must be a text, got ' '"),
    "no geometry": (
        [{"type": "Feature", "properties": {"name": "x"}}],
        "'x' must be a Polygon, MultiPolygon or LineString, got None",
    ),
    "a line without length": ([feature("dot", "LineString", [[0, 0], [0, 0]])], "line 'dot' has no length"),
    "texts as coordinates": (
        [feature("text", coordinates=[[["a", "b"], [1, 0], [0, 1]]])],
        "'text' has invalid coordinates",
    ),
    "a coordinate beyond all numbers": (
        [feature("huge", coordinates=[[[10**400, 0], [1, 0], [0, 1]]])],
        "'huge' has invalid coordinates",
    ),
    "a text of coordinates": (
        [feature("deep", coordinates=[["x", 0.1]])],
        "'deep' has invalid coordinates",
    ),
    "a name that is no text": ([feature("\ud800")], "must be encodable as UTF-8"),
    "no feature": (["hello"], "'hello' is not a Feature"),
    "no area": (
        [feature("flat", coordinates=[[[0, 0], [0.5, 0.5], [1, 1], [0, 0]]])],
        "'flat' has no area: its corners are on one line",
    ),
    "a time that is none": (
        [feature("a", **{"from": "noon"})],
        "'a': properties.from must be a duration such as '2s' or '500ms', got 'noon'",
    ),
    "a time before the video": (
        [feature("a", to="-5s")],
        "'a': properties.to must be a duration of at least 0, got '-5s'",
    ),
    "a time without a unit": (
        [feature("a", **{"from": 10})],
        "'a': properties.from is 10, without a unit. Write the time as 90s, 5min, 1:30 (min:s) or 0:01:30",
    ),
    "a text without a unit": ([feature("a", to="10.5")], "properties.to is '10.5', without a unit"),
    "a time finer than a millisecond": (
        [feature("a", to="10us")],
        "'a': properties.to must be in whole milliseconds, got '10us'",
    ),
    "from after to": (
        [feature("a", **{"from": "10s", "to": "5s"})],
        "zone 'a' is active from 10000 ms to 5000 ms: its end must be after its start",
    ),
    "from at to": (
        [feature("a", **{"from": "5s", "to": "5s"})],
        "zone 'a' is active from 5000 ms to 5000 ms",
    ),
    "a line that holds for a time": (
        [feature("door", "LineString", [[0, 0], [1, 1]], to="5s")],
        "line 'door' has properties.from or to, which only zones may have",
    ),
    "a video that is no name": (
        [feature("a", video=3)],
        "'a': properties.video must be the name of a video or a list of names, got 3",
    ),
    "videos that are no names": (
        [feature("a", video=["x", 3])],
        "properties.video must be the name of a video or a list of names, got ['x', 3]",
    ),
    "a blank video": ([feature("a", video=" ")], "'a': properties.video must be a text, got ' '"),
    "no video at all": ([feature("a", video=[])], "'a': properties.video is [], so it is in no video"),
    "one name twice in a video": (
        [feature("a", video=["x", "y"]), feature("a", video=["z", "y"])],
        "feature 2: the name 'a' occurs twice in video 'y'",
    ),
    "one name in every video and in one": (
        [feature("a"), feature("a", video="x")],
        "feature 2: the name 'a' occurs twice in video 'x'",
    ),
}


@pytest.mark.parametrize(("features", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_zone_is_refused_with_its_name_and_the_reason(tmp_path, features, said):
    with pytest.raises(ZoneError) as refused:
        read(tmp_path, *features)
    assert said in str(refused.value)
    assert "zones.geojson" in str(refused.value)


def test_all_defects_are_said_at_once(tmp_path):
    with pytest.raises(ZoneError, match=r"feature 1: .*feature 2: "):
        read(tmp_path, feature("", coordinates=[]), feature("x", "Point", [0, 0]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no list 'features'"),
        ("{}", "no list 'features'"),
        ('{"features": [], "unit": "cm"}', "got 'cm'"),
        ("[" * 100_000, "not JSON"),
    ],
    ids=["broken", "list", "no features", "odd unit", "deep"],
)
def test_a_file_that_is_no_zone_file_is_refused(tmp_path, content, said):
    (tmp_path / "z.json").write_text(content, encoding="utf-8")
    with pytest.raises(ZoneError, match=said):
        read_zones(tmp_path / "z.json", make_video())
    with pytest.raises(ZoneError, match="cannot be read"):
        read_zones(tmp_path / "nowhere.json", make_video())


def test_metres_need_a_floor_and_fractions_a_frame_size(tmp_path):
    with pytest.raises(ZoneError, match="zones in meters require a floor plan"):
        read(tmp_path, feature(), unit="m")
    with pytest.raises(ParameterError, match="frame size"):
        read(tmp_path, feature(), video=Video())


def test_zones_that_are_no_zones_are_refused_with_what_read_zones_gives():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video())
    line = Line("x", LineString([(0, 0), (1, 1)]), "px")
    for wrong in ([[], []], "zones.geojson", 5, line):
        with pytest.raises(ParameterError, match="read_zones returns two"):
            compute_visits(trajectories, wrong, make_video())


def test_on_a_floor_zones_are_in_meters(tmp_path):
    corners = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]
    floor = fit_floor_plan(corners, [[0, 0], [8, 0], [8, 4], [0, 4]])
    (zone,), _ = read(tmp_path, feature(coordinates=[[*corners, corners[0]]]), plane=floor)
    assert zone.outline.bounds == pytest.approx((0, 0, 8, 4))
    (zone,), _ = read(tmp_path, feature(coordinates=[[[1, 1], [2, 1], [2, 2]]]), unit="m", plane=floor)
    assert zone.outline.bounds == (1, 1, 2, 2)


def test_a_zone_that_crosses_the_horizon_is_refused(tmp_path):
    floor = fit_floor_plan([[0.4, 0.5], [0.6, 0.5], [1, 1], [0, 1]], [[0, 0], [4, 0], [4, 8], [0, 8]])
    with pytest.raises(ZoneError, match="'sky' reaches the horizon"):
        read(tmp_path, feature("sky", coordinates=[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]), plane=floor)


def test_times_are_read_as_pandas_reads_them(tmp_path):
    zones, _ = read(
        tmp_path,
        feature("always"),
        feature("never said", **{"from": None, "to": None}),
        feature("early", to="5min"),
        feature("late", **{"from": "00:01:30", "to": "1h30min"}),
        feature("from the start", **{"from": "0s"}),
    )
    assert [zone.window for zone in zones[:2]] == [None, None]
    assert [zone.window[0] for zone in zones[2:]] == [0, 90_000, 0]
    assert [zone.window[1] for zone in zones[2:4]] == [300_000, 5_400_000]
    assert (zones[2].start, zones[2].end) == (None, pd.Timedelta("5min"))


SEVERAL = [
    feature("door", "LineString", [[0, 0], [1, 1]], video="noon"),
    feature("till", video=["morning", "noon"]),
    feature("till", coordinates=[[[0.5, 0.5], [1, 0.5], [1, 1]]], video="evening"),
    feature("hall"),
]


def test_zones_and_lines_are_those_of_the_video(tmp_path):
    for name, zones, lines in (
        ("morning", ["till", "hall"], []),
        ("noon", ["till", "hall"], ["door"]),
        ("evening", ["till", "hall"], []),
        ("night", ["hall"], []),
    ):
        found = read(tmp_path, *SEVERAL, video=make_video(name=name))
        assert [[thing.name for thing in things] for things in found] == [zones, lines]
    (till, _), _ = read(tmp_path, *SEVERAL, video=make_video(name="evening"))
    assert till.outline.bounds == (500, 250, 1000, 500)
    assert till.videos == ("evening",)


def test_a_scene_keeps_all_and_names_its_videos(tmp_path):
    read(tmp_path, *SEVERAL)
    scene = read_scene(tmp_path / "zones.geojson")
    assert [zone.name for zone in scene.zones] == ["till", "till", "hall"]
    assert scene.videos == ["evening", "morning", "noon"]
    assert scene.of("night").videos == []
    drawn = [list_definitions(scene, name) for name in ("evening", "morning", "noon")]
    zones = zones_table(drawn)
    validate(zones, ZONES)
    assert sorted(zip(zones["zone"], zones["videos"], strict=True)) == [("hall", 3), ("till", 1), ("till", 2)]
    assert zones["unit"].tolist() == ["fraction"] * 3
    assert sorted(zones["area"]) == pytest.approx([0.125, 0.16, 0.16])
    assert zones[["holds_from", "holds_to"]].isna().all(axis=None)
    lines = lines_table(drawn)
    validate(lines, LINES)
    assert lines[["line", "videos"]].to_numpy().tolist() == [["door", 1]]
    assert lines["length"].tolist() == [pytest.approx(2**0.5)]


def test_the_tables_of_a_zone_file_come_back_from_parquet(tmp_path):
    read(tmp_path, feature("till", to="5s", video="noon"), *SEVERAL[3:])
    drawn = [list_definitions(read_scene(tmp_path / "zones.geojson"), "noon")]
    for name, table in (("zones", zones_table(drawn)), ("lines", lines_table(drawn))):
        write_parquet(table, tmp_path / f"{name}.parquet")
        assert_frame_equal(read_parquet(tmp_path / f"{name}.parquet"), table)
    stored = pq.read_table(tmp_path / "zones.parquet").to_pydict()
    assert (set(stored["holds_from_ms"]), set(stored["holds_to_ms"])) == ({None}, {None, 5000})


def test_zones_of_several_videos_are_carried_to_the_floor_of_one(tmp_path):
    floor = fit_floor_plan([[0.4, 0.5], [0.6, 0.5], [1, 1], [0, 1]], [[0, 0], [4, 0], [4, 8], [0, 8]])
    sky = feature("sky", coordinates=[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]], video="noon")
    assert read(tmp_path, sky, plane=floor) == ([], [])
    with pytest.raises(ZoneError, match="'sky' reaches the horizon"):
        read(tmp_path, sky, plane=floor, video=make_video(name="noon"))
