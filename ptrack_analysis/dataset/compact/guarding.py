"""Which folders a compaction may replace."""

from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.compact.record import COMPACT_PLACE, compact_record_of
from ptrack_analysis.dataset.layout import FOLDERS, PRIVATE, RECORDS
from ptrack_analysis.dataset.ownership import was_written
from ptrack_analysis.errors import OutputError, RemoteError
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_SHOWN = 3


def refuse_place(source: AnyPath, target: AnyPath, *, force: bool) -> None:
    """Refuse to write where the dataset lies, or where something lies that no compaction made.

    Raises
    ------
    OutputError
        If the target is a file, is the dataset, lies in it or holds it, or has files that would be lost.
    """
    _refuse_overlap(source, target)
    if isinstance(target, Path) and target.exists() and not target.is_dir():
        raise OutputError(f"{target}: is a file, so no dataset can be written there")
    if isinstance(target, S3Path) and target.is_file():
        raise OutputError(f"{target}: is an object, so no dataset can be written there")
    places = _places(target)
    known = _recorded(target)
    unknown = [place for place in places if place not in known]
    foreign = [place for place in unknown if not _is_of_dataset(place)]
    if foreign:
        raise OutputError(
            f"{target}: {listed(foreign, _SHOWN)} would be lost, for the whole folder is replaced: "
            "give another folder"
        )
    if unknown and not force:
        raise OutputError(
            f"{target}: {listed(unknown, _SHOWN)} would be replaced, but no compaction made that: give "
            "another folder, or force=True (in the shell --force)"
        )


def _refuse_overlap(source: AnyPath, target: AnyPath) -> None:
    if isinstance(source, Path) and isinstance(target, Path):
        one, other = source.resolve(), target.resolve()
        overlap = one.is_relative_to(other) or other.is_relative_to(one)
    elif isinstance(source, S3Path) and isinstance(target, S3Path):
        keys = [f"{path.key}/" if path.key else "" for path in (source, target)]
        overlap = source.bucket == target.bucket and (
            keys[0].startswith(keys[1]) or keys[1].startswith(keys[0])
        )
    else:
        return
    if overlap:
        raise OutputError(f"{target}: is the dataset itself, lies in it or holds it: give another folder")


def _places(target: AnyPath) -> list[str]:
    """List the files that are there, and links and folders that are empty too."""
    if isinstance(target, S3Path):
        found = [path.relative_to(target).as_posix() for path in target.below()]
    elif target.is_dir():
        paths = sorted(target.rglob("*"))
        found = [
            path.relative_to(target).as_posix()
            for path in paths
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
        ]
    else:
        found = []
    return [place for place in found if place.split("/")[0] != PRIVATE]


def _recorded(target: AnyPath) -> set[str]:
    """List what an earlier compaction made there, by its own record."""
    try:
        record = compact_record_of((target / COMPACT_PLACE).read_bytes())
    except (OSError, RemoteError):
        return set()
    if record is None:
        return set()
    described = {place for place in CATALOGUE if isinstance(target, S3Path) or was_written(target, place)}
    return {*record.outputs, *described, COMPACT_PLACE}


def _is_of_dataset(place: str) -> bool:
    """Whether a file lies where a dataset has its own."""
    first = place.partition("/")[0]
    return place in CATALOGUE or first == RECORDS or (first in FOLDERS and place.endswith(".parquet"))
