"""The report on reading a source: rows kept and dropped, assumptions, and missing pages."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ptrack_analysis.cards import build_card
from ptrack_analysis.errors import InputError, PtrackWarning

MOST_DROPPED = 0.05
"""Maximum share of rows that may be dropped for a doubtful reason without ``allow_dropped``."""
_COLUMNS = ("kind", "text", "rows", "example")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DroppedRows:
    """Rows that were dropped for one reason.

    ``text`` is a sentence with the number of ``rows``. ``examples`` have the file, line and value of some
    rows. ``people`` is the number of people without any remaining row. ``is_certain`` is False if the file
    may have been misread; in that case ``is_excessive`` is True if too many rows were dropped for this
    reason, and ``advice`` names likely causes. ``is_repeat`` is True for rows that only repeat other rows,
    and ``is_excluded`` for rows that the file or an option excludes, such as rows of another class.
    """

    text: str
    rows: int
    examples: tuple[str, ...] = ()
    people: int = 0
    is_certain: bool = True
    is_repeat: bool = False
    is_excluded: bool = False
    is_excessive: bool = False
    advice: str = ""


@dataclass(frozen=True, slots=True)
class IgnoredColumns:
    """Columns of a table that were not read for one reason."""

    names: tuple[str, ...]
    reason: str

    @property
    def text(self) -> str:
        """A sentence with the first names and the reason."""
        listed = ", ".join(map(repr, self.names[:_SHOWN]))
        more = len(self.names) - _SHOWN
        listed += f" and {more} more" if more > 0 else ""
        subject = "the column {} is" if len(self.names) == 1 else "the columns {} are"
        return f"{subject.format(listed)} not read: {self.reason}"


@dataclass(frozen=True, slots=True)
class Completeness:
    """Completeness of the pages of a job.

    ``missing`` has a sentence for each sign that pages are missing. ``is_proven`` is True if page numbers or
    ``fetch.json`` prove that no page is missing. ``missing_pages`` is the minimum number of missing or
    truncated pages. ``late`` is the time of the first detection [ms], if pages before it could be missing.
    """

    missing: tuple[str, ...] = ()
    is_proven: bool = False
    missing_pages: int = 0
    late: int | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether pages are missing."""
        return bool(self.missing)

    @property
    def verdict(self) -> str:
        """``complete``, ``complete as far as can be told``, or ``incomplete:`` with the reasons.

        If the first detection is late, the second verdict states its time.
        """
        if self.missing:
            return f"incomplete: {'; '.join(self.missing)}"
        if self.is_proven:
            return "complete"
        doubt = "" if self.late is None else f", but the first detection is at {self.late / 1000:.3f} s"
        return f"complete as far as can be told{doubt}"

    def __str__(self) -> str:
        """Return the verdict."""
        return self.verdict


