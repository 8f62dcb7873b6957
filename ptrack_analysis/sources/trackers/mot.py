"""MOTChallenge text: results and ground truth, with seqinfo.ini."""

import re
from collections.abc import Collection, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as BrokenIni
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools
from ptrack_analysis.sources.trackers.cells import Cells, plain_cells, read_text
from ptrack_analysis.sources.trackers.form import BoxLayout, tracked, validate_columns, with_notes
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import frames_to_timestamps, timedelta

_FACTS: dict[str, tuple[str, type, float]] = {
    "frameRate": ("frame_rate", float, 1e6),
    "imWidth": ("width", int, 1e6),
    "imHeight": ("height", int, 1e6),
    "seqLength": ("frames", int, 1e9),
}
_SMALLEST = 1e-3


def facts_beside(file: AnyPath) -> dict[str, Any]:
    """Read ``seqinfo.ini`` beside a file, or in the folder above; none is an ordinary case.

    Returns
    -------
    dict
        ``width``, ``height``, ``frame_rate`` and ``duration``, as far as they are told.

    Raises
    ------
    InputError
        If it is broken, or a value is no number above 0.
    """
    folder = (file.absolute() if isinstance(file, Path) else file).parent
    for place in (folder / "seqinfo.ini", folder.parent / "seqinfo.ini"):
        if place.is_file():
            return _facts(place)
    return {}


def _facts(place: AnyPath) -> dict[str, Any]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(place).decode())
    except BrokenIni as error:
        raise InputError(f"{place}: no INI file: {' '.join(str(error).split())}") from error
    told = dict(parser["Sequence"]) if parser.has_section("Sequence") else {}
    facts: dict[str, Any] = {
        fact: _number(place, name, told[name.lower()], kind, largest)
        for name, (fact, kind, largest) in _FACTS.items()
        if name.lower() in told
    }
    frames = facts.pop("frames", None)
    if frames is not None and "frame_rate" in facts:
        end = frames_to_timestamps(np.array([frames]), facts["frame_rate"])
        facts["duration"] = timedelta(int(end[0]))
    return facts


def _number(place: AnyPath, name: str, text: str, kind: type, largest: float) -> Any:
    try:
        number = kind(text)
    except ValueError:
        number = 0
    if not _SMALLEST <= number <= largest:
        raise InputError(f"{place}: {name} is {text!r}; expected a number above 0")
    return number


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
_CLASSES = {
    1: "pedestrian",
    2: "person on vehicle",
    3: "car",
    4: "bicycle",
    5: "motorbike",
    6: "other vehicle",
    7: "static person",
    8: "distractor",
    9: "occluder",
    10: "occluder on the ground",
    11: "full occluder",
    12: "reflection",
    13: "crowd",
}
_VISDRONE_CLASSES = {
    0: "ignored region",
    1: "pedestrian",
    2: "people",
    3: "bicycle",
    4: "car",
    5: "van",
    6: "truck",
    7: "tricycle",
    8: "awning-tricycle",
    9: "bus",
    10: "motor",
    11: "others",
}
_VISDRONE_PERSONS = {1, 2}
_TRUTH_NAME = re.compile(r"gt(?![a-z]).*\.txt(\.gz)?", re.IGNORECASE)
_LABEL = "label"
_NO_PEDESTRIAN = (
    "If the classes have other numbers, put a file labels.txt with one class name per line into the same "
    "folder. If the rows are a tracker's results, rename the file: it is read as ground truth because it is "
    "named gt.txt, lies in a folder gt, or is read with the format mot-gt."
)
_NOT_TRUTH = (
    "nine columns are read as a tracker's results with a class in the eighth: rows of all classes are kept; "
    "MOTChallenge ground truth is named gt.txt, lies in a folder gt, or is read with the format mot-gt "
    "(--format mot-gt)"
)


