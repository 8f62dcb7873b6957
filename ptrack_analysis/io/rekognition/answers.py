"""Answers of GetPersonTracking: whether they are whole, and whether they go on from those before."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from ptrack_analysis.errors import JobError, MixedError, RemoteError
from ptrack_analysis.io.rekognition.asking import BrokenAnswerError, shown

SUCCEEDED, FAILED, IN_PROGRESS = "SUCCEEDED", "FAILED", "IN_PROGRESS"
_BOM = b"\xef\xbb\xbf"


class _Members(msgspec.Struct, rename="pascal"):
    """What of a page is looked at; all else is saved unread."""

    job_status: str | None = None
    status_message: str | None = None
    next_token: str | None = None
    job_id: str | None = None
    video_metadata: dict[str, Any] | None = None
    persons: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its bytes, the job's status, and what leads on to the next.

    ``next_token`` is None on the last page; ``digest`` is that of the bytes of ``Persons``, None where they
    are empty.
    """

    content: bytes = field(repr=False)
    status: str
    message: str | None
    next_token: str | None
    job_id: str | None
    metadata: dict[str, Any] | None
    digest: bytes | None


def answer_of(content: bytes) -> Answer:
    """Read an answer. It has a JobStatus, and on success a list ``Persons``; else it is broken.

    Raises
    ------
    BrokenAnswerError
        If the bytes are no JSON object in UTF-8 with these members.
    """
    try:
        content.decode()
        members = msgspec.json.decode(content.removeprefix(_BOM), type=_Members)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenAnswerError(f"no JSON of a page ({shown(content)}): {error}") from error
    if not members.job_status:
        raise BrokenAnswerError(f"no page: it has no JobStatus ({shown(content)})")
    persons = bytes(members.persons).strip()
    if members.job_status == SUCCEEDED and not persons.startswith(b"["):
        raise BrokenAnswerError(f"no page: it has no list Persons ({shown(content)})")
    return Answer(
        content,
        members.job_status,
        members.status_message,
        members.next_token or None,
        members.job_id,
        members.video_metadata,
        sha256(persons).digest() if persons.strip(b"[] \t\r\n") else None,
    )


def refuse_unfinished(answer: Answer, place: str) -> None:
    """Raise unless the job has succeeded.

    Raises
    ------
    JobError
        If the job failed, with its StatusMessage; or is in progress, with the advice to wait.
    """
    if answer.status == SUCCEEDED:
        return
    said = f": {answer.message}" if answer.message else ""
    advice = "; wait until it has ended (ptrack wait, wait_for_job)" if answer.status == IN_PROGRESS else ""
    raise JobError(f"{place}: the job's status is {answer.status}, not SUCCEEDED{said}{advice}")


@dataclass(slots=True)
class Seen:
    """What was seen on the pages of one set: each token and each content may come once."""

    tokens: set[str] = field(default_factory=set)
    digests: set[bytes] = field(default_factory=set)
    metadata: dict[str, Any] | None = None

    def refuse(self, answer: Answer, job_id: str, place: str) -> None:
        """Raise if an answer does not go on from those before.

        Raises
        ------
        JobError
            If the job has not succeeded.
        MixedError
            If it is of another job, or its VideoMetadata are not those of the pages before.
        RemoteError
            If its NextToken or its Persons were there before.
        """
        refuse_unfinished(answer, place)
        if answer.job_id not in {None, job_id}:
            raise MixedError(f"{place}: the page is of job {answer.job_id!r}; {_AGAIN}")
        if self.metadata and answer.metadata and self.metadata != answer.metadata:
            raise MixedError(
                f"{place}: VideoMetadata differ from those of the pages before: "
                f"{_difference(self.metadata, answer.metadata)}; {_AGAIN}"
            )
        if answer.next_token in self.tokens:
            raise RemoteError(f"{place}: its NextToken was there before, so there is no end; {_AGAIN}")
        if answer.digest in self.digests:
            raise RemoteError(f"{place}: its Persons are those of a page before; {_AGAIN}")

    def add(self, answer: Answer) -> None:
        """Remember an answer that is kept."""
        if answer.next_token:
            self.tokens.add(answer.next_token)
        if answer.digest:
            self.digests.add(answer.digest)
        self.metadata = self.metadata or answer.metadata


_AGAIN = "it was not saved, run again later; if this stays, fetch into another, empty archive"


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    name = next(name for name in {**one, **other} if one.get(name) != other.get(name))
    return f"{name} was {one.get(name)!r}, and is {other.get(name)!r}"
