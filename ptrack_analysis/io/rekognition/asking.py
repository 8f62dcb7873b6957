"""Asking the service until it gives a whole answer, as raw bytes."""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, TypeVar

from ptrack_analysis.errors import ParameterError, RemoteError
from ptrack_analysis.io.rekognition.refusals import refused, unreached

LARGEST = 2**26
"""Largest answer, unzipped [bytes]; a page of 1000 persons with faces has about 1 MiB."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Pauses before a broken answer is asked for again [s]; after the last, asking ends with an error."""
_GZIP = b"\x1f\x8b"
_METHODS = {"GetPersonTracking": "get_person_tracking", "StartPersonTracking": "start_person_tracking"}
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_A = TypeVar("_A")


class BrokenAnswerError(Exception):
    """An answer is not what the service sends: cut off, empty, of another kind. Never leaves this package."""


def checked_job_id(job_id: str) -> str:
    """Give a job's id back, if it is one.

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
            return decode(_unzipped(_body(client, operation, request, place)))
        except BrokenAnswerError as error:
            if pause is None:
                raise RemoteError(
                    f"{place}: the service's answer is broken: {error}; asked {len(PAUSES) + 1} times; "
                    "run again later, what is saved stays"
                ) from error
            sleep(pause)
    raise AssertionError("unreachable")  # pragma: no cover


def shown(content: bytes) -> str:
    """Give the beginning of an answer, for messages."""
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
            raise refused(error, place, client) from error
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

    client.meta.events.register(event, take)
    try:
        yield bodies
    finally:
        client.meta.events.unregister(event, take)


def _unzipped(content: bytes) -> bytes:
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
