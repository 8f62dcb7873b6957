"""Dimensions of a dataset: zones, lines, sites and dates, and their keys."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from ptrack_analysis.clock.recordings import make_camera_key
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.manifest import Manifest, VideoEntry
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import (
    CAMERAS,
    DATES,
    LINES,
    SITES,
    ZONES,
    Table,
    assemble,
    list_columns,
)
from ptrack_analysis.schema.arrays import Rows, TableArrays, read_column
from ptrack_analysis.storage.arrow import to_arrow
from ptrack_analysis.storage.columns import VERSION_MARK
from ptrack_analysis.storage.facts import SCHEMA_VERSION, arrow_schema
from ptrack_analysis.video import milliseconds

_LOCATION = ("site", "camera", "timezone", "opening_hours")
_SATURDAY = 5


def describe_video(analysis: VideoAnalysis, tracks: Rows) -> dict[str, Any]:
    """Return the location and dates of one video as JSON, for the dimensions.

    ``days`` are the first and last local days of the analyzed part, empty if the start is unknown. If the
    opening hours refer to holidays, ``holidays`` contains the holidays of the year of the start, the year
    before and the year after.
    """
    recording = analysis.recording
    about: dict[str, Any] = {name: getattr(recording, name) for name in _LOCATION}
    about["days"] = _find_days(analysis, tracks)
    if recording.holidays is not None and recording.started_at is not None:
        year = recording.started_at.year
        near = [day for day in recording.holidays if abs(day.year - year) <= 1]
        about["holidays"] = sorted(day.isoformat() for day in near)
    return about


def _find_days(analysis: VideoAnalysis, tracks: Rows) -> list[str]:
    """Return the first and last local days of the analyzed part of a video, if known."""
    config, recording = analysis.config, analysis.recording
    if recording.started_at is None or recording.timezone is None:
        return []
    first = 0 if config.start is None else milliseconds(config.start, "start")
    given = (("end", config.end), ("duration", analysis.reading.video.duration))
    ends = [milliseconds(value, name) - 1 for name, value in given if value is not None]
    last_seen = int(read_column(tracks, "last_seen").max(initial=first))
    last = max(last_seen, min(ends)) if ends else last_seen
    started, clock = recording.started_at.astimezone(dt.UTC), parse_timezone(recording.timezone)
    local = [(started + dt.timedelta(milliseconds=time)).astimezone(clock) for time in (first, last)]
    return [time.date().isoformat() for time in local]


def dates_table(
    days: Iterable[str], find_holidays: Callable[[int], Mapping[dt.date, str]] | None = None
) -> pd.DataFrame:
    """Compute DATES with all days of the years from the first to the last day.

    Parameters
    ----------
    days
        Days as YYYY-MM-DD, in any order. If there are no days, the table is empty.
    find_holidays
        Returns the names of the holidays of a year.

    Raises
    ------
    ValueError
        If a text is not a day.

    Examples
    --------
    >>> dates = dates_table(["2024-12-29"])
    >>> len(dates), dates.loc["2024-12-30", "iso_week"]
    (366, np.int64(1))
    """
    years: list[int] = sorted({dt.date.fromisoformat(day).year for day in days})
    start, end = (f"{years[0]}-01-01", f"{years[-1]}-12-31") if years else ("1970-01-02", "1970-01-01")
    every = pd.date_range(start, end, unit="s")
    weeks = every.isocalendar()
    named = dict[dt.date, str]()
    if find_holidays is not None:
        for year in every.year.unique():
            named |= find_holidays(int(year))
    numbers = {
        "year": every.year,
        "quarter": every.quarter,
        "month": every.month,
        "day_of_month": every.day,
        "iso_year": weeks["year"],
        "iso_week": weeks["week"],
        "weekday": weeks["day"],
    }
    return assemble(
        DATES,
        {
            "date": every.to_numpy(),
            **{name: np.asarray(values, dtype="int64") for name, values in numbers.items()},
            "month_name": every.month_name().tolist(),
            "weekday_name": every.day_name().tolist(),
            "weekend": np.asarray(every.day_of_week >= _SATURDAY),
            "holiday": np.array([named.get(day) for day in every.date], dtype=object),
        },
    )


def sites_table(recordings: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Compute the SITES table from recordings with ``site`` and other fields.

    Recordings with an unknown site are ignored. A value that differs between the videos of a site is missing.
    """
    groups = _group_recordings(recordings, lambda one: one.get("site"))
    cameras = [len({one["camera"] for one in those if one.get("camera")}) for those in groups.values()]
    return assemble(
        SITES,
        {
            "site": [*groups],
            "timezone": [_only(those, "timezone") for those in groups.values()],
            "opening_hours": [_only(those, "opening_hours") for those in groups.values()],
            "cameras": np.array(cameras, dtype="int64"),
            **_describe_period(groups),
        },
    )


