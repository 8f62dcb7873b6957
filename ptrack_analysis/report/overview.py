"""The overview of a dataset: findings, days and hours, zones, cameras and videos."""

import os
from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from ptrack_analysis import __version__
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.opening import Dataset
from ptrack_analysis.dataset.states import FigureState, find_states
from ptrack_analysis.report import overview_texts as texts
from ptrack_analysis.report.day_chart import MOST_LANES, DayChart, DayLane, draw_days
from ptrack_analysis.report.dwell_chart import MOST_DOTS, Strip
from ptrack_analysis.report.finding_texts import (
    count,
    format_length,
    format_length_range,
)
from ptrack_analysis.report.overview_data import OverviewData, Stays, sum_all
from ptrack_analysis.report.overview_rules import compare_weeks, find_overview, format_change
from ptrack_analysis.report.overview_tables import tables_section
from ptrack_analysis.report.overview_texts import WITHHELD
from ptrack_analysis.report.page_texts import (
    FIGURES,
    METHOD,
    WORDS,
)
from ptrack_analysis.report.parts import (
    Cell,
    Chart,
    Columns,
    Facts,
    Grid,
    Heading,
    Key,
    Keys,
    Part,
    Report,
    ReportTable,
    Section,
    Words,
)
from ptrack_analysis.report.sections import build_stays
from ptrack_analysis.report.svg import draw_widths
from ptrack_analysis.report.video_rules import FEWEST_PEOPLE
from ptrack_analysis.scene.zone_colors import number_colors

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = pd.Timedelta("7D")
_MOST_STRIPS = 16
_RANKS = ("bad", "doubtful", "unknown", "good")


def overview_report(dataset: Dataset, reports: Mapping[str, str] | None = None) -> Report:
    """Build the overview of a dataset.

    Parameters
    ----------
    dataset
        The dataset.
    reports
        Addresses of the reports of single videos by name of the video.

    Raises
    ------
    InputError
        If a file of the dataset is missing or damaged.
    """
    data = OverviewData(dataset)
    sections = [
        _figures(data),
        *_doors(data),
        *_days(data),
        _hours(data),
        _zones(data),
        _videos(data, reports or {}),
    ]
    number = len(data.videos)
    sites = sorted(set(data.videos["site"].dropna()))
    where = f"{', '.join(sites[:3])}{' and more' if len(sites) > 3 else ''} \N{MIDDLE DOT} " if sites else ""  # noqa: PLR2004
    return Report(
        title=f"Overview of {count(number, 'video', 'videos')}",
        subtitle=f"{where}{texts.SUBTITLE}",
        opening=find_overview(data),
        sections=[one for one in sections if one is not None],
        appendix=[tables_section(data), *_words()],
        footer=f"Made with ptrack-analysis {__version__}. This page needs no network.",
    )


def _figures(data: OverviewData) -> Section:
    """Show the key figures."""
    keys = [Key("Recorded", format_length(data.recorded), count(len(data.videos), "video", "videos"))]
    if data.tracks is not None:
        keys.append(Key("People seen", f"{len(data.tracks):,}", "counted again in each video"))
    keys += _list_doors(data)
    if data.bins is not None and len(data.bins):
        peaks = data.bins["max_persons"]
        is_known = not peaks.isna().any()
        where = peaks.index.get_level_values("video")[int(peaks.fillna(-1).to_numpy().argmax())]
        value = str(int(peaks.max())) if is_known else WITHHELD
        keys.append(Key("Most in view at once", value, _name_video(data, str(where)) if is_known else ""))
    if data.stay is not None and data.stay.median is not None and data.stay.usable >= FEWEST_PEOPLE:
        low, high = data.stay.low, data.stay.high
        spread = "" if low is None else f"95 % range: {format_length_range(low, high)}; "
        beside = f"{spread}{count(data.stay.usable)} who came in"
        keys.append(Key("Typical stay in view", format_length(data.stay.median), beside))
    if data.conversion is not None:
        keys.append(data.conversion)
    words = [Words(texts.WITHHELD_FIGURES.format(fewest=data.fewest), "note")] if data.fewest else []
    return Section("figures", FIGURES, [Keys(keys), *words])


