"""Boxes, faces and trails of the people present at a time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.plots.steps import find_steps
from ptrack_analysis.schema import POSITION_STATUSES

_INTERPOLATED = POSITION_STATUSES.index("interpolated")


@dataclass(frozen=True, slots=True, eq=False)
class PresentPeople:
    """The people present at a time: (m,) rows and indices, (m, 4) boxes as x0, y0, x1, y1.

    ``rank`` is the number of the person's color, -1 for a person without any position. ``body`` and ``face``
    are the boxes to draw, NaN if missing. ``hidden_body`` and ``hidden_face`` are the boxes to pixelate,
    filled for each tracklet that has at least one box. All are fractions of the frame.
    """

    rows: Integers
    person_index: Integers
    rank: Integers
    body: Floats
    face: Floats
    hidden_body: Floats
    hidden_face: Floats


class BoxTracks:
    """The boxes of all people, searchable by time.

    A person is present from each detection for its time present. Between two linked detections with positions
    the box is interpolated; otherwise it stays. It never continues through a gap.

    Parameters
    ----------
    trajectories
        A validated TRAJECTORIES table.
    detections
        The DETECTIONS from which the trajectories were computed.
    unit
        Unit of the positions.
    """

    def __init__(self, trajectories: pd.DataFrame, detections: pd.DataFrame, unit: str) -> None:
        rows = rows_by_person(trajectories)
        links = link_rows(trajectories, rows)
        number = len(rows.order)
        self.steps = find_steps(trajectories, unit, None)
        self.time = np.asarray(rows.time, dtype="int64")
        self.until = self.time + np.maximum(links.time_present, 1)
        self.person_index = trajectories.index.get_level_values("person_index").to_numpy()[rows.order]
        self._linked = np.zeros(number, dtype=bool)
        self._linked[:-1] = ~links.begins[1:]
        boxes = detections.iloc[detection_rows(detections, trajectories)[rows.order]]
        body, face = _read_boxes(boxes, ""), _read_boxes(boxes, "face_")
        self.reads_faces = "face_left" in detections.columns
        status = trajectories["position_status"].cat.codes.to_numpy()[rows.order]
        self._has_body = np.isfinite(body).all(axis=1) | (status == _INTERPOLATED)
        self._has_face = np.isfinite(face).all(axis=1) & ~self._has_body
        self._body = _fill_boxes(body, self.time, links.tracklet)
        self._face = _fill_boxes(face, self.time, links.tracklet)
        self._by_time = np.argsort(self.time, kind="stable")
        self._times = self.time[self._by_time]
        self._longest = int((self.until - self.time).max(initial=0))
        begins = np.ones(number, dtype=bool)
        begins[1:] = ~self.steps.joined
        self._path_start = np.maximum.accumulate(np.where(begins, np.arange(number), 0)) if number else begins

    def find_present(self, time: int) -> PresentPeople:
        """Return the people present at a time [ms]."""
        first = np.searchsorted(self._times, time - self._longest, side="left")
        last = np.searchsorted(self._times, time, side="right")
        rows = np.sort(self._by_time[first:last])
        rows = rows[time < self.until[rows]]
        after = np.minimum(rows + 1, max(len(self.time) - 1, 0))
        share = np.where(self._linked[rows], (time - self.time[rows]) / (self.until - self.time)[rows], 0.0)
        body, face = (
            _interpolate(boxes, rows, after, share, present)
            for boxes, present in ((self._body, self._has_body), (self._face, self._has_face))
        )
        everywhere = np.ones(len(self.time), dtype=bool)
        hidden_body, hidden_face = (
            _interpolate(boxes, rows, after, share, everywhere) for boxes in (self._body, self._face)
        )
        known = np.isfinite(hidden_body).all(axis=1) & self._has_body[rows]
        hidden_face[known] = np.nan
        return PresentPeople(
            rows, self.person_index[rows], self.steps.rank[rows], body, face, hidden_body, hidden_face
        )

    def find_trail(self, row: int, time: int, duration: int) -> tuple[Integers, Floats]:
        """Return the times [ms] and positions (n, 2) of the unbroken path to a row.

        The path starts ``duration`` [ms] before the time and ends at the position interpolated at the time.
        """
        steps = self.steps
        if duration <= 0 or not steps.known[row]:
            return self.time[:0], steps.points[:0]
        start = int(self._path_start[row])
        start += int(np.searchsorted(self.time[start : row + 1], time - duration, side="right"))
        times, points = self.time[start : row + 1], steps.points[start : row + 1]
        if row < len(steps.joined) and steps.joined[row] and time > self.time[row]:
            share = (time - self.time[row]) / (self.time[row + 1] - self.time[row])
            tip = steps.points[row] + share * (steps.points[row + 1] - steps.points[row])
            times, points = np.append(times, time), np.vstack([points, tip])
        return times, points

    def count_without_box(self) -> tuple[int, int]:
        """Return the number of detections in tracklets without any box or face, and of their people."""
        without_box = ~(np.isfinite(self._body).all(axis=1) | np.isfinite(self._face).all(axis=1))
        return int(without_box.sum()), len(np.unique(self.person_index[without_box]))

    def count_from(self, time: int) -> tuple[int, int]:
        """Return the number of detections from a time [ms] on, and of their people."""
        late = self.time >= time
        return int(late.sum()), len(np.unique(self.person_index[late]))


def _read_boxes(detections: pd.DataFrame, prefix: str) -> Floats:
    """Return boxes as (n, 4) x0, y0, x1, y1; NaN if missing."""
    names = [f"{prefix}{name}" for name in ("left", "top", "width", "height")]
    if not {*names} <= {*detections.columns}:
        return np.full((len(detections), 4), np.nan)
    boxes = detections[names].to_numpy(dtype="float64", copy=True)
    boxes[:, 2:] += boxes[:, :2]
    boxes[~np.isfinite(boxes).all(axis=1)] = np.nan
    return boxes


def _fill_boxes(boxes: Floats, time: Integers, tracklet: Integers) -> Floats:
    """Interpolate missing boxes within each tracklet, and repeat its first and last box at its ends."""
    found = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    if not len(found):
        return boxes
    rows = np.arange(len(boxes))
    before = found[np.maximum(np.searchsorted(found, rows, side="right") - 1, 0)]
    after = found[np.minimum(np.searchsorted(found, rows, side="left"), len(found) - 1)]
    has_before = (tracklet[before] == tracklet) & (before <= rows)
    has_after = (tracklet[after] == tracklet) & (after >= rows)
    before, after = np.where(has_before, before, after), np.where(has_after, after, before)
    span = np.maximum(time[after] - time[before], 1)
    share = ((time - time[before]) / span)[:, None]
    filled: Floats = boxes[before] + share * (boxes[after] - boxes[before])
    filled[~(has_before | has_after)] = np.nan
    return filled


def _interpolate(boxes: Floats, rows: Integers, after: Integers, share: Floats, present: Bools) -> Floats:
    """Interpolate the boxes of rows toward the next row where both have a box."""
    moved = np.where(present[after], share, 0.0)[:, None]
    ahead = np.where(np.isfinite(boxes[after]), boxes[after], boxes[rows])
    found: Floats = boxes[rows] + moved * (ahead - boxes[rows])
    found[~present[rows]] = np.nan
    return found
