"""What an archive holds, and whether it can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import MAX_GAP, found_period, rows_by_person
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.geometry import EDGE_TOLERANCE, Floats
from ptrack_analysis.io.archive import Source, VideoReference
from ptrack_analysis.io.tracking import Reading, load
from ptrack_analysis.video import Pixels, Video, milliseconds, timedelta

FEET_MARGIN = 0.01
"""A box whose lower edge lies this near the picture's, as a share of its height, may hide the feet."""
LATE = pd.Timedelta("2s")
"""A first detection later than this may mean that the first pages are missing."""
MUCH_UNLOCATED = 0.10
"""A share of the time in the scene, spent nobody knows where, that a reader of zone dwell must know of."""
MANY_FEET_HIDDEN = 0.25
"""A share of boxes on the picture's lower edge that a reader of positions must know of."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in the pages of one video.

    ``problems`` are the reasons for which it cannot be read as it is, ``notes`` what is odd but usable, each
    a sentence; ``verdict`` is ``good``, ``usable with care`` or ``not usable``.

    Counts: ``without_box`` detections without a body box (face only), ``feet_not_seen`` boxes whose lower
    edge is within 1 % of the picture's height of its lower edge, ``out_of_frame`` boxes that reach beyond the
    frame by more than 1e-6, ``merged`` rows made one with another of the same person and moment,
    ``repeated_pages`` pages that were saved twice, ``gaps`` times without a detection of a person that are
    longer than ``max_gap``. Times: ``dwell`` the persons' time in the scene, ``unlocated`` the part of it in
    which nobody knows where they stood, ``period`` between two samplings, ``longest_gap``.
    """

    video: Video
    files: int
    pages: int
    persons: int
    detections: int
    first: pd.Timedelta | None
    last: pd.Timedelta | None
    dwell: pd.Timedelta
    unlocated: pd.Timedelta
    period: pd.Timedelta
    gaps: int
    longest_gap: pd.Timedelta | None
    boxes: int
    without_box: int
    feet_not_seen: int
    out_of_frame: int
    merged: int
    repeated_pages: int
    passed_over: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """One of ``good``, ``usable with care``, ``not usable``."""
        if self.problems:
            return "not usable"
        return "usable with care" if self.notes else "good"


def inspect_tracking(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    max_gap: pd.Timedelta | str = MAX_GAP,
    period: pd.Timedelta | str | None = None,
    allow_incomplete: bool = False,
) -> Findings:
    """Read one job and say what is in it, and whether it can be trusted.

    What ``read_tracking`` would refuse (broken pages, a job that failed or is in progress, an incomplete
    archive, mixed videos) is listed in ``problems`` instead of raised, and the rest is read.

    Parameters
    ----------
    source
        A file, a folder of one job's pages, or a video that ``find_videos`` found.
    video
        Facts to fall back to where the pages have none.
    max_gap, period
        As in ``compute_trajectories`` [ms].
    allow_incomplete
        Whether an archive whose last page is missing is a note, not a problem.

    Returns
    -------
    Findings
        All that was found.

    Raises
    ------
    MixedError
        If the source is a folder of several videos; inspect each that ``find_videos`` finds.
    InputError
        If there is no such file, or no page.
    """
    reading = load(source, video=video)
    detections = reading.detections
    boxes = _boxes(detections)
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    beyond = np.minimum(left, top) < -EDGE_TOLERANCE
    beyond |= np.maximum(right, bottom) > 1 + EDGE_TOLERANCE
    moments = detections.index.get_level_values("timestamp")
    longest = milliseconds(max_gap, "max_gap")
    gaps = _gaps(detections, longest)
    problems = [str(problem) for problem in reading.faults]
    sampled = (
        found_period(detections, reading.video, longest) if period is None else milliseconds(period, "period")
    )
    if sampled > longest:
        problems.append(
            f"max_gap is {longest} ms, below the sampling period of {sampled} ms: give a longer one"
        )
    tracks = compute_tracks(
        compute_trajectories(
            detections,
            reading.video,
            plane=Pixels(1, 1),
            max_gap=timedelta(max(sampled, longest)),
            period=timedelta(sampled),
        )
    )
    dwell, unlocated = _total(tracks["dwell"]), _total(tracks["unlocated"])
    notes = notes_on(reading, tracks, max_gap)
    if reading.incomplete:
        (notes if allow_incomplete else problems).append(str(reading.incomplete))
    return Findings(
        video=reading.video,
        files=reading.files,
        pages=reading.pages,
        persons=len(tracks),
        detections=len(detections),
        first=None if detections.empty else moments.min(),
        last=None if detections.empty else moments.max(),
        dwell=timedelta(dwell),
        unlocated=timedelta(unlocated),
        period=timedelta(sampled),
        gaps=len(gaps),
        longest_gap=timedelta(gaps.max()) if len(gaps) else None,
        boxes=len(boxes),
        without_box=len(detections) - len(boxes),
        feet_not_seen=_hidden(boxes),
        out_of_frame=int(beyond.sum()),
        merged=reading.merged,
        repeated_pages=reading.repeated,
        passed_over=tuple(reading.passed_over),
        notes=tuple(notes),
        problems=tuple(problems),
    )


