"""Options that several commands share, and readers of their values."""

import argparse
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from time import monotonic
from typing import TYPE_CHECKING, Any

from ptrack_analysis.errors import OutputError, PtrackError
from ptrack_analysis.storage.s3 import SETTINGS, parse_path

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.storage.s3 import AnyPath
    from ptrack_analysis.video import Video

_MOST = 1e6
_WIDTH = 79
_SIZE = re.compile(r"(\d{1,7})[xX](\d{1,7})")
_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters of a terminal, and characters that change the direction of text; not line feeds."""


def shown(text: str) -> str:
    r"""Escape control characters, so that a name from a file cannot control the terminal.

    Control characters except line feeds, line and paragraph separators, marks that change the direction of
    text, and lone surrogates become ``\x1b``, ``\u202e`` and the like.
    """
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


def _reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Convert errors of the package to errors of the parser."""

    def wrapped(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return wrapped


@_reader
def span(text: str) -> str:
    """Read a duration, as pandas does."""
    from ptrack_analysis.video import milliseconds

    if text.strip().lstrip("+-").replace(".", "", 1).isdigit() and float(text) != 0:
        raise ValueError(f"{text!r} has no unit. Write 2s, 500ms or 5min.")
    milliseconds(text, "the time")
    return text


@_reader
def period(text: str) -> str:
    """Read a sampling period: a duration or auto."""
    return text if text == "auto" else span(text)


@_reader
def size(text: str) -> tuple[int, int]:
    """Read a frame size such as 640x360."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not a size in px, such as 640x360")
    return int(found[1]), int(found[2])


@_reader
def shape(text: str) -> tuple[int, int]:
    """Read rows and columns such as 54x96."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not a number of rows and columns, such as 54x96")
    return int(found[1]), int(found[2])


@_reader
def rate(text: str) -> float:
    """Read a frame rate."""
    return _number(text, "a number of frames per second, such as 25", lambda value: 0 < value < _MOST)


@_reader
def at_least_zero(text: str) -> float:
    """Read a number of at least 0."""
    return _number(text, "a number of at least 0", lambda value: 0 <= value < _MOST)


@_reader
def above_zero(text: str) -> float:
    """Read a number above 0."""
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
def parse_file_path(text: str) -> str:
    """Read a path. It is empty if a variable of the shell is unset."""
    if not text:
        raise ValueError("the path is empty")
    return text


@_reader
def columns(text: str) -> dict[str, str]:
    """Read the columns of a table by role."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(role.strip() and sign and name.strip() for role, sign, name in pairs):
        raise ValueError(f"{text!r} is not a list, such as frame=frame,id=track_id,left=x1")
    return {role.strip(): name.strip() for role, _, name in pairs}


def names(text: str) -> list[str]:
    """Read names separated by commas."""
    return [name.strip() for name in text.split(",")]


@_reader
def words(text: str) -> list[str]:
    """Read a list of words such as person,child."""
    found = [part.strip() for part in text.split(",")]
    if not all(found):
        raise ValueError(f"{text!r} is not a list such as person,child,0")
    return found


@_reader
def persons(text: str) -> list[int]:
    """Read person indices, such as 3,7."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{text!r} is not a list of person indices, such as 3,7") from error


ENDED = "AWS ended People Pathing on 31 October 2025. Use --endpoint-url for another service with this API."


