"""When it was busy: by weekday and hour of the places' own clocks, and by day."""

from collections.abc import Hashable

import pandas as pd

from ptrack_analysis.clock.timezones import timezone_of
from ptrack_analysis.report.definitions import column_text
from ptrack_analysis.report.overview.sums import Read, by_day, by_hour
from ptrack_analysis.report.parts import Grid, Heading, Part, Section, Table, Words
from ptrack_analysis.schema import OCCUPANCY_HOURLY, VISITS_HOURLY

_DOOR = "door"
_ENOUGH = 15.0
"""Below so many minutes of film an hour is warned of."""
_NO_CLOCK = (
    "When the videos were recorded is not known, so nothing can be said by hour and day. Export again with "
    "`--recordings FILE` or `--started-at PATTERN`."
)
_BY_INTERVAL = (
    "The dataset has counts by interval and no crossings: an interval counts for the hour in which it begins "
    "even where it reaches into the next."
)


def hours_section(read: Read) -> Section:
    """Say when it was busy, and where there are lines or zones, when people came."""
    if read.occupancy is None or read.occupancy.empty:
        return Section("hours", "By hour and day", [Words(_NO_CLOCK, "note")])
    scene = read.occupancy[read.occupancy.index.get_level_values("zone") == ""]
    said = (
        "Hours are those of each place's own clock; hatched cells are not covered by any video. Rates are "
        "per hour that a camera covers, so that hours filmed in part can be compared: where several cameras "
        "filmed at once, they tell of one of them on average, not of all together."
    )
    said += " An asterisk stands for a value that is withheld." if read.withheld else ""
    parts: list[Part] = [Words(said)]
    least = scene.groupby(["weekday", "local_hour"])["covered"].sum().dt.total_seconds().min() / 60
    if least < _ENOUGH:
        said = (
            f"Some hours are covered by only {least:.1f} minutes of film: a rate an hour of so little says "
            "how busy these minutes were, and not the hour. Each cell tells when pointed at what it rests on."
        )
        parts.append(Words(said, "note"))
    parts += _came(read, scene)
    parts.append(
        _grid("Persons present on average before a camera", scene, "person_seconds", "persons", digits=1)
    )
    parts.append(_days(read, scene))
    return Section("hours", "By hour and day", parts)


def _came(read: Read, scene: pd.DataFrame) -> list[Part]:
    """Lay out footfall: crossings inwards over the doors, or where no line is drawn, stays that began."""
    crossings = _local_crossings(read, scene)
    if crossings is not None:
        return [
            _grid("Footfall: crossings inwards over the lines of a camera", crossings, "in_count", "an hour")
        ]
    counts = _local_counts(read)
    if counts is not None:
        grid = _grid("Footfall: crossings inwards over the lines of a camera", counts, "in_count", "an hour")
        return [Words(_BY_INTERVAL, "note"), grid]
    stays = read.stays
    if stays is None or stays.empty:
        return []
    zones = stays.groupby(["video", "hour_at", "open"])["covered"].transform("size")
    once = stays.assign(covered=stays["covered"] / zones)
    return [_grid("Footfall: stays that began in the zones of a camera", once, "began", "an hour")]


def _local_crossings(read: Read, scene: pd.DataFrame) -> pd.DataFrame | None:
    """Give the crossings inwards over the doors, and the time that videos with these cover, by local hour.

    None where no such video's clock is known.
    """
    if read.crossings is None or read.counts is None:
        return None
    counted = _over_doors(read, read.counts).index.get_level_values("video")
    filmed = scene[scene.index.get_level_values("video").isin(counted)]
    if filmed.empty:
        return None
    came = _over_doors(read, read.crossings[read.crossings["direction"].astype(str) == "in"])
    local = [_by_local_clock(read, name, rows) for name, rows in came.groupby(level="video")]
    once = [rows.assign(in_count=1, covered=pd.Timedelta(0)) for rows in local if rows is not None]
    columns = ["weekday", "local_hour", "covered", "in_count"]
    parts = [filmed.assign(in_count=0)[columns], *(rows[columns] for rows in once)]
    return pd.concat(parts, ignore_index=True)


def _local_counts(read: Read) -> pd.DataFrame | None:
    """Give the counts over the doors by each place's own clock, an interval being its first hour's."""
    if read.counts is None or read.counts.empty:
        return None
    parts = []
    for name, rows in _over_doors(read, read.counts).groupby(level="video"):
        local = _by_local_clock(read, name, rows)
        if local is not None:
            lines = rows.index.get_level_values("line").nunique()
            parts.append(local.assign(covered=rows["interval"] / lines))
    return pd.concat(parts) if parts else None


def _over_doors(read: Read, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of lines that are doors; all, if none is one."""
    if read.lines is None:
        return rows
    doors = set(read.lines["line"][read.lines["kind"].astype(str) == _DOOR])
    return rows[rows.index.get_level_values("line").isin(doors)] if doors else rows


def _by_local_clock(read: Read, name: Hashable, rows: pd.DataFrame) -> pd.DataFrame | None:
    """Give the rows of a video the weekday and the hour of its place's clock; None where it is not known."""
    begun, zone = read.videos["started_at"].get(name), read.videos["timezone"].get(name)
    if pd.isna(begun) or pd.isna(zone):
        return None
    local = (begun + rows.index.get_level_values("timestamp")).tz_convert(timezone_of(str(zone)))
    return rows.assign(weekday=local.day_of_week + 1, local_hour=local.hour)


def _grid(caption: str, table: pd.DataFrame, value: str, unit: str, *, digits: int = 0) -> Grid:
    days, hours, cells, titles = by_hour(table, value)
    return Grid(f"{caption}, by weekday and hour", days, hours, cells, unit, digits, titles)


def _days(read: Read, scene: pd.DataFrame) -> Table:
    headings = [
        Heading("local_day", "day", column_text(OCCUPANCY_HOURLY, "local_day")),
        Heading("covered_h", "covered [h]", column_text(OCCUPANCY_HOURLY, "covered"), 2),
        Heading(
            "mean_persons",
            "present on average before a camera",
            column_text(OCCUPANCY_HOURLY, "person_seconds"),
            2,
        ),
        Heading("max_persons", "at most", column_text(OCCUPANCY_HOURLY, "max_persons"), 0),
        Heading("began", "stays begun", column_text(VISITS_HOURLY, "began"), 0),
        Heading("entries", "of them seen to begin", column_text(VISITS_HOURLY, "entries"), 0),
    ]
    rows = [[read.shown(cell) for cell in row] for row in by_day(read.stays, scene)]
    if read.stays is None:
        headings, rows = headings[:-2], [row[:-2] for row in rows]
    return Table("days", "By day, all videos together", headings, rows, row="one day of the places' clocks")
