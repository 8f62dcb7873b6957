"""Jobs of People Pathing as the service answers for them."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from pages import FACE, METADATA, record
from rekognition_faults import RefusedError

CAP = 1000


@dataclass
class Job:
    """A job: what it found, and what it says until it has ended."""

    job_id: str
    persons: list
    metadata: dict = field(default_factory=lambda: METADATA | {"DurationMillis": 60_000})
    in_progress: int = 0
    failed: str | None = None
    last_token: str | None = None
    job_tag: str | None = None
    video: dict = field(default_factory=lambda: {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}})

    def sorted_by(self, order):
        """Sort by time, or by person and within a person by the confidence of the face."""
        if order == "TIMESTAMP":
            return sorted(self.persons, key=lambda row: (row["Timestamp"], row["Person"]["Index"]))
        return sorted(self.persons, key=lambda row: (row["Person"]["Index"], -_confidence(row)))

    def page(self, request):
        """Answer GetPersonTracking; the same question gives the same bytes."""
        if self.in_progress > 0:
            self.in_progress -= 1
            return {"JobStatus": "IN_PROGRESS", "Persons": [], "JobId": self.job_id}
        if self.failed:
            return {"JobStatus": "FAILED", "StatusMessage": self.failed, "Persons": [], "JobId": self.job_id}
        order, most = request.get("SortBy", "TIMESTAMP"), min(request.get("MaxResults", CAP), CAP)
        rows = self.sorted_by(order)
        first = self.find_stretch(request.get("NextToken"), order)
        page = {
            "JobStatus": "SUCCEEDED",
            "VideoMetadata": self.metadata,
            "Persons": rows[first : first + most],
        }
        token = self.token(first + most, order) if first + most < len(rows) else self.last_token
        more = {"JobId": self.job_id, "Video": self.video, "NextToken": token, "JobTag": self.job_tag}
        return without_none(page | more)

    def token(self, place, order):
        """Name a place in the rows of one order by a token that only this job understands."""
        return f"{place}-{sha256(f'{self.job_id} {order} {place}'.encode()).hexdigest()[:40]}"

    def find_stretch(self, token, order):
        """Read a token of this job and order."""
        if token is None:
            return 0
        place = token.partition("-")[0]
        if not place.isdecimal() or token != self.token(int(place), order):
            raise RefusedError("InvalidPaginationTokenException", "Pagination token is invalid")
        return int(place)


def completion_message(job_id="job-1", status="SUCCEEDED", **more):
    """Write the message that the service publishes at a job's end."""
    video = {"S3ObjectName": "a.mp4", "S3Bucket": "videos"}
    message = {
        "JobId": job_id,
        "Status": status,
        "API": "StartPersonTracking",
        "Timestamp": 1_700_000_000_000,
    }
    return json.dumps(message | {"Video": video, "Unknown": [1]} | more)


def people(count):
    """Make detections of three persons, some of them with a face of its own confidence."""
    return [
        record(
            40 * place, place % 3, face=FACE | {"Confidence": 50.0 + place * 7 % 50} if place % 2 else None
        )
        for place in range(count)
    ]


def _confidence(row):
    return row["Person"].get("Face", {}).get("Confidence", 0)


def without_none(page):
    return {name: value for name, value in page.items() if value is not None}
