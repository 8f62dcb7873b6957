"""``ptrack verify``: read a dataset again and check that it is complete and consistent."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import (
    add_command,
    add_remote,
    parse_file_path,
    show_activity,
    shown,
    use_remote,
)

if TYPE_CHECKING:
    from ptrack_analysis.dataset.verification import Verification

_SHOWN = 20
_BAD = 3
_REDO = (
    "Files were changed after ptrack wrote them, or ptrack has a bug. Delete these files and export the "
    "source again, which rewrites them."
)
_ADVICE = {
    "manifest": "If the manifest was damaged or edited, restore it from a backup, or export to another "
    "folder.",
    "unfinished": "Run ptrack export or ptrack compact on the dataset. They finish or discard the change.",
    "files": "Export the source again, which writes missing files. Move foreign files to another folder.",
    "audit": "Do not publish the dataset. Remove these videos and export them again, with --min-count.",
}


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "verify",
        "Read a dataset again, and check that it is complete and consistent: manifest, files, checksums, "
        "columns, keys, references, times, and disclosure risks of a released dataset.",
        "verify out",
        "verify out --laws",
        "verify s3://bucket/dataset --json",
    )
    parser.add_argument(
        "out",
        type=parse_file_path,
        metavar="OUT",
        help="folder or s3://bucket/prefix of a dataset",
    )
    parser.add_argument(
        "--laws",
        action="store_true",
        help="also check that sums agree between tables, such as time in zones; needs DuckDB",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Verify the dataset; 3 if a check fails, or there is no dataset."""
    from ptrack_analysis.dataset.verify import verify_dataset

    use_remote(given)
    with show_activity(f"verifying {given.out}"):
        found = verify_dataset(given.out, laws=given.laws)
    print(json.dumps(_plain(found), indent=2) if given.json else shown(_text(found)))
    return 0 if found.passed else _BAD


def _text(found: "Verification") -> str:
    """List the checks with their counts, then the findings."""
    number = sum(check.count for check in found.checks)
    verdict = "all passed" if found.passed else f"{number} finding{'s' if number > 1 else ''}"
    count = len(found.videos)
    lines = [
        f"{found.out}: {count} video{'' if count == 1 else 's'}, {len(found.checks)} checks: {verdict}",
        "",
    ]
    width = max(len(check.name) for check in found.checks)
    for check in found.checks:
        said = f"{check.count} found" if check.count else "ok" if check.examined else "-"
        lines.append(f"  {check.name:<{width}}  {check.examined:>12}  {said:<10}  {check.rule}")
    shown = [f"{check.name}: {finding}" for check in found.checks for finding in check.findings]
    if shown:
        lines += ["", *shown[:_SHOWN]]
    if number > _SHOWN:
        lines.append(f"and {number - _SHOWN} more (--json lists up to 100 of each check)")
    advice = dict.fromkeys(_ADVICE.get(name, _REDO) for name in found.failed)
    lines += ["", *advice] if advice else []
    return "\n".join(lines)


def _plain(found: "Verification") -> dict[str, Any]:
    """Convert a verification to JSON values."""
    return {
        "out": str(found.out),
        "passed": found.passed,
        "videos": list(found.videos),
        "checks": [asdict(check) for check in found.checks],
    }
