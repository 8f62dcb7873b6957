"""The answers that are read off the tables, against what the simulation knows to be true."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from ptrack_analysis import (
    AnalysisConfig,
    compute_dwell,
    compute_occupancy,
    compute_trajectories,
    compute_visits,
    find_videos,
    read_floor_plan,
    read_tracking,
    read_zones,
)
from ptrack_analysis.crowd import compute_encounters, compute_occupancy_bins
from ptrack_analysis.faces import compute_facing
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.quality import estimate_sampling_period
from ptrack_analysis.report.key_figures import gather_key_figures
from simulation import detection as simulated
from simulation.archive import SEED
from simulation.detection import detect, sample_times
from simulation.scene import Camera
from simulation.walks import make_walk

ARCHIVES = [("shop", "shop", 0), ("day", "morning", 0), ("day", "noon", 1), ("day", "evening", 2)]
MS = pd.Timedelta("1ms")
MARGIN = {"px": 2.0, "m": 0.05}
"""The feet are off by 0.0003 of the frame, 0.4 px, 1 cm at the door: five times that is no way across."""
NEAR, SHORTEST = 1.5, 3000  # of an encounter [m, ms]
BRIDGED = 1700
"""A longer time without a box may, with a step or two at its ends, be above the 2 s that are bridged [ms]."""
OFF, FAR_OFF = 0.03, 0.5
"""How far a place is off [m]: 3 cm at the 99 % quantile by jitter, as test_floor_truth shows; half a meter
in a time without a box, which is walked straight, and of feet below the picture, which stand at its edge."""
POSE_NOISE, FACELESS, TURNED_AWAY = 4.0, 0.1, 65.0
"""What the simulated detector does to a face: noise of yaw and pitch, share missed, none beyond [degrees]."""

in_both_planes = pytest.mark.parametrize("unit", ["px", "m"])


class Filmed:
    """A video as the package reads it, beside its truth and the walks that it was made from."""

    def __init__(self, data, archive, name, number):
        self.folder = data / archive
        self.truth = json.loads((self.folder / "truth.json").read_text())["videos"][name]
        (self.reference,) = [one for one in find_videos(self.folder) if one.name.endswith(name)]
        self.detections, self.video = read_tracking(self.reference)
        self.step = int(estimate_sampling_period(self.detections, self.video) / MS)
        self.duration = self.truth["duration"]
        self.walks = true_walks(name, number)
        self.floor = read_floor_plan(self.folder / "floor.json", self.video)

    def in_plane(self, unit):
        """Give trajectories and zones in the picture or on the floor."""
        plane = self.floor if unit == "m" else None
        zones, _ = read_zones(self.folder / "zones.geojson", self.video, plane=plane)
        return compute_trajectories(self.detections, self.video, plane=plane), zones

    def hidden(self, kind, person):
        """Give the times in which a person was not reported at all, or had no box [ms]."""
        return [(one["from"], one["to"]) for one in self.truth[kind] if one["person_index"] == person]

    def unseen(self, person, moment):
        """Give the length of the longest time without a box that a moment lies in or beside, or 0 [ms]."""
        slack = 2 * self.step
        return max(
            (
                end - begin
                for kind in ("gaps", "face_only")
                for begin, end in self.hidden(kind, person)
                if begin - slack <= moment <= end + slack
            ),
            default=0,
        )


def true_walks(name, number):
    """Send the simulation's persons again: person_index -> its walk."""
    plan = next(plan for scene in simulated.SCENES.values() for plan in scene if plan.name == name)
    times = sample_times(np.random.default_rng([SEED, number]), plan.duration, simulated.FRAME_RATE)
    spacing = (plan.duration - simulated.LATEST - simulated.EARLIEST) / plan.persons
    seen = []
    for person in range(plan.persons):
        rng = np.random.default_rng([SEED, number, person + 1])
        walk = make_walk(rng, int(simulated.EARLIEST + spacing * (person + rng.random())), plan.duration)
        seen.append((detect(rng, walk, times).timestamps[0], walk))
    seen.sort(key=lambda pair: pair[0])
    return dict(enumerate(walk for _, walk in seen))


@pytest.fixture(scope="module", params=ARCHIVES, ids=[name for _, name, _ in ARCHIVES])
def filmed(request, data):
    return Filmed(data, *request.param)


