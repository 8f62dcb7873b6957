"""The tables and views of a dataset for Amazon Athena."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from ptrack_analysis.dataset.description import (
    MARK,
    DatasetDescription,
    StoredTable,
    as_sentence,
    find_definition,
    find_type,
    quote_name,
)
from ptrack_analysis.dataset.manifest import NULL_PARTITION
from ptrack_analysis.dataset.question_views import list_question_views

PLACEHOLDER = "s3://YOUR-BUCKET/PREFIX"
_HEAD = """\
-- Tables of this dataset for Amazon Athena, {mark}.
-- Run one statement at a time, again after each export. Only new columns cannot be added twice.
-- The tables are external: DROP TABLE leaves the files in place. If a file like this was not run, so that a
-- table lacks columns, drop the table and run this file again.
"""
_UPLOAD = f"-- Upload the dataset to S3 and replace {PLACEHOLDER} by its location.\n"
_PARTITIONS = """\
-- Tables have a column "{key}" from the path. Filter on it, too, to read fewer files.
-- Partition {null} has the rows without a date; there "{key}" is null.
"""
_GREW = """
-- {table} has a new column. Add it to a table that was created before; otherwise, Athena reports a duplicate.
"""
_HIDDEN = "-- The table cannot have column {column} of the files, which has the name of the partition.\n"
_RECREATED = "\n-- The columns or partitions of {table} changed in a way that ALTER TABLE cannot follow.\n"
ATHENA_TYPES = {
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "float": "float",
    "double": "double",
    "string": "string",
    "bool": "boolean",
    "date": "date",
    "timestamp[us, UTC]": "timestamp",
}
"""Athena's name of each stored type."""
_COMMENT_LENGTH = 255
_PARTITIONS_PER_STATEMENT = 100


def format_athena(description: DatasetDescription, previous: DatasetDescription | None = None) -> str:
    """Format the SQL script that creates the external tables and the question views.

    Partitions are added by name, because partition projection would not find the one without a date. Columns
    that ``previous`` does not have are added with ALTER TABLE. A table is dropped and created again if
    ALTER TABLE cannot follow the change. Partitions and tables that no longer exist are dropped.
    """
    parts = [_HEAD.format(mark=MARK)]
    if not description.is_in_s3:
        parts += [_UPLOAD]
    if description.partition_key is not None:
        parts += [_PARTITIONS.format(key=description.partition_key, null=NULL_PARTITION)]
    parts += [f"\nDROP TABLE IF EXISTS {_quote(name)};\n" for name in _find_gone(description, previous)]
    for table in description.tables:
        parts += _format_changes(description, previous, table)
    for view in list_question_views(description, quote_name):
        parts += [f"\n-- {view.text}\nCREATE OR REPLACE VIEW {quote_name(view.name)} AS\n{view.query};\n"]
    return "".join(parts)


def _find_gone(description: DatasetDescription, previous: DatasetDescription | None) -> list[str]:
    before = () if previous is None else previous.tables
    return [table.name for table in before if description.find(table.name) is None]


def _format_changes(
    description: DatasetDescription, previous: DatasetDescription | None, table: StoredTable
) -> Iterator[str]:
    """Format the statements that create a table or change its previous version."""
    before = None if previous is None else previous.find(table.name)
    added: list[pa.Field] = []
    if previous is not None and before is not None:
        added = [column for column in table.schema if not before.has(column.name)]
        if not _can_alter(description, previous, table, before, added):
            yield _RECREATED.format(table=table.name) + f"DROP TABLE IF EXISTS {_quote(table.name)};\n"
            added = []
    yield _create_table(description, table)
    for column in added:
        yield _GREW.format(table=table.name)
        yield f"ALTER TABLE {_quote(table.name)} ADD COLUMNS ({_format_column(column)});\n"
    if previous is not None and before is not None:
        yield from _drop_partitions(description, previous, table)
    yield from _add_partitions(description, table)


