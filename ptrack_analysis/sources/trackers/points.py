"""Text files of point trajectories: PedPy, JuPedSim, HERMES, ETH/UCY and TrajNet."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, read_fixed_text
from ptrack_analysis.sources.trackers.positions import HEIGHT
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import plain_cells
from ptrack_analysis.sources.trackers.times import parse_frame_rate
from ptrack_analysis.sources.trackers.tracked import Given, PointUnit, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video

_NAMES = ("ID", "FR", "X", "Y", "Z")
_FEWEST, _MOST = 4, 12
_RATE = re.compile(r"#\s{0,9}framerate\s{0,9}:?\s{0,9}(\S+)", re.IGNORECASE)
_FRAMES_PER_SECOND = re.compile(
    r"^\s{0,9}#.*?(?<![\d.])(\d{1,9}(?:\.\d{0,9})?)\s{0,9}fps", re.IGNORECASE | re.MULTILINE
)
"""Repetitions are limited, because a search in other text would take quadratic time."""
_CENTIMETERS = re.compile(r"\bx/cm|\bin (?:cm|centimet(?:er|re)s?)\b", re.IGNORECASE)
_METERS = re.compile(r"\bx/m\b|\bin (?:m|met(?:er|re)s?)\b", re.IGNORECASE)
_HERMES_NAME = re.compile(r"uo-\d", re.IGNORECASE)
_OBSMAT = ("frame", "id", "x", "z", "y", "vx", "vz", "vy")
_TRAJNET = ("frame", "id", "x", "y")
_IN_WORDS = {len(_TRAJNET): "four", len(_OBSMAT): "eight"}
_HIDDEN = "?"
_ANNOTATED = 2.5
"""Annotations per second of ETH, UCY and TrajNet [Hz]."""
_MOSTLY = 0.9
_AMBIGUOUS = "it may be points (id frame x y) or trajnet (frame id x y)"
_HEADERLESS = (4, 5)
"""Least and largest number of columns of points without a header."""


def read_points(path: AnyPath, given: Given) -> Rows:
    """Read points of PedPy, JuPedSim and HERMES: ``ID FR X Y [Z]`` in each line.

    Lines that begin with ``#`` are comments. ``#framerate: 16`` or ``16 fps`` in them states the frame rate,
    and ``x/m``, ``x/cm``, ``in m`` or ``in cm`` the unit. A file with a frame rate and without a unit is read
    in meters, and the assumption is reported. A file without comments requires the unit. Frames are counted
    from 0. The third coordinate is used only to detect heights in centimeters.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the caller names columns; if the unit of a HERMES file without comments is unknown.

    References
    ----------
    PedPy, ``load_trajectory_from_txt``.
    """
    raw = read_fixed_text(path, given)
    head = _read_comments(raw)
    cells = plain_cells(path, raw, _name_columns, "ID FR X Y [Z]")
    video = named(given.video, title_of_source(path), frame_rate=_find_rate(head, path))
    _validate_second_axis(cells)
    columns = {"id": "ID", "frame": "FR", "x": "X", "y": "Y"}
    if "Z" in cells.columns and _is_numeric(cells.columns["Z"]):
        columns[HEIGHT] = "Z"
    if not head and given.unit is None and _HERMES_NAME.match(path.name):
        raise ParameterError(
            f"{path}: the unit of x and y is not known. Files of HERMES named uo-... are in cm, at 16 frames "
            "per second: pass unit='cm' and video=Video(frame_rate=16) (--unit cm --frame-rate 16)."
        )
    layout = BoxLayout(
        columns=columns, first_frame=0, unit=_find_unit(head), likely_unit="m" if head else None
    )
    return Rows(cells, layout, video=video)


def read_obsmat(path: AnyPath, given: Given) -> Rows:
    """Read ``obsmat.txt`` of ETH and UCY: ``frame id x z y vx vz vy``, in meters.

    Columns 3 and 5 are the position; column 4 is the height, 0 in all rows. People were annotated 2.5 times
    per second, so the frame rate follows from the step between frames unless the caller gives it.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if columns 4 and 7 are not 0.
    ParameterError
        If the caller names columns.
    """
    cells, video, notes = _read_annotated(path, given, _OBSMAT)
    for name, number in (("z", 4), ("vz", 7)):
        values = cells.numbers(name)
        if values.any():
            row = int((values != 0).argmax())
            raise InputError(
                f"{cells.where(row)}: column {number} is {values[row]:g}; expected 0, because obsmat.txt has "
                "the position in columns 3 and 5 and no height."
            )
    return _build_annotated(cells, video, notes)


def read_trajnet(path: AnyPath, given: Given) -> Rows:
    """Read text of TrajNet: ``frame id x y`` in each line, positions in meters.

    ``?`` is a hidden position. People were annotated 2.5 times per second, so the frame rate follows from the
    step between frames unless the caller gives it.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the caller names columns.
    """
    return _build_annotated(*_read_annotated(path, given, _TRAJNET))


def fits_points(sample: Sample) -> str | None:
    """Return why a file is not point trajectories, or None if it is."""
    if sample.is_folder:
        return "a folder"
    head = sample.head.decode(errors="replace")
    has_rate = sample.has_header_comment and (_RATE.search(head) or _FRAMES_PER_SECOND.search(head))
    rows = sample.rows
    if not rows or not sample.is_numeric or _name_columns(len(rows[0])) is None:
        return "its first line is not a row of ID FR X Y"
    return None if has_rate else _find_headerless_misfit(sample)


def _find_headerless_misfit(sample: Sample) -> str | None:
    """Return why a file without comments is not HERMES text, or None if it is."""
    rows = sample.rows
    if len(rows[0]) not in _HEADERLESS or b"," in sample.head:
        return "it has no comment '#framerate:'"
    values = _read_rows(rows)
    if values is None or not _rises(values, person=0, frame=1, least=1):
        return "its second column is not a frame that rises by a constant step for each id in the first"
    if _rises(values, person=1, frame=0, least=2) and not _is_nearer(values, person=0, frame=1):
        return _AMBIGUOUS
    return None


def fits_obsmat(sample: Sample) -> str | None:
    """Return why a file is not ``obsmat.txt`` of ETH or UCY, or None if it is."""
    values = _read_columns(sample, len(_OBSMAT))
    if isinstance(values, str):
        return values
    if (values[:, :2] % 1 != 0).any() or values[:, [3, 6]].any() or not values[:, 4].any():
        return "columns 4 and 7 are not 0"
    return None


def fits_trajnet(sample: Sample) -> str | None:
    """Return why a file is not text of TrajNet, or None if it is."""
    values = _read_columns(sample, len(_TRAJNET))
    if isinstance(values, str):
        return values
    if not _rises(values, person=1, frame=0, least=2):
        return "its first column is not a frame that rises by a constant step for each id in the second"
    if _rises(values, person=0, frame=1, least=1) and not _is_nearer(values, person=1, frame=0):
        return _AMBIGUOUS
    return None


def _read_columns(sample: Sample, width: int) -> Floats | str:
    """Return the numbers of a sample with this many columns, or a reason."""
    if sample.is_folder or b"," in sample.head:
        return "not text with white space between numbers"
    values = _read_rows(sample.rows)
    if values is None or values.shape[1] != width:
        return f"it does not have {_IN_WORDS[width]} numbers in each line"
    return values


def accepts_text(sample: Sample) -> str | None:
    """Return why a file cannot be read as text of points, or None if it can."""
    return None if not sample.is_folder and _read_rows(sample.rows[:1]) is not None else "not rows of numbers"


def describe_ambiguous(sample: Sample) -> str | None:
    """Return a message if the columns can be read in two formats."""
    reasons = {fits_points(sample), fits_trajnet(sample)}
    if _AMBIGUOUS not in reasons:
        return None
    return f"rows of four numbers: {_AMBIGUOUS}. Name the format (--format)."


def _read_annotated(
    path: AnyPath, given: Given, names: Sequence[str]
) -> tuple[Cells, Video, tuple[str, ...]]:
    """Read annotations with frames and ids written as decimals, such as 7.8e+02."""
    raw = read_fixed_text(path, given)
    cells = plain_cells(path, raw, lambda width: names if width == len(names) else None, " ".join(names))
    columns = dict(cells.columns)
    for name in ("x", "y"):
        if not _is_numeric(columns[name]):
            columns[name] = pc.if_else(pc.equal(columns[name], _HIDDEN), "", columns[name])
    frames, ids = (cells.whole(name) for name in ("frame", "id"))
    columns |= {"frame": pa.chunked_array([frames]), "id": pa.chunked_array([ids])}
    video, notes = assume_rate(named(given.video, title_of_source(path)), frames, ids)
    return replace(cells, columns=columns), video, notes


def assume_rate(video: Video, frames: Integers, ids: Integers) -> tuple[Video, tuple[str, ...]]:
    """Derive the frame rate from annotations at 2.5 Hz, with notes."""
    step = find_step(frames, ids)
    if video.frame_rate is not None or step is None:
        return video, ()
    text = f"people are assumed to be annotated {_ANNOTATED:g} times per second, every {step} frames"
    note = f"{text}; change this with Video(frame_rate=...) (--frame-rate)"
    return replace(video, frame_rate=_ANNOTATED * step), (note,)


def _build_annotated(cells: Cells, video: Video, notes: tuple[str, ...]) -> Rows:
    layout = BoxLayout(
        columns={"frame": "frame", "id": "id", "x": "x", "y": "y"},
        first_frame=0,
        likely_unit="m",
        may_be_hidden=True,
    )
    return Rows(cells, layout, assumptions=notes, video=video)


def find_step(frames: Integers, ids: Integers) -> int | None:
    """Return the median step between the frames of a person, or None without steps."""
    order = np.lexsort((frames, ids))
    steps = np.diff(frames[order])[np.diff(ids[order]) == 0]
    steps = steps[steps > 0]
    return int(np.median(steps)) if len(steps) else None


def _read_rows(rows: Sequence[Sequence[bytes]]) -> Floats | None:
    """Return the numbers of a sample (NaN if hidden), or None for other cells."""
    try:
        values = [[np.nan if cell == _HIDDEN.encode() else float(cell) for cell in row] for row in rows]
        return np.array(values, dtype="float64") if values else None
    except ValueError:
        return None


def _rises(values: Floats, *, person: int, frame: int, least: int) -> bool:
    """Return whether ``frame`` rises by a constant step for each ``person``."""
    keys = values[:, [person, frame]]
    if not np.isfinite(keys).all() or (keys % 1 != 0).any() or (keys < 0).any():
        return False
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    who, when = keys[order].T
    steps = np.diff(when)[np.diff(who) == 0]
    if not len(steps) or (steps <= 0).any():
        return False
    usual = np.median(steps)
    return bool(usual >= least and (steps == usual).mean() >= _MOSTLY)


def _is_nearer(values: Floats, *, person: int, frame: int) -> bool:
    """Return whether people move less between frames than with swapped columns."""
    steps = []
    for who, when in ((person, frame), (frame, person)):
        order = np.lexsort((values[:, when], values[:, who]))
        moved = np.hypot(*np.diff(values[order, 2:4], axis=0).T)[np.diff(values[order, who]) == 0]
        steps.append(np.nanmedian(moved) if np.isfinite(moved).any() else np.inf)
    return bool(2 * steps[0] < steps[1])


def _name_columns(width: int) -> tuple[str, ...] | None:
    if not _FEWEST <= width <= _MOST:
        return None
    further = [f"further {number}" for number in range(1, width - len(_NAMES) + 1)]
    return (*_NAMES[:width], *further)


def _validate_second_axis(cells: Cells) -> None:
    """Reject eight columns with 0 in the fourth, which are rows of ``obsmat.txt``."""
    if len(cells.columns) == len(_OBSMAT) and cells.count > 1 and not cells.numbers("Y").any():
        raise InputError(
            f"{cells.where(0)}: Y is 0, as in all {cells.count} rows. Eight columns with 0 in the fourth are "
            "obsmat.txt of ETH or UCY: pass format='obsmat' (--format obsmat)."
        )


def _is_numeric(column: Any) -> bool:
    """Return whether the cells of a column are numbers."""
    if not pa.types.is_string(column.type):
        return True
    try:
        pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _read_comments(raw: bytes) -> list[str]:
    """Return the comments before the first row."""
    comments = []
    start = 0
    while start < len(raw):
        end = raw.find(b"\n", start)
        end = len(raw) if end < 0 else end
        line = raw[start:end].strip()
        if line and not line.startswith(b"#"):
            break
        comments.append(line.decode())
        start = end + 1
    return [comment for comment in comments if comment]


def _find_rate(comments: list[str], path: AnyPath) -> float | None:
    """Return the frame rate that the comments state.

    Raises
    ------
    InputError
        If it is not a number above 0.
    """
    for number, comment in enumerate(comments, 1):
        found = _RATE.match(comment)
        if found:
            rate = parse_frame_rate(found[1])
            if rate is None:
                raise InputError(
                    f"{path}, line {number}: framerate is {found[1]!r}; expected a number above 0"
                )
            return rate
    rates = [float(found[1]) for comment in comments if (found := _FRAMES_PER_SECOND.match(comment))]
    return rates[0] if rates and rates[0] > 0 else None


def _find_unit(comments: list[str]) -> PointUnit | None:
    """Return the unit that the comments state."""
    if any(_CENTIMETERS.search(comment) for comment in comments):
        return "cm"
    return "m" if any(_METERS.search(comment) for comment in comments) else None
