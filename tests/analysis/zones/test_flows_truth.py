"""The simulated archives' ways from zone to zone, recovered where nothing about them was unseen."""

import json

import numpy as np
import pandas as pd
import pytest
from naive_flows import funnel as true_funnel
from naive_flows import transitions as true_transitions

from ptrack_analysis import (
    compute_funnel,
    compute_retail_metrics,
    compute_trajectories,
    compute_transitions,
    compute_visits,
    find_videos,
    read_tracking,
    read_zones,
)
from ptrack_analysis.quality import estimate_sampling_period

ARCHIVES = [("shop", "shop"), ("day", "morning"), ("day", "noon"), ("day", "evening")]
MS = pd.Timedelta("1ms")


@pytest.fixture(scope="module", params=ARCHIVES, ids=[video for _, video in ARCHIVES])
def flows(request, data):
    """The true visits of the persons none of whose entries and exits was unseen; theirs found; the error."""
    archive, name = request.param
    truth = json.loads((data / archive / "truth.json").read_text())["videos"][name]
    (reference,) = [one for one in find_videos(data / archive) if one.name.endswith(name)]
    detections, video = read_tracking(reference)
    zones, _ = read_zones(data / archive / "zones.geojson", video)
    step = 2 * estimate_sampling_period(detections, video) / MS
    unseen = truth["gaps"] + truth["face_only"]
    doubtful = {
        visit["person_index"]
        for visit in truth["visits"]
        for one in unseen
        if one["person_index"] == visit["person_index"]
        and any(one["from"] - step <= visit[end] <= one["to"] + step for end in ("entered", "exited"))
    }
    true = [
        (
            visit["zone"],
            visit["person_index"],
            number,
            visit["entered"],
            visit["exited"],
            "crossed",
            "crossed",
        )
        for number, visit in enumerate(truth["visits"])
        if visit["person_index"] not in doubtful
    ]
    visits = compute_visits(compute_trajectories(detections, video), zones, video, merge_gap="400ms")
    assert len(true) > len(truth["visits"]) / 4
    sure = ~visits.index.get_level_values("person_index").isin(doubtful)
    return true, visits[sure], zones, step


def between_zones(ways):
    return {pair: row for pair, row in ways.items() if not pair[0].startswith("(") and row[3] is not None}


def test_ways_between_zones_are_recovered(flows):
    """Each end of a stay is off by at most two sampling steps, and a travel time has two ends."""
    true, visits, _, step = flows
    expected = between_zones(true_transitions(true))
    found = compute_transitions(visits)
    found = found[found["mean_travel"].notna()]
    assert found["transitions"].to_dict() == {pair: row[0] for pair, row in expected.items()}
    assert found["persons"].to_dict() == {pair: row[1] for pair, row in expected.items()}
    for pair, row in expected.items():
        assert found.loc[pair, "mean_travel"] / MS == pytest.approx(row[3], abs=2 * step)


def test_funnels_are_recovered(flows):
    true, visits, zones, _ = flows
    for steps in (zones, zones[::-1], [zones[0], zones[-1], zones[0]]):
        names = [zone.name for zone in steps]
        assert compute_funnel(visits, steps)["persons"].tolist() == true_funnel(true, names)


def test_figures_of_visitors_and_visits_are_recovered(flows):
    true, visits, zones, _ = flows
    value = compute_retail_metrics(visits, zones)["value"].unstack("figure")
    persons = {visit[1] for visit in true}
    for zone in value.index:
        own = [visit[1] for visit in true if visit[0] == zone]
        alone = set(own) - {visit[1] for visit in true if visit[0] != zone}
        expected = {
            "visitors": len(set(own)),
            "visits": len(own),
            "exposure_rate": len(set(own)) / len(persons),
            "one_zone_rate": len(alone) / len(set(own)) if own else np.nan,
            "re_entry_rate": (len(own) - len(set(own))) / len(own) if own else np.nan,
        }
        assert value.loc[zone, list(expected)].to_dict() == pytest.approx(expected, nan_ok=True)
