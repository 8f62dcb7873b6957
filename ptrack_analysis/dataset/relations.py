"""How the tables of a dataset refer to each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from ptrack_analysis.dataset.contents import Contents
from ptrack_analysis.schema import ZONE

_TARGETS = {
    "video": ("videos", "video"),
    "person": ("persons", "person"),
    "other_person": ("persons", "person"),
    "zone_key": ("zones", "zone_key"),
    "line_key": ("lines", "line_key"),
    "site": ("sites", "site"),
    "local_day": ("dates", "day"),
}
"""Column of a table, to the table and column that it refers to."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Each row of ``table`` refers by ``column`` to at most one row of ``to``, its key being ``key``.

    ``always`` tells whether it does so in every row; else the column is null where there is nothing to refer
    to: the whole scene has no key, and not everything is known of a recording.
    """

    table: str
    column: str
    to: str
    key: str
    always: bool


def relations_of(contents: Contents) -> Iterator[Relation]:
    """List the references from table to table, in the order of the tables."""
    there = contents.columns.keys() | contents.places.keys()
    for table, columns in contents.columns.items():
        names = {column.name for column in columns}
        for name, (to, key) in _TARGETS.items():
            if name in names and to in there and to != table:
                always = ZONE in contents.schemas[table].key if name == "zone_key" else table != "videos"
                yield Relation(table, name, to, key, always=always)