def test_the_walks_that_are_sent_again_are_those_of_the_truth(filmed):
    ends = [(one["appeared"], one["vanished"]) for one in filmed.truth["persons"]]
    assert [(walk.begin, walk.end) for walk in filmed.walks.values()] == ends


def seen_stays(filmed, unit):
    """Give the visits of those of whom each entry and exit of a zone was seen, and the true lengths by zone.

    A time without a box is no time lost: in a zone it is at most 1.6 s, less than the 2 s that are bridged.
    """
    trajectories, zones = filmed.in_plane(unit)
    visits = compute_visits(trajectories, zones, filmed.video, margin=MARGIN[unit])
    stays = {}
    for one in filmed.truth["visits"]:
        stays.setdefault((one["zone"], one["person_index"]), []).append((one["entered"], one["exited"]))
    stays = {
        key: each
        for key, each in stays.items()
        if not any(filmed.unseen(key[1], moment) for stay in each for moment in stay)
    }
    lengths = {}
    for (zone, _), each in stays.items():
        lengths.setdefault(zone, []).extend(exited - entered for entered, exited in each)
    keys = pd.MultiIndex.from_tuples(list(stays), names=["zone", "person_index"])
    return visits[visits.index.droplevel("visit").isin(keys)], lengths


@in_both_planes
def test_naive_mean_and_median_of_the_dwell_are_the_true_ones(filmed, unit):
    """Each end is off by at most two steps; if no stay is off by more, neither is any of their quantiles.

    Late entries and late exits cancel in the mean: two steps are left, half of it for the margin, which
    delays an exit.
    """
    visits, lengths = seen_stays(filmed, unit)
    dwell = compute_dwell(visits)
    assert dwell.index.tolist() == sorted(lengths)
    for zone, row in dwell.iterrows():
        assert row["visits"] == len(lengths[zone])
        mean, median = np.mean(lengths[zone]), np.median(lengths[zone])
        assert row["observed_mean"] / MS == pytest.approx(mean, abs=2 * filmed.step)
        assert row["observed_median"] / MS == pytest.approx(median, abs=4 * filmed.step)


@in_both_planes
def test_where_nothing_is_cut_the_estimated_median_is_the_true_one(filmed, unit):
    visits, lengths = seen_stays(filmed, unit)
    dwell = compute_dwell(visits)
    whole = dwell[(dwell["end_unobserved"] == 0) & (dwell["start_unobserved"] == 0)]
    assert len(whole) > 0
    for zone, row in whole.iterrows():
        median = np.quantile(lengths[zone], 0.5, method="inverted_cdf")
        assert row["median"] / MS == pytest.approx(median, abs=4 * filmed.step)
        assert row["restricted_mean"] / MS == pytest.approx(np.mean(lengths[zone]), abs=4 * filmed.step)


@in_both_planes
def test_stays_are_cut_or_left_out_where_the_video_begins_or_ends(filmed, unit):
    """A stay that began at 0 is left out of the estimates; one that goes on to the video's end is cut."""
    visits, _ = seen_stays(filmed, unit)
    dwell = compute_dwell(visits)
    kept = set(visits.index.droplevel("visit"))
    true = [one for one in filmed.truth["visits"] if (one["zone"], one["person_index"]) in kept]
    for zone, row in dwell.iterrows():
        begun = [one for one in true if one["zone"] == zone and one["entered"] > 0]
        assert row["start_unobserved"] == sum(one["zone"] == zone and one["entered"] == 0 for one in true)
        assert row["end_unobserved"] == sum(one["exited"] == filmed.duration for one in begun)


def true_time(intervals, starts, spans):
    """Give how long intervals add up to within each bin [ms]."""
    total = np.zeros(len(starts))
    for begin, end in intervals:
        total += np.clip(np.minimum(end, starts + spans) - np.maximum(begin, starts), 0, None)
    return total


def edges_within(edges, starts, spans, slack):
    """Add up the errors of the edges that each bin holds, or nearly: (moment, error) [ms]."""
    total = np.zeros(len(starts))
    for moment, error in edges:
        reach = slack + error
        total += np.where((starts - reach <= moment) & (moment <= starts + spans + reach), error, 0)
    return total


