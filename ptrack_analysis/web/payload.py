"""The data of the explorer: tables as a header and packed arrays."""

import gzip
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptrack_analysis.analysis.dwell.survival import is_complete
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.analysis.quality.verdict import GOOD, find_affecting_checks, index_checks, judge_video
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.pipeline.video_analysis import ObservedEnds
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zone_colors import number_colors
from ptrack_analysis.scene.zones import Line, Zone, validate_lines, validate_zones
from ptrack_analysis.schema import DETECTIONS, QUALITY, TRAJECTORIES, VISITS, find_unit, validate
from ptrack_analysis.video import Video, YAxis
from ptrack_analysis.web.absences import Absences, find_absences
from ptrack_analysis.web.ground import (
    Background,
    Bounds,
    Ground,
    aspect_note,
    embedded_background,
    find_bounds,
)

LOWEST, HIGHEST = -0.5, 1.5
"""Range of the coordinates, as fractions of the ground; positions beyond are clipped."""
UNKNOWN = 65535
STEPS = UNKNOWN - 1
PRECISION = (HIGHEST - LOWEST) / STEPS
"""Precision of coordinates: 1 / 32767 of the ground, 0.06 px of 1920."""
_LEVEL = 6

Words = NDArray[np.uint16]


def quantize(values: Floats, lowest: float = LOWEST) -> Words:
    """Round fractions to steps of ``PRECISION`` above ``lowest``; NaN becomes ``UNKNOWN``.

    Examples
    --------
    >>> quantize(np.array([-0.5, 0.5, 9.0, np.nan]))
    array([    0, 32767, 65534, 65535], dtype=uint16)
    """
    known = np.isfinite(values)
    steps = np.clip(np.rint((np.where(known, values, lowest) - lowest) / PRECISION), 0, STEPS)
    return np.where(known, steps, UNKNOWN).astype("uint16")


