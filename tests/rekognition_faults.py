"""What can go wrong on the way to an endpoint and back, by name."""

import gzip
import json
from functools import cache
from hashlib import sha256

from ptrack_analysis.sources.rekognition.requests import ServiceError


def _other_metadata(page):
    return page | {"VideoMetadata": page["VideoMetadata"] | {"FrameWidth": 999}}


def _endless(page, request):
    """Answer without persons, with a token that was never there before."""
    return page | {"Persons": [], "NextToken": f"on-{_digest(request)}"}


def _endless_rows(page, request):
    """Answer with persons that were never there before."""
    later = [row | {"Timestamp": int(_digest(request)[:12], 16)} for row in page["Persons"]]
    return _endless(page, request) | {"Persons": later}


def _digest(request):
    return sha256(json.dumps(request).encode()).hexdigest()


@cache
def _bomb():
    return gzip.compress(b" " * 2**27, 1, mtime=0)


PAGES = {
    "repeated token": lambda page, request: (
        page | {"NextToken": request.get("NextToken", page.get("NextToken"))}
    ),
    "other metadata": lambda page, _: _other_metadata(page),
    "other job": lambda page, _: page | {"JobId": "job-of-others"},
    "in progress": lambda *_: {"JobStatus": "IN_PROGRESS", "Persons": []},
    "failed": lambda *_: {"JobStatus": "FAILED", "StatusMessage": "odd codec", "Persons": []},
    "never ends": _endless,
    "never ends with rows": _endless_rows,
    "no status": lambda page, _: {key: page[key] for key in page if key != "JobStatus"},
    "no persons": lambda page, _: {key: page[key] for key in page if key != "Persons"},
}
"""Faults that change a page."""
BODIES = {
    "truncated": lambda body: body[: len(body) // 2],
    "empty": lambda _: b"",
    "html": lambda _: b"<html><body>Bad gateway</body></html>",
    "null": lambda _: b"null",
    "a list": lambda _: b"[]",
    "a number": lambda _: b"7",
    "deep": lambda _: b'{"JobStatus": ' + b"[" * 100_000,
    "not UTF-8": lambda body: body.replace(b"h264", b"h\xff64"),
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "gzip cut": lambda body: gzip.compress(body, mtime=0)[:-30],
    "gzip bomb": lambda _: _bomb(),
    "gzip of HTML": lambda _: gzip.compress(b"<html>", mtime=0),
}
"""Faults that change the body of an answer with status 200."""
REFUSALS = {
    "throttling": ServiceError("ThrottlingException", "Rate exceeded"),
    "throughput": ServiceError("ProvisionedThroughputExceededException", "Too many requests"),
    "500": ServiceError("InternalServerError", "internal", 500),
    "503": ServiceError("ServiceUnavailable", "busy", 503),
    "expired": ServiceError("InvalidPaginationTokenException", "Pagination token has expired"),
    "access denied": ServiceError("AccessDeniedException", "not authorized"),
    "unknown operation": ServiceError("UnknownOperationException"),
    "expired credentials": ServiceError("ExpiredTokenException", "The security token has expired"),
}
"""Faults that are errors in the form of AWS."""
ODD = {"500 of HTML": (500, b"<html>"), "500 of null": (500, b"null"), "500 not UTF-8": (500, b"\xff\xfe")}
"""Faults that are errors in no form at all."""
WAYS = ("reset", "slow", "cut connection", "chunked", "repeated page")
"""Faults of the way on which the answer comes (a chunked one is none), and one that needs the page before."""
FAULTS = (*PAGES, *BODIES, *REFUSALS, *ODD, *WAYS)
