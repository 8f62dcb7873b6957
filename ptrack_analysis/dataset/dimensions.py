"""The tables that describe a dataset as a whole: its zones and lines, its sites and days."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from ptrack_analysis.dataset.dates import dates_table, sites_table
from ptrack_analysis.dataset.definitions import Definitions, lines_table, zones_table
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.schema import DATES, LINES, SITES, ZONES, Table


@dataclass(frozen=True, slots=True)
class Dimension:
    """A table of the whole dataset, in one file, computed from the records of its videos.

    ``is_in`` tells whether a video's record brings anything to it: without one that does, it is not written.
    """

    table: Table
    compute: Callable[[Sequence[Record]], pd.DataFrame]
    is_in: Callable[[Record], bool]


def _drawn(records: Sequence[Record]) -> list[Definitions]:
    return [record.parameters.get("places", {}) for record in records]


def _has_zone_file(record: Record) -> bool:
    return record.parameters.get("zones") is not None


DIMENSIONS: dict[str, Dimension] = {
    dimension.table.name: dimension
    for dimension in (
        Dimension(ZONES, lambda records: zones_table(_drawn(records)), _has_zone_file),
        Dimension(LINES, lambda records: lines_table(_drawn(records)), _has_zone_file),
        Dimension(
            SITES,
            lambda records: sites_table(record.about for record in records),
            lambda record: bool(record.about.get("site")),
        ),
        Dimension(
            DATES,
            lambda records: dates_table(day for record in records for day in record.about.get("days", [])),
            lambda record: bool(record.about.get("days")),
        ),
    )
}
