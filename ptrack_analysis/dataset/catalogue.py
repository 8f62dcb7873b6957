"""What describes a dataset as a whole: its dimensions, its dictionary and its views."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.manifest import DatasetFile, Manifest, place_file
from ptrack_analysis.dataset.publishing import stage_file
from ptrack_analysis.storage.arrow import to_arrow
from ptrack_analysis.storage.columns import VERSION_MARK
from ptrack_analysis.storage.facts import SCHEMA_VERSION, arrow_schema, write_fact
from ptrack_analysis.storage.s3 import AnyPath


def stage_catalogue(out: AnyPath, run: str, before: Manifest, manifest: Manifest) -> tuple[DatasetFile, ...]:
    """Stage what describes a dataset, where it differs from what is there; return all these files.

    These are the dimensions, an empty file of each table without rows, and the texts.
    """
    known = {file.place: file for file in before.files}
    files = []
    for place, content, rows in _list_contents(manifest):
        view = memoryview(content)
        file = DatasetFile(place, rows, len(view), sha256(view).hexdigest())
        files.append(file if known.get(place) == file else stage_file(out, run, place, view, rows=rows))
    return tuple(files)


def _list_contents(manifest: Manifest) -> Iterator[tuple[str, Any, int]]:
    """Return the place, content and rows of each file."""
    filled = {file.table for file in manifest.files}
    for name in manifest.tables:
        if name not in filled:
            schema = manifest.schema(name)
            content = arrow_schema(schema, manifest.further.get(name, ())).empty_table()
            sink = pa.BufferOutputStream()
            write_fact(content, schema, sink)
            yield place_file(name, 0, manifest.partition, None), sink.getvalue(), 0
    for name, dimension in DIMENSIONS.items():
        content = to_arrow(dimension.compute(manifest.videos))
        content = content.replace_schema_metadata(
            {**content.schema.metadata, VERSION_MARK: str(SCHEMA_VERSION).encode()}
        )
        sink = pa.BufferOutputStream()
        pq.write_table(content, sink, compression="zstd")
        yield f"{name}/{name}.parquet", sink.getvalue(), len(content)
