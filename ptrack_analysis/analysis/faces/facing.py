"""Gaze: the direction of faces in the image, and the targets in this direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.analysis.zones.membership import time_inside
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone, validate_items
from ptrack_analysis.schema import DETECTIONS, FACING, TARGETS, TRAJECTORIES, assemble, validate
from ptrack_analysis.video import Video, validate_video

EDGE_ANGLES = {"right": 0.0, "bottom": 90.0, "left": 180.0, "top": -90.0}
"""Direction of the image edges [degrees]: 0 = +x, increasing toward +y."""
_ROUNDING = 1e-9
_AT_ONCE = 1 << 14
"""Number of faces per pass, so that the arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Gaze:
    """Position and direction of faces: ``x``, ``y`` is the center [px]; the direction has length 1.

    ::

        across = sin(yaw) · cos(pitch)     to the right in the image
        down   = - sin(pitch)              downward in the image
        camera = cos(yaw) · cos(pitch)     out of the image, to the camera
    """

    x: Floats
    y: Floats
    across: Floats
    down: Floats
    camera: Floats

    def where(self, kept: Bools | slice) -> "Gaze":
        """Return the selected faces."""
        return Gaze(*(getattr(self, name)[kept] for name in self.__slots__))

    def at_camera(self, within: float) -> Bools:
        """Return which faces are turned away from the camera by at most this angle [degrees]."""
        return np.asarray(self.camera >= np.cos(np.radians(within)) - _ROUNDING)

    def at_edge(self, edge: str, within: float) -> Bools:
        """Return which faces are directed to an edge of the image, within this angle [degrees]."""
        angle = np.degrees(np.arctan2(self.down, self.across)) - EDGE_ANGLES[edge]
        return np.asarray(np.abs((angle + 180) % 360 - 180) <= within + _ROUNDING)

    def at_outline(self, edges: Floats, within: float) -> Bools:
        """Return which faces have a cone around their direction that meets the area within the edges.

        The direction from the face to a point that moves along an edge changes monotonically. Therefore, the
        smallest angle to the gaze is at a corner, or 0 if the gaze itself meets an edge.
        """
        meets = np.zeros(len(self.x), dtype=bool)
        for first in range(0, len(meets), _AT_ONCE):
            part = np.s_[first : first + _AT_ONCE]
            meets[part] = _meets(self.where(part), edges, within)
        return meets


def _meets(gaze: Gaze, edges: Floats, within: float) -> Bools:
    """Return which faces have a cone that meets the area within the edges."""
    meets = np.zeros(len(gaze.x), dtype=bool)
    narrow = max(np.cos(np.radians(within)) - _ROUNDING, 0.0) ** 2
    length = np.hypot(gaze.across, gaze.down)
    u, v = gaze.across / length, gaze.down / length
    for x0, y0, x1, y1 in edges:
        (along, beside), (along_to, beside_to) = (
            (u * off_x + v * off_y, u * off_y - v * off_x)
            for off_x, off_y in ((x0 - gaze.x, y0 - gaze.y), (x1 - gaze.x, y1 - gaze.y))
        )
        meets |= (along >= 0) & (along * along >= narrow * (along * along + beside * beside))
        cut = along * beside_to - along_to * beside
        meets |= ((beside < 0) != (beside_to < 0)) & (cut * (beside_to - beside) >= 0)
    return meets


_NEEDED = ("face_left", "face_top", "face_width", "face_height", "face_yaw", "face_pitch")


