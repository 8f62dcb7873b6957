"""``ptrack report``: a page about one video, or about the many of a dataset."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ptrack_analysis.cli.measures import (
    add_cells,
    add_cleaning,
    add_clock,
    add_counts,
    add_cut,
    add_lines,
    add_places,
    add_presence,
    add_stops,
    add_visits,
    config_arguments,
)
from ptrack_analysis.cli.options import add_source, add_video, format_arguments, open_source, place

_DESCRIPTION = """\
Write one HTML page about a video: how far to trust it, key figures, dwell by zone, occupancy, ways, an
explorer. Of a dataset that ptrack export made: an overview of its videos. It needs no network, and prints on
A4.
"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("report", description=_DESCRIPTION)
    add_source(parser)
    parser.add_argument(
        "-o", "--output", type=place, required=True, metavar="FILE", help="HTML file to write"
    )
    parser.add_argument("--force", action="store_true", help="replace FILE though it is no report")
    add_video(parser)
    parser.add_argument(
        "--background",
        type=place,
        metavar="FILE",
        help="picture to draw over: of the scene, or with --floor the plan of its bounds",
    )
    add_places(parser)
    add_clock(parser)
    add_presence(parser)
    add_visits(parser)
    add_lines(parser)
    add_counts(parser)
    add_stops(parser)
    add_cleaning(parser)
    add_cut(parser)
    add_cells(parser.add_argument_group("heatmaps"))
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the report."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.report.writing import write_report

    settings = AnalysisConfig(**config_arguments(given))
    with open_source(given) as source:
        write_report(
            source,
            Path(given.output),
            settings=settings,
            video=given.video,
            background=given.background,
            form=format_arguments(given),
            force=given.force,
        )
    print(f"wrote {given.output}", file=sys.stderr)
    return 0
