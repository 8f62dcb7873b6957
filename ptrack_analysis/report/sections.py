"""The sections of a report: key figures, charts and the explorer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.selection import select
from ptrack_analysis.report import page_texts as texts
from ptrack_analysis.report.dwell_chart import (
    Strip,
    describe_strips,
    draw_strips,
    find_strips,
    format_tick,
    format_tick_range,
    is_binned,
)
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import (
    capitalize,
    count,
    format_length,
    format_length_range,
    format_percent,
    join,
    name_zone,
)
from ptrack_analysis.report.floor_chart import (
    LEVELS,
    Stood,
    draw_stood,
    find_boxes,
    find_ground,
    find_spots,
)
from ptrack_analysis.report.parts import (
    Chart,
    Columns,
    Cursor,
    Explored,
    Fold,
    Grid,
    Key,
    Keys,
    Part,
    Section,
    Words,
)
from ptrack_analysis.report.svg import HALF_WIDTHS, WIDTHS, draw_widths, drawing, element, fit
from ptrack_analysis.report.time_chart import (
    MOST_LINES,
    describe_timeline,
    draw_timeline,
    find_timeline,
    timeline_data,
)
from ptrack_analysis.report.transition_chart import STATES, describe_bands, draw_bands, find_bands, list_ends
from ptrack_analysis.report.video_rules import FEWEST_PEOPLE
from ptrack_analysis.scene.zone_colors import ON_WHITE, number_colors
from ptrack_analysis.scene.zones import GOALS
from ptrack_analysis.web.absences import find_absences_in_analysis
from ptrack_analysis.web.ground import Background, aspect_note
from ptrack_analysis.web.payload import explorer_data

MOST_EXPLORED = 150_000
_SHORTEST = 0.05
"""Times below this would be shown as 0.0 s and are omitted [s]."""


def choose_colors(evidence: Evidence) -> dict[str, int]:
    """Return the colors of the drawn zones: at most eight, the zones with the most time inside."""
    names, figures = [zone.name for zone in evidence.analysis.zones], evidence.zone_figures
    if len(names) > len(ON_WHITE):
        busiest = sorted(names, key=lambda name: -(figures[name]["total_dwell_s"] or 0.0))[: len(ON_WHITE)]
        names = [name for name in names if name in busiest]
    colors = number_colors(sorted(names))
    return {name: colors[name] for name in names}


def figures_section(evidence: Evidence, findings: Sequence[str] = ()) -> Section:
    """Show the key figures, each marked with the checks that affect it.

    If a finding reports that the counts at the door do not add up, the counts are marked.
    """
    parts: list[Part] = [
        Keys([*_list_people(evidence), *_list_door(evidence, findings), *_list_times(evidence)])
    ]
    if not evidence.figures["persons"]:
        parts.insert(0, Words(texts.NOBODY, "note"))
    return Section("figures", texts.FIGURES, parts)


def _find_mark(evidence: Evidence, figure: str) -> str:
    """Describe the limits of a figure of the complete video."""
    checks = evidence.figures["trust"]["affected"][figure]
    return capitalize(evidence.describe_doubt(checks[0])) if checks else ""


def _list_people(evidence: Evidence) -> list[Key]:
    persons, came = evidence.figures["persons"], len(evidence.observed_stays[0])
    beside = f"{persons - came} there at the start, {came} came in" if persons else ""
    return [Key("People seen", str(persons), beside, _find_mark(evidence, "persons"))]


def _list_door(evidence: Evidence, findings: Sequence[str]) -> list[Key]:
    balance = evidence.figures["balance"]
    if balance is None:
        return []
    doors = evidence.entrance_lines
    name = "the lines" if not doors else "the door" if len(doors) == 1 else f"{len(doors)} doors"
    drift = balance["drift"]
    beside = (
        "agrees with the people present"
        if not drift
        else f"{balance['counted']} should be inside at the end, {balance['present']} are visible"
    )
    mark = "Does not add up" if "door_drift" in findings else _find_mark(evidence, "balance")
    value = f"{balance['in_total']} \N{MIDDLE DOT} {balance['out_total']}"
    return [Key(f"In \N{MIDDLE DOT} out at {name}", value, beside, mark)]


def _list_times(evidence: Evidence) -> list[Key]:
    figures = evidence.figures
    there, busiest, stay = figures["occupancy"], figures["busiest"]["interval"], figures["stay_in_scene"]
    mean = "\N{EN DASH}" if there["mean"] is None else f"{there['mean']:.1f}"
    keys = [
        Key(
            "In view at a time",
            mean,
            f"on average; at most {there['peak']}",
            _find_mark(evidence, "occupancy"),
        )
    ]
    if busiest is not None:
        name = "hour" if busiest["every_s"] >= 3600 else "minute"  # noqa: PLR2004 - an hour
        start, end = busiest["start_s"], busiest["start_s"] + busiest["length_s"]
        beside = f"{evidence.format_time(start)} to {evidence.format_time(end)}"
        mark = _find_mark(evidence, "busiest_interval")
        keys.append(Key(f"Busiest {name}", f"{busiest['mean_persons']:.1f} people", beside, mark))
    if stay is not None and stay["median_s"] is not None and stay["persons"] >= FEWEST_PEOPLE:
        low, high = stay["median_low_s"], stay["median_high_s"]
        spread = "" if low is None else f"95 % range: {format_length_range(low, high)}; "
        beside = f"{spread}{count(stay['persons'])} who came in"
        mark = _find_mark(evidence, "stay_in_scene")
        keys.append(Key("Typical stay in view", format_length(stay["median_s"]), beside, mark))
    return [*keys, _find_time_key(evidence)]


def _find_time_key(evidence: Evidence) -> Key:
    """Return the time at the goal or in the zone with the most time; the time in view without zones."""
    zones = [zone for zone in evidence.zones if evidence.zone_figures[zone.name]["visits"]]
    if not zones:
        share = evidence.figures["without_position_share"]
        beside = f"{format_percent(share)} without a position" if share else "all people together"
        mark = _find_mark(evidence, "present_s")
        return Key("Time in view, all people", format_length(evidence.figures["present_s"]), beside, mark)
    goals = [zone for zone in zones if zone.kind in GOALS]
    zone = (goals or sorted(zones, key=lambda one: -evidence.zone_figures[one.name]["total_dwell_s"]))[0]
    figures, estimated = evidence.zone_figures[zone.name], evidence.estimated_share(zone.name)
    beside = f"{count(figures['visits'], 'visit', 'visits')} by {count(figures['visitors'])}"
    mark = ""
    if figures["affected_by"]:
        is_estimated = "face only" in figures["affected_by"]
        mark = (
            f"{format_percent(estimated)} estimated, because only a face was detected" if is_estimated else ""
        )
        mark = mark or capitalize(evidence.words.reason(figures["affected_by"][0]))
    return Key(f"Total time at {name_zone(zone.name)}", format_length(figures["total_dwell_s"]), beside, mark)


def zones_section(evidence: Evidence, colors: dict[str, int]) -> Section:
    """Show how long people stay, in view and in each zone."""
    strips = find_strips(evidence, colors)
    parts: list[Part] = []
    if strips:
        others = {zone.name: 0 for zone in evidence.analysis.zones if zone.name not in colors}
        rest = find_strips(evidence, others)[1:] if others else []
        parts += build_stays("dwell", strips, [replace(strip, color="all") for strip in rest])
    if not evidence.analysis.zones:
        parts.append(Words(_ask(evidence), "note"))
    heading = texts.STAYS_ZONES if evidence.analysis.zones else texts.STAYS
    return Section("zones", heading, parts)


def build_stays(name: str, shown: Sequence[Strip], rest: Sequence[Strip]) -> list[Part]:
    """Return the chart of stays with its lead and legend; the remaining strips are folded."""
    has_bins = is_binned([*shown, *rest])
    lead = f"{texts.ONE_DOT} {texts.STAYS_LEAD}{f' {texts.BIN_DOT}' if has_bins else ''}"
    drawings, alt = draw_widths(lambda width: draw_strips(shown, width)), describe_strips(shown)
    parts: list[Part] = [Words(lead, "lead"), Chart(name, drawings, alt, _draw_dot_legend(has_bins=has_bins))]
    if rest:
        drawings = draw_widths(lambda width: draw_strips(rest, width))
        chart = Chart(f"{name}-rest", drawings, describe_strips(rest))
        parts.append(Fold(f"{texts.OTHER_ZONES} ({len(rest)})", [chart]))
    return parts


def _ask(evidence: Evidence) -> str:
    """Explain how to get zones."""
    if evidence.analysis.lines:
        return texts.ASK.format(which="zones", what="visits and no transitions")
    if evidence.analysis.scene is not None:
        return texts.OTHER_VIDEO
    return texts.ASK.format(which="zones and lines", what="visits, no transitions and no counts")


def _draw_dot_legend(*, has_bins: bool) -> list[tuple[str, str]]:
    """Return the legend of the chart of visits."""
    dot, ring = (
        element("circle", cx=x, cy=8, r=4.4, class_=style) for x, style in ((8, "dot"), (11, "dot open"))
    )
    right, left = (
        element("path", d=path, class_="arrow")
        for path in ("M15.4 8h10m-4-3.5l4 3.5-4 3.5", "M6.6 8h-6m4-3.5l-4 3.5 4 3.5")
    )
    bar = element("rect", x=1, y=4, width=32, height=8, rx=4, class_="range")
    middle = element("line", x1=14, x2=14, y1=1, y2=15, class_="median")
    part = element("circle", cx=8, cy=8, r=7, class_="dot open") + element(
        "circle", cx=8, cy=8, r=5, class_="dot"
    )
    binned = [(drawing(16, 16, element("g", part, class_="all"), width=16), texts.PART_UNSEEN)]
    return [
        (drawing(16, 16, element("g", dot, class_="all"), width=16), texts.WHOLE),
        *(binned if has_bins else []),
        (drawing(28, 16, element("g", ring, right, class_="all"), width=28), texts.END_UNSEEN),
        (drawing(18, 16, element("g", ring, left, class_="all"), width=18), texts.START_UNSEEN),
        (drawing(34, 16, element("g", bar, middle, class_="all"), width=34), texts.MEDIAN),
    ]


def time_section(evidence: Evidence, colors: dict[str, int]) -> Section:
    """Show people in view and crossings over time."""
    timeline = find_timeline(evidence, colors)
    peak = evidence.figures["occupancy"]["peak_at_s"]
    alt = describe_timeline(timeline)
    chart = Chart("timeline", draw_widths(lambda width: draw_timeline(timeline, width)), alt)
    sentences = [texts.TIME_ZONES] if evidence.analysis.zones else []
    if evidence.figures["balance"] is not None and evidence.entrance_lines:
        balance = evidence.figures["balance"]
        there = "is" if balance["present"] == 1 else "are"
        sentences.append(
            f"By the count at the door {balance['counted']} should be inside at the end, and "
            f"{balance['present']} {there} visible."
        )
    lines = evidence.analysis.boundary_lines
    if len(lines) > MOST_LINES:
        sentences.append(f"The first {MOST_LINES} of {len(lines)} lines are drawn.")
    cursor = Cursor(timeline_data(timeline), timeline.start if peak is None else peak)
    parts: list[Part] = [Words(texts.TIME_LEAD, "lead live"), cursor, chart]
    parts += [Words(" ".join(sentences), "caption")] if sentences else []
    return Section("presence", texts.TIME_LINES if lines else texts.TIME, parts)


def transitions_section(evidence: Evidence, colors: dict[str, int]) -> Section | None:
    """Show the transitions between zones."""
    if not evidence.analysis.zones:
        return None
    bands = find_bands(evidence.analysis["transitions"], colors)
    if not bands:
        return Section("ways", texts.TRANSITIONS, [Words(texts.NO_TRANSITIONS)])
    origins, destinations = (list_ends(bands, colors, left=left) for left in (True, False))
    number = dict[tuple[str, str], int]()
    for band in bands:
        key = band.origin, band.destination
        number[key] = number.get(key, 0) + band.transitions
    grid = Grid(
        texts.MATRIX,
        [fit(STATES.get(name, name), 160) for name in origins],
        [fit(STATES.get(name, name), 100) for name in destinations],
        [[number.get((one, other)) for other in destinations] for one in origins],
        "",
        digits=0,
        none="none",
    )
    chart = Chart(
        "ways",
        draw_widths(lambda width: draw_bands(bands, colors, width), HALF_WIDTHS),
        describe_bands(bands),
    )
    columns = Columns([chart], [grid], "bands")
    limit = _describe_limit(evidence, "transitions")
    return Section("ways", texts.TRANSITIONS, [Words(texts.TRANSITIONS_LEAD, "lead"), columns, *limit])


def _describe_limit(evidence: Evidence, figure: str) -> list[Part]:
    """Return a line on the checks that affect a chart, if there are any."""
    mark = _find_mark(evidence, figure)
    return [Words(f"\N{WHITE UP-POINTING TRIANGLE} {mark}.", "caption mark")] if mark else []


def places_section(evidence: Evidence, colors: dict[str, int], background: Background | None) -> Section:
    """Show the maps of foot points and of boxes."""
    analysis = evidence.analysis
    ground = find_ground(analysis, background)
    has_image = background is not None
    stood = find_spots(analysis, ground, colors, background=has_image)
    has_boxes = analysis.unit == "px" and not analysis.has_points
    left: list[Part] = [
        Words(texts.STOOD_LEAD, "lead"),
        _draw_map("stood", stood, texts.SPOT_TIME, _describe_stood(stood), is_alone=not has_boxes),
    ]
    parts = left
    if has_boxes:
        boxes = find_boxes(analysis, ground, colors, background=has_image)
        alt = (
            "Time for which the boxes of people covered each part of the image, over the image of the scene."
        )
        chart = _draw_map("boxes", boxes, texts.BOX_TIME, alt)
        right: list[Part] = [Words(texts.BOXES, "heading"), Words(texts.BOXES_LEAD, "lead"), chart]
        parts = [Columns([Words(texts.STOOD, "heading"), *left], right, "even")]
    parts.append(Words(_describe_unplaced(stood), "caption"))
    parts += _describe_limit(evidence, "busiest_cell")
    parts += [Words(note, "note") for note in aspect_note(background, ground)]
    return Section("places", texts.STOOD, parts)


def _draw_map(name: str, stood: Stood, lead: str, alt: str, *, is_alone: bool = False) -> Chart:
    widths = WIDTHS if is_alone else HALF_WIDTHS
    legend = [("", lead)] if stood.levels else []
    for shade, level in enumerate(stood.levels, LEVELS + 1 - len(stood.levels)):
        index = shade - LEVELS - 1 + len(stood.levels)
        is_last = index == len(stood.levels) - 1
        label = (
            f"{format_tick(level)} or more" if is_last else format_tick_range(level, stood.levels[index + 1])
        )
        square = element("rect", width=16, height=16, rx=2, class_=f"h{shade}")
        legend.append((drawing(16, 16, square, width=16), label))
    if stood.below:
        square = element("rect", width=16, height=16, rx=2, class_="below")
        legend.append((drawing(16, 16, square, width=16), texts.BELOW))
    return Chart(name, draw_widths(lambda width: draw_stood(stood, width), widths), alt, legend)


def _describe_stood(stood: Stood) -> str:
    longest = (
        f"; the darkest spots were stood on for {format_tick(stood.levels[-1])} or more"
        if stood.levels
        else ""
    )
    return f"Map of where people stood, with the outlines of zones and lines{longest}."


def _describe_unplaced(stood: Stood) -> str:
    """Describe the time that the map does not show."""
    sentences, undrawn = [], stood.undrawn
    if undrawn["below"] > _SHORTEST:
        sentences.append(
            f"For {format_length(undrawn['below'])} feet were below the image (strip below the map): these "
            "people stood nearer to the camera than it can show."
        )
    words = {
        "truncated": "on other boxes that the image border cuts",
        "outside": "outside the image" if stood.ground.picture else "outside the plan",
        "without position": "without a position",
    }
    others = [
        f"{format_length(undrawn[name])} {what}" for name, what in words.items() if undrawn[name] > _SHORTEST
    ]
    if others:
        sentences.append(f"Not drawn: {join(others)}.")
    return " ".join(sentences) or "All of the time in view is drawn."


def explorer_section(evidence: Evidence, colors: dict[str, int], background: Background | None) -> Section:
    """Show the explorer; for a very large video only the first part."""
    analysis = evidence.analysis
    detections = None if analysis.has_points else analysis.detections
    trajectories = analysis.trajectories
    visits = analysis["visits"] if analysis.zones else None
    parts: list[Part] = [Words(texts.EXPLORE_LEAD, "lead")]
    if len(trajectories) > MOST_EXPLORED:
        times = trajectories.index.get_level_values("timestamp")
        until = pd.Timedelta(times.sort_values()[MOST_EXPLORED])
        detections = None if detections is None else select(detections, end=until)
        trajectories = trajectories[times < until]
        visits = None if visits is None else select(visits, end=until)
        parts.append(
            Words(
                f"The explorer ends at {evidence.format_time(until.total_seconds())} and has "
                f"{len(trajectories)} of {len(analysis.trajectories)} detections, to keep the page small. "
                "All figures refer to the complete video.",
                "note",
            )
        )
    data: dict[str, Any] = explorer_data(
        trajectories,
        replace(analysis.video, name=analysis.name),
        zones=analysis.zones,
        lines=analysis.lines,
        detections=detections,
        visits=visits,
        observed=analysis.observed,
        quality=analysis.quality,
        background=background,
        bounds=analysis.bounds if analysis.unit == "m" else None,
        y_axis=analysis.y_axis,
        absences=None if visits is None else find_absences_in_analysis(analysis, visits),
    )
    for zone in data["zones"]:
        zone["color"] = colors.get(zone["name"])
    if background is not None:
        data["background"] = None  # the script of the page reuses the image of the charts
    first = evidence.figures["occupancy"]["peak_at_s"] or 0.0
    first = min(
        first,
        trajectories.index.get_level_values("timestamp").max().total_seconds() if len(trajectories) else 0.0,
    )
    return Section("explore", texts.EXPLORE, [*parts, Explored(data, round(1000 * first))])
