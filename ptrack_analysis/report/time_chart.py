"""The chart over time: people in view, entrance lines and zones, stacked vertically."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import clock_time, count
from ptrack_analysis.report.parts import local_time
from ptrack_analysis.report.svg import (
    NARROW,
    choose_step,
    drawing,
    element,
    fit,
    letters,
    line,
    part,
    step_path,
    title,
)

MOST_LINES = 4
"""Maximum number of drawn lines."""
_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    604800,
)
_LEFT, _RIGHT, _ZONE, _BAR = 30.0, 12.0, 26.0, 20.0
_DOOR, _PHONE_DOOR = 46.0, 40.0
_DAY, _DATED = 86_400, 110
"""Duration from which ticks have dates [s], and the width of a date label [px]."""
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The number of people in view or in a zone: times of changes [s], and the count from then on."""

    name: str
    color: str
    time: Floats
    persons: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """The crossings of a line: their times [s], directions and titles."""

    name: str
    time: Floats
    inward: np.ndarray
    titles: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The content of the chart: curves, lanes, and the busiest part."""

    start: float
    end: float
    curves: Sequence[Curve]
    lanes: Sequence[Lane]
    busiest: tuple[float, float, float] | None
    clock: datetime | None


def find_timeline(evidence: Evidence, colors: dict[str, int]) -> Timeline:
    """Return the content of the chart, with the zones that have a color."""
    analysis, figures = evidence.analysis, evidence.figures
    counts = {name: counts for name, counts in analysis.people_counts.items() if name == "" or name in colors}
    names = ["", *(name for name in colors if name in counts)]
    curves = [
        Curve(
            name or "In view",
            f"z{colors[name]}" if name else "all",
            counts[name][0].astype("int64") / 1000.0,
            counts[name][1],
        )
        for name in names
    ]
    busiest = figures["busiest"]["interval"]
    band = busiest and (
        busiest["start_s"],
        busiest["start_s"] + busiest["length_s"],
        busiest["mean_persons"],
    )
    return Timeline(figures["start_s"], figures["end_s"], curves, _find_lanes(evidence), band, evidence.clock)


def _find_lanes(evidence: Evidence) -> list[Lane]:
    """Return the crossings of the entrances, or of all lines without an entrance."""
    lines = evidence.analysis.boundary_lines
    if not lines:
        return []
    crossings = evidence.analysis["crossings"].reset_index()
    lanes = []
    for one in lines[:MOST_LINES]:
        rows = crossings[(crossings["line"] == one.name).to_numpy()]
        seconds = rows["timestamp"].dt.total_seconds().to_numpy()
        directions = rows["direction"].astype(str).to_numpy()
        titles = [
            f"{evidence.format_time(at)}: person {person} {direction}"
            for at, person, direction in zip(
                seconds.tolist(), rows["person_index"].tolist(), directions.tolist(), strict=True
            )
        ]
        lanes.append(Lane(one.name, seconds, directions == "in", titles))
    return lanes


def describe_timeline(timeline: Timeline) -> str:
    """Describe the chart in words."""
    scene = timeline.curves[0]
    sentences = [f"People in view over time: at most {int(scene.persons.max(initial=0))}."]
    if timeline.busiest is not None:
        start, end, mean = timeline.busiest
        sentences.append(
            f"Busiest from {write_time(timeline, start)} to {write_time(timeline, end)}, with {mean:.1f} "
            "people on average."
        )
    sentences += [f"{lane.name}: {_count_crossings(lane)}." for lane in timeline.lanes]
    sentences += [
        f"{curve.name}: at most {count(int(curve.persons.max(initial=0)))}." for curve in timeline.curves[1:]
    ]
    return " ".join(sentences)


def write_time(timeline: Timeline, seconds: float) -> str:
    """Format a time of the axis: in the video, or local time."""
    if timeline.clock is None:
        return clock_time(seconds)
    is_long = timeline.end - timeline.start > _DAY
    return f"{local_time(round(1000 * seconds), timeline.clock):{'%d %b %H:%M' if is_long else '%H:%M'}}"


def _count_crossings(lane: Lane) -> str:
    inward = int(lane.inward.sum())
    return f"{inward} in, {len(lane.inward) - inward} out"


def draw_timeline(timeline: Timeline, width: int) -> str:
    """Draw the chart."""
    is_narrow = width < NARROW
    scene, *zones = timeline.curves
    high = 104 if is_narrow else 122
    door, low, gap = _PHONE_DOOR if is_narrow else _DOOR, _ZONE, 20
    doors = 22 + high + 26
    first = doors + len(timeline.lanes) * (door + gap)
    bottom = first + len(zones) * (low + gap) - (gap if zones or timeline.lanes else 26) + 4

    def across(seconds: Any) -> Any:
        length = max(timeline.end - timeline.start, 1e-9)
        return _LEFT + (seconds - timeline.start) / length * (width - _LEFT - _RIGHT)

    drawn = _draw_axis(timeline, across, width, bottom)
    drawn += _draw_scene(timeline, scene, across, width, high)
    for number, lane in enumerate(timeline.lanes):
        drawn += _draw_lane(timeline, lane, across, width, doors + number * (door + gap))
    most = max([1, *(int(curve.persons.max(initial=0)) for curve in zones)])
    for number, curve in enumerate(zones):
        top = first + number * (low + gap)
        drawn += _draw_zone(curve, across, width, top, most)
    marks = {
        "data_start": timeline.start,
        "data_end": timeline.end,
        "data_left": _LEFT,
        "data_right": width - _RIGHT,
        "data_bottom": float(bottom),
    }
    return drawing(width, bottom + 22, *drawn, class_="timeline", **marks)


def _draw_axis(timeline: Timeline, across: Callable[[float], float], width: int, bottom: float) -> list[str]:
    """Draw the time axis, with lines through all parts of the chart."""
    length = timeline.end - timeline.start
    room = 74 if timeline.clock is None or 0.1 * _DAY < length <= _DAY else _DATED
    step = choose_step(length, (width - _LEFT - _RIGHT) / room, _STEPS)
    offset = 0.0
    if timeline.clock is not None:
        begun = timeline.clock
        offset = begun.hour * 3600 + begun.minute * 60 + begun.second + begun.microsecond / 1e6
    first = -(-(timeline.start + offset) // step) * step - offset
    drawn = []
    for seconds in np.arange(first, timeline.end + 1e-6, step).tolist():
        x = across(seconds)
        anchor = "start" if x < _LEFT + 14 else "end" if x > width - _RIGHT - 14 else "middle"
        is_short = timeline.clock is not None and step < 60  # noqa: PLR2004 - ticks within a minute
        label = (
            f"{local_time(round(1000 * seconds), timeline.clock):%H:%M:%S}"
            if is_short and timeline.clock
            else write_time(timeline, seconds)
        )
        drawn += [line(x, 22, x, bottom, "grid"), letters(x, bottom + 17, label, "soft small", anchor)]
    return drawn


def _draw_scene(
    timeline: Timeline, scene: Curve, across: Callable[[Any], Any], width: int, high: float
) -> list[str]:
    """Draw the people in view, with the busiest part marked."""
    top, most = 22.0, max(int(scene.persons.max(initial=0)), 1)

    def down(persons: float) -> float:
        return top + high - persons / (1.06 * most) * high

    step = choose_step(most, 5, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000))
    drawn = []
    for number in range(0, most + 1, int(step)):
        drawn += [line(_LEFT, down(number), width - _RIGHT, down(number), "grid")]
        drawn += [letters(_LEFT - 7, down(number) + 4, str(number), "soft small", "end")]
    drawn.append(letters(_LEFT, 14, scene.name, "b"))
    if timeline.busiest is not None:
        begin, until, mean = timeline.busiest
        x, end = across(begin), across(until)
        band = {"width": end - x, "height": high, "class_": "band"}
        words = f"busiest: {mean:.1f}" if width < NARROW else f"busiest: {mean:.1f} people on average"
        half = 3.4 * len(words)
        middle = min(max((x + end) / 2, _LEFT + 56 + half), width - _RIGHT - half)
        drawn = [
            element("rect", x=x, y=top, **band),
            *drawn,
            letters(middle, 14, words, "warn small", "middle"),
        ]
    x = across(scene.time)
    drawn.append(element("path", d=step_path(x, scene.persons, down, closed=True), class_="all area"))
    drawn.append(element("path", d=step_path(x, scene.persons, down, closed=False), class_="all curve"))
    return drawn


def _draw_lane(
    timeline: Timeline, lane: Lane, across: Callable[[Any], Any], width: int, top: float
) -> list[str]:
    """Draw the crossings of a line as arrows, or as bars if they are too many."""
    high = _PHONE_DOOR if width < NARROW else _DOOR
    middle = top + high / 2
    name = part(fit(lane.name, width / 2), "b") + part(f"  {_count_crossings(lane)}", "soft")
    drawn = [
        element("text", name, x=_LEFT, y=top - 5),
        letters(_LEFT - 7, middle - 6, "in", "soft small", "end"),
        letters(_LEFT - 7, middle + 14, "out", "soft small", "end"),
        line(_LEFT, middle, width - _RIGHT, middle, "axis"),
    ]
    x = across(lane.time)
    room = width - _LEFT - _RIGHT
    if len(x) * 7 > room:
        return [*drawn, *_draw_bars(timeline, lane, x, middle, room)]
    for position, inward, words in zip(x.tolist(), lane.inward.tolist(), lane.titles, strict=True):
        away = -1 if inward else 1
        tip = middle + away * (high / 2 - 2)
        shaft = line(position, middle, position, tip - away * 6, "shaft")
        head = f"M{position - 4.5:.1f} {tip - away * 8:.1f}L{position:.1f} {tip:.1f}l4.5 {-8 * away}z"
        drawn.append(
            element("g", title(words), shaft, element("path", d=head, class_="in" if inward else "out"))
        )
    return drawn


def _draw_bars(timeline: Timeline, lane: Lane, x: Floats, middle: float, room: float) -> list[str]:
    """Draw the crossings in pieces of equal length."""
    high = _BAR
    bins = max(int(room / 8), 1)
    bin_of_row = np.minimum(((x - _LEFT) / room * bins).astype("int64"), bins - 1)
    inward = np.bincount(bin_of_row[lane.inward], minlength=bins)
    outward = np.bincount(bin_of_row[~lane.inward], minlength=bins)
    most, wide = max(int(inward.max()), int(outward.max()), 1), room / bins
    drawn = []
    for number, (into, out) in enumerate(zip(inward.tolist(), outward.tolist(), strict=True)):
        left, up, below = _LEFT + number * wide, high * into / most, high * out / most
        bars = [
            element("rect", x=left, y=y, width=wide - 1, height=size, class_=name)
            for size, y, name in ((up, middle - up, "in"), (below, middle, "out"))
            if size
        ]
        start, end = (
            timeline.start + share * (timeline.end - timeline.start)
            for share in (number / bins, (number + 1) / bins)
        )
        when = f"{write_time(timeline, start)} to {write_time(timeline, end)}"
        if bars:
            drawn.append(element("g", title(f"{when}: {into} in, {out} out"), *bars))
    return drawn


def _draw_zone(curve: Curve, across: Callable[[Any], Any], width: int, top: float, most: int) -> list[str]:
    """Draw the people in one zone, on the common scale of all zones."""
    high = _ZONE
    floor = top + high

    def down(persons: float) -> float:
        return floor - persons / most * high

    path = step_path(across(curve.time), curve.persons, down, closed=True)
    return [
        letters(_LEFT, top - 4, fit(curve.name, width - 60), f"b {curve.color} name"),
        line(_LEFT, floor, width - _RIGHT, floor, "grid"),
        letters(_LEFT - 7, top + 5, str(most), "soft small", "end"),
        letters(_LEFT - 7, floor + 2, "0", "soft small", "end"),
        element("path", d=path, class_=f"{curve.color} fill"),
    ]


def timeline_data(timeline: Timeline) -> dict[str, Any]:
    """Return the data of the time slider: the counts of each curve, and the clock."""
    curves = [
        {
            "name": curve.name,
            "color": curve.color,
            "times": np.rint(1000 * curve.time).astype("int64").tolist(),
            "persons": curve.persons.tolist(),
        }
        for curve in timeline.curves
    ]
    return {"start": timeline.start, "end": timeline.end, "curves": curves, "clock": _list_clock(timeline)}


def _list_clock(timeline: Timeline) -> list[list[int]]:
    """Return the local time of day at the start of the video, and after each change of the clocks [ms]."""
    if timeline.clock is None:
        return []
    listed: list[list[int]] = []
    begun, end = timeline.clock.astimezone(UTC), timedelta(seconds=timeline.end)
    passed = timedelta(0)
    while passed <= end:
        local = (begun + passed).astimezone(timeline.clock.tzinfo)
        shift = (local.utcoffset() or timedelta(0)) + timedelta(hours=begun.hour, minutes=begun.minute)
        shift += timedelta(seconds=begun.second, microseconds=begun.microsecond)
        milliseconds = round(shift % timedelta(days=1) / timedelta(milliseconds=1))
        if not listed or listed[-1][1] != milliseconds:
            listed.append([round(passed / timedelta(milliseconds=1)), milliseconds])
        passed += _QUARTER - timedelta(
            minutes=(begun + passed).minute % 15,
            seconds=(begun + passed).second,
            microseconds=(begun + passed).microsecond,
        )
    return listed
