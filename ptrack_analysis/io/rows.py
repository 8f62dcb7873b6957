"""Decoded pages as columns, and all columns as the DETECTIONS table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import truth
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.io.packing import BOX, FACE, POSE, QUALITY, numbers_of, unpack
from ptrack_analysis.schema import DETECTIONS, FACE_COLUMNS, LANDMARK_COLUMNS, LANDMARKS, check

_BOX = 4
_FACE = len(FACE_COLUMNS)
_LANDMARK = {name: 2 * place for place, name in enumerate(LANDMARKS)}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One page's rows: where ``has_box`` a column of ``boxes``, where ``has_face`` a column of ``faces``."""

    time: np.ndarray
    person: np.ndarray
    has_box: np.ndarray
    boxes: np.ndarray
    has_face: np.ndarray
    faces: np.ndarray

    def fingerprint(self) -> bytes:
        """Give a fingerprint of who was seen when: pages with different ones are different."""
        return blake2b(self.time.tobytes() + self.person.tobytes(), digest_size=16).digest()

    def digest(self) -> bytes:
        """Give a fingerprint of the rows: equal pages have equal ones, and no others."""
        content = blake2b(digest_size=16)
        for values in (self.time, self.person, self.has_box, self.boxes, self.has_face, self.faces):
            content.update(values.tobytes())
            content.update(b"|")
        return content.digest()


def rows_of(records: Sequence[Any], *, faces: bool, landmarks: bool) -> Rows:
    """Turn a page's decoded records into columns; nothing of the decoded page is kept."""
    count = len(records)
    persons = [record.person for record in records]
    has_box, boxes = _there([person.bounding_box for person in persons])
    has_face, found = _there([person.face for person in persons])
    return Rows(
        time=np.fromiter([record.timestamp for record in records], dtype="int64", count=count),
        person=np.fromiter([person.index for person in persons], dtype="int64", count=count),
        has_box=has_box,
        boxes=numbers_of(boxes, BOX),
        has_face=has_face,
        faces=_faces(found, landmarks=landmarks) if faces else np.empty((0, 0)),
    )


def _there(structs: list[Any]) -> tuple[np.ndarray, list[Any]]:
    """Tell where there is a struct, and give those that are there."""
    has = np.fromiter(map(truth, structs), dtype=bool, count=len(structs))
    return has, list(filter(None, structs))


def _faces(faces: list[Any], *, landmarks: bool) -> np.ndarray:
    """Flatten faces to (width, k): box, confidence, pose, quality, landmarks."""
    whole = None if landmarks else unpack(faces, FACE)
    if whole is not None:
        return whole
    values = np.full((_FACE + (len(LANDMARK_COLUMNS) if landmarks else 0), len(faces)), np.nan)
    parts = (
        (slice(0, _BOX), [face.bounding_box for face in faces], BOX),
        (slice(5, 8), [face.pose for face in faces], POSE),
        (slice(8, 10), [face.quality for face in faces], QUALITY),
    )
    for columns, structs, form in parts:
        has, there = _there(structs)
        values[columns, has] = numbers_of(there, form)
    values[_BOX] = np.array([face.confidence for face in faces], dtype="float64")
    for column, face in enumerate(faces if landmarks else ()):
        for point in face.landmarks or ():
            if point.type in _LANDMARK:
                place = _FACE + _LANDMARK[point.type]
                values[place : place + 2, column] = point.x, point.y
    return values


@dataclass(slots=True)
class Collector:
    """Rows of pages on their way to one table."""

    faces: bool = True
    landmarks: bool = False
    pages: list[Rows] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the pages that were taken in."""
        return len(self.pages)

    def add(self, rows: Rows) -> None:
        """Take in a page's rows."""
        self.pages.append(rows)

    def digest_of(self, number: int) -> bytes:
        """Give the fingerprint of a page that was taken in."""
        return self.pages[number].digest()

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
        table = pd.DataFrame(values.T, index=_index(time, person), columns=self.columns(), copy=False)
        check(table, DETECTIONS)
        return table, merged

    def columns(self) -> list[str]:
        """List the columns of the table."""
        columns = [column.name for column in DETECTIONS.columns[:_BOX]]
        columns += [column.name for column in FACE_COLUMNS] if self.faces else []
        return columns + ([column.name for column in LANDMARK_COLUMNS] if self.landmarks else [])

    def _values(self, order: np.ndarray | None) -> np.ndarray:
        """Put boxes and faces at the rows' places in the sorted table, a column being contiguous."""
        count = sum(len(page.time) for page in self.pages)
        values = np.full((len(self.columns()), count), np.nan)
        place = np.empty(count, dtype="int64")
        place[slice(None) if order is None else order] = np.arange(count)
        start = 0
        self.pages.reverse()
        while self.pages:
            page = self.pages.pop()
            rows = place[start : start + len(page.time)]
            values[:_BOX, rows[page.has_box]] = page.boxes
            if self.faces:
                values[_BOX:, rows[page.has_face]] = page.faces
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
    persons, codes = _ranked(person)
    levels: list[Any] = [pd.TimedeltaIndex(time[new].view("timedelta64[ms]")), pd.Index(persons)]
    coded: list[Any] = [np.cumsum(new) - 1, codes]
    return pd.MultiIndex(
        levels=levels,
        codes=coded,
        names=DETECTIONS.key_names,
        verify_integrity=False,
    )


def _ranked(person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the persons in growing order and each row's place among them; without a sort, if it can be."""
    most = int(person.max(initial=0))
    if most > 4 * len(person):
        return np.unique(person, return_inverse=True)
    used = np.zeros(most + 1, dtype=bool)
    used[person] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[person]


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
