"""The data of the overview: sums over videos, hours and days."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import is_complete
from ptrack_analysis.analysis.quality.verdict import judge_video
from ptrack_analysis.dataset.manifest import VisitEnds
from ptrack_analysis.dataset.opening import Dataset
from ptrack_analysis.dataset.states import FigureState, find_states
from ptrack_analysis.geometry import Bools
from ptrack_analysis.report.footfall import by_local_clock, find_doors, footfall_table, over_doors
from ptrack_analysis.report.parts import Cell, Grid, Heading, Part, ReportTable, Section, Words, column_text
from ptrack_analysis.schema import OCCUPANCY_HOURLY, VISITS_HOURLY

WITHHELD = "withheld"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """The tables of a dataset for its overview; None for a table that the dataset does not have.

    ``visits`` has a column ``complete``: whether the start and the end of the visit were both observed.
    ``occupancy`` is that of the scene and ``stays`` has the visits that began, both by the local clock; with
    the time that a camera covers in ``recorded_time``. ``lines_by_video`` has the names of the lines of each
    video. ``withheld`` tells whether the dataset suppresses small counts.
    """

    videos: pd.DataFrame
    quality: pd.DataFrame | None
    bins: pd.DataFrame | None
    persons: pd.Series | None
    visits: pd.DataFrame | None
    dwell: pd.DataFrame | None
    occupancy: pd.DataFrame | None
    stays: pd.DataFrame | None
    crossings: pd.DataFrame | None
    counts: pd.DataFrame | None
    lines: pd.DataFrame | None
    lines_by_video: Mapping[str, tuple[str, ...]]
    withheld: bool = False

    def shown(self, cell: Cell) -> Cell:
        """Return what a table shows of a figure: that it is withheld, if that is why it is missing."""
        return WITHHELD if cell is None and self.withheld else cell


def read_all(dataset: Dataset) -> Read:
    """Read the tables of all videos, of each only the columns that are told of."""

    def table(name: str, columns: list[str] | None = None) -> pd.DataFrame | None:
        return dataset.read(name, columns=columns) if name in dataset.tables else None

    def of_zones(name: str, columns: list[str] | None = None) -> pd.DataFrame | None:
        return table(name, columns) if has_zones else None

    has_zones = any(entry.places.get("zones") for entry in dataset.manifest.videos)
    persons, visits = (
        table("tracks", ["time_in_scene"]),
        of_zones("visits", ["entered", "dwell", "entry", "exit"]),
    )
    videos, bins = dataset.read("videos"), table("occupancy")
    counted = None if persons is None else persons.groupby(level="video").size()
    return Read(
        videos=videos,
        quality=table("quality", ["verdict", "affects"]),
        bins=bins,
        persons=counted,
        visits=None if visits is None else visits.assign(complete=_find_complete(visits, dataset)),
        dwell=of_zones("dwell", ["median"]),
        occupancy=_read_scene(videos, table("occupancy_hourly"), bins),
        stays=_read_stays(dataset, videos, of_zones("visits_hourly"), of_zones("zone_occupancy"), visits),
        crossings=table("crossings", ["direction"]),
        counts=table("counts"),
        lines=table("lines"),
        lines_by_video=dataset.manifest.lines,
        withheld=dataset.manifest.is_withheld,
    )


def _read_scene(
    videos: pd.DataFrame, hourly: pd.DataFrame | None, bins: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Return the occupancy of the scene by the local clock: by hour if the dataset has it, else by bin."""
    if hourly is not None:
        return hourly[hourly.index.get_level_values("zone") == ""]
    return None if bins is None else _by_local_clocks(videos, bins)


