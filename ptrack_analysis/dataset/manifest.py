"""The manifest of a dataset: its videos, files and settings in one Parquet file."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import PureWindowsPath
from typing import Any, Literal, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis import __version__
from ptrack_analysis.errors import InputError
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema import OBSERVED_ENTRIES, OBSERVED_EXITS, Table
from ptrack_analysis.storage.facts import SCHEMA_VERSION, Further
from ptrack_analysis.storage.parquet_files import read_columns
from ptrack_analysis.storage.s3 import AnyPath

PRIVATE = "_ptrack"
MANIFEST = f"{PRIVATE}/manifest.parquet"
JOURNAL = f"{PRIVATE}/journal"
STAGING = f"{PRIVATE}/staging"
SOURCES = f"{PRIVATE}/sources.parquet"
Partition = Literal["local_month", "local_day"]
Form = Literal["parquet", "delta"]
PARTITION_KEYS = {"local_month": "month", "local_day": "day"}
"""The name in the path of each kind of partition."""
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value in the path of the partition without a date."""
_MARK = b"ptrack_analysis.dataset"
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class VisitEnds:
    """Entry and exit values that count as observed starts and ends of visits."""

    entries: tuple[str, ...] = OBSERVED_ENTRIES
    exits: tuple[str, ...] = OBSERVED_EXITS


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """The entry of one video in the manifest.

    ``identity`` is its job, its filmed object or its content. ``content`` is a digest of its files' content,
    ``look`` of their sizes and times, and ``settings`` of all other inputs of its results. ``root``
    identifies the source of the export. ``fault`` is the reason if its last export failed. ``parameters`` are
    settings that other videos may share, ``places`` are its zones and lines, ``about`` is its camera, site
    and days, and ``figures`` are the times that the export prints [ms].
    """

    video: str
    identity: str
    batch: int
    content: str = ""
    look: str = ""
    settings: str = ""
    root: str = ""
    fault: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    read_report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def observed_ends(self) -> VisitEnds:
        """Entry and exit values that count as observed."""
        entries = self.parameters.get("observed_entries", OBSERVED_ENTRIES)
        return VisitEnds(tuple(entries), tuple(self.parameters.get("observed_exits", OBSERVED_EXITS)))

    @property
    def is_withheld(self) -> bool:
        """Whether figures or keys of people are withheld."""
        return self.parameters.get("min_count") is not None or self.parameters.get("salt") is not None


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of the dataset, with its relative path, rows, size and SHA-256.

    ``batch`` is the batch of a fact, and -1 for other files.
    """

    place: str
    rows: int
    size: int
    sha256: str
    batch: int = -1

    @property
    def table(self) -> str:
        """The name of the table, which is the name of the folder."""
        return self.place.partition("/")[0]


@dataclass(frozen=True)
class Manifest:
    """The videos of a dataset in the order of their names, its files and its layout.

    ``tables`` are the names of the facts. ``further`` are the further columns of ``detections`` (of
    ``trajectories`` for points) and ``videos`` with their types. ``next_batch`` is the number of the next
    batch, and ``form`` the file format of the tables. For a Delta dataset, ``files`` does not contain facts;
    ``versions`` has the version of each table. ``holidays`` are the names of public holidays by ISO date.
    """

    videos: tuple[VideoEntry, ...] = ()
    files: tuple[DatasetFile, ...] = ()
    tables: tuple[str, ...] = ()
    further: Mapping[str, Further] = field(default_factory=dict)
    partition: Partition | None = None
    next_batch: int = 1
    holidays: Mapping[str, str] = field(default_factory=dict)
    package: str = __version__
    version: int = SCHEMA_VERSION
    form: Form = "parquet"
    versions: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def entries(self) -> dict[str, VideoEntry]:
        """The videos by name."""
        return {entry.video: entry for entry in self.videos}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the videos."""
        return tuple(self.entries)

    @property
    def file_partition(self) -> Partition | None:
        """The partition of files of facts; None for Delta tables, which use a column."""
        return None if self.form == "delta" else self.partition

    @cached_property
    def batches(self) -> dict[int, list[VideoEntry]]:
        """The videos of each batch."""
        return _group(self.videos, lambda entry: entry.batch)

    @cached_property
    def _files_of_tables(self) -> dict[str, list[DatasetFile]]:
        return _group(self.files, lambda file: file.table)

    @cached_property
    def _files_of_batches(self) -> dict[int, dict[str, list[DatasetFile]]]:
        by_batch = _group(self.files, lambda file: file.batch)
        return {batch: _group(files, lambda file: file.table) for batch, files in by_batch.items()}

    def files_of(self, table: str, batches: Iterable[int] | None = None) -> Sequence[DatasetFile]:
        """Return the files of a table for some or all batches."""
        if batches is None:
            return self._files_of_tables.get(table, ())
        wanted = {*batches}
        if len(wanted) == 1:
            return self.files_by_table(*wanted).get(table, ())
        return [file for file in self.files_of(table) if file.batch in wanted]

    def files_by_table(self, batch: int) -> Mapping[str, Sequence[DatasetFile]]:
        """Return the files of a batch by table."""
        return self._files_of_batches.get(batch, {})

    @property
    def observed(self) -> dict[str, VisitEnds]:
        """Entry and exit values of each video that count as observed."""
        return {entry.video: entry.observed_ends for entry in self.videos}

    @property
    def lines(self) -> dict[str, tuple[str, ...]]:
        """The names of the lines of each video."""
        return {
            entry.video: tuple(one["name"] for one in entry.places.get("lines", {}).values())
            for entry in self.videos
        }

    @cached_property
    def min_counts(self) -> tuple[int, ...]:
        """The limits below which figures are withheld, if every video has a limit."""
        counts = {entry.parameters.get("min_count") or 0 for entry in self.videos}
        return () if 0 in counts else tuple(sorted(counts))

    @cached_property
    def is_salted(self) -> bool:
        """Whether every video has salted keys of people."""
        return bool(self.videos) and all(entry.parameters.get("salt") is not None for entry in self.videos)

    @property
    def is_withheld(self) -> bool:
        """Whether figures or keys of any video are withheld."""
        return any(entry.is_withheld for entry in self.videos)

    def schema(self, table: str) -> Table:
        """Return the schema of a table in its released form."""
        output = OUTPUTS[table]
        return output.released_table(salted=self.is_salted, suppressed=bool(self.min_counts))


