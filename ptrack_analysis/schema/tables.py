"""Every table of the package, by its name."""

from ptrack_analysis.schema.detected import DETECTIONS, POINTS, STITCHES
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
from ptrack_analysis.schema.table import Column, Table
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
        OCCUPANCY,
        CROSSINGS,
        COUNTS,
        BALANCE,
        HEATMAP,
        VIDEOS,
        ZONES,
        OVERLAPS,
        LINES,
    )
}