def _read_stays(
    dataset: Dataset,
    videos: pd.DataFrame,
    hourly: pd.DataFrame | None,
    bins: pd.DataFrame | None,
    visits: pd.DataFrame | None,
) -> pd.DataFrame | None:
    """Return the visits that began by the local clock; the zones of a video share its recorded time."""
    if hourly is not None:
        zones = hourly.groupby(["video", "hour_at", "open"])["recorded_time"].transform("size")
        return hourly.assign(recorded_time=hourly["recorded_time"] / zones)
    if bins is None or visits is None or bins.empty:
        return None
    watched = bins[["recorded_time"]].assign(began=0, entries=0)
    watched["recorded_time"] /= bins.groupby(level=["video", "timestamp"])["recorded_time"].transform("size")
    observed = _find_observed_starts(visits, dataset)
    began = visits[["entered"]].assign(recorded_time=pd.Timedelta(0), began=1, entries=observed.astype(int))
    parts = [_by_local_clocks(videos, watched), _by_local_clocks(videos, began, "entered")]
    known = [part.drop(columns="entered", errors="ignore") for part in parts if part is not None]
    levels = ["video", "zone"]
    known = [part.droplevel([name for name in part.index.names if name not in levels]) for part in known]
    return pd.concat([part.reorder_levels(levels) for part in known]) if known else None


def _by_local_clocks(
    videos: pd.DataFrame, rows: pd.DataFrame, time: str = "timestamp"
) -> pd.DataFrame | None:
    """Add the local day, weekday and hour to the rows of the videos with a clock; None without any."""
    parts = [by_local_clock(videos, name, part, time) for name, part in rows.groupby(level="video")]
    known = [part for part in parts if part is not None]
    return pd.concat(known) if known else None


def _find_observed_starts(visits: pd.DataFrame, dataset: Dataset) -> Bools:
    """Mark the visits with an observed start, by the configuration of each video."""
    names = visits.index.get_level_values("video")
    entries, marked = visits["entry"].astype(str), np.zeros(len(visits), dtype=bool)
    kinds: dict[tuple[str, ...], list[str]] = {}
    for video, ends in dataset.manifest.observed.items():
        kinds.setdefault(tuple(ends.entries), []).append(video)
    for observed, videos in kinds.items():
        marked |= names.isin(videos) & entries.isin(observed).to_numpy()
    return marked


def _find_complete(visits: pd.DataFrame, dataset: Dataset) -> Bools:
    """Mark the visits with an observed start and end, by the configuration of each video."""
    observed = dataset.manifest.observed
    videos: dict[VisitEnds, list[str]] = {}
    for video, ends in observed.items():
        videos.setdefault(ends, []).append(video)
    video_of_visit = visits.index.get_level_values("video")
    complete = np.zeros(len(visits), dtype=bool)
    for ends, names in videos.items():
        complete |= video_of_visit.isin(names) & is_complete(
            visits, observed_entries=ends.entries, observed_exits=ends.exits
        )
    return complete


def find_verdict(quality: pd.DataFrame | None, video: str) -> tuple[str, str]:
    """Return the verdict on one video, and the checks that are not good."""
    if quality is None or video not in quality.index.get_level_values("video"):
        return str(judge_video(None)), ""
    rows = quality[quality.index.get_level_values("video") == video].droplevel("video")
    suspect = rows.index.get_level_values("check")[rows["verdict"].isin(["bad", "doubtful"])]
    return str(judge_video(rows)), ", ".join(suspect.unique())


def select_scene(bins: pd.DataFrame | None, video: str) -> pd.DataFrame | None:
    """Return the bins of one video."""
    return None if bins is None else bins[bins.index.get_level_values("video") == video]


def presence(scene: pd.DataFrame | None) -> tuple[float | None, int | None]:
    """Return how many were present on average and at most."""
    if scene is None or scene.empty:
        return None, None
    length = scene["recorded_time"].dt.total_seconds().sum()
    total = whole_sum(scene["person_seconds"].dt.total_seconds())
    mean = float(total / length) if length and total is not None else None
    return mean, whole_most(scene["max_persons"])


