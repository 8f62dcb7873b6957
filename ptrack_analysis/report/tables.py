"""Tables of the schema as tables of a report: their columns, labels and definitions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.report.parts import MOST_ROWS, Cell, Heading, Table
from ptrack_analysis.schema import Table as Schema

_DIGITS = {"moment": 1, "span": 1, "integer": 0, "number": 2}
_MS = 1000
_TO_THE_SECOND = len("2026-01-01 00:00:00")


def table_of(
    table: pd.DataFrame,
    schema: Schema,
    caption: str,
    columns: Sequence[str],
    *,
    unit: str | None = None,
    labels: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | None = None,
    marks: str = "",
    name: str | None = None,
    clock: datetime | None = None,
    most: int = MOST_ROWS,
) -> Table:
    """Make a table of a report out of one of the schema: some of its key and its columns, in this order.

    Labels are the names with their unit, definitions those of the schema; times are in s, and where the
    clock is known, moments are those of the place's clock: to the second on the page, and exact, with the
    offset from UTC, in the file that can be saved.
    """
    known = {column.named(unit): column for column in (*schema.key, *schema.columns)}
    flat = table.reset_index()
    headings, cells = [], []
    for column in columns:
        one = known[column]
        local = clock if one.kind == "moment" else None
        headings.append(
            Heading(
                name=_stored(column, one.kind, local=local is not None),
                label=_label(column, one.kind, one.unit_in(unit), labels or {}, local=local is not None),
                text=one.text,
                digits=None if local is not None else (digits or {}).get(column, _DIGITS.get(one.kind)),
                letters=None if local is None else _TO_THE_SECOND,
            )
        )
        cells.append(_cells(flat[column].iloc[:most], one.kind, local))
    rows = [list(row) for row in zip(*cells, strict=True)]
    named = name or schema.name
    return Table(named, caption, headings, rows, row=schema.row, total=len(flat), marks=marks)


def _stored(column: str, kind: str, *, local: bool) -> str:
    if local:
        return f"{column}_at"
    return f"{column}_s" if kind in {"moment", "span"} else column


def _label(column: str, kind: str, unit: str, labels: Mapping[str, str], *, local: bool) -> str:
    label = labels.get(column) or column.removesuffix(f"_{unit}").replace("_per_s", "").replace("_", " ")
    if local:
        return f"{label} (local time)"
    shown = "s" if kind in {"moment", "span"} else unit
    return f"{label} [{shown}]" if shown and shown != "1" else label


def _cells(values: pd.Series, kind: str, local: datetime | None) -> list[Cell]:
    missing = values.isna().to_numpy()
    plain: Any
    if kind in {"moment", "span"}:
        milliseconds = values.to_numpy().astype("timedelta64[ms]").astype("int64")
        plain = [_local(int(one), local) for one in milliseconds] if local else (milliseconds / _MS).tolist()
    elif kind == "integer":
        plain = [None if gone else int(one) for one, gone in zip(values, missing, strict=True)]
    elif kind == "number":
        plain = values.to_numpy(dtype="float64").tolist()
    else:
        plain = [str(one) for one in values]
    return [
        None if gone or one in (np.inf, -np.inf) else one for one, gone in zip(plain, missing, strict=True)
    ]


def local_time(milliseconds: int, started_at: datetime) -> datetime:
    """Give a time since the start of a video by its place's clock."""
    begun = started_at.astimezone(UTC)
    return (begun + timedelta(milliseconds=milliseconds)).astimezone(started_at.tzinfo)


def _local(milliseconds: int, started_at: datetime) -> str:
    return local_time(milliseconds, started_at).isoformat(sep=" ", timespec="milliseconds")
