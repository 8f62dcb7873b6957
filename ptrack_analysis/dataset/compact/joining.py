"""Joining the files of one table, video after video, into few large ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.compact.planning import NO_DAY, Planned
from ptrack_analysis.dataset.layout import table_place
from ptrack_analysis.dataset.verify.shelf import Part, Shelf
from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.storage.files import checksum, flush, make_folder
from ptrack_analysis.storage.parquet import ROW_GROUP, options_for

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
        groups = _regrouped(_rows_of(folder, videos, shelf), joined.schema)
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
    """Give what decides whether a video's rows may follow those of the video before in one file."""
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


def _rows_of(folder: str, videos: Iterable[Planned], shelf: Shelf) -> Iterator[pa.Table]:
    """Read the rows of the videos' files, each of which is first compared with its record."""
    for one in videos:
        place = table_place(folder, one.record.video)
        if checksum(shelf.local(place)) != one.record.outputs[place]["sha256"]:
            raise InputError(f"{shelf.root}/{place}: is not the file of its record: {_FIX}")
        yield from shelf.batches([Part(folder, place, 0, one.rows[folder])])


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
