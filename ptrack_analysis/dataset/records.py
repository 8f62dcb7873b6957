"""The layout of a dataset, and the record of what each video was made from."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema import OBSERVED_ENTRIES, OBSERVED_EXITS, Table
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.sources.grouping import Evidence, parse_evidence
from ptrack_analysis.storage.files import checksum
from ptrack_analysis.storage.s3 import AnyPath, S3Path

FOLDERS: dict[str, Table] = {output.name: output.table for output in OUTPUTS.values()}
"""The table in each folder of a dataset."""
MARK = "written by ptrack-analysis"
"""Text in the first line of files that the package writes."""
RECORDS = "_runs"
PRIVATE = ".ptrack"
"""What a run notes for itself below the dataset's folder: locks and caches, no part of the data."""
DICTIONARY_FILE = "dictionary.md"
DUCKDB_FILE = "views/duckdb.sql"
ATHENA_FILE = "views/athena.sql"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(@(start|\d+m?s)-(end|\d+m?s))?")


def schema_in(folder: str, parameters: Mapping[str, object]) -> Table:
    """Return the schema that the files of a folder have where these are the parameters of a record."""
    return OUTPUTS[folder].released_table(
        salted=parameters.get("salt") is not None, suppressed=parameters.get("min_count") is not None
    )


def has_source_columns(folder: str, parameters: Mapping[str, object]) -> bool:
    """Return whether the files of a folder have the columns of a tracker's file that have no role."""
    return folder == ("trajectories" if parameters.get("points_unit") else "detections")


def video_name(name: str) -> str:
    """Return the video's own name, without the part of it that a dataset holds."""
    return name.partition("@")[0]


def table_place(folder: str, video: str) -> str:
    """Return the place of a video's file of a table, below the dataset's folder."""
    return f"{folder}/{video}.parquet"


def place_file(name: str) -> str:
    """Return the place of a table of the whole dataset."""
    return f"{name}.parquet"


def csv_place(folder: str, video: str) -> str:
    """Return the place of the same table as CSV."""
    return f"csv/{folder}/{video}.csv"


def record_place(video: str) -> str:
    """Return the place of the record of a video's run."""
    return f"{RECORDS}/{video}.json"


def is_inside(place: str) -> bool:
    """Return whether a place that a record names lies in its dataset: one from elsewhere may say anything."""
    return not place.startswith("/") and not {"..", ""} & {*place.replace("\\", "/").split("/")}


def list_table_files(video: str) -> dict[str, str]:
    """Return every place in which a table of this video can lie, each with the table's folder."""
    places = {table_place(folder, video): folder for folder in FOLDERS}
    return places | {csv_place(folder, video): folder for folder in FOLDERS}


def validate_names(names: list[str]) -> None:
    """Reject names of videos that would lead out of the dataset's folder, or into each other's files.

    Raises
    ------
    OutputError
        With the first such name.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise OutputError(f"the video name {name!r} cannot be the name of a file")
    lowered = [name.lower() for name in names]
    twice = (
        [name for name in names if lowered.count(name.lower()) > 1] if len(set(lowered)) < len(names) else []
    )
    if twice:
        raise OutputError(f"two videos have the name {twice[0]!r}")


SEEN = f"{PRIVATE}/seen"
JOBS_FILE = f"{PRIVATE}/sources.json"
_SECOND = 10**9
_TICK = _SECOND // 20
"""A file may change again within so long without another time, where the system counts parts of a second."""

Look = tuple[str, str]
"""How a file looked from outside, and the SHA-256 of its content then."""


@dataclass(frozen=True, slots=True)
class FingerprintCache:
    """What a video's source files and its files in the dataset were, by their names and places.

    ``origin`` identifies the source of the export, as ``mark_of`` gives it; empty where it is not known.
    """

    sources: Mapping[str, Look] = field(default_factory=dict)
    outputs: Mapping[str, Look] = field(default_factory=dict)
    origin: str = ""


def seen_place(video: str) -> str:
    """Return the place of what was seen of a video's files."""
    return f"{SEEN}/{video}.json"


def look_at(path: AnyPath) -> tuple[str, bool]:
    """Return how a file looks from outside, and whether it cannot change without looking otherwise.

    On disk that is its size, its times and its number; in S3 its size and its ETag. A file that was changed
    just now may change once more within the grain of the system's clock, and look the same: it is not
    settled yet.

    Raises
    ------
    OSError
        If there is no such file.
    RemoteError
        If S3 refuses.
    """
    if isinstance(path, S3Path):
        found = path.stat()
        return tagged(found.st_size, found.tag), found.tag is not None
    stat = path.stat()
    changed = max(stat.st_mtime_ns, stat.st_ctime_ns)
    grain = 3 * _SECOND if changed % _SECOND == 0 else _TICK
    look = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"
    return look, changed + grain <= time.time_ns()


def tagged(size: int, tag: str | None) -> str:
    """Return how an object looks from outside."""
    return f"{size}-{tag}"


def find_checksum(path: AnyPath, name: str, seen: Mapping[str, Look], noted: dict[str, Look]) -> str:
    """Return the checksum of a file: the one seen if it looks as it did then, else that of its content.

    What was found is put into ``noted``, if it can be relied on.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    RemoteError
        If S3 refuses.
    """
    look, settled = look_at(path)
    before = seen.get(name)
    found = before[1] if before is not None and before[0] == look else checksum(path)
    if settled:
        noted[name] = look, found
    return found


def read_seen(content: bytes | None) -> FingerprintCache:
    """Read what was seen of a video; nothing, if there is none or it is damaged."""
    found = _json(content)
    origin = found.get("origin")
    return FingerprintCache(
        _looks(found.get("sources")), _looks(found.get("outputs")), origin if isinstance(origin, str) else ""
    )


