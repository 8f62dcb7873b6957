"""Files with facts about a sequence: ``seqinfo.ini`` and ``labels.txt``."""

from configparser import ConfigParser
from configparser import Error as BrokenIni
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import frames_to_timestamps, timedelta

_FACTS: dict[str, tuple[str, type, float]] = {
    "frameRate": ("frame_rate", float, 1e6),
    "imWidth": ("width", int, 1e6),
    "imHeight": ("height", int, 1e6),
    "seqLength": ("frames", int, 1e9),
}
_SMALLEST = 1e-3


def read_seqinfo(file: AnyPath) -> dict[str, Any]:
    """Read ``seqinfo.ini`` in the folder of a file or the folder above it.

    Returns
    -------
    dict
        ``width``, ``height``, ``frame_rate`` and ``duration``, as far as the file states them.

    Raises
    ------
    InputError
        If the file is invalid, or a value is not a number above 0.
    """
    folder = find_folder(file)
    for place in (folder / "seqinfo.ini", folder.parent / "seqinfo.ini"):
        if place.is_file():
            return _facts(place)
    return {}


def _facts(place: AnyPath) -> dict[str, Any]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(place).decode())
    except BrokenIni as error:
        raise InputError(f"{place}: not an INI file: {' '.join(str(error).split())}") from error
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


def find_folder(file: AnyPath) -> AnyPath:
    """Return the folder of a file."""
    return (file.absolute() if isinstance(file, Path) else file).parent


def read_labels(file: AnyPath) -> dict[int, str]:
    """Read the names of classes from ``labels.txt`` in the same folder, by number."""
    place = file.parent / "labels.txt"
    if not place.is_file():
        return {}
    return dict(enumerate((line.strip() for line in read_text(place).decode().splitlines()), 1))


def is_in_challenge(file: AnyPath) -> bool:
    """Return whether the folder has other MOTChallenge files, with pixels from 1."""
    folder = find_folder(file)
    has_files = any((folder / name).is_file() for name in ("gt.txt", "det.txt", "seqinfo.ini"))
    return has_files and not (folder / "labels.txt").is_file()
