"""Convert decoded pages to columns, and the columns to the DETECTIONS table."""

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from operator import truth
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import FEET_MARGIN, Bools, Floats, Integers
from ptrack_analysis.limits import validate_budget
from ptrack_analysis.schema import DETECTIONS, FACE_COLUMNS, LANDMARK_COLUMNS, LANDMARKS
from ptrack_analysis.sources.pages.integrity import split_records
from ptrack_analysis.sources.pages.writing import BOX, FACE, POSE, QUALITY, unpack, unpack_numbers

_BOX = 4
_EXAMPLES = 3
_FACE = len(FACE_COLUMNS)
_NO_ROWS = ((np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0, "uint8"), *[np.empty(0, "uint32")] * 2),)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_LANDMARK = {name: 2 * number for number, name in enumerate(LANDMARKS)}


@dataclass(frozen=True, slots=True, eq=False)
class PageRows:
    """The rows of one page. ``boxes`` has a column per row with ``has_box``, ``faces`` with ``has_face``."""

    time: np.ndarray
    person: np.ndarray
    has_box: np.ndarray
    boxes: np.ndarray
    has_face: np.ndarray
    faces: np.ndarray

    def where(self, keep: Bools) -> "PageRows":
        """Return some of the rows."""
        return PageRows(
            time=self.time[keep],
            person=self.person[keep],
            has_box=self.has_box[keep],
            boxes=self.boxes[:, keep[self.has_box]],
            has_face=self.has_face[keep],
            faces=self.faces[:, keep[self.has_face]] if len(self.faces) else self.faces,
        )

    def checksum(self) -> int:
        """Return a fast checksum of times and people; pages with different checksums are different."""
        return crc32(self.person.data, crc32(self.time.data))

    def digest(self) -> bytes:
        """Return a fingerprint of the rows: only equal pages have equal fingerprints."""
        content = blake2b(digest_size=16)
        for values in (self.time, self.person, self.has_box, self.boxes, self.has_face, self.faces):
            content.update(values.tobytes())
            content.update(b"|")
        return content.digest()


def build_page_rows(page: Any, *, faces: bool, landmarks: bool) -> PageRows:
    """Convert the records of a decoded page to columns without references to the page."""
    records = page.persons or []
    count = len(records)
    persons, boxes, faces_, given_boxes, given_faces = page.split or split_records(records)
    return PageRows(
        time=np.fromiter([record.timestamp for record in records], dtype="int64", count=count),
        person=np.fromiter([person.index for person in persons], dtype="int64", count=count),
        has_box=_find_given(boxes, given_boxes),
        boxes=unpack_numbers(given_boxes, BOX),
        has_face=_find_given(faces_, given_faces),
        faces=_flatten_faces(given_faces, landmarks=landmarks) if faces else np.empty((0, 0)),
    )


def _find_given(structs: list[Any], given: list[Any]) -> np.ndarray:
    """Return a mask of the structs that are not None."""
    if len(given) == len(structs):
        return np.ones(len(structs), dtype=bool)
    return np.frombuffer(bytes(map(truth, structs)), dtype=bool)


def _flatten_faces(faces: list[Any], *, landmarks: bool) -> np.ndarray:
    """Flatten faces to (width, k): box, confidence, pose, quality, landmarks."""
    complete = None if landmarks else unpack(faces, FACE)
    if complete is not None:
        return complete
    values = np.full((_FACE + (len(LANDMARK_COLUMNS) if landmarks else 0), len(faces)), np.nan)
    parts = (
        (slice(0, _BOX), [face.bounding_box for face in faces], BOX),
        (slice(5, 8), [face.pose for face in faces], POSE),
        (slice(8, 10), [face.quality for face in faces], QUALITY),
    )
    for columns, structs, layout in parts:
        given = list(filter(None, structs))
        values[columns, _find_given(structs, given)] = unpack_numbers(given, layout)
    values[_BOX] = np.array([face.confidence for face in faces], dtype="float64")
    for column, face in enumerate(faces if landmarks else ()):
        for point in face.landmarks or ():
            if point.type in _LANDMARK:
                row = _FACE + _LANDMARK[point.type]
                values[row : row + 2, column] = point.x, point.y
    return values


