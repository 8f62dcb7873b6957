"""DETECTIONS from a tracker's columns: layout, unit and origin of the boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import DETECTIONS, POINTS
from ptrack_analysis.sources.read_report import DroppedRows, IgnoredColumns, ReadReport
from ptrack_analysis.sources.trackers.cells import MOST, Cells
from ptrack_analysis.sources.trackers.classes import ClassList, select_classes, select_confident
from ptrack_analysis.sources.trackers.identities import read_identities
from ptrack_analysis.sources.trackers.merging import build_detections
from ptrack_analysis.sources.trackers.positions import find_stated_unit, read_positions, validate_speed
from ptrack_analysis.sources.trackers.roles import BOXES, PARTS, across, down
from ptrack_analysis.sources.trackers.source_columns import to_pandas
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.sources.trackers.times import read_times
from ptrack_analysis.sources.trackers.tracked import Given, PointUnit, Tracked, Unit, frame_size
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video, choose_y_axis

_FRACTIONS = (-1.0, 2.0)
"""Sides of boxes are fractions of the frame if all sides are within these bounds."""
_BEYOND = 10.0
"""A side above this is in px, even if the caller gives another unit."""
_FOUR = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_BOX_CELL = r"^[^0-9.+-]*" + r"[\s,;]+".join(f"(?P<n{at}>{_FOUR})" for at in range(4)) + r"[^0-9.]*$"
Part = tuple[tuple[str, str], ...]
"""The key of one video's rows: pairs of a role (``video``, ``camera``) and its value."""
_CLIPPED = 2
"""Number of sides exactly on the image border that proves where the image begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLayout:
    """The layout of a format's boxes or points.

    ``columns`` maps roles to columns. ``first_frame`` is the number of the first frame, ``first_pixel`` the
    coordinate of the upper left pixel, ``unit`` the unit of the coordinates. They are None if they differ by
    writer; then the values decide, and the first pixel is ``likely_pixel`` if the values prove nothing.
    ``likely_unit`` is the unit of points if neither the file nor the caller states it. If ``may_be_hidden``,
    a position may be missing. ``likely_frame_rate`` is the assumed rate and the recordings that have it.
    ``classes`` is the format's list of classes. If ``text_ids``, identities may be texts.
    """

    columns: Mapping[str, str]
    first_frame: int | None = None
    first_pixel: int | None = 0
    likely_pixel: int = 0
    unit: Unit | None = None
    likely_unit: PointUnit | None = None
    may_be_hidden: bool = False
    likely_frame_rate: tuple[float, str] | None = None
    classes: ClassList | None = None
    text_ids: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a tracker's file with their layout, and messages about them.

    The rows may be in any order. ``further`` maps names in the table to the columns of the cells that are
    kept without a role. ``part_facts`` has the facts about each video of the file, by the value of the role
    ``video``. ``with_frame_rate`` is the layout to use if the frame rate is known, and its assumption.
    """

    cells: Cells
    layout: BoxLayout
    dropped: tuple[DroppedRows, ...] = ()
    assumptions: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    further: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[IgnoredColumns, ...] = ()
    video: Video = field(default_factory=Video)
    parts: Mapping[Part, Integers] | None = None
    has_frame_0: bool | None = None
    part_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    with_frame_rate: tuple[BoxLayout, str] | None = None


def split_rows(rows: Rows) -> Rows:
    """Return the rows with the row indices of each video, to select a video fast."""
    columns = rows.layout.columns
    has_frame_0 = "frame" in columns and rows.cells.least(columns["frame"]) == 0
    return replace(rows, parts=_find_parts(rows.cells, columns), has_frame_0=has_frame_0)