def compute_facing(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    targets: Sequence[Zone | str],
    video: Video,
    *,
    within: float = 30.0,
    towards_camera: float = 20.0,
    min_confidence: float = 90.0,
    min_sharpness: float = 0.0,
    min_brightness: float = 0.0,
) -> pd.DataFrame:
    """Estimate how long each person's face was directed to a zone, an image edge or the camera.

    Each detection counts for its time present. A face is good enough if its box, yaw and pitch are known, and
    if its confidence, sharpness and brightness are at least the given minimums (a missing value is accepted
    only for a minimum of 0). All other time is ``without_face``. A face turned away from the camera by at
    most ``towards_camera`` faces the camera and no other target. Any other face has a direction in the
    image::

        to the right: sin(yaw) · cos(pitch)      downward: - sin(pitch)

    It faces an edge (``left``, ``right``, ``top``, ``bottom``) if this direction is at most ``within`` from
    the straight direction to that edge. It faces a zone if the cone of ``within`` on both sides, from the
    center of the face, meets the zone's outline in the image; a face inside the zone always does. A zone is
    faced only while it is active. A face may face several targets at the same time, or no target.
    ``facing + not_facing + without_face`` is the person's time in the scene, to the millisecond.
    ``coverage`` is the share of it with a sufficient face, NaN for a person without time present. If the
    detections have no face columns, all time is without face. Without targets or people, the table is empty.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    trajectories
        TRAJECTORIES computed from all or some of them, in any plane; only the rows of this table count.
    targets
        Zones in the image [px], or names of edges: ``left``, ``right``, ``top``, ``bottom``, ``camera``.
    video
        The video, for its frame size.
    within
        Half the angle of the cone, 0 to 90 [degrees].
    towards_camera
        Largest angle at which a face still looks at the camera, 0 to 90 [degrees].
    min_confidence, min_sharpness, min_brightness
        Minimum of each value, 0 to 100.

    Returns
    -------
    pandas.DataFrame
        FACING, one row per target and person, sorted by both.

    Raises
    ------
    SchemaError
        If a table does not match its schema, a trajectory row has no detection, or a zone is not in px.
    ZoneError
        If two targets have the same name, such as a zone ``left`` and this edge.
    ParameterError
        If a target is neither a zone nor an edge, a number is out of its range, or the frame size is unknown.

    Notes
    -----
    This is an estimate of attention, not a measurement. Yaw and pitch describe the head, relative to the
    camera: positive values are to the right of the image, and up. The eyes may look elsewhere, depth is
    unknown, and a zone behind another one on the same side of the face is also faced: the result errs toward
    too much facing. Faces turned away from the camera are not detected, so time without face mostly means
    *not facing the camera*: use figures only together with their coverage. Faces are personal data;
    ``read_tracking(..., faces=False)`` drops them while reading. O(n log n + zones · corners · faces).

    References
    ----------
    R. Stiefelhagen, J. Zhu, "Head orientation and gaze direction in meetings", CHI 2002,
    doi:10.1145/506443.506634: head orientation alone identified the person looked at in 89 % of the time.
    Yaw, pitch and quality: Amazon Rekognition API, *Pose* and *ImageQuality*.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> facing = pta.faces.compute_facing(detections, trajectories, ["left", "right"], video)
    >>> facing["facing"].dt.total_seconds().groupby("target").sum().round(2).to_dict()
    {'left': 44.48, 'right': 63.88}
    """
    validate(detections, DETECTIONS)
    validate(trajectories, TRAJECTORIES)
    validate_video(video)
    names = _named(targets)
    _validate_range(90, within=within, towards_camera=towards_camera)
    least = {"confidence": min_confidence, "sharpness": min_sharpness, "brightness": min_brightness}
    _validate_range(100, **{f"min_{name}": value for name, value in least.items()})
    rows = rows_by_person(trajectories)
    time_present = link_rows(trajectories, rows).time_present
    good, gaze = _faces(detections, detection_rows(detections, trajectories)[rows.order], video, least)
    looked = {
        name: _time_facing(target, (good, gaze), (towards_camera, within), (rows.time, time_present))
        for name, target in names.items()
    }
    with_face = np.zeros(len(time_present), dtype="int64")
    with_face[good] = time_present[good]
    person = trajectories.index.get_level_values("person_index").to_numpy()[rows.order]
    first = np.flatnonzero(rows.first)
    total, seen = (
        np.add.reduceat([time_present, with_face], first, axis=1)
        if len(first)
        else (time_present, time_present)
    )
    facing = [np.add.reduceat(time, first) if len(first) else time for time in looked.values()]
    return _table(list(names), person[first], np.reshape(facing, (len(names), len(first))), total, seen)


