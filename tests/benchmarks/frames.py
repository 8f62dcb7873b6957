"""What is done frame by frame elsewhere: supervision's zones and heat, the rule of Ultralytics' heatmap."""

import itertools
from functools import partial
from importlib.util import find_spec

import numpy as np
import pandas as pd
from shapely.geometry import LineString, Polygon

import ptrack_analysis
from ptrack_analysis import (
    Video,
    Zone,
    compute_box_heatmap,
    compute_crossings,
    compute_heatmap,
    compute_trajectories,
    compute_visits,
)
from ptrack_analysis.geometry import contains
from ptrack_analysis.schema import DETECTIONS, assemble

from .inputs import SEED
from .rounds import Line, Rounds, against, alternate

STEP = 40  # ms a frame
WIDTH, HEIGHT = 1280, 720
FRAMES, PERSONS, STAY = 25_000, 1000, 1000
ZONES = 10
SOME = 250  # frames of which each is drawn; their time is extrapolated to all
VISITS, CROSSINGS, HEAT, MEMBERSHIP = 10.0, 3.0, 500.0, 5.0  # x faster
VIDEO = Video(
    name="frames",
    width=WIDTH,
    height=HEIGHT,
    frame_rate=1000 / STEP,
    duration=pd.Timedelta(milliseconds=FRAMES * STEP),
)


def run(options):
    """Measure each question in rounds in which ours and theirs take turns."""
    if not find_spec("supervision"):
        return [Line("supervision", "left out: it is not installed")]
    boxes, frame, person = crowd()
    detections = table(boxes, frame, person)
    frames = by_frame(boxes, frame, person)
    return [
        *_visits(detections, frames, options.rounds),
        *_crossings(detections, frames, options.rounds),
        *_membership(detections, boxes, frames, options.rounds),
        *_heat(boxes + 0.5, frame, person, options.rounds),  # in the middle of a px, where both see the same
    ]


def crowd():
    """Make boxes of people who wander, at every frame of their stay: on whole px, as detectors round them."""
    random = np.random.default_rng(SEED)
    first = random.integers(0, FRAMES - STAY, PERSONS)
    x, y = (
        np.clip(random.uniform(0.1, 0.9, (PERSONS, 1)) + _steps(random).cumsum(axis=1), 0.02, 0.98)
        for _ in "xy"
    )
    middle, bottom = (x * WIDTH).astype(int).ravel(), (y * HEIGHT).astype(int).ravel()
    half, height = np.repeat(random.integers(8, 25, (2, PERSONS)), STAY, axis=1)
    boxes = np.stack([middle - half, bottom - 3 * height, middle + half, bottom], axis=1)
    frame, person = (first[:, None] + np.arange(STAY)).ravel(), np.repeat(np.arange(PERSONS), STAY)
    order = np.lexsort((person, frame))
    return boxes[order], frame[order], person[order]


def _steps(random):
    return random.normal(0, 0.003, (PERSONS, STAY))


def table(boxes, frame, person):
    """Give the same boxes as DETECTIONS."""
    left, top, right, bottom = boxes.T
    key = {"timestamp": frame * STEP, "person_index": person}
    sides = {"left": left / WIDTH, "top": top / HEIGHT}
    sizes = {"width": (right - left) / WIDTH, "height": (bottom - top) / HEIGHT}
    return assemble(DETECTIONS, key | sides | sizes)


def by_frame(boxes, frame, person):
    """Give the same boxes as supervision has them: one object a frame."""
    from supervision import Detections  # noqa: PLC0415 - a rival is imported when it runs

    bounds = np.searchsorted(frame, np.arange(FRAMES + 1))
    return [
        Detections(xyxy=boxes[a:b].astype(np.float32), tracker_id=person[a:b])
        for a, b in itertools.pairwise(bounds)
    ]


