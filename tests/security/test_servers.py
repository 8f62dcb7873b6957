"""Attacks on the editor and on ``ptrack serve`` with raw requests."""

import json
import socket
import threading
import time
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
from PIL import Image

from ptrack_analysis import find_videos
from ptrack_analysis.editing import server as editing
from ptrack_analysis.editing.authentication import HEADER
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.server import EditorServer
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.sources.rekognition import server as serving
from ptrack_analysis.sources.rekognition.server import serve_tracking

TARGET = "X-Amz-Target: RekognitionService.GetPersonTracking"


@pytest.fixture(scope="module")
def tracking(data):
    """Serve the shop, and collect what the server says."""
    said = []
    with serve_tracking(find_videos(data / "shop"), envelope="gateway", say=said.append) as server:
        server.said = said
        yield server


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editor")
    Image.new("RGB", (160, 90), "gray").save(folder / "frame.png")
    files = EditorFiles(open_session(folder / "frame.png", folder / "zones.json"))
    with EditorServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture
def server(request):
    return request.getfixturevalue(request.param)


def connect(server):
    return socket.create_connection(server.server_address[:2], timeout=10)


def ask(server, *lines, body=b"", host=None):
    """Send a request as it is, and read until the server closes the connection or is silent."""
    own = f"Host: {host or '{}:{}'.format(*server.server_address[:2])}"
    head = "\r\n".join(own if line == "HOST" else line for line in lines) + "\r\n\r\n"
    with closing(connect(server)) as connection:
        connection.sendall(head.encode("latin-1") + body)
        connection.settimeout(0.4)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except TimeoutError:
            pass
    return answer


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else None


BOTH = pytest.mark.parametrize("server", ["tracking", "editor"], indirect=True)
SECRET = "SECRET"


def sent(server, *lines):
    """Write a POST that is correct except for some of its headers."""
    own = [f"{HEADER}: {server.authenticator.secret}"] if isinstance(server, EditorServer) else [TARGET]
    return ["POST /figures HTTP/1.1", "HOST", "Content-Type: application/json", *own, *lines]


@BOTH
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Content-Length: " + "9" * 5000], {413}),
        (["Content-Length: " + "9" * 19], {413}),
        (["Content-Length: -1"], {411}),
        (["Content-Length: +2"], {411}),
        (["Content-Length: 2, 2"], {411}),
        (["Content-Length: 0x2"], {411}),
        (["Content-Length: ²"], {411}),
        (["Content-Length: 2", "Content-Length: 40"], {400}),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], {411}),
        (["Content-Length: 2", "Transfer-Encoding : chunked"], {400}),
        (["no colon", "Content-Length: 2"], {400}),
        (["Content-Length: 2", "Host: other"], {400}),
        ([f"X-{number}: a" for number in range(200)], {431}),
        (["X: " + "a" * 70_000], {431}),
    ],
    ids=lambda lines: repr(lines)[:24],
)
def test_a_request_of_unclear_length_gets_one_error_and_no_second_request_is_read(server, lines, expected):
    hidden = b"{}GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = ask(server, *sent(server, *lines), body=hidden)
    assert status(answer) in expected
    assert answer.count(b"HTTP/1.") == 1
    assert not any("Traceback" in one for one in getattr(server, "said", ()))


@BOTH
@pytest.mark.parametrize("url", ["http://[::1", "//[/x?token=1", "/%", "/?%zz", "/\xff", "*"], ids=repr)
def test_a_url_that_cannot_be_read_is_answered(server, url):
    assert 400 <= status(ask(server, f"GET {url} HTTP/1.1", "HOST")) < 500


@BOTH
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "DELETE", "PATCH", "<script>"])
def test_other_methods_are_not_implemented_and_not_repeated_as_html(server, method):
    answer = ask(server, f"{method} / HTTP/1.1", "HOST", "Origin: http://evil.example")
    assert status(answer) == 501
    assert b"<script>" not in answer.partition(b"\r\n\r\n")[2] or b"application/" in answer
    assert b"Access-Control" not in answer


@BOTH
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io"]
)
@pytest.mark.parametrize("url", ["/", "/film/some-job", "/tracks", "http://127.0.0.1/"])
def test_a_name_that_dns_points_to_the_loopback_is_refused(server, host, url):
    """A web page reads answers to GET requests of its own origin, which have no Origin."""
    assert status(ask(server, f"GET {url} HTTP/1.1", "HOST", host=host)) == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "localhost:9", "[::1]:80", "a.localhost", "10.0.0.1"]
)
def test_local_names_and_addresses_are_answered(tracking, host):
    assert b"ResourceNotFound" in ask(tracking, "GET /job HTTP/1.1", "HOST", host=host)


