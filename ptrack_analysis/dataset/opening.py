"""Opening and reading of datasets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pa_dataset

from ptrack_analysis.cards import build_card
from ptrack_analysis.dataset.catalogue import describe_dataset
from ptrack_analysis.dataset.description import quote_name
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.manifest import Manifest, read_manifest
from ptrack_analysis.dataset.publishing import wait_for_change
from ptrack_analysis.dataset.queries import (
    Selection,
    answer,
    arrow_dataset,
    arrow_table,
    connected,
    convert_to_pandas,
    create_views,
    find_stored_names,
    told,
    unknown,
)
from ptrack_analysis.dataset.question_views import QuestionView, list_question_views
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.limits import at_least
from ptrack_analysis.storage.columns import VIDEO
from ptrack_analysis.storage.facts import SCHEMA_VERSION
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path
from ptrack_analysis.video import Duration, milliseconds

if TYPE_CHECKING:
    import duckdb

Moment = Duration | datetime

_PAIRS = (
    (("timestamp_ms", "timestamp_ms"), ("recorded_at", "recorded_at")),
    (("entered_ms", "exited_ms"), ("entered_at", "exited_at")),
    (("began_ms", "ended_ms"), ("began_at", "ended_at")),
    (("first_seen_ms", "last_seen_ms"), ("first_seen_at", "last_seen_at")),
    (None, ("hour_at", "hour_at")),
    (None, ("started_at", "started_at")),
)
"""The columns of a row's first and last time, as video time and as wall-clock time."""
_OPEN = ("exited_ms", "exited_at", "ended_ms", "ended_at")
"""End times that are not included in the row."""


def rows_between(
    columns: Sequence[str], start: Moment | None, end: Moment | None, *, table: str
) -> pa_dataset.Expression | None:
    """Return the condition that a row overlaps the time from ``start`` to ``end``.

    ``end`` is not included. The condition is None if neither is given.

    Raises
    ------
    ParameterError
        If a bound is not a time, one bound is a video time and the other a wall-clock time, or the table has
        no such times.
    """
    bounds = {
        name: _bound(given, name) for name, given in (("start", start), ("end", end)) if given is not None
    }
    if not bounds:
        return None
    clocks = {isinstance(bound, pd.Timestamp) for bound in bounds.values()}
    if len(clocks) > 1:
        raise ParameterError(
            "start and end must both be times since the start of the video or both be wall-clock times, got "
            f"{start!r} and {end!r}"
        )
    if start is not None and end is not None and not bounds["start"] < bounds["end"]:
        raise ParameterError(f"end must be after start ({start!r}), got {end!r}")
    first, last = _find_time_columns(columns, on_clock=clocks.pop(), table=table)
    conditions = []
    if "start" in bounds:
        stops = pa_dataset.field(last)
        conditions.append(stops > bounds["start"] if last in _OPEN else stops >= bounds["start"])
    if "end" in bounds:
        conditions.append(pa_dataset.field(first) < bounds["end"])
    return conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]


def _find_time_columns(columns: Sequence[str], *, on_clock: bool, table: str) -> tuple[str, str]:
    """Find the columns with the first and last time of a row."""
    for since_start, clock in _PAIRS:
        pair = clock if on_clock else since_start
        if pair is not None and set(pair) <= set(columns):
            return pair
    if on_clock and any(pair is not None and set(pair) <= set(columns) for pair, _ in _PAIRS):
        raise ParameterError(
            f"table {table!r} has no wall-clock times, because the starts of its recordings are unknown. "
            "Pass start and end as times since the start of the video, such as '10s'."
        )
    raise ParameterError(f"table {table!r} has no times, so start and end cannot select its rows")


def _bound(given: Moment, name: str) -> Any:
    """Convert a bound to milliseconds of video time, or to a time in UTC."""
    if not isinstance(given, datetime):
        return milliseconds(given, name)
    if given.tzinfo is None:
        raise ParameterError(f"{name} must have a time zone such as tzinfo=UTC, got {given!r}")
    return pd.Timestamp(given).tz_convert("UTC").as_unit("us")


Form = Literal["pandas", "arrow"]