def read_mot(path: AnyPath, given: Given) -> Tracked:
    """Read MOTChallenge text: a tracker's results, or ground truth.

    A row is ``frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z``; frames, ids and boxes are counted from
    1, so the upper left pixel is at (1, 1). The frame size and rate come from ``seqinfo.ini`` beside the file
    or in the folder above, else from the facts to fall back to.

    A file is ground truth only if it is named ``gt.txt`` (or ``gt_val.txt``, ``gt1.txt`` ...), if its folder
    is named ``gt``, or if the format is ``mot-gt``: see ``read_mot_truth``. Any other file with nine columns
    is read as results with a class in the eighth column, as BoxMOT writes them. Rows of all classes are kept.

    Ten columns of whole numbers are VisDrone's if columns 8 to 10 are its category, truncation and occlusion.
    Only its pedestrians and people are kept.

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
        With the place and value of what cannot be; if the id is -1 everywhere; if no row of ground truth is
        a person.
    ParameterError
        If the frame size or rate is not known.

    References
    ----------
    A. Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", arXiv:1603.00831.
    """
    file = _find_file(path)
    return _read(path, file, given, is_truth=_is_truth(file))


def read_mot_truth(path: AnyPath, given: Given) -> Tracked:
    """Read MOTChallenge ground truth, whatever the file is called.

    Nine columns are ``frame,id,bb_left,bb_top,bb_width,bb_height,flag,class,visibility``. Rows with flag 0
    and rows of classes other than pedestrian (1) are left out and counted. If ``labels.txt`` is in the same
    folder, as CVAT and Datumaro write it, line n names class n, boxes are counted from (0, 0), and classes
    are told by their names. Parameters, result and errors are those of ``read_mot``.
    """
    return _read(path, _find_file(path), given, is_truth=True)


def _read(path: AnyPath, file: AnyPath, given: Given, *, is_truth: bool) -> Tracked:
    validate_columns(given, str(file))
    cells = plain_cells(file, read_text(file), name_columns, EXPECTED)
    video = named(given.video, _title(path, file), **facts_beside(file))
    columns: dict[str, str] = dict(COLUMNS)
    notes, dropped = list[str](), list[str]()
    origin = 1.0
    if _is_visdrone(cells):
        cells, dropped = _evaluated(cells, "x", _VISDRONE_CLASSES, _VISDRONE_PERSONS)
        notes = ["columns 8 to 10 are read as category, truncation and occlusion of VisDrone"]
        columns["class"] = "x"
        columns.pop("confidence")
    elif is_truth and "conf" in cells.columns:
        labels = _labels_beside(file) if "class" in cells.columns else {}
        if labels:
            cells, dropped = _named(cells, labels)
            columns["class_name"] = _LABEL
            origin = 0.0
        else:
            cells, dropped = _evaluated(cells, "class", _CLASSES, {_PEDESTRIAN}, hint=_NO_PEDESTRIAN)
        columns.pop("confidence")
    elif "visibility" in cells.columns and (cells.numbers("visibility") >= 0).any():
        notes = [_NOT_TRUTH]
        if (cells.numbers("conf") == 1).all():  # BoxMOT writes 1 there, and the confidence elsewhere
            columns.pop("confidence")
    result = tracked(cells, BoxLayout(columns=columns, first_frame=1, origin=origin), given, video)
    return with_notes(result, *notes, dropped=dropped)


def fits_mot(sample: Sample) -> str | None:
    """Return why a source is no MOTChallenge text, None if it is."""
    if sample.is_folder:
        found = any((sample.path / name).is_file() for name in ("gt/gt.txt", "gt.txt"))
        return None if found else "a folder without gt/gt.txt"
    reason = unlike_mot(sample)
    if reason is None and sample.has_frame_0:
        return "has a frame 0, and MOTChallenge counts from 1"
    return reason


def fits_mot_truth(sample: Sample) -> str | None:
    """Return why a source is not taken for ground truth of any name."""
    if sample.is_folder:
        return "a folder"
    return unlike_mot(sample) or "looks as other MOTChallenge text does, so it is read as this only by name"


