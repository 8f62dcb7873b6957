"""Every table of the package, by its name."""

from ptrack_analysis.schema.crowd import BINS, DENSITY, ENCOUNTERS, FLOW, FUNDAMENTAL, GROUPS
from ptrack_analysis.schema.detected import DETECTIONS, POINTS, STITCHES
from ptrack_analysis.schema.faces import FACING
from ptrack_analysis.schema.flows import FUNNEL, RETAIL, TRANSITIONS
from ptrack_analysis.schema.heat import FIELD, HEAT_DIFFERENCE, HEATMAP_SLICES, MEASURE
from ptrack_analysis.schema.keys import VIDEO
from ptrack_analysis.schema.places import (
    BALANCE,
    COUNTS,
    CROSSINGS,
    HEATMAP,
    LINES,
    OCCUPANCY,
    OVERLAPS,
    VISITS,
    ZONES,
)
from ptrack_analysis.schema.stays import (
    DWELL,
    DWELL_QUANTILES,
    OBSERVED,
    SERVICE_LEVELS,
    STAFF,
    SURVIVAL,
    WAITS,
)
from ptrack_analysis.schema.table import Column, Table
from ptrack_analysis.schema.trust import AGREEMENT, INTERVALS, QUALITY, SENSITIVITY, TALLY
from ptrack_analysis.schema.walked import MOVEMENT, STOPS, TRACKS, TRAJECTORIES

VIDEOS = Table(
    name="videos",
    row="one filmed file",
    key=(VIDEO,),
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
        Column("analysed_from", "moment", "First moment of the part that was analysed; missing: its start."),
        Column("analysed_to", "moment", "End of the part that was analysed; missing: its end."),
        Column("started_at", "instant", "Wall-clock moment at which the recording starts."),
    ),
)

TABLES = {
    table.name: table
    for table in (
        DETECTIONS,
        POINTS,
        TRAJECTORIES,
        MOVEMENT,
        TRACKS,
        STOPS,
        STITCHES,
        VISITS,
        SURVIVAL,
        DWELL,
        DWELL_QUANTILES,
        WAITS,
        SERVICE_LEVELS,
        STAFF,
        OBSERVED,
        OCCUPANCY,
        CROSSINGS,
        COUNTS,
        BALANCE,
        HEATMAP,
        HEATMAP_SLICES,
        MEASURE,
        HEAT_DIFFERENCE,
        FIELD,
        VIDEOS,
        ZONES,
        BINS,
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
