"""MOTChallenge text and the text files of trackers that resemble it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.classes import ClassList
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, read_fixed_text
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.sequence import find_folder, is_in_challenge, read_labels, read_seqinfo
from ptrack_analysis.sources.trackers.text import plain_cells
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_BOX = ("frame", "id", "bb_left", "bb_top", "bb_width", "bb_height")
_WIDTHS: dict[int, tuple[str, ...]] = {
    6: _BOX,
    7: (*_BOX, "conf"),
    9: (*_BOX, "conf", "class", "visibility"),
    10: (*_BOX, "conf", "x", "y", "z"),
    11: (*_BOX, "conf", "class", "x", "y", "z"),
}
_ZQPEI = ("frame", "id", "class", *_BOX[2:], "x", "y", "z", "w")
_UNPROVEN = (6, 7)
_ORIENTED = 13
CORNERS = (
    "columns 3 to 6 may be left, top, width and height, as in MOTChallenge text (--format mot), or two "
    "corners. For corners, add a first line with names and give their roles (--columns)."
)
_EXPECTED = "frame,id,bb_left,bb_top,bb_width,bb_height and up to conf,x,y,z"
_ROLES = {
    "frame": "frame",
    "id": "id",
    "left": "bb_left",
    "top": "bb_top",
    "width": "bb_width",
    "height": "bb_height",
    "confidence": "conf",
    "class": "class",
}
_LABEL = "label"

MOT_CLASSES = ClassList(
    names={
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
    },
    people=(1,),
    advice=(
        "If the classes have other numbers, put a file labels.txt with one class name per line into the same "
        "folder, or choose classes by number (--classes). If the rows are a tracker's results, rename the "
        "file: it "
        "is read as ground truth because it is named gt.txt, is in a folder gt, or is read with the format "
        "mot-gt."
    ),
)
VISDRONE_CLASSES = ClassList(
    names={
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
    },
    people=(1, 2),
)
_TRUTH_NAME = re.compile(r"gt(?![a-z]).*\.txt(\.gz)?", re.IGNORECASE)
_VISDRONE_NAME = re.compile(r"uav.*_v\.txt(\.gz)?", re.IGNORECASE)
_BOXMOT_NAME = re.compile(r"tracks\.txt(\.gz)?", re.IGNORECASE)
_CLASS_UNPROVEN = (
    "nine columns are read as a tracker's results with a class in the eighth, and rows of all classes are "
    "kept (for MOTChallenge ground truth use --format mot-gt, for BoxMOT --format boxmot)"
)


_Interpret = Callable[[Cells, AnyPath], Rows]


def read_mot(path: AnyPath, given: Given) -> Rows:
    """Read MOTChallenge text: a tracker's results, or ground truth.

    A row is ``frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z``. Frames are counted from 0 if a frame 0
    occurs, otherwise from 1. The upper left pixel is at (0, 0) or (1, 1), as ``first_pixel`` states or as
    boxes that are clipped to the image prove. Otherwise (0, 0) is assumed. The frame size and rate come from
    ``seqinfo.ini`` in the same folder or the folder above, otherwise from ``video``.

    A file is ground truth only if it is named ``gt.txt`` (or ``gt_val.txt``, ``gt1.txt`` ...), if its folder
    is named ``gt``, or if the format is ``mot-gt`` (see ``read_mot_truth``). Any other file with nine columns
    is read as results with a class in the eighth column. Rows of all classes are kept.

    A file with eleven columns is from FairMOT, with a score, or from deep_sort_pytorch, with a class in the
    third column.

    Parameters
    ----------
    path
        The file, or a sequence's folder with ``gt/gt.txt``.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if all ids are -1; if no row of ground truth
        is a person.
    ParameterError
        If the frame size or rate is not known.

    References
    ----------
    A. Milan et al., "MOT16: A Benchmark for Multi-Object Tracking", arXiv:1603.00831.
    """
    file = _find_file(path)
    return _read(path, given, _interpret_truth if _is_truth(file) else _interpret_results)


def read_mot_truth(path: AnyPath, given: Given) -> Rows:
    """Read MOTChallenge ground truth from a file of any name.

    Nine columns are ``frame,id,bb_left,bb_top,bb_width,bb_height,flag,class,visibility``. Rows with flag 0
    and rows of classes other than pedestrian (1) are excluded and counted; ``classes`` keeps other classes,
    such as static persons (7). If ``labels.txt`` is in the same folder, as CVAT and Datumaro write it, line n
    names class n, and pixels are counted from (0, 0). Parameters, result and errors are as for ``read_mot``.
    """
    return _read(path, given, _interpret_truth)


def read_boxmot(path: AnyPath, given: Given) -> Rows:
    """Read the result text of any version of BoxMOT.

    Frames are counted from 1 and pixels from 0. A row has nine values: ``frame,id,left,top,width,height`` and
    then ``1,class,conf`` (up to version 16), ``conf,class,detection index`` (17 to 23) or ``conf,class,-1``
    (25 and later, and early releases of version 10). The values show the version. Person is class 0, but 1 in
    versions 16 to 23. The file does not prove it, so rows of all classes are kept unless ``classes`` is
    given. Parameters, result and errors are as for ``read_mot``.
    """
    return _read(path, given, _interpret_boxmot)


def read_bytetrack(path: AnyPath, given: Given) -> Rows:
    """Read the result text of ByteTrack, BoT-SORT, OC-SORT, StrongSORT or FairMOT.

    The columns are as in MOTChallenge text, but the upper left pixel is at (0, 0). The demos count the frames
    of a video from 0 and images of a folder from 1. Frames are therefore counted from 0 if a frame 0 occurs,
    otherwise from 1; a note reports this. Parameters, result and errors are as for ``read_mot``.

    References
    ----------
    Y. Zhang et al., "ByteTrack", arXiv:2110.06864; ``tools/demo_track.py`` of its repository.
    """
    return _read(path, given, _interpret_own_detector)


def read_deepsort(path: AnyPath, given: Given) -> Rows:
    """Read the result text of SORT, DeepSORT or deep_sort_pytorch.

    The authors' programs write 1 as every confidence and count frames and pixels from 1, like their input,
    the MOTChallenge detections. ``deep_sort_pytorch`` writes -1 and counts both from 0. The confidences
    identify the program, and a note names it. Parameters, result and errors are as for ``read_mot``.

    References
    ----------
    N. Wojke et al., "Simple Online and Realtime Tracking with a Deep Association Metric", arXiv:1703.07402;
    ``deep_sort_app.py`` of nwojke/deep_sort, ``deepsort.py`` of ZQPei/deep_sort_pytorch.
    """
    return _read(path, given, _interpret_deepsort)


def read_visdrone(path: AnyPath, given: Given) -> Rows:
    """Read annotations of VisDrone-MOT.

    A row is ``frame,id,left,top,width,height,score,category,truncation,occlusion``. Rows with score 0 are
    ignored regions. The categories pedestrian (1) and people (2) are kept; ``classes`` keeps others.
    Parameters, result and errors are as for ``read_mot``.
    """
    return _read(path, given, _interpret_visdrone)


def fits_mot(sample: Sample) -> str | None:
    """Return why a source is not MOTChallenge text, or None if it is."""
    if sample.is_folder:
        found = any((sample.path / name).is_file() for name in ("gt/gt.txt", "gt.txt"))
        return None if found else "a folder without gt/gt.txt"
    return _find_misfit(sample) or _find_corners(sample)


def fits_boxmot(sample: Sample) -> str | None:
    """Return why a file is not recognized as text of BoxMOT."""
    if not _BOXMOT_NAME.fullmatch(sample.path.name):
        return "not named tracks.txt, so only --format boxmot reads it"
    return _find_misfit(sample, 9)


def fits_bytetrack(sample: Sample) -> str | None:
    """Return why a file is not text of ByteTrack's demo on a video, or None if it is."""
    reason = _find_misfit(sample, 7, 10)
    if reason is None and not sample.has_frame_0:
        return "has no frame 0, although its demo counts the frames of a video from 0"
    return reason or _find_corners(sample)


