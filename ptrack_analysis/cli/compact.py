"""``ptrack compact``: rewrite a dataset as few large files."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import add_command, add_remote, parse_file_path, shown, use_remote

if TYPE_CHECKING:
    from ptrack_analysis.dataset.compaction import CompactSummary


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "compact",
        "Rewrite the files of a dataset as few large files. The rows stay the same. While files are "
        "exchanged, tools that read all files of a folder briefly see some rows twice.",
        "compact out",
        "compact s3://bucket/dataset --file-size 256MB",
    )
    parser.add_argument(
        "out", type=parse_file_path, metavar="OUT", help="folder or s3://bucket/prefix of a dataset"
    )
    parser.add_argument(
        "--file-size", default="128MB", metavar="SIZE", help="size at which a new file starts (default 128MB)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Compact the dataset, and print the outcome."""
    from tqdm import tqdm

    from ptrack_analysis.dataset.compaction import compact_dataset

    use_remote(given)
    with tqdm(unit="table", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar:

        def progress(table: str, total: int) -> None:
            bar.total = total
            bar.set_postfix_str(table)
            bar.update()

        made = compact_dataset(given.out, file_size=given.file_size, progress=progress)
    print(json.dumps(_plain(made), indent=2) if given.json else shown(_text(made)))
    return 0


def _text(made: "CompactSummary") -> str:
    videos, files, rows = len(made.videos), len(made.files), sum(made.files.values())
    counts = f"{videos} video{'' if videos == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    return f"{counts} ({made.before} before), {rows} rows in {made.out}"


def _plain(made: "CompactSummary") -> dict[str, Any]:
    return {
        "out": str(made.out),
        "videos": list(made.videos),
        "files_before": made.before,
        "files": made.files,
    }
