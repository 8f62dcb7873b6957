"""The verdict and the findings of the overview of a dataset."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import estimate_count_ratio, estimate_daily_count
from ptrack_analysis.report.finding_texts import (
    capitalize,
    count,
    describe_check,
    format_length,
    format_length_range,
    format_percent,
    join,
    list_subjects,
    name_zone,
)
from ptrack_analysis.report.overview_data import OverviewData, Stays, sum_known
from ptrack_analysis.report.parts import Finding, Opening, isolated
from ptrack_analysis.report.video_rules import FEWEST_PEOPLE, is_narrow
from ptrack_analysis.scene.zones import ENTRANCE, QUEUE

MOST_FINDINGS = 5
_WEEK = pd.Timedelta("7D")
_FEWEST_DAYS, _FEWEST_HOURS = 28, 5
_EQUAL = 0.05
"""Maximum difference in recorded hours of two days whose counts are compared."""
_STANDS_OUT, _LONGER = 1.15, 1.5


def find_overview(data: OverviewData) -> Opening:
    """Return the opening of the overview: the videos, their problems, and the findings."""
    kinds = data.verdicts["kind"]
    number = len(kinds)
    bad, doubtful, unknown = (int((kinds == kind).sum()) for kind in ("bad", "doubtful", "unknown"))
    if unknown == number:
        verdict, kind = "Not checked.", "unknown"
    elif bad:
        verdict, kind = f"{bad} of {count(number, 'video', 'videos')} have problems.", "bad"
        verdict = verdict if number > 1 else "The video has problems."
    elif doubtful:
        verdict, kind = "Usable with care.", "doubtful"
    else:
        verdict, kind = "Reliable.", "good"
    findings = [finding for rule in _RULES if (finding := next(rule(data), None))][:MOST_FINDINGS]
    return Opening(
        verdict=verdict,
        kind=kind,
        limits=f"{_describe_scope(data)} {_describe_problems(data, bad, doubtful, unknown)}".strip(),
        findings=findings,
        empty="" if findings else _describe_silence(data),
        target="videos",
    )


def _describe_scope(data: OverviewData) -> str:
    """Describe the videos: their number, cameras, sites, length and days."""
    videos = data.videos
    parts = [count(len(videos), "video", "videos")]
    for name, many in (("camera", "cameras"), ("site", "sites")):
        different = videos[name].dropna().nunique()
        if different:
            parts.append(f"{'from' if name == 'camera' else 'at'} {count(different, name, many)}")
    sentence = f"{' '.join(parts)}, {format_length(data.recorded)} of video"
    if data.scene is not None:
        dates = data.scene["local_date"]
        days = count(int(dates.nunique()), "day", "days")
        ends = sorted({f"{dates.min():%Y-%m-%d}", f"{dates.max():%Y-%m-%d}"})
        sentence += f" on {days}{' from ' if len(ends) > 1 else ', '}{' to '.join(ends)}"
    return f"{sentence}."


def _describe_problems(data: OverviewData, bad: int, doubtful: int, unknown: int) -> str:
    """Count the videos with problems, and name the most frequent one."""
    if data.is_suppressed and data.quality is None:
        return (
            "The dataset withholds small counts and has no quality checks, so how far the tracking can be "
            "relied on is not known."
        )
    clauses = []
    if doubtful:
        clauses.append(f"{doubtful} can be used with care")
    if unknown:
        clauses.append(f"{unknown} could not be checked")
    parts = [f"{join(clauses)}."] if clauses else []
    kind = "bad" if bad else "doubtful"
    checks = data.verdicts["checks"][data.verdicts["kind"] == kind].str.split(", ").explode()
    if (bad or doubtful) and len(checks) and data.quality is not None:
        worst = checks.value_counts()
        check, number = str(worst.index[0]), int(worst.iloc[0])
        rows = data.quality[data.quality.index.get_level_values("check") == check]
        outputs = str(rows["affects"].iloc[0]).split(", ")
        subjects = list_subjects(outputs, zones=data.has_zones, lines=bool(data.doors))
        effect = "cannot be relied on" if bad else "may be off"
        problem = f"In {number} of them {describe_check(check)}"
        if len(data.videos) == 1:
            parts, problem = [], capitalize(describe_check(check))
        parts.append(f"{problem}, so {join(subjects)} {effect}." if subjects else f"{problem}.")
    return " ".join(parts)


def _describe_silence(data: OverviewData) -> str:
    if data.is_suppressed:
        return "Too much is withheld for findings."
    return f"Too little data for findings: {count(len(data.videos), 'video', 'videos')}."


def _find_camera(data: OverviewData) -> Iterator[Finding]:
    """Find the camera with the most problems."""
    if len(data.videos) == 1:
        return
    kinds, cameras = data.verdicts["kind"], data.videos["camera"].dropna().astype(str)
    bad = kinds[kinds == "bad"].index.intersection(cameras.index)
    if bad.empty:
        return
    problems = cameras[bad].value_counts()
    worst, number = str(problems.index[0]), int(problems.iloc[0])
    of_camera = int((cameras == worst).sum())
    if of_camera == 1 or (problems == number).sum() > 1:
        return
    checks = data.verdicts["checks"][bad][cameras[bad] == worst].str.split(", ").explode().value_counts()
    yield Finding(
        "camera",
        f"Camera {isolated(worst)} needs a look: {number} of its {of_camera} videos have problems.",
        f"Checks that are not good: {', '.join(map(str, checks.index[:3]))}.",
        "videos",
        {"camera": worst, "bad": number},
    )


def compare_weeks(data: OverviewData) -> dict[str, Any] | None:
    """Compare the people who came in during the last week with the same weekdays a week before.

    Returns None if less than four weeks are covered, if a count is withheld, or if the recorded time of a day
    differs from the same weekday a week before.
    """
    if data.door_days is None or data.door_hours is None:
        return None
    totals = data.door_days.groupby(level="local_date")["in_count"].agg(sum_known)
    if totals.isna().any() or (totals.index.max() - totals.index.min()).days + 1 < _FEWEST_DAYS:
        return None
    last = totals[totals.index > totals.index.max() - _WEEK]
    before = totals.reindex(last.index - _WEEK)
    hours = data.door_hours.reindex(last.index).to_numpy()
    earlier = data.door_hours.reindex(before.index).to_numpy()
    if before.isna().any() or not (np.abs(hours - earlier) <= _EQUAL * hours).all():
        return None
    weekday = pd.DatetimeIndex(totals.index).day_of_week
    usual = totals.groupby(weekday).transform("mean")
    freedom = len(totals) - len(set(weekday))
    known = usual > 0
    dispersion = float(((totals - usual)[known] ** 2 / usual[known]).sum() / max(freedom, 1))
    now, then = float(last.sum()), float(before.sum())
    ratio, interval = estimate_count_ratio(now, then, dispersion, freedom)
    return {
        "now": now,
        "before": then,
        "days": len(last),
        "ratio": ratio,
        "low": interval.low,
        "high": interval.high,
        "is_chance": not (interval.low > 1 or interval.high < 1),
    }


def format_change(ratio: float) -> str:
    """Format a ratio as a change: ``12 % more``."""
    return f"{format_percent(abs(ratio - 1))} {'more' if ratio >= 1 else 'fewer'}"


def _find_change(data: OverviewData) -> Iterator[Finding]:
    """Find a change in the people who came in during the last week."""
    week = compare_weeks(data)
    if week is None or week["is_chance"]:
        return
    ends = sorted(abs(week[end] - 1) for end in ("low", "high"))
    word = "more" if week["ratio"] > 1 else "fewer"
    spread = f"{format_percent(ends[0]).removesuffix(' %')} to {format_percent(ends[1])} {word}"
    yield Finding(
        "change",
        f"{format_change(week['ratio']).capitalize()} people came in during the last week than in the week "
        "before.",
        f"{week['now']:.0f} after {week['before']:.0f} on the same "
        f"{count(week['days'], 'weekday', 'weekdays')}. 95 % range: {spread}.",
        "doors",
        week,
    )


def find_hours(data: OverviewData) -> pd.DataFrame | None:
    """Return the mean number of people in each hour of the day, and the number of recorded days."""
    if data.scene is None or data.scene["person_seconds"].isna().any():
        return None
    recorded = data.scene[data.scene["recorded_time"] > pd.Timedelta(0)]
    hours = recorded.groupby("local_hour").agg(
        time=("person_seconds", "sum"), recorded=("recorded_time", "sum"), days=("local_date", "nunique")
    )
    return hours.assign(mean=hours["time"] / hours["recorded"])


def _find_hour(data: OverviewData) -> Iterator[Finding]:
    """Find the busiest hour of the day."""
    hours = find_hours(data)
    if hours is None or hours.empty or (hours["days"] < _FEWEST_HOURS).any() or len(hours) < 2:  # noqa: PLR2004
        return
    overall = float(hours["time"].sum() / hours["recorded"].sum())
    hour = int(hours.index[int(hours["mean"].to_numpy().argmax())])
    mean = float(hours["mean"].max())
    if not overall or mean < _STANDS_OUT * overall:
        return
    before = "" if data.videos["camera"].dropna().nunique() < 2 else " of a camera"  # noqa: PLR2004 - several
    yield Finding(
        "hour",
        f"Busiest hour: {hour:02d}:00 to {(hour + 1) % 24:02d}:00, with {mean:.1f} people in view{before} on "
        "average.",
        f"Over all hours it was {overall:.1f}. Recorded on {count(int(hours['days'][hour]), 'day', 'days')}.",
        "hours",
        {"hour": hour, "mean_persons": mean, "mean": overall, "days": int(hours["days"][hour])},
    )


def _is_reportable(stays: Stays) -> bool:
    return stays.usable >= FEWEST_PEOPLE and stays.median is not None and is_narrow(stays.low, stays.high)


def _find_zone(data: OverviewData) -> Iterator[Finding]:
    """Find the zone with the longest visits over all sites."""
    entrances = set[str]()
    zones = data.dataset.read("zones") if data.has_zones and "zones" in data.dataset.tables else None
    if zones is not None:
        entrances = set(zones["zone"][zones["kind"].astype(str).isin([ENTRANCE, QUEUE])].astype(str))
    reported = [stays for stays in data.zone_stays if _is_reportable(stays) and stays.name not in entrances]
    reported.sort(key=lambda stays: -(stays.median or 0))
    if len(reported) < 2:  # noqa: PLR2004 - two are compared
        return
    one, other = reported[0], reported[-1]
    if one.median is None or other.median is None or one.median < _LONGER * other.median:
        return
    overlap = other.high is None or one.low is None or other.high >= one.low
    chance = " The difference may be chance." if overlap else ""
    ranges = [format_length_range(stays.low or 0.0, stays.high) for stays in (one, other)]
    yield Finding(
        "zone",
        f"Half of the visits to {name_zone(one.name)} last {format_length(one.median)} or longer; at "
        f"{name_zone(other.name)} it is {format_length(other.median)}.",
        f"95 % ranges: {ranges[0]}, and {ranges[1]}. {len(one.length)} and {len(other.length)} visits."
        f"{chance}",
        "zones",
        {
            "zone": one.name,
            "median_s": one.median,
            "low_s": one.low,
            "high_s": one.high,
            "other": other.name,
            "other_median_s": other.median,
        },
        (one.name, other.name),
    )


def find_site_rates(data: OverviewData) -> dict[str, dict[str, float]]:
    """Return the people who came in per recorded hour at each site, with the interval across days.

    Sites with fewer than three days or a withheld count are excluded.
    """
    if data.door_days is None:
        return {}
    found = {}
    for site, rows in data.door_days.groupby(level="site"):
        counts = rows.groupby(level="local_date")["in_count"].agg(sum_known)
        own = data.door_scene[data.sites.reindex(data.door_scene["video"]).to_numpy() == site]
        hours = float(own["recorded_time"].dt.total_seconds().sum() / 3600)
        if not site or counts.isna().any() or not hours:
            continue
        _, interval = estimate_daily_count(counts.tolist())
        per_hour = len(counts) / hours
        found[str(site)] = {
            "rate": float(counts.sum()) / hours,
            "low": interval.low * per_hour,
            "high": interval.high * per_hour,
            "days": len(counts),
            "hours": hours,
        }
    return {site: rates for site, rates in found.items() if not np.isnan(rates["low"])}


def _find_site(data: OverviewData) -> Iterator[Finding]:
    """Find the sites with the most and fewest people coming in, if their ranges do not overlap."""
    sites = find_site_rates(data)
    if len(sites) < 2:  # noqa: PLR2004 - two are compared
        return
    best, *_, worst = sorted(sites, key=lambda site: -sites[site]["rate"])
    most, fewest = sites[best], sites[worst]
    if most["low"] <= fewest["high"]:
        return
    rates = f"{most['rate']:.0f} and {fewest['rate']:.0f} per hour of video"
    sentence = f"More people came in at {isolated(best)} than at {isolated(worst)}: {rates}."
    if len(sites) > 2:  # noqa: PLR2004 - more than the two
        sentence = f"Most people came in at {isolated(best)}, fewest at {isolated(worst)}: {rates}."
    ranges = [f"{one['low']:.0f} to {one['high']:.0f}" for one in (most, fewest)]
    recorded = [
        f"{format_length(3600 * one['hours'])} of video on {one['days']:.0f} days" for one in (most, fewest)
    ]
    yield Finding(
        "site",
        sentence,
        f"95 % ranges: {ranges[0]}, and {ranges[1]}. {recorded[0]}, and {recorded[1]}.",
        "doors",
        {"site": best, "per_hour": most["rate"], "other": worst, "other_per_hour": fewest["rate"]},
    )


_RULES = (_find_camera, _find_change, _find_hour, _find_zone, _find_site)