def _find_corners(sample: Sample) -> str | None:
    """Return a message if the boxes may be two corners and no column proves otherwise.

    Results of six or seven columns lack the columns of MOTChallenge that are -1. If a width is smaller than
    its left side, or a height smaller than its top, the box cannot be two corners.
    """
    if not sample.rows or len(sample.rows[0]) not in _UNPROVEN or _is_truth(sample.path):
        return None
    try:
        boxes = [[float(cell) for cell in row[2:6]] for row in sample.rows]
    except ValueError:
        return None  # a last line that is cut, or a fault that reading reports
    if any(len(box) < 4 or box[2] <= box[0] or box[3] <= box[1] for box in boxes):  # noqa: PLR2004 - sides
        return None
    return CORNERS


def fits_visdrone(sample: Sample) -> str | None:
    """Return why a file is not annotations of VisDrone-MOT, or None if it is."""
    reason = _find_misfit(sample, 10)
    if reason is not None or _VISDRONE_NAME.fullmatch(sample.path.name):
        return reason
    try:
        rows = np.array([[float(cell) for cell in row] for row in sample.rows if len(row) == 10])  # noqa: PLR2004
    except ValueError:
        return "has a value that is not a number"
    ranges = ((7, 0, 11), (8, 0, 1), (9, 0, 2))
    if (rows % 1 != 0).any() or not all(
        ((rows[:, at] >= low) & (rows[:, at] <= high)).all() for at, low, high in ranges
    ):
        return "columns 8 to 10 are not a category, truncation and occlusion"
    proves = (rows[:, 7] != 1).any() and rows[:, 7].any()
    return None if proves else "column 8 has the same value in every row, which does not prove a category"


