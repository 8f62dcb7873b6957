"""Compacting a dataset: many small files joined to few large ones."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, groupby
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.compaction_files import publish, stage_beside, upload, validate_target
from ptrack_analysis.dataset.compaction_record import (
    COMPACT_PLACE,
    NO_DAY,
    Planned,
    describe,
    is_by_day,
    new_compact_record,
    plan,
)
from ptrack_analysis.dataset.dictionary import find_type_conflicts
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.dataset.records import FOLDERS, table_place
from ptrack_analysis.dataset.verify.sums import Shelf, TableFile
from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.limits import amount_of_bytes
from ptrack_analysis.storage.files import checksum, flush, make_folder, write_text
from ptrack_analysis.storage.parquet import ROW_GROUP, options_for
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path

_FIX = "run ptrack export again, and compact the dataset then"


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of one table that go to files of their own: those of one day, with the same columns."""

    day: str | None
    schema: pa.Schema
    is_sorted: bool


def join_table(
    folder: str, planned: Sequence[Planned], shelf: Shelf, stage: Path, *, by_day: bool, file_size: int
) -> dict[str, dict[str, Any]]:
    """Write one table of all videos as few large files; give rows and checksum of each by its place.

    Files are made in the order of the videos. One ends with the row group with which it reaches
    ``file_size`` bytes, at the end of a day, and where the next video's columns are other ones. Row groups
    have 131 072 rows, but for the last of a file. The name of a file has the first digits of its checksum:
    two contents never have one name.

    Raises
    ------
    InputError
        If a file of the dataset is missing, or is not the one of its record.
    OutputError
        If the disk is full, or cannot be written to.

    Notes
    -----
    One row group is read, and at most one waits to be written, whatever the number of rows.
    """
    outputs: dict[str, dict[str, Any]] = {}
    numbers: dict[str | None, Iterator[int]] = {}
    having = [one for one in planned if folder in one.rows]
    for _, stretch in groupby(having, lambda one: _kind(folder, one, shelf)):
        videos = list(stretch)
        joined = _joined(folder, videos[0], shelf)
        groups = _regrouped(_read_rows(folder, videos, shelf), joined.schema)
        below = f"{folder}/day={joined.day or NO_DAY}" if by_day else folder
        make_folder(stage / below)
        for number in numbers.setdefault(joined.day, count()):
            path = stage / below / f"part-{number:05d}"
            rows, is_last = _write_file(path, groups, joined, file_size)
            digest = checksum(path)
            named = path.with_name(f"{path.name}-{digest[:8]}.parquet")
            path.rename(named)
            outputs[named.relative_to(stage).as_posix()] = {"rows": rows, "sha256": digest}
            if is_last:
                break
    return outputs


def _kind(folder: str, one: Planned, shelf: Shelf) -> tuple[str | None, bytes, bool]:
    """Return what decides whether a video's rows may follow those of the video before in one file."""
    joined = _joined(folder, one, shelf)
    return joined.day, joined.schema.serialize().to_pybytes(), joined.is_sorted


def _joined(folder: str, one: Planned, shelf: Shelf) -> Joined:
    place = table_place(folder, one.record.video)
    try:
        foot = pq.read_metadata(shelf.local(place))
    except FileNotFoundError as error:
        raise InputError(f"{shelf.root}/{place}: is missing: {_FIX}") from error
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{shelf.root}/{place}: cannot be read as Parquet: {_FIX}") from error
    is_sorted = not foot.num_rows or bool(foot.row_group(0).sorting_columns)
    return Joined(one.day, foot.schema.to_arrow_schema(), is_sorted)


def _read_rows(folder: str, videos: Iterable[Planned], shelf: Shelf) -> Iterator[pa.Table]:
    """Read the rows of the videos' files, each of which is first compared with its record."""
    for one in videos:
        place = table_place(folder, one.record.video)
        if checksum(shelf.local(place)) != one.record.outputs[place]["sha256"]:
            raise InputError(f"{shelf.root}/{place}: is not the file of its record: {_FIX}")
        yield from shelf.batches([TableFile(folder, place, 0, one.rows[folder])])


def _regrouped(batches: Iterable[pa.Table], schema: pa.Schema) -> Iterator[tuple[pa.Table, bool]]:
    """Cut rows into row groups, and tell of each whether it is the last; no rows make one without any."""
    waiting, rows = [schema.empty_table()], 0
    for batch in batches:
        waiting.append(batch.replace_schema_metadata(schema.metadata))
        rows += batch.num_rows
        while rows > ROW_GROUP:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP), False
            rest = whole.slice(ROW_GROUP).combine_chunks()
            waiting, rows = [rest], rest.num_rows
    yield pa.concat_tables(waiting), True


def _write_file(
    path: Path, groups: Iterator[tuple[pa.Table, bool]], joined: Joined, file_size: int
) -> tuple[int, bool]:
    """Write row groups until the file is full; give its rows, and whether none are left."""
    rows, is_last = 0, False
    try:
        with path.open("xb") as file:
            options = options_for(joined.schema.empty_table(), is_sorted=joined.is_sorted)
            with pq.ParquetWriter(file, joined.schema, **options) as writer:
                for group, is_last in groups:  # noqa: B007 - read after the loop
                    writer.write_table(group, row_group_size=ROW_GROUP)
                    rows += group.num_rows
                    if file.tell() >= file_size:
                        break
            flush(file)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return rows, is_last


