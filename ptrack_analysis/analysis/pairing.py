"""Pairing of trajectory rows with their detections."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.geometry import Integers


def detection_rows(detections: pd.DataFrame, trajectories: pd.DataFrame) -> Integers:
    """Find the detection of each trajectory row.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    trajectories
        TRAJECTORIES computed from all or some of them; rows in any order.

    Returns
    -------
    numpy.ndarray
        (n,) row numbers in ``detections``.

    Raises
    ------
    SchemaError
        If a trajectory row has no detection.
    """
    if len(detections) == len(trajectories):
        own, other = rows_by_person(trajectories), rows_by_person(detections)
        if _have_equal_keys(trajectories, own, detections, other):
            paired = np.empty(len(own.order), dtype="int64")
            paired[own.order] = other.order
            return paired
    keys: Any = detections.index
    wanted = trajectories.index
    row: Integers = keys.reorder_levels(wanted.names).get_indexer(wanted)
    if (row < 0).any():
        person, timestamp = wanted[np.flatnonzero(row < 0)[0]]
        raise SchemaError(
            f"the trajectories contain person {person} at {timestamp}, but the detections do not"
        )
    return row


def _have_equal_keys(one: pd.DataFrame, rows: PersonRows, other: pd.DataFrame, others: PersonRows) -> bool:
    """Return whether two tables have the same people at the same times."""
    if not (np.array_equal(rows.time, others.time) and np.array_equal(rows.first, others.first)):
        return False
    people, others_people = (
        table.index.get_level_values("person_index").to_numpy()[order.order[order.first]]
        for table, order in ((one, rows), (other, others))
    )
    return np.array_equal(people, others_people)
