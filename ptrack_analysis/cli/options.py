"""Options that several commands share, and how their values are read."""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.errors import PtrackError
from ptrack_analysis.storage.s3 import SETTINGS, parse_path

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.storage.s3 import AnyPath
    from ptrack_analysis.video import Video

_MOST = 1e6
_SIZE = re.compile(r"(\d{1,7})[xX](\d{1,7})")
_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal takes for a command, or for another order of the letters; not the end of a line."""


def shown(text: str) -> str:
    r"""Write what would move, color or clear a terminal as its code: a name in a file commands nothing.

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


ENDED = (
    "AWS ended People Pathing on 31 October 2025: --endpoint-url names another endpoint that speaks its API."
)


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add profile, region and endpoint, as in the AWS CLI."""
    group = parser.add_argument_group("remote, as in the AWS CLI")
    group.add_argument("--profile", metavar="NAME", help="profile whose credentials are used")
    group.add_argument("--region", metavar="NAME", help="region of the service")
    group.add_argument("--endpoint-url", metavar="URL", help="another endpoint than AWS")


@contextmanager
def open_client(given: argparse.Namespace, service: str = "rekognition") -> Iterator[Any]:
    """Make the client of a service that the options name, and close it afterwards."""
    from ptrack_analysis.storage.s3 import create_client

    client = create_client(
        service, endpoint_url=given.endpoint_url, profile=given.profile, region=given.region
    )
    try:
        yield client
    finally:
        client.close()


_FORMATS = (
    "pages, mot, mot-gt, bytetrack, deepsort, supervision-csv, supervision-json, ultralytics-txt, "
    "ultralytics-json, ultralytics-csv or table (default: the file is looked at)"
)
_SOURCE = (
    "file, folder or s3://bucket/prefix of saved pages (.json, .jsonl, .gz), or another tracker's file; "
    "- reads one from stdin"
)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add SOURCE and what is said about it."""
    parser.add_argument("source", type=place, metavar="SOURCE", help=_SOURCE)
    add_source_options(parser)


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add what is said about a source."""
    add_remote(parser)
    form = parser.add_argument_group("other trackers' files")
    form.add_argument("--format", metavar="NAME", help=_FORMATS)
    form.add_argument(
        "--columns",
        type=columns,
        metavar="ROLE=NAME,...",
        help="columns of a table by role: frame=frame,id=track_id,left=x1,top=y1,right=x2,bottom=y2",
    )
    form.add_argument("--first-frame", type=int, metavar="N", help="number of the video's first frame")
    form.add_argument("--unit", choices=("px", "fraction"), help="unit of a table's boxes (default px)")
    facts = parser.add_argument_group("facts that the pages may lack")
    facts.add_argument("--frame-size", type=size, metavar="WxH", help="frame size in px, as in 640x360")
    facts.add_argument("--frame-rate", type=rate, metavar="RATE", help="frames a second, as in 25")


def add_incomplete(parser: Any) -> None:
    """Add the permission to read an incomplete archive."""
    parser.add_argument("--allow-incomplete", action="store_true", help="read an archive that lacks pages")


def fallback_video(given: argparse.Namespace) -> "Video":
    """Gather the facts to fall back to."""
    from ptrack_analysis.video import Video

    width, height = given.frame_size or (None, None)
    return Video(width=width, height=height, frame_rate=given.frame_rate)


def format_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """Gather how another tracker's file is to be read."""
    return {name: getattr(given, name) for name in ("format", "columns", "first_frame", "unit")}


def use_remote(given: argparse.Namespace) -> None:
    """Put profile, region and endpoint where boto3 looks for them, in this process and those it starts."""
    for name, value in zip(SETTINGS, (given.profile, given.region, given.endpoint_url), strict=True):
        if value:
            os.environ[name] = value


@contextmanager
def open_source(given: argparse.Namespace) -> Iterator["AnyPath"]:
    """Return the source as a path; ``-`` is stdin, kept in a temporary file meanwhile."""
    use_remote(given)
    if given.source != "-":
        yield parse_path(given.source)
        return
    content = sys.stdin.buffer.read()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "stdin.json.gz" if content.startswith(b"\x1f\x8b") else "stdin.json")
        file.write_bytes(content)
        try:
            yield file
        except PtrackError as error:
            raise type(error)(str(error).replace(str(file), "stdin")) from error


def read_noted(
    source: Any, given: argparse.Namespace, facts: "Video", form: dict[str, Any]
) -> "tuple[pd.DataFrame, Video]":
    """Read one video without faces, and say on stderr what its reader left out or found odd."""
    from ptrack_analysis.sources.finding import form_given
    from ptrack_analysis.sources.reading import load

    reading = load(source, video=facts, faces=False, careful=False, form=form_given(**form) if form else None)
    reading.validate(allow_incomplete=given.allow_incomplete)
    for note in reading.notes:
        print(f"note: {reading.video.name}: {note}", file=sys.stderr)
    return reading.detections, reading.video


def add_video(parser: argparse.ArgumentParser) -> None:
    """Add the choice of one video of several."""
    parser.add_argument("--video", metavar="NAME", help="which video, where the source holds several")


def chosen(source: "AnyPath", name: str | None, form: dict[str, Any]) -> Any:
    """Choose one video of several by its name, where one is named."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.sources.finding import find_videos

    if name is None:
        return source
    found = {reference.name: reference for reference in find_videos(source, **form)}
    if name not in found:
        raise ParameterError(f"{source} holds no video {name!r}, but {', '.join(map(repr, found))}")
    return found[name]