def unlike_mot(sample: Sample) -> str | None:
    """Return why a file is no text of MOTChallenge's columns, None if it is."""
    rows = sample.rows
    if sample.is_folder:
        return "a folder"
    if not rows or name_columns(len(rows[0])) is None or not sample.is_numeric:
        return "its first line is no row of 6, 7, 9 or 10 numbers"
    if sample.has_header_comment:
        return "it begins with a comment"
    return None


def name_columns(width: int) -> Sequence[str] | None:
    """Name the columns by their number."""
    if width == _WITH_CLASS:
        return (*NAMES[:_FEWEST], "conf", "class", "visibility")
    return NAMES[:width] if width in {_FEWEST, _FEWEST + 1, len(NAMES)} else None


def _find_file(path: AnyPath) -> AnyPath:
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


def _is_truth(file: AnyPath) -> bool:
    """Return whether the file's name or folder says that it is ground truth."""
    folder = (file.absolute() if isinstance(file, Path) else file).parent
    return folder.name.lower() == "gt" or _TRUTH_NAME.fullmatch(file.name) is not None


def _is_visdrone(cells: Cells) -> bool:
    """Return whether columns 8 to 10 have the values of VisDrone's category, truncation and occlusion."""
    if not {"x", "y", "z"} <= cells.columns.keys():
        return False
    for name, largest in (("x", max(_VISDRONE_CLASSES)), ("y", 1), ("z", 2)):
        values = cells.numbers(name)
        if not ((values >= 0) & (values <= largest) & (values % 1 == 0)).all():
            return False
    return len(np.unique(cells.numbers("x"))) > 1


def _labels_beside(file: AnyPath) -> dict[int, str]:
    """Read the names of the classes from ``labels.txt`` in the same folder; a missing file names none."""
    place = file.parent / "labels.txt"
    if not place.is_file():
        return {}
    return dict(enumerate((line.strip() for line in read_text(place).decode().splitlines()), 1))


def _named(cells: Cells, labels: Mapping[int, str]) -> tuple[Cells, list[str]]:
    """Keep the rows with flag 1, and add a column with the names of their classes."""
    cells, notes = _flagged(cells)
    classes = cells.whole("class", low=-1)
    if classes.max(initial=0) > max(labels):
        row = int(classes.argmax())
        raise cells.fault("class", row, f"a class from 1 to {max(labels)}, the lines of labels.txt")
    names = pa.chunked_array([pa.array([labels.get(int(number)) for number in classes], pa.string())])
    return replace(cells, columns={**cells.columns, _LABEL: names}), notes


def _flagged(cells: Cells) -> tuple[Cells, list[str]]:
    """Keep the rows of ground truth with flag 1."""
    flagged: Bools = cells.numbers("conf") != 0
    if cells.count and not flagged.any():
        raise InputError(f"{cells.place}: the flag (column 7) is 0 in every row, so no row counts")
    notes = [f"{(~flagged).sum()} rows with flag 0 are left out"] if not flagged.all() else []
    return cells.kept(flagged), notes


def _evaluated(
    cells: Cells, name: str, names: Mapping[int, str], persons: Collection[int], *, hint: str = ""
) -> tuple[Cells, list[str]]:
    """Keep the rows of ground truth that count: flag 1, and persons where classes are told."""
    cells, notes = _flagged(cells)
    if name not in cells.columns:
        return cells, notes
    classes = cells.whole(name, low=-1)
    is_person = np.isin(classes, list(persons))
    others = classes[~is_person]
    if len(others):
        counts = zip(*np.unique(others, return_counts=True), strict=True)
        said = ", ".join(f"{count} {names.get(int(number), f'class {number}')}" for number, count in counts)
        kept = " or ".join(names[number] for number in sorted(persons))
        if not is_person.any():
            raise InputError(f"{cells.place}: no row has the class {kept} ({said}). {hint}".rstrip())
        notes.append(f"{len(others)} rows of other classes than {kept} are left out ({said})")
    return cells.kept(is_person), notes
