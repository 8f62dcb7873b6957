"""The local server of the editor."""

import hmac
import json
import re
import secrets
from email.message import Message
from functools import cache
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ptrack_analysis.editing.desk import EditorFiles
from ptrack_analysis.errors import ParameterError, PtrackError
from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script

HEADER = "X-Ptrack-Session"
HOST = "127.0.0.1"


class Authenticator:
    """The token of the address, good for one use, and the secret that the page then sends with each request.

    The secret is only in the memory of the page: a header, not a cookie, since cookies go to every port of
    the loopback. Loading the page again takes the next token, which the page was given. ``lasting``: the
    token stays good, for a notebook, whose frames are loaded anew whenever they come into view.
    """

    def __init__(self, port: int, *, lasting: bool = False) -> None:
        self.authority = f"{HOST}:{port}"
        self.lasting = lasting
        self._token = secrets.token_urlsafe(32)
        self.secret = secrets.token_urlsafe(32)

    @property
    def origin(self) -> str:
        """The origin of the page."""
        return f"http://{self.authority}"

    @property
    def address(self) -> str:
        """The address with the token that is good now."""
        return f"{self.origin}/?token={self._token}"

    def meant(self, headers: Message) -> bool:
        """Return whether a request was meant for this server, and comes from no other page's script."""
        return headers.get("Host") == self.authority and headers.get("Origin") in {None, self.origin}

    def is_good(self, token: str) -> bool:
        """Return whether the token is the one that is good now."""
        return _equal(token, self._token)

    def admit(self, token: str) -> bool:
        """Return whether the token is the one that is good now, and make it good no more."""
        good = self.is_good(token)
        if good and not self.lasting:
            self._token = secrets.token_urlsafe(32)
        return good

    def knows(self, headers: Message) -> bool:
        """Return whether a request comes from the page: it has the secret."""
        site = headers.get("Sec-Fetch-Site")
        return _equal(headers.get(HEADER) or "", self.secret) and site in {None, "same-origin"}


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


MODULES = (
    "geometry",
    "homography",
    "validity",
    "model",
    "view",
    "drawing",
    "hands",
    "calibration",
    "panel",
    "main",
)
_IMPORT = re.compile(r"^import [^;]*;\n", flags=re.MULTILINE)
_EXPORT = re.compile(r"^export ", flags=re.MULTILINE)


@cache
def editor_script() -> str:
    """Join the editor's ES modules into one: their imports fall away, and their exports are its names."""
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", asset(f"editor/{name}.js"))) for name in MODULES)
    return inline_script(joined)


def editor_page(opening: dict[str, Any]) -> tuple[str, str]:
    """Make the page, and the content security policy that it goes out with."""
    script, style = editor_script(), asset("editor/editor.css")
    policy = f"{content_policy([script], [style], media=True)}; connect-src 'self'"
    name = opening["zones"]["file"]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(name)} - zones</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<div id="editor"></div>\n<noscript>The zone editor needs JavaScript.</noscript>\n'
        f'<script type="application/json" id="opening">{inline_json(opening)}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )
    return page, policy


MOST = 16 * 2**20
"""Largest body of a request [bytes]."""
_PATIENCE = 30.0
_PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_USED = (
    "This address of the zone editor does not hold, or was used before: each is good for one page. Start the "
    "editor again for a new one; if you did not use it, somebody else on this machine did."
)


