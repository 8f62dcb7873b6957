"""Scans, SQL queries and selections of the tables of a dataset."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pa_dataset
from pyarrow.fs import LocalFileSystem

from ptrack_analysis.dataset.delta_tables import scan_table
from ptrack_analysis.dataset.description import quote_name
from ptrack_analysis.dataset.dimensions import find_schema
from ptrack_analysis.dataset.duckdb_views import escape_pattern
from ptrack_analysis.dataset.manifest import MANIFEST, DatasetFile, Manifest
from ptrack_analysis.dataset.question_views import QuestionView
from ptrack_analysis.errors import InputError, ParameterError, PtrackError
from ptrack_analysis.storage.arrow import DERIVED, drop_derived, from_arrow
from ptrack_analysis.storage.columns import (
    NULLABLE_MARK,
    PERSON,
    add_video_key,
    schema_by_marks,
    stored_columns,
    stored_key,
)
from ptrack_analysis.storage.s3 import AnyPath, S3Path
from ptrack_analysis.storage.store import RangedFile

if TYPE_CHECKING:
    import duckdb

_SHOWN = 5
_READ = pa_dataset.ParquetFragmentScanOptions(page_checksum_verification=True)


def arrow_dataset(root: AnyPath, table: str, parts: Sequence[DatasetFile]) -> pa_dataset.FileSystemDataset:
    """Return files of a table, with equal columns, as an Arrow dataset.

    Only the footer of the first file is read.

    Raises
    ------
    InputError
        If there are no files; if the first file is missing or damaged.
    RemoteError
        If S3 rejects a request.
    """
    if not parts:
        raise InputError(f"{root / MANIFEST}: was edited and does not list a file of the table {table!r}")
    form = pa_dataset.ParquetFileFormat(default_fragment_scan_options=_READ)
    with told(root / parts[0].place):
        fragments = [_fragment(root / part.place, form) for part in parts]
        schema = fragments[0].physical_schema
    return pa_dataset.FileSystemDataset(fragments, schema, form)


def arrow_table(root: AnyPath, manifest: Manifest, table: str) -> pa_dataset.Dataset:
    """Return a table as an Arrow dataset. The rows of a Delta table are not sorted."""
    if table not in manifest.versions:
        return arrow_dataset(root, table, manifest.files_of(table))
    with told(root / table):
        return scan_table(root, table, manifest.versions[table], find_schema(manifest, table))


@contextmanager
def told(place: object) -> Iterator[None]:
    """Convert read errors to an InputError with the path."""
    try:
        yield
    except PtrackError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{place}: the file is missing, but the manifest lists it") from error
    except (OSError, pa.ArrowException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{place}: cannot be read as Parquet: {first}") from error


def _fragment(path: AnyPath, form: pa_dataset.ParquetFileFormat) -> pa_dataset.ParquetFileFragment:
    if isinstance(path, Path):
        return form.make_fragment(str(path), LocalFileSystem())
    return form.make_fragment(RangedFile(path))


def connected(root: AnyPath, manifest: Manifest, tables: Sequence[str]) -> "duckdb.DuckDBPyConnection":
    """Open DuckDB in memory with a view per table.

    Raises
    ------
    ParameterError
        If DuckDB is not installed.
    InputError
        If a file is missing or damaged.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ParameterError(
            "DuckDB is not installed. Install it with pip install 'ptrack-analysis[duckdb]'."
        ) from error
    connection = duckdb.connect()
    try:
        for name in tables:
            if isinstance(root, S3Path) or manifest.versions:
                connection.register(name, arrow_table(root, manifest, name))
                continue
            files = [escape_pattern(str(root / part.place)) for part in manifest.files_of(name)]
            relation = connection.read_parquet(files, union_by_name=True, hive_partitioning=False)
            relation.create_view(name)
    except duckdb.Error as error:
        connection.close()
        raise InputError(f"{root}: {name} cannot be read: {' '.join(str(error).split())}") from error
    return connection


def create_views(connection: "duckdb.DuckDBPyConnection", views: Iterable[QuestionView]) -> None:
    """Create views over the tables of a connection."""
    for view in views:
        connection.execute(f"CREATE VIEW {quote_name(view.name)} AS {view.query}")


