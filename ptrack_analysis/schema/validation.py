"""Validation of tables against their schemas, and the data dictionary."""

from collections.abc import Iterable
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.limits import describe
from ptrack_analysis.schema.arrays import TableArrays, find_dtype, is_strictly_sorted, make_category_dtype
from ptrack_analysis.schema.table import Column, Table


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


def validate(table: object, schema: Table, name: str = "") -> None:
    """Check that a table matches a schema, and report all defects together.

    The index must have the key's levels in order, with their dtypes and without duplicate keys. All columns
    that are not optional must be present with their dtypes. Columns in the plane must have exactly one unit.
    Times must be in milliseconds. Rows may be in any order, and additional columns are allowed.

    Arrays of this schema are accepted as they are: they were validated when they were collected.

    Parameters
    ----------
    table
        The table.
    schema
        The expected schema, one of the constants of ``ptrack_analysis.schema``.
    name
        Name of the argument, for messages; by default that of the schema.

    Raises
    ------
    SchemaError
        If the table does not match. The message lists every defect.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.schema.validate(detections, pta.schema.DETECTIONS)
    >>> pta.schema.validate(detections.drop(columns="left"), pta.schema.DETECTIONS)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ptrack_analysis.errors.SchemaError: not a detections table: column 'left' is missing. Make it with ...
    """
    if isinstance(table, TableArrays) and table.schema is schema:
        return
    subject = f"{name} is not a {schema.name} table" if name else f"not a {schema.name} table"
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"{subject}: got {describe(table)}. {_advise(table, schema)}")
    _validate_one_video(table, schema)
    defects = [*_index_defects(table.index, schema), *_column_defects(table, schema)]
    if not defects and not _unique(table.index):
        twice = table.index[table.index.duplicated()][0]
        defects.append(f"the key {_plain(twice)} occurs twice")
    if defects:
        is_other = any(defect.startswith("index is") or "is missing" in defect for defect in defects)
        if is_other and (other := _recognize(table)) is not None:
            raise SchemaError(f"{subject}: got a {other.name} table. {_advise(table, schema)}")
        raise SchemaError(f"{subject}: {'; '.join(defects)}. {_advise(table, schema)}")


_CALLS = {
    "detections": "read_tracking(path), or detections_from(table) for other tables",
    "points": "read_tracking(path)",
    "trajectories": "compute_trajectories(detections, video)",
    "tracks": "compute_tracks(trajectories)",
    "visits": "compute_visits(trajectories, zones, video)",
    "crossings": "compute_crossings(trajectories, lines)",
    "occupancy_changes": "compute_occupancy(trajectories, video, zones=zones)",
    "zone_occupancy": "crowd.compute_occupancy_bins(occupancy, video)",
    "counts": "count_crossings(crossings, lines, video)",
    "count_drift": "counting.compute_count_drift(crossings, occupancy)",
    "stops": "compute_stops(trajectories)",
    "encounters": "crowd.compute_encounters(trajectories)",
    "groups": "crowd.detect_groups(encounters, trajectories)",
    "stitches": "cleaning.compute_stitches(detections, trajectories, video)",
    "staff": "dwell.detect_staff(visits, min_stay=...)",
    "survival": "dwell.compute_survival(visits)",
    "waiting_times": "queues.compute_waiting_times(visits, zones)",
    "transitions": "compute_transitions(visits)",
    "funnel": "compute_funnel(visits, zones)",
    "facing": "faces.compute_facing(detections, trajectories, targets, video)",
    "fundamental_diagram": "crowd.compute_fundamental_diagram(trajectories, zones, video)",
    "quality": "compute_quality(detections, trajectories, video)",
    "visits_hourly": "clock.compute_visits_hourly(visits, video, recording)",
    "occupancy_hourly": "clock.compute_occupancy_hourly(occupancy, video, recording)",
}
"""The public functions that return a table, by its name."""


def _advise(given: object, schema: Table) -> str:
    """Return how to get a table of this schema."""
    if type(given).__name__ == "VideoAnalysis":
        attribute = schema.name in {"detections", "trajectories"}
        return f"Pass analysis.{schema.name}." if attribute else f"Pass analysis[{schema.name!r}]."
    if isinstance(given, str | PathLike):
        return "Read saved tables with read_parquet(path), and tracking data with read_tracking(path)."
    call = _CALLS.get(schema.name)
    made = f"Make it with {call}." if call else ""
    if isinstance(given, pd.DataFrame) and given.index.names == [None]:
        made = f"{made} Tables written by write_parquet are read by read_parquet."
    return made.strip() or f"A {schema.name} table has the index {schema.key_names}."


def _recognize(table: pd.DataFrame) -> Table | None:
    """Return the schema that a table has, if it is one of the package."""
    from ptrack_analysis import schema as schemas  # noqa: PLC0415 - it imports this module

    names = list(table.index.names)
    declared = [value for value in vars(schemas).values() if isinstance(value, Table)]
    fitting = [each for each in declared if each.key_names == names and not _column_defects(table, each)]
    return max(fitting, key=lambda each: len(each.columns), default=None)