_BATCH = 131_072
_SHOWN = 10
"""Names of videos on a card."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset opened by ``open_dataset``, with its location and manifest.

    Examples
    --------
    >>> summary = pta.export_dataset("data/day", "out", zones="data/day/zones.geojson")
    >>> dataset = pta.open_dataset("out")
    >>> dataset.videos
    ['evening', 'morning', 'noon']
    >>> dataset.tables[:5]
    ['videos', 'tracks', 'detections', 'trajectories', 'visits']
    >>> dataset.columns("dwell")[:4]
    ['video', 'local_date', 'local_hour', 'zone']
    """

    root: AnyPath
    manifest: Manifest = field(repr=False)

    def __repr__(self) -> str:
        """Return the location and the numbers of videos and tables."""
        return f"Dataset({str(self.root)!r}, {len(self.videos)} videos, {len(self.tables)} tables)"

    def _repr_html_(self) -> str:
        """Return a card for notebooks; no file is read for it."""
        names = self.videos
        some = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        facts = {"videos": f"{len(names)}: {some}", "tables": ", ".join(self.tables)}
        table = "visits" if "visits" in self.tables else self.tables[0]
        return build_card("Dataset", self.root, facts, calls=f'dataset.read("{table}")')

    @property
    def videos(self) -> list[str]:
        """The sorted names of its videos."""
        return list(self.manifest.names)

    @property
    def tables(self) -> list[str]:
        """The names of its tables, in the order of the dictionary."""
        return [*self.manifest.tables, *DIMENSIONS]

    def columns(self, table: str) -> list[str]:
        """List the stored columns of a table in the order of its files.

        Raises
        ------
        ParameterError
            If the table does not exist.
        InputError
            If a file is missing or damaged.
        """
        return list(self._scanned(table, None).schema.names)

    def read(
        self,
        table: str,
        *,
        videos: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_: Form = "pandas",
    ) -> Any:
        """Read one table, or a selection of its videos, columns and times.

        Only the selected columns and the files with selected rows are read. Rows are sorted by video, in the
        order of the names (or of ``videos``). With ``columns``, a pandas table still has its key in the
        index.

        Parameters
        ----------
        table
            Name of the table, one of ``tables``.
        videos
            Name of one video, or several names; by default all.
        columns
            Names of the columns, in memory (``dwell``) or as stored (``dwell_s``); by default all.
        start, end
            Rows from ``start`` to before ``end``: times since the start of the video (``"10s"``, a
            Timedelta), or wall-clock times (a datetime with its time zone). A row with a duration, such as a
            visit, is included if it overlaps this time. Rows of bins, hours, videos and ``occupancy_changes``
            are included if they start within it.
        as_
            ``pandas``: the table in memory, as ``read_parquet`` returns it. ``video`` is the first level of
            its index, unless ``videos`` is one name. ``arrow``: a pyarrow.Table as stored.

        Returns
        -------
        pandas.DataFrame or pyarrow.Table
            The selected rows; the table may be empty.

        Raises
        ------
        ParameterError
            If the table, video or column does not exist, the table has no times or no wall-clock times, or a
            pandas table would contain videos measured in px and in m.
        InputError
            If a file is missing or damaged.
        RemoteError
            If S3 rejects a request.

        Notes
        -----
        The result must fit into memory. ``batches`` needs memory for a few batches only.
        """
        chosen = self._selection(table, videos=videos, columns=columns, between=(start, end), as_=as_)
        with told(self.root / table):
            content = chosen.scanner().to_table()
        names = [videos] if isinstance(videos, str) else self.videos if videos is None else list(videos)
        content = _sort_by_video(content, names)
        if as_ != "pandas":
            return content
        found = convert_to_pandas(content, chosen)
        if table in DIMENSIONS or found.index.is_monotonic_increasing:
            return found
        return _sort_by_key(found, names)

    def batches(
        self,
        table: str,
        *,
        videos: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_: Form = "pandas",
        batch_rows: int = _BATCH,
    ) -> Iterator[Any]:
        """Read one table like ``read``, in batches of at most ``batch_rows`` rows.

        Rows come in the order of the files: by batch of videos, then by local date. A batch contains rows of
        one file and is never empty. Memory is needed for a few batches and a row group.

        Raises
        ------
        ParameterError, InputError, RemoteError
            As in ``read``, or if ``batch_rows`` is below 1.
        """
        rows = int(at_least(batch_rows, "batch_rows", 1))
        chosen = self._selection(table, videos=videos, columns=columns, between=(start, end), as_=as_)
        return _batches(chosen, rows, as_, self.root / table)

    def connect(self) -> "duckdb.DuckDBPyConnection":
        """Open DuckDB in memory with a view per table, and the question views.

        Files that are not in the manifest are ignored. DuckDB reads files on disk directly, and parts of
        files in S3 through boto3.

        Raises
        ------
        ParameterError
            If DuckDB is not installed.
        InputError
            If a file is missing or damaged.
        """
        connection = connected(self.root, self.manifest, self.tables)
        create_views(connection, self._question_views())
        return connection

    def sql(self, query: str, *, as_: Form = "pandas") -> Any:
        """Run an SQL query on the tables in DuckDB, and return the result as a table.

        The query may also use the question views, such as ``footfall_daily``. The data dictionary of the
        dataset explains them.

        Raises
        ------
        ParameterError
            If DuckDB is not installed, or the query is invalid.
        InputError
            If a file is missing or damaged.
        """
        _validate_form(as_)
        words = _list_words(query)
        views = [view for view in self._question_views() if view.name in words]
        words = words.union(*(_list_words(view.query) for view in views))
        tables = [name for name in self.tables if name in words]
        with connected(self.root, self.manifest, tables) as connection:
            create_views(connection, views)
            return answer(connection, query, as_=as_)

    def _question_views(self) -> list[QuestionView]:
        return list_question_views(describe_dataset(self.manifest, self.root), quote_name)

    def _selection(
        self,
        table: str,
        *,
        videos: str | Sequence[str] | None,
        columns: Sequence[str] | None,
        between: tuple[Moment | None, Moment | None],
        as_: str,
    ) -> Selection:
        """Validate a selection and find its files."""
        _validate_form(as_)
        names = [videos] if isinstance(videos, str) else None if videos is None else list(videos)
        content = self._scanned(table, names)
        condition = rows_between(content.schema.names, *between, table=table)
        if names is not None:
            of_these = pa_dataset.field("video").isin(names)
            condition = of_these if condition is None else of_these & condition
        wanted = None if columns is None else find_stored_names(content.schema, columns, self.root, table)
        return Selection(
            content=content,
            table=table,
            columns=wanted,
            condition=condition,
            as_=as_,
            of_one=isinstance(videos, str),
        )

    def _scanned(self, table: str, videos: Sequence[str] | None) -> pa_dataset.Dataset:
        """Return the files of a table as an Arrow dataset, for some or all videos."""
        if table not in self.tables:
            raise unknown(self.root, "table", table, self.tables)
        if videos is None and not self.manifest.versions:
            return arrow_dataset(self.root, table, self.manifest.files_of(table))
        if table in DIMENSIONS and videos is not None:
            raise ParameterError(
                f"videos must not be set for table {table!r}, because its rows do not belong to single videos"
            )
        entries = self.manifest.entries
        for video in videos or ():
            if video not in entries:
                raise unknown(self.root, "video", video, entries)
        if self.manifest.versions:
            return arrow_table(self.root, self.manifest, table)
        files = self.manifest.files_of(table, {entries[video].batch for video in videos or ()})
        return arrow_dataset(self.root, table, files or self.manifest.files_of(table)[:1])


