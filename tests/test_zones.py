"""Zone files: what is read, and what is refused with which words."""

import json

import pytest
from factories import make_detections, make_video
from shapely.geometry import LineString

from ptrack_analysis import Line, Video, compute_trajectories, compute_visits, fit_floor, read_zones
from ptrack_analysis.errors import ParameterError, ZoneError

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5], [0.1, 0.1]]


def feature(name="a", kind="Polygon", coordinates=None, **properties):
    geometry = {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": geometry}


def read(tmp_path, *features, unit=None, plane=None, video=None):
    file = tmp_path / "zones.geojson"
    content = {"type": "FeatureCollection", "features": list(features)} | ({"unit": unit} if unit else {})
    file.write_text(json.dumps(content), encoding="utf-8")
    return read_zones(file, video or make_video(), plane)


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
    "two equal names": ([feature("a"), feature("a")], "features[1]: the name 'a' occurs twice"),
    "two corners": (
        [feature("thin", coordinates=[[[0, 0], [1, 1], [0, 0]]])],
        "'thin' has fewer than three corners",
    ),
    "no corners": ([feature("none", coordinates=[])], "'none' has"),
    "not finite": (
        [feature("far", coordinates=[[[0, 0], [1, 0], [float("nan"), 1], [0, 0]]])],
        "'far' has a coordinate that is not a finite number",
    ),
    "a point": ([feature("dot", "Point", [0, 0])], "'dot' is a 'Point', not a Polygon"),
    "no name": (
        [{"type": "Feature", "properties": {}, "geometry": None}],
        "properties.name is None, not a text",
    ),
    "blank name": ([feature(" ")], "properties.name is ' ', not a text"),
    "no geometry": ([{"type": "Feature", "properties": {"name": "x"}}], "'x' is a None, not a Polygon"),
    "a line without length": ([feature("dot", "LineString", [[0, 0], [0, 0]])], "line 'dot' has no length"),
    "texts as coordinates": (
        [feature("text", coordinates=[[["a", "b"], [1, 0], [0, 1]]])],
        "'text' has no proper coordinates",
    ),
    "a coordinate beyond all numbers": (
        [feature("huge", coordinates=[[[10**400, 0], [1, 0], [0, 1]]])],
        "'huge' has no proper coordinates",
    ),
    "a text of coordinates": (
        [feature("deep", coordinates=[["x", 0.1]])],
        "'deep' has no proper coordinates",
    ),
    "a name that is no text": ([feature("\ud800")], "is no text that can be written"),
    "no feature": (["hello"], "'hello' is not a Feature"),
}


@pytest.mark.parametrize(("features", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_zone_is_refused_with_its_name_and_the_reason(tmp_path, features, said):
    with pytest.raises(ZoneError) as refused:
        read(tmp_path, *features)
    assert said in str(refused.value)
    assert "zones.geojson" in str(refused.value)


def test_all_defects_are_said_at_once(tmp_path):
    with pytest.raises(ZoneError, match=r"features\[0\].*features\[1\]"):
        read(tmp_path, feature("", coordinates=[]), feature("x", "Point", [0, 0]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no list 'features'"),
        ("{}", "no list 'features'"),
        ('{"features": [], "unit": "cm"}', "unit is 'cm'"),
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
    with pytest.raises(ZoneError, match="zones in metres need a floor plan"):
        read(tmp_path, feature(), unit="m")
    with pytest.raises(ParameterError, match="frame size"):
        read(tmp_path, feature(), video=Video())


def test_zones_that_are_no_zones_are_refused_with_what_read_zones_gives():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video())
    line = Line("x", LineString([(0, 0), (1, 1)]), "px")
    for wrong in ([[], []], "zones.geojson", 5, line):
        with pytest.raises(ParameterError, match="read_zones gives two"):
            compute_visits(trajectories, wrong, make_video())


def test_on_a_floor_zones_are_in_metres(tmp_path):
    corners = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]
    floor = fit_floor(corners, [[0, 0], [8, 0], [8, 4], [0, 4]])
    (zone,), _ = read(tmp_path, feature(coordinates=[[*corners, corners[0]]]), plane=floor)
    assert zone.outline.bounds == pytest.approx((0, 0, 8, 4))
    (zone,), _ = read(tmp_path, feature(coordinates=[[[1, 1], [2, 1], [2, 2]]]), unit="m", plane=floor)
    assert zone.outline.bounds == (1, 1, 2, 2)


def test_a_zone_that_crosses_the_horizon_is_refused(tmp_path):
    floor = fit_floor([[0.4, 0.5], [0.6, 0.5], [1, 1], [0, 1]], [[0, 0], [4, 0], [4, 8], [0, 8]])
    with pytest.raises(ZoneError, match="'sky' crosses the horizon"):
        read(tmp_path, feature("sky", coordinates=[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]), plane=floor)