def _gaps(detections: pd.DataFrame, max_gap: int) -> np.ndarray:
    """List the times between successive detections of a person that are longer than ``max_gap`` [ms]."""
    rows = rows_by_person(detections)
    steps = np.diff(rows.time)[~rows.first[1:]]
    long: np.ndarray = steps[steps > max_gap]
    return long


def notes_on(reading: Reading, tracks: pd.DataFrame, max_gap: pd.Timedelta | str) -> list[str]:
    """Say what is odd but usable about a reading, a sentence each; TRACKS tell the time unlocated."""
    boxes = _boxes(reading.detections)
    return [
        *reading.notes,
        *_notes_on_times(reading, max_gap),
        *_notes_on_rows(reading, boxes),
        *_notes_on_places(tracks, boxes),
    ]


def _notes_on_times(reading: Reading, max_gap: pd.Timedelta | str) -> Iterator[str]:
    """Say what is odd about the times and the video's facts."""
    moments, video = reading.detections.index.get_level_values("timestamp"), reading.video
    if not len(moments):
        yield "no person was detected"
    elif moments.min() > LATE:
        late = moments.min().total_seconds()
        yield f"the first detection is at {late:.3f} s: if people were there before, first pages are missing"
    steps = np.diff(moments.unique())
    if len(steps) and (steps > pd.Timedelta(max_gap)).all():
        yield (
            f"no two moments of the video lie within max_gap ({pd.Timedelta(max_gap).total_seconds():g} s): "
            "each detection counts for itself alone; if the sampling was that slow, give a longer --max-gap"
        )
    if video.width is None or video.height is None:
        yield "the frame size is not known: give --frame-size, as in 640x360, to measure anything in px"
    if video.duration is None:
        yield "the video's duration is not known: the last stays are taken to end with the last detection"
    elif len(moments) and moments.max() > video.duration:
        yield (
            f"a detection lies at {moments.max().total_seconds():.3f} s, beyond the video's duration of "
            f"{video.duration.total_seconds():.3f} s, which is therefore not believed"
        )


def _notes_on_rows(reading: Reading, boxes: Floats) -> Iterator[str]:
    """Say what is odd about pages and rows."""
    if reading.goes_on and not reading.incomplete:
        yield (
            "the last page by name has a NextToken, and a page before it ends the job: pages may be missing, "
            "or two fetches be mixed"
        )
    if reading.repeated:
        yield f"{_count(reading.repeated, 'page was', 'pages were')} saved twice and counted once"
    if reading.merged:
        repeat = _count(reading.merged, "row repeats", "rows repeat")
        yield f"{repeat} a person at a moment: made one row each"
    negative = int((boxes[:, 2:] < 0).any(axis=1).sum())
    if negative:
        yield f"{_count(negative, 'box has', 'boxes have')} a negative size and covers nothing in a heatmap"


def _notes_on_places(tracks: pd.DataFrame, boxes: Floats) -> Iterator[str]:
    """Say how much of the time or of the boxes says little about places."""
    dwell, unlocated = _total(tracks["dwell"]), _total(tracks["unlocated"])
    if unlocated > MUCH_UNLOCATED * dwell:
        yield (
            f"for {unlocated / dwell:.0%} of the time in the scene it is not known where the person stood "
            "(no body box): time in zones is too short by up to that"
        )
    hidden = _hidden(boxes)
    if hidden > MANY_FEET_HIDDEN * len(boxes):
        yield (
            f"{hidden / len(boxes):.0%} of the body boxes end on the picture's lower edge: the feet may be "
            "below it, and positions there are only as good as that"
        )


def _boxes(detections: pd.DataFrame) -> Floats:
    """Give the body boxes that are there: (k, 4) left, top, width, height."""
    boxes: Floats = detections[["left", "top", "width", "height"]].to_numpy()
    return boxes[~np.isnan(boxes).any(axis=1)]


def _hidden(boxes: Floats) -> int:
    """Count the boxes that end on the picture's lower edge."""
    return int((boxes[:, 1] + boxes[:, 3] >= 1 - FEET_MARGIN).sum())


def _total(spans: "pd.Series[pd.Timedelta]") -> int:
    """Sum lengths of time [ms]."""
    return int(spans.to_numpy().view("int64").sum())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
