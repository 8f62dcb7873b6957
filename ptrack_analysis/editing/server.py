"""The local server of the editor."""

import json
import select
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ptrack_analysis.editing.authentication import HEADER, HOST, Authenticator
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.live_figures import LiveFigures, encode_tracks
from ptrack_analysis.editing.web_page import make_page, make_refusal
from ptrack_analysis.errors import OutputError, ParameterError, PtrackError

MOST = 16 * 2**20
"""Largest body of a request [bytes]."""
MAX_CONNECTIONS = 100
"""Maximum number of open connections; further ones are closed."""
GRACE = 4.0
"""Time after which a closed page ends the server, unless it is loaded again [s]."""
_LOST = 3600.0
"""Time after which the server ends if a page disappears, such as a discarded tab [s]."""
_LOADING = 60.0
"""Time that a page may take to load [s]."""
_TIMEOUT = 30.0
_LIFETIME = 120.0
"""Time after which an unused address of a notebook expires [s]."""
_PLAIN = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_BINARY = "application/octet-stream"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_METHODS = {
    "/background": "GET",
    "/tracks": "GET",
    "/alive": "GET",
    "/figures": "POST",
    "/leave": "POST",
    "/done": "POST",
    "/zones": "PUT",
    "/floor": "PUT",
}
"""The paths of the page's requests, and the method of each."""
_ONCE = ("Host", "Origin", "Content-Length", HEADER)
_MAX_DIGITS = 18


