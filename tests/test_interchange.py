"""What is given to other packages gives there what the package computes itself."""

import datetime as dt
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, MultiPolygon, Polygon, box

import ptrack_analysis as pta
from ptrack_analysis import Line, Zone, interchange
from ptrack_analysis.errors import ParameterError, PtrackError, PtrackWarning, ZoneError
from ptrack_analysis.video import frames_to_timestamps, timestamps_to_frames

VIDEO = make_video()


def load(name):
    """Import another package, whatever it warns of, or skip the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


def wander(people=5, frames=60, stride=1, unit="m", rate=25.0, seed=3):
    """Make points of people who wander about, some with a gap."""
    random = np.random.default_rng(seed)
    paths = {}
    for person in range(1, people + 1):
        start = int(random.integers(0, 10)) * stride
        numbers = np.arange(start, start + frames * stride, stride)
        if person % 2:
            numbers[frames // 2 :] += 100 * stride
        xy = np.cumsum(random.normal(0.02, 0.03, (frames, 2)), axis=0) + random.uniform(0, 5, 2)
        times = frames_to_timestamps(numbers, rate)
        paths[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(times, xy, strict=True)]
    return pta.compute_trajectories(make_points(paths, unit=unit), pta.Video(frame_rate=rate), max_gap="2s")


def boxes_of(people=6, frames=40, seed=5):
    """Make boxes of whole px, as trackers write them, with confidences and classes."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(1, people + 1):
        left, top = random.uniform(0, 600, 2)
        for frame in range(frames):
            left, top = left + random.normal(5, 10), min(max(top + random.normal(0, 5), 1), 380)
            width, height = random.integers(20, 60), random.integers(40, 100)
            rows.append(
                (frame * 40, person, round(left) / 1000, round(top, 2) / 500, width / 1000, height / 500)
            )
    names = ["timestamp", "person_index", "left", "top", "width", "height"]
    columns = dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))
    table = pta.schema.assemble(pta.schema.DETECTIONS, columns)
    confidence = random.uniform(0, 1, len(table)).round(3)
    return table.assign(confidence=confidence).sort_index()


@pytest.mark.parametrize("rate", [25.0, 30000 / 1001, 29.97, 12.5, 999.0])
def test_frames_are_found_again_from_their_timestamps(rate):
    frames = np.arange(5000)
    assert (timestamps_to_frames(frames_to_timestamps(frames, rate), rate) == frames).all()


def test_a_timestamp_between_two_frames_is_no_frame():
    with pytest.raises(ParameterError, match=r"no frame has the timestamp 41 ms at 25 frames"):
        timestamps_to_frames(np.array([0, 41]), 25.0)


# PedPy


@pytest.mark.parametrize("stride", [1, 5])
def test_pedpy_computes_the_speeds_of_the_trajectories(stride):
    pedpy = load("pedpy")
    trajectories = wander(stride=stride)
    data = interchange.to_pedpy(trajectories, VIDEO)
    assert data.frame_rate == 25 / stride
    theirs = pedpy.compute_individual_speed(
        traj_data=data, frame_step=1, speed_calculation=pedpy.SpeedCalculation.BORDER_EXCLUDE
    ).set_index(["id", "frame"])["speed"]
    again = pta.compute_trajectories(
        trajectories[["x_m", "y_m"]],
        pta.Video(frame_rate=25),
        speed_window=f"{80 * stride}ms",
        smoothing="0ms",
        max_gap="2s",
    )
    tracklet = [again.index.get_level_values("person_index"), again["tracklet"]]
    ours = again["speed_m_per_s"].where(again.groupby(tracklet).cumcount() > 0)
    ours = ours.where(again.groupby(tracklet).cumcount(ascending=False) > 0)  # inside, not beside a gap
    times = again.index.get_level_values("timestamp").astype("int64").to_numpy()
    frames = timestamps_to_frames(times, 25.0) // stride
    ours.index = pd.MultiIndex.from_arrays([tracklet[0], frames], names=["id", "frame"])
    both = pd.concat([theirs, ours], axis=1, keys=["theirs", "ours"]).dropna()
    assert len(both) == 5 * 58 - 3 * 2
    assert np.allclose(both["theirs"], both["ours"], rtol=0, atol=1e-9)


