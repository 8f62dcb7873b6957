"""Archives of many videos: pages as the service writes them, made from random walks, fast and seeded."""

import json
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DETECTIONS = 26_000
"""Detections of a video, on average."""
PAGE = 1000
_PART = 1_000_000  # detections that are made at once
SEED = 6
_LONGEST = 400
_AT_ONCE = 6
_FACES, _ONLY_FACES = 0.25, 0.06
_BLOCK = 40
_LANDMARKS = ("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose")
_BOX = '"BoundingBox":{"Width":%s,"Height":%s,"Left":%s,"Top":%s}'
_FACE = (
    '"Face":{'
    + _BOX
    + ',"Landmarks":['
    + ",".join('{"Type":"' + name + '","X":%s,"Y":%s}' for name in _LANDMARKS)
    + '],"Pose":{"Roll":%s,"Yaw":%s,"Pitch":%s},"Quality":{"Brightness":%s,"Sharpness":%s},"Confidence":%s}'
)
_ZONES = {
    "entrance": [(0.0, 0.0), (0.3, 0.0), (0.3, 1.0), (0.0, 1.0)],
    "shelves": [(0.3, 0.0), (1.0, 0.0), (1.0, 0.5), (0.3, 0.5)],
    "counter": [(0.6, 0.6), (0.9, 0.6), (0.95, 0.8), (0.75, 0.95), (0.55, 0.8)],
}
_DOOR = [(0.1, 0.2), (0.1, 0.9)]


@dataclass(frozen=True)
class Archive:
    """A folder of pages, one folder a video, and the zones and the floor plan that fit them all."""

    pages: Path
    zones: Path
    floor: Path
    videos: int
    detections: int
    megabytes: float


def archive_of(cache, videos, detections=DETECTIONS):
    """Make an archive of so many videos with so many detections each, unless it is there already."""
    folder = cache / f"archive-{videos}-{detections}-{SEED}"
    told = folder / "archive.json"
    if not told.exists():
        (folder / "pages").mkdir(parents=True, exist_ok=True)
        _write(folder / "zones.geojson", _scene())
        _write(folder / "floor.json", _floor())
        with get_context("spawn").Pool(2) as pool:
            made = pool.map(partial(_video, folder / "pages", detections), range(videos), chunksize=4)
        counts, sizes = zip(*made, strict=True)
        _write(told, {"videos": videos, "detections": sum(counts), "megabytes": sum(sizes) / 1e6})
    facts = json.loads(told.read_text())
    return Archive(folder / "pages", folder / "zones.geojson", folder / "floor.json", **facts)


