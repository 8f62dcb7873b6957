"""Tables of supervision and Ultralytics, as CSV or JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.cells import Cells, of_values
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.frame_files import has_frame_files, join_cells, list_frame_files
from ptrack_analysis.sources.trackers.objects import (
    Row,
    build_cells,
    documents_in,
    objects_in,
    validate_object,
)
from ptrack_analysis.sources.trackers.roles import FRAME_NAMES, MOMENTS, NUMERIC, PARTS, SIDES
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.source_columns import (
    NESTED,
    Reasons,
    SourceColumns,
    choose_source_columns,
    read_source_columns,
)
from ptrack_analysis.sources.trackers.text import Sheet
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video

_CORNERS = ("x1", "y1", "x2", "y2")
_DOTTED = tuple(f"box.{corner}" for corner in _CORNERS)
_BOX_MEMBER = r"""['"]{0}['"]\s*:\s*(?P<value>[^,}}\s]+)"""
_BOX_COLUMNS = ("box", *_CORNERS, *_DOTTED)
_INDEX = ("frame_index", "frame_idx")
"""Names of columns that count frames from 0."""
_USUAL_TIMES = dict.fromkeys(FRAME_NAMES, "frame") | {role: role for role in MOMENTS[1:]}


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer of tables: its column for each role, and columns that identify it."""

    columns: dict[str, str]
    proof: tuple[str, ...]


SUPERVISION = Writer(
    {
        "id": "tracker_id",
        "left": "x_min",
        "top": "y_min",
        "right": "x_max",
        "bottom": "y_max",
        "confidence": "confidence",
        "class": "class_id",
        "class_name": "class_name",
    },
    ("x_min", "y_min", "x_max", "y_max", "tracker_id"),
)
ULTRALYTICS = Writer(
    {
        "id": "track_id",
        **dict(zip(("left", "top", "right", "bottom"), _DOTTED, strict=True)),
        "confidence": "confidence",
        "class": "class",
        "class_name": "name",
    },
    ("class", "confidence"),
)

_FRAME_COLUMNS = ULTRALYTICS.columns | {"frame": "frame"}


def read_supervision_csv(path: AnyPath, given: Given) -> Rows:
    """Read a table of supervision's CSVSink, with corners of boxes in px.

    The frame is a column of custom data: ``frame_number``, ``frame_index`` or another usual name, or the
    column that ``columns`` names for ``frame``, ``time``, ``time_ms`` or ``time_s``. ``columns`` may also
    name ``video`` and ``camera``. A ``frame_index`` is counted from 0. Other frames are counted from 0 if a
    frame 0 occurs, otherwise from 1; a note reports this. Rows without an id (empty or -1) are excluded and
    counted. If the classes have names and a name means people, rows of other classes are also excluded.

    Parameters
    ----------
    path
        The file; also a CSV export of a JSONSink's table.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if no column has the frame.

    References
    ----------
    supervision, "Save Detections": ``sv.CSVSink``.
    """
    sheet = Sheet.open(path)
    columns = SUPERVISION.columns | _find_time(sheet.names, given, str(path))
    names, reasons = choose_source_columns(columns, sheet.names, _BOX_COLUMNS)
    given.validate_lines(sheet.raw, len(names))
    cells = sheet.read(columns.values(), _list_numeric(columns), {columns["id"]}, names)
    further = _read_texts(cells, names, reasons, [sheet])
    return _interpret(further, columns, given, title_of_source(path))


def read_supervision_json(path: AnyPath, given: Given) -> Rows:
    """Read a list of supervision's JSONSink: one object per box.

    The members are the columns of ``read_supervision_csv``. The file is one list or JSON Lines.

    References
    ----------
    supervision, "Save Detections": ``sv.JSONSink``.
    """
    rows = objects_in(path)
    cells = build_cells(rows, path)
    columns = SUPERVISION.columns | _find_time(list(cells.columns), given, str(path))
    return _interpret(_read_members(cells, columns, rows), columns, given, title_of_source(path))


def read_ultralytics_csv(path: AnyPath, given: Given) -> Rows:
    """Read boxes of Ultralytics' ``Results.to_csv``.

    The box is one cell (``{'x1': 1.0, ...}``), or the columns ``x1`` to ``y2`` or ``box.x1`` to ``box.y2``.
    The frame is a column ``frame`` (or another usual name, or the column in ``columns``), or the number in
    the file name if a folder has one file ``name_<frame>.csv`` per frame.

    References
    ----------
    Ultralytics, ``Results.summary`` and ``Results.to_csv``.
    """
    if not path.is_dir():
        sheet = Sheet.open(path)
        columns = ULTRALYTICS.columns | _find_time(sheet.names, given, str(path))
        names, reasons = choose_source_columns(columns, sheet.names, _BOX_COLUMNS)
        given.validate_lines(sheet.raw, len(names))
        further = _read_texts(_read_sheet(sheet, columns, names), names, reasons, [sheet])
        return _interpret(further, columns, given, title_of_source(path))
    title, files = list_frame_files(path, ".csv")
    sheets = [(frame, Sheet.open(file)) for frame, file in files if file.stat().st_size > 1]
    present = list(dict.fromkeys(name for _, sheet in sheets for name in sheet.names))
    names, reasons = choose_source_columns(_FRAME_COLUMNS, present, _BOX_COLUMNS)
    parts = [(frame, _read_sheet(sheet, ULTRALYTICS.columns, names)) for frame, sheet in sheets]
    cells = join_cells(parts, str(path))
    further = _read_texts(cells, names, reasons, [sheet for _, sheet in sheets])
    return _interpret_frames(further, path, given, title)


def read_ultralytics_json(path: AnyPath, given: Given) -> Rows:
    """Read boxes of Ultralytics' ``Results.to_json``.

    The frame follows from the layout: a list (or JSON Lines) with one list per frame, starting at the first
    frame; objects with a member ``frame`` (or another usual name, or the name in ``columns``); or a folder
    with one file ``name_<frame>.json`` per frame. Numbered frames are counted from 0 if a frame 0 occurs,
    otherwise from 1; a note reports this.

    References
    ----------
    Ultralytics, ``Results.summary`` and ``Results.to_json``.
    """
    if path.is_dir():
        title, files = list_frame_files(path, ".json")
        lists = [(str(file), frame, documents_in(file)) for frame, file in files if file.stat().st_size]
        return _interpret_frames(_read_boxes(lists, path, _FRAME_COLUMNS), path, given, title)
    found = documents_in(path)
    title = title_of_source(path)
    if found and all(isinstance(item, list) for item in found):
        first = given.first_frame or 0
        lists = [(f"{path}, frame {at}", at, items) for at, items in enumerate(found, first)]
        further = _read_boxes(lists, path, _FRAME_COLUMNS)
        return _interpret_frames(further, path, given, title, first_frame=first)
    boxes = _list_boxes([(str(path), None, found)])
    names = {*FRAME_NAMES, *(given.columns or {}).values()}
    if boxes and not any(name in row for _, row in boxes for name in names):
        raise InputError(
            f"{path}: no object has the number of its frame, because Results.to_json writes one frame. Save "
            "a list with one list per frame, or add a member 'frame'."
        )
    present = list(dict.fromkeys(name for _, row in boxes for name in row)) if boxes else ["frame"]
    columns = ULTRALYTICS.columns | _find_time(present, given, str(path))
    return _interpret(_read_boxes([(str(path), None, found)], path, columns), columns, given, title)


def fits_supervision_csv(sample: Sample) -> str | None:
    """Return why a source is not a table of a CSVSink, or None if it is."""
    if sample.is_folder:
        return "a folder"
    missing = [name for name in SUPERVISION.proof if name not in sample.header]
    return f"its first line names no column {missing[0]!r}" if missing else None


def fits_supervision_json(sample: Sample) -> str | None:
    """Return why a source is not a list of a JSONSink, or None if it is."""
    return _find_json_misfit(sample, SUPERVISION.proof[:4])


def fits_ultralytics_csv(sample: Sample) -> str | None:
    """Return why a source is not an export of ``to_csv``, or None if it is."""
    if sample.is_folder:
        first = sample.first(".csv") if has_frame_files(sample.names, ".csv") else None
        return fits_ultralytics_csv(first) if first else "a folder without files name_<frame>.csv"
    header = sample.header
    if any(name not in header for name in ULTRALYTICS.proof):
        return "its first line names no columns 'class' and 'confidence'"
    if not {"name", "track_id"} & {*header}:
        return "its first line names neither 'name' nor 'track_id'"
    found = any(all(name in header for name in names) for names in (["box"], _DOTTED, _CORNERS))
    return None if found else "its first line names no column 'box'"


def fits_ultralytics_json(sample: Sample) -> str | None:
    """Return why a source is not an export of ``to_json``, or None if it is."""
    if sample.is_folder:
        first = sample.first(".json") if has_frame_files(sample.names, ".json") else None
        return fits_ultralytics_json(first) if first else "a folder without files name_<frame>.json"
    return _find_json_misfit(sample, ("box", "x1", "y2"))


def _find_json_misfit(sample: Sample, members: Sequence[str]) -> str | None:
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    missing = [name for name in members if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None


def _find_time(present: Sequence[str], given: Given, place: str) -> dict[str, str]:
    """Find the column of the time, and the given columns of video and camera."""
    validate_columns(given, place, (*MOMENTS, *PARTS))
    named_by_caller = dict(given.columns or {})
    parts = {role: named_by_caller.pop(role) for role in PARTS if role in named_by_caller}
    for name in [*parts.values(), *named_by_caller.values()]:
        if name not in present:
            raise InputError(
                f"{place}: the column {name!r} is missing; the columns are {', '.join(map(repr, present))}"
            )
    if named_by_caller:
        return {**named_by_caller, **parts}
    found = next((name for name in _USUAL_TIMES if name in present), None)
    if found is None:
        sought = ", ".join(map(repr, _USUAL_TIMES))
        raise InputError(
            f"{place}: no column has the frame (looked for {sought}). "
            'Name it with columns={"frame": "..."} (--columns frame=...).'
        )
    return {_USUAL_TIMES[found]: found, **parts}


def _list_numeric(columns: Mapping[str, str]) -> set[str]:
    return {name for role, name in columns.items() if role in NUMERIC}


def _interpret(further: SourceColumns, columns: Mapping[str, str], given: Given, title: str) -> Rows:
    """Interpret boxes of a table with a column for the time."""
    base = 0 if columns.get("frame") in _INDEX else None
    layout = BoxLayout(columns=columns, first_frame=base, text_ids=False)
    return _build_rows(further, layout, named(given.video, title))


def _interpret_frames(
    further: SourceColumns, path: AnyPath, given: Given, title: str, *, first_frame: int | None = None
) -> Rows:
    """Interpret boxes whose frame follows from their list or file."""
    validate_columns(given, str(path))
    layout = BoxLayout(columns=_FRAME_COLUMNS, first_frame=first_frame)
    further = replace(further, cells=_complete(further.cells, _FRAME_COLUMNS))
    return _build_rows(further, layout, named(given.video, title))


def _build_rows(further: SourceColumns, layout: BoxLayout, video: Video) -> Rows:
    return Rows(
        further.cells,
        layout,
        oddities=further.oddities,
        further=further.columns,
        ignored=further.ignored,
        video=video,
    )


def _read_texts(
    cells: Cells, names: Sequence[str], reasons: Reasons, sheets: Sequence[Sheet]
) -> SourceColumns:
    """Read the columns without a role of CSV files."""
    decimal_comma = any(sheet.has_decimal_comma for sheet in sheets)
    names = [name for name in names if name in cells.columns]
    return read_source_columns(cells, names, reasons, are_texts=True, decimal_comma=decimal_comma)


def _read_members(
    cells: Cells, columns: Mapping[str, str], rows: Sequence[Row], known: Sequence[str] = ()
) -> SourceColumns:
    """Read the members of JSON objects without a role, except ``known`` members."""
    present = list(dict.fromkeys(name for row in rows for name in row))
    names, reasons = choose_source_columns(columns, present, known)
    nested = {name for row in rows for name, value in row.items() if isinstance(value, dict | list)}
    reasons |= {name: NESTED for name in names if name in nested}
    return read_source_columns(
        cells, [name for name in names if name not in reasons], reasons, are_texts=True
    )


def _read_boxes(
    lists: Sequence[tuple[str, int | None, list[Any]]], path: AnyPath, columns: Mapping[str, str]
) -> SourceColumns:
    """Read lists of boxes, with their columns without a role."""
    boxes = _list_boxes(lists)
    cells = build_cells([row for _, row in boxes], path, lambda row: boxes[row][0])
    items = [item for _, _, items in lists for item in items]
    return _read_members(_complete(cells, columns), columns, items, _BOX_COLUMNS)


def _complete(cells: Cells, columns: Mapping[str, str]) -> Cells:
    """Add the columns that Ultralytics omits if nothing was tracked."""
    needed = [name for role, name in columns.items() if role in (*SIDES, "id", *MOMENTS)]
    empty = of_values([None] * cells.count)
    added = {name: empty for name in needed if name not in cells.columns}
    return replace(cells, columns={**cells.columns, **added})


def _read_sheet(sheet: Sheet, columns: Mapping[str, str], further: Sequence[str]) -> Cells:
    """Read a table of ``to_csv``, with the box split into four columns.

    The ``further`` columns are read as texts.
    """
    place, numeric = sheet.file, _list_numeric(columns)
    if "box" in sheet.names:
        cells = sheet.read([*columns.values(), "box"], numeric, {columns["id"]}, further)
        texts = cells.columns["box"]
        if pc.any(pc.match_substring(texts, "x3"), min_count=0).as_py():
            raise InputError(f"{place}: boxes have a corner x3. Oriented boxes are not read.")
        spread = {name: _read_corner(texts, corner) for name, corner in zip(_DOTTED, _CORNERS, strict=True)}
        return _complete(replace(cells, columns={**cells.columns, **spread}), columns)
    if all(name in sheet.names for name in _CORNERS):
        cells = sheet.read([*columns.values(), *_CORNERS], {*numeric, *_CORNERS}, {columns["id"]}, further)
        spread = {name: cells.columns[corner] for name, corner in zip(_DOTTED, _CORNERS, strict=True)}
        return _complete(replace(cells, columns={**cells.columns, **spread}), columns)
    if not all(name in sheet.names for name in _DOTTED):
        raise InputError(
            f"{place}: no column 'box', nor {', '.join(_CORNERS)}. Was it written by Results.to_csv?"
        )
    return _complete(sheet.read(columns.values(), numeric, {columns["id"]}, further), columns)


def _read_corner(boxes: Any, corner: str) -> Any:
    """Extract one corner from cells such as ``{'x1': 1.0, 'y1': 2.0, ...}``."""
    found = pc.struct_field(pc.extract_regex(boxes, _BOX_MEMBER.format(corner)), "value")
    return pc.if_else(pc.is_null(found), boxes, found)


def _list_boxes(lists: Sequence[tuple[str, int | None, list[Any]]]) -> list[tuple[str, Row]]:
    """Return each box as one flat object, with its position and a known frame."""
    boxes = []
    for place, frame, items in lists:
        for number, item in enumerate(items, 1):
            here = f"{place}, item {number}"
            validate_object(item, here)
            corners = item.get("box")
            if not isinstance(corners, dict):
                raise InputError(f"{here}: box is {corners!r}; expected an object with x1, y1, x2, y2")
            if "x3" in corners:
                raise InputError(f"{here}: box has a corner x3. Oriented boxes are not read.")
            flat = {name: value for name, value in item.items() if not isinstance(value, dict | list)}
            flat |= {f"box.{corner}": corners.get(corner) for corner in _CORNERS}
            boxes.append((here, flat if frame is None else flat | {"frame": frame}))
    return boxes
