"""Files of a simulated archive: pages, zones, floor plan, true answers, and the table of another tracker."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis import read_tracking
from simulation.detection import FRAME_RATE, LANDMARKS, Plan, Recording, record
from simulation.drawings import draw_background, draw_floor_plan
from simulation.scene import DOOR, EXTENT, HEIGHT, WIDTH, ZONES, Camera, Corners

SEED = 4  # of the archives in data/
TRACKER_SEED = 8  # of the jitter in data/tracker
PAGE_SIZE = 1000  # the service never returns more detections per page
DIGITS = 4  # decimals of the boxes in a compact archive
MARKS: Corners = (  # visible floor positions measured in the image [m]
    (0.8, 1.4),
    (4.4, 1.4),
    (10.2, 1.4),
    (0.8, 3.2),
    (10.2, 3.2),
    (3.9, 5.6),
    (7.7, 5.6),
    (4.6, 6.9),
)

ZONE_KINDS = {"entrance": "entrance", "checkout": "checkout"}

_MISSED = 0.03
_JITTER = 1.2
_NUMBERS = (11, 4, 7, 2, 9, 13, 21, 5)
_SPLIT, _SPLIT_AT, _SPLIT_NUMBER = 2, 40_000, 15

Row = dict[str, Any]


def write_archive(out: Path, plans: Sequence[Plan], seed: int = SEED) -> int:
    """Simulate videos of one shop and write their files to a folder.

    The folder gets the pages, zones, floor plan, true answers and two drawings of the shop. If the plans are
    compact, it gets pages and zones only. Files that an earlier run with the same plans wrote are replaced.

    Parameters
    ----------
    out : the folder
    plans : the videos to simulate
    seed : seed of the random numbers; the same seed produces the same bytes

    Returns
    -------
    number of detections in the pages

    Raises
    ------
    FileExistsError
        if the folder contains pages that do not belong to this archive
    """
    recordings = [record(plan, seed, number) for number, plan in enumerate(plans)]
    _refuse_strangers(out / "pages", {name for recording in recordings for name in page_names(recording)})
    for recording in recordings:
        for name, page in zip(page_names(recording), pages_of(recording, seed), strict=True):
            write_json(out / "pages" / name, page)
    write_json(out / "zones.geojson", zones_geojson(), indent=1)
    if not all(plan.compact for plan in plans):
        write_json(out / "floor.json", floor_json(), indent=1)
        write_json(out / "truth.json", truth_json(recordings), indent=1)
        write_bytes(out / "background.png", draw_background())
        write_bytes(out / "floor_plan.png", draw_floor_plan())
    return sum(len(_order(recording)) for recording in recordings)


def _refuse_strangers(folder: Path, names: set[str]) -> None:
    """Raise if a folder contains files with other names."""
    strange = sorted({path.name for path in folder.glob("*")} - names)
    if strange:
        raise FileExistsError(f"{folder} contains {strange[0]!r}, which does not belong to this archive")


def write_json(path: Path, value: Row, *, indent: int | None = None) -> None:
    """Write JSON to a file, gzipped if its name ends in ``.gz``; equal values produce equal bytes."""
    separators = (",", ":") if indent is None else (",", ": ")
    content = f"{json.dumps(value, indent=indent, separators=separators, allow_nan=False)}\n".encode()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sibling = path.with_name(f".{path.name}.part")
    sibling.write_bytes(content)
    sibling.replace(path)


# Pages of GetPersonTracking


def page_names(recording: Recording) -> list[str]:
    """Return the file names of a video's pages, in their order."""
    plan, pages = recording.plan, max(-(-len(_order(recording)) // PAGE_SIZE), 1)
    ending = "json.gz" if plan.compact else "json"
    return [f"{plan.name}-{page + 1}.{ending}" for page in range(pages)]


def pages_of(recording: Recording, seed: int) -> Iterator[Row]:
    """Split the detections of a video into pages, with tokens for the next page.

    Parameters
    ----------
    recording : the simulated video
    seed : the seed of the video, which is part of the JobId
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


def _order(recording: Recording) -> list[tuple[int, int, int]]:
    """Return timestamp [ms], person and position in the sighting of each detection, in page order."""
    return sorted(
        (timestamp, person, place)
        for person, sighting in enumerate(recording.sightings)
        for place, timestamp in enumerate(sighting.timestamps.tolist())
        if not (recording.plan.compact and np.isnan(sighting.boxes[place, 0]))
    )


def _rows(recording: Recording) -> Iterator[Row]:
    """Return all detections, by time, then by person."""
    for timestamp, number, place in _order(recording):
        sighting = recording.sightings[number]
        box, face = sighting.boxes[place].tolist(), sighting.faces[place].tolist()
        person: Row = {"Index": number}
        if recording.plan.compact:
            person["BoundingBox"] = _box([round(side, DIGITS) for side in box])
        else:  # the service omits missing boxes and faces
            person |= {} if isnan(box[0]) else {"BoundingBox": _box(box)}
            person |= {} if isnan(face[0]) else {"Face": _face(face)}
        yield {"Timestamp": timestamp, "Person": person}


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


# Zones, floor plan, true answers


def zones_geojson() -> Row:
    """Return the zones and the door as a FeatureCollection in fractions of the image."""
    zones = [
        _feature(name, "Polygon", [_in_image((*corners, corners[0]))], ZONE_KINDS.get(name))
        for name, corners in ZONES.items()
    ]
    door = _feature("door", "LineString", _in_image(DOOR), "entrance")
    return {"type": "FeatureCollection", "unit": "fraction", "features": [*zones, door]}


def floor_json() -> Row:
    """Return pairs of positions in the image and on the floor, with the bounds of the floor plan."""
    places = zip(_in_image(MARKS), MARKS, strict=True)
    pairs = [{"image": picture, "floor": list(mark)} for picture, mark in places]
    return {"unit": "m", "image_unit": "fraction", "pairs": pairs, "bounds": list(EXTENT)}


def truth_json(recordings: list[Recording]) -> Row:
    """Return the true answers for each video; intervals are half-open [ms]."""
    return {"unit": "ms", "videos": {recording.plan.name: _answers(recording) for recording in recordings}}


def _answers(recording: Recording) -> Row:
    truths, sightings = list(enumerate(recording.truths)), list(enumerate(recording.sightings))
    return {
        "duration": recording.plan.duration,
        "persons": [
            {"person_index": person, "appeared": truth.appeared, "vanished": truth.vanished}
            for person, truth in truths
        ],
        "visits": [
            {"zone": zone, "person_index": person, "entered": entered, "exited": exited}
            for person, truth in truths
            for zone, entered, exited in truth.visits
        ],
        "crossings": [
            {"line": "door", "person_index": person, "timestamp": timestamp, "direction": direction}
            for person, truth in truths
            for timestamp, direction in truth.crossings
        ],
        "gaps": [_interval(person, gap) for person, seen in sightings for gap in seen.gaps],
        "face_only": [_interval(person, part) for person, seen in sightings for part in seen.face_only],
    }


def _interval(person: int, interval: tuple[int, int]) -> Row:
    return {"person_index": person, "from": interval[0], "to": interval[1]}


def _feature(name: str, shape: str, coordinates: list[Any], kind: str | None) -> Row:
    properties = {"name": name} if kind is None else {"name": name, "kind": kind}
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _in_image(corners: Corners) -> list[list[float]]:
    """Project floor positions to the image [fraction of the frame]."""
    places: list[list[float]] = Camera().project(np.array(corners)).round(6).tolist()
    return places


# The table of another tracker


def write_tracker_table(out: Path, plans: Sequence[Plan], seed: int = SEED) -> int:
    """Simulate videos and write each as a CSV table of another tracker; return the number of boxes."""
    boxes = 0
    for number, plan in enumerate(plans):
        with TemporaryDirectory() as folder:
            recording = record(plan, seed, number)
            for name, page in zip(page_names(recording), pages_of(recording, seed), strict=True):
                write_json(Path(folder) / name, page)
            detections, _ = read_tracking(folder)
        table = tracker_table(detections, width=WIDTH, height=HEIGHT, rate=FRAME_RATE, seed=TRACKER_SEED)
        write_bytes(out / f"{plan.name}.csv", table.to_csv(index=False, lineterminator="\n").encode())
        boxes += len(table)
    return boxes


def tracker_table(
    detections: pd.DataFrame, *, width: int, height: int, rate: float, seed: int
) -> pd.DataFrame:
    """Return a table of boxes [px] with ``frame track_id x1 y1 x2 y2 confidence``, by frame.

    The person numbers differ, and one person has two. The boxes jitter by a pixel. A few are missing.

    Parameters
    ----------
    detections
        DETECTIONS of one video; detections without a body box are ignored.
    width, height
        Size of the frame [px].
    rate
        Frames per second.
    seed
        Seed of the jitter and of the missing boxes.

    Returns
    -------
    pandas.DataFrame
        One row per box.
    """
    chance = np.random.default_rng(seed)
    boxes = detections.dropna(subset=["left"])
    boxes = boxes[chance.random(len(boxes)) >= _MISSED]
    time = boxes.index.get_level_values("timestamp").to_numpy().astype("int64")
    person = boxes.index.get_level_values("person_index").to_numpy()
    jitter = chance.normal(0, _JITTER, (len(boxes), 4))
    right, bottom = boxes["left"] + boxes["width"], boxes["top"] + boxes["height"]
    split = (person == _SPLIT) & (time > _SPLIT_AT)
    sides = {
        "x1": boxes["left"] * width + jitter[:, 0],
        "y1": boxes["top"] * height + jitter[:, 1],
        "x2": right * width + jitter[:, 2],
        "y2": np.minimum(bottom * height + jitter[:, 3], height),
    }
    return pd.DataFrame(
        {
            "frame": np.rint(time * rate / 1000).astype("int64"),
            "track_id": np.where(split, _SPLIT_NUMBER, np.take(_NUMBERS, person % len(_NUMBERS))),
            **{name: np.asarray(side).round(1) for name, side in sides.items()},
            "confidence": chance.uniform(0.5, 0.98, len(boxes)).round(3),
        }
    )
