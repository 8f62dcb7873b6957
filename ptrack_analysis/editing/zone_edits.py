"""Edits of a zone file: its data for the page, and the file after an edit."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import FARTHEST
from ptrack_analysis.scene.zones import parse_properties

EDITED = ("name", "kind", "from", "to")
_DEPTHS = {"LineString": 1, "Polygon": 2, "MultiPolygon": 3}


def list_features(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return texts, videos and two-dimensional positions of each feature.

    Raises
    ------
    ZoneError
        If a feature is not a polygon or a line with finite positions.
    """
    features = content.get("features")
    if not isinstance(features, list):
        raise ZoneError("not a GeoJSON FeatureCollection: it has no list 'features'")
    return [_describe_feature(feature, f"feature {number}") for number, feature in enumerate(features, 1)]


def _describe_feature(feature: Any, place: str) -> dict[str, Any]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in _DEPTHS:
        raise ZoneError(f"{place} is a {kind!r}, not a Polygon, MultiPolygon or LineString")
    said = feature.get("properties") or {}
    said = said if isinstance(said, dict) else {}
    texts = {key: said[key] for key in EDITED if isinstance(said.get(key), str)}
    return {
        **texts,
        "videos": _list_videos(feature),
        "type": kind,
        "coordinates": _read_positions(geometry.get("coordinates"), _DEPTHS[kind], place),
    }


def _list_videos(feature: dict[str, Any]) -> list[str]:
    try:
        bound = parse_properties(feature)
        return list(bound.videos or bound.cameras)
    except ZoneError:
        return []


def _read_positions(nested: Any, depth: int, place: str) -> Any:
    """Return two coordinates per position; raise if the nesting has another depth."""
    if not isinstance(nested, list) or not nested:
        raise ZoneError(f"{place} has no proper coordinates")
    if depth:
        return [_read_positions(inner, depth - 1, place) for inner in nested]
    numbers = len(nested) > 1 and all(type(value) in (int, float) for value in nested[:2])
    if not numbers or not all(abs(value) <= FARTHEST for value in nested[:2]):
        raise ZoneError(f"{place} has a position that is not two finite numbers: {nested!r:.60}")
    return nested[:2]


def apply_zone_edits(original: dict[str, Any], edits: Any, unit: str) -> dict[str, Any]:
    """Apply edits to a copy of the collection that the page opened.

    Each edit is ``{"source": index in the original or null, "properties": {name: text or null, ...},
    "geometry": ... if it changed}``. The second feature of a split loses its ``id``, and a feature with a
    new geometry its ``bbox``. Features without an edit are deleted.

    Raises
    ------
    ZoneError
        If the edits do not have this form.
    """
    features = original.get("features", [])
    if not isinstance(edits, list):
        raise ZoneError(f"the edits must be a list, got {edits!r:.60}")
    made, used = list[dict[str, Any]](), set[int]()
    for edit in edits:
        source = _find_source(edit, features)
        feature = {"type": "Feature", "properties": {}} if source is None else deepcopy(features[source])
        if source in used:
            feature.pop("id", None)
        used |= set() if source is None else {source}
        made.append(_apply_edit(feature, edit))
    head = {"type": "FeatureCollection", **original}
    if unit != head.get("unit", "fraction") or ("unit" not in head and not features):
        head["unit"] = unit
    if made != features:
        head.pop("bbox", None)
    return {**head, "features": made}


def _find_source(edit: Any, features: Sequence[Any]) -> int | None:
    if not isinstance(edit, dict) or not isinstance(edit.get("properties", {}), dict):
        raise ZoneError(f"an edit must be an object with properties, got {edit!r:.60}")
    source = edit.get("source")
    if source is not None and (type(source) is not int or not 0 <= source < len(features)):
        raise ZoneError(f"the source of an edit must be an index below {len(features)}, got {source!r}")
    return source


def _apply_edit(feature: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    said = feature.get("properties")
    said = dict(said) if isinstance(said, dict) else {}
    for key, value in edit.get("properties", {}).items():
        if key not in EDITED:
            raise ZoneError(f"an edited property must be one of {', '.join(EDITED)}, got {key!r}")
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
