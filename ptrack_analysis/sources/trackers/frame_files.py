"""Folders with one file per frame: ``name_<frame>.txt``."""

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.sources.names import strip_suffixes
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.sample import files_in
from ptrack_analysis.storage.s3 import AnyPath

_NUMBERED = re.compile(r"(.*?)[-_]?(\d{1,9})")


def list_frame_files(folder: AnyPath, suffix: str) -> tuple[str, list[tuple[int, AnyPath]]]:
    """List the files ``name_<frame>`` of a folder or its folder ``labels``.

    Returns
    -------
    tuple
        The common part of the names, and the files with their frames, in the order of the frames.

    Raises
    ------
    InputError
        If there is no such file, or the name of a file has no number.
    MixedError
        If the files belong to several videos.
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
            f"{folder}: has files of {len(names)} videos, such as {names[0]!r} and {names[1]!r}. Move the "
            f"files of each "
            "video to a folder of its own."
        )
    ((name, numbered_files),) = found.items()
    return name or folder.resolve().name, sorted(numbered_files, key=lambda pair: pair[0])


def has_frame_files(names: tuple[str, ...], suffix: str) -> bool:
    """Return whether there are files with this suffix whose names all end in a number."""
    stems = [strip_suffixes(name) for name in names if name.lower().endswith(suffix)]
    return bool(stems) and all(_NUMBERED.fullmatch(stem) for stem in stems)


def join_cells(parts: Sequence[tuple[int, Cells]], place: str) -> Cells:
    """Join the cells of one file per frame, and add the column ``frame``."""
    names = dict.fromkeys(name for _, part in parts for name in part.columns)
    rows = [(part, row) for _, part in parts for row in range(part.count)]

    def where(row: int) -> str:
        part, own = rows[row]
        return part.where(own)

    def chunks(name: str) -> list[Any]:
        kinds = {part.columns[name].type for _, part in parts if name in part.columns}
        kind = kinds.pop() if len(kinds) == 1 else pa.string()
        columns = [
            part.columns[name].cast(kind) if name in part.columns else pa.nulls(part.count, kind)
            for _, part in parts
        ]
        return [chunk for column in columns for chunk in getattr(column, "chunks", [column])]

    columns = {name: pa.chunked_array(chunks(name)) for name in names}
    frames = [pa.array([float(frame)] * part.count, pa.float64()) for frame, part in parts]
    columns["frame"] = pa.chunked_array(frames, pa.float64())
    return Cells(columns=columns, count=len(rows), place=place, where=where)


def _with_suffix(folder: AnyPath, suffix: str) -> list[AnyPath]:
    if not folder.is_dir():
        return []
    return [file for file in files_in(folder) if file.name.lower().endswith(suffix)]
