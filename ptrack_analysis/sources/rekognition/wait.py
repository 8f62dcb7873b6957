"""Wait for a job by polling, or for its completion message."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pandas as pd

from ptrack_analysis.errors import JobError, ParameterError, RemoteError
from ptrack_analysis.sources.rekognition.answers import (
    IN_PROGRESS,
    SUCCEEDED,
    BrokenAnswerError,
    ask,
    bounded,
    describe_connection_error,
    describe_service_error,
    parse_answer,
    validate_finished,
    validate_job_id,
)
from ptrack_analysis.video import Duration, milliseconds

_GROWTH = 1.5


def wait_for_job(
    job_id: str,
    *,
    client: Any,
    deadline: Duration = "1h",
    first_pause: Duration = "1s",
    longest_pause: Duration = "30s",
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until a job has succeeded, polling its status.

    Each pause is 1.5 times as long as the previous one, up to ``longest_pause``. The status is requested at
    least once, and a last time at the deadline.

    Parameters
    ----------
    job_id
        ID of the job.
    client
        A boto3 client of Rekognition for an endpoint that implements the API; which is not modified.
    deadline
        Maximum time to wait.
    first_pause, longest_pause
        The first and the longest pause between two requests; above 0.
    sleep
        Called with the length of each pause [s].
    clock
        Returns the current time [s], for the deadline.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    JobError
        If the job failed (the message has its StatusMessage), or is still in progress at the deadline.
    RemoteError
        If the service returns an error or cannot be reached.

    Examples
    --------
    >>> job_id = pta.find_videos("data/shop")[0].job_id
    >>> with pta.rekognition.serve_tracking("data/shop") as server:
    ...     client = pta.rekognition.create_client(
    ...         "rekognition", endpoint_url=server.url, region="us-east-1"
    ...     )
    ...     pta.rekognition.wait_for_job(job_id, client=client)  # returns when the job has succeeded
    ...     status = client.get_person_tracking(JobId=job_id, MaxResults=1)["JobStatus"]
    >>> status
    'SUCCEEDED'
    """
    request = {"JobId": validate_job_id(job_id), "MaxResults": 1}
    end = clock() + milliseconds(deadline, "deadline") / 1000
    pause, longest = _pause(first_pause, "first_pause"), _pause(longest_pause, "longest_pause")
    subject = f"job {job_id!r}"
    while True:
        answer = ask(client, "GetPersonTracking", request, parse_answer, subject=subject, sleep=sleep)
        if answer.status != IN_PROGRESS:
            validate_finished(answer, subject)
            return
        rest = end - clock()
        if rest <= 0:
            raise JobError(
                f"{subject}: is still in progress after {pd.Timedelta(deadline)}. Wait longer (deadline, "
                "--deadline)."
            )
        sleep(min(pause, longest, rest))
        pause = min(pause * _GROWTH, longest)


def _pause(value: Duration, name: str) -> float:
    seconds = milliseconds(value, name) / 1000
    if not seconds:
        raise ParameterError(f"{name} must be above 0, got {value!r}")
    return seconds


_API = "StartPersonTracking"
_ENDS = {SUCCEEDED, "FAILED", "ERROR"}
_LONG_POLL = 20
_BATCH = 10
_MAX_RECEIVED = 10_000
_PAUSE = 5.0
_LONGEST_BODY = 2**20
"""Largest body of a message in SQS."""


