"""Compacting a dataset: its tables as few large files, published by one rename."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.dataset.compact.describing import describe, is_by_day
from ptrack_analysis.dataset.compact.guarding import refuse_place
from ptrack_analysis.dataset.compact.joining import join_table
from ptrack_analysis.dataset.compact.planning import Planned, plan
from ptrack_analysis.dataset.compact.publishing import publish, stage_beside
from ptrack_analysis.dataset.compact.record import COMPACT_PLACE, new_compact_record
from ptrack_analysis.dataset.compact.uploading import upload
from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.dataset.verify.shelf import Shelf
from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import amount_of_bytes
from ptrack_analysis.storage.files import make_folder, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path, path_of

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
        If there is no dataset, or one of its files is missing or not that of its record.
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
    source, target = path_of(out), path_of(big)
    if isinstance(source, Path) and not source.is_dir():
        raise InputError(f"{source}: there is no such folder, so no dataset")
    refuse_place(source, target, force=force)
    with ExitStack() as stack:
        stack.enter_context(locked(source))
        planned = plan(source)
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
    return CompactSummary(path_of(big), tuple(one.record.video for one in planned), files)


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