def zones_of():
    """Draw zones in the form of a T, on whole px for theirs and around these px for ours: the same px."""
    import supervision  # noqa: PLC0415

    random = np.random.default_rng(SEED)
    ours, theirs = [], []
    for number in range(ZONES):
        x, y = random.integers(20, WIDTH - 320), random.integers(20, HEIGHT - 220)
        bar, stem = (x, y, x + 300, y + 60), (x + 100, y + 60, x + 200, y + 200)
        theirs.append(
            supervision.PolygonZone(_t(bar, stem, 0.0).astype(int), (supervision.Position.BOTTOM_CENTER,))
        )
        ours.append(Zone(f"zone {number}", Polygon(_t(bar, stem, 0.5)), "px"))
    return ours, theirs


def _t(bar, stem, around):
    left, top, right, under = bar + np.array([-around, -around, around, around])
    inner, _, outer, bottom = stem + np.array([-around, 0, around, around])
    corners = [(left, top), (right, top), (right, under), (outer, under), (outer, bottom), (inner, bottom)]
    return np.array([*corners, (inner, under), (left, under)])


def _visits(detections, frames, rounds):
    """Dwell of each person in each zone: from visits, and counted in a loop over frames and zones."""
    zones, theirs = zones_of()

    def ours():
        visits = compute_visits(compute_trajectories(detections, VIDEO), zones, VIDEO)
        return visits.groupby(["zone", "person_index"])["dwell"].sum()

    def loop():
        counts = {}
        for frame in frames:
            for zone, polygon in zip(zones, theirs, strict=True):
                for person in frame.tracker_id[polygon.trigger(frame)]:
                    counts[zone.name, person] = counts.get((zone.name, person), 0) + 1
        return counts

    found = {key: dwell // pd.Timedelta(milliseconds=STEP) for key, dwell in ours().items()}
    differs = "" if found == loop() else "the dwell of a person in a zone differs"
    mine, looped = alternate(ours, loop, rounds=min(rounds, 3))
    note = f"from detections on; {len(found)} dwells of persons in {ZONES} zones of 8 corners"
    return [
        Line("supervision, a loop", "PolygonZone.trigger per frame and zone, people counted", looped),
        against(mine, looped, differs=differs, name="visits", note=note, target=VISITS),
    ]


def _crossings(detections, frames, rounds):
    """People who cross a line over the full height of the frame, in each direction."""
    from supervision import LineZone, Point, Position  # noqa: PLC0415

    middle = WIDTH / 2 + 0.25  # between two pixels: no box touches it

    def ours():
        line = ptrack_analysis.Line("line", LineString([(middle, HEIGHT + 1), (middle, -1)]), "px")
        return compute_crossings(compute_trajectories(detections, VIDEO), [line])

    def loop():
        line = LineZone(Point(middle, -1), Point(middle, HEIGHT + 1), (Position.BOTTOM_CENTER,))
        for frame in frames:
            line.trigger(frame)
        return line

    directions, line = ours()["direction"].value_counts(), loop()
    differs = (
        "" if directions.to_dict() == {"in": line.in_count, "out": line.out_count} else "the counts differ"
    )
    mine, looped = alternate(ours, loop, rounds=min(rounds, 3))
    note = f"from detections on; {line.in_count} crossings in and {line.out_count} out"
    return [
        Line("supervision, a loop", "LineZone.trigger for each frame", looped),
        against(mine, looped, differs=differs, name="crossings", note=note, target=CROSSINGS),
    ]


def _membership(detections, boxes, frames, rounds):
    """Who is inside one zone: a call for all, and a call a frame as supervision is used."""
    from supervision import Detections  # noqa: PLC0415

    trajectories = compute_trajectories(detections, VIDEO)
    x, y = trajectories["x_px"].to_numpy(), trajectories["y_px"].to_numpy()
    (zone, *_), (polygon, *_) = zones_of()
    order = np.lexsort((trajectories.index.codes[0], trajectories.index.codes[1]))
    x, y = x[order], y[order]
    whole = Detections(xyxy=boxes.astype(np.float32))
    differs = "" if np.array_equal(contains(zone.edges, x, y), polygon.trigger(whole)) else "who is inside"
    by_frames, at_once, mine = alternate(
        lambda: [polygon.trigger(frame) for frame in frames],
        partial(polygon.trigger, whole),
        partial(contains, zone.edges, x, y),
        rounds=rounds,
    )
    line = partial(against, mine, differs=differs, name="membership")
    return [
        Line("supervision, by frame", "PolygonZone.trigger, one call per frame", by_frames),
        Line("supervision, at once", "PolygonZone.trigger, one call for all frames", at_once),
        line(by_frames, note="compared with one call per frame", target=MEMBERSHIP),
        line(at_once, note="compared with one call"),
    ]


def _heat(boxes, frame, person, rounds):
    """Where people stood, by px: a call for all, and an annotator that draws each frame."""
    import supervision  # noqa: PLC0415

    detections, frames = table(boxes, frame, person), by_frame(boxes, frame, person)
    trajectories = compute_trajectories(detections, VIDEO)
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    some = frames[FRAMES // 2 : FRAMES // 2 + SOME]

    def annotated(**options):
        annotator = supervision.HeatMapAnnotator(**options)
        for one in some:
            annotator.annotate(black.copy(), one)
        return annotator.heat_mask

    dots = partial(annotated, radius=0, kernel_size=None)
    heat = partial(compute_heatmap, trajectories, VIDEO, shape=(HEIGHT, WIDTH))
    ours, as_used, least, discs, covers = alternate(
        heat,
        annotated,
        dots,
        partial(ultralytics_rule, boxes[(frame >= FRAMES // 2) & (frame < FRAMES // 2 + SOME)].astype(int)),
        partial(compute_box_heatmap, detections, trajectories, shape=(HEIGHT, WIDTH)),
        rounds=min(rounds, 3),
    )
    carried = f"{SOME} of {FRAMES} frames, extrapolated"
    as_used, least, discs = (
        Rounds(FRAMES / SOME * one for one in seconds) for seconds in (as_used, least, discs)
    )
    return [
        Line("supervision's annotator", f"HeatMapAnnotator with its defaults; {carried}", as_used),
        Line("supervision's annotator", f"dots of one px without blur, the least work; {carried}", least),
        against(
            ours,
            least,
            differs=_heat_differs(boxes, frame, dots()),
            name="heatmap",
            note="the complete call, one cell per px; compared with the dots",
            target=HEAT,
        ),
        Line("Ultralytics' rule", f"+2 in a disc within each box, box by box; {carried}", discs),
        Line(
            "box heatmap", "the complete call, one cell per px; no ratio: it covers boxes, not discs", covers
        ),
    ]


def _heat_differs(boxes, frame, mask):
    """Compare with the same frames alone: frames by px; theirs counts two persons in a px as one."""
    part = (frame >= FRAMES // 2) & (frame < FRAMES // 2 + SOME)
    detections = table(boxes[part], frame[part], np.arange(part.sum()))
    heat = compute_heatmap(compute_trajectories(detections, VIDEO), VIDEO, shape=(HEIGHT, WIDTH))
    counts = np.rint(heat.values * 1000 / STEP)
    left, _, right, bottom = boxes[part].T
    places = np.stack([frame[part], (left + right) // 2, bottom // 1])
    doubled = part.sum() - np.unique(places, axis=1).shape[1]
    same = (counts >= mask).all() and (counts - mask).sum() == doubled
    return "" if same else f"{int((counts != mask).sum())} px differ"


def ultralytics_rule(boxes):
    """Heat as Ultralytics' solutions.Heatmap defines it, box by box as it does: 2 for each px of a disc."""
    heat = np.zeros((HEIGHT, WIDTH), np.float32)
    for left, top, right, bottom in boxes.clip(0):
        radius = min(right - left, bottom - top) // 2
        down, across = np.ogrid[top:bottom, left:right]
        disc = (across - (left + right) // 2) ** 2 + (down - (top + bottom) // 2) ** 2 <= radius**2
        heat[top:bottom, left:right][disc] += 2
    return heat
