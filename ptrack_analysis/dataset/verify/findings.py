"""What a verification found, check by check."""

from collections import Counter
from dataclasses import dataclass

from ptrack_analysis.storage.s3 import AnyPath

MOST = 100
"""So many findings of one check are kept; the others are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: in which file, where there, what is there, what was expected."""

    file: str
    place: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.place}" if self.place else self.file
        return f"{where}: {self.value}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its rule, what it looked at (files or rows, as the rule says), and what it found.

    ``count`` is the number of findings, of which the first hundred are kept.
    """

    name: str
    rule: str
    looked_at: int
    count: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a verification: the dataset's folder, its videos, and every check in its order."""

    out: AnyPath
    videos: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def findings(self) -> list[Finding]:
        """All findings that are kept, check by check."""
        return [finding for check in self.checks for finding in check.findings]

    @property
    def failed(self) -> list[str]:
        """The names of the checks that found something."""
        return [check.name for check in self.checks if check.count]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.failed


class Ledger:
    """Where checks write what they look at and find, and which files are not to be looked into further.

    A file with a finding is ``bad``: what is built on it is not checked, so that one damage is told once.
    """

    def __init__(self, rules: dict[str, str]) -> None:
        self._rules = rules
        self._looked: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self._found: dict[str, list[Finding]] = {name: [] for name in rules}
        self.bad: set[str] = set()

    def look(self, check: str, number: int) -> None:
        """Add to what a check looked at."""
        self._looked[check] += number

    def find(self, check: str, file: str, place: str, value: object, expected: object) -> None:
        """Add a finding, and hold the file for bad from now on."""
        self._count[check] += 1
        self.bad.add(file)
        if len(self._found[check]) < MOST:
            self._found[check].append(Finding(file, place, str(value), str(expected)))

    def checks(self) -> tuple[Check, ...]:
        """Close the ledger."""
        return tuple(
            Check(name, rule, self._looked[name], self._count[name], tuple(self._found[name]))
            for name, rule in self._rules.items()
        )
