"""Tables of detections, points and faces."""

from dataclasses import replace

from ptrack_analysis.schema.table import PERSON, TIMESTAMP, Column, Table


def _fraction(name: str, text: str) -> Column:
    return Column(name, "number", text, unit="1", optional=name.startswith("face_"))


def _face(name: str, text: str, unit: str) -> Column:
    return Column(name, "number", text, unit=unit, optional=True)


FACE_COLUMNS = (
    _fraction("face_left", "Left edge of the face's box, as a fraction of the frame's width."),
    _fraction("face_top", "Upper edge of the face's box, as a fraction of the frame's height."),
    _fraction("face_width", "Width of the face's box, as a fraction of the frame's width."),
    _fraction("face_height", "Height of the face's box, as a fraction of the frame's height."),
    _face("face_confidence", "Confidence that this is a face.", "%"),
    _face("face_roll", "Rotation of the face in the picture's plane.", "degrees"),
    _face("face_yaw", "Turn of the face to its side.", "degrees"),
    _face("face_pitch", "Nod of the face.", "degrees"),
    _face("face_brightness", "Brightness of the face, 0 to 100.", "1"),
    _face("face_sharpness", "Sharpness of the face, 0 to 100.", "1"),
)

LANDMARKS = {
    "eyeLeft": "eye_left",
    "eyeRight": "eye_right",
    "mouthLeft": "mouth_left",
    "mouthRight": "mouth_right",
    "nose": "nose",
}

LANDMARK_COLUMNS = tuple(
    Column(
        f"{name}_{axis}",
        "number",
        f"{axis} of the face's {name.replace('_', ' ')}, as a fraction of the frame's {side}.",
        unit="1",
        optional=True,
    )
    for name in LANDMARKS.values()
    for axis, side in (("x", "width"), ("y", "height"))
)

INTERPOLATED = Column(
    "interpolated",
    "flag",
    "Whether the row was put into a gap, not detected.",
    optional=True,
)

CONTINUED = Column(
    "continued",
    "flag",
    "Whether the row continues a detection from before the part, with its position, at the part's start.",
    optional=True,
)

MERGED_FROM = Column(
    "merged_from", "integer", "Number that the tracker gave, before identities were joined.", optional=True
)

TRACKER_COLUMNS = (
    Column("confidence", "number", "Confidence of the detection, in the tracker's own scale.", optional=True),
    Column(
        "class_id",
        "integer",
        "Number of the object's class, in the tracker's own list.",
        optional=True,
        nullable=True,
    ),
    Column("class_name", "text", "Name of the object's class.", optional=True),
    Column("source_id", "text", "Identity in the tracker's file, if it is not a number.", optional=True),
)
"""What other trackers write beside the box; GetPersonTracking pages have no such columns."""

DETECTIONS = Table(
    name="detections",
    row="one person at one moment",
    key=(TIMESTAMP, PERSON),
    columns=(
        _fraction("left", "Left edge of the body's box, as a fraction of the frame's width."),
        _fraction("top", "Upper edge of the body's box, as a fraction of the frame's height."),
        _fraction("width", "Width of the body's box, as a fraction of the frame's width."),
        _fraction("height", "Height of the body's box, as a fraction of the frame's height."),
        *FACE_COLUMNS,
        *LANDMARK_COLUMNS,
        *TRACKER_COLUMNS,
        INTERPOLATED,
        CONTINUED,
        MERGED_FROM,
    ),
)

FACES = Table(
    name="faces",
    row="one face of a person at one time",
    key=(TIMESTAMP, PERSON),
    columns=tuple(replace(column, optional=False) for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)),
)

POINTS = Table(
    name="points",
    row="one person's position at one moment",
    key=(PERSON, TIMESTAMP),
    columns=(
        Column("x_{u}", "number", "Position of the person.", unit="{u}"),
        Column("y_{u}", "number", "Position of the person.", unit="{u}"),
        *TRACKER_COLUMNS,
        INTERPOLATED,
        CONTINUED,
        MERGED_FROM,
    ),
)

STITCHES = Table(
    name="stitches",
    row="one track that was joined to an earlier one, as the same person",
    key=(Column("track_index", "integer", "The tracker's number of the later track, before joining."),),
    columns=(
        Column("after", "integer", "The tracker's number of the track before it."),
        Column("merged_into", "integer", "Number of the person that both are part of."),
        Column("gap", "span", "Time from the end of the one to the start of the other.", unit="s"),
        Column("distance_{u}", "number", "From the place expected to the place found.", unit="{u}"),
        Column("speed_{u}_per_s", "number", "Speed needed to walk across the gap.", unit="{u}/s"),
        Column(
            "size_ratio",
            "number",
            "Height of the box after the gap by that before it, each by the height usual at its place.",
            unit="1",
        ),
        Column("cost", "number", "Cost of the join: 0 fits perfectly, max_cost is not joined.", unit="1"),
    ),
)


TARGETS = ("left", "right", "top", "bottom", "camera")

FACING = Table(
    name="facing",
    row="one person and one target: how long the face was turned to it, an estimate",
    key=(
        Column("target", "text", "Name of the zone, an edge of the picture, or camera."),
        PERSON,
    ),
    columns=(
        Column("facing", "span", "Time in which the face was turned to the target.", unit="s"),
        Column("not_facing", "span", "Time in which it was turned elsewhere.", unit="s"),
        Column("without_face", "span", "Time in which no face, or none good enough, was found.", unit="s"),
        Column(
            "coverage",
            "number",
            "Share of the person's time in the scene with a face that is good enough.",
            unit="1",
        ),
    ),
)
