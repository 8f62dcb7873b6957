"""Roles of the columns of a tracker's table, such as time, id and box."""

import re
from collections.abc import Collection, Mapping, Sequence

from ptrack_analysis.errors import ParameterError

MOMENTS = ("frame", "time", "timestamp_ms", "time_ms", "time_s")
ACROSS = (("left", "right"), ("left", "width"), ("center_x", "width"))
DOWN = (("top", "bottom"), ("top", "height"), ("center_y", "height"))
BOXES = {
    "box_xyxy": ("left", "top", "right", "bottom"),
    "box_xywh": ("left", "top", "width", "height"),
    "box_cxcywh": ("center_x", "center_y", "width", "height"),
}
"""Roles of a column with the four numbers of a box per cell, and the roles of these numbers."""
PARTS = ("video", "camera")
FURTHER = ("confidence", "class", "class_name")
POINT = ("x", "y")
"""Roles of the columns of a point without a box."""
SIDES = tuple(dict.fromkeys(role for pair in (*ACROSS, *DOWN) for role in pair))
ROLES = (*MOMENTS, "id", *SIDES, *BOXES, *POINT, *PARTS, *FURTHER)
NUMERIC = ("frame", "confidence", *SIDES, *POINT)
"""Roles of columns that contain only numbers."""

FRAME_NAMES = ("frame", "frame_number", "frame_index", "frame_idx", "frame_id", "frame_no", "frame_num")
"""Usual names of the column with the frame number."""
_CAMERA_NAMES = (
    "camera",
    "camera_id",
    "cam",
    "cam_id",
    "sensor",
    "sensor_id",
    "sensorid",
    "stream",
    "stream_id",
)
_VIDEO_NAMES = ("video", "video_name", "video_id", "clip")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "video": _VIDEO_NAMES,
    "camera": _CAMERA_NAMES,
    "frame": (*FRAME_NAMES, "fr", "framenumber", "frameid", "image_id"),
    "time": ("time", "timestamp", "ts", "datetime", "date_time", "t"),
    "timestamp_ms": ("timestamp_ms", "time_ms", "ms", "t_ms"),
    "time_s": ("time_s", "seconds", "sec", "t_s", "timestamp_s"),
    "id": (
        "id",
        "track_id",
        "tracker_id",
        "trackid",
        "person_id",
        "object_id",
        "pid",
        "track",
        "person",
        "tid",
    ),
    "left": ("left", "x1", "xmin", "x_min", "bb_left", "xtl", "bbox_left", "box_x1"),
    "top": ("top", "y1", "ymin", "y_min", "bb_top", "ytl", "bbox_top", "box_y1"),
    "right": ("right", "x2", "xmax", "x_max", "xbr", "bbox_right", "box_x2"),
    "bottom": ("bottom", "y2", "ymax", "y_max", "ybr", "bbox_bottom", "box_y2"),
    "center_x": ("center_x", "cx", "xc", "x_center", "xcenter"),
    "center_y": ("center_y", "cy", "yc", "y_center", "ycenter"),
    "width": ("width", "w", "bb_width", "bbox_width", "box_width"),
    "height": ("height", "h", "bb_height", "bbox_height", "box_height"),
    "x": ("x", "x_m", "x_cm", "x_px", "pos_x", "x_pos", "posx", "world_x", "position_x"),
    "y": ("y", "y_m", "y_cm", "y_px", "pos_y", "y_pos", "posy", "world_y", "position_y"),
    "confidence": ("confidence", "conf", "score"),
    "class": ("class", "class_id", "cls", "label", "category", "category_id", "type"),
    "class_name": ("class_name", "name", "label_name"),
}
"""Usual names of the column of each role, for proposals only. No file is read by these names."""


def find_time_role(columns: Mapping[str, str]) -> str:
    """Return the only role of a time.

    Raises
    ------
    ParameterError
        If there is no role of a time, or several.
    """
    found = [role for role in MOMENTS if role in columns]
    if len(found) != 1:
        raise ParameterError(
            f"columns names {_list_names(found)} for the time; expected one of {_list_names(MOMENTS)}"
        )
    return found[0]


