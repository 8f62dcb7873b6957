"""``ptrack export``: write an archive as a dataset."""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import MEASURING, add_options, read_config
from ptrack_analysis.cli.options import (
    add_cameras,
    add_command,
    add_source,
    add_source_options,
    format_arguments,
    open_source,
    parse_file_path,
    shown,
)

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary

_SHOWN = 10


def list_notes(summary: "ExportSummary") -> list[str]:
    """List the notes: missing videos, notes on the dataset and notes on videos."""
    return [*_gone(summary), *summary.warnings, *_noted(summary)]


def _gone(summary: "ExportSummary") -> list[str]:
    """Describe videos that are no longer in the source, and whether they were removed."""
    if not summary.gone:
        return []
    more = f" and {len(summary.gone) - _SHOWN} more" if len(summary.gone) > _SHOWN else ""
    names = ", ".join(summary.gone[:_SHOWN]) + more
    became = "removed from it" if summary.pruned else "kept in it (--prune removes them)"
    verb = "is" if len(summary.gone) == 1 else "are"
    return [f"{_videos(len(summary.gone))} of the dataset {verb} no longer in the source: {names}; {became}"]


def _noted(summary: "ExportSummary") -> list[str]:
    """List the notes on the videos; equal notes are listed once."""
    videos: dict[str, list[str]] = {}
    for video in summary.videos:
        for text in video.warnings:
            if any(finding in text for finding in video.findings):  # the warnings say it
                continue
            videos.setdefault(text, []).append(video.name)
    return [
        f"{names[0] if len(names) == 1 else f'{len(names)} videos'}: {text}" for text, names in videos.items()
    ]


