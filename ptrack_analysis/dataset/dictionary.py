"""The data dictionary of a dataset: every column of every table, and how tables join."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.records import (
    FOLDERS,
    MARK,
    VideoEntry,
    VisitEnds,
    has_source_columns,
    place_file,
    read_observed_ends,
    schema_in,
)
from ptrack_analysis.dataset.release import DOMINANCE
from ptrack_analysis.schema import TRACKER_COLUMNS, ZONE, Column, Table
from ptrack_analysis.schema.walked import BOX_FLAGS
from ptrack_analysis.storage.columns import Stored, add_video_key, stored_columns

_ASKED_BY = {
    **{column.name: "anchor" for column in BOX_FLAGS},
    "interpolated": "fill_gaps",
    "continued": "start",
    "merged_from": "stitch",
    "smoothed": "smooth",
    "jump": "max_speed",
    "density_per_m2": "floor",
    "in_per_m_per_s": "floor",
    "out_per_m_per_s": "floor",
    "zone_key": "zones",
    "line_key": "zones",
    "origin_key": "zones",
    "destination_key": "zones",
}
_WITH_POINTS = {"floor": "m", "anchor": None}
"""Settings whose columns points in this unit bring; points have no boxes and so no anchor."""
SOURCE_COLUMN = "Column of the source."
_NUMBERS = {"int64", "double"}
FURTHER = "Told of the recording by the file of recordings, or by the name of the video's file."


@dataclass(frozen=True, slots=True)
class Contents:
    """The stored columns of each table that is there, by its folder; of those of the whole, by their name.

    ``schemas`` has the schema of each folder; ``min_counts`` the limits below which counts are suppressed,
    ``salted`` tells whether persons are named by salted keys. ``observed`` has the videos of each pair of
    observed entries and exits.
    """

    columns: dict[str, list[Stored]]
    places: dict[str, list[Stored]]
    schemas: dict[str, Table]
    min_counts: tuple[int, ...] = ()
    salted: bool = False
    observed: Mapping[VisitEnds, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has_visits(self) -> bool:
        """Whether there are visits, and what a question about them needs beside them."""
        return self.has("visits") and self.has("tracks") and self.has("zone_occupancy")

    @property
    def has_crossings(self) -> bool:
        """Whether there are crossings."""
        return self.has("crossings")

    def has(self, folder: str, *names: str) -> bool:
        """Return whether there is a table, with these columns."""
        return folder in self.columns and {*names} <= {column.name for column in self.columns[folder]}


def gather_contents(records: Iterable[VideoEntry]) -> Contents:
    """Gather the columns of all files of these records; a column stands once, though units may differ."""
    found: dict[str, dict[str, Stored]] = {folder: {} for folder in FOLDERS}
    ends: dict[VisitEnds, list[str]] = {}
    schemas, places, min_counts, salts = dict[str, Table](), set[str](), set[int](), set[object]()
    for record in records:
        places |= {name for name, dimension in DIMENSIONS.items() if dimension.is_in(record)}
        min_counts |= {record.parameters.get("min_count") or 0}
        salts.add(record.parameters.get("salt"))
        ends.setdefault(read_observed_ends(record.parameters), []).append(record.video)
        for folder in record.folders:
            schemas.setdefault(folder, schema_in(folder, record.parameters))
            for column in _columns(folder, record):
                known = found[folder].setdefault(column.name, column)
                if known.type != column.type:
                    found[folder][column.name] = _join_types(known, column)
    columns = {folder: list(named.values()) for folder, named in found.items() if named}
    described = {name: stored_columns(one.table) for name, one in DIMENSIONS.items() if name in places}
    counts = () if 0 in min_counts else tuple(sorted(min_counts))  # what is not so of every video is not said
    observed = {pair: tuple(sorted(videos)) for pair, videos in ends.items()}
    return Contents(columns, described, schemas, counts, bool(salts) and None not in salts, observed)


def _join_types(known: Stored, other: Stored) -> Stored:
    """Return a column of the source whose type differs between videos."""
    if {known.type, other.type} == _NUMBERS:
        return replace(known, type="double")
    return replace(known, definition=f"{SOURCE_COLUMN} Its type differs between the videos.")


def find_type_conflicts(records: Iterable[VideoEntry]) -> list[str]:
    """Describe the columns of the sources whose types cannot be joined: in which video which type."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for record in records:
        for name, kind in record.about.get("source_columns", []):
            group = "number" if kind in _NUMBERS else kind
            found.setdefault(name, {}).setdefault(group, (kind, record.video))
    return [
        f"the column {name!r} of the source is "
        + " and ".join(f"{kind} in video {video!r}" for kind, video in kinds.values())
        for name, kinds in found.items()
        if len(kinds) > 1
    ]


def _columns(folder: str, record: VideoEntry) -> Iterator[Stored]:
    """List the columns of one file: optional ones only if a setting or tracker adds them, no landmarks."""
    parameters = record.parameters
    unit = parameters.get("points_unit") or ("px" if parameters.get("floor") is None else "m")
    schema = add_video_key(schema_in(folder, record.parameters))
    for column in stored_columns(schema, unit, clocked=bool(record.about.get("days"))):
        if column.of in TRACKER_COLUMNS:
            is_there = column.name in record.about.get("tracker_columns", [])
        else:
            is_there = not column.of.optional or _is_asked_for(column.name, record.parameters)
        if is_there:
            yield column
    if has_source_columns(folder, parameters):
        for name, kind in record.about.get("source_columns", []):
            of = Column(name, "text", SOURCE_COLUMN)
            yield Stored(name, kind, "", SOURCE_COLUMN, of, name, is_name=False)
    if folder == "videos":
        for name in record.about.get("further", []):
            yield Stored(name, "string", "", FURTHER, Column(name, "text", FURTHER), name, is_name=False)