@in_both_planes
@pytest.mark.parametrize("every", ["10s", "1min"])
def test_the_mean_persons_of_each_interval_are_the_true_ones(filmed, unit, every):
    """Each coming and going is off by two steps; in a zone also by the time without a box it falls into."""
    trajectories, zones = filmed.in_plane(unit)
    occupancy = compute_occupancy(trajectories, filmed.video, zones=zones)
    bins = compute_occupancy_bins(occupancy, filmed.video, every=every)
    present = {
        "": [(one["person_index"], one["appeared"], one["vanished"]) for one in filmed.truth["persons"]]
    }
    for one in filmed.truth["visits"]:
        present.setdefault(one["zone"], []).append((one["person_index"], one["entered"], one["exited"]))
    checked = 0
    for zone, stays in present.items():
        part = bins.xs(zone, level="zone")
        starts = part.index.to_numpy().astype("int64")
        spans = (part["recorded_time"] / MS).to_numpy()
        expected = true_time([stay[1:] for stay in stays], starts, spans)
        edges = [
            (m, 2 * filmed.step + (filmed.unseen(p, m) if zone else 0)) for p, *stay in stays for m in stay
        ]
        allowed = edges_within(edges, starts, spans, filmed.step) + filmed.step
        off = np.abs(part["mean_persons"].to_numpy() * spans - expected)
        assert (off <= allowed).all(), (zone, off, allowed)
        checked += len(part)
    assert checked >= 5 * filmed.duration // (pd.Timedelta(every) / MS)


def runs_of(flags, begin):
    changes = np.flatnonzero(np.diff(flags, prepend=False, append=False)) + begin
    return changes.reshape(-1, 2).tolist()


def near_surely_and_possibly(filmed, one, other):
    """Give the times that two persons were near each other surely, as far as places err, and possibly."""
    walks = filmed.walks[one], filmed.walks[other]
    begin, end = max(walk.begin for walk in walks), min(walk.end for walk in walks)
    if begin >= end:
        return [], []
    here = [walk.positions[begin - walk.begin : end - walk.begin] for walk in walks]
    distance = np.hypot(*(here[0] - here[1]).T)
    error, located = np.zeros(end - begin), np.ones(end - begin, dtype=bool)
    for person, positions in zip((one, other), here, strict=True):
        bad = Camera().project(positions)[:, 1] > 1 - 0.003  # the feet's noise is a tenth of that
        for first, last in filmed.hidden("gaps", person):
            bad[max(first - filmed.step - begin, 0) : max(last + filmed.step - begin, 0)] = True
        for first, last in filmed.hidden("face_only", person):
            hidden = slice(max(first - filmed.step - begin, 0), max(last + filmed.step - begin, 0))
            bad[hidden] = True
            located[hidden] = located[hidden] & (last - first < BRIDGED)
        error += np.where(bad, FAR_OFF, OFF)
    sure, possible = located & (distance <= NEAR - error), distance <= NEAR + error
    return runs_of(sure, begin), runs_of(possible, begin)


def test_encounters_on_the_floor_plan_are_the_true_ones(filmed):
    """Who is surely near for 3 s is found, nobody is who cannot be, and both ends are known to two steps.

    An end lies between where the two may first be near and where they surely are, two steps more or less;
    who is near for hardly more than 3 s may be missed, for the clock ticks once a step.
    """
    slack = 2 * filmed.step
    trajectories, _ = filmed.in_plane("m")
    found = compute_encounters(trajectories, max_distance=NEAR, min_duration=f"{SHORTEST}ms")
    times = found[["began", "ended", "duration"]] / MS
    met = {pair: group.to_numpy().tolist() for pair, group in times.groupby(["person_index", "other"])}
    expected = 0
    for pair in combinations(filmed.walks, 2):
        sure, possible = near_surely_and_possibly(filmed, *pair)
        for began, ended, duration in met.get(pair, []):
            around = [(a, b) for a, b in possible if a - slack <= began and ended <= b + slack]
            assert around, (pair, began, ended)
            assert SHORTEST <= duration == ended - began
        for begin, end in sure:
            if end - begin >= SHORTEST + slack:
                expected += 1
                ((first, last),) = [(a, b) for a, b in possible if a <= begin and end <= b]
                here = [(a, b) for a, b, _ in met.get(pair, []) if a < end and b > begin]
                assert len(here) == 1, (pair, begin, end)
                assert first - slack <= here[0][0] <= begin + slack, pair
                assert end - slack <= here[0][1] <= last + slack, pair
    assert expected > 0


