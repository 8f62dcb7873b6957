"""Stitching where the truth is known: simulated persons whose numbers were broken on purpose.

*Right* is said of true continuations whose gap is at most ``max_gap``: the share that was joined, and how
many joins are false. The seeds here were not used to choose any limit.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from factories import make_video
from shapely.geometry import Polygon

from ptrack_analysis import (
    Video,
    Zone,
    compare_tracking,
    compute_trajectories,
    frames_to_timestamps,
    read_tracking,
)
from ptrack_analysis.cleaning import apply_stitches, compute_stitches, unstitch_tracks
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.schema import DETECTIONS, POINTS, assemble
from simulation.archive import floor_json
from simulation.detection import Plan, record
from simulation.scene import HEIGHT, WIDTH, Camera

LENGTH = 180_000
VIDEO = make_video(LENGTH, width=WIDTH, height=HEIGHT)
PAIRS = floor_json()["pairs"]
FLOOR = fit_floor_plan(
    np.array([pair["image"] for pair in PAIRS]), np.array([pair["floor"] for pair in PAIRS])
)
SIGHT = np.array([(-3, -1), (14, -1), (14, 0.6), (-3, 0.6)])  # where people come into sight, and leave it
DOORS = {
    "px": Zone("sight", Polygon(Camera().project(SIGHT) * [WIDTH, HEIGHT]), "px"),
    "m": Zone("sight", Polygon(SIGHT), "m"),
}
SEEDS = range(100, 106)
QUIET, BUSY = (8, 13), (30,)  # persons in 3 minutes: about 1.5, 2.5 and 5 in view
SHORT, LONG = 4_000, 6_000


@dataclass(frozen=True)
class Broken:
    """Detections with broken numbers: which number truly continues which, and whose each is."""

    detections: pd.DataFrame
    true: dict[int, int]
    owner: dict[int, int]


def break_numbers(persons, seed, longest):
    """Film persons, lose each now and then, half of the times near another, and jitter the boxes."""
    sightings = record(Plan("broken", LENGTH, persons), seed).sightings
    chance = np.random.default_rng([seed, 99])
    pieces = []
    for person in range(persons):
        pieces += cut(sightings, person, chance, longest)
    numbers = chance.permutation(len(pieces)).tolist()
    true, owner, last = {}, {}, {}
    for number, (person, _, _) in zip(numbers, pieces, strict=True):
        owner[number] = person
        if person in last:
            true[number] = last[person]
        last[person] = number
    boxes = np.concatenate([box for _, _, box in pieces])
    boxes += chance.normal(0, 0.002, boxes.shape) * [HEIGHT / WIDTH, 1, HEIGHT / WIDTH, 1]
    arrays = {
        "timestamp": np.concatenate([time for _, time, _ in pieces]),
        "person_index": np.repeat(numbers, [len(time) for _, time, _ in pieces]),
        **dict(zip(("left", "top", "width", "height"), boxes.T, strict=True)),
    }
    detections = assemble(DETECTIONS, arrays)
    time = pd.Series(arrays["timestamp"]).groupby(arrays["person_index"])
    begin, end = time.min(), time.max()
    within = {later: earlier for later, earlier in true.items() if begin[later] - end[earlier] <= SHORT}
    return Broken(detections, within, owner)


def cut(sightings, person, chance, longest):
    """Cut one person's sighting into pieces (person, time, boxes), with gaps between them."""
    time, boxes = sightings[person].timestamps, sightings[person].boxes.astype("float64")
    near = moments_near_others(sightings, person)
    kept, piece = np.ones(len(time), dtype=bool), np.zeros(len(time), dtype=int)
    at = time[0] + 1_000
    while True:
        at += int(chance.exponential(12_000))
        following = near[near >= at]
        if len(following) and chance.random() < 0.5:
            at = int(following.min())
        gap = int(300 * ((longest / 300) ** chance.random()))
        if at + gap > time[-1] - 1_000:
            break
        kept &= ~((time > at) & (time < at + gap))
        piece[time >= at + gap] += 1
        at += gap + 1_000
    return [
        (person, time[kept & (piece == number)], boxes[kept & (piece == number)])
        for number in np.unique(piece[kept])
    ]


