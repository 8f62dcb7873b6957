"""Declarations of tables and columns, and their forms for publication."""

from dataclasses import dataclass, replace
from typing import Literal

from ptrack_analysis.schema.released import RELEASED

Kind = Literal["moment", "span", "instant", "date", "integer", "number", "text", "choice", "flag"]

DTYPES: dict[Kind, str] = {
    "moment": "timedelta64[ms]",
    "span": "timedelta64[ms]",
    "instant": "datetime64[us, UTC]",
    "date": "datetime64[s]",
    "integer": "int64",
    "number": "float64",
    "text": "str",
    "choice": "category",
    "flag": "bool",
}
UNITS = ("px", "m")


@dataclass(frozen=True, slots=True)
class Column:
    """The declaration of a column: name, kind of values, unit and definition.

    A ``moment`` is a time since the start of the video, and a ``span`` is a duration. Both are
    ``timedelta64[ms]`` in memory. If ``of_video`` is False, a ``moment`` does not count from the start of
    the video and has no wall-clock time. A ``date`` is a calendar day: midnight without a time zone in
    memory, DATE on disk. ``{u}`` in a name or unit is replaced by the plane's unit. A ``nullable`` integer
    is pandas' ``Int64``. An ``optional`` column may be absent.

    Examples
    --------
    >>> column = pta.schema.STOPS.columns[2]
    >>> column.name, column.dtype, column.text
    ('duration', 'timedelta64[ms]', 'Duration of the stop: the sum of time_present of its detections.')
    """

    name: str
    kind: Kind
    text: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    nullable: bool = False
    of_video: bool = True

    @property
    def dtype(self) -> str:
        """The dtype of the column in memory."""
        return "Int64" if self.nullable and self.kind == "integer" else DTYPES[self.kind]

    @property
    def in_plane(self) -> bool:
        """Whether the column's name contains the unit of the plane."""
        return "{u}" in self.name

    def named(self, unit: str | None) -> str:
        """Return the column's name in a plane with this unit."""
        return self.name.replace("{u}", unit or "{u}")

    def unit_in(self, unit: str | None) -> str:
        """Return the column's unit in a plane with this unit."""
        return self.unit.replace("{u}", unit or "px or m")


@dataclass(frozen=True, slots=True)
class Table:
    """The declaration of a table: name, meaning of a row, key and columns.

    Examples
    --------
    >>> pta.schema.STOPS.row
    'one stop of one person: a period within a small area'
    >>> pta.schema.STOPS.key_names
    ['person_index', 'stop']
    >>> pta.schema.VISITS.choices("exit")
    ('crossed', 'frame_edge', 'video_end', 'lost', 'zone_closed')
    """

    name: str
    row: str
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    units: tuple[str, ...] = UNITS

    def __hash__(self) -> int:
        """Hash only the name: tables are cache keys, and equal tables have equal names."""
        return hash(self.name)

    @property
    def in_plane(self) -> bool:
        """Whether any column's name contains the unit of the plane."""
        return any(column.in_plane for column in self.columns)

    @property
    def names_people(self) -> bool:
        """Whether the key contains the tracker's person index."""
        return "person_index" in self.key_names

    @property
    def key_names(self) -> list[str]:
        """The names of the index levels."""
        return [column.name for column in self.key]

    @property
    def row_time(self) -> str | None:
        """The level or column with the time of a row, or None.

        This is the first time in the key, such as ``timestamp``. In a table with one row per person or per
        event of a person, it may also be the first time column, such as ``entered`` of a visit. Rows of
        other tables have no time.
        """
        moments = [column.name for column in self.key if column.kind == "moment"]
        if self.names_people or "person" in self.key_names:
            moments += [column.name for column in self.columns if column.kind == "moment" and column.of_video]
        return moments[0] if moments else None

    def choices(self, name: str) -> tuple[str, ...]:
        """Return the values of the choice column ``name``, in the order of their codes."""
        return next(column.choices for column in self.columns if column.name == name)


TIMESTAMP = Column("timestamp", "moment", "Time of the detection.")

PERSON = Column(
    "person_index", "integer", "Number that the tracker gave the person; valid in this video only."
)

ZONE = Column("zone", "text", "Name of the zone.")

LINE = Column("line", "text", "Name of the line.")

VIDEO = Column("video", "text", "Name of the video.")

ZONE_KEY = Column(
    "zone_key",
    "text",
    "Key in the table zones of the zone as drawn for this video; missing for the whole scene.",
    optional=True,
)

LINE_KEY = Column(
    "line_key", "text", "Key in the table lines of the line as drawn for this video.", optional=True
)


PERSON_KEYS = ("person_index", "other")
"""Columns with the tracker's number of a person."""

_SALTED_PERSON = (
    "Key of the person in the dataset: 16 hex digits that only the holder of the salt can compute."
)
_SALTED = {
    "person_index": Column("person", "text", _SALTED_PERSON),
    "other": Column("other_person", "text", "Key of the other person."),
}

_SUPPRESSED = Column(
    "suppressed",
    "flag",
    "Whether figures of the row are withheld because they would reveal something about few people.",
)


TRACKER_IDENTITIES = ("merged_from", "source_id")
"""Columns with a tracker's identities, which tables with salted keys do not have."""


def salted(schema: Table) -> Table:
    """Return the form of a table of people with salted keys instead of person indexes."""
    persons = [_SALTED.get(column.name, column) for column in schema.key]
    columns = [column for column in schema.columns if column.name not in TRACKER_IDENTITIES]
    return replace(schema, name=f"{schema.name}_salted", key=tuple(persons), columns=tuple(columns))


def suppressible(schema: Table) -> Table:
    """Return the form of a table in which figures about few people are missing."""
    columns = [replace(c, nullable=True) if c.kind == "integer" else c for c in schema.columns]
    declared = RELEASED.get(schema.name, {})
    columns = [
        c
        if any(one.is_shown for one in declared.get(c.name, ()))
        else replace(c, text=f"{c.text} Withheld: missing in every row.")
        for c in columns
    ]
    return replace(schema, name=f"{schema.name}_suppressed", columns=(*columns, _SUPPRESSED))
