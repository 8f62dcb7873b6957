"""The pages of one video spilled to disk: sorted there, and read back block after block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.io.reading import Reading
from ptrack_analysis.io.rows import Collector, Rows
from ptrack_analysis.io.tracking import load_elsewhere
from ptrack_analysis.video import Video

_BOX = 4
_AT_ONCE = 65_536
"""Rows of a row group of the spilled files, which are read one by one."""
_SORT_MEMORY = "300MB"
_PATTERN = re.compile(r"([*?\[])")
"""What DuckDB takes for a pattern in the name of a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Spill:
    """One video's rows on disk, by time and person and by person and time, and what was noticed on the way.

    The same person may be there twice at one moment; the blocks have one row of both. ``reading`` has no
    detections.
    """

    reading: Reading
    by_time: Path
    by_person: Path
    faces: bool

    def empty_block(self) -> pd.DataFrame:
        """Give a block of no rows."""
        return Collector(faces=self.faces).table()[0]


@dataclass(slots=True)
class Spiller:
    """Rows of pages on their way to a file; only the fingerprints of the pages stay in memory."""

    path: Path
    faces: bool = True
    landmarks: bool = False
    ordered: bool = True
    _last: tuple[int, int] = (-1, -1)
    _waiting: list[Rows] = field(default_factory=list)
    _digests: list[bytes] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def __len__(self) -> int:
        """Count the pages that were taken in."""
        return len(self._digests)

    def add(self, rows: Rows) -> None:
        """Take in a page's rows."""
        self._digests.append(rows.digest())
        self._waiting.append(rows)
        if sum(len(page.time) for page in self._waiting) >= _AT_ONCE:
            self._write()

    def digest_of(self, number: int) -> bytes:
        """Give the fingerprint of a page that was taken in."""
        return self._digests[number]

    def close(self) -> None:
        """Write what is left; the file is whole then."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def _write(self) -> None:
        names = Collector(faces=self.faces, landmarks=self.landmarks).columns()
        time = np.concatenate([np.empty(0, "int64"), *(page.time for page in self._waiting)])
        person = np.concatenate([np.empty(0, "int64"), *(page.person for page in self._waiting)])
        parts = [self._values(page, len(names)) for page in self._waiting]
        values = np.concatenate([np.empty((len(names), 0)), *parts], axis=1)
        self._waiting.clear()
        self._notice_order(time, person)
        table = pa.table({"time": time, "person": person, **dict(zip(names, values, strict=True))})
        if self._writer is None:
            self._writer = _writer(self.path, table.schema)
        self._writer.write_table(table)

    def _values(self, page: Rows, columns: int) -> np.ndarray:
        """Put boxes and faces at their rows, NaN where there is none."""
        values = np.full((columns, len(page.time)), np.nan)
        values[:_BOX, page.has_box] = page.boxes
        if self.faces:
            values[_BOX:, page.has_face] = page.faces
        return values

    def _notice_order(self, time: np.ndarray, person: np.ndarray) -> None:
        """Notice whether the rows still grow by time and person, none being there twice."""
        if not self.ordered or not len(time):
            return
        later, same = time[1:] > time[:-1], time[1:] == time[:-1]
        grows = (later | (same & (person[1:] > person[:-1]))).all()
        self.ordered = bool(grows) and self._last < (int(time[0]), int(person[0]))
        self._last = int(time[-1]), int(person[-1])


def spill(
    reference: VideoReference, folder: Path, *, video: Video | None = None, faces: bool = True
) -> Spill:
    """Read the pages of one video one by one into files of a folder, and sort them there.

    Parameters
    ----------
    reference
        The video, of pages.
    folder
        Where the files are made; what else is there is left.
    video
        Facts to fall back to where the pages have none.
    faces
        Whether to read faces.

    Raises
    ------
    PtrackError
        If the pages cannot be read, as ``read_tracking``; also for what makes the job unusable only then.
    OutputError
        If there is no room in the folder.
    ParameterError
        If DuckDB is not installed.

    Notes
    -----
    Memory: one page, ``300MB`` for the sort, 16 bytes a page. Disk: three times 6 numbers a row (16 with
    faces), of 8 bytes each, compressed.
    """
    sorter = sorter_of()
    pages, by_time, by_person = (folder / f"{name}.parquet" for name in ("pages", "by_time", "by_person"))
    spiller = Spiller(pages, faces=faces)
    try:
        reading = load_elsewhere(reference, spiller, video)
        spiller.close()
        if spiller.ordered:
            pages.rename(by_time)
        else:
            _sort(sorter, pages, by_time, "time, person")
            pages.unlink()
        _sort(sorter, by_time, by_person, "person, time")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return Spill(reading, by_time, by_person, faces)


def blocks_by_time(spilled: Spill, rows: int) -> Iterator[tuple[pd.DataFrame, int]]:
    """Give DETECTIONS of about so many rows, of whole moments, one after the other; and how many were merged.

    A moment with more rows than a block makes the block larger. Nobody detected: no blocks.
    """
    yield from _blocks(spilled, spilled.by_time, "time", rows)


def blocks_by_person(spilled: Spill, rows: int) -> Iterator[tuple[pd.DataFrame, int]]:
    """Give DETECTIONS of about so many rows, of whole persons, one after the other; and how many were merged.

    A person with more rows than a block makes the block larger. Nobody detected: no blocks.
    """
    yield from _blocks(spilled, spilled.by_person, "person", rows)


def sorter_of() -> ModuleType:
    """Give DuckDB, which sorts what does not fit into memory.

    Raises
    ------
    ParameterError
        If it is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise ParameterError(
            "a video larger than memory is sorted by DuckDB, which is not installed: "
            "pip install 'ptrack-analysis[duckdb]'"
        ) from error
    module: ModuleType = duckdb
    return module