def _name_video(data: OverviewData, name: str) -> str:
    """Describe a video by time and camera, or by name if its clock is not known."""
    row: Any = data.videos.loc[name]
    start = _local_start(row)
    if start is None:
        return f"in {name}"
    where = next((f", {row[one]}" for one in ("camera", "site") if not pd.isna(row[one])), "")
    return f"in the video of {start}{where}"


def _list_doors(data: OverviewData) -> list[Key]:
    """Return the crossings of the doors, with the change in the last week."""
    if data.crossings is None:
        return []
    name = "the doors" if data.has_entrances else "the lines"
    into, out = (sum_all(data.crossings[column]) for column in ("in_count", "out_count"))
    shown = [WITHHELD if total is None else f"{total:,.0f}" for total in (into, out)]
    week = compare_weeks(data)
    beside = "during all videos"
    if week is not None and not isnan(week["ratio"]):
        chance = "; may be chance" if week["is_chance"] else ""
        beside = f"{format_change(week['ratio'])} came in last week than the week before{chance}"
    return [Key(f"In \N{MIDDLE DOT} out over {name}", f"{shown[0]} \N{MIDDLE DOT} {shown[1]}", beside)]


def _doors(data: OverviewData) -> list[Section]:
    """Show the crossings of the doors by day."""
    if data.door_days is None or data.door_days.empty:
        return []
    dates = _list_dates(data.door_days.index.get_level_values("local_date"))
    index_of_date: dict[Any, int] = {date: index for index, date in enumerate(dates)}
    lanes = []
    for (site, line), rows in list(data.door_days.groupby(level=["site", "line"]))[:MOST_LANES]:
        into, out = (sum_all(rows[column]) for column in ("in_count", "out_count"))
        summary = WITHHELD if into is None or out is None else f"{into:,.0f} in, {out:,.0f} out"
        days = [index_of_date[date] for date in rows.index.get_level_values("local_date")]
        up = dict(zip(days, rows["in_count"].tolist(), strict=True))
        down = dict(zip(days, rows["out_count"].tolist(), strict=True))
        titles = {
            index: f"{dates[index]:%a %Y-%m-%d}: {_write_count(value)} in, {_write_count(down[index])} out"
            for index, value in up.items()
        }
        lanes.append(
            DayLane(f"{line} \N{MIDDLE DOT} {site}" if site else str(line), summary, up, titles, down)
        )
    if not lanes:
        return []
    chart = DayChart(lanes, len(dates), _list_ticks(dates))
    description = "; ".join(f"{one.name}: {one.summary}" for one in lanes)
    alt = f"Crossings in (up) and out (down) by day. {description}."
    left = len(data.door_days.groupby(level=["site", "line"])) - len(lanes)
    more = f" {left} more are in the tables." if left > 0 else ""
    parts: list[Part] = [
        Words(texts.DOORS_LEAD + more, "lead"),
        Chart("doors", draw_widths(lambda width: draw_days(chart, width)), alt),
    ]
    return [Section("doors", texts.DOORS if data.has_entrances else texts.DOORS_LINES, parts)]


def _write_count(number: float) -> str:
    return WITHHELD if isnan(number) else f"{number:.0f}"


def _say_withheld(data: OverviewData) -> str:
    return f"fewer than {data.fewest} people, withheld" if data.fewest else WITHHELD


def _list_dates(dates: pd.Index) -> list[pd.Timestamp]:
    """Return all days from the first to the last."""
    return list(pd.date_range(dates.min(), dates.max(), freq="D").as_unit("s"))


def _list_ticks(dates: list[pd.Timestamp]) -> list[tuple[int, str]]:
    """Return the labeled days: all days, or only Mondays if there are more than two weeks."""
    few = len(dates) <= 14  # noqa: PLR2004 - two weeks
    return [
        (index, f"{date:%a %d}" if few else f"{date:%d %b}")
        for index, date in enumerate(dates)
        if few or date.day_of_week == 0
    ]


