"""Stops of people as circles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import HALO, draw_outlines, ground_axes, label_points
from ptrack_analysis.plots.style import INK, legend_below, write_no_data
from ptrack_analysis.plots.time_axis import HOUR, MINUTE
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import STOPS, TRAJECTORIES, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_LARGEST, _LARGEST_SUM = (
    20.0,
    34.0,
)  # diameter of the circle of the longest stop, or of the largest total [points]
_WIDE_ENOUGH = 15.0  # for the number of people [points]
_LABELED = 30
_CELLS = 24
_FILL = 0.45
_COLOR = "#D55E00"
_ROUND = (1, 2, 5, 10, 20, 30)
_SHARES, _SHARES_OF_SUM = (1, 4, 16), (3, 12, 48)  # of the longest stop, in the legend


@plot_analysis("stops", "trajectories", "lines", "zones", "bounds", "y_axis")
def plot_stops(
    stops: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    trajectories: pd.DataFrame | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot each stop as a circle with an area in proportion to its duration.

    The circle of the longest stop is 20 points wide, and the legend explains up to three sizes. Shorter stops
    are drawn over longer ones. Up to 30 stops are labeled with the person. More stops are added up in square
    cells of 1/24 of the width of the plot: the circle is at their mean position, and its area is the total
    duration. Circles with enough room contain the number of people. A circle is hollow if the image border
    truncates the boxes for more than half of the time: such a person may be walking outside the image, and
    the position is uncertain.

    Parameters
    ----------
    stops
        STOPS of one video, rows in any order.
    ax
        Axes to draw on, such as those returned by ``plot_paths``; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    trajectories
        The TRAJECTORIES in which the stops were found, to find truncated boxes.
    **kwargs
        Passed to ``Axes.scatter``, which draws the circles; the legend follows ``color``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``stops`` is not a STOPS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", floor="data/shop/floor.json", stop_extent=0.5)
    >>> ax = plot_stops(analysis)
    >>> ax.get_title(loc="left")
    'shop, 0:00 to 3:00, 13 people, 2 not drawn'
    """
    validate(stops, STOPS)
    if trajectories is not None:
        validate(trajectories, TRAJECTORIES)
    unit = find_unit(stops, STOPS)
    stops = stops.sort_index().sort_values("duration", ascending=False, kind="stable")
    points = stops[[f"x_{unit}", f"y_{unit}"]].to_numpy()
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ax = ground_axes(ax, unit, points, zones=zones, lines=lines, **ground, title=title, figsize=figsize)
    draw_outlines(ax, zones, lines)
    if len(stops):
        uncertain = _find_uncertain(stops, trajectories)
        _draw_circles(ax, stops, points, uncertain, kwargs)
    else:
        write_no_data(ax, "No stops")
    return ax


def _find_uncertain(stops: pd.DataFrame, trajectories: pd.DataFrame | None) -> Bools:
    """Return a mask of the stops with truncated boxes for more than half of their time."""
    if trajectories is None or "box_truncated" not in trajectories.columns:
        return np.zeros(len(stops), dtype=bool)
    rows = trajectories[["box_truncated", "time_present"]].reset_index().sort_values("timestamp")
    spans = stops[["entered", "exited"]].reset_index(names=["person_index", "stop"])
    spans["number"] = np.arange(len(spans))
    found = pd.merge_asof(
        rows, spans.sort_values("entered"), left_on="timestamp", right_on="entered", by="person_index"
    )
    found = found[found["timestamp"] < found["exited"]]
    time = found["time_present"].to_numpy().astype("int64")
    number, cut = found["number"].to_numpy().astype("int64"), found["box_truncated"].to_numpy(dtype=bool)
    total, truncated = (
        np.bincount(number, weight, minlength=len(stops)) for weight in (time, np.where(cut, time, 0))
    )
    return np.asarray(2 * truncated > total)


