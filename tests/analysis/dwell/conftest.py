"""Visits made by hand."""

import numpy as np
import pytest

from ptrack_analysis.schema import ENTRIES, EXITS, VISITS, assemble


def _make(stays, entered=0):
    """Make visits of stays (zone, person, dwell [ms], entry, exit, entered [ms], bridged [ms])."""
    defaults = ("crossed", "crossed", entered, 0)
    rows = [(*stay, *defaults[len(stay) - 3 :]) for stay in stays]
    counted = {}
    numbers = [counted.setdefault(row[:2], []).append(0) or len(counted[row[:2]]) for row in rows]
    dwell, begin, bridged = (np.array([row[place] for row in rows], "int64") for place in (2, 5, 6))
    return assemble(
        VISITS,
        {
            "zone": [row[0] for row in rows],
            "person_index": np.array([row[1] for row in rows], "int64"),
            "visit": np.array(numbers, "int64"),
            "entered": begin,
            "exited": begin + dwell + bridged,
            "dwell": dwell,
            "entry": np.array([ENTRIES.index(row[3]) for row in rows], "int8"),
            "exit": np.array([EXITS.index(row[4]) for row in rows], "int8"),
            "detections": np.ones(len(rows), "int64"),
            "interpolated": np.zeros(len(rows), dtype="int64"),
            "bridged": np.zeros(len(rows), dtype="int64"),
            "since_previous_visit": np.full(len(rows), np.iinfo("int64").min),
        },
    )


@pytest.fixture(scope="session")
def make_visits():
    """Make a VISITS table of stays (zone, person, dwell, entry, exit, entered, bridged)."""
    return _make
