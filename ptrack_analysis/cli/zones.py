"""``ptrack zones``: draw zones and lines over the people of a video, in the browser."""

import argparse
import sys
import webbrowser
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import add_options, read_config
from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    add_video,
    chosen,
    format_arguments,
    list_video_notes,
    open_source,
    parse_file_path,
    show_activity,
    shown,
)

if TYPE_CHECKING:
    from ptrack_analysis.editing.editor_files import EditorFiles
    from ptrack_analysis.editing.server import EditorServer
    from ptrack_analysis.editing.session import EditSession
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

_IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
_FILMS = {".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v"}
_BOUNDS = 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "zones",
        "Draw zones and lines over the people of a video, in the browser. Visits and counts are shown while "
        "you draw. A floor plan can be calibrated on the background. The editor is served only on this "
        "machine and writes only the files named here. It ends with the button Done, when its page is "
        "closed, or with Ctrl-C.",
        "zones data/shop -o zones.geojson --background data/shop/background.png",
        "zones data/shop -o zones.geojson --margin 5 --merge-gap 1s",
        "zones -o zones.geojson --background video.mp4@12.5s --floor floor.json",
    )
    add_source(parser, optional=True)
    parser.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        required=True,
        metavar="FILE",
        help="GeoJSON file of zones and lines to write; opened first if it exists",
    )
    parser.add_argument(
        "--background",
        type=parse_file_path,
        metavar="FILE",
        help="image of the scene, or a frame of a video such as video.mp4@12.5s; for zones in meters an "
        "image of the floor plan (default: blank)",
    )
    parser.add_argument(
        "--zones", type=parse_file_path, metavar="FILE", help="another zone file to start from"
    )
    parser.add_argument(
        "--floor",
        type=parse_file_path,
        metavar="FILE",
        help="floor plan file, read if it exists and written by calibration",
    )
    parser.add_argument(
        "--zone-unit",
        choices=("fraction", "px", "m"),
        help="unit of a new zone file (default: fraction, or the unit of points)",
    )
    parser.add_argument(
        "--bounds",
        type=_parse_bounds,
        metavar="X0,Y0,X1,Y1",
        help="for points: part of the plane to draw on, which a background fills (default: around all "
        "points)",
    )
    add_video(parser)
    parser.add_argument(
        "--port", type=_parse_port, default=0, metavar="N", help="port of the server (default: a free one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address without opening a browser"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace FILE even if --zones opened another one"
    )
    add_options(parser, "visits", "lines", "presence", "positions", "cleaning", "part")
    add_source_options(parser)
    parser.set_defaults(run=run)


def _parse_port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - the highest port
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _parse_bounds(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != _BOUNDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not four numbers, such as 0,0,12,8")
    return numbers


def run(given: argparse.Namespace) -> int:
    """Serve the editor until the user is done; print its address on stdout."""
    from ptrack_analysis.editing.editor_files import EditorFiles
    from ptrack_analysis.editing.server import EditorServer

    _validate_source(given.source)
    with open_source(given) if given.source else nullcontext() as source:
        files = EditorFiles(_open_session(given, source))
        files.opening()
        with EditorServer(files, port=given.port) as server:
            _serve(server, opens_browser=not given.no_browser)
    return 0


def _validate_source(source: str | None) -> None:
    """Reject an image or a video file as a source of tracking data."""
    from ptrack_analysis.errors import ParameterError

    suffix = Path((source or "").rpartition("@")[0] or source or "").suffix.lower()
    if suffix in _IMAGES | _FILMS:
        raise ParameterError(f"{source} has no tracking data. To draw on it, use --background {source}.")


def _open_session(given: argparse.Namespace, source: Any) -> "EditSession":
    from ptrack_analysis.editing.session import open_session

    analysis = None if source is None else _open_analysis(given, source)
    return open_session(
        given.background,
        given.output,
        analysis=analysis,
        zones=given.zones,
        floor=given.floor,
        unit=given.zone_unit,
        frame_size=given.frame_size,
        bounds=given.bounds,
        replace=given.force,
    )


def _open_analysis(given: argparse.Namespace, source: Any) -> "VideoAnalysis":
    """Read the people of the video, and print notes on stderr."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.sources.finding import form_given

    options = read_config(given) | {"zones": None, "floor": given.floor}
    if given.floor and not Path(given.floor).exists():
        options["floor"] = None
    form = format_arguments(given)
    one = chosen(source, given.video, form)
    with show_activity("reading"):
        analysis = VideoAnalysis(
            one, AnalysisConfig(**options), form=form_given(**form), name=given.video_name
        )
        _ = analysis.walks
    for note in list_video_notes(analysis):
        print(f"note: {shown(note)}", file=sys.stderr)
    return analysis


def _serve(server: "EditorServer", *, opens_browser: bool) -> None:
    address = server.create_address()
    print(address, flush=True)
    print("The address opens one page. To end, press Done, close the page, or press Ctrl-C.", file=sys.stderr)
    if opens_browser:
        webbrowser.open(address)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
        if server.page_closed:
            print("The page was closed.", file=sys.stderr)
        _print_saved(server.files)


def _print_saved(files: "EditorFiles") -> None:
    """Print the written files on stderr."""
    for path, description in files.saved.items():
        print(shown(f"wrote {path}: {description}"), file=sys.stderr)
    if not files.saved:
        print("nothing was saved", file=sys.stderr)
