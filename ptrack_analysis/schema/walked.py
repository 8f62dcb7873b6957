"""Tables of positions, movement and stops."""

from ptrack_analysis.schema.detected import CONTINUED, INTERPOLATED, MERGED_FROM, TRACKER_COLUMNS
from ptrack_analysis.schema.table import PERSON, TIMESTAMP, Column, Table

POSITION_STATUSES = ("detected", "interpolated", "missing")

BOX_FLAGS = (
    Column(
        "box_truncated",
        "flag",
        "Whether the image border cuts the box at a side that the position depends on (within 0.01 of the "
        "frame). For an interpolated position, whether it cuts one of the two boxes around the gap.",
        optional=True,
    ),
    Column(
        "outside_image",
        "flag",
        "Whether the position is outside the image, before projection.",
        optional=True,
    ),
    Column(
        "enters_frame",
        "flag",
        "Whether the tracklet enters over the image border; on its first row.",
        optional=True,
    ),
    Column(
        "leaves_frame",
        "flag",
        "Whether the tracklet leaves over the image border; on its last row.",
        optional=True,
    ),
)
"""Columns computed from boxes; tables computed from points do not have them."""

TRAJECTORIES = Table(
    name="trajectories",
    row="one person's position at one time",
    key=(PERSON, TIMESTAMP),
    columns=(
        Column("x_{u}", "number", "Position of the foot point.", unit="{u}"),
        Column(
            "y_{u}",
            "number",
            "Position of the foot point; it increases downward in the image.",
            unit="{u}",
        ),
        Column("position_status", "choice", "Source of the position.", choices=POSITION_STATUSES),
        Column("time_present", "span", "Time that the detection represents.", unit="s"),
        Column(
            "tracklet",
            "integer",
            "Number of the person's tracklet, from 1: a part without gaps above max_gap.",
        ),
        Column("step_{u}", "number", "Distance from the previous position in the same tracklet.", unit="{u}"),
        Column("speed_{u}_per_s", "number", "Speed over a time window around the timestamp.", unit="{u}/s"),
        Column("heading", "number", "Direction over the same window: 0 = +x, 90 = +y.", unit="degrees"),
        *BOX_FLAGS,
        INTERPOLATED,
        CONTINUED,
        Column("smoothed", "flag", "Whether smoothing moved the position.", optional=True),
        Column(
            "jump", "flag", "Whether the position is implausibly far from the previous ones.", optional=True
        ),
        MERGED_FROM,
        *TRACKER_COLUMNS,
    ),
)

MOVEMENT = Table(
    name="kinematics",
    row="one person's movement at one time",
    key=(PERSON, TIMESTAMP),
    columns=(
        Column("velocity_x_{u}_per_s", "number", "Velocity along x over a time window.", unit="{u}/s"),
        Column("velocity_y_{u}_per_s", "number", "Velocity along y over a time window.", unit="{u}/s"),
        Column(
            "acceleration_{u}_per_s2",
            "number",
            "Change of speed from the first half of the window to the second, divided by the time between "
            "their centers; negative if the person slows down.",
            unit="{u}/s²",
        ),
        Column(
            "turning_angle",
            "number",
            "Change of heading from the first half of the window to the second, divided by the time between "
            "their centers; positive from +x to +y.",
            unit="degrees/s",
        ),
        Column(
            "too_fast",
            "flag",
            "Whether the speed is above the given limit, which indicates a tracking error.",
        ),
    ),
)

TRACKS = Table(
    name="tracks",
    row="one person in one video",
    key=(PERSON,),
    columns=(
        Column("first_seen", "moment", "Time of the first detection."),
        Column("last_seen", "moment", "Time of the last detection."),
        Column("time_in_scene", "span", "Time in the scene: the sum of time_present.", unit="s"),
        Column(
            "without_position",
            "span",
            "Part of time_in_scene without a position.",
            unit="s",
        ),
        Column(
            "time_outside_image",
            "span",
            "Part of time_in_scene with a position outside the image.",
            unit="s",
        ),
        Column(
            "time_box_truncated",
            "span",
            "Part of time_in_scene with a position from a truncated box.",
            unit="s",
        ),
        Column(
            "segment",
            "text",
            "Label of the person: the most frequent class_name; missing without classes.",
        ),
        Column("detections", "integer", "Number of detections."),
        Column("tracklets", "integer", "Number of tracklets."),
        Column(
            "path_length_{u}",
            "number",
            "Sum of the steps: usually above the true length, because jitter adds to it.",
            unit="{u}",
        ),
        Column("displacement_{u}", "number", "Distance from the first to the last position.", unit="{u}"),
        Column(
            "mean_speed_{u}_per_s",
            "number",
            "Mean speed of the trajectory, weighted by time_present; missing if speed_time is below "
            "half of time_in_scene.",
            unit="{u}/s",
        ),
        Column("max_speed_{u}_per_s", "number", "Maximum speed of the trajectory.", unit="{u}/s"),
        Column("speed_time", "span", "Part of time_in_scene with a known speed.", unit="s"),
        Column("start_x_{u}", "number", "First known position.", unit="{u}"),
        Column("start_y_{u}", "number", "First known position.", unit="{u}"),
        Column("end_x_{u}", "number", "Last known position.", unit="{u}"),
        Column("end_y_{u}", "number", "Last known position.", unit="{u}"),
        Column(
            "path_length_smoothed_{u}",
            "number",
            "Length of the smoothed trajectory, without jitter while standing.",
            unit="{u}",
        ),
        Column("walking", "span", "Time spent walking along the smoothed trajectory.", unit="s"),
        Column(
            "straightness",
            "number",
            "Displacement while walking in each tracklet, divided by the walked length: 1 is straight.",
            unit="1",
        ),
        Column(
            "radius_of_gyration_{u}",
            "number",
            "Root mean square distance from the mean position, weighted by time_present.",
            unit="{u}",
        ),
    ),
)

STOPS = Table(
    name="stops",
    row="one stop of one person: a period within a small area",
    key=(PERSON, Column("stop", "integer", "Number of the person's stop, from 1.")),
    columns=(
        Column("entered", "moment", "Start of the stop."),
        Column("exited", "moment", "End of the stop."),
        Column(
            "duration", "span", "Duration of the stop: the sum of time_present of its detections.", unit="s"
        ),
        Column("x_{u}", "number", "Mean position, weighted by time_present.", unit="{u}"),
        Column("y_{u}", "number", "Mean position, weighted by time_present.", unit="{u}"),
        Column(
            "extent_{u}",
            "number",
            "Largest extent of the positions in any of 16 directions: up to 0.5 % below their diameter.",
            unit="{u}",
        ),
        Column("detections", "integer", "Number of detections."),
    ),
)
