"""Changes of a dataset by export, compact and remove."""

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from ptrack_analysis import __version__
from ptrack_analysis.clock.holidays import FindHolidays
from ptrack_analysis.dataset.batches import BatchResult, Target, format_fact, join_chunks, read_rows, restage
from ptrack_analysis.dataset.catalogue import stage_catalogue
from ptrack_analysis.dataset.delta import TableChange, list_changes
from ptrack_analysis.dataset.delta_tables import find_versions, read_videos, require_deltalake
from ptrack_analysis.dataset.dimensions import DIMENSIONS, list_days
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.dataset.manifest import (
    MANIFEST,
    STAGING,
    DatasetFile,
    Form,
    Manifest,
    Partition,
    VideoEntry,
    format_manifest,
    read_manifest,
)
from ptrack_analysis.dataset.publishing import (
    Change,
    discard_staged,
    list_places,
    publish,
    recover,
    stage_file,
)
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.arrow import to_arrow
from ptrack_analysis.storage.facts import (
    SCHEMA_VERSION,
    Further,
    arrow_schema,
    join_rows,
    join_types,
)
from ptrack_analysis.storage.parquet import make_readable
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OpenDataset:
    """A dataset at the start of a run: its manifest, and its files with their sizes.

    The manifest contains the current versions of Delta tables, ``versions`` the recorded versions.
    """

    out: AnyPath
    manifest: Manifest
    tag: str | None
    places: Mapping[str, int]
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def damaged(self) -> set[int]:
        """The batches with a file that is missing or differs from its recorded size."""
        return {
            file.batch
            for file in self.manifest.files
            if file.batch >= 0 and self.places.get(file.place) != file.size
        }

    def validate_foreign_files(self, tables: Iterable[str], *, force: bool) -> None:
        """Reject foreign files in the folders of tables, because engines would read them."""
        known = {file.place for file in self.manifest.files}
        folders = {*tables, *(file.table for file in self.manifest.files if file.place.endswith(".parquet"))}
        folders -= {*self.manifest.versions}
        foreign = [
            place for place in self.places if place not in known and place.partition("/")[0] in folders
        ]
        if not self.manifest.videos and not known:
            foreign = foreign or [*self.places]
        if foreign and not force:
            raise OutputError(
                f"{self.out}: {listed(sorted(foreign), _SHOWN)} {'was' if len(foreign) == 1 else 'were'} not "
                "written by ptrack-analysis. Use another folder, or move these files. force=True (--force) "
                "keeps them, but replaces files with the same names."
            )


@contextmanager
def changing(
    out: AnyPath, partition: Partition | None = None, form: Form | None = None
) -> Iterator[tuple[OpenDataset, Callable[[], None]]]:
    """Lock and open a dataset; remove staged files if the run fails.

    The second value is a function that raises an error if another run has taken over the dataset.
    """
    with locked(out) as check:
        dataset = _open(out, partition, form)
        try:
            yield dataset, check
        except BaseException:
            discard_staged(out)
            raise


def _open(out: AnyPath, partition: Partition | None = None, form: Form | None = None) -> OpenDataset:
    """Recover from a killed run, and read the manifest (empty for a new dataset).

    Raises
    ------
    ParameterError
        If the dataset has another partition or format, or deltalake is missing.
    OutputError
        If another program changed its Delta tables.
    """
    if form not in (None, "parquet", "delta"):
        raise ParameterError(f"as_ (--as) must be 'parquet' or 'delta', got {form!r}")
    if form == "delta":
        require_deltalake()
    recover(out)
    tag = (out / MANIFEST).find_tag() if isinstance(out, S3Path) else None
    if not (out / MANIFEST).is_file():
        if isinstance(out, Path) and (out / "_runs").is_dir():
            read_manifest(out)
        return OpenDataset(out, Manifest(partition=partition, form=form or "parquet"), tag, list_places(out))
    manifest = read_manifest(out)
    if partition is not None and partition != manifest.partition:
        raise ParameterError(
            f"partition (--partition) is {partition!r}, but {out} has "
            f"{manifest.partition or 'no partitions'}. The partition of a dataset cannot be changed. Export "
            "to another folder."
        )
    if form is not None and form != manifest.form:
        raise ParameterError(
            f"as_ (--as) is {form!r}, but {out} is a {manifest.form!r} dataset. The format of a dataset "
            "cannot be changed. Export to another folder."
        )
    versions = manifest.versions
    manifest = replace(manifest, versions=find_versions(out, manifest))
    return OpenDataset(out, manifest, tag, list_places(out), versions)


