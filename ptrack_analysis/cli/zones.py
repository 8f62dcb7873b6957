"""``ptrack zones``: draw zones and lines on a frame of the video, in the browser."""

import argparse
import sys
import webbrowser
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import add_command, parse_file_path, shown, size

if TYPE_CHECKING:
    from ptrack_analysis.editing.desk import EditorFiles


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "zones",
        "Draw zones and lines on a frame of the video, and calibrate a floor plan on it, in the browser. The "
        "editor is served only on this machine, at an address for one page, and writes only the files named "
        "here. It ends with the button Done or with Ctrl-C.",
        "zones data/shop/background.png -o zones.geojson",
        "zones video.mp4@12.5s -o zones.geojson --floor floor.json",
    )
    parser.add_argument(
        "background",
        type=parse_file_path,
        metavar="BACKGROUND",
        help="image of the scene, or a frame of a video such as video.mp4@12.5s; for zones in meters an "
        "image of the floor plan",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        required=True,
        metavar="FILE",
        help="GeoJSON file of zones and lines to write; opened first if it exists",
    )
    parser.add_argument(
        "--zones", type=parse_file_path, metavar="FILE", help="another zone file to start from"
    )
    parser.add_argument(
        "--floor",
        type=parse_file_path,
        metavar="FILE",
        help="file of the floor plan, opened or written by calibration",
    )
    parser.add_argument(
        "--unit", choices=("fraction", "px", "m"), help="unit of a new zone file (default fraction)"
    )
    parser.add_argument(
        "--frame-size",
        type=size,
        metavar="WxH",
        help="frame size of the video in px, if the image has another size; needed for zones in px",
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port of the server (default: a free one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address without opening a browser"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace FILE even if --zones opened another one"
    )
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - the highest port
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def run(given: argparse.Namespace) -> int:
    """Serve the editor until the user is done; print its address on stdout."""
    from ptrack_analysis.editing.desk import EditorFiles
    from ptrack_analysis.editing.job import make_job
    from ptrack_analysis.editing.server import EditorServer

    desk = EditorFiles(
        make_job(
            given.background,
            given.output,
            zones=given.zones,
            floor=given.floor,
            unit=given.unit,
            frame_size=given.frame_size,
            replace=given.force,
        )
    )
    desk.opening()
    with EditorServer(desk, port=given.port) as server:
        print(server.address, flush=True)
        print("the address is good for one page; press Done there or Ctrl-C here to end", file=sys.stderr)
        if not given.no_browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever(poll_interval=0.1)
        finally:
            _tell(desk)
    return 0


def _tell(desk: "EditorFiles") -> None:
    """Describe on stderr what was written."""
    for file, said in desk.saved.items():
        print(shown(f"wrote {file}: {said}"), file=sys.stderr)
    if not desk.saved:
        print("nothing was saved", file=sys.stderr)