def _group(values: Iterable[_V], find_key: Callable[[_V], _K]) -> dict[_K, list[_V]]:
    """Group values by a key."""
    groups: dict[_K, list[_V]] = {}
    for value in values:
        groups.setdefault(find_key(value), []).append(value)
    return groups


_SHARED = ("parameters", "places", "read_report")
_TEXTS = ("video", "identity", "content", "look", "settings", "root", "fault")
_JSON = ("about", "rows", "figures", "notes")
_SCHEMA = pa.schema(
    [pa.field(name, pa.string()) for name in _TEXTS]
    + [pa.field("batch", pa.int32())]
    + [pa.field(name, pa.int32()) for name in _SHARED]
    + [pa.field(name, pa.string()) for name in _JSON]
    + [
        pa.field(
            "files",
            pa.list_(
                pa.struct(
                    [
                        ("place", pa.string()),
                        ("rows", pa.int64()),
                        ("size", pa.int64()),
                        ("sha256", pa.binary(32)),
                        ("batch", pa.int32()),
                    ]
                )
            ),
        )
    ]
)


class _Head(msgspec.Struct):
    """The facts about the dataset, in the metadata of the manifest's file."""

    package: str
    tables: tuple[str, ...]
    further: dict[str, Further]
    partition: Partition | None
    next_batch: int
    holidays: dict[date, str]
    others: list[tuple[str, int, int, str]]
    shared: dict[str, list[str]]
    schema_version: int
    form: Form = "parquet"
    versions: dict[str, int] = {}


class _Version(msgspec.Struct):
    schema_version: int
    package: Any = None


class _Parameters(msgspec.Struct):
    observed_entries: list[str] = []
    observed_exits: list[str] = []
    min_count: int | None = None


