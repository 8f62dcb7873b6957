"""The standard figures of tracking: published, of other programs, and defined again as slow loops."""

import importlib.metadata
from itertools import pairwise, permutations, product
from math import hypot, isnan, sqrt

import numpy as np
import pytest

from ptrack_analysis import Video, frames_to_timestamps
from ptrack_analysis.analysis.comparison.compare import compare_tracking
from ptrack_analysis.analysis.comparison.figures import compute_figures
from ptrack_analysis.analysis.comparison.matching import Boxes, find_overlaps, match_boxes
from ptrack_analysis.schema import DETECTIONS, POINTS, assemble

VIDEO = Video(width=640, height=480, frame_rate=25.0)


def read_mot(file):
    """Read MOTChallenge text: frame, id, left, top, width, height, all from 1, in px."""
    rows = np.loadtxt(file, delimiter=",")
    arrays = {
        "timestamp": frames_to_timestamps(rows[:, 0].astype("int64") - 1, 25.0),
        "person_index": rows[:, 1].astype("int64"),
        "left": (rows[:, 2] - 1) / 640,
        "top": (rows[:, 3] - 1) / 480,
        "width": rows[:, 4] / 640,
        "height": rows[:, 5] / 480,
    }
    return assemble(DETECTIONS, arrays)


@pytest.fixture(scope="module")
def folders(real_data):
    """Where the sequences lie; TUD-Stadtmitte comes with the distribution of motmetrics."""
    found = {"TUD-Campus": real_data / "mot" / "TUD-Campus"}
    try:
        files = importlib.metadata.distribution("motmetrics").files or []
    except importlib.metadata.PackageNotFoundError:
        return found
    for file in files:
        if file.match("TUD-Stadtmitte/gt.txt"):
            found["TUD-Stadtmitte"] = file.locate().parent
    return found


@pytest.fixture(params=["TUD-Campus", "TUD-Stadtmitte"])
def sequence(request, folders):
    """A sequence's name, truth and result of a tracker."""
    if request.param not in folders:
        pytest.skip(f"{request.param} comes with the distribution motmetrics 1.4.0, which is not installed")
    folder = folders[request.param]
    return request.param, read_mot(folder / "gt.txt"), read_mot(folder / "test.txt")


PUBLISHED = {
    "TUD-Campus": "55.8% 73.0% 45.1% 58.2% 94.1%  8  1  6  1 13 150   7   7 52.6% 0.277",
    "TUD-Stadtmitte": "64.5% 82.0% 53.1% 60.9% 94.0% 10  5  4  1 45 452   7   6 56.4% 0.346",
}
"""README of motmetrics: IDF1 IDP IDR Rcll Prcn GT MT PT ML FP FN IDs FM MOTA MOTP (a mean distance there)."""


def test_the_published_figures_are_reproduced_to_the_printed_digit(sequence):
    name, truth, result = sequence
    compared = compare_tracking(truth, result, VIDEO)
    f = compared.figures
    ours = [f"{100 * ratio:.1f}%" for ratio in (f.idf1, f.idp, f.idr, f.recall, f.precision)]
    counts = (
        compared.trackings.loc["a", "persons"],
        *(f.mostly_tracked, f.partly_tracked, f.mostly_lost),
        *(f.false_positives, f.misses, f.switches, f.fragmentations),
    )
    ours += [str(count) for count in counts] + [f"{100 * f.mota:.1f}%", f"{1 - f.motp:.3f}"]
    assert ours == PUBLISHED[name].split()


OTHERS = {
    "TUD-Campus": {
        "mota": 0.5264623955431755,
        "motp": 1 - 0.2772010846394618,
        "idf1": 0.5576592082616179,
        "idp": 0.7297297297297297,
        "idr": 0.45125348189415043,
        "idtp": 162,
        "hota": 0.3913974378451139,
        "deta": 0.418047030142763,
        "assa": 0.36912068120832836,
    },
    "TUD-Stadtmitte": {
        "mota": 0.5640138408304498,
        "motp": 0.6540957044559912,
        "idf1": 0.6446194225721785,
        "idp": 0.8197596795727636,
        "idr": 0.5311418685121108,
        "idtp": 614,
        "hota": 0.3978490169927877,
        "deta": 0.3922675723693166,
        "assa": 0.4088407518112996,
    },
}
"""HOTA figures and those of TUD-Stadtmitte: trackeval 1.3.0; the others of TUD-Campus: motmetrics 1.4.0."""


