"""Waiting for a job: by asking, or for its completion message."""

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
    ask,
    checked_job_id,
    describe_service_error,
    parse_answer,
    unreached,
    validate_finished,
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
    """Wait until a job has succeeded, by asking for its status at growing intervals.

    Each pause is half as long again as the one before, up to the longest; the last one is cut, so that the
    service is asked once more at the deadline. The service is asked at least once.

    Parameters
    ----------
    job_id
        The job.
    client
        A boto3 client of Rekognition, of an endpoint that speaks the API; it is left as it was.
    deadline
        How long to wait.
    first_pause, longest_pause
        The first pause between two questions, and the longest; above 0.
    sleep
        Called with the length of each pause [s].
    clock
        Gives the time [s] from which the deadline is measured.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    JobError
        If the job failed, with its StatusMessage, or is still in progress at the deadline.
    RemoteError
        If the service refuses, or cannot be reached.
    """
    request = {"JobId": checked_job_id(job_id), "MaxResults": 1}
    end = clock() + milliseconds(deadline, "deadline") / 1000
    pause, longest = _pause(first_pause, "first_pause"), _pause(longest_pause, "longest_pause")
    place = f"job {job_id!r}"
    while True:
        answer = ask(client, "GetPersonTracking", request, parse_answer, place=place, sleep=sleep)
        if answer.status != IN_PROGRESS:
            validate_finished(answer, place)
            return
        rest = end - clock()
        if rest <= 0:
            raise JobError(
                f"{place}: is still in progress after {pd.Timedelta(deadline)}; wait longer (deadline, "
                "--deadline)"
            )
        sleep(min(pause, longest, rest))
        pause = min(pause * _GROWTH, longest)


def _pause(value: Duration, name: str) -> float:
    seconds = milliseconds(value, name) / 1000
    if not seconds:
        raise ParameterError(f"{name} is {value!r}, not above 0")
    return seconds


_API = "StartPersonTracking"
_ENDS = {SUCCEEDED, "FAILED", "ERROR"}
_LONG_POLL = 20
_BATCH = 10
_MOST_HELD = 10_000
_PAUSE = 5.0


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
    """Wait until a queue brings the message that a job has succeeded.

    The message may be in the envelope of SNS, or bare (raw delivery); members that are not known are
    ignored. It is deleted when it was used: after ``use`` has returned, or before the error of a job that
    failed is raised. Messages of other jobs, and whatever is no completion message, are given back to the
    queue at once when all that it has was looked through. Then there is a pause of 5 s, since each look
    counts as a receipt.

    Parameters
    ----------
    job_id
        The job.
    queue_url
        The queue, as SQS names it.
    sqs
        A boto3 client of SQS.
    deadline
        How long to wait. The queue is looked through at least once.
    use
        Called when the job has succeeded, before the message is deleted; if it raises, the message goes
        back to the queue.
    sleep
        Called with the length of each pause [s].
    clock
        Gives the time [s] from which the deadline is measured.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    JobError
        If the job failed, or no message has come at the deadline.
    RemoteError
        If the queue refuses, or cannot be reached.

    Notes
    -----
    A queue for each waiter is better than one for all: a queue may have a limit of receipts after which a
    message is taken out of it.
    """
    queue = _Queue(sqs, queue_url, f"job {checked_job_id(job_id)!r}, queue {queue_url}")
    end = clock() + milliseconds(deadline, "deadline") / 1000
    while True:
        looked = _look_through(queue, job_id, end - clock())
        try:
            if looked.ours:
                _finish(queue, looked.ours, use)
                return
        finally:
            queue.give_back(looked.others)
        rest = end - clock()
        if rest <= 0:
            raise JobError(
                f"{queue.place}: no message of the job's end after {pd.Timedelta(deadline)}; wait longer "
                "(deadline, --deadline), or ask the service itself (wait_for_job, ptrack wait without "
                "--queue-url)"
            )
        if looked.others:
            sleep(min(_PAUSE, rest))


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: the handle of this receipt, and what it says if it is the job's."""

    handle: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look through a queue has found; the messages are hidden from others meanwhile."""

    ours: list[_Message] = field(default_factory=list)
    others: list[_Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Queue:
    """A queue of SQS, whose refusals are errors of the package."""

    sqs: Any
    url: str
    place: str

    def receive(self, wait: int) -> list[dict[str, Any]]:
        """Take up to ten messages, waiting for the first [s]."""
        options = {"MaxNumberOfMessages": _BATCH, "WaitTimeSeconds": wait}
        answer = self._ask("receive_message", **options)
        messages: list[dict[str, Any]] = answer.get("Messages") or []
        return messages

    def delete(self, message: _Message) -> None:
        """Remove a message for good."""
        self._ask("delete_message", ReceiptHandle=message.handle)

    def give_back(self, messages: list[_Message]) -> None:
        """Let others see messages at once; where that is refused, they do when the queue's time is up."""
        with suppress(RemoteError):
            for first in range(0, len(messages), _BATCH):
                entries = [
                    {"Id": str(place), "ReceiptHandle": message.handle, "VisibilityTimeout": 0}
                    for place, message in enumerate(messages[first : first + _BATCH])
                ]
                self._ask("change_message_visibility_batch", Entries=entries)

    def _ask(self, method: str, **request: Any) -> dict[str, Any]:
        from botocore.exceptions import (  # noqa: PLC0415 - heavy, for remote calls alone
            BotoCoreError,
            ClientError,
        )

        try:
            answer: dict[str, Any] = getattr(self.sqs, method)(QueueUrl=self.url, **request)
        except ClientError as error:
            raise describe_service_error(error, self.place, None) from error
        except BotoCoreError as error:
            raise unreached(error, self.place, None) from error
        return answer


def _look_through(queue: _Queue, job_id: str, rest: float) -> _Looked:
    """Take messages until the job's is among them or the queue has no more; wait for the first only."""
    looked, wait = _Looked(), max(0, min(_LONG_POLL, ceil(rest)))
    try:
        while not looked.ours and len(looked.others) < _MOST_HELD:
            received = queue.receive(wait)
            wait = 0
            for message in received:
                content = _content(message.get("Body"))
                ours = content.get("JobId") == job_id and content.get("API", _API) == _API
                is_used = ours and content.get("Status") in _ENDS
                (looked.ours if is_used else looked.others).append(
                    _Message(message["ReceiptHandle"], content)
                )
            if not received:
                break
    except BaseException:
        queue.give_back([*looked.ours, *looked.others])
        raise
    return looked


def _content(body: Any) -> dict[str, Any]:
    """Read a message out of its envelope, if it has one; what is no JSON object says nothing."""
    content = _object(body)
    if "JobId" not in content and "Message" in content:
        content = _object(content["Message"])
    return content


def _object(text: Any) -> dict[str, Any]:
    if not isinstance(text, str):
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _finish(queue: _Queue, ours: list[_Message], use: Callable[[], object] | None) -> None:
    """Use the job's message, delete it (it may have come more than once), and raise if the job failed."""
    status = ours[0].content["Status"]
    try:
        if status == SUCCEEDED and use is not None:
            use()
    except BaseException:
        queue.give_back(ours)
        raise
    for message in ours:
        queue.delete(message)
    if status != SUCCEEDED:
        said = ours[0].content.get("StatusMessage")
        reason = f": {said}" if isinstance(said, str) else ""
        raise JobError(f"{queue.place}: the job's status is {status}, not SUCCEEDED{reason}")