def build_tracked(rows: Rows, given: Given) -> Tracked:
    """Convert the rows of a tracker's file to DETECTIONS or POINTS.

    Parameters
    ----------
    rows
        The rows, as a reader returns them.
    given
        Options and facts from the caller.

    Raises
    ------
    InputError
        If a cell is invalid, with its value and position.
    ParameterError
        If the frame size or rate is required and unknown.
    """
    has_frame_0 = rows.has_frame_0
    if has_frame_0 is None:
        has_frame_0 = "frame" in rows.layout.columns and rows.cells.least(rows.layout.columns["frame"]) == 0
    part = select_part(rows, given)
    rows, video = _apply_frame_rate(rows, _complete_facts(rows, part, given))
    layout = rows.layout
    part, columns = _spread_boxes(part, layout.columns)
    by_class = select_classes(part, columns, given, layout.classes)
    confident = select_confident(part, columns, given, by_class.keep)
    ids = read_identities(part, columns["id"], texts=layout.text_ids)
    has_points, unit = "x" in columns, None
    box: dict[str, Floats]
    if has_points:
        box, unit, odd, assumed = read_positions(part, columns, layout, given, video)
    times = read_times(part, columns, given, layout.first_frame, video, has_frame_0=has_frame_0)
    if not has_points:
        box, assumed, odd = _read_boxes(part, columns, layout, given, video)
    further = _read_further(part, columns)
    if ids.texts is not None:
        texts: Any = np.where(ids.is_tracked, ids.texts, None)
        further["source_id"] = pd.array(texts, dtype="str")
    further |= {name: to_pandas(part.columns[column]) for name, column in rows.further.items()}
    keep = by_class.keep & confident.keep
    person = ids.number_by_appearance(times.values)
    values, moments, people, cells = {**box, **further}, times.values, person, part
    if not keep.all():
        values = {name: column[keep] for name, column in values.items()}
        moments, people, cells = moments[keep], people[keep], part.kept(keep)
    schema = POINTS if has_points else DETECTIONS
    table, dropped, oddities = build_detections(schema, cells, moments, people, values, unit=unit)
    known = video if times.started_at is None else replace(video, started_at=times.started_at)
    if unit is not None:
        is_stated = (layout.unit or find_stated_unit(columns)) is not None
        oddities += validate_speed(table, unit, cells.place, is_stated=is_stated)
        known = replace(known, y_axis=given.y_axis or known.y_axis or choose_y_axis(unit))
    elif given.y_axis is not None:
        raise ParameterError(
            f"{cells.place}: y_axis is for points, but the file has boxes, in which y points down. Remove "
            "y_axis (--y-axis)."
        )
    selected = [
        replace(reason, people=_count_lost(person, selection.keep, keep))
        for selection in (by_class, confident)
        for reason in selection.dropped
    ]
    report = ReadReport(
        source=cells.place,
        files=1,
        kept=len(table),
        dropped=(*rows.dropped, *selected, *dropped),
        assumptions=(*rows.assumptions, *by_class.assumptions, *assumed, *times.assumptions),
        oddities=(*rows.oddities, *by_class.oddities, *odd, *times.oddities, *oddities),
        ignored=rows.ignored,
    )
    return Tracked(table, known, report)


def _count_lost(person: Integers, selected: Bools, keep: Bools) -> int:
    """Count the people who have a dropped row and no kept row."""
    dropped = np.unique(person[~selected])
    return int((~np.isin(dropped[dropped >= 0], person[keep])).sum())


def select_part(rows: Rows, given: Given) -> Cells:
    """Return the rows of the chosen video and camera.

    Raises
    ------
    InputError
        If the rows are of several videos or cameras, and the caller chose no single one.
    """
    cells, columns = rows.cells, rows.layout.columns
    roles = _list_roles(cells, columns)
    if not roles or not cells.count:
        return cells
    parts = _find_parts(cells, columns) if rows.parts is None else rows.parts
    chosen = [part for part in parts if all(dict(part)[role] == value for role, value in given.part.items())]
    if len(chosen) > 1:
        _reject_several(cells, columns, chosen)
    if len(chosen) == len(parts):
        return cells
    return cells.taken(parts[chosen[0]] if chosen else np.empty(0, dtype="int64"))


def _complete_facts(rows: Rows, part: Cells, given: Given) -> Video:
    """Add the facts about the selected video to the facts of the file."""
    if not rows.part_facts:
        return rows.video
    value = given.part.get("video")
    if value is None and part.count:
        value = str(part.columns[rows.layout.columns["video"]][0].as_py())
    facts = rows.part_facts.get(value or "", {})
    return replace(rows.video, **{name: fact for name, fact in facts.items() if fact is not None})


def _apply_frame_rate(rows: Rows, video: Video) -> tuple[Rows, Video]:
    """Choose the layout by the frame rate, which is assumed if it is unknown."""
    if rows.with_frame_rate is not None and video.frame_rate is not None:
        layout, assumption = rows.with_frame_rate
        return replace(rows, layout=layout, assumptions=(assumption,)), video
    if video.frame_rate is not None or rows.layout.likely_frame_rate is None:
        return rows, video
    rate, recordings = rows.layout.likely_frame_rate
    text = f"{rate:g} frames per second are assumed, as in {recordings}"
    assumptions = (*rows.assumptions, f"{text}, unless the frame rate (--frame-rate) is given")
    return replace(rows, assumptions=assumptions), replace(video, frame_rate=rate)


