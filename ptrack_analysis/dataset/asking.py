"""Asking DuckDB about a dataset's tables."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.dataset.holding import Holding
from ptrack_analysis.dataset.scanning import arrow_dataset
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.s3 import AnyPath, S3Path

if TYPE_CHECKING:
    import duckdb

_PATTERN = re.compile(r"([*?\[])")


def connected(root: AnyPath, holding: Holding, tables: Sequence[str]) -> "duckdb.DuckDBPyConnection":
    """Open DuckDB in memory, with a view of each of these tables.

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
        raise ParameterError("DuckDB is not installed: pip install 'ptrack-analysis[duckdb]'") from error
    connection = duckdb.connect()
    try:
        for name in tables:
            if isinstance(root, S3Path):
                connection.register(name, arrow_dataset(root, holding.parts[name]))
                continue
            files = [_literal(Path(root, part.place)) for part in holding.parts[name]]
            relation = connection.read_parquet(files, union_by_name=True, hive_partitioning=False)
            relation.create_view(name)
    except duckdb.Error as error:
        connection.close()
        raise InputError(f"{root}: {name} cannot be read: {' '.join(str(error).split())}") from error
    return connection


def answer(connection: "duckdb.DuckDBPyConnection", query: str, *, as_: str) -> Any:
    """Give the answer to a query as a table of pandas or Arrow.

    Raises
    ------
    ParameterError
        If DuckDB does not understand it.
    """
    import duckdb  # noqa: PLC0415 - an extra, which is there once something is connected

    try:
        found = connection.execute(query)
        return found.df() if as_ == "pandas" else found.to_arrow_table()
    except duckdb.Error as error:
        raise ParameterError(f"DuckDB cannot answer: {' '.join(str(error).split())}") from error


def _literal(path: Path) -> str:
    """Escape the wildcards in a path, so that DuckDB reads just this file."""
    return _PATTERN.sub(r"[\1]", str(path))
