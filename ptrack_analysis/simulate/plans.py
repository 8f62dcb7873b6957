"""What lies beside the pages: zones, floor plan, true answers."""

from typing import Any

import numpy as np

from ptrack_analysis.simulate.recording import Recording
from ptrack_analysis.simulate.scene import DOOR, EXTENT, ZONES, Camera, Corners

MARKS: Corners = (  # places whose picture is measured, all of them visible [m]
    (0.8, 1.4),
    (4.4, 1.4),
    (10.2, 1.4),
    (0.8, 3.2),
    (10.2, 3.2),
    (3.9, 5.6),
    (7.7, 5.6),
    (4.6, 6.9),
)


def zones_geojson() -> dict[str, Any]:
    """Give the zones and the door as a FeatureCollection in fractions of the picture."""
    zones = [
        _feature(name, "Polygon", [_in_picture((*corners, corners[0]))]) for name, corners in ZONES.items()
    ]
    door = _feature("door", "LineString", _in_picture(DOOR))
    return {"type": "FeatureCollection", "unit": "fraction", "features": [*zones, door]}


def floor_json() -> dict[str, Any]:
    """Give pairs of places in the picture and on the floor, with the floor plan's extent."""
    places = zip(_in_picture(MARKS), MARKS, strict=True)
    pairs = [{"picture": picture, "floor": list(mark)} for picture, mark in places]
    return {"unit": "m", "picture_unit": "fraction", "pairs": pairs, "extent": list(EXTENT)}


def truth_json(recordings: list[Recording]) -> dict[str, Any]:
    """Give the true answers for each video; intervals are half-open [ms]."""
    return {"unit": "ms", "videos": {recording.plan.name: _answers(recording) for recording in recordings}}


def _answers(recording: Recording) -> dict[str, Any]:
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


def _interval(person: int, interval: tuple[int, int]) -> dict[str, int]:
    return {"person_index": person, "from": interval[0], "to": interval[1]}


def _feature(name: str, kind: str, coordinates: list[Any]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def _in_picture(corners: Corners) -> list[list[float]]:
    """Places on the floor as the camera sees them [fraction of the frame]."""
    places: list[list[float]] = Camera().project(np.array(corners)).round(6).tolist()
    return places
