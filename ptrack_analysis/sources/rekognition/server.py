"""An HTTP server with the API of People Pathing."""

import errno
import ipaddress
import math
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import msgspec

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.sources.rekognition.requests import (
    BAD_TOKEN,
    INVALID,
    UNKNOWN_OPERATION,
    GetRequest,
    ServiceError,
    encode_error,
)
from ptrack_analysis.sources.rekognition.served_videos import ServedSource, find_served_videos
from ptrack_analysis.sources.rekognition.service import TrackingService
from ptrack_analysis.video import Duration, Video, milliseconds

LOOPBACK = "127.0.0.1"
MAX_BODY = 2**20
"""Maximum size of a request body [bytes]; the largest valid one has a few KB."""
MAX_CONNECTIONS = 200
"""Maximum number of open connections; further ones get an error."""
_MAX_DISCARDED = 64 * 2**20
_MAX_DIGITS = 18
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
_PIECE = 2**16
_BODY_DEADLINE = 30.0
_IDLE = 60.0
_HEAD_DEADLINE = 90.0
"""Time after which the headers of a request must have arrived, since the previous request [s]."""
_CLOSING = 2.0
_TARGET = "RekognitionService."
_AWS_JSON = "application/x-amz-json-1.1"
_GATEWAY_CODES = {INVALID: "VALIDATION_ERROR", BAD_TOKEN: "VALIDATION_ERROR"}
_NOT_FOUND = {"ResourceNotFoundException", UNKNOWN_OPERATION}


def serve_tracking(
    source: ServedSource,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    keys: Mapping[str, str] | None = None,
    delay: Duration = "0s",
    token_lifetime: Duration = "1h",  # noqa: S107 - a duration
    envelope: Literal["gateway"] | None = None,
    sns_endpoint_url: str | None = None,
    video: Video | None = None,
    allow_incomplete: bool = False,
    allow_dropped: bool = False,
    say: Callable[[str], object] | None = None,
) -> "TrackingServer":
    """Serve StartPersonTracking and GetPersonTracking from any source that the package reads.

    Code written for Rekognition works with ``endpoint_url=server.url``. The server runs in threads of this
    process until it is closed; use it in a ``with`` statement. Requests are not authenticated, but boto3
    needs credentials, such as the environment variables ``AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any``.

    To start a job for a video, pass an S3 key whose file name without suffix is the name of the video, or an
    object that ``keys`` or the pages name. The job that the pages name is already finished. A video without
    a JobId is a finished job with the name of the video as its ID. ``SortBy=INDEX`` sorts by person and then
    by time, because pages have no confidence of a person. Jobs, tokens and tables are kept in memory. If the
    files of a video change after a job was started, requests for its pages return an error.

    Parameters
    ----------
    source
        A file, folder or S3 prefix; a video from ``find_videos`` or a list of them; or detections in memory
        with their video.
    host
        Address to listen on. With an address other than the loopback, other machines can read the tracking
        data.
    port
        Port to listen on; 0 chooses a free one.
    keys
        Names of videos by S3 key or ``s3://bucket/key``.
    delay
        Time for which a started job is in progress.
    token_lifetime
        Time after which a NextToken expires.
    envelope
        With ``gateway``, the server also answers GET requests with ``{"success": true, "data": PAGE}``. Their
        query parameters are JobId, MaxResults, NextToken and SortBy; the job ID may be the end of the path
        instead.
    sns_endpoint_url
        Endpoint of SNS for the completion messages of jobs with a NotificationChannel. By default, no message
        is sent.
    video
        Metadata to use if the source has none.
    allow_incomplete, allow_dropped
        Whether to serve sources that ``read_tracking`` only reads with these arguments.
    say
        Called with each message for the operator, such as why a job failed; logs a warning by default.

    Returns
    -------
    TrackingServer
        The running server. ``server.url`` is its endpoint.

    Raises
    ------
    ParameterError
        If an argument is out of its range, the port is in use, or the source has points.
    InputError
        If the source has no video, or its only video cannot be read.

    Examples
    --------
    >>> job_id = pta.find_videos("data/shop")[0].job_id
    >>> with pta.rekognition.serve_tracking("data/shop") as server:
    ...     client = pta.rekognition.create_client(
    ...         "rekognition", endpoint_url=server.url, region="us-east-1"
    ...     )
    ...     page = client.get_person_tracking(JobId=job_id, MaxResults=2)
    >>> [person["Timestamp"] for person in page["Persons"]]
    [0, 0]
    """
    if envelope not in {None, "gateway"}:
        raise ParameterError(f"envelope must be 'gateway' or None, got {envelope!r}")
    lifetime = milliseconds(token_lifetime, "token_lifetime") / 1000
    pause = milliseconds(delay, "delay") / 1000
    videos = find_served_videos(
        source, video=video, allow_incomplete=allow_incomplete, allow_dropped=allow_dropped
    )
    service = TrackingService(
        videos, keys=keys, delay=pause, token_lifetime=lifetime, sns_endpoint_url=sns_endpoint_url, say=say
    )
    server = TrackingServer(service, host=host, port=port, envelope=envelope)
    try:
        if len(videos) == 1:
            videos[0].open()
    except BaseException:
        server.close()
        raise
    return server.start()


