"""The chart of dwell times, with one dot per visit and one strip per zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import (
    count,
    format_length,
    format_length_range,
    format_percent,
)
from ptrack_analysis.report.svg import NARROW, drawing, element, fit, letters, line, part, title

MOST_DOTS = 60
"""Maximum number of visits of a strip that are drawn as single dots."""
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000, 86400)
_SHORTEST = 0.1
_BIN = 16.0
_NAMES, _MEDIANS = 164.0, 188.0
"""Width for the names on the left and the medians on the right [px]."""
_STARTS = {
    "video_start": "already there when the video began",
    "appeared": "first detected inside",
    "zone_opened": "already there when the zone opened",
}
_ENDS = {
    "video_end": "still there when the video ended",
    "lost": "lost from view",
    "zone_closed": "still there when the zone closed",
}
_MENTIONED = 0.10
"""Share of estimated time from which a zone is marked."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The visits to one zone, or the stays in the scene: their lengths [s] and unobserved ends."""

    name: str
    color: str
    counted: str
    length: Floats
    start_observed: Bools
    end_observed: Bools
    titles: Sequence[str]
    median: float | None
    low: float | None
    high: float | None
    usable: int
    mark: str = ""


def find_strips(evidence: Evidence, colors: dict[str, int]) -> list[Strip]:
    """Return the strip of the scene, then one for each zone with visits, in the order of the colors."""
    strips = [_find_scene(evidence)] if evidence.figures["persons"] else []
    if not evidence.analysis.zones:
        return strips
    visits, observed = evidence.visits, evidence.analysis.observed
    usable = evidence.analysis["dwell"]["persons"].to_dict()
    for name, color in colors.items():
        rows = visits[(visits["zone"] == name).to_numpy()]
        if rows.empty:
            continue
        figures = evidence.zone_figures[name]
        started = rows["entry"].isin([*observed["observed_entries"]]).to_numpy()
        ended = rows["exit"].isin([*observed["observed_exits"]]).to_numpy()
        strips.append(
            Strip(
                name,
                f"z{color}",
                f"{count(len(rows), 'visit', 'visits')}, {count(figures['visitors'])}",
                rows["dwell"].dt.total_seconds().to_numpy(),
                started,
                ended,
                _write_titles(evidence, rows, started, ended),
                median=figures["median_dwell_s"],
                low=figures["median_dwell_low_s"],
                high=figures["median_dwell_high_s"],
                usable=int(usable.get(name, 0)),
                mark=_find_mark(evidence, name),
            )
        )
    return strips


def _find_scene(evidence: Evidence) -> Strip:
    """Return the strip of the time in the scene."""
    tracks, (came, left) = evidence.analysis["tracks"], evidence.stay_ends
    stay = evidence.figures["stay_in_scene"] or {}
    rows = pd.DataFrame(
        {
            "person_index": tracks.index.to_numpy(),
            "entered": tracks["first_seen"].to_numpy(),
            "dwell": tracks["time_in_scene"].to_numpy(),
            "entry": np.where(came, "", "video_start"),
            "exit": np.where(left, "", "video_end"),
        }
    )
    return Strip(
        "In view",
        "all",
        count(len(tracks)),
        rows["dwell"].dt.total_seconds().to_numpy(),
        came,
        left,
        _write_titles(evidence, rows, came, left),
        median=stay.get("median_s"),
        low=stay.get("median_low_s"),
        high=stay.get("median_high_s"),
        usable=int(stay.get("persons", 0)),
    )


def _write_titles(evidence: Evidence, rows: pd.DataFrame, started: Bools, ended: Bools) -> list[str]:
    """Describe each visit: person, duration, start, and unobserved ends."""
    if len(rows) > MOST_DOTS:
        return []
    titles = []
    for row, start, end in zip(rows.to_dict("records"), started.tolist(), ended.tolist(), strict=True):
        unseen = "" if start else f", {_STARTS.get(str(row['entry']), 'its start was not observed')}"
        unseen += "" if end else f", {_ENDS.get(str(row['exit']), 'its end was not observed')}"
        length, since = row["dwell"].total_seconds(), evidence.format_time(row["entered"].total_seconds())
        titles.append(f"Person {row['person_index']}: {format_length(length)} from {since}{unseen}")
    return titles


def _find_mark(evidence: Evidence, zone: str) -> str:
    """Describe the limits of the figures of a zone."""
    estimated = evidence.estimated_share(zone)
    others = [check for check in evidence.zone_figures[zone]["affected_by"] if check != "face only"]
    sentences = [f"{format_percent(estimated)} estimated"] if estimated > _MENTIONED else []
    return ", ".join([*sentences, *others])


