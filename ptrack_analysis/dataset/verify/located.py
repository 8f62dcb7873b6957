"""The time located within the heatmap, against what the heatmap tells."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ptrack_analysis.dataset.verify.sums import Tables

_NEAR = 1e-6
"""A position this near to the heatmap's border, as a share of a cell, may lie on either side."""


def heat_is_located(tables: Tables) -> Iterator[tuple[str, str, object, object]]:
    """Compare the seconds of the footpoints' heatmap with the time held by positions within its cells."""
    names = tables.shelf.columns(tables.parts["heatmap"])
    unit = next((u for u in ("px", "m") if f"x_{u}" in names), None)
    if unit is None:
        return
    cells = [
        batch.filter(pa.compute.equal(batch["of"], "footpoints"))
        for batch in tables.read("heatmap", ["of", f"x_{unit}", f"y_{unit}", "seconds"])
    ]
    table = pa.concat_tables(cells)
    if not table.num_rows:
        return
    seconds = float(np.nansum(table["seconds"].to_numpy()))
    middles = [np.unique(table[f"{axis}_{unit}"].to_numpy()) for axis in "xy"]
    if unit == "m" and any(len(places) == 1 for places in middles):
        return  # where one cell begins on the floor is not told by its middle
    sides = [_side(places) for places in middles]
    low, high = _located(tables, unit, sides)
    tolerance = 1e-9 * max(high, 1.0)
    if not low - tolerance <= seconds <= high + tolerance:
        yield "heatmap", "seconds of footpoints", f"{seconds:.3f} s", f"{high:.3f} s located within its cells"


def _side(middles: np.ndarray) -> tuple[float, float, float]:
    """Give where the cells begin and end along an axis, and how long one is; in px they begin at 0."""
    cell = 2 * middles[0] if len(middles) == 1 else (middles[-1] - middles[0]) / (len(middles) - 1)
    return float(middles[0] - cell / 2), float(middles[-1] + cell / 2), float(cell)


def _located(tables: Tables, unit: str, sides: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Add up the time held surely within the cells, and the time that may be within them [s]."""
    low = high = 0.0
    for batch in tables.read("trajectories", [f"x_{unit}", f"y_{unit}", "held_s"]):
        held = np.nan_to_num(batch["held_s"].to_numpy())
        surely = maybe = np.ones(len(held), dtype=bool)
        for axis, (begin, end, cell) in zip("xy", sides, strict=True):
            value, near = batch[f"{axis}_{unit}"].to_numpy(), _NEAR * abs(cell)
            surely = surely & (value >= begin + near) & (value < end - near)
            maybe = maybe & (value >= begin - near) & (value < end + near)
        low, high = low + float(held[surely].sum()), high + float(held[maybe].sum())
    return low, high