def fits_only_by_name(sample: Sample) -> str | None:
    """Return why a file is not recognized as a format that its content cannot prove."""
    return (
        _find_misfit(sample)
        or "only --format reads a file in this format, because its content cannot prove it"
    )


def fits_text(sample: Sample) -> str | None:
    """Return why a file lacks the columns of MOTChallenge, or None."""
    return _find_misfit(sample)


def _find_misfit(sample: Sample, *widths: int) -> str | None:
    """Return why a file does not have one of these numbers of columns, or None."""
    if sample.is_folder:
        return "a folder"
    width = len(sample.rows[0]) if sample.rows else 0
    if width not in (widths or (*_WIDTHS, _ORIENTED)) or not sample.is_numeric:
        return f"its first line is not a row of {' or '.join(map(str, widths or _WIDTHS))} numbers"
    return "it begins with a comment" if sample.has_header_comment else None


def _read(path: AnyPath, given: Given, interpret: _Interpret) -> Rows:
    file = _find_file(path)
    raw = read_fixed_text(file, given)
    cells = _rename(plain_cells(file, raw, partial(_name_columns, file), _EXPECTED))
    if b"," not in raw[:256]:
        cells = _take_camera(cells)
    video = named(given.video, _find_title(path, file), **read_seqinfo(file))
    return replace(interpret(cells, file), video=video)


def _name_columns(file: AnyPath, width: int) -> Sequence[str] | None:
    if width == _ORIENTED:
        raise InputError(
            f"{file}: 13 values per line are oriented boxes, which are not read. Save upright boxes."
        )
    return _WIDTHS.get(width)


def _rename(cells: Cells) -> Cells:
    """Name the eleven columns of deep_sort_pytorch; the third is the class."""
    if "class" not in cells.columns or "z" not in cells.columns:
        return cells
    if not all((cells.numbers(name) == -1).all() for name in ("class", "x", "y", "z")):
        return cells
    return replace(cells, columns=dict(zip(_ZQPEI, cells.columns.values(), strict=True)))


def _take_camera(cells: Cells) -> Cells:
    """Name the last of ten columns the camera if columns 7 to 9 are -1.

    Yolov5_StrongSORT writes such files.
    """
    if "z" not in cells.columns or not all((cells.numbers(name) == -1).all() for name in ("conf", "x", "y")):
        return cells
    if (cells.numbers("z") == -1).all():
        return cells
    return replace(cells, columns={**cells.columns, "camera": cells.columns["z"]})


def _lay_out(cells: Cells, **facts: Any) -> BoxLayout:
    columns = {role: name for role, name in _ROLES.items() if name in cells.columns}
    if "camera" in cells.columns:
        columns["camera"] = "camera"
    return BoxLayout(columns=columns, unit="px", **facts)


def _without_confidence(layout: BoxLayout) -> BoxLayout:
    columns = {role: name for role, name in layout.columns.items() if role != "confidence"}
    return replace(layout, columns=columns)


def _interpret_results(cells: Cells, file: AnyPath) -> Rows:
    """Interpret results in MOTChallenge's columns from an unknown writer."""
    layout = _lay_out(cells, first_frame=_find_first_frame(cells), first_pixel=None)
    layout = replace(layout, unit=None, likely_pixel=int(is_in_challenge(file)))
    if "visibility" not in cells.columns or not (cells.numbers("visibility") >= 0).any():
        return Rows(cells, layout)
    if (cells.numbers("conf") == 1).all():  # BoxMOT writes 1 there, and the confidence elsewhere
        layout = _without_confidence(layout)
    return Rows(cells, layout, assumptions=(_CLASS_UNPROVEN,))


def _interpret_own_detector(cells: Cells, _: AnyPath) -> Rows:
    """Interpret results of a tracker whose detector counts pixels from 0."""
    return Rows(cells, _lay_out(cells, first_frame=None))


def _interpret_deepsort(cells: Cells, _: AnyPath) -> Rows:
    is_by_authors = "conf" in cells.columns and bool((cells.numbers("conf") == 1).all())
    base = 1 if is_by_authors else 0
    layout = _lay_out(cells, first_frame=base, first_pixel=base)
    if is_by_authors:
        layout = _without_confidence(layout)
    writer = "SORT and DeepSORT do" if is_by_authors else "deep_sort_pytorch does"
    return Rows(cells, layout, assumptions=(f"frames and pixels are counted from {base}, as {writer}",))


