"""Asking GetPersonTracking: answers, retries and refusals."""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from threading import get_ident
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from ptrack_analysis.errors import JobError, MixedError, ParameterError, RemoteError

ENDED = (
    "AWS ended People Pathing on 31 October 2025; name another endpoint that speaks the API "
    "(--endpoint-url, endpoint_url of the client)"
)
_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_TOKEN = "InvalidPaginationTokenException"  # noqa: S105 - the name of an error
_CLOSED = {
    "AccessDenied", "AccessDeniedException", "InvalidAction", "UnknownOperation", "UnknownOperationException",
    "403", "404", "405", "410", "501",
}  # fmt: skip


class TokenError(RemoteError):
    """The service does not know a NextToken (any more)."""


def describe_service_error(error: Any, place: str, rekognition: Any) -> RemoteError:
    """Describe which answer of a service was an error, from botocore's ClientError.

    ``rekognition`` is the client that asked, None for that of another service, which has not ended.
    """
    found = error.response.get("Error", {})
    code, message = str(found.get("Code") or "unknown"), str(found.get("Message") or "").strip()
    said = ": ".join(part for part in (code, message) if part)
    reason = "; ".join(part for part in (said.rstrip("."), _ADVICE.get(code)) if part)
    if rekognition and (code in _CLOSED or (_is_aws(rekognition) and code not in _ADVICE)):
        reason = f"{reason.rstrip('.')}; {ENDED}"
    return (TokenError if code == _TOKEN else RemoteError)(f"{place}: the service refused: {reason}")


def unreached(error: Exception, place: str, rekognition: Any) -> RemoteError:
    """Return why a service gave no answer, from another of botocore's errors."""
    name = type(error).__name__
    reason = _ADVICE.get(name, str(error))
    if name in _NETWORK:
        reason = _NETWORK[name]
        if rekognition:
            reason = f"{rekognition.meta.endpoint_url}: {reason}"
            reason += f"; {ENDED}" if _is_aws(rekognition) else ""
    return RemoteError(f"{place}: the service could not be asked: {reason}")


def _is_aws(client: Any) -> bool:
    return (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_HOSTS)


_AGAIN = "the service is too busy; run again later, what is saved stays"
_ILL = "the service is ill; run again later, what is saved stays"
_QUEUE = "there is no such queue; check its URL and the region"
_ADVICE = {
    "ThrottlingException": _AGAIN,
    "ProvisionedThroughputExceededException": _AGAIN,
    "InternalServerError": _ILL,
    "500": _ILL,
    "502": _ILL,
    "503": _ILL,
    "504": _ILL,
    _TOKEN: "the NextToken is not known, or has expired; run again, the pages are then fetched anew",
    "ResourceNotFoundException": "this endpoint knows no such job; check the job's id and the region "
    "(--region), and that its results are still kept",
    "LimitExceededException": "too many jobs are open; wait until one has ended",
    "InvalidS3ObjectException": "the service cannot read the video; check its address, that the bucket is in "
    "the region of the service, and that these credentials may read it",
    "VideoTooLargeException": "the video is larger than the service takes",
    "IdempotentParameterMismatchException": "this request token was used with other parameters; give another",
    "ExpiredTokenException": "the credentials have expired; sign in again",
    "ExpiredToken": "the credentials have expired; sign in again",
    "UnrecognizedClientException": "the access key is not known; check the profile (--profile)",
    "InvalidSignatureException": "the secret key does not fit the access key, or this computer's clock is "
    "wrong; check the profile (--profile)",
    "MissingAuthenticationTokenException": "the request was not signed; check the profile (--profile)",
    "AWS.SimpleQueueService.NonExistentQueue": _QUEUE,
    "QueueDoesNotExist": _QUEUE,
    "NoCredentialsError": "no credentials are found; sign in, or name a profile with --profile",
    "PartialCredentialsError": "the credentials are not whole; check the profile (--profile)",
}
_NETWORK = {
    "EndpointConnectionError": "the endpoint cannot be reached; check --endpoint-url and the network",
    "ConnectTimeoutError": "the endpoint does not answer; check --endpoint-url and the network",
    "ReadTimeoutError": "the endpoint does not answer in time; run again later, what is saved stays",
    "ConnectionClosedError": "the endpoint closes the connection; run again later, what is saved stays",
    "ProxyConnectionError": "the proxy cannot be reached; check the network's settings",
    "SSLError": "the endpoint is not trusted; check --endpoint-url and its certificate",
}


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


