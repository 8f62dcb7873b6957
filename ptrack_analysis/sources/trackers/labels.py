"""Folders of Ultralytics' save_txt: one label file per frame."""

from collections.abc import Sequence

import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.frame_files import has_frame_files, list_frame_files
from ptrack_analysis.sources.trackers.sample import Sample, read_sample
from ptrack_analysis.sources.trackers.text import read_lines, read_text
from ptrack_analysis.sources.trackers.tracked import Given, named
from ptrack_analysis.storage.s3 import AnyPath

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
_LOOP_FILE = "image0.txt"
_Line = tuple[AnyPath, int, int, list[bytes]]


def read_ultralytics_txt(path: AnyPath, given: Given) -> Rows:
    """Read a folder of Ultralytics' ``save_txt``.

    The folder has one file ``name_<frame>.txt`` per frame with detections.

    A line is ``class xc yc w h [conf] [id]``: the box's center and size as fractions of the frame.
    Ultralytics counts the frames of a video file from 1 and the frames of a stream from 0. Frames are read as
    counted from 0 if a frame 0 occurs; a note reports this. With ``vid_stride``, Ultralytics numbers the
    frames after skipping; pass the same number as ``stride``. Lines without an id are excluded and counted.
    If no line has more than six values, the sixth is an id if it is a whole number in all lines, otherwise a
    confidence. The format has no class names, so all classes are kept unless ``classes`` is given.

    Parameters
    ----------
    path
        The folder, or the run's folder with ``labels`` in it.
    given
        Options and facts from the caller. The frame size is not required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if frames were not numbered.

    References
    ----------
    Ultralytics, ``Results.save_txt``.
    """
    validate_columns(given, str(path))
    if not path.is_dir():
        raise InputError(f"{path}: save_txt writes a folder of one file per frame. Pass the folder.")
    name, files = list_frame_files(path, ".txt")
    _validate_numbered([file for _, file in files])
    lines = [
        (file, frame, number, line.split())
        for frame, file in files
        if file.stat().st_size
        for number, line in read_lines(read_text(file))
    ]
    layout = BoxLayout(columns=_COLUMNS, unit="fraction")
    return Rows(_build_cells(lines, str(path)), layout, video=named(given.video, name))


def fits_ultralytics_txt(sample: Sample) -> str | None:
    """Return why a source is not a folder of ``save_txt``, or None if it is."""
    if not sample.is_folder:
        return "not a folder"
    labels = sample.path / "labels"
    if not has_frame_files(sample.names, ".txt") and labels.is_dir():
        sample = read_sample(labels)
    first = sample.first(".txt") if has_frame_files(sample.names, ".txt") else None
    if first is None:
        return "a folder without files name_<frame>.txt"
    if not first.is_numeric or not _BARE <= len(first.rows[0]) <= _FULL or b"," in first.head:
        return f"the lines of its files are not {_EXPECTED}"
    return None


def _validate_numbered(files: Sequence[AnyPath]) -> None:
    """Reject a single file with all frames, as written by a loop over ``track``."""
    if len(files) == 1 and files[0].name.lower() == _LOOP_FILE:
        raise InputError(
            f"{files[0]}: model.track(frame, save_txt=True) in a loop writes every frame to this file, so "
            "frames cannot be told apart. Track the video file itself (model.track('video.mp4', "
            "save_txt=True)), or write results[0].to_df() with a column frame in the loop."
        )


def _build_cells(lines: Sequence[_Line], place: str) -> Cells:
    """Convert lines to columns; shorter lines have missing values."""
    for file, _, number, values in lines:
        if not _BARE <= len(values) <= _FULL:
            raise InputError(
                f"{file}, line {number}: expected {_EXPECTED}, got {len(values)} values "
                "(segments, poses and oriented boxes are not read)"
            )
    most = max((len(values) for *_, values in lines), default=_FULL)
    is_id = most == _ONE_MORE and all(_is_whole(values[_BARE:]) for *_, values in lines)
    names = ["class", "xc", "yc", "w", "h", "id" if is_id else "conf", "id"][
        : _FULL if most == _FULL else _ONE_MORE
    ]
    columns = {
        name: _to_texts([values[at] if at < len(values) else None for *_, values in lines])
        for at, name in enumerate(names)
    }
    columns["frame"] = _to_texts([str(frame).encode() for _, frame, _, _ in lines])
    columns.setdefault("id", _to_texts([None] * len(lines)))

    def where(row: int) -> str:
        file, _, number, _ = lines[row]
        return f"{file}, line {number}"

    return Cells(columns=columns, count=len(lines), place=place, where=where)


def _to_texts(values: list[bytes | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.binary()).cast(pa.string())])


def _is_whole(values: Sequence[bytes]) -> bool:
    """Return whether the value after the box is a whole number or missing."""
    try:
        return all(float(value).is_integer() for value in values)
    except ValueError:
        return False
