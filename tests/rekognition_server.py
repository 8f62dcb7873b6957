"""An endpoint on loopback that speaks People Pathing as the service did, and its faults on request."""

import json
import re
import struct
import sys
import threading
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from pages import record
from rekognition_faults import BODIES, ODD, PAGES, REFUSALS, RefusedError
from rekognition_job import Job, without_none

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
        self.jobs, self.tokens, self.requests = {}, {}, []
        self.count, self.lock, self.sockets, self.clients = 0, threading.Lock(), set(), []
        self.errors, self.ended = [], threading.Event()

    def __enter__(self):
        owner = self

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def process_request(self, request, address):
                owner.sockets.add(request)
                super().process_request(request, address)

            def shutdown_request(self, request):
                owner.sockets.discard(request)
                super().shutdown_request(request)

            def handle_error(self, *_):
                """Keep what is wrong with this server; a client that was killed is part of the tests."""
                if not isinstance(sys.exception(), ConnectionError):
                    owner.errors.append(sys.exception())

        self.server = Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for client in self.clients:
            client.close()
        self.server.shutdown()
        self.thread.join()
        for connection in list(self.sockets):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue
        self.server.server_close()
        assert not self.errors

    def add(self, persons, *, job_id="job-1", **more):
        """Put a job there whose video was analyzed before."""
        self.jobs[job_id] = Job(job_id, persons, **more)
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

    def start(self, request):
        """Answer StartPersonTracking: one job for all requests with the same token."""
        if not request.get("Video", {}).get("S3Object", {}).get("Name"):
            raise RefusedError("InvalidParameterException", "Video is missing")
        token, asked = request.get("ClientRequestToken"), json.dumps(request, sort_keys=True)
        with self.lock:
            if token in self.tokens:
                known, job_id = self.tokens[token]
                if known != asked:
                    raise RefusedError("IdempotentParameterMismatchException", "used with other parameters")
                return {"JobId": job_id}
            job_id = sha256(f"{len(self.jobs)}".encode()).hexdigest()
            self.add([record(0)], job_id=job_id, job_tag=request.get("JobTag"), video=request["Video"])
            if token:
                self.tokens[token] = (asked, job_id)
            return {"JobId": job_id}

    def get(self, request):
        """Answer GetPersonTracking, without its faults."""
        if request.get("MaxResults", 1) < 1 or request.get("SortBy", "INDEX") not in {"INDEX", "TIMESTAMP"}:
            raise RefusedError("InvalidParameterException", "Request has invalid parameters")
        if request.get("JobId") not in self.jobs:
            raise RefusedError("ResourceNotFoundException", "Could not find JobId")
        return self.jobs[request["JobId"]].page(request)


class _Handler(BaseHTTPRequestHandler):
    owner = None
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Write no log."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.answer(body)
        except RefusedError as refused:
            self.send_error_of_aws(refused)

    def answer(self, body):
        _check_signature(self.headers, body, self.owner.url)
        operation = self.headers.get("X-Amz-Target", "").removeprefix("RekognitionService.")
        request = json.loads(body)
        self.owner.requests.append((operation, request))
        if operation == "StartPersonTracking":
            self.send(_json(self.owner.start(request)))
        elif operation == "GetPersonTracking":
            self.send_page(request, self.owner.next_fault())
        else:
            raise RefusedError("UnknownOperationException")

    def send_page(self, request, fault):
        if fault in REFUSALS:
            raise REFUSALS[fault]
        is_endless = str(fault).startswith("never ends")
        page = self.owner.get({**request, "NextToken": None} if is_endless else request)
        if fault in PAGES:
            page = without_none(PAGES[fault](page, request))
        if fault == "repeated page":
            before = self.owner.jobs[request["JobId"]].page({**request, "NextToken": None})
            page |= {"Persons": before["Persons"]}
        self.send_on_its_way(_json(page), fault)

    def send_on_its_way(self, body, fault):
        if fault == "reset":
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        if fault == "slow":
            self.owner.ended.wait()
        if fault in BODIES:
            more = {"Content-Encoding": "gzip"} if fault.startswith("gzip") else {}
            self.send(BODIES[fault](body), **more)
        elif fault in ODD:
            self.send(ODD[fault][1], status=ODD[fault][0])
        elif fault == "cut connection":
            self.send(body[: len(body) // 2], length=len(body))
            self.close_connection = True
        elif fault == "chunked":
            self.send_chunked(body)
        else:
            self.send(body)

    def send(self, body, *, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def send_chunked(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for first in range(0, len(body), 100):
            part = body[first : first + 100]
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def send_error_of_aws(self, refused):
        body = {"__type": f"com.amazonaws.rekognition#{refused.kind}", "Message": refused.message}
        self.send(_json(body), status=refused.status)


def _check_signature(headers, body, url):
    """Refuse what is not signed with the key and secret of the tests."""
    signed = _SIGNED.fullmatch(headers.get("Authorization", ""))
    if signed is None:
        raise RefusedError("MissingAuthenticationTokenException", "Missing Authentication Token")
    date, region, service, _ = signed["scope"].split("/")
    if signed["key"] != KEY or service != "rekognition":
        raise RefusedError(
            "UnrecognizedClientException", "The security token included in the request is invalid"
        )
    names = signed["headers"].split(";")
    request = AWSRequest("POST", f"{url}/", {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(KEY, SECRET), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if not date or signer.signature(text, request) != signed["signature"]:
        raise RefusedError("InvalidSignatureException", "The request signature we calculated does not match")


def _json(content):
    return json.dumps(content).encode()


@cache
def _session():
    """Keep one session, since each one reads the models of the services anew."""
    return boto3.Session(region_name=REGION)
