"""Pictures of computed results, drawn with matplotlib.

Each function takes a result, and axes to draw on or none; then it makes a figure. Legends stand below the
axes: a figure of your own with several axes gives them room if it is made with ``layout="constrained"``.
"""

from ptrack_analysis.plots.animation import animate_paths, write_animation
from ptrack_analysis.plots.balance import plot_count_drift
from ptrack_analysis.plots.counts import plot_counts
from ptrack_analysis.plots.crossings import plot_crossings
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
from ptrack_analysis.plots.survival import plot_survival
from ptrack_analysis.plots.transitions import plot_transitions
from ptrack_analysis.plots.visits import plot_visits

__all__ = [
    "animate_paths",
    "plot_count_drift",
    "plot_counts",
    "plot_crossings",
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
    "plot_survival",
    "plot_transitions",
    "plot_visits",
    "plot_weekly_profile",
    "write_animation",
]
