"""A recording as GetPersonTracking pages, on disk."""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.simulate.detector import LANDMARKS
from ptrack_analysis.simulate.recording import FRAME_RATE, Recording
from ptrack_analysis.simulate.scene import HEIGHT, WIDTH

PAGE_SIZE = 1000  # the service never gives more persons a page

Row = dict[str, Any]


def page_names(recording: Recording) -> list[str]:
    """Give the file names of a video's pages, in their order."""
    detections = sum(len(sighting.timestamps) for sighting in recording.sightings)
    return [f"{recording.plan.name}-{page + 1}.json" for page in range(max(-(-detections // PAGE_SIZE), 1))]


def pages_of(recording: Recording, seed: int) -> Iterator[Row]:
    """Cut what the service reports of a video into pages, each with a token for the next but the last.

    Parameters
    ----------
    recording : the simulated video
    seed : what it was made from; it goes into the job's id
    """
    name, count, rows = recording.plan.name, len(page_names(recording)), _rows(recording)
    job_id = sha256(f"{name} {seed}".encode()).hexdigest()
    for number in range(1, count + 1):
        page: Row = {"JobStatus": "SUCCEEDED", "VideoMetadata": _metadata(recording)}
        if number < count:
            page["NextToken"] = b64encode(sha256(f"{job_id} {number}".encode()).digest() * 2).decode()
        page["Persons"] = list(islice(rows, PAGE_SIZE))
        page["JobId"] = job_id
        page["Video"] = {"S3Object": {"Bucket": "example-bucket", "Name": f"{name}.mp4"}}
        page["JobTag"] = name
        yield page


def write_json(path: Path, value: Row, *, indent: int | None = None) -> None:
    """Write JSON such that the file is there whole or not at all; the same value gives the same bytes."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, indent=indent, separators=separators, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file such that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sibling = path.with_name(f".{path.name}.part")
    sibling.write_bytes(content)
    sibling.replace(path)


def _metadata(recording: Recording) -> Row:
    return {
        "Codec": "h264",
        "DurationMillis": recording.plan.duration,
        "Format": "QuickTime / MOV",
        "FrameRate": FRAME_RATE,
        "FrameHeight": HEIGHT,
        "FrameWidth": WIDTH,
        "ColorRange": "LIMITED",
    }


def _rows(recording: Recording) -> Iterator[Row]:
    """Give all detections, by time, then by number of the person."""
    sightings = recording.sightings
    timestamps = np.concatenate([sighting.timestamps for sighting in sightings])
    persons = np.repeat(np.arange(len(sightings)), [len(sighting.timestamps) for sighting in sightings])
    boxes = np.concatenate([sighting.boxes for sighting in sightings])
    faces = np.concatenate([sighting.faces for sighting in sightings])
    order = np.lexsort((persons, timestamps))
    for place in order:
        timestamp, person = int(timestamps[place]), int(persons[place])
        yield {
            "Timestamp": timestamp,
            "Person": _person(person, boxes[place].tolist(), faces[place].tolist()),
        }


def _person(index: int, box: list[float], face: list[float]) -> Row:
    """Leave out what was not found, as the service does."""
    person: Row = {"Index": index}
    if not isnan(box[0]):
        person["BoundingBox"] = _box(box)
    if not isnan(face[0]):
        person["Face"] = _face(face)
    return person


def _box(box: list[float]) -> Row:
    left, top, width, height = box
    return {"Width": width, "Height": height, "Left": left, "Top": top}


def _face(face: list[float]) -> Row:
    roll, yaw, pitch, brightness, sharpness, confidence = face[14:]
    places = zip(LANDMARKS, face[4:14:2], face[5:14:2], strict=True)
    return {
        "BoundingBox": _box(face[:4]),
        "Landmarks": [{"Type": kind, "X": x, "Y": y} for kind, x, y in places],
        "Pose": {"Roll": roll, "Yaw": yaw, "Pitch": pitch},
        "Quality": {"Brightness": brightness, "Sharpness": sharpness},
        "Confidence": confidence,
    }