def across(columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the two roles of the horizontal position of a box."""
    return _find_pair(columns, ACROSS)


def down(columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the two roles of the vertical position of a box."""
    return _find_pair(columns, DOWN)


def validate_roles(columns: Mapping[str, str], present: Sequence[str], place: str) -> dict[str, str]:
    """Return the column of each role, after validation.

    Parameters
    ----------
    columns
        Role to name of a column, from the caller.
    present
        The table's columns.
    place
        Name of the table, for errors.

    Raises
    ------
    ParameterError
        If a role is unknown, a column is missing, or the roles do not define a time, an id and a box.
    """
    known = set(present)
    for role, name in columns.items():
        if role not in ROLES:
            raise ParameterError(
                f"{place}: columns names the role {role!r}; the roles are {_list_names(ROLES)}"
            )
        if name not in known:
            raise ParameterError(
                f"{place}: column {name!r}, given for {role}, is missing; the columns are "
                f"{list_columns(present)}"
            )
    if "id" not in columns:
        raise ParameterError(f"{place}: columns names no 'id', the tracker's number of the person")
    boxes = [role for role in BOXES if role in columns]
    try:
        find_time_role(columns)
        if any(role in columns for role in POINT):
            used = _find_point(columns)
        else:
            used = set(boxes[:1]) or {*across(columns), *down(columns)}
    except ParameterError as error:
        raise ParameterError(f"{place}: {error}") from error
    loose = [role for role in (*SIDES, *BOXES) if role in columns and role not in used]
    if loose:
        raise ParameterError(
            f"{place}: columns names {_list_names(loose)} as well as {_list_names(sorted(used))}. Name one "
            f"box, or one point."
        )
    return dict(columns)


def by_own_names(present: Sequence[str]) -> dict[str, str]:
    """Return the columns that are named like their roles."""
    known = set(present)
    own = _drop_surplus({role: role for role in ROLES if role in known})
    sizes = (*_SYNONYMS["width"], *_SYNONYMS["height"])
    if any(name.lower() in sizes for name in present):  # x and y may be the corner of a box, or its center
        own = {role: name for role, name in own.items() if role not in POINT}
    return own


def propose_columns(present: Sequence[str]) -> dict[str, str]:
    """Guess the roles of columns from their usual names."""
    plain = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in reversed(present)}
    found = {
        role: plain[synonym]
        for role, synonyms in _SYNONYMS.items()
        if (synonym := next((synonym for synonym in synonyms if synonym in plain), None)) is not None
    }
    return _drop_surplus(found)


def find_part_columns(columns: Mapping[str, str], present: Sequence[str]) -> dict[str, str]:
    """Return columns without a role that seem to separate videos or cameras."""
    used = set(columns.values())
    return {
        role: name
        for role, names in (("video", _VIDEO_NAMES), ("camera", _CAMERA_NAMES))
        if role not in columns
        for name in present
        if name.lower() in names and name not in used
    }


def find_without_role(
    columns: Mapping[str, str], present: Sequence[str], known: Collection[str] = ()
) -> list[str]:
    """Return columns that have a name but no role, except ``known`` ones."""
    used = {*columns.values(), *known, ""}
    return [name for name in present if name not in used]


def list_columns(names: Sequence[str], most: int = 20) -> str:
    """List the first column names for a message, with the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return _list_names(names[:most]) + more


def _drop_surplus(own: dict[str, str]) -> dict[str, str]:
    """Keep the roles of one time and one box."""
    for side, other, length in (("left", "right", "width"), ("top", "bottom", "height")):
        center = "center_x" if side == "left" else "center_y"
        if side in own:
            own.pop(center, None)
            own.pop(length if other in own else "", None)
    if any(role in own for role in SIDES):
        for role in BOXES:
            own.pop(role, None)
    if not all(role in own for role in POINT) or any(role in own for role in (*SIDES, *BOXES)):
        for role in POINT:
            own.pop(role, None)
    for later in MOMENTS[1 + next((at for at, role in enumerate(MOMENTS) if role in own), 0) :]:
        own.pop(later, None)
    return own


def _find_point(columns: Mapping[str, str]) -> set[str]:
    missing = [role for role in POINT if role not in columns]
    if missing:
        raise ParameterError(f"columns names no {missing[0]!r}; points need x and y")
    return {*POINT}


def _find_pair(columns: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    for pair in pairs:
        if all(role in columns for role in pair):
            return pair
    expected = " or ".join(f"{one} and {other}" for one, other in pairs)
    raise ParameterError(f"columns names no {expected}")


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "nothing"