def parse_answer(content: bytes) -> Answer:
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


def validate_finished(answer: Answer, place: str) -> None:
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
class PageHistory:
    """What was seen on the pages of one set: each token and each content may come once."""

    tokens: set[str] = field(default_factory=set)
    digests: set[bytes] = field(default_factory=set)
    metadata: dict[str, Any] | None = None

    def validate(self, answer: Answer, job_id: str, place: str) -> None:
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
        validate_finished(answer, place)
        if answer.job_id not in {None, job_id}:
            raise MixedError(f"{place}: the page is of job {answer.job_id!r}; {_NOT_SAVED}")
        if self.metadata and answer.metadata and self.metadata != answer.metadata:
            raise MixedError(
                f"{place}: VideoMetadata differ from those of the pages before: "
                f"{_difference(self.metadata, answer.metadata)}; {_NOT_SAVED}"
            )
        if answer.next_token in self.tokens:
            raise RemoteError(f"{place}: its NextToken was there before, so there is no end; {_NOT_SAVED}")
        if answer.digest in self.digests:
            raise RemoteError(f"{place}: its Persons are those of a page before; {_NOT_SAVED}")

    def add(self, answer: Answer) -> None:
        """Remember an answer that is kept."""
        if answer.next_token:
            self.tokens.add(answer.next_token)
        if answer.digest:
            self.digests.add(answer.digest)
        self.metadata = self.metadata or answer.metadata


_NOT_SAVED = "it was not saved, run again later; if this stays, fetch into another, empty archive"


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    name = next(name for name in {**one, **other} if one.get(name) != other.get(name))
    return f"{name} was {one.get(name)!r}, and is {other.get(name)!r}"


LARGEST = 2**28
"""Largest answer, unzipped [bytes]; a page of 1000 persons with faces has about 1 MiB."""
PAGE_DEADLINE = 600
"""Longest time in which one answer may arrive [s]."""
_PIECE = 2**16
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Pauses before a broken answer is asked for again [s]; after the last, asking ends with an error."""
_GZIP = b"\x1f\x8b"
_METHODS = {"GetPersonTracking": "get_person_tracking", "StartPersonTracking": "start_person_tracking"}
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_A = TypeVar("_A")


class BrokenAnswerError(Exception):
    """An answer is not what the service sends: cut off, empty, of another kind. Never leaves this package."""


def checked_job_id(job_id: str) -> str:
    """Return a job's id back, if it is one.

    Raises
    ------
    ParameterError
        If it is none: 1 to 64 letters, digits, ``-`` and ``_``.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ParameterError(f"{job_id!r} is no job's id: 1 to 64 letters, digits, '-' and '_'")
    return job_id


def ask(
    client: Any,
    operation: str,
    request: dict[str, Any],
    decode: Callable[[bytes], _A],
    *,
    place: str,
    sleep: Callable[[float], object],
) -> _A:
    """Ask, and decode the answer's raw bytes; ask for a broken answer again, up to five times in all.

    botocore gives an answer whose body is cut off, empty or of another kind as an empty one, without an
    exception and without asking again. So the bytes are taken before it reads them, and read here.

    Parameters
    ----------
    client
        A boto3 client of Rekognition; it is left as it was.
    operation
        Name of the operation, as the API spells it.
    request
        Its members.
    decode
        Reads the bytes of the body; raises BrokenAnswerError if they are no answer.
    place
        What is asked for, for messages.
    sleep
        Called with each of ``PAUSES`` [s].

    Raises
    ------
    ParameterError
        If botocore finds a member that the API does not take.
    RemoteError
        If the service refuses, cannot be reached, or its answers stay broken.
    """
    for pause in (*PAUSES, None):
        try:
            return decode(unzip_answer(_body(client, operation, request, place)))
        except BrokenAnswerError as error:
            if pause is None:
                raise RemoteError(
                    f"{place}: the service's answer is broken: {error}; asked {len(PAUSES) + 1} times; "
                    "run again later, what is saved stays"
                ) from error
            sleep(pause)
    raise AssertionError("unreachable")  # pragma: no cover


def shown(content: bytes) -> str:
    """Return the beginning of an answer, for messages."""
    return f"{len(content)} bytes" + (f", beginning {content[:24]!r}" if content else "")


