"""The chart of transitions between zones: bands from left to right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ptrack_analysis.report.finding_texts import count, format_percent
from ptrack_analysis.report.svg import NARROW, drawing, element, fit, letters, part, title

STATES = {
    "(outside)": "No zone",
    "(video_start)": "Start",
    "(appeared)": "Appeared",
    "(zone_opened)": "Zone opened",
    "(video_end)": "End",
    "(lost)": "Lost",
    "(zone_closed)": "Zone closed",
    "(other)": "Other zones",
}
"""Labels of the states before the first and after the last visit."""
OTHER = "(other)"
"""The combined name of zones without a color."""
_TOP, _BAR = 18.0, 9.0
_TOLD = 6


@dataclass(frozen=True, slots=True)
class Band:
    """The transitions from one zone or state to another."""

    origin: str
    destination: str
    transitions: int
    title: str


def find_bands(transitions: pd.DataFrame, colors: Mapping[str, int]) -> list[Band]:
    """Return the bands; zones without a color count as one."""
    table = transitions.reset_index()
    rows = table.astype({"origin": str, "destination": str})
    known = {*colors, *STATES}
    is_known = rows["origin"].isin(known) & rows["destination"].isin(known)
    shown = rows.assign(
        origin=rows["origin"].where(rows["origin"].isin(known), OTHER),
        destination=rows["destination"].where(rows["destination"].isin(known), OTHER),
    )
    bands = [
        Band(
            row["origin"],
            row["destination"],
            int(row["transitions"]),
            f"{_describe_way(row['origin'], row['destination'])}: {_count_times(row['transitions'])}, "
            f"{count(int(row['persons']))}, {format_percent(row['share'])} of the transitions from there",
        )
        for row in shown[is_known].to_dict("records")
    ]
    others = shown[~is_known].groupby(["origin", "destination"])[["transitions"]].sum().reset_index()
    return bands + [
        Band(
            row["origin"],
            row["destination"],
            int(row["transitions"]),
            f"{_describe_way(row['origin'], row['destination'])}: {_count_times(row['transitions'])}",
        )
        for row in others.to_dict("records")
    ]


def _count_times(number: int) -> str:
    return count(int(number), "time", "times")


def _describe_way(origin: str, destination: str) -> str:
    return f"{STATES.get(origin, origin)} \N{RIGHTWARDS ARROW} {STATES.get(destination, destination)}"


def describe_bands(bands: Sequence[Band]) -> str:
    """Describe the chart in words."""
    most = sorted(bands, key=lambda band: -band.transitions)[:_TOLD]
    descriptions = "; ".join(
        f"{STATES.get(band.origin, band.origin)} to {STATES.get(band.destination, band.destination)} "
        f"{_count_times(band.transitions)}"
        for band in most
    )
    return f"How often people went from zone to zone, the most frequent first: {descriptions}."


def list_ends(bands: Sequence[Band], colors: Mapping[str, int], *, left: bool) -> list[str]:
    """Return the zones and states on one side: zones in order, other states first or last."""
    present = {band.origin if left else band.destination for band in bands}
    zones = [name for name in (*colors, OTHER) if name in present]
    states = [name for name in STATES if name in present and name != OTHER]
    if left:
        return [
            *(name for name in states if name == "(outside)"),
            *zones,
            *(name for name in states if name != "(outside)"),
        ]
    return [*zones, *states]


def draw_bands(bands: Sequence[Band], colors: Mapping[str, int], width: int) -> str:
    """Draw the bands."""
    origins, destinations = (list_ends(bands, colors, left=left) for left in (True, False))
    gap = 14.0
    room = max(310.0, 26.0 * max(len(origins), len(destinations)))
    total = sum(band.transitions for band in bands)
    scale = (room - gap * (max(len(origins), len(destinations)) - 1)) / total
    margin = 100.0 if width < NARROW else 138.0
    starts, ends = (
        _stack(names, bands, scale, gap, left=left)
        for names, left in ((origins, True), (destinations, False))
    )
    order = sorted(bands, key=lambda band: (origins.index(band.origin), destinations.index(band.destination)))
    from_y, to_y = dict(starts), dict(ends)
    tops = {}
    for band in order:
        tops[band] = [from_y[band.origin], 0.0]
        from_y[band.origin] += scale * band.transitions
    for band in sorted(
        order, key=lambda band: (destinations.index(band.destination), origins.index(band.origin))
    ):
        tops[band][1] = to_y[band.destination]
        to_y[band.destination] += scale * band.transitions
    drawn = [
        letters(margin, 11, "from", "soft small", "end"),
        letters(width - margin, 11, "to", "soft small"),
    ]
    x0, x1 = margin + _BAR, width - margin - _BAR
    for band in order:
        (y0, y1), high, middle = tops[band], scale * band.transitions, (x0 + x1) / 2
        path = (
            f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
            f"V{y1 + high:.1f}C{middle:.1f} {y1 + high:.1f} {middle:.1f} {y0 + high:.1f} {x0:.1f}"
            f" {y0 + high:.1f}Z"
        )
        drawn.append(
            element("path", title(band.title), d=path, class_=f"{_color(band.origin, colors)} ribbon")
        )
    for names, tops_of, x, anchor in (
        (origins, starts, margin, "end"),
        (destinations, ends, width - margin - _BAR, "start"),
    ):
        for name in names:
            number = sum(
                band.transitions
                for band in bands
                if name == (band.origin if anchor == "end" else band.destination)
            )
            high, beside = scale * number, x - 6 if anchor == "end" else x + _BAR + 6
            shown = part(fit(STATES.get(name, name), margin - 34, 12.5), "b") + part(f" {number}", "soft")
            middle = tops_of[name] + high / 2 + 4.5
            style = f"{_color(name, colors)} fill"
            drawn.append(element("rect", x=x, y=tops_of[name], width=_BAR, height=max(high, 2), class_=style))
            drawn += [element("text", shown, x=beside, y=middle, text_anchor=anchor, class_="small")]
    return drawing(width, room + 26, *drawn)


def _stack(
    names: Sequence[str], bands: Sequence[Band], scale: float, gap: float, *, left: bool
) -> dict[str, float]:
    """Return where the bar of each zone or state begins."""
    tops, top = {}, _TOP
    for name in names:
        tops[name] = top
        number = sum(
            band.transitions for band in bands if name == (band.origin if left else band.destination)
        )
        top += scale * number + gap
    return tops


def _color(name: str, colors: Mapping[str, int]) -> str:
    return f"z{colors[name]}" if name in colors else "all"