class EditorServer(ThreadingHTTPServer):
    """Serves the editor of one session until the user is done, its page is closed, or it is shut down.

    With ``in_notebook`` other pages may frame the editor, addresses expire if unused, and closing the page
    does not end the server.

    Raises
    ------
    ParameterError
        If the port cannot be used.
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, files: EditorFiles, *, port: int = 0, in_notebook: bool = False) -> None:
        self.lock = Lock()
        self.is_ended = False
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ParameterError(f"port {port} cannot be used: {reason}") from error
        self.files = files
        self.figures = LiveFigures(files.session)
        self.authenticator = Authenticator(self.server_address[1])
        self.in_notebook = in_notebook
        self.done = False
        self.page_closed = False
        self._open: set[Any] = set()
        self._pages: dict[str, bool] = {}
        self._loads_until = 0.0
        self._closes_at: float | None = None

    def create_address(self) -> str:
        """Create an address of the editor, which opens one page."""
        return self.authenticator.create_address(_LIFETIME if self.in_notebook else float("inf"))

    def server_close(self) -> None:
        """Free the port after a file that is being saved was written; later requests to save are rejected."""
        super().server_close()
        with self.lock:
            self.is_ended = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of connections that a browser has closed."""

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread, or close it if there are too many."""
        if len(self._open) < MAX_CONNECTIONS:
            self._open.add(request)
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        self._open.discard(request)

    def service_actions(self) -> None:
        """End the server some time after its last page was closed."""
        if self._closes_at is not None and monotonic() > self._closes_at and not self.page_closed:
            self.page_closed = True
            self.finish()

    def expect_page(self) -> None:
        """Allow a page that is being sent time to load."""
        self._loads_until = monotonic() + _LOADING
        if not self._pages and not self.in_notebook:
            self._closes_at = self._loads_until

    def watch_page(self, page: str, connection: socket.socket) -> None:
        """Wait until a page closes its connection or the server ends."""
        with self.lock:
            self._pages[page] = False
            self._loads_until, self._closes_at = 0.0, None
        try:
            while not (self.done or self.page_closed):
                readable, _, _ = select.select([connection], [], [], 1.0)
                if readable and not connection.recv(1):
                    break
        finally:  # also if the connection was reset
            with self.lock:
                leaves = self._pages.pop(page, False)
                self._end_after(GRACE if leaves else _LOST)

    def leave_page(self, page: str) -> None:
        """Note that a page is being closed or loaded again, before or after its connection ends."""
        with self.lock:
            if page in self._pages:
                self._pages[page] = True
            else:
                self._end_after(GRACE)

    def _end_after(self, seconds: float) -> None:
        """End the server after a delay, unless a page is open then."""
        if not self._pages and not self.in_notebook:
            self._closes_at = max(monotonic() + seconds, self._loads_until)

    def finish(self) -> None:
        """Stop serving, from within a request or an action."""
        Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: EditorServer
    timeout = _TIMEOUT
    server_version, sys_version = "ptrack", ""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def log_message(self, *_: Any) -> None:
        """Write no log, because addresses contain tokens."""

    def _answer(self, method: str) -> None:
        """Reject requests that do not come from the page; answer the others."""
        authenticator = self.server.authenticator
        try:
            asked = urlsplit(self.path)
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST, "The URL cannot be read.")
            return
        if self.headers.defects or any(len(self.headers.get_all(name, ())) > 1 for name in _ONCE):
            self._refuse(HTTPStatus.BAD_REQUEST, "The headers are malformed.")
        elif not authenticator.is_addressed(self.headers):
            self._refuse(HTTPStatus.FORBIDDEN, "This server answers only its own page.")
        elif (method, asked.path) == ("GET", "/"):
            with self.server.lock:
                self._send_page(parse_qs(asked.query).get("token", [""])[0])
        elif not authenticator.has_secret(self.headers):
            self._refuse(HTTPStatus.FORBIDDEN, "This server answers only its own page.")
        elif asked.path not in _METHODS or (method == "GET" and _METHODS[asked.path] != "GET"):
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such path.")
        elif method != _METHODS[asked.path]:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"The method of this path is {_METHODS[asked.path]}.")
        else:
            getattr(self, f"_{method.lower()}_{asked.path[1:]}")()

    def _get_background(self) -> None:
        image = self.server.files.session.image
        if image is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no background.")
        else:
            self._send(HTTPStatus.OK, image, "image/jpeg")

    def _get_tracks(self) -> None:
        self._send(HTTPStatus.OK, encode_tracks(self.server.files.session), _BINARY)

    def _get_alive(self) -> None:
        """Keep a connection open while the page is open."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self._send_headers(_BINARY, "default-src 'none'")
        self.wfile.write(b"\n")
        self.wfile.flush()
        self.server.watch_page(self._page_name(), self.connection)

    def _post_leave(self) -> None:
        self.server.leave_page(self._page_name())
        self._send(HTTPStatus.OK, b"{}", _JSON)

    def _page_name(self) -> str:
        """Return the random name that distinguishes the requests of a page from other pages."""
        return parse_qs(urlsplit(self.path).query).get("page", [""])[0]

    def _post_done(self) -> None:
        self.server.done = True
        self._send(HTTPStatus.OK, b"{}", _JSON)
        self.server.finish()

    def _post_figures(self) -> None:
        body = self._read_body()
        if body is None:
            return
        try:
            original = self.server.files.find_original(body)
            answer: dict[str, Any] = {"figures": self.server.figures.compute(original, body.get("features"))}
        except PtrackError as error:
            answer = {"error": str(error)}
        self._send(HTTPStatus.OK, json.dumps(answer).encode(), _JSON)

    def _put_zones(self) -> None:
        self._save("zones")

    def _put_floor(self) -> None:
        self._save("floor")

    def _save(self, what: str) -> None:
        body = self._read_body()
        if body is None:
            return
        files = self.server.files
        try:
            with self.server.lock:
                if self.server.is_ended:
                    raise OutputError("The editor has ended. Start it again.")
                answer = files.save_zones(body) if what == "zones" else files.save_floor(body)
        except PtrackError as error:  # for the user, not a fault of the page
            answer = {"error": str(error)}
        self._send(HTTPStatus.OK, json.dumps(answer).encode(), _JSON)

    def _send_page(self, token: str) -> None:
        server = self.server
        authenticator, in_notebook = server.authenticator, server.in_notebook
        if not authenticator.is_valid(token):
            page, policy = make_refusal(in_notebook=in_notebook)
            self._send(HTTPStatus.FORBIDDEN, page.encode(), _HTML, policy + self._framing())
            return
        try:
            opening = server.files.opening()
        except PtrackError as error:  # the token stays valid until the file is repaired
            self._refuse(HTTPStatus.CONFLICT, f"{error}\n")
            return
        authenticator.admit(token)
        opening |= {
            "secret": authenticator.secret,
            "next": authenticator.create_address(),
            "embedded": in_notebook,
        }
        page, policy = make_page(opening)
        server.expect_page()
        self._send(HTTPStatus.OK, page.encode(), _HTML, policy + self._framing())

    def _framing(self) -> str:
        """Return the policy directive on framing by other pages."""
        return "" if self.server.in_notebook else "; frame-ancestors 'none'"

    def _read_body(self) -> dict[str, Any] | None:
        """Read the JSON object of a request, or reject the request."""
        length = self.headers.get("Content-Length") or ""
        if self.headers.get_content_type() != _JSON:
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content type must be application/json.")
        elif not (length.isascii() and length.isdecimal()) or self.headers.get("Transfer-Encoding"):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request needs a Content-Length.")
        elif len(length) > _MAX_DIGITS or int(length) > MOST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The maximum is {MOST} bytes.")
        else:
            return self._parse_body(self.rfile.read(int(length)))
        return None

    def _parse_body(self, content: bytes) -> dict[str, Any] | None:
        try:
            parsed = json.loads(content)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")
            return None
        return parsed

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self.close_connection = True
        self._send(status, sentence.encode(), _PLAIN)

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str, policy: str = "default-src 'none'"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self._send_headers(kind, policy)
        self.wfile.write(content)

    def _send_headers(self, kind: str, policy: str) -> None:
        for name, value in {**_HEADERS, "Content-Security-Policy": policy, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.end_headers()
