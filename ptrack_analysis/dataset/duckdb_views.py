"""The views of a dataset for DuckDB."""

from collections.abc import Iterator

from ptrack_analysis.dataset.description import (
    MARK,
    DatasetDescription,
    StoredTable,
    as_sentence,
    find_definition,
    find_type,
    quote_name,
    quote_text,
)
from ptrack_analysis.dataset.question_views import list_question_views

ROOT_VARIABLE = "ptrack_root"
_HEAD = """\
-- Views of this dataset for DuckDB, {mark}.
-- They work from any folder: duckdb shop.duckdb < {script}
-- If the dataset was moved, set its new location in each session: SET VARIABLE {variable} = '/new/folder';
"""
_HEAD_S3 = "-- DuckDB needs access to S3, such as: CREATE SECRET (TYPE s3, PROVIDER credential_chain);\n"
_TABLE = """
CREATE OR REPLACE VIEW {name} AS
SELECT
  {columns}
WHERE false
UNION ALL BY NAME
SELECT * FROM read_parquet(
  coalesce(getvariable({variable}), {location}) || {pattern},
  union_by_name = true, hive_partitioning = false
);
"""
DUCKDB_TYPES = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp[us, UTC]": "TIMESTAMP WITH TIME ZONE",
}
"""DuckDB's name of each stored type."""


def format_duckdb_views(description: DatasetDescription, previous: DatasetDescription | None = None) -> str:
    """Format the SQL script that creates a view per table and the question views.

    The views contain the location of the dataset; the variable ``ptrack_root`` overrides it. The views of
    flat and partitioned datasets have the same columns in the order of the schema, including columns without
    files. Views of ``previous`` that no longer exist are dropped.
    """
    parts = [_format_head(description), *_drop_views(description, previous)]
    for table in description.tables:
        parts += [_format_table(description, table), *_comment_table(table)]
    for view in list_question_views(description, quote_name):
        name = quote_name(view.name)
        parts += [f"\nCREATE OR REPLACE VIEW {name} AS\n{view.query};\n"]
        parts += [f"COMMENT ON VIEW {name} IS {quote_text(view.text)};\n"]
    return "".join(parts)


def _format_head(description: DatasetDescription) -> str:
    script = "views/duckdb.sql" if description.is_in_s3 else f"{description.root}/views/duckdb.sql"
    shown = quote_text(" ".join(script.split())) if set(script) & set(" '\n") else script
    head = _HEAD.format(mark=MARK, script=shown, variable=ROOT_VARIABLE)
    return head + _HEAD_S3 if description.is_in_s3 else head


def _drop_views(description: DatasetDescription, previous: DatasetDescription | None) -> Iterator[str]:
    if previous is not None:
        remaining = {*_list_names(description)}
        gone = [name for name in _list_names(previous) if name not in remaining]
        yield from (f"DROP VIEW IF EXISTS {quote_name(name)};\n" for name in gone)


def _list_names(description: DatasetDescription) -> list[str]:
    tables = [table.name for table in description.tables]
    return [*tables, *(view.name for view in list_question_views(description))]


def _format_table(description: DatasetDescription, table: StoredTable) -> str:
    columns = [
        f"CAST(NULL AS {DUCKDB_TYPES[find_type(column)]}) AS {quote_name(column.name)}"
        for column in table.schema
    ]
    return _TABLE.format(
        name=quote_name(table.name),
        columns=",\n  ".join(columns),
        variable=quote_text(ROOT_VARIABLE),
        location=quote_text(escape_pattern(description.root)),
        pattern=quote_text(f"/{description.find_pattern(table)}"),
    )


def _comment_table(table: StoredTable) -> Iterator[str]:
    name = quote_name(table.name)
    yield f"COMMENT ON VIEW {name} IS {quote_text(as_sentence(f'A row is {table.row}'))};\n"
    for column in table.schema:
        if definition := find_definition(column):
            yield f"COMMENT ON COLUMN {name}.{quote_name(column.name)} IS {quote_text(definition)};\n"


def escape_pattern(path: str) -> str:
    """Escape the characters of a path that DuckDB would read as a pattern."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)