class _Place(msgspec.Struct):
    name: str


class _Places(msgspec.Struct):
    zones: dict[str, _Place] = {}
    lines: dict[str, _Place] = {}


class _About(msgspec.Struct):
    camera: str | None = None
    site: str | None = None
    timezone: str | None = None
    opening_hours: str | None = None
    days: list[str] = []
    holidays: list[str] = []


_FORMS: dict[str, Any] = {
    "parameters": _Parameters,
    "places": _Places,
    "read_report": dict[str, Any],
    "about": _About,
    "rows": dict[str, int],
    "figures": dict[str, Any],
    "notes": list[str],
}
"""The form of the values of each column in JSON."""


def _parse_json(name: str, text: str) -> Any:
    """Parse a value of a column in JSON; raise an error if it does not have the form of the column."""
    value = json.loads(text)
    msgspec.convert(value, _FORMS[name])
    return value


def format_manifest(manifest: Manifest) -> bytes:
    """Format a manifest as Parquet: one row per video, equal settings stored once."""
    shared: dict[str, dict[str, int]] = {name: {} for name in _SHARED}
    entries = manifest.videos
    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name) for entry in entries] for name in (*_TEXTS, "batch")
    }
    for name, known in shared.items():
        numbers: dict[int, int] = {}
        for entry in entries:
            value = getattr(entry, name)
            if id(value) not in numbers:
                numbers[id(value)] = known.setdefault(_format_json(value), len(known))
        columns[name] = [numbers[id(getattr(entry, name))] for entry in entries]
    columns |= {name: [_format_json(getattr(entry, name)) for entry in entries] for name in _JSON}
    files = _files_by_row(manifest)
    columns["files"] = [files.get(index) for index in range(len(entries))]
    head = {
        "schema_version": SCHEMA_VERSION,
        "package": manifest.package,
        "tables": list(manifest.tables),
        "further": {name: list(map(list, columns)) for name, columns in manifest.further.items()},
        "partition": manifest.partition,
        "next_batch": manifest.next_batch,
        "form": manifest.form,
        "versions": dict(manifest.versions),
        "holidays": dict(sorted(manifest.holidays.items())),
        "others": [_format_file(file) for file in manifest.files if file.batch < 0],
        "shared": {name: [*known] for name, known in shared.items()},
    }
    table = pa.table(columns, schema=_SCHEMA.with_metadata({_MARK: json.dumps(head)}))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=3, store_schema=True)
    return sink.getvalue()


def _files_by_row(manifest: Manifest) -> dict[int, list[dict[str, Any]]]:
    """Return the files of each batch, by the row of its first video."""
    first: dict[int, int] = {}
    for index, entry in enumerate(manifest.videos):
        first.setdefault(entry.batch, index)
    found: dict[int, list[dict[str, Any]]] = {}
    for file in manifest.files:
        if file.batch >= 0:
            found.setdefault(first[file.batch], []).append(
                {
                    "place": file.place,
                    "rows": file.rows,
                    "size": file.size,
                    "sha256": bytes.fromhex(file.sha256),
                    "batch": file.batch,
                }
            )
    return found


def _format_file(file: DatasetFile) -> list[Any]:
    return [file.place, file.rows, file.size, file.sha256]


def _format_json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def read_whole(content: bytes) -> pa.Table:
    """Read a Parquet file without Arrow's threads, which can abort a process."""
    return read_columns(content, page_checksum_verification=True)


def parse_manifest(content: bytes, place: object) -> Manifest:
    """Parse a manifest.

    Raises
    ------
    InputError
        If the manifest is damaged, was edited, or has a newer version.
    """
    try:
        table = read_whole(content)
        head = (table.schema.metadata or {})[_MARK]
        found = msgspec.json.decode(head, type=_Version)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
    except (OSError, pa.ArrowException, ValueError, KeyError, RecursionError) as error:
        raise InputError(
            f"{place}: cannot be read as the manifest of a dataset, because it was damaged or edited. "
            "Restore it from a backup, or export to another folder."
        ) from error
    if found.schema_version > SCHEMA_VERSION:
        raise InputError(
            f"{place}: the dataset has schema version {found.schema_version}, written by ptrack-analysis "
            f"{found.package}, but this is {__version__}, which supports version {SCHEMA_VERSION}. "
            "Install the newer package."
        )
    try:
        return _build_manifest(table, msgspec.json.decode(head, type=_Head))
    except (ValueError, KeyError, IndexError, RecursionError, InputError) as error:
        raise InputError(f"{place}: was edited and is inconsistent: {error}") from error


