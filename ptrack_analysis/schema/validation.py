"""Tables made and validated by their schema."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.schema.table import Column, Table

Arrays = Mapping[str, np.ndarray | list[str]]

_MISSING = np.iinfo("int64").min


def assemble(schema: Table, arrays: Arrays, *, unit: str | None = None) -> pd.DataFrame:
    """Make a table of this schema from one array a key level and column, sorted by its key.

    Times are given as whole milliseconds (int64) or ``timedelta64[ms]``, choices as int8 codes in the order
    of their values, columns of the plane by their name without unit replaced (``x_{u}``). Optional columns
    that are not given are left out.

    Parameters
    ----------
    schema
        Which table.
    arrays
        Name to array; all of one length, none being an ordinary case.
    unit
        Unit of the plane, for a table that has one.

    Returns
    -------
    pandas.DataFrame
        The table, sorted by its key.
    """
    if len(schema.key) == 1:
        index = pd.Index(_values(schema.key[0], arrays[schema.key[0].name]), name=schema.key[0].name)
    else:
        index = _index(schema, arrays)
    columns = {
        column.named(unit): _values(column, arrays[column.name])
        for column in schema.columns
        if column.name in arrays
    }
    table = pd.DataFrame(columns, index=index)
    return table if index.is_monotonic_increasing else table.sort_index()


def empty_table(schema: Table, *, unit: str | None = None) -> pd.DataFrame:
    """Make the table of this schema that has no rows; optional columns are left out."""
    columns = [c for c in (*schema.key, *schema.columns) if not c.optional]
    return assemble(schema, {c.name: np.empty(0, _raw_dtype(c)) for c in columns}, unit=unit)


def in_seconds(table: pd.DataFrame) -> pd.DataFrame:
    """Convert the times of a table to seconds.

    Parameters
    ----------
    table
        Any table; timedelta columns and index levels are converted.

    Returns
    -------
    pandas.DataFrame
        The table with float columns and index levels in seconds, named as in a dataset: ``dwell`` becomes
        ``dwell_s``. Missing times are NaN.

    Raises
    ------
    SchemaError
        If ``table`` is not a DataFrame.

    Examples
    --------
    >>> table = pd.DataFrame({"dwell": pd.to_timedelta([1500], unit="ms")})
    >>> in_seconds(table)["dwell_s"].tolist()
    [1.5]
    """
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"table must be a pandas.DataFrame, got a {type(table).__name__}")
    levels = [str(name) for name in table.index.names if name is not None]
    named = levels if len(levels) == table.index.nlevels else []
    plain = table.reset_index() if named else table.copy()
    spans = [name for name in plain.columns if pd.api.types.is_timedelta64_dtype(plain[name])]
    names = {name: f"{name}_s" for name in spans}
    seconds = plain.assign(**{name: plain[name].dt.total_seconds() for name in spans}).rename(columns=names)
    return seconds.set_index([names.get(name, name) for name in named]) if named else seconds


def choice(schema: Table, name: str, codes: np.ndarray) -> "pd.Categorical[str]":
    """Make the values of a choice column of the schema from their codes."""
    column = next(column for column in schema.columns if column.name == name)
    values: pd.Categorical[str] = _values(column, codes)
    return values


def _index(schema: Table, arrays: Arrays) -> pd.MultiIndex:
    """Make the index of several levels; as ``MultiIndex.from_arrays``, at a third of its cost."""
    levels: list[Any] = []
    codes: list[Any] = []
    for column in schema.key:
        factorized = _factorized(column, arrays[column.name])
        if factorized is None:
            values = [_values(column, arrays[column.name]) for column in schema.key]
            return pd.MultiIndex.from_arrays(values, names=schema.key_names)
        codes.append(factorized[0])
        levels.append(factorized[1])
    return pd.MultiIndex(levels, codes, names=schema.key_names, verify_integrity=False)


def _factorized(column: Column, values: Any) -> tuple[np.ndarray, pd.Index] | None:
    """Return the values of a level, each once and sorted, and where among them each row's is.

    None for what is rare or not there: a value that is missing, a level of another kind.
    """
    if column.kind == "text":
        texts = np.asarray(values, dtype=object).tolist()
        names = set(texts)
        if not all(type(name) is str for name in names):
            return None
        places = {name: place for place, name in enumerate(sorted(names))}
        codes = np.fromiter(map(places.__getitem__, texts), dtype="int64", count=len(texts))
        return codes, pd.Index([*places], dtype="str")
    raw = _values(column, values)
    if not isinstance(raw, np.ndarray) or raw.dtype.kind not in "im":
        return None
    codes, found = pd.factorize(raw.view("int64"), sort=True)
    if raw.dtype.kind == "m" and len(found) and found[0] == _MISSING:
        return None
    return codes, pd.Index(found.view(raw.dtype))


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
def _of_choices(choices: tuple[str, ...]) -> "pd.CategoricalDtype[str]":
    return pd.CategoricalDtype(list(choices))


def _values(column: Column, values: Any) -> Any:
    match column.kind:
        case "moment" | "span":
            return np.asarray(values).astype("int64", copy=False).view("timedelta64[ms]")
        case "choice":
            return pd.Categorical.from_codes(np.asarray(values), dtype=_of_choices(column.choices))
        case "text":
            return pd.array(np.asarray(values, dtype=object), dtype="str")
        case "date":
            return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[s]"))
        case "instant":
            return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[us]"), tz="UTC")
        case _:
            return (
                pd.array(values, dtype=column.dtype) if column.nullable else np.asarray(values, column.dtype)
            )


def validate(table: object, schema: Table) -> None:
    """Reject what is not a table of this schema, with all its defects in one sentence.

    The index must hold the key's levels by name and order, with their dtypes and no key twice; the columns
    must be there with their dtypes, those of the plane in exactly one unit. Rows may come in any order and
    further columns may stand beside. Time must be in milliseconds.

    Parameters
    ----------
    table
        The table.
    schema
        What it should be, one of the constants of ``ptrack_analysis.schema``.

    Raises
    ------
    SchemaError
        With every defect found.
    """
    if not isinstance(table, pd.DataFrame):
        message = f"not a {schema.name} table: it is a {type(table).__name__}, not a pandas.DataFrame"
        raise SchemaError(message)
    _validate_one_video(table, schema)
    defects = [*_index_defects(table.index, schema), *_column_defects(table, schema)]
    if not defects and not _unique(table.index):
        twice = table.index[table.index.duplicated()][0]
        defects.append(f"the key {_plain(twice)} occurs twice")
    if defects:
        raise SchemaError(f"not a {schema.name} table: " + "; ".join(defects))


def find_unit(table: pd.DataFrame, schema: Table) -> str:
    """Return the unit of the plane (``px`` or ``m``) that a table of this schema is measured in.

    Raises
    ------
    SchemaError
        If the table has columns of no plane, or of two.
    """
    found = _units(table, schema)
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(f"{_first_in_plane(schema).named(unit)!r}" for unit in schema.units)
    mixed = f"its columns mix {' and '.join(found)}" if found else f"it has no column {wanted}"
    raise SchemaError(f"not a {schema.name} table: {mixed}")


def list_columns(table: pd.DataFrame, schema: Table) -> list[tuple[str, Column]]:
    """Pair each column of the schema that the table has with its name there, in the schema's order."""
    unit = find_unit(table, schema) if schema.in_plane else None
    named = ((column.named(unit), column) for column in schema.columns)
    return [(name, column) for name, column in named if name in table.columns]


