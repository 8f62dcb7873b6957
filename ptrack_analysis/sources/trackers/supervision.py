"""Tables of supervision's CSVSink and JSONSink."""

from collections.abc import Sequence

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.cells import Cells, csv_cells
from ptrack_analysis.sources.trackers.form import FRAME_NAMES, MOMENTS, BoxLayout, tracked, validate_columns
from ptrack_analysis.sources.trackers.objects import build_cells, objects_in
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

CORNERS = ("x_min", "y_min", "x_max", "y_max")
_COLUMNS = {
    "id": "tracker_id",
    "left": "x_min",
    "top": "y_min",
    "right": "x_max",
    "bottom": "y_max",
    "confidence": "confidence",
    "class": "class_id",
    "class_name": "class_name",
}
_INDEX = ("frame_index", "frame_idx")


def read_supervision_csv(path: AnyPath, given: Given) -> Tracked:
    """Read a table of supervision's CSVSink: corners of boxes in px, and the tracker's id.

    The sink writes no frame of its own accord: it is a column of custom data, ``frame_number``,
    ``frame_index`` or another usual name, or as ``columns`` says (``frame``, ``timestamp_ms`` or
    ``time_s``). A ``frame_index`` is counted from 0; others from 0 where a frame 0 occurs, else from 1, which
    is noted. Rows without a tracker's id (empty or -1) are left out and counted; so are other classes than
    persons, where classes are named and persons are among them.

    Parameters
    ----------
    path
        The file; a CSV excerpt of a JSONSink's table is one too.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name``.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no row has an id; if there is no frame.
    ParameterError
        If the frame size or rate is not known.

    References
    ----------
    supervision, "Save Detections": ``sv.CSVSink``.
    """
    return of_sink(csv_cells(path), path, given)


def of_sink(cells: Cells, path: AnyPath, given: Given) -> Tracked:
    """Make DETECTIONS of a sink's cells."""
    validate_columns(given, str(path), MOMENTS)
    columns = _COLUMNS | moment_column(list(cells.columns), given, cells.place)
    base = 0 if columns.get("frame") in _INDEX else None
    video = named(given.video, title_of_source(path))
    return tracked(cells, BoxLayout(columns=columns, first_frame=base), given, video)


def moment_column(present: Sequence[str], given: Given, place: str) -> dict[str, str]:
    """Find the column that tells the time: as the caller says, else one with a usual name."""
    usual = [("frame", name) for name in FRAME_NAMES] + [(role, role) for role in MOMENTS[1:]]
    for role, name in (given.columns or {}).items() or usual:
        if name in present:
            return {role: name}
    sought = ", ".join(repr(name) for name in (given.columns or dict(usual[::-1])).values())
    raise InputError(
        f"{place}: no column tells the frame (looked for {sought}); "
        'name it: columns={"frame": "..."}, in the shell --columns frame=...'
    )


def fits_supervision_csv(sample: Sample) -> str | None:
    """Return why a source is no table of a CSVSink, None if it is."""
    if sample.is_folder:
        return "a folder"
    missing = [name for name in (*CORNERS, "tracker_id") if name not in sample.header]
    return f"its first line names no column {missing[0]!r}" if missing else None


def read_supervision_json(path: AnyPath, given: Given) -> Tracked:
    """Read a list of supervision's JSONSink: one object a box, with the members of ``read_supervision_csv``.

    Parameters
    ----------
    path
        The file: one list, or JSON Lines of such objects.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name``.

    Raises
    ------
    InputError
        If it is no such JSON; else as ``read_supervision_csv``.
    ParameterError
        If the frame size or rate is not known.

    References
    ----------
    supervision, "Save Detections": ``sv.JSONSink``.
    """
    return of_sink(build_cells(objects_in(path), path), path, given)


def fits_supervision_json(sample: Sample) -> str | None:
    """Return why a source is no list of a JSONSink, None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.head.lstrip().startswith((b"[", b"{")):
        return "does not begin as JSON does"
    missing = [name for name in CORNERS if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None