def _build_manifest(table: pa.Table, head: _Head) -> Manifest:
    if not table.schema.equals(_SCHEMA):
        raise InputError("it does not have the columns of a manifest")
    if any(table[name].null_count for name in _SCHEMA.names if name != "files"):
        raise InputError("a value is missing")
    columns = {name: table[name].to_pylist() for name in _SCHEMA.names}
    shared = {name: [_parse_json(name, text) for text in head.shared[name]] for name in _SHARED}
    parsed: dict[tuple[str, str], Any] = {}
    entries = []
    for index in range(len(table)):
        values: dict[str, Any] = {name: columns[name][index] for name in (*_TEXTS, "batch")}
        values |= {name: shared[name][columns[name][index]] for name in _SHARED}
        for name in _JSON:
            key = name, columns[name][index]
            if key not in parsed:
                parsed[key] = _parse_json(*key)
            values[name] = parsed[key]
        values["notes"] = tuple(values["notes"])
        entries.append(VideoEntry(**values))
    listed = [found for row in columns["files"] for found in row or ()]
    if any(found is None or None in found.values() for found in listed):
        raise InputError("a value of a file is missing")
    files = [
        DatasetFile(found["place"], found["rows"], found["size"], found["sha256"].hex(), found["batch"])
        for found in listed
    ]
    files += [DatasetFile(*found) for found in head.others]
    _validate(entries, files)
    return Manifest(
        tuple(entries),
        tuple(files),
        head.tables,
        head.further,
        head.partition,
        head.next_batch,
        {day.isoformat(): name for day, name in head.holidays.items()},
        head.package,
        head.schema_version,
        head.form,
        head.versions,
    )


def _validate(entries: Sequence[VideoEntry], files: Sequence[DatasetFile]) -> None:
    """Reject a manifest that is inconsistent or has paths outside the dataset."""
    names = [entry.video for entry in entries]
    if len(set(names)) < len(names):
        raise InputError("it lists a video twice")
    if any(not is_inside(file.place) for file in files):
        raise InputError("it lists a file outside the dataset")
    batches = {entry.batch for entry in entries} | {-1}
    if any(file.batch not in batches for file in files):
        raise InputError("it lists a file that does not belong to a video")


def is_inside(place: str) -> bool:
    """Return whether a path is inside its dataset.

    An edited manifest may contain any path.
    """
    is_absolute = place.startswith("/") or PureWindowsPath(place).drive
    return not is_absolute and not {"..", ""} & {*place.replace("\\", "/").split("/")}


def place_file(table: str, batch: int, partition: Partition | None, value: str | None) -> str:
    """Return the relative path of a table's file for a batch."""
    folder = "" if partition is None else f"{PARTITION_KEYS[partition]}={value or NULL_PARTITION}/"
    return f"{table}/{folder}part-{batch:06d}.parquet"


def read_manifest(out: AnyPath) -> Manifest:
    """Read the manifest of a dataset.

    Raises
    ------
    InputError
        If the manifest is missing or cannot be read.
    RemoteError
        If S3 rejects a request.
    """
    path = out / MANIFEST
    if not path.is_file():
        old = (out / "_runs").is_dir() if hasattr(out, "is_dir") else False
        reason = (
            "the dataset has version 0.1, which this version cannot read. Export the sources again."
            if old
            else "not a dataset, because it has no manifest. Pass the folder that ptrack export wrote."
        )
        raise InputError(f"{out}: {reason}")
    try:
        return parse_manifest(path.read_bytes(), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
