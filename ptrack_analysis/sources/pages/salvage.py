"""Salvage damaged files: describe text that is not JSON, and close truncated documents."""

import re
from dataclasses import dataclass, field

import numpy as np

_CHUNK = 2**22
_PERSONS = re.compile(rb'"[Pp]ersons"\s*:\s*$')


@dataclass(slots=True)
class DocumentLog:
    """Findings while documents are read.

    ``fast`` counts the documents that the typed decoder read directly, ``repaired`` the others. ``notes`` has
    one sentence per oddity that was read anyway, ``assumptions`` one per assumption (such as that bytes after
    a document do not belong to it), and ``cuts`` one per document whose end is missing. Three fields are
    about the current file: ``early`` describes how it ends early, ``operation`` is the operation of another
    response, and ``job_id`` is the last JobId.
    """

    fast: int = 0
    repaired: int = 0
    notes: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    early: str = ""
    operation: str = ""
    job_id: str | None = None

    def start_file(self) -> None:
        """Reset the fields about the current file."""
        self.early, self.operation, self.job_id = "", "", None

    @property
    def reason(self) -> str:
        """The reason for ignoring the current file, which has no page."""
        if self.operation:
            return f"a {self.operation} response, not GetPersonTracking"
        return "well-formed, but not a GetPersonTracking page"

    def note(self, place: object, sentence: str) -> None:
        """Record an oddity of a file or document once."""
        if (text := f"{place}: {sentence}") not in self.notes:
            self.notes.append(text)

    def assume(self, text: str) -> None:
        """Record an assumption about a file once."""
        if text not in self.assumptions:
            self.assumptions.append(text)


_LOOKS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"\s*(?:\w+(?:Response|Result)\(|\{\s*(?:JobStatus|Persons|VideoMetadata)\s*[:=])"),
        "It looks like the toString() text of a Java object. Save the response again with a JSON mapper.",
    ),
    (
        re.compile(rb"\s*\[?\s*\{\s*'"),
        "It looks like a printed Python dict. Convert it with json.dumps(ast.literal_eval(text)).",
    ),
    (re.compile(rb"\s*<"), "It looks like HTML or XML, perhaps an error page saved instead of a response."),
    (re.compile(rb"\x1f\x8b"), "It is gzip-compressed. Add .gz to its name."),
    (re.compile(rb"PK\x03\x04"), "It is a ZIP archive. Unpack it first."),
    (
        re.compile(rb"\s*(?:---\s*\n)?\s*(?:JobStatus|Persons|VideoMetadata|JobId|NextToken):\s"),
        "It looks like YAML (aws --output yaml). Convert it to JSON and read the result.",
    ),
    (
        re.compile(rb"\s*(?:SUCCEEDED\t|\S+\tSUCCEEDED|PERSONS\t|VIDEOMETADATA\t)"),
        "It looks like the output of aws --output text. Only aws --output json can be read.",
    ),
)


def describe_text(raw: bytes) -> str:
    """Describe the format of a text that is not JSON; empty if it is not recognized."""
    return next((f" {sentence}" for pattern, sentence in _LOOKS if pattern.match(raw)), "")


def close_cut(raw: bytes) -> list[bytes]:
    """Close truncated JSON after its last complete record; return candidates, the most complete one first.

    Only brackets outside of strings count. An open list of persons is closed after its last complete object.
    Any other open object is closed after its last member if the member is complete, otherwise before it.
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
        if closers[depth - 1] != b"}":
            continue
        if level.closed > max(level.comma, level.opened):
            made.append(close(level.closed + 1, depth))
        if level.comma > level.opened:
            made.append(close(level.comma, depth))
    return made


@dataclass(slots=True)
class _Level:
    """Offsets of an open bracket, of the last bracket closed in it, and of its last comma; -1 if missing."""

    opened: int = -1
    closed: int = -1
    comma: int = -1


def _open_levels(raw: bytes) -> list[_Level]:
    """Find the brackets that are open at the end of truncated JSON, the outermost first."""
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