def compute_means(scene: pd.DataFrame) -> pd.Series:
    """Return the number of people present on average in each interval; NaN where it is withheld."""
    means: pd.Series = scene["person_seconds"].dt.total_seconds() / scene["recorded_time"].dt.total_seconds()
    return means


def find_maximum(scene: pd.DataFrame) -> float:
    """Return the most that were present on average in an interval, of those that are known; 0 without any."""
    return float(compute_means(scene).fillna(0.0).max())


def whole_sum(values: pd.Series) -> float | None:
    """Return the sum; None if one of the values was withheld as a small count."""
    return None if values.isna().any() else float(values.sum())


def whole_most(counts: pd.Series) -> int | None:
    """Return the largest count; None if one was withheld, since a largest one that is known may not be it."""
    return None if counts.empty or counts.isna().any() else int(counts.max())


def by_hour(
    hourly: pd.DataFrame, value: str
) -> tuple[list[str], list[str], list[list[float | str | None]], list[list[str]]]:
    """Sum a table by weekday and hour of the day: the rate in the time that is covered.

    Of a column of times (``person_seconds``) that is the number of persons present on average, of a number
    how many an hour.
    Only hours of the day in which something is covered have a column; where nothing is, the cell is None, and
    where a small count was withheld, it is "withheld". With each cell goes what it rests on: the sum and the
    minutes covered.
    """
    values = hourly[value]
    is_time = values.dtype.kind == "m"
    plain = values.dt.total_seconds() if is_time else values.astype("float64")
    keys = [hourly["weekday"].to_numpy(), hourly["local_hour"].to_numpy()]
    withheld = find_states(hourly, value) == FigureState.WITHHELD
    sums = plain.groupby(keys).sum().mask(withheld.groupby(keys).any())
    covered = hourly["recorded_time"].dt.total_seconds().groupby(keys).sum()
    minutes, covered = covered / 60.0, covered / (1.0 if is_time else 3600.0)
    hours = range(int(hourly["local_hour"].min()), int(hourly["local_hour"].max()) + 1)
    days = sorted(set(hourly["weekday"]))

    def rate(at: tuple[int, int]) -> float | str | None:
        if covered.get(at, 0) and pd.isna(sums[at]):
            return WITHHELD
        return float(sums[at] / covered[at]) if basis(at) else None

    def basis(at: tuple[int, int]) -> str:
        if not covered.get(at, 0) or pd.isna(sums[at]):
            return ""
        what = f"{sums[at] / 60:.1f} person-minutes" if is_time else f"{sums[at]:.0f} counted"
        return f"{what} in {minutes[at]:.1f} minutes covered"

    cells = [[rate((day, hour)) for hour in hours] for day in days]
    titles = [[basis((day, hour)) for hour in hours] for day in days]
    return [_DAYS[day - 1] for day in days], [f"{hour:02d}" for hour in hours], cells, titles


