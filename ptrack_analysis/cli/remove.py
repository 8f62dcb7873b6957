"""``ptrack remove``: remove videos from a dataset."""

import argparse
import json
from typing import Any

from ptrack_analysis.cli.options import add_command, add_remote, parse_file_path, shown, use_remote


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "remove",
        "Remove videos from every table of a dataset and from its manifest. The sources do not change.",
        "remove out --video noon",
        "remove s3://bucket/dataset --before 2026-06-01",
    )
    parser.add_argument(
        "out", type=parse_file_path, metavar="OUT", help="folder or s3://bucket/prefix of a dataset"
    )
    parser.add_argument(
        "--video",
        action="append",
        default=[],
        metavar="NAME",
        help="name of a video; can be given several times",
    )
    parser.add_argument(
        "--before",
        metavar="DATE",
        help="remove the videos that end before this local date, such as 2026-06-01; videos without a known "
        "start are kept",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Remove the videos, and print their names."""
    from ptrack_analysis.dataset.removal import remove_videos

    use_remote(given)
    made = remove_videos(given.out, given.video, before=given.before)
    if given.json:
        print(json.dumps({"out": str(made.out), "removed": list(made.videos), "left": made.left}, indent=2))
        return 0
    names = ", ".join(made.videos) or "no video"
    print(shown(f"Removed {names} from {made.out}; {made.left} video{'' if made.left == 1 else 's'} left"))
    return 0