def test_pedpy_counts_the_people_per_area():
    pedpy = load("pedpy")
    people = {person: [(40 * k, person * 0.3, 1.0) for k in range(10)] for person in range(1, 6)}
    data = interchange.to_pedpy(pta.compute_trajectories(make_points(people)), VIDEO)
    area = pedpy.MeasurementArea([(0, 0), (2, 0), (2, 2), (0, 2)])
    density = pedpy.compute_classic_density(traj_data=data, measurement_area=area)
    assert density["density"].tolist() == [5 / 4] * 10


def test_pedpy_counts_crossings_of_people_who_are_not_detected_in_regular_frames():
    pedpy = load("pedpy")
    frames = np.cumsum(np.random.default_rng(4).integers(1, 4, 60))
    times = frames_to_timestamps(np.concatenate([frames, frames[-1] + 100 + frames]), 25.0)
    points = make_points({1: [(int(time), 0.02 * k, 1.0) for k, time in enumerate(times)]})
    points.iloc[30] = np.nan
    trajectories = pta.compute_trajectories(points, pta.Video(frame_rate=25), max_interpolation="0ms")
    lines = [pedpy.MeasurementLine([(x, 0), (x, 2)]) for x in (0.51, 0.605, 1.19, 2.01)]
    with pytest.warns(PtrackWarning) as caught:
        irregular = interchange.to_pedpy(trajectories, VIDEO)
    assert ["1 of 120 rows" in str(each.message) for each in caught] == [True, False]
    assert "at 25 frames per second" in str(caught[1].message)
    with pytest.warns(PtrackWarning, match="1 of 120 rows without a position"):
        regular = interchange.to_pedpy(trajectories, VIDEO, resample=12.5)
    crossed = [
        [len(pedpy.compute_n_t(traj_data=data, measurement_line=line)[1]) for line in lines]
        for data in (irregular, regular)
    ]
    ours = [
        len(pta.compute_crossings(trajectories, [Line("a", line.line, "m", y_axis="up")])) for line in lines
    ]
    assert ours == [1, 1, 0, 1]
    assert crossed[1] == [1, 0, 0, 1]  # the position at the second line is unknown
    assert crossed[0] != crossed[1]
    assert regular.frame_rate == 12.5
    xs = regular.data["x"].to_numpy()
    expected = np.interp(regular.data["frame"].to_numpy() * 80, times, 0.02 * np.arange(120))
    assert np.allclose(xs, expected, rtol=0, atol=1e-9)
    for value in (0, -1, np.nan):
        with pytest.raises(ParameterError, match="resample must be a number above 0"):
            interchange.to_pedpy(trajectories, VIDEO, resample=value)


def test_pedpy_gets_meters_and_frames_only():
    load("pedpy")
    with pytest.raises(ParameterError, match="trajectories are in px, but PedPy computes in meters"):
        interchange.to_pedpy(wander(unit="px"), VIDEO)
    with pytest.raises(ParameterError, match=r"has no frame rate. Pass frame_rate="):
        interchange.to_pedpy(wander(), pta.Video())
    with pytest.raises(ParameterError, match="at 24 frames per second"):
        interchange.to_pedpy(wander(), VIDEO, frame_rate=24)


def test_rows_without_a_position_are_left_out_with_a_warning():
    load("pedpy")
    points = make_points({1: [(0, 1.0, 1.0), (40, np.nan, np.nan), (80, 1.0, 1.2), (120, 1.0, 1.3)]})
    trajectories = pta.compute_trajectories(points, max_interpolation="0ms")
    with pytest.warns(PtrackWarning, match="1 of 4 rows without a position are excluded"):
        data = interchange.to_pedpy(trajectories, VIDEO)
    assert data.data["frame"].tolist() == [0, 2, 3]


