"""How texts are read from the shell's options, and shown on the terminal."""

import argparse
import re
from collections.abc import Callable
from typing import Any

_MOST = 1e6
_SIZE = re.compile(r"(\d{1,7})[xX](\d{1,7})")
_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal takes for a command, or for another order of the letters; not the end of a line."""


def shown(text: str) -> str:
    r"""Write what would move, colour or clear a terminal as its code: a name in a file commands nothing.

    Control characters (but line feeds), line and paragraph separators, marks that turn the direction of the
    text, and halves of characters become ``\x1b``, ``\u202e`` and the like.
    """
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


def _reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Turn the package's errors into the parser's."""

    def wrapped(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return wrapped


@_reader
def span(text: str) -> str:
    """Read a length of time, as pandas does."""
    from ptrack_analysis.video import milliseconds

    if text.strip().lstrip("+-").replace(".", "", 1).isdigit() and float(text) != 0:
        raise ValueError(f"{text!r} has no unit; write 2s, 500ms or 5min")
    milliseconds(text, "the time")
    return text


@_reader
def period(text: str) -> str:
    """Read a sampling period: a length of time, or auto."""
    return text if text == "auto" else span(text)


@_reader
def size(text: str) -> tuple[int, int]:
    """Read a frame size such as 640x360."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not a size in px such as 640x360")
    return int(found[1]), int(found[2])


@_reader
def shape(text: str) -> tuple[int, int]:
    """Read rows and columns such as 54x96."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not rows x columns such as 54x96")
    return int(found[1]), int(found[2])


@_reader
def rate(text: str) -> float:
    """Read a frame rate."""
    return _number(text, "a number of frames a second, as in 25", lambda value: 0 < value < _MOST)


@_reader
def at_least_zero(text: str) -> float:
    """Read a length."""
    return _number(text, "a number of at least 0", lambda value: 0 <= value < _MOST)


@_reader
def above_zero(text: str) -> float:
    """Read a length or a speed that cannot be 0."""
    return _number(text, "a number above 0", lambda value: 0 < value < _MOST)


def _number(text: str, wanted: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not fits(value):
        raise ValueError(f"{text!r} is not {wanted}")
    return value


@_reader
def place(text: str) -> str:
    """Read a path, which an unset variable of a shell is not."""
    if not text:
        raise ValueError("the path is empty")
    return text


@_reader
def columns(text: str) -> dict[str, str]:
    """Read which column plays which role."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(role.strip() and sign and name.strip() for role, sign, name in pairs):
        raise ValueError(f"{text!r} is not a list such as frame=frame,id=track_id,left=x1")
    return {role.strip(): name.strip() for role, _, name in pairs}


@_reader
def persons(text: str) -> list[int]:
    """Read numbers of persons such as 3,7."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{text!r} is not a list of persons such as 3,7") from error
