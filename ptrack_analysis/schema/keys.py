"""Columns that several tables are keyed by."""

from ptrack_analysis.schema.table import Column

TIMESTAMP = Column("timestamp", "moment", "Moment of the detection, since the start of the video.")

PERSON = Column("person_index", "integer", "Number of the person, within this video only: the tracker's.")

ZONE = Column("zone", "text", "Name of the zone.")

LINE = Column("line", "text", "Name of the line.")

VIDEO = Column("video", "text", "Name of the video.")

ZONE_KEY = Column(
    "zone_key",
    "text",
    "Key of the zone as it was then, in the table zones; missing for the whole scene.",
    optional=True,
)

LINE_KEY = Column("line_key", "text", "Key of the line as it was then, in the table lines.", optional=True)
