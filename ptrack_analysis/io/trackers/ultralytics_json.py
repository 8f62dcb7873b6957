"""What people save of Ultralytics' ``Results.to_json``."""

from collections.abc import Sequence
from typing import Any

from ptrack_analysis.errors import InputError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells
from ptrack_analysis.io.trackers.frame_files import frame_files, has_frame_files
from ptrack_analysis.io.trackers.objects import Row, cells_of, documents_in, refuse_no_object
from ptrack_analysis.io.trackers.results import CORNERS, of_results
from ptrack_analysis.io.trackers.roles import FRAME_NAMES
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.tracked import Given, Tracked, title_of_source

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
    """Say why a source is no export of ``to_json``, None if it is."""
    if sample.is_folder:
        first = sample.first(".json") if has_frame_files(sample.names, ".json") else None
        return fits_ultralytics_json(first) if first else "a folder without files name_<frame>.json"
    if not sample.head.lstrip().startswith((b"[", b"{")):
        return "does not begin as JSON does"
    missing = [name for name in ("box", "x1", "y2") if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None


def _boxes(lists: Sequence[tuple[str, int | None, list[Any]]]) -> list[tuple[str, Row]]:
    """Give every box as one flat object with its place; the frame is added where it is known."""
    boxes = []
    for place, frame, items in lists:
        for number, item in enumerate(items, 1):
            here = f"{place}, item {number}"
            refuse_no_object(item, here)
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
    return cells_of([row for _, row in boxes], path, lambda row: boxes[row][0])
