"""What a verification finds, and what a dataset should hold."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.dataset.compaction_record import COMPACT_PLACE, CompactRecord, parse_compact_record
from ptrack_analysis.dataset.records import PACKAGE, RECORDS, VideoEntry, table_place
from ptrack_analysis.dataset.verify.sums import TableFile
from ptrack_analysis.errors import InputError
from ptrack_analysis.storage.s3 import AnyPath, S3Path

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
class FileCheck:
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
    checks: tuple[FileCheck, ...]

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

    def checks(self) -> tuple[FileCheck, ...]:
        """Close the ledger."""
        return tuple(
            FileCheck(name, rule, self._looked[name], self._count[name], tuple(self._found[name]))
            for name, rule in self._rules.items()
        )


RECORD_RULE = "each record in _runs is readable, of this package, and of its version (looked at: records)"


@dataclass(frozen=True, slots=True)
class Held:
    """One video: the settings it was measured with, and where its rows of each table lie."""

    video: str
    parameters: dict[str, Any]
    parts: dict[str, list[TableFile]]


@dataclass(frozen=True, slots=True)
class ExpectedDataset:
    """All that a dataset says that it holds; ``files`` has what is recorded of each file, by its place.

    ``records`` are those of the videos; ``sound`` tells whether all of them could be read; ``record_places``
    are the files that they were read from.
    """

    videos: list[Held]
    files: dict[str, dict[str, Any]]
    records: list[VideoEntry]
    record_places: list[str]
    is_compact: bool
    sound: bool


def places_below(root: AnyPath) -> list[str]:
    """List the files of a dataset by their places, in the order of their names; hidden ones are left out.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if isinstance(root, S3Path):
        found = [path.relative_to(root).as_posix() for path in root.below()]
    elif not root.is_dir():
        raise InputError(f"{root}: there is no such folder, so no dataset")
    else:
        found = [path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()]
    return sorted(place for place in found if not any(part.startswith(".") for part in place.split("/")))


def read_holding(root: AnyPath, places: Sequence[str], ledger: Ledger) -> ExpectedDataset:
    """Read the records of a dataset; those that cannot be read are findings.

    Raises
    ------
    InputError
        If there is no record at all: then it is no dataset.
    """
    records = [place for place in places if place.startswith(f"{RECORDS}/")]
    if not records:
        raise InputError(f"{root}: is no dataset: it has no records in {RECORDS}")
    ledger.look("records", len(records))
    if COMPACT_PLACE in records and parse_compact_record((root / COMPACT_PLACE).read_bytes()) is not None:
        return _of_compact(root, records, ledger)
    held = [_read(root, place, ledger) for place in records]
    sound = [record for record in held if record is not None]
    videos = [Held(record.video, record.parameters, _parts(record)) for record in sound]
    files = {place: made for record in sound for place, made in record.outputs.items()}
    return ExpectedDataset(videos, files, sound, records, is_compact=False, sound=len(sound) == len(held))


def _of_compact(root: AnyPath, records: list[str], ledger: Ledger) -> ExpectedDataset:
    """Lay the videos along the large files, in the order in which they were joined."""
    content = (root / COMPACT_PLACE).read_bytes()
    record = parse_compact_record(content) or CompactRecord()
    _check_version(ledger, COMPACT_PLACE, record.version)
    files: dict[str, _Laid] = {}
    for place, made in record.outputs.items():
        files.setdefault(place.partition("/")[0], _Laid()).add(place, made["rows"])
    at = dict.fromkeys(files, 0)
    videos, of_videos = [], record.records()
    for one in of_videos:
        parts = {}
        for folder in one.folders:
            rows = one.outputs[table_place(folder, one.video)]["rows"]
            parts[folder] = _slices(folder, files[folder], at[folder], at[folder] + rows)
            at[folder] += rows
        videos.append(Held(one.video, one.parameters, parts))
    return ExpectedDataset(videos, record.outputs, of_videos, records, is_compact=True, sound=True)


@dataclass(frozen=True, slots=True)
class _Laid:
    """The files of one table laid end to end: their places, and where the rows of each end."""

    places: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, place: str, rows: int) -> None:
        self.places.append(place)
        self.ends.append((self.ends[-1] if self.ends else 0) + rows)


def _slices(folder: str, laid: _Laid, start: int, stop: int) -> list[TableFile]:
    """Find the parts of a table's files that hold its rows from start to stop."""
    parts = []
    for number in range(bisect_right(laid.ends, start), len(laid.ends)):
        first = laid.ends[number - 1] if number else 0
        begin, end = max(start, first), min(stop, laid.ends[number])
        if begin >= end:
            break
        parts.append(TableFile(folder, laid.places[number], begin - first, end - first))
    return parts


def _read(root: AnyPath, place: str, ledger: Ledger) -> VideoEntry | None:
    video = place.removeprefix(f"{RECORDS}/").removesuffix(".json")
    try:
        record = VideoEntry(**json.loads((root / place).read_bytes()))
        complete = all({"rows", "sha256"} <= set(made) for made in record.outputs.values())
    except (ValueError, TypeError, AttributeError, RecursionError):
        ledger.find("records", place, "", "is not readable", "the record of a run, as ptrack export wrote it")
        return None
    if not complete or (record.package, record.video) != (PACKAGE, video):
        found = f"is of the video {record.video!r} and the package {record.package!r}"
        ledger.find("records", place, "", found, f"the record of {video!r}, with rows and checksums")
        return None
    _check_version(ledger, place, record.version)
    return record


def _check_version(ledger: Ledger, place: str, version: str) -> None:
    if version != __version__:
        ledger.find("records", place, "version", repr(version), f"{__version__!r}: export it again")


def _parts(record: VideoEntry) -> dict[str, list[TableFile]]:
    parts = {}
    for folder in record.folders:
        place = table_place(folder, record.video)
        if place in record.outputs:
            parts[folder] = [TableFile(folder, place, 0, int(record.outputs[place]["rows"]))]
    return parts
