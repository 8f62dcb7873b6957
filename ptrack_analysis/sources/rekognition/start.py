"""Start a job."""

import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.sources.rekognition.answers import BrokenAnswerError, ask, shown
from ptrack_analysis.storage.s3 import S3Path, parse_path

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAG = re.compile(r"[A-Za-z0-9_.\-:+=/]{1,1024}")


class NotificationChannel(NamedTuple):
    """The SNS topic for the completion message, and the role with which the service publishes it."""

    topic_arn: str
    role_arn: str


class _Started(msgspec.Struct, rename="pascal"):
    job_id: str | None = None


def start_job(
    s3_uri: str | S3Path,
    *,
    client: Any,
    request_token: str | None = None,
    job_tag: str | None = None,
    notification: NotificationChannel | tuple[str, str] | None = None,
    version: str | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Start a job for a video in S3 and return the job ID.

    The service starts one job for all requests with the same token, so that a repeated request does not start
    and bill a second job. Without ``request_token``, each call uses a new token.

    Parameters
    ----------
    s3_uri
        The video: ``s3://bucket/key``.
    client
        A boto3 client of Rekognition for an endpoint that implements the API; which is not modified.
    request_token
        Token that identifies the job across calls: 1 to 64 letters, digits, ``-`` and ``_``.
    job_tag
        Label of the job that the service repeats on its pages: letters, digits and ``_.-:+=/``.
    notification
        ARNs of the SNS topic and of the role for the completion message; None sends no message.
    version
        Version of the object; None for the latest.
    sleep
        Called with the length of each pause before a retry [s].

    Returns
    -------
    str
        The job ID.

    Raises
    ------
    ParameterError
        If the API does not accept an argument.
    RemoteError
        If the service returns an error or cannot be reached.

    Examples
    --------
    >>> with pta.rekognition.serve_tracking("data/shop") as server:
    ...     client = pta.rekognition.create_client(
    ...         "rekognition", endpoint_url=server.url, region="us-east-1"
    ...     )
    ...     job_id = pta.rekognition.start_job("s3://videos/2026/shop.mp4", client=client)
    ...     pta.rekognition.wait_for_job(job_id, client=client)
    >>> len(job_id)
    64
    """
    video = _video(s3_uri, version)
    token = uuid4().hex if request_token is None else request_token
    request: dict[str, Any] = {"Video": {"S3Object": video}, "ClientRequestToken": token}
    if not _TOKEN.fullmatch(token):
        raise ParameterError(f"request_token must be 1 to 64 letters, digits, '-' and '_', got {token!r}")
    if job_tag is not None:
        if not _TAG.fullmatch(job_tag):
            raise ParameterError(f"job_tag must be 1 to 1024 letters, digits and '_.-:+=/', got {job_tag!r}")
        request["JobTag"] = job_tag
    if notification is not None:
        request["NotificationChannel"] = _channel(*notification)
    subject = f"s3://{video['Bucket']}/{video['Name']}"
    return ask(client, "StartPersonTracking", request, _job_id, subject=subject, sleep=sleep)


def _video(s3_uri: str | S3Path, version: str | None) -> dict[str, str]:
    path = parse_path(s3_uri, name="s3_uri")
    if not isinstance(path, S3Path) or not path.key:
        raise ParameterError(f"s3_uri must be a video in S3 such as 's3://bucket/key', got {str(s3_uri)!r}")
    more = {} if version is None else {"Version": version}
    return {"Bucket": path.bucket, "Name": path.key, **more}


def _channel(topic_arn: str, role_arn: str) -> dict[str, str]:
    for name, arn in (("topic_arn", topic_arn), ("role_arn", role_arn)):
        if not arn.startswith("arn:"):
            raise ParameterError(
                f"{name} must be an ARN such as 'arn:aws:sns:us-east-1:123:topic', got {arn!r}"
            )
    return {"SNSTopicArn": topic_arn, "RoleArn": role_arn}


def _job_id(content: bytes) -> str:
    try:
        started = msgspec.json.decode(content, type=_Started)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenAnswerError(f"not a started job in JSON ({shown(content)}): {error}") from error
    if not started.job_id:
        raise BrokenAnswerError(f"JobId is missing ({shown(content)})")
    return started.job_id