def test_other_programs_give_the_same_figures(sequence):
    name, truth, result = sequence
    figures = compare_tracking(truth, result, VIDEO).figures
    for figure, value in OTHERS[name].items():
        assert getattr(figures, figure) == pytest.approx(value, abs=1e-12)


def boxes_of(frames, side):
    """Make boxes of frames: a list of (a, b), each person -> (left, top, right, bottom)."""
    rows = [(time, person, *box) for time, frame in enumerate(frames) for person, box in frame[side].items()]
    rows = np.array(sorted(rows), dtype="float64").reshape(-1, 6)
    return Boxes(rows[:, 0].astype("int64"), rows[:, 1].astype("int64"), rows[:, 2:].T)


def computed(frames, min_overlap):
    a, b = boxes_of(frames, 0), boxes_of(frames, 1)
    matches = match_boxes(a, b, min_overlap=min_overlap)
    return compute_figures(a, b, find_overlaps(a, b), matches, min_overlap)[0]


def random_frames(seed, persons=4, moments=25):
    """Make persons that wander, and trackers that see them shaken, sometimes not, under changing numbers."""
    chance = np.random.default_rng(seed)
    x = np.cumsum(chance.normal(0, 0.15, (moments, persons)), axis=0) + chance.random(persons) * 2
    names = list(range(persons))
    frames = []
    for time in range(moments):
        if chance.random() < 0.2:
            chance.shuffle(names)
        shaken = x[time] + chance.normal(0, 0.15, persons)
        a = {p: (x[time, p], 0, x[time, p] + 1, 1) for p in range(persons) if chance.random() < 0.8}
        b = {names[p]: (shaken[p], 0, shaken[p] + 1, 1) for p in range(persons) if chance.random() < 0.8}
        frames.append((a, b))
    return frames


def naive_overlap(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = width * height if width > 0 and height > 0 else 0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common) if common else 0.0


def all_assignments(left, right):
    """Give every way to put left and right together one to one."""
    if len(left) > len(right):
        return ([(i, j) for j, i in way] for way in all_assignments(right, left))
    return (list(zip(left, order, strict=True)) for order in permutations(right, len(left)))


def naive_matches(frames, min_overlap):
    """Match frame after frame by trying every way: what was last matched stays, then most, then closest."""
    last, when, result = {}, {}, []
    for time, (a, b) in enumerate(frames):
        fit = {(p, q): naive_overlap(a[p], b[q]) for p, q in product(a, b)}
        fit = {pair: overlap for pair, overlap in fit.items() if overlap >= min_overlap}
        kept = {}
        for p in sorted(a, key=lambda p: -when.get(p, -1)):
            if (p, last.get(p)) in fit and last[p] not in kept.values():
                kept[p] = last[p]
        rest = [[p for p in a if p not in kept], [q for q in b if q not in kept.values()]]
        ways = [[pair for pair in way if pair in fit] for way in all_assignments(*rest)]
        best = max(ways, key=lambda way: (len(way), sum(fit[pair] for pair in way)))
        pairs = [*kept.items(), *best]
        result += [(time, p, q, fit[p, q]) for p, q in pairs]
        last.update(pairs)
        when.update((p, time) for p, _ in pairs)
    return sorted(result)


