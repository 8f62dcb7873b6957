"""Results of verifying a dataset."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from ptrack_analysis.storage.s3 import AnyPath

MOST = 100
"""Maximum number of findings kept per check; further findings are only counted."""
CHECKS = {
    "manifest": "the manifest can be read and is consistent",
    "unfinished": "no run was interrupted: there is no journal, and there are no staged files",
    "files": "each file of the manifest exists, and there are no other files",
    "checksums": "each file has the size and the SHA-256 of the manifest",
    "schema": "each file has the columns, types, units, definitions and marks of its table",
    "rows": "each video has the number of rows in the manifest, all in the files of its batch",
    "keys": "keys are unique in the table and never null",
    "references": "keys of videos, people, zones, lines, cameras, sites and dates are in their tables",
    "times": "each wall-clock time is the start of the video plus the video time; null if either is unknown",
    "local_dates": "local_date and local_hour follow from the clock and the time zone of the video",
    "salted_keys": "people in a dataset with --salt-file are identified by salted keys",
    "audit": "a dataset with --min-count does not reveal figures of few people or contain values to withhold",
}
"""The checks with their rules."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a file or a video."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """A check: its rule, its findings, and the number of examined items.

    ``count`` is the number of findings; ``findings`` contains the first hundred.
    """

    name: str
    rule: str
    examined: int
    count: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification: the dataset's folder, its videos and the checks.

    Examples
    --------
    >>> summary = pta.export_dataset("data/shop", "out")
    >>> next((summary.out / "tracks").iterdir()).unlink()
    >>> verification = pta.verify_dataset("out")
    >>> verification.passed, verification.failed
    (False, ['files'])
    >>> print(verification.findings[0])
    tracks/part-000001.parquet: is missing
    """

    out: AnyPath
    videos: tuple[str, ...]
    checks: tuple[FileCheck, ...]

    @property
    def findings(self) -> list[Finding]:
        """The kept findings of all checks."""
        return [finding for check in self.checks for finding in check.findings]

    @property
    def failed(self) -> list[str]:
        """The names of the checks with findings."""
        return [check.name for check in self.checks if check.count]

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return not self.failed


class Ledger:
    """Collects the counts and findings of checks."""

    def __init__(self) -> None:
        self.rules = dict(CHECKS)
        self.examined: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        self._found: defaultdict[str, list[Finding]] = defaultdict(list)

    def find(self, check: str, place: str, problem: str) -> None:
        """Add a finding."""
        self.count[check] += 1
        if len(self._found[check]) < MOST:
            self._found[check].append(Finding(place, problem))

    def close(self, out: AnyPath, videos: tuple[str, ...]) -> Verification:
        """Return the result."""
        checks = (
            FileCheck(name, rule, self.examined[name], self.count[name], tuple(self._found[name]))
            for name, rule in self.rules.items()
        )
        return Verification(out, videos, tuple(checks))
