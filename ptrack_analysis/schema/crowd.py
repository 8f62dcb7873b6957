"""Tables of crowds, and of hours of the clock."""

from ptrack_analysis.schema.table import LINE, LINE_KEY, PERSON, ZONE, ZONE_KEY, Column, Table

_STARTS = Column("timestamp", "moment", "Start of the interval.")
_INTERVAL = Column("interval", "span", "Length of the interval. The last one ends with the video.", unit="s")
_PERSON_SECONDS = Column(
    "person_seconds", "span", "Total time of all people inside, within the interval.", unit="s"
)

_BIN_START = Column(
    "timestamp",
    "moment",
    "Start of the bin. The first bin may start before the video.",
)
_RECORDED_TIME = Column(
    "recorded_time",
    "span",
    "Part of the bin that the video covers: less than the bin at the start and end of the video.",
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
    row="one time bin in the scene",
    key=(_BIN_START,),
    columns=_OCCUPANCY_COLUMNS,
)

ZONE_OCCUPANCY = Table(
    name="zone_occupancy",
    row="one time bin in one zone",
    key=(ZONE, _BIN_START),
    columns=(ZONE_KEY, *_OCCUPANCY_COLUMNS),
)

DENSITY = Table(
    name="density",
    row="the density in one zone in one time bin",
    key=(ZONE, _BIN_START),
    columns=(
        ZONE_KEY,
        _RECORDED_TIME,
        Column("area_m2", "number", "Area of the zone.", unit="m²"),
        Column("density_per_m2", "number", "People per square meter, weighted by time.", unit="1/m²"),
        Column("max_density_per_m2", "number", "Maximum number of people, divided by the area.", unit="1/m²"),
        Column("space_m2", "number", "Mean area per person; missing if no one is inside.", unit="m²"),
    ),
)

FLOW = Table(
    name="line_flow",
    row="the flow over one line in one time interval",
    key=(LINE, _STARTS),
    columns=(
        LINE_KEY,
        _INTERVAL,
        Column("in_per_s", "number", "Crossings inwards per second.", unit="1/s"),
        Column("out_per_s", "number", "Crossings outwards per second.", unit="1/s"),
        Column(
            "in_per_m_per_s",
            "number",
            "Specific flow inwards: in_per_s divided by the length of the line. On a floor plan only.",
            unit="1/(m·s)",
            optional=True,
        ),
        Column(
            "out_per_m_per_s",
            "number",
            "Specific flow outwards: out_per_s divided by the length of the line. On a floor plan only.",
            unit="1/(m·s)",
            optional=True,
        ),
    ),
)

FUNDAMENTAL = Table(
    name="fundamental_diagram",
    row="density, speed and flow in one zone in one time bin",
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
            "People per square meter, weighted by time.",
            unit="1/m²",
        ),
        Column(
            "speed_m_per_s",
            "number",
            "Mean speed: path_length_m / speed_time; missing if speed_time is below half of person_seconds.",
            unit="m/s",
        ),
        Column(
            "flow_per_m_per_s",
            "number",
            "Density times speed; 0 if no one is inside.",
            unit="1/(m·s)",
        ),
    ),
)

ENCOUNTERS = Table(
    name="encounters",
    row="one encounter: two people near each other",
    key=(
        PERSON,
        Column("other", "integer", "Person index of the other person, the larger of the two."),
        Column("encounter", "integer", "Number of the pair's encounter, from 1."),
    ),
    columns=(
        Column("began", "moment", "Time at which they come near each other."),
        Column("ended", "moment", "Time at which they are no longer near each other."),
        Column("duration", "span", "Time near each other, without interruptions.", unit="s"),
        Column("mean_distance_{u}", "number", "Distance between them, weighted by time.", unit="{u}"),
        Column("min_distance_{u}", "number", "Smallest distance between them.", unit="{u}"),
        Column("x_{u}", "number", "Mean position of the midpoint between them.", unit="{u}"),
        Column("y_{u}", "number", "Mean position of the midpoint between them.", unit="{u}"),
        Column(
            "extent_{u}",
            "number",
            "Diagonal of the bounding rectangle of the midpoint: small if they stood.",
            unit="{u}",
        ),
    ),
)

GROUPS = Table(
    name="groups",
    row="one person in a group",
    key=(PERSON,),
    columns=(
        Column("group", "integer", "Number of the group, from 1. A person alone is a group of one."),
        Column("size", "integer", "Number of people in the group."),
    ),
)


_HOUR_AT = Column("hour_at", "instant", "Start of the hour by the clock of the site.")
_OPEN = Column("open", "flag", "Whether the row covers the part of the hour in which the site is open.")
_HOUR = (
    Column("local_date", "date", "Date of the hour by the clock of the site."),
    Column("local_hour", "integer", "Hour of the day by the clock of the site: 0 to 23."),
    Column("weekday", "integer", "Day of the week by the clock of the site: 1 is Monday, 7 is Sunday."),
    Column("recorded_time", "span", "Part of this time that the video covers.", "s"),
)

OCCUPANCY_HOURLY = Table(
    name="occupancy_hourly",
    row="one hour by the clock of the site, open or closed, in one zone or the scene",
    key=(Column("zone", "text", 'Name of the zone; "" is the whole scene.'), _HOUR_AT, _OPEN),
    columns=(
        ZONE_KEY,
        *_HOUR,
        Column("person_seconds", "span", "Total time of all people inside, within the row.", "s"),
        Column("max_persons", "integer", "Maximum number of people at one time."),
    ),
)

VISITS_HOURLY = Table(
    name="visits_hourly",
    row="the visits to one zone in one hour by the clock of the site, open or closed",
    key=(ZONE, _HOUR_AT, _OPEN),
    columns=(
        ZONE_KEY,
        *_HOUR,
        Column("began", "integer", "Visits that began in this time."),
        Column(
            "entries",
            "integer",
            "Visits counted in began whose start was observed: by default, crossed or frame_edge.",
        ),
        Column("present", "integer", "Visits that overlap with this time."),
        Column("persons", "integer", "Number of distinct people who made these visits."),
        Column("dwell", "span", "Dwell of the visits within this time, in proportion to their overlap.", "s"),
    ),
)
