"""Write the results of a running tracker as GetPersonTracking pages."""

import time
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError, OutputError, ParameterError, PtrackWarning
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_path
from ptrack_analysis.sources.pages.encode import (
    build_job_members,
    build_metadata,
    derive_token,
    encode_page,
    encode_persons,
    start_tokens,
)
from ptrack_analysis.sources.pages.writing import MAX_PAGE, PAGE_NAME
from ptrack_analysis.sources.read_report import DroppedRows, ReadReport
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.sources.trackers.classes import parse_classes
from ptrack_analysis.sources.trackers.frame_result import FrameResult, parse_result, select_people
from ptrack_analysis.sources.trackers.identities import UNTRACKED
from ptrack_analysis.sources.trackers.times import LAST_FRAME
from ptrack_analysis.sources.trackers.tracked import frame_rate
from ptrack_analysis.storage.files import locked_folder, remove_leftovers, write_bytes
from ptrack_analysis.storage.s3 import SCHEME
from ptrack_analysis.video import Duration, Video, frames_to_timestamps

_SAVE_EVERY = 10.0
"""Time after which a page that is not full is saved, so that a killed process loses few rows [s]."""
_BEYOND = 0.5
"""Maximum distance of a box center from the frame, in frame sizes; a larger one means a wrong frame size."""
_SMALL = 2.0
"""Boxes with no coordinate above this are fractions of the frame, not px."""
_SHOWN = 4
_LATEST = 2**53


