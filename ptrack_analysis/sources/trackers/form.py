"""Roles of the columns of a tracker's table, and the layout of its boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.schema import DETECTIONS
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.merging import build_detections, validate_tracked
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, Unit, frame_size, from_frames, from_times
from ptrack_analysis.video import Milliseconds, Video

MOMENTS = ("frame", "timestamp_ms", "time_s")
ACROSS = (("left", "right"), ("left", "width"), ("center_x", "width"))
DOWN = (("top", "bottom"), ("top", "height"), ("center_y", "height"))
FURTHER = ("confidence", "class", "class_name")
ROLES = (*MOMENTS, "id", *dict.fromkeys(role for pair in (*ACROSS, *DOWN) for role in pair), *FURTHER)

FRAME_NAMES = ("frame", "frame_number", "frame_index", "frame_idx", "frame_id", "frame_no", "frame_num")
"""Names under which people write the number of the frame."""


def find_time_role(columns: Mapping[str, str]) -> str:
    """Return the one role that tells the time: ``frame``, ``timestamp_ms`` or ``time_s``.

    Raises
    ------
    ParameterError
        If there is none, or several.
    """
    found = [role for role in MOMENTS if role in columns]
    if len(found) != 1:
        raise ParameterError(
            f"columns names {_listed(found)} for the time; expected one of {_listed(MOMENTS)}"
        )
    return found[0]


def across(columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the two roles that tell where a box lies from left to right."""
    return _pair(columns, ACROSS)


