"""Pages of GetPersonTracking, made by hand."""

import json

METADATA = {
    "Codec": "h264",
    "DurationMillis": 1000,
    "Format": "QuickTime / MOV",
    "FrameRate": 25.0,
    "FrameHeight": 500,
    "FrameWidth": 1000,
    "ColorRange": "LIMITED",
}
FACE = {
    "BoundingBox": {"Width": 0.1, "Height": 0.1, "Left": 0.4, "Top": 0.2},
    "Landmarks": [
        {"Type": kind, "X": 0.41 + 0.01 * place, "Y": 0.25}
        for place, kind in enumerate(("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"))
    ],
    "Pose": {"Roll": -1.0, "Yaw": 10.0, "Pitch": 2.0},
    "Quality": {"Brightness": 60.0, "Sharpness": 70.0},
    "Confidence": 99.5,
}


def record(timestamp=0, index=0, *, box=(0.4, 0.2, 0.1, 0.4), face=None):
    """Make one element of Persons; the box is left, top, width, height."""
    person = {"Index": index}
    if box is not None:
        person["BoundingBox"] = dict(zip(("Left", "Top", "Width", "Height"), box, strict=True))
    if face is not None:
        person["Face"] = face
    return {"Timestamp": timestamp, "Person": person}


def page(*records, token=None, job="job-1", **more):
    """Make one page; further members replace or add to the usual ones, None takes one away.

    The duration is unknown if a record is later.
    """
    facts = dict(METADATA)
    times = [one["Timestamp"] for one in records if isinstance(one.get("Timestamp"), int)]
    if max(times, default=0) > facts["DurationMillis"]:
        facts.pop("DurationMillis")
    made = {"JobStatus": "SUCCEEDED", "VideoMetadata": facts, "Persons": list(records)}
    made |= {"NextToken": token, "JobId": job} | more
    return {name: value for name, value in made.items() if value is not None}


def write(path, content):
    """Write JSON (or text, or bytes) to a file, making its folder; give the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path
