"""Requests to People Pathing: responses, retries and errors."""

import re
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Thread, get_ident
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from ptrack_analysis.errors import JobError, MixedError, ParameterError, RemoteError

ENDED = (
    "AWS ended People Pathing on 31 October 2025. Use another endpoint that implements the API "
    "(--endpoint-url, endpoint_url of the client)."
)
_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_TOKEN = "InvalidPaginationTokenException"  # noqa: S105 - the name of an error
_CLOSED = {
    "AccessDenied", "AccessDeniedException", "InvalidAction", "UnknownOperation", "UnknownOperationException",
    "403", "404", "405", "410", "501",
}  # fmt: skip


class TokenError(RemoteError):
    """The service does not accept a NextToken: it is unknown or has expired."""


def describe_service_error(error: Any, subject: str, rekognition: Any) -> RemoteError:
    """Describe an error that a service returned, from botocore's ClientError.

    ``rekognition`` is the client that sent the request; None for a client of another service.
    """
    found = error.response.get("Error", {})
    code, message = str(found.get("Code") or "unknown"), str(found.get("Message") or "").strip()
    reason = ": ".join(part for part in (code, message) if part).rstrip(".")
    if code in _ADVICE:
        reason += f". {_ADVICE[code][:1].upper()}{_ADVICE[code][1:]}"
    elif rekognition and (code in _CLOSED or _is_aws(rekognition)):
        reason += f". {ENDED}"
    return (TokenError if code == _TOKEN else RemoteError)(f"{subject}: the service returned {reason}")


def describe_connection_error(error: Exception, subject: str, rekognition: Any) -> RemoteError:
    """Describe why a service did not respond, from botocore's other errors."""
    name = type(error).__name__
    reason = _ADVICE.get(name, str(error))
    if name in _NETWORK:
        reason = _NETWORK[name]
        if rekognition:
            reason = f"{rekognition.meta.endpoint_url}: {reason}"
            reason += f" {ENDED}" if _is_aws(rekognition) else ""
    return RemoteError(f"{subject}: the request failed: {reason}")


def _is_aws(client: Any) -> bool:
    return (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_HOSTS)


_LATER = "Run again later; saved pages are kept."
_BUSY = f"the service is too busy. {_LATER}"
_INTERNAL = f"the service has an internal error. {_LATER}"
_QUEUE = "the queue does not exist. Check its URL and the region."
_EXPIRED = "the credentials have expired. Sign in again."
_ADVICE = {
    "ThrottlingException": _BUSY,
    "ProvisionedThroughputExceededException": _BUSY,
    "InternalServerError": _INTERNAL,
    "500": _INTERNAL,
    "502": _INTERNAL,
    "503": _INTERNAL,
    "504": _INTERNAL,
    _TOKEN: "the NextToken is unknown or has expired. Run again to fetch all pages anew.",
    "ResourceNotFoundException": "this endpoint has no such job. Check the job ID and the region (--region), "
    "and whether the service still keeps the results.",
    "LimitExceededException": "too many jobs are open. Wait until one has ended.",
    "InvalidS3ObjectException": "the service cannot read the video. Check its URI, that the bucket is in the "
    "region of the service, and that these credentials may read the object.",
    "VideoTooLargeException": "the video is larger than the service accepts. Split or compress it.",
    "IdempotentParameterMismatchException": "this request token was used with other parameters. Pass another "
    "token.",
    "ExpiredTokenException": _EXPIRED,
    "ExpiredToken": _EXPIRED,
    "UnrecognizedClientException": "the access key is unknown. Check the profile (--profile).",
    "InvalidSignatureException": "the secret key does not match the access key, or this computer's clock "
    "is wrong. Check the profile (--profile).",
    "MissingAuthenticationTokenException": "the request was not signed. Check the profile (--profile).",
    "AWS.SimpleQueueService.NonExistentQueue": _QUEUE,
    "QueueDoesNotExist": _QUEUE,
    "NoCredentialsError": "no AWS credentials were found. Sign in, or choose a profile (--profile).",
    "PartialCredentialsError": "the AWS credentials are incomplete. Check the profile (--profile).",
}
_NETWORK = {
    "EndpointConnectionError": "the endpoint cannot be reached. Check --endpoint-url and the network.",
    "ConnectTimeoutError": "the endpoint does not respond. Check --endpoint-url and the network.",
    "ReadTimeoutError": f"the endpoint does not respond in time. {_LATER}",
    "ConnectionClosedError": f"the endpoint closed the connection. {_LATER}",
    "ProxyConnectionError": "the proxy cannot be reached. Check the network settings.",
    "SSLError": "the endpoint is not trusted. Check --endpoint-url and its certificate.",
}


