"""Text files as columns: CSV with a header, and rows of numbers without one."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.limits import validate_columns
from ptrack_analysis.sources.pages.decode import not_utf8
from ptrack_analysis.sources.pages.documents import read_document
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.storage.s3 import AnyPath

_BLOCK = 2**24
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(rb"""\s*"?sep=([,;\t|])"?\s*?\r?\n""", re.IGNORECASE)
"""A first line that states the delimiter for Excel."""
_DECIMAL_COMMA = r"^\s*[+-]?[0-9]*,[0-9]+\s*$"
_SNIFFED = 50
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_raw(file: AnyPath) -> bytes:
    """Read a complete file, decompress ``.gz``, and remove a byte order mark.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, or exceeds the size limit.
    """
    try:
        return read_document(file)
    except PageError as error:
        raise InputError(str(error).partition("; a page")[0]) from error


def read_text(file: AnyPath) -> bytes:
    """Read a complete text file as UTF-8.

    Raises
    ------
    InputError
        As in ``read_raw``, and if the content is neither UTF-8 nor UTF-16 text.
    """
    raw = decode_utf16(read_raw(file), str(file))
    if b"\0" in raw:
        raise InputError(f"{file}: not a text file: byte {raw.index(0)} is zero")
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(raw, str(file), error) from error
    return raw


def decode_utf16(raw: bytes, place: str) -> bytes:
    """Convert UTF-16 with a byte order mark to UTF-8, and return other text unchanged.

    Raises
    ------
    InputError
        If the UTF-16 text is invalid.
    """
    if not raw.startswith(_UTF16):
        return raw
    try:
        return raw.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise InputError(f"{place}: invalid UTF-16 at byte {error.start}") from error


@dataclass(frozen=True)
class Sheet:
    """A CSV file with a header line, separated by commas, semicolons, tabs or ``|``.

    A first line such as ``sep=;`` is accepted. If the separator is not a comma, numbers may have a decimal
    comma.
    """

    file: AnyPath
    raw: bytes
    names: list[str]
    delimiter: str
    skipped: int

    @classmethod
    def open(cls, file: AnyPath) -> "Sheet":
        """Read a file and the names of its columns.

        Raises
        ------
        InputError
            If the file is not text, has no header, or names a column twice.
        """
        raw = read_text(file)
        start = found.end() if (found := _SEPARATOR_LINE.match(raw)) else 0
        names, delimiter = read_header(raw)
        if not any(names):
            raise InputError(f"{file}: not a CSV file: its first line names no columns")
        try:
            validate_columns(len(names))
        except InputError as error:
            raise InputError(f"{file}, line 1: {error}") from error
        twice = [name for name, count in Counter(names).items() if name and count > 1]
        if twice:
            raise InputError(f"{file}, line 1: two columns have the name {twice[0]!r}")
        return cls(file, raw[start:] if start else raw, names, delimiter, int(start > 0))

    def read(
        self,
        names: Iterable[str],
        numbers: Collection[str] = (),
        ids: Collection[str] = (),
        texts: Collection[str] = (),
    ) -> Cells:
        """Read the columns with these names.

        ``numbers`` should be numeric, and ``ids`` may be whole numbers. A numeric column with any other cell
        is read as text, so that an error can show the cell. The columns ``texts`` are also read, exactly as
        written.

        Raises
        ------
        InputError
            If a line has another number of cells than the first.
        """
        known = set(self.names)
        wanted = [name for name in dict.fromkeys([*names, *texts]) if name in known]
        kinds = {name: pa.float64() if name in numbers else pa.string() for name in wanted}
        table = self._parse(kinds | {name: pa.int64() for name in wanted if name in ids})
        if table is None and ids:
            table = self._parse(kinds)
        if table is None:
            table = self._parse(dict.fromkeys(wanted, pa.string()))
        columns = {name: table[name] for name in wanted}
        if self.has_decimal_comma:
            columns |= {name: with_decimal_point(columns[name]) for name in wanted if name not in texts}
        return Cells(
            columns=columns,
            count=table.num_rows,
            place=str(self.file),
            where=self._place,
            written=self._find_cell,
        )

    @cached_property
    def has_decimal_comma(self) -> bool:
        """Whether cells near the beginning are numbers with a decimal comma."""
        if self.delimiter == ",":
            return False
        head = self.raw[: 2**16].splitlines()[1:_SNIFFED]
        cells = [
            cell.strip('"') for line in head for cell in line.decode(errors="replace").split(self.delimiter)
        ]
        return any(re.match(_DECIMAL_COMMA, cell) for cell in cells)

    def _parse(self, kinds: dict[str, pa.DataType]) -> Any:
        """Parse columns of these types; None if a numeric column has other cells."""
        positions = {self.names.index(name): kind for name, kind in kinds.items()}
        is_numeric = any(kind != pa.string() for kind in kinds.values())
        if is_numeric and self.has_decimal_comma:
            return None
        try:
            table = _parse(self.raw, self.delimiter, len(self.names), positions, quoted=True)
        except pa.ArrowInvalid as error:
            if is_numeric:
                return None
            raise self._explain(error) from error
        if is_numeric and any(
            not _is_finite(table[str(at)]) for at, kind in positions.items() if kind == pa.float64()
        ):
            return None
        return table.rename_columns([self.names[int(name)] for name in table.column_names])

    def _explain(self, error: pa.ArrowInvalid) -> InputError:
        for line, record in _records(self.raw, self.delimiter):
            if len(record) != len(self.names):
                return _uneven(f"{self.file}, line {line + self.skipped}", len(record), len(self.names))
        return InputError(f"{self.file}: not a CSV file: {str(error).splitlines()[0]}")

    def _find_cell(self, name: str, row: int) -> str:
        records = (record for _, record in _records(self.raw, self.delimiter))
        record = next(islice(records, row + 1, None), [])
        return record[self.names.index(name)] if name in self.names and record else ""

    def _place(self, row: int) -> str:
        if b'"' not in self.raw:
            return f"{self.file}, line {_find_line(self.raw, row + 1) + self.skipped}"
        lines = (line for line, _ in _records(self.raw, self.delimiter))
        line = next(islice(lines, row + 1, None), 0)
        return f"{self.file}, line {line + self.skipped}" if line else str(self.file)


def read_header(raw: bytes) -> tuple[list[str], str]:
    """Return the cells of the first line that is not blank, and their separator."""
    found = _SEPARATOR_LINE.match(raw)
    rest = raw[found.end() :] if found else raw
    first = re.split(rb"[\r\n]", rest.lstrip(b"\r\n")[: 2**24], maxsplit=1)[0].decode(errors="replace")
    delimiter = found[1].decode() if found else max(_DELIMITERS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return [name.strip() for name in names], delimiter


def read_lines(raw: bytes) -> list[tuple[int, bytes]]:
    """Return the numbered lines that are neither blank nor comments (``#``)."""
    numbered = enumerate((line.strip() for line in raw.splitlines()), 1)
    return [(number, line) for number, line in numbered if line and not line.startswith(b"#")]


def plain_cells(
    file: AnyPath, raw: bytes, names: Callable[[int], Sequence[str] | None], expected: str
) -> Cells:
    """Read rows of numbers separated by commas or white space, without a header.

    Lines that begin with ``#`` are comments.

    Parameters
    ----------
    file
        The file, for errors.
    raw
        The content.
    names
        Function that returns the column names for a number of columns, or None if the format does not allow
        the number.
    expected
        The expected content of a line, for errors.

    Raises
    ------
    InputError
        If the number of values in a line differs from the format or the first line.
    """
    first = next((line for line in raw[: 2**20].splitlines() if line.strip()), b"")
    columns = names(first.count(b",") + 1)
    if columns is not None and b"#" not in raw and not first.rstrip().endswith(b","):
        cells = _parse_plain(file, raw, columns)
        if cells is not None:
            return cells
    if b"," not in first and (cells := _parse_spaced(file, raw, names)) is not None:
        return cells
    return _parse_lines(file, raw, names, expected)


def _parse_plain(file: AnyPath, raw: bytes, columns: Sequence[str]) -> Cells | None:
    """Parse lines with equally many comma-separated numbers; None for other text."""
    kinds: dict[int, pa.DataType] = {
        at: pa.int64() if name == "id" else pa.float64() for at, name in enumerate(columns)
    }
    try:
        table = _parse(raw, ",", len(columns), kinds, quoted=False)
    except pa.ArrowInvalid:
        return None
    if not all(_is_finite(table[str(at)]) for at, name in enumerate(columns) if name != "id"):
        return None
    return Cells(
        columns=dict(zip(columns, table.columns, strict=True)),
        count=table.num_rows,
        place=str(file),
        where=lambda row: f"{file}, line {_find_line(raw, row)}",
        written=lambda name, row: read_lines(raw)[row][1].split(b",")[columns.index(name)].strip().decode(),
    )


def _parse_spaced(file: AnyPath, raw: bytes, names: Callable[[int], Sequence[str] | None]) -> Cells | None:
    """Parse text with equally many numbers, separated by white space, in each line.

    Comments are allowed before the first row. The result is None for other text.
    """
    start = found.end() if (found := re.match(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)+", raw)) else 0
    body = raw[start:] if start else raw
    columns = names(len(body[: 2**20].partition(b"\n")[0].split()))
    if columns is None or b"#" in body or b"," in body:
        return None
    if b"\t" in body or b"  " in body:
        body = re.sub(rb"[ \t]+", b" ", body)
    if body.startswith(b" ") or any(edge in body for edge in (b"\n ", b" \n", b" \r")):
        body = re.sub(rb"^ | (?=\r?$)", b"", body, flags=re.MULTILINE)
    kinds: dict[int, pa.DataType] = {
        at: pa.int64() if name.lower() == "id" else pa.float64() for at, name in enumerate(columns)
    }
    try:
        table = _parse(body, " ", len(columns), kinds, quoted=False)
    except pa.ArrowInvalid:
        return None
    if not all(_is_finite(table[str(at)]) for at in kinds):
        return None
    return Cells(
        columns=dict(zip(columns, table.columns, strict=True)),
        count=table.num_rows,
        place=str(file),
        where=lambda row: f"{file}, line {read_lines(raw)[row][0]}",
        written=lambda name, row: read_lines(raw)[row][1].split()[columns.index(name)].decode(),
    )


def _parse_lines(
    file: AnyPath, raw: bytes, names: Callable[[int], Sequence[str] | None], expected: str
) -> Cells:
    """Parse text with comments, white space or invalid values as texts."""
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
    for number, line in zip(numbers, lines, strict=True):
        if line.count(delimiter.encode()) != width - 1:
            raise _uneven(f"{file}, line {number}", line.count(delimiter.encode()) + 1, width)
    table = _parse(
        b"\n".join(lines), delimiter, width, dict.fromkeys(range(width), pa.string()), quoted=False
    )
    return Cells(
        columns=dict(zip(columns, table.columns, strict=True)),
        count=table.num_rows,
        place=str(file),
        where=lambda row: f"{file}, line {numbers[row]}",
    )


def _parse(raw: bytes, delimiter: str, width: int, kinds: dict[int, pa.DataType], *, quoted: bool) -> Any:
    """Parse the columns at these positions.

    A header is not a row if the text is quoted.
    """
    names = [str(position) for position in range(width)]
    wanted = [str(position) for position in kinds]
    return arrow_csv.read_csv(
        pa.BufferReader(raw.lstrip(b"\r\n") if quoted else raw),
        read_options=arrow_csv.ReadOptions(
            column_names=names, block_size=_BLOCK, skip_rows_after_names=int(quoted)
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted and b'"' in raw,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={str(position): kind for position, kind in kinds.items()},
            include_columns=wanted,
            null_values=[""],
        ),
    )


def _is_finite(column: Any) -> bool:
    """Return whether all cells of a numeric column are finite numbers."""
    return not column.null_count and pc.all(pc.is_finite(column), min_count=0).as_py() is not False


def with_decimal_point(column: Any) -> Any:
    """Replace decimal commas with points in cells that are numbers."""
    is_number = pc.match_substring_regex(column, _DECIMAL_COMMA)
    return pc.if_else(is_number, pc.replace_substring(column, ",", "."), column)


def _records(raw: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Read CSV record by record, with the first line of each record."""
    reader = csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter)
    begins = 1
    try:
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error:
        return


def _find_line(raw: bytes, row: int) -> int:
    """Return the line number of a row; empty lines are not rows."""
    if raw.count(b"\r") != raw.count(b"\r\n"):
        raw = b"\n".join(raw.splitlines())
    ends = np.append(np.flatnonzero(np.frombuffer(raw, "uint8") == ord("\n")), len(raw))
    starts = np.append(0, ends[:-1] + 1)
    length = ends - starts
    is_empty = length == 0
    returns = np.flatnonzero(length == 1)
    is_empty[returns] = np.frombuffer(raw, "uint8")[starts[returns]] == ord("\r")
    return int(np.flatnonzero(~is_empty)[row]) + 1


def _uneven(place: str, found: int, width: int) -> InputError:
    return InputError(f"{place}: has {found} values; the first line has {width}")
