"""Registry of the package's tables, by name."""

from dataclasses import replace

from ptrack_analysis.schema.crowd import (
    DENSITY,
    ENCOUNTERS,
    FLOW,
    FUNDAMENTAL,
    GROUPS,
    OCCUPANCY,
    OCCUPANCY_HOURLY,
    VISITS_HOURLY,
    ZONE_OCCUPANCY,
)
from ptrack_analysis.schema.detected import DETECTIONS, FACES, FACING, POINTS, STITCHES
from ptrack_analysis.schema.dwell import (
    DWELL,
    DWELL_BY_ENTRY,
    DWELL_COMPARISON,
    DWELL_QUANTILES,
    FUNNEL,
    RETAIL,
    SCENE_STAY,
    SERVICE_LEVELS,
    STAFF,
    SURVIVAL,
    TRANSITIONS,
    WAITS,
)
from ptrack_analysis.schema.heat import FIELD, HEAT_DIFFERENCE, HEATMAP_SLICES, MEASURE
from ptrack_analysis.schema.quality import AGREEMENT, INTERVALS, QUALITY, SENSITIVITY, TALLY
from ptrack_analysis.schema.table import VIDEO, Column, Table, salted, suppressible
from ptrack_analysis.schema.walked import MOVEMENT, STOPS, TRACKS, TRAJECTORIES
from ptrack_analysis.schema.zones import (
    BALANCE,
    BOX_HEATMAP,
    COUNTS,
    CROSSINGS,
    HEATMAP,
    LINES,
    OCCUPANCY_CHANGES,
    OVERLAPS,
    QUEUE,
    VISITS,
    ZONES,
)

_PERIOD = (
    Column("first_date", "date", "Local date of the start of the first recording; missing without a clock."),
    Column("last_date", "date", "Local date of the start of the last recording; missing without a clock."),
    Column("videos", "integer", "Number of videos."),
)

SITES = Table(
    name="sites",
    row="one site",
    key=(Column("site", "text", "Name of the site."),),
    columns=(
        Column("timezone", "text", "Time zone of the site; missing if its videos differ."),
        Column("opening_hours", "text", "Opening hours; missing if unknown or if its videos differ."),
        Column("cameras", "integer", "Number of cameras with a known name."),
        *_PERIOD,
    ),
)

CAMERA_KEY = Column(
    "camera_key",
    "text",
    "Key of the camera in the table cameras: site/camera, with %2F for a slash and %25 for a percent sign in "
    "a name. The part of an unknown name is empty.",
)

CAMERAS = Table(
    name="cameras",
    row="one camera of one site, or the unknown cameras of a site",
    key=(CAMERA_KEY,),
    columns=(
        Column("camera", "text", "Name of the camera; missing if unknown."),
        Column("site", "text", "Name of the site; missing if unknown."),
        Column("timezone", "text", "Time zone of the camera; missing if its videos differ."),
        *_PERIOD,
    ),
)

DATES = Table(
    name="dates",
    row="one day of the calendar, in whole years from the first to the last with a recording",
    key=(Column("date", "date", "The day."),),
    columns=(
        Column("year", "integer", "Year."),
        Column("quarter", "integer", "Quarter, 1 to 4."),
        Column("month", "integer", "Month, 1 to 12."),
        Column("month_name", "text", "Name of the month, in English."),
        Column("day_of_month", "integer", "Day of the month, 1 to 31."),
        Column("iso_year", "integer", "Year of the ISO 8601 week."),
        Column("iso_week", "integer", "ISO 8601 week, 1 to 53."),
        Column("weekday", "integer", "ISO 8601 day of the week: 1 is Monday, 7 is Sunday."),
        Column("weekday_name", "text", "Name of the day of the week, in English."),
        Column("weekend", "flag", "Whether the day is a Saturday or a Sunday."),
        Column(
            "holiday",
            "text",
            "Name of the public holiday by the general option holidays; missing on other days and in years "
            "without known holidays. Holidays of single cameras are not included.",
        ),
    ),
)


