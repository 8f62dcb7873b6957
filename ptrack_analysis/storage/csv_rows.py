"""Rows and line numbers of CSV files written by people."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import read_within_budget
from ptrack_analysis.storage.s3 import AnyPath

_DELIMITERS = ",;\t|"


def read_text(path: AnyPath) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Raises
    ------
    InputError
        If the file cannot be read or is not UTF-8.
    """
    try:
        content = read_within_budget(path) if isinstance(path, Path) else path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}:{line}: byte {content[error.start]:#04x} is not UTF-8. Save the file as 'CSV UTF-8'."
        ) from error


def split_rows(place: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and cells of the header and of each row that is not blank.

    The delimiter is the comma, semicolon, tab or bar, whichever is most frequent in the header.

    Raises
    ------
    InputError
        If the text is not CSV, or a row and the header have different numbers of cells.
    """
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            width = width or len(values)
            if len(values) != width:
                raise InputError(f"{place}:{line}: expected {width} cells like the header, got {len(values)}")
            yield line, values
    except csv.Error as error:
        raise InputError(f"{place}:{reader.line_num}: cannot be read as CSV: {error}") from error


def simplify_name(name: str) -> str:
    """Return the name of a column in lowercase letters, digits and underscores."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
