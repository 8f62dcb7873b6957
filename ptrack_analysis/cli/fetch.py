"""``ptrack fetch``: fetch the pages of a job into an archive."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import ENDED, add_command, add_remote, open_client, shown

if TYPE_CHECKING:
    from ptrack_analysis.sources.rekognition.fetch import FetchSummary
    from ptrack_analysis.storage.s3 import AnyPath


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "fetch",
        "Fetch the pages of a job into an archive: a folder or s3://bucket/prefix. An interrupted fetch "
        f"continues where it stopped, and a complete archive stays unchanged. {ENDED}",
        "fetch JOB pages/ --endpoint-url https://example.org",
        "fetch JOB pages/ --gateway https://example.org/jobs/{job}",
        "fetch JOB s3://bucket/pages --sort-by TIMESTAMP --max-results 1000",
    )
    parser.add_argument("job", metavar="JOB", help="id of the job")
    parser.add_argument("archive", metavar="ARCHIVE", help="folder or s3://bucket/prefix for the pages")
    parser.add_argument(
        "--sort-by",
        choices=("TIMESTAMP", "INDEX"),
        default="TIMESTAMP",
        help="order of the detections on the pages (default TIMESTAMP); tables do not depend on it",
    )
    parser.add_argument(
        "--max-results",
        type=int,
        default=1000,
        metavar="N",
        help="maximum detections per page (default 1000)",
    )
    parser.add_argument(
        "--max-pages", type=int, default=100_000, metavar="N", help="maximum number of pages (default 100000)"
    )
    parser.add_argument(
        "--gateway",
        metavar="URL",
        help="fetch from an HTTP gateway that returns {success, data}; {job} in the URL is replaced by the "
        "id, otherwise the id is the query parameter JobId",
    )
    parser.add_argument(
        "--no-wait",
        dest="wait",
        action="store_false",
        help="fail if the job is in progress instead of waiting for it",
    )
    parser.add_argument(
        "--deadline", default="1h", metavar="DURATION", help="maximum time to wait for the job (default 1h)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_remote(parser)
    parser.add_argument(
        "--s3-endpoint-url", metavar="URL", help="endpoint of S3 for the archive, if it is not AWS"
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Fetch the missing pages of the archive, and print a summary."""
    from tqdm import tqdm

    from ptrack_analysis.sources.rekognition.fetch import fetch_pages

    with (
        nullcontext() if given.gateway else open_client(given) as client,
        _archive(given) as archive,
        tqdm(unit="page", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar,
    ):

        def progress(summary: "FetchSummary") -> None:
            bar.n = summary.pages
            bar.set_postfix_str("" if summary.pages else "waiting for the job")
            bar.refresh()

        summary = fetch_pages(
            given.job,
            archive,
            client=client,
            gateway=given.gateway,
            wait=given.wait,
            deadline=given.deadline,
            sort_by=given.sort_by,
            max_results=given.max_results,
            max_pages=given.max_pages,
            progress=progress,
        )
    if summary.restarts:
        print("note: a token expired or pages were lost, so all pages were fetched again", file=sys.stderr)
    print(json.dumps(asdict(summary), indent=2) if given.json else shown(_text(summary)))
    return 0


@contextmanager
def _archive(given: argparse.Namespace) -> Iterator["AnyPath"]:
    """Return the path of the archive; in S3 with its own client for the same profile and region."""
    from ptrack_analysis.storage.s3 import S3Path, parse_path

    path = parse_path(given.archive)
    if not isinstance(path, S3Path):
        yield path
        return
    options = {**vars(given), "endpoint_url": given.s3_endpoint_url}
    with open_client(argparse.Namespace(**options), "s3") as client:
        yield parse_path(given.archive, client)


def _text(summary: "FetchSummary") -> str:
    pages = "1 page" if summary.pages == 1 else f"{summary.pages} pages"
    if not summary.fetched:
        return f"{summary.archive}: was complete before ({pages}); nothing was fetched"
    return f"{summary.archive}: complete, {pages}, {summary.fetched} fetched now"