def _is_asked_for(name: str, parameters: Mapping[str, Any]) -> bool:
    """Return whether a setting, or points as the source, bring an optional column."""
    setting = _ASKED_BY.get(name, "")
    points = parameters.get("points_unit")
    if points and setting in _WITH_POINTS:
        return bool(points == _WITH_POINTS[setting])
    return bool(parameters.get(setting))


_TARGETS = {
    "video": ("videos", "video"),
    "person": ("tracks", "person"),
    "other_person": ("tracks", "person"),
    "zone_key": ("zones", "zone_key"),
    "line_key": ("lines", "line_key"),
    "origin_key": ("zones", "zone_key"),
    "destination_key": ("zones", "zone_key"),
    "camera_key": ("cameras", "camera_key"),
    "site": ("sites", "site"),
    "local_date": ("dates", "date"),
}
"""Column of a table, to the table and column that it refers to."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Each row of ``table`` refers by ``column`` to at most one row of ``to``, its key being ``key``.

    ``always`` tells whether it does so in every row; else the column is null where there is nothing to refer
    to: the whole scene has no key, and not everything is known of a recording.
    """

    table: str
    column: str
    to: str
    key: str
    always: bool


def list_relations(contents: Contents) -> Iterator[Relation]:
    """List the references from table to table, in the order of the tables."""
    there = contents.columns.keys() | contents.places.keys()
    for table, columns in contents.columns.items():
        names = {column.name for column in columns}
        for name, (to, key) in _TARGETS.items():
            if name in names and to in there and to != table:
                always = ZONE in contents.schemas[table].key if to == "zones" else table != "videos"
                yield Relation(table, name, to, key, always=always)


_TYPES = {"timestamp": "timestamp[us, UTC]", "date": "date32[day]"}
_PREFACE = f"""\
<!-- {MARK} -->

# Tables of this dataset

One folder a table, one Parquet file a video. What is not known is null. A column `..._ms` is a moment since
the start of its video, in whole milliseconds; a column `..._s` is a length of time, in seconds; where the
recording's start is known, a column `..._at` is the same moment in UTC. What needs a second input beside the
archive is in no table here: differences between two sets of persons, sensitivity to settings, agreement with
a tally by hand, comparison with another tracking.
"""
_JOINS = """\
## How the tables join

Each row of the table on the left has one row of the table on the right, which may have many of the left (n
to 1): join by the two columns named. A reference that may be null needs a left join. Names of zones and lines
are for reading; a zone that was moved keeps its name and has another `zone_key`.

| table | column | refers to | may be null |
|---|---|---|---|
"""
_RELEASED = "## What was withheld\n\n"
_SALTED = """\
Persons are named by keys made with a salt that is not in this dataset, the numbers of the tracker are left
out, and so are the columns of the source that have no role. Who has the salt and the archive can make the
same keys again.
"""
_SUPPRESSED = """\
A figure to which fewer than {count} persons contribute is null, and `suppressed` is true in its row. So is
a figure whose largest contribution could be estimated to within {dominance:g} % by the person with the
second largest one (the p % rule). Further figures are null, so that no such figure follows from the others
by addition and subtraction: within a table, across tables, and for what is outside of all zones or in
several of them. Zeros are published. A person is a track. No figure covers more than one video.

A null figure has one of two reasons: it is withheld (`suppressed` is true, or the whole column is
withheld), or no recording covers it (`recorded_time_s` is 0 or null). Do not sum over withheld figures.
Extremes, medians and other quantiles, times of single events, and confidence intervals are withheld in
every row, and so are tables of single persons.

This does not protect against bounds that follow because no value is negative, against the comparison of two
editions of one dataset (with other zones, times, options or limits), or against knowledge from elsewhere.
"""


def dictionary(contents: Contents) -> str:
    """Write the data dictionary of what a dataset holds."""
    sections = [*_withheld(contents), _joins(contents)]
    sections += [
        _section(folder, contents.schemas[folder], f"{folder}/<video>.parquet", columns)
        for folder, columns in contents.columns.items()
    ]
    sections += [
        _section(name, DIMENSIONS[name].table, place_file(name), columns)
        for name, columns in contents.places.items()
    ]
    return "\n".join([_PREFACE, *sections])


def _joins(contents: Contents) -> str:
    """Tell by which columns each table refers to another."""
    rows = [
        f"| {one.table} | `{one.column}` | {one.to} (`{one.key}`) | {'no' if one.always else 'yes'} |\n"
        for one in list_relations(contents)
    ]
    return "".join([_JOINS, *rows])


def _withheld(contents: Contents) -> list[str]:
    """Return what was withheld for data that leaves the house."""
    said = [_SALTED] if contents.salted else []
    said += [_SUPPRESSED.format(count=count, dominance=DOMINANCE) for count in contents.min_counts]
    return [_RELEASED + "\n".join(said)] if said else []


def _section(name: str, schema: Table, place: str, columns: list[Stored]) -> str:
    key = ", ".join(f"`{column.name}`" for column in columns if _is_key(column, schema))
    lines = [f"## {name}", "", f"`{place}`: a row is {schema.row}. Key: {key}.", ""]
    lines += ["| column | type | unit | definition |", "|---|---|---|---|"]
    lines += [
        f"| `{_escape(column.name)}` | {_TYPES.get(column.type, column.type)} | {column.unit} | "
        f"{column.definition} |"
        for column in columns
    ]
    return "\n".join(lines) + "\n"


def _escape(name: str) -> str:
    """Write a name such that it ends neither its cell nor its row of a Markdown table."""
    return " ".join(name.split()).replace("|", "\\|")


def _is_key(column: Stored, schema: Table) -> bool:
    return column.name == "video" or column.of in schema.key
