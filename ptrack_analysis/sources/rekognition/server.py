"""An HTTP server on which code that was written for People Pathing keeps running."""

import errno
import ipaddress
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
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
"""Largest body of a request [bytes]; the longest valid one has a few KB."""
_MAX_DISCARDED = 64 * 2**20
_PIECE = 2**16
_BODY_DEADLINE = 30.0
_IDLE = 60.0
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

    Code that was written for Rekognition runs with ``endpoint_url=server.url``. The server runs in threads of
    this process until it is closed; use it in a ``with`` statement. Requests are not authenticated.

    A job is started for a video by the key of its S3 object: without folder and suffix, the key is the name
    of the video, unless ``keys`` or the pages name another object. The job that the pages name is finished
    from the beginning; a video without one is a finished job of its own name. ``SortBy=INDEX`` sorts by
    person and then by time, because a Person has no confidence. Jobs, tokens and the rows of videos are kept
    in memory. If the files of a video change after a job was started, requests for its pages are refused.

    Parameters
    ----------
    source
        A file, folder or S3 prefix; a video from ``find_videos`` or a list of them; or detections in memory
        with their video.
    host
        The address to listen on. Any other address than that of the loopback makes the tracking data
        readable for others.
    port
        The port; 0 is a free one.
    keys
        Names of videos by S3 key or ``s3://bucket/key``.
    delay
        Time for which a started job is in progress.
    token_lifetime
        Time after which a NextToken expires.
    envelope
        ``gateway`` also answers GET requests with the query parameters JobId, MaxResults, NextToken and
        SortBy, as ``{"success": true, "data": PAGE}``; the id of the job may be the end of the path instead.
    sns_endpoint_url
        Endpoint of SNS, to which the completion message of a job with a NotificationChannel is sent. Without
        it, no message is sent.
    video
        Facts to fall back to where the source has none.
    allow_incomplete, allow_dropped
        Whether to serve sources that ``read_tracking`` would refuse without these arguments.
    say
        Called with each message for the operator, such as why a job failed; by default a logger's warning.

    Returns
    -------
    TrackingServer
        The running server.

    Raises
    ------
    ParameterError
        If an argument is out of its range, the port is in use, or the source has points.
    InputError
        If the source has no video, or its only video cannot be read.
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
    """An endpoint of People Pathing at ``url``, for the jobs of a service.

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
        self.service, self.envelope = service, envelope
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._open: set[Any] = set()
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
        """Stop accepting requests, finish those that are being answered, and free the port."""
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
        """Remember an open connection."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is closed."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - of the base class
        """Report an error of the server, but not that a client has gone away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            self.service.say(traceback.format_exc().rstrip())


def _describe_bind_error(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is in use. Choose another port (--port N); 0 is a free one."
    reason = getattr(error, "strerror", None) or error
    return (
        f"{host}, port {port}: cannot listen there: {reason}. Choose another host or port (--host, --port)."
    )


class TrackingHandler(BaseHTTPRequestHandler):
    """The requests of one connection."""

    server: TrackingServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "ptrack", ""
    timeout = _IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

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
        """Answer a request of the gateway form."""
        if self.headers.get("Content-Length", "0") != "0" or self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # the body is not read
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
        """Return the operation that the headers name.

        Raises
        ------
        ServiceError
            If they name none of this API, or the request comes from a web page.
        """
        _validate_origin(self.headers)
        target = self.headers.get("X-Amz-Target", "")
        if not target.startswith(_TARGET):
            raise ServiceError(
                UNKNOWN_OPERATION, f"The header X-Amz-Target must begin with {_TARGET}, got {target[:64]!r}."
            )
        return target.removeprefix(_TARGET)

    def _find_gateway_request(self) -> GetRequest:
        _validate_origin(self.headers)
        if self.server.envelope != "gateway":
            raise ServiceError(
                UNKNOWN_OPERATION,
                "POST requests in AWS JSON 1.1 are answered here. GET requests need --envelope gateway.",
                405,
            )
        return _parse_query(self.path)

    def log_message(self, *_: Any) -> None:
        """Write no log."""

    def handle_expect_100(self) -> bool:
        """Refuse a body that is too large before it is sent."""
        try:
            self._validate_length()
        except ServiceError as error:
            self.close_connection = True
            self.send_service_error(error)
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not a request of this API."""
        self.close_connection = True
        said = ". ".join(part for part in (message, explain) if part) or "The request cannot be read"
        self.send_service_error(ServiceError("BadRequestException", said, int(code)))

    def read_body(self) -> bytes:
        """Read the body of the request.

        Raises
        ------
        ServiceError
            If its length is unknown or above ``MAX_BODY``.
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
        if int(length) > MAX_BODY:
            raise ServiceError(
                "RequestEntityTooLargeException",
                f"The body of the request has {int(length)} bytes; at most {MAX_BODY} are accepted.",
                413,
            )
        return int(length)

    def _discard(self) -> None:
        """Read a body that is refused, so that its sender reads the answer."""
        length = self.headers.get("Content-Length", "0")
        if length.isascii() and length.isdecimal() and not self.headers.get("Expect"):
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
        """Answer; report an error of the server as the service does."""
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
        """Send an error in the envelope of a gateway."""
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
        """Send an answer."""
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


def _validate_origin(headers: Message) -> None:
    """Refuse a script of a web page, which a browser lets send requests to the loopback."""
    if headers.get("Origin") is not None or headers.get("Sec-Fetch-Site") is not None:
        raise ServiceError("AccessDeniedException", "Requests from web pages are not accepted.", 403)


def _parse_query(path: str) -> GetRequest:
    """Read a request of the gateway form: query parameters, and perhaps the job as the end of the path."""
    parts = urlsplit(path)
    try:
        query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise ServiceError(INVALID, f"The query cannot be read: {error}.") from error
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