def naive_clear(frames, min_overlap):
    matches = naive_matches(frames, min_overlap)
    boxes_a, boxes_b = (sum(len(frame[side]) for frame in frames) for side in (0, 1))
    switches = fragmentations = 0
    for person in {p for a, _ in frames for p in a}:
        own = {time: q for time, p, q, _ in matches if p == person}
        switches += sum(q != r for q, r in pairwise(own.values()))
        state = [time in own for time, (a, _) in enumerate(frames) if person in a]
        fragmentations += max(sum(now and not before for before, now in pairwise([False, *state])) - 1, 0)
    misses, false_positives = boxes_a - len(matches), boxes_b - len(matches)
    return {
        "matches": len(matches),
        "misses": misses,
        "false_positives": false_positives,
        "switches": switches,
        "fragmentations": fragmentations,
        "mota": 1 - (misses + false_positives + switches) / boxes_a,
        "motp": sum(overlap for *_, overlap in matches) / len(matches),
    }


def naive_identity(frames, min_overlap):
    persons = [sorted({p for frame in frames for p in frame[side]}) for side in (0, 1)]
    meet = {
        (p, q): sum(naive_overlap(a[p], b[q]) >= min_overlap for a, b in frames if p in a and q in b)
        for p, q in product(*persons)
    }
    idtp = max(sum(meet[pair] for pair in way) for way in all_assignments(*persons))
    boxes_a, boxes_b = (sum(len(frame[side]) for frame in frames) for side in (0, 1))
    return {
        "idtp": idtp,
        "idp": idtp / boxes_b,
        "idr": idtp / boxes_a,
        "idf1": 2 * idtp / (boxes_a + boxes_b),
    }


def naive_hota(frames):
    """Follow Luiten et al. 2021, sections 4 and 5, by trying every way."""
    seen = [{p: sum(p in frame[side] for frame in frames) for p in range(9)} for side in (0, 1)]
    overlaps = [{(p, q): naive_overlap(a[p], b[q]) for p, q in product(a, b)} for a, b in frames]
    agreement = dict.fromkeys(product(range(9), repeat=2), 0.0)
    for frame in overlaps:
        for (p, q), overlap in frame.items():
            either = sum(other for pair, other in frame.items() if pair[0] == p or pair[1] == q)
            agreement[p, q] += overlap / either if overlap else 0.0
    share = {(p, q): n / ((seen[0][p] + seen[1][q] - n) or 1) for (p, q), n in agreement.items()}
    matches = []
    for (a, b), frame in zip(frames, overlaps, strict=True):
        ways = list(all_assignments(list(a), list(b)))
        best = max(ways, key=lambda way, of=frame: sum(share[pair] * of[pair] for pair in way))
        matches += [(*pair, frame[pair]) for pair in best]
    figures = []
    for alpha in (k / 20 for k in range(1, 20)):
        good = [(p, q) for p, q, overlap in matches if overlap >= alpha]
        deta = len(good) / (sum(seen[0].values()) + sum(seen[1].values()) - len(good))
        each = [good.count((p, q)) / (seen[0][p] + seen[1][q] - good.count((p, q))) for p, q in good]
        assa = sum(each) / max(len(good), 1)
        figures.append((sqrt(deta * assa), deta, assa))
    return dict(zip(("hota", "deta", "assa"), np.mean(figures, axis=0), strict=True))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("min_overlap", [0.3, 0.5])
def test_the_figures_are_those_of_the_slow_loops(seed, min_overlap):
    frames = random_frames(seed)
    figures = computed(frames, min_overlap)
    naive = naive_clear(frames, min_overlap) | naive_identity(frames, min_overlap) | naive_hota(frames)
    for name, value in naive.items():
        assert getattr(figures, name) == pytest.approx(value, abs=1e-12), name


LARGEST = 0.3


def naive_closeness(one, other):
    return max(0.0, 1 - hypot(one[0] - other[0], one[1] - other[1]) / (2 * LARGEST))


def random_positions(seed, **size):
    """Make the positions of random frames two-dimensional: along a line, crossed pairs are equally far."""
    chance = np.random.default_rng(seed)
    return [
        tuple({p: (box[0], chance.normal(0, 0.1)) for p, box in boxes.items()} for boxes in frame)
        for frame in random_frames(seed, **size)
    ]


