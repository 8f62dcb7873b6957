"""``ptrack wait``: wait until a job has ended."""

import argparse
from typing import Any

from ptrack_analysis.cli.options import ENDED, add_remote, open_client, span


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "wait",
        description="Wait until a job has succeeded, by asking the service, or by its completion message. "
        f"{ENDED}",
    )
    parser.add_argument("job", metavar="JOB", help="the job's id")
    parser.add_argument(
        "--queue-url",
        metavar="URL",
        help="SQS queue that brings the completion message; the options of the remote are then those of SQS",
    )
    parser.add_argument(
        "--deadline", type=span, default="1h", metavar="TIME", help="how long to wait (default 1h)"
    )
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Wait, and say that the job has succeeded; whatever else happens is an error."""
    from ptrack_analysis.sources.rekognition.wait import wait_for_job, wait_for_message

    def say() -> None:
        print(f"{given.job}: SUCCEEDED", flush=True)

    if given.queue_url:
        with open_client(given, "sqs") as sqs:
            wait_for_message(given.job, queue_url=given.queue_url, sqs=sqs, deadline=given.deadline, use=say)
        return 0
    with open_client(given) as client:
        wait_for_job(given.job, client=client, deadline=given.deadline)
    say()
    return 0
