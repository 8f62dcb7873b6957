"""SQLite databases of JuPedSim, opened read-only with an untrusted schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.cells import Cells, of_values
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.roles import list_columns
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_raw
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_MAGIC = b"SQLite format 3\0"
_TABLE = "trajectory_data"
_COLUMNS = {"frame": "frame", "id": "id", "x": "pos_x", "y": "pos_y"}
_ALLOWED = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_PRAGMA,
)
_LONGEST = 2**24
"""Longest text that is read, including the schema [bytes]."""
_SMALLEST_ROW = 4
"""Lower limit of the size of a row in the file [bytes]."""
_CHUNK = 2**16
_STEPS = 10_000
_SCHEMA_SECONDS = 3.0
"""Reading the schema of JuPedSim takes milliseconds."""
_ROW_SECONDS = 60.0
_SECONDS_PER_BYTE = 1e-6
_SHOWN_TABLES = 1000
_LOGS = ("-wal", "-journal")
_LOG_MAGIC = 8
"""Number of bytes at the start of a log that are not all zero if the log is in use."""
_WAL_FLAGS = slice(18, 20)


def read_jupedsim(path: AnyPath, given: Given) -> Rows:
    """Read an SQLite database of JuPedSim of any version.

    Positions are in meters, and frames are counted from 0. Only the plain columns of the table
    ``trajectory_data`` and the frame rate ``fps`` of ``metadata`` are read. The file is opened read-only.
    Views, virtual tables and generated columns are rejected. The geometry is not read; a note reports this.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If the file is not a JuPedSim database, is damaged or open in another program, or a value is invalid.
    ParameterError
        If the caller names columns.

    References
    ----------
    JuPedSim, ``SqliteTrajectoryWriter``.
    """
    validate_columns(given, str(path))
    with _open(path) as database:
        _validate_columns(database, str(path))
        rate = _find_rate(database, str(path))
        notes = ["the geometry of the simulation is not read"] if _find_table(database, "geometry") else []
        _limit_time(database, _ROW_SECONDS + _SECONDS_PER_BYTE * path.stat().st_size)
        cells = _read_cells(database, path, given)
    layout = BoxLayout(columns=_COLUMNS, first_frame=0, unit="m")
    video = named(given.video, title_of_source(path), frame_rate=rate)
    return Rows(cells, layout, oddities=tuple(notes), video=video)


def fits_jupedsim(sample: Sample) -> str | None:
    """Return why a file is not a database of JuPedSim, or None if it is."""
    if (reason := accepts_sqlite(sample)) is not None:
        return reason
    if not isinstance(sample.path, Path):
        return None
    try:
        with _open(sample.path) as database:
            _validate_columns(database, str(sample.path))
    except InputError as error:
        return str(error).removeprefix(f"{sample.path}: ")
    return None


def accepts_sqlite(sample: Sample) -> str | None:
    """Return why a file is not an SQLite database, or None if it is."""
    return None if not sample.is_folder and sample.head.startswith(_MAGIC) else "not an SQLite database"


@contextmanager
def _open(path: AnyPath) -> Iterator[sqlite3.Connection]:
    """Open a database read-only, with a time limit for reading the schema.

    Raises
    ------
    InputError
        If the file is not an SQLite database, is damaged or not closed, or takes too long.
    """
    try:
        with closing(_connect(path)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            database.set_authorizer(_authorize)
            _limit_time(database, _SCHEMA_SECONDS)
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise InputError(
                f"{path}: reading the SQLite database takes too long. The file is damaged, or its schema is "
                "not JuPedSim's."
            ) from error
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: cannot be read as an SQLite database: {reason}. The file is damaged or incomplete."
        ) from error


def _limit_time(database: sqlite3.Connection, seconds: float) -> None:
    """Interrupt the database after this time."""
    end = monotonic() + seconds
    database.set_progress_handler(lambda: monotonic() > end, _STEPS)


def _connect(path: AnyPath) -> sqlite3.Connection:
    if not isinstance(path, Path) or path.name.lower().endswith(".gz"):
        raw = bytearray(read_raw(path))
        raw[_WAL_FLAGS] = b"\1\1"[: len(raw[_WAL_FLAGS])]  # a copy in memory has no log
        database = sqlite3.connect(":memory:")
        database.deserialize(bytes(raw))
        return database
    for suffix in _LOGS:
        log = path.with_name(path.name + suffix)
        if log.is_file() and _has_content(log):
            raise InputError(
                f"{path}: the log {log.name} has rows that are not in the file yet. Close the "
                "program that writes the database, or open and close it once with the sqlite3 shell."
            )
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _has_content(log: Path) -> bool:
    """Return whether a log is in use.

    SQLite empties a finished log, or overwrites its start with zeros.
    """
    with log.open("rb") as stream:
        return any(stream.read(_LOG_MAGIC))


def _authorize(action: int, name: str | None, *_: str | None) -> int:
    """Allow only selecting rows and listing columns."""
    is_allowed = action in _ALLOWED and (action != sqlite3.SQLITE_PRAGMA or name == "table_xinfo")
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _find_table(database: sqlite3.Connection, name: str) -> bool:
    """Return whether a table is stored in the file, and is not a view or virtual."""
    found = database.execute("SELECT type, rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchall()
    return any(kind == "table" and root for kind, root in found)


def _validate_columns(database: sqlite3.Connection, place: str) -> None:
    """Reject a database without the trajectory columns."""
    if not _find_table(database, _TABLE):
        query = "SELECT name FROM sqlite_master WHERE type = 'table' LIMIT ?"
        names = [str(name)[:60] for (name,) in database.execute(query, (_SHOWN_TABLES,))]
        raise InputError(
            f"{place}: the SQLite database has no table {_TABLE!r}, as JuPedSim writes it; its tables are "
            f"{list_columns(names, 5)}. Export the trajectories as CSV."
        )
    plain = [name for _, name, *_, hidden in database.execute(f"PRAGMA table_xinfo({_TABLE})") if not hidden]
    missing = [name for name in _COLUMNS.values() if name not in plain]
    if missing:
        raise InputError(
            f"{place}: the table {_TABLE!r} has no column {missing[0]!r}; its columns are "
            f"{list_columns(plain, 10)}. Export the trajectories as CSV."
        )


def _find_rate(database: sqlite3.Connection, place: str) -> float | None:
    """Return the frame rate that the database states, or None."""
    if not _find_table(database, "metadata"):
        return None
    columns = {name for _, name, *_ in database.execute("PRAGMA table_xinfo(metadata)")}
    if not {"key", "value"} <= columns:
        return None
    found = database.execute("SELECT value FROM metadata WHERE key = 'fps' LIMIT 1").fetchone()
    if found is None:
        return None
    try:
        rate = float(found[0])
    except (TypeError, ValueError):
        rate = 0.0
    if not (isfinite(rate) and rate > 0):
        raise InputError(f"{place}, table metadata: fps is {found[0]!r}; expected a number above 0")
    return rate


def _read_cells(database: sqlite3.Connection, path: AnyPath, given: Given) -> Cells:
    """Read the rows in stored order, in chunks."""
    most = path.stat().st_size // _SMALLEST_ROW if isinstance(path, Path) else 2**28
    names = list(_COLUMNS.values())
    chunks: dict[str, list[Any]] = {name: [] for name in names}
    count = 0
    rows = database.execute(f"SELECT {', '.join(names)} FROM {_TABLE} NOT INDEXED")  # noqa: S608 - constants
    while chunk := rows.fetchmany(_CHUNK):
        count += len(chunk)
        if count > most:
            raise InputError(f"{path}: has more rows than fit into the file. The file is damaged.")
        given.validate_size(count)
        for name, values in zip(names, zip(*chunk, strict=True), strict=True):
            chunks[name] += of_values(values).chunks
    return Cells(
        columns={name: _join(chunks.pop(name)) for name in names},
        count=count,
        place=str(path),
        where=lambda row: f"{path}, table {_TABLE}, row {row + 1}",
    )


def _join(chunks: list[Any]) -> Any:
    """Join the chunks of a column; if any chunk has texts, convert all to texts."""
    kinds = {chunk.type for chunk in chunks}
    if len(kinds) > 1:
        wanted = pa.string() if pa.string() in kinds else pa.float64()
        chunks = [pc.cast(chunk, wanted, safe=False) for chunk in chunks]
    return pa.chunked_array([pa.concat_arrays(chunks)] if chunks else [], None if chunks else pa.float64())