def _days(data: OverviewData) -> list[Section]:
    """Show the people in view by day and site, or by video if no clock is known."""
    if data.scene is None:
        return _videos_in_order(data)
    scene = data.scene
    dates = _list_dates(pd.Index(scene["local_date"]))
    index_of_date: dict[Any, int] = {date: index for index, date in enumerate(dates)}
    of_row = data.sites.reindex(scene["video"]).to_numpy()
    lanes = []
    for site in sorted(set(of_row))[:MOST_LANES]:
        rows = scene[of_row == site]
        days = rows.groupby("local_date").agg(
            time=("person_seconds", lambda one: one.dt.total_seconds().sum(skipna=False)),
            recorded=("recorded_time", lambda one: one.dt.total_seconds().sum()),
        )
        means = days["time"] / days["recorded"].where(days["recorded"] > 0)
        before = means.reindex(means.index - _WEEK).to_numpy()
        up = {index_of_date[date]: float(value) for date, value in means.items()}
        earlier = {
            index_of_date[date]: float(value)
            for date, value in zip(means.index, before, strict=True)
            if not isnan(value)
        }
        titles = {
            index: f"{dates[index]:%a %Y-%m-%d}: "
            + (_say_withheld(data) if isnan(value) else f"{value:.1f} on average")
            + (f", a week before {earlier[index]:.1f}" if index in earlier else "")
            for index, value in up.items()
        }
        total, recorded = days["time"].sum(skipna=False), days["recorded"].sum()
        summary = WITHHELD if isnan(total) or not recorded else f"{total / recorded:.1f} on average"
        lanes.append(
            DayLane(
                site or ("No site" if data.sites.any() else "All cameras"),
                summary,
                up,
                titles,
                before=earlier,
            )
        )
    has_before = any(lane.before for lane in lanes)
    chart = DayChart(lanes, len(dates), _list_ticks(dates), 1)
    alt = f"People in view on average by day. {'; '.join(f'{one.name}: {one.summary}' for one in lanes)}."
    lead = texts.DAYS_LEAD + (texts.DAYS_BEFORE if has_before else "")
    left = len(set(of_row)) - len(lanes)
    lead += f" {count(left, 'more site is', 'more sites are')} not drawn." if left else ""
    unknown = len(data.videos) - scene["video"].nunique()
    if unknown:
        videos = count(unknown, "video has", "videos have")
        lead += f" {videos} no known time and cannot be shown by day and hour."
    parts: list[Part] = [
        Words(lead, "lead"),
        Chart("days", draw_widths(lambda width: draw_days(chart, width)), alt),
    ]
    return [Section("days", texts.DAYS, parts)]


def _videos_in_order(data: OverviewData) -> list[Section]:
    """Show the people in view in each video."""
    if data.bins is None or data.bins.empty:
        return []
    sums = data.sum_bins()
    means = sums["time"] / sums["recorded"].where(sums["recorded"] > 0)
    means = means[sums["recorded"] > 0]
    means = means.loc[[name for name in data.videos.index if name in means.index]]
    if means.empty:
        return []
    up = {index: float(value) for index, value in enumerate(means)}
    titles = {
        index: f"{name}: {_say_withheld(data) if isnan(value) else f'{value:.1f} on average'}"
        for index, (name, value) in enumerate(means.items())
    }
    names = [str(name) for name in means.index]
    common = len(os.path.commonprefix(names)) if len(names) > 1 else 0  # noqa: RUF071 - names, not paths
    ticks = [(index, name[common:][:7]) for index, name in enumerate(names)]
    total = sums["time"].sum(skipna=False) / sums["recorded"].sum()
    summary = WITHHELD if isnan(total) else f"{total:.1f} on average"
    lanes = [DayLane("In view", summary, up, titles)]
    chart = DayChart(lanes, len(means), ticks, 1)
    videos = count(len(means), "video", "videos")
    alt = f"People in view on average in each of {videos}, in the order of their names."
    parts: list[Part] = [
        Words(texts.ORDER_LEAD, "lead"),
        Chart("days", draw_widths(lambda width: draw_days(chart, width)), alt),
    ]
    return [Section("days", texts.ORDER, parts)]