class TrackingServer(ThreadingHTTPServer):
    """HTTP server at ``url`` with the jobs of a ``TrackingService``.

    Raises
    ------
    ParameterError
        If the host or port cannot be used.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"
    request_queue_size = 64

    def __init__(
        self,
        service: TrackingService,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        envelope: Literal["gateway"] | None = None,
        handler: "type[TrackingHandler] | None" = None,
    ) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), handler or TrackingHandler)
        except (OSError, OverflowError) as error:
            service.close()
            raise ParameterError(_describe_bind_error(host, port, error)) from error
        self.service, self.envelope, self.host = service, envelope, host
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._open: dict[Any, float] = {}  # connection to the time by which its next headers must arrive
        self._changed = Condition()

    @property
    def url(self) -> str:
        """The URL for ``endpoint_url``."""
        host, port = str(self.server_address[0]), self.server_address[1]
        if ipaddress.ip_address(host).is_unspecified:
            host = "::1" if ":" in host else LOOPBACK
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def is_public(self) -> bool:
        """Whether other machines may reach the server."""
        return not ipaddress.ip_address(str(self.server_address[0])).is_loopback

    def start(self) -> Self:
        """Answer requests in threads of this process."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop accepting requests, finish the current ones, and release the port."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._open, timeout=_CLOSING)
        self.service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Register an open connection, or reject it if there are too many."""
        with self._changed:
            is_accepted = len(self._open) < MAX_CONNECTIONS
            if is_accepted:
                self._open[request] = time.monotonic() + _HEAD_DEADLINE
        if is_accepted:
            super().process_request(request, client_address)
            return
        with suppress(OSError):
            request.settimeout(0)
            request.send(_BUSY)
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and unregister it."""
        super().shutdown_request(request)
        with self._changed:
            self._open.pop(request, None)
            self._changed.notify_all()

    def expect_headers(self, request: Any, seconds: float) -> None:
        """Set the time until the headers of the next request of a connection must have arrived."""
        with self._changed:
            if request in self._open:
                self._open[request] = time.monotonic() + seconds

    def service_actions(self) -> None:
        """Close connections whose headers arrive too slowly."""
        now = time.monotonic()
        with self._changed:
            late = [connection for connection, end in self._open.items() if end < now]
        for connection in late:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - of the base class
        """Report an error of the server, but not a client that disconnected."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            self.service.say(traceback.format_exc().rstrip())


def _describe_bind_error(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is in use. Choose another port (--port N); 0 chooses a free one."
    reason = getattr(error, "strerror", None) or error
    return (
        f"{host}, port {port}: cannot listen on it: {reason}. Choose another host or port (--host, --port)."
    )


class TrackingHandler(BaseHTTPRequestHandler):
    """Handles the requests of one connection."""

    server: TrackingServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "ptrack", ""
    timeout = _IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Handle a request, whose headers must arrive in time."""
        self.server.expect_headers(self.connection, _HEAD_DEADLINE)
        super().handle_one_request()

    def parse_request(self) -> bool:
        """Parse the headers; reject a request whose end or recipient is ambiguous."""
        if not super().parse_request():
            return False
        self.server.expect_headers(self.connection, math.inf)
        repeated = [name for name in ("Content-Length", "Host") if len(self.headers.get_all(name, ())) > 1]
        if self.headers.defects or repeated:
            self.send_error(400, "The headers are malformed" if self.headers.defects else "Repeated headers")
            return False
        return True

    def do_POST(self) -> None:
        """Answer a request in AWS JSON 1.1; the path does not matter."""
        try:
            body = self.read_body()
            operation = self.find_operation()
            content = self._call(lambda: self.server.service.answer(operation, body))
        except ServiceError as error:
            self.send_service_error(error)
        else:
            self.send_content(content)

    def do_GET(self) -> None:
        """Answer a request to the gateway envelope."""
        if self.headers.get("Content-Length", "0") != "0" or self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # because the body is not read
        try:
            request = self._find_gateway_request()
            content = self._call(lambda: self.server.service.get(request))
        except ServiceError as error:
            self.send_gateway_error(error)
        else:
            self.send_content(
                b'{"success":true,"data":' + content.strip() + b"}\n", content_type="application/json"
            )

    def find_operation(self) -> str:
        """Return the operation named in the headers.

        Raises
        ------
        ServiceError
            If the operation is not part of this API, or the request comes from a web page.
        """
        self._validate_sender()
        target = self.headers.get("X-Amz-Target", "")
        if not target.startswith(_TARGET):
            raise ServiceError(
                UNKNOWN_OPERATION, f"The header X-Amz-Target must begin with {_TARGET}, got {target[:64]!r}."
            )
        return target.removeprefix(_TARGET)

    def _find_gateway_request(self) -> GetRequest:
        self._validate_sender()
        if self.server.envelope != "gateway":
            raise ServiceError(
                UNKNOWN_OPERATION,
                "POST requests in AWS JSON 1.1 are answered here. GET requests need --envelope gateway.",
                405,
            )
        return _parse_query(self.path)

    def _validate_sender(self) -> None:
        """Reject requests from scripts of web pages, which browsers allow to reach the loopback.

        A page can point its own domain to the loopback (DNS rebinding). Its requests then have no ``Origin``,
        but the domain as their ``Host``.
        """
        headers, server = self.headers, self.server
        if headers.get("Origin") is not None or headers.get("Sec-Fetch-Site") is not None:
            raise ServiceError("AccessDeniedException", "Requests from web pages are not accepted.", 403)
        host = headers.get("Host")
        if not (host is None or server.is_public or _is_local(host, server.host)):
            raise ServiceError(
                "AccessDeniedException", f"The host of the URL must be localhost, got {host[:64]!r}.", 403
            )

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""

    def handle_expect_100(self) -> bool:
        """Reject a body that is too large before it is sent."""
        try:
            self._validate_length()
        except ServiceError as error:
            self.close_connection = True
            self.send_service_error(error)
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the error for a malformed request."""
        self.close_connection = True
        said = ". ".join(part for part in (message, explain) if part) or "The request cannot be read"
        self.send_service_error(ServiceError("BadRequestException", said, int(code)))

    def read_body(self) -> bytes:
        """Read the body of the request.

        Raises
        ------
        ServiceError
            If the length is unknown or above ``MAX_BODY``.
        TimeoutError
            If it does not arrive in time.
        """
        try:
            length = self._validate_length()
        except ServiceError:
            self.close_connection = True
            self._discard()
            raise
        body = b"".join(self._read_pieces(length))
        if len(body) < length:
            self.close_connection = True
            raise ServiceError("SerializationException", f"The body has {len(body)} bytes, not {length}.")
        return body

    def _validate_length(self) -> int:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdecimal()):
            raise ServiceError("SerializationException", "The request needs the header Content-Length.", 411)
        if len(length) > _MAX_DIGITS or int(length) > MAX_BODY:
            raise ServiceError(
                "RequestEntityTooLargeException",
                f"The body of the request has {length[:_MAX_DIGITS]} bytes; at most {MAX_BODY} are accepted.",
                413,
            )
        return int(length)

    def _discard(self) -> None:
        """Read and discard a rejected body, so that the client reads the response."""
        length = self.headers.get("Content-Length", "0")
        is_number = length.isascii() and length.isdecimal() and len(length) <= _MAX_DIGITS
        if is_number and not self.headers.get("Expect"):
            for _ in self._read_pieces(min(int(length), _MAX_DISCARDED)):
                pass

    def _read_pieces(self, length: int) -> Any:
        end = time.monotonic() + _BODY_DEADLINE
        while length and (piece := self.rfile.read1(min(length, _PIECE))):
            length -= len(piece)
            yield piece
            if time.monotonic() > end:
                raise TimeoutError("the body did not arrive in time")

    def _call(self, answer: Callable[[], bytes]) -> bytes:
        """Call the service; convert an unexpected exception to an InternalServerError."""
        try:
            return answer()
        except ServiceError:
            raise
        except Exception as error:
            self.server.service.say(traceback.format_exc().rstrip())
            raise ServiceError("InternalServerError", f"{type(error).__name__}: {error}", 500) from error

    def send_service_error(self, error: ServiceError) -> None:
        """Send an error as AWS does."""
        self.send_content(encode_error(error), status=error.status)

    def send_gateway_error(self, error: ServiceError) -> None:
        """Send an error in the gateway envelope."""
        status = 404 if error.kind in _NOT_FOUND and error.status == 400 else error.status  # noqa: PLR2004
        failure = {"code": _GATEWAY_CODES.get(error.kind, error.kind), "message": error.message}
        content = msgspec.json.encode({"success": False, "error": failure})
        self.send_content(content, status=status, content_type="application/json")

    def send_content(
        self,
        content: bytes,
        *,
        status: int = 200,
        content_type: str = _AWS_JSON,
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("x-amzn-RequestId", str(uuid4()))
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _is_local(host: str, given: str) -> bool:
    """Return whether a ``Host`` is an IP address, localhost or the given name; DNS can change others."""
    name = ""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        return f".{name}".endswith(".localhost") or name == given.lower()
    return True


def _parse_query(path: str) -> GetRequest:
    """Parse a request to the gateway envelope: its query, and perhaps the job ID at the end of the path."""
    try:
        parts = urlsplit(path)
        query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise ServiceError(INVALID, f"The URL or its query cannot be read: {error}.") from error
    values = {name: found[-1] for name, found in query.items()}
    most = values.get("MaxResults")
    if most is not None and not (most.isascii() and most.isdecimal() and len(most) <= 9):  # noqa: PLR2004
        raise ServiceError(INVALID, f"MaxResults must be a whole number of at least 1, got {most[:64]!r}.")
    return GetRequest(
        job_id=values.get("JobId") or unquote(parts.path.rpartition("/")[2]) or None,
        max_results=None if most is None else int(most),
        next_token=values.get("NextToken") or None,
        sort_by=values.get("SortBy"),
    )
