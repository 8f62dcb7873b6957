"""Inspection of an archive: its contents and their reliability."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import choose_max_gap, choose_period, rows_by_person, steps_between
from ptrack_analysis.analysis.quality.checks import compute_quality
from ptrack_analysis.analysis.quality.verdict import count_verdicts, judge_video
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.cards import build_card
from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import EDGE_TOLERANCE
from ptrack_analysis.pipeline.notes import notes_on, notes_on_quality, select_boxes, total_ms
from ptrack_analysis.sources.archive import Source, VideoReference
from ptrack_analysis.sources.read_report import ReadReport
from ptrack_analysis.sources.reading import load
from ptrack_analysis.video import Duration, Pixels, Video, timedelta


@dataclass(frozen=True, slots=True)
class Inspection:
    """Contents and reliability of one video, returned by ``inspect_tracking``.

    Attributes
    ----------
    video
        Metadata of the video.
    files, pages
        Number of files and pages of the source.
    persons, detections
        Number of people (tracks) and of their detections.
    first, last
        Timestamps of the first and the last detection; None without detections.
    dwell
        Time in the scene of all people together.
    without_position
        Part of ``dwell`` without a position.
    period
        Sampling period.
    gaps, longest_gap
        Number of gaps between detections of a person that are longer than ``max_gap``, and the longest of
        them.
    boxes, without_box
        Number of detections with a body box, and without (face only).
    truncated_boxes
        Number of boxes that the image border cuts at a side on which the position depends.
    boxes_beyond_image
        Number of boxes that extend beyond the image by more than 1e-6 of the frame.
    merged
        Number of rows that were joined with another row of the same person and time.
    repeated_pages
        Number of pages that were saved twice.
    ignored
        Files that were not read, with the reason.
    notes
        Sentences about oddities that do not prevent the use of the video, such as doubtful quality checks.
    problems
        Reasons why the video cannot be read, one sentence each.
    read_report
        Number of rows and pages of the source that were kept and dropped.
    verdict
        Verdict of ``judge_video``: ``good``, ``usable with care``, ``not usable`` (for some outputs) or
        ``unknown``.
    checks
        Number of quality checks with each verdict.

    Examples
    --------
    >>> inspection = pta.inspect_tracking("data/shop")
    >>> inspection.checks
    {'good': 16, 'doubtful': 1, 'bad': 0, 'unknown': 7}
    >>> inspection.without_box, inspection.truncated_boxes, inspection.gaps
    (624, 869, 0)
    """

    video: Video
    files: int
    pages: int
    persons: int
    detections: int
    first: pd.Timedelta | None
    last: pd.Timedelta | None
    dwell: pd.Timedelta
    without_position: pd.Timedelta
    period: pd.Timedelta
    gaps: int
    longest_gap: pd.Timedelta | None
    boxes: int
    without_box: int
    truncated_boxes: int
    boxes_beyond_image: int
    merged: int
    repeated_pages: int
    ignored: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    read_report: ReadReport
    verdict: str
    checks: dict[str, int]

    def __repr__(self) -> str:
        """Return the video, the number of people and detections, and the verdict."""
        counts = f"{self.persons} people, {self.detections} detections"
        return f"Inspection({self.video.name!r}, {counts}, {self.verdict!r})"

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        facts = {
            "quality": self.verdict,
            "people": self.persons,
            "detections": self.detections,
            "without a body box": self.without_box,
            "time in the scene": f"{self.dwell.total_seconds():.1f} s",
            "without a position": f"{self.without_position.total_seconds():.1f} s",
            "files": self.files,
            "pages": self.pages,
            "problems": "; ".join(self.problems),
            "notes": "; ".join(self.notes),
        }
        return build_card("Inspection", self.video.name, facts)

    @property
    def has_points(self) -> bool:
        """Whether the source has points without boxes, so that all counts of boxes are 0."""
        return bool(self.detections) and not self.boxes and not self.without_box


def inspect_tracking(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    max_gap: Duration | None = None,
    period: Duration | None = None,
    allow_incomplete: bool = False,
    allow_dropped: bool = False,
) -> Inspection:
    """Read one video and report its contents and their reliability.

    Problems for which ``read_tracking`` raises an error (broken pages, a job that failed or is in progress,
    an incomplete archive, mixed videos) are listed in ``problems``, and the rest is read.

    Parameters
    ----------
    source
        A file, a folder of one job's pages, or a video that ``find_videos`` found.
    video
        Metadata that is used where the pages have none.
    max_gap, period
        As in ``compute_trajectories``.
    allow_incomplete
        Whether missing pages are a note instead of a problem.
    allow_dropped
        Whether many dropped rows are a note instead of a problem.

    Returns
    -------
    Inspection
        The contents, problems and notes.

    Raises
    ------
    MixedError
        If the source is a folder of several videos. Inspect each video that ``find_videos`` returns.
    InputError
        If the file does not exist, or contains no page.

    Examples
    --------
    >>> inspection = pta.inspect_tracking("data/shop")
    >>> inspection.persons, inspection.detections, inspection.verdict
    (13, 5957, 'usable with care')
    >>> inspection.problems
    ()
    """
    reading = load(source, video=video)
    detections = reading.detections
    has_points = "left" not in detections.columns
    boxes = np.empty((0, 4)) if has_points else select_boxes(detections)
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    beyond = np.minimum(left, top) < -EDGE_TOLERANCE
    beyond |= np.maximum(right, bottom) > 1 + EDGE_TOLERANCE
    timestamps = detections.index.get_level_values("timestamp")
    rows = rows_by_person(detections)
    sampled = choose_period(rows, reading.video, period)
    longest = choose_max_gap(max_gap, sampled)
    gaps = steps_between(rows)
    gaps = gaps[gaps > longest]
    problems = [str(problem) for problem in reading.faults]
    gap, step = timedelta(longest), timedelta(sampled)
    plane = None if has_points else Pixels(1, 1)
    trajectories = compute_trajectories(detections, reading.video, plane=plane, max_gap=gap, period=step)
    tracks = compute_tracks(trajectories)
    dwell, unlocated = total_ms(tracks["time_in_scene"]), total_ms(tracks["without_position"])
    notes = notes_on(reading, tracks if has_points else None)
    quality = None
    if not has_points:
        quality = compute_quality(detections, trajectories, reading.video, max_gap=gap, period=step)
        notes += notes_on_quality(quality)
    if not allow_dropped:
        try:
            reading.report.validate_dropped()
        except InputError as error:
            problems.append(str(error))
    if allow_incomplete:
        notes += reading.cut_short
    elif reading.incomplete:
        problems.append(str(reading.incomplete))
    return Inspection(
        video=reading.video,
        files=reading.report.files,
        pages=reading.report.pages,
        persons=len(tracks),
        detections=len(detections),
        first=None if detections.empty else timestamps.min(),
        last=None if detections.empty else timestamps.max(),
        dwell=timedelta(dwell),
        without_position=timedelta(unlocated),
        period=timedelta(sampled),
        gaps=len(gaps),
        longest_gap=timedelta(gaps.max()) if len(gaps) else None,
        boxes=len(boxes),
        without_box=0 if has_points else len(detections) - len(boxes),
        truncated_boxes=0 if has_points else _count_truncated(trajectories),
        boxes_beyond_image=int(beyond.sum()),
        merged=reading.report.merged,
        repeated_pages=reading.report.repeated_pages,
        ignored=tuple(reading.ignored),
        notes=tuple(notes),
        problems=tuple(problems),
        read_report=reading.report,
        verdict=str(judge_video(quality, problems=problems)),
        checks={} if quality is None else count_verdicts(quality),
    )


def _count_truncated(trajectories: pd.DataFrame) -> int:
    is_detected = (trajectories["position_status"] == "detected").to_numpy()
    return int((trajectories["box_truncated"].to_numpy(dtype=bool) & is_detected).sum())
