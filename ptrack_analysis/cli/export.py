"""``ptrack export``: a dataset of Parquet files for BI tools."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.exported import notes_of, plain_of, text_of
from ptrack_analysis.cli.measures import (
    add_cells,
    add_cleaning,
    add_clock,
    add_counts,
    add_cut,
    add_lines,
    add_places,
    add_presence,
    add_release,
    add_stops,
    add_visits,
    measures_of,
)
from ptrack_analysis.cli.options import add_source, form_of, source_of
from ptrack_analysis.cli.texts import place, shown

if TYPE_CHECKING:
    from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary

_A_THREAD = 3
"""So many videos wait or are worked on for each thread of a cluster."""
_FAILURE, _USAGE, _BAD, _SOME = 1, 2, 3, 4
_DESCRIPTION = """\
Write an archive as a dataset: one folder a table, in it one Parquet file a video, with a data dictionary and
views for DuckDB and Athena. A second run over unchanged input changes nothing; a run after a killed one
completes it. One run at a time may write a dataset.
"""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "export",
        help="write a dataset of Parquet files: dwell times, trajectories, heatmaps",
        description=_DESCRIPTION,
    )
    add_source(parser)
    parser.add_argument("out", type=place, metavar="OUT", help="folder or s3://bucket/prefix of the dataset")
    add_places(parser)
    add_clock(parser)
    add_presence(parser)
    add_visits(parser)
    add_lines(parser)
    add_counts(parser)
    add_stops(parser)
    add_cleaning(parser)
    add_cut(parser)
    group = parser.add_argument_group("output")
    add_cells(group)
    group.add_argument("--faces", action="store_true", help="write face columns, which are personal data")
    group.add_argument("--csv", action="store_true", help="write each table as CSV too")
    group.add_argument(
        "--tables",
        metavar="NAME,NAME|all",
        help="which tables to write (default: all but measure, field and intervals, which take long)",
    )
    add_release(parser.add_argument_group("for data that leaves the house"))
    group.add_argument("--force", action="store_true", help="replace files that ptrack did not make")
    group.add_argument(
        "--prune",
        action="store_true",
        help="remove the videos that an earlier export of this same SOURCE wrote and SOURCE no longer has",
    )
    group.add_argument("--json", action="store_true", help="print JSON for machines")
    _add_workers(parser.add_argument_group("who works on the videos"))
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    """Read a number of processes."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 on")
    return int(text)


def _add_workers(group: Any) -> None:
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--workers", type=_count, metavar="N", help="so many processes of this machine (default 1)"
    )
    either.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="the workers of a Dask scheduler, as in tcp://host:8786; they read SOURCE and write OUT "
        "themselves, so both must be reachable from there",
    )


def run(given: argparse.Namespace) -> int:
    """Export each video of the source; 3 if none could be, 4 if some could not."""
    if not given.out.startswith("s3://") and Path(given.out).exists() and not Path(given.out).is_dir():
        print(f"ptrack: {given.out}: is a file, not a folder to write a dataset to", file=sys.stderr)
        return _USAGE
    if not given.out.startswith("s3://") and Path(given.out).resolve() == Path(given.source).resolve():
        print(
            f"ptrack: {given.out}: is the source itself; give the dataset a folder of its own",
            file=sys.stderr,
        )
        return _USAGE
    summary = _export(given)
    if not given.zones:
        print(
            "no zones are given, so no visits are computed, nor crossings: draw polygons and lines in a "
            "GeoJSON file, and give it with --zones FILE",
            file=sys.stderr,
        )
    for video in summary.of_status("failed"):
        print(f"ptrack: {shown(' '.join(str(video.error).split()))}", file=sys.stderr)
    for note in notes_of(summary):
        print(f"note: {shown(note)}", file=sys.stderr)
    withheld = given.min_count is not None or given.salt_file is not None
    if given.json:
        print(json.dumps(plain_of(summary), indent=2))
    else:
        print(shown(text_of(summary, withheld=withheld)))
    return _code(summary)


def _export(given: argparse.Namespace) -> "ExportSummary":
    from tqdm import tqdm

    from ptrack_analysis.dataset.export import export_dataset

    with (
        source_of(given) as source,
        _crew_of(given) as crew,
        tqdm(unit="video", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar,
    ):

        def progress(video: "VideoSummary", total: int) -> None:
            bar.total = total
            bar.set_postfix_str(video.name)
            bar.update()
            if bar.n == total:
                bar.close()  # what is said afterwards needs the line

        return export_dataset(
            source,
            given.out,
            **measures_of(given),
            force=given.force,
            prune=given.prune,
            progress=progress,
            **crew,
            **form_of(given),
        )


@contextmanager
def _crew_of(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Give who works on the videos, as ``export_dataset`` takes it."""
    if given.dask is None:
        yield {"workers": given.workers}
        return
    from ptrack_analysis.pipeline.workers import dask

    with dask(given.dask) as (executor, width):
        yield {"executor": executor, "in_flight": _A_THREAD * width}


def _code(summary: "ExportSummary") -> int:
    from ptrack_analysis.errors import OutputError, ParameterError

    failed = summary.of_status("failed")
    if not failed:
        return 0
    if len(failed) < len(summary.videos):
        return _SOME
    kinds = {OutputError: _FAILURE, ParameterError: _USAGE}
    return next(
        (code for kind, code in kinds.items() if all(isinstance(x.error, kind) for x in failed)), _BAD
    )
