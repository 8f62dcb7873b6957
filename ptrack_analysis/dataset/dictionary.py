"""The data dictionary of a dataset: every column of every file, as Markdown."""

from ptrack_analysis.dataset.contents import Contents
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.layout import place_file
from ptrack_analysis.dataset.ownership import MARK
from ptrack_analysis.dataset.relations import relations_of
from ptrack_analysis.schema import Table
from ptrack_analysis.storage.columns import Stored

_TYPES = {"timestamp": "timestamp[us, UTC]"}
_PREFACE = f"""\
<!-- {MARK} -->

# Tables of this dataset

One folder a table, one Parquet file a video. What is not known is null. A column `..._ms` is a moment since
the start of its video, in whole milliseconds; a column `..._s` is a length of time, in seconds; where the
recording's start is known, a column `..._at` is the same moment in UTC. What needs a second input beside the
archive is in no table here: differences between two sets of persons, sensitivity to settings, agreement with
a tally by hand, comparison with another tracking.
"""
_JOINS = """\
## How the tables join

Each row of the table on the left has one row of the table on the right, which may have many of the left (n
to 1): join by the two columns named. A reference that may be null needs a left join. Names of zones and lines
are for reading; a zone that was moved keeps its name and has another `zone_key`.

| table | column | refers to | may be null |
|---|---|---|---|
"""
_RELEASED = "## What was withheld\n\n"
_SALTED = """\
Persons are named by keys made with a salt that is not in this dataset, the numbers of the tracker are left
out. Who has the salt and the archive can make the same keys again.
"""
_SUPPRESSED = """\
What rests on fewer than {count} persons (and not on nobody) is null, and `suppressed` is true in its row.
Where a suppressed row is the only one of its group (the intervals of a zone or of a moment, the destinations
of an origin and the origins of a destination, the cells of a grid ...), one more is suppressed, the one of
fewest persons, so that it cannot be had by subtraction from the group's total; running totals of a line with
a suppressed row are null. Medians, horizons, times of single events, and quotients of other figures are
withheld in every row; their definitions say so. Tables of single persons, and those of which it cannot be
told how many persons a figure rests on, are left out, and so are tables of quantiles, confidence intervals
and rates. The limit of this: sums of two or more suppressed rows can still be had from totals, a bound is no
secret, zones that overlap, another export with other zones, times or limits, or knowledge from outside may
tell more. In intervals the persons are counted as the most present at once, which errs towards suppressing.
"""


def dictionary(contents: Contents) -> str:
    """Write the data dictionary of what a dataset holds."""
    sections = [*_withheld(contents), _joins(contents)]
    sections += [
        _section(folder, contents.schemas[folder], f"{folder}/<video>.parquet", columns)
        for folder, columns in contents.columns.items()
    ]
    sections += [
        _section(name, DIMENSIONS[name].table, place_file(name), columns)
        for name, columns in contents.places.items()
    ]
    return "\n".join([_PREFACE, *sections])


def _joins(contents: Contents) -> str:
    """Tell by which columns each table refers to another."""
    rows = [
        f"| {one.table} | `{one.column}` | {one.to} (`{one.key}`) | {'no' if one.always else 'yes'} |\n"
        for one in relations_of(contents)
    ]
    return "".join([_JOINS, *rows])


def _withheld(contents: Contents) -> list[str]:
    """Tell what was withheld for data that leaves the house."""
    said = [_SALTED] if contents.salted else []
    said += [_SUPPRESSED.format(count=count) for count in contents.min_counts]
    return [_RELEASED + "\n".join(said)] if said else []


def _section(name: str, schema: Table, place: str, columns: list[Stored]) -> str:
    key = ", ".join(f"`{column.name}`" for column in columns if _is_key(column, schema))
    lines = [f"## {name}", "", f"`{place}`: a row is {schema.row}. Key: {key}.", ""]
    lines += ["| column | type | unit | definition |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {_TYPES.get(column.type, column.type)} | {column.unit} | {column.definition} |"
        for column in columns
    ]
    return "\n".join(lines) + "\n"


def _is_key(column: Stored, schema: Table) -> bool:
    return column.name == "video" or column.of in schema.key
