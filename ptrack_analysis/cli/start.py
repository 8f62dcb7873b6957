"""``ptrack start``: start a job for a video in S3."""

import argparse
from typing import Any

from ptrack_analysis.cli.options import ENDED, add_command, add_remote, open_client


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "start",
        f"Start a job for a video in S3, and print its id. {ENDED}",
        "start s3://bucket/video.mp4 --endpoint-url https://example.org",
        "start s3://bucket/video.mp4 --topic-arn ARN --role-arn ARN",
    )
    parser.add_argument("video", metavar="s3://BUCKET/KEY", help="the video")
    parser.add_argument("--object-version", metavar="VERSION", help="version of the object (default: newest)")
    parser.add_argument(
        "--job-tag", metavar="TAG", help="tag that the service repeats on each page of the job"
    )
    parser.add_argument(
        "--request-token",
        metavar="TOKEN",
        help="calls with the same token start one job (default: a new token)",
    )
    parser.add_argument("--topic-arn", metavar="ARN", help="SNS topic for the completion message")
    parser.add_argument("--role-arn", metavar="ARN", help="role with which the service sends the message")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Start the job, and print its id."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.sources.rekognition.start import NotificationChannel, start_job

    if (given.topic_arn is None) != (given.role_arn is None):
        raise ParameterError("--topic-arn and --role-arn belong together. Pass both.")
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