VIDEOS = Table(
    name="videos",
    row="one video",
    key=(VIDEO,),
    columns=(
        Column("width", "integer", "Width of the frame.", unit="px", nullable=True),
        Column("height", "integer", "Height of the frame.", unit="px", nullable=True),
        Column("frame_rate", "number", "Frames per second.", unit="1/s"),
        Column("duration", "span", "Duration of the video.", unit="s"),
        Column("codec", "text", "Codec of the file."),
        Column("format", "text", "Format of the file."),
        Column("color_range", "text", "Range of the color values: FULL or LIMITED."),
        Column("plane", "text", "Unit of the positions: px on the image, m on a floor plan."),
        Column("job_id", "text", "Identifier of the tracking job."),
        Column("job_tag", "text", "Tag that the job was started with."),
        Column("source", "text", "Bucket and key of the filmed file."),
        Column(
            "sampling_period",
            "span",
            "Typical time between two detections of a person.",
            unit="s",
        ),
        Column("completeness", "text", "Whether all pages of the job were available."),
        Column("rows_read", "integer", "Rows in the source.", nullable=True),
        Column("rows_dropped", "integer", "Rows of the source that were dropped.", nullable=True),
        Column(
            "analyzed_from", "moment", "Start of the analyzed part; missing if it is the start of the video."
        ),
        Column("analyzed_to", "moment", "End of the analyzed part; missing if it is the end of the video."),
        Column("started_at", "instant", "Start of the recording."),
        Column("timezone", "text", "Time zone or UTC offset of local times."),
        Column("local_date", "date", "Local date of the start of the recording."),
        Column("local_hour", "integer", "Local hour of the start of the recording: 0 to 23.", nullable=True),
        Column(
            "weekday",
            "integer",
            "Local day of the week of the start: 1 is Monday, 7 is Sunday.",
            nullable=True,
        ),
        Column("site", "text", "Name of the site."),
        Column("camera", "text", "Name of the camera."),
        replace(CAMERA_KEY, text=f"{CAMERA_KEY.text} Missing where both are unknown."),
        Column("opening_hours", "text", "Opening hours of the site, in the syntax of OpenStreetMap."),
        Column(
            "status",
            "text",
            "Whether the rows are current, or outdated because the last export could not read the video "
            "again.",
            optional=True,
        ),
    ),
)

TABLES = {
    table.name: table
    for table in (
        DETECTIONS,
        FACES,
        POINTS,
        TRAJECTORIES,
        MOVEMENT,
        TRACKS,
        STOPS,
        STITCHES,
        VISITS,
        SURVIVAL,
        DWELL,
        DWELL_BY_ENTRY,
        DWELL_QUANTILES,
        SCENE_STAY,
        DWELL_COMPARISON,
        WAITS,
        SERVICE_LEVELS,
        STAFF,
        OCCUPANCY_CHANGES,
        QUEUE,
        OCCUPANCY_HOURLY,
        VISITS_HOURLY,
        CROSSINGS,
        COUNTS,
        BALANCE,
        HEATMAP,
        BOX_HEATMAP,
        HEATMAP_SLICES,
        MEASURE,
        HEAT_DIFFERENCE,
        FIELD,
        VIDEOS,
        ZONES,
        SITES,
        CAMERAS,
        DATES,
        OCCUPANCY,
        ZONE_OCCUPANCY,
        DENSITY,
        FLOW,
        FUNDAMENTAL,
        ENCOUNTERS,
        GROUPS,
        FACING,
        QUALITY,
        INTERVALS,
        SENSITIVITY,
        TALLY,
        AGREEMENT,
        OVERLAPS,
        LINES,
        TRANSITIONS,
        FUNNEL,
        RETAIL,
    )
}

NOTEBOOK_ONLY = {
    table.name
    for table in (
        POINTS,
        STAFF,
        FUNNEL,
        DWELL_COMPARISON,
        HEATMAP_SLICES,
        HEAT_DIFFERENCE,
        SENSITIVITY,
        TALLY,
        AGREEMENT,
    )
}
"""Tables that are computed only in Python; datasets do not contain them."""

_WRITTEN = [table for table in TABLES.values() if table.name not in NOTEBOOK_ONLY]

SALTED = {table.name: salted(table) for table in _WRITTEN if table.names_people}
"""Tables of people in the form with salted keys, by name."""

SUPPRESSED = {table.name: suppressible(table) for table in _WRITTEN if not table.names_people}
"""All other tables in the form without small counts, by name."""

TABLES |= {form.name: form for form in (*SALTED.values(), *SUPPRESSED.values())}
