"""Arrays that the motion kernels read from a table of trajectories, sorted by person and time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.presence import PersonRows, detected, rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """The rows of a trajectories table by person and time.

    ``run`` numbers the linked stretches over the whole table; ``x`` and ``y`` are NaN
    where the row is not located; ``time_present`` is in ms; ``detected`` is False for what was put into a
    gap.
    """

    rows: PersonRows
    person_index: Integers
    run: Integers
    x: Floats
    y: Floats
    held: Milliseconds
    detected: Bools


def split_walks(trajectories: pd.DataFrame, unit: str) -> Walks:
    """Split a validated TRAJECTORIES table into arrays."""
    rows = rows_by_person(trajectories)
    order = rows.order
    links = link_rows(trajectories, rows)
    x, y = trajectories[f"x_{unit}"].to_numpy()[order], trajectories[f"y_{unit}"].to_numpy()[order]
    nowhere = np.isnan(x) | np.isnan(y)
    return Walks(
        rows=rows,
        person_index=trajectories.index.get_level_values("person_index").to_numpy()[order],
        run=links.tracklet,
        x=np.where(nowhere, np.nan, x),
        y=np.where(nowhere, np.nan, y),
        held=links.time_present,
        detected=detected(trajectories, rows),
    )
