"""Footfall per day, with its interval across days."""

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import estimate_daily_count
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.report.parts import Cell, Heading, ReportTable

if TYPE_CHECKING:
    from ptrack_analysis.report.overview_data import Read

DOOR = "entrance"
_INTERVAL = (
    "95 % interval of the mean over days: Student's t on the logarithm, at least as wide as for a Poisson "
    "count."
)


def footfall_table(read: "Read", scene: pd.DataFrame) -> ReportTable | None:
    """Return the crossings inwards and the visits per local day; None without lines and zones.

    Parameters
    ----------
    read
        The tables of the dataset.
    scene
        The occupancy of the scene by the local clock, for the days that were recorded.
    """
    rows = [_row(*one) for one in (*_lines_per_day(read, scene), *_zones_per_day(read))]
    if not rows:
        return None
    headings = [
        Heading("name", "line or zone"),
        Heading("counted", "what is counted"),
        Heading("days", "days", "Local days of which at least a part was recorded.", 0),
        Heading("count", "in all", digits=0),
        Heading(
            "per_day", "mean per day", "The count by the number of days, recorded in whole or in part.", 1
        ),
        Heading("per_day_low", "from", _INTERVAL, 1),
        Heading("per_day_high", "to", _INTERVAL, 1),
        Heading("note", "why there is no interval"),
    ]
    shown = [
        [read.shown(cell) if column in (3, 4) else cell for column, cell in enumerate(row)] for row in rows
    ]
    return ReportTable(
        "footfall",
        "Footfall per day, with 95% intervals",
        headings,
        shown,
        row="one line or zone, by its name",
    )


def _row(name: str, counted: str, counts: pd.Series) -> list[Cell]:
    if counts.isna().any():  # withheld on a day
        return [name, counted, len(counts), None, None, None, None, "the count of a day is withheld"]
    mean, interval = estimate_daily_count(counts.tolist())
    low, high = (None if pd.isna(end) else end for end in (interval.low, interval.high))
    return [name, counted, len(counts), float(counts.sum()), mean, low, high, interval.note]


def _lines_per_day(read: "Read", scene: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Return the crossings inwards of each door on each day on which a video with it was recorded."""
    events = read.counts
    if read.crossings is not None:
        events = read.crossings[read.crossings["direction"].astype(str) == "in"].assign(in_count=1)
    if events is None:
        return
    of_scene = scene.index.get_level_values("video")
    for name, videos in find_doors(read).items():
        days = scene["local_date"][of_scene.isin(videos)].unique()
        if not len(days):
            continue
        rows = events[events.index.get_level_values("line") == name]
        local = [
            by_local_clock(read.videos, video, of_video) for video, of_video in rows.groupby(level="video")
        ]
        known = [one[["local_date", "in_count"]] for one in local if one is not None]
        none = pd.DataFrame({"local_date": days, "in_count": 0.0})
        every = pd.concat([none, *known], ignore_index=True)
        yield name, "crossings inwards", every.groupby("local_date")["in_count"].sum(skipna=False)


def _zones_per_day(read: "Read") -> Iterator[tuple[str, str, pd.Series]]:
    """Return the visits that began in each zone on each recorded day."""
    if read.stays is None:
        return
    for name, rows in read.stays.groupby(level="zone"):
        began = rows["began"].astype("float64")
        yield str(name), "visits", began.groupby(rows["local_date"].to_numpy()).sum(skipna=False)


def find_doors(read: "Read") -> dict[str, list[str]]:
    """Return the videos of each line that is a door; of every line if no line is a door."""
    doors = set[str]()
    if read.lines is not None:
        doors = set(read.lines["line"][read.lines["kind"].astype(str) == DOOR])
    found = dict[str, list[str]]()
    for video, names in read.lines_by_video.items():
        for name in names:
            if not doors or name in doors:
                found.setdefault(name, []).append(video)
    return dict(sorted(found.items()))


def over_doors(read: "Read", rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of lines that are doors; all rows if no line is a door."""
    return rows[rows.index.get_level_values("line").isin([*find_doors(read)])]


def by_local_clock(
    videos: pd.DataFrame, name: Hashable, rows: pd.DataFrame, time: str = "timestamp"
) -> pd.DataFrame | None:
    """Add the local day, weekday and hour to rows of a video; None if its clock is unknown.

    ``time`` is the index level or the column with the times of the rows.
    """
    begun, zone = videos["started_at"].get(name), videos["timezone"].get(name)
    if pd.isna(begun) or pd.isna(zone):
        return None
    times = pd.TimedeltaIndex(rows[time]) if time in rows else rows.index.get_level_values(time)
    local = (begun + times).tz_convert(parse_timezone(str(zone)))
    return rows.assign(
        local_date=local.tz_localize(None).normalize().as_unit("s"),
        weekday=local.day_of_week + 1,
        local_hour=local.hour,
    )