def find_further_columns(table: pd.DataFrame, schema: Table) -> list[str]:
    """Return the columns of a table that are not of its schema."""
    known = {name for name, _ in list_columns(table, schema)}
    return [name for name in table.columns if name not in known]


@cache
def _dtype(name: str) -> Any:
    """Return what a dtype of this name equals; to read the name each time would cost more than the rest."""
    return name if name == "category" else pd.api.types.pandas_dtype(name)


def _first_in_plane(schema: Table) -> Column:
    return next(column for column in schema.columns if column.in_plane)


def _units(table: pd.DataFrame, schema: Table) -> list[str]:
    in_plane = [column for column in schema.columns if column.in_plane]
    return [u for u in schema.units if any(column.named(u) in table.columns for column in in_plane)]


def _validate_one_video(table: pd.DataFrame, schema: Table) -> None:
    if "video" in table.index.names and "video" not in schema.key_names:
        raise SchemaError(
            f"not a {schema.name} table of one video: its index has the level 'video', so it may hold "
            "several; take one with table.xs(name, level='video')"
        )


def _index_defects(index: pd.Index, schema: Table) -> list[str]:
    names = list(index.names)
    if names != schema.key_names:
        return [f"index is {names}, not {schema.key_names}"]
    dtypes = [level.dtype for level in index.levels] if isinstance(index, pd.MultiIndex) else [index.dtype]
    defects = [
        f"index level {column.name!r} is {dtype}, not {column.dtype}"
        for column, dtype in zip(schema.key, dtypes, strict=True)
        if dtype != _dtype(column.dtype)
    ]
    if isinstance(index, pd.MultiIndex):
        missing = [np.asarray(code).min(initial=0) < 0 for code in index.codes]
    else:
        missing = [bool(index.hasnans)]
    return defects + [
        f"index level {column.name!r} has a missing value"
        for column, is_missing in zip(schema.key, missing, strict=True)
        if is_missing
    ]