def add_command(commands: Any, name: str, text: str, *examples: str, **more: Any) -> argparse.ArgumentParser:
    """Add a command whose help begins with examples; pass them without ``ptrack``."""
    listed = "\n".join(f"  ptrack {example}" for example in examples)
    more.setdefault("help", text.partition(". ")[0].rstrip("."))
    parser: argparse.ArgumentParser = commands.add_parser(
        name, description=f"examples:\n{listed}\n\n{fill(text, _WIDTH)}", **more
    )
    return parser


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add profile, region and endpoint, as in the AWS CLI."""
    group = parser.add_argument_group("S3 and AWS (as in the AWS CLI)")
    group.add_argument("--profile", metavar="NAME", help="profile with the credentials")
    group.add_argument("--region", metavar="NAME", help="region of the service")
    group.add_argument("--endpoint-url", metavar="URL", help="endpoint of the service, if it is not AWS")


@contextmanager
def open_client(given: argparse.Namespace, service: str = "rekognition") -> Iterator[Any]:
    """Create a client with the given options, and close it afterwards."""
    from ptrack_analysis.storage.s3 import create_client

    client = create_client(
        service, endpoint_url=given.endpoint_url, profile=given.profile, region=given.region
    )
    try:
        yield client
    finally:
        client.close()


_FORMATS = (
    "pages, mot, mot-gt, boxmot, bytetrack, deepsort, visdrone, supervision-csv, supervision-json, "
    "ultralytics-txt, ultralytics-json, ultralytics-csv, boxmot-jsonl, "
    "google-video, roboflow, coco-video, label-studio, wildtrack, alphapose, vatic, kitti, "
    "deepstream-kitti, deepstream-json, cvat-video, points, obsmat, trajnet, "
    "jupedsim, vadere, viswalk, pathfinder-csv, pathfinder-json, crowdit, trajnet-lines, atc, ind, frigate, "
    "hdf5 or table (default: recognized)"
)
_SOURCE = (
    "file, folder or s3://bucket/prefix of saved pages (.json, .jsonl, .gz), or a file of another tracker; "
    "- is stdin"
)


def add_source(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add the argument SOURCE."""
    number = "?" if optional else None
    parser.add_argument("source", type=parse_file_path, metavar="SOURCE", help=_SOURCE, nargs=number)


def add_source_options(parser: argparse.ArgumentParser, *, has_name: bool = True) -> None:
    """Add the options for reading a source: name, metadata, formats and credentials."""
    facts = parser.add_argument_group("facts that the source may lack")
    if has_name:
        text = "name of the video (default: from its files or folder)"
        facts.add_argument("--name", dest="video_name", metavar="NAME", help=text)
    facts.add_argument("--frame-size", type=size, metavar="WxH", help="frame size in px, such as 640x360")
    facts.add_argument("--frame-rate", type=rate, metavar="RATE", help="frames per second, such as 25")
    form = parser.add_argument_group("files of other trackers")
    form.add_argument("--format", metavar="NAME", help=_FORMATS)
    form.add_argument(
        "--columns",
        type=columns,
        metavar="ROLE=NAME,...",
        help="columns of a table by role: frame=frame,id=track_id,left=x1,top=y1,right=x2,bottom=y2; "
        "points have x=x,y=y instead of a box",
    )
    form.add_argument(
        "--classes",
        type=words,
        metavar="CLASS,...",
        help="classes to keep, by name or number: person,child,0",
    )
    form.add_argument(
        "--min-confidence", type=float, metavar="X", help="exclude detections with a lower confidence"
    )
    form.add_argument("--first-frame", type=int, metavar="N", help="number of the video's first frame")
    form.add_argument(
        "--stride", type=int, metavar="N", help="frames of the video per frame of the file (default 1)"
    )
    form.add_argument(
        "--first-pixel", type=int, choices=(0, 1), help="coordinate of the upper left pixel in MOT text"
    )
    form.add_argument(
        "--unit",
        choices=("px", "fraction", "m", "cm", "mm"),
        help="unit of boxes (px or fraction, default: recognized) or of points (m, cm, mm or px)",
    )
    form.add_argument(
        "--y-axis", choices=("up", "down"), help="direction of y for points (default: up in m, down in px)"
    )
    add_remote(parser)


def add_cameras(parser: argparse.ArgumentParser) -> None:
    """Add the option of the file of cameras."""
    parser.add_argument(
        "--cameras",
        type=parse_file_path,
        metavar="FILE",
        help="TOML or CSV file of cameras: the videos of each (files, job_tag, job_id, video_uri) and its "
        "own zones, lines, floor, timezone, dates and options",
    )


def fallback_video(given: argparse.Namespace) -> "Video":
    """Return the metadata that the source may lack."""
    from ptrack_analysis.video import Video

    width, height = given.frame_size or (None, None)
    return Video(width=width, height=height, frame_rate=given.frame_rate)