def _body(client: Any, operation: str, request: dict[str, Any], place: str) -> bytes:
    from botocore.exceptions import (  # noqa: PLC0415 - heavy, for remote calls alone
        BotoCoreError,
        ClientError,
        ParamValidationError,
    )

    with _listening(client, operation) as bodies:
        try:
            getattr(client, _METHODS[operation])(**request)
        except ClientError as error:
            raise describe_service_error(error, place, client) from error
        except ParamValidationError as error:
            raise ParameterError(f"{place}: {' '.join(str(error).split())}") from error
        except BotoCoreError as error:
            raise unreached(error, place, client) from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise BrokenAnswerError(f"an error that cannot be read ({type(error).__name__})") from error
    if not bodies:
        raise BrokenAnswerError("it was not seen")
    return bodies[-1]


@contextmanager
def _listening(client: Any, operation: str) -> Iterator[list[bytes]]:
    """Take the bodies of this thread's answers before botocore reads them, which then finds ``{}``."""
    bodies: list[bytes] = []
    thread, event = get_ident(), f"before-parse.rekognition.{operation}"

    def take(response_dict: dict[str, Any], **_: Any) -> None:
        if get_ident() == thread and response_dict["status_code"] < 300:  # noqa: PLR2004 - HTTP's successes
            bodies.append(bytes(response_dict["body"]))
            response_dict["body"] = b"{}"

    def send(request: Any, **_: Any) -> Any:
        is_ours = get_ident() == thread and not others
        return _send_bounded(client, request) if is_ours else None

    sending = f"before-send.rekognition.{operation}"
    others = _list_handlers(client, sending)  # these may answer in the place of the network
    client.meta.events.register(event, take)
    client.meta.events.register(sending, send)
    try:
        yield bodies
    finally:
        client.meta.events.unregister(event, take)
        client.meta.events.unregister(sending, send)


def _list_handlers(client: Any, event: str) -> list[Any]:
    """List the handlers of an event of a client, as far as this botocore tells them."""
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    handlers = getattr(emitter, "_handlers", None)
    return [] if handlers is None else list(handlers.prefix_search(event))


def _send_bounded(client: Any, request: Any) -> Any:
    """Send a request as botocore does, but read its answer within the bounds of size and time.

    Returns
    -------
    object
        The response with its content; None if this botocore sends in another way, and then reads unbounded.
    """
    from botocore.exceptions import HTTPClientError, ReadTimeoutError  # noqa: PLC0415 - heavy, for remote calls
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - the same
    from urllib3.exceptions import ReadTimeoutError as Late  # noqa: PLC0415 - the same

    session = getattr(getattr(client, "_endpoint", None), "http_session", None)
    if session is None or not hasattr(request, "stream_output"):
        return None
    request.stream_output = True  # the content is then not read by the session
    end = monotonic() + PAGE_DEADLINE
    response = session.send(request)
    pieces, total = list[bytes](), 0
    try:
        read = getattr(response.raw, "read1", response.raw.read)  # read waits until the whole piece has come
        while piece := read(_PIECE):
            pieces.append(piece)
            total += len(piece)
            if total > LARGEST:
                raise BrokenAnswerError(f"larger than {LARGEST} bytes")
            if monotonic() > end:
                raise BrokenAnswerError(f"not complete after {PAGE_DEADLINE} s")
    except Late as error:
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except HTTPError as error:
        raise HTTPClientError(error=error) from error
    finally:
        response.raw.close()
    response._content = b"".join(pieces)  # noqa: SLF001 - where botocore keeps what it has read
    return response


def unzip_answer(content: bytes) -> bytes:
    """Unzip a body that came zipped: botocore asks for plain ones, and leaves others as they are."""
    if content.startswith(_GZIP):
        member = zlib.decompressobj(wbits=31)
        try:
            plain = member.decompress(content, LARGEST + 1)
        except zlib.error as error:
            raise BrokenAnswerError(f"not a whole gzip stream: {error}") from error
        if not member.eof and len(plain) <= LARGEST:
            raise BrokenAnswerError(f"the gzip stream ends early, after {len(plain)} unzipped bytes")
        content = plain
    if len(content) > LARGEST:
        raise BrokenAnswerError(f"larger than {LARGEST} bytes")
    return content
