"""Options that several commands share."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.remote import add_remote
from ptrack_analysis.cli.texts import columns, place, rate, size
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.storage.s3 import SETTINGS, path_of

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.storage.s3 import AnyPath
    from ptrack_analysis.video import Video

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


def video_of(given: argparse.Namespace) -> "Video":
    """Gather the facts to fall back to."""
    from ptrack_analysis.video import Video

    width, height = given.frame_size or (None, None)
    return Video(width=width, height=height, frame_rate=given.frame_rate)


def form_of(given: argparse.Namespace) -> dict[str, Any]:
    """Gather how another tracker's file is to be read."""
    return {name: getattr(given, name) for name in ("format", "columns", "first_frame", "unit")}


def use_remote(given: argparse.Namespace) -> None:
    """Put profile, region and endpoint where boto3 looks for them, in this process and those it starts."""
    for name, value in zip(SETTINGS, (given.profile, given.region, given.endpoint_url), strict=True):
        if value:
            os.environ[name] = value


@contextmanager
def source_of(given: argparse.Namespace) -> Iterator["AnyPath"]:
    """Give the source as a path; ``-`` is stdin, kept in a temporary file meanwhile."""
    use_remote(given)
    if given.source != "-":
        yield path_of(given.source)
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
    reading.refuse(allow_incomplete=given.allow_incomplete)
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
