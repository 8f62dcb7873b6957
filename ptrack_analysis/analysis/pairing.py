"""Pairing of each row of trajectories with its detection."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.geometry import Integers


def detection_rows(detections: pd.DataFrame, trajectories: pd.DataFrame) -> Integers:
    """Find the row of the detection of each trajectory row.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    trajectories
        TRAJECTORIES computed from them, or from a part of them; rows in any order.

    Returns
    -------
    numpy.ndarray
        (n,) positions in ``detections``.

    Raises
    ------
    SchemaError
        If a trajectory row has no detection.
    """
    keys: Any = detections.index
    wanted = trajectories.index
    row: Integers = keys.reorder_levels(wanted.names).get_indexer(wanted)
    if (row < 0).any():
        person, moment = wanted[np.flatnonzero(row < 0)[0]]
        raise SchemaError(
            f"the trajectories have person {person} at {moment}, of whom there is no detection then"
        )
    return row