def _reject_several(cells: Cells, columns: Mapping[str, str], parts: Sequence[Part]) -> None:
    """Reject rows of several videos or cameras."""
    for role in dict(parts[0]):
        values = list(dict.fromkeys(dict(part)[role] for part in parts))
        if len(values) > 1:
            shown = ", ".join(map(repr, values[:3])) + (", ..." if len(values) > 3 else "")  # noqa: PLR2004
            raise InputError(
                f"{cells.place}: the column {columns[role]!r} has {len(values)} values ({shown}), each a "
                f"{role}. Read one of the videos that find_videos returns (--video NAME); split a table by "
                f"{columns[role]!r} first."
            )


def list_parts(rows: Rows) -> list[dict[str, str]]:
    """Return the combinations of ``video`` and ``camera``, in order of appearance."""
    parts = _find_parts(rows.cells, rows.layout.columns) if rows.parts is None else rows.parts
    return [dict(part) for part in parts if part]


def _list_roles(cells: Cells, columns: Mapping[str, str]) -> list[str]:
    return [role for role in PARTS if columns.get(role) in cells.columns]


def _find_parts(cells: Cells, columns: Mapping[str, str]) -> dict[Part, Integers]:
    """Return the row indices of each video, in order of appearance."""
    roles = _list_roles(cells, columns)
    if not roles or not cells.count:
        return {}
    codes, values = np.zeros(cells.count, dtype="int64"), list[list[str]]()
    for role in roles:
        texts = pc.fill_null(pc.cast(cells.columns[columns[role]], pa.string()), "")
        found, names = pd.factorize(texts.to_pandas())
        values.append(list(map(str, names)))
        codes = codes * len(names) + found
    numbers, known = pd.factorize(codes)
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    parts = dict[Part, Integers]()
    for code, rows in zip(known.tolist(), groups, strict=True):
        pairs = list[tuple[str, str]]()
        for role, names in zip(reversed(roles), reversed(values), strict=True):
            code, number = divmod(code, len(names))  # noqa: PLW2901 - the digits of a mixed base
            pairs.insert(0, (role, names[number]))
        parts[tuple(pairs)] = rows
    return parts


def _spread_boxes(cells: Cells, columns: Mapping[str, str]) -> tuple[Cells, dict[str, str]]:
    """Split a column with four numbers per cell into four columns."""
    role = next((role for role in BOXES if role in columns), None)
    if role is None:
        return cells, dict(columns)
    name = columns[role]
    texts = pc.cast(cells.columns[name], pa.string())
    found = pc.extract_regex(texts, _BOX_CELL)
    absent = pc.is_null(found)
    if pc.any(absent, min_count=0).as_py():
        raise cells.fault(name, pc.index(absent, True).as_py(), "four numbers, as in [10, 20, 60, 220]")
    sides = {f"{name}.{side}": pc.struct_field(found, f"n{at}") for at, side in enumerate(BOXES[role])}
    roles = {side: f"{name}.{side}" for side in BOXES[role]}
    kept = {key: value for key, value in columns.items() if key != role}
    return replace(cells, columns={**cells.columns, **sides}), {**kept, **roles}


def _read_boxes(
    cells: Cells, columns: Mapping[str, str], layout: BoxLayout, given: Given, video: Video
) -> tuple[dict[str, Floats], list[str], list[str]]:
    """Read the sides of boxes as fractions, with assumptions and oddities."""
    left, width = _read_side(cells, columns, across(columns))
    top, height = _read_side(cells, columns, down(columns))
    unit, assumed = _find_unit(cells, (left, top, left + width, top + height), layout, given)
    size, oddities = (1, 1), list[str]()
    if unit == "px":
        size = frame_size(video, cells.place)
        origin, counted = _find_first_pixel(left, top, layout, given)
        assumed += counted
        left, top = left - origin, top - origin
    if flat := int(((width == 0) | (height == 0)).sum()):
        oddities.append(f"{flat} boxes have no area")
    box = {"left": left / size[0], "top": top / size[1], "width": width / size[0], "height": height / size[1]}
    return box, assumed, oddities


def _read_side(cells: Cells, columns: Mapping[str, str], pair: tuple[str, str]) -> tuple[Floats, Floats]:
    """Read the start and the size of boxes along one axis."""
    one, other = (columns[role] for role in pair)
    first, second = cells.numbers(one), cells.numbers(other)
    if pair[1] in {"width", "height"}:
        if (second < 0).any():
            raise cells.fault(other, int((second < 0).argmax()), "a size of at least 0")
        return (first - second / 2 if pair[0].startswith("center") else first), second
    if (second < first).any():
        row = int((second < first).argmax())
        begins = first[row].item()
        raise cells.fault(other, row, f"at least the {one} of the box, {begins:g}")
    return first, second - first


