"""Fetching from an HTTP gateway on loopback: its form, its faults, and the same guarantees."""

import gc
import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from rekognition_job import people
from rekognition_server import RekognitionServer

from ptrack_analysis import read_tracking
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import IncompleteError, JobError, MixedError, ParameterError, RemoteError
from ptrack_analysis.sources.rekognition import answers, gateway
from ptrack_analysis.sources.rekognition.fetch import fetch_pages
from tests.pages import page, record

PAGES = [page(record(80 * number), token=f"t{number + 1}" if number < 2 else None) for number in range(3)]
BUSY = {"success": False, "error": {"code": "UNAVAILABLE", "message": "try again"}}


class GatewayServer:
    """A gateway whose answers may be replaced: ``faults`` maps the number of a request to (status, body)."""

    def __init__(self):
        self.faults, self.requests = {}, []

    def __enter__(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                owner.requests.append((urlsplit(self.path).path, query))
                number = int(query.get("NextToken", "t0")[1:])
                fault = owner.faults.get(len(owner.requests), owner.faults.get("all"))
                status, body = fault or (200, {"success": True, "data": PAGES[number]})
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                length = len(raw) + 10 if status == 200 and raw.endswith(b"CUT") else len(raw)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jobs/{{job}}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server():
    with GatewayServer() as running:
        yield running


def fetch(server, folder, **more):
    return fetch_pages("job-1", folder, gateway=server.url, **{"sleep": lambda _: None} | more)


def test_pages_are_fetched_with_query_parameters_and_taken_out_of_their_envelope(tmp_path, server):
    done = fetch(server, tmp_path / "a", max_results=7)
    assert (done.pages, done.complete) == (3, True)
    first, second, _ = server.requests
    assert first == ("/jobs/job-1", {"SortBy": "TIMESTAMP", "MaxResults": "7"})
    assert second[1]["NextToken"] == "t1"
    assert json.loads((tmp_path / "a" / "000001.json").read_bytes()) == PAGES[0]
    assert len(read_tracking(tmp_path / "a")[0]) == 3


OVERCOME = {
    "busy": (503, BUSY),
    "no JSON": (502, b"<html>"),
    "a cut body": (200, b'{"success": true, CUT'),
    "an empty body": (200, b""),
    "an envelope without a page": (200, {"success": True, "data": {}}),
    "too many requests": (429, BUSY),
    "in progress": (200, {"success": True, "data": {"JobStatus": "IN_PROGRESS", "Persons": []}}),
}


@pytest.mark.parametrize("fault", OVERCOME.values(), ids=OVERCOME)
def test_a_fault_that_comes_once_is_overcome(tmp_path, server, fault):
    server.faults = {2: fault}
    assert fetch(server, tmp_path / "a").complete
    assert len(read_tracking(tmp_path / "a")[0]) == 3


REFUSED = {
    "an error of the service": (
        (400, {"success": False, "error": {"code": "VALIDATION_ERROR", "message": "bad job"}}),
        RemoteError,
        "VALIDATION_ERROR: bad job",
    ),
    "an error with status 200": ((200, BUSY), RemoteError, "UNAVAILABLE: try again"),
    "busy": ((503, BUSY), RemoteError, "try again .5 attempts"),
    "no such job": ((404, b"nothing"), RemoteError, "HTTP status 404 .* Check --gateway"),
    "another job": ((200, {"success": True, "data": page(record(), job="b")}), MixedError, "to job 'b'"),
    "a repeated page": ((200, {"success": True, "data": PAGES[0]}), RemoteError, "repeats an earlier one"),
}


@pytest.mark.parametrize(("fault", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_a_fault_that_stays_is_an_error_and_a_rerun_completes(tmp_path, server, fault, kind, said):
    server.faults = dict.fromkeys(range(2, 30), fault)
    with pytest.raises(kind, match=said):
        fetch(server, tmp_path / "a")
    with pytest.raises(IncompleteError):
        read_tracking(tmp_path / "a")
    server.faults = {}
    assert fetch(server, tmp_path / "a").complete
    assert len(read_tracking(tmp_path / "a")[0]) == 3


def test_an_expired_token_begins_anew(tmp_path, server):
    expired = {"success": False, "error": {"code": "InvalidPaginationTokenException", "message": "expired"}}
    server.faults = {2: (400, expired)}
    assert fetch(server, tmp_path / "a").restarts == 1


def test_a_job_in_progress_is_an_error_at_the_deadline_or_without_waiting(tmp_path, server):
    server.faults = {"all": OVERCOME["in progress"]}
    with pytest.raises(JobError, match="IN_PROGRESS"):
        fetch(server, tmp_path / "a", wait=False)
    assert len(server.requests) == 1
    time, pauses = [0.0], []

    def sleep(pause):
        pauses.append(pause)
        time[0] += pause

    with pytest.raises(JobError, match="IN_PROGRESS"):
        fetch(server, tmp_path / "a", deadline="10s", sleep=sleep, clock=lambda: time[0])
    assert sum(pauses) == 10
    assert pauses[:3] == [1.0, 1.5, 2.25]


@pytest.mark.parametrize(
    ("name", "value", "said"), [("LARGEST", 100, "larger"), ("PAGE_DEADLINE", -1, "not complete")]
)
def test_an_answer_is_bounded_while_it_arrives(tmp_path, server, monkeypatch, name, value, said):
    monkeypatch.setattr(gateway, name, value)
    with pytest.raises(RemoteError, match=said):
        fetch(server, tmp_path / "a")


def test_a_url_that_is_none_and_both_sources_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="--gateway"):
        fetch_pages("job-1", tmp_path, gateway="file:///etc/passwd")
    with pytest.raises(ParameterError, match="either client or gateway"):
        fetch_pages("job-1", tmp_path, gateway="http://a", client=object())
    with pytest.raises(RemoteError, match="cannot be reached"):
        fetch_pages("job-1", tmp_path, gateway="http://127.0.0.1:9/", sleep=lambda _: None)


def test_the_shell_fetches_from_a_gateway(tmp_path, server, capsys):
    assert main(["fetch", "job-1", str(tmp_path / "a"), "--gateway", server.url]) == 0
    assert "complete, 3 pages" in capsys.readouterr().out
    server.faults = {"all": OVERCOME["in progress"]}
    assert main(["fetch", "job-1", str(tmp_path / "b"), "--gateway", server.url, "--no-wait"]) != 0
    assert "IN_PROGRESS" in capsys.readouterr().err


def test_an_answer_of_the_service_is_bounded_while_it_arrives(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "PAGE_DEADLINE", -1)
    monkeypatch.setattr(answers, "_list_handlers", lambda *_: [])  # other tests may have loaded moto's
    with RekognitionServer() as service:
        service.add(people(3))
        with pytest.raises(RemoteError, match="not complete after"):
            fetch_pages("job-1", tmp_path / "a", client=service.client(), sleep=lambda _: None)


def test_the_job_is_a_query_parameter_where_the_url_has_no_place_for_it(tmp_path, server):
    url = server.url.replace("/{job}", "?stage=test")
    assert fetch_pages("job-1", tmp_path / "a", gateway=url, sleep=lambda _: None).complete
    path, query = server.requests[0]
    assert path == "/jobs"
    assert query == {"stage": "test", "JobId": "job-1", "SortBy": "TIMESTAMP", "MaxResults": "1000"}


class Drip:
    """A server whose answers come one byte every 20 ms and never end, after ``start``."""

    def __init__(self, start=b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"):
        self.start = start

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()
        return self

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            if self.ended.is_set():
                connection.close()
                return
            self.threads.append(threading.Thread(target=self.answer, args=(connection,)))
            self.threads[-1].start()

    def answer(self, connection):
        with connection:
            connection.recv(65536)
            with suppress(OSError):
                connection.sendall(self.start)
                while not self.ended.wait(0.02):
                    connection.sendall(b" ")

    def __exit__(self, *_):
        self.ended.set()
        socket.create_connection(self.socket.getsockname()).close()
        for thread in self.threads:
            thread.join()
        self.socket.close()


HEADERS = b"HTTP/1.1 200 OK\r\nX: "


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the connection is abandoned
@pytest.mark.parametrize("drip", [Drip(), Drip(HEADERS)], ids=["body", "headers"])
@pytest.mark.parametrize("through", ["client", "gateway"])
def test_an_answer_that_never_ends_is_given_up_at_the_deadline(tmp_path, monkeypatch, through, drip):
    for module in (answers, gateway):
        monkeypatch.setattr(module, "PAGE_DEADLINE", 0.2)
        monkeypatch.setattr(module, "PAUSES", ())
    monkeypatch.setattr(answers, "_list_handlers", lambda *_: [])  # other tests may have loaded moto's
    before = set(threading.enumerate())
    with drip:
        service = {"gateway": drip.url}
        if through == "client":
            service = {
                "client": boto3.client(
                    "rekognition",
                    endpoint_url=drip.url,
                    region_name="us-east-1",
                    aws_access_key_id="a",
                    aws_secret_access_key="b",
                )
            }
        with pytest.raises(RemoteError, match=r"not complete after 0\.2 s"):
            fetch_pages("job-1", tmp_path / "a", sleep=lambda _: None, **service)
    for thread in set(threading.enumerate()) - before:
        thread.join()
    gc.collect()
