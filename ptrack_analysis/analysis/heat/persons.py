"""The time that each person spent in each cell."""

import pandas as pd
from scipy import sparse

from ptrack_analysis.analysis.heat.cells import Extent
from ptrack_analysis.analysis.heat.grid import cells_of
from ptrack_analysis.analysis.heat.zoned import counted_rows
from ptrack_analysis.analysis.motion.walks import walks_of
from ptrack_analysis.zones import Zone


def held_by_person(
    trajectories: pd.DataFrame, unit: str, extent: Extent, shape: tuple[int, int], zone: Zone | None
) -> sparse.csr_array:
    """Sum ``held`` by person and cell: (persons, cells) [ms], exact; every person has a row."""
    walks = walks_of(trajectories, unit)
    rows, held = counted_rows(walks, unit, zone)
    place = cells_of(walks.x[rows], walks.y[rows], extent=extent, shape=shape)
    cells = shape[0] * shape[1]
    counts = (place < cells) & (held > 0)
    person = walks.rows.person[rows]
    persons = int(walks.rows.first.sum())
    return sparse.coo_array(
        (held[counts].astype("float64"), (person[counts], place[counts])), shape=(persons, cells)
    ).tocsr()
