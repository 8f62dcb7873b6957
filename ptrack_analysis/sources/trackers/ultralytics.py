"""Results of Ultralytics: CSV, JSON and label files."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.sources.names import strip_suffixes
from ptrack_analysis.sources.trackers.cells import Cells, csv_cells, of_values, read_lines, read_text
from ptrack_analysis.sources.trackers.form import (
    FRAME_NAMES,
    MOMENTS,
    BoxLayout,
    tracked,
    validate_columns,
    with_notes,
)
from ptrack_analysis.sources.trackers.objects import Row, build_cells, documents_in, validate_object
from ptrack_analysis.sources.trackers.sample import Sample, files_in, read_sample
from ptrack_analysis.sources.trackers.supervision import moment_column
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, Unit, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_NUMBERED = re.compile(r"(.*?)[-_]?(\d{1,9})")


def frame_files(folder: AnyPath, suffix: str) -> tuple[str, list[tuple[int, AnyPath]]]:
    """List the files ``name_<frame>`` with this suffix, in the folder or in its folder ``labels``.

    Returns
    -------
    tuple
        The name that all have in common; the files with their frames, in the order of these.

    Raises
    ------
    InputError
        If there is none, or one has no number.
    MixedError
        If the names are those of several videos.
    """
    files = _with_suffix(folder, suffix) or _with_suffix(folder / "labels", suffix)
    if not files:
        raise InputError(f"{folder}: no files name_<frame>{suffix}, neither here nor in a folder 'labels'")
    found: dict[str, list[tuple[int, AnyPath]]] = {}
    for file in files:
        numbered = _NUMBERED.fullmatch(strip_suffixes(file.name))
        if numbered is None:
            raise InputError(f"{file}: its name does not end in the number of a frame")
        found.setdefault(numbered[1], []).append((int(numbered[2]), file))
    if len(found) > 1:
        names = list(found)
        raise MixedError(
            f"{folder}: holds files of {len(names)} videos, such as {names[0]!r} and {names[1]!r}"
        )
    ((name, numbered_files),) = found.items()
    return name or folder.resolve().name, sorted(numbered_files, key=lambda pair: pair[0])


def has_frame_files(names: tuple[str, ...], suffix: str) -> bool:
    """Return whether all files with this suffix end in a number, and there is one."""
    stems = [strip_suffixes(name) for name in names if name.lower().endswith(suffix)]
    return bool(stems) and all(_NUMBERED.fullmatch(stem) for stem in stems)


def _with_suffix(folder: AnyPath, suffix: str) -> list[AnyPath]:
    if not folder.is_dir():
        return []
    return [file for file in files_in(folder) if file.name.lower().endswith(suffix)]


CORNERS = ("x1", "y1", "x2", "y2")
_SIDES = ("left", "top", "right", "bottom")
_FRACTIONS = (-1.0, 2.0)


def of_results(
    cells: Cells, path: AnyPath, given: Given, *, title: str, first_frame: int | None = None
) -> Tracked:
    """Make DETECTIONS of cells with ``box.x1`` to ``box.y2``, a frame and perhaps a ``track_id``."""
    validate_columns(given, str(path), MOMENTS)
    present = list(cells.columns) if cells.columns else ["frame"]
    columns = {role: f"box.{corner}" for role, corner in zip(_SIDES, CORNERS, strict=True)}
    columns |= {"id": "track_id", "confidence": "confidence", "class": "class", "class_name": "name"}
    columns |= moment_column(present, given, cells.place)
    cells = _complete(cells, columns)
    unit, notes = _unit(cells, given)
    form = BoxLayout(columns=columns, first_frame=first_frame, unit=unit)
    return with_notes(tracked(cells, form, given, named(given.video, title)), *notes)


def _complete(cells: Cells, columns: dict[str, str]) -> Cells:
    """Add the columns that are only there if something was tracked."""
    needed = [columns[role] for role in (*_SIDES, "id", *MOMENTS) if role in columns]
    empty = of_values([None] * cells.count)
    added = {name: empty for name in needed if name not in cells.columns}
    return Cells(columns={**cells.columns, **added}, count=cells.count, place=cells.place, where=cells.where)


def _unit(cells: Cells, given: Given) -> tuple[Unit, list[str]]:
    """Return whether corners are in px or, all of them being small, fractions of the frame."""
    if given.unit is not None or not cells.count:
        return given.unit or "px", []
    corners = np.concatenate([cells.numbers(f"box.{side}") for side in CORNERS])
    if corners.min() < _FRACTIONS[0] or corners.max() > _FRACTIONS[1]:
        return "px", []
    return "fraction", ["all corners lie between -1 and 2: they are taken as fractions of the frame"]


_BOX = r"""['"]{0}['"]\s*:\s*(?P<value>[^,}}\s]+)"""


def read_ultralytics_csv(path: AnyPath, given: Given) -> Tracked:
    """Read boxes of Ultralytics' ``Results.to_csv``, which itself knows one frame and not its number.

    The box is one cell (``{'x1': 1.0, ...}``), or spread over ``x1`` to ``y2`` or ``box.x1`` to ``box.y2``.
    The frame is told by a column ``frame`` (or another usual name, or as ``columns`` says), or by a folder
    with one file ``name_<frame>.csv`` a frame. All else is as ``read_ultralytics_json`` says.

    Parameters
    ----------
    path
        The file or folder.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name``.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no box has an id; if frames cannot be told.
    ParameterError
        If the frame size or rate is needed and not known.

    References
    ----------
    Ultralytics, ``Results.summary`` and ``Results.to_csv``.
    """
    if not path.is_dir():
        return of_results(_flat(csv_cells(path)), path, given, title=title_of_source(path))
    title, files = frame_files(path, ".csv")
    parts = [_in_frame(_flat(csv_cells(file)), frame) for frame, file in files if file.stat().st_size > 1]
    return of_results(_joined(parts, str(path)), path, given, title=title)


def fits_ultralytics_csv(sample: Sample) -> str | None:
    """Return why a source is no export of ``to_csv``, None if it is."""
    if sample.is_folder:
        first = sample.first(".csv") if has_frame_files(sample.names, ".csv") else None
        return fits_ultralytics_csv(first) if first else "a folder without files name_<frame>.csv"
    header = sample.header
    if "class" not in header or "confidence" not in header:
        return "its first line names no columns 'class' and 'confidence'"
    found = any(all(name in header for name in names) for names in _spellings())
    return None if found else "its first line names no column 'box'"


def _spellings() -> list[list[str]]:
    return [["box"], [f"box.{side}" for side in CORNERS], list(CORNERS)]


def _flat(cells: Cells) -> Cells:
    """Spread the boxes over four columns."""
    whole, dotted, bare = _spellings()
    columns = dict(cells.columns)
    if whole[0] in columns:
        if any("x3" in text for text in columns["box"].to_pylist()):
            raise InputError(f"{cells.place}: boxes have a corner x3; turned boxes are not read")
        columns |= {f"box.{side}": _side(columns["box"], side) for side in CORNERS}
    elif all(name in columns for name in bare):
        columns |= {f"box.{side}": columns[side] for side in CORNERS}
    elif not all(name in columns for name in dotted):
        raise InputError(f"{cells.place}: no column 'box', nor {', '.join(bare)}; is it of Results.to_csv?")
    return replace(cells, columns=columns)


def _side(boxes: Any, side: str) -> Any:
    """Take one side out of cells such as ``{'x1': 1.0, 'y1': 2.0, 'x2': 3.0, 'y2': 4.0}``."""
    found = pc.struct_field(pc.extract_regex(boxes, _BOX.format(side)), "value")
    return pc.if_else(pc.is_null(found), boxes, found)


def _in_frame(cells: Cells, frame: int) -> Cells:
    column = pa.chunked_array([pa.array([float(frame)] * cells.count, pa.float64())])
    return replace(cells, columns={**cells.columns, "frame": column})


def _joined(parts: Sequence[Cells], place: str) -> Cells:
    """Put cells of many files into one; a column that a file lacks is missing there."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    rows = [(part, row) for part in parts for row in range(part.count)]

    def where(row: int) -> str:
        part, own = rows[row]
        return part.where(own)

    def chunks(name: str) -> list[Any]:
        kind = next(part.columns[name].type for part in parts if name in part.columns)
        columns = [part.columns.get(name, pa.nulls(part.count, kind)) for part in parts]
        return [chunk for column in columns for chunk in getattr(column, "chunks", [column])]

    columns = {name: pa.chunked_array(chunks(name)) for name in names}
    return Cells(columns=columns, count=len(rows), place=place, where=where)


_FRAME = "frame"


def read_ultralytics_json(path: AnyPath, given: Given) -> Tracked:
    """Read boxes of Ultralytics' ``Results.to_json``, which itself knows one frame and not its number.

    So the frame is told by how it was saved: a list (or JSON Lines) with one list a frame, the first being
    the first frame; objects with a member ``frame`` (or another usual name, or as ``columns`` says); or a
    folder with one file ``name_<frame>.json`` a frame. Frames that are numbered are counted from 0 where a
    frame 0 occurs, else from 1, which is noted. Corners that all lie between -1 and 2 are fractions of the
    frame (``normalize=True``), which is noted; others are px. Boxes without ``track_id`` are left out and
    counted; so are other classes than persons, where persons are among them.

    Parameters
    ----------
    path
        The file or folder.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name``.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no box has an id; if frames cannot be told.
    ParameterError
        If the frame size or rate is needed and not known.

    References
    ----------
    Ultralytics, ``Results.summary`` and ``Results.to_json``.
    """
    if path.is_dir():
        title, files = frame_files(path, ".json")
        lists = [(str(file), frame, documents_in(file)) for frame, file in files if file.stat().st_size]
        return of_results(_cells(_boxes(lists), path), path, given, title=title)
    found = documents_in(path)
    title = title_of_source(path)
    if found and all(isinstance(item, list) for item in found):
        first = given.first_frame or 0
        lists = [(f"{path}, frame {at}", at, items) for at, items in enumerate(found, first)]
        return of_results(_cells(_boxes(lists), path), path, given, title=title, first_frame=first)
    boxes = _boxes([(str(path), None, found)])
    names = {*FRAME_NAMES, *(given.columns or {}).values()}
    if boxes and not any(name in row for _, row in boxes for name in names):
        raise InputError(
            f"{path}: no object tells its frame: Results.to_json knows one frame only; "
            "save a list with one list a frame, or add a member 'frame'"
        )
    return of_results(_cells(boxes, path), path, given, title=title)


def fits_ultralytics_json(sample: Sample) -> str | None:
    """Return why a source is no export of ``to_json``, None if it is."""
    if sample.is_folder:
        first = sample.first(".json") if has_frame_files(sample.names, ".json") else None
        return fits_ultralytics_json(first) if first else "a folder without files name_<frame>.json"
    if not sample.head.lstrip().startswith((b"[", b"{")):
        return "does not begin as JSON does"
    missing = [name for name in ("box", "x1", "y2") if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None


def _boxes(lists: Sequence[tuple[str, int | None, list[Any]]]) -> list[tuple[str, Row]]:
    """Return every box as one flat object with its place; the frame is added where it is known."""
    boxes = []
    for place, frame, items in lists:
        for number, item in enumerate(items, 1):
            here = f"{place}, item {number}"
            validate_object(item, here)
            corners = item.get("box")
            if not isinstance(corners, dict):
                raise InputError(f"{here}: box is {corners!r}; expected an object with x1, y1, x2, y2")
            if "x3" in corners:
                raise InputError(f"{here}: box has a corner x3; turned boxes are not read")
            flat = {name: value for name, value in item.items() if not isinstance(value, dict | list)}
            flat |= {f"box.{side}": corners.get(side) for side in CORNERS}
            boxes.append((here, flat if frame is None else flat | {_FRAME: frame}))
    return boxes


def _cells(boxes: list[tuple[str, Row]], path: AnyPath) -> Cells:
    return build_cells([row for _, row in boxes], path, lambda row: boxes[row][0])


_COLUMNS = {
    "frame": "frame",
    "class": "class",
    "center_x": "xc",
    "center_y": "yc",
    "width": "w",
    "height": "h",
    "confidence": "conf",
    "id": "id",
}
_BARE, _ONE_MORE, _FULL = 5, 6, 7
_EXPECTED = "class xc yc w h [conf] [id]"
_Line = tuple[AnyPath, int, int, list[bytes]]


def read_ultralytics_txt(path: AnyPath, given: Given) -> Tracked:
    """Read a folder of Ultralytics' ``save_txt``: one file ``name_<frame>.txt`` a frame with detections.

    A line is ``class xc yc w h [conf] [id]``: the box's center and size as fractions of the frame. Frames of
    a video file are counted from 1, those of a stream from 0: from 0 where a frame 0 occurs, which is noted.
    A frame in which nothing was tracked is written without ids; its lines are left out and counted. Six
    values a line everywhere are an id at the end if all are whole numbers, else a confidence. The format
    names no classes: all are kept, and noted if they are several.

    Parameters
    ----------
    path
        The folder, or the run's folder with ``labels`` in it.
    given
        What the caller says. The frame size is not needed.

    Returns
    -------
    Tracked
        DETECTIONS, with ``class_id`` and ``confidence``.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no line has an id.
    ParameterError
        If the frame rate is not known.

    References
    ----------
    Ultralytics, ``Results.save_txt``.
    """
    validate_columns(given, str(path))
    if not path.is_dir():
        raise InputError(f"{path}: save_txt writes a folder of one file a frame; give the folder")
    name, files = frame_files(path, ".txt")
    lines = [
        (file, frame, number, line.split())
        for frame, file in files
        if file.stat().st_size
        for number, line in read_lines(read_text(file))
    ]
    cells = _ultralytics_txt_cells(lines, str(path))
    return tracked(cells, BoxLayout(columns=_COLUMNS, unit="fraction"), given, named(given.video, name))


def fits_ultralytics_txt(sample: Sample) -> str | None:
    """Return why a source is no folder of ``save_txt``, None if it is."""
    if not sample.is_folder:
        return "no folder"
    labels = sample.path / "labels"
    if not has_frame_files(sample.names, ".txt") and labels.is_dir():
        sample = read_sample(labels)
    first = sample.first(".txt") if has_frame_files(sample.names, ".txt") else None
    if first is None:
        return "a folder without files name_<frame>.txt"
    if not first.is_numeric or not _BARE <= len(first.rows[0]) <= _FULL:
        return f"the lines of its files are not {_EXPECTED}"
    return None


def _ultralytics_txt_cells(lines: Sequence[_Line], place: str) -> Cells:
    """Put the values of the lines into columns; what a line does not have is missing there."""
    for file, _, number, values in lines:
        if not _BARE <= len(values) <= _FULL:
            raise InputError(
                f"{file}, line {number}: has {len(values)} values; expected {_EXPECTED} "
                "(segments, poses and turned boxes are not read)"
            )
    most = max((len(values) for *_, values in lines), default=_FULL)
    sixth = (
        ["id"] if most == _ONE_MORE and all(_is_whole(values[_BARE:]) for *_, values in lines) else ["conf"]
    )
    names = ["class", "xc", "yc", "w", "h", *sixth, "id"][: _FULL if most == _FULL else _ONE_MORE]
    columns = {
        name: _texts([values[at] if at < len(values) else None for *_, values in lines])
        for at, name in enumerate(names)
    }
    columns["frame"] = _texts([str(frame).encode() for _, frame, _, _ in lines])
    columns.setdefault("id", _texts([None] * len(lines)))

    def where(row: int) -> str:
        file, _, number, _ = lines[row]
        return f"{file}, line {number}"

    return Cells(columns=columns, count=len(lines), place=place, where=where)


def _texts(values: list[bytes | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.binary()).cast(pa.string())])


def _is_whole(values: Sequence[bytes]) -> bool:
    """Return whether what stands behind the box is a whole number, or nothing."""
    try:
        return all(float(value).is_integer() for value in values)
    except ValueError:
        return False
