"""Salvage from damaged files: documents one after another, and the whole records of a cut document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np

from ptrack_analysis.sources.pages.encoding import UTF8_MARK

_BETWEEN = b" \t\r\n\0"
_BYTE = re.compile(r"\(byte (\d+)\)")
_CHUNK = 2**22
_PERSONS = re.compile(rb'"[Pp]ersons"\s*:\s*$')
_TELLING = (b"person", b"timestamp", b"boundingbox")
_SHOWN = 24


@dataclass(slots=True)
class SalvageLog:
    """What was noticed while files were decoded.

    ``notes`` are oddities that change nothing, ``assumptions`` what is assumed about the files, such as that
    bytes after a document are garbage, and ``cuts`` signs that the end of a document is missing.
    ``typed`` counts the documents that the typed decoder read at once, ``untyped`` those that needed a second
    look. ``job_id`` is the last job of the file at hand.
    """

    notes: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    typed: int = 0
    untyped: int = 0
    job_id: str | None = None

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)

    def assume(self, text: str) -> None:
        """Add an assumption once."""
        if text not in self.assumptions:
            self.assumptions.append(text)


def split_documents(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Split documents that follow one another; return each with its first byte, the last one as it is.

    The last part may be cut, broken, or no document.
    """
    view, start = memoryview(raw), _skip(raw, 0)
    while start < len(raw):
        try:
            msgspec.json.decode(view[start:], type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError) as error:
            end = find_end(error)
            if end is None:
                yield start, raw[start:]
                return
            yield start, raw[start : start + end]
            start = _skip(raw, start + end)
        else:
            yield start, raw[start:]
            return


def find_end(error: Exception) -> int | None:
    """Return where a document ends, from the decoder's error about what follows it; None for other errors."""
    found = _BYTE.search(str(error))
    return int(found[1]) - 1 if found and "trailing characters" in str(error) else None


def _skip(raw: bytes, at: int) -> int:
    """Skip blanks, zeros and byte order marks."""
    rest = re.compile(rb"(?:[ \t\r\n\0]|\xef\xbb\xbf)*").match(raw, at)
    return at if rest is None else rest.end()


def is_garbage(rest: bytes) -> bool:
    """Return whether what follows a whole document has no part of a page in it."""
    plain = rest.replace(b"\0", b"").lower().replace(b"_", b"")
    return not any(word in plain for word in _TELLING)


def describe_garbage(place: str, rest: bytes, at: int) -> str:
    """Report what follows a whole document."""
    shown = rest[:_SHOWN]
    return f"{place}: ignored {len(rest)} bytes after the document (byte {at}): {shown!r}"


def is_padding(rest: bytes) -> bool:
    """Return whether bytes are blanks, zeros and byte order marks alone."""
    return not rest.replace(UTF8_MARK, b"").strip(_BETWEEN)


def close_cut(raw: bytes) -> list[bytes]:
    """Return cut JSON closed after its last whole record; candidates, the one with the most records first.

    Open brackets are found outside of texts. Where a list of persons is open, it is closed after its last
    whole object. Otherwise an open object is closed before its last member.
    """
    levels = _open_levels(raw)
    if not levels:
        return []
    closers = [b"}" if raw[level.opened : level.opened + 1] == b"{" else b"]" for level in levels]

    def close(end: int, depth: int) -> bytes:
        return raw[:end] + b"".join(reversed(closers[:depth]))

    made = []
    persons = [
        depth
        for depth, level in enumerate(levels, 1)
        if closers[depth - 1] == b"]" and _PERSONS.search(raw, max(0, level.opened - 64), level.opened)
    ]
    arrays = [depth for depth in range(1, len(levels) + 1) if closers[depth - 1] == b"]"]
    for depth in persons[-1:] or arrays[:1]:
        level = levels[depth - 1]
        made.append(close(max(level.closed, level.opened) + 1, depth))
    for depth in range(len(levels), 0, -1):
        level = levels[depth - 1]
        if closers[depth - 1] == b"}" and level.comma > level.opened:
            made.append(close(level.comma, depth))
    return made


@dataclass(slots=True)
class _Level:
    """An open bracket, the last object or list that was closed in it, and its last comma; -1 for none."""

    opened: int = -1
    closed: int = -1
    comma: int = -1


def _open_levels(raw: bytes) -> list[_Level]:
    """Find the brackets that are open at the end of cut JSON, the outermost first."""
    plain = re.sub(rb"\\.", b"__", raw, flags=re.DOTALL) if b"\\" in raw else raw
    content = np.frombuffer(plain, np.uint8)
    steps = np.zeros(256, np.int8)
    steps[list(b"{[")], steps[list(b"}]")] = 1, -1
    marks = np.zeros(256, bool)
    marks[list(b"{[}],")] = True
    levels: list[_Level] = []
    depth, quotes = 0, 0
    for start in range(0, len(content), _CHUNK):
        part = content[start : start + _CHUNK]
        parity = (np.cumsum(part == ord('"')) + quotes) & 1
        quotes = int(parity[-1])
        at = np.flatnonzero(marks[part] & (parity == 0))
        if not len(at):
            continue
        kinds = part[at]
        after = depth + np.cumsum(steps[kinds], dtype="int64")
        depth = int(after[-1])
        lowest = int(min(after.min(), len(levels)))
        del levels[max(lowest, 0) :]
        opening, closing = steps[kinds] > 0, steps[kinds] < 0
        levels += [
            _Level(start + int(at[opening & (after == number + 1)][-1]))
            for number in range(max(lowest, 0), depth)
        ]
        for number, level in enumerate(levels, 1):
            for name, chosen in (("closed", closing), ("comma", kinds == ord(","))):
                places = at[chosen & (after == number)]
                if len(places) and start + int(places[-1]) > level.opened:
                    setattr(level, name, start + int(places[-1]))
    return levels