@pytest.mark.parametrize("towards_camera", [20.0, 45.0])
def test_the_time_facing_the_camera_is_that_of_the_true_gaze(filmed, towards_camera):
    """Expected is what the noise of yaw and pitch and the faces missed leave of the true gaze.

    Chance decides once a step: four standard deviations are allowed, beside the gaps, in which the last face
    is held, and two steps for the ends of the time in sight. Of all persons together, a tenth is allowed.
    """
    trajectories, _ = filmed.in_plane("px")
    facing = compute_facing(
        filmed.detections, trajectories, ["camera"], filmed.video, towards_camera=towards_camera
    )
    facing = facing.xs("camera", level="target")
    camera, chance = Camera(), np.random.default_rng(0)
    noise = chance.normal(0, POSE_NOISE, (2, 200, 1))
    total = np.zeros(2)
    for person, walk in filmed.walks.items():
        moments = np.arange(walk.begin, walk.end, 20)
        places, gaze = walk.positions[::20], walk.gaze[::20]
        bearing = np.arctan2(camera.y - places[:, 1], camera.x - places[:, 0])
        yaw = np.degrees((bearing - gaze + np.pi) % (2 * np.pi) - np.pi)
        pitch = np.degrees(np.arctan2(camera.z - walk.body_height, camera.ahead(places)))
        turned = np.cos(np.radians(yaw + noise[0])) * np.cos(np.radians(noise[1] - pitch))
        share = (turned >= np.cos(np.radians(towards_camera))).mean(axis=0)
        faceless = np.full(len(moments), FACELESS)
        for first, last in filmed.hidden("face_only", person):
            # of who has no box a face is reported, whichever way it is turned
            faceless[(moments >= first) & (moments < last)] = 0.0
        share *= np.where((np.abs(yaw) > TURNED_AWAY) & (faceless > 0), 0.0, 1 - faceless)
        expected = 20 * share.sum()
        spread = np.sqrt(20 * filmed.step * (share * (1 - share)).sum())
        gaps = sum(last - first + filmed.step for first, last in filmed.hidden("gaps", person))
        got = facing.loc[person, "facing"] / MS
        allowed = 4 * spread + gaps + 2 * filmed.step
        assert got == pytest.approx(expected, abs=allowed), person
        total += got, expected
    assert total[0] == pytest.approx(total[1], rel=0.1)
    assert total[1] > 2000  # [ms]


def most_at_once(intervals):
    moments = [begin for begin, end in intervals if begin < end]
    return max(sum(begin <= moment < end for begin, end in intervals) for moment in moments)


@in_both_planes
def test_the_figures_of_the_page_are_the_true_ones(filmed, unit):
    """A peak is bounded by what it is if all come two steps later and go two earlier, and the other way."""
    settings = AnalysisConfig(
        zones=filmed.folder / "zones.geojson",
        floor=filmed.folder / "floor.json" if unit == "m" else None,
        margin=MARGIN[unit],
        min_distance=MARGIN[unit],
    )
    figures = gather_key_figures(VideoAnalysis(filmed.reference, settings))
    truth, slack = filmed.truth, 2 * filmed.step
    persons = [(one["appeared"], one["vanished"]) for one in truth["persons"]]
    assert figures["persons"] == len(persons)
    assert figures["persons_in_zones"] == len({one["person_index"] for one in truth["visits"]})
    assert figures["end_s"] == filmed.duration / 1000
    present = sum(end - begin for begin, end in persons)
    assert figures["present_s"] * 1000 == pytest.approx(present, abs=2 * slack * len(persons))
    mean = present / filmed.duration
    assert figures["occupancy"]["mean"] == pytest.approx(mean, abs=2 * slack * len(persons) / filmed.duration)
    least = most_at_once([(begin + slack, end - slack) for begin, end in persons])
    most = most_at_once([(begin - slack, end + slack) for begin, end in persons])
    assert least <= figures["occupancy"]["peak"] <= most
    assert figures["occupancy"]["at_end"] == sum(end == filmed.duration for _, end in persons)
    (door,) = figures["lines"]
    for direction in ("in", "out"):
        true = [one for one in truth["crossings"] if one["direction"] == direction]
        assert door[f"{direction}_total"] == len(true)
