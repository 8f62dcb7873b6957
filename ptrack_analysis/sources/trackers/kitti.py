"""Label files of KITTI tracking and of trackers that write KITTI's columns."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, read_fixed_text
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import plain_cells
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_NAMES = (
    *("frame", "id", "type", "truncated", "occluded", "alpha", "x1", "y1", "x2", "y2"),
    *("h", "w", "l", "X", "Y", "Z", "ry", "score"),
)
_WIDTHS = (len(_NAMES) - 1, len(_NAMES))
_TYPE = 2
TYPES = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc", "DontCare")
"""Types of objects in KITTI's label files."""
_LOWER = {name.lower().encode() for name in (*TYPES, "Person", "Bus")}
_COLUMNS = {
    "frame": "frame",
    "id": "id",
    "left": "x1",
    "top": "y1",
    "right": "x2",
    "bottom": "y2",
    "class_name": "type",
}
_RATE = 10.0
"""Frames per second of the KITTI recordings."""
_EXPECTED = "frame id type truncated occluded alpha x1 y1 x2 y2 h w l X Y Z ry and perhaps score"


def read_kitti(path: AnyPath, given: Given) -> Rows:
    """Read a label file of KITTI tracking: 17 words per line, 18 with a score.

    Frames and pixels are counted from 0. The file has no frame rate: 10 frames per second are assumed if the
    types are KITTI's own, such as ``Pedestrian``. Trackers that write ``pedestrian`` in these columns may
    have used any video, so their frame rate is required. ``Pedestrian`` and ``Person_sitting`` are people.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller; the frame size is required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its line.

    References
    ----------
    A. Geiger et al., "Are we ready for autonomous driving? The KITTI vision benchmark suite", 2012.
    """
    raw = read_fixed_text(path, given)
    cells = plain_cells(path, raw, _name_columns, _EXPECTED)
    columns = _COLUMNS | ({"confidence": "score"} if "score" in cells.columns else {})
    is_kitti = pc.all(pc.is_in(cells.columns["type"], pa.array(TYPES)), min_count=0).as_py()
    layout = BoxLayout(
        columns=columns,
        first_frame=0,
        unit="px",
        likely_frame_rate=(_RATE, "the KITTI recordings") if is_kitti else None,
    )
    return Rows(cells, layout, video=named(given.video, title_of_source(path)))


def fits_kitti(sample: Sample) -> str | None:
    """Return why a file is not a label file of KITTI tracking, or None if it is."""
    if sample.is_folder:
        return "a folder"
    first = sample.rows[0] if sample.rows else []
    if len(first) not in _WIDTHS or b"," in sample.head[:256]:
        return f"its first line does not have {_WIDTHS[0]} or {_WIDTHS[1]} words"
    return (
        None if first[_TYPE].lower() in _LOWER else "the third word of its first line is not a type of KITTI"
    )


def _name_columns(width: int) -> Sequence[str] | None:
    return _NAMES[:width] if width in _WIDTHS else None
