"""Summary figure of a video: paths, heatmap, dwell time and occupancy."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptrack_analysis.limits import wrong_kind
from ptrack_analysis.plots.analyses import build_video_title
from ptrack_analysis.plots.dwell import plot_dwell
from ptrack_analysis.plots.heatmap import plot_heatmap
from ptrack_analysis.plots.occupancy import plot_occupancy
from ptrack_analysis.plots.paths import plot_paths
from ptrack_analysis.plots.style import SettledLayout, write_no_data
from ptrack_analysis.scene.images import Picture

_MOST_ZONES = 8


def plot_summary(
    analysis: Any,
    /,
    *,
    title: str | None = None,
    figsize: tuple[float, float] = (14.0, 9.5),
    background: Picture | None = None,
) -> Figure:
    """Plot the paths, the heatmap, the dwell time by zone and the number of people of a video.

    With more than eight zones, dwell time and number of people show the eight with the most visits.

    Parameters
    ----------
    analysis
        A VideoAnalysis.
    title
        Title of the figure; by default the name, time and number of people of the video.
    figsize
        Width and height of the figure [inches].
    background
        Image below the paths and the heatmap, as in ``plot_paths``.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with four axes.

    Examples
    --------
    >>> figure = plot_summary(pta.open_video("data/shop", zones="data/shop/zones.geojson"))
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['Paths', 'Heatmap of boxes', 'Dwell time by zone', 'Number of people']
    """
    if not hasattr(analysis, "tables"):
        raise wrong_kind(
            "analysis", "a VideoAnalysis", analysis, "Pass the analysis that open_video returned."
        )
    figure, axes = plt.subplots(2, 2, figsize=figsize, layout=SettledLayout(w_pad=0.12, h_pad=0.12))
    paths, heatmap, dwell, people = axes.ravel()
    zones = _choose_zones(analysis)
    plot_paths(analysis, ax=paths, background=background)
    plot_heatmap(analysis, ax=heatmap, background=background)
    if analysis.zones:
        plot_dwell(analysis, ax=dwell, zones=zones)
    else:
        dwell.set(xticks=[], yticks=[])
        write_no_data(dwell, "Dwell time needs zones")
    plot_occupancy(analysis, ax=people, zones=["", *zones])
    some = f" ({len(zones)} of {len(analysis.zones)} zones)" if len(zones) < len(analysis.zones) else ""
    heat = "Heatmap of foot points" if analysis.unit == "m" else "Heatmap of boxes"
    titles = ("Paths", heat, f"Dwell time by zone{some}", f"Number of people{some}")
    _set_titles(axes.ravel(), titles)
    figure.suptitle(
        build_video_title(analysis, analysis.trajectories) if title is None else title,
        x=0.01,
        ha="left",
        parse_math=False,
    )
    return figure


def _choose_zones(analysis: Any) -> list[str]:
    """Return the names of the zones; if there are more than eight, the eight with the most visits."""
    names = [zone.name for zone in analysis.zones]
    if len(names) <= _MOST_ZONES:
        return names
    visits = analysis["visits"].index.get_level_values("zone").value_counts()
    chosen = sorted(names, key=lambda name: -visits.get(name, 0))[:_MOST_ZONES]
    return [name for name in names if name in chosen]


def _set_titles(axes: list[Axes], titles: tuple[str, ...]) -> None:
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, loc="left", fontsize="medium")
