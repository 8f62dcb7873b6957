"""Exits over the image border, groups and stops of a simulated square, recovered."""

import json
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from ptrack_analysis import (
    Video,
    Zone,
    compute_stops,
    compute_trajectories,
    compute_visits,
    read_floor_plan,
    read_tracking,
)
from ptrack_analysis.crowd import compute_encounters, detect_groups
from ptrack_analysis.schema import DETECTIONS, assemble
from simulation.__main__ import main
from simulation.scene import HEIGHT, WIDTH
from simulation.square import SQUARE, simulate_square

VIDEO = Video(width=WIDTH, height=HEIGHT, frame_rate=25.0, duration=pd.Timedelta(SQUARE.duration, "ms"))
PAUSE = 8_000  # shorter stands are cut by the video's ends [ms]


def detections_of(visitors):
    columns = [
        np.column_stack([np.full(len(seen.boxes), person), seen.timestamps, seen.boxes])
        for person, seen in enumerate(visitor.sighting for visitor in visitors)
    ]
    person, time, *sides = np.concatenate(columns).T
    boxes = dict(zip(("left", "top", "width", "height"), sides, strict=True))
    return assemble(DETECTIONS, {"person_index": person, "timestamp": time, **boxes})


@pytest.fixture(scope="module", params=[0.0, 0.03], ids=["without sway", "with sway"])
def squares(request, data):
    """Five videos: the true visitors, and their trajectories on the floor."""
    floor = read_floor_plan(data / "shop" / "floor.json")
    videos = []
    for seed in range(1, 6):
        visitors = simulate_square(seed, sway=request.param)
        videos.append((visitors, compute_trajectories(detections_of(visitors), VIDEO, plane=floor)))
    return videos


def test_every_exit_over_the_border_is_found_and_no_loss_is_taken_for_one(squares):
    found = defaultdict(list)
    for visitors, trajectories in squares:
        for person, visitor in enumerate(visitors):
            own = trajectories.loc[person]
            found[visitor.left].append(bool(own["leaves_frame"].any()))
            found[f"from {visitor.entered}"].append(bool(own["enters_frame"].any()))
    assert len(found["left"]) > 100
    assert len(found["right"]) > 80
    assert len(found["lost"]) > 30
    for side in ("left", "right", "from left", "from right"):
        assert np.mean(found[side]) == 1.0
    assert np.mean(found["lost"]) == 0.0
    assert np.mean(found["from start"]) == 0.0


def test_visits_end_at_the_border_where_people_left(squares):
    everywhere = Zone("everywhere", box(-50, -50, 50, 50), "m")
    for visitors, trajectories in squares:
        visits = compute_visits(trajectories, [everywhere], VIDEO)
        ends = dict(zip(visits.index.get_level_values("person_index"), visits["exit"], strict=True))
        starts = dict(zip(visits.index.get_level_values("person_index"), visits["entry"], strict=True))
        exits = {"left": "frame_edge", "right": "frame_edge", "lost": "lost", "end": "video_end"}
        entries = {"left": "frame_edge", "right": "frame_edge", "start": "video_start"}
        assert ends == {person: exits[visitor.left] for person, visitor in enumerate(visitors)}
        assert starts == {person: entries[visitor.entered] for person, visitor in enumerate(visitors)}


def pairs_in(group_of):
    """Give all pairs of people of one group."""
    members = defaultdict(list)
    for person, group in group_of.items():
        members[group].append(person)
    return {(a, b) for people in members.values() for a in people for b in people if a < b}


def test_people_who_come_together_are_a_group(squares):
    """Strangers who stand beside each other for most of their time are taken for a group, too."""
    true, found, both = 0, 0, 0
    alone = []
    for visitors, trajectories in squares:
        detected = detect_groups(compute_encounters(trajectories), trajectories)["group"].to_dict()
        known = {person: visitor.group for person, visitor in enumerate(visitors)}
        wanted, given = pairs_in(known), pairs_in(detected)
        true, found, both = true + len(wanted), found + len(given), both + len(wanted & given)
        sizes = pd.Series(known).value_counts()
        together = {person for pair in given for person in pair}
        alone += [person not in together for person, group in known.items() if sizes[group] == 1]
    assert both / true > 0.9
    assert both / found > 0.8
    assert np.mean(alone) > 0.95


def test_every_stand_is_one_stop_and_no_stop_is_found_elsewhere(squares):
    count, fast = 0, []
    for visitors, trajectories in squares:
        stops = compute_stops(trajectories, min_duration="5s")
        times = stops[["entered", "exited"]].apply(lambda column: column / pd.Timedelta("1ms"))
        for person, visitor in enumerate(visitors):
            own = times[times.index.get_level_values("person_index") == person].to_numpy()
            for begin, end in visitor.stands:
                overlap = np.minimum(own[:, 1], end) - np.maximum(own[:, 0], begin)
                if end - begin >= PAUSE:
                    count += 1
                    assert (overlap > 0.9 * (end - begin)).sum() == 1
                    assert (overlap > 0).sum() == 1
                    stood = trajectories.loc[person].loc[pd.Timedelta(begin, "ms") : pd.Timedelta(end, "ms")]
                    fast.append((stood["speed_m_per_s"] > 0.5).mean())
            assert len(own) <= len(visitor.stands)
    assert count > 200
    assert np.median(fast) == 0.0


def test_the_speed_of_walking_is_the_true_one_within_five_percent(squares):
    """Of the median where the box is whole, over the same half second; sway does not count as walking."""
    for visitors, trajectories in squares:
        for person, visitor in enumerate(visitors):
            own = trajectories.loc[person]
            ms = own.index.to_numpy().astype("int64") - visitor.begin
            early, late = np.maximum(ms - 250, 0), np.minimum(ms + 250, len(visitor.positions) - 1)
            way = np.linalg.norm(visitor.positions[late] - visitor.positions[early], axis=1)
            true, speed = 1000 * way / (late - early), own["speed_m_per_s"].to_numpy()
            walking = (true > 0.5) & ~np.isnan(speed) & ~own["box_truncated"].to_numpy()
            if walking.sum() > 20:
                assert np.median(speed[walking]) == pytest.approx(np.median(true[walking]), rel=0.05)


def test_the_square_is_a_scene_of_the_command(tmp_path):
    for folder in ("one", "two"):
        assert main([str(tmp_path / folder), "--scene", "square", "--minutes", "1", "--persons", "6"]) == 0
    pages = [sorted((tmp_path / folder / "pages").iterdir()) for folder in ("one", "two")]
    assert [page.read_bytes() for page in pages[0]] == [page.read_bytes() for page in pages[1]]
    truth = json.loads((tmp_path / "one" / "truth.json").read_text())["videos"]["square"]
    detections, video = read_tracking(tmp_path / "one")
    people = detections.index.get_level_values("person_index").unique()
    assert sorted(people) == [person["person_index"] for person in truth["persons"]]
    assert video.duration == pd.Timedelta("1min")
