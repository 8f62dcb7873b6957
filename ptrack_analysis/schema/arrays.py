"""Tables as arrays, and their conversion to DataFrames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, wraps
from inspect import signature
from typing import Any, ParamSpec, Protocol, cast

import numpy as np
import pandas as pd

from ptrack_analysis.schema.table import Column, Table

Arrays = Mapping[str, np.ndarray | list[str]]
_Parameters = ParamSpec("_Parameters")

_MISSING = np.iinfo("int64").min


@dataclass(frozen=True, slots=True, eq=False)
class TableArrays:
    """The rows of a table, sorted by its key, as one array per key level and column.

    Times are integer milliseconds (int64), choices are codes in the order of their values, and texts are
    objects. Columns in the plane have their name without the unit (``x_{u}``). For each text level of the
    key, ``texts`` contains the code of each row and the sorted values.
    """

    schema: Table
    unit: str | None
    arrays: Mapping[str, Any]
    texts: Mapping[str, tuple[np.ndarray, list[str]]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.arrays[self.schema.key[0].name])

    def take(self, rows: np.ndarray) -> "TableArrays":
        """Return the rows selected by a mask or by ascending row numbers."""
        return replace(
            self,
            arrays={name: values[rows] for name, values in self.arrays.items()},
            texts={name: (codes[rows], values) for name, (codes, values) in self.texts.items()},
        )

    def with_columns(self, **columns: Any) -> "TableArrays":
        """Return the table with these columns of its schema added or replaced."""
        return replace(self, arrays={**self.arrays, **columns})

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a DataFrame."""
        columns = {
            column.named(self.unit): _values(column, self.arrays[column.name])
            for column in self.schema.columns
            if column.name in self.arrays
        }
        return pd.DataFrame(columns, index=self._build_index())

    def _build_index(self) -> pd.Index:
        """Build the index faster than ``MultiIndex.from_arrays``."""
        if len(self.schema.key) == 1:
            key = self.schema.key[0]
            index: pd.Index = pd.Index(_values(key, self.arrays[key.name]), name=key.name)
            return index
        codes: list[Any] = []
        levels: list[Any] = []
        for column in self.schema.key:
            factorized = self._factorize(column)
            if factorized is None:
                values = [_values(column, self.arrays[column.name]) for column in self.schema.key]
                return pd.MultiIndex.from_arrays(values, names=self.schema.key_names)
            codes.append(factorized[0])
            levels.append(factorized[1])
        return pd.MultiIndex(levels, codes, names=self.schema.key_names, verify_integrity=False)

    def _factorize(self, column: Column) -> tuple[np.ndarray, pd.Index] | None:
        """Return the codes of a key level and its sorted values; None for rare kinds."""
        if column.name in self.texts:
            codes, texts = self.texts[column.name]
            return codes, pd.Index(pd.array(texts, dtype=find_dtype(column.dtype)))
        raw = _values(column, self.arrays[column.name])
        if _find_sort_key(column, raw) is None:
            return None
        codes, found = pd.factorize(raw.view("int64"), sort=True)
        return codes, pd.Index(found.view(raw.dtype))


Rows = pd.DataFrame | TableArrays
"""A table as a DataFrame or as arrays."""


def to_frame(rows: Rows) -> pd.DataFrame:
    """Return a table as a DataFrame."""
    return rows if isinstance(rows, pd.DataFrame) else rows.to_frame()


def read_column(rows: Rows, name: str) -> Any:
    """Return the values of a key level or column, named as in the schema."""
    if isinstance(rows, TableArrays):
        return rows.arrays[name]
    values: Any = rows[name].array if name in rows.columns else rows.index.get_level_values(name).array
    if isinstance(values, pd.Categorical):
        return values.codes
    values = values.to_numpy()
    return values.view("int64") if values.dtype.kind == "m" else values


