"""The data dictionary of a dataset in Markdown."""

from collections.abc import Iterator

from ptrack_analysis.dataset.description import (
    MARK,
    DatasetDescription,
    StoredTable,
    as_sentence,
    find_definition,
    find_type,
    find_unit,
)
from ptrack_analysis.dataset.manifest import NULL_PARTITION

_PREFACE = """\
<!-- {mark} -->

# Tables of this dataset

Version {version} of the dataset's schema. {files}

* Unknown values are null.
* `..._ms` is a time since the start of the video, in whole milliseconds. `..._at` is the same time in UTC
  (`recorded_at` for `timestamp_ms`); it is null if the start of the recording is unknown.
* `..._s` is a duration in seconds.
* Positions and lengths are in px or, with a floor plan, in m: `..._px` or `..._m` is null in all rows of a
  video. `videos.plane` contains the unit of a video.
* `local_date` and `local_hour` are the date and hour of a row's first time, by the clock of the site. They
  are null if the start of the recording is unknown.{undated}
* A person is a track. A person who is lost and found again usually counts twice.
"""
_DELTA = """\
Each table is a Delta table in its own folder. Read it with a Delta reader, because its Parquet files also
contain rows that were replaced. This dataset has no views and no dbt project, because these read Parquet
files."""
_DELTA_PARTITIONED = "Facts are partitioned by the column `{key}`, which is null in rows without a date."
_PARQUET = "Each table is a folder of Parquet files with the same columns in\nevery file."
_FLAT = "Names of files and folders that begin with `_` or `.` are not data."
_PARTITIONED = """\
The files of facts are in partitions by `{column}`, such as `visits/{key}={example}/`.
`{key}={null}` contains the rows without a date. `{key}` is not a column of the files.
pandas and pyarrow read a folder with `partitioning=None`, as in
`pd.read_parquet("visits", partitioning=None)`: otherwise they fail if rows have no date."""
_START_DATE = (
    "In {names}, they are the date and hour of the recording's start, because rows of these tables do not "
    "have a time or cover a longer time."
)
_JOINS = """\
## How the tables join

Each row of the table on the left refers to at most one row of the table on the right. A reference can be
null, so use left joins. Names of zones and lines are labels: a zone that is moved keeps its name and gets a
new `zone_key`.

In Power BI, create the active relations as active, many to one, with a single filter direction. A filter on a
dimension, or on `videos`, then reaches each fact by exactly one path. Create the other relations as inactive,
because they would open a second path, which Power BI rejects or resolves arbitrarily. A measure uses an
inactive relation with `USERELATIONSHIP`. To analyze facts by `tracks`, deactivate the relation of `tracks` to
`dates` and the relations of the same facts to `videos`, and activate the relations to `tracks`. SQL can use
all relations.

| table | column | refers to | in Power BI |
|---|---|---|---|
"""
_SALTED = """\
People are identified by keys made with a salt that is not in this dataset. The tracker's numbers of people
and unused columns of the source are not included. A person with the salt and the archive can create the same
keys again.
"""
_SUPPRESSED = """\
A figure of at least one but fewer than {count} people is null, and `suppressed` is true in its row. A figure
is also null if the largest contribution of one person could be estimated closely, or if it would reveal such
a figure together with published figures. No figure covers more than one video. Medians, extremes and times
are null in every row, because they may be the value of one person. Tables with a row per person are not
included.

A withheld figure is not 0. The views list such rows separately, or return null for a sum that would include
them. Other data can still reveal a figure: bounds that follow because figures are not negative, a second
edition of the dataset with other zones, times or limits, differences between numbers of different people, or
other knowledge about the people.
"""
_NAMED = """\
`videos.source` contains only the name of the file. Not withheld: names of videos, job IDs in `videos`, and
the path of the dataset in `views/duckdb.sql` and `dbt/README.md`.
"""


def format_dictionary(description: DatasetDescription) -> str:
    """Format the data dictionary of a dataset as Markdown.

    It contains the row, key and columns of each table, with types, units and definitions, the relations
    between the tables, and the rules for withheld data.
    """
    sections = [
        _format_preface(description),
        _format_overview(description),
        _format_joins(description),
        *_format_withheld(description),
        *(_format_table(description, table) for table in description.tables),
    ]
    return "\n".join(sections)


def _format_preface(description: DatasetDescription) -> str:
    files, key = f"{_PARQUET} {_FLAT}", description.partition_key
    if description.form == "delta":
        files = f"{_DELTA} {_DELTA_PARTITIONED.format(key=key)}" if key is not None else _DELTA
    elif key is not None:
        example = "2026-11" if key == "month" else "2026-11-30"
        partitioned = _PARTITIONED.format(column="local_date", key=key, example=example, null=NULL_PARTITION)
        files = f"{files} {partitioned}"
    return _PREFACE.format(
        mark=MARK, version=description.version, files=files, undated=_format_undated(description)
    )


def _format_undated(description: DatasetDescription) -> str:
    """Format the note on the tables whose rows have the date of the recording."""
    tables = [
        table.name for table in description.tables if table.has("local_date") and not table.has_own_time
    ]
    names = ", ".join(f"`{name}`" for name in tables)
    return f"\n  {_START_DATE.format(names=names)}" if tables else ""


def _format_overview(description: DatasetDescription) -> str:
    """Format the list of the tables."""
    lines = ["## Tables", "", "| table | a row is | identified by | kind |", "|---|---|---|---|"]
    lines += [
        f"| `{table.name}` | {_escape(table.row)} | {_list_key(table)} | {_find_kind(table)} |"
        for table in description.tables
    ]
    return "\n".join(lines) + "\n"


def _find_kind(table: StoredTable) -> str:
    if table.is_dimension:
        return "dimension"
    return "fact" if table.is_standard else "fact, on request"


def _format_joins(description: DatasetDescription) -> str:
    rows = [
        f"| `{one.table}` | `{one.column}` | `{one.to}` (`{one.key}`) "
        f"| {'active' if one.active else 'inactive'} |\n"
        for one in description.list_relations()
    ]
    return "".join([_JOINS, *rows])


def _format_withheld(description: DatasetDescription) -> Iterator[str]:
    texts = [_SALTED] if description.salted else []
    texts += [_SUPPRESSED.format(count=count) for count in description.min_counts]
    if texts:
        texts.append(_NAMED)
        yield "## Withheld data\n\n" + "\n".join(texts)


def _format_table(description: DatasetDescription, table: StoredTable) -> str:
    """Format the section of a table."""
    files = description.find_pattern(table)
    lines = [f"## {table.name}", "", as_sentence(f"A row of `{files}` is {table.row}")]
    lines += [
        f"Identified by {_list_key(table)}.",
        "",
        "| column | type | unit | definition |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{_escape(column.name)}` | {find_type(column)} | {_escape(find_unit(column))} | "
        f"{_escape(find_definition(column))} |"
        for column in table.schema
    ]
    return "\n".join(lines) + "\n"


def _list_key(table: StoredTable) -> str:
    return ", ".join(f"`{_escape(name)}`" for name in table.key)


def _escape(text: str) -> str:
    """Escape a text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")
