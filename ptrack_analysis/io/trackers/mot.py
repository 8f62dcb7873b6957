"""MOTChallenge text: results and ground truth."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells
from ptrack_analysis.io.trackers.form import Form, refuse_unknown, tracked, with_notes
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.seqinfo import facts_beside
from ptrack_analysis.io.trackers.text import plain_cells, read_text
from ptrack_analysis.io.trackers.tracked import Given, Tracked, named, title_of_source

NAMES = ("frame", "id", "bb_left", "bb_top", "bb_width", "bb_height", "conf", "x", "y", "z")
EXPECTED = "frame,id,bb_left,bb_top,bb_width,bb_height and up to conf,x,y,z"
COLUMNS = {
    "frame": "frame",
    "id": "id",
    "left": "bb_left",
    "top": "bb_top",
    "width": "bb_width",
    "height": "bb_height",
    "confidence": "conf",
    "class": "class",
}
_FEWEST, _WITH_CLASS = 6, 9
_PEDESTRIAN = 1
_CLASSES = (
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "other vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "full occluder",
    "reflection",
    "crowd",
)


def read_mot(path: AnyPath, given: Given) -> Tracked:
    """Read MOTChallenge text: a tracker's results, or ground truth.

    A row is ``frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z``; frames, ids and boxes are counted from
    1, so the upper left pixel is at (1, 1). Of ground truth, which has nine columns
    (``...,flag,class,visibility``) or is called ``gt.txt``, rows with flag 0 and of classes other than
    pedestrian are left out and counted. The frame size and rate come from ``seqinfo.ini`` beside the file or
    in the folder above, else from the facts to fall back to. Nine columns whose visibility is -1 are a
    tracker's results with a class, as some write them.

    Parameters
    ----------
    path
        The file, or a sequence's folder with ``gt/gt.txt``.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS; ``confidence`` (where it is not -1 everywhere) and ``class_id`` are carried along.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if the id is -1 everywhere.
    ParameterError
        If the frame size or rate is not known.

    References
    ----------
    A. Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", arXiv:1603.00831.
    """
    file = _file_of(path)
    refuse_unknown(given, str(file))
    cells = plain_cells(file, read_text(file), names_of, EXPECTED)
    facts = facts_beside(file)
    video = named(given.video, _title(path, file), **facts)
    columns: dict[str, str] = dict(COLUMNS)
    notes: list[str] = []
    if _is_truth(cells, file):
        cells, notes = _evaluated(cells)
        columns.pop("confidence")
    result = tracked(cells, Form(columns=columns, first_frame=1, origin=1.0), given, video)
    return with_notes(result, *notes)


def fits_mot(sample: Sample) -> str | None:
    """Say why a source is no MOTChallenge text, None if it is."""
    if sample.is_folder:
        found = any((sample.path / name).is_file() for name in ("gt/gt.txt", "gt.txt"))
        return None if found else "a folder without gt/gt.txt"
    reason = unlike_mot(sample)
    if reason is None and sample.has_frame_0:
        return "has a frame 0, and MOTChallenge counts from 1"
    return reason


def unlike_mot(sample: Sample) -> str | None:
    """Say why a file is no text of MOTChallenge's columns, None if it is."""
    rows = sample.rows
    if sample.is_folder:
        return "a folder"
    if not rows or names_of(len(rows[0])) is None or not sample.is_numeric:
        return "its first line is no row of 6, 7, 9 or 10 numbers"
    if sample.has_header_comment:
        return "it begins with a comment"
    return None


def names_of(width: int) -> Sequence[str] | None:
    """Name the columns by their number."""
    if width == _WITH_CLASS:
        return (*NAMES[:_FEWEST], "conf", "class", "visibility")
    return NAMES[:width] if width in {_FEWEST, _FEWEST + 1, len(NAMES)} else None


def _file_of(path: AnyPath) -> AnyPath:
    if not path.is_dir():
        return path
    for name in ("gt/gt.txt", "gt.txt"):
        if (path / name).is_file():
            return path / name
    raise InputError(f"{path}: a folder without gt/gt.txt; give the file of the results itself")


def _title(path: AnyPath, file: AnyPath) -> str:
    """Name the video after its sequence's folder where the file is called as all are."""
    if path.is_dir():
        return title_of_source(path, is_folder=True)
    folder = (file.absolute() if isinstance(file, Path) else file).parent
    if file.name == "gt.txt" and folder.name == "gt":
        return title_of_source(folder.parent, is_folder=True)
    return title_of_source(file)


def _is_truth(cells: Cells, file: AnyPath) -> bool:
    if file.name == "gt.txt":
        return "conf" in cells.columns
    return "visibility" in cells.columns and bool((cells.numbers("visibility") >= 0).any())


def _evaluated(cells: Cells) -> tuple[Cells, list[str]]:
    """Keep the rows of ground truth that count: flag 1, and pedestrians where classes are told."""
    flagged: Bools = cells.numbers("conf") != 0
    notes = [f"{(~flagged).sum()} rows with flag 0 are left out"] if not flagged.all() else []
    cells = cells.kept(flagged)
    if "class" not in cells.columns:
        return cells, notes
    classes = cells.whole("class", low=-1)
    others = classes[classes != _PEDESTRIAN]
    if len(others):
        counts = zip(*np.unique(others, return_counts=True), strict=True)
        said = ", ".join(f"{count} {_class_name(int(number))}" for number, count in counts)
        notes.append(f"{len(others)} rows of other classes than pedestrian are left out ({said})")
    return cells.kept(classes == _PEDESTRIAN), notes


def _class_name(number: int) -> str:
    return _CLASSES[number - 1] if 1 <= number <= len(_CLASSES) else f"class {number}"