def format_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """Return the options for reading the file of another tracker."""
    from ptrack_analysis.sources.archive import FORMAT_OPTIONS

    return {name: getattr(given, name) for name in FORMAT_OPTIONS}


def use_remote(given: argparse.Namespace) -> None:
    """Set profile, region and endpoint for boto3, in this process and its children."""
    for name, value in zip(SETTINGS, (given.profile, given.region, given.endpoint_url), strict=True):
        if value:
            os.environ[name] = value


@contextmanager
def open_source(given: argparse.Namespace) -> Iterator["AnyPath"]:
    """Return the source as a path; stdin is copied to a temporary file.

    Raises
    ------
    OutputError
        If the temporary file cannot be written.
    """
    use_remote(given)
    if given.source != "-":
        yield parse_path(given.source)
        return
    content = sys.stdin.buffer.read()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "stdin.json.gz" if content.startswith(b"\x1f\x8b") else "stdin.json")
        try:
            file.write_bytes(content)
        except OSError as error:
            raise OutputError(f"{file}: the copy of stdin cannot be written: {error.strerror}") from error
        with warnings.catch_warnings():
            show = warnings.showwarning

            def show_stdin(message: Warning | str, *more: Any, **named: Any) -> None:
                show(str(message).replace(str(file), "stdin"), *more, **named)

            warnings.showwarning = show_stdin
            try:
                yield file
            except PtrackError as error:
                raise type(error)(str(error).replace(str(file), "stdin")) from error


def read_noted(
    source: Any, given: argparse.Namespace, facts: "Video", form: dict[str, Any]
) -> "tuple[pd.DataFrame, Video]":
    """Read one video without faces, and print the notes of its reader on stderr."""
    from ptrack_analysis.sources.finding import form_given
    from ptrack_analysis.sources.reading import load

    reading = load(source, video=facts, faces=False, careful=False, form=form_given(**form) if form else None)
    reading.validate(allow_incomplete=given.allow_incomplete, allow_dropped=given.allow_dropped)
    reading.report.warn()
    for note in reading.report.oddities:
        print(f"note: {reading.video.name}: {note}", file=sys.stderr)
    return reading.detections, reading.video


def list_video_notes(analysis: "VideoAnalysis") -> list[str]:
    """List the notes on a video, except notes that the read already printed as warnings."""
    report = analysis.reading.report
    return [note for note in (*report.notes, *analysis.notes) if note not in report.findings]


_TICK = 1.0


@contextmanager
def show_activity(words: str) -> Iterator[Callable[[float], None]]:
    """Show the current activity and its duration on a terminal, after one second.

    Yields a function that takes the completed share of the work, for commands that know it.
    """
    share: list[float] = []

    def report(done_share: float) -> None:
        share[:] = [done_share]

    if not sys.stderr.isatty():
        yield report
        return
    done = threading.Event()

    def tick() -> None:
        started = monotonic()
        while not done.wait(_TICK):
            part = f", {share[0]:.0%}" if share else ""
            text = f"\r{shown(words)}: {monotonic() - started:.0f} s{part}\r"
            print(text, end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        done.set()
        thread.join()
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


_COLORS = {"good": "32", "doubtful": "33", "bad": "31"}


def emphasize(text: str, words: str, kind: str) -> str:
    """Return a text with some words in bold and in the color of a verdict, also if wrapped.

    The text is unchanged unless stdout is a terminal with colors.
    """
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    pattern = r"\s+".join(map(re.escape, words.split()))
    return re.sub(pattern, lambda found: f"\x1b[1;{_COLORS.get(kind, '39')}m{found[0]}\x1b[0m", text, count=1)


def add_video(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--video``."""
    parser.add_argument("--video", metavar="NAME", help="name of the video, if the source contains several")


def chosen(source: "AnyPath", name: str | None, form: dict[str, Any]) -> Any:
    """Return the video of this name, or the source if there is no name."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.sources.finding import find_videos

    if name is None:
        return source
    found = {reference.name: reference for reference in find_videos(source, **form)}
    if name not in found:
        raise ParameterError(f"{source} has no video {name!r}. It has {', '.join(map(repr, found))}.")
    return found[name]