def _can_alter(
    description: DatasetDescription,
    previous: DatasetDescription,
    table: StoredTable,
    before: StoredTable,
    added: Sequence[pa.Field],
) -> bool:
    """Return whether ALTER TABLE can turn one table into the other.

    It adds columns, except dates, and does not add them to the partitions that exist.
    """
    same_place = description.root == previous.root and _find_key(description, table) == _find_key(
        previous, before
    )
    kept = [column for column in table.schema if before.has(column.name)]
    same_types = all(find_type(column) == find_type(before.schema.field(column.name)) for column in kept)
    complete = len(kept) == len(before.schema)
    addable = not added or (
        _find_key(description, table) is None and all(find_type(column) != "date" for column in added)
    )
    return same_place and same_types and complete and addable


def _find_key(description: DatasetDescription, table: StoredTable) -> str | None:
    return None if table.is_dimension else description.partition_key


def _create_table(description: DatasetDescription, table: StoredTable) -> str:
    key = _find_key(description, table)
    hidden = [column for column in table.schema if column.name.lower() == key]
    columns = ",\n".join(f"  {_format_column(column)}" for column in table.schema if column not in hidden)
    notes = "".join(_HIDDEN.format(column=_quote(column.name)) for column in hidden)
    partitioned = ""
    if key is not None:
        text = f"The {key} of local_date, from the path. Null where local_date is null."
        partitioned = f"PARTITIONED BY ({_quote(key)} string COMMENT {_quote_comment(text)})\n"
    return (
        f"\n{notes}CREATE EXTERNAL TABLE IF NOT EXISTS {_quote(table.name)} (\n{columns}\n)\n"
        f"COMMENT {_quote_comment(as_sentence(f'A row is {table.row}'))}\n{partitioned}"
        f"STORED AS PARQUET\nLOCATION '{_find_folder(description, table)}/';\n"
    )


def _format_column(column: pa.Field) -> str:
    comment = f" COMMENT {_quote_comment(definition)}" if (definition := find_definition(column)) else ""
    return f"{_quote(column.name)} {ATHENA_TYPES[find_type(column)]}{comment}"


def _find_folder(description: DatasetDescription, table: StoredTable) -> str:
    root = description.root if description.is_in_s3 else PLACEHOLDER
    return f"{root}/{table.name}".replace("'", "''")


def _add_partitions(description: DatasetDescription, table: StoredTable) -> Iterator[str]:
    key = _find_key(description, table)
    if key is None:
        return
    folder = _find_folder(description, table)
    values = [value or NULL_PARTITION for value in description.partitions.get(table.name, ())]
    for start in range(0, len(values), _PARTITIONS_PER_STATEMENT):
        parts = "\n".join(
            f"  PARTITION ({_quote(key)} = '{value}') LOCATION '{folder}/{key}={value}/'"
            for value in values[start : start + _PARTITIONS_PER_STATEMENT]
        )
        yield f"\nALTER TABLE {_quote(table.name)} ADD IF NOT EXISTS\n{parts};\n"


def _drop_partitions(
    description: DatasetDescription, previous: DatasetDescription, table: StoredTable
) -> Iterator[str]:
    """Drop the partitions whose files no longer exist."""
    key = _find_key(description, table)
    if key is not None and key == _find_key(previous, table):
        remaining = description.partitions.get(table.name, ())
        gone = [value for value in previous.partitions.get(table.name, ()) if value not in remaining]
        for value in gone:
            yield (
                f"\nALTER TABLE {_quote(table.name)} DROP IF EXISTS "
                f"PARTITION ({_quote(key)} = '{value or NULL_PARTITION}');\n"
            )


def _quote(name: str) -> str:
    """Quote a name for Athena's DDL."""
    return "`" + name.replace("`", "``") + "`"


def _quote_comment(text: str) -> str:
    """Quote a comment for Athena's DDL.

    The data catalog takes 255 characters. Quotes, backslashes and semicolons end or change the text in some
    clients, so they are replaced.
    """
    text = " ".join(text.split()).replace("'", "\N{RIGHT SINGLE QUOTATION MARK}").replace("\\", "/")
    text = text.replace(";", ",")
    if len(text) > _COMMENT_LENGTH:
        text = text[: _COMMENT_LENGTH - 4].rpartition(" ")[0] + " ..."
    return f"'{text}'"
