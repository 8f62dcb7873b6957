"""What must not change when the same thing is said, drawn or measured in another way."""

import tempfile
from pathlib import Path

import numpy as np
from archives import archives
from factories import HEIGHT, WIDTH, make_detections, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely import affinity
from shapely.geometry import LineString, box
from test_laws import PERSONS, whole

from ptrack_analysis import (
    Line,
    Zone,
    compute_crossings,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    read_tracking,
)

DURATION = 15_000
ZONES = {"a": (100, 50, 500, 400), "b": (500, 50, 900, 400)}
UNION = (100, 50, 900, 400)


def read(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            Path(folder, name).write_bytes(data)
        return read_tracking(folder)


@given(archives())
@settings(max_examples=100)
def test_how_pages_were_cut_and_saved_changes_no_value(drawn):
    made, (one, other) = drawn
    (table, video), (again, same) = read(one), read(other)
    assert_frame_equal(table, again)
    assert (video.duration, video.frame_rate, video.width) == (same.duration, same.frame_rate, same.width)
    assert [(key[0].value // 10**6, key[1]) for key in table.index] == [
        (record["Timestamp"], record["Person"]["Index"]) for record in made
    ]


def zone(name, sides, change=lambda shape: shape):
    return Zone(name, change(box(*sides)), "px")


def dwell(visits):
    return visits["dwell"].groupby(level="zone").sum().astype("int64").to_dict()


@given(PERSONS)
def test_mirrored_left_to_right_the_same_stays_and_crossings_the_other_way(persons):
    """Points on an edge go to one side by rule, so they are moved off it: to odd thousandths."""
    persons = {
        person: [(t, *((None, None) if x is None else (_off(x), _off(y)))) for t, x, y in path]
        for person, path in whole(persons).items()
    }
    turned = {p: [(t, None if x is None else 1 - x, y) for t, x, y in path] for p, path in persons.items()}
    video = make_video(DURATION)
    one, other = (
        compute_trajectories(make_detections(each), video, period="40ms") for each in (persons, turned)
    )

    def mirror(shape):
        return affinity.scale(shape, -1, 1, origin=(WIDTH / 2, 0))

    zones = [zone(name, sides) for name, sides in ZONES.items()]
    mirrored = [zone(name, sides, mirror) for name, sides in ZONES.items()]
    assert dwell(compute_visits(one, zones, video)) == dwell(compute_visits(other, mirrored, video))
    stroke = LineString([(600, -100), (600, 700)])
    lines = [Line("door", stroke, "px")], [Line("door", mirror(stroke), "px")]
    here, there = (compute_crossings(t, each) for t, each in zip((one, other), lines, strict=True))
    assert [*here.index] == [*there.index]
    assert (here["direction"].astype(str).to_numpy() != there["direction"].astype(str).to_numpy()).all()


def _off(value):
    """Move a coordinate to the nearest odd half of a thousandth, off every edge and its mirror."""
    return (2 * np.floor(min(max(value, -1.0), 2.0) * 1000) + 1) / 2000


@given(PERSONS)
def test_zones_that_share_an_edge_hold_what_their_union_holds(persons):
    video = make_video(DURATION)
    trajectories = compute_trajectories(make_detections(whole(persons)), video, period="40ms")
    parts = dwell(compute_visits(trajectories, [zone(n, s) for n, s in ZONES.items()], video))
    union = dwell(compute_visits(trajectories, [zone("union", UNION)], video))
    assert sum(parts.values()) == sum(union.values())


@given(PERSONS, st.sampled_from([2, 4, 0.5]))
def test_in_a_picture_of_twice_the_size_ways_and_speeds_double_and_no_time_changes(persons, factor):
    """The factor is a power of two, so that every number is exactly its double."""
    detections = make_detections(whole(persons))
    small = make_video(DURATION)
    large = make_video(DURATION, width=int(WIDTH * factor), height=int(HEIGHT * factor))
    one, other = (compute_trajectories(detections, each, period="40ms") for each in (small, large))
    for name in ("x_px", "y_px", "step_px", "speed_px_per_s"):
        np.testing.assert_allclose(other[name], factor * one[name], rtol=1e-9, atol=1e-9)
    kept = ["time_present", "tracklet", "position_status"]
    assert_frame_equal(one[kept], other[kept])
    tracks = [
        compute_tracks(each)[["first_seen", "last_seen", "time_in_scene", "without_position"]]
        for each in (one, other)
    ]
    assert_frame_equal(*tracks)
    sized = [zone("a", tuple(factor * side for side in ZONES["a"]))]
    assert dwell(compute_visits(one, [zone("a", ZONES["a"])], small)) == dwell(
        compute_visits(other, sized, large)
    )
