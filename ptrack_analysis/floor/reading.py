"""Reading a floor plan from its file."""

import json
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.floor.fitting import fit_floor
from ptrack_analysis.floor.lens import Lens
from ptrack_analysis.floor.plane import Extent, Floor
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import Pixels, Video

_FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)
_LENS_MEMBERS = ("k1", "k2", "focal", "centre")
_MEMBERS = ("unit", "picture_unit", "pairs", "extent", "lens")
_ALIKE = 0.75
_UNITS = ("fraction", "px")
_FAR = 10.0
"""How far outside the frame, in frames, a point of the picture is no fraction of it."""
_NEAR = 2.0
"""Points of the picture that all lie so near its corner are fractions, and no px."""
_UNMODELLED = frozenset({"p1", "p2", "k3", "k4", "k5", "k6"})


def read_floor(path: str | PathLike[str], video: Video | None = None) -> Floor:
    """Read a floor plan: pairs of points known in the picture and on the floor.

    The file is JSON: ``{"unit": "m", "picture_unit": "fraction" | "px", "pairs": [{"picture": [x, y],
    "floor": [x, y]}, ...], "extent": [x0, y0, x1, y1], "lens": {"k1": ..., "k2": ..., "focal": [fx, fy],
    "centre": [cx, cy]}}``; extent and lens may be missing, and further members of the file and of its pairs
    are passed over. The points and the lens are in ``picture_unit``; in px, which needs the video's frame
    size, the lens is as OpenCV's ``calibrateCamera`` gives it, and ``focal`` may be one number. Of the lens,
    ``k2`` is 0 and ``centre`` the middle of the picture where they are missing; a member that is none of the
    four is refused.

    Raises
    ------
    ZoneError
        If the file is not such a file, or its pairs do not fix a plane.
    ParameterError
        If it is in px, and the video's frame size is not known.
    """
    place = Path(path)
    try:
        content = json.loads(place.read_text(encoding="utf-8-sig"))
        if not isinstance(content, dict) or not isinstance(content.get("pairs"), list):
            raise ZoneError(f"{place}: not a floor file: it has no list 'pairs'")  # noqa: TRY301 - told as it is
        picture, floor = _points(content["pairs"], "picture"), _points(content["pairs"], "floor")
        unit, picture_unit = content.get("unit", "m"), content.get("picture_unit", "fraction")
        drawn, bent = content.get("extent"), content.get("lens")
        extent = None if drawn is None else _four(drawn)
    except ZoneError:
        raise
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error
    except _FAULTS as error:
        raise ZoneError(
            f"{place}: not a floor file with 'pairs' of 'picture' and 'floor' points: {error}"
        ) from error
    if unit != "m" or picture_unit not in _UNITS:
        raise ZoneError(f"{place}: units are {unit!r} and {picture_unit!r}, not 'm' and 'fraction' or 'px'")
    _refuse_misspelt(place, content)
    if picture_unit == "fraction" and not ((picture > -_FAR) & (picture < 1 + _FAR)).all():
        raise ZoneError(
            f"{place}: pairs have picture points far outside 0 to 1, such as {picture.max():g}: is "
            '"picture_unit": "px" missing?'
        )
    if picture_unit == "px" and len(picture) and (np.abs(picture) <= _NEAR).all():
        raise ZoneError(
            f"{place}: all picture points lie within {_NEAR:g} px of the picture's corner: is "
            '"picture_unit": "fraction" meant?'
        )
    frame = (video or Video()).pixels if picture_unit == "px" else Pixels(1, 1)
    try:
        lens = None if bent is None else _lens(bent, frame, picture_unit)
        return fit_floor(picture / [frame.width, frame.height], floor, extent=extent, lens=lens)
    except ZoneError as error:
        raise ZoneError(f"{place}: {error}") from error


def _refuse_misspelt(place: Path, content: dict[str, Any]) -> None:
    """Refuse a member that is nearly one of the file's: it would be passed over silently."""
    for name in content:
        meant = get_close_matches(name, _MEMBERS, cutoff=_ALIKE)
        if name not in _MEMBERS and meant:
            raise ZoneError(f"{place}: has a member {name!r}: is {meant[0]!r} meant?")


def _points(pairs: Any, which: str) -> Floats:
    """Take one side of the pairs: (n, 2)."""
    points = [_numbers(pair[which], 2, f"pairs[{place}].{which}") for place, pair in enumerate(pairs)]
    return np.array(points, dtype="float64").reshape(-1, 2)


def _four(drawn: Any) -> Extent:
    x0, y0, x1, y1 = _numbers(drawn, 4, "extent")
    return x0, y0, x1, y1


def _lens(content: Any, frame: Pixels, unit: str) -> Lens:
    """Take the lens; in fractions its numbers are those of a frame of 1 x 1."""
    if not isinstance(content, dict):
        raise ZoneError(f"lens is {content!r:.60}, not an object with k1 and focal")
    for name in content:
        if name in _UNMODELLED:
            raise ZoneError(f"lens: {name!r} is not modelled, calibrate without it: k1 and k2 only")
        if name not in _LENS_MEMBERS:
            raise ZoneError(f"lens: {name!r} is not one of {', '.join(_LENS_MEMBERS)}")
    for name in ("k1", "focal"):
        if name not in content:
            raise ZoneError(f"lens: {name!r} is missing")
    focal, centre = content["focal"], content.get("centre")
    if not isinstance(focal, list):
        if unit == "fraction":
            raise ZoneError(
                f"lens: focal is {focal!r}, one number; in fractions of the frame it takes two, "
                "[of its width, of its height]"
            )
        focal = [focal, focal]
    try:
        (k1, k2) = _numbers([content["k1"], content.get("k2", 0.0)], 2, "k1 and k2")
        across, down = _numbers(focal, 2, "focal")
        middle = None if centre is None else _numbers(centre, 2, "centre")
    except _FAULTS as error:
        raise ZoneError(f"lens: {error}") from error
    return Lens.in_pixels(
        frame.width,
        frame.height,
        focal=(across, down),
        k1=k1,
        k2=k2,
        centre=None if middle is None else (middle[0], middle[1]),
    )


def _numbers(values: Any, count: int, name: str) -> tuple[float, ...]:
    """Take so many numbers from a list of the file."""
    numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not numbers or len(values) != count:
        raise ValueError(f"{name} is {values!r:.60}, not {count} numbers")
    return tuple(float(value) for value in values)
