"""Text files of rows: with a header, or of bare numbers."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.io.documents import read_document
from ptrack_analysis.io.faults import not_utf8
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells

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
    header, delimiter = header_of(raw)
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


def header_of(raw: bytes) -> tuple[list[str], str]:
    """Give the names in the first line that is not blank, and what separates them."""
    first = re.split(rb"[\r\n]", raw.lstrip(b"\r\n"), maxsplit=1)[0].decode(errors="replace")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return [name.strip() for name in names], delimiter


def lines_of(raw: bytes) -> list[tuple[int, bytes]]:
    """Give the lines that hold something, with their numbers; ``#`` begins a comment line.

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
    numbered = lines_of(raw)
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