# MovingPandas, GeoPandas


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_movingpandas_computes_the_path_lengths():
    load("movingpandas")
    trajectories = wander()
    collection = interchange.to_movingpandas(trajectories, VIDEO)
    assert len(collection.trajectories) == 8  # three of five people have a gap
    theirs = (
        pd.Series(
            [each.get_length() for each in collection.trajectories],
            [each.obj_id for each in collection.trajectories],
        )
        .groupby(level=0)
        .sum()
    )
    ours = pta.compute_tracks(trajectories)["path_length_m"]
    assert np.allclose(theirs.to_numpy(), ours.to_numpy(), rtol=1e-12)
    durations = sum(each.get_duration().total_seconds() for each in collection.trajectories)
    assert durations == pytest.approx(5 * 59 * 0.04 - 3 * 0.04)


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_movingpandas_gets_the_wall_clock():
    load("movingpandas")
    zone = dt.timezone(dt.timedelta(hours=2))
    video = pta.Video(frame_rate=25, started_at=dt.datetime(2025, 6, 1, 12, tzinfo=zone))
    first = interchange.to_movingpandas(wander(1), video).trajectories[0]
    assert first.get_start_time().replace(microsecond=0, second=0) == dt.datetime(2025, 6, 1, 10)  # noqa: DTZ001 - MovingPandas has no zones


def test_geopandas_has_the_positions_and_all_columns():
    load("geopandas")
    trajectories = wander()
    frame = interchange.to_geopandas(trajectories, VIDEO)
    assert frame.index.equals(trajectories.index)
    assert frame.geometry.x.sum() == trajectories["x_m"].sum()
    assert frame.geometry.y.sum() == trajectories["y_m"].sum()
    assert {"time_present", "tracklet", "speed_m_per_s"} <= {*frame.columns}
    assert frame.attrs["unit"] == "m"
    zone = box(1, 1, 4, 4)
    inside = frame[frame.within(zone)]
    visits = pta.compute_visits(trajectories, [Zone("square", zone, "m")], VIDEO)
    assert inside["time_present"].sum() == visits["dwell"].sum()


ZONES = [
    Zone("till", Polygon([(0, 0), (400, 0), (400, 300)]), "px", "checkout", start=pd.Timedelta("1.5s")),
    Zone("two", MultiPolygon([box(0, 0, 9, 9), box(20, 20, 30, 30)]), "px", videos=("a*", "video")),
]
LINES = [Line("door", LineString([(0, 10), (5, 20), (300, 10)]), "px", "entrance")]


def test_zones_and_lines_come_back_from_geopandas():
    load("geopandas")
    frame = interchange.to_geopandas([*ZONES, *LINES])
    assert frame.geometry.area.sum() == sum(zone.outline.area for zone in ZONES)
    assert pta.read_zones(frame, VIDEO) == (ZONES, LINES)
    frame.attrs.clear()
    assert pta.read_zones(frame, VIDEO, unit="px") == (ZONES, LINES)
    with pytest.raises(ZoneError, match=r"does not state its unit. Set zones.attrs\['unit'\]"):
        pta.read_zones(frame, VIDEO)
    with pytest.raises(ParameterError, match="zones in m and px"):
        interchange.to_geopandas([*ZONES, Zone("far", box(0, 0, 1, 1), "m")])


def test_a_geodataframe_that_cannot_be_zones_is_refused(tmp_path):
    geopandas = load("geopandas")
    zone = {"name": ["a"], "geometry": [box(0, 0, 1, 1)]}
    for frame, message in (
        (geopandas.GeoDataFrame(zone, crs="EPSG:4326"), r"CRS EPSG:4326, in degrees"),
        (geopandas.GeoDataFrame(geometry=[box(0, 0, 1, 1)]), r"no column 'name'"),
        (geopandas.GeoDataFrame({"name": [None], "geometry": [box(0, 0, 1, 1)]}), r"feature 1.*name"),
        (geopandas.GeoDataFrame({"name": ["a"], "geometry": [None]}), r"'a' must be a Polygon"),
        (geopandas.GeoDataFrame({"name": ["a", "a"], "geometry": [box(0, 0, 1, 1)] * 2}), r"occurs twice"),
    ):
        with pytest.raises(ZoneError, match=message):
            pta.read_zones(frame, VIDEO, unit="px")
    with pytest.raises(ZoneError, match=r"zones must be a zone file, a GeoDataFrame, or .* got int"):
        pta.read_zones(7, VIDEO)
    (tmp_path / "zones.geojson").write_text('{"features": []}')
    with pytest.raises(ZoneError, match="omit unit, because a zone file states it"):
        pta.read_zones(tmp_path / "zones.geojson", VIDEO, unit="px")