def wait_for_message(
    job_id: str,
    *,
    queue_url: str,
    sqs: Any,
    deadline: Duration = "1h",
    use: Callable[[], object] | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until an SQS queue delivers the completion message of a job.

    The message may be in the envelope of SNS or bare (raw delivery). It is deleted after ``use`` returned,
    or before the error of a failed job is raised. All other messages are returned to the queue as soon as the
    queue was searched. A pause of 5 s follows, because each search counts as a receipt of these messages.

    Parameters
    ----------
    job_id
        ID of the job.
    queue_url
        URL of the queue.
    sqs
        A boto3 client of SQS.
    deadline
        Maximum time to wait. The queue is searched at least once.
    use
        Called when the job has succeeded, before the message is deleted. If it raises, the message returns
        to the queue.
    sleep
        Called with the length of each pause [s].
    clock
        Returns the current time [s], for the deadline.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    JobError
        If the job failed, or no message has arrived at the deadline.
    RemoteError
        If SQS returns an error or cannot be reached.

    Notes
    -----
    Use one queue per consumer. A queue with a redrive policy removes a message after a number of receipts.

    The signature of SNS is not verified. Anyone who may send messages to the queue can end the wait, so allow
    only the topic in the policy of the queue. Only the ID, the status and
    the status message of the job are used.

    Examples
    --------
    This example needs a queue in AWS, so it is not run as a test::

        sqs = pta.rekognition.create_client("sqs", region="us-east-1")
        url = "https://sqs.us-east-1.amazonaws.com/123456789012/people"
        pta.rekognition.wait_for_message(job_id, queue_url=url, sqs=sqs, deadline="30min")
    """
    queue = _Queue(sqs, queue_url, f"job {validate_job_id(job_id)!r}, queue {queue_url}")
    end = clock() + milliseconds(deadline, "deadline") / 1000
    while True:
        found = _search(queue, job_id, end - clock())
        try:
            if found.ours:
                _finish(queue, found.ours, use)
                return
        finally:
            queue.put_back(found.others)
        rest = end - clock()
        if rest <= 0:
            raise JobError(
                f"{queue.subject}: no completion message after {pd.Timedelta(deadline)}. Wait longer "
                "(deadline, --deadline), or poll the service (wait_for_job, ptrack wait without "
                "--queue-url)."
            )
        if found.others:
            sleep(min(_PAUSE, rest))


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: the handle of this receipt, and its decoded content."""

    handle: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """Messages found in a queue, which are hidden from other consumers meanwhile."""

    ours: list[_Message] = field(default_factory=list)
    others: list[_Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Queue:
    """A queue of SQS that raises errors of this package."""

    sqs: Any
    url: str
    subject: str

    def receive(self, wait: int) -> list[dict[str, Any]]:
        """Receive up to ten messages, waiting ``wait`` seconds for the first one."""
        options = {"MaxNumberOfMessages": _BATCH, "WaitTimeSeconds": wait}
        answer = self._ask("receive_message", **options)
        messages: list[dict[str, Any]] = answer.get("Messages") or []
        return messages

    def delete(self, message: _Message) -> None:
        """Delete a message."""
        self._ask("delete_message", ReceiptHandle=message.handle)

    def put_back(self, messages: list[_Message]) -> None:
        """Return messages to the queue at once. If SQS refuses, they return after its visibility timeout."""
        with suppress(RemoteError):
            for first in range(0, len(messages), _BATCH):
                entries = [
                    {"Id": str(index), "ReceiptHandle": message.handle, "VisibilityTimeout": 0}
                    for index, message in enumerate(messages[first : first + _BATCH])
                ]
                self._ask("change_message_visibility_batch", Entries=entries)

    def _ask(self, method: str, **request: Any) -> dict[str, Any]:
        from botocore.exceptions import (  # noqa: PLC0415 - heavy, for remote calls alone
            BotoCoreError,
            ClientError,
        )

        operation = "".join(map(str.title, method.split("_")))
        try:
            with bounded(self.sqs, f"sqs.{operation}"):
                answer: dict[str, Any] = getattr(self.sqs, method)(QueueUrl=self.url, **request)
        except BrokenAnswerError as error:
            raise RemoteError(f"{self.subject}: the response is broken: {error}") from error
        except ClientError as error:
            raise describe_service_error(error, self.subject, None) from error
        except BotoCoreError as error:
            raise describe_connection_error(error, self.subject, None) from error
        return answer


def _search(queue: _Queue, job_id: str, rest: float) -> _Found:
    """Receive messages until one belongs to the job or the queue is empty; wait only for the first."""
    found, wait = _Found(), max(0, min(_LONG_POLL, ceil(rest)))
    try:
        while not found.ours and len(found.others) < _MAX_RECEIVED:
            received = queue.receive(wait)
            wait = 0
            for message in received:
                content = _content(message.get("Body"))
                ours = content.get("JobId") == job_id and content.get("API", _API) == _API
                is_used = ours and str(content.get("Status")) in _ENDS
                (found.ours if is_used else found.others).append(_Message(message["ReceiptHandle"], content))
            if not received:
                break
    except BaseException:
        queue.put_back([*found.ours, *found.others])
        raise
    return found


def _content(body: Any) -> dict[str, Any]:
    """Return the content of a message, without an envelope of SNS; empty if it is not a JSON object."""
    content = _object(body)
    if "JobId" not in content and "Message" in content:
        content = _object(content["Message"])
    return content


def _object(text: Any) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > _LONGEST_BODY:
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _finish(queue: _Queue, ours: list[_Message], use: Callable[[], object] | None) -> None:
    """Call ``use``, delete the message and its duplicates, and raise if the job failed."""
    status = ours[0].content["Status"]
    try:
        if status == SUCCEEDED and use is not None:
            use()
    except BaseException:
        queue.put_back(ours)
        raise
    for message in ours:
        queue.delete(message)
    if status != SUCCEEDED:
        said = ours[0].content.get("StatusMessage")
        reason = f": {said}" if isinstance(said, str) else ""
        raise JobError(f"{queue.subject}: the job's status is {status}, not SUCCEEDED{reason}")
