"""The definitions of time present, borders, speed, parts and stops, against slow independent oracles."""

import math
import warnings
from itertools import pairwise

import naive_definitions as naive
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import box as rectangle

from ptrack_analysis.analysis.motion.stops import compute_stops
from ptrack_analysis.analysis.presence import estimate_sampling_period
from ptrack_analysis.analysis.selection import select
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.heat import compute_heatmap
from ptrack_analysis.report.key_figures import find_busiest_window, mean_speed
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, assemble

CLOSE = 1e-9
STEPS = st.sampled_from([40, 80, 120, 1000, 3000, 9000])


def ms(value):
    """Return a duration of whole milliseconds."""
    return pd.Timedelta(value, unit="ms").as_unit("ms")


def as_ms(values):
    """Return whole milliseconds of a column of durations."""
    return [value // pd.Timedelta(1, unit="ms") for value in values]


def make_boxes(tracks):
    """Make detections: person -> (time, box or None)."""
    rows = [(person, *row) for person, own in tracks.items() for row in own]
    boxes = np.array([row[2] or (np.nan,) * 4 for row in rows], "float64").reshape(-1, 4)
    arrays = {
        "timestamp": np.array([row[1] for row in rows], "int64"),
        "person_index": np.array([row[0] for row in rows], "int64"),
        **dict(zip(("left", "top", "width", "height"), boxes.T, strict=True)),
        "face_left": np.where(np.isnan(boxes[:, 0]), 0.4, np.nan),
    }
    return assemble(DETECTIONS, arrays)


def read_rows(trajectories, columns):
    """Return person -> rows of the table, in order of time: (time, *columns), None for NaN."""
    found = {}
    for (person, time), *values in trajectories[columns].itertuples(name=None):
        found.setdefault(person, []).append((time // ms(1), *(read_value(value) for value in values)))
    return found


def read_value(value):
    """Return a plain value of a table: None for NaN, whole milliseconds for a duration."""
    if isinstance(value, pd.Timedelta):
        return value // ms(1)
    return None if isinstance(value, float) and math.isnan(value) else value


@st.composite
def times_of_people(draw, steps=STEPS, most_people=5, most_rows=8):
    """Draw person -> times of detections."""
    tracks = {}
    for person in range(draw(st.integers(1, most_people))):
        time, times = draw(st.integers(0, 500)), []
        for step in [0, *draw(st.lists(steps, max_size=most_rows - 1))]:
            time += step
            times.append(time)
        tracks[person] = times
    return tracks


# 1. Sampling period and max_gap


@given(times_of_people(), st.sampled_from([None, 0.5, 8.0, 10.0, 12.5, 24.0, 25.0, 30000 / 1001, 30.0, 60.0]))
@example({0: [0, 60000], **{person: [0] for person in range(1, 101)}}, 25.0)
@example({0: [0, 40, 120, 200], 1: [0]}, None)
@example({0: [0, 60000], 1: [0]}, None)
@example({0: [0]}, None)
def test_the_sampling_period_is_the_lower_median_of_enough_steps(tracks, rate):
    table = make_boxes({person: [(time, None) for time in times] for person, times in tracks.items()})
    video = make_video(frame_rate=rate)
    assert estimate_sampling_period(table, video) == ms(naive.sampling_period(tracks, rate))


@given(
    times_of_people(),
    st.sampled_from([None, 40, 100, 1000, 2000, 3000, 5000, 10000, 20000]),
    st.one_of(st.none(), st.integers(0, 40000)),
    st.sampled_from([None, 25.0]),
)
def test_time_present_bridges_gaps_and_a_max_gap_below_the_period_is_refused(tracks, max_gap, duration, rate):
    table = make_boxes({p: [(time, (0.4, 0.4, 0.1, 0.2)) for time in times] for p, times in tracks.items()})
    video = make_video(duration, frame_rate=rate)
    period = naive.sampling_period(tracks, rate)
    option = {} if max_gap is None else {"max_gap": ms(max_gap)}
    if max_gap is not None and max_gap < period:
        with pytest.raises(ParameterError, match=r"max_gap(.|\n)*period"):
            compute_trajectories(table, video, **option)
        return
    used = naive.default_max_gap(period) if max_gap is None else max_gap
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trajectories = compute_trajectories(table, video, **option)
    about_steps = [own for own in caught if "max_gap" in str(own.message)]
    assert bool(about_steps) == naive.has_many_long_steps(tracks, period, used)
    latest = max(max(times) for times in tracks.values())
    end = duration if duration is not None and duration >= latest else None
    expected = {p: naive.time_present(times, period, used, end) for p, times in tracks.items()}
    found = read_rows(trajectories, ["time_present", "tracklet"])
    assert {p: [row[1:] for row in rows] for p, rows in found.items()} == expected


# 2 and 3. The image border

ANCHORS = st.sampled_from(["bottom_center", "center", "top_center"])


@st.composite
def moving_boxes(draw):
    """Draw tracklets (time, box or None): boxes that drift, are clipped at the border or stand there."""
    tracks = {}
    step = draw(st.sampled_from([40, 200, 400, 1500]))
    for person in range(draw(st.integers(1, 3))):
        left, top = (draw(st.integers(-200, 1100)) / 1000 for _ in range(2))
        width, height = (draw(st.sampled_from([0.05, 0.1, 0.3])) for _ in range(2))
        speed = [draw(st.integers(-60, 60)) / 1000 for _ in range(2)]
        clip, rows, time = draw(st.booleans()), [], 0
        for _ in range(draw(st.integers(1, 9))):
            if draw(st.integers(0, 4)) == 0:
                rows.append((time, None))
            else:
                box = (left, top, width, height)
                if clip:
                    right, bottom = min(left + width, 1.0), min(top + height, 1.0)
                    box = (max(left, 0.0), max(top, 0.0), right - max(left, 0.0), bottom - max(top, 0.0))
                if min(box[2:]) > 0.005:
                    rows.append((time, box))
            left += speed[0] + draw(st.integers(-3, 3)) / 1000
            top += speed[1] + draw(st.integers(-3, 3)) / 1000
            time += step * draw(st.sampled_from([1, 1, 1, 2, 9]))
        if rows:
            tracks[person] = rows
    assume(tracks)
    return tracks, step


def split_tracklets(trajectories, tracks):
    """Yield (rows of the table, boxes by time) of each tracklet."""
    for (person, _), own in trajectories.groupby(["person_index", "tracklet"], sort=False):
        boxes = {time: box for time, box in tracks[person] if box is not None}
        times = as_ms(own.index.get_level_values("timestamp"))
        yield own, [(time, boxes.get(time)) for time in times]


@given(moving_boxes())
def test_tracklets_enter_and_leave_over_the_border_by_the_movement_of_their_sides(case):
    tracks, step = case
    video = make_video(sampling_period=ms(step))
    trajectories = compute_trajectories(make_boxes(tracks), video)
    for own, rows in split_tracklets(trajectories, tracks):
        boxes = [(time, box) for time, box in rows if box is not None]
        backwards, end, start = naive.reverse_in_time(boxes), rows[-1][0], -rows[0][0]
        leaving = naive.border_margins(boxes, step, end)
        entering = naive.border_margins(backwards, step, start)
        for margin in [*leaving, *entering]:
            assume(min(abs(margin[1]), abs(margin[2])) > CLOSE)
        expected = [False] * len(own)
        expected[-1] = naive.leaves_over_border(boxes, step, end)
        assert own["leaves_frame"].tolist() == expected
        expected = [False] * len(own)
        expected[0] = naive.leaves_over_border(backwards, step, start)
        assert own["enters_frame"].tolist() == expected


@given(moving_boxes(), ANCHORS, st.booleans())
def test_a_box_is_truncated_at_the_sides_that_its_anchor_depends_on(case, anchor, clip):
    tracks, step = case
    video = make_video(sampling_period=ms(step))
    trajectories = compute_trajectories(make_boxes(tracks), video, anchor=anchor, clip_boxes=clip)
    for own, rows in split_tracklets(trajectories, tracks):
        for _, box in rows:
            assume(box is None or all(abs(v) > CLOSE for v in border_distances(box)))
        statuses = own["position_status"].astype(str).tolist()
        expected = naive.truncated_rows(
            [(status, box) for status, (_, box) in zip(statuses, rows, strict=True)], anchor
        )
        assert own["box_truncated"].tolist() == expected


def border_distances(box):
    """Return the distances of the sides from the line at 0.01 from their border."""
    left, top, width, height = box
    return left - 0.01, top - 0.01, left + width - 0.99, top + height - 0.99


# 4. Speed


@st.composite
def paths(draw, most_people=3, steps=(40, 100, 130, 250, 700, 2500), most_rows=12):
    """Draw person -> (time, x, y), x and y NaN where the position is unknown."""
    tracks = {}
    for person in range(draw(st.integers(1, most_people))):
        time, rows = draw(st.integers(0, 3)) * 100, []
        x, y = (draw(st.integers(0, 40)) / 8 for _ in range(2))
        for step in [0, *draw(st.lists(st.sampled_from(steps), max_size=most_rows - 1))]:
            time += step
            if draw(st.integers(0, 7)) == 0:
                rows.append((time, math.nan, math.nan))
            else:
                x, y = (value + draw(st.integers(-8, 8)) / 8 for value in (x, y))
                rows.append((time, x, y))
        tracks[person] = rows
    return tracks


def compute(tracks, video=None, **options):
    """Compute trajectories of points, with a sampling period of 100 ms."""
    return compute_trajectories(make_points(tracks), video, period="100ms", **options)


def assert_close(found, expected):
    """Compare lists of numbers, None for NaN."""
    plain = [None if value is None or math.isnan(value) else value for value in found]
    assert [value is None for value in plain] == [value is None for value in expected]
    for own, other in zip(plain, expected, strict=True):
        assert own is None or math.isclose(own, other, rel_tol=1e-9, abs_tol=1e-9)


def position_of(row):
    """Return the position of a row (time, x, y, ...), or None."""
    return None if row[1] is None else (row[1], row[2])


@given(paths(), st.sampled_from([0, 200, 500]), st.sampled_from([200, 500, 1000]), st.sampled_from([0, 2000]))
def test_speed_is_that_of_mean_positions_and_blank_where_half_a_window_is_left(
    tracks, smoothing, window, interpolation
):
    trajectories = compute(
        tracks, smoothing=ms(smoothing), speed_window=ms(window), max_interpolation=ms(interpolation)
    )
    for rows in read_rows(trajectories, ["x_m", "y_m", "tracklet", "speed_m_per_s"]).values():
        own = [(row[0], position_of(row), row[3]) for row in rows]
        expected = naive.speeds(own, half_window=window // 2, half_smoothing=smoothing // 2)
        assert_close([row[4] for row in rows], expected)


@given(paths(), st.sampled_from([0, 2000]))
def test_mean_speeds_are_weighted_by_time_present_and_never_above_the_maximum(tracks, interpolation):
    trajectories = compute(tracks, max_interpolation=ms(interpolation))
    table = compute_tracks(trajectories)
    for person, rows in read_rows(trajectories, ["speed_m_per_s", "time_present"]).items():
        mean, maximum, speed_time = naive.mean_speed([row[1:] for row in rows])
        found = table.loc[person]
        assert_close([found["mean_speed_m_per_s"], found["max_speed_m_per_s"]], [mean, maximum])
        assert found["speed_time"] == ms(speed_time)
    rows = read_rows(trajectories, ["speed_m_per_s", "time_present"])
    mean, maximum, speed_time = naive.mean_speed([row[1:] for own in rows.values() for row in own])
    found = mean_speed(trajectories, "m")
    assert found["speed_time_s"] == speed_time / 1000
    assert (found["mean_m_per_s"] is None, found["max_m_per_s"]) == (mean is None, maximum)
    assert mean is None or math.isclose(found["mean_m_per_s"], mean, rel_tol=1e-9, abs_tol=1e-12)
    both = table[["mean_speed_m_per_s", "max_speed_m_per_s"]].dropna()
    assert (both.iloc[:, 0] <= both.iloc[:, 1]).all()


@given(paths())
def test_the_mean_speed_of_a_cell_follows_the_same_rule(tracks):
    trajectories = compute(tracks)
    video = make_video()
    heatmap = compute_heatmap(
        trajectories, video, quantity="mean_speed", bounds=(-16.0, -16.0, 16.0, 16.0), shape=(4, 4)
    )
    cells = {}
    for rows in read_rows(trajectories, ["x_m", "y_m", "speed_m_per_s", "time_present"]).values():
        for _, x, y, speed, present in rows:
            if x is not None and max(abs(x), abs(y)) < 16:
                cells.setdefault((int((y + 16) // 8), int((x + 16) // 8)), []).append((speed, present))
    for cell in np.ndindex(4, 4):
        mean = naive.mean_speed(cells.get(cell, []))[0]
        assert_close([heatmap.values[cell]], [mean])


# 5. Linked rows and parts

HALL = Zone("hall", rectangle(0.0371, 0.0371, 3.0371, 3.0371), "m")


def in_hall(position):
    """Return whether a position is in the zone; no position lies on its outline."""
    return all(0.0371 < value < 3.0371 for value in position)


ROW = ["time_present", "tracklet", "x_m", "y_m"]


def plain_rows(trajectories):
    """Return person -> rows (time, time present, tracklet, position, False, False)."""
    return {
        person: [
            (time, present, tracklet, position_of((time, x, y)), False, False)
            for time, present, tracklet, x, y in rows
        ]
        for person, rows in read_rows(trajectories, ROW).items()
    }


@pytest.mark.filterwarnings("ignore:rows were removed")
@given(paths(), st.data())
def test_visits_and_paths_break_where_rows_were_removed(tracks, data):
    assume(max(row[0] for own in tracks.values() for row in own) <= 13_000)
    video = make_video(12000, sampling_period=ms(100))
    whole = compute(tracks, video)
    keep = data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
    part = whole[keep]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        visits = compute_visits(part, [HALL], video)
    found = {}
    for person, *values in visits.reset_index()[
        ["person_index", "entered", "exited", "dwell", "entry", "exit"]
    ].itertuples(index=False, name=None):
        times = [value // ms(1) for value in values[:3]]
        found.setdefault(person, []).append((*times, *values[3:]))
    rows = plain_rows(part)
    last = max((row[0] + row[1] for own in rows.values() for row in own), default=0)
    latest = max((row[0] for own in rows.values() for row in own), default=0)
    end = 12000 if latest <= 12000 else last
    expected = {p: naive.visits(own, in_hall, period=100, video_end=end) for p, own in rows.items()}
    assert found == {person: own for person, own in expected.items() if own}
    lengths = compute_tracks(part)["path_length_m"] if len(part) else {}
    for person, own in rows.items():
        located = any(row[3] is not None for row in own)
        assert_close([lengths[person]], [naive.path_length(own) if located else None])


@given(paths(), st.data())
def test_rows_that_overlap_are_refused(tracks, data):
    trajectories = compute(tracks)
    row = data.draw(st.integers(0, len(trajectories) - 1))
    longer = trajectories.copy()
    present = as_ms(trajectories["time_present"])
    present[row] += data.draw(st.integers(1, 3000))
    longer["time_present"] = np.array(present, "timedelta64[ms]")
    overlap = any(naive.overlaps(own) for own in plain_rows(longer).values())
    video = make_video()
    if overlap:
        with pytest.raises(SchemaError):
            compute_visits(longer, [HALL], video)
        with pytest.raises(SchemaError):
            compute_tracks(longer)
    else:
        compute_visits(longer, [HALL], video)


@settings(max_examples=30)
@given(paths(), st.lists(st.integers(1, 15000), min_size=9, max_size=9, unique=True))
def test_ten_parts_add_up_to_the_whole_video_to_the_millisecond(tracks, cuts):
    video = make_video(sampling_period=ms(100))
    whole = compute(tracks, video)
    columns = ["time_present", "x_m", "y_m", "position_status", "speed_m_per_s", "heading", "tracklet"]
    rows = read_rows(whole, columns)
    present, dwell, seconds = dict.fromkeys(rows, 0), 0, 0.0
    for start, end in pairwise([0, *sorted(cuts), 10**8]):
        part = select(whole, start=ms(start), end=ms(end))
        expected = {p: naive.cut_rows(own, start, end) for p, own in rows.items()}
        expected = {p: own for p, own in expected.items() if own}
        found = read_rows(part, columns)
        assert {p: [row[:-1] for row in own] for p, own in found.items()} == {
            p: [row[:-1] for row in own] for p, own in expected.items()
        }
        for person, own in expected.items():
            # Tracklets are numbered from 1 again, but break where they broke.
            numbers = [row[-1] for row in own]
            assert [row[-1] for row in found[person]] == [sorted(set(numbers)).index(n) + 1 for n in numbers]
        if not len(part):
            continue
        for person, time in compute_tracks(part)["time_in_scene"].items():
            present[person] += time // ms(1)
        visits = compute_visits(part, [HALL], video, start=ms(start), end=ms(end))
        dwell += sum(as_ms(visits["dwell"]))
        heatmap = compute_heatmap(part, make_video(), bounds=(-16.0, -16.0, 16.0, 16.0), shape=(2, 2))
        seconds += heatmap.values.sum()
    assert present == {p: sum(row[1] for row in own) for p, own in rows.items()}
    inside = [row for own in plain_rows(whole).values() for row in own if row[3] and in_hall(row[3])]
    assert dwell == sum(row[1] for row in inside)
    located = [row for own in plain_rows(whole).values() for row in own if row[3]]
    near = [row for row in located if all(-16 <= value < 16 for value in row[3])]
    assert math.isclose(seconds, sum(row[1] for row in near) / 1000, abs_tol=1e-9)


# 8. Stops

DIRECTIONS = [(math.cos(k * math.pi / 16), math.sin(k * math.pi / 16)) for k in range(16)]


def extent(positions):
    """Return the largest extent in any of 16 directions."""
    along = [[x * dx + y * dy for x, y in positions] for dx, dy in DIRECTIONS]
    return max(max(own) - min(own) for own in along)


@st.composite
def walks_with_stops(draw):
    """Draw the path of people who stand, sway and walk."""
    tracks = {}
    for person in range(draw(st.integers(1, 2))):
        time, x, y, rows = 0, 0.0, 0.0, []
        for _ in range(draw(st.integers(1, 4))):
            speed = draw(st.sampled_from([0.0, 0.01, 0.1, 0.37, 1.1]))
            for _ in range(draw(st.integers(1, 12))):
                x += speed * draw(st.integers(-5, 10)) / 31
                y += speed * draw(st.integers(-5, 5)) / 37
                blank = draw(st.integers(0, 19)) == 0
                rows.append((time, math.nan, math.nan) if blank else (time, x, y))
                time += draw(st.sampled_from([200, 200, 200, 300, 2400]))
        tracks[person] = rows
    return tracks


@given(walks_with_stops(), st.sampled_from([300, 1000, 2000]), st.sampled_from([0.25, 0.6, 1.0]))
def test_stops_lie_within_the_times_of_standing(tracks, least, diameter):
    trajectories = compute_trajectories(make_points(tracks), period="200ms", max_interpolation="0ms")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)  # the period may be too long to find stops
        table = compute_stops(trajectories, max_extent=diameter, min_duration=ms(least))
    columns = ["time_present", "tracklet", "x_m", "y_m", "speed_m_per_s"]
    for person, rows in read_rows(trajectories, columns).items():
        located = {}
        for stretch in naive.located_stretches([(r[0], position_of((0, *r[3:5])), r[2]) for r in rows]):
            for time, *_ in stretch:
                located[time] = stretch[0][0]
        expected = []
        for start in sorted(set(located.values())):
            own = [(r[0], r[1], (r[3], r[4]), r[5]) for r in rows if located.get(r[0]) == start]
            stops = naive.stops(own, extent=extent, diameter=diameter, min_duration=least)
            for entered, exited, duration, first, last in stops:
                positions = [row[2] for row in own[first : last + 1]]
                weights = [row[1] for row in own[first : last + 1]]
                x, y = (
                    sum(w * p[axis] for w, p in zip(weights, positions, strict=True)) / sum(weights)
                    for axis in (0, 1)
                )
                assert naive.diameter_of(positions) <= 1.005 * diameter
                expected.append((entered, exited, duration, last - first + 1, x, y, extent(positions)))
        found = table[table.index.get_level_values("person_index") == person]
        values = list(
            zip(
                as_ms(found["entered"]),
                as_ms(found["exited"]),
                as_ms(found["duration"]),
                found["detections"].tolist(),
                *(found[column].tolist() for column in ("x_m", "y_m", "extent_m")),
                strict=True,
            )
        )
        assert [own[:4] for own in values] == [own[:4] for own in expected]
        for own, other in zip(values, expected, strict=True):
            assert_close(own[4:], list(other[4:]))


# 9. The busiest minute


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 150)), min_size=1, max_size=6),
    st.integers(100, 500),
    st.sampled_from([1000, 60000]),
)
def test_the_busiest_window_is_the_earliest_with_the_most_person_seconds(presences, duration, scale):
    presences = [(start, min(length, duration - start)) for start, length in presences if start < duration]
    assume(presences)
    people = {person: [(start * scale, 1.0, 1.0)] for person, (start, _) in enumerate(presences)}
    trajectories = compute_trajectories(make_points(people), period="100ms")
    lengths = [presences[person][1] * scale for person in trajectories.index.get_level_values("person_index")]
    trajectories["time_present"] = np.array(lengths, "timedelta64[ms]")
    occupancy = compute_occupancy(trajectories, make_video(duration * scale))
    changes = []
    for time in range(duration + 1):
        present = sum(start <= time < start + length for start, length in presences)
        changes.append((time * scale, present))
    length = 3600_000 if duration * scale >= 3 * 3600_000 else 60_000
    found = find_busiest_window(occupancy.loc[""])
    if duration * scale < 3 * length:
        assert found is None
        return
    # The curve bends at multiples of the scale only, so its greatest value is at one of them.
    start, most = naive.busiest_window(changes, length, step=scale)
    assert found["every_s"] * 1000 == length
    assert round(found["start_s"] * 1000) == start
    assert math.isclose(found["mean_persons"] * length, most, rel_tol=1e-9)
