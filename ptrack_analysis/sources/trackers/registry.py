"""The formats of other trackers: one declaration each, recognized by evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.sources.archive import FormatOptions, Source
from ptrack_analysis.sources.pages.rows import Budget
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.sources.trackers import (
    alphapose,
    boxmot,
    coco,
    cvat,
    deepstream,
    google,
    hdf5,
    jupedsim,
    kitti,
    label_studio,
    labels,
    mot,
    points,
    results,
    roboflow,
    sensors,
    simulations,
    tables,
    trajnet,
    vatic,
    wildtrack,
)
from ptrack_analysis.sources.trackers.classes import parse_classes
from ptrack_analysis.sources.trackers.form import Part, Rows, build_tracked, list_parts, split_rows
from ptrack_analysis.sources.trackers.positions import find_stated_unit
from ptrack_analysis.sources.trackers.roles import MOMENTS, PARTS, by_own_names, find_part_columns
from ptrack_analysis.sources.trackers.sample import Sample, files_in, read_sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, Unit, combine, validate_options
from ptrack_analysis.sources.trackers.unknown import describe_refused, describe_unknown
from ptrack_analysis.storage.s3 import AnyPath, parse_path
from ptrack_analysis.video import Video, YAxis, validate_video


@dataclass(frozen=True, slots=True)
class Tracker:
    """A format: its name, one line about it, its reader, and what recognizes a file of it.

    ``read`` returns the rows with their layout: the base of frames and pixels, and the classes.
    ``recognizes`` returns why a source does not fit, and None if it does; ``accepts`` does so for a source
    whose format the caller names. ``may_have_parts`` tells whether a source may have several videos.
    ``plane`` is the unit of the points of a format without boxes. ``companions`` lists the files beside a
    file without which it cannot be read.
    """

    name: str
    text: str
    read: Callable[[AnyPath, Given], Rows | Tracked]
    recognizes: Callable[[Sample], str | None]
    accepts: Callable[[Sample], str | None] | None = None
    reads_files: bool = True
    reads_folders: bool = False
    may_have_parts: bool = False
    plane: Literal["", "m", "px"] = ""
    companions: Callable[[AnyPath], list[AnyPath]] | None = None

    @property
    def has_frame_files(self) -> bool:
        """Whether a folder of the format has one file per frame."""
        return self.reads_folders and (not self.reads_files or self.name.startswith("ultralytics"))

    def accepts_file(self, sample: Sample, options: FormatOptions) -> bool:
        """Return whether a file of a folder is read in this format if the caller names the format."""
        if self.name == "table" and options.columns:
            names = tables.read_names(sample)
            return all(name in names for _, name in options.columns)
        return (self.accepts or self.recognizes)(sample) is None


TRACKERS = {
    tracker.name: tracker
    for tracker in (
        Tracker(
            "visdrone", "annotations of VisDrone-MOT", mot.read_visdrone, mot.fits_visdrone, mot.fits_text
        ),
        Tracker(
            "boxmot", "result text of BoxMOT, any version", mot.read_boxmot, mot.fits_boxmot, mot.fits_text
        ),
        Tracker(
            "bytetrack",
            "result text of ByteTrack, BoT-SORT, OC-SORT, StrongSORT or FairMOT (pixels from 0)",
            mot.read_bytetrack,
            mot.fits_bytetrack,
            mot.fits_text,
        ),
        Tracker(
            "mot",
            "MOTChallenge text: results or ground truth",
            mot.read_mot,
            mot.fits_mot,
            mot.fits_text,
            reads_folders=True,
        ),
        Tracker(
            "mot-gt",
            "MOTChallenge ground truth in a file of any name",
            mot.read_mot_truth,
            mot.fits_only_by_name,
            mot.fits_text,
            reads_folders=True,
        ),
        Tracker(
            "deepsort",
            "result text of SORT, DeepSORT or deep_sort_pytorch",
            mot.read_deepsort,
            mot.fits_only_by_name,
            mot.fits_text,
        ),
        Tracker(
            "coco-video",
            "COCO file of videos (CocoVID, MMTracking, TAO, YouTube-VIS)",
            coco.read_coco_video,
            coco.fits_coco_video,
            may_have_parts=True,
        ),
        Tracker(
            "boxmot-jsonl",
            "tracks.jsonl of BoxMOT",
            boxmot.read_boxmot_jsonl,
            boxmot.fits_boxmot_jsonl,
            may_have_parts=True,
        ),
        Tracker(
            "google-video",
            "annotations of Google Video Intelligence",
            google.read_google_video,
            google.fits_google_video,
            may_have_parts=True,
        ),
        Tracker(
            "cvat-video",
            "CVAT for video in XML, also of JAAD and PIE",
            cvat.read_cvat_video,
            cvat.fits_cvat_video,
            may_have_parts=True,
        ),
        Tracker(
            "deepstream-json",
            "messages of DeepStream in JSON",
            deepstream.read_deepstream_messages,
            deepstream.fits_deepstream_messages,
            may_have_parts=True,
        ),
        Tracker(
            "deepstream-kitti",
            "folder of DeepStream's kitti-track-output-dir",
            deepstream.read_deepstream_kitti,
            deepstream.fits_deepstream_kitti,
            reads_files=False,
            reads_folders=True,
            may_have_parts=True,
        ),
        Tracker(
            "kitti",
            "label file of KITTI tracking",
            kitti.read_kitti,
            kitti.fits_kitti,
        ),
        Tracker(
            "vatic",
            "text of VATIC or of the Stanford Drone Dataset",
            vatic.read_vatic,
            vatic.fits_vatic,
        ),
        Tracker(
            "alphapose",
            "results of AlphaPose with tracking",
            alphapose.read_alphapose,
            alphapose.fits_alphapose,
        ),
        Tracker(
            "wildtrack",
            "folder of WILDTRACK's annotations_positions",
            wildtrack.read_wildtrack,
            wildtrack.fits_wildtrack,
            reads_files=False,
            reads_folders=True,
            may_have_parts=True,
        ),
        Tracker(
            "label-studio",
            "JSON of Label Studio with boxes in a video",
            label_studio.read_label_studio,
            label_studio.fits_label_studio,
            may_have_parts=True,
        ),
        Tracker(
            "roboflow",
            "results of Roboflow with tracker_id",
            roboflow.read_roboflow,
            roboflow.fits_roboflow,
            may_have_parts=True,
        ),
        Tracker(
            "supervision-csv",
            "table of supervision's CSVSink",
            results.read_supervision_csv,
            results.fits_supervision_csv,
        ),
        Tracker(
            "supervision-json",
            "list of supervision's JSONSink",
            results.read_supervision_json,
            results.fits_supervision_json,
        ),
        Tracker(
            "ultralytics-txt",
            "folder of Ultralytics' save_txt, one file per frame",
            labels.read_ultralytics_txt,
            labels.fits_ultralytics_txt,
            reads_files=False,
            reads_folders=True,
        ),
        Tracker(
            "ultralytics-json",
            "Ultralytics' Results.to_json, with frames",
            results.read_ultralytics_json,
            results.fits_ultralytics_json,
            reads_folders=True,
        ),
        Tracker(
            "ultralytics-csv",
            "Ultralytics' Results.to_csv, with frames",
            results.read_ultralytics_csv,
            results.fits_ultralytics_csv,
            reads_folders=True,
        ),
        Tracker(
            "obsmat",
            "obsmat.txt of ETH or UCY: points in meters",
            points.read_obsmat,
            points.fits_obsmat,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "trajnet",
            "text of TrajNet: points in meters",
            points.read_trajnet,
            points.fits_trajnet,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "points",
            "points as text (PedPy, JuPedSim, HERMES)",
            points.read_points,
            points.fits_points,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "jupedsim",
            "SQLite database of JuPedSim: points in meters",
            jupedsim.read_jupedsim,
            jupedsim.fits_jupedsim,
            jupedsim.accepts_sqlite,
            plane="m",
        ),
        Tracker(
            "vadere",
            ".traj of Vadere: steps of people in meters",
            simulations.read_vadere,
            simulations.fits_vadere,
            plane="m",
        ),
        Tracker(
            "viswalk",
            ".pp of Viswalk: points in meters",
            simulations.read_viswalk,
            simulations.fits_viswalk,
            plane="m",
        ),
        Tracker(
            "pathfinder-csv",
            "CSV of Pathfinder: points in meters",
            simulations.read_pathfinder_csv,
            simulations.fits_pathfinder_csv,
            plane="m",
        ),
        Tracker(
            "pathfinder-json",
            "JSON of Pathfinder: points in meters",
            simulations.read_pathfinder_json,
            simulations.fits_pathfinder_json,
            plane="m",
        ),
        Tracker(
            "crowdit",
            "table of crowd:it: points in meters",
            simulations.read_crowdit,
            simulations.fits_crowdit,
            plane="m",
        ),
        Tracker(
            "trajnet-lines",
            "JSON Lines of TrajNet++: points in meters",
            trajnet.read_trajnet_lines,
            trajnet.fits_trajnet_lines,
            plane="m",
        ),
        Tracker(
            "atc",
            "CSV of the ATC laser scanners: points in millimeters",
            sensors.read_atc,
            sensors.fits_atc,
            plane="m",
        ),
        Tracker(
            "ind",
            "tracks of inD, rounD or uniD: points in meters",
            sensors.read_ind,
            sensors.fits_ind,
            plane="m",
            companions=sensors.list_companions,
        ),
        Tracker(
            "frigate",
            "events of Frigate: foot points as fractions of the frame",
            sensors.read_frigate,
            sensors.fits_frigate,
            plane="px",
            may_have_parts=True,
        ),
        Tracker(
            "hdf5",
            "HDF5 of the Pedestrian Dynamics Data Archive: points in meters",
            hdf5.read_hdf5,
            hdf5.fits_hdf5,
            plane="m",
        ),
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
    first_pixel: int | None = None,
    stride: int | None = None,
    unit: Unit | None = None,
    y_axis: YAxis | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    allow_dropped: bool = False,
) -> Tracked:
    """Read one video from the file of another tracker.

    Frames become times as the API's do: 1000 · (frame - first) · stride / rate, cut to whole ms. Boxes become
    fractions of the frame. The order of rows does not matter; the same person twice at one time is one row.
    Rows without an id are left out and counted, and refused if it is all of them.

    Columns without a role are kept under their names, if they are bool, number or text and at most 50; whole
    numbers are ``Int64`` and flags ``boolean``, in which a value may be missing. In a text file the type
    follows from all values of the column. A column with the name of a column of the tables of people becomes
    ``source_<name>``. ``report.ignored`` has the columns that are not read, with the reasons.

    Parameters
    ----------
    path
        A file, or a folder where the format is one; on disk or in S3.
    format
        Name of the format, one of ``TRACKERS``; by default it is recognized, and ``table`` if ``columns``
        names more than the time.
    video
        Facts that the file lacks: frame size, frame rate, start of the recording.
    columns
        Role to column. For ``table``: ``id``; one of ``frame``, ``time`` (date and time, HH:MM:SS.mmm, or
        since 1970), ``time_s``, ``time_ms``; ``left`` or ``center_x``, ``right`` or ``width``; ``top`` or
        ``center_y``, ``bottom`` or ``height``; or one of ``box_xyxy``, ``box_xywh``, ``box_cxcywh`` for a
        column with four numbers; for points without boxes ``x`` and ``y``; perhaps ``video``,
        ``camera``, ``confidence``, ``class``, ``class_name``.
        For tables of supervision and Ultralytics: the time, ``video`` and ``camera``.
    first_frame
        Number of the video's first frame; by default the format's own.
    first_pixel
        Coordinate of the upper left pixel in MOT text, 0 or 1; by default the format's own.
    stride
        Frames of the video per frame of the file, if the tracker skipped frames and numbered the rest.
    unit
        Unit of the boxes, ``px`` or ``fraction``, by default recognized; or of points, ``m``, ``cm``,
        ``mm`` or ``px``, required unless the file states it.
    y_axis
        Which way y grows in the plane of points: ``up`` (the default for m) or ``down`` (for px).
    classes
        Classes to keep, by name or number; by default people, if the file tells which they are.
    min_confidence
        Least confidence of a detection.
    allow_dropped
        Whether to read a file of which more than 5 % of the rows, or all rows of a person, are dropped for a
        reason that may be a misreading.

    Returns
    -------
    Tracked
        DETECTIONS (for points: POINTS in m or px), the video, and the report of the read.

    Warns
    -----
    PtrackWarning
        If rows are dropped, columns are not read, or facts are assumed.

    Raises
    ------
    InputError
        With the place, column and value of the first fault; if no format fits; if many rows are dropped for a
        doubtful reason.
    ParameterError
        If there is no such format, an argument does not fit it, or the frame size or rate is needed and not
        known.
    """
    options = FormatOptions(
        format=format or "",
        columns=tuple((columns or {}).items()),
        first_frame=first_frame,
        first_pixel=first_pixel,
        stride=stride,
        unit=unit,
        y_axis=y_axis,
        classes=parse_classes(classes or ()),
        min_confidence=min_confidence,
    )
    tracked = read_with_options(path, validate_options(options), video)
    if not allow_dropped:
        tracked.report.validate_dropped()
    tracked.report.warn()
    return tracked


def read_with_options(
    path: Source, options: FormatOptions, video: Video | None = None, budget: Budget | None = None
) -> Tracked:
    """Read one video; see ``read_tracks``. A file with more rows than the ``budget`` allows is refused."""
    if video is not None:
        validate_video(video)
    given = combine(options, video or Video(), budget)
    found = _read_part(parse_path(path), options, given)
    tracked = found if isinstance(found, Tracked) else build_tracked(found, given)
    resolved, assumptions = resolve_video(tracked.video, tracked.table.index)
    report = replace(tracked.report, assumptions=(*tracked.report.assumptions, *assumptions))
    return replace(tracked, video=replace(resolved, read_report=report), report=report)


def find_parts(path: Source, options: FormatOptions) -> list[dict[str, str]]:
    """Return the videos of a file by their values of ``video`` and ``camera``; one or none is one video."""
    if not _may_have_parts(read_sample(parse_path(path)), options):
        return []
    found = _read_rows(parse_path(path), options, combine(options, Video()))
    if isinstance(found, Tracked):
        return []
    split = split_rows(found)
    if len(parts := list_parts(split)) > 1:
        _last_split.keep(parse_path(path), options, split)
    return parts


def find_points_unit(path: AnyPath, options: FormatOptions) -> Literal["", "m", "px"]:
    """Return the unit of the plane if a source has points without boxes, otherwise an empty text."""
    tracker = find_format(path, options)
    names: dict[str, str] = {}
    if tracker.name == "table":
        names = dict(options.columns) or by_own_names(tables.read_names(read_sample(path)))
    if not tracker.plane and "x" not in names:
        return ""
    return "px" if "px" in {tracker.plane, options.unit, find_stated_unit(names)} else "m"


def find_format(path: AnyPath, options: FormatOptions) -> Tracker:
    """Return the format of a source: the one that the options name, otherwise the one recognized.

    Raises
    ------
    InputError
        If there is no such file, or no format fits.
    ParameterError
        If there is no such format.
    """
    name = options.format
    if not name and not {role for role, _ in options.columns} <= _TIMES_AND_PARTS:
        name = "table"
    if not name:
        return recognize(path)
    validate_choice(name, "format", TRACKERS)
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    return TRACKERS[name]


def recognize(path: Source) -> Tracker:
    """Return a source's format by its names and beginning; if several fit, the first of ``TRACKERS``.

    Raises
    ------
    InputError
        If none fits, with what the file is; if there is no such file.
    """
    sample = read_sample(parse_path(path))
    if not sample.is_folder and not sample.head.strip():
        raise InputError(f"{sample.path}: the file is empty")
    if (refused := describe_refused(sample)) is not None:
        raise InputError(refused)
    for tracker in TRACKERS.values():
        if tracker.recognizes(sample) is None:
            return tracker
    raise InputError(describe_unknown(sample))


_TIMES_AND_PARTS = {*MOMENTS, *PARTS}
_SPACED = {"mot", "bytetrack", "deepsort"}
"""Formats whose files may tell cameras apart if white space separates the values."""


def _read_rows(path: AnyPath, options: FormatOptions, given: Given) -> Rows | Tracked:
    return find_format(path, options).read(path, given)


def _read_part(path: AnyPath, options: FormatOptions, given: Given) -> Rows | Tracked:
    """Read the rows of a file; a file of several videos is read once for all of them."""
    if not options.part:
        return _read_rows(path, options, given)
    if (kept := _last_split.find(path, options)) is not None:
        given.validate_size(kept.cells.count, len(kept.further))
        return _complete(kept, given.video)
    found = _read_rows(path, options, replace(given, video=Video()))
    if isinstance(found, Tracked):
        return found
    split = split_rows(found)
    _last_split.keep(path, options, split)
    return _complete(split, given.video)


def _complete(rows: Rows, video: Video) -> Rows:
    """Complete the facts of the file by those that the caller gives."""
    known = {field.name: getattr(rows.video, field.name) for field in fields(Video)}
    known = {name: value for name, value in known.items() if value is not None}
    return replace(rows, video=replace(video, **known))


class _LastSplit:
    """The rows of the last file of several videos, until each of its videos was read or the file changed.

    Threads share it: key, rows and remaining videos are replaced at once.
    """

    def __init__(self) -> None:
        self._kept: tuple[object, Rows, set[Part]] | None = None

    def keep(self, path: AnyPath, options: FormatOptions, rows: Rows) -> None:
        """Keep the rows of a file in place of the previous file."""
        if (key := _identify(path, options)) is not None:
            self._kept = key, rows, {*(rows.parts or {})} - {options.part}

    def find(self, path: AnyPath, options: FormatOptions) -> Rows | None:
        """Return the rows of a file if they are kept, and forget them with its last video."""
        kept = self._kept
        if kept is None or kept[0] != _identify(path, options):
            return None
        _, rows, left = kept
        left.discard(options.part)
        if not left and self._kept is kept:
            self._kept = None
        return rows


_last_split = _LastSplit()


def _identify(path: AnyPath, options: FormatOptions) -> object:
    """Return what changes if a source is replaced or read in another way; None for a folder in S3."""
    if isinstance(path, Path) and path.is_dir():
        found: list[tuple[str, Any]] = [(file.name, file.stat()) for file in files_in(path)]
        files = tuple((name, state.st_size, state.st_mtime_ns) for name, state in found)
        return str(path), files, replace(options, part=())
    if not path.is_file():
        return None
    stat: Any = path.stat()
    state = getattr(stat, "st_mtime_ns", None) or getattr(stat, "tag", None)
    return str(path), stat.st_size, state, replace(options, part=())


def _may_have_parts(sample: Sample, options: FormatOptions) -> bool:
    """Return whether the beginning of a file allows that it has several videos."""
    if options.format in TRACKERS and TRACKERS[options.format].may_have_parts:
        return True
    if sample.is_folder:
        return False
    if {role for role, _ in options.columns} & {*PARTS}:
        return True
    if options.format == "table":
        names = tables.read_names(sample)
        return bool({*names} & {*PARTS} or find_part_columns(dict(options.columns), names))
    return options.format in _SPACED and b"," not in sample.head
