"""The tables in the appendix of an overview."""

from math import isnan

import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import estimate_count, estimate_daily_count
from ptrack_analysis.report import overview_texts as texts
from ptrack_analysis.report.estimates import GARWOOD
from ptrack_analysis.report.overview_data import OverviewData, sum_all, sum_known
from ptrack_analysis.report.overview_texts import WITHHELD
from ptrack_analysis.report.page_texts import TABLES
from ptrack_analysis.report.parts import Cell, Heading, ReportTable, Section, column_text
from ptrack_analysis.schema import DWELL, OCCUPANCY_HOURLY, VISITS, VISITS_HOURLY


def tables_section(data: OverviewData) -> Section:
    """Show the tables behind the charts."""
    tables = [_zone_table(data), _footfall_table(data), _day_table(data)]
    return Section("tables", TABLES, [table for table in tables if table is not None])


def _zone_table(data: OverviewData) -> ReportTable | None:
    """List the visits to the zones of each name, over all videos."""
    if data.visits is None:
        return None
    rows = []
    for stays in data.zone_stays:
        own = data.visits[data.visits.index.get_level_values("zone") == stays.name]
        people = [name for name in own.index.names if name not in {"zone", "visit"}]
        visits = estimate_count(own.groupby(level=people).size())
        whole = float((stays.started & stays.ended).mean())
        row: list[Cell] = [
            stays.name,
            int(own.index.get_level_values("video").nunique()),
            len(stays.length),
            visits.low,
            visits.high,
            stays.median,
            stays.low,
            stays.high,
            float(stays.length.sum()),
            float(stays.length.mean()),
            1 - whole,
        ]
        rows.append(row)
    headings = [
        Heading("zone", "zone"),
        Heading("videos", "videos", "Videos in which someone visited it.", 0),
        Heading("visits", "visits", column_text(DWELL, "visits"), 0),
        Heading("visits_low", "from", f"Lower bound of the number of visits.{GARWOOD}", 1),
        Heading("visits_high", "to", f"Upper bound of the number of visits.{GARWOOD}", 1),
        Heading("median_s", "median [s]", column_text(DWELL, "median"), 1),
        Heading("median_low_s", "from", column_text(DWELL, "median_low"), 1),
        Heading("median_high_s", "to", column_text(DWELL, "median_high"), 1),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("observed_mean_s", "observed mean [s]", "Mean of the observed dwell of all visits.", 1),
        Heading("cut_share", "not fully observed", "Share of visits whose start or end was not observed.", 2),
    ]
    return ReportTable(
        "zones",
        "Zones over all videos, with 95 % intervals",
        headings,
        rows,
        row="all visits to zones of one name",
    )


def _footfall_table(data: OverviewData) -> ReportTable | None:
    """List the inward crossings and the visits per local day, with the interval across days."""
    rows: list[list[Cell]] = []
    if data.door_days is not None:
        rows += [
            _count_days(str(line), "inward crossings", own["in_count"])
            for line, own in data.door_days.groupby(level="line")
        ]
    if data.began is not None and data.scene is not None:
        recorded = sorted(set(data.scene["local_date"]))
        for zone, own in data.began.groupby("zone"):
            days = own.assign(began=own["began"].astype("float64")).groupby("local_date")["began"]
            counts = days.agg(sum_known).reindex(recorded, fill_value=0.0)
            rows.append(_count_days(str(zone), "visits", counts))
    if not rows:
        return None
    headings = [
        Heading("name", "line or zone"),
        Heading("counted", "counted events"),
        Heading("days", "days", "Local days that were recorded at least in part.", 0),
        Heading("count", "in all", digits=0),
        Heading(
            "per_day",
            "mean per day",
            "The count divided by the number of days, also partly recorded days.",
            1,
        ),
        Heading("per_day_low", "from", texts.DAILY_INTERVAL, 1),
        Heading("per_day_high", "to", texts.DAILY_INTERVAL, 1),
        Heading("note", "why there is no interval"),
    ]
    return ReportTable(
        "footfall",
        "Footfall per day, with 95 % intervals",
        headings,
        rows,
        row="one line or zone, by its name",
    )


def _count_days(name: str, counted: str, counts: pd.Series) -> list[Cell]:
    if counts.isna().any():
        note = "the count of a day is withheld"
        return [name, counted, len(counts), WITHHELD, WITHHELD, None, None, note]
    mean, interval = estimate_daily_count(counts.tolist())
    low, high = (None if isnan(end) else end for end in (interval.low, interval.high))
    return [name, counted, len(counts), float(counts.sum()), mean, low, high, interval.note]


def _day_table(data: OverviewData) -> ReportTable | None:
    """List the local days: the time recorded, people in view, and the visits that began."""
    if data.scene is None:
        return None
    scene = data.scene
    rows = list[list[Cell]]()
    for date, own in scene.groupby("local_date"):
        recorded = float(own["recorded_time"].dt.total_seconds().sum())
        present = sum_all(own["person_seconds"].dt.total_seconds())
        mean = present / recorded if recorded and present is not None else None
        most = None if own["max_persons"].isna().any() else int(own["max_persons"].max())
        row: list[Cell] = [f"{date:%Y-%m-%d}", recorded / 3600, mean, most]
        if data.began is not None:
            row.append(sum_all(data.began["began"][data.began["local_date"] == date].astype("float64")))
        rows.append([WITHHELD if cell is None and data.is_suppressed else cell for cell in row])
    headings = [
        Heading("local_date", "day", column_text(OCCUPANCY_HOURLY, "local_date")),
        Heading("recorded_h", "recorded [h]", column_text(OCCUPANCY_HOURLY, "recorded_time"), 2),
        Heading("mean_persons", "in view on average", column_text(OCCUPANCY_HOURLY, "person_seconds"), 2),
        Heading("max_persons", "at most", column_text(OCCUPANCY_HOURLY, "max_persons"), 0),
        Heading("began", "visits started", column_text(VISITS_HOURLY, "began"), 0),
    ]
    return ReportTable(
        "days",
        "By day, all videos together",
        headings[: len(rows[0]) if rows else 4],
        rows,
        row="one local day",
    )
