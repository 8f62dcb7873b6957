"""The files that the editor reads and writes."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from ptrack_analysis.editing.job import EditSession, judged, mark_content, parse_object, read_content, written
from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.geometry import FARTHEST
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.zone_checks import check_zones
from ptrack_analysis.scene.zone_files import Scene, project_scene, read_scene
from ptrack_analysis.scene.zones import parse_properties
from ptrack_analysis.storage.files import write_bytes

_COMPLETE = 4


def shown_pairs(content: dict[str, Any], width: int, height: int) -> list[dict[str, Any]]:
    """Return the pairs of a floor file for the page, their picture points in fractions of the frame."""
    across, down = (width, height) if content.get("image_unit", "fraction") == "px" else (1, 1)
    return [
        {"image": [pair["image"][0] / across, pair["image"][1] / down], "floor": pair["floor"]}
        for pair in content.get("pairs", [])
    ]


def shown_lens(floor: FloorPlan | None) -> dict[str, Any] | None:
    """Return the lens for the page, in fractions of the frame."""
    lens = floor.lens if floor else None
    if lens is None:
        return None
    return {"k1": lens.k1, "k2": lens.k2, "focal": list(lens.focal), "center": list(lens.center)}


def edited_floor(original: dict[str, Any], edit: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """Project edited pairs and the drawn bounds into a copy of the floor file that the page began with.

    Each pair is ``{"source": place in the original or null, "image": [x, y] in fractions, "floor": [x, y]
    in m}``; members that were not edited, the lens among them, stay what they were.

    Raises
    ------
    ZoneError
        If the edit is not such an object.
    """
    given = edit.get("pairs")
    if not isinstance(given, list):
        raise ZoneError("the edit has no list 'pairs'")
    before = shown_pairs(original, width, height)
    kept = original.get("pairs", [])
    pairs = [_edited(pair, kept, before, original.get("image_unit"), (width, height)) for pair in given]
    head = {"unit": "m", "image_unit": "fraction"} if not original else {}
    made = {**head, **original, "pairs": pairs}
    if "bounds" in edit:
        made.pop("bounds", None)
        if edit["bounds"] is not None:
            made["bounds"] = edit["bounds"]
    return made


def _edited(pair: Any, kept: list[Any], before: list[Any], unit: str | None, size: tuple[int, int]) -> Any:
    if not isinstance(pair, dict) or not {"image", "floor"} <= pair.keys():
        raise ZoneError(f"a pair is {pair!r:.60}, not an object with image and floor")
    source = pair.get("source")
    if source is not None and (type(source) is not int or not 0 <= source < len(kept)):
        raise ZoneError(f"a pair is {source!r} of the file, and there are {len(kept)}")
    made = {} if source is None else deepcopy(kept[source])
    if source is None or pair["image"] != before[source]["image"]:
        made["image"] = _in_unit(pair["image"], unit, size)
    if source is None or pair["floor"] != before[source]["floor"]:
        made["floor"] = pair["floor"]
    return made


def _in_unit(point: Any, unit: str | None, size: tuple[int, int]) -> Any:
    """Project a point in fractions to the file's unit."""
    numbers = isinstance(point, list) and [type(value) in (int, float) for value in point] == [True, True]
    if not numbers:
        raise ZoneError(f"a picture point is {point!r:.60}, not two numbers")
    if unit != "px":
        return point
    return [round(value * full, 2) for value, full in zip(point, size, strict=True)]


def describe_fit(floor: FloorPlan) -> dict[str, Any]:
    """Describe how far each pair is off [m], and what looks wrong."""
    notes = list(floor.notes)
    if len(floor.pairs) == _COMPLETE:
        notes.append("four pairs are always met exactly: a fifth shows how good the fit is")
    return {"residuals": floor.residuals.tolist(), "notes": notes}


EDITED = ("name", "kind", "from", "to")
_DEPTHS = {"LineString": 1, "Polygon": 2, "MultiPolygon": 3}


