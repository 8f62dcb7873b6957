"""Files of tables whose columns the caller names: CSV and Parquet."""

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.in_memory import named_columns, of_arrow_table, of_named
from ptrack_analysis.io.trackers.roles import by_own_names, checked
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.text import csv_cells, read_raw
from ptrack_analysis.io.trackers.tracked import Given, Tracked, named, title_of_source

MAX_ROWS = 2**28
"""Most rows of a Parquet file that are read."""
_PARQUET = b"PAR1"


def read_table(path: AnyPath, given: Given) -> Tracked:
    """Read a CSV or Parquet file whose columns the caller names.

    ``columns`` maps roles to the file's columns: ``id``; one of ``frame``, ``timestamp_ms``, ``time_s``;
    ``left`` with ``right`` or ``width``, or ``centre_x`` with ``width``; ``top`` with ``bottom`` or
    ``height``, or ``centre_y`` with ``height``; perhaps ``confidence``, ``class``, ``class_name``. Without
    ``columns``, those that bear the names of their roles are taken. Sides are in px unless ``unit`` is
    ``fraction``; the frame's upper left corner is (0, 0). Frames are counted from 0 where a frame 0 occurs,
    else from 1, which is noted, unless ``first_frame`` is given. Times are cut to whole ms.

    Parameters
    ----------
    path
        The file; what it is, is seen by looking at it.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name`` where they are named.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no row has an id.
    ParameterError
        If a column is not there, roles are missing, or the frame size or rate is needed and not known.
    """
    raw = _first_bytes(path)
    video = named(given.video, title_of_source(path))
    if raw == _PARQUET:
        return of_arrow_table(_parquet(path, given), str(path), given, video)
    cells = csv_cells(path)
    return of_named(cells, named_columns(given, list(cells.columns), cells.place), given, video)


def fits_table(sample: Sample) -> str | None:
    """Say why a file's columns do not bear the names of roles, None if they do."""
    if sample.is_folder:
        return "a folder"
    if sample.head.startswith(_PARQUET):
        return "a Parquet file, whose columns are to be named with columns (--columns)"
    own = by_own_names(sample.header)
    try:
        checked(own, sample.header, "its first line")
    except ParameterError as error:
        return f"its columns are to be named with columns (--columns): {error}"
    return None


def _parquet(path: AnyPath, given: Given) -> pa.Table:
    try:
        with pq.ParquetFile(pa.BufferReader(read_raw(path))) as file:
            if file.metadata.num_rows > MAX_ROWS:
                raise InputError(f"{path}: {file.metadata.num_rows} rows; at most {MAX_ROWS} are read")
            columns = named_columns(given, file.schema_arrow.names, str(path))
            return file.read(columns=list(dict.fromkeys(columns.values())))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from error


def _first_bytes(path: AnyPath) -> bytes:
    try:
        with path.open("rb") as stream:
            first: bytes = stream.read(len(_PARQUET))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return first
