"""Stays in zones where others count wrong, and where the simulation knows the truth."""

import json

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import box

from ptrack_analysis import (
    Zone,
    compute_occupancy,
    compute_trajectories,
    compute_visits,
    find_videos,
    read_floor_plan,
    read_tracking,
    read_zones,
)
from ptrack_analysis.quality import estimate_sampling_period

LEFT = Zone("left", box(0, 0, 500, 500), "px")
RIGHT = Zone("right", box(500, 0, 1000, 500), "px")
VIDEO = make_video(3_600_000)
STEPS = [500, 567, 467, 533, 500, 567, 433]


def at(x, *times):
    return [(time, x, 0.5) for time in times]


def visits_of(persons, *zones, **options):
    trajectories = compute_trajectories(make_detections(persons), VIDEO)
    return compute_visits(trajectories, list(zones or (LEFT, RIGHT)), VIDEO, **options)


def seconds(column):
    return (column / pd.Timedelta("1s")).tolist()


def test_who_stands_on_a_border_that_two_zones_share_is_counted_once():
    visits = visits_of({0: at(0.5, 0, 500, 1000)})
    assert visits.index.get_level_values("zone").tolist() == ["right"]
    assert visits["detections"].tolist() == [3]


def test_ten_minutes_unseen_inside_a_zone_are_no_dwell():
    path = at(0.25, *range(0, 10_001, 500), *range(610_000, 620_001, 500))
    visits = visits_of({0: path})
    assert seconds(visits["dwell"]) == [10.5, 10.5]
    assert seconds(visits["since_previous_visit"].dropna()) == [599.5]
    (merged,) = seconds(visits_of({0: path}, merge_gap="10min")["dwell"])
    assert merged == 21


def test_leaving_and_coming_back_is_the_time_inside_not_the_time_between():
    path = [
        *at(0.25, 0, 500),
        *at(0.75, *range(1000, 10_000, 500)),
        *at(0.25, 10_000, 10_500),
        *at(0.75, 10_900),
    ]
    visits = visits_of({0: path}, LEFT)
    assert visits["dwell"].sum() == pd.Timedelta("1900ms")
    assert (visits["exited"].max() - visits["entered"].min()) == pd.Timedelta("10900ms")
    assert visits.index.get_level_values("visit").tolist() == [1, 2]
    assert seconds(visits["since_previous_visit"].dropna()) == [9]


def test_who_was_seen_once_is_kept():
    visits = visits_of({0: at(0.25, 0, 500, 1000, 1500), 1: at(0.25, 700)}, LEFT)
    assert visits.index.get_level_values("person_index").tolist() == [0, 1]
    assert seconds(visits["dwell"]) == [pytest.approx(1.9, abs=0.2), pytest.approx(0.3, abs=0.21)]
    assert (visits["dwell"] > pd.Timedelta(0)).all()


def test_an_irregular_cadence_is_counted_in_time_not_in_samples():
    times = np.concatenate([[0], np.cumsum(STEPS * 20)])
    visits = visits_of({0: [*at(0.25, *times[:71]), *at(0.75, *times[71:])]})
    assert visits["detections"].tolist() == [71, 70]
    assert visits["dwell"].iloc[0] == pd.Timedelta(np.timedelta64(int(times[71]), "ms"))
    assert visits["dwell"].iloc[1] == pd.Timedelta(np.timedelta64(int(times[-1] - times[71]) + 500, "ms"))


def test_who_sways_about_a_border_makes_one_visit_with_a_margin():
    sway = [(500 * n, 0.5 + 0.02 * (-1) ** n, 0.5) for n in range(40)]
    swaying = {0: [*at(0.3, -0), *[(t + 500, x, y) for t, x, y in sway], *at(0.7, 20_500)]}
    assert len(visits_of(swaying, LEFT)) == 21
    assert len(visits_of(swaying, LEFT, margin=25)) == 1
    assert seconds(visits_of(swaying, LEFT, margin=25)["dwell"]) == [20.5]


def test_a_till_that_opens_at_noon_counts_from_noon():
    till = Zone("till", LEFT.outline, "px", start=pd.Timedelta("10s"), end=pd.Timedelta("70s"))
    persons = {0: at(0.25, *range(0, 100_000, 500)), 1: at(0.25, *range(50_250, 60_250, 500))}
    visits = visits_of(persons, till)
    assert visits[["entry", "exit"]].to_numpy().tolist() == [
        ["zone_opened", "zone_closed"],
        ["appeared", "lost"],
    ]
    assert seconds(visits["dwell"])[0] == 60
    trajectories = compute_trajectories(make_detections(persons), VIDEO)
    occupancy = compute_occupancy(trajectories, VIDEO, zones=[till]).loc["till"]["persons"]
    assert occupancy.tolist() == [0, 1, 2, 1, 0, 0]
    assert seconds(occupancy.index.to_series())[1] == 10
    assert seconds(occupancy.index.to_series())[4] == 70


