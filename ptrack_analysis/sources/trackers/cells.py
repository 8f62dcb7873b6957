"""The columns of a tracker's file as arrays, with the line of each row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools, Floats, Integers

LARGEST = 1e6
"""Largest accepted coordinate, in px or in frames, as for pages."""
MOST = 2**53 - 1
"""Largest accepted whole number."""
_SHOWN = 60
_EXAMPLES = 3
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Columns of cells: numbers, or texts as written in the file.

    ``columns`` are Arrow arrays of numbers or texts. ``where`` returns the file and line of a row, and
    ``written`` the text of a cell in the file. A cell that is empty or null is missing.
    """

    columns: Mapping[str, Any]
    count: int
    place: str
    where: Callable[[int], str]
    written: Callable[[str, int], str] | None = None

    def numbers(
        self, name: str, low: float = -LARGEST, high: float = LARGEST, *, required: bool = True
    ) -> Floats:
        """Read a column as finite numbers from ``low`` to ``high``.

        A missing cell is NaN if the column is not ``required``.

        Raises
        ------
        InputError
            If a cell is not such a number, with its value and position.
        """
        values, missing = parse_numbers(self._column(name))
        bad = ~((values >= low) & (values <= high)) & (True if required else ~missing)
        if bad.any():
            raise self.fault(name, int(bad.argmax()), f"a number from {low:g} to {high:g}")
        return values

    def list_examples(self, rows: Integers, name: str | None = None) -> tuple[str, ...]:
        """Return the file, line and value of the first of these rows."""
        shown = []
        for row in rows[:_EXAMPLES].tolist():
            value = f": {name} is {self.columns[name][row].as_py()!r}" if name is not None else ""
            shown.append(f"{self.where(row)}{value}")
        return tuple(shown)

    def least(self, name: str) -> float:
        """Return the smallest number of a column, or NaN if it has no numbers."""
        values, _ = parse_numbers(self._column(name))
        return float(np.min(values, initial=np.inf, where=~np.isnan(values))) if len(values) else np.nan

    def whole(self, name: str, low: int = 0, high: int = MOST, *, missing: int | None = None) -> Integers:
        """Read a column as whole numbers from ``low`` to ``high``.

        A missing cell becomes ``missing``, if given.

        Raises
        ------
        InputError
            If a cell is not such a number, with its value and position.
        """
        values, absent = parse_numbers(self._column(name))
        good = (values >= low) & (values <= high)
        good[good] = values[good] == np.floor(values[good])
        if missing is not None:
            values, good = np.where(absent, missing, values), good | absent
        if not good.all():
            raise self.fault(name, int((~good).argmax()), f"a whole number from {low} to {high}")
        return values.astype("int64")

    def plain(self, name: str) -> Any:
        """Read a column as whole numbers, numbers or texts, whichever fits.

        A missing number is NaN.
        """
        column = self._column(name)
        values, missing = parse_numbers(column)
        if missing.all():
            return np.full(self.count, np.nan)
        if np.isfinite(values[~missing]).all():
            is_whole = not missing.any() and (np.abs(values) <= MOST).all() and (values % 1 == 0).all()
            return values.astype("int64") if is_whole else values
        return self.texts(name)

    def texts(self, name: str) -> Any:
        """Read a column as texts; an empty cell is missing."""
        texts = pc.cast(self._column(name), pa.string())
        return pd.array(pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), None, texts), dtype="str")

    def kept(self, keep: Bools) -> "Cells":
        """Return the rows where ``keep`` is True, with their positions in the file."""
        return self.taken(np.flatnonzero(keep))

    def taken(self, rows: Integers) -> "Cells":
        """Return the rows with these numbers, with their positions in the file."""
        where, written = self.where, self.written
        return Cells(
            columns={name: column.take(pa.array(rows)) for name, column in self.columns.items()},
            count=len(rows),
            place=self.place,
            where=lambda row: where(int(rows[row])),
            written=None if written is None else lambda name, row: written(name, int(rows[row])),
        )

    def fault(self, name: str, row: int, expected: str) -> InputError:
        """Return an error with the value of a cell and the expected value."""
        value = self._column(name)[row].as_py()
        if self.written is not None and isinstance(value, int | float):
            value = self.written(name, row)
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
        return InputError(f"{self.where(row)}: {name} is {shown}; expected {expected}")

    def _column(self, name: str) -> Any:
        if name not in self.columns:
            has = ", ".join(map(repr, self.columns))
            columns = f"the columns are {has}" if has else "there are no columns"
            raise InputError(f"{self.place}: column {name!r} is missing; {columns}")
        return self.columns[name]


def of_values(values: Sequence[Any]) -> Any:
    """Convert Python values to a column of numbers or texts.

    One value that is not a number makes a column of texts.
    """
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        try:
            return pa.chunked_array([np.array(values, dtype="int64" if kinds == {int} else "float64")])
        except OverflowError:
            pass
    texts = [None if value is None else _text(value) for value in values]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, date) else repr(value)


def of_arrow(column: Any, name: str, *, exact: bool = False) -> Any:
    """Convert an Arrow column of any plain type to numbers, texts or times.

    ``exact`` keeps integers as integers, because a float rounds those above 2^53.

    Raises
    ------
    InputError
        If its type is a list, a struct or another nested type.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_duration(kind):
        steps = {"s": 1000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}[kind.unit]
        return pc.multiply(pc.cast(pc.cast(column, pa.int64()), pa.float64(), safe=False), steps)
    if pa.types.is_integer(kind) and exact:
        return pc.cast(column, pa.string() if kind == pa.uint64() else pa.int64())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64(), safe=False)
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return pc.cast(column, pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(column, pa.string())
    raise InputError(f"column {name!r} is {kind}; expected numbers or texts")


def parse_numbers(column: Any) -> tuple[Floats, Bools]:
    """Return the numbers of a column and a mask of missing cells.

    Other values are NaN.
    """
    if pa.types.is_string(column.type):
        texts = pc.utf8_trim_whitespace(column)
        missing = pc.or_kleene(pc.is_null(texts), pc.equal(texts, ""))
        texts = pc.if_else(missing, None, texts)
        try:
            values = pc.cast(texts, pa.float64())
        except pa.ArrowInvalid:
            is_number = pc.match_substring_regex(texts, _NUMBER)
            values = pc.cast(pc.if_else(is_number, texts, None), pa.float64())
        absent = missing.to_numpy().astype(bool)
    elif pa.types.is_timestamp(column.type):
        return np.full(len(column), np.nan), np.zeros(len(column), dtype=bool)
    else:
        values = column
        absent = pc.is_null(column, nan_is_null=True).to_numpy().astype(bool)
    return np.array(values.to_numpy(), dtype="float64"), absent