def _table(
    names: list[str], person: Integers, facing: Integers, total: Integers, seen: Integers
) -> pd.DataFrame:
    """Build the table from the times facing, (targets, people) [ms]."""
    coverage = np.divide(seen, total, out=np.full(len(total), np.nan), where=total > 0)
    arrays: dict[str, np.ndarray | list[str]] = {
        "target": [name for name in names for _ in person],
        "person_index": np.tile(person, len(names)),
        "facing": facing.ravel(),
        "not_facing": (seen - facing).ravel(),
        "without_face": np.tile(total - seen, len(names)),
        "coverage": np.tile(coverage, len(names)),
    }
    return assemble(FACING, arrays)


def _time_facing(
    target: Zone | str,
    faces: tuple[Integers, Gaze],
    angles: tuple[float, float],
    times: tuple[Integers, Integers],
) -> Integers:
    """Return the time that each row's face is directed to the target [ms]; ``faces`` has rows and gazes."""
    (good, gaze), (towards_camera, within), (time, time_present) = faces, angles, times
    looks = np.zeros(len(time_present), dtype=bool)
    if target == "camera":
        looks[good] = gaze.at_camera(towards_camera)
    else:
        aside = ~gaze.at_camera(towards_camera)
        turned = gaze.where(aside)
        looks[good[aside]] = (
            turned.at_edge(target, within)
            if isinstance(target, str)
            else turned.at_outline(target.edges, within)
        )
    if isinstance(target, str):
        return np.where(looks, time_present, 0)
    inside = time_inside(target, looks, time, time_present)
    facing = np.zeros(len(time_present), dtype="int64")
    facing[inside.rows] = inside.until - inside.since
    return facing


def _faces(
    detections: pd.DataFrame, row: Integers, video: Video, least: dict[str, float]
) -> tuple[Integers, Gaze]:
    """Return the rows with a sufficient face, and the gazes of these faces."""
    good = np.full(len(row), set(_NEEDED) <= set(detections.columns))
    for name, value in least.items():
        if value > 0:
            good &= _column(detections, f"face_{name}")[row] >= value
    left, top, width, height, yaw, pitch = (_column(detections, name)[row] for name in _NEEDED)
    good &= np.isfinite(left + top + width + height + yaw + pitch)
    middle = np.column_stack([left + width / 2, top + height / 2])[good]
    x, y = video.pixels.project(middle).T
    turn, nod = np.radians(yaw[good]), np.radians(pitch[good])
    gaze = Gaze(x, y, np.sin(turn) * np.cos(nod), -np.sin(nod), np.cos(turn) * np.cos(nod))
    return np.flatnonzero(good), gaze


def _column(detections: pd.DataFrame, name: str) -> Floats:
    if name in detections.columns:
        return detections[name].to_numpy()
    return np.full(len(detections), np.nan)


def _named(targets: Sequence[Zone | str]) -> dict[str, Zone | str]:
    """Return the targets by name; reject invalid and duplicate targets."""
    validate_items(targets, Zone, "targets", or_names=True)
    named: dict[str, Zone | str] = {}
    for target in targets:
        if not isinstance(target, Zone) and target not in TARGETS:
            raise ParameterError(f"targets must be zones or {', '.join(TARGETS)}, got {target!r:.60}")
        if isinstance(target, Zone) and target.unit != "px":
            raise SchemaError(
                f"zone {target.name!r} must be in px, because faces are in the image, got {target.unit}"
            )
        name = target if isinstance(target, str) else target.name
        if name in named:
            raise ZoneError(f"the name {name!r} occurs twice")
        named[name] = target
    return named


def _validate_range(most: float, **given: object) -> None:
    """Reject numbers that are not from 0 to ``most``, all in one message."""
    wrong = [
        f"{name} must be from 0 to {most:g}, got {value!r}"
        for name, value in given.items()
        if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not 0 <= value <= most
    ]
    if wrong:
        raise ParameterError("; ".join(wrong))