ARCHIVES = [("shop", "shop"), ("day", "morning"), ("day", "noon"), ("day", "evening")]


@pytest.fixture(scope="module", params=ARCHIVES, ids=[video for _, video in ARCHIVES])
def recording(request, data):
    """A video with its truth: detections, video, its zone file, its floor plan, what is true."""
    archive, name = request.param
    truth = json.loads((data / archive / "truth.json").read_text())["videos"][name]
    (reference,) = [one for one in find_videos(data / archive) if one.name.endswith(name)]
    detections, video = read_tracking(reference)
    return detections, video, data / archive, truth


def is_unseen(truth, person, moment, slack):
    stretches = truth["gaps"] + truth["face_only"]
    return any(
        one["person_index"] == person and one["from"] - slack <= moment <= one["to"] + slack
        for one in stretches
    )


def lost_in(truth, person, entered, exited):
    """Give the time of a stay in which the person had no box [ms]."""
    return sum(
        min(one["to"], exited) - max(one["from"], entered)
        for one in truth["face_only"]
        if one["person_index"] == person and one["from"] < exited and one["to"] > entered
    )


PLANES = pytest.mark.parametrize(("where", "margin"), [("picture", 2.0), ("floor", 0.05)])


def true_stays(truth, step):
    """Give the stays by zone and person, of those of whom no entry or exit was unseen."""
    stays = {}
    for visit in truth["visits"]:
        stays.setdefault((visit["zone"], visit["person_index"]), []).append(
            (visit["entered"], visit["exited"])
        )
    return {
        (zone, person): sorted(each)
        for (zone, person), each in stays.items()
        if not any(is_unseen(truth, person, moment, step) for stay in each for moment in stay)
    }


def found_stays(detections, video, folder, where, **options):
    """Give the stays found by zone and person: entered, exited, dwell [ms]."""
    plane = read_floor_plan(folder / "floor.json", video) if where == "floor" else None
    zones, _ = read_zones(folder / "zones.geojson", video, plane=plane)
    trajectories = compute_trajectories(detections, video, plane=plane)
    visits = compute_visits(trajectories, zones, video, **options)
    times = visits[["entered", "exited", "dwell"]] / pd.Timedelta("1ms")
    return {key: group.to_numpy().tolist() for key, group in times.groupby(["zone", "person_index"])}


@PLANES
def test_with_a_margin_the_true_visits_are_found(recording, where, margin):
    """Each end is off by at most two sampling steps; walking across so small a margin takes no longer."""
    detections, video, folder, truth = recording
    step = 2 * estimate_sampling_period(detections, video) / pd.Timedelta("1ms")
    found = found_stays(detections, video, folder, where, margin=margin)
    expected = true_stays(truth, step)
    assert len(expected) > 5
    for (zone, person), stays in expected.items():
        assert len(found[zone, person]) == len(stays), (zone, person)
        for (entered, exited), (got_in, got_out, dwell) in zip(stays, found[zone, person], strict=True):
            assert got_in == pytest.approx(entered, abs=step)
            assert got_out == pytest.approx(exited, abs=step)
            lost = lost_in(truth, person, entered, exited)
            assert exited - entered - lost - 2 * step <= dwell <= exited - entered + 2 * step


@pytest.mark.parametrize(("where", "margin"), [("picture", 15.0), ("floor", 0.6)])
def test_a_margin_swallows_the_jitter_of_a_bad_detector(recording, where, margin):
    """Boxes jump about by 5 px (1 standard deviation): without a margin borders are crossed too often."""
    detections, video, folder, truth = recording
    step = 2 * estimate_sampling_period(detections, video) / pd.Timedelta("1ms")
    chance = np.random.default_rng(3)
    jumping = detections.assign(
        **{side: detections[side] + chance.normal(0, 0.004, len(detections)) for side in ("left", "top")}
    )
    expected = {key: len(stays) for key, stays in true_stays(truth, step).items()}
    plain, steady = (
        found_stays(jumping, video, folder, where, **options) for options in ({}, {"margin": margin})
    )
    assert any(len(plain[key]) > number for key, number in expected.items())
    assert {key: len(steady[key]) for key in expected} == expected
