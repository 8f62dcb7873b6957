"""Decoded pages as columns, and all columns as the DETECTIONS table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from operator import truth
from typing import Any

import numpy as np
import pandas as pd
from msgspec.structs import astuple

from ptrack_analysis.schema import DETECTIONS, FACE_COLUMNS, LANDMARK_COLUMNS, LANDMARKS, check

_BOX = 4
_FACE = len(FACE_COLUMNS)
_LANDMARK = {name: 2 * place for place, name in enumerate(LANDMARKS)}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One page's rows: where ``has_box`` a row of ``boxes``, where ``has_face`` a row of ``faces``."""

    time: np.ndarray
    person: np.ndarray
    has_box: np.ndarray
    boxes: np.ndarray
    has_face: np.ndarray
    faces: np.ndarray

    def digest(self) -> bytes:
        """Give a fingerprint of the rows: equal pages have equal ones."""
        content = blake2b(digest_size=16)
        for values in (self.time, self.person, self.has_box, self.boxes, self.has_face, self.faces):
            content.update(values.tobytes())
            content.update(b"|")
        return content.digest()


def rows_of(records: Sequence[Any], *, faces: bool, landmarks: bool) -> Rows:
    """Turn a page's decoded records into columns; nothing of the decoded page is kept."""
    count = len(records)
    times, persons = zip(*map(astuple, records), strict=True) if count else ((), ())
    indices, boxes, found = zip(*map(astuple, persons), strict=True) if count else ((), (), ())
    has_face = np.fromiter(map(truth, found), dtype=bool, count=count)
    width = (_FACE + (len(LANDMARK_COLUMNS) if landmarks else 0)) if faces else 0
    return Rows(
        time=np.array(times, dtype="int64"),
        person=np.array(indices, dtype="int64"),
        has_box=np.fromiter(map(truth, boxes), dtype=bool, count=count),
        boxes=_numbers(boxes, _BOX),
        has_face=has_face,
        faces=_faces([face for face in found if face is not None], width) if width else np.empty((0, 0)),
    )


def _numbers(structs: Iterable[Any], width: int) -> np.ndarray:
    """Flatten the structs that are there to (k, width) numbers; a null is NaN."""
    try:
        flat = np.fromiter(chain.from_iterable(map(astuple, filter(None, structs))), dtype="float64")
    except TypeError:
        flat = np.fromiter(
            (np.nan if value is None else value for struct in structs if struct for value in astuple(struct)),
            dtype="float64",
        )
    return flat.reshape(-1, width)


def _faces(faces: list[Any], width: int) -> np.ndarray:
    """Flatten faces to (k, width): box, confidence, pose, quality, landmarks."""
    values = np.full((len(faces), width), np.nan)
    if faces:
        boxes, confidences, poses, qualities, *landmarks = zip(*map(astuple, faces), strict=True)
        for column, structs, size in ((0, boxes, _BOX), (5, poses, 3), (8, qualities, 2)):
            there = np.fromiter(map(truth, structs), dtype=bool, count=len(faces))
            values[there, column : column + size] = _numbers(structs, size)
        values[:, _BOX] = np.array(confidences, dtype="float64")
        for row, points in enumerate(landmarks[0] if landmarks else ()):
            for point in points or ():
                if point.type in _LANDMARK:
                    place = _FACE + _LANDMARK[point.type]
                    values[row, place : place + 2] = point.x, point.y
    return values


@dataclass(slots=True)
class Collector:
    """Rows of pages on their way to one table."""

    faces: bool = True
    landmarks: bool = False
    pages: list[Rows] = field(default_factory=list)

    def table(self) -> tuple[pd.DataFrame, int]:
        """Make the DETECTIONS table of all rows, sorted; the rows are given up.

        The same person twice at one moment is made one row: the body box of the row that has one and the
        face of the row that has one; of several the larger, then the one further left, then further up.

        Returns
        -------
        tuple
            The table, and how many rows were merged into others.
        """
        time = np.concatenate([np.empty(0, "int64"), *(page.time for page in self.pages)])
        person = np.concatenate([np.empty(0, "int64"), *(page.person for page in self.pages)])
        order = _order(time, person)
        values = self._values(order)
        if order is not None:
            time, person = time[order], person[order]
        same = (time[1:] == time[:-1]) & (person[1:] == person[:-1])
        merged = int(same.sum())
        if merged:
            keep = _merge(values, same)
            time, person, values = time[keep], person[keep], values[:, keep]
        table = pd.DataFrame(values.T, index=_index(time, person), columns=self._columns(), copy=False)
        check(table, DETECTIONS)
        return table, merged

    def _columns(self) -> list[str]:
        columns = [column.name for column in DETECTIONS.columns[:_BOX]]
        columns += [column.name for column in FACE_COLUMNS] if self.faces else []
        return columns + ([column.name for column in LANDMARK_COLUMNS] if self.landmarks else [])

    def _values(self, order: np.ndarray | None) -> np.ndarray:
        """Put boxes and faces at the rows' places in the sorted table, a column being contiguous."""
        count = sum(len(page.time) for page in self.pages)
        values = np.full((len(self._columns()), count), np.nan)
        place = np.empty(count, dtype="int64")
        place[slice(None) if order is None else order] = np.arange(count)
        start = 0
        self.pages.reverse()
        while self.pages:
            page = self.pages.pop()
            rows = place[start : start + len(page.time)]
            values[:_BOX, rows[page.has_box]] = page.boxes.T
            if self.faces:
                values[_BOX:, rows[page.has_face]] = page.faces.T
            start += len(page.time)
        return values


def _order(time: np.ndarray, person: np.ndarray) -> np.ndarray | None:
    """Give the order by time and person, or None where the rows are in it."""
    later, same = time[1:] > time[:-1], time[1:] == time[:-1]
    if (later | (same & (person[1:] >= person[:-1]))).all():
        return None
    return np.lexsort((person, time))


def _index(time: np.ndarray, person: np.ndarray) -> pd.MultiIndex:
    """Build the index of sorted rows without hashing them."""
    new = np.ones(len(time), dtype=bool)
    new[1:] = time[1:] != time[:-1]
    persons, codes = np.unique(person, return_inverse=True)
    levels: list[Any] = [pd.TimedeltaIndex(time[new].view("timedelta64[ms]")), pd.Index(persons)]
    coded: list[Any] = [np.cumsum(new) - 1, codes]
    return pd.MultiIndex(
        levels=levels,
        codes=coded,
        names=DETECTIONS.key_names,
        verify_integrity=False,
    )


def _merge(values: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Give the first row of each key the best box and the best face of its rows; return what to keep."""
    keep = np.append(True, ~same)
    doubled = np.flatnonzero(np.append(same, False) | ~keep)
    group = np.cumsum(keep)[doubled]
    firsts = doubled[keep[doubled]]
    for columns in (slice(0, _BOX), slice(_BOX, len(values))):
        part = values[columns, doubled]
        if len(part):
            values[columns, firsts] = part[:, _best(part, group)]
    return np.flatnonzero(keep)


def _best(part: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Choose one row of each group, by the values alone: the larger box, then left, top, and the rest."""
    left, top, width, height, *rest = part
    area = width * height
    ranks = [
        *reversed(rest),
        height,
        width,
        top,
        left,
        -area,
        np.isnan(left),
        np.isnan(part).all(axis=0),
        group,
    ]
    order = np.lexsort(ranks)
    first = np.ones(len(order), dtype=bool)
    first[1:] = group[order][1:] != group[order][:-1]
    return order[first]
