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
    _face("face_roll", "Rotation of the face in the image plane.", "degrees"),
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
    "Whether the row was interpolated in a gap, not detected.",
    optional=True,
)

CONTINUED = Column(
    "continued",
    "flag",
    "Whether the row repeats the last detection before the analyzed part, at the start of the part.",
    optional=True,
)

MERGED_FROM = Column(
    "merged_from",
    "integer",
    "Person index that the tracker gave, before tracks were stitched.",
    optional=True,
)

TRACKER_COLUMNS = (
    Column("confidence", "number", "Confidence of the detection, on the tracker's scale.", optional=True),
    Column(
        "class_id",
        "integer",
        "Number of the object's class in the tracker's list.",
        optional=True,
        nullable=True,
    ),
    Column("class_name", "text", "Name of the object's class.", optional=True),
    Column("source_id", "text", "Identity in the tracker's file, if it is not a number.", optional=True),
)
"""Columns of other trackers, which GetPersonTracking pages do not have."""

DETECTIONS = Table(
    name="detections",
    row="one person at one time",
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
    row="one person's position at one time",
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
    row="one track that was joined to an earlier track",
    key=(Column("track_index", "integer", "Person index of the later track before joining."),),
    columns=(
        Column("after", "integer", "Person index of the earlier track before joining."),
        Column("merged_into", "integer", "Person index of both tracks after joining."),
        Column(
            "gap", "span", "Time from the end of the earlier track to the start of the later track.", unit="s"
        ),
        Column(
            "distance_{u}",
            "number",
            "Distance between the expected and the detected position after the gap.",
            unit="{u}",
        ),
        Column("speed_{u}_per_s", "number", "Speed that crossing the gap requires.", unit="{u}/s"),
        Column(
            "size_ratio",
            "number",
            "Box height after the gap divided by the height before, each relative to the typical height.",
            unit="1",
        ),
        Column("cost", "number", "Cost of joining, from 0 (perfect) to max_cost (excluded).", unit="1"),
    ),
)


TARGETS = ("left", "right", "top", "bottom", "camera")

FACING = Table(
    name="facing",
    row="one person and one target, with the estimated time facing it",
    key=(
        Column("target", "text", "Name of the zone, an edge of the image, or camera."),
        PERSON,
    ),
    columns=(
        Column("facing", "span", "Time facing the target.", unit="s"),
        Column("not_facing", "span", "Time facing elsewhere.", unit="s"),
        Column("without_face", "span", "Time without a face of sufficient quality.", unit="s"),
        Column(
            "coverage",
            "number",
            "Share of the person's time in the scene with a face of sufficient quality.",
            unit="1",
        ),
    ),
)
