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
    row="one stay of one person in one zone",
    key=(ZONE, PERSON, Column("visit", "integer", "Number of the person's stay in the zone, from 1.")),
    columns=(
        ZONE_KEY,
        Column("entered", "moment", "First moment inside."),
        Column("exited", "moment", "First moment no longer inside."),
        Column(
            "dwell",
            "span",
            "Time inside: the sum of time_present of the detections inside, as far as the zone holds.",
            unit="s",
        ),
        Column(
            "interpolated",
            "span",
            "The part of dwell with interpolated positions; the rest, dwell - interpolated, was observed.",
            unit="s",
        ),
        Column(
            "bridged",
            "span",
            "Absences within the visit that it joins: exited - entered - dwell.",
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
        Column("detections", "integer", "Number of the detections inside."),
        Column(
            "since_previous_visit",
            "span",
            "Time since the person's previous stay in the zone ended; missing for the first.",
            unit="s",
        ),
    ),
)

OCCUPANCY_CHANGES = Table(
    name="occupancy_changes",
    row="the number of people from this time until the next row of the zone; the last row repeats it",
    key=(
        Column("zone", "text", 'Name of the zone; "" is the whole scene.'),
        Column("timestamp", "moment", "Moment from which the count holds, since the start of the video."),
    ),
    columns=(
        ZONE_KEY,
        Column("persons", "integer", "Number of persons present."),
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
        Column("timestamp", "moment", "Moment of the crossing, since the start of the video."),
        PERSON,
    ),
    columns=(
        LINE_KEY,
        Column("direction", "choice", "in: from the line's left to its right.", choices=DIRECTIONS),
        Column(
            "crossing", "integer", "Number of the person's crossing of the line in this direction, from 1."
        ),
        Column("x_{u}", "number", "Where the line was crossed.", unit="{u}"),
        Column("y_{u}", "number", "Where the line was crossed.", unit="{u}"),
    ),
)

COUNTS = Table(
    name="counts",
    row="how often a line was crossed in an interval of time",
    key=(LINE, Column("timestamp", "moment", "Start of the interval, since the start of the video.")),
    columns=(
        LINE_KEY,
        Column("interval", "span", "Length of the interval; the last is cut at the video's end.", unit="s"),
        Column("in_count", "integer", "Crossings inwards in the interval."),
        Column("out_count", "integer", "Crossings outwards in the interval."),
        Column("in_total", "integer", "Crossings inwards up to the interval's end."),
        Column("out_total", "integer", "Crossings outwards up to the interval's end."),
    ),
)

BALANCE = Table(
    name="count_drift",
    row="counts over lines beside the persons present, from this moment until the next row",
    key=(
        Column("zone", "text", 'Name of the zone that the lines bound; "" is the whole scene.'),
        Column("timestamp", "moment", "Moment from which the numbers hold, since the start of the video."),
    ),
    columns=(
        ZONE_KEY,
        Column("in_total", "integer", "Crossings inwards until then."),
        Column("out_total", "integer", "Crossings outwards until then."),
        Column("counted", "integer", "Persons by counting: those present at the start, plus in, minus out."),
        Column("present", "integer", "Persons by presence: the occupancy."),
        Column("drift", "integer", "counted minus present: what counting missed or counted twice."),
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
        Column("seconds", "number", "Total time that people stood in the cell.", unit="s"),
        Column(
            "density_per_m2",
            "number",
            "Mean number of people per square meter of the cell: seconds divided by the area of the cell and "
            "the time watched. On a floor plan only.",
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
    Column("kind", "text", "What it is used as, from its file."),
    Column("unit", "text", "Unit of the outline's coordinates: fraction, px or m."),
)

ZONES = Table(
    name="zones",
    row="one zone as it is or was drawn for at least one video",
    key=(
        Column(
            "zone_key",
            "text",
            "Key of the zone as drawn: of its name, kind, unit, outline and the time for which it holds.",
        ),
    ),
    columns=(
        ZONE,
        *_KIND_AND_UNIT,
        Column("outline", "text", "The zone's polygon as well-known text."),
        Column("holds_from", "moment", "First moment at which the zone holds; missing: from the start."),
        Column("holds_to", "moment", "First moment at which it no longer holds; missing: to the end."),
        Column("area", "number", "Area of the outline, in the square of its unit."),
        Column("camera_key", "text", "Key of the camera; missing if it is unknown or there are several."),
        Column("videos", "integer", "Number of the videos that it is drawn for."),
    ),
)

LINES = Table(
    name="lines",
    row="one line as it is or was drawn for at least one video",
    key=(
        Column(
            "line_key", "text", "Key of the line as drawn: of its name, kind, unit and vertices in order."
        ),
    ),
    columns=(
        LINE,
        *_KIND_AND_UNIT,
        Column("outline", "text", "The line as well-known text, in the order of its vertices."),
        Column("length", "number", "Length of the line, in its unit."),
        Column("videos", "integer", "Number of the videos that it is drawn for."),
    ),
)

OVERLAPS = Table(
    name="zone_overlaps",
    row="a zone, and another that shares area with it",
    key=(ZONE, Column("other", "text", "Name of the other zone.")),
    columns=(
        ZONE_KEY,
        Column("shared_{u}2", "number", "Area that both cover.", unit="{u}²"),
        Column("share", "number", "Share of the zone's area that the other covers too.", unit="1"),
    ),
)
