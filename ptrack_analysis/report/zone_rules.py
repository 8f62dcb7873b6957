"""Rules for findings about visits to zones: dwell, goals, transitions, short visits, waiting."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import Interval, count_by_unit, estimate_share
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
)
from ptrack_analysis.report import finding_texts as texts
from ptrack_analysis.report.estimates import seconds
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import count, format_length, format_share, name_zone
from ptrack_analysis.report.parts import Finding
from ptrack_analysis.report.video_rules import FEWEST_PEOPLE, format_bounds, is_narrow
from ptrack_analysis.scene.zones import GOALS, QUEUE

GLANCE = pd.Timedelta("2s")
"""A visit shorter than this counts as a glance."""
WAIT_LIMIT = pd.Timedelta("1min")
"""Limit of the waiting time above which people are counted."""
_MOST_UNPLACED, _MENTIONED, _MOST_ESTIMATED = 0.20, 0.10, 0.40
_LONGER = 1.5
"""Minimum ratio of two medians for a comparison."""
_FEWEST_TIMES = 10
"""Minimum number of people or visits for a share of transitions."""
_MOST_LIKELY, _USUAL, _MANY_GLANCES = 0.5, 0.6, 0.4
_VISITS = ("visits", "dwell")


def _list_dwell(evidence: Evidence) -> list[dict[str, Any]]:
    """List the zones with a sufficiently certain median dwell, longest first."""
    if not evidence.analysis.zones:
        return []
    persons, found = evidence.analysis["dwell"]["persons"].to_dict(), []
    for zone in evidence.zones:
        if zone.kind == QUEUE or zone.name not in persons:
            continue
        figures = evidence.zone_figures[zone.name]
        median, low, high = (figures[f"median_dwell{end}_s"] for end in ("", "_low", "_high"))
        if persons[zone.name] < FEWEST_PEOPLE or median is None or not is_narrow(low, high):
            continue
        estimated = evidence.estimated_share(zone.name)
        if estimated > _MOST_ESTIMATED or evidence.is_bad(_VISITS, zone.name):
            continue
        found.append(
            {
                "zone": zone.name,
                "median_s": median,
                "low_s": low,
                "high_s": high,
                "visits": figures["visits"],
                "persons": int(persons[zone.name]),
                "estimated": estimated,
            }
        )
    return sorted(found, key=lambda one: -one["median_s"])


def _describe_estimated(*zones: dict[str, Any]) -> str:
    """Describe the share of estimated time in zones, if it is large."""
    sentences = [
        f" {texts.format_percent(zone['estimated'])} of the time at {name_zone(zone['zone'])} is estimated."
        for zone in zones
        if zone["estimated"] > _MENTIONED
    ]
    return "".join(sentences)


def find_longest_zone(evidence: Evidence) -> Iterator[Finding]:
    """Compare the zones with the longest and the shortest dwell."""
    zones = _list_dwell(evidence)
    if len(zones) <= 1 or zones[0]["median_s"] < _LONGER * zones[-1]["median_s"]:
        return
    one, other = zones[0], zones[-1]
    names = name_zone(one["zone"]), name_zone(other["zone"])
    bounds = [texts.format_length_range(zone["low_s"], zone["high_s"]) for zone in (one, other)]
    overlap = other["high_s"] is None or other["high_s"] >= one["low_s"]
    chance = (
        f" With {one['visits']} and {other['visits']} visits the difference may be chance."
        if overlap
        else f" {one['visits']} and {other['visits']} visits."
    )
    yield Finding(
        "longest_zone",
        f"Half of the visits to {names[0]} last {format_length(one['median_s'])} or longer; at {names[1]} it "
        f"is {format_length(other['median_s'])}.",
        f"95 % ranges: {bounds[0]}, and {bounds[1]}.{chance}{_describe_estimated(one, other)}",
        "zones",
        {f"{key}{end}": zone[key] for zone, end in ((one, ""), (other, "_other")) for key in one},
        (one["zone"], other["zone"]),
    )


def find_zone_dwell(evidence: Evidence) -> Iterator[Finding]:
    """Find how long visits to one zone last."""
    for zone in _list_dwell(evidence):
        yield Finding(
            "zone_dwell",
            f"Half of the visits to {name_zone(zone['zone'])} last {format_length(zone['median_s'])} or "
            "longer.",
            f"{format_bounds(zone['low_s'], zone['high_s'])}. {count(zone['visits'], 'visit', 'visits')} by "
            f"{count(evidence.zone_figures[zone['zone']]['visitors'])}.{_describe_estimated(zone)}",
            "zones",
            {**zone, "visitors": evidence.zone_figures[zone["zone"]]["visitors"]},
            (zone["zone"],),
        )


def _format_share_bounds(share: float, bounds: Interval, whole: int) -> str:
    percent = texts.format_percent_range(bounds.low, bounds.high)
    if whole <= texts.FEW:
        return f"{texts.format_percent(share)}; with so few people the 95 % range is {percent}."
    return f"95 % range: {percent}."


def find_goal(evidence: Evidence) -> Iterator[Finding]:
    """Find the share of people who reached the goal, among people whose complete stay was recorded."""
    goals = [zone for zone in evidence.zones if zone.kind in GOALS]
    if not goals or not evidence.has_entrance:
        return
    people = evidence.observed_stays[1]
    if len(people) < max(FEWEST_PEOPLE, _MOST_LIKELY * evidence.figures["persons"]):
        return  # complete stays are biased: short stays are recorded completely more often than long ones
    visits = evidence.visits
    for zone in goals:
        if evidence.is_bad(("visits",), zone.name):
            continue
        reached = int(people.isin(visits["person_index"][visits["zone"] == zone.name]).sum())
        share, bounds = estimate_share(reached, [1] * len(people))
        yield Finding(
            "goal",
            f"{texts.capitalize(format_share(reached, len(people), ' people'))} went to "
            f"{name_zone(zone.name)}.",
            f"{_format_share_bounds(share, bounds, len(people))} Based on {len(people)} of "
            f"{count(evidence.figures['persons'])} with a complete stay in the video.",
            "zones",
            {
                "zone": zone.name,
                "reached": reached,
                "people": len(people),
                "persons": evidence.figures["persons"],
                "share": share,
                "low": bounds.low,
                "high": bounds.high,
            },
            (zone.name,),
        )


def find_first_stop(evidence: Evidence) -> Iterator[Finding]:
    """Find the zone that people visit first after the entrance."""
    entrances = {zone.name for zone in evidence.analysis.entrances}
    if not entrances or not evidence.zones:
        return
    visits = evidence.visits
    first = visits.drop_duplicates("person_index")
    came = first[first["zone"].isin(entrances).to_numpy()]["person_index"]
    people = came[came.isin(evidence.observed_stays[0]).to_numpy()]
    if len(people) < _FEWEST_TIMES:
        return
    later = visits[
        ~visits["zone"].isin(entrances).to_numpy() & visits["person_index"].isin(people).to_numpy()
    ]
    stops = later.drop_duplicates("person_index")["zone"].astype(str).value_counts()
    if stops.empty:
        return
    zone, reached = str(stops.index[0]), int(stops.iloc[0])
    share, bounds = estimate_share(reached, [1] * len(people))
    is_likely = share >= _MOST_LIKELY and bounds.low >= 1 / len(evidence.analysis.zones)
    if not is_likely or evidence.is_bad(("visits",), zone):
        return
    yield Finding(
        "first_stop",
        f"Most went to {name_zone(zone)} first: {format_share(reached, len(people))}.",
        f"{_format_share_bounds(share, bounds, len(people))} Based on {count(len(people))} who came in "
        "through the entrance.",
        "ways",
        {
            "zone": zone,
            "reached": reached,
            "people": len(people),
            "share": share,
            "low": bounds.low,
            "high": bounds.high,
        },
        (zone,),
    )


def find_next_step(evidence: Evidence) -> Iterator[Finding]:
    """Find the most frequent next zone after a zone."""
    if not evidence.analysis.zones:
        return
    table = evidence.analysis["transitions"].reset_index()
    table["left"] = table.groupby("origin", observed=True)["transitions"].transform("sum")
    names = {zone.name for zone in evidence.analysis.zones}
    usual = table[
        table["origin"].isin(names)
        & table["destination"].isin(names)
        & (table["origin"] != table["destination"])
        & (table["left"] >= _FEWEST_TIMES)
        & (table["share"] >= _USUAL)
    ].sort_values("left", ascending=False, kind="stable")
    tracks, visits = evidence.analysis["tracks"], evidence.visits
    for row in usual.to_dict("records"):
        origin, destination = str(row["origin"]), str(row["destination"])
        people = visits["person_index"][visits["zone"] == origin].unique()
        times = tracks.loc[tracks.index.isin(people), ["without_position", "time_in_scene"]].sum()
        is_lost = times["without_position"] > _MOST_UNPLACED * times["time_in_scene"]
        if is_lost or evidence.is_bad(("transitions",), origin) or evidence.is_bad(("visits",), destination):
            continue
        times_seen, left = int(row["transitions"]), int(row["left"])
        yield Finding(
            "next_step",
            f"After {name_zone(origin)} people mostly went to {name_zone(destination)}: "
            f"{format_share(times_seen, left, ' times')}.",
            f"{texts.format_percent(row['share'])} of the transitions after a visit to {name_zone(origin)}, "
            f"by {count(int(row['persons']))}.",
            "ways",
            {
                "zone": origin,
                "destination": destination,
                "transitions": times_seen,
                "left": left,
                "share": float(row["share"]),
                "persons": int(row["persons"]),
            },
            (origin,),
        )


def _count_visits(part: int, whole: int, zone: str) -> str:
    if whole <= texts.FEW:
        return f"{part} of {whole} visits to {zone}"
    return texts.capitalize(
        f"{texts.format_percent(part / whole)} of the visits to {zone} ({part} of {whole})"
    )


def find_glances(evidence: Evidence) -> Iterator[Finding]:
    """Find zones with many very short visits."""
    if not evidence.analysis.zones or evidence.analysis.period > pd.Timedelta("500ms"):
        return
    config, visits = evidence.analysis.config, evidence.visits
    ended = visits["exit"].isin([*config.observed_exits]) & visits["entry"].isin([*config.observed_entries])
    is_glance = ended & (visits["dwell"] < GLANCE)
    found = []
    for zone in evidence.zones:
        own = (visits["zone"] == zone.name).to_numpy()
        total, short = int(own.sum()), int(is_glance[own].sum())
        sizes = count_by_unit(visits["person_index"].to_numpy()[own])
        if total < _FEWEST_TIMES or short < _MANY_GLANCES * total or len(sizes) < FEWEST_PEOPLE:
            continue
        if not evidence.is_bad(_VISITS, zone.name):
            found.append((short / total, zone.name, short, total, sizes))
    for share, name, short, total, sizes in sorted(found, key=lambda one: -one[0]):
        bounds = estimate_share(short, sizes)[1]
        yield Finding(
            "glances",
            f"{_count_visits(short, total, name_zone(name))} were over within "
            f"{GLANCE.total_seconds():.0f} s.",
            f"{texts.format_percent(share)}; 95 % range: "
            f"{texts.format_percent_range(bounds.low, bounds.high)}. {count(len(sizes))}.",
            "zones",
            {
                "zone": name,
                "short": short,
                "visits": total,
                "share": share,
                "low": bounds.low,
                "high": bounds.high,
                "persons": len(sizes),
                "glance_s": GLANCE.total_seconds(),
            },
            (name,),
        )


def find_waiting(evidence: Evidence) -> Iterator[Finding]:
    """Find how long people wait in queues."""
    analysis = evidence.analysis
    queues = [zone.name for zone in analysis.zones if zone.kind == QUEUE]
    if not queues:
        return
    table = analysis["waiting_times"].reset_index()
    for name in queues:
        waits = table[(table["zone"] == name).to_numpy()]
        begun = waits[waits["begin_seen"].to_numpy()]
        people = begun["person_index"].to_numpy()
        estimated = evidence.estimated_share(name)
        is_spoiled = estimated > _MOST_ESTIMATED or evidence.is_bad(_VISITS, name)
        if len(np.unique(people)) < FEWEST_PEOPLE or is_spoiled:
            continue
        lengths = begun["wait"].to_numpy().astype("int64")
        curve = estimate_survival(
            Lengths(lengths, begun["end_seen"].to_numpy(), np.full(len(begun), -1), people)
        )
        median, bounds = seconds(find_quantile(curve, 0.5)), find_quantile_interval(curve, 0.5)
        low, high = seconds(bounds.low), seconds(bounds.high)
        if median is None or low is None or not is_narrow(low, high):
            continue
        over = int((waits["wait"] > WAIT_LIMIT).sum())
        limit = format_length(WAIT_LIMIT.total_seconds())
        sentence = (
            ""
            if estimated <= _MENTIONED
            else f" {texts.format_percent(estimated)} of this time is estimated."
        )
        yield Finding(
            "waiting",
            f"Half of the people who queued waited {format_length(median)} or longer; "
            f"{format_share(over, len(waits))} waited over {limit}.",
            f"{format_bounds(low, high)}. {count(len(np.unique(people)))} at {name_zone(name)}.{sentence}",
            "zones",
            {
                "zone": name,
                "median_s": median,
                "low_s": low,
                "high_s": high,
                "over": over,
                "waits": len(waits),
                "limit_s": WAIT_LIMIT.total_seconds(),
                "persons": len(np.unique(people)),
            },
            (name,),
        )
