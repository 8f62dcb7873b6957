"""Files about a dataset: dimensions, data dictionary and views."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.athena_tables import format_athena
from ptrack_analysis.dataset.batches import format_fact
from ptrack_analysis.dataset.data_dictionary import format_dictionary
from ptrack_analysis.dataset.datapackage import format_datapackage
from ptrack_analysis.dataset.dbt_project import format_dbt
from ptrack_analysis.dataset.description import DatasetDescription, StoredTable
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.duckdb_views import format_duckdb_views
from ptrack_analysis.dataset.manifest import NULL_PARTITION, DatasetFile, Manifest, VisitEnds, place_file
from ptrack_analysis.dataset.publishing import stage_file
from ptrack_analysis.storage.arrow import to_arrow
from ptrack_analysis.storage.columns import VERSION_MARK, add_video_key, stored_key
from ptrack_analysis.storage.facts import SCHEMA_VERSION, arrow_schema
from ptrack_analysis.storage.s3 import AnyPath, S3Path


def stage_catalogue(out: AnyPath, run: str, before: Manifest, manifest: Manifest) -> tuple[DatasetFile, ...]:
    """Stage changed dimensions and descriptions, and return all of both.

    A table without rows gets an empty file.
    """
    known = {file.place: file for file in before.files}
    files = []
    for place, content, rows in _list_contents(out, before, manifest):
        view = memoryview(content)
        file = DatasetFile(place, rows, len(view), sha256(view).hexdigest())
        files.append(file if known.get(place) == file else stage_file(out, run, place, view, rows=rows))
    return tuple(files)


def _list_contents(out: AnyPath, before: Manifest, manifest: Manifest) -> Iterator[tuple[str, Any, int]]:
    """Yield the relative path, content and number of rows of each file."""
    filled = {file.table for file in manifest.files}
    is_delta = manifest.form == "delta"
    for name in () if is_delta else manifest.tables:
        if name not in filled:
            schema = manifest.schema(name)
            empty = arrow_schema(schema, manifest.further.get(name, ())).empty_table()
            yield place_file(name, 0, manifest.partition, None), format_fact(empty, schema), 0
    for name, dimension in DIMENSIONS.items():
        content = to_arrow(dimension.compute(manifest))
        marks = {**content.schema.metadata, VERSION_MARK: str(SCHEMA_VERSION).encode()}
        sink = pa.BufferOutputStream()
        pq.write_table(content.replace_schema_metadata(marks), sink, compression="zstd")
        yield name if is_delta else f"{name}/{name}.parquet", sink.getvalue(), len(content)
    description = describe_dataset(manifest, out)
    previous = describe_dataset(before, out) if before.videos else None
    texts = {
        "dictionary.md": format_dictionary(description),
        "datapackage.json": format_datapackage(description),
    }
    if not is_delta:
        texts["views/duckdb.sql"] = format_duckdb_views(description, previous)
        texts["views/athena.sql"] = format_athena(description, previous)
        texts |= format_dbt(description)
    for place, text in texts.items():
        yield place, text.encode(), 0


def describe_dataset(manifest: Manifest, out: AnyPath) -> DatasetDescription:
    """Return the description of a dataset, for its dictionary and its views."""
    observed: dict[VisitEnds, list[str]] = {}
    for video, ends in manifest.observed.items():
        observed.setdefault(ends, []).append(video)
    return DatasetDescription(
        tables=(*_list_facts(manifest), *_list_dimensions()),
        location=str(out) if isinstance(out, S3Path) else str(out.resolve()),
        partition=manifest.partition,
        form=manifest.form,
        partitions={} if manifest.file_partition is None else _list_partitions(manifest),
        observed={ends: tuple(videos) for ends, videos in observed.items()},
        min_counts=manifest.min_counts,
        salted=manifest.is_salted,
    )


def _list_facts(manifest: Manifest) -> Iterator[StoredTable]:
    for name in manifest.tables:
        schema = manifest.schema(name)
        names = [column.name for column in stored_key(add_video_key(schema)) if column.name != "person_index"]
        key = names if "person" in names or not schema.names_people else [*names, "person_index"]
        stored = arrow_schema(schema, manifest.further.get(name, ()))
        yield StoredTable(name, stored, schema.row, tuple(key))


def _list_dimensions() -> Iterator[StoredTable]:
    for name, dimension in DIMENSIONS.items():
        stored = to_arrow(dimension.compute(Manifest())).schema
        key = tuple(column.name for column in stored_key(dimension.table))
        yield StoredTable(name, stored, dimension.table.row, key, is_dimension=True)


def _list_partitions(manifest: Manifest) -> dict[str, tuple[str | None, ...]]:
    """Return the partition values of each fact; None is the partition without a date."""
    found: dict[str, set[str]] = {name: set() for name in manifest.tables}
    for file in manifest.files:
        if file.table in found:
            found[file.table].add(file.place.split("/")[1].partition("=")[2])
    return {
        name: tuple(None if value == NULL_PARTITION else value for value in sorted(values))
        for name, values in found.items()
    }