def _column_defects(table: pd.DataFrame, schema: Table) -> list[str]:
    unit = None
    if schema.in_plane:
        try:
            unit = find_unit(table, schema)
        except SchemaError as error:
            return [str(error).partition(": ")[2]]
    dtypes = dict(zip(table.columns, table.dtypes, strict=True))  # by column it would cost a Series each
    defects = []
    for column in schema.columns:
        name = column.named(unit)
        dtype = dtypes.get(name)
        if dtype is None:
            if not column.optional:
                defects.append(f"column {name!r} is missing")
        elif dtype != _dtype(column.dtype):
            defects.append(f"column {name!r} is {dtype}, not {column.dtype}")
        elif isinstance(dtype, pd.CategoricalDtype) and tuple(dtype.categories) != column.choices:
            categories = tuple(dtype.categories)
            defects.append(f"column {name!r} has categories {categories!r}, not {column.choices!r}")
    return defects


def _unique(index: Any) -> bool:
    """Return whether no key occurs twice; sorted keys, the ordinary case, are seen without a hash table."""
    by_level = isinstance(index, pd.MultiIndex) and all(one.is_monotonic_increasing for one in index.levels)
    if by_level and _strictly_sorted([np.asarray(code) for code in index.codes]):
        return True
    return bool(index.is_unique)


def _strictly_sorted(codes: list[np.ndarray]) -> bool:
    """Return whether rows of codes grow from each row to the next, compared level by level."""
    after = np.zeros(max(len(codes[0]) - 1, 0), dtype=bool)
    for code in reversed(codes):
        after &= code[1:] == code[:-1]
        after |= code[1:] > code[:-1]
    return bool(after.all())


def _plain(key: object) -> str:
    values = key if isinstance(key, tuple) else (key,)
    return "(" + ", ".join(str(value) for value in values) + ")"


def dictionary(tables: Iterable[Table]) -> str:
    """Write the data dictionary of these tables as Markdown: names, types, units, definitions in memory."""
    return "\n\n".join(_section(table) for table in tables) + "\n"


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key_names)
    lines = [
        f"## {table.name}",
        "",
        f"A row is {table.row}. Key: {key}.",
        "",
        "| column | type | unit | definition |",
        "|---|---|---|---|",
    ]
    for column in (*table.key, *table.columns):
        names = (
            " or ".join(f"`{column.named(u)}`" for u in table.units)
            if column.in_plane
            else f"`{column.name}`"
        )
        text = column.text
        if column.choices:
            text += " One of " + ", ".join(f"`{choice}`" for choice in column.choices) + "."
        unit = " or ".join(column.unit_in(u) for u in table.units) if column.in_plane else column.unit
        lines.append(f"| {names} | {column.dtype} | {unit} | {text} |")
    return "\n".join(lines)