class TrackingSink:
    """Write the results of a running tracker as GetPersonTracking pages.

    ``append`` adds the result of one frame: ``Detections`` of supervision, one ``Results`` of Ultralytics, or
    the arrays ``(ids, xyxy, classes)``. Boxes are in px and become fractions of the frame. The pages are
    identical to the output of ``write_pages`` for the table from ``read``. Pages have no confidence and no
    class.

    A page is written when it is full, and by the first ``append`` after 10 seconds. A killed process loses
    later rows, at most one page. Until the sink is closed, the last page has a NextToken, so the archive is
    read as incomplete (``allow_incomplete=True``). This also applies if the process was killed or an
    exception ended the ``with`` block.

    Only people are kept. Rows of other classes and rows without an id (untracked detections) are
    dropped and counted. If the classes are numbers without names, all rows are kept. ``report`` has the
    counts, and ``close`` emits a ``PtrackWarning`` if rows were dropped or facts assumed.

    Parameters
    ----------
    folder
        Folder for ``page-000001.json`` and so on; created if it is missing, otherwise it must be empty.
    video
        The video with its frame size, and its frame rate if frames are numbered.
    classes
        Names or numbers of the classes to keep; by default the classes for people.
    page_size
        Maximum number of rows per page, 1 to 1000.

    Raises
    ------
    ParameterError
        If ``video`` has no frame size, or an argument is out of its range.
    OutputError
        If the folder is not empty, or cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with TrackingSink(f"{folder}/shop", video=Video(width=640, height=360, frame_rate=25)) as sink:
    ...         for frame in range(3):
    ...             sink.append(([7], [[64 + frame, 36, 128 + frame, 216]], None), frame=frame)
    ...     detections, video = sink.read()
    >>> detections["width"].tolist()
    [0.1, 0.1, 0.1]
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        video: Video,
        classes: Sequence[int | str] | str | int | None = None,
        page_size: int = MAX_PAGE,
    ) -> None:
        if not isinstance(video, Video) or not video.width or not video.height:
            raise ParameterError(
                "video has no frame size, which boxes in px require. Pass video=Video(width=..., height=..., "
                "frame_rate=...)."
            )
        if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= MAX_PAGE:
            raise ParameterError(f"page_size must be a whole number from 1 to {MAX_PAGE}, got {page_size!r}")
        validate_path(folder, "folder")
        self.video = video
        self._wanted = {
            str(item).strip().lower() for item in parse_classes(() if classes is None else classes)
        }
        self._page_size = page_size
        self._size = video.width, video.height
        self._scale = np.array([*self._size, *self._size], dtype="float64")
        self._rows: list[tuple[int, Integers, Floats]] = []
        self._waiting = 0
        self._pages = 0
        self._metadata, self._job = build_metadata(video), build_job_members(video)
        self._token = start_tokens(self._metadata, self._job)
        self._last_time = -1
        self._last_frame = -1
        self._frames_with_boxes = self._kept = self._without_id = 0
        self._dropped = Counter[str]()
        self._numbers: set[int] = set()
        self._is_closed = self._is_complete = False
        if str(folder).startswith(SCHEME):
            raise OutputError(f"{folder}: pages are written to a folder on disk, not to S3")
        self.folder = Path(folder)
        with locked_folder(self.folder):
            _validate_empty(self.folder)
            self._save(is_last=False)

    def append(self, result: Any, *, frame: int | None = None, timestamp: Duration | None = None) -> None:
        """Add the result of one frame.

        Frames are numbered from 0. The timestamp of a frame is ``1000 * frame / frame_rate``, truncated to
        whole milliseconds. Frames may be skipped. If a result is rejected, nothing is added, and the next
        result can be added.

        Parameters
        ----------
        result
            ``Detections`` of supervision, one ``Results`` of Ultralytics, or ``(ids, xyxy, classes)``:
            track numbers, -1 without a track; (n, 4) left, top, right, bottom [px]; numbers or names of
            classes, or None.
        frame
            Number of the frame, from 0. ``video`` must have a frame rate.
        timestamp
            Time since the start of the video, such as ``"1.5s"``, instead of ``frame``.

        Raises
        ------
        ParameterError
            If ``result`` has another type, other lengths of its arrays or another frame size, or if ``frame``
            or ``timestamp`` is not after the previous one.
        InputError
            If a box or an id is invalid.
        OutputError
            If a page cannot be written, or the sink is closed. In the first case, the rows of the frame are
            kept, and the next ``append`` or ``close`` writes the page.
        """
        if self._is_closed:
            raise OutputError(f"{self.folder}: the sink is closed. Open a new one for another video.")
        time_ms = self._parse_time(frame, timestamp)
        rows = parse_result(result)
        self._validate_size(rows)
        keep = select_people(rows, self._wanted)
        tracked = rows.ids != UNTRACKED
        kept = keep & tracked
        self._count(rows, keep, tracked)
        self._last_time, self._last_frame = time_ms, self._last_frame if frame is None else int(frame)
        if kept.any():
            ids = rows.ids[kept]
            order = np.argsort(ids, kind="stable")
            sides = (rows.boxes if kept.all() else rows.boxes[kept])[order] / self._scale
            sides[:, 2:] -= sides[:, :2]
            self._rows.append((time_ms, ids[order], sides))
            self._waiting += len(ids)
            self._kept += len(ids)
        while self._waiting > self._page_size:
            self._save(is_last=False)
        if self._waiting and time.monotonic() - self._saved_at > _SAVE_EVERY:
            self._save(is_last=False)

    def close(self) -> None:
        """Write the last page, which completes the archive.

        Raises
        ------
        InputError
            If boxes were added but no box had an id. The archive is then complete and empty.
        """
        if self._is_closed:
            return
        self._save(is_last=True)
        self._is_closed = self._is_complete = True
        if self._without_id and not self._kept and not self._dropped:
            raise InputError(
                f"{self.folder}: {self._without_id} boxes were added, but no box has an id. These are "
                "detections, not tracks. Run a tracker first, such as model.track(..., persist=True)."
            )
        findings = self.report.findings
        if findings:
            warnings.warn(f"{self.folder}: {'; '.join(findings)}", PtrackWarning, stacklevel=2)

    @property
    def report(self) -> ReadReport:
        """The rows kept and dropped so far, and the assumptions."""
        dropped, assumed = list[DroppedRows](), list[str]()
        if self._dropped:
            shown = [f"{count} {name}" for name, count in self._dropped.most_common(_SHOWN)]
            shown += ["..."] if len(self._dropped) > _SHOWN else []
            count = self._dropped.total()
            text = f"{count} rows of other classes are excluded ({', '.join(shown)})"
            dropped.append(DroppedRows(text, count, is_excluded=True))
        if self._without_id:
            text = f"{self._without_id} rows without an id (untracked detections) are excluded"
            dropped.append(DroppedRows(text, self._without_id))
        if len(self._numbers) > 1:
            numbers = ", ".join(map(str, sorted(self._numbers)[:_SHOWN]))
            assumed.append(
                f"the classes are numbers without names ({numbers}"
                f"{', ...' if len(self._numbers) > _SHOWN else ''}): rows of all classes are kept, unless "
                "classes are given"
            )
        return ReadReport(
            str(self.folder), kept=self._kept, dropped=tuple(dropped), assumptions=tuple(assumed)
        )

    def read(self) -> tuple[pd.DataFrame, Video]:
        """Read the archive: the detections, and the video with the given facts.

        Before the sink is closed, the rows so far are saved first, and a ``PtrackWarning`` reports that the
        archive is incomplete. The ReadReport of the video includes the dropped rows.
        """
        if not self._is_closed:
            self._save(is_last=False)
        name = self.video.name if self.video.name != Video().name else None
        detections, video = read_tracking(
            self.folder, video=self.video, name=name, faces=False, allow_incomplete=not self._is_complete
        )
        own = self.report
        if video.read_report is not None:
            report = replace(
                video.read_report,
                dropped=(*own.dropped, *video.read_report.dropped),
                assumptions=(*own.assumptions, *video.read_report.assumptions),
            )
            video = replace(video, read_report=report)
        return detections, video

    def __enter__(self) -> Self:
        """Return the sink."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the sink. After an exception, save the rows so far and leave the archive incomplete."""
        if kind is None:
            self.close()
        elif not self._is_closed:
            self._is_closed = True
            try:
                self._save(is_last=False)
            except OutputError as failure:
                if error is not None and str(failure) != str(error):
                    error.add_note(f"The last rows were not saved: {failure}")

    def __repr__(self) -> str:
        """Return the folder and the number of rows."""
        return f"TrackingSink({str(self.folder)!r}: {self._kept} rows)"

    def _parse_time(self, frame: Any, timestamp: Any) -> int:
        """Return the time of a frame [ms], which must be after the previous frame."""
        if (frame is None) == (timestamp is None):
            raise ParameterError(
                "append requires either frame=..., the number of the frame, or timestamp=..."
            )
        if frame is None:
            time_ms, given = _parse_timestamp(timestamp), f"timestamp is {timestamp!r}"
        else:
            is_whole = isinstance(frame, int | np.integer) and not isinstance(frame, bool)
            if not is_whole or not 0 <= frame <= LAST_FRAME:
                raise ParameterError(f"frame must be a whole number from 0 to {LAST_FRAME}, got {frame!r}")
            if frame <= self._last_frame:
                again = "was added already" if frame == self._last_frame else "is before it"
                raise ParameterError(
                    f"frame must increase: the last one was {self._last_frame}, and {frame} {again}. Write "
                    "each video to its own folder."
                )
            rate = frame_rate(self.video, str(self.folder))
            time_ms, given = int(frames_to_timestamps(np.array([frame]), rate)[0]), f"frame is {frame}"
        if time_ms <= self._last_time:
            raise ParameterError(
                f"{given} ({time_ms} ms), which is not after the previous frame ({self._last_time} ms). Add "
                "frames in the order of time."
            )
        return time_ms

    def _validate_size(self, rows: FrameResult) -> None:
        """Reject a frame whose size differs from the video."""
        width, height = self._size
        if rows.frame_size is not None and rows.frame_size != self._size:
            raise ParameterError(
                f"result has a frame of {rows.frame_size[0]} x {rows.frame_size[1]} px, but video has "
                f"{width} x {height} px. Write each frame size to its own folder."
            )
        if not len(rows.boxes):
            return
        center = (rows.boxes[:, :2] + rows.boxes[:, 2:]) / (2 * self._scale[:2])
        far = ((center < -_BEYOND) | (center > 1 + _BEYOND)).any(axis=1)
        if far.any():
            row = int(far.argmax())
            raise ParameterError(
                f"result has the box {rows.boxes[row].tolist()}, which is far outside a frame of {width} x "
                f"{height} px. Check video.width and video.height."
            )
        if not self._frames_with_boxes and np.abs(rows.boxes).max() <= _SMALL and (rows.boxes % 1).any():
            raise ParameterError(
                f"result has boxes such as {rows.boxes[0].tolist()}, which look like fractions of the frame. "
                "Pass boxes in px."
            )

    def _count(self, rows: FrameResult, keep: Bools, tracked: Bools) -> None:
        """Count the rows that are dropped."""
        self._frames_with_boxes += bool(len(keep))
        self._without_id += int((keep & ~tracked).sum())
        if not keep.all():
            labels = rows.class_names if rows.class_names is not None else rows.class_ids
            assert labels is not None  # noqa: S101 - rows without classes are all kept
            found, counts = np.unique(labels[~keep].astype(str), return_counts=True)
            self._dropped.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        if rows.class_names is None and rows.class_ids is not None and not self._wanted:
            self._numbers.update(rows.class_ids.tolist())

    def _save(self, *, is_last: bool) -> None:
        """Save a page of the waiting rows; it is replaced later if it is not full."""
        times = [np.full(len(ids), time_ms) for time_ms, ids, _ in self._rows]
        time_ms, ids = (
            np.concatenate([np.empty(0, dtype="int64"), *parts])
            for parts in (times, [ids for _, ids, _ in self._rows])
        )
        boxes = np.concatenate([np.empty((0, 4)), *(boxes for *_, boxes in self._rows)])
        size = self._page_size
        sides = dict(zip(("left", "top", "width", "height"), boxes[:size].T, strict=True))
        persons = encode_persons(time_ms[:size], ids[:size], sides)
        token = derive_token(self._token, persons)
        page = encode_page(self._metadata, self._job, persons, None if is_last else token)
        write_bytes(self.folder / PAGE_NAME.format(self._pages + 1), page)
        self._saved_at = time.monotonic()
        if len(ids) > size:
            self._pages, self._token = self._pages + 1, token
            self._waiting = len(ids) - size
            rest = np.flatnonzero(np.diff(time_ms[size:], prepend=-1))
            self._rows = [
                (int(start_ms), part, box)
                for start_ms, part, box in zip(
                    time_ms[size:][rest],
                    np.split(ids[size:], rest[1:]),
                    np.split(boxes[size:], rest[1:]),
                    strict=True,
                )
            ]


def _validate_empty(folder: Path) -> None:
    """Reject a folder with content, except what a sink left that was killed before its first page."""
    remove_leftovers(folder, [PAGE_NAME.format(1)])
    found = sorted(path.name for path in folder.iterdir())
    if found:
        raise OutputError(
            f"{folder}: the folder is not empty (it contains {found[0]!r}). Pass a new folder: two videos in "
            "one archive would mix."
        )


def _parse_timestamp(timestamp: Any) -> int:
    """Return a time since the start of the video, cut to whole milliseconds."""
    text = f"timestamp must be a duration such as '1.5s' or a pandas Timedelta, got {timestamp!r}"
    if isinstance(timestamp, int | float | np.number):
        raise ParameterError(text)
    try:
        span = pd.Timedelta(timestamp)
    except (ValueError, TypeError) as error:
        raise ParameterError(text) from error
    if pd.isna(span) or span < pd.Timedelta(0):
        raise ParameterError(text)
    time_ms = int(span // pd.Timedelta(milliseconds=1))
    if time_ms > _LATEST:
        raise ParameterError(text)
    return time_ms
