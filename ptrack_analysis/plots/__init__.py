"""Plots of computed results, drawn with matplotlib.

Each function takes a result, or a VideoAnalysis that computes it: ``plot_visits(visits, zones=zones)`` or
``plot_visits(analysis)``. An analysis also provides the ``zones``, ``lines`` and ``bounds``, as in ``ptrack
plot``; your own arguments replace them. Each function draws on the axes ``ax``, or creates a figure. Legends
are below the axes. A figure with several axes of your own needs ``layout="constrained"`` for them.
"""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.plots.animation import animate_paths, write_animation
from ptrack_analysis.plots.annotated_video import write_annotated_video
from ptrack_analysis.plots.balance import plot_count_drift
from ptrack_analysis.plots.counts import plot_counts
from ptrack_analysis.plots.crossings import plot_crossings
from ptrack_analysis.plots.dwell import plot_dwell
from ptrack_analysis.plots.encounters import plot_encounters
from ptrack_analysis.plots.facing import plot_facing
from ptrack_analysis.plots.flow_field import plot_flow_field
from ptrack_analysis.plots.fundamental import plot_fundamental_diagram
from ptrack_analysis.plots.funnel import plot_funnel
from ptrack_analysis.plots.heatmap import plot_heatmap
from ptrack_analysis.plots.heatmap_comparison import plot_heatmap_comparison
from ptrack_analysis.plots.hours import plot_weekly_profile
from ptrack_analysis.plots.occupancy import plot_occupancy
from ptrack_analysis.plots.paths import plot_paths
from ptrack_analysis.plots.sankey import plot_sankey
from ptrack_analysis.plots.stops import plot_stops
from ptrack_analysis.plots.summary import plot_summary
from ptrack_analysis.plots.survival import plot_survival
from ptrack_analysis.plots.transitions import plot_transitions
from ptrack_analysis.plots.visits import plot_visits
from ptrack_analysis.public_names import describe_missing

__all__ = [
    "animate_paths",
    "plot_count_drift",
    "plot_counts",
    "plot_crossings",
    "plot_dwell",
    "plot_encounters",
    "plot_facing",
    "plot_flow_field",
    "plot_fundamental_diagram",
    "plot_funnel",
    "plot_heatmap",
    "plot_heatmap_comparison",
    "plot_occupancy",
    "plot_paths",
    "plot_sankey",
    "plot_stops",
    "plot_summary",
    "plot_survival",
    "plot_transitions",
    "plot_visits",
    "plot_weekly_profile",
    "write_animation",
    "write_annotated_video",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