def _find_unit(
    cells: Cells, sides: tuple[Floats, ...], layout: BoxLayout, given: Given
) -> tuple[Unit, list[str]]:
    """Return the unit of the sides: given, of the format, or from the values."""
    if given.unit in {"m", "cm", "mm"}:
        raise ParameterError(
            f"{cells.place}: unit is {given.unit!r}, but the file has boxes, which are in px or fractions of "
            "the frame. Points need the columns x and y (--columns)."
        )
    unit = given.unit or layout.unit
    if not cells.count:
        return unit or "px", []
    least, most = min(float(side.min()) for side in sides), max(float(side.max()) for side in sides)
    small = _FRACTIONS[0] <= least and most <= _FRACTIONS[1]
    small = small and any((side % 1 != 0).any() for side in sides)
    if unit == "fraction" and (most > _BEYOND or least < -_BEYOND):
        side = next(side for side in sides if max(side.max(), -side.min()) > _BEYOND)
        row = int(np.abs(side).argmax())
        advice = "Pass unit='px' (--unit px)" if given.unit is None else "Remove unit='fraction' (--unit)"
        raise InputError(
            f"{cells.where(row)}: a side of the box is {side[row]:g}, but the unit is 'fraction' of "
            f"the frame. {advice} if the boxes are in px."
        )
    if given.unit == "px" and small:
        raise InputError(
            f"{cells.place}: the sides of all boxes are between {least:g} and {most:g}, so they are "
            "fractions of the frame, not px. Pass unit='fraction' (--unit fraction)."
        )
    if unit is None and small:
        bounds = f"between {least:g} and {most:g}"
        return "fraction", [f"the sides of all boxes are {bounds}: they are read as fractions of the frame"]
    return unit or "px", []


def _find_first_pixel(left: Floats, top: Floats, layout: BoxLayout, given: Given) -> tuple[int, list[str]]:
    """Return the first pixel: given, of the format, or from the boxes.

    Boxes that a tracker clips to the image prove it: many begin exactly at the first pixel, and no box
    before.
    """
    known = given.first_pixel if given.first_pixel is not None else layout.first_pixel
    if known is not None:
        return known, []
    for first in (0, 1):
        on_border = int((left == first).sum() + (top == first).sum())
        if on_border >= _CLIPPED and not ((left < first) | (top < first)).any():
            return first, []
    likely, other = layout.likely_pixel, 1 - layout.likely_pixel
    text = f"pixels are assumed to be counted from {likely}"
    return likely, [f"{text}, unless first_pixel (--first-pixel {other}) is given"]


def _read_further(cells: Cells, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns of confidences and classes that have values.

    A class that is not a whole number up to 2^53 is a name.
    """
    found: dict[str, Any] = {}
    if columns.get("confidence") in cells.columns:
        confidence = cells.numbers(columns["confidence"], required=False)
        if not (np.isnan(confidence) | (confidence == -1)).all():
            found["confidence"] = confidence
    numbers, name = columns.get("class", ""), columns.get("class_name", "")
    if numbers in cells.columns:
        values = cells.plain(numbers)
        is_number = isinstance(values, np.ndarray) and (
            np.isnan(values) | ((values % 1 == 0) & (np.abs(values) <= MOST))
        )
        if not np.all(is_number):
            found["class_name"] = cells.texts(numbers)
        elif not np.isnan(values).all():
            found["class_id"] = values
    if name in cells.columns and not pd.isna(names := cells.texts(name)).all():
        found["class_name"] = names
    return found


def read_fixed_text(path: AnyPath, given: Given) -> bytes:
    """Read the text of a format with fixed columns, within the memory limit.

    Raises
    ------
    InputError
        If the file cannot be read, or the memory limit does not allow so many lines.
    ParameterError
        If the caller names columns.
    """
    validate_columns(given, str(path))
    raw = read_text(path)
    given.validate_lines(raw)
    return raw


def validate_columns(given: Given, place: str, allowed: tuple[str, ...] = ()) -> None:
    """Reject column names that a format does not use.

    Raises
    ------
    ParameterError
        If the format does not allow one of the roles.
    """
    for role in given.columns or {}:
        if role not in allowed:
            takes = f"only {', '.join(allowed)}" if allowed else "no columns"
            raise ParameterError(f"{place}: columns names {role!r}, but this format takes {takes}")