SUCCEEDED, FAILED, IN_PROGRESS = "SUCCEEDED", "FAILED", "IN_PROGRESS"
_BOM = b"\xef\xbb\xbf"


class _Members(msgspec.Struct, rename="pascal"):
    """The members of a page that a fetch reads. The page itself is saved unchanged."""

    job_status: str | None = None
    status_message: str | None = None
    next_token: str | None = None
    job_id: str | None = None
    video_metadata: dict[str, Any] | None = None
    persons: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of GetPersonTracking: its bytes, the status of the job and the token of the next page.

    ``next_token`` is None on the last page. ``digest`` is the SHA-256 of ``Persons``, None if the list is
    empty.
    """

    content: bytes = field(repr=False)
    status: str
    message: str | None
    next_token: str | None
    job_id: str | None
    metadata: dict[str, Any] | None
    digest: bytes | None


def parse_answer(content: bytes) -> Answer:
    """Parse a response of GetPersonTracking.

    Raises
    ------
    BrokenAnswerError
        If the bytes are not JSON in UTF-8, JobStatus is missing, or the job succeeded and ``Persons`` is not
        a list.
    """
    try:
        content.decode()
        members = msgspec.json.decode(content.removeprefix(_BOM), type=_Members)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenAnswerError(f"not a page in JSON ({shown(content)}): {error}") from error
    if not members.job_status:
        raise BrokenAnswerError(f"not a page: JobStatus is missing ({shown(content)})")
    persons = bytes(members.persons).strip()
    if members.job_status == SUCCEEDED and not persons.startswith(b"["):
        raise BrokenAnswerError(f"not a page: the list Persons is missing ({shown(content)})")
    return Answer(
        content,
        members.job_status,
        members.status_message,
        members.next_token or None,
        members.job_id,
        members.video_metadata,
        sha256(persons).digest() if persons.strip(b"[] \t\r\n") else None,
    )


def validate_finished(answer: Answer, subject: str) -> None:
    """Raise unless the job has succeeded.

    Raises
    ------
    JobError
        If the job failed (the message has its StatusMessage) or is in progress.
    """
    if answer.status == SUCCEEDED:
        return
    said = f": {answer.message}" if answer.message else ""
    advice = ". Wait until it has ended (ptrack wait, wait_for_job)." if answer.status == IN_PROGRESS else ""
    raise JobError(f"{subject}: the job's status is {answer.status}, not SUCCEEDED{said}{advice}")


@dataclass(slots=True)
class PageHistory:
    """Tokens and contents of the pages fetched so far. Each may occur only once per job."""

    tokens: set[str] = field(default_factory=set)
    digests: set[bytes] = field(default_factory=set)
    metadata: dict[str, Any] | None = None

    def validate(self, answer: Answer, job_id: str, subject: str) -> None:
        """Raise if a response does not continue the pages fetched so far.

        Raises
        ------
        JobError
            If the job has not succeeded.
        MixedError
            If the page belongs to another job, or its VideoMetadata differ from the earlier pages.
        RemoteError
            If its NextToken or its Persons occurred before.
        """
        validate_finished(answer, subject)
        if answer.job_id not in {None, job_id}:
            raise MixedError(f"{subject}: the page belongs to job {answer.job_id!r}. {_NOT_SAVED}")
        if self.metadata and answer.metadata and self.metadata != answer.metadata:
            raise MixedError(
                f"{subject}: VideoMetadata differ from the earlier pages: "
                f"{_describe_difference(self.metadata, answer.metadata)}. {_NOT_SAVED}"
            )
        if answer.next_token in self.tokens:
            raise RemoteError(
                f"{subject}: its NextToken repeats an earlier one, so the pages never end. {_NOT_SAVED}"
            )
        if answer.digest in self.digests:
            raise RemoteError(f"{subject}: its Persons repeat an earlier page. {_NOT_SAVED}")

    def add(self, answer: Answer) -> None:
        """Record a response that was saved."""
        if answer.next_token:
            self.tokens.add(answer.next_token)
        if answer.digest:
            self.digests.add(answer.digest)
        self.metadata = self.metadata or answer.metadata


_NOT_SAVED = "The page was not saved. Run again later; if the error persists, fetch into an empty archive."


def _describe_difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    name = next(name for name in {**one, **other} if one.get(name) != other.get(name))
    return f"{name} was {one.get(name)!r} and is now {other.get(name)!r}"


LARGEST = 2**28
"""Maximum size of a response, unzipped [bytes]; a page of 1000 persons with faces has about 1 MiB."""
PAGE_DEADLINE = 600
"""Maximum time in which one response may arrive [s]."""
_PIECE = 2**16
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Pauses before the retries after a broken response [s]."""
_GZIP = b"\x1f\x8b"
_METHODS = {"GetPersonTracking": "get_person_tracking", "StartPersonTracking": "start_person_tracking"}
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_A = TypeVar("_A")


