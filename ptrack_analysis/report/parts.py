"""What a report consists of: sections of words, key figures, pictures and tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ptrack_analysis.sources.names import undirected

Cell = str | int | float | None
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of a table: its name in the file, its label on the page, what it means.

    ``digits`` are those behind the point; None: the column holds text, of which the page shows so many
    ``letters``, or all.
    """

    name: str
    label: str
    text: str = ""
    digits: int | None = None
    letters: int | None = None

    def shown(self, cell: Cell) -> str:
        """Write one cell as the page shows it; what is missing is an en dash, a text stays as it is."""
        if cell is None:
            return "\N{EN DASH}"
        if self.digits is None or isinstance(cell, str):
            return str(cell)[: self.letters]
        return f"{cell:.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a reader can sort and save: ``name`` is that of its file, ``row`` says what a row is.

    ``total`` is the number of rows there are, where the page does not hold them all; ``marks`` is a column
    whose words are verdicts, and shown as such.
    """

    name: str
    caption: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    row: str = ""
    total: int = 0
    marks: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: SVG, what it shows for those who cannot see it, and a caption."""

    svg: str
    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One key figure: what it is called, its value, what goes with it, and its definition."""

    label: str
    value: str
    beside: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """Key figures side by side."""

    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; ``kind`` is empty, ``note``, or a verdict that colours it."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one a line."""

    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Explored:
    """The explorer: what ``explorer_data`` gives, and the moment at which it begins [ms]."""

    data: dict[str, Any]
    moment: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """What a word of the report means: unfolded on demand."""

    name: str
    paragraphs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """Values by row and column as shades: ``cells`` are rows of numbers, None where nothing is known.

    A text instead of a number says why it is missing and is shown as an asterisk. ``titles`` say more of each
    cell, ``none`` what a cell without a number means.
    """

    caption: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[float | str | None]]
    unit: str
    digits: int = 1
    titles: Sequence[Sequence[str]] | None = None
    none: str = "not covered"


@dataclass(frozen=True, slots=True)
class Multiples:
    """Small pictures of one kind side by side, each with its name and a line below."""

    small: Sequence[tuple[str, str, Figure]]


def isolated(name: str) -> str:
    """Keep a name within a sentence from turning the direction of the words beside it (Unicode TR 9)."""
    return name if name.isascii() else f"\u2068{undirected(name)}\u2069"


Part = Words | Keys | Facts | Items | Figure | Table | Explored | Definition | Grid | Multiples


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report: its place in the page, its heading, its parts."""

    place: str
    heading: str
    parts: Sequence[Part] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: its title, what stands below it, its sections, and what its last line says."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    footer: str