def moments_near_others(sightings, person):
    """Give the moments at which somebody else's feet are nearer than 6 % of the picture's height."""
    feet = [
        np.column_stack(
            [(seen.boxes[:, 0] + seen.boxes[:, 2] / 2) * WIDTH / HEIGHT, seen.boxes[:, 1] + seen.boxes[:, 3]]
        )
        for seen in sightings
    ]
    near = [np.empty(0, dtype="int64")]
    for other, seen in enumerate(sightings):
        if other != person:
            common, own, there = np.intersect1d(
                sightings[person].timestamps, seen.timestamps, return_indices=True
            )
            apart = np.hypot(*(feet[person][own] - feet[other][there]).astype("float64").T)
            near.append(common[apart < 0.06])
    return np.concatenate(near)


def judge(broken, stitches):
    """Count joins that were found, joins that are false."""
    made = dict(zip(stitches.index.tolist(), stitches["after"].tolist(), strict=True))
    return Counter(
        true=len(broken.true),
        found=sum(broken.true.get(later) == earlier for later, earlier in made.items()),
        false=sum(broken.true.get(later) != earlier for later, earlier in made.items()),
    )


def stitched(broken, unit, *, entrances=True, **limits):
    trajectories = compute_trajectories(
        broken.detections, VIDEO, plane=FLOOR if unit == "m" else None, period="80ms"
    )
    return compute_stitches(
        broken.detections, trajectories, VIDEO, entrances=[DOORS[unit]] if entrances else [], **limits
    )


def total(cases, unit, **options):
    return sum((judge(broken, stitched(broken, unit, **options)) for broken in cases), Counter())


@pytest.fixture(scope="module")
def short_breaks():
    return [break_numbers(persons, seed, SHORT) for persons in QUIET for seed in SEEDS]


@pytest.fixture(scope="module")
def long_breaks():
    return [break_numbers(persons, seed, LONG) for persons in QUIET for seed in SEEDS]


@pytest.mark.parametrize("unit", ["m", "px"])
def test_of_breaks_up_to_max_gap_95_of_100_are_found_and_no_join_is_false(short_breaks, unit):
    counts = total(short_breaks, unit)
    assert counts["true"] > 150
    assert counts["found"] >= 0.95 * counts["true"]
    assert counts["false"] == 0


@pytest.mark.parametrize("unit", ["m", "px"])
def test_persons_whose_breaks_are_all_found_carry_one_number_and_nobody_elses(short_breaks, unit):
    """A person with several breaks is whole only if all are found, so fewer are."""
    whole, persons = 0, 0
    for broken in short_breaks:
        joined = apply_stitches(broken.detections, stitched(broken, unit))
        owner = joined["merged_from"].map(broken.owner).to_numpy()
        number = joined.index.get_level_values("person_index").to_numpy()
        pairs = set(zip(owner.tolist(), number.tolist(), strict=True))
        assert len({one for _, one in pairs}) == len(pairs)  # nobody carries another's number
        often = Counter(one for one, _ in pairs)
        whole, persons = whole + sum(count == 1 for count in often.values()), persons + len(often)
    assert whole >= 0.9 * persons


@pytest.mark.parametrize("unit", ["m", "px"])
def test_among_longer_breaks_the_short_ones_are_still_found(long_breaks, unit):
    counts = total(long_breaks, unit)
    assert counts["found"] >= 0.93 * counts["true"]
    assert counts["false"] <= 0.01 * counts["found"]


@pytest.mark.parametrize("unit", ["m", "px"])
def test_without_doors_who_leaves_and_who_comes_are_not_joined(short_breaks, unit):
    counts = total(short_breaks, unit, entrances=False)
    assert counts["found"] >= 0.92 * counts["true"]
    assert counts["false"] == 0