class EditorServer(ThreadingHTTPServer):
    """Serves the editor of one desk at ``address`` until somebody says done, or it is closed.

    ``lasting``: the address stays good, and other pages may frame the editor, as a notebook does.

    Raises
    ------
    ParameterError
        If the port cannot be used.
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, desk: EditorFiles, *, port: int = 0, lasting: bool = False) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ParameterError(f"port {port} cannot be used: {reason}") from error
        self.desk = desk
        self.guard = Authenticator(self.server_address[1], lasting=lasting)
        self.lock = Lock()
        self.done = False

    @property
    def address(self) -> str:
        """Where the editor is, with the token that is good now."""
        return self.guard.address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Describe nothing of a browser that went away."""

    def finish(self) -> None:
        """Stop serving, from within a request."""
        Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: EditorServer
    timeout = _PATIENCE
    server_version, sys_version = "ptrack", ""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def log_message(self, *_: Any) -> None:
        """Write no log: addresses have tokens."""

    def _answer(self, method: str) -> None:
        """Reject whoever may not ask; then do what is asked."""
        asked, guard = urlsplit(self.path), self.server.guard
        if not guard.meant(self.headers):
            self._send_refusal(HTTPStatus.FORBIDDEN, "This server answers only its own page.")
        elif (method, asked.path) == ("GET", "/"):
            with self.server.lock:
                self._page(parse_qs(asked.query).get("token", [""])[0])
        elif not guard.knows(self.headers):
            self._send_refusal(HTTPStatus.FORBIDDEN, "This server answers only its own page.")
        elif (method, asked.path) == ("GET", "/background"):
            self._send(HTTPStatus.OK, self.server.desk.job.picture, "image/jpeg")
        elif method == "GET" or asked.path not in {"/zones", "/floor", "/done"}:
            self._send_refusal(HTTPStatus.NOT_FOUND, "There is no such place.")
        elif method != ("POST" if asked.path == "/done" else "PUT"):
            self._send_refusal(HTTPStatus.METHOD_NOT_ALLOWED, "That is not how to ask for this.")
        elif asked.path == "/done":
            self.server.done = True
            self._send(HTTPStatus.OK, b"{}", _JSON)
            self.server.finish()
        else:
            self._save(asked.path)

    def _page(self, token: str) -> None:
        server = self.server
        if not server.guard.is_good(token):
            self._send_refusal(HTTPStatus.FORBIDDEN, _USED)
            return
        try:
            opening = server.desk.opening()
        except PtrackError as error:  # the token stays good for when the file is mended
            self._send_refusal(HTTPStatus.CONFLICT, f"{error}\n")
            return
        if not server.guard.admit(token):
            self._send_refusal(HTTPStatus.FORBIDDEN, _USED)
            return
        opening |= {"secret": server.guard.secret, "next": server.address, "embedded": server.guard.lasting}
        page, policy = editor_page(opening)
        framed = "" if server.guard.lasting else "; frame-ancestors 'none'"
        self._send(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8", policy + framed)

    def _save(self, path: str) -> None:
        body = self._body()
        if body is None:
            return
        desk = self.server.desk
        try:
            with self.server.lock:
                said = desk.save_zones(body) if path == "/zones" else desk.save_floor(body)
        except PtrackError as error:  # an answer for the person, not a fault of the page
            said = {"error": str(error)}
        self._send(HTTPStatus.OK, json.dumps(said).encode(), _JSON)

    def _body(self) -> dict[str, Any] | None:
        """Read the JSON object that came, or refuse it."""
        length = self.headers.get("Content-Length") or ""
        if self.headers.get_content_type() != _JSON:
            self._send_refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only application/json is taken.")
        elif not (length.isascii() and length.isdecimal()) or self.headers.get("Transfer-Encoding"):
            self._send_refusal(HTTPStatus.LENGTH_REQUIRED, "The length must be said.")
        elif int(length) > MOST:
            self._send_refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MOST} bytes are not taken.")
        else:
            return self._object(self.rfile.read(int(length)))
        return None

    def _object(self, content: bytes) -> dict[str, Any] | None:
        try:
            read = json.loads(content)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            self._send_refusal(HTTPStatus.BAD_REQUEST, "That is not a JSON object.")
            return None
        return read

    def _send_refusal(self, status: HTTPStatus, sentence: str) -> None:
        self.close_connection = True
        self._send(status, sentence.encode(), _PLAIN)

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str, policy: str = "default-src 'none'"
    ) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Security-Policy": policy, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
