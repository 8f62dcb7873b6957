"""Folders that Ultralytics' ``save_txt`` writes."""

from collections.abc import Sequence

import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells
from ptrack_analysis.io.trackers.form import Form, refuse_unknown, tracked
from ptrack_analysis.io.trackers.frame_files import frame_files, has_frame_files
from ptrack_analysis.io.trackers.sample import Sample, sample_of
from ptrack_analysis.io.trackers.text import lines_of, read_text
from ptrack_analysis.io.trackers.tracked import Given, Tracked, named

_COLUMNS = {
    "frame": "frame",
    "class": "class",
    "centre_x": "xc",
    "centre_y": "yc",
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

    A line is ``class xc yc w h [conf] [id]``: the box's centre and size as fractions of the frame. Frames of
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
    refuse_unknown(given, str(path))
    if not path.is_dir():
        raise InputError(f"{path}: save_txt writes a folder of one file a frame; give the folder")
    name, files = frame_files(path, ".txt")
    lines = [
        (file, frame, number, line.split())
        for frame, file in files
        if file.stat().st_size
        for number, line in lines_of(read_text(file))
    ]
    cells = _cells(lines, str(path))
    return tracked(cells, Form(columns=_COLUMNS, unit="fraction"), given, named(given.video, name))


def fits_ultralytics_txt(sample: Sample) -> str | None:
    """Say why a source is no folder of ``save_txt``, None if it is."""
    if not sample.is_folder:
        return "no folder"
    labels = sample.path / "labels"
    if not has_frame_files(sample.names, ".txt") and labels.is_dir():
        sample = sample_of(labels)
    first = sample.first(".txt") if has_frame_files(sample.names, ".txt") else None
    if first is None:
        return "a folder without files name_<frame>.txt"
    if not first.is_numeric or not _BARE <= len(first.rows[0]) <= _FULL:
        return f"the lines of its files are not {_EXPECTED}"
    return None


def _cells(lines: Sequence[_Line], place: str) -> Cells:
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
    """Whether what stands behind the box is a whole number, or nothing."""
    try:
        return all(float(value).is_integer() for value in values)
    except ValueError:
        return False