def format_fingerprints(seen: FingerprintCache) -> str:
    """Write what was seen of a video."""
    content = {"sources": dict(seen.sources), "outputs": dict(seen.outputs), "origin": seen.origin}
    return json.dumps(content, sort_keys=True) + "\n"


def recall_from(content: bytes | None, find_name: Callable[[AnyPath], str]) -> Callable[[AnyPath], Any]:
    """Return a function that knows what the pages of unchanged files say from an earlier run."""
    known = _json(content)

    def recall(file: AnyPath) -> frozenset[Evidence] | None:
        match known.get(find_name(file)):
            case [str(look), [*found]] if look_at(file)[0] == look:
                return parse_evidence(found)
        return None

    return recall


def format_evidence(
    evidence: Mapping[AnyPath, Iterable[Evidence]], find_name: Callable[[AnyPath], str]
) -> str:
    """Write what the pages of those files say that can be relied on."""
    looks = {file: look_at(file) for file in evidence}
    known = {
        find_name(file): [look, sorted(map(list, evidence[file]), key=str)]
        for file, (look, settled) in looks.items()
        if settled
    }
    return json.dumps(known, sort_keys=True) + "\n"


def read_cached_bytes(path: AnyPath) -> bytes | None:
    """Read a file of the cache; None where there is none that can be read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        return None


def _json(content: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _looks(found: object) -> dict[str, Look]:
    if not isinstance(found, dict):
        return {}
    return {name: (look[0], look[1]) for name, look in found.items() if _is_look(look)}


def _is_look(look: object) -> bool:
    return isinstance(look, list) and [type(part) for part in look] == [str, str]


PACKAGE = "ptrack-analysis"


@dataclass(frozen=True, slots=True)
class VisitEnds:
    """The entries and exits at which the start and the end of a visit are observed in one video."""

    entries: tuple[str, ...] = OBSERVED_ENTRIES
    exits: tuple[str, ...] = OBSERVED_EXITS


def read_observed_ends(parameters: Mapping[str, Any]) -> VisitEnds:
    """Return the observed entries and exits of a record; the defaults where it does not have them."""
    entries = parameters.get("observed_entries", OBSERVED_ENTRIES)
    return VisitEnds(tuple(entries), tuple(parameters.get("observed_exits", OBSERVED_EXITS)))


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """What a video's files were made from: source files, parameters, version; and the files themselves.

    ``outputs`` has the rows and the SHA-256 of each file by its place below the dataset's folder,
    ``notes`` what is odd about the video, ``figures`` what the export says of it: the time of its persons in
    the scene, unlocated, and in each zone [ms], ``about`` where it was recorded and which days it covers, as
    in ``about_of``, ``read_report`` what became of the rows of the sources.
    Nothing in it depends on when or where the run was.
    """

    video: str
    source: list[dict[str, Any]]
    parameters: dict[str, Any]
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    read_report: dict[str, Any] = field(default_factory=dict)
    package: str = PACKAGE
    version: str = __version__

    def is_of_same_run(self, other: "VideoEntry") -> bool:
        """Test if two records are of the same sources and parameters, so that the outputs must be equal."""
        return (self.source, self.parameters, self.version) == (other.source, other.parameters, other.version)

    @property
    def folders(self) -> list[str]:
        """The tables that were written as Parquet, by the names of their folders."""
        written = {place.partition("/")[0] for place in self.outputs}
        return [folder for folder in FOLDERS if folder in written]


def new_record(
    reference: VideoReference, root: AnyPath, parameters: dict[str, Any], seen: Mapping[str, Look]
) -> tuple[VideoEntry, dict[str, Look]]:
    """Begin the record of a run over this video, with the checksums of its files; and what was seen of them.

    Files that look as they did when they were ``seen`` are not read.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    noted: dict[str, Look] = {}
    try:
        source = [
            {"name": name, "sha256": find_checksum(path, name, seen, noted), "size": path.stat().st_size}
            for name, path in ((shown(root, path), path) for path in reference.files)
        ]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    if reference.form is not None:
        parameters = {**parameters, "form": json.loads(json.dumps(asdict(reference.form)))}
    return VideoEntry(video=reference.name, source=source, parameters=parameters), noted


def record_text(record: VideoEntry) -> str:
    """Write the record of a run; it goes to its place as the last thing of a video."""
    return json.dumps(asdict(record), indent=1, sort_keys=True) + "\n"


def read_record(out: AnyPath, video: str) -> VideoEntry | None:
    """Read the record of a video's earlier run; None where there is none, or something else."""
    try:
        content = json.loads((out / record_place(video)).read_bytes())
        record = VideoEntry(**content)
        complete = all(set(made) == {"rows", "sha256"} for made in record.outputs.values())
        complete &= all(map(is_inside, record.outputs))
        complete &= all({"name", "sha256"} <= set(file) for file in record.source)
        complete &= all(isinstance(one, dict) for one in (record.figures, record.about, record.read_report))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    sound = record.package == PACKAGE and record.video == video and isinstance(record.parameters, dict)
    return record if sound and complete else None


def is_record(path: Path) -> bool:
    """Return whether a file is the record of a run, be it of another version of the package."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("package") == PACKAGE


def read_records(out: Path) -> list[VideoEntry]:
    """Read the records of all videos of a dataset, in the order of their names."""
    names = sorted(path.stem for path in (out / record_place("x")).parent.glob("[!.]*.json"))
    return [record for name in names if (record := read_record(out, name)) is not None]