def by_day(stays: pd.DataFrame | None, scene: pd.DataFrame) -> list[list[Cell]]:
    """List the local days: hours covered, stays that began and were seen to, persons on average and most."""
    rows: list[list[Cell]] = []
    for day in sorted(set(scene["local_date"])):
        there = scene[scene["local_date"] == day]
        begun = None if stays is None else stays[stays["local_date"] == day]
        covered = float(there["recorded_time"].dt.total_seconds().sum())
        present = whole_sum(there["person_seconds"].dt.total_seconds())
        rows.append(
            [
                f"{day:%Y-%m-%d}",
                covered / 3600,
                present / covered if covered and present is not None else None,
                whole_most(there["max_persons"]),
                *(None if begun is None else whole_sum(begun[name]) for name in ("began", "entries")),
            ]
        )
    return rows


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
    """Describe when it was busy, and where there are lines or zones, when people came."""
    if read.occupancy is None or read.occupancy.empty:
        return Section("hours", "By hour and day", [Words(_NO_CLOCK, "note")])
    scene = read.occupancy
    said = (
        "Hours are those of each place's own clock; hatched cells are not covered by any video. Rates are "
        "per hour that a camera covers, so that hours filmed in part can be compared: where several cameras "
        "filmed at once, they tell of one of them on average, not of all together."
    )
    said += " An asterisk stands for a value that is withheld." if read.withheld else ""
    parts: list[Part] = [Words(said)]
    least = scene.groupby(["weekday", "local_hour"])["recorded_time"].sum().dt.total_seconds().min() / 60
    if least < _ENOUGH:
        said = (
            f"Some hours are covered by only {least:.1f} minutes of film: a rate an hour of so little says "
            "how busy these minutes were, and not the hour. Each cell tells when pointed at what it rests on."
        )
        parts.append(Words(said, "note"))
    parts += _came(read, scene)
    footfall = footfall_table(read, scene)
    parts += [] if footfall is None else [footfall]
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
    return [_grid("Footfall: stays that began in the zones of a camera", stays, "began", "an hour")]


def _local_crossings(read: Read, scene: pd.DataFrame) -> pd.DataFrame | None:
    """Return the crossings inwards over the doors, and the time that videos with these cover, by local hour.

    None where no such video's clock is known.
    """
    if read.crossings is None:
        return None
    counted = {video for videos in find_doors(read).values() for video in videos}
    filmed = scene[scene.index.get_level_values("video").isin(counted)]
    if filmed.empty:
        return None
    came = over_doors(read, read.crossings[read.crossings["direction"].astype(str) == "in"])
    local = [by_local_clock(read.videos, name, rows) for name, rows in came.groupby(level="video")]
    once = [rows.assign(in_count=1, recorded_time=pd.Timedelta(0)) for rows in local if rows is not None]
    columns = ["weekday", "local_hour", "recorded_time", "in_count"]
    parts = [filmed.assign(in_count=0)[columns], *(rows[columns] for rows in once)]
    return pd.concat(parts, ignore_index=True)


def _local_counts(read: Read) -> pd.DataFrame | None:
    """Return the counts over the doors by each place's own clock, an interval being its first hour's."""
    if read.counts is None or read.counts.empty:
        return None
    parts = []
    for name, rows in over_doors(read, read.counts).groupby(level="video"):
        local = by_local_clock(read.videos, name, rows)
        if local is not None:
            lines = rows.index.get_level_values("line").nunique()
            parts.append(local.assign(recorded_time=rows["interval"] / lines))
    return pd.concat(parts) if parts else None


def _grid(caption: str, table: pd.DataFrame, value: str, unit: str, *, digits: int = 0) -> Grid:
    days, hours, cells, titles = by_hour(table, value)
    return Grid(f"{caption}, by weekday and hour", days, hours, cells, unit, digits, titles)


def _days(read: Read, scene: pd.DataFrame) -> ReportTable:
    headings = [
        Heading("local_date", "day", column_text(OCCUPANCY_HOURLY, "local_date")),
        Heading("recorded_h", "covered [h]", column_text(OCCUPANCY_HOURLY, "recorded_time"), 2),
        Heading(
            "mean_persons",
            "present on average before a camera",
            column_text(OCCUPANCY_HOURLY, "person_seconds"),
            2,
        ),
        Heading("max_persons", "at most", column_text(OCCUPANCY_HOURLY, "max_persons"), 0),
        Heading("began", "stays begun", column_text(VISITS_HOURLY, "began"), 0),
        Heading("entries", "with an observed start", column_text(VISITS_HOURLY, "entries"), 0),
    ]
    rows = [[read.shown(cell) for cell in row] for row in by_day(read.stays, scene)]
    if read.stays is None:
        headings, rows = headings[:-2], [row[:-2] for row in rows]
    return ReportTable(
        "days", "By day, all videos together", headings, rows, row="one day of the places' clocks"
    )