def commit(
    dataset: OpenDataset,
    target: Target,
    results: Sequence[BatchResult],
    unchanged: Mapping[str, VideoEntry],
    check: Callable[[], None],
    *,
    find_holidays: FindHolidays | None = None,
    csv: bool = False,
) -> Manifest:
    """Publish the results of a run and return the new manifest.

    Parameters
    ----------
    dataset
        The dataset at the start of the run.
    target
        The target of the run.
    results
        The results of batches, or of their chunks.
    unchanged
        New entries of videos whose rows are kept.
    check
        Raises an error if another run has taken over the dataset.
    find_holidays
        Returns the names of the public holidays of a year, for the table ``dates``.
    csv
        Whether to also write each table as CSV. Otherwise, CSV files of earlier runs are removed.
    """
    before, out = dataset.manifest, dataset.out
    touched = {result.batch for result in results}
    entries = [unchanged.get(entry.video, entry) for entry in before.videos if entry.batch not in touched]
    further: dict[str, Further] = dict(before.further)
    by_batch: dict[int, list[BatchResult]] = {}
    for result in results:
        entries += result.entries
        by_batch.setdefault(result.batch, []).append(result)
        for name, columns in result.further.items():
            further[name] = join_types(further.get(name, ()), columns)
    files = list[DatasetFile]()
    for batch, parts in by_batch.items():
        files += _complete_batch(batch, parts, target, further)
    moves = [file.place for file in files]
    for file in before.files:
        if file.batch < 0 or file.batch in touched:
            continue
        is_old = before.version < SCHEMA_VERSION
        if is_old or before.further.get(file.table, ()) != further.get(file.table, ()):
            file = restage(file, out / file.place, target, further.get(file.table, ()))  # noqa: PLW2901 - its new form
            moves.append(file.place)
        files.append(file)
    manifest = replace(
        before,
        videos=tuple(sorted(entries, key=lambda entry: entry.video)),
        files=tuple(sorted(files, key=lambda file: file.place)),
        tables=tuple(target.tables),
        further=further,
        holidays=_update_holidays(before.holidays, entries, find_holidays),
        next_batch=max([before.next_batch, *(entry.batch + 1 for entry in entries)]),
        package=__version__,
        version=SCHEMA_VERSION,
    )
    if before.form == "delta":
        changes = list_changes(before, manifest, touched, files)
        changes = tuple(_stage_whole(change, dataset, manifest, target, touched) for change in changes)
        manifest = replace(manifest, files=())
        return _publish_manifest(dataset, target, manifest, (), check, csv=csv, changes=changes)
    return _publish_manifest(dataset, target, manifest, moves, check, csv=csv)


def _stage_whole(
    change: TableChange, dataset: OpenDataset, manifest: Manifest, target: Target, touched: set[int]
) -> TableChange:
    """Stage the rows of the other videos of a table that is written completely.

    A table without rows also gets a staged file, which contains its columns.
    """
    before, schema = dataset.manifest, manifest.schema(change.table)
    if change.videos is not None:
        return change
    columns = arrow_schema(schema, manifest.further.get(change.table, ()))
    kept: dict[int, list[str]] = {}
    for entry in before.videos if change.version is not None else ():
        if entry.batch not in touched:
            kept.setdefault(entry.batch, []).append(entry.video)
    parts = {f"{change.table}/kept-{batch:06d}.parquet": names for batch, names in kept.items()}
    places = list(change.files)
    for place, names in parts.items() or {f"{change.table}/empty.parquet": []}.items():
        rows = list[pa.Table]()
        if change.version is not None and names:
            wanted = pa.array(names, pa.string())
            version = target.schema_version
            rows += read_videos(dataset.out, change.table, change.version, wanted, schema_version=version)
        content = format_fact(join_rows(rows, columns), schema)
        places.append(stage_file(dataset.out, target.run, place, content).place)
    return replace(change, files=tuple(places))


