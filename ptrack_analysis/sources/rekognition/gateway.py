"""The pages of a job from an HTTP gateway in front of GetPersonTracking."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

import msgspec

from ptrack_analysis.errors import ParameterError, RemoteError
from ptrack_analysis.sources.rekognition.answers import (
    LARGEST,
    PAGE_DEADLINE,
    PAUSES,
    Answer,
    BrokenAnswerError,
    TokenError,
    call_within,
    parse_answer,
    shown,
    unzip_answer,
)

_PIECE = 2**16
_TIMEOUT = 60
_LATER = {429, 500, 502, 503, 504}
_UNKNOWN = 404
_REFUSED = {401, 403}


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None


class _Envelope(msgspec.Struct):
    success: bool
    data: msgspec.Raw = msgspec.Raw(b"")
    error: _Error | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that takes MaxResults and NextToken as query parameters and returns a page under ``data``.

    ``{job}`` in the URL is replaced with the job ID. Without it, the ID is the query parameter JobId.
    """

    url: str
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Validate the URL."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ParameterError(f"gateway must be an http or https URL, got {self.url!r} (--gateway URL)")

    def ask(self, request: dict[str, Any], *, subject: str, sleep: Callable[[float], object]) -> Answer:
        """Request one page, with up to four retries if the response is broken or the gateway is busy.

        Raises
        ------
        TokenError
            If the gateway does not accept the NextToken.
        RemoteError
            If the gateway returns an error or cannot be reached, or if all responses are broken.
        """
        for pause in (*PAUSES, None):
            try:
                return self._ask_once(request, subject)
            except BrokenAnswerError as error:
                if pause is None:
                    raise RemoteError(
                        f"{subject}: the gateway's response is broken: {error} ({len(PAUSES) + 1} attempts). "
                        "Run again later; saved pages are kept."
                    ) from error
                sleep(pause)
        raise AssertionError("unreachable")  # pragma: no cover

    def _ask_once(self, request: dict[str, Any], subject: str) -> Answer:
        status, content = self._get(self._address(request), subject)
        try:
            envelope = msgspec.json.decode(content, type=_Envelope)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            if status in _LATER or status < 300:  # noqa: PLR2004 - HTTP's successes
                raise BrokenAnswerError(f"HTTP status {status}, {shown(content)}: {error}") from error
            raise RemoteError(
                f"{subject}: the gateway returned HTTP status {status} ({shown(content)}){_advise(status)}"
            ) from error
        if envelope.success and status < 300:  # noqa: PLR2004 - the same
            return parse_answer(bytes(envelope.data))
        failure = envelope.error or _Error()
        said = ": ".join(str(part) for part in (failure.code, failure.message) if part) or "no reason given"
        if "PaginationToken" in said or (request.get("NextToken") and "NextToken" in said):
            raise TokenError(f"{subject}: the gateway returned {said}. Run again to fetch all pages anew.")
        if status in _LATER:
            raise BrokenAnswerError(f"HTTP status {status}, {said}")
        raise RemoteError(f"{subject}: the gateway returned an error: {said}{_advise(status)}")

    def _address(self, request: dict[str, Any]) -> str:
        parts = urlsplit(self.url.replace("{job}", quote(request["JobId"], safe="")))
        query = parse_qsl(parts.query, keep_blank_values=True)
        names = [] if "{job}" in self.url else ["JobId"]
        names += ["SortBy", "MaxResults", "NextToken"]
        query += [(name, str(request[name])) for name in names if name in request]
        return urlunsplit(parts._replace(query=urlencode(query), fragment=""))

    def _get(self, address: str, subject: str) -> tuple[int, bytes]:
        """Return the status and the body, within the limits of size and time."""
        end = self.clock() + PAGE_DEADLINE
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            try:
                response = call_within(
                    lambda: urlopen(Request(address, headers=headers), timeout=_TIMEOUT),  # noqa: S310 - http(s)
                    PAGE_DEADLINE,
                )
            except HTTPError as error:
                response = error
            with response:
                return int(response.status), unzip_answer(self._read(response, end))
        except TimeoutError as error:
            raise BrokenAnswerError(f"no response within {_TIMEOUT} s") from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise BrokenAnswerError(f"no response within {_TIMEOUT} s") from error
            raise RemoteError(
                f"{subject}: the gateway cannot be reached: {error.reason}. Check --gateway and the network."
            ) from error
        except (HTTPException, OSError) as error:
            raise BrokenAnswerError(f"the connection was closed: {error}") from error

    def _read(self, response: Any, end: float) -> bytes:
        expected = response.headers.get("Content-Length")
        pieces, total = list[bytes](), 0
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            total += len(piece)
            if total > LARGEST:
                raise BrokenAnswerError(f"larger than {LARGEST} bytes")
            if self.clock() > end:
                raise BrokenAnswerError(f"not complete after {PAGE_DEADLINE} s")
        if expected is not None and expected.isdecimal() and int(expected) > total:
            raise BrokenAnswerError(f"only {total} of {expected} bytes arrived")
        return b"".join(pieces)


def _advise(status: int) -> str:
    """Return the advice for an HTTP status; empty for most."""
    if status in _REFUSED:
        return ". Check that the gateway accepts requests from this computer."
    return ". Check --gateway and the job ID." if status == _UNKNOWN else ""
