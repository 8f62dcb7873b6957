"""Requests to the two servers, answered in this process without a socket."""

import io
import json
import os
from functools import cache
from http.client import HTTPException, HTTPResponse

from ptrack_analysis.editing.server import EditorServer
from ptrack_analysis.editing.server import _Handler as EditorHandler
from ptrack_analysis.sources.rekognition.server import TrackingHandler, TrackingServer

ADDRESS = ("127.0.0.1", 8080)
SECRET = "secret"


class _Unbound:
    """A server without a port."""

    def server_bind(self):
        self.server_address = ADDRESS

    def server_activate(self):
        self.server_close()


class Tracking(_Unbound, TrackingServer):
    """``ptrack serve``."""


class Editor(_Unbound, EditorServer):
    """The zone editor, with a known token and secret."""

    def __init__(self, files):
        super().__init__(files)
        self.authenticator.secret = SECRET
        self.authenticator._expiries = {SECRET: float("inf")}

    def finish(self):
        """Do not wait for a thread, because there is none."""


class _Stream(io.BytesIO):
    """Bytes that can still be read after the file was closed."""

    def close(self):
        pass


class _Connection:
    """What a handler needs of a socket: the bytes that came, and a file for the answer."""

    def __init__(self, content):
        self.came, self.went = _Stream(content), _Stream()

    def makefile(self, mode, *_):
        return self.came if "r" in mode else self.went

    def sendall(self, content):
        self.went.write(content)

    def recv(self, size):
        return self.came.read(size)

    def fileno(self):
        return _open_null()

    def settimeout(self, _):
        pass

    setsockopt = shutdown = lambda *_: None


@cache
def _open_null():
    return os.open(os.devnull, os.O_RDONLY)


def ask(server, content):
    """Answer all requests of a connection; return the status and the body of each complete answer."""
    connection = _Connection(content)
    handler = EditorHandler if isinstance(server, EditorServer) else TrackingHandler
    handler(connection, ADDRESS, server)
    return [*_parse(_Stream(connection.went.getvalue()))]


class _Answers:
    def __init__(self, stream):
        self.stream = stream

    def makefile(self, _):
        return self.stream


def _parse(stream):
    """Parse answers up to one of HTTP/0.9 or to HEAD, which have no header or no body."""
    size = len(stream.getvalue())
    while stream.tell() < size and stream.getvalue()[stream.tell() :].startswith(b"HTTP/1."):
        answer = HTTPResponse(_Answers(stream))
        try:
            answer.begin()
            yield answer.status, answer.read()
        except HTTPException:
            return


def build_request(said):
    """Return the bytes of a described request; the length of its body is right unless described."""
    body = said.get("body", "")
    body = (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "surrogatepass")
    headers = {"Host": "127.0.0.1:8080", "Content-Length": len(body), **said.get("headers", {})}
    lines = [f"{said.get('method', 'POST')} {said.get('path', '/')} {said.get('version', 'HTTP/1.1')}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body
