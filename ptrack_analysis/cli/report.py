"""``ptrack report``: an HTML page about one video or about a dataset."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ptrack_analysis.cli.config_options import MEASURING, add_options, read_config
from ptrack_analysis.cli.options import (
    add_cameras,
    add_command,
    add_source,
    add_source_options,
    add_video,
    format_arguments,
    open_source,
    parse_file_path,
    show_activity,
)
from ptrack_analysis.pipeline.plot_options import PlotOptions


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "report",
        "Write one HTML page about a video: its reliability, the main findings, key figures, charts "
        "and an explorer. For a dataset of ptrack export, write an overview of its videos. The page needs no "
        "network. It prints on A4; a PDF needs an installed Chromium, Chrome or Edge.",
        "report data/shop -o report.html --zones data/shop/zones.geojson",
        "report data/shop -o report.pdf --zones data/shop/zones.geojson",
        "report out -o overview.html",
    )
    add_source(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        required=True,
        metavar="FILE",
        help="file to write, .html or .pdf; - is HTML on stdout",
    )
    add_options(parser, "scene", into=parser)
    add_cameras(parser)
    add_options(parser, "background", config=PlotOptions, into=parser)
    add_video(parser)
    parser.add_argument("--title", metavar="TEXT", help="title of the page (default: the video's name)")
    parser.add_argument("--force", action="store_true", help="replace FILE even if it is not a report")
    add_options(parser, *MEASURING, "clock")
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the report."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.report.writing import report_page, write_report

    options: dict[str, Any] = {
        "settings": AnalysisConfig(**read_config(given)),
        "video": given.video,
        "background": given.background,
        "cameras": given.cameras,
        "form": format_arguments(given),
        "name": given.video_name,
        "title": given.title,
    }
    with open_source(given) as source, show_activity("writing the report"):
        if given.output == "-":
            sys.stdout.write(report_page(source, **options))
            return 0
        write_report(source, Path(given.output), force=given.force, **options)
    print(f"wrote {given.output}", file=sys.stderr)
    return 0
