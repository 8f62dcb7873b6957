"""Tables of crowds, and of hours of the clock."""

from ptrack_analysis.schema.table import LINE, LINE_KEY, PERSON, ZONE, ZONE_KEY, Column, Table

_STARTS = Column("timestamp", "moment", "Start of the interval, since the start of the video.")
_INTERVAL = Column(
    "interval", "span", "Length of the interval; the last is cut at the video's end.", unit="s"
)
_PERSON_SECONDS = Column(
    "person_seconds", "span", "Time that persons were inside in the interval, added up.", unit="s"
)

_BIN_START = Column(
    "timestamp",
    "moment",
    "Start of the bin, since the start of the video. The first bin may start earlier than the video.",
)
_RECORDED_TIME = Column(
    "recorded_time",
    "span",
    "Part of the bin that the video covers; shorter than the bin at the start and end of the video.",
    unit="s",
)
_OCCUPANCY_COLUMNS = (
    _RECORDED_TIME,
    Column(
        "mean_persons",
        "number",
        "Mean number of people over recorded_time, weighted by time.",
        unit="1",
    ),
    Column("max_persons", "integer", "Maximum number of people at one time in the bin."),
    Column("person_seconds", "span", "Total time of all people inside, within the bin.", unit="s"),
)

OCCUPANCY = Table(
    name="occupancy",
    row="the number of people in the scene in one bin of time",
    key=(_BIN_START,),
    columns=_OCCUPANCY_COLUMNS,
)

ZONE_OCCUPANCY = Table(
    name="zone_occupancy",
    row="the number of people in one zone in one bin of time",
    key=(ZONE, _BIN_START),
    columns=(ZONE_KEY, *_OCCUPANCY_COLUMNS),
)

DENSITY = Table(
    name="density",
    row="how dense persons stood in a zone in one bin of time",
    key=(ZONE, _BIN_START),
    columns=(
        ZONE_KEY,
        _RECORDED_TIME,
        Column("area_m2", "number", "Area of the zone.", unit="m²"),
        Column("density_per_m2", "number", "Persons on a square meter, weighted by time.", unit="1/m²"),
        Column("max_density_per_m2", "number", "Largest number of persons by the area.", unit="1/m²"),
        Column("space_m2", "number", "Area a person has on average; missing with nobody there.", unit="m²"),
    ),
)

FLOW = Table(
    name="line_flow",
    row="how many persons a second crossed a line in an interval of time",
    key=(LINE, _STARTS),
    columns=(
        LINE_KEY,
        _INTERVAL,
        Column("in_per_s", "number", "Crossings inwards by the interval.", unit="1/s"),
        Column("out_per_s", "number", "Crossings outwards by the interval.", unit="1/s"),
        Column(
            "in_per_m_per_s",
            "number",
            "Specific flow inwards: in_per_s by the line's length. On a floor plan only.",
            unit="1/(m·s)",
            optional=True,
        ),
        Column(
            "out_per_m_per_s",
            "number",
            "Specific flow outwards: out_per_s by the line's length. On a floor plan only.",
            unit="1/(m·s)",
            optional=True,
        ),
    ),
)

FUNDAMENTAL = Table(
    name="fundamental_diagram",
    row="density, speed and flow in a zone in one bin of time",
    key=(ZONE, _BIN_START),
    columns=(
        ZONE_KEY,
        _RECORDED_TIME,
        _PERSON_SECONDS,
        Column("speed_time", "span", "The part of person_seconds with a known speed.", unit="s"),
        Column("path_length_m", "number", "Sum of speed times time present inside, of all people.", unit="m"),
        Column(
            "density_per_m2",
            "number",
            "Persons on a square meter, weighted by time.",
            unit="1/m²",
        ),
        Column(
            "speed_m_per_s",
            "number",
            "Mean speed: path_length_m by speed_time; missing if speed_time is below half of person_seconds.",
            unit="m/s",
        ),
        Column(
            "flow_per_m_per_s",
            "number",
            "Density times speed; 0 with nobody there.",
            unit="1/(m·s)",
        ),
    ),
)

ENCOUNTERS = Table(
    name="encounters",
    row="a time that two persons spent near each other",
    key=(
        PERSON,
        Column("other", "integer", "Number of the other person, the larger of the two."),
        Column("encounter", "integer", "Number of the pair's encounter, from 1."),
    ),
    columns=(
        Column("began", "moment", "First moment at which they are near."),
        Column("ended", "moment", "First moment after it at which they no longer are."),
        Column("duration", "span", "Time for which they were near, without interruptions.", unit="s"),
        Column("mean_distance_{u}", "number", "Distance between them, weighted by time.", unit="{u}"),
        Column("min_distance_{u}", "number", "Smallest distance between them.", unit="{u}"),
        Column("x_{u}", "number", "Mean place of the middle between them.", unit="{u}"),
        Column("y_{u}", "number", "Mean place of the middle between them.", unit="{u}"),
        Column(
            "extent_{u}",
            "number",
            "Diagonal of the upright rectangle that the middle between them moved in: small for who stood.",
            unit="{u}",
        ),
    ),
)

GROUPS = Table(
    name="groups",
    row="one person, and with whom it moved",
    key=(PERSON,),
    columns=(
        Column("group", "integer", "Number of the group, from 1; who is alone is a group too."),
        Column("size", "integer", "Number of persons in the group."),
    ),
)


_HOUR_AT = Column("hour_at", "instant", "Moment at which the hour of the place's own clock begins.")
_OPEN = Column("open", "flag", "Whether the row is of the hour's part in which the place is open.")
_HOUR = (
    Column("local_date", "date", "Date of the hour by the clock of the site."),
    Column("local_hour", "integer", "Hour of the day by the place's clock: 0 to 23."),
    Column("weekday", "integer", "Day of the week by the place's clock: 1 is Monday, 7 Sunday."),
    Column("recorded_time", "span", "Time of the hour's part that the video covers.", "s"),
)

OCCUPANCY_HOURLY = Table(
    name="occupancy_hourly",
    row="how many persons were there in one hour of the place's clock, while it was open or while it was not",
    key=(Column("zone", "text", 'Name of the zone; "" is the whole scene.'), _HOUR_AT, _OPEN),
    columns=(
        ZONE_KEY,
        *_HOUR,
        Column("person_seconds", "span", "Time that persons were inside in it, added up.", "s"),
        Column("max_persons", "integer", "Largest number of persons at any moment of it."),
    ),
)

VISITS_HOURLY = Table(
    name="visits_hourly",
    row="the stays in one zone in one hour of the place's clock, while it was open or while it was not",
    key=(ZONE, _HOUR_AT, _OPEN),
    columns=(
        ZONE_KEY,
        *_HOUR,
        Column("began", "integer", "Stays whose first moment is in it."),
        Column(
            "entries",
            "integer",
            "Those of them whose start was observed: by default, crossed or frame_edge.",
        ),
        Column("present", "integer", "Stays that lasted in it, whenever they began."),
        Column("persons", "integer", "Different persons whose stays these are."),
        Column("dwell", "span", "The part of the stays' dwell that falls in it, pro rata.", "s"),
    ),
)