def _hours(data: OverviewData) -> Section:
    """Show the occupancy by weekday and hour."""
    if data.scene is None:
        is_known = data.videos["started_at"].notna().any()
        return Section(
            "hours", texts.HOURS, [Words(texts.NO_OCCUPANCY if is_known else texts.NO_CLOCK, "note")]
        )
    present = _lay_out(data, data.scene, "person_seconds")
    grids: list[Part] = [_build_grid(texts.PRESENT_GRID, present, "", 1)]
    came = _find_arrivals(data)
    if came is not None:
        rows, caption = came
        grids.insert(0, _build_grid(caption, _lay_out(data, rows, "arrived"), "per hour", 0))
    lead = texts.HOURS_LEAD + (
        f" {texts.HOURS_WITHHELD.format(fewest=data.fewest)}" if data.is_suppressed else ""
    )
    body: list[Part] = [Columns(grids[:1], grids[1:], "even")] if len(grids) > 1 else grids
    parts: list[Part] = [Words(lead, "lead"), *body]
    if data.has_intervals:
        parts.append(Words(texts.BY_INTERVAL, "caption"))
    least = data.scene.groupby(["weekday", "local_hour"])["recorded_time"].sum().dt.total_seconds().min() / 60
    if least < 15:  # noqa: PLR2004 - a quarter of an hour
        parts.append(Words(texts.SHORT_HOURS.format(minutes=f"{least:.1f}"), "caption"))
    return Section("hours", texts.HOURS, parts)


def _find_arrivals(data: OverviewData) -> tuple[pd.DataFrame, str] | None:
    """Return the inward crossings or the started visits per local hour, with the recorded time."""
    columns = ["weekday", "local_hour", "recorded_time", "arrived"]
    if data.crossings is not None and data.scene is not None:
        recorded = data.door_scene.assign(arrived=0.0)
        if recorded.empty:
            return None
        events = data.local_crossings
        events = events.assign(arrived=events["in_count"], recorded_time=pd.Timedelta(0))
        caption = texts.DOOR_GRID if data.has_entrances else texts.LINE_GRID
        return pd.concat([recorded[columns], events[columns]], ignore_index=True), caption
    if data.began is not None and data.scene is not None:
        events = data.began.assign(
            arrived=data.began["began"].astype("float64"), recorded_time=pd.Timedelta(0)
        )
        recorded = data.scene.assign(arrived=0.0)
        return pd.concat([recorded[columns], events[columns]], ignore_index=True), texts.VISIT_GRID
    return None


