"""``ptrack wait``: wait until a job has ended."""

import argparse
from typing import Any

from ptrack_analysis.cli.options import ENDED, add_command, add_remote, open_client, span


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "wait",
        f"Wait until a job has succeeded: ask the service, or receive the completion message. {ENDED}",
        "wait JOB --endpoint-url https://example.org",
        "wait JOB --queue-url https://sqs.example.org/queue --deadline 2h",
    )
    parser.add_argument("job", metavar="JOB", help="id of the job")
    parser.add_argument(
        "--queue-url",
        metavar="URL",
        help="SQS queue with the completion message; --endpoint-url is then the endpoint of SQS",
    )
    parser.add_argument(
        "--deadline", type=span, default="1h", metavar="TIME", help="maximum time to wait (default 1h)"
    )
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Wait, and print that the job has succeeded."""
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
