"""Requests to StartPersonTracking and GetPersonTracking, and the errors of the server."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAG = re.compile(r"[A-Za-z0-9_.\-:+=/]{1,1024}")
_BUCKET = re.compile(r"[0-9A-Za-z._-]{3,255}")
_TOPIC = re.compile(r"arn:[\w-]+:sns:[\w-]*:\w*:[\w.-]+", re.ASCII)
_ROLE = re.compile(r"arn:[\w-]+:iam::\w*:role/[\w+=,.@/-]+", re.ASCII)
_LONGEST_NAME = 1024
_LONGEST_TOKEN = 255
MAX_RESULTS = 1000
"""Maximum number of persons per page; a larger MaxResults is reduced to it."""
ORDERS = ("TIMESTAMP", "INDEX")
INVALID = "InvalidParameterException"
BAD_TOKEN = "InvalidPaginationTokenException"  # noqa: S105 - the name of an error
UNKNOWN_OPERATION = "UnknownOperationException"


class ServiceError(Exception):
    """An error response of the service: type, message and HTTP status."""

    def __init__(self, kind: str, message: str = "", status: int = 400) -> None:
        super().__init__(kind, message)
        self.kind, self.message, self.status = kind, message, status


class S3Object(Struct, rename="pascal", omit_defaults=True):
    """The video of a job."""

    bucket: str | None = None
    name: str | None = None
    version: str | None = None


class SourceVideo(Struct, omit_defaults=True):
    """The member ``Video``."""

    s3_object: S3Object | None = field(name="S3Object", default=None)


class Channel(Struct, omit_defaults=True):
    """The destination of the completion message."""

    topic_arn: str | None = field(name="SNSTopicArn", default=None)
    role_arn: str | None = field(name="RoleArn", default=None)


class StartRequest(Struct, rename="pascal", omit_defaults=True):
    """A request to StartPersonTracking."""

    video: SourceVideo | None = None
    client_request_token: str | None = None
    notification_channel: Channel | None = None
    job_tag: str | None = None

    def validate(self) -> S3Object:
        """Return the video if all members are valid.

        Raises
        ------
        ServiceError
            If a member is missing or malformed.
        """
        filmed = None if self.video is None else self.video.s3_object
        if filmed is None:
            raise ServiceError(INVALID, "Video.S3Object is missing.")
        _match("Video.S3Object.Bucket", filmed.bucket, _BUCKET, "3 to 255 letters, digits and '.-_'")
        for name, value in (("Name", filmed.name), ("Version", filmed.version)):
            if value is None and name == "Version":
                continue
            if value is None or not 1 <= len(value) <= _LONGEST_NAME:
                raise ServiceError(
                    INVALID, f"Video.S3Object.{name} must have 1 to {_LONGEST_NAME} characters."
                )
        if self.client_request_token is not None:
            _match(
                "ClientRequestToken",
                self.client_request_token,
                JOB_ID,
                "1 to 64 letters, digits, '-' and '_'",
            )
        if self.job_tag is not None:
            _match("JobTag", self.job_tag, _TAG, "1 to 1024 letters, digits and '_.-:+=/'")
        if (channel := self.notification_channel) is not None:
            _match("NotificationChannel.SNSTopicArn", channel.topic_arn, _TOPIC, "the ARN of an SNS topic")
            _match("NotificationChannel.RoleArn", channel.role_arn, _ROLE, "the ARN of an IAM role")
        return filmed


class GetRequest(Struct, rename="pascal"):
    """A request to GetPersonTracking."""

    job_id: str | None = None
    max_results: int | None = None
    next_token: str | None = None
    sort_by: str | None = None

    def validate(self) -> None:
        """Raise if a member is missing or malformed.

        Raises
        ------
        ServiceError
            If ``JobId`` is missing or a member is malformed.
        """
        _match("JobId", self.job_id, JOB_ID, "1 to 64 letters, digits, '-' and '_'")
        if self.max_results is not None and self.max_results < 1:
            raise ServiceError(INVALID, f"MaxResults must be at least 1, got {self.max_results}.")
        if self.sort_by not in {None, *ORDERS}:
            raise ServiceError(INVALID, f"SortBy must be TIMESTAMP or INDEX, got {self.sort_by[:64]!r}.")  # type: ignore[index] # not None
        if self.next_token is not None and len(self.next_token) > _LONGEST_TOKEN:
            raise ServiceError(INVALID, f"NextToken must have at most {_LONGEST_TOKEN} characters.")


def _match(name: str, value: str | None, pattern: re.Pattern[str], expected: str) -> None:
    if value is None:
        raise ServiceError(INVALID, f"{name} is missing.")
    if not pattern.fullmatch(value):
        raise ServiceError(INVALID, f"{name} must be {expected}, got {value[:64]!r}.")


_R = TypeVar("_R", bound=Struct)


def decode_request(body: bytes, kind: type[_R]) -> _R:
    """Decode the body of a request; unknown members are ignored.

    Raises
    ------
    ServiceError
        If the body is not a JSON object, or a member has another type.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ServiceError("SerializationException", f"The request cannot be read: {error}.") from error


def encode_error(error: ServiceError) -> bytes:
    """Encode an error as the body of a response."""
    content: dict[str, Any] = {"__type": error.kind, "Message": error.message}
    return msgspec.json.encode(content)