def open_dataset(place: str | PathLike[str] | S3Path) -> Dataset:
    """Open a dataset written by ``ptrack export``, on disk or in S3.

    Only the manifest is read. Files that it does not list, such as files of a killed run, are ignored. Open
    the dataset again to read the changes of later runs.

    Parameters
    ----------
    place
        The dataset's folder, or its address in S3 (``s3://bucket/prefix``), which is read through boto3.

    Raises
    ------
    InputError
        If the dataset does not exist, has another schema version, or was being changed by a run that was
        killed.
    RemoteError
        If S3 rejects a request.

    Examples
    --------
    >>> summary = pta.export_dataset("data/day", "out", zones="data/day/zones.geojson")
    >>> dataset = pta.open_dataset("out")
    >>> visits = dataset.read("visits", videos="noon", columns=["dwell"])
    >>> visits["dwell"].groupby("zone").median()
    zone
    checkout   0 days 00:00:11.760000
    entrance   0 days 00:00:02.580000
    shelves    0 days 00:00:09.360000
    table      0 days 00:00:03.140000
    Name: dwell, dtype: timedelta64[ms]
    """
    root = parse_path(place, name="place")
    wait_for_change(root)
    manifest = read_manifest(root)
    if manifest.version < SCHEMA_VERSION:
        raise InputError(
            f"{root}: the dataset has schema version {manifest.version}, but this package reads version "
            f"{SCHEMA_VERSION}. Run ptrack compact {root} to upgrade all files."
        )
    return Dataset(root, manifest)


def _list_words(query: str) -> set[str]:
    return {*re.findall(r"\w+", query.lower())}


def _validate_form(as_: str) -> None:
    if as_ not in {"pandas", "arrow"}:
        raise ParameterError(f"as_ must be 'pandas' or 'arrow', got {as_!r}")


def _sort_by_video(content: pa.Table, names: Sequence[str]) -> pa.Table:
    """Sort stored rows by video; in files, they are sorted by local date first."""
    if VIDEO.name not in content.column_names or len(names) == 1:
        return content
    indices = pc.index_in(content[VIDEO.name], value_set=pa.array(names, pa.string())).to_numpy()
    is_sorted = bool((indices[1:] >= indices[:-1]).all())
    return content if is_sorted else content.take(pa.array(np.argsort(indices, kind="stable")))


def _sort_by_key(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Sort the rows of a table by video, and by key within each video."""
    table = table.sort_index(kind="stable")
    if VIDEO.name not in table.index.names or list(names) == sorted(names):
        return table
    indices = pd.Index(names).get_indexer(table.index.get_level_values(VIDEO.name))
    return table.iloc[np.argsort(indices, kind="stable")]


def _batches(chosen: Selection, rows: int, as_: Form, place: object) -> Iterator[Any]:
    marks = chosen.content.schema.metadata
    with told(place):
        for batch in chosen.scanner(batch_size=rows).to_batches():
            if batch.num_rows:
                content = pa.Table.from_batches([batch]).replace_schema_metadata(marks)
                yield convert_to_pandas(content, chosen) if as_ == "pandas" else content