def name_of(number):
    """Give the name of a video by its number: its camera and the moment at which it was filmed (UTC)."""
    day, hour = divmod(number // 4, 12)
    return f"cam-{number % 4}_2025-{3 + day // 28:02}-{1 + day % 28:02}t{8 + hour:02}-00-00"


def _video(root, detections, number):
    """Write the pages of one video; give its detections and its size."""
    random = np.random.default_rng([SEED, number])
    wanted = int(detections * random.uniform(0.8, 1.2))
    parts = [_walks(random, min(wanted - done, _PART)) for done in range(0, wanted, _PART)]
    ends = np.cumsum([0, *(int(time[-1]) + 80 for time, _, _ in parts)])
    folder = root / name_of(number)
    folder.mkdir(exist_ok=True)
    facts = {"Codec": "h264", "DurationMillis": int(ends[-1]), "Format": "QuickTime / MOV"}
    facts |= {"FrameRate": 25.0, "FrameHeight": 720, "FrameWidth": 1280, "ColorRange": "LIMITED"}
    head = {"JobId": f"{number:064x}", "JobStatus": "SUCCEEDED", "VideoMetadata": facts}
    count = size = page = met = 0
    pages = sum(-(-len(time) // PAGE) for time, _, _ in parts)
    for (time, person, columns), begin in zip(parts, ends[:-1], strict=True):
        texts = _persons(time + begin, person + met, columns, random)
        count, met = count + len(texts), met + int(person.max()) + 1
        for first in range(0, len(texts), PAGE):
            page += 1
            told = head | ({"NextToken": f"token-{page:06}" * 7} if page < pages else {})
            persons = ",".join(texts[first : first + PAGE].to_pylist())
            text = f'{json.dumps(told, separators=(",", ":"))[:-1]},"Persons":[{persons}]}}'
            size += (folder / f"page-{page}.json").write_text(text)
    return count, size


def _walks(random, detections):
    """Give time [ms], person and box (width, height, left, top) of people who walk, stand and walk on."""
    lengths = random.integers(_LONGEST // 4, _LONGEST, size=max(int(detections / (_LONGEST * 0.625)), 1))
    samples = np.cumsum(random.choice([80, 80, 120], size=_LONGEST + detections // _AT_ONCE)) - 80
    first = random.integers(0, len(samples) - _LONGEST, size=len(lengths))
    seen = np.arange(_LONGEST) < lengths[:, None]
    shape = len(lengths), _LONGEST
    walks = np.repeat(random.random((len(lengths), _LONGEST // _BLOCK)) < 0.6, _BLOCK, axis=1)
    x, y = (_folded(random, walks, shape) for _ in range(2))
    height = 0.12 + 0.2 * y + random.normal(0, 0.004, size=shape)
    width = height / 4 + random.normal(0, 0.002, size=shape)
    sample = (first[:, None] + np.arange(_LONGEST))[seen]
    person = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((person, sample))
    columns = [part[seen][order] for part in (width, height, x - width / 2, y - height)]
    return samples[sample[order]], person[order], columns


def _folded(random, walks, shape):
    """Walk along one axis with a speed of one's own, turning back at the borders of the picture."""
    speed = random.normal(0, 0.006, size=(shape[0], 1)) * walks
    way = random.uniform(0.05, 0.95, size=(shape[0], 1)) + np.cumsum(speed, axis=1)
    return 0.02 + 0.97 * np.abs((way + 1) % 2 - 1) + random.normal(0, 0.0015, size=shape)


def _persons(time, person, columns, random):
    """Write each detection as JSON: nearly all with a body box, some with a face, a few with a face alone."""
    face = random.random(len(time)) < _FACES
    alone = face & (random.random(len(time)) < _ONLY_FACES / _FACES)
    body = _filled(_BOX, columns)
    width, height, left, top = columns
    small = [width / 3, height / 8, left + width / 3, top + height / 40]
    marks = [value for _ in _LANDMARKS for value in (left + width / 2, top + height / 10)]
    angles = [random.normal(0, 20, size=len(time)) for _ in range(3)]
    shares = [random.uniform(40, 100, size=len(time)) for _ in range(3)]
    faces = _filled(_FACE, [column[face] for column in (*small, *marks, *angles, *shares)])
    place = pa.array(np.cumsum(face) - 1, mask=~face)
    shown = pc.if_else(alone, faces.take(place), pc.binary_join_element_wise(body, faces.take(place), ","))
    parts = ["%s", "%s", "%s"]
    text = '{"Timestamp":' + parts[0] + ',"Person":{"Index":' + parts[1] + "," + parts[2] + "}}"
    return _filled(text, [time, person, pc.if_else(face, shown, body)])


def _filled(pattern, columns):
    """Put columns into the places of a pattern, row by row; numbers as the service writes them."""
    parts = pattern.split("%s")
    texts = [pa.scalar(parts[0])]
    for column, part in zip(columns, parts[1:], strict=True):
        if isinstance(column, np.ndarray) and column.dtype.kind == "f":
            column = column.astype("float32").astype("float64")  # noqa: PLW2901 - as the service has it
        texts += [pa.array(column).cast(pa.string()) if isinstance(column, np.ndarray) else column]
        texts += [pa.scalar(part)]
    return pc.binary_join_element_wise(*texts, "")


def _scene():
    features = [_feature(name, "Polygon", [[*ring, ring[0]]]) for name, ring in _ZONES.items()]
    features += [_feature("door", "LineString", _DOOR)]
    return {"type": "FeatureCollection", "unit": "fraction", "features": features}


def _feature(name, kind, coordinates):
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def _floor():
    corners = [(0.0, 0.1), (1.0, 0.1), (1.0, 1.0), (0.0, 1.0)]
    floor = [(0.0, 0.0), (16.0, 0.0), (12.0, 12.0), (4.0, 12.0)]
    pairs = [{"image": picture, "floor": place} for picture, place in zip(corners, floor, strict=True)]
    return {"unit": "m", "picture_unit": "fraction", "pairs": pairs}


def _write(path, content):
    path.write_text(json.dumps(content))
