"""Annotations of WILDTRACK: one file per frame, with the boxes of seven cameras."""

from array import array
from typing import Any

import msgspec
import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.frame_files import has_frame_files, list_frame_files
from ptrack_analysis.sources.trackers.objects import Whole, columns_to_cells, decode_typed
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.sources.trackers.tracked import Given, named
from ptrack_analysis.storage.s3 import AnyPath

_RATE = 10.0
"""Frames per second in which the files are numbered."""
_GRID_COLUMNS = 480
_CELL, _ORIGIN = 0.025, (-3.0, -9.0)
"""Size of a cell of the ground grid, and the position of its first cell [m]."""
_SIDES = {"left": "xmin", "top": "ymin", "right": "xmax", "bottom": "ymax"}
_COLUMNS = {"frame": "frame", "id": "personID", **_SIDES, "camera": "viewNum"}
_FLOOR = {"floor_x_m": "floor_x", "floor_y_m": "floor_y"}
_ABSENT = -1


class _View(msgspec.Struct):
    viewNum: Whole  # noqa: N815 - the name in the file
    xmin: float
    ymin: float
    xmax: float
    ymax: float


class _Person(msgspec.Struct):
    personID: Whole  # noqa: N815 - the name in the file
    positionID: Whole  # noqa: N815 - the name in the file
    views: list[_View]


_PEOPLE = msgspec.json.Decoder(list[_Person])


def read_wildtrack(path: AnyPath, given: Given) -> Rows:
    """Read a folder ``annotations_positions`` of WILDTRACK.

    The folder has one file ``<frame>.json`` per frame. Each view is a camera, and cameras are never merged.
    The sides of a view are -1 if its camera does not see the person. The number of a file is the frame at 10
    frames per second, which is assumed unless the caller gives the frame rate. The position on the ground [m]
    is kept in ``floor_x_m`` and ``floor_y_m``.

    Parameters
    ----------
    path
        The folder.
    given
        Options and facts from the caller; the frame size is required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its file.

    References
    ----------
    T. Chavdarova et al., "WILDTRACK: a multi-camera HD dataset for dense unscripted pedestrian detection",
    2018.
    """
    validate_columns(given, str(path))
    if not path.is_dir():
        raise InputError(f"{path}: WILDTRACK has one file per frame. Pass the folder of the files.")
    title, files = list_frame_files(path, ".json")
    columns: dict[str, Any] = {side: array("d") for side in _SIDES.values()}
    frames, people, positions = array("d"), array("q"), array("q")
    cameras, places = list[str](), list[str]()
    for frame, file in files:
        found: list[_Person] = decode_typed(_PEOPLE, read_text(file), str(file))
        for number, person in enumerate(found, 1):
            for view in person.views:
                if view.xmax == _ABSENT and view.ymax == _ABSENT:
                    continue
                for name, values in columns.items():
                    values.append(getattr(view, name))
                frames.append(frame)
                people.append(person.personID)
                positions.append(person.positionID)
                cameras.append(str(view.viewNum))
                places.append(f"{file}, person {number}, view {view.viewNum}")
    given.validate_size(len(places), len(_FLOOR))
    grid = np.array(positions, dtype="int64")
    columns |= {
        "frame": frames,
        "personID": people,
        "viewNum": cameras,
        "floor_x": _ORIGIN[0] + _CELL * (grid % _GRID_COLUMNS),
        "floor_y": _ORIGIN[1] + _CELL * (grid // _GRID_COLUMNS),
    }
    layout = BoxLayout(
        columns=_COLUMNS, first_frame=0, unit="px", likely_frame_rate=(_RATE, "the files of WILDTRACK")
    )
    return Rows(
        columns_to_cells(columns, path, places.__getitem__),
        layout,
        further=_FLOOR,
        video=named(given.video, title),
    )


def fits_wildtrack(sample: Sample) -> str | None:
    """Return why a source is not a folder of WILDTRACK, or None if it is."""
    if not sample.is_folder or not has_frame_files(sample.names, ".json"):
        return "not a folder of files <frame>.json"
    first = sample.first(".json")
    members = ("personID", "positionID", "views")
    has_members = first is not None and all(f'"{name}"'.encode() in first.head for name in members)
    return None if has_members else "the objects in its files have no personID, positionID and views"
