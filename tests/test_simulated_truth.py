"""The simulated archives' known truth, recovered within the stated sampling error."""

import json

import pandas as pd
import pytest

from ptrack_analysis import (
    compute_tracks,
    compute_trajectories,
    compute_visits,
    find_videos,
    read_tracking,
    read_zones,
)
from ptrack_analysis.quality import estimate_sampling_period

ARCHIVES = [("shop", "shop"), ("day", "morning"), ("day", "noon"), ("day", "evening")]


@pytest.fixture(scope="module", params=ARCHIVES, ids=[video for _, video in ARCHIVES])
def recording(request, data):
    """A video with its truth: detections, video, zones, what is true."""
    archive, name = request.param
    truth = json.loads((data / archive / "truth.json").read_text())["videos"][name]
    (reference,) = [one for one in find_videos(data / archive) if one.name.endswith(name)]
    detections, video = read_tracking(reference)
    zones, _ = read_zones(data / archive / "zones.geojson", video)
    return detections, video, zones, truth


def unseen_around(truth, person, moment, slack):
    """Tell whether a moment falls into, or beside, a time in which the person was not seen or had no box."""
    stretches = truth["gaps"] + truth["face_only"]
    return any(
        one["person_index"] == person and one["from"] - slack <= moment <= one["to"] + slack
        for one in stretches
    )


def test_persons_and_their_time_in_the_scene_are_recovered(recording):
    detections, video, _, truth = recording
    tracks = compute_tracks(compute_trajectories(detections, video))
    step = 2 * estimate_sampling_period(detections, video) / pd.Timedelta("1ms")
    assert tracks.index.tolist() == [person["person_index"] for person in truth["persons"]]
    for person in truth["persons"]:
        number = person["person_index"]
        if unseen_around(truth, number, person["appeared"], 2 * step) or unseen_around(
            truth, number, person["vanished"], 2 * step
        ):
            continue
        dwell = tracks.loc[number, "time_in_scene"] / pd.Timedelta("1ms")
        assert dwell == pytest.approx(person["vanished"] - person["appeared"], abs=2 * step)


def test_visits_are_recovered_where_no_entry_or_exit_was_unseen(recording):
    """Each end of a stay is off by at most two sampling steps; jitter at a border is merged over 400 ms."""
    detections, video, zones, truth = recording
    step = 2 * estimate_sampling_period(detections, video) / pd.Timedelta("1ms")
    visits = compute_visits(compute_trajectories(detections, video), zones, video, merge_gap="400ms")
    found = {
        (zone, person): [
            (entered / pd.Timedelta("1ms"), exited / pd.Timedelta("1ms"), dwell / pd.Timedelta("1ms"))
            for entered, exited, dwell in group[["entered", "exited", "dwell"]].itertuples(index=False)
        ]
        for (zone, person), group in visits.groupby(["zone", "person_index"])
    }
    true, seen = {}, 0
    for visit in truth["visits"]:
        true.setdefault((visit["zone"], visit["person_index"]), []).append(
            (visit["entered"], visit["exited"])
        )
    for (zone, person), stays in true.items():
        edges = [moment for stay in stays for moment in stay]
        if any(unseen_around(truth, person, moment, step) for moment in edges):
            continue
        assert len(found[zone, person]) == len(stays), (zone, person)
        for (entered, exited), (got_in, got_out, dwell) in zip(stays, found[zone, person], strict=True):
            seen += 1
            assert got_in == pytest.approx(entered, abs=step)
            assert got_out == pytest.approx(exited, abs=step)
            lost = sum(
                min(one["to"], exited) - max(one["from"], entered)
                for one in truth["face_only"]
                if one["person_index"] == person and one["from"] < exited and one["to"] > entered
            )
            assert dwell == pytest.approx(exited - entered, abs=2 * step + lost)
    assert set(found) <= set(true)
    assert seen > len(truth["visits"]) / 2