class BrokenAnswerError(Exception):
    """A response is truncated, empty or not a page. Only used within this package."""


def validate_job_id(job_id: str) -> str:
    """Return a job ID if it is well-formed.

    Raises
    ------
    ParameterError
        If it does not consist of 1 to 64 letters, digits, ``-`` and ``_``.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ParameterError(f"job_id must be 1 to 64 letters, digits, '-' and '_', got {job_id!r}")
    return job_id


def ask(
    client: Any,
    operation: str,
    request: dict[str, Any],
    decode: Callable[[bytes], _A],
    *,
    subject: str,
    sleep: Callable[[float], object],
) -> _A:
    """Send a request and decode the response, with up to four retries if the response is broken.

    botocore returns an empty result for a body that is truncated, empty or not JSON: it neither raises nor
    retries. Therefore the raw body is intercepted before botocore parses it.

    Parameters
    ----------
    client
        A boto3 client of Rekognition; which is not modified.
    operation
        Name of the operation, as the API spells it.
    request
        Members of the request.
    decode
        Parses the body; raises BrokenAnswerError if it is not a valid response.
    subject
        The requested object, for messages.
    sleep
        Called with each of ``PAUSES`` [s].

    Raises
    ------
    ParameterError
        If botocore finds a member that the API does not accept.
    RemoteError
        If the service returns an error or cannot be reached, or if all responses are broken.
    """
    for pause in (*PAUSES, None):
        try:
            return decode(unzip_answer(_body(client, operation, request, subject)))
        except BrokenAnswerError as error:
            if pause is None:
                raise RemoteError(
                    f"{subject}: the response is broken: {error} ({len(PAUSES) + 1} attempts). {_LATER}"
                ) from error
            sleep(pause)
    raise AssertionError("unreachable")  # pragma: no cover


def shown(content: bytes) -> str:
    """Describe the size and the beginning of a response, for messages."""
    return f"{len(content)} bytes" + (f", starting with {content[:24]!r}" if content else "")


def _body(client: Any, operation: str, request: dict[str, Any], subject: str) -> bytes:
    from botocore.exceptions import (  # noqa: PLC0415 - heavy, for remote calls alone
        BotoCoreError,
        ClientError,
        ParamValidationError,
    )

    with _listening(client, operation) as bodies:
        try:
            getattr(client, _METHODS[operation])(**request)
        except ClientError as error:
            raise describe_service_error(error, subject, client) from error
        except ParamValidationError as error:
            raise ParameterError(f"{subject}: {' '.join(str(error).split())}") from error
        except BotoCoreError as error:
            raise describe_connection_error(error, subject, client) from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise BrokenAnswerError(f"an unreadable error response ({type(error).__name__})") from error
    if not bodies:
        raise BrokenAnswerError("no body was received")
    return bodies[-1]


@contextmanager
def _listening(client: Any, operation: str) -> Iterator[list[bytes]]:
    """Collect the bodies of this thread's responses before botocore parses them; it then parses ``{}``."""
    bodies: list[bytes] = []
    thread, event = get_ident(), f"before-parse.rekognition.{operation}"

    def take(response_dict: dict[str, Any], **_: Any) -> None:
        if get_ident() == thread and response_dict["status_code"] < 300:  # noqa: PLR2004 - HTTP's successes
            bodies.append(bytes(response_dict["body"]))
            response_dict["body"] = b"{}"

    client.meta.events.register(event, take)
    try:
        with bounded(client, f"rekognition.{operation}"):
            yield bodies
    finally:
        client.meta.events.unregister(event, take)