def down(columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the two roles that tell where a box lies from top to bottom."""
    return _pair(columns, DOWN)


def checked(columns: Mapping[str, str], present: Sequence[str], place: str) -> dict[str, str]:
    """Check which column plays which role.

    Parameters
    ----------
    columns
        Role to name of a column, as the caller gives it.
    present
        The table's columns.
    place
        The table, for errors.

    Raises
    ------
    ParameterError
        If a role is not known, a column is not there, or the roles do not make a box with a time and an id.
    """
    for role, name in columns.items():
        if role not in ROLES:
            raise ParameterError(f"{place}: columns names {role!r}; expected some of {_listed(ROLES)}")
        if name not in present:
            raise ParameterError(
                f"{place}: column {name!r}, given for {role}, is missing; there are {_listed(present)}"
            )
    if "id" not in columns:
        raise ParameterError(f"{place}: columns names no 'id', the tracker's number of the person")
    try:
        find_time_role(columns)
        used = {*across(columns), *down(columns)}
    except ParameterError as error:
        raise ParameterError(f"{place}: {error}") from error
    loose = [role for role in columns if role not in {*used, *MOMENTS, "id", *FURTHER}]
    if loose:
        raise ParameterError(
            f"{place}: columns names {_listed(loose)} beside {_listed(sorted(used))}: a side too many"
        )
    return dict(columns)


def by_own_names(present: Sequence[str]) -> dict[str, str]:
    """Take the columns that bear the names of their roles."""
    own = {role: role for role in ROLES if role in present}
    if "left" in own and "right" in own:
        own.pop("width", None)
    if "top" in own and "bottom" in own:
        own.pop("height", None)
    for later in MOMENTS[1 + next((n for n, role in enumerate(MOMENTS) if role in own), 0) :]:
        own.pop(later, None)
    return own


def _pair(columns: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    for pair in pairs:
        if all(role in columns for role in pair):
            return pair
    wanted = " or ".join(" and ".join(pair) for pair in pairs)
    raise ParameterError(f"columns names no {wanted}: the boxes' sides cannot be told")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) if names else "nothing"


UNTRACKED = -1
_PERSONS = {"person", "pedestrian", "people", "human"}
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLayout:
    """How a format writes its boxes.

    ``columns`` says which column plays which role (see ``roles``), ``first_frame`` is the number of the first
    frame (None: writers differ), ``origin`` the coordinate of the frame's upper left corner, ``unit`` that of
    the coordinates.
    """

    columns: Mapping[str, str]
    first_frame: int | None = None
    origin: float = 0.0
    unit: Unit = "px"


def tracked(cells: Cells, form: BoxLayout, given: Given, video: Video) -> Tracked:
    """Make DETECTIONS of a tracker's cells.

    Parameters
    ----------
    cells
        The rows, in any order.
    form
        What they mean.
    given
        What the caller says.
    video
        The facts that are known.

    Raises
    ------
    InputError
        With the place and value of the first cell that cannot be.
    ParameterError
        If the frame size or rate is needed and not known.
    """
    cells, notes, others = _persons_only(cells, form)
    person = cells.whole(form.columns["id"], low=UNTRACKED, missing=UNTRACKED)
    validate_tracked(cells.place, person)
    time, counted = _moments(cells, form, given, video)
    size = (1, 1) if form.unit == "fraction" else frame_size(video, cells.place)
    left, width = _side(cells, across(form.columns), form)
    top, height = _side(cells, down(form.columns), form)
    columns = {
        "left": left / size[0],
        "top": top / size[1],
        "width": width / size[0],
        "height": height / size[1],
        **_further(cells, form.columns),
    }
    flat = int(((width == 0) | (height == 0)).sum())
    if flat:
        notes.append(f"{flat} boxes have no area")
    table, odd, dropped = build_detections(DETECTIONS, cells, time, person, columns)
    return Tracked(table, video, (*others, *notes, *counted, *odd), (*others, *dropped))


def with_notes(result: Tracked, *notes: str, dropped: Sequence[str] = ()) -> Tracked:
    """Put further sentences before those of a result; ``dropped`` are those about rows that were dropped."""
    return replace(result, notes=(*notes, *dropped, *result.notes), dropped=(*dropped, *result.dropped))


def _moments(cells: Cells, form: BoxLayout, given: Given, video: Video) -> tuple[Milliseconds, list[str]]:
    role = find_time_role(form.columns)
    name = form.columns[role]
    if role == "frame":
        return from_frames(cells, name, given, form.first_frame, video)
    return from_times(cells, name, 1 if role == "time_s" else 1000), []


def _side(cells: Cells, pair: tuple[str, str], form: BoxLayout) -> tuple[Floats, Floats]:
    """Read where a box begins along one axis, and how long it is there."""
    one, other = (form.columns[role] for role in pair)
    first, second = cells.numbers(one), cells.numbers(other)
    if pair[1] in {"width", "height"}:
        if (second < 0).any():
            raise cells.fault(other, int((second < 0).argmax()), "a size of at least 0")
        begin = first - second / 2 if pair[0].startswith("center") else first
        return begin - form.origin, second
    if (second < first).any():
        row = int((second < first).argmax())
        begins = first[row].item()
        raise cells.fault(other, row, f"at least the {one} of its row, {begins:g}: no size is negative")
    return first - form.origin, second - first


def _further(cells: Cells, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns beside the boxes that have values: ``confidence``, ``class_id``, ``class_name``.

    A class that is not a whole number is a name.
    """
    found: dict[str, Any] = {}
    if columns.get("confidence") in cells.columns:
        confidence = cells.numbers(columns["confidence"], required=False)
        if not (np.isnan(confidence) | (confidence == UNTRACKED)).all():
            found["confidence"] = confidence
    numbers, name = columns.get("class", ""), columns.get("class_name", "")
    if numbers in cells.columns:
        values = cells.plain(numbers)
        if not isinstance(values, np.ndarray) or (values % 1 != 0)[~np.isnan(values)].any():
            found["class_name"] = cells.texts(numbers)
        elif not np.isnan(values).all():
            found["class_id"] = values
    if name in cells.columns and not pd.isna(names := cells.texts(name)).all():
        found["class_name"] = names
    return found


def _persons_only(cells: Cells, form: BoxLayout) -> tuple[Cells, list[str], list[str]]:
    """Leave out what is named and no person, where any class is named a person; else keep all.

    Returns the rows to keep, sentences on the classes, and sentences on the rows that were left out.
    """
    name = form.columns.get("class_name")
    if name is None or name not in cells.columns:
        return cells, _several_classes(cells, form), []
    texts = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(cells.columns[name], pa.string()), ""))
    others = sorted(text for text in pc.unique(texts).to_pylist() if text and text.lower() not in _PERSONS)
    if not others:
        return cells, [], []
    is_other = pc.is_in(texts, pa.array(others)).to_numpy().astype(bool)
    shown = ", ".join(repr(one) for one in others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
    if is_other.all():
        return cells, [f"no class is named a person; all {cells.count} rows are kept ({shown})"], []
    kept = cells.kept(~is_other)
    count = cells.count - kept.count
    return kept, [], [f"{count} rows of other classes than persons are left out ({shown})"]


def _several_classes(cells: Cells, form: BoxLayout) -> list[str]:
    """Report that classes are known by number only, so that other things than persons may be among them."""
    number = form.columns.get("class")
    if number is None or number not in cells.columns:
        return []
    found = sorted({str(one) for one in pc.unique(cells.columns[number]).to_pylist() if one is not None})
    if len(found) < 2:  # noqa: PLR2004 - one class is persons, as far as anybody can tell
        return []
    return [f"there are the classes {', '.join(found[:_SHOWN])}, by number: all count as persons"]


def validate_columns(given: Given, place: str, allowed: tuple[str, ...] = ()) -> None:
    """Reject names of columns that a format does not ask for."""
    for role in given.columns or {}:
        if role not in allowed:
            takes = f"only {', '.join(allowed)}" if allowed else "no names of columns"
            raise ParameterError(f"{place}: columns names {role!r}, but this format takes {takes}")