def points_of(frames, side):
    """Make POINTS of frames 40 ms apart."""
    rows = [(time * 40, p, *xy) for time, frame in enumerate(frames) for p, xy in frame[side].items()]
    rows = np.array(sorted(rows), dtype="float64").reshape(-1, 4)
    names = ("timestamp", "person_index", "x_{u}", "y_{u}")
    arrays = dict(zip(names, rows.T, strict=True))
    return assemble(POINTS, arrays | {name: arrays[name].astype("int64") for name in names[:2]}, unit="m")


@pytest.mark.parametrize("seed", range(12))
def test_the_figures_of_points_are_those_of_the_slow_loops(seed, monkeypatch):
    frames = random_positions(seed)
    found = compare_tracking(points_of(frames, 0), points_of(frames, 1), VIDEO, max_distance=LARGEST)
    monkeypatch.setitem(globals(), "naive_overlap", naive_closeness)
    naive = naive_clear(frames, 0.5) | naive_identity(frames, 0.5) | naive_hota(frames)
    naive["motp"] = 2 * LARGEST * (1 - naive["motp"])
    for name, value in naive.items():
        assert getattr(found.figures, name) == pytest.approx(value, abs=1e-12), name
    distances = [2 * LARGEST * (1 - overlap) for *_, overlap in naive_matches(frames, 0.5)]
    assert sorted(found.matches["distance_m"]) == pytest.approx(sorted(distances))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("seed", range(12))
def test_the_figures_of_points_are_those_of_motmetrics_with_euclidean_distances(seed):
    motmetrics = pytest.importorskip("motmetrics")
    frames = random_positions(seed, persons=6, moments=60)
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for a, b in frames:
        # It keeps last matches in the order of the list; ours the latest first.
        a = dict(sorted(a.items(), key=lambda item: -accumulator.last_match.get(item[0], -1)))  # noqa: PLW2901 - the same people
        xy = [np.array([*positions.values()]).reshape(-1, 2) for positions in (a, b)]
        distance = np.hypot(*(xy[0][:, None] - xy[1][None]).transpose(2, 0, 1))
        accumulator.update([*a], [*b], np.where(distance <= LARGEST, distance, np.nan))
    names = {
        "mota": "mota",
        "motp": "motp",
        "num_misses": "misses",
        "num_false_positives": "false_positives",
        "num_switches": "switches",
        "num_fragmentations": "fragmentations",
        "idf1": "idf1",
        "mostly_tracked": "mostly_tracked",
    }
    theirs = motmetrics.metrics.create().compute(accumulator, metrics=[*names], return_dataframe=False)
    found = compare_tracking(points_of(frames, 0), points_of(frames, 1), VIDEO, max_distance=LARGEST)
    for name, own in names.items():
        assert getattr(found.figures, own) == pytest.approx(theirs[name], abs=1e-12), name


def test_overlaps_in_many_passes_are_those_of_one(monkeypatch):
    frames = random_frames(1)
    a, b = boxes_of(frames, 0), boxes_of(frames, 1)
    whole = find_overlaps(a, b)
    monkeypatch.setattr("ptrack_analysis.analysis.comparison.matching._CHUNK", 5)
    parts = find_overlaps(a, b)
    pairs = [(i, j) for i in range(len(a.step)) for j in range(len(b.step)) if a.step[i] == b.step[j]]
    naive = {(i, j): naive_overlap(a.sides[:, i], b.sides[:, j]) for i, j in pairs}
    for ours in (whole, parts):
        found = dict(zip(zip(ours.a, ours.b, strict=True), ours.overlap, strict=True))
        assert found == pytest.approx({pair: overlap for pair, overlap in naive.items() if overlap})
        assert list(found) == sorted(found)


@pytest.mark.parametrize("seed", range(12))
def test_the_matches_are_those_of_the_slow_loop(seed):
    frames = random_frames(seed, moments=60)
    a, b = boxes_of(frames, 0), boxes_of(frames, 1)
    matches = match_boxes(a, b, min_overlap=0.3)
    ours = [*zip(a.step[matches.a], a.person[matches.a], b.person[matches.b], strict=True)]
    assert sorted(ours) == [match[:3] for match in naive_matches(frames, 0.3)]