FILE_SIZE = "128MB"
_LEAST, _MOST = 1, 4 * 10**9
Progress = Callable[[str, int], object]


@dataclass(frozen=True, slots=True)
class CompactSummary:
    """What became of a compaction: the new dataset's folder, its videos, each file's rows by its place."""

    out: AnyPath
    videos: tuple[str, ...]
    files: dict[str, int]


def compact_dataset(
    out: str | PathLike[str] | S3Path,
    big: str | PathLike[str] | S3Path,
    *,
    file_size: int | str = FILE_SIZE,
    force: bool = False,
    progress: Progress | None = None,
) -> CompactSummary:
    """Write the tables of a dataset as few large files, to a folder of their own.

    The rows are those of the dataset, video after video in the order of the names, each in the order of its
    table's key. A file ends with the row group with which it reaches ``file_size``; the row groups have
    131 072 rows. Where the clock of a video is known, the tables lie by the local day on which the recordings
    start, ``visits/day=2026-03-29/part-00000-1f8a03c2.parquet``; videos without a clock are then of the day
    that Hive calls ``__HIVE_DEFAULT_PARTITION__``, which readers take for null. The day is in the name of the
    folder and not in the file. Videos whose tables have other columns (px and m, with faces or without) go to
    files of their own. Beside the tables lie the same catalogue and ``_runs/compact.json``, which tells what
    is in which file; CSV files are left out. The same dataset gives the same bytes.

    On disk all is made in a hidden folder beside ``big``, brought to the disk, and put there in one step, so
    that at any moment the old one or the new one is there, whole. In S3 the new files go up first, under
    names of their own, then the catalogue, then the record, and at last what is no longer needed goes: who
    reads the record, and the files that it names, sees the old or the new dataset; who lists the folders
    sees files of both meanwhile.

    Parameters
    ----------
    out
        The dataset, on disk or in S3; no export may run on it meanwhile.
    big
        The folder of the compacted dataset, on disk or in S3; an earlier one is replaced.
    file_size
        Size with which a file ends, from 1 byte to 4 GB: a number of bytes, or a text such as ``"256MB"``.
    force
        Whether a folder may be replaced in which there are files at the places of a dataset's that the
        package did not write. Any other file in it is refused all the same, for it would be lost.
    progress
        Called before each table with its name, and the number of tables.

    Returns
    -------
    CompactSummary
        The new dataset.

    Raises
    ------
    InputError
        If there is no dataset, one of its files is missing or not that of its record, or a column of the
        sources has types that cannot be joined, such as text and int64.
    ParameterError
        If ``file_size`` is out of its range.
    OutputError
        If ``big`` is somebody else's, is the dataset itself or lies in it, or cannot be written; if another
        run holds one of the two.
    RemoteError
        If S3 refuses.

    Notes
    -----
    One row group is read and one waits to be written, of one table at a time: the memory needed does not
    grow with the dataset, but for its records.
    """
    size = amount_of_bytes(file_size, "file_size", least=_LEAST, most=_MOST)
    source, target = parse_path(out), parse_path(big)
    if isinstance(source, Path) and not source.is_dir():
        raise InputError(f"{source}: there is no such folder, so no dataset")
    validate_target(source, target, force=force)
    with ExitStack() as stack:
        stack.enter_context(locked(source))
        planned = plan(source)
        conflicts = find_type_conflicts(one.record for one in planned)
        if conflicts:
            raise InputError(
                f"{source}: {conflicts[0]}, which cannot be one column. Rename the column in one of the "
                "sources and export that again, or compact the videos to separate datasets."
            )
        if isinstance(target, S3Path):
            stage = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ptrack-")))
        else:
            target = target.resolve()
            if target.exists():  # an earlier one, which goes as a whole, its lock too
                stack.enter_context(locked(target))
            stage = stack.enter_context(stage_beside(target))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ptrack-")))
        files = _make(planned, Shelf(source, scratch), stage, size, progress)
        if isinstance(target, S3Path):
            with locked(target):
                upload(stage, target)
        else:
            publish(stage, target)
    return CompactSummary(parse_path(big), tuple(one.record.video for one in planned), files)


def _make(
    planned: list[Planned], shelf: Shelf, stage: Path, file_size: int, progress: Progress | None
) -> dict[str, int]:
    """Make the compacted dataset in an empty folder; give the rows of its files."""
    records = [one.record for one in planned]
    by_day = is_by_day(records)
    record = new_compact_record((one.record, one.day, one.rows) for one in planned)
    folders = [folder for folder in FOLDERS if any(folder in one.rows for one in planned)]
    for folder in folders:
        if progress is not None:
            progress(folder, len(folders))
        made: dict[str, dict[str, Any]] = join_table(
            folder, planned, shelf, stage, by_day=by_day, file_size=file_size
        )
        record.outputs.update(made)
    describe(stage, record.records(), is_compact=True)
    make_folder((stage / COMPACT_PLACE).parent)
    write_text(stage / COMPACT_PLACE, record.text())
    return {place: int(made["rows"]) for place, made in record.outputs.items()}
