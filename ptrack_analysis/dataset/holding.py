"""Contents of a dataset by its records: videos, tables and files."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ptrack_analysis.dataset.compaction_record import (
    COMPACT_PLACE,
    CompactRecord,
    parse_compact_record,
    read_all_records,
)
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.records import (
    FOLDERS,
    RECORDS,
    VideoEntry,
    VisitEnds,
    place_file,
    read_observed_ends,
)
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.s3 import AnyPath, ahead

_SHOWN = 5
_SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of a table: its place below the dataset's folder, and its video where it is of one alone."""

    place: str
    video: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The names of the videos, the files of each table, and whether small counts are suppressed.

    ``observed`` has the entries and exits of each video at which the start and the end of a visit are
    observed. ``lines`` has the names of the lines of each video.
    """

    videos: tuple[str, ...]
    parts: Mapping[str, tuple[DatasetFile, ...]]
    withheld: bool = False
    observed: Mapping[str, VisitEnds] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_manifest(root: AnyPath) -> Manifest:
    """Read what a dataset holds, or a compacted one; what no record tells of is not there.

    Raises
    ------
    InputError
        If there is no record.
    RemoteError
        If S3 refuses.
    """
    compact = read_compact_record(root)
    if compact is not None:
        names = sorted(str(one["video"]) for one in compact.videos)
        found = [(place.partition("/")[0], DatasetFile(place, None)) for place in compact.outputs]
        shared = compact.shared.get("parameters", [])
        parameters = {one["video"]: shared[one["facts"]["parameters"]] for one in compact.videos}
    else:
        records = _records(root)
        names = [record.video for record in records]
        parameters = {record.video: record.parameters for record in records}
        found = [
            (place.partition("/")[0], DatasetFile(place, record.video))
            for record in records
            for place in record.outputs
            if place.partition("/")[0] in FOLDERS
        ]
    parts: dict[str, list[DatasetFile]] = {}
    for folder, part in found:
        parts.setdefault(folder.removesuffix(_SUFFIX), []).append(part)
    for name in DIMENSIONS:
        if name not in parts and (root / place_file(name)).is_file():
            parts[name] = [DatasetFile(place_file(name), None)]
    tables = [name for name in (*FOLDERS, *DIMENSIONS) if name in parts]
    withheld = any(one.get("min_count") for one in parameters.values())
    observed = {video: read_observed_ends(one) for video, one in parameters.items()}
    lines = {
        video: tuple(drawn["name"] for drawn in one.get("places", {}).get("lines", {}).values())
        for video, one in parameters.items()
    }
    return Manifest(tuple(names), {name: tuple(parts[name]) for name in tables}, withheld, observed, lines)


def unknown(place: object, kind: str, name: str, known: Iterable[str]) -> ParameterError:
    """Make the error that refuses a name which is not there, and tells those near to it."""
    names = list(known)
    close = get_close_matches(name, names, n=_SHOWN)
    shown = ", ".join(map(repr, close or names[:_SHOWN])) or "none"
    told = "near to it" if close else "there are"
    return ParameterError(f"{place}: has no {kind} {name!r}; {told}: {shown}")


def read_compact_record(root: AnyPath) -> CompactRecord | None:
    """Read the record of a compaction, where there is one.

    Raises
    ------
    InputError
        If it cannot be read.
    RemoteError
        If S3 refuses.
    """
    place = root / COMPACT_PLACE
    try:
        return parse_compact_record(place.read_bytes()) if place.is_file() else None
    except OSError as error:
        raise InputError(f"{place}: cannot be read: {error.strerror}") from error


def _records(root: AnyPath) -> list[VideoEntry]:
    """Read the records of all videos; those in S3 are brought to this machine first."""
    if isinstance(root, Path):
        return read_all_records(root)
    found = [path for path in (root / RECORDS).below() if path.name.endswith(".json")]
    with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
        (Path(folder) / RECORDS).mkdir()
        for path, fetched in zip(found, ahead(found), strict=True):
            (Path(folder) / RECORDS / path.name).write_bytes(fetched.read_bytes())
        return read_all_records(Path(folder), place=root)