def test_open_video_takes_a_geodataframe_as_it_takes_the_zone_file(tmp_path):
    load("geopandas")
    detections = boxes_of()
    zones = [*ZONES[:1], Zone("all", box(0, 0, 1000, 500), "px")]
    frame = interchange.to_geopandas([*zones, *LINES])
    features = [
        {"properties": {"name": "till", "kind": "checkout", "from": "1.5s"}},
        {"properties": {"name": "all"}},
        {"properties": {"name": "door", "kind": "entrance"}},
    ]
    for feature, thing in zip(features, [*zones, *LINES], strict=True):
        feature["geometry"] = thing.outline.__geo_interface__
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps({"unit": "px", "features": features}))
    ours = pta.open_video((detections, VIDEO), zones=path)
    theirs = pta.open_video((detections, VIDEO), zones=frame)
    for name in ("visits", "crossings", "zone_occupancy"):
        assert len(ours[name]) or name == "crossings"
        assert_frame_equal(ours[name], theirs[name])
    with pytest.raises(ZoneError, match=r"zones: .*occurs twice"):
        pta.open_video((detections, VIDEO), zones=pd.concat([frame, frame]))


# supervision


def test_zones_of_supervision_contain_the_same_people():
    sv = load("supervision")
    detections = boxes_of()
    polygon = np.array([[100, 50], [700, 100], [600, 450], [150, 400]])
    theirs = {}
    zone = sv.PolygonZone(polygon)
    for timestamp, people in interchange.to_supervision(detections, VIDEO):
        theirs |= {
            (timestamp, int(person)): bool(inside)
            for person, inside in zip(people.tracker_id, zone.trigger(people), strict=True)
        }
    (ours,), _ = pta.read_zones(zone, VIDEO)
    assert (ours.name, ours.unit) == ("zone 1", "px")
    x = (detections["left"] + detections["width"] / 2) * 1000
    y = (detections["top"] + detections["height"]) * 500
    near = np.array([ours.outline.exterior.distance(p) < 2 for p in _points(x, y)])  # its mask has whole px
    inside = np.array([ours.outline.contains(p) for p in _points(x, y)])
    assert len(theirs) == len(detections)
    assert 20 < inside.sum() < len(inside) - 20
    assert [theirs[key] for key in detections.index[~near]] == inside[~near].tolist()


def _points(x, y):
    from shapely.geometry import Point  # noqa: PLC0415 - used by one test

    return [Point(*each) for each in zip(x, y, strict=True)]


@pytest.mark.parametrize(
    ("start", "end"), [((100, 250), (900, 250)), ((900, 250), (100, 250)), ((500, 20), (500, 480))]
)
def test_lines_of_supervision_count_in_and_out_in_the_same_direction(start, end):
    sv = load("supervision")
    across = [(40 * k, 0.3 + 0.01 * k, 0.2 + 0.02 * k) for k in range(35)]
    back = [(40 * k, 0.66 - 0.01 * k, 0.9 - 0.02 * k) for k in range(35)]
    again = [(40 * k, 0.31 + 0.01 * k, 0.21 + 0.02 * k) for k in range(35)]
    detections = make_detections({1: across, 2: back, 3: again}, box=(0.04, 0.1))
    line = sv.LineZone(sv.Point(*start), sv.Point(*end))
    for _, people in interchange.to_supervision(detections, VIDEO):
        line.trigger(people)
    _, lines = pta.read_zones({"door": line}, VIDEO)
    crossings = pta.compute_crossings(pta.compute_trajectories(detections, VIDEO), lines)
    counts = crossings["direction"].value_counts()
    assert (counts.get("in", 0), counts.get("out", 0)) == (line.in_count, line.out_count)
    assert {line.in_count, line.out_count} == {1, 2}
    assert crossings.index.get_level_values("line").unique().tolist() == ["door"]


