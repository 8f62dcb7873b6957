"""How many persons, when."""

import naive
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import box

from ptrack_analysis import Zone, compute_occupancy, compute_trajectories, select
from ptrack_analysis.errors import ZoneError

LEFT = Zone("left", box(0, 0, 500, 500), "px")


def rows_of(occupancy, zone):
    part = occupancy.loc[[zone]]
    moments = part.index.get_level_values("timestamp").to_numpy().astype("int64")
    return list(zip(moments.tolist(), part["persons"].tolist(), strict=True))


def occupancy_of(persons, duration=None, zones=()):
    video = make_video(duration)
    return compute_occupancy(
        compute_trajectories(make_detections(persons), video, period="100ms"), video, zones=zones
    )


def at(*times):
    return [(time, 0.25, 0.5) for time in times]


CASES = {
    "one person": ({0: at(100, 300)}, 1000, [(0, 0), (100, 1), (400, 0), (1000, 0)]),
    "there from the start to the end": ({0: at(0, 900)}, 1000, [(0, 1), (1000, 1)]),
    "two persons": ({0: at(0, 200), 1: at(100, 200)}, 1000, [(0, 1), (100, 2), (300, 0), (1000, 0)]),
    "one goes as another comes": ({0: at(0), 1: at(100)}, 1000, [(0, 1), (200, 0), (1000, 0)]),
    "the end unknown": ({0: at(100)}, None, [(0, 0), (100, 1), (200, 1)]),
    "nobody": ({}, 1000, [(0, 0), (1000, 0)]),
    "nobody and no end": ({}, None, [(0, 0)]),
    "an unlocated person counts": ({0: [(0, None, None)]}, 1000, [(0, 1), (100, 0), (1000, 0)]),
    "a hold of 0 counts nothing": ({0: at(1000)}, 1000, [(0, 0), (1000, 0)]),
    "a gap": ({0: at(0, 5000)}, 5000, [(0, 1), (100, 0), (5000, 0)]),
}


@pytest.mark.parametrize(("persons", "duration", "expected"), CASES.values(), ids=CASES.keys())
def test_there_is_one_row_a_change_a_first_row_and_a_closing_row(persons, duration, expected):
    assert rows_of(occupancy_of(persons, duration), "") == expected


def test_zones_count_those_inside():
    occupancy = occupancy_of({0: [(0, 0.25, 0.5), (100, 0.75, 0.5), (200, None, None)]}, 1000, [LEFT])
    assert rows_of(occupancy, "left") == [(0, 1), (100, 0), (1000, 0)]
    assert rows_of(occupancy, "") == [(0, 1), (300, 0), (1000, 0)]


def test_a_zone_without_a_name_would_be_the_scene_and_is_refused():
    with pytest.raises(ZoneError, match="reserved for the scene"):
        occupancy_of({}, 1000, [Zone("", box(0, 0, 1, 1), "px")])


@pytest.mark.parametrize("seed", range(15))
def test_occupancy_equals_a_count_at_every_moment(seed):
    chance = np.random.default_rng(seed)
    persons = {
        person: [
            (int(t), float(x), 0.5)
            for t, x in zip(np.cumsum(chance.choice([50, 100, 2500], 15)), chance.random(15), strict=True)
        ]
        for person in range(4)
    }
    video = make_video(int(chance.integers(0, 30_000)))
    trajectories = compute_trajectories(make_detections(persons), video)
    occupancy = compute_occupancy(trajectories, video, zones=[LEFT])
    moments = trajectories.index.get_level_values("timestamp").to_numpy().astype("int64")
    until = moments + trajectories["time_present"].to_numpy().astype("int64")
    believed = video.duration.total_seconds() * 1000 >= moments.max()
    close = int(video.duration.total_seconds() * 1000) if believed else int(until.max())
    inside = trajectories["x_px"].to_numpy() < 500
    for zone, mask in (("", np.ones(len(moments), dtype=bool)), ("left", inside)):
        intervals = [(int(a), int(b)) for a, b in zip(moments[mask], until[mask], strict=True)]
        assert rows_of(occupancy, zone) == naive.occupancy(intervals, close)


def test_the_part_that_was_selected_is_counted_and_no_other():
    detections = make_detections({1: [(t, 0.5, 0.5) for t in range(0, 10_000, 100)]})
    part = select(detections, start="2s", end="5s")
    video = make_video(10_000)
    trajectories = compute_trajectories(part, video, period="100ms")
    occupancy = compute_occupancy(trajectories, video, start="2s", end="5s").loc[""]
    assert (occupancy.index / pd.Timedelta("1s")).tolist() == [2, 5]
    assert occupancy["persons"].tolist() == [1, 1]


def test_what_holds_beyond_the_selected_part_is_counted_to_its_end():
    part = select(make_detections({1: [(0, 0.5, 0.5), (900, 0.5, 0.5)]}), end="1s")
    trajectories = compute_trajectories(part, make_video(9_000), period="400ms")
    occupancy = compute_occupancy(trajectories, make_video(9_000), end="1s").loc[""]
    assert (occupancy.index / pd.Timedelta("1ms")).tolist() == [0, 1300]


@pytest.mark.parametrize(("duration", "close"), [(None, 800), (600, 600), (1000, 800), (200, 800)])
def test_the_part_that_was_selected_ends_where_it_was_asked_to_within_the_video(duration, close):
    """An end that is unknown, or not believed as somebody is seen beyond it, does not cut the part."""
    video = make_video(duration)
    seen = compute_trajectories(make_detections({0: at(100, 300)}), video, period="100ms")
    rows = rows_of(compute_occupancy(seen, video, start="50ms", end="800ms"), "")
    assert rows == [(50, 0), (100, 1), (400, 0), (close, 0)]
