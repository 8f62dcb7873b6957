"""The parts of a report: text, key figures, charts and tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.schema import Table as Schema
from ptrack_analysis.sources.names import undirected

Cell = str | int | float | None
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of a table: its name in the file, its label on the page, and its definition.

    ``digits`` is the number of decimals; None for text. The page shows at most ``letters`` characters of a
    text, or all.
    """

    name: str
    label: str
    text: str = ""
    digits: int | None = None
    letters: int | None = None

    def shown(self, cell: Cell) -> str:
        """Format one cell for the page; a missing value is an en dash."""
        if cell is None:
            return "\N{EN DASH}"
        if self.digits is None or isinstance(cell, str):
            return str(cell)[: self.letters]
        return str(
            Decimal(cell).quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)
        )  # as toFixed of the page


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table that a reader can sort and save as the file ``name``; ``row`` describes a row.

    ``total`` is the number of rows if the page does not contain them all. ``marks`` is a column of verdicts,
    which are colored. ``links`` has addresses for names in the first column.
    """

    name: str
    caption: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    row: str = ""
    total: int = 0
    marks: str = ""
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing per width, the alternative text, and the legend as pairs of drawing and label."""

    name: str
    drawings: Mapping[str, str]
    alt: str
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """The time slider of the charts: its data and its start [s]."""

    data: dict[str, Any]
    start: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Parts side by side if the page is wide enough."""

    left: Sequence["Part"]
    right: Sequence["Part"]
    kind: str = "even"


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts that are unfolded on demand."""

    summary: str
    parts: Sequence["Part"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key figure: label, value, additional text, and its limits."""

    label: str
    value: str
    beside: str = ""
    mark: str = ""


def find_verdict_kind(verdict: str) -> str:
    """Return the kind of a verdict, which colors it: ``good``, ``doubtful``, ``bad`` or ``unknown``."""
    if verdict.startswith("not usable"):
        return "bad"
    return "doubtful" if verdict == "usable with care" else verdict


@dataclass(frozen=True, slots=True)
class Keys:
    """Key figures side by side."""

    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; ``kind`` is empty, ``lead``, ``note``, ``caption``, ``heading``, or a verdict."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one per line."""

    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Explored:
    """The explorer: the result of ``explorer_data``, and the start time [ms]."""

    data: dict[str, Any]
    moment: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Values by row and column as shades: ``cells`` are rows of numbers, None for unknown values.

    A text instead of a number gives the reason why it is missing. ``titles`` describe each cell, ``none``
    describes cells without a number, and ``has_gaps`` hatches them.
    """

    caption: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[float | str | None]]
    unit: str
    digits: int = 1
    titles: Sequence[Sequence[str]] | None = None
    none: str = "not covered"
    has_gaps: bool = False


_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def writable(words: str) -> str:
    """Replace each control character of a text, which a page cannot contain."""
    return _UNWRITABLE.sub("\ufffd", words)


def isolated(name: str) -> str:
    """Isolate the text direction of a name within a sentence (Unicode TR 9)."""
    return name if name.isascii() else f"\u2068{undirected(name)}\u2069"


Part = Words | Keys | Facts | Items | Chart | Cursor | Columns | Fold | ReportTable | Explored | Grid


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes
    ----------
    key
        Name of the rule.
    sentence
        The finding.
    detail
        The range, the number of people, and limits of the finding.
    target
        The section of the report that shows it.
    figures
        The numbers of the sentence and the detail by name: times in s, shares between 0 and 1.
    zones
        Names of the zones in the finding.
    """

    key: str
    sentence: str
    detail: str
    target: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)
    zones: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "key": self.key,
            "sentence": self.sentence,
            "detail": self.detail,
            "target": self.target,
            "figures": dict(self.figures),
            "zones": list(self.zones),
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening of a report: the verdict, its limits, and the findings.

    ``kind`` colors the verdict. ``empty`` is shown if there are no findings. ``target`` is the section with
    all checks.
    """

    verdict: str
    kind: str
    limits: str
    findings: Sequence[Finding]
    empty: str = ""
    target: str = "trust"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report: its id on the page, its heading, its parts."""

    place: str
    heading: str
    parts: Sequence[Part] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Report:
    """A complete report.

    ``subtitle`` is shown above the title and ``opening`` below it. ``appendix`` is folded; only its section
    ``words`` is printed. ``scene`` is the address of the image behind the charts.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    footer: str
    opening: Opening | None = None
    appendix: Sequence[Section] = ()
    scene: str | None = None


def column_text(schema: Schema, name: str) -> str:
    """Return the definition of a column from the schema."""
    return next(one.text for one in (*schema.key, *schema.columns) if one.name == name)


_DIGITS = {"moment": 1, "span": 1, "integer": 0, "number": 2}
_MS = 1000
_TO_THE_SECOND = len("2026-01-01 00:00:00")


def build_table(
    table: pd.DataFrame,
    schema: Schema,
    caption: str,
    columns: Sequence[str],
    *,
    unit: str | None = None,
    labels: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | None = None,
    marks: str = "",
    name: str | None = None,
    clock: datetime | None = None,
    most: int = MOST_ROWS,
) -> ReportTable:
    """Build a table of a report from some key levels and columns of a table, in this order.

    Labels are the names with their unit; definitions come from the schema. Durations are in s. If the clock
    is known, times are local times: to the second on the page, and exact with the offset from UTC in the
    saved file.
    """
    known = {column.named(unit): column for column in (*schema.key, *schema.columns)}
    flat = table.reset_index()
    headings, cells = [], []
    for column in columns:
        one = known[column]
        local = clock if one.kind == "moment" else None
        headings.append(
            Heading(
                name=_stored(column, one.kind, local=local is not None),
                label=_label(column, one.kind, one.unit_in(unit), labels or {}, local=local is not None),
                text=one.text,
                digits=None if local is not None else (digits or {}).get(column, _DIGITS.get(one.kind)),
                letters=None if local is None else _TO_THE_SECOND,
            )
        )
        cells.append(_cells(flat[column].iloc[:most], one.kind, local))
    rows = [list(row) for row in zip(*cells, strict=True)]
    named = name or schema.name
    return ReportTable(named, caption, headings, rows, row=schema.row, total=len(flat), marks=marks)


def _stored(column: str, kind: str, *, local: bool) -> str:
    if local:
        return f"{column}_at"
    return f"{column}_s" if kind in {"moment", "span"} else column


def _label(column: str, kind: str, unit: str, labels: Mapping[str, str], *, local: bool) -> str:
    label = labels.get(column) or column.removesuffix(f"_{unit}").replace("_per_s", "").replace("_", " ")
    if local:
        return f"{label} (local time)"
    shown = "s" if kind in {"moment", "span"} else unit
    return f"{label} [{shown}]" if shown and shown != "1" else label


def _cells(values: pd.Series, kind: str, local: datetime | None) -> list[Cell]:
    missing = values.isna().to_numpy()
    plain: Any
    if kind in {"moment", "span"}:
        milliseconds = values.to_numpy().astype("timedelta64[ms]").astype("int64")
        plain = [_local(int(one), local) for one in milliseconds] if local else (milliseconds / _MS).tolist()
    elif kind == "integer":
        plain = [None if gone else int(one) for one, gone in zip(values, missing, strict=True)]
    elif kind == "number":
        plain = values.to_numpy(dtype="float64").tolist()
    else:
        plain = [str(one) for one in values]
    return [
        None if gone or one in (np.inf, -np.inf) else one for one, gone in zip(plain, missing, strict=True)
    ]


def local_time(milliseconds: int, started_at: datetime) -> datetime:
    """Convert a time since the start of a video to local time."""
    begun = started_at.astimezone(UTC)
    return (begun + timedelta(milliseconds=milliseconds)).astimezone(started_at.tzinfo)


def _local(milliseconds: int, started_at: datetime) -> str:
    return local_time(milliseconds, started_at).isoformat(sep=" ", timespec="milliseconds")