@contextmanager
def bounded(client: Any, operation: str) -> Iterator[None]:
    """Limit the size and the time of this thread's responses to an operation, such as ``sqs.ReceiveMessage``.

    A response beyond the limits raises BrokenAnswerError. A client that is not from boto3 has no limits.
    """
    if not hasattr(client, "meta"):
        yield
        return
    thread, event = get_ident(), f"before-send.{operation}"

    def send(request: Any, **_: Any) -> Any:
        is_ours = get_ident() == thread and not others
        return _send_bounded(client, request) if is_ours else None

    others = _list_handlers(client, event)  # these may respond instead of the network
    client.meta.events.register(event, send)
    try:
        yield
    finally:
        client.meta.events.unregister(event, send)


def _list_handlers(client: Any, event: str) -> list[Any]:
    """List the handlers of a client's event; empty if this version of botocore does not expose them."""
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    handlers = getattr(emitter, "_handlers", None)
    return [] if handlers is None else list(handlers.prefix_search(event))


def _send_bounded(client: Any, request: Any) -> Any:
    """Send a request as botocore does, but limit the size of the response and the time to read it.

    Returns
    -------
    object
        The response with its content; None if this version of botocore sends requests in another way, in
        which case there are no limits.
    """
    from botocore.exceptions import HTTPClientError, ReadTimeoutError  # noqa: PLC0415 - heavy, for remote calls
    from urllib3.exceptions import HTTPError, ProtocolError  # noqa: PLC0415 - the same
    from urllib3.exceptions import ReadTimeoutError as Late  # noqa: PLC0415 - the same

    session = getattr(getattr(client, "_endpoint", None), "http_session", None)
    if session is None or not hasattr(request, "stream_output"):
        return None
    request.stream_output = True  # so that the session does not read the content
    end = monotonic() + PAGE_DEADLINE
    response = call_within(lambda: session.send(request), PAGE_DEADLINE)
    pieces, total = list[bytes](), 0
    try:
        read = getattr(response.raw, "read1", response.raw.read)  # read would wait for a complete piece
        while piece := read(_PIECE):
            pieces.append(piece)
            total += len(piece)
            if total > LARGEST:
                raise BrokenAnswerError(f"larger than {LARGEST} bytes")
            if monotonic() > end:
                raise BrokenAnswerError(f"not complete after {PAGE_DEADLINE} s")
    except Late as error:
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except ProtocolError as error:
        raise BrokenAnswerError(f"the connection was closed after {total} bytes") from error
    except HTTPError as error:
        raise HTTPClientError(error=error) from error
    finally:
        response.raw.close()
    response._content = b"".join(pieces)  # noqa: SLF001 - where botocore keeps the content
    return response


def call_within(send: Callable[[], _A], seconds: float) -> _A:
    """Call a function in a thread, because headers that arrive byte by byte have no timeout.

    Raises
    ------
    BrokenAnswerError
        If it has not returned after this time.
    """
    found = Future[_A]()

    def run() -> None:
        try:
            found.set_result(send())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            found.set_exception(error)

    Thread(target=run, daemon=True).start()
    if not wait([found], seconds).done:
        raise BrokenAnswerError(f"not complete after {seconds:g} s")
    return found.result()


def unzip_answer(content: bytes) -> bytes:
    """Unzip a body that is gzip-compressed although botocore requests plain bodies."""
    if content.startswith(_GZIP):
        member = zlib.decompressobj(wbits=31)
        try:
            plain = member.decompress(content, LARGEST + 1)
        except zlib.error as error:
            raise BrokenAnswerError(f"not a complete gzip stream: {error}") from error
        if not member.eof and len(plain) <= LARGEST:
            raise BrokenAnswerError(f"the gzip stream ends early, after {len(plain)} unzipped bytes")
        content = plain
    if len(content) > LARGEST:
        raise BrokenAnswerError(f"larger than {LARGEST} bytes")
    return content
