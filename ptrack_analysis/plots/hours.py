"""Weekly profiles: the mean number of people in each hour of the week."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    GRID,
    INK,
    PAPER,
    add_color_bar,
    build_palette,
    legend_below,
    prepare_axes,
    short_name,
    take_scale,
    write_no_data,
)
from ptrack_analysis.scene.zones import Zone, list_names
from ptrack_analysis.schema import OCCUPANCY_HOURLY, VISITS_HOURLY, Table, validate

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOUR = 3_600_000
_PALEST = 0.04
_LUMA = (0.299, 0.587, 0.114)
_DARK = 0.52
_FEWEST = 10  # hours for which a new figure is wide enough
_NOT_RECORDED = "#f0f0f0"
_TENTH, _TEN = 0.05, 9.95


@plot_analysis("occupancy_hourly")
def plot_weekly_profile(
    hourly: pd.DataFrame,
    /,
    *,
    zone: Zone | str | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the mean number of people, or of visits, in each hour of the week as a matrix.

    Rows are the days of the week. Columns are the hours of the local clock, from the first to the last that
    was recorded on any day. For OCCUPANCY_HOURLY, a cell is the mean number of people: the sum of their time
    divided by the recorded time. For VISITS_HOURLY, it is the number of visits begun per recorded hour. Rows
    of the same hour of the week (of several weeks, videos or parts of an hour) are added up before dividing.
    Hours that were not recorded are hatched. A recorded hour without people has a 0.

    Parameters
    ----------
    hourly
        OCCUPANCY_HOURLY or VISITS_HOURLY of one video, or of several videos with ``video`` as the first level
        of the index; rows in any order.
    zone
        The zone to draw, or its name; by default the whole scene for occupancy, or the only zone of visits.
    ax
        Empty axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.imshow``, which draws the cells.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``hourly`` is neither of the two tables.
    ParameterError
        If the zone is not in the table, is not given although there are several, or the axes are not empty.

    Notes
    -----
    If several cameras recorded at the same time, a cell is the mean per camera, not the sum.

    Examples
    --------
    >>> reference = pta.find_videos("data/week/pages")[0]
    >>> pattern = "{camera}_%Y-%m-%dT%H-%M-%S"
    >>> analysis = pta.open_video(reference, started_at=pattern, timezone="Europe/Berlin")
    >>> ax = plot_weekly_profile(analysis)
    >>> ax.get_title(loc="left")
    'door_2026-03-30T09-00-00, 2026-03-30 09:00:00 to 09:01:00, 2 people'
    """
    table, hourly = _validate_hourly(hourly)
    if ax is not None and (ax.has_data() or ax.get_xlabel()):
        raise ParameterError("The axes are not empty. Pass empty axes, or omit ax.")
    name = _find_zone(hourly, table, zone)
    own = hourly[hourly.index.get_level_values("zone") == name]
    hours, cells = _compute_week(own, table)
    ax = prepare_axes(ax, title, figsize, (2.0 + 0.46 * max(len(hours), _FEWEST), 4.1))
    ax.set_xlabel(f"hour of the day, {short_name(name) or 'whole scene'}")
    if hours:
        _draw_names(ax, hours)
        image = _draw_cells(ax, cells, kwargs)
        _write_numbers(ax, image, cells)
        add_color_bar(ax, image, "mean people" if table is OCCUPANCY_HOURLY else "visits begun per hour")
    else:
        write_no_data(ax, "No recorded hour")
    return ax


def _validate_hourly(hourly: pd.DataFrame) -> tuple[Table, pd.DataFrame]:
    """Return the definition of the table, and the validated table without its level ``video``."""
    table = VISITS_HOURLY if isinstance(hourly, pd.DataFrame) and "began" in hourly else OCCUPANCY_HOURLY
    if not isinstance(hourly, pd.DataFrame) or "video" not in hourly.index.names:
        validate(hourly, table)
        return table, hourly
    for _, own in hourly.groupby(level="video", sort=False):
        validate(own.droplevel("video"), table)
    return table, hourly.droplevel("video")


