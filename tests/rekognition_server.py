"""The server of the package on loopback, with checked signatures and with faults on request."""

import json
import re
import struct
import sys
import tempfile
import threading
from functools import cache, partial
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import boto3
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from pages import METADATA, record
from rekognition_faults import BODIES, ODD, PAGES, REFUSALS

from ptrack_analysis import read_tracking
from ptrack_analysis.sources.rekognition.requests import ServiceError
from ptrack_analysis.sources.rekognition.served_videos import ServedVideo
from ptrack_analysis.sources.rekognition.server import TrackingHandler, TrackingServer
from ptrack_analysis.sources.rekognition.service import Job, TrackingService

KEY, SECRET, REGION = "test-key", "test-secret", "us-east-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_CONFIG_FILE": "/nonexistent",
    "NO_PROXY": "127.0.0.1",
}
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


class RekognitionServer:
    """The endpoint: ``with RekognitionServer() as server`` answers at ``server.url``.

    ``faults`` maps the number of a GetPersonTracking request, counted from 1, to the name of a fault (see
    ``rekognition_faults``), or is a function from the number to a name or None. ``requests`` is what was
    asked. The fault ``slow`` holds the answer back until the server ends.
    """

    def __init__(self, *, faults=None):
        self.faults = faults or {}
        self.requests, self.clients, self.errors, self.said, self.states = [], [], [], [], {}
        self.count, self.lock, self.ended = 0, threading.Lock(), threading.Event()
        self.service = _Service([], say=self.said.append)

    def __enter__(self):
        owner = self

        class Server(TrackingServer):
            def handle_error(self, *_):
                """Keep what is wrong with this server; a client that was killed is part of the tests."""
                if not isinstance(sys.exception(), ConnectionError):
                    owner.errors.append(sys.exception())

        self.server = Server(self.service, handler=type("Handler", (_Handler,), {"owner": self})).start()
        self.url = self.server.url
        return self

    def __exit__(self, *_):
        self.ended.set()
        for client in self.clients:
            client.close()
        self.server.close()
        assert not [*self.errors, *(said for said in self.said if "Traceback" in said)]

    @property
    def jobs(self):
        return self.service.jobs

    def add(self, persons, *, job_id="job-1", metadata=METADATA, job_tag=None, **state):
        """Add a finished job that found some persons.

        ``state`` changes its answers: ``in_progress`` is the number of requests for which it is in progress,
        ``failed`` the message with which it failed, ``last_token`` the NextToken of its last page.
        """
        facts = metadata and metadata | {"DurationMillis": 60_000}
        members = _without_none(
            {"JobTag": job_tag, "Video": {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}}
        )
        self.jobs[job_id] = Job(job_id, _make_video(persons, facts), members)
        self.states[job_id] = state
        return job_id

    def client(self, service="rekognition", *, attempts=1, read_timeout=60, secret=SECRET, key=KEY):
        """Make a client of this endpoint that signs its requests; it is closed with the server."""
        client = _session().client(
            service,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=read_timeout
            ),
        )
        self.clients.append(client)
        return client

    def heal(self):
        """Have no more faults."""
        self.faults = {}

    def next_fault(self):
        """Count a request for a page, and give its fault."""
        with self.lock:
            self.count += 1
            return (self.faults if callable(self.faults) else self.faults.get)(self.count)

    def get(self, request):
        """Answer GetPersonTracking, without its faults; give the bytes, and the page that they are."""
        content = self.service.answer("GetPersonTracking", json.dumps(request).encode())
        page, state = json.loads(content), self.states.get(request["JobId"], {})
        if state.get("in_progress", 0) > 0:
            state["in_progress"] -= 1
            page = {"JobStatus": "IN_PROGRESS", "Persons": [], "JobId": request["JobId"]}
        elif "failed" in state:
            page = {"JobStatus": "FAILED", "StatusMessage": state["failed"], "Persons": []}
        elif "last_token" in state:
            page = {"NextToken": state["last_token"]} | page
        return content, page


class _Service(TrackingService):
    """A service to which every video is known; a job finds one person."""

    def find_video(self, _):
        return _make_video([record(0)], METADATA)


def _make_video(persons, metadata):
    return ServedVideo("a", partial(_read_persons, {"VideoMetadata": metadata, "Persons": persons}))


def _read_persons(page):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.json")
        file.write_text(json.dumps(page))
        return read_tracking(file, landmarks=True)


class _Handler(TrackingHandler):
    owner = None

    def do_POST(self):  # noqa: N802 - of http.server
        try:
            body, operation = self.read_body(), self.find_operation()
            _check_signature(self.headers, body, self.owner.url)
            self.owner.requests.append((operation, json.loads(body)))
            if operation == "GetPersonTracking":
                self.send_page(json.loads(body), self.owner.next_fault())
            else:
                self.send_content(self.owner.service.answer(operation, body))
        except ServiceError as refused:
            self.send_service_error(refused)

    def send_page(self, request, fault):
        if fault in REFUSALS:
            raise REFUSALS[fault]
        is_endless = str(fault).startswith("never ends")
        content, page = self.owner.get({**request, "NextToken": None} if is_endless else request)
        if fault in PAGES:
            page = _without_none(PAGES[fault](page, request))
        if fault == "repeated page":
            page |= {"Persons": self.owner.get({**request, "NextToken": None})[1]["Persons"]}
        is_unchanged = page == json.loads(content)
        self.send_on_its_way(content if is_unchanged else msgspec.json.encode(page), fault)

    def send_on_its_way(self, body, fault):
        if fault == "reset":
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        if fault == "slow":
            self.owner.ended.wait()
        if fault in BODIES:
            more = {"Content-Encoding": "gzip"} if fault.startswith("gzip") else {}
            self.send_content(BODIES[fault](body), headers=more)
        elif fault in ODD:
            self.send_content(ODD[fault][1], status=ODD[fault][0])
        elif fault == "cut connection":
            self.send_content(body[: len(body) // 2], length=len(body))
            self.close_connection = True
        elif fault == "chunked":
            self.send_chunked(body)
        else:
            self.send_content(body)

    def send_chunked(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for first in range(0, len(body), 100):
            part = body[first : first + 100]
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


def _without_none(page):
    return {name: value for name, value in page.items() if value is not None}


def _check_signature(headers, body, url):
    """Refuse what is not signed with the key and secret of the tests."""
    signed = _SIGNED.fullmatch(headers.get("Authorization", ""))
    if signed is None:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    date, region, service, _ = signed["scope"].split("/")
    if signed["key"] != KEY or service != "rekognition":
        raise ServiceError(
            "UnrecognizedClientException", "The security token included in the request is invalid"
        )
    names = signed["headers"].split(";")
    request = AWSRequest("POST", f"{url}/", {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(KEY, SECRET), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if not date or signer.signature(text, request) != signed["signature"]:
        raise ServiceError("InvalidSignatureException", "The request signature we calculated does not match")


@cache
def _session():
    """Keep one session, since each one reads the models of the services anew."""
    return boto3.Session(region_name=REGION)