def test_a_public_server_answers_to_any_name(data):
    with serve_tracking(find_videos(data / "shop"), host="0.0.0.0", envelope="gateway") as server:  # noqa: S104
        answer = ask(server, "GET /job HTTP/1.1", "HOST", host="tracking.internal:8080")
        assert b"ResourceNotFound" in answer


@pytest.mark.parametrize(
    "url",
    ["/../../etc/passwd", "/%2e%2e%2fetc%2fpasswd", "/?JobId=../../etc/passwd", "/?NextToken=../x&JobId=a"],
)
def test_no_path_leads_to_a_file(tracking, url):
    answer = ask(tracking, f"GET {url} HTTP/1.1", "HOST")
    assert 400 <= status(answer) < 500
    assert b"root:" not in answer


def test_connections_beyond_the_limit_get_an_error_until_others_are_closed(data, monkeypatch):
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
    with serve_tracking(find_videos(data / "shop"), envelope="gateway") as server, ExitStack() as stack:
        held = [stack.enter_context(closing(connect(server))) for _ in range(3)]
        for connection in held:
            connection.sendall(b"GET / HTTP/1.1\r\nX: slow")
        assert status(ask(server, "GET /job HTTP/1.1", "HOST")) == 503
        for connection in held:
            connection.close()
        for _ in range(50):
            if status(answer := ask(server, "GET /job HTTP/1.1", "HOST", "Connection: close")) != 503:
                break
        assert b"ResourceNotFound" in answer


def test_the_editor_closes_connections_beyond_its_limit(editor, monkeypatch):
    monkeypatch.setattr(editing, "MAX_CONNECTIONS", 3)
    with ExitStack() as stack:
        held = [stack.enter_context(closing(connect(editor))) for _ in range(3)]
        for connection in held:
            connection.sendall(b"GET / HTTP/1.1\r\nX: slow")
        with closing(connect(editor)) as connection:
            assert connection.recv(1000) == b""


def test_a_slow_request_is_given_up(data, monkeypatch):
    monkeypatch.setattr(serving.TrackingHandler, "timeout", 0.2)
    with serve_tracking(find_videos(data / "shop"), envelope="gateway") as server:
        head = ["POST / HTTP/1.1", "Host: localhost", TARGET, "Content-Length: 100"]
        with closing(connect(server)) as connection:
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n{")
            assert connection.recv(1000) == b""


def test_headers_that_arrive_byte_by_byte_are_given_up(data, monkeypatch):
    monkeypatch.setattr(serving, "_HEAD_DEADLINE", 0.3)
    with serve_tracking(find_videos(data / "shop")) as server, closing(connect(server)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            send_slowly(connection)


def send_slowly(connection):
    """Send 500 bytes, one every 20 ms."""
    for _ in range(500):
        connection.sendall(b"x")
        time.sleep(0.02)


def test_the_token_of_the_editor_is_not_passed_on(editor, capfd):
    """It is in no log, and the page sends no Referer to other sites and reads it from no other page."""
    address = urlsplit(editor.create_address())
    token = address.query.removeprefix("token=")
    answer = ask(editor, f"GET /?{address.query} HTTP/1.1", "HOST")
    head, _, page = answer.partition(b"\r\n\r\n")
    assert status(answer) == 200
    assert b"Referrer-Policy: same-origin" in head
    assert b"Cache-Control: no-store" in head
    assert b"frame-ancestors 'none'" in head
    assert token.encode() not in page
    assert token not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"1" * 5000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b"NaN",
        json.dumps({"features": [[]] * 9}).encode(),
    ],
    ids=["deep list", "long number", "deep object", "no text", "nan", "lists"],
)
@pytest.mark.parametrize("path", ["/zones", "/floor", "/figures"])
def test_any_body_gets_an_answer_of_the_editor(editor, path, body):
    method = "POST" if path == "/figures" else "PUT"
    lines = [f"{method} {path} HTTP/1.1", *sent(editor, f"Content-Length: {len(body)}")[1:]]
    answer = ask(editor, *lines, body=body)
    assert status(answer) in {200, 400}
    assert status(answer) == 400 or b'"error"' in answer
