"""The tables of where people walked, and how."""

from ptrack_analysis.schema.detected import CONTINUED, INTERPOLATED, MERGED_FROM, TRACKER_COLUMNS
from ptrack_analysis.schema.table import PERSON, TIMESTAMP, Column, Table

POSITION_STATUSES = ("detected", "interpolated", "missing")

BOX_FLAGS = (
    Column(
        "box_truncated",
        "flag",
        "Whether the image border cuts the box at a side that the position depends on (within 0.01 of the "
        "frame); of an interpolated position, whether it cuts either box that the position lies between.",
        optional=True,
    ),
    Column(
        "outside_image",
        "flag",
        "Whether the position lies outside the image, before projection.",
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
"""What follows from boxes: tables computed from points do not have these columns."""

TRAJECTORIES = Table(
    name="trajectories",
    row="where a person stood from this moment until the next",
    key=(PERSON, TIMESTAMP),
    columns=(
        Column("x_{u}", "number", "Position of the person's footpoint.", unit="{u}"),
        Column(
            "y_{u}",
            "number",
            "Position of the person's footpoint; it grows downward on the image.",
            unit="{u}",
        ),
        Column("position_status", "choice", "Where the position comes from.", choices=POSITION_STATUSES),
        Column("time_present", "span", "How long the detection holds.", unit="s"),
        Column("tracklet", "integer", "Number of the person's stretch without a gap above max_gap, from 1."),
        Column("step_{u}", "number", "Way from the person's previous position in the same run.", unit="{u}"),
        Column("speed_{u}_per_s", "number", "Speed over a time window around the moment.", unit="{u}/s"),
        Column("heading", "number", "Direction over the same window: 0 = +x, 90 = +y.", unit="degrees"),
        *BOX_FLAGS,
        INTERPOLATED,
        CONTINUED,
        Column("smoothed", "flag", "Whether smoothing moved the position.", optional=True),
        Column("jump", "flag", "Whether the position is one that nobody can have walked to.", optional=True),
        MERGED_FROM,
        *TRACKER_COLUMNS,
    ),
)

MOVEMENT = Table(
    name="kinematics",
    row="how a person moved at one moment",
    key=(PERSON, TIMESTAMP),
    columns=(
        Column("velocity_x_{u}_per_s", "number", "Velocity along x over a time window.", unit="{u}/s"),
        Column("velocity_y_{u}_per_s", "number", "Velocity along y over a time window.", unit="{u}/s"),
        Column(
            "acceleration_{u}_per_s2",
            "number",
            "Change of speed from the first half of the window to the second, by the time between their "
            "middles; negative: slowing down.",
            unit="{u}/s²",
        ),
        Column(
            "turning_angle",
            "number",
            "Change of heading from the first half of the window to the second, by the time between their "
            "middles; positive: from +x towards +y.",
            unit="degrees/s",
        ),
        Column("too_fast", "flag", "Whether the speed is above the given limit: an error of the tracker."),
    ),
)

TRACKS = Table(
    name="tracks",
    row="one person over the video",
    key=(PERSON,),
    columns=(
        Column("first_seen", "moment", "Moment of the person's first detection."),
        Column("last_seen", "moment", "Moment of the person's last detection."),
        Column("time_in_scene", "span", "Time in the scene: the sum of time_present.", unit="s"),
        Column(
            "without_position",
            "span",
            "The part of time_in_scene in which the position is not known.",
            unit="s",
        ),
        Column(
            "time_outside_image",
            "span",
            "The part of time_in_scene in which the position lies outside the image.",
            unit="s",
        ),
        Column(
            "time_box_truncated",
            "span",
            "The part of time_in_scene with a position from a box that the image border cuts.",
            unit="s",
        ),
        Column(
            "segment",
            "text",
            "Label of the person: the most frequent class_name of the source; missing without classes.",
        ),
        Column("detections", "integer", "Number of the person's detections."),
        Column("tracklets", "integer", "Number of the person's stretches without a gap above max_gap."),
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
            "Mean of the speeds of the trajectory, weighted by time_present; missing if speed_time is below "
            "half of time_in_scene.",
            unit="{u}/s",
        ),
        Column("max_speed_{u}_per_s", "number", "Maximum of the same speeds.", unit="{u}/s"),
        Column("speed_time", "span", "The part of time_in_scene with a known speed.", unit="s"),
        Column("start_x_{u}", "number", "First known position.", unit="{u}"),
        Column("start_y_{u}", "number", "First known position.", unit="{u}"),
        Column("end_x_{u}", "number", "Last known position.", unit="{u}"),
        Column("end_y_{u}", "number", "Last known position.", unit="{u}"),
        Column(
            "path_length_smoothed_{u}",
            "number",
            "Length of the smoothed way, without the jitter of standing.",
            unit="{u}",
        ),
        Column("walking", "span", "Time in which that way was walked; the rest is standing.", unit="s"),
        Column(
            "straightness",
            "number",
            "Displacement of what was walked within each run, by its length: 1 is straight.",
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
    row="one stop of one person: a time without leaving a small place",
    key=(PERSON, Column("stop", "integer", "Number of the person's stop, from 1.")),
    columns=(
        Column("entered", "moment", "First moment of the stop."),
        Column("exited", "moment", "First moment no longer part of it."),
        Column(
            "duration", "span", "Length of the stop: the sum of time_present of its detections.", unit="s"
        ),
        Column("x_{u}", "number", "Mean position, weighted by time_present.", unit="{u}"),
        Column("y_{u}", "number", "Mean position, weighted by time_present.", unit="{u}"),
        Column(
            "extent_{u}",
            "number",
            "Largest extent of the positions in any of 16 directions: up to 0.5 % below their diameter.",
            unit="{u}",
        ),
        Column("detections", "integer", "Number of its detections."),
    ),
)
