"""Every table of the package, written down once."""

from ptrack_analysis.schema.table import Column, Table

_TIMESTAMP = Column("timestamp", "moment", "Moment of the detection, since the start of the video.")
_PERSON = Column("person_index", "integer", "The tracker's number of the person, within this video only.")
_ZONE = Column("zone", "text", "Name of the zone.")


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

DETECTIONS = Table(
    name="detections",
    row="one person at one moment",
    key=(_TIMESTAMP, _PERSON),
    columns=(
        _fraction("left", "Left edge of the body's box, as a fraction of the frame's width."),
        _fraction("top", "Upper edge of the body's box, as a fraction of the frame's height."),
        _fraction("width", "Width of the body's box, as a fraction of the frame's width."),
        _fraction("height", "Height of the body's box, as a fraction of the frame's height."),
        *FACE_COLUMNS,
        *LANDMARK_COLUMNS,
    ),
)

POINTS = Table(
    name="points",
    row="one person's position at one moment",
    key=(_PERSON, _TIMESTAMP),
    columns=(
        Column("x_{u}", "number", "Position of the person.", unit="{u}"),
        Column("y_{u}", "number", "Position of the person.", unit="{u}"),
    ),
)

LOCATED = ("box", "interpolated", "no")

TRAJECTORIES = Table(
    name="trajectories",
    row="where a person stood from this moment until the next",
    key=(_PERSON, _TIMESTAMP),
    columns=(
        Column("x_{u}", "number", "Position of the person's footpoint.", unit="{u}"),
        Column("y_{u}", "number", "Position of the person's footpoint, growing downwards.", unit="{u}"),
        Column("located", "choice", "Where the position comes from.", choices=LOCATED),
        Column("held", "span", "How long the detection holds.", unit="s"),
        Column("run", "integer", "Number of the person's stretch without a gap above max_gap, from 1."),
        Column("step_{u}", "number", "Way from the person's previous position in the same run.", unit="{u}"),
        Column("speed_{u}_per_s", "number", "Speed over a time window around the moment.", unit="{u}/s"),
        Column("heading", "number", "Direction over the same window: 0 = +x, 90 = +y.", unit="degrees"),
    ),
)

TRACKS = Table(
    name="tracks",
    row="one person over the video",
    key=(_PERSON,),
    columns=(
        Column("first_seen", "moment", "Moment of the person's first detection."),
        Column("last_seen", "moment", "Moment of the person's last detection."),
        Column("dwell", "span", "Time in the scene: the sum of held.", unit="s"),
        Column("unlocated", "span", "The part of dwell in which the position is not known.", unit="s"),
        Column("detections", "integer", "Number of the person's detections."),
        Column("runs", "integer", "Number of the person's stretches without a gap above max_gap."),
        Column("path_{u}", "number", "Length of the way walked: the sum of the steps.", unit="{u}"),
        Column("displacement_{u}", "number", "Distance from the first to the last position.", unit="{u}"),
        Column("mean_speed_{u}_per_s", "number", "Path by the time in which it was walked.", unit="{u}/s"),
        Column("max_speed_{u}_per_s", "number", "Largest speed of the trajectory.", unit="{u}/s"),
        Column("start_x_{u}", "number", "First known position.", unit="{u}"),
        Column("start_y_{u}", "number", "First known position.", unit="{u}"),
        Column("end_x_{u}", "number", "Last known position.", unit="{u}"),
        Column("end_y_{u}", "number", "Last known position.", unit="{u}"),
    ),
)

ENTRIES = ("crossed", "start", "appeared")
EXITS = ("crossed", "end", "vanished")

VISITS = Table(
    name="visits",
    row="one stay of one person in one zone",
    key=(_ZONE, _PERSON, Column("visit", "integer", "Number of the person's stay in the zone, from 1.")),
    columns=(
        Column("entered", "moment", "First moment inside."),
        Column("exited", "moment", "First moment no longer inside."),
        Column("dwell", "span", "Time inside: the sum of held of the detections inside.", unit="s"),
        Column("entry", "choice", "How the stay began; all but crossed: it began unseen.", choices=ENTRIES),
        Column("exit", "choice", "How the stay ended; all but crossed: it ended unseen.", choices=EXITS),
        Column("detections", "integer", "Number of the detections inside."),
    ),
)

OCCUPANCY = Table(
    name="occupancy",
    row="a count of persons that holds from this moment until the next row of the zone",
    key=(
        Column("zone", "text", 'Name of the zone; "" is the whole scene.'),
        Column("timestamp", "moment", "Moment from which the count holds, since the start of the video."),
    ),
    columns=(Column("persons", "integer", "Number of persons present."),),
)

CROSSINGS = Table(
    name="crossings",
    row="one crossing of one line",
    key=(Column("line", "text", "Name of the line."), _TIMESTAMP, _PERSON),
    columns=(
        Column("direction", "choice", "in: from the line's left to its right.", choices=("in", "out")),
        Column("x_{u}", "number", "Where the line was crossed.", unit="{u}"),
        Column("y_{u}", "number", "Where the line was crossed.", unit="{u}"),
    ),
)

HEATMAP = Table(
    name="heatmap",
    row="one cell of a heatmap",
    key=(
        Column("of", "text", "What is counted: footpoints (where people stood) or boxes (what they cover)."),
        Column("row", "integer", "Row of the cell; 0 is the top of the picture."),
        Column("column", "integer", "Column of the cell; 0 is the left of the picture."),
    ),
    columns=(
        Column("x_{u}", "number", "Middle of the cell.", unit="{u}"),
        Column("y_{u}", "number", "Middle of the cell.", unit="{u}"),
        Column(
            "seconds",
            "number",
            "Of footpoints: time for which people stood in the cell; of boxes: times the share of "
            "the cell that their boxes cover. The two are not to be added up.",
            unit="s",
        ),
    ),
    units=("px", "m", "fraction"),
)

VIDEOS = Table(
    name="videos",
    row="one filmed file",
    key=(Column("video", "text", "Name of the video."),),
    columns=(
        Column("width", "integer", "Width of the frame.", unit="px", nullable=True),
        Column("height", "integer", "Height of the frame.", unit="px", nullable=True),
        Column("frame_rate", "number", "Frames a second.", unit="1/s"),
        Column("duration", "span", "Length of the video.", unit="s"),
        Column("codec", "text", "Codec of the file."),
        Column("format", "text", "Format of the file."),
        Column("color_range", "text", "Range of the colour values: FULL or LIMITED."),
        Column("job_id", "text", "Identifier of the tracking job."),
        Column("job_tag", "text", "Tag that the job was started with."),
        Column("source", "text", "Bucket and key of the filmed file."),
        Column("started_at", "instant", "Wall-clock moment at which the recording starts."),
    ),
)

ZONES = Table(
    name="zones",
    row="one zone",
    key=(_ZONE,),
    columns=(
        Column("kind", "text", "What the zone is used as, from its file."),
        Column("unit", "text", "Unit of the outline's coordinates: fraction, px or m."),
        Column("outline", "text", "The zone's polygon as well-known text."),
    ),
)

TABLES = {
    table.name: table
    for table in (
        DETECTIONS,
        POINTS,
        TRAJECTORIES,
        TRACKS,
        VISITS,
        OCCUPANCY,
        CROSSINGS,
        HEATMAP,
        VIDEOS,
        ZONES,
    )
}
