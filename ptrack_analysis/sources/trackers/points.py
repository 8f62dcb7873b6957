"""Point trajectories as PedPy and JuPedSim write them."""

import re

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.schema import POINTS
from ptrack_analysis.sources.read_report import ReadReport
from ptrack_analysis.sources.trackers.form import validate_columns
from ptrack_analysis.sources.trackers.identities import read_identities
from ptrack_analysis.sources.trackers.merging import build_detections
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import plain_cells, read_text
from ptrack_analysis.sources.trackers.times import read_times
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_NAMES = ("ID", "FR", "X", "Y")
_FEWEST, _MOST = 4, 12
_RATE = re.compile(r"#\s*framerate\s*:?\s*(\S+)", re.IGNORECASE)
_CENTIMETERS = re.compile(r"x/cm|in cm", re.IGNORECASE)


def read_points(path: AnyPath, given: Given) -> Tracked:
    """Read point trajectories: ``ID FR X Y Z`` a line, in meters, without boxes.

    Lines that begin with ``#`` are comments; ``#framerate: 16`` among them tells the rate, ``x/cm`` or ``in
    cm`` that coordinates are in centimeters, which are turned into meters, and noted. Frames are counted
    from 0. The third coordinate and further ones are not read. The same person twice at one moment: the
    smaller x, then y is kept, and counted.

    Parameters
    ----------
    path
        The file.
    given
        What the caller says.

    Returns
    -------
    Tracked
        POINTS, with ``x_m`` and ``y_m``.

    Raises
    ------
    InputError
        With the place and value of what cannot be.
    ParameterError
        If the frame rate is not known.

    References
    ----------
    PedPy, ``load_trajectory_from_txt``.
    """
    validate_columns(given, str(path))
    raw = read_text(path)
    head = _comments(raw)
    cells = plain_cells(path, raw, _names, "ID FR X Y [Z]")
    video = named(given.video, title_of_source(path), frame_rate=_rate(head, path))
    person = read_identities(cells, "ID", texts=False).numbers
    time = read_times(cells, {"frame": "FR"}, given, 0, video).values
    converted = ("coordinates in centimeters are converted to meters",)
    scale, oddities = (100, converted) if _is_cm(head) else (1, ())
    columns = {f"{axis.lower()}_{{u}}": cells.numbers(axis) / scale for axis in ("X", "Y")}
    table, dropped, odd = build_detections(POINTS, cells, time, person, columns)
    report = ReadReport(
        source=str(path), files=1, kept=len(table), dropped=tuple(dropped), oddities=(*oddities, *odd)
    )
    return Tracked(table, video, report)


def fits_points(sample: Sample) -> str | None:
    """Return why a file holds no point trajectories, None if it does."""
    if sample.is_folder:
        return "a folder"
    if not sample.has_header_comment or not _RATE.search(sample.head.decode(errors="replace")):
        return "it has no comment '#framerate:'"
    rows = sample.rows
    if not rows or not sample.is_numeric or _names(len(rows[0])) is None:
        return "its first line is no row of ID FR X Y"
    return None


def _names(width: int) -> tuple[str, ...] | None:
    if not _FEWEST <= width <= _MOST:
        return None
    return (*_NAMES, *(f"further {number}" for number in range(1, width - _FEWEST + 1)))


def _comments(raw: bytes) -> list[str]:
    """Return the comments that stand before the first row."""
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
    return comments


def _rate(comments: list[str], path: AnyPath) -> float | None:
    for number, comment in enumerate(comments, 1):
        found = _RATE.match(comment)
        if found:
            try:
                rate = float(found[1])
            except ValueError:
                rate = 0.0
            if not (np.isfinite(rate) and rate > 0):
                raise InputError(
                    f"{path}, line {number}: framerate is {found[1]!r}; expected a number above 0"
                )
            return rate
    return None


def _is_cm(comments: list[str]) -> bool:
    return any(_CENTIMETERS.search(comment) for comment in comments)
