"""What ``seqinfo.ini`` of a MOTChallenge sequence tells about its video."""

from configparser import ConfigParser
from configparser import Error as BrokenIni
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.text import read_text
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
