"""The chart of values by day or by video, with one lane per entrance or site."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan

from ptrack_analysis.report.svg import drawing, element, fit, letters, line, part, title

MOST_LANES = 8
_LEFT, _RIGHT, _TOP = 40.0, 8.0, 8.0
_LABEL = 46.0
"""Width of a tick label [px]."""


@dataclass(frozen=True, slots=True)
class DayLane:
    """One lane: its values by their position on the axis, and the text next to its name.

    Values in ``down`` are drawn downward, values in ``before`` as a pale line. A NaN value is withheld. A
    position without a value is not covered. ``titles`` describe each position.
    """

    name: str
    summary: str
    up: dict[int, float]
    titles: dict[int, str]
    down: dict[int, float] | None = None
    before: dict[int, float] | None = None


@dataclass(frozen=True, slots=True)
class DayChart:
    """Lanes over one axis of positions with labels."""

    lanes: Sequence[DayLane]
    positions: int
    ticks: Sequence[tuple[int, str]]
    digits: int = 0


def draw_days(chart: DayChart, width: int) -> str:
    """Draw the lanes below each other, all on one scale."""
    room = (width - _LEFT - _RIGHT) / max(chart.positions, 1)
    values = [
        value
        for lane in chart.lanes
        for values in (lane.up, lane.down or {}, lane.before or {})
        for value in values.values()
        if not isnan(value)
    ]
    most = max(values, default=0.0) or 1.0
    high, low = _find_heights(chart)
    drawn, top = list[str](), _TOP

    def across(position: float) -> float:
        return _LEFT + position * room

    for lane in chart.lanes:
        floor = top + 22 + high
        drawn += _draw_lane(lane, across, floor, most, chart)
        name = part(fit(lane.name, width / 2), "b") + part(f"  {lane.summary}", "soft")
        drawn.append(element("text", name, x=_LEFT, y=top + 12))
        drawn.append(line(_LEFT, floor, width - _RIGHT, floor, "axis"))
        top = floor + low + 6
    bottom, until = top + 2, 0.0
    for position, label in chart.ticks:
        x = across(position + 0.5)
        if x - _LABEL / 2 < until or x + _LABEL / 2 > width:
            continue
        until = x + _LABEL / 2
        drawn += [
            line(x, bottom - 4, x, bottom, "axis"),
            letters(x, bottom + 14, label, "soft small", "middle"),
        ]
    return drawing(width, bottom + 20, *drawn)


def _find_heights(chart: DayChart) -> tuple[float, float]:
    """Return the height of a lane above and below its axis."""
    return (38.0, 30.0) if any(lane.down is not None for lane in chart.lanes) else (58.0, 0.0)


def _draw_lane(
    lane: DayLane, across: Callable[[float], float], floor: float, most: float, chart: DayChart
) -> list[str]:
    """Draw one lane: bars, withheld and uncovered positions, and the values a week before as a line."""
    high, low = _find_heights(chart)
    gap = across(1) - across(0)
    wide = max(gap - min(3.0, gap / 4), 0.6)
    drawn = [letters(_LEFT - 6, floor - high + 4, f"{most:.{chart.digits}f}", "soft small", "end")]
    drawn.append(letters(_LEFT - 6, floor + 4, "0", "soft small", "end"))
    drawn.append(line(_LEFT, floor - high, across(chart.positions), floor - high, "grid"))
    for position, value in lane.up.items():
        x = across(position)
        marks = []
        if isnan(value):
            marks.append(
                element("rect", x=x, y=floor - high, width=wide, height=high + low, class_="withheld")
            )
        else:
            size = value / most * high
            marks.append(element("rect", x=x, y=floor - size, width=wide, height=size, class_="up"))
            out = 0.0 if lane.down is None else lane.down.get(position, 0.0)
            if isnan(out):
                marks.append(element("rect", x=x, y=floor, width=wide, height=low, class_="withheld"))
            elif out:
                marks.append(element("rect", x=x, y=floor, width=wide, height=out / most * low, class_="out"))
        drawn.append(element("g", title(lane.titles.get(position, "")), *marks))
    covered = [-1, *sorted(lane.up), chart.positions]
    for before, after in pairwise(covered):
        if after > before + 1:
            x, until = across(before + 1), across(after)
            shape = {"x": x, "y": floor - high, "width": until - x, "height": high + low}
            drawn.append(element("rect", title("not covered"), class_="uncovered", **shape))
    drawn += _draw_before(lane, across, floor, high / most)
    return drawn


def _draw_before(lane: DayLane, across: Callable[[float], float], floor: float, scale: float) -> list[str]:
    """Draw the values a week before as a pale line with gaps."""
    path, last = "", -2
    for position, value in sorted((lane.before or {}).items()):
        if isnan(value):
            continue
        level = floor - value * scale
        start = f"M{across(position):.1f} {level:.1f}" if position != last + 1 else f"V{level:.1f}"
        path += f"{start}H{across(position + 1):.1f}"
        last = position
    return [element("path", d=path, class_="before")] if path else []