def _find_zone(hourly: pd.DataFrame, table: Table, zone: Zone | str | None) -> str:
    names = sorted(hourly.index.get_level_values("zone").unique())
    if zone is None:
        if table is OCCUPANCY_HOURLY or not names:
            return ""
        if len(names) > 1:
            raise ParameterError(f"The table has several zones: {', '.join(map(repr, names))}. Pass zone=...")
        return str(names[0])
    name = list_names([zone], Zone, "zone")[0]
    if names and name not in names:
        raise ParameterError(f"zone {name!r} is not in the hourly table")
    return name


def _compute_week(hourly: pd.DataFrame, table: Table) -> tuple[list[int], Floats]:
    """Return the hours of the day, and (7, hours) values to draw, NaN where nothing was recorded."""
    recorded_time = hourly["recorded_time"].to_numpy().astype("int64")
    values = hourly["person_seconds" if table is OCCUPANCY_HOURLY else "began"].to_numpy().astype("int64")
    day, hour = (hourly[name].to_numpy(dtype="int64") for name in ("weekday", "local_hour"))
    recorded, sums = np.zeros((2, 7, 24))
    np.add.at(recorded, (day - 1, hour), recorded_time)
    np.add.at(sums, (day - 1, hour), values if table is OCCUPANCY_HOURLY else values * _HOUR)
    found = np.flatnonzero(recorded.any(axis=0))
    if len(found) == 0:
        return [], np.empty((7, 0))
    hours = list(range(found[0], found[-1] + 1))
    cells = np.divide(sums, recorded, out=np.full((7, 24), np.nan), where=recorded > 0)
    return hours, cells[:, hours]


def _draw_names(ax: Axes, hours: list[int]) -> None:
    ax.set_xticks(range(len(hours)), [f"{hour:02d}" for hour in hours])
    ax.set_yticks(range(7), _DAYS)
    ax.tick_params(length=0, labelsize="small")
    ax.set_xticks(np.arange(len(hours) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(8) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(which="minor", color=PAPER, linewidth=1.5, zorder=2)
    ax.spines[:].set_visible(False)


def _draw_cells(ax: Axes, cells: Floats, kwargs: dict[str, Any]) -> AxesImage:
    """Draw the cells; cells that were not recorded are hatched."""
    ax.set_facecolor(_NOT_RECORDED)
    not_recorded = Patch(
        facecolor=_NOT_RECORDED, edgecolor=GRID, hatch="////", label="not recorded", linewidth=0
    )
    for row, column in zip(*np.nonzero(np.isnan(cells)), strict=True):
        ax.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, fc=_NOT_RECORDED, ec=GRID, hatch="////", lw=0)
        )
    if np.isnan(cells).any():
        legend_below(ax, [not_recorded])
    style: dict[str, Any] = {
        "cmap": build_palette(_PALEST),
        "interpolation": "nearest",
        "aspect": "equal",
        "zorder": 1,
        "label": "_hours",
        **kwargs,
    }
    style["norm"] = take_scale(style, 0.0, max(float(np.nanmax(cells)), 1e-9))
    return ax.imshow(np.ma.masked_invalid(cells), **style)


def _write_numbers(ax: Axes, image: AxesImage, cells: Floats) -> None:
    """Write the value into each recorded cell, in white on dark cells."""
    for row, column in zip(*np.nonzero(~np.isnan(cells)), strict=True):
        value = cells[row, column]
        luma = float(np.dot(image.to_rgba(np.array([value]))[0, :3], _LUMA))
        text = "0" if value == 0 else "<0.1" if value < _TENTH else f"{value:.{1 if value < _TEN else 0}f}"
        style: dict[str, Any] = {"color": PAPER if luma < _DARK else INK, "ha": "center", "va": "center"}
        ax.text(column, row, text, fontsize="x-small", zorder=3, **style)
