"""Trajectories with other positions: taken apart, and put together again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.presence import Rows, rows_by_person, run_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import LOCATED, TRAJECTORIES, check, choice, unit_of
from ptrack_analysis.video import milliseconds

BOX, INTERPOLATED, NO = range(len(LOCATED))


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The arrays of trajectories in the order of person and time.

    ``run`` numbers the runs of all persons; ``located`` holds the codes of the choices.
    """

    rows: Rows
    run: Integers
    x: Floats
    y: Floats
    located: Integers
    unit: str


def positions_of(trajectories: pd.DataFrame) -> Positions:
    """Take trajectories apart.

    Raises
    ------
    SchemaError
        If the table is not a TRAJECTORIES table.
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    rows = rows_by_person(trajectories)
    x, y = (trajectories[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
    unknown = np.isnan(x) | np.isnan(y)
    return Positions(
        rows=rows,
        run=np.cumsum(run_starts(rows, trajectories["run"].to_numpy()[rows.order]), dtype="int64"),
        x=np.where(unknown, np.nan, x),
        y=np.where(unknown, np.nan, y),
        located=np.asarray(trajectories["located"].cat.codes)[rows.order],
        unit=unit,
    )


def with_positions(
    trajectories: pd.DataFrame,
    old: Positions,
    new: tuple[Floats, Floats, Integers],
    *,
    speed_window: pd.Timedelta | str,
    **flags: Bools,
) -> pd.DataFrame:
    """Put other positions (x, y, located) and flags in, with steps, speeds and headings measured anew.

    Raises
    ------
    ParameterError
        If ``speed_window`` is below 2 ms.
    """
    half = half_of(speed_window, "speed_window")
    if half == 0:
        raise ParameterError(f"speed_window is {speed_window!r}, not at least 2 ms")
    x, y, located = new
    way, _ = kernels.steps(old.run, x, y)
    vx, vy = kernels.velocity(old.rows.time, old.run, x, y, half=half)
    unit = old.unit
    columns: dict[str, Any] = {
        f"x_{unit}": x,
        f"y_{unit}": y,
        "located": choice(TRAJECTORIES, "located", located),
        f"step_{unit}": way,
        f"speed_{unit}_per_s": np.sqrt(vx * vx + vy * vy),
        "heading": kernels.direction(vx, vy),
        **flags,
    }
    return trajectories.take(old.rows.order).assign(**columns)


def half_of(window: pd.Timedelta | str, name: str) -> int:
    """Give half the length of a window, cut to whole milliseconds."""
    return milliseconds(window, name) // 2