def _blocks(spilled: Spill, path: Path, key: str, rows: int) -> Iterator[tuple[pd.DataFrame, int]]:
    """Cut a sorted file where the key changes, each block having at least so many rows, but the last."""
    waiting: list[pa.RecordBatch] = []
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=min(_AT_ONCE, rows)):
            waiting.append(batch)
            if sum(part.num_rows for part in waiting) < rows:
                continue
            labels = batch[key].to_numpy()
            changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
            before = len(waiting) > 1 and waiting[-2][key][-1].as_py() != labels[0]
            cut = int(changes[-1]) if len(changes) else 0
            if cut or before:
                yield _detections([*waiting[:-1], batch.slice(0, cut)], faces=spilled.faces)
                waiting = [batch.slice(cut)]
    if sum(part.num_rows for part in waiting):
        yield _detections(waiting, faces=spilled.faces)


def _detections(batches: list[pa.RecordBatch], *, faces: bool) -> tuple[pd.DataFrame, int]:
    """Make the DETECTIONS table of some rows, just as it is made of all."""
    table = pa.Table.from_batches(batches)
    values = np.stack([column.to_numpy() for column in table.columns[2:]])
    there = np.ones(table.num_rows, dtype=bool)
    rows = Rows(
        time=table["time"].to_numpy(),
        person=table["person"].to_numpy(),
        has_box=there,
        boxes=values[:_BOX],
        has_face=there,
        faces=values[_BOX:],
    )
    return Collector(faces=faces, pages=[rows]).table()


def literal(path: Path) -> str:
    """Write a path so that DuckDB reads just this file, whatever signs of a pattern its name has."""
    return _PATTERN.sub(r"[\1]", str(path))


def _sort(sorter: ModuleType, source: Path, target: Path, order: str) -> None:
    """Sort a file by DuckDB, within a stated memory."""
    options = {"memory_limit": _SORT_MEMORY, "threads": 1, "temp_directory": str(source.parent / "sort")}
    read, written = (path.replace("'", "''") for path in (literal(source), str(target)))
    try:
        with sorter.connect(config=options) as connection:
            connection.execute("SET enable_progress_bar = false")  # it would go to stdout, among the data
            connection.execute(
                f"COPY (SELECT * FROM read_parquet('{read}') ORDER BY {order}) TO '{written}' "  # noqa: S608 - paths are quoted
                f"(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {_AT_ONCE})"
            )
    except sorter.Error as error:
        raise OutputError(f"{source.parent}: the rows cannot be sorted there: {error}") from error


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=["person"])
