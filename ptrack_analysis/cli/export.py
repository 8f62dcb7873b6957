"""``ptrack export``: a dataset of Parquet files for BI tools."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.measures import (
    add_cells,
    add_cleaning,
    add_counts,
    add_cut,
    add_lines,
    add_places,
    add_presence,
    add_stops,
    add_visits,
    measures_of,
)
from ptrack_analysis.cli.options import add_source, form_of, source_of
from ptrack_analysis.cli.texts import place

if TYPE_CHECKING:
    from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary

_SHOWN = 10
_FAILURE, _USAGE, _BAD, _SOME = 1, 2, 3, 4
_DESCRIPTION = """\
Write an archive as a dataset: one folder a table, in it one Parquet file a video, with a data dictionary and
views for DuckDB and Athena. A second run over unchanged input changes nothing.
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
    group.add_argument("--force", action="store_true", help="replace files that ptrack did not make")
    group.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.set_defaults(run=run)


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
        print(f"ptrack: {' '.join(str(video.error).split())}", file=sys.stderr)
    for note in (*summary.warnings, *_notes(summary)):
        print(f"note: {note}", file=sys.stderr)
    print(json.dumps(_plain(summary), indent=2) if given.json else _text(summary, given.out))
    return _code(summary)


def _notes(summary: "ExportSummary") -> list[str]:
    """List the notes on the videos; what is said of several is said once."""
    videos: dict[str, list[str]] = {}
    for video in summary.videos:
        for text in video.warnings:
            videos.setdefault(text, []).append(video.name)
    return [
        f"{names[0] if len(names) == 1 else f'{len(names)} videos'}: {text}" for text, names in videos.items()
    ]


def _export(given: argparse.Namespace) -> "ExportSummary":
    from tqdm import tqdm

    from ptrack_analysis.dataset.export import export_dataset

    with (
        source_of(given) as source,
        tqdm(unit="video", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar,
    ):

        def progress(video: "VideoSummary", total: int) -> None:
            bar.total = total
            bar.set_postfix_str(video.name)
            bar.update()

        return export_dataset(
            source,
            given.out,
            **measures_of(given),
            force=given.force,
            progress=progress,
            **form_of(given),
        )


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


def _text(summary: "ExportSummary", out: str) -> str:
    """Say what was done, where it lies, and how long people stayed."""
    counts = {status: len(summary.of_status(status)) for status in ("written", "unchanged", "failed")}
    done = [video for video in summary.videos if video.status != "failed"]
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{_videos(len(summary.videos))}: {said}"]
    if done:
        rows = [("video", "where", "person-seconds")]
        for video in done[:_SHOWN]:
            rows += _rows(video)
        widths = [max(len(row[place]) for row in rows) for place in range(2)]
        lines += ["", *(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>14}" for a, b, c in rows)]
        if len(done) > _SHOWN:
            lines.append(f"and {_videos(len(done) - _SHOWN)} more (--json lists them all)")
        lines += ["", f"results are in {out}: see {out.rstrip('/')}/dictionary.md for every column"]
    return "\n".join(lines)


def _videos(count: int) -> str:
    return f"{count} video" if count == 1 else f"{count} videos"


def _rows(video: "VideoSummary") -> list[tuple[str, str, str]]:
    rows = [
        (video.name, "in the scene", f"{video.in_scene.total_seconds():.3f}"),
        ("", "of it unlocated", f"{video.unlocated.total_seconds():.3f}"),
    ]
    return rows + [
        ("", f"zone {zone}", f"{dwell.total_seconds():.3f}") for zone, dwell in video.dwell.items()
    ]


def _plain(summary: "ExportSummary") -> dict[str, Any]:
    """Turn the summary into JSON values: times as seconds under ``<name>_s``."""
    videos = [
        {
            "name": video.name,
            "status": video.status,
            "error": None if video.error is None else str(video.error),
            "rows": dict(video.rows),
            "in_scene_s": video.in_scene.total_seconds(),
            "unlocated_s": video.unlocated.total_seconds(),
            "dwell_s": {zone: dwell.total_seconds() for zone, dwell in video.dwell.items()},
            "warnings": list(video.warnings),
        }
        for video in summary.videos
    ]
    return {"out": str(summary.out), "videos": videos, "warnings": list(summary.warnings)}
