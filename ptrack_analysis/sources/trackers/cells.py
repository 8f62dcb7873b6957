"""Values of text tables as arrays, with their places."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.sources.pages.decode import TRACKS_FROM_START, not_utf8
from ptrack_analysis.sources.pages.documents import read_document
from ptrack_analysis.storage.s3 import AnyPath

LARGEST = 1e6
"""Largest coordinate that is believed, in px or in frames, as for pages."""
MOST = 2**53 - 1
"""Largest whole number that is believed."""
_SHOWN = 60
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Columns of cells: numbers, or texts as they stand in a file.

    ``columns`` holds Arrow arrays (of numbers or of texts), ``where`` tells the place of a row: the file and
    the line. A cell that is empty or null is missing.
    """

    columns: Mapping[str, Any]
    count: int
    place: str
    where: Callable[[int], str]

    def numbers(
        self, name: str, low: float = -LARGEST, high: float = LARGEST, *, required: bool = True
    ) -> Floats:
        """Read a column as finite numbers from ``low`` to ``high``; where not required, missing is NaN.

        Raises
        ------
        InputError
            With the place and value of the first cell that is something else.
        """
        values, missing = _numbers(self._column(name))
        bad = ~((values >= low) & (values <= high)) & (True if required else ~missing)
        if bad.any():
            raise self.fault(name, int(bad.argmax()), f"a number from {low:g} to {high:g}")
        return values

    def least(self, name: str) -> float:
        """Return the smallest number of a column, NaN if it has no numbers."""
        values, _ = _numbers(self._column(name))
        return float(np.min(values, initial=np.inf, where=~np.isnan(values))) if len(values) else np.nan

    def whole(self, name: str, low: int = 0, high: int = MOST, *, missing: int | None = None) -> Integers:
        """Read a column as whole numbers from ``low`` to ``high``; a missing one is ``missing``, if given.

        Raises
        ------
        InputError
            With the place and value of the first cell that is something else.
        """
        values, absent = _numbers(self._column(name))
        good = (values >= low) & (values <= high)
        good[good] = values[good] == np.floor(values[good])
        if missing is not None:
            values, good = np.where(absent, missing, values), good | absent
        if not good.all():
            raise self.fault(name, int((~good).argmax()), f"a whole number from {low} to {high}")
        return values.astype("int64")

    def plain(self, name: str) -> Any:
        """Read a column as it comes: whole numbers, numbers (NaN where missing), or texts."""
        column = self._column(name)
        values, missing = _numbers(column)
        if missing.all():
            return np.full(self.count, np.nan)
        if np.isfinite(values[~missing]).all():
            is_whole = not missing.any() and (np.abs(values) <= MOST).all() and (values % 1 == 0).all()
            return values.astype("int64") if is_whole else values
        return self.texts(name)

    def texts(self, name: str) -> Any:
        """Read a column as texts; an empty one is missing."""
        texts = pc.cast(self._column(name), pa.string())
        return pd.array(pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), None, texts), dtype="str")

    def kept(self, keep: Bools) -> "Cells":
        """Return the rows where ``keep`` holds, with their places."""
        rows, where = np.flatnonzero(keep), self.where
        columns = {name: column.filter(pa.array(keep)) for name, column in self.columns.items()}
        return replace(self, columns=columns, count=len(rows), where=lambda row: where(int(rows[row])))

    def fault(self, name: str, row: int, expected: str) -> InputError:
        """Describe what a cell is, and what was expected."""
        shown = repr(self._column(name)[row].as_py())
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
        return InputError(f"{self.where(row)}: {name} is {shown}; expected {expected}")

    def _column(self, name: str) -> Any:
        if name not in self.columns:
            has = ", ".join(repr(one) for one in self.columns)
            raise InputError(f"{self.place}: column {name!r} is missing; there are {has or 'no columns'}")
        return self.columns[name]


def of_values(values: Sequence[Any]) -> Any:
    """Make a column of Python values: of numbers, or of texts where anything else is among them."""
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        try:
            return pa.chunked_array([np.array(values, dtype="float64")])
        except OverflowError:
            pass
    texts = [None if value is None else _text(value) for value in values]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, date) else repr(value)


