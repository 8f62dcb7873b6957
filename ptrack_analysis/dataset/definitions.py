"""Zones and lines as a record keeps them: what was drawn for a video, by its key."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import shapely

from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import LINES, ZONES, assemble
from ptrack_analysis.video import milliseconds

Definitions = dict[str, dict[str, dict[str, Any]]]
"""Of ``zones`` and of ``lines``: what was drawn, by its key."""

_DIGITS = 16
_NOT_SAID = int(np.iinfo("int64").min)


def definitions_of(scene: Scene | None, video: str) -> Definitions:
    """Give what a zone file draws for one video, as JSON knows it, by its keys.

    The key of a zone is the first 16 hex digits of the SHA-256 of what decides about it: name, kind, unit,
    outline in the unit of the file and the time for which it holds; not of the videos that it is bound to, so
    that what is drawn alike has one key. A zone that is moved gets another one. The same holds for lines.
    """
    if scene is None:
        return {}
    part = scene.of(video)
    return {
        "zones": {_key(drawn): drawn for drawn in map(_drawn_zone, part.zones)},
        "lines": {_key(drawn): drawn for drawn in map(_drawn_line, part.lines)},
    }


def keys_of(definitions: Definitions, kind: str) -> dict[str, str]:
    """Give the key of each zone (``kind="zones"``) or line (``"lines"``) by its name."""
    return {drawn["name"]: key for key, drawn in definitions.get(kind, {}).items()}


def zones_table(definitions: Iterable[Definitions]) -> pd.DataFrame:
    """Make the ZONES table of what was drawn for these videos: one row a zone as it was drawn."""
    drawn, videos = _all_of(definitions, "zones")
    areas = [shapely.from_wkt(each["outline"]).area for each in drawn.values()]
    return assemble(
        ZONES,
        {
            "zone_key": [*drawn],
            "zone": _texts(drawn, "name"),
            **{name: _texts(drawn, name) for name in ("kind", "unit", "outline")},
            **{name: _moments(drawn, name) for name in ("holds_from", "holds_to")},
            "area": np.array(areas, dtype="float64"),
            "videos": np.array([videos[key] for key in drawn], dtype="int64"),
        },
    )


def lines_table(definitions: Iterable[Definitions]) -> pd.DataFrame:
    """Make the LINES table of what was drawn for these videos, as ``zones_table`` does that of zones."""
    drawn, videos = _all_of(definitions, "lines")
    lengths = [shapely.from_wkt(each["outline"]).length for each in drawn.values()]
    return assemble(
        LINES,
        {
            "line_key": [*drawn],
            "line": _texts(drawn, "name"),
            **{name: _texts(drawn, name) for name in ("kind", "unit", "outline")},
            "length": np.array(lengths, dtype="float64"),
            "videos": np.array([videos[key] for key in drawn], dtype="int64"),
        },
    )


def _drawn_zone(zone: Zone) -> dict[str, Any]:
    return {
        "name": zone.name,
        "kind": zone.kind,
        "unit": zone.unit,
        "outline": shapely.to_wkt(zone.outline, rounding_precision=-1),
        "holds_from": None if zone.start is None else milliseconds(zone.start, "start"),
        "holds_to": None if zone.end is None else milliseconds(zone.end, "end"),
    }


def _drawn_line(line: Line) -> dict[str, Any]:
    outline = shapely.to_wkt(line.outline, rounding_precision=-1)
    return {"name": line.name, "kind": line.kind, "unit": line.unit, "outline": outline}


def _key(drawn: Mapping[str, Any]) -> str:
    text = json.dumps(drawn, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def _all_of(definitions: Iterable[Definitions], kind: str) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Gather what was drawn for any of the videos, and count the videos of each."""
    drawn: dict[str, dict[str, Any]] = {}
    videos: Counter[str] = Counter()
    for one in definitions:
        drawn |= one.get(kind, {})
        videos.update([*one.get(kind, {})])
    return drawn, videos


def _texts(drawn: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    return [each[name] for each in drawn.values()]


def _moments(drawn: Mapping[str, Mapping[str, Any]], name: str) -> np.ndarray:
    values = [each[name] for each in drawn.values()]
    return np.array([_NOT_SAID if value is None else value for value in values], dtype="int64")
