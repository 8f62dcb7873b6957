"""Tables of visits, occupancy, crossings and heatmaps."""

from ptrack_analysis.schema.table import LINE, LINE_KEY, PERSON, ZONE, ZONE_KEY, Column, Table

ENTRIES = ("crossed", "frame_edge", "video_start", "appeared", "zone_opened")

EXITS = ("crossed", "frame_edge", "video_end", "lost", "zone_closed")

OBSERVED_ENTRIES = ("crossed", "frame_edge")
"""The entries at which the start of a visit is observed, by default.

At ``zone_opened``, the person was inside before, so the start was not observed.
"""

OBSERVED_EXITS = ("crossed", "frame_edge")
"""The exits at which the end of a visit is observed, by default.

At ``zone_closed``, the person would have stayed longer, so the end was not observed.
"""

VISITS = Table(
    name="visits",
    row="one visit of one person to one zone",
    key=(ZONE, PERSON, Column("visit", "integer", "Number of the person's visit to the zone, from 1.")),
    columns=(
        ZONE_KEY,
        Column("entered", "moment", "Start of the visit: the first time inside."),
        Column("exited", "moment", "End of the visit: the first time no longer inside."),
        Column(
            "dwell",
            "span",
            "Time inside: the sum of time_present of the detections inside, while the zone is valid.",
            unit="s",
        ),
        Column(
            "interpolated",
            "span",
            "Part of dwell with interpolated positions. The observed part is dwell - interpolated.",
            unit="s",
        ),
        Column(
            "bridged",
            "span",
            "Absences that were joined into the visit: exited - entered - dwell.",
            unit="s",
        ),
        Column(
            "entry",
            "choice",
            "How the visit began: over the zone's outline (crossed) or over the image border (frame_edge). "
            "With video_start, appeared and zone_opened, the start was not observed.",
            choices=ENTRIES,
        ),
        Column(
            "exit",
            "choice",
            "How the visit ended: over the zone's outline (crossed) or over the image border (frame_edge). "
            "With video_end, lost and zone_closed, the end was not observed.",
            choices=EXITS,
        ),
        Column("detections", "integer", "Number of detections inside."),
        Column(
            "since_previous_visit",
            "span",
            "Time since the person's previous visit to the zone ended; missing for the first visit.",
            unit="s",
        ),
    ),
)

OCCUPANCY_CHANGES = Table(
    name="occupancy_changes",
    row="the number of people from this time until the next row of the zone; the last row repeats it",
    key=(
        Column("zone", "text", 'Name of the zone; "" is the whole scene.'),
        Column("timestamp", "moment", "Start of the time for which the count is valid."),
    ),
    columns=(
        ZONE_KEY,
        Column("persons", "integer", "Number of people present."),
    ),
)

QUEUE = Table(
    name="queue_length",
    row="the number of people in a queue from this time until the next row; the last row repeats it",
    key=(ZONE, OCCUPANCY_CHANGES.key[1]),
    columns=OCCUPANCY_CHANGES.columns,
)

DIRECTIONS = ("in", "out")

CROSSINGS = Table(
    name="crossings",
    row="one crossing of one line",
    key=(
        LINE,
        Column("timestamp", "moment", "Time of the crossing."),
        PERSON,
    ),
    columns=(
        LINE_KEY,
        Column(
            "direction",
            "choice",
            "Direction: in is from the left of the line to its right.",
            choices=DIRECTIONS,
        ),
        Column(
            "crossing", "integer", "Number of the person's crossing of the line in this direction, from 1."
        ),
        Column("x_{u}", "number", "Position of the crossing.", unit="{u}"),
        Column("y_{u}", "number", "Position of the crossing.", unit="{u}"),
    ),
)

COUNTS = Table(
    name="counts",
    row="the crossings of one line in one time interval",
    key=(LINE, Column("timestamp", "moment", "Start of the interval.")),
    columns=(
        LINE_KEY,
        Column("interval", "span", "Length of the interval. The last one ends with the video.", unit="s"),
        Column("in_count", "integer", "Crossings inwards in the interval."),
        Column("out_count", "integer", "Crossings outwards in the interval."),
        Column("in_total", "integer", "Crossings inwards up to the end of the interval."),
        Column("out_total", "integer", "Crossings outwards up to the end of the interval."),
    ),
)

