"""``ptrack start``: start a job for a video in S3."""

import argparse
from typing import Any

from ptrack_analysis.cli.options import ENDED, add_remote, open_client


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "start",
        description=f"Start a job for a video in S3, and print its id. {ENDED}",
    )
    parser.add_argument("video", metavar="s3://BUCKET/KEY", help="the video")
    parser.add_argument("--object-version", metavar="VERSION", help="version of the object (default: newest)")
    parser.add_argument(
        "--job-tag", metavar="WORD", help="a word that the service repeats on the job's pages"
    )
    parser.add_argument(
        "--request-token", metavar="TOKEN", help="starts with the same token are one job (default: a new one)"
    )
    parser.add_argument("--topic-arn", metavar="ARN", help="SNS topic that gets a message at the job's end")
    parser.add_argument("--role-arn", metavar="ARN", help="role by which the service may send it")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Start the job, and print its id."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.sources.rekognition.start import NotificationChannel, start_job

    if (given.topic_arn is None) != (given.role_arn is None):
        raise ParameterError("--topic-arn and --role-arn go together; give both, or none")
    channel = None if given.topic_arn is None else NotificationChannel(given.topic_arn, given.role_arn)
    with open_client(given) as client:
        job_id = start_job(
            given.video,
            client=client,
            request_token=given.request_token,
            job_tag=given.job_tag,
            notification=channel,
            version=given.object_version,
        )
    print(job_id)
    return 0
