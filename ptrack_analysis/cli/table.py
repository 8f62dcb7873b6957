"""``ptrack table``: one table of one video."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import MEASURING, add_options, read_config
from ptrack_analysis.cli.options import (
    add_cameras,
    add_command,
    add_source,
    add_source_options,
    add_video,
    chosen,
    format_arguments,
    list_video_notes,
    open_source,
    parse_file_path,
    shown,
)

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.sources.archive import VideoReference
    from ptrack_analysis.storage.s3 import AnyPath

_STDOUT = "-"


class _List(argparse.Action):
    """Print the names of the tables and exit."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        print(_names())
        parser.exit()


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "table",
        "Compute one table of one video and write it as CSV or Parquet, with the same columns as in a "
        "dataset.",
        "table visits data/shop --zones data/shop/zones.geojson",
        "table tracks data/shop -o tracks.parquet",
        "table --list",
    )
    parser.add_argument("name", metavar="NAME", help="name of the table; --list lists all")
    add_source(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        default=_STDOUT,
        metavar="FILE",
        help="file to write, .csv or .parquet (default -: CSV on stdout)",
    )
    parser.add_argument("--list", nargs=0, action=_List, help="list the tables and exit")
    add_options(parser, "scene", into=parser)
    add_cameras(parser)
    add_video(parser)
    add_options(parser, "faces", into=parser)
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    add_options(parser, *MEASURING, "clock")
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Compute the table and write it; 2 if the table is unknown or a requirement is missing."""
    from ptrack_analysis.dataset.batches import compute_table, find_start
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.outputs import OUTPUTS, find_output

    if given.name not in OUTPUTS:
        print(_names(), file=sys.stderr)
    output = find_output(given.name)
    path = None if given.output == _STDOUT else Path(given.output)
    if path is not None and path.suffix not in {".csv", ".parquet"}:
        raise ParameterError(f"{path}: the suffix must be .csv or .parquet")
    _validate_target(path, force=given.force)
    settings = AnalysisConfig(**read_config(given))
    with open_source(given) as source:
        analysis = _analysis(given, settings, source)
        table = compute_table(analysis, output.name)
        video = None if "video" in table.index.names else analysis.name
        marks = {"schema": output.table, "video": video, "started_at": find_start(analysis["videos"])}
    _write(table, path, marks)
    return 0


def _analysis(given: argparse.Namespace, settings: "AnalysisConfig", source: "AnyPath") -> "VideoAnalysis":
    """Open the video, and print notes on stderr."""
    from ptrack_analysis.pipeline.camera_config import resolve_videos
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.sources.finding import form_given, rename_videos

    form = format_arguments(given)
    (reference,) = rename_videos([_video(source, given.video, form)], given.video_name, source)
    videos, notes = resolve_videos(settings, [reference], source, cameras=given.cameras)
    video = videos[reference.name]
    analysis = VideoAnalysis(reference, video.config, video.scene, video.recording, form=form_given(**form))
    for note in (*notes, *list_video_notes(analysis)):
        print(shown(f"note: {analysis.name}: {note}"), file=sys.stderr)
    return analysis


def _video(source: "AnyPath", name: str | None, form: dict[str, Any]) -> "VideoReference":
    """Return the video of this name, or the only video of the source."""
    from ptrack_analysis.sources.archive import several
    from ptrack_analysis.sources.finding import find_videos

    if name is not None:
        reference: VideoReference = chosen(source, name, form)
        return reference
    found = find_videos(source, **form)
    if len(found) > 1:
        raise several(source, [reference.name for reference in found])
    return found[0]


def _validate_target(path: Path | None, *, force: bool) -> None:
    from ptrack_analysis.errors import OutputError

    if path is None:
        return
    if path.is_dir():
        raise OutputError(f"{path} is a folder. Name a file.")
    if path.exists() and not force:
        raise OutputError(f"{path} exists. Replace it with --force.")


def _write(table: Any, path: Path | None, marks: dict[str, Any]) -> None:
    from ptrack_analysis.storage.parquet import format_csv, write_csv, write_parquet

    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(format_csv(table, **marks))
        return
    write = write_csv if path.suffix == ".csv" else write_parquet
    write(table, path, **marks)
    print(f"wrote {path}", file=sys.stderr)


def _names() -> str:
    """List the tables with the meaning of their rows."""
    from ptrack_analysis.pipeline.outputs import OUTPUTS

    width = max(map(len, OUTPUTS))
    return "\n".join(f"{name:{width}}  {output.table.row}" for name, output in OUTPUTS.items())
