"""JSON files with one object per row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.pages.decode import malformed
from ptrack_analysis.sources.pages.documents import has_lines, measure_document, read_lines
from ptrack_analysis.sources.trackers.cells import Cells, of_values
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.storage.s3 import AnyPath

Row = dict[str, Any]
T = TypeVar("T")
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A whole number that a float represents exactly."""
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_BETWEEN = b" \t\r\n,\x1e"
"""Characters that may separate JSON documents."""
_MORE = "trailing characters"


def documents_in(file: AnyPath) -> list[Any]:
    """Decode a JSON list to its items, or JSON Lines to one item per line.

    Raises
    ------
    InputError
        If the file is not well-formed, or is a single JSON value other than a list.
    """
    if has_lines(file.name):
        return [_decoded(line, f"{file}, line {number}") for number, line in read_lines(file)]
    raw = read_text(file)
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        if _MORE not in str(error) or b"\n" not in raw.strip():
            raise malformed(raw, str(file), error) from error
        lines = enumerate(raw.split(b"\n"), 1)
        return [_decoded(line, f"{file}, line {number}") for number, line in lines if line.strip()]
    if not isinstance(found, list):
        raise InputError(f"{file}: the JSON is {_shown(found)}; expected a list with one object per box")
    return found


def objects_in(file: AnyPath) -> list[Row]:
    """Decode a JSON file with one object per row.

    Raises
    ------
    InputError
        If the file is not well-formed or has other items.
    """
    found = documents_in(file)
    for number, item in enumerate(found, 1):
        validate_object(item, f"{file}, item {number}")
    return found


def validate_object(item: object, place: str) -> None:
    """Reject an item that is not a JSON object."""
    if not isinstance(item, dict):
        raise InputError(f"{place}: is {_shown(item)}; expected one object per box")


def iterate_objects(file: AnyPath) -> Iterator[tuple[str, bytes]]:
    """Yield the JSON objects of a file as text, each with its position.

    The file is one object, a list of objects, JSON Lines, or objects one after the other. The objects are not
    decoded; ``decode_typed`` does this.

    Raises
    ------
    InputError
        If the file is not well-formed.
    """
    for place, text in _iterate_documents(file):
        if not text.lstrip().startswith(b"["):
            yield place, text
            continue
        items: list[msgspec.Raw] = decode_typed(_ITEMS, text, place)
        for number, item in enumerate(items, 1):
            yield f"{place}, item {number}", bytes(item)


def _iterate_documents(file: AnyPath) -> Iterator[tuple[str, bytes]]:
    if has_lines(file.name):
        yield from ((f"{file}, line {number}", line) for number, line in read_lines(file))
        return
    raw = read_text(file)
    view, start, line = memoryview(raw), 0, 1
    while start < len(raw):
        end = start + measure_document(view[start:])
        is_alone = start == 0 and end == len(raw)
        yield (str(file), raw) if is_alone else (f"{file}, line {line}", raw[start:end])
        while end < len(raw) and raw[end] in _BETWEEN:
            end += 1
        line += raw.count(b"\n", start, end)
        start = end


def decode_typed(decoder: msgspec.json.Decoder[T], raw: bytes, place: str) -> T:
    """Decode a JSON document of a declared type.

    Raises
    ------
    InputError
        If the document is not well-formed, or has values of other types.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise InputError(f"{place}: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def build_cells(
    rows: Sequence[Row],
    path: AnyPath,
    where: Callable[[int], str] | None = None,
    names: Sequence[str] = (),
) -> Cells:
    """Build cells from objects, with at least the columns ``names``."""
    found: dict[str, None] = dict.fromkeys(names)
    for row in rows:
        found.update(dict.fromkeys(row))
    return Cells(
        columns={name: of_values([row.get(name) for row in rows]) for name in found},
        count=len(rows),
        place=str(path),
        where=where or (lambda row: f"{path}, item {row + 1}"),
    )


def columns_to_cells(
    columns: Mapping[str, Any], path: AnyPath, where: Callable[[int], str] | None = None
) -> Cells:
    """Build cells from columns of equal length.

    A column is an array of numbers (NaN is missing) or a list of texts.
    """
    found = {
        name: pa.chunked_array([pa.array(values, pa.string() if isinstance(values, list) else None)])
        for name, values in columns.items()
    }
    return Cells(
        columns=found,
        count=len(next(iter(columns.values()))),
        place=str(path),
        where=where or (lambda row: f"{path}, box {row + 1}"),
    )


def _decoded(raw: bytes, place: str) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)[:60]