def trackeval_figures(frames):
    """Compute the figures by trackeval, from frames."""
    metrics = pytest.importorskip("trackeval.metrics", reason="trackeval (PyPI) is not installed")
    sides = [sorted({p for frame in frames for p in frame[side]}) for side in (0, 1)]
    numbers = [{person: number for number, person in enumerate(side)} for side in sides]
    ids = [[np.array([numbers[s][p] for p in sorted(f[s])], dtype=int) for f in frames] for s in (0, 1)]
    similarity = [
        np.array([[naive_overlap(a[p], b[q]) for q in sorted(b)] for p in sorted(a)]).reshape(len(a), len(b))
        for a, b in frames
    ]
    data = {
        "gt_ids": ids[0],
        "tracker_ids": ids[1],
        "similarity_scores": similarity,
        "num_timesteps": len(frames),
        "num_gt_ids": len(sides[0]),
        "num_tracker_ids": len(sides[1]),
        "num_gt_dets": sum(map(len, ids[0])),
        "num_tracker_dets": sum(map(len, ids[1])),
    }
    hota = metrics.HOTA().eval_sequence(data)
    identity = metrics.Identity({"PRINT_CONFIG": False}).eval_sequence(data)
    clear = metrics.CLEAR({"PRINT_CONFIG": False}).eval_sequence(data)
    return (
        {name.lower(): hota[name].mean() for name in ("HOTA", "DetA", "AssA")}
        | {name.lower(): identity[name] for name in ("IDF1", "IDP", "IDR", "IDTP")}
        | {"mota": clear["MOTA"], "motp": clear["MOTP"], "switches": clear["IDSW"]}
    )


def frames_of(truth, result):
    """Turn two tables back into frames of 40 ms."""
    frames = [({}, {}) for _ in range(int(truth.index[-1][0].total_seconds() * 25) + 1)]
    for side, table in enumerate((truth, result)):
        rows = zip(table.index, table[["left", "top", "width", "height"]].to_numpy(), strict=True)
        for (time, person), (left, top, width, height) in rows:
            frames[round(time.total_seconds() * 25)][side][person] = (left, top, left + width, top + height)
    return frames


def test_trackeval_agrees_on_real_trackings(sequence):
    _, truth, result = sequence
    theirs = trackeval_figures(frames_of(truth, result))
    ours = compare_tracking(truth, result, VIDEO).figures
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("seed", range(20))
def test_trackeval_agrees_on_hota_and_identity_of_random_trackings(seed):
    """Not on CLEAR: trackeval keeps a match only if it is of the very moment before."""
    frames = random_frames(seed, persons=7, moments=100)
    theirs = trackeval_figures(frames)
    ours = computed(frames, 0.5)
    for name in ("hota", "deta", "assa", "idf1", "idp", "idr", "idtp"):
        assert getattr(ours, name) == pytest.approx(theirs[name], abs=1e-12), name


