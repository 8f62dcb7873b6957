"""What jobs of the tests find, and the message at the end of a job."""

import json

from pages import FACE, record


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
