"""The tables of what happened in which hour of the day, where the clock is known."""

from ptrack_analysis.schema.keys import ZONE, ZONE_KEY
from ptrack_analysis.schema.table import Column, Table

_HOUR_AT = Column("hour_at", "instant", "Moment at which the hour of the place's own clock begins.")
_OPEN = Column("open", "flag", "Whether the row is of the hour's part in which the place is open.")
_HOUR = (
    Column("local_day", "text", "Day of the hour by the place's clock: YYYY-MM-DD."),
    Column("local_hour", "integer", "Hour of the day by the place's clock: 0 to 23."),
    Column("weekday", "integer", "Day of the week by the place's clock: 1 is Monday, 7 Sunday."),
    Column("covered", "span", "Time of the hour's part that the video covers.", "s"),
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
        Column("entries", "integer", "Those of them that were seen to begin: entry is crossed or opened."),
        Column("present", "integer", "Stays that lasted in it, whenever they began."),
        Column("persons", "integer", "Different persons whose stays these are."),
        Column("dwell", "span", "The part of the stays' dwell that falls in it, pro rata.", "s"),
    ),
)