HERE, THERE = (0, 0, 1, 1), (5, 0, 6, 1)
BOTH = {1: HERE, 2: THERE}
CASES = {
    "identical": (
        [(BOTH, BOTH)] * 4,
        {"mota": 1, "motp": 1, "idf1": 1, "hota": 1, "deta": 1, "assa": 1, "mostly_tracked": 2},
    ),
    "renumbered": ([(BOTH, {7: THERE, 8: HERE})] * 4, {"mota": 1, "idf1": 1, "hota": 1, "switches": 0}),
    "nobody seen": (
        [(BOTH, {})] * 4,
        {"mota": 0, "idf1": 0, "idr": 0, "hota": 0, "deta": 0, "recall": 0, "misses": 8, "mostly_lost": 2},
    ),
    "somebody seen where nobody is": (
        [({}, BOTH)] * 4,
        {"idf1": 0, "idp": 0, "hota": 0, "precision": 0, "false_positives": 8, "misses": 0},
    ),
    "numbers swapped in the middle": (
        [(BOTH, {7: HERE, 8: THERE})] * 2 + [(BOTH, {8: HERE, 7: THERE})] * 2,
        {"mota": 1 - 2 / 8, "idf1": 0.5, "switches": 2, "fragmentations": 0, "deta": 1, "assa": 1 / 3},
    ),
    "one person split in two": (
        [({1: HERE}, {7: HERE})] * 2 + [({1: HERE}, {8: HERE})] * 2,
        {"mota": 0.75, "switches": 1, "idf1": 0.5, "deta": 1, "assa": 0.5, "hota": sqrt(0.5)},
    ),
    "lost and found again": (
        [({1: HERE}, {7: HERE}), ({1: HERE}, {}), ({1: HERE}, {7: HERE})],
        {"mota": 2 / 3, "switches": 0, "fragmentations": 1, "partly_tracked": 1, "idf1": 0.8},
    ),
    "gone for a while": (
        [({1: HERE}, {7: HERE}), ({}, {}), ({1: HERE}, {7: HERE})],
        {"mota": 1, "switches": 0, "fragmentations": 0},
    ),
    "found under another number": (
        [({1: HERE}, {7: HERE}), ({1: HERE}, {}), ({1: HERE}, {8: HERE})],
        {"switches": 1, "fragmentations": 1, "mota": 1 / 3},
    ),
    "the least overlap exactly met": ([({1: (0, 0, 3, 1)}, {7: (1, 0, 4, 1)})], {"mota": 1, "motp": 0.5}),
    "the least overlap not met": (
        [({1: (0, 0, 3, 1)}, {7: (1.001, 0, 4.001, 1)})],
        {"mota": -1, "misses": 1, "false_positives": 1, "idf1": 0, "matches": 0},
    ),
    "a closer box does not break a match that still fits": (
        [({1: HERE}, {7: HERE}), ({1: HERE}, {7: (0.2, 0, 1.2, 1), 8: HERE})],
        {"switches": 0, "false_positives": 1, "mota": 0.5, "motp": (1 + 0.8 / 1.2) / 2},
    ),
    "as many matches as possible before the closest": (
        [({1: (0, 0, 1, 1), 2: (0.2, 0, 1.2, 1)}, {7: (0.2, 0, 1.2, 1), 8: (0.5, 0, 1.5, 1)})],
        {"matches": 2},
    ),
    "a box without an area": ([({1: (0, 0, 0, 0)}, {7: (0, 0, 0, 0)})], {"mota": -1, "hota": 0}),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES.keys())
def test_figures_worked_by_hand(frames, expected):
    figures = computed(frames, 0.5)
    for name, value in expected.items():
        assert getattr(figures, name) == pytest.approx(value), name


UNDEFINED = {
    "both empty": (
        [({}, {})],
        ["mota", "motp", "idf1", "idp", "idr", "hota", "deta", "assa", "recall", "precision"],
    ),
    "a empty": ([({}, BOTH)], ["mota", "motp", "idr", "recall"]),
    "b empty": ([(BOTH, {})], ["motp", "idp", "precision"]),
}


@pytest.mark.parametrize(("frames", "expected"), UNDEFINED.values(), ids=UNDEFINED.keys())
def test_ratios_of_nothing_are_nan(frames, expected):
    figures = computed(frames, 0.5).to_frame()["value"]
    assert figures.index[figures.map(isnan)].tolist() == expected


def test_the_latest_of_two_persons_with_the_same_last_match_keeps_it():
    away, near = (9, 0, 10, 1), (0.1, 0, 1.1, 1)
    frames = [
        ({1: HERE}, {7: HERE}),
        ({1: away, 2: HERE}, {7: HERE}),
        ({1: HERE, 2: near}, {7: HERE}),
    ]
    a, b = boxes_of(frames, 0), boxes_of(frames, 1)
    matches = match_boxes(a, b)
    assert a.person[matches.a].tolist() == [1, 2, 2]


def test_the_frame_of_figures_has_one_row_each():
    table = computed(CASES["identical"][0], 0.5).to_frame()
    assert table.index.name == "figure"
    assert table.loc["mota", "value"] == 1
    assert table["value"].dtype == "float64"