@dataclass(frozen=True, slots=True, repr=False)
class ReadReport:
    """Report on reading one video: rows, assumptions, oddities and completeness.

    ``rows`` is the number of rows in the source, the sum of ``kept`` and ``dropped_rows``. ``assumptions``
    are sentences about facts that the source does not contain, ``oddities`` about unusual content that was
    read. ``ignored`` has the columns of a table that were not read, with the reasons. ``repeated_pages`` is
    the number of pages that were saved twice and count once. ``merged`` is the number of rows merged with
    another row of the same person and time.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> video.read_report
    data/shop: 5957 rows read, 5957 kept
      pages: complete as far as can be told
    """

    source: str
    files: int = 0
    pages: int = 0
    kept: int = 0
    dropped: tuple[DroppedRows, ...] = ()
    assumptions: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    ignored: tuple[IgnoredColumns, ...] = ()
    completeness: Completeness = Completeness()
    repeated_pages: int = 0
    merged: int = 0

    @property
    def dropped_rows(self) -> int:
        """Number of rows that were dropped."""
        return sum(reason.rows for reason in self.dropped)

    @property
    def rows(self) -> int:
        """Number of rows in the source."""
        return self.kept + self.dropped_rows

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Names of the columns of a table that were not read."""
        return tuple(name for group in self.ignored for name in group.names)

    @property
    def has_pages(self) -> bool:
        """Whether the source consists of pages, not of another tracker's files."""
        return self.pages > 0 or self.completeness.is_incomplete

    @property
    def verdict(self) -> str | None:
        """The verdict on completeness; None for another tracker's file."""
        return self.completeness.verdict if self.has_pages else None

    @property
    def findings(self) -> tuple[str, ...]:
        """Sentences about missing pages, dropped rows, ignored columns and assumptions, for warnings."""
        missing = (self.completeness.verdict,) if self.completeness.is_incomplete else ()
        lost = (reason.text for reason in self.dropped if not reason.is_repeat)
        return (*missing, *lost, *self._describe_columns(), *self.assumptions)

    @property
    def notes(self) -> tuple[str, ...]:
        """All sentences except the verdict on missing pages."""
        dropped = (reason.text for reason in self.dropped)
        return (*dropped, *self._describe_columns(), *self.assumptions, *self.oddities)

    def _describe_columns(self) -> tuple[str, ...]:
        return tuple(group.text for group in self.ignored)

    @property
    def table(self) -> pd.DataFrame:
        """One row per reason for dropped rows, assumption, oddity and verdict."""
        return pd.DataFrame(self._rows(), columns=list(_COLUMNS)).astype({"rows": "Int64"})

    def _rows(self) -> Iterator[tuple[str, str, int | None, str]]:
        yield "read", "rows in the source", self.rows, ""
        yield "kept", "rows in the table", self.kept, ""
        for reason in self.dropped:
            yield "dropped", reason.text, reason.rows, reason.examples[0] if reason.examples else ""
        kinds = {
            "ignored": self._describe_columns(),
            "assumption": self.assumptions,
            "oddity": self.oddities,
        }
        for kind, texts in kinds.items():
            for text in texts:
                yield kind, text, None, ""
        if self.has_pages:
            yield "completeness", self.completeness.verdict, None, ""

    @property
    def text(self) -> str:
        """The report as lines of text."""
        lines = [f"{self.source}: {self.rows} rows read, {self.kept} kept"]
        for reason in self.dropped:
            examples = f" (for example {'; '.join(reason.examples)})" if reason.examples else ""
            lines.append(f"  dropped: {reason.text}{examples}")
        lines += [f"  ignored: {text}" for text in self._describe_columns()]
        lines += [f"  assumed: {text}" for text in self.assumptions]
        lines += [f"  note: {text}" for text in self.oddities]
        return "\n".join(lines + ([f"  pages: {self.completeness}"] if self.has_pages else []))

    def __repr__(self) -> str:
        """Return the text."""
        return self.text

    def _repr_html_(self) -> str:
        """Return a card for notebooks with what was dropped, ignored, assumed and noticed."""
        rows = list(self._rows())
        facts = {
            f"{number}. {kind}": " ".join(filter(None, (text, None if count is None else f"({count})")))
            for number, (kind, text, count, _) in enumerate(rows, 1)
        }
        return build_card("Read report", self.source, facts)

    def to_dict(self, *, examples: bool = True) -> dict[str, Any]:
        """Return the report as JSON values; ``examples`` includes files and values of dropped rows."""
        return {
            "completeness": self.verdict,
            "missing": list(self.completeness.missing),
            "findings": list(self.findings),
            "rows_read": self.rows,
            "rows_kept": self.kept,
            "dropped": [
                {"text": reason.text, "rows": reason.rows, "people": reason.people}
                | ({"examples": list(reason.examples)} if examples else {})
                for reason in self.dropped
            ],
            "ignored_columns": list(self.ignored_columns),
            "assumptions": list(self.assumptions),
            "oddities": list(self.oddities),
        }

    def warn(self, *, stacklevel: int = 3) -> None:
        """Emit one ``PtrackWarning`` if pages are missing, rows were dropped, or facts were assumed.

        Rows that only repeat other rows do not cause a warning.
        """
        if self.findings:
            text = f"{self.source}: {'; '.join(self.findings)}"
            warnings.warn(text, PtrackWarning, stacklevel=stacklevel)

    def validate_dropped(self) -> None:
        """Reject a source if many rows, or all rows of a person, were dropped for a doubtful reason.

        Raises
        ------
        InputError
            If there are such rows. The message has the reasons and the option to read the source anyway.
        """
        doubtful = [reason for reason in self.dropped if not reason.is_certain]
        rows, people = sum(reason.rows for reason in doubtful), sum(reason.people for reason in doubtful)
        is_excessive = rows > MOST_DROPPED * self.rows or any(reason.is_excessive for reason in doubtful)
        if not people and not is_excessive:
            return
        reasons = "; ".join(reason.text for reason in doubtful)
        examples = "; ".join(text for reason in doubtful for text in reason.examples[:1])
        example = f" (for example {examples})" if examples else ""
        lost = f" and all rows of {people} {'person' if people == 1 else 'people'}" if people else ""
        advice = " ".join(reason.advice for reason in doubtful if reason.advice)
        raise InputError(
            f"{self.source}: {reasons}{example}. That is {rows / self.rows:.1%} of the rows{lost}, so the "
            f"file may have been misread. {advice or 'Check the reason.'} To read the other rows, pass "
            "allow_dropped=True (--allow-dropped)."
        )