@dataclass(frozen=True, slots=True, eq=False)
class TimeRange:
    """The part of a video to keep: rows with ``start <= time < end``, and rows at ``moments`` [ms]."""

    start: int
    end: float
    moments: Integers = field(default_factory=lambda: np.empty(0, "int64"))

    def contains(self, time: Integers) -> Bools:
        """Return a mask of the times within the part."""
        inside: Bools = (time >= self.start) & (time < self.end)
        return inside | np.isin(time, self.moments) if len(self.moments) else inside


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Facts about all detections of a video, even if the table only contains a part.

    ``index`` has each timestamp and person. ``boxes`` is the number of body boxes, ``negative`` the number of
    boxes with a negative size, and ``hidden`` the number of boxes that touch the lower edge of the image.
    """

    index: pd.MultiIndex
    boxes: int
    negative: int
    hidden: int


def compute_whole(detections: pd.DataFrame) -> Whole:
    """Return the facts about all detections of a table; points have no boxes."""
    index: Any = detections.index
    if "left" not in detections.columns:
        return Whole(index, 0, 0, 0)
    boxes = np.stack([detections[name].to_numpy() for name in ("left", "top", "width", "height")])
    kinds = _classify_boxes(boxes)
    return _count_kinds(index, kinds)


def _mark_values(values: Floats) -> np.ndarray:
    """Return a hash above 0 for each column of an array (k, n); equal columns have equal hashes."""
    mark = np.ones(values.shape[1], "uint64")
    for row in values:
        mark = (mark ^ np.ascontiguousarray(row).view("uint64")) * _MIX
        mark ^= mark >> np.uint64(29)
    short: np.ndarray = np.maximum((mark >> np.uint64(32)).astype("uint32"), np.uint32(1))
    return short


def _compact(values: Integers) -> Integers:
    """Return nonnegative integers as the smallest unsigned type up to uint32, otherwise unchanged."""
    most = int(values.max(initial=0))
    compact: Integers = values.astype(np.min_scalar_type(most)) if most < 2**32 else values
    return compact


def _classify_boxes(boxes: Floats) -> np.ndarray:
    """Return the flags of each box (4, n) as bits: any side known, complete, negative, hidden."""
    known = ~np.isnan(boxes)
    complete = known.all(axis=0)
    _, top, width, height = boxes
    negative = complete & ((width < 0) | (height < 0))
    hidden = complete & (top + height >= 1 - FEET_MARGIN)
    bits = (known.any(axis=0), complete, negative, hidden)
    kinds: np.ndarray = np.packbits(np.stack(bits), axis=0, bitorder="little")[0]
    return kinds


def _count_kinds(index: pd.MultiIndex, kinds: np.ndarray) -> Whole:
    _, complete, negative, hidden = (int(((kinds >> bit) & 1).sum()) for bit in range(4))
    return Whole(index, complete, negative, hidden)


@dataclass(frozen=True, slots=True)
class Budget:
    """Memory that a video may use, and memory per row at the peak of the analysis [bytes].

    ``row`` is the memory per row that is kept, ``other`` the memory per row outside the part to keep.
    """

    video: str
    memory: int
    row: int
    other: int
    way_out: str

    def validate(self, rows: int, others: int) -> None:
        """Reject a number of rows that needs more memory than is available.

        Raises
        ------
        InputError
            With the minimum of the required memory.
        """
        what = f"video {self.video!r} with {rows + others} detections or more"
        validate_budget(rows * self.row + others * self.other, what, self.way_out, self.memory)


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows that were joined with another row of the same person and time.

    ``differing`` is the number of rows whose box or face differs from the kept row; ``examples`` name some.
    """

    rows: int
    differing: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Collector:
    """Collects the rows of pages and builds one table.

    With a ``part``, only its rows are kept. Of other rows, only time, person and flags of the box remain, for
    the facts about the complete video. With a ``budget``, too many rows raise an error early.
    """

    faces: bool = True
    landmarks: bool = False
    part: TimeRange | None = None
    budget: Budget | None = None
    pages: list[PageRows] = field(default_factory=list)
    _digests: list[bytes] = field(default_factory=list)
    _others: list[tuple[Integers, Integers, np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    _count: int = 0
    _count_others: int = 0

    def __len__(self) -> int:
        """Return the number of pages added."""
        return len(self.pages)

    def add(self, rows: PageRows) -> None:
        """Add the rows of a page."""
        if self.part is None:
            self._keep(rows)
            return
        self._digests.append(rows.digest())
        keep = self.part.contains(rows.time)
        others = rows.where(~keep)
        self._count_others += len(others.time)
        self._keep(rows.where(keep))
        kinds = np.zeros(len(others.time), "uint8")
        kinds[others.has_box] = _classify_boxes(others.boxes)
        marks = np.zeros((2, len(others.time)), "uint32")
        marks[0, others.has_box] = _mark_values(others.boxes)
        if len(others.faces):
            marks[1, others.has_face] = _mark_values(others.faces)
        self._others.append((_compact(others.time), _compact(others.person), kinds, *marks))

    def _keep(self, rows: PageRows) -> None:
        self.pages.append(rows)
        self._count += len(rows.time)
        if self.budget is not None:
            self.budget.validate(self._count, self._count_others)

    def page_digest(self, number: int) -> bytes:
        """Return the fingerprint of a page that was added."""
        return self.pages[number].digest() if self.part is None else self._digests[number]

    def table(self) -> tuple[pd.DataFrame, Merged]:
        """Build the sorted DETECTIONS table of all rows, and release the rows.

        Rows with the same person and timestamp are merged: the largest body box and the largest face are
        kept. If boxes are equally large, the leftmost is kept, then the topmost.

        Returns
        -------
        tuple
            The table, and the rows that were merged into others.
        """
        time = np.concatenate([np.empty(0, "int64"), *(page.time for page in self.pages)])
        person = np.concatenate([np.empty(0, "int64"), *(page.person for page in self.pages)])
        order = _find_order(time, person)
        values = self._values(order)
        if order is not None:
            time, person = time[order], person[order]
        same = (time[1:] == time[:-1]) & (person[1:] == person[:-1])
        merged = Merged(int(same.sum()))
        if merged.rows:
            keep, differing = _merge(values, same)
            merged = replace(
                merged,
                differing=len(differing),
                examples=tuple(
                    f"person {person[row]} at {time[row] / 1000:.3f} s" for row in differing[:_EXAMPLES]
                ),
            )
            time, person, values = time[keep], person[keep], values[:, keep]
        table = pd.DataFrame(values.T, index=_build_index(time, person), columns=self.columns(), copy=False)
        return table, merged

    def whole(self, kept: pd.DataFrame) -> tuple[Whole, int]:
        """Return the facts about all rows, and the number of merged rows outside the table ``kept``."""
        time, person, kinds, merged, _ = self._merged_others()
        of_kept = compute_whole(kept)
        of_others = _count_kinds(of_kept.index, kinds)
        if not len(time):
            return of_kept, merged
        level = kept.index.get_level_values
        time = np.append(time, level("timestamp").to_numpy().view("int64"))
        person = np.append(person, level("person_index").to_numpy())
        order = np.lexsort((person, time))
        counts = (
            getattr(of_kept, name) + getattr(of_others, name) for name in ("boxes", "negative", "hidden")
        )
        return Whole(_build_index(time[order], person[order]), *counts), merged

    def unclear(self) -> Integers:
        """Return the times at which discarded rows have several boxes, which must be kept to compare them."""
        return self._merged_others()[-1]

    def _merged_others(self) -> tuple[Integers, Integers, np.ndarray, int, Integers]:
        """Merge the discarded rows; return time, person, flags, number of merged rows, and unclear times."""
        time, person, kinds, *marks = map(np.concatenate, zip(*self._others, *_NO_ROWS, strict=True))
        order = _find_order(time, person)
        if order is not None:
            time, person, kinds = time[order], person[order], kinds[order]
            marks = [mark[order] for mark in marks]
        same = (time[1:] == time[:-1]) & (person[1:] == person[:-1])
        merged = int(same.sum())
        if not merged:
            return time, person, kinds, 0, time[:0]
        first = np.flatnonzero(np.append(True, ~same))
        time, person = time[first], person[first]
        unclear = np.zeros(len(first), dtype=bool)
        for mark in marks:
            most = np.maximum.reduceat(mark, first)
            least = np.minimum.reduceat(np.where(mark == 0, np.iinfo("uint32").max, mark), first)
            unclear |= (most > 0) & (most != least)
        return time, person, np.maximum.reduceat(kinds, first), merged, np.unique(time[unclear])

    def columns(self) -> list[str]:
        """List the columns of the table."""
        columns = [column.name for column in DETECTIONS.columns[:_BOX]]
        columns += [column.name for column in FACE_COLUMNS] if self.faces else []
        return columns + ([column.name for column in LANDMARK_COLUMNS] if self.landmarks else [])

    def _values(self, order: np.ndarray | None) -> np.ndarray:
        """Write boxes and faces in the order of the sorted table, with contiguous columns."""
        count = sum(len(page.time) for page in self.pages)
        values = np.full((len(self.columns()), count), np.nan)
        sorted_row = np.empty(count, dtype="int64")
        sorted_row[slice(None) if order is None else order] = np.arange(count)
        start = 0
        self.pages.reverse()
        while self.pages:
            page = self.pages.pop()
            rows = sorted_row[start : start + len(page.time)]
            values[:_BOX, rows[page.has_box]] = page.boxes
            if self.faces:
                values[_BOX:, rows[page.has_face]] = page.faces
            start += len(page.time)
        return values


def _find_order(time: np.ndarray, person: np.ndarray) -> np.ndarray | None:
    """Return the order by time and person, None if the rows are sorted."""
    later, same = time[1:] > time[:-1], time[1:] == time[:-1]
    if (later | (same & (person[1:] >= person[:-1]))).all():
        return None
    return np.lexsort((person, time))


def _build_index(time: np.ndarray, person: np.ndarray) -> pd.MultiIndex:
    """Build the index of sorted rows without hashing them."""
    new = np.ones(len(time), dtype=bool)
    new[1:] = time[1:] != time[:-1]
    persons, codes = _rank_persons(person)
    levels: list[Any] = [pd.TimedeltaIndex(time[new].view("timedelta64[ms]")), pd.Index(persons)]
    coded: list[Any] = [np.cumsum(new) - 1, codes]
    return pd.MultiIndex(
        levels=levels,
        codes=coded,
        names=DETECTIONS.key_names,
        verify_integrity=False,
    )


def _rank_persons(person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted unique persons and the code of each row, without a sort if the range is small."""
    most = int(person.max(initial=0))
    if most > 4 * len(person):
        return np.unique(person, return_inverse=True)
    used = np.zeros(most + 1, dtype=bool)
    used[person] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[person]


def _merge(values: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write the best box and the best face of the rows with the same key to the first of them.

    Returns
    -------
    tuple
        The rows to keep; the rows whose box or face differs from the best one.
    """
    keep = np.append(True, ~same)
    doubled = np.flatnonzero(np.append(same, False) | ~keep)
    group = np.cumsum(keep)[doubled]
    firsts = doubled[keep[doubled]]
    number = np.cumsum(keep[doubled]) - 1
    differs = np.zeros(len(doubled), dtype=bool)
    for columns in (slice(0, _BOX), slice(_BOX, len(values))):
        part = values[columns, doubled]
        if len(part):
            best = part[:, _find_best(part, group)]
            values[columns, firsts] = best
            differs |= ((part != best[:, number]) & ~np.isnan(part)).any(axis=0)
    return np.flatnonzero(keep), doubled[differs]


def _find_best(part: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Choose one row of each group by its values: the largest box, then left, top and the other values."""
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
