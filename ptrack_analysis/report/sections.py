"""The sections of a report that show tables, plots and the explorer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.crowd.density import MINUTE, compute_occupancy_bins
from ptrack_analysis.analysis.dwell.survival import compute_survival, is_complete
from ptrack_analysis.analysis.heat.heatmap import Basis
from ptrack_analysis.analysis.selection import select
from ptrack_analysis.plots import (
    plot_counts,
    plot_heatmap,
    plot_occupancy,
    plot_paths,
    plot_survival,
    plot_transitions,
)
from ptrack_analysis.plots.saving import inline_svg
from ptrack_analysis.plots.time_axis import set_local_clock
from ptrack_analysis.report.dwell_table import dwell_table
from ptrack_analysis.report.estimates import GARWOOD
from ptrack_analysis.report.opening import ReportData
from ptrack_analysis.report.parts import (
    Explored,
    Heading,
    Part,
    ReportFigure,
    ReportTable,
    Section,
    Words,
    build_table,
    isolated,
)
from ptrack_analysis.report.summary import describe_affecting, describe_drift, span
from ptrack_analysis.schema import TRACKS, TRANSITIONS, VISITS, ZONE_OCCUPANCY, empty_table
from ptrack_analysis.web.payload import explorer_data

MOST_CURVES = 6
MOST_PATHS = 400

MOST_LINES = 4
"""So many lines are drawn side by side."""


def heatmap_figure(measured: ReportData) -> ReportFigure:
    """Draw where the time was spent."""
    analysis = measured.analysis
    basis: Basis = "foot_points" if analysis.unit == "m" or analysis.has_points else "boxes"
    heatmap = analysis.heatmap(basis=basis, truncated=basis == "boxes")
    axes = plot_heatmap(heatmap, zones=analysis.zones, lines=analysis.lines, **_ground(measured))
    seen = "that persons stood in" if basis == "foot_points" else "that persons' boxes cover"
    alt = f"Heatmap: person-seconds of each cell {seen}; zones and lines are outlined."
    said = f"Person-seconds of each cell {seen}; colors follow the square root."
    if heatmap.excluded_seconds:
        said += f" Excludes {span(heatmap.excluded_seconds)} on boxes that the image border truncates."
    return ReportFigure(inline_svg(axes, "heatmap", alt, on_white=True), alt, said)


def paths_figure(measured: ReportData) -> ReportFigure:
    """Draw the ways that persons walked."""
    analysis, tracks = measured.analysis, measured.analysis["tracks"]
    persons = [int(one) for one in tracks.index[:MOST_PATHS]]
    some = len(tracks) > MOST_PATHS
    axes = plot_paths(
        analysis.trajectories,
        zones=analysis.zones,
        lines=analysis.lines,
        persons=persons if some else None,
        **_ground(measured),
    )
    whose = f"the first {MOST_PATHS} of {len(tracks)} persons" if some else "all persons"
    alt = f"Paths of {whose}; each begins at a ring and ends at a square."
    return ReportFigure(inline_svg(axes, "paths", alt, on_white=True), alt, alt)


def _ground(measured: ReportData) -> dict[str, Any]:
    analysis = measured.analysis
    y_axis: dict[str, Any] = {"y_axis": analysis.y_axis}
    if analysis.unit == "m":
        return {"background": measured.background, "bounds": analysis.bounds} | y_axis
    pixels = analysis.video.pixels
    return {
        "background": measured.background,
        "bounds": (0.0, 0.0, float(pixels.width), float(pixels.height)),
    } | y_axis


def occupancy_figure(measured: ReportData) -> ReportFigure:
    """Draw how many were there when."""
    zones = measured.busiest_zones[:MOST_CURVES]
    axes = plot_occupancy(measured.analysis["occupancy_changes"], zones=["", *zones])
    if measured.clock is not None:
        set_local_clock(axes, measured.clock)
    there = measured.figures["occupancy"]
    alt = f"Number of persons present over time; at most {there['peak']}."
    said = _left_out(measured, "Persons present, in the scene and in zones")
    return ReportFigure(inline_svg(axes, "occupancy", alt), alt, said)


def survival_figure(measured: ReportData) -> ReportFigure | None:
    """Draw which share of the stays lasts how long."""
    if measured.visits is None or measured.visits.empty:
        return None
    curves = compute_survival(measured.visits, **measured.analysis.observed)
    present = set(curves.index.get_level_values("zone"))
    zones = [name for name in measured.busiest_zones if name in present][:MOST_CURVES]
    if not zones:
        return None
    alt = "Share of visits that last longer than a time, by zone."
    svg = inline_svg(plot_survival(curves, zones=zones), "survival", alt)
    return ReportFigure(
        svg, alt, _left_out(measured, f"{alt[:-1]}, visits whose end was not observed taken into account")
    )


def _left_out(measured: ReportData, said: str) -> str:
    total = len(measured.analysis.zones)
    if total <= MOST_CURVES:
        return f"{said}."
    return f"{said}; of {total} zones the {MOST_CURVES} with the most time inside."


def transitions_figure(measured: ReportData) -> ReportFigure | None:
    """Draw from which zone to which persons went."""
    table = measured.analysis["transitions"] if measured.analysis.zones else None
    if table is None or table.empty:
        return None
    alt = "Matrix of how often persons went from a zone (row) to the next one (column)."
    said = f"{alt} States in brackets are no zones."
    return ReportFigure(inline_svg(plot_transitions(table), "transitions", alt, on_white=True), alt, said)


def counts_figure(measured: ReportData) -> ReportFigure | None:
    """Draw how often the lines were crossed."""
    lines: Sequence[Any] = measured.analysis.lines
    if not lines:
        return None
    axes = plot_counts(measured.analysis["counts"], lines=list(lines)[:MOST_LINES])
    if measured.clock is not None:
        set_local_clock(axes, measured.clock)
    alt = "Number of crossings of the lines in each interval, in and out."
    return ReportFigure(inline_svg(axes, "counts", alt), alt, alt)


MOST_EXPLORED = 150_000
_ASK = (
    "No {which} were given, so this page has no {what}. Draw them with `ptrack zones BACKGROUND -o FILE`, "
    "and give the file with `--zones FILE`."
)
_ASK_BOTH = _ASK.format(which="zones and lines", what="visits, no transitions and no counts")
_ASK_ZONES = _ASK.format(which="zones", what="visits and no transitions")


def zones_section(measured: ReportData) -> Section:
    """Describe who stayed in which zone, and for how long."""
    visits = measured.visits
    if visits is None:
        said = _ASK_ZONES if measured.analysis.lines else _ASK_BOTH
        if measured.analysis.config.zones is not None and not measured.analysis.lines:
            said = "Of the zones and lines that were given, none is of this video."
        return Section("zones", "Dwell by zone", [Words(said, "note")])
    stays = len(visits)
    cut = stays - int(is_complete(visits, **measured.analysis.observed).sum())
    said = (
        f"The start or the end of {cut} of {stays} visits was not observed. The median takes this into "
        "account (Kaplan-Meier). The mean of the observed time does not, and is too short."
    )
    parts: list[Part] = [Words(said if stays else "No visits to zones."), dwell_table(measured)]
    figure = survival_figure(measured)
    parts += [] if figure is None else [figure]
    parts.append(_visits_table(measured))
    return Section("zones", "Dwell by zone", parts)


def _visits_table(measured: ReportData) -> ReportTable:
    visits = measured.visits if measured.visits is not None else empty_table(VISITS)
    ordered = visits.sort_values("entered", kind="stable")
    columns = ["zone", "person_index", "entered", "exited", "dwell", "entry", "exit"]
    labels = {"person_index": "person"}
    return build_table(ordered, VISITS, "Visits", columns, labels=labels, clock=measured.clock)


def presence_section(measured: ReportData) -> Section:
    """Describe how many were there, over time."""
    analysis = measured.analysis
    bins = compute_occupancy_bins(
        analysis["occupancy_changes"], analysis.video_until_end, every=analysis.config.every or MINUTE
    )
    scene = bins[bins.index.get_level_values("zone") == ""]
    table = build_table(
        scene,
        ZONE_OCCUPANCY,
        "Presence in the scene by interval",
        ["timestamp", "recorded_time", "mean_persons", "max_persons", "person_seconds"],
        labels={
            "timestamp": "from",
            "recorded_time": "length",
            "mean_persons": "on average",
            "max_persons": "at most",
        },
        clock=measured.clock,
        digits={"person_seconds": 0},
    )
    figures = [occupancy_figure(measured)] if measured.figures["persons"] else []
    parts = [*_describe_checks(measured, "occupancy"), *figures, table]
    return Section("presence", "Occupancy over time", parts)


def _describe_checks(measured: ReportData, figure: str) -> list[Part]:
    """Name the quality checks that are not good for one figure, in a note."""
    checks = measured.figures["trust"]["affected"][figure]
    return [Words(f"{describe_affecting(checks)}.", "note")] if checks else []


def ways_section(measured: ReportData) -> Section | None:
    """Describe from where to where persons went."""
    if not measured.analysis.zones:
        return None
    figure = transitions_figure(measured)
    table = build_table(
        measured.analysis["transitions"].sort_values("transitions", ascending=False, kind="stable"),
        TRANSITIONS,
        "Transitions from zone to zone",
        ["origin", "destination", "transitions", "persons", "share", "median_travel"],
        labels={
            "origin": "from",
            "destination": "to",
            "transitions": "times",
            "median_travel": "median time",
        },
    )
    parts = [*_describe_checks(measured, "transitions"), *([] if figure is None else [figure]), table]
    return Section("ways", "From zone to zone", parts)


def lines_section(measured: ReportData) -> Section | None:
    """Describe how often the lines were crossed."""
    figure = counts_figure(measured)
    if figure is None:
        return None
    balance = measured.figures["balance"]
    rows = [
        [
            line["line"],
            *(line[f"{way}_{name}"] for way in ("in", "out") for name in ("total", "low", "high")),
            ", ".join(line["affected_by"]),
        ]
        for line in measured.figures["lines"]
    ]
    headings = [
        Heading("line", "line"),
        *(
            Heading(f"{way}_{name}", label, text, digits)
            for way in ("in", "out")
            for name, label, text, digits in (
                ("count", way, f"Crossings {way}.", 0),
                ("low", "from", f"Lower bound of the number of crossings.{GARWOOD}", 1),
                ("high", "to", f"Upper bound of the number of crossings.{GARWOOD}", 1),
            )
        ),
        Heading("affected_by", "checks", "Quality checks that are doubtful or bad for counts of this line."),
    ]
    said = describe_drift(measured.figures, ", ".join(map(isolated, balance["lines"])))
    left = len(measured.analysis.lines) - MOST_LINES
    parts: list[Part] = [
        *_describe_checks(measured, "balance"),
        figure,
        Words(said),
        ReportTable("lines", "Crossings of each line, with 95% intervals", headings, rows),
    ]
    if left > 0:
        parts.insert(
            parts.index(figure) + 1, Words(f"The first {MOST_LINES} lines are drawn, {left} are not.", "note")
        )
    return Section("lines", "Lines", parts)


def places_section(measured: ReportData) -> Section:
    """Show where persons were, and on which ways."""
    parts = [*_describe_checks(measured, "busiest_cell"), heatmap_figure(measured), paths_figure(measured)]
    return Section("places", "Where people were", parts)


def explorer_section(measured: ReportData) -> Section:
    """Let the reader see persons move; of a very large video the first part."""
    analysis = measured.analysis
    detections = None if analysis.has_points else analysis.detections
    trajectories, visits = analysis.trajectories, measured.visits
    parts: list[Part] = []
    if len(trajectories) > MOST_EXPLORED:
        moments = trajectories.index.get_level_values("timestamp")
        until = pd.Timedelta(moments.sort_values()[MOST_EXPLORED])
        detections = None if detections is None else select(detections, end=until)
        trajectories = trajectories[moments < until]
        parts.append(Words(_first_part(measured, until, len(trajectories)), "note"))
    data = explorer_data(
        trajectories,
        replace(analysis.video, name=analysis.name),
        zones=analysis.zones,
        lines=analysis.lines,
        detections=detections,
        visits=visits,
        observed=analysis.observed,
        quality=analysis.quality,
        background=measured.embedded,
        bounds=analysis.bounds if analysis.unit == "m" else None,
        y_axis=analysis.y_axis,
    )
    first = measured.figures["occupancy"]["peak_at_s"] or 0.0
    parts += [Words(note, "note") for note in data["notes"]]
    return Section("explore", "Explore", [*parts, Explored(data, round(1000 * first))])


def _first_part(measured: ReportData, until: pd.Timedelta, rows: int) -> str:
    total = len(measured.analysis.trajectories)
    return (
        f"The explorer holds the first {span(until.total_seconds())} of the video, {rows} of {total} "
        "detections, to keep the page small; all figures are of all of them."
    )


def persons_section(measured: ReportData) -> Section:
    """List the persons."""
    unit = measured.analysis.unit
    columns = [
        "person_index",
        "first_seen",
        "last_seen",
        "time_in_scene",
        "without_position",
        f"path_length_{unit}",
    ]
    table = build_table(
        measured.analysis["tracks"].sort_values("first_seen", kind="stable"),
        TRACKS,
        "Persons",
        columns,
        unit=unit,
        labels={"person_index": "person", "time_in_scene": "in the scene"},
        digits={f"path_length_{unit}": 1},
        name="persons",
        clock=measured.clock,
    )
    return Section("persons", "Persons", [table])
