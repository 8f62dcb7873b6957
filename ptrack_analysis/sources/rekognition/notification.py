"""The completion message of a job, published to an SNS topic."""

import json
import time
from typing import Any

from ptrack_analysis.sources.rekognition.answers import describe_connection_error, describe_service_error
from ptrack_analysis.storage.s3 import create_client

_REGION = 3
"""Position of the region in an ARN."""


def publish_completion(topic_arn: str, job: dict[str, Any], status: str, *, endpoint_url: str) -> None:
    """Publish the completion message of a job, as Rekognition does when a job ends.

    Parameters
    ----------
    topic_arn
        ARN of the topic. Its region is used for the request.
    job
        Members of a page that identify the job and the video.
    status
        ``SUCCEEDED`` or ``FAILED``.
    endpoint_url
        The endpoint of SNS.

    Raises
    ------
    RemoteError
        If SNS returns an error or cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, for remote calls alone

    subject = f"completion message of job {job['JobId']!r} to {topic_arn}"
    client = create_client("sns", endpoint_url=endpoint_url, region=topic_arn.split(":")[_REGION] or None)
    try:
        client.publish(TopicArn=topic_arn, Message=build_completion(job, status))
    except ClientError as error:
        raise describe_service_error(error, subject, None) from error
    except BotoCoreError as error:
        raise describe_connection_error(error, subject, None) from error
    finally:
        client.close()


def build_completion(job: dict[str, Any], status: str) -> str:
    """Build the text of a completion message."""
    filmed = job.get("Video", {}).get("S3Object", {})
    message = {
        "JobId": job["JobId"],
        "Status": status,
        "API": "StartPersonTracking",
        "JobTag": job.get("JobTag"),
        "Timestamp": time.time_ns() // 1_000_000,
        "Video": {"S3ObjectName": filmed.get("Name"), "S3Bucket": filmed.get("Bucket")},
    }
    return json.dumps({name: value for name, value in message.items() if value is not None})