def drop_key(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without its key, which pandas would copy on each column access."""
    return table.set_axis(pd.RangeIndex(len(table)))


def collect(schema: Table, arrays: Arrays, *, unit: str | None = None) -> TableArrays:
    """Return the rows of a table as arrays, sorted by its key.

    The parameters are explained in ``assemble``.
    """
    given = {
        column.name: _convert(column, arrays[column.name])
        for column in (*schema.key, *schema.columns)
        if column.name in arrays
    }
    texts = {
        column.name: encoded
        for column in schema.key
        if column.kind == "text" and (encoded := _encode(given[column.name])) is not None
    }
    table = TableArrays(schema, unit, given, texts)
    order = _find_order(table)
    return table if order is None else table.take(order)


def assemble(schema: Table, arrays: Arrays, *, unit: str | None = None) -> pd.DataFrame:
    """Build a table of this schema from one array per key level and column.

    Pass times as integer milliseconds (int64) or ``timedelta64[ms]``, choices as int8 codes in the order of
    their values, and columns in the plane by their name without the unit (``x_{u}``). The table has only the
    optional columns that are passed.

    Parameters
    ----------
    schema
        Schema of the table.
    arrays
        Arrays of equal length, by name. They may be empty.
    unit
        Unit of the plane, if the table has columns in the plane.

    Returns
    -------
    pandas.DataFrame
        The table, sorted by its key.

    Examples
    --------
    >>> table = pta.schema.assemble(
    ...     pta.schema.DETECTIONS,
    ...     {
    ...         "timestamp": [200, 0],
    ...         "person_index": [7, 7],
    ...         "left": [0.25, 0.2],
    ...         "top": [0.5, 0.5],
    ...         "width": [0.1, 0.1],
    ...         "height": [0.4, 0.4],
    ...     },
    ... )
    >>> table["left"].tolist()
    [0.2, 0.25]
    """
    return collect(schema, arrays, unit=unit).to_frame()


class TableFunction(Protocol[_Parameters]):
    """A public function that returns a DataFrame.

    Its attribute ``arrays`` returns the table as arrays.
    """

    __name__: str

    def __call__(self, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> pd.DataFrame:
        """Return the table as a DataFrame."""

    @staticmethod
    def arrays(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> TableArrays:
        """Return the table as arrays."""


def in_frame(function: Callable[_Parameters, TableArrays]) -> TableFunction[_Parameters]:
    """Make a public function that returns a DataFrame from one that returns arrays.

    The package itself calls ``compute_NAME.arrays(...)``: building a small DataFrame often takes longer than
    computing its values.
    """

    @wraps(function)
    def build(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> pd.DataFrame:
        return function(*args, **kwargs).to_frame()

    made: Any = build
    made.__signature__ = signature(function).replace(return_annotation=pd.DataFrame)
    made.__annotations__ = {**function.__annotations__, "return": pd.DataFrame}
    made.arrays = function
    return cast("TableFunction[_Parameters]", made)


def empty_table(schema: Table, *, unit: str | None = None) -> pd.DataFrame:
    """Return a table of this schema without rows and without optional columns.

    Parameters
    ----------
    schema
        Schema of the table.
    unit
        Unit of the plane, if the table has columns in the plane.

    Returns
    -------
    pandas.DataFrame
        The empty table.

    Examples
    --------
    >>> pta.schema.empty_table(pta.schema.STOPS, unit="m").columns.tolist()
    ['entered', 'exited', 'duration', 'x_m', 'y_m', 'extent_m', 'detections']
    """
    return _build_empty(schema, unit).copy()


@cache
def _build_empty(schema: Table, unit: str | None) -> pd.DataFrame:
    return empty_arrays(schema, unit=unit).to_frame()


@cache
def empty_arrays(schema: Table, *, unit: str | None = None) -> TableArrays:
    """Return the arrays of a table of this schema without rows."""
    columns = [c for c in (*schema.key, *schema.columns) if not c.optional]
    return collect(schema, {c.name: np.empty(0, _raw_dtype(c)) for c in columns}, unit=unit)


def choice(schema: Table, name: str, codes: np.ndarray) -> "pd.Categorical[str]":
    """Build the values of a choice column of the schema from their codes.

    Parameters
    ----------
    schema
        Schema of the table.
    name
        Name of the column.
    codes
        Positions of the values in ``schema.choices(name)``.

    Returns
    -------
    pandas.Categorical
        The values.

    Examples
    --------
    >>> pta.schema.choice(pta.schema.VISITS, "exit", [1, 0]).tolist()
    ['frame_edge', 'crossed']
    """
    column = next(column for column in schema.columns if column.name == name)
    values: pd.Categorical[str] = _values(column, np.asarray(codes))
    return values


def _find_order(table: TableArrays) -> np.ndarray | None:
    """Return the order that sorts the rows by their key, or None if they are sorted."""
    keys = []
    for column in table.schema.key:
        encoded = table.texts.get(column.name)
        key = _find_sort_key(column, table.arrays[column.name]) if encoded is None else encoded[0]
        if key is None:
            return _sort_by_pandas(table)
        keys.append(key)
    return None if is_strictly_sorted(keys) else np.lexsort(keys[::-1])


def _sort_by_pandas(table: TableArrays) -> np.ndarray | None:
    """Return the order of rows whose key has missing values or is of a rare kind."""
    levels = [_values(column, table.arrays[column.name]) for column in table.schema.key]
    index: Any = pd.Index(levels[0]) if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    if index.is_monotonic_increasing:
        return None
    return pd.Series(np.arange(len(index)), index=index).sort_index().to_numpy()


def _find_sort_key(column: Column, values: Any) -> np.ndarray | None:
    """Return integers that sort like a key level; None for rare kinds of levels."""
    if column.nullable or column.kind not in ("integer", "moment", "span"):
        return None
    numbers: np.ndarray = values.view("int64")
    is_missing = column.kind != "integer" and len(numbers) and numbers.min() == _MISSING
    return None if is_missing else numbers


def _encode(values: np.ndarray) -> tuple[np.ndarray, list[str]] | None:
    """Return the code of each text and the sorted texts, or None if a text is missing."""
    texts = values.tolist()
    names = set(texts)
    if not all(type(name) is str for name in names):
        return None
    found = sorted(names)
    codes = {name: code for code, name in enumerate(found)}
    return np.fromiter(map(codes.__getitem__, texts), dtype="int64", count=len(texts)), found


def is_strictly_sorted(keys: list[np.ndarray]) -> bool:
    """Return whether each row is greater than the previous row, level by level."""
    after = np.zeros(max(len(keys[0]) - 1, 0), dtype=bool)
    for key in reversed(keys):
        after &= key[1:] == key[:-1]
        after |= key[1:] > key[:-1]
    return bool(after.all())


def _raw_dtype(column: Column) -> str:
    return {
        "choice": "int8",
        "text": "str",
        "instant": "datetime64[us]",
        "date": "datetime64[s]",
        "number": "float64",
        "flag": "bool",
    }.get(column.kind, "int64")


@cache
def make_category_dtype(choices: tuple[str, ...]) -> "pd.CategoricalDtype[str]":
    """Return the dtype of a choice."""
    return pd.CategoricalDtype(list(choices))


@cache
def find_dtype(name: str) -> Any:
    """Return the dtype with this name. The cache avoids parsing the name on each call."""
    return name if name == "category" else pd.api.types.pandas_dtype(name)


def _convert(column: Column, values: Any) -> Any:
    """Convert an argument to the kind of array that ``TableArrays`` stores."""
    match column.kind:
        case "moment" | "span":
            return np.asarray(values).astype("int64", copy=False)
        case "choice":
            return np.asarray(values)
        case "text":
            return np.asarray(values, dtype=object)
        case "date" | "instant":
            return np.asarray(values, dtype=_raw_dtype(column))
        case _ if column.nullable:
            return pd.array(values, dtype=find_dtype(column.dtype))
    return np.asarray(values, column.dtype)


def _values(column: Column, values: Any) -> Any:
    """Convert an array of ``TableArrays`` to the values of a DataFrame column."""
    match column.kind:
        case "moment" | "span":
            return values.view("timedelta64[ms]")
        case "choice":
            return pd.Categorical.from_codes(values, dtype=make_category_dtype(column.choices))
        case "text":
            return pd.array(values, dtype=find_dtype(column.dtype))
        case "date" | "instant":
            return pd.DatetimeIndex(values, tz="UTC" if column.kind == "instant" else None)
    return values
