"""The pictures of one video's report, each with words for those who cannot see it."""

from collections.abc import Sequence
from typing import Any

from ptrack_analysis.analysis.heat.heatmap import Basis
from ptrack_analysis.analysis.stays.curves import compute_survival
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
from ptrack_analysis.report.measured import Measured
from ptrack_analysis.report.parts import Figure

MOST_CURVES = 6
MOST_PATHS = 400

MOST_LINES = 4
"""So many lines are drawn side by side."""


def heatmap_figure(measured: Measured) -> Figure:
    """Draw where the time was spent."""
    analysis = measured.analysis
    basis: Basis = "foot_points" if analysis.floor_plan is not None else "boxes"
    heatmap = analysis.heatmap(basis=basis)
    axes = plot_heatmap(heatmap, zones=analysis.zones, lines=analysis.lines, **_ground(measured))
    seen = "that persons stood in" if basis == "foot_points" else "that persons' boxes cover"
    alt = f"Heatmap: person-seconds of each cell {seen}; zones and lines are outlined."
    said = f"Person-seconds of each cell {seen}; colours follow the square root."
    return Figure(inline_svg(axes, "heatmap", alt, on_white=True), alt, said)


def paths_figure(measured: Measured) -> Figure:
    """Draw the ways that persons walked."""
    analysis, tracks = measured.analysis, measured.analysis["persons"]
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
    return Figure(inline_svg(axes, "paths", alt, on_white=True), alt, alt)


def _ground(measured: Measured) -> dict[str, Any]:
    analysis = measured.analysis
    if analysis.floor_plan is not None:
        return {"backdrop": measured.backdrop, "extent": analysis.floor_plan.extent}
    pixels = analysis.video.pixels
    return {"backdrop": measured.backdrop, "extent": (0.0, 0.0, float(pixels.width), float(pixels.height))}


def occupancy_figure(measured: Measured) -> Figure:
    """Draw how many were there when."""
    zones = measured.busiest_zones[:MOST_CURVES]
    axes = plot_occupancy(measured.analysis["occupancy"], zones=["", *zones])
    if measured.clock is not None:
        set_local_clock(axes, measured.clock)
    there = measured.figures["occupancy"]
    alt = f"Number of persons present over time; at most {there['peak']}."
    said = _left_out(measured, "Persons present, in the scene and in zones")
    return Figure(inline_svg(axes, "occupancy", alt), alt, said)


def survival_figure(measured: Measured) -> Figure | None:
    """Draw which share of the stays lasts how long."""
    if measured.visits is None or measured.visits.empty:
        return None
    curves = compute_survival(measured.visits)
    present = set(curves.index.get_level_values("zone"))
    zones = [name for name in measured.busiest_zones if name in present][:MOST_CURVES]
    if not zones:
        return None
    alt = "Share of the stays that last longer than a time, by zone."
    svg = inline_svg(plot_survival(curves, zones=zones), "survival", alt)
    return Figure(svg, alt, _left_out(measured, f"{alt[:-1]}, cut stays taken into account"))


def _left_out(measured: Measured, said: str) -> str:
    total = len(measured.analysis.zones)
    if total <= MOST_CURVES:
        return f"{said}."
    return f"{said}; of {total} zones the {MOST_CURVES} with the most time inside."


def transitions_figure(measured: Measured) -> Figure | None:
    """Draw from which zone to which persons went."""
    table = measured.analysis["transitions"] if measured.analysis.zones else None
    if table is None or table.empty:
        return None
    alt = "Matrix of how often persons went from a zone (row) to the next one (column)."
    said = f"{alt} States in brackets are no zones."
    return Figure(inline_svg(plot_transitions(table), "transitions", alt, on_white=True), alt, said)


def counts_figure(measured: Measured) -> Figure | None:
    """Draw how often the lines were crossed."""
    lines: Sequence[Any] = measured.analysis.lines
    if not lines:
        return None
    axes = plot_counts(measured.analysis["counts"], lines=list(lines)[:MOST_LINES])
    if measured.clock is not None:
        set_local_clock(axes, measured.clock)
    alt = "Number of crossings of the lines in each interval, in and out."
    return Figure(inline_svg(axes, "counts", alt), alt, alt)