@pytest.mark.parametrize("unit", ["m", "px"])
def test_in_a_crowd_joins_are_missed_rather_than_false(unit):
    cases = [break_numbers(persons, seed, LONG) for persons in BUSY for seed in (100, 101, 102)]
    counts = total(cases, unit)
    assert counts["found"] >= 0.9 * counts["true"]
    assert counts["false"] <= 0.01 * counts["found"]


def test_a_stricter_margin_finds_fewer(long_breaks):
    wide, narrow = (total(long_breaks, "m", min_margin=margin) for margin in (0.2, 0.5))
    assert narrow["found"] < wide["found"]
    assert narrow["false"] <= wide["false"]


def test_undoing_gives_the_broken_numbers_back(long_breaks):
    for broken in long_breaks:
        joined = apply_stitches(broken.detections, stitched(broken, "px"))
        pd.testing.assert_frame_equal(unstitch_tracks(joined), broken.detections)


def cut_points(rows, seed, longest):
    """Cut the ways of an experiment (person, frame, x, y; 16 a second): points, what truly continues what."""
    chance = np.random.default_rng(seed)
    time = frames_to_timestamps(rows[:, 1].astype("int64"), 16.0)
    kept, piece = np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype="int64")
    for person in np.unique(rows[:, 0]):
        own = np.flatnonzero(rows[:, 0] == person)
        at = time[own[0]] + 1_000
        while True:
            at += int(chance.exponential(20_000))
            gap = int(300 * ((longest / 300) ** chance.random()))
            if at + gap > time[own[-1]] - 1_000:
                break
            kept[own[(time[own] > at) & (time[own] < at + gap)]] = False
            piece[own[time[own] >= at + gap]] += 1
            at += gap + 1_000
    names, number = np.unique(rows[:, 0].astype("int64") * 100 + piece, return_inverse=True)
    number = chance.permutation(len(names))[number]
    of_name = dict(zip((rows[:, 0].astype("int64") * 100 + piece).tolist(), number.tolist(), strict=True))
    true = {of_name[name]: of_name[name - 1] for name in of_name if name % 100}
    arrays = {"person_index": number, "timestamp": time, "x_{u}": rows[:, 2], "y_{u}": rows[:, 3]}
    points = assemble(POINTS, {name: values[kept] for name, values in arrays.items()}, unit="m")
    return points, true


@pytest.mark.parametrize(("longest", "least"), [(500, 0.75), (1_000, 0.7), (2_000, 0.65)])
def test_in_a_real_crowd_without_any_size_no_join_is_false(real_data, longest, least):
    """The experiment AO 300: 348 people through a bottleneck within a minute."""
    points, true = cut_points(np.loadtxt(real_data / "pedpy" / "traj.txt"), 1, longest)
    stitches = compute_stitches(None, compute_trajectories(points, period="62ms"))
    counts = judge(Broken(points, true, {}), stitches)
    assert counts["true"] > 250
    assert counts["found"] >= least * counts["true"]
    assert counts["false"] == 0


def test_joining_a_published_trackers_fragments_raises_its_idf1(real_data):
    """TUD-Campus of MOTChallenge, against what people drew: identities are all that changes."""
    facts = Video(width=640, height=480, frame_rate=25.0)
    folder = real_data / "mot" / "TUD-Campus"
    truth, _ = read_tracking(folder / "gt.txt", format="mot", video=facts)
    tracked, video = read_tracking(folder / "test.txt", format="mot", video=facts, first_pixel=0)
    stitches = compute_stitches(tracked, compute_trajectories(tracked, video), video)
    before, after = (
        compare_tracking(truth, result, video).summary()["figures"]
        for result in (tracked, apply_stitches(tracked, stitches))
    )
    assert len(stitches) == 1
    assert before["idf1"] == pytest.approx(0.5577, abs=1e-4)
    assert after["idf1"] == pytest.approx(0.5749, abs=1e-4)
    assert after["mota"] == before["mota"]