def find_unit(table: pd.DataFrame, schema: Table) -> str:
    """Return the unit of the plane (``px`` or ``m``) in a table of this schema.

    Parameters
    ----------
    table
        The table.
    schema
        The schema of the table.

    Raises
    ------
    SchemaError
        If no column has a unit, or if two units occur.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> pta.schema.find_unit(trajectories, pta.schema.TRAJECTORIES)
    'px'
    """
    found = _units(table, schema)
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(f"{_first_in_plane(schema).named(unit)!r}" for unit in schema.units)
    mixed = f"its columns mix {' and '.join(found)}" if found else f"it has no column {wanted}"
    raise SchemaError(f"not a {schema.name} table: {mixed}")


def list_columns(table: pd.DataFrame, schema: Table) -> list[tuple[str, Column]]:
    """Return the declared columns of a table with their declarations, in order.

    Parameters
    ----------
    table
        The table.
    schema
        The schema of the table.

    Returns
    -------
    list of tuple
        Name in the table, and ``Column``.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> columns = pta.schema.list_columns(detections, pta.schema.DETECTIONS)
    >>> [name for name, column in columns if column.optional][:2]
    ['face_left', 'face_top']
    """
    unit = find_unit(table, schema) if schema.in_plane else None
    there = set(table.columns.tolist())
    named = ((column.named(unit), column) for column in schema.columns)
    return [(name, column) for name, column in named if name in there]


def find_further_columns(table: pd.DataFrame, schema: Table) -> list[str]:
    """Return the columns of a table that its schema does not declare.

    Parameters
    ----------
    table
        The table.
    schema
        The schema of the table.

    Returns
    -------
    list of str
        Names of the columns.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> detections["age"] = 30
    >>> pta.schema.find_further_columns(detections, pta.schema.DETECTIONS)
    ['age']
    """
    known = {name for name, _ in list_columns(table, schema)}
    return [name for name in table.columns.tolist() if name not in known]


def _first_in_plane(schema: Table) -> Column:
    return next(column for column in schema.columns if column.in_plane)


def _units(table: pd.DataFrame, schema: Table) -> list[str]:
    in_plane = [column for column in schema.columns if column.in_plane]
    there = set(table.columns.tolist())
    return [u for u in schema.units if any(column.named(u) in there for column in in_plane)]


def _validate_one_video(table: pd.DataFrame, schema: Table) -> None:
    if "video" in table.index.names and "video" not in schema.key_names:
        raise SchemaError(
            f"not a {schema.name} table of one video: its index has the level 'video', so it may contain "
            "several videos. Select one with table.xs(name, level='video')."
        )


def _index_defects(index: pd.Index, schema: Table) -> list[str]:
    names = list(index.names)
    if names != schema.key_names:
        return [f"index is {names}, not {schema.key_names}"]
    dtypes = [level.dtype for level in index.levels] if isinstance(index, pd.MultiIndex) else [index.dtype]
    defects = [
        f"index level {column.name!r} is {dtype}, not {column.dtype}"
        for column, dtype in zip(schema.key, dtypes, strict=True)
        if dtype != find_dtype(column.dtype)
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
    dtypes = dict(zip(table.columns, table.dtypes, strict=True))  # table[name].dtype would build a Series
    defects = []
    for column in schema.columns:
        name = column.named(unit)
        dtype = dtypes.get(name)
        if dtype is None:
            if not column.optional:
                defects.append(f"column {name!r} is missing")
        elif dtype != find_dtype(column.dtype):
            defects.append(f"column {name!r} is {dtype}, not {column.dtype}")
        elif isinstance(dtype, pd.CategoricalDtype) and dtype is not make_category_dtype(column.choices):
            categories = tuple(dtype.categories)
            if categories != column.choices:
                defects.append(f"column {name!r} has categories {categories!r}, not {column.choices!r}")
    return defects


def _unique(index: Any) -> bool:
    """Return whether all keys are distinct.

    Sorted keys are checked without building a hash table.
    """
    by_level = isinstance(index, pd.MultiIndex) and all(one.is_monotonic_increasing for one in index.levels)
    if by_level and is_strictly_sorted([np.asarray(code) for code in index.codes]):
        return True
    return bool(index.is_unique)


def _plain(key: object) -> str:
    values = key if isinstance(key, tuple) else (key,)
    return "(" + ", ".join(str(value) for value in values) + ")"


def dictionary(tables: Iterable[Table]) -> str:
    """Return the data dictionary of these tables as Markdown.

    It lists columns, dtypes, units and definitions.

    Parameters
    ----------
    tables
        The declarations of tables, such as ``schema.TABLES.values()``.

    Examples
    --------
    >>> text = pta.schema.dictionary([pta.schema.STOPS])
    >>> text.splitlines()[0]
    '## stops'
    >>> text.splitlines()[2]
    'A row is one stop of one person: a period within a small area. Key: `person_index`, `stop`.'
    """
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
