"""Layout of tables and sentences as text for a terminal, or as Markdown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

WIDTH = 100
"""Maximum length of a line [columns]."""
_INDENT, _BETWEEN, _NARROWEST = 2, 2, 6
_MARKS = re.compile(r"([\\`*_|<>\[\]#])")


@dataclass(frozen=True, slots=True)
class TextPart:
    """One part of the page: a heading with a table, sentences, or both."""

    heading: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    sentences: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def escape_markdown(text: str) -> str:
    """Return a text on one line with the special characters of Markdown escaped."""
    return _MARKS.sub(r"\\\1", one_line(text))


def wrap_text(text: str, indent: int = 0, first: str = "") -> list[str]:
    """Break a text into lines of at most ``WIDTH`` columns; ``first`` begins the first line."""
    beginning = " " * indent
    return wrap(
        one_line(text),
        WIDTH,
        initial_indent=f"{beginning}{first}",
        subsequent_indent=beginning + " " * len(first),
    )


def format_text(part: TextPart) -> str:
    """Format a part with aligned columns; long cells continue on the next line."""
    lines = wrap_text(part.heading)
    table = [tuple(map(one_line, row)) for row in (part.columns, *part.rows)] if part.rows else []
    widths = _fit(list(zip(*table, strict=True)))
    for row in table:
        cells = [wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
        for index in range(max(map(len, cells))):
            texts = [cell[index] if index < len(cell) else "" for cell in cells]
            padded = [f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)]
            lines.append(" " * _INDENT + (" " * _BETWEEN).join(padded).rstrip())
    for text in part.sentences:
        lines += wrap_text(text, _INDENT)
    return "\n".join(line.rstrip() for line in lines)


def _fit(columns: list[tuple[str, ...]]) -> list[int]:
    """Return the column widths at which rows fit: wrap headings first, then the widest columns."""
    fitted = [max(1, *map(len, column)) for column in columns]
    room = WIDTH - _INDENT - _BETWEEN * (len(fitted) - 1)
    if sum(fitted) > room:
        fitted = [max(1, *map(len, head.split()), *map(len, cells)) for head, *cells in columns]
    while sum(fitted) > room and max(fitted) > _NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def format_markdown(part: TextPart) -> str:
    """Format a part as a Markdown table followed by its sentences."""
    blocks = [f"### {escape_markdown(part.heading)}"]
    if part.rows:
        rows = [
            part.columns,
            ("---",) * len(part.columns),
            *(tuple(map(escape_markdown, row)) for row in part.rows),
        ]
        blocks.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(blocks + [escape_markdown(text) for text in part.sentences])