def _lay_out(data: OverviewData, rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return the rate per weekday and hour, its state and its basis."""
    values = rows[value]
    is_time = values.dtype.kind == "m"
    plain = values.dt.total_seconds() if is_time else values.astype("float64")
    keys = [rows["weekday"].to_numpy(), rows["local_hour"].to_numpy()]
    withheld = (find_states(rows, value) == FigureState.WITHHELD) | (plain.isna() & data.is_suppressed)
    recorded = rows["recorded_time"].dt.total_seconds()
    table = pd.DataFrame(
        {
            "sum": plain.groupby(keys).sum(),
            "withheld": withheld.groupby(keys).any(),
            "recorded": recorded.groupby(keys).sum(),
        }
    )
    return table.assign(rate=table["sum"] / (table["recorded"] / (1.0 if is_time else 3600.0)))


def _build_grid(caption: str, table: pd.DataFrame, unit: str, digits: int) -> Grid:
    """Build a grid of rates by weekday and hour, each with its basis."""
    what = "{:.0f}" if unit else "{:.0f} person-seconds"
    days = sorted({day for day, _ in table.index})
    hours = range(min(hour for _, hour in table.index), max(hour for _, hour in table.index) + 1)
    cells, titles = list[list[Cell]](), list[list[str]]()
    for day in days:
        row, row_titles = list[Cell](), list[str]()
        for hour in hours:
            found = table.loc[(day, hour)] if (day, hour) in table.index else None
            if found is None or not found["recorded"]:
                row.append(None)
                row_titles.append("")
            elif found["withheld"]:
                row.append(WITHHELD)
                row_titles.append(f"withheld; {found['recorded'] / 60:.1f} minutes of video")
            else:
                row.append(float(found["rate"]))
                row_titles.append(
                    f"{what.format(found['sum'])} in {found['recorded'] / 60:.1f} minutes of video"
                )
        cells.append(row)
        titles.append(row_titles)
    return Grid(
        caption,
        [_DAYS[day - 1] for day in days],
        [f"{hour:02d}" for hour in hours],
        cells,
        unit,
        digits,
        titles,
        has_gaps=True,
    )


def _zones(data: OverviewData) -> Section:
    """Compare the visits to zones over all sites."""
    if data.fewest and data.visits is None:
        return Section("zones", texts.ZONES, [Words(texts.WITHHELD_VISITS, "note")])
    if data.visits is None:
        return Section(
            "zones", texts.ZONES, [Words(texts.NO_TABLE if data.has_zones else texts.NO_ZONES, "note")]
        )
    if data.visits.empty:
        return Section("zones", texts.ZONES, [Words(texts.NO_VISITS)])
    by_site = len(set(data.videos["site"].dropna())) > 1
    stays = data.site_stays if by_site else data.zone_stays
    colors = number_colors(data.zone_names)
    strips = [_build_strip(one, colors[one.name]) for one in stays]
    parts = build_stays("stays", strips[:_MOST_STRIPS], strips[_MOST_STRIPS:])
    return Section("zones", texts.ZONES_SITES if by_site else texts.ZONES, parts)


def _build_strip(stays: Stays, color: int) -> Strip:
    site = f" \N{MIDDLE DOT} {stays.site}" if stays.site else ""
    lengths = [format_length(float(length)) for length in stays.length[: MOST_DOTS + 1]]
    return Strip(
        f"{stays.name}{site}",
        f"z{color}",
        f"{count(len(stays.length), 'visit', 'visits')}, {count(stays.people)}",
        stays.length,
        stays.started,
        stays.ended,
        lengths if len(lengths) <= MOST_DOTS else [],
        median=stays.median,
        low=stays.low,
        high=stays.high,
        usable=stays.usable,
    )


def _videos(data: OverviewData, reports: Mapping[str, str]) -> Section:
    """List the videos with links to their reports, videos with problems first."""
    rank = data.verdicts["kind"].map({kind: index for index, kind in enumerate(_RANKS)})
    failed = -data.verdicts["checks"].str.count(",")
    ranked = data.videos.assign(rank=rank, failed=failed)
    order = ranked.sort_values(["rank", "failed", "site", "camera"], kind="stable").index
    people = None if data.tracks is None else data.tracks.groupby(level="video").size()
    rows = [_list_video(data, str(name), people) for name in order]
    headings = [
        Heading("video", "video"),
        Heading("verdict", "verdict"),
        Heading("checks", "checks that are not good"),
        Heading("recorded", "recorded (local time)"),
        Heading("site", "site"),
        Heading("camera", "camera"),
        Heading("duration_s", "length [s]", digits=0),
        Heading("persons", "people", digits=0),
        Heading("mean_persons", "in view on average", digits=2),
        Heading("max_persons", "at most", digits=0),
    ]
    table = ReportTable(
        "videos", texts.VIDEOS, headings, rows, row="one video", marks="verdict", links=dict(reports)
    )
    parts: list[Part] = [Words(texts.WITHHELD_CHECKS, "note")] if data.is_suppressed else []
    return Section("videos", texts.VIDEOS_FIRST, [*parts, table])


def _list_video(data: OverviewData, name: str, people: pd.Series | None) -> list[Cell]:
    row: Any = data.videos.loc[name]
    verdict, checks = (
        (WITHHELD, "")
        if data.is_suppressed and data.quality is None
        else data.verdicts.loc[name, ["verdict", "checks"]]
    )
    mean, most = data.presence.get(name, (None, None))
    length = None if pd.isna(row["duration"]) else float(row["duration"].total_seconds())
    number = None if people is None else int(people.get(name, 0))
    shown = [WITHHELD if one is None and data.is_suppressed else one for one in (number, mean, most)]
    where = [None if pd.isna(row[one]) else str(row[one]) for one in ("site", "camera")]
    return [name, str(verdict), str(checks), _local_start(row), *where, length, *shown]


def _local_start(row: pd.Series) -> str | None:
    """Format the local start of a video."""
    if pd.isna(row["started_at"]) or pd.isna(row["timezone"]):
        return None
    return f"{row['started_at'].tz_convert(parse_timezone(str(row['timezone']))):%Y-%m-%d %H:%M}"


def _words() -> list[Section]:
    return [
        Section("words", WORDS, [Facts([*texts.DEFINITIONS.items()])]),
        Section("method", METHOD, [Words(texts.METHOD_NOTE)]),
    ]