def format_summary(summary: "ExportSummary", *, withheld: bool) -> str:
    """Describe the outcome, the times of people unless withheld, and the output folder."""
    out = str(summary.out)
    counts = {status: len(summary.of_status(status)) for status in ("written", "unchanged", "failed")}
    done = [video for video in summary.videos if video.status != "failed"]
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{_videos(len(summary.videos))}: {said}"]
    if done and not withheld:
        rows = [("video", "where", "person-seconds")]
        for video in done[:_SHOWN]:
            rows += _rows(video)
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        lines += ["", *(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>14}" for a, b, c in rows)]
        if len(done) > _SHOWN:
            lines.append(f"and {_videos(len(done) - _SHOWN)} more (--json lists them all)")
    if done:
        lines += ["", f"results are in {out}: see {out.rstrip('/')}/dictionary.md for every column"]
    return "\n".join(lines)


def _videos(count: int) -> str:
    return f"{count} video" if count == 1 else f"{count} videos"


def _seconds(span: "pd.Timedelta | None") -> float | None:
    return None if span is None else float(span.total_seconds())


def _rows(video: "VideoSummary") -> list[tuple[str, str, str]]:
    times = {"in the scene": video.in_scene, "without position": video.without_position}
    times |= {f"zone {zone}": dwell for zone, dwell in video.dwell.items()}
    said = ["not known" if (found := _seconds(time)) is None else f"{found:.3f}" for time in times.values()]
    names = [video.name, *[""] * (len(times) - 1)]
    return list(zip(names, times, said, strict=True))


def summary_as_json(summary: "ExportSummary") -> dict[str, Any]:
    """Convert the summary to JSON values, with times in seconds as ``<name>_s``."""
    videos = [
        {
            "name": video.name,
            "status": video.status,
            "error": None if video.error is None else str(video.error),
            "rows": dict(video.rows),
            "in_scene_s": _seconds(video.in_scene),
            "without_position_s": _seconds(video.without_position),
            "dwell_s": {zone: dwell.total_seconds() for zone, dwell in video.dwell.items()},
            "warnings": list(video.warnings),
        }
        for video in summary.videos
    ]
    return {
        "out": str(summary.out),
        "videos": videos,
        "warnings": list(summary.warnings),
        "gone": list(summary.gone),
        "pruned": summary.pruned,
    }


_A_THREAD = 3
"""Number of unfinished videos per thread of a cluster."""
_SALT_BYTES = 32
_FAILURE, _USAGE, _BAD, _SOME = 1, 2, 3, 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        "Write a dataset: one folder per table with one Parquet file per batch of videos, a data dictionary, "
        "and views for DuckDB and Athena. A second run over unchanged input changes nothing. A run after an "
        "interrupted one completes it. Only one run at a time can write a dataset.",
        "export data/shop out --zones data/shop/zones.geojson",
        "export data/day out --zones data/day/zones.geojson --workers 2 --prune",
        "export nightly/ out --cameras cameras.toml --strict --holidays DE-BE",
    )
    add_source(parser)
    parser.add_argument(
        "out", type=parse_file_path, metavar="OUT", help="folder or s3://bucket/prefix of the dataset"
    )
    add_options(parser, "scene", "tables", "faces", into=parser)
    add_cameras(parser)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail if a video matches no camera, or no row of --recordings",
    )
    _add_workers(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the videos with their cameras, starts, zones and floor plans, and write nothing",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--as",
        dest="as_",
        choices=("parquet", "delta"),
        help="storage of tables: Parquet files, or Delta tables (needs the extra delta); fixed when the "
        "dataset is created (default parquet)",
    )
    parser.add_argument("--force", action="store_true", help="replace files that ptrack did not write")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove videos that an earlier export of this SOURCE wrote and SOURCE no longer contains",
    )
    parser.add_argument(
        "--partition",
        choices=("local_month", "local_day"),
        help="partition tables into one folder per local month or day; fixed when the dataset is created",
    )
    add_options(parser, *MEASURING, "clock", "privacy")
    parser.add_argument(
        "--new-salt",
        type=parse_file_path,
        metavar="FILE",
        help="generate a salt, write it to FILE, and use it like --salt-file FILE; FILE must not exist",
    )
    add_source_options(parser)
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    """Read the number of processes."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes of at least 1")
    return int(text)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--workers", type=_count, metavar="N", help="number of processes (default 1)")
    either.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="Dask scheduler whose workers process the videos, such as tcp://host:8786; workers need access "
        "to SOURCE and OUT",
    )


def run(given: argparse.Namespace) -> int:
    """Export each video of the source; 3 if all videos fail, 4 if some fail."""
    if not given.out.startswith("s3://") and Path(given.out).exists() and not Path(given.out).is_dir():
        print(f"ptrack: {given.out} is a file. Name a folder for the dataset.", file=sys.stderr)
        return _USAGE
    if not given.out.startswith("s3://") and Path(given.out).resolve() == Path(given.source).resolve():
        print(
            f"ptrack: {given.out} is the source. Name another folder for the dataset.",
            file=sys.stderr,
        )
        return _USAGE
    if given.dry_run:
        return _list_videos(given)
    summary = _export(given)
    if not given.zones and not given.cameras:
        print(
            "note: no visits and crossings without zones and lines. Draw them with ptrack zones, and pass "
            "the file with --zones FILE.",
            file=sys.stderr,
        )
    for video in summary.of_status("failed"):
        print(f"ptrack: {shown(_describe_failure(video))}", file=sys.stderr)
    for note in list_notes(summary):
        print(f"note: {shown(note)}", file=sys.stderr)
    withheld = given.min_count is not None or given.salt is not None or given.new_salt is not None
    if given.json:
        print(json.dumps(summary_as_json(summary), indent=2))
    else:
        print(shown(format_summary(summary, withheld=withheld)))
    return _code(summary)


def _describe_failure(video: "VideoSummary") -> str:
    """Return the error of a video on one line, which names the video."""
    error = " ".join(str(video.error).split())
    return error if video.name in error.partition(": ")[0] else f"{video.name}: {error}"


def _list_videos(given: argparse.Namespace) -> int:
    """Print the configuration of each video; notes go to stderr."""
    from ptrack_analysis.pipeline.camera_config import resolve_videos
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.sources.finding import form_given, rename_videos, scan_source

    with open_source(given) as source:
        found = scan_source(source, form_given(**format_arguments(given))).videos
        references = rename_videos(found, given.video_name, source)
        config = AnalysisConfig(**read_config(given))
        videos, notes = resolve_videos(config, references, source, cameras=given.cameras, strict=given.strict)
    rows = []
    for name, video in videos.items():
        recording, scene = video.recording, video.scene
        start = "" if recording.started_at is None else recording.started_at.isoformat()
        row: dict[str, Any] = {
            "video": config.part_name(name),
            "camera": recording.camera,
            "site": recording.site,
        }
        row |= {"started_at": start or None, "timezone": recording.timezone}
        row |= {
            "zones": str(video.config.zones or "") or None,
            "floor": str(video.config.floor or "") or None,
        }
        count = None if scene is None else len(scene.of(name).zones) + len(scene.of(name).lines)
        rows.append(row | {"zones_and_lines": count})
    for note in notes:
        print(f"note: {shown(note)}", file=sys.stderr)
    if given.json:
        print(json.dumps(rows, indent=2))
        return 0
    cells = [
        [*rows[0]],
        *([("-" if value is None else str(value)) for value in row.values()] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        print(shown(text.rstrip()))
    return 0


def _export(given: argparse.Namespace) -> "ExportSummary":
    from tqdm import tqdm

    from ptrack_analysis.dataset.export import export_dataset

    config = read_config(given)
    if given.new_salt is not None:
        config["salt"] = _write_new_salt(given, config)
    with (
        open_source(given) as source,
        _start_workers(given) as crew,
        tqdm(unit="video", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar,
    ):

        def progress(video: "VideoSummary", total: int) -> None:
            bar.total = total
            bar.set_postfix_str(video.name)
            bar.update()
            if bar.n == total:
                bar.close()  # later messages need the line

        return export_dataset(
            source,
            given.out,
            **config,
            force=given.force,
            prune=given.prune,
            partition=given.partition,
            as_=given.as_,
            cameras=given.cameras,
            strict=given.strict,
            name=given.video_name,
            progress=progress,
            **crew,
            **format_arguments(given),
        )


def _write_new_salt(given: argparse.Namespace, config: dict[str, Any]) -> str:
    """Generate a salt and write it to a new file that only its owner can read; return the salt."""
    from ptrack_analysis.errors import OutputError, ParameterError
    from ptrack_analysis.pipeline.config import AnalysisConfig

    if given.salt is not None:
        raise ParameterError("--new-salt and --salt-file must not both be given. Use only one.")
    salt = secrets.token_hex(_SALT_BYTES)
    AnalysisConfig(**config)  # raises for invalid options before the file is written
    try:
        with os.fdopen(os.open(given.new_salt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(f"{salt}\n".encode())
    except FileExistsError:
        raise ParameterError(
            f"--new-salt {given.new_salt}: the file exists. Use --salt-file to use the salt in it, or name "
            "another file."
        ) from None
    except OSError as error:
        raise OutputError(f"--new-salt {given.new_salt}: cannot write: {error.strerror or error}") from error
    return salt


@contextmanager
def _start_workers(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Return the workers as arguments of ``export_dataset``."""
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