def answer(connection: "duckdb.DuckDBPyConnection", query: str, *, as_: str) -> Any:
    """Run a query and return its result as a pandas or Arrow table.

    Raises
    ------
    ParameterError
        If the query is invalid.
    """
    import duckdb  # noqa: PLC0415 - an extra, which is installed if there is a connection

    try:
        found = connection.sql(query)
        if found is not None:
            return found.df() if as_ == "pandas" else found.to_arrow_table()
    except duckdb.Error as error:
        raise ParameterError(f"DuckDB cannot run the query: {' '.join(str(error).split())}") from error
    raise ParameterError(f"the query must return a table, as SELECT does, got {query!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A selection of rows and columns of one table.

    With ``of_one``, the rows are from one video, and the index does not contain its name.
    """

    content: pa_dataset.Dataset
    table: str
    columns: list[str] | None
    condition: pa_dataset.Expression | None
    as_: str
    of_one: bool

    def scanner(self, **options: Any) -> pa_dataset.Scanner:
        """Return a scanner that reads file by file.

        For pandas, it always includes the key.
        """
        wanted = self.columns
        if wanted is not None and self.as_ == "pandas":
            key = [name for name in _key_names(self.content.schema) if name not in wanted]
            wanted = [*key, *wanted]
        return self.content.scanner(
            columns=wanted, filter=self.condition, batch_readahead=2, fragment_readahead=1, **options
        )


def find_stored_names(schema: pa.Schema, columns: Sequence[str], root: AnyPath, table: str) -> list[str]:
    """Return the stored names of columns given by their names in memory or as stored.

    Raises
    ------
    ParameterError
        If a column does not exist.
    """
    if isinstance(columns, str):
        raise ParameterError(f"columns must be a list of names, got {columns!r}")
    spec = add_video_key(schema_by_marks(schema.metadata))
    stored = [column for unit in (None, *spec.units) for column in stored_columns(spec, unit)]
    known = {column.memory_name: column.name for column in stored if column.name in schema.names}
    known |= {name: name for name in schema.names}
    for name in columns:
        if name not in known:
            raise unknown(f"{root}: table {table!r}", "column", name, known)
    return list(dict.fromkeys(known[name] for name in columns))


def convert_to_pandas(content: pa.Table, chosen: Selection) -> pd.DataFrame:
    """Convert the rows to a table in memory.

    Raises
    ------
    ParameterError
        If some rows are measured in px and others in m, or a column that is required in memory is missing in
        some rows.
    """
    if chosen.columns is None:
        content = drop_derived(content)
    content = _in_one_unit(content, chosen.table)
    _validate_no_gaps(content, chosen.table)
    try:
        table = from_arrow(content, whole=chosen.columns is None)
    except InputError as error:
        raise InputError(f"table {chosen.table!r}: {error}") from error
    return table.droplevel("video") if chosen.of_one and table.index.nlevels > 1 else table


def _in_one_unit(content: pa.Table, name: str) -> pa.Table:
    """Drop the columns of planes without measurements."""
    spec = schema_by_marks(content.schema.metadata)
    named = {
        unit: [c.named(unit) for c in spec.columns if c.in_plane and c.named(unit) in content.column_names]
        for unit in spec.units
    }
    there = [unit for unit in spec.units if named[unit]]
    used = [u for u in there if any(content[c].null_count < len(content) for c in named[u])]
    if len(used) > 1:
        raise ParameterError(
            f"table {name!r} has rows measured in {' and in '.join(used)}, which do not fit into one pandas "
            "table. Choose videos with one unit, or pass as_='arrow' for the columns of both units."
        )
    kept = (used or there)[:1]
    return content.drop_columns([column for unit in there if unit not in kept for column in named[unit]])


def _validate_no_gaps(content: pa.Table, name: str) -> None:
    """Reject integers and flags that are missing in some rows."""
    spec = add_video_key(schema_by_marks(content.schema.metadata))
    may_miss = {
        column.name
        for unit in spec.units
        for column in stored_columns(spec, unit)
        if column.of.nullable or column.of.kind == "moment"
    }
    for field, array in zip(content.schema, content.columns, strict=True):
        required = pa.types.is_boolean(field.type) or pa.types.is_integer(field.type)
        required = required and NULLABLE_MARK not in (field.metadata or {})
        if required and array.null_count and field.name not in may_miss | DERIVED:
            raise ParameterError(
                f"column {field.name!r} of table {name!r} has no values for some of these videos. Choose "
                "other videos, exclude the column with columns=, or pass as_='arrow'."
            )


def _key_names(schema: pa.Schema) -> list[str]:
    """List the stored key columns of the files."""
    key = stored_key(add_video_key(schema_by_marks(schema.metadata)))
    return [one.name for one in key if one.of is not PERSON and one.name in schema.names]


def unknown(place: object, kind: str, name: str, known: Iterable[str]) -> ParameterError:
    """Return the error for an unknown name, which suggests similar names."""
    names = list(known)
    close = get_close_matches(name, names, n=_SHOWN)
    shown = ", ".join(map(repr, close or names[:_SHOWN])) or "none"
    return ParameterError(f"{place}: has no {kind} {name!r}. {'Similar:' if close else 'It has'} {shown}")
