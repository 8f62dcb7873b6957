"""The pages of a job from an HTTP gateway before GetPersonTracking."""

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
    """A gateway that takes MaxResults and NextToken as query parameters and wraps a page in ``data``.

    ``{job}`` in the URL stands for the job's id; without it, the id is the query parameter JobId.
    """

    url: str
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Validate the URL."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ParameterError(f"gateway must be an http or https URL, got {self.url!r} (--gateway URL)")

    def ask(self, request: dict[str, Any], *, place: str, sleep: Callable[[float], object]) -> Answer:
        """Ask for one page; ask again, up to five times in all, if the answer is broken or the gateway busy.

        Raises
        ------
        TokenError
            If the gateway does not know the NextToken.
        RemoteError
            If the gateway refuses, cannot be reached, or its answers stay broken.
        """
        for pause in (*PAUSES, None):
            try:
                return self._ask_once(request, place)
            except BrokenAnswerError as error:
                if pause is None:
                    raise RemoteError(
                        f"{place}: the gateway's answer is broken: {error}; asked {len(PAUSES) + 1} times; "
                        "run again later, saved pages are kept"
                    ) from error
                sleep(pause)
        raise AssertionError("unreachable")  # pragma: no cover

    def _ask_once(self, request: dict[str, Any], place: str) -> Answer:
        status, content = self._get(self._address(request), place)
        try:
            envelope = msgspec.json.decode(content, type=_Envelope)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            if status in _LATER or status < 300:  # noqa: PLR2004 - HTTP's successes
                raise BrokenAnswerError(f"HTTP status {status}, {shown(content)}: {error}") from error
            raise RemoteError(
                f"{place}: the gateway refused: HTTP status {status} ({shown(content)}){_advice(status)}"
            ) from error
        if envelope.success and status < 300:  # noqa: PLR2004 - the same
            return parse_answer(bytes(envelope.data))
        failure = envelope.error or _Error()
        said = ": ".join(str(part) for part in (failure.code, failure.message) if part) or "no reason given"
        if "PaginationToken" in said or (request.get("NextToken") and "NextToken" in said):
            raise TokenError(f"{place}: the gateway refused: {said}; run again to fetch all pages anew")
        if status in _LATER:
            raise BrokenAnswerError(f"HTTP status {status}, {said}")
        raise RemoteError(f"{place}: the gateway refused: {said}{_advice(status)}")

    def _address(self, request: dict[str, Any]) -> str:
        parts = urlsplit(self.url.replace("{job}", quote(request["JobId"], safe="")))
        query = parse_qsl(parts.query, keep_blank_values=True)
        names = [] if "{job}" in self.url else ["JobId"]
        names += ["SortBy", "MaxResults", "NextToken"]
        query += [(name, str(request[name])) for name in names if name in request]
        return urlunsplit(parts._replace(query=urlencode(query), fragment=""))

    def _get(self, address: str, place: str) -> tuple[int, bytes]:
        """Get the status and the body, within the bounds of size and time."""
        end = self.clock() + PAGE_DEADLINE
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            try:
                response = urlopen(Request(address, headers=headers), timeout=_TIMEOUT)  # noqa: S310 - http(s)
            except HTTPError as error:
                response = error
            with response:
                return int(response.status), unzip_answer(self._read(response, end))
        except TimeoutError as error:
            raise BrokenAnswerError(f"no answer within {_TIMEOUT} s") from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise BrokenAnswerError(f"no answer within {_TIMEOUT} s") from error
            raise RemoteError(
                f"{place}: the gateway cannot be reached: {error.reason}; check --gateway and the network"
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
            raise BrokenAnswerError(f"only {total} of {expected} bytes came")
        return b"".join(pieces)


def _advice(status: int) -> str:
    """Tell what to do about an HTTP status."""
    if status in _REFUSED:
        return "; check that the gateway accepts requests from here"
    return "; check --gateway and the job's id" if status == _UNKNOWN else ""
