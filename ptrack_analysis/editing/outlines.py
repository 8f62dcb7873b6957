"""Zones and lines between their file and the page that edits them.

The page never sees what it does not edit: it names the feature that it began with, and says what changed.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import FARTHEST
from ptrack_analysis.scene.zones import properties_of

EDITED = ("name", "kind", "from", "to")
_DEPTHS = {"LineString": 1, "Polygon": 2, "MultiPolygon": 3}


def shown_features(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what the page shows of each feature: texts, videos, and two coordinates of each position.

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
        return list(properties_of(feature).videos)
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
    """Carry what was edited into a copy of the collection that the page began with.

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
        made.append(_edited(feature, edit))
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


def _edited(feature: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
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
