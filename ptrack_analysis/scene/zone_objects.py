"""Zones and lines of other packages in memory, as the GeoJSON of a zone file."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from shapely.geometry import LineString, Polygon, mapping

from ptrack_analysis.errors import PtrackWarning, ZoneError

_PROPERTIES = {
    "name": "name",
    "kind": "kind",
    "from": "from",
    "start": "from",
    "to": "to",
    "end": "to",
    "video": "video",
    "camera": "camera",
}
"""Columns of a GeoDataFrame that are read, and the properties that they stand for."""
_FOOT_POINT = "BOTTOM_CENTER"


def build_collection(source: Any, unit: str | None = None) -> dict[str, Any]:
    """Convert zones and lines of another package to a FeatureCollection.

    Parameters
    ----------
    source
        A GeoDataFrame; or a ``PolygonZone`` or ``LineZone`` of supervision, a list, or a mapping of names to
        zones and lines.
    unit
        Unit of the coordinates of a GeoDataFrame; by default its ``attrs["unit"]``. Supervision uses px.

    Raises
    ------
    ZoneError
        If ``source`` is something else, or its unit is not known.
    """
    if hasattr(source, "geometry") and hasattr(source, "columns"):
        return {"unit": _find_unit(source, unit), "features": list(_list_rows(source))}
    named = source if isinstance(source, Mapping) else None
    things = list(source.values()) if isinstance(source, Mapping) else source
    things = things if isinstance(things, list | tuple) else [things]
    features, counts = list[dict[str, Any]](), {"zone": 0, "line": 0}
    for thing in things:
        kind = "zone" if hasattr(thing, "polygon") else "line"
        if not hasattr(thing, "triggering_anchors"):
            raise ZoneError(
                "zones must be a zone file, a GeoDataFrame, or zones and lines of supervision (PolygonZone, "
                f"LineZone), got {type(thing).__name__}"
            )
        counts[kind] += 1
        name = f"{kind} {counts[kind]}" if named is None else list(named)[len(features)]
        features.append(_convert_supervision(thing, str(name)))
    if unit not in {None, "px"}:
        raise ZoneError(f"unit must be 'px' for zones of supervision, got {unit!r}")
    return {"unit": "px", "features": features}


def _find_unit(frame: Any, unit: str | None) -> str:
    known = unit or frame.attrs.get("unit")
    if known is None:
        raise ZoneError(
            "the GeoDataFrame does not state its unit. Set zones.attrs['unit'] to 'fraction', 'px' or 'm'."
        )
    if frame.crs is not None and frame.crs.is_geographic:
        raise ZoneError(
            f"the GeoDataFrame has the CRS {frame.crs.to_string()}, in degrees. Convert it to coordinates of "
            "the image or the floor plan."
        )
    return str(known)


def _list_rows(frame: Any) -> Iterator[dict[str, Any]]:
    """Yield each row as a feature."""
    if "name" not in frame.columns:
        raise ZoneError("the GeoDataFrame has no column 'name', which names the zones and lines")
    for row, outline in zip(frame.to_dict("records"), frame.geometry, strict=True):
        said = {
            role: value
            for column, role in _PROPERTIES.items()
            if column in row and (value := _plain(row[column])) is not None
        }
        geometry = None if outline is None or outline.is_empty else mapping(outline)
        yield {"properties": said, "geometry": geometry}


def _plain(value: Any) -> Any:
    """Return a value as in a zone file; None if it is missing."""
    if isinstance(value, list | tuple | np.ndarray):
        return [str(item) for item in value]
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timedelta):
        return f"{value // pd.Timedelta(milliseconds=1)}ms"
    return value


def _convert_supervision(thing: Any, name: str) -> dict[str, Any]:
    """Convert a zone or line of supervision; the direction of a line is reversed.

    ``LineZone`` counts ``in`` from the right of the vector to its left, as seen in the image; a ``Line``
    counts ``in`` from left to right.
    """
    if not hasattr(thing, "polygon"):
        start, end = thing.vector.start, thing.vector.end
        outline = LineString([(end.x, end.y), (start.x, start.y)])
        return {"properties": {"name": name}, "geometry": mapping(outline)}
    anchors = [str(getattr(anchor, "value", anchor)).upper() for anchor in thing.triggering_anchors]
    if anchors != [_FOOT_POINT]:
        warnings.warn(
            f"zone {name!r} fires for the anchors {', '.join(anchors)} in supervision. Here the position of "
            "the trajectories decides: by default the foot point; compute_trajectories has anchor=....",
            PtrackWarning,
            stacklevel=2,
        )
    return {"properties": {"name": name}, "geometry": mapping(Polygon(thing.polygon))}
