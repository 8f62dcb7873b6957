"""The formats of other trackers: by name, or by looking at a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.archive import Source
from ptrack_analysis.sources.trackers import mot, points, result_text, supervision, tables, ultralytics
from ptrack_analysis.sources.trackers.form import MOMENTS
from ptrack_analysis.sources.trackers.sample import Sample, read_sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, Unit, check_first_frame, checked_unit
from ptrack_analysis.storage.s3 import AnyPath, parse_path
from ptrack_analysis.video import Video


@dataclass(frozen=True, slots=True)
class Tracker:
    """A format: its name, one line about it, its reader, and what tells a file of it.

    ``recognizes`` says why a source does not fit, and gives None where it does.
    """

    name: str
    text: str
    read: Callable[[AnyPath, Given], Tracked]
    recognizes: Callable[[Sample], str | None]


TRACKERS = {
    tracker.name: tracker
    for tracker in (
        Tracker("mot", "MOTChallenge text: results or ground truth", mot.read_mot, mot.fits_mot),
        Tracker(
            "mot-gt",
            "MOTChallenge ground truth in a file of any name",
            mot.read_mot_truth,
            mot.fits_mot_truth,
        ),
        Tracker(
            "bytetrack",
            "result text of ByteTrack (frames from 0 or 1, pixels from 0)",
            result_text.read_bytetrack,
            result_text.fits_bytetrack,
        ),
        Tracker(
            "deepsort",
            "result text of DeepSORT or deep_sort_pytorch",
            result_text.read_deepsort,
            result_text.fits_deepsort,
        ),
        Tracker(
            "supervision-csv",
            "table of supervision's CSVSink",
            supervision.read_supervision_csv,
            supervision.fits_supervision_csv,
        ),
        Tracker(
            "supervision-json",
            "list of supervision's JSONSink",
            supervision.read_supervision_json,
            supervision.fits_supervision_json,
        ),
        Tracker(
            "ultralytics-txt",
            "folder of Ultralytics' save_txt, one file a frame",
            ultralytics.read_ultralytics_txt,
            ultralytics.fits_ultralytics_txt,
        ),
        Tracker(
            "ultralytics-json",
            "Ultralytics' Results.to_json with the frames told",
            ultralytics.read_ultralytics_json,
            ultralytics.fits_ultralytics_json,
        ),
        Tracker(
            "ultralytics-csv",
            "Ultralytics' Results.to_csv with the frames told",
            ultralytics.read_ultralytics_csv,
            ultralytics.fits_ultralytics_csv,
        ),
        Tracker("points", "points in meters (PedPy, JuPedSim)", points.read_points, points.fits_points),
        Tracker("table", "CSV or Parquet with named columns", tables.read_table, tables.fits_table),
    )
}
"""Every format by its name, in the order in which they are tried."""


def read_tracks(
    path: Source,
    *,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    video: Video | None = None,
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    unit: Unit | None = None,
) -> Tracked:
    """Read what another tracker wrote, of one video.

    Frames become times as the API's do: 1000 · (frame - first) / rate, cut to whole ms. Boxes become
    fractions of the frame. The order of rows means nothing; the same person twice at one moment is one row.
    Rows without an id are left out and counted, refused if it is all of them.

    Parameters
    ----------
    path
        A file, or a folder where the format is one; on disk or in S3.
    format
        Name of the format, one of ``TRACKERS``; by default the file is looked at, and taken as ``table`` if
        ``columns`` names more than the time.
    video
        Facts to fall back to where the file has none: frame size, frame rate.
    columns
        Which column plays which role, for ``table``; the column that tells the frame or time, for tables of
        supervision and Ultralytics.
    first_frame
        Number of the video's first frame; by default the format's own.
    unit
        Unit of a table's boxes, ``px`` (default) or ``fraction``.

    Returns
    -------
    Tracked
        DETECTIONS (of ``points``: POINTS in m), the video, and notes on what was left out or odd.

    Raises
    ------
    InputError
        With the place, column and value of the first fault; if no format fits.
    ParameterError
        If there is no such format, an argument does not fit it, or the frame size or rate is needed and not
        known.
    """
    check_first_frame(first_frame)
    given = Given(video=video or Video(), columns=columns, first_frame=first_frame, unit=checked_unit(unit))
    source = parse_path(path)
    if format is None and not set(columns or {}) <= set(MOMENTS):
        format = "table"  # noqa: A001 - the same
    if format is None:
        return recognize(source).read(source, given)
    if format not in TRACKERS:
        raise ParameterError(f"format is {format!r}, not one of {', '.join(TRACKERS)}")
    if not source.is_file() and not source.is_dir():
        raise InputError(f"{source}: there is no such file or folder")
    return TRACKERS[format].read(source, given)


def recognize(path: Source) -> Tracker:
    """Return a source's format by looking at its beginning; of several that fit, the first of ``TRACKERS``.

    Raises
    ------
    InputError
        If none fits, with the reason for each; if there is no such file.
    """
    sample = read_sample(parse_path(path))
    if not sample.is_folder and not sample.head.strip():
        raise InputError(f"{sample.path}: the file is empty")
    reasons = {}
    for tracker in TRACKERS.values():
        reason = tracker.recognizes(sample)
        if reason is None:
            return tracker
        reasons[tracker.name] = reason
    tried = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise InputError(
        f"{sample.path}: no tracker's format is recognized ({tried}); name it with format (--format)"
    )
