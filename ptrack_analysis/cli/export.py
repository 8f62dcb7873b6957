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
    from ptrack_analysis.scene.cameras import Camera

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
    """List the notes on the videos that are printed; equal notes are listed once."""
    videos: dict[str, list[str]] = {}
    for video in _select(summary):
        for text in video.warnings:
            if any(finding in text for finding in video.findings):  # the warnings say it
                continue
            videos.setdefault(text, []).append(video.name)
    return [
        f"{names[0] if len(names) == 1 else f'{len(names)} videos'}: {text}" for text, names in videos.items()
    ]


def format_summary(summary: "ExportSummary", *, withheld: bool) -> str:
    """Describe the outcome: counts, times of people unless withheld, failures, and the output folder."""
    out = str(summary.out)
    counts = {status: len(summary.of_status(status)) for status in ("written", "unchanged")}
    counts |= {"removed": len(summary.gone) if summary.pruned else 0}
    counts |= {"failed": len(summary.of_status("failed"))}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{_videos(len(summary.videos) + counts['removed'])}: {said}"]
    done = [video for video in _select(summary) if video.status != "failed"]
    is_first = not any(video.existed for video in summary.videos)
    names = [video.name if is_first else f"{video.name} ({_state(video)})" for video in done]
    if done and not withheld:
        rows = [("video", "where", "person-seconds")]
        for name, video in zip(names[:_SHOWN], done, strict=False):
            rows += _rows(name, video)
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        lines += ["", *(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>14}" for a, b, c in rows)]
    elif not is_first:
        lines += ["", *names[:_SHOWN]] if done else []
    if len(done) > _SHOWN and not (withheld and is_first):
        lines.append(f"and {_videos(len(done) - _SHOWN)} more (--json lists them all)")
    is_any_done = counts["failed"] < len(summary.videos)
    if is_any_done or not is_first:
        lines += _list_failures(summary)
    if is_any_done:
        lines += ["", f"results are in {out}: see {out.rstrip('/')}/dictionary.md for every column"]
    return "\n".join(lines)


def _select(summary: "ExportSummary") -> list["VideoSummary"]:
    """Return the written and failed videos, or all videos if all are unchanged."""
    return [video for video in summary.videos if video.status != "unchanged"] or [*summary.videos]


def _state(video: "VideoSummary") -> str:
    if video.status == "unchanged":
        return "unchanged"
    return "changed" if video.existed else "new"


def _list_failures(summary: "ExportSummary") -> list[str]:
    """Describe whether videos that failed have earlier rows in the dataset."""
    failed = summary.of_status("failed")
    texts = {True: "failed, its earlier rows are kept", False: "failed, it has no rows in the dataset"}
    return ["", *(f"{video.name}: {texts[video.existed]}" for video in failed)] if failed else []


def _videos(count: int) -> str:
    return f"{count} video" if count == 1 else f"{count} videos"


def _seconds(span: "pd.Timedelta | None") -> float | None:
    return None if span is None else float(span.total_seconds())


def _rows(name: str, video: "VideoSummary") -> list[tuple[str, str, str]]:
    times = {"in the scene": video.in_scene, "without position": video.without_position}
    times |= {f"zone {zone}": dwell for zone, dwell in video.dwell.items()}
    said = ["not known" if (found := _seconds(time)) is None else f"{found:.3f}" for time in times.values()]
    names = [name, *[""] * (len(times) - 1)]
    return list(zip(names, times, said, strict=True))


def summary_as_json(summary: "ExportSummary") -> dict[str, Any]:
    """Convert the summary to JSON values, with times in seconds as ``<name>_s``."""
    videos = [
        {
            "name": video.name,
            "status": video.status,
            "existed": video.existed,
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
        help="list the videos with their state (new, changed, unchanged, removed), camera, start, zones and "
        "floor plan, and write nothing",
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
    removal = parser.add_mutually_exclusive_group()
    removal.add_argument(
        "--prune",
        action="store_true",
        help="remove videos that an earlier export of this SOURCE wrote and SOURCE no longer contains; stop "
        "if these are most of the videos",
    )
    removal.add_argument(
        "--prune-all", action="store_true", help="like --prune, even if most of the videos are removed"
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
    from ptrack_analysis.dataset.export import plan_export
    from ptrack_analysis.pipeline.camera_config import resolve_videos
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.sources.finding import form_given, rename_videos, scan_source
    from ptrack_analysis.storage.s3 import parse_path

    with open_source(given) as source:
        found = scan_source(source, form_given(**format_arguments(given))).videos
        references = rename_videos(found, given.video_name, source)
        config, out = AnalysisConfig(**read_config(given)), parse_path(given.out, name="out")
        videos, notes = resolve_videos(config, references, source, cameras=given.cameras, strict=given.strict)
        is_named = given.video_name is not None
        planned, gone, more = plan_export(references, videos, source, out, config, is_named=is_named)
    rows = []
    for one in planned:
        video, recording = one.video, one.video.recording
        row: dict[str, Any] = {
            "video": one.name,
            "camera": recording.camera,
            "site": recording.site,
            "state": one.state,
            "entry": None if video.camera is None else _describe_entry(video.camera),
        }
        start = None if recording.started_at is None else recording.started_at.isoformat()
        row |= {"started_at": start, "timezone": recording.timezone}
        row |= {
            "zones": str(video.config.zones or "") or None,
            "floor": str(video.config.floor or "") or None,
        }
        scene = None if video.scene is None else video.scene.of(recording.video)
        rows.append(row | {"zones_and_lines": None if scene is None else len(scene.zones) + len(scene.lines)})
    removed = given.prune or given.prune_all
    empty = dict.fromkeys(rows[0]) if rows else {}
    rows += [empty | {"video": name, "state": "removed" if removed else "gone"} for name in gone]
    notes = [*notes, *more]
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


def _describe_entry(camera: "Camera") -> str:
    """Return the name of an entry of the cameras file with its period."""
    period = {"from": camera.valid_from, "to": camera.valid_to}
    return " ".join([camera.name, *(f"{name} {time.isoformat()}" for name, time in period.items() if time)])


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
            prune="all" if given.prune_all else given.prune,
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
