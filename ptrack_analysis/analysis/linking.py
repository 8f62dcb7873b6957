"""Links between trajectory rows: which rows follow each other without a gap."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import PersonRows
from ptrack_analysis.errors import PtrackWarning, SchemaError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.schema import TRAJECTORIES, find_unit
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Links between rows, in the order of person and time.

    ``begins`` marks each row that is not linked to the row before it. ``tracklet`` numbers the linked parts
    over all rows from 1. ``time_present`` is in ms.
    """

    begins: Bools
    time_present: Milliseconds

    @property
    def tracklet(self) -> Integers:
        """Number of the linked part that each row belongs to."""
        return np.cumsum(self.begins, dtype="int64")


def link_rows(trajectories: pd.DataFrame, rows: PersonRows) -> Links:
    """Link the rows of each person that follow each other without a gap.

    Two rows of a person are linked if they have the same tracklet and the time present of the first ends at
    the second. If it ends earlier, rows between them were removed.

    Raises
    ------
    SchemaError
        If a row's time present ends after the person's next row.
    """
    tracklet = trajectories["tracklet"].to_numpy()[rows.order]
    present = trajectories["time_present"].to_numpy()[rows.order].view("int64")
    until = rows.time + present
    begins = rows.first.copy()
    begins[1:] |= tracklet[1:] != tracklet[:-1]
    begins[1:] |= rows.time[1:] != until[:-1]
    starts = np.flatnonzero(begins[1:])
    starts = starts[~rows.first[starts + 1]]
    overlaps = starts[rows.time[starts + 1] < until[starts]]
    if len(overlaps):
        row = int(overlaps[0])
        person = trajectories.index.get_level_values("person_index")[rows.order[row]]
        raise SchemaError(
            f"not a {TRAJECTORIES.name} table of one video: person {person} is present from "
            f"{rows.time[row]} to {until[row]} ms, and again from {rows.time[row + 1]} "
            "ms. The table combines two videos or two computations. Pass one at a time."
        )
    return Links(begins, present)


def warn_of_removed(trajectories: pd.DataFrame, rows: PersonRows, links: Links, *, stacklevel: int) -> None:
    """Warn if linked parts start where rows were removed.

    Rows were removed if the previous row has the same tracklet, or if the row has a step from a position that
    the table does not contain.
    """
    begins = np.flatnonzero(links.begins)
    at = rows.order[begins]
    step = trajectories[f"step_{find_unit(trajectories, TRAJECTORIES)}"].to_numpy()[at]
    tracklet = trajectories["tracklet"].to_numpy()
    before = tracklet[rows.order[np.maximum(begins - 1, 0)]]
    removed = ~np.isnan(step) | (~rows.first[begins] & (before == tracklet[at]))
    if removed.any():
        warnings.warn(
            f"rows were removed from the trajectories: {int(removed.sum())} of {len(begins)} continuous "
            "parts start after removed rows. Visits, dwell times, crossings, paths and occupancy depend on "
            "the filter, and so does the end of a video without a duration. Compute the table from all "
            "trajectories, and filter the result. To analyze a part of the video, use select.",
            PtrackWarning,
            stacklevel=stacklevel,
        )