def pack(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Pack arrays into one text and a list of their names, types and lengths.

    Integers are stored as differences from the previous value, modulo their size, and the bytes of each array
    are sorted by significance, so that they compress better. Floats are stored unchanged.

    Returns
    -------
    dict
        ``arrays``, a list of name, type (``u1 u2 u4 f4``) and length, and ``data``, base64 of gzip.
    """
    listed, parts = [], []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        listed.append({"name": name, "type": plain.dtype.str[1:], "length": len(plain)})
        parts.append(_bytes(plain))
    compressed = gzip.compress(b"".join(parts), compresslevel=_LEVEL, mtime=0)
    return {"arrays": listed, "data": b64encode(compressed).decode("ascii")}


def _bytes(array: NDArray[Any]) -> bytes:
    if array.dtype.kind == "u":
        array = np.diff(array, prepend=array.dtype.type(0))
    return np.ascontiguousarray(array.view("uint8").reshape(-1, array.dtype.itemsize).T).tobytes()


FORMAT = "ptrack-explorer/2"
RUN_BEGINS, HAS_BOX, HAS_FACE = 4, 8, 16
"""Bits of the flags of a row, above the two bits of its position status."""
_OUTPUTS = {"zones": ("visits", "dwell"), "lines": ("crossings", "counts")}
"""Outputs whose checks are shown for zones and lines."""
_LARGEST_EXACT = 2**53
_LATEST = 2**32 - 1
_CLIPPED = 0.995
_MOST_CHECKS = 3
_SPEED_STEPS, _NO_SPEED = 254, 255
_BOX = ("left", "top", "width", "height")
_FACE = ("face_left", "face_top", "face_width", "face_height")

Arrays = dict[str, NDArray[Any]]


def explorer_data(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    detections: pd.DataFrame | None = None,
    visits: pd.DataFrame | None = None,
    observed: ObservedEnds | None = None,
    quality: pd.DataFrame | None = None,
    heatmap: Heatmap | None = None,
    background: Picture | Background | None = None,
    floor: FloorPlan | None = None,
    bounds: Bounds | None = None,
    y_axis: YAxis = "down",
    absences: Absences | None = None,
) -> dict[str, Any]:
    """Build the data of the explorer from JSON values; see ``explore`` for most parameters.

    Coordinates are fractions of the ground with a precision of 1 / 32767, clipped to -0.5 to 1.5. Face boxes
    are included only for rows without a body box. The order of the rows does not matter.

    Parameters
    ----------
    observed
        The entries and exits at which the ends of a visit are observed.
    absences
        Result of ``find_absences`` for ``visits``. By default it is computed as if the visits had been
        computed without ``margin`` and ``enter_after``.

    Raises
    ------
    SchemaError
        If a table does not have its schema, or ``detections`` contains no row of the trajectories.
    ParameterError
        If the background cannot be read or its bounds are unknown, or ``bounds`` is empty.
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_zones(zones, unit)
    validate_lines(lines, unit)
    rows = rows_by_person(trajectories)
    points = trajectories[[f"x_{unit}", f"y_{unit}"]].to_numpy()[rows.order]
    picture = _embedded(background)
    ground = find_bounds(
        unit,
        points,
        [*zones, *lines],
        video=video,
        floor=floor,
        bounds=bounds,
        background=picture,
        y_axis=y_axis,
    )
    if visits is None:
        visits = compute_visits(trajectories, zones, video)
    validate(visits, VISITS)
    persons = _persons(trajectories, rows)
    arrays = _rows(trajectories, rows, ground.fractions(points))
    if detections is not None:
        _add_boxes(arrays, _find_boxes(detections, trajectories, rows), draw=ground.picture)
    names = [zone.name for zone in zones]
    names += sorted(set(visits.index.get_level_values("zone")) - {*names, ""})
    if absences is None:
        absences = find_absences(trajectories, zones, visits)
    arrays |= _visits(visits, names, persons, observed, absences)
    speed = _add_speed(arrays, trajectories[f"speed_{unit}_per_s"].to_numpy()[rows.order])
    header = _header(video, ground, (zones, lines), names=names, arrays=arrays)
    if heatmap is not None:
        header["heatmap"], arrays["heat"] = _heat(heatmap, ground)
    header["speed"] = speed
    header["persons"] = _numbers(persons)
    header["background"] = None if picture is None else picture.address
    header["notes"] = [*aspect_note(picture, ground), *_undrawn([*zones, *lines], ground)]
    if absences.unknown:
        header["notes"].append(
            f"Dwell times within a range are estimated for {absences.unknown} visits with absences."
        )
    if quality is not None:
        _add_quality(header, quality)
    return header | pack(arrays)


def _embedded(background: Picture | Background | None) -> Background | None:
    return (
        background
        if background is None or isinstance(background, Background)
        else embedded_background(background)
    )


def _persons(trajectories: pd.DataFrame, rows: PersonRows) -> Integers:
    """Return the numbers of the people, sorted."""
    index = trajectories.index.get_level_values("person_index").to_numpy()
    numbers: Integers = index[rows.order][rows.first]
    return numbers


def _numbers(persons: Integers) -> list[Any]:
    """Return the numbers of people for JSON: as text if they are too large to be exact."""
    numbers = persons.tolist()
    large = any(abs(number) > _LARGEST_EXACT for number in numbers)
    return [str(number) for number in numbers] if large else numbers


def _header(
    video: Video,
    ground: Ground,
    things: tuple[Sequence[Zone], Sequence[Line]],
    *,
    names: list[str],
    arrays: Arrays,
) -> dict[str, Any]:
    """Build the part of the data that is not per row."""
    zones, lines = things
    end = int((arrays["time"].astype("int64") + arrays["time_present"]).max(initial=0))
    known = 0 if video.duration is None else int(video.duration / pd.Timedelta("1ms"))
    outlined = {zone.name: zone for zone in zones}
    colors = number_colors(sorted(names))
    return {
        "format": FORMAT,
        "video": {"name": video.name, "duration": max(end, known)},
        "ground": {
            "width": ground.size[0],
            "height": ground.size[1],
            "picture": ground.picture,
            "unit": ground.unit,
        },
        "coordinates": {"lowest": LOWEST, "highest": HIGHEST, "precision": PRECISION},
        "zones": [
            {
                "name": name,
                "color": colors[name],
                "parts": ground.parts(outlined[name]) if name in outlined else [],
                "window": list(outlined[name].window or ()) if name in outlined else [],
            }
            for name in names
        ],
        "lines": [{"name": line.name, "parts": ground.parts(line)} for line in lines],
    }


def _add_quality(header: dict[str, Any], quality: pd.DataFrame) -> None:
    """Add the verdict on the video, and the checks of each zone and line that are not good."""
    validate(quality, QUALITY)
    header["verdict"] = str(judge_video(quality))
    checks = index_checks(quality)
    for kind, outputs in _OUTPUTS.items():
        for thing in header[kind]:
            thing["checks"] = find_affecting_checks(checks, outputs, thing["name"])
    if header["verdict"] != GOOD:
        header["notes"].insert(0, f"Tracking quality: {header['verdict']}.{_list_failed_checks(quality)}")


def _list_failed_checks(quality: pd.DataFrame) -> str:
    """Name the checks that are not good, as a sentence."""
    verdicts = quality["verdict"].astype(str)
    failed = list(dict.fromkeys(quality.index.get_level_values("check")[verdicts.isin(["bad", "doubtful"])]))
    if not failed:
        return ""
    more = len(failed) - _MOST_CHECKS
    names = ", ".join(map(str, failed[:_MOST_CHECKS])) + (f" and {more} more" if more > 0 else "")
    return f" Checks that are not good: {names}."


def _undrawn(things: Sequence[Zone | Line], ground: Ground) -> list[str]:
    names = [f"{thing.kind} {thing.name!r}" for thing in things if not ground.parts(thing)]
    return [f"Not drawn, because parts are outside the image: {', '.join(names)}."] if names else []


def _rows(trajectories: pd.DataFrame, rows: PersonRows, fractions: Floats) -> Arrays:
    """Return time, time present, position and flags of each row."""
    links = link_rows(trajectories, rows)
    held = links.time_present
    located = trajectories["position_status"].cat.codes.to_numpy()[rows.order].astype("uint8")
    known: Bools = np.isfinite(fractions[:, 0]) & np.isfinite(fractions[:, 1])
    located[~known] = 2
    flags = located | np.where(links.begins, RUN_BEGINS, 0).astype("uint8")
    points = np.where(known[:, None], fractions, np.nan)
    last = int((rows.time + held).max(initial=0))
    if last > _LATEST:
        raise ParameterError(
            f"trajectories must end at most {_LATEST} ms (49 days) after the start, got {last} ms. "
            "Use select(trajectories, end=...)."
        )
    return {
        "start": np.append(np.flatnonzero(rows.first), len(rows.time)).astype("uint32"),
        "time": rows.time.astype("uint32"),
        "time_present": held.astype("uint32"),
        "flags": flags.astype("uint8"),
        "x": quantize(points[:, 0]),
        "y": quantize(points[:, 1]),
    }


def _find_boxes(
    detections: pd.DataFrame, trajectories: pd.DataFrame, rows: PersonRows
) -> tuple[Floats, Floats]:
    """Find the body and face boxes of the rows, (n, 4) each; NaN where missing."""
    validate(detections, DETECTIONS)
    keys: Any = detections.index
    wanted = trajectories.index[rows.order]
    row: Integers = keys.reorder_levels(wanted.names).get_indexer(wanted)
    found: Bools = np.asarray(row >= 0)
    if len(row) and len(detections) and not found.any():
        raise SchemaError(
            "detections contains no row of the trajectories. Pass the detections of the same video."
        )

    def taken(columns: Sequence[str]) -> Floats:
        boxes = np.full((len(row), 4), np.nan)
        if found.any() and set(columns) <= set(detections.columns):
            boxes[found] = detections[list(columns)].to_numpy(dtype="float64")[row[found]]
        boxes[~np.isfinite(boxes).all(axis=1)] = np.nan
        return boxes

    body, face = taken(_BOX), taken(_FACE)
    face[np.isfinite(body[:, 0])] = np.nan
    return body, face


def _add_boxes(arrays: Arrays, boxes: tuple[Floats, Floats], *, draw: bool) -> None:
    """Add the boxes relative to the foot points, and the faces of rows without a body box."""
    if not draw:
        return
    body, face = boxes
    has_box, has_face = np.isfinite(body[:, 0]), np.isfinite(face[:, 0])
    arrays["flags"] |= np.where(has_box, HAS_BOX, 0).astype("uint8")
    arrays["flags"] |= np.where(has_face, HAS_FACE, 0).astype("uint8")
    left, top = quantize(body[:, 0]), quantize(body[:, 1])
    width, height = quantize(body[:, 2], 0.0), quantize(body[:, 3], 0.0)
    arrays["box_x"] = left + width // 2 - arrays["x"]
    arrays["box_y"] = top + height - arrays["y"]
    arrays["box_width"], arrays["box_height"] = width, height
    for name, values in zip(_FACE, face[has_face].T, strict=True):
        arrays[name] = quantize(values, LOWEST if name in {"face_left", "face_top"} else 0.0)


def _add_speed(arrays: Arrays, speed: Floats) -> dict[str, Any] | None:
    """Add the speeds in steps up to their 99.5th percentile; return the scale, None without speeds."""
    known = np.isfinite(speed)
    if not known.any():
        return None
    limit = float(np.quantile(speed[known], _CLIPPED)) or float(speed[known].max()) or 1.0
    steps = np.rint(np.where(known, speed, 0.0) / limit * _SPEED_STEPS)
    arrays["speed"] = np.where(known, np.clip(steps, 0, _SPEED_STEPS), _NO_SPEED).astype("uint8")
    return {
        "step": limit / _SPEED_STEPS,
        "highest": limit,
        "clipped": bool(speed[known].max() > limit),
    }


def _visits(
    visits: pd.DataFrame,
    names: list[str],
    persons: Integers,
    observed: ObservedEnds | None,
    absences: Absences,
) -> Arrays:
    """Return the visits of the people shown, by person and time, and the absences that they contain."""
    zone = pd.Index(names, dtype="str").get_indexer(visits.index.get_level_values("zone"))
    number = visits.index.get_level_values("person_index").to_numpy()
    person = np.searchsorted(persons, number)
    shown = person < len(persons)
    shown[shown] = persons[person[shown]] == number[shown]
    shown &= zone >= 0

    def milliseconds(name: str) -> Integers:
        return visits[name].to_numpy().astype("timedelta64[ms]").astype("int64")

    entered = milliseconds("entered")
    order = np.lexsort((zone, entered, person))
    order = order[shown[order]]
    position = np.full(len(visits), -1)
    position[order] = np.arange(len(order))
    listed = np.flatnonzero(position[absences.visit] >= 0)
    listed = listed[np.argsort(position[absences.visit[listed]], kind="stable")]
    cut = ~(is_complete(visits) if observed is None else is_complete(visits, **observed))
    return {
        "visit_zone": zone[order].astype("uint16"),
        "visit_person": person[order].astype("uint32"),
        "visit_entered": entered[order].astype("uint32"),
        "visit_exited": milliseconds("exited")[order].astype("uint32"),
        "visit_dwell": milliseconds("dwell")[order].astype("uint32"),
        "visit_cut": cut[order].astype("uint8"),
        "absence_visit": position[absences.visit[listed]].astype("uint32"),
        "absence_start": absences.start[listed].astype("uint32"),
        "absence_end": absences.end[listed].astype("uint32"),
    }


def _heat(heatmap: Heatmap, ground: Ground) -> tuple[dict[str, Any], Floats]:
    """Return the size and bounds of a heatmap as fractions of the ground, and its cells."""
    if not isinstance(heatmap, Heatmap) or heatmap.unit != ground.unit or ground.floor is not None:
        raise ParameterError(
            f"heatmap must be a Heatmap of the drawn plane, in {ground.unit}, got {heatmap!r:.60}"
        )
    if heatmap.quantity != "person_seconds" or heatmap.normalized or heatmap.is_series:
        raise ParameterError(
            f"heatmap must have person-seconds, not a series, got {heatmap.quantity} in {heatmap.value_unit}"
        )
    corners = ground.fractions(np.reshape(np.array(heatmap.bounds, dtype="float64"), (2, 2)))
    rows, columns = heatmap.shape
    values = heatmap.values
    if corners[0, 1] > corners[1, 1]:  # the page draws y downward, the plane upward
        corners[:, 1] = corners[::-1, 1]
        values = values[::-1]
    header = {"rows": rows, "columns": columns, "bounds": np.round(corners, 6).ravel().tolist()}
    return header, np.ascontiguousarray(values, dtype="float32").ravel()
