"""The forms of tables for data that leaves the house: no numbers of persons, no small counts."""

from dataclasses import replace

from ptrack_analysis.schema.table import Column, Table

PERSON_KEYS = ("person_index", "other")
"""Columns that name a person by the tracker's number."""

_SALTED_PERSON = "Key of the person over all videos: 16 hex digits that only the holder of the salt can make."
_SALTED = {
    "person_index": Column("person", "text", _SALTED_PERSON),
    "other": Column("other_person", "text", "The same key of the other person."),
}

_SUPPRESSED = Column(
    "suppressed", "flag", "Whether the figures of the row are missing because too few persons are in them."
)


def salted(schema: Table) -> Table:
    """Give the form of a table of persons in which they are named by salted keys instead of by numbers."""
    persons = [_SALTED.get(column.name, column) for column in schema.key]
    columns = [column for column in schema.columns if column.name != "merged_from"]
    return replace(schema, name=f"{schema.name}_salted", key=tuple(persons), columns=tuple(columns))


def suppressible(schema: Table) -> Table:
    """Give the form of a table of counts in which figures of few persons are missing."""
    columns = [replace(c, nullable=True) if c.kind == "integer" else c for c in schema.columns]
    columns = [
        replace(c, text=f"{c.text} Withheld: missing in every row.") if c.withheld else c for c in columns
    ]
    return replace(schema, name=f"{schema.name}_suppressed", columns=(*columns, _SUPPRESSED))
