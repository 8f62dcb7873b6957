"""Lists that supervision's JSONSink writes."""

from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.objects import cells_of, objects_in
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.supervision_csv import CORNERS, of_sink
from ptrack_analysis.io.trackers.tracked import Given, Tracked


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
    return of_sink(cells_of(objects_in(path), path), path, given)


def fits_supervision_json(sample: Sample) -> str | None:
    """Say why a source is no list of a JSONSink, None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.head.lstrip().startswith((b"[", b"{")):
        return "does not begin as JSON does"
    missing = [name for name in CORNERS if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None