def _draw_circles(
    ax: Axes, stops: pd.DataFrame, points: Floats, uncertain: Bools, kwargs: dict[str, Any]
) -> None:
    """Draw the circles, the longest stop at the bottom, and a legend of their sizes."""
    seconds = stops["duration"].to_numpy() / np.timedelta64(1, "s")
    person = stops.index.get_level_values("person_index").to_numpy()
    people, largest, text, shares = np.ones(len(stops), dtype="int64"), _LARGEST, "stop of {}", _SHARES
    if len(stops) > _LABELED:
        cell = abs(np.diff(ax.get_xlim())[0]) / _CELLS
        points, seconds, people, uncertain = _add_up(points, seconds, person, uncertain, cell)
        largest, text, shares = _LARGEST_SUM, "{} in total", _SHARES_OF_SUM
    area = largest**2 / seconds[0]
    color = kwargs.pop("color", _COLOR)
    fills = np.where(uncertain[:, None], np.zeros(4), to_rgba(color, _FILL))
    style: dict[str, Any] = {"c": fills, "edgecolors": [color], "linewidths": 1.2}
    style |= {"linestyles": ["dotted" if each else "solid" for each in uncertain]}
    style |= {"s": seconds * area, "zorder": 5, "label": "_stops"}
    ax.scatter(points[:, 0], points[:, 1], **{**style, **kwargs})
    keys = _list_sizes(seconds, area, color, shares, text)
    if uncertain.any():
        hollow: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": color}
        label = "box truncated, position uncertain"
        keys.append(Line2D([], [], linestyle="", marker="o", label=label, **hollow))
    if people.max() > 1:
        keys.append(Line2D([], [], linestyle="", marker="$7$", color=INK, label="number of people"))
    elif len(stops) <= _LABELED:
        keys.append(Line2D([], [], linestyle="", marker="$7$", color=INK, label="person index"))
    legend_below(ax, [*_list_existing_keys(ax), *keys])
    if len(stops) <= _LABELED:
        label_points(ax, points, [str(each) for each in person], np.tile(to_rgba(INK), (len(person), 1)))
        return
    for point, number, diameter in zip(points, people, np.sqrt(seconds * area), strict=True):
        if number > 1 and diameter >= _WIDE_ENOUGH:
            ax.text(
                float(point[0]),
                float(point[1]),
                f"{number}",
                ha="center",
                va="center",
                fontsize="x-small",
                color=INK,
                path_effects=[HALO],
                zorder=6,
            )


def _add_up(
    points: Floats, seconds: Floats, person: Integers, uncertain: Bools, cell: float
) -> tuple[Floats, Floats, Integers, Bools]:
    """Add up the stops in square cells, uncertain stops separately.

    Returns mean positions, total durations, numbers of people and uncertainty, longest first.
    """
    stops = pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "seconds": seconds, "person": person})
    cells = [np.floor(stops[axis] / cell) for axis in ("x", "y")]
    sums = stops.groupby([*cells, pd.Series(uncertain, name="uncertain")], sort=False).agg(
        x=("x", "mean"), y=("y", "mean"), seconds=("seconds", "sum"), people=("person", "nunique")
    )
    sums = sums.sort_values("seconds", ascending=False, kind="stable")
    is_uncertain = sums.index.get_level_values("uncertain").to_numpy()
    return sums[["x", "y"]].to_numpy(), sums["seconds"].to_numpy(), sums["people"].to_numpy(), is_uncertain


def _list_existing_keys(ax: Axes) -> list[Artist]:
    """Return the entries of an existing legend, for example of ``plot_paths``."""
    legend = ax.get_legend()
    if legend is None:
        return []
    entries = [handle for handle in legend.legend_handles if handle is not None]
    for entry, text in zip(entries, legend.get_texts(), strict=True):
        entry.set_label(text.get_text())
    return entries


def _list_sizes(seconds: Floats, area: float, color: Any, shares: tuple[int, ...], text: str) -> list[Artist]:
    """Return legend entries of up to three round durations in range, as circles of their size."""
    longest, shortest = float(seconds.max()), float(seconds.min())
    durations = {_round_down(longest / share) for share in shares if share == shares[0] or longest >= share}
    durations = {duration for duration in durations if duration >= shortest} or {max(durations)}
    fill: dict[str, Any] = {"markerfacecolor": to_rgba(color, _FILL), "markeredgecolor": color}
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=float(np.sqrt(duration * area)),
            label=text.format(_format_duration(duration)),
            **fill,
        )
        for duration in sorted(durations)
    ]


def _round_down(seconds: float) -> float:
    """Round a duration [s] down to a round number; below a second it is not rounded."""
    unit = HOUR if seconds >= HOUR else MINUTE if seconds >= MINUTE else 1
    return max((step * unit for step in _ROUND if step * unit <= seconds), default=seconds)


def _format_duration(seconds: float) -> str:
    """Format a round duration with its unit."""
    if seconds >= HOUR:
        return f"{seconds / HOUR:.6g} h"
    return f"{seconds / MINUTE:.6g} min" if seconds >= MINUTE else f"{seconds:.3g} s"