def shown_features(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the page shows of each feature: texts, videos, and two coordinates of each position.

    Raises
    ------
    ZoneError
        If something cannot be drawn: it has no geometry of polygons or a line with finite positions.
    """
    features = content.get("features")
    if not isinstance(features, list):
        raise ZoneError("not a GeoJSON FeatureCollection: it has no list 'features'")
    return [_shown(feature, f"features[{place}]") for place, feature in enumerate(features)]


def _shown(feature: Any, place: str) -> dict[str, Any]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in _DEPTHS:
        raise ZoneError(f"{place} is a {kind!r}, not a Polygon, MultiPolygon or LineString")
    said = feature.get("properties") or {}
    said = said if isinstance(said, dict) else {}
    texts = {key: said[key] for key in EDITED if isinstance(said.get(key), str)}
    return {
        **texts,
        "videos": _videos(feature),
        "type": kind,
        "coordinates": _flat(geometry.get("coordinates"), _DEPTHS[kind], place),
    }


def _videos(feature: dict[str, Any]) -> list[str]:
    try:
        bound = parse_properties(feature)
        return list(bound.videos or bound.cameras)
    except ZoneError:
        return []


def _flat(nested: Any, depth: int, place: str) -> Any:
    """Take two coordinates of each position, refusing what is no list of positions of this depth."""
    if not isinstance(nested, list) or not nested:
        raise ZoneError(f"{place} has no proper coordinates")
    if depth:
        return [_flat(inner, depth - 1, place) for inner in nested]
    numbers = len(nested) > 1 and all(type(value) in (int, float) for value in nested[:2])
    if not numbers or not all(abs(value) <= FARTHEST for value in nested[:2]):
        raise ZoneError(f"{place} has a position that is not two finite numbers: {nested!r:.60}")
    return nested[:2]


def edited_collection(original: dict[str, Any], edits: Any, unit: str) -> dict[str, Any]:
    """Project what was edited into a copy of the collection that the page began with.

    Each edit is ``{"source": place in the original or null, "properties": {name: text or null, ...},
    "geometry": ... where it changed}``. A feature that occurs a second time, as after a split, loses its
    ``id``; one whose geometry changed its ``bbox``. What no edit names is deleted.

    Raises
    ------
    ZoneError
        If the edits are not such a list.
    """
    features = original.get("features", [])
    if not isinstance(edits, list):
        raise ZoneError(f"the edits are {edits!r:.60}, not a list")
    made, used = list[dict[str, Any]](), set[int]()
    for edit in edits:
        source = _source(edit, features)
        feature = {"type": "Feature", "properties": {}} if source is None else deepcopy(features[source])
        if source in used:
            feature.pop("id", None)
        used |= set() if source is None else {source}
        made.append(_outlines_edited(feature, edit))
    head = {"type": "FeatureCollection", **original}
    if unit != head.get("unit", "fraction") or ("unit" not in head and not features):
        head["unit"] = unit
    if made != features:
        head.pop("bbox", None)
    return {**head, "features": made}


def _source(edit: Any, features: Sequence[Any]) -> int | None:
    if not isinstance(edit, dict) or not isinstance(edit.get("properties", {}), dict):
        raise ZoneError(f"an edit is {edit!r:.60}, not an object with properties")
    source = edit.get("source")
    if source is not None and (type(source) is not int or not 0 <= source < len(features)):
        raise ZoneError(f"an edit is of feature {source!r}, and there are {len(features)}")
    return source


def _outlines_edited(feature: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    said = feature.get("properties")
    said = dict(said) if isinstance(said, dict) else {}
    for key, value in edit.get("properties", {}).items():
        if key not in EDITED:
            raise ZoneError(f"an edit is of the property {key!r}, which is not one of {', '.join(EDITED)}")
        if value is None:
            said.pop(key, None)
        else:
            said[key] = value
    if said or feature.get("properties") is not None:
        feature["properties"] = said
    if "geometry" in edit:
        feature["geometry"] = edit["geometry"]
        feature.pop("bbox", None)
    return feature


Answer = dict[str, Any]


class EditorFiles:
    """What one editor may read and write: the files of its job, and no other.

    ``saved`` tells of each file written so far what was written, in a few words.
    """

    def __init__(self, job: EditSession) -> None:
        self.job = job
        self.saved: dict[Path, str] = {}
        self._opened: dict[str, tuple[bytes | None, dict[str, Any]]] = {}

    def opening(self) -> dict[str, Any]:
        """Read the files, and give what the page begins with.

        Raises
        ------
        ZoneError
            If a file cannot be opened, or holds what cannot be drawn.
        """
        job = self.job
        return {
            "picture": {"width": job.background.width, "height": job.background.height},
            "frame": {"width": job.video.width, "height": job.video.height},
            "unit": job.unit,
            "bounds": list(job.bounds),
            "zones": self._zones(),
            "floor": None if job.floor is None else self._floor(job.floor),
            "notes": job.notes,
        }

    def _zones(self) -> dict[str, Any]:
        job = self.job
        source = job.output if job.output in self.saved else job.opened
        content = read_content(source) if source else None
        read = {} if content is None or source is None else parse_object(content, source)
        defects = []
        if content is not None and source is not None:
            try:
                judged(content, source, read_scene)
            except ZoneError as error:
                defects.append(str(error))
        try:
            features = shown_features(read) if content is not None else []
        except ZoneError as error:
            raise ZoneError(defects[0] if defects else f"{source}: {error}") from error
        return {
            "file": job.output.name,
            "base": self._keep(content, read),
            "disk": mark_content(read_content(job.output)),
            "saved": source == job.output,
            "features": features,
            "defects": defects,
        }

    def _floor(self, place: Path) -> dict[str, Any]:
        content = read_content(place)
        read = {} if content is None else parse_object(content, place)
        floor = None if content is None else read_floor_plan(place, self.job.video)
        return {
            "file": place.name,
            "base": self._keep(content, read),
            "disk": mark_content(content),
            "pairs": shown_pairs(read, *self._size),
            "bounds": read.get("bounds"),
            "lens": shown_lens(floor),
        }

    @property
    def _size(self) -> tuple[int, int]:
        pixels = self.job.video.pixels
        return pixels.width, pixels.height

    def _keep(self, content: bytes | None, read: dict[str, Any]) -> str:
        base = mark_content(content)
        self._opened[base] = (content, read)
        return base

    def _original(self, edit: dict[str, Any]) -> tuple[bytes | None, dict[str, Any]]:
        base = edit.get("base")
        if not isinstance(base, str) or base not in self._opened:
            raise ZoneError("the page began with a file that is not known: load it again")
        return self._opened[base]

    def save_zones(self, edit: dict[str, Any]) -> Answer:
        """Write the edited zones and lines, if ``read_zones`` can read them; what is unchanged stays bytes.

        Raises
        ------
        PtrackError
            With what is wrong with them, or why the file cannot be written.
        """
        job = self.job
        content, read = self._original(edit)
        made = edited_collection(read, edit.get("features"), job.unit)
        new = content if content is not None and made == read else written(made, "features")
        scene: Scene = judged(new, job.output, read_scene)
        noted = self._notes(scene)
        said = f"{_counted(scene.zones, 'zone')}, {_counted(scene.lines, 'line')}"
        changed = self._write(job.output, new, edit, said)
        return changed or {"disk": mark_content(new), "said": said, "notes": noted}

    def _notes(self, scene: Scene) -> list[str]:
        """Describe what is odd about the zones of each video they are bound to; each sentence once."""
        job, plane = self.job, self.job.plan or self.job.video.pixels
        notes = list[str]()
        cameras: list[str | None] = [*scene.cameras] or [None]
        for camera, name in product(cameras, scene.videos or [job.video.name]):
            video = replace(job.video, name=name)
            try:
                zones, _ = project_scene(scene.of_camera(camera), video, plane, place=job.output.name)
                notes += check_zones(zones, video, plane=plane)
            except PtrackError as error:
                notes.append(str(error))
        return list(dict.fromkeys(notes))

    def save_floor(self, edit: dict[str, Any]) -> Answer:
        """Write the calibration, if ``read_floor_plan`` can read it.

        Raises
        ------
        PtrackError
            With what is wrong with it, or why the file cannot be written.
        """
        place = self.job.floor
        if place is None:
            raise ZoneError("no file of a floor plan was named")
        content, read = self._original(edit)
        made = edited_floor(read, edit, *self._size)
        new = content if content is not None and made == read else written(made, "pairs")

        def fitted(trial: Path) -> FloorPlan:
            return read_floor_plan(trial, self.job.video)

        floor: FloorPlan = judged(new, place, fitted)
        said = f"{len(floor.pairs)} pairs, error {floor.error:.3g} m"
        changed = self._write(place, new, edit, said)
        return changed or {"disk": mark_content(new), "said": said, **describe_fit(floor)}

    def _write(self, place: Path, new: bytes, edit: dict[str, Any], said: str) -> Answer | None:
        """Write a file, or answer that somebody else changed it since the page knew it."""
        disk = read_content(place)
        if mark_content(disk) != edit.get("disk") and disk != new and edit.get("replace") is not True:
            known = mark_content(disk)
            return {"error": f"{place.name} was changed meanwhile by something else", "changed": known}
        if disk != new:
            write_bytes(place, new)
        self.saved[place] = said
        return None


def _counted(things: list[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
