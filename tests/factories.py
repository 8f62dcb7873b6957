"""Small tables with answers that can be worked out in the head."""

import base64
import gzip
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.schema import DETECTIONS, POINTS, assemble
from ptrack_analysis.video import Video

WIDTH, HEIGHT = 1000, 500


def make_video(duration=None, **facts):
    """Make a video of 1000 x 500 px at 25 frames a second; ``duration`` in ms."""
    length = None if duration is None else pd.Timedelta(np.timedelta64(duration, "ms"))
    return Video(
        **{"name": "video", "width": WIDTH, "height": HEIGHT, "frame_rate": 25.0, "duration": length, **facts}
    )


def make_detections(persons: Mapping[int, Sequence[tuple]], *, box=(0.1, 0.2), faces=False):
    """Make detections: person -> (ms, x, y) of the footpoint as fractions; None as x: no body box."""
    rows = [(ms, person, x, y) for person, path in persons.items() for ms, x, y in path]
    time = np.array([row[0] for row in rows], dtype="int64")
    x = np.array([np.nan if row[2] is None else row[2] for row in rows], dtype="float64")
    y = np.array([np.nan if row[3] is None else row[3] for row in rows], dtype="float64")
    width, height = box
    none = np.isnan(x)
    arrays = {
        "timestamp": time,
        "person_index": np.array([row[1] for row in rows], dtype="int64"),
        "left": x - width / 2,
        "top": y - height,
        "width": np.where(none, np.nan, width),
        "height": np.where(none, np.nan, height),
    }
    if faces:
        arrays["face_left"] = np.where(none, 0.4, np.nan)
    return assemble(DETECTIONS, arrays)


def make_points(persons: Mapping[int, Sequence[tuple]], unit="m"):
    """Make points: person -> (ms, x, y) in the plane's unit."""
    rows = [(ms, person, x, y) for person, path in persons.items() for ms, x, y in path]
    arrays = {
        "timestamp": np.array([row[0] for row in rows], dtype="int64"),
        "person_index": np.array([row[1] for row in rows], dtype="int64"),
        "x_{u}": np.array([row[2] for row in rows], dtype="float64"),
        "y_{u}": np.array([row[3] for row in rows], dtype="float64"),
    }
    return assemble(POINTS, arrays, unit=unit)


def unpack_payload(data):
    """Read the packed arrays of an explorer's payload as the page does."""
    content, at, arrays = gzip.decompress(base64.b64decode(data["data"])), 0, {}
    for array in data["arrays"]:
        kind = np.dtype(array["type"])
        size = array["length"] * kind.itemsize
        planes = np.frombuffer(content[at : at + size], "uint8").reshape(kind.itemsize, -1)
        values = np.ascontiguousarray(planes.T).view(kind).ravel()
        arrays[array["name"]] = np.cumsum(values, dtype=kind) if kind.kind == "u" else values
        at += size
    assert at == len(content)
    return arrays
