"""Starting a job."""

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
    """Where the service announces the job's end: an SNS topic, and the role by which it may do so."""

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
    """Start a job for a video in S3, and give its id.

    The service starts one job for all requests with the same token, and gives its id again. So a request
    that is sent twice because the first answer was lost costs nothing. Without a token, each call makes one
    of its own.

    Parameters
    ----------
    s3_uri
        The video: ``s3://bucket/key``.
    client
        A boto3 client of Rekognition, of an endpoint that speaks the API; it is left as it was.
    request_token
        1 to 64 letters, digits, ``-`` and ``_``; the same for calls that mean the same job.
    job_tag
        A word for the job that the service repeats on its pages: letters, digits and ``_.-:+=/``.
    notification
        The SNS topic's ARN and the role's ARN for the message at the job's end; None for no message.
    version
        The version of the object; None for the newest.
    sleep
        Called with the length of each pause before a broken answer is asked for again [s].

    Returns
    -------
    str
        The job's id.

    Raises
    ------
    ParameterError
        If an argument is not what the API takes.
    RemoteError
        If the service refuses, or cannot be reached.
    """
    video = _video(s3_uri, version)
    token = uuid4().hex if request_token is None else request_token
    request: dict[str, Any] = {"Video": {"S3Object": video}, "ClientRequestToken": token}
    if not _TOKEN.fullmatch(token):
        raise ParameterError(f"request_token is {token!r}, not 1 to 64 letters, digits, '-' and '_'")
    if job_tag is not None:
        if not _TAG.fullmatch(job_tag):
            raise ParameterError(f"job_tag is {job_tag!r}, not 1 to 1024 letters, digits and '_.-:+=/'")
        request["JobTag"] = job_tag
    if notification is not None:
        request["NotificationChannel"] = _channel(*notification)
    place = f"s3://{video['Bucket']}/{video['Name']}"
    return ask(client, "StartPersonTracking", request, _job_id, place=place, sleep=sleep)


def _video(s3_uri: str | S3Path, version: str | None) -> dict[str, str]:
    path = parse_path(s3_uri, name="s3_uri")
    if not isinstance(path, S3Path) or not path.key:
        raise ParameterError(f"{str(s3_uri)!r} is no video in S3: its address is s3://bucket/key")
    more = {} if version is None else {"Version": version}
    return {"Bucket": path.bucket, "Name": path.key, **more}


def _channel(topic_arn: str, role_arn: str) -> dict[str, str]:
    for name, arn in (("topic_arn", topic_arn), ("role_arn", role_arn)):
        if not arn.startswith("arn:"):
            raise ParameterError(f"{name} is {arn!r}, not an ARN such as 'arn:aws:sns:us-east-1:123:topic'")
    return {"SNSTopicArn": topic_arn, "RoleArn": role_arn}


def _job_id(content: bytes) -> str:
    try:
        started = msgspec.json.decode(content, type=_Started)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenAnswerError(f"no JSON of a started job ({shown(content)}): {error}") from error
    if not started.job_id:
        raise BrokenAnswerError(f"it has no JobId ({shown(content)})")
    return started.job_id
