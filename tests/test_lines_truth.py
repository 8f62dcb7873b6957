"""Crossings of lines against what another program counted, and against the simulation's truth."""

import json

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from ptrack_analysis import (
    Line,
    Video,
    compute_crossings,
    compute_occupancy,
    compute_trajectories,
    count_crossings,
    find_videos,
    frames_to_timestamps,
    read_floor_plan,
    read_tracking,
    read_zones,
)
from ptrack_analysis.counting import compute_count_drift, filter_first_crossings
from ptrack_analysis.quality import estimate_sampling_period
from ptrack_analysis.schema import POINTS, assemble

ARCHIVES = [("shop", "shop"), ("day", "morning"), ("day", "noon"), ("day", "evening")]
NOISE = {"px": 3.0, "m": 0.05}
"""The simulated footpoint is off by 0.0003 of the frame, 0.4 px of its width: seven times that is clear of
the line. On the floor 0.4 px at the door are below 1 cm across the line, where a step is 10 cm."""


@pytest.fixture(scope="module")
def bottleneck(real_data):
    """The experiment AO 300: points in meters at 16 frames a second."""
    rows = np.loadtxt(real_data / "pedpy" / "traj.txt")
    arrays = {
        "person_index": rows[:, 0].astype("int64"),
        "timestamp": frames_to_timestamps(rows[:, 1].astype("int64"), 16.0),
        "x_{u}": rows[:, 2],
        "y_{u}": rows[:, 3],
    }
    return compute_trajectories(assemble(POINTS, arrays, unit="m"), video=Video(frame_rate=16.0))


MEASURED = Line("measured", LineString([(-2.25, 0.5), (4.0, 0.5)]), "m")


def test_the_cumulative_count_equals_jpsreport_on_every_frame(bottleneck, real_data):
    """JPSreport counts a person at the first frame at which the line has been crossed."""
    published = np.loadtxt(real_data / "pedpy" / "Flow_NT_traj_AO_300.txt_id_4.dat")
    crossings = compute_crossings(bottleneck, [MEASURED])
    moments = np.sort(crossings.index.get_level_values("timestamp").to_numpy().astype("int64"))
    frames = frames_to_timestamps(published[:, 0].astype("int64"), 16.0)
    counted = np.searchsorted(moments, frames, side="right")
    assert len(published) == 959
    assert counted.tolist() == published[:, 2].astype(int).tolist()
    assert counted[-1] == 348


def test_each_of_the_348_persons_crosses_once_towards_the_larger_y(bottleneck):
    crossings = compute_crossings(bottleneck, [MEASURED])
    assert set(crossings["direction"]) == {"in"}
    assert len(filter_first_crossings(crossings)) == len(crossings) == 348
    back = compute_crossings(bottleneck, [Line("back", LineString([(4.0, 0.5), (-2.25, 0.5)]), "m")])
    assert set(back["direction"]) == {"out"}
    assert back.reset_index()["timestamp"].equals(crossings.reset_index()["timestamp"])


def test_a_distance_takes_the_to_and_fro_of_a_crowd_and_nobodys_net_crossing(bottleneck):
    """People who wait before the bottleneck sway over a line there; those who start or end at it aside."""
    sway = Line("sway", LineString([(-6.0, -3.0), (6.0, -3.0)]), "m")
    far = (bottleneck["y_m"] + 3.0).abs() > 0.2
    by_person = far.groupby("person_index")
    clear = by_person.first() & by_person.last()
    ways, numbers = [], []
    for distance in (0.0, 0.2):
        crossings = compute_crossings(bottleneck, [sway], min_distance=distance)
        sign = crossings["direction"].map({"in": 1, "out": -1}).astype("int64")
        ways.append(sign.groupby("person_index").sum().reindex(clear[clear].index, fill_value=0))
        numbers.append(len(crossings))
    assert ways[0].equals(ways[1])
    assert clear.sum() > 300
    assert numbers == [205, 182]


@pytest.fixture(scope="module", params=ARCHIVES, ids=[video for _, video in ARCHIVES])
def recording(request, data):
    """A video with its truth: detections, video, its folder, what is true."""
    archive, name = request.param
    truth = json.loads((data / archive / "truth.json").read_text())["videos"][name]
    (reference,) = [one for one in find_videos(data / archive) if one.name.endswith(name)]
    return *read_tracking(reference), data / archive, truth


def crossed(recording, unit):
    """Give the trajectories, the lines and their crossings, in px or on the floor."""
    detections, video, folder, _ = recording
    plane = read_floor_plan(folder / "floor.json", video) if unit == "m" else video.pixels
    _, lines = read_zones(folder / "zones.geojson", video, plane=plane)
    trajectories = compute_trajectories(detections, video, plane=plane)
    return trajectories, lines, compute_crossings(trajectories, lines, min_distance=NOISE[unit])


def unseen(truth, person, moment, slack):
    return any(
        one["person_index"] == person and one["from"] - slack <= moment <= one["to"] + slack
        for one in truth["gaps"] + truth["face_only"]
    )


@pytest.mark.parametrize("unit", ["px", "m"])
def test_the_simulated_crossings_are_recovered_to_the_person_and_the_way(recording, unit):
    """Who crosses unseen is left out; a moment is off by less than two sampling steps."""
    detections, video, _, truth = recording
    step = 2 * estimate_sampling_period(detections, video) / pd.Timedelta("1ms")
    crossings = crossed(recording, unit)[2].reset_index()
    crossings["timestamp"] = crossings["timestamp"].astype("int64")
    hidden = {
        one["person_index"]
        for one in truth["crossings"]
        if unseen(truth, one["person_index"], one["timestamp"], step)
    }
    true = [one for one in truth["crossings"] if one["person_index"] not in hidden]
    found = crossings[~crossings["person_index"].isin(hidden)]
    order = ["line", "person_index", "timestamp"]
    true = pd.DataFrame(true).sort_values(order)
    found = found.sort_values(order)
    for column in ("line", "person_index", "direction"):
        assert found[column].astype(object).tolist() == true[column].astype(object).tolist()
    assert np.abs(found["timestamp"].to_numpy() - true["timestamp"].to_numpy()).max() < step
    assert len(true) > len(truth["crossings"]) * 0.8


def test_picture_and_floor_agree_on_the_simulated_crossings(recording):
    px, m = (crossed(recording, unit)[2].reset_index() for unit in ("px", "m"))
    assert px[["line", "person_index", "direction"]].equals(m[["line", "person_index", "direction"]])
    assert (px["timestamp"] - m["timestamp"]).abs().max() <= pd.Timedelta("80ms")


def test_in_minus_out_over_the_only_door_is_the_change_of_those_present(recording):
    """All come and go through the door, so counting drifts only while somebody stands in the doorway."""
    _, video, _, _ = recording
    trajectories, lines, crossings = crossed(recording, "px")
    balance = compute_count_drift(crossings, compute_occupancy(trajectories, video), lines=lines)
    moments = balance.index.get_level_values("timestamp").to_numpy().astype("int64")
    drifting = np.diff(moments)[balance["drift"].to_numpy()[:-1] != 0].sum()
    assert drifting < 0.2 * moments[-1]
    assert balance["drift"].iloc[-1] == 0
    counts = count_crossings(crossings, lines, video, every="10s")
    ends = counts[["in_total", "out_total"]].iloc[-1].tolist()
    assert ends == balance[["in_total", "out_total"]].iloc[-1].tolist()