def describe_strips(strips: Sequence[Strip]) -> str:
    """Describe the chart in words."""
    sentences = [
        f"{strip.name}: "
        + ("no median" if strip.median is None else f"half last {format_length(strip.median)} or longer")
        + f" ({strip.counted})"
        for strip in strips
    ]
    what = (
        "one dot per visit" if not is_binned(strips) else "one dot per visit, or for all of about one length"
    )
    return f"How long people stay, {what}. {'; '.join(sentences)}."


def is_binned(strips: Sequence[Strip]) -> bool:
    """Return whether a strip has so many visits that a dot represents several."""
    return any(len(strip.length) > MOST_DOTS for strip in strips)


def draw_strips(strips: Sequence[Strip], width: int) -> str:
    """Draw the strips on one scale."""
    is_narrow = width < NARROW
    left, right = (8.0, 8.0) if is_narrow else (_NAMES, _MEDIANS)
    known = np.concatenate([np.maximum(strip.length, _SHORTEST) for strip in strips])
    bounds = [bound for strip in strips for bound in (strip.low, strip.high) if bound]
    low, high = 0.85 * min([*known, *bounds]), 1.15 * max([*known, *bounds])

    def across(length: float) -> float:
        share = log(max(length, _SHORTEST) / low) / log(high / low)
        return left + share * (width - left - right)

    ticks = _choose_ticks(low, high, across)
    drawn, top = [], 4.0 if is_narrow else 20.0
    if not is_narrow:
        drawn.append(letters(width, 12, "half last at least (95 % range)", "soft small", "end"))
    for strip in strips:
        top += 40 if is_narrow else 0
        dots, half = _draw_dots(strip, across, is_narrow=is_narrow)
        middle = top + half
        grid = [line(across(tick), top, across(tick), top + 2 * half, "grid") for tick in ticks]
        drawn += [*grid, _draw_range(strip, across, middle, half, width - right)]
        drawn += [element("g", *dots, transform=f"translate(0 {middle:.1f})")]
        drawn.append(_draw_median(strip, across, middle, half))
        drawn.append(_label(strip, middle, top, width, is_narrow=is_narrow))
        top += 2 * half + 6
    drawn += [letters(across(tick), top + 12, format_tick(tick), "soft small", "middle") for tick in ticks]
    return drawing(width, top + 18, *drawn)


def format_tick(seconds: float) -> str:
    """Format a duration for a tick label: ``0.5 s``, ``5 s``, ``2 min``, ``1 h``."""
    if seconds < 60:  # noqa: PLR2004 - below a minute
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"  # noqa: PLR2004 - an hour


def format_tick_range(low: float, high: float) -> str:
    """Format a range of durations for a label, with the unit once if both ends share it."""
    first, last = format_tick(low), format_tick(high)
    number, unit = first.split()
    return f"{number if last.endswith(f' {unit}') else first} to {last}"


def _choose_ticks(low: float, high: float, across: Callable[[float], float]) -> list[float]:
    """Return the ticks within a range, so far apart that their labels do not overlap."""
    ticks: list[float] = []
    for tick in _TICKS:
        if low <= tick <= high and (not ticks or across(tick) - across(ticks[-1]) > 44):  # noqa: PLR2004
            ticks.append(tick)
    return ticks


