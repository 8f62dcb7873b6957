"""What people save of Ultralytics' ``Results.to_csv``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells
from ptrack_analysis.io.trackers.frame_files import frame_files, has_frame_files
from ptrack_analysis.io.trackers.results import CORNERS, of_results
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.text import csv_cells
from ptrack_analysis.io.trackers.tracked import Given, Tracked, title_of_source

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
    """Say why a source is no export of ``to_csv``, None if it is."""
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