def _is_purge(before: Manifest, manifest: Manifest) -> bool:
    """Return whether videos were removed, or figures or keys of people are withheld now or before.

    If so, earlier versions of Delta tables must be deleted: they may have withheld data, or reveal it by
    their difference.
    """
    is_withheld = before.is_withheld or manifest.is_withheld
    return bool(before.videos) and (is_withheld or not {*before.names} <= {*manifest.names})


def _update_holidays(
    known: Mapping[str, str], entries: Iterable[VideoEntry], find_holidays: FindHolidays | None
) -> Mapping[str, str]:
    """Return the holidays of a dataset; a new source replaces the years it contains."""
    years = sorted({int(day[:4]) for day in list_days(entries)})
    if find_holidays is None or not years:
        return known
    found = [find_holidays(year) for year in range(years[0], years[-1] + 1)]
    new = {day: name for names in found for day, name in names.items()}
    replaced = {day.year for day in new}
    kept = {day: name for day, name in known.items() if int(day[:4]) not in replaced}
    return dict(sorted((kept | {day.isoformat(): name for day, name in new.items()}).items()))


def _stage_csv(manifest: Manifest, target: Target, moved: set[str]) -> Iterator[DatasetFile]:
    """Stage each table as a CSV file with the rows of all batches."""
    staging = target.out / STAGING / target.run
    for name, schema in target.tables.items():
        files = [(staging if file.place in moved else target.out, file) for file in manifest.files_of(name)]
        rows = (read_rows(folder / file.place, file) for folder, file in files)
        stored = arrow_schema(schema, manifest.further.get(name, ()))
        yield _stage_copy(target, name, chain([stored.empty_table()], rows))
    for name, dimension in DIMENSIONS.items():
        yield _stage_copy(target, name, [to_arrow(dimension.compute(manifest))])


def _stage_copy(target: Target, name: str, parts: Iterable[pa.Table]) -> DatasetFile:
    """Stage the rows of a table as a CSV file; the first part defines the columns."""
    readable = map(make_readable, parts)
    first = next(readable)
    rows = len(first)
    with tempfile.TemporaryFile() as file:
        with pa_csv.CSVWriter(file, first.schema) as writer:
            writer.write_table(first)
            for part in readable:
                writer.write_table(part)
                rows += len(part)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return stage_file(target.out, target.run, f"csv/{name}.csv", content, rows=rows)


def _complete_batch(
    batch: int, parts: Sequence[BatchResult], target: Target, further: Mapping[str, Further]
) -> Iterable[DatasetFile]:
    """Return the files of a batch, joined from chunks, with all further columns."""
    staging = target.out / STAGING / target.run
    if any("_chunks/" in file.place for part in parts for file in part.files):
        return join_chunks(batch, parts, target, further)
    return [
        file
        if part.further.get(file.table, ()) == further.get(file.table, ())
        else restage(file, staging / file.place, target, further[file.table])
        for part in parts
        for file in part.files
    ]


def _publish_manifest(
    dataset: OpenDataset,
    target: Target,
    manifest: Manifest,
    moves: Sequence[str],
    check: Callable[[], None],
    *,
    csv: bool,
    changes: tuple[TableChange, ...] = (),
) -> Manifest:
    """Stage dimensions and descriptions, and publish the change if anything differs."""
    before, out = dataset.manifest, dataset.out
    copies = tuple(_stage_csv(manifest, target, {*moves})) if csv else ()
    others = (*copies, *stage_catalogue(out, target.run, before, manifest))
    manifest = replace(manifest, files=(*manifest.files, *others))
    known = {file.place: file for file in before.files}
    changed = (*moves, *(file.place for file in others if known.get(file.place) != file))
    kept = {file.place for file in manifest.files}
    removals = tuple(file.place for file in before.files if file.place not in kept)
    if manifest.form == "delta":
        dimensions = [place for place in changed if place in DIMENSIONS]
        changes += tuple(
            TableChange(place, (place,), None, before.versions.get(place)) for place in dimensions
        )
        changed = tuple(place for place in changed if place not in DIMENSIONS)
    recorded = replace(before, files=(), versions=dataset.versions)
    is_same = {*manifest.files} == {*before.files} and replace(manifest, files=()) == recorded
    if changed or removals or changes or not is_same:
        change = Change(target.run, changed, removals, changes, bool(changes) and _is_purge(before, manifest))
        publish(out, change, format_manifest(manifest), check, tag=dataset.tag)
    return manifest