def _interpret_truth(cells: Cells, file: AnyPath) -> Rows:
    """Interpret ground truth of MOTChallenge, CVAT or Datumaro.

    Files of CVAT and Datumaro have a ``labels.txt`` in the same folder.
    """
    if "conf" not in cells.columns:
        return _interpret_results(cells, file)
    labels = read_labels(file) if "class" in cells.columns else {}
    cells, dropped = _select_flagged(cells)
    if labels:
        cells = _add_labels(cells, labels)
        layout = _lay_out(cells, first_frame=_find_first_frame(cells))
        columns = {**layout.columns, "class_name": _LABEL}
        return Rows(cells, _without_confidence(replace(layout, columns=columns)), dropped)
    known = MOT_CLASSES if "class" in cells.columns else None
    layout = _lay_out(cells, first_frame=1, first_pixel=1, classes=known)
    return Rows(cells, _without_confidence(layout), dropped)


def _interpret_visdrone(cells: Cells, _: AnyPath) -> Rows:
    cells, dropped = _select_flagged(cells)
    layout = _without_confidence(_lay_out(cells, first_frame=1, classes=VISDRONE_CLASSES))
    layout = replace(layout, columns={**layout.columns, "class": "x"})
    note = "columns 8 to 10 are read as category, truncation and occlusion of VisDrone"
    return Rows(cells, layout, dropped, assumptions=(note,))


def _interpret_boxmot(cells: Cells, file: AnyPath) -> Rows:
    """Interpret BoxMOT text by columns 7 to 9, which differ by version."""
    if "visibility" not in cells.columns:
        raise InputError(
            f"{file}: BoxMOT writes nine values per line. Read the file without --format boxmot."
        )
    layout = _lay_out(cells, first_frame=1)
    last, seventh = cells.numbers("visibility"), cells.numbers("conf")
    if (last == -1).all():
        if np.isin(seventh, (0, 1)).all() and (cells.numbers("bb_left") % 1 == 0).all():
            note = "BoxMOT before version 10.0.40 cut confidences to 0 or 1: they are not read"
            return Rows(cells, _without_confidence(layout), assumptions=(note,))
        return Rows(cells, layout)
    if (seventh == 1).all() and (last % 1 != 0).any():
        return Rows(cells, replace(layout, columns={**layout.columns, "confidence": "visibility"}))
    if (last % 1 == 0).all():
        return Rows(cells, layout)
    raise InputError(
        f"{file}: columns 7 to 9 are not from BoxMOT, which writes 1,class,confidence or "
        "confidence,class,index. Read the file without --format boxmot, or as a table with columns "
        "(--columns)."
    )


def _find_first_frame(cells: Cells) -> int:
    """Return the first frame of MOTChallenge text: 0 if it occurs, otherwise 1."""
    return 0 if cells.least("frame") == 0 else 1


def _find_file(path: AnyPath) -> AnyPath:
    if not path.is_dir():
        return path
    for name in ("gt/gt.txt", "gt.txt"):
        if (path / name).is_file():
            return path / name
    raise InputError(f"{path}: a folder without gt/gt.txt. Pass the file of the results.")


def _find_title(path: AnyPath, file: AnyPath) -> str:
    """Return the name of the file, or of the sequence if the file name is generic."""
    if path.is_dir():
        return title_of_source(path, is_folder=True)
    folder = find_folder(file)
    if file.name == "gt.txt" and folder.name == "gt":
        return title_of_source(folder.parent, is_folder=True)
    return title_of_source(file)


def _is_truth(file: AnyPath) -> bool:
    """Return whether the name of the file or its folder marks ground truth."""
    return find_folder(file).name.lower() == "gt" or _TRUTH_NAME.fullmatch(file.name) is not None


def _add_labels(cells: Cells, labels: Mapping[int, str]) -> Cells:
    """Add a column with the names of the classes, empty for class -1."""
    classes = cells.whole("class", low=-1)
    if classes.max(initial=0) > max(labels):
        row = int(classes.argmax())
        raise cells.fault("class", row, f"a class from 1 to {max(labels)}, the lines of labels.txt")
    names = pa.array(["", *(labels.get(number, "") for number in range(max(labels) + 1))], pa.string())
    return replace(
        cells, columns={**cells.columns, _LABEL: pa.chunked_array([names.take(pa.array(classes + 1))])}
    )


def _select_flagged(cells: Cells) -> tuple[Cells, tuple[DroppedRows, ...]]:
    """Keep the rows of ground truth with flag 1."""
    flagged: Bools = cells.numbers("conf") != 0
    if cells.count and not flagged.any():
        raise InputError(f"{cells.place}: the flag (column 7) is 0 in every row, so all rows are excluded")
    if flagged.all():
        return cells, ()
    count = int((~flagged).sum())
    text = f"{count} of {cells.count} rows with flag 0 are excluded"
    examples = cells.list_examples(np.flatnonzero(~flagged))
    return cells.kept(flagged), (DroppedRows(text, count, examples, is_excluded=True),)