def test_other_anchors_of_a_zone_of_supervision_are_pointed_out():
    sv = load("supervision")
    zone = sv.PolygonZone(np.array([[0, 0], [9, 0], [9, 9]]), triggering_anchors=[sv.Position.CENTER])
    with pytest.warns(PtrackWarning, match=r"zone 'a' fires for the anchors CENTER in supervision"):
        pta.read_zones({"a": zone}, VIDEO)


def test_supervision_gets_boxes_in_px_and_what_the_tracker_said():
    load("supervision")
    detections = boxes_of(2, 3).assign(class_name="person")
    detections.iloc[0, :4] = np.nan
    with pytest.warns(PtrackWarning, match="1 of 6 rows without a body box"):
        frames = list(interchange.to_supervision(detections, VIDEO))
    assert [time for time, _ in frames] == [pd.Timedelta(0), pd.Timedelta("40ms"), pd.Timedelta("80ms")]
    people = frames[1][1]
    rows = detections.loc[[pd.Timedelta("40ms")]]
    assert people.tracker_id.tolist() == [1, 2]
    assert np.allclose(people.xyxy[:, 0], rows["left"] * 1000)
    assert np.allclose(people.xyxy[:, 3], (rows["top"] + rows["height"]) * 500)
    assert people.confidence.tolist() == rows["confidence"].tolist()
    assert people.data["class_name"].tolist() == ["person", "person"]


def test_a_sink_takes_what_supervision_was_given(tmp_path):
    load("supervision")
    detections = boxes_of()
    with pta.TrackingSink(tmp_path / "a", video=VIDEO) as sink:
        for timestamp, people in interchange.to_supervision(detections, VIDEO):
            sink.append(people, timestamp=timestamp)
    columns = ["left", "top", "width", "height"]
    assert_frame_equal(sink.read()[0], detections[columns], rtol=0, atol=1e-15)


# MOTChallenge


def test_mot_text_is_read_again_exactly(tmp_path):
    detections = boxes_of()
    file = interchange.to_mot(detections, VIDEO, tmp_path / "a.txt")
    again, _ = pta.read_tracking(file, video=VIDEO, first_pixel=0)
    assert_frame_equal(again, detections, check_exact=True)


def test_mot_text_of_any_fractions_is_read_again_up_to_the_last_bit(tmp_path):
    random = np.random.default_rng(1)
    detections = boxes_of().drop(columns="confidence")
    detections[["left", "top"]] = random.uniform(0, 0.9, (len(detections), 2))
    file = interchange.to_mot(detections, VIDEO, tmp_path / "a.txt")
    again, _ = pta.read_tracking(file, video=VIDEO, first_pixel=0)
    assert_frame_equal(again, detections, check_exact=False, rtol=2**-51, atol=0)


def test_mot_text_counts_frames_from_1_and_pixels_as_asked(tmp_path):
    detections = make_detections({7: [(0, 0.05, 0.2), (80, 0.15, 0.4)]}, box=(0.1, 0.2))
    file = interchange.to_mot(detections, VIDEO, tmp_path / "a.txt", first_pixel=1)
    rows = [list(map(float, line.split(","))) for line in file.read_text().splitlines()]
    assert rows[0] == pytest.approx([1, 7, 1, 1, 100, 100, -1, -1, -1, -1])
    assert rows[1] == pytest.approx([3, 7, 101, 101, 100, 100, -1, -1, -1, -1])
    with pytest.raises(ParameterError, match="first_pixel must be 0 or 1, got 2"):
        interchange.to_mot(detections, VIDEO, tmp_path / "a.txt", first_pixel=2)


@pytest.mark.parametrize("function", ["to_pedpy", "to_movingpandas", "to_geopandas", "to_supervision"])
def test_another_table_is_refused(function):
    load(function.removeprefix("to_"))
    with pytest.raises(PtrackError, match="not a "):
        list(getattr(interchange, function)(pd.DataFrame({"a": [1]}), VIDEO))
