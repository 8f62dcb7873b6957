"""Figures of the zone editor while it is drawn: equal to those of the tables, with warnings."""

import json

import numpy as np
import pandas as pd
import pytest

from ptrack_analysis import (
    Video,
    compute_crossings,
    compute_dwell,
    compute_visits,
    open_video,
    read_zones,
)
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.live_figures import LiveFigures, encode_tracks
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.errors import ParameterError, ZoneError

TRIANGLE = [[0.2, 0.4], [0.8, 0.5], [0.5, 0.95], [0.2, 0.4]]
BAR = [[0.1, 0.6], [0.5, 0.7], [0.9, 0.6]]
OPTIONS = {"merge_gap": "2s", "min_dwell": "500ms", "enter_after": "200ms", "min_distance": 0.1}


def polygon(ring, **properties):
    return {
        "source": None,
        "properties": {"name": "a", **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def polyline(points, **properties):
    return {
        "source": None,
        "properties": {"name": "a", **properties},
        "geometry": {"type": "LineString", "coordinates": points},
    }


def walk(*people, step=100, size=0.02):
    """Boxes of people whose foot points are given in fractions of the frame, every 100 ms."""
    rows = [
        {"person_index": person, "timestamp": pd.Timedelta(start + step * i, "ms"), "x": x, "y": y}
        for person, (start, points) in enumerate(people)
        for i, (x, y) in enumerate(points)
    ]
    table = pd.DataFrame(rows).set_index(["timestamp", "person_index"])
    table.index = table.index.set_levels(table.index.levels[0].astype("timedelta64[ms]"), level=0)
    boxes = {"left": table["x"] - size / 2, "top": table["y"] - size, "width": size, "height": size}
    return pd.DataFrame(boxes).sort_index()


def analyze(*people, **options):
    video = Video(name="v", width=1000, height=500, sampling_period=pd.Timedelta("100ms"))
    return open_video((walk(*people), video), **options)


def figures_of(analysis, *edits, folder, **options):
    session = open_session(None, folder / "zones.geojson", analysis=analysis, **options)
    files = EditorFiles(session)
    base = files.opening()["zones"]["base"]
    return LiveFigures(session).compute(files.find_original({"base": base}), list(edits))


def line_of(start, end, count):
    return list(zip(np.linspace(start[0], end[0], count), np.linspace(start[1], end[1], count), strict=True))


@pytest.mark.parametrize("floor", [False, True], ids=["image", "floor"])
@pytest.mark.parametrize("options", [{}, OPTIONS], ids=["defaults", "options"])
@pytest.mark.parametrize("unit", ["fraction", "px"])
def test_figures_equal_the_tables(data, tmp_path, unit, options, floor):
    shop = data / "shop"
    plan = {"floor": shop / "floor.json"} if floor else {}
    margin = {"margin": 0.2 if floor else 4} if options else {}
    analysis = open_video(shop, **options, **margin, **plan)
    scale = np.array([1280, 720] if unit == "px" else [1, 1])
    ring, bar = ((np.array(points) * scale).tolist() for points in (TRIANGLE, BAR))
    session = open_session(None, tmp_path / "zones.geojson", analysis=analysis, unit=unit)
    files = EditorFiles(session)
    opening = files.opening()["zones"]
    edits = [polygon(ring), polyline(bar)]
    zone, line = LiveFigures(session).compute(files.find_original(opening), edits)
    files.save_zones({"base": opening["base"], "disk": opening["disk"], "features": edits})
    trajectories = analysis.trajectories
    zones, lines = read_zones(tmp_path / "zones.geojson", analysis.video, plane=analysis.plane)
    stays = {name: options[name] for name in ("merge_gap", "min_dwell", "enter_after") if options}
    visits = compute_visits(trajectories, zones, analysis.video, period=analysis.period, **stays, **margin)
    distance = {"min_distance": options["min_distance"]} if options else {}
    ways = compute_crossings(trajectories, lines, **distance)["direction"].value_counts()
    assert zone["visits"] == len(visits) > 5
    assert zone["people"] == visits.index.get_level_values("person_index").nunique()
    assert zone["median"] == compute_dwell(visits).loc["a", "median"].total_seconds()
    assert (line["in"], line["out"]) == (ways["in"], ways["out"])


def test_figures_of_a_zone_that_is_active_for_a_time_equal_the_table(data, tmp_path):
    analysis = open_video(data / "shop")
    edit = polygon(TRIANGLE, **{"from": "20s", "to": "50s"})
    (figures,) = figures_of(analysis, edit, folder=tmp_path)
    content = {
        "features": [{"type": "Feature", "properties": edit["properties"], "geometry": edit["geometry"]}]
    }
    (tmp_path / "other.geojson").write_text(json.dumps(content), encoding="utf-8")
    zones, _ = read_zones(tmp_path / "other.geojson", analysis.video)
    visits = compute_visits(analysis.trajectories, zones, analysis.video, period=analysis.period)
    assert figures["visits"] == len(visits) > 0


def test_points_in_meters_are_drawn_and_counted_in_their_plane(real_data, tmp_path):
    file = real_data / "pedpy" / "traj.txt"
    analysis = open_video(file)
    session = open_session(None, tmp_path / "zones.geojson", analysis=analysis)
    left, top, right, bottom = session.bounds
    assert (session.unit, session.floor, top > bottom) == ("m", None, True)
    middle = [(left + right) / 2, (top + bottom) / 2]
    ring = [[left, bottom], [middle[0], bottom], [middle[0], top], [left, top], [left, bottom]]
    files = EditorFiles(session)
    opening = files.opening()["zones"]
    edits = [polygon(ring), polyline([[middle[0], bottom], [middle[0], top]])]
    zone, line = LiveFigures(session).compute(files.find_original(opening), edits)
    files.save_zones({"base": opening["base"], "disk": opening["disk"], "features": edits})
    again = open_video(file, zones=tmp_path / "zones.geojson")
    assert zone["visits"] == len(again["visits"]) > 0
    assert zone["people"] == again["visits"].index.get_level_values("person_index").nunique()
    assert line["in"] + line["out"] == len(again["crossings"])
    assert not any("picture" in text for text in [*zone["warnings"], *line["warnings"]])


def test_tracks_are_encoded_as_fractions_of_the_background(tmp_path):
    analysis = analyze((0, [(0.1, 0.2), (0.3, 0.4)]), (500, [(0.5, 0.6)] * 3))
    content = encode_tracks(open_session(None, tmp_path / "z.geojson", analysis=analysis, unit="px"))
    count, tracklets, people = np.frombuffer(content[:12], "<u4")
    assert (count, tracklets, people) == (5, 2, 2)
    points = np.frombuffer(content[12 : 12 + 8 * count], "<f4").reshape(-1, 2)
    assert points == pytest.approx(np.array([(0.1, 0.2), (0.3, 0.4), *[(0.5, 0.6)] * 3]), abs=1e-6)
    assert np.frombuffer(content[12 + 8 * count :], "<u4").tolist() == [0, 2, 0, 2]


def test_tracks_on_a_floor_plan_are_drawn_where_the_image_shows_them(data, tmp_path):
    shop = data / "shop"
    encoded = [
        encode_tracks(open_session(None, tmp_path / "z.geojson", analysis=open_video(shop, **plan)))
        for plan in ({}, {"floor": shop / "floor.json"})
    ]
    count = np.frombuffer(encoded[0][:4], "<u4")[0]
    image, floor = (np.frombuffer(content[12 : 12 + 8 * count], "<f4") for content in encoded)
    assert (np.abs(image - floor) < 1e-5).mean() > 0.95  # not of boxes that the image border cuts


STANDING = [(0.5, 0.5)] * 20
WARNINGS = {
    "smaller than a pixel": (
        polygon([[0.5, 0.5], [0.5005, 0.5], [0.5, 0.501], [0.5, 0.5]]),
        "is smaller than a pixel",
    ),
    "line smaller than a pixel": (polyline([[0.5, 0.5], [0.5005, 0.5]]), "is smaller than a pixel"),
    "outside": (polygon([[1.2, 0], [1.5, 0], [1.5, 1], [1.2, 0]]), "is outside the image"),
    "line outside": (polyline([[1.2, 0], [1.5, 0]]), "is outside the image"),
    "no start or end": (
        polygon([[0, 0], [0.1, 0], [0, 0.1], [0, 0]], kind="entrance"),
        "No track starts or ends in this entrance",
    ),
    "unobserved": (
        polygon([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6], [0.4, 0.4]], kind="entrance"),
        "0 of 1 visits have an observed start",
    ),
    "no crossing": (polyline([[0.1, 0.1], [0.1, 0.3]], kind="entrance"), "No one crosses this entrance"),
}


@pytest.mark.parametrize(("edit", "sentence"), WARNINGS.values(), ids=WARNINGS.keys())
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_warnings_appear_while_drawing(tmp_path, edit, sentence):
    analysis = analyze((1000, STANDING), (0, line_of((0.7, 0.5), (0.7, 0.9), 60)))
    (figures,) = figures_of(analysis, edit, folder=tmp_path)
    assert any(sentence in text for text in figures["warnings"])


def test_a_good_entrance_has_no_warnings(tmp_path):
    analysis = analyze(
        (1000, line_of((0.5, 0.3), (0.5, 0.9), 30)), (5000, line_of((0.5, 0.9), (0.5, 0.3), 30))
    )
    edit = polygon([[0.4, 0.2], [0.6, 0.2], [0.6, 0.5], [0.4, 0.5], [0.4, 0.2]], kind="entrance")
    (figures,) = figures_of(analysis, edit, folder=tmp_path)
    assert figures["warnings"] == []


def test_flicker_at_a_border_is_warned_of_with_the_margin_that_calms_it(tmp_path):
    jitter = [(0.5 + (0.004 if i % 2 else -0.004), 0.5) for i in range(100)]
    edits = (
        polygon([[0.5, 0.2], [0.9, 0.2], [0.9, 0.8], [0.5, 0.8], [0.5, 0.2]]),
        polyline([[0.5, 0.2], [0.5, 0.8]]),
    )
    zone, line = figures_of(analyze((0, jitter)), *edits, folder=tmp_path)
    assert "repeat visits" in zone["warnings"][0]
    assert "--margin 4" in zone["warnings"][0]
    assert "--min-distance 4" in line["warnings"][0]
    zone, line = figures_of(analyze((0, jitter), margin=4.1, min_distance=4.1), *edits, folder=tmp_path)
    assert zone["warnings"] == line["warnings"] == []


def test_a_zone_of_another_video_has_no_figures(tmp_path):
    feature = {"type": "Feature", "properties": {"name": "a", "video": "other"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [TRIANGLE]}
    (tmp_path / "zones.geojson").write_text(json.dumps({"features": [feature]}), encoding="utf-8")
    (figures,) = figures_of(analyze((0, STANDING)), {"source": 0, "properties": {}}, folder=tmp_path)
    assert figures == {"elsewhere": True, "warnings": []}


def test_a_zone_without_a_name_has_figures_and_an_invalid_one_an_error(tmp_path):
    crossed = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    edits = polygon([[0.4, 0.4], [0.6, 0.4], [0.5, 0.9], [0.4, 0.4]], name=None), polygon(crossed)
    unnamed, invalid = figures_of(analyze((0, STANDING)), *edits, folder=tmp_path)
    assert unnamed["visits"] == 1
    assert "not a valid outline" in invalid["error"]


def test_figures_of_edits_that_are_not_a_list_are_refused(tmp_path):
    figures = LiveFigures(open_session(None, tmp_path / "z.geojson", analysis=analyze((0, STANDING))))
    with pytest.raises(ZoneError, match="must be a list"):
        figures.compute({}, "all")


def test_a_drag_keeps_no_memory_of_zones_that_are_gone(tmp_path):
    analysis = analyze((0, STANDING))
    figures = LiveFigures(open_session(None, tmp_path / "z.geojson", analysis=analysis))
    for x in np.linspace(0.1, 0.4, 20):
        figures.compute({}, [polygon([[x, 0.4], [0.6, 0.4], [0.5, 0.9], [x, 0.4]])])
    assert not analysis.walks._inside


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"unit": "px"}, "zones must be in m"),
        ({"background": np.zeros((9, 9, 3))}, "Pass its bounds"),
        ({"bounds": (1, 1, 0, 0)}, "x0 < x1"),
    ],
)
def test_inputs_that_do_not_fit_points_are_refused(tmp_path, options, sentence):
    index = pd.MultiIndex.from_arrays(
        [[1, 1], np.array([0, 1000], "timedelta64[ms]")], names=["person_index", "timestamp"]
    )
    points = pd.DataFrame({"x_m": [1.0, 2.0], "y_m": [1.0, 2.0]}, index=index)
    analysis = open_video((points, Video(name="v")))
    with pytest.raises(ParameterError, match=sentence):
        open_session(options.pop("background", None), tmp_path / "z.geojson", analysis=analysis, **options)


def test_with_outlines_shares_the_trajectories_and_computes_tables_again(data):
    analysis = open_video(data / "shop", zones=data / "shop" / "zones.geojson")
    visits = analysis["visits"]
    part = analysis.with_outlines(analysis.zones[:1], [])
    assert part.trajectories is analysis.trajectories
    assert part["visits"].index.get_level_values("zone").unique().tolist() == [analysis.zones[0].name]
    pd.testing.assert_frame_equal(
        part["visits"], visits.loc[[analysis.zones[0].name]], check_index_type=False
    )
    assert analysis["visits"] is visits