BALANCE = Table(
    name="count_drift",
    row="people counted at lines and people present, from this time until the next row",
    key=(
        Column("zone", "text", 'Name of the zone that the lines bound; "" is the whole scene.'),
        Column("timestamp", "moment", "Start of the time for which the numbers are valid."),
    ),
    columns=(
        ZONE_KEY,
        Column("in_total", "integer", "Crossings inwards up to this time."),
        Column("out_total", "integer", "Crossings outwards up to this time."),
        Column(
            "counted",
            "integer",
            "People inside by counting: people at the start plus in_total minus out_total.",
        ),
        Column("present", "integer", "People inside by presence: the occupancy."),
        Column("drift", "integer", "counted minus present: crossings missed or counted twice."),
    ),
)

_CELL = (
    Column("row", "integer", "Row of the cell; 0 is the top row of the image."),
    Column("column", "integer", "Column of the cell; 0 is the left column of the image."),
)
_CELL_CENTER = (
    Column("x_{u}", "number", "Center of the cell.", unit="{u}"),
    Column("y_{u}", "number", "Center of the cell.", unit="{u}"),
)

HEATMAP = Table(
    name="heatmap",
    row="one cell of the heatmap of foot points",
    key=_CELL,
    columns=(
        *_CELL_CENTER,
        Column("seconds", "number", "Total time of people in the cell.", unit="s"),
        Column(
            "density_per_m2",
            "number",
            "Mean number of people per square meter: seconds divided by the cell area and the analyzed "
            "time. On a floor plan only.",
            unit="1/m²",
            optional=True,
        ),
    ),
    units=("px", "m", "fraction"),
)

BOX_HEATMAP = Table(
    name="box_heatmap",
    row="one cell of the heatmap of bounding boxes",
    key=_CELL,
    columns=(
        *_CELL_CENTER,
        Column(
            "box_seconds",
            "number",
            "Total time of people, each weighted by the share of the cell that the bounding box covers.",
            unit="s",
        ),
    ),
    units=("px", "m", "fraction"),
)

_KIND_AND_UNIT = (
    Column("kind", "text", "Kind, as set in the zone file."),
    Column("unit", "text", "Unit of the coordinates: fraction, px or m."),
)

ZONES = Table(
    name="zones",
    row="one zone as drawn for at least one video",
    key=(
        Column(
            "zone_key",
            "text",
            "Key of the zone as drawn: a hash of its name, kind, unit, outline and validity.",
        ),
    ),
    columns=(
        ZONE,
        *_KIND_AND_UNIT,
        Column("outline", "text", "Polygon of the zone as well-known text."),
        Column("holds_from", "moment", "Time from which the zone is valid; missing if valid from the start."),
        Column("holds_to", "moment", "Time from which it is no longer valid; missing if valid to the end."),
        Column("area", "number", "Area of the outline, in squared units."),
        Column(
            "camera_key", "text", "Key of the camera; missing if unknown or if several cameras have the zone."
        ),
        Column("videos", "integer", "Number of videos that have it."),
    ),
)

LINES = Table(
    name="lines",
    row="one line as drawn for at least one video",
    key=(
        Column(
            "line_key",
            "text",
            "Key of the line as drawn: a hash of its name, kind, unit and vertices in order.",
        ),
    ),
    columns=(
        LINE,
        *_KIND_AND_UNIT,
        Column("outline", "text", "Line as well-known text, with its vertices in order."),
        Column("length", "number", "Length of the line, in its unit."),
        Column("videos", "integer", "Number of videos that have it."),
    ),
)

OVERLAPS = Table(
    name="zone_overlaps",
    row="one zone and another zone that overlaps it",
    key=(ZONE, Column("other", "text", "Name of the other zone.")),
    columns=(
        ZONE_KEY,
        Column("shared_{u}2", "number", "Area of the overlap.", unit="{u}²"),
        Column("share", "number", "Share of the zone's area that the other zone covers.", unit="1"),
    ),
)
