"""JSON files of one object a row."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.pages.decode import malformed
from ptrack_analysis.sources.pages.documents import has_lines, read_lines
from ptrack_analysis.sources.trackers.cells import Cells, of_values
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.storage.s3 import AnyPath

Row = dict[str, Any]
_MORE = "trailing characters"


def documents_in(file: AnyPath) -> list[Any]:
    """Decode a JSON list to its items, or JSON Lines to one item a line.

    Raises
    ------
    InputError
        If it is not well-formed, or one JSON value that is no list.
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
        raise InputError(f"{file}: the JSON is {_shown(found)}; expected a list of objects, one a box")
    return found


def objects_in(file: AnyPath) -> list[Row]:
    """Decode a JSON file of one object a row.

    Raises
    ------
    InputError
        If it is no such file.
    """
    found = documents_in(file)
    for number, item in enumerate(found, 1):
        validate_object(item, f"{file}, item {number}")
    return found


def validate_object(item: object, place: str) -> None:
    """Reject what is no JSON object."""
    if not isinstance(item, dict):
        raise InputError(f"{place}: is {_shown(item)}; expected an object, one a box")


def build_cells(
    rows: Sequence[Row],
    path: AnyPath,
    where: Callable[[int], str] | None = None,
    names: Sequence[str] = (),
) -> Cells:
    """Make cells of objects, with columns for ``names`` at least."""
    found: dict[str, None] = dict.fromkeys(names)
    for row in rows:
        found.update(dict.fromkeys(row))
    return Cells(
        columns={name: of_values([row.get(name) for row in rows]) for name in found},
        count=len(rows),
        place=str(path),
        where=where or (lambda row: f"{path}, item {row + 1}"),
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