def _draw_dots(strip: Strip, across: Callable[[float], float], *, is_narrow: bool) -> tuple[list[str], float]:
    """Draw the visits around a middle line; return the drawing and half of its height."""
    if len(strip.length) > MOST_DOTS:
        return _draw_bins(strip, across), 14.0
    radius, placed = 3.6 if is_narrow else 4.4, list[tuple[float, float]]()
    dots = []
    for row in np.argsort(strip.length, kind="stable").tolist():
        x, offset = across(float(strip.length[row])), 0.0
        for step in range(2 * MOST_DOTS):
            offset = (2 * radius + 0.6) * ((step + 1) // 2) * (1 if step % 2 else -1)
            if all(abs(offset - y) > 2 * radius or abs(x - other) > 2 * radius for other, y in placed):
                break
        placed.append((x, offset))
        is_whole = bool(strip.start_observed[row] and strip.end_observed[row])
        marks = [element("circle", cx=x, cy=offset, r=radius, class_="dot" if is_whole else "dot open")]
        marks += [_draw_arrow(x, offset, radius)] if not strip.end_observed[row] else []
        marks += [_draw_arrow(x, offset, -radius)] if not strip.start_observed[row] else []
        dots.append(element("g", title(strip.titles[row]), *marks, class_=strip.color))
    return dots, max(12.0, max(abs(offset) for _, offset in placed) + radius + 3)


def _draw_arrow(x: float, y: float, radius: float) -> str:
    """Draw an arrow from a dot: a positive radius to the right, a negative one to the left."""
    away = 1 if radius > 0 else -1
    path = f"M{x + radius:.1f} {y:.1f}h{10 * away}m{-4 * away}-3.5l{4 * away} 3.5l{-4 * away} 3.5"
    return element("path", d=path, class_="arrow")


def _draw_bins(strip: Strip, across: Callable[[float], float]) -> list[str]:
    """Draw the visits as one dot per bin of the scale, with an area proportional to their number."""
    bin_of_row = np.array([int(across(float(length)) // _BIN) for length in strip.length])
    whole = strip.start_observed & strip.end_observed
    bins, counts = np.unique(bin_of_row, return_counts=True)
    largest, dots = int(counts.max()), []
    for number, total in zip(bins.tolist(), counts.tolist(), strict=True):
        inside = bin_of_row == number
        complete, lengths = int(whole[inside].sum()), strip.length[inside]
        length_text = format_length_range(float(lengths.min()), float(lengths.max()))
        length_text = (
            length_text
            if len(lengths) > 1 and lengths.min() < lengths.max()
            else format_length(float(lengths[0]))
        )
        unseen = "" if complete == total else f", {total - complete} not observed from beginning to end"
        x, scale = (number + 0.5) * _BIN, _BIN / 2 + 3
        marks = [element("circle", cx=x, cy=0, r=max(1.2, scale * sqrt(total / largest)), class_="dot open")]
        if complete:
            radius = max(1.2, scale * sqrt(complete / largest))
            marks.append(element("circle", cx=x, cy=0, r=radius, class_="dot"))
        words = title(f"{length_text}: {count(total, 'visit', 'visits')}{unseen}")
        dots.append(element("g", words, *marks, class_=strip.color))
    return dots


def _draw_range(
    strip: Strip, across: Callable[[float], float], middle: float, half: float, end: float
) -> str:
    """Draw the range of the median behind the dots."""
    if strip.low is None:
        return ""
    right = end if strip.high is None else across(strip.high)
    size = {"width": max(right - across(strip.low), 1), "height": 2 * half - 4, "rx": 4.0}
    bar = element("rect", x=across(strip.low), y=middle - half + 2, class_="range", **size)
    return element("g", bar, class_=strip.color)


def _draw_median(strip: Strip, across: Callable[[float], float], middle: float, half: float) -> str:
    """Draw the median in front of the dots, dashed if it has no range."""
    if strip.median is None:
        return ""
    x, style = across(strip.median), "median" if strip.low is not None else "median dashed"
    drawn = [
        line(x, middle - half, x, middle + half, "casing"),
        line(x, middle - half, x, middle + half, style),
    ]
    return element("g", *drawn, class_=strip.color)


def _label(strip: Strip, middle: float, top: float, width: int, *, is_narrow: bool) -> str:
    """Write the name of a strip, its median and its mark."""
    median = "no median" if strip.median is None else format_length(strip.median)
    spread = ""
    if strip.low is not None:
        spread = f" ({format_length_range(strip.low, strip.high)})"
    elif strip.median is not None:
        spread = f" (n = {strip.usable}, no range)"
    median_text = part(median, "b") + part(spread, "soft small")
    mark = f"\N{WHITE UP-POINTING TRIANGLE} {strip.mark}" if strip.mark else ""
    name_class = f"b {strip.color} name"
    if is_narrow:
        room = width - 8 * (len(median) + len(spread))
        return "".join(
            [
                letters(0, top - 22, fit(strip.name, room), name_class),
                element("text", median_text, x=width, y=top - 22, text_anchor="end"),
                letters(0, top - 6, strip.counted, "soft small"),
                letters(width, top - 6, fit(mark, width / 2, 12), "warn small", "end") if mark else "",
            ]
        )
    lift = 7 if mark else 0
    return "".join(
        [
            letters(0, middle - 2, fit(strip.name, _NAMES - 12), name_class),
            letters(0, middle + 13, fit(strip.counted, _NAMES, 12), "soft small"),
            element("text", median_text, x=width, y=middle + 4 - lift, text_anchor="end"),
            letters(width, middle + 12, fit(mark, _MEDIANS, 12), "warn small", "end") if mark else "",
        ]
    )