def cameras_table(recordings: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Compute the CAMERAS table from recordings, as ``sites_table`` does."""
    groups = _group_recordings(recordings, _key_of_camera)
    return assemble(
        CAMERAS,
        {
            "camera_key": [*groups],
            **{name: [_only(those, name) for those in groups.values()] for name in ("camera", "site")},
            "timezone": [_only(those, "timezone") for those in groups.values()],
            **_describe_period(groups),
        },
    )


def _key_of_camera(recording: Mapping[str, Any]) -> str | None:
    return make_camera_key(recording.get("site"), recording.get("camera"))


def _group_recordings(
    recordings: Iterable[Mapping[str, Any]], find_key: Callable[[Mapping[str, Any]], str | None]
) -> dict[str, list[Mapping[str, Any]]]:
    """Group recordings by a key; recordings without a key are ignored."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for recording in recordings:
        key = find_key(recording)
        if key:
            groups.setdefault(key, []).append(recording)
    return groups


def _describe_period(groups: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, np.ndarray]:
    """Return the first and last start date and the number of recordings of each group."""
    days = [sorted(one["days"][0] for one in those if one.get("days")) for those in groups.values()]
    return {
        "first_date": np.array([own[0] if own else "NaT" for own in days], dtype="datetime64[s]"),
        "last_date": np.array([own[-1] if own else "NaT" for own in days], dtype="datetime64[s]"),
        "videos": np.array([len(those) for those in groups.values()], dtype="int64"),
    }


def _only(recordings: list[Mapping[str, Any]], name: str) -> Any:
    values = {one.get(name) or np.nan for one in recordings}
    return values.pop() if len(values) == 1 else np.nan


Definitions = dict[str, dict[str, dict[str, Any]]]
"""The drawn ``zones`` and ``lines`` by key."""

_DIGITS = 16
_MISSING_TIME = int(np.iinfo("int64").min)


def list_definitions(scene: Scene | None, video: str) -> Definitions:
    """Return the zones and lines of one video as JSON values, by key.

    The key is the first 16 hex digits of the SHA-256 of name, kind, unit, outline in the unit of the file,
    and validity. It does not depend on the videos of the zone, so that equal zones have one key. A zone that
    is moved gets another key.
    """
    if scene is None:
        return {}
    part = scene.of(video)
    return {
        "zones": {_key(drawn): drawn for drawn in map(_drawn_zone, part.zones)},
        "lines": {_key(drawn): drawn for drawn in map(_drawn_line, part.lines)},
    }


def map_keys(definitions: Definitions, kind: str) -> dict[str, str]:
    """Return the key of each zone (``kind="zones"``) or line (``"lines"``) by name."""
    return {drawn["name"]: key for key, drawn in definitions.get(kind, {}).items()}


def zones_table(
    definitions: Iterable[Mapping[str, Any]], cameras: Iterable[str | None] | None = None
) -> pd.DataFrame:
    """Compute the ZONES table with one row per zone as drawn.

    ``cameras`` are the keys of the cameras of the videos.
    """
    definitions = list(definitions)
    used: dict[str, set[str | None]] = {}
    for one, camera in zip(definitions, cameras or [None] * len(definitions), strict=True):
        for key in one.get("zones", {}):
            used.setdefault(key, set()).add(camera)
    drawn, videos = _gather_definitions(definitions, "zones")
    areas = [shapely.from_wkt(each["outline"]).area for each in drawn.values()]
    return assemble(
        ZONES,
        {
            "zone_key": [*drawn],
            "zone": _texts(drawn, "name"),
            **{name: _texts(drawn, name) for name in ("kind", "unit", "outline")},
            **{name: _times(drawn, name) for name in ("holds_from", "holds_to")},
            "area": np.array(areas, dtype="float64"),
            "camera_key": np.array([_find_single(used[key]) for key in drawn], dtype=object),
            "videos": np.array([videos[key] for key in drawn], dtype="int64"),
        },
    )


def _find_single(cameras: set[str | None]) -> str | None:
    """Return the camera if there is only one."""
    return next(iter(cameras)) if len(cameras) == 1 else None


def lines_table(definitions: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Compute the LINES table of the lines of these videos, as ``zones_table`` does."""
    drawn, videos = _gather_definitions(definitions, "lines")
    lengths = [shapely.from_wkt(each["outline"]).length for each in drawn.values()]
    return assemble(
        LINES,
        {
            "line_key": [*drawn],
            "line": _texts(drawn, "name"),
            **{name: _texts(drawn, name) for name in ("kind", "unit", "outline")},
            "length": np.array(lengths, dtype="float64"),
            "videos": np.array([videos[key] for key in drawn], dtype="int64"),
        },
    )


def _drawn_zone(zone: Zone) -> dict[str, Any]:
    return {
        "name": zone.name,
        "kind": zone.kind,
        "unit": zone.unit,
        "outline": shapely.to_wkt(zone.outline, rounding_precision=-1),
        "holds_from": None if zone.start is None else milliseconds(zone.start, "start"),
        "holds_to": None if zone.end is None else milliseconds(zone.end, "end"),
    }


def _drawn_line(line: Line) -> dict[str, Any]:
    outline = shapely.to_wkt(line.outline, rounding_precision=-1)
    return {"name": line.name, "kind": line.kind, "unit": line.unit, "outline": outline}


def _key(drawn: Mapping[str, Any]) -> str:
    text = json.dumps(drawn, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def _gather_definitions(
    definitions: Iterable[Mapping[str, Any]], kind: str
) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Gather the zones or lines of all videos, and count the videos of each."""
    drawn: dict[str, dict[str, Any]] = {}
    videos: Counter[str] = Counter()
    for one in definitions:
        drawn |= one.get(kind, {})
        videos.update([*one.get(kind, {})])
    return drawn, videos


def _texts(drawn: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    return [each[name] for each in drawn.values()]


def _times(drawn: Mapping[str, Mapping[str, Any]], name: str) -> np.ndarray:
    values = [each[name] for each in drawn.values()]
    return np.array([_MISSING_TIME if value is None else value for value in values], dtype="int64")


@dataclass(frozen=True, slots=True)
class Dimension:
    """A table in one file, computed from the manifest."""

    table: Table
    compute: Callable[[Manifest], pd.DataFrame]


def list_days(entries: Iterable[VideoEntry]) -> list[str]:
    """List the known first and last local days of videos."""
    return [day for entry in entries for day in entry.about.get("days", [])]


def _compute_zones(manifest: Manifest) -> pd.DataFrame:
    cameras = [_key_of_camera(entry.about) for entry in manifest.videos]
    return zones_table([entry.places for entry in manifest.videos], cameras)


def _compute_dates(manifest: Manifest) -> pd.DataFrame:
    by_year: dict[int, dict[dt.date, str]] = {}
    for text, name in manifest.holidays.items():
        day = dt.date.fromisoformat(text)
        by_year.setdefault(day.year, {})[day] = name
    return dates_table(list_days(manifest.videos), lambda year: by_year.get(year, {}))


DIMENSIONS: dict[str, Dimension] = {
    dimension.table.name: dimension
    for dimension in (
        Dimension(ZONES, _compute_zones),
        Dimension(LINES, lambda manifest: lines_table(entry.places for entry in manifest.videos)),
        Dimension(CAMERAS, lambda manifest: cameras_table(entry.about for entry in manifest.videos)),
        Dimension(SITES, lambda manifest: sites_table(entry.about for entry in manifest.videos)),
        Dimension(DATES, _compute_dates),
    )
}


def find_schema(manifest: Manifest, table: str) -> pa.Schema:
    """Return the Arrow schema of a table in a dataset."""
    if table not in DIMENSIONS:
        return arrow_schema(manifest.schema(table), manifest.further.get(table, ()))
    schema = to_arrow(DIMENSIONS[table].compute(Manifest())).schema
    return schema.with_metadata({**schema.metadata, VERSION_MARK: str(SCHEMA_VERSION).encode()})


_REFERENCES = {
    "zone_key": ("zone", "zones"),
    "line_key": ("line", "lines"),
    "origin_key": ("origin", "zones"),
    "destination_key": ("destination", "zones"),
}
"""The index level with the name and the table with the definition, by key column of a fact."""


def with_keys(table: Rows, schema: Table, definitions: Definitions) -> Rows:
    """Add the keys of zones or lines to a table whose schema has such columns.

    The scene (zone ``""``) has no key, and without a zone file there are no keys. Columns are in the order of
    the schema, followed by further columns.
    """
    present = {column.name for column in schema.columns}
    found = {
        name: _find_keys(table, level, map_keys(definitions, kind))
        for name, (level, kind) in _REFERENCES.items()
        if name in present and level in schema.key_names and kind in definitions
    }
    if isinstance(table, TableArrays):
        return table.with_columns(**found) if found else table
    if found:
        table = table.assign(**{name: pd.array(keys, dtype="str") for name, keys in found.items()})
    known, names = [name for name, _ in list_columns(table, schema)], table.columns.tolist()
    ordered = [*known, *(name for name in names if name not in known)]
    return table if ordered == names else table[ordered]


def _find_keys(table: Rows, level: str, keys: Mapping[str, str]) -> np.ndarray:
    """Return the key of the zone or line of each row; NaN if there is no key."""
    if isinstance(table, TableArrays) and level in table.texts:
        codes, names = table.texts[level]
    else:
        codes, names = pd.factorize(read_column(table, level))
    found = np.array([*(keys.get(name, np.nan) for name in names), np.nan], dtype=object)
    return np.take(found, codes)
