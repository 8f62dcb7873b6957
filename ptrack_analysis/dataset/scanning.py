"""Scanning the files of one table as one Arrow dataset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pa_dataset
from pyarrow.fs import LocalFileSystem

from ptrack_analysis.dataset.holding import Part
from ptrack_analysis.errors import InputError, PtrackError
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.storage.store import RangedFile

_READ = pa_dataset.ParquetFragmentScanOptions(page_checksum_verification=True)


def arrow_dataset(root: AnyPath, parts: Sequence[Part]) -> pa_dataset.FileSystemDataset:
    """Make one Arrow dataset of the files of a table, in their order.

    Its columns are those of all files; where a file has not one of them (``x_m`` of a video without floor
    plan) it is null. Only the files' footers are read here.

    Raises
    ------
    InputError
        If a file is missing or damaged, or a column has two types.
    RemoteError
        If S3 refuses.
    """
    form = pa_dataset.ParquetFileFormat(default_fragment_scan_options=_READ)
    fragments, schemas = [], []
    for part in parts:
        with told(root / part.place):
            fragment = _fragment(root / part.place, form)
            schemas.append(fragment.physical_schema)
        fragments.append(fragment)
    with told(root / parts[0].place):
        schema = pa.unify_schemas(schemas)
    return pa_dataset.FileSystemDataset(fragments, schema, form)


@contextmanager
def told(place: object) -> Iterator[None]:
    """Say in one sentence what cannot be read, and where."""
    try:
        yield
    except PtrackError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{place}: is missing, though the record of a run tells of it") from error
    except (OSError, pa.ArrowException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{place}: cannot be read as Parquet: {first}") from error


def _fragment(path: AnyPath, form: pa_dataset.ParquetFileFormat) -> pa_dataset.ParquetFileFragment:
    if isinstance(path, Path):
        return form.make_fragment(str(path), LocalFileSystem())
    return form.make_fragment(RangedFile(path))