def of_arrow(column: Any, name: str) -> Any:
    """Bring an Arrow column to numbers or texts, whatever type its writer chose.

    Raises
    ------
    InputError
        If its type is neither: dates, lists, structs.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        raise InputError(f"column {name!r} has wall-clock times ({kind}). {TRACKS_FROM_START}")
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_duration(kind):
        steps = {"s": 1000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}[kind.unit]
        return pc.multiply(pc.cast(pc.cast(column, pa.int64()), pa.float64(), safe=False), steps)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64(), safe=False)
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return pc.cast(column, pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(column, pa.string())
    raise InputError(f"column {name!r} is {kind}; expected numbers or texts")


def _numbers(column: Any) -> tuple[Floats, Bools]:
    """Turn cells into numbers; NaN is what is missing, which the second array tells, or no number."""
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
    else:
        values = column
        absent = pc.is_null(column, nan_is_null=True).to_numpy().astype(bool)
    return np.array(values.to_numpy(), dtype="float64"), absent


_BLOCK = 2**24
_DELIMITERS = ",;\t"


def read_raw(file: AnyPath) -> bytes:
    """Read a file whole, unzipping ``.gz``, without a byte order mark.

    Raises
    ------
    InputError
        If it cannot be read, is empty, or larger than a document may be.
    """
    try:
        return read_document(file)
    except PageError as error:
        raise InputError(str(error).partition("; a page")[0]) from error


def read_text(file: AnyPath) -> bytes:
    """Read a text file whole.

    Raises
    ------
    InputError
        As ``read_raw`` does, and if the content is no UTF-8 text.
    """
    raw = read_raw(file)
    if b"\0" in raw:
        raise InputError(f"{file}: not a text file: byte {raw.index(0)} is zero")
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(raw, str(file), error) from error
    return raw


def csv_cells(file: AnyPath) -> Cells:
    """Read a CSV file whose first line names its columns; separated by commas, semicolons or tabs.

    Raises
    ------
    InputError
        If it is no text, a column is named twice, or a line has another number of cells than the first.
    """
    raw = read_text(file)
    header, delimiter = read_header(raw)
    if not header:
        raise InputError(f"{file}: no CSV: its first line names no columns")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise InputError(f"{file}, line 1: column {twice[0]!r} is there twice")

    def line(row: int) -> str:
        return _place(
            file, next((at for n, (at, _) in enumerate(_records(raw, delimiter)) if n == row + 1), 0)
        )

    try:
        table = _parsed(raw, delimiter, len(header), quoted=True).slice(1)
    except pa.ArrowInvalid as error:
        for at, record in _records(raw, delimiter):
            if len(record) != len(header):
                raise _uneven(f"{file}, line {at}", len(record), len(header)) from error
        raise InputError(f"{file}: no CSV: {str(error).splitlines()[0]}") from error
    columns = dict(zip(header, table.columns, strict=True))
    return Cells(columns=columns, count=table.num_rows, place=str(file), where=line)


def read_header(raw: bytes) -> tuple[list[str], str]:
    """Return the names in the first line that is not blank, and what separates them."""
    first = re.split(rb"[\r\n]", raw.lstrip(b"\r\n"), maxsplit=1)[0].decode(errors="replace")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return [name.strip() for name in names], delimiter


def read_lines(raw: bytes) -> list[tuple[int, bytes]]:
    """Return the lines that hold something, with their numbers; ``#`` begins a comment line.

    A line ends with LF, CR or both, as for the parser.
    """
    numbered = enumerate((line.strip() for line in raw.splitlines()), 1)
    return [(number, line) for number, line in numbered if line and not line.startswith(b"#")]


def plain_cells(
    file: AnyPath, raw: bytes, names: Callable[[int], Sequence[str] | None], expected: str
) -> Cells:
    """Read rows of bare numbers, separated by commas or white space; ``#`` begins a comment line.

    Parameters
    ----------
    file
        The file, for errors.
    raw
        Its content.
    names
        Gives the names of the columns by their number, None if there may not be so many.
    expected
        What a line should hold, for errors.

    Raises
    ------
    InputError
        If a line has another number of values than the format or the first line has.
    """
    numbered = read_lines(raw)
    if not numbered:
        raise InputError(f"{file}: no rows; expected {expected}")
    numbers, lines = zip(*numbered, strict=True)
    if b"," in lines[0]:
        delimiter = ","
        lines = tuple(line.rstrip(b",") for line in lines)
    else:
        delimiter = " "
        lines = tuple(b" ".join(line.split()) for line in lines)
    width = lines[0].count(delimiter.encode()) + 1
    columns = names(width)
    if columns is None:
        raise InputError(f"{file}, line {numbers[0]}: has {width} values; expected {expected}")
    for number, line in numbered_unlike(numbers, lines, delimiter.encode(), width):
        raise _uneven(f"{file}, line {number}", line.count(delimiter.encode()) + 1, width)
    table = _parsed(b"\n".join(lines), delimiter, width, quoted=False)
    return Cells(
        columns=dict(zip(columns, table.columns, strict=True)),
        count=table.num_rows,
        place=str(file),
        where=lambda row: _place(file, numbers[row]),
    )


def numbered_unlike(
    numbers: Sequence[int], lines: Sequence[bytes], delimiter: bytes, width: int
) -> Iterator[tuple[int, bytes]]:
    """Give the lines that have another number of values, with their numbers."""
    for number, line in zip(numbers, lines, strict=True):
        if line.count(delimiter) != width - 1:
            yield number, line


def _parsed(raw: bytes, delimiter: str, width: int, *, quoted: bool) -> Any:
    """Cut text into columns of texts."""
    names = [str(place) for place in range(width)]
    return arrow_csv.read_csv(
        pa.BufferReader(raw),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if quoted else False, newlines_in_values=quoted
        ),
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


def _records(raw: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Read CSV the slow way: each record that is not empty, with the line that it begins in."""
    reader = csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter)
    begins = 1
    try:
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error:
        return


def _uneven(place: str, found: int, width: int) -> InputError:
    return InputError(f"{place}: has {found} values; the first line has {width}")


def _place(file: AnyPath, line: int) -> str:
    return f"{file}, line {line}" if line else str(file)
