"""What one tracking saw, as arrays."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.matching import LEFT_OUT, Boxes, compared_moments
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One tracking's detections in the order of person and time.

    ``person`` numbers the persons of ``persons`` from 0; ``time`` and ``held`` are in ms; ``moment`` is the
    number of the compared moment, ``LEFT_OUT`` where there is none; ``boxed`` tells whether there is a body
    box; ``sides`` is (4, n) left, top, right, bottom as fractions of the frame. ``period`` is the sampling
    period [ms], ``alone`` the number of compared moments that have no counterpart.
    """

    persons: Integers
    person: Integers
    time: Milliseconds
    held: Milliseconds
    moment: Integers
    boxed: Bools
    sides: Floats
    period: int
    alone: int


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """A DETECTIONS table, its TRAJECTORIES and its sampling period [ms]."""

    detections: pd.DataFrame
    trajectories: pd.DataFrame
    period: int


def seen_by_both(a: Tracking, b: Tracking) -> tuple[Seen, Seen]:
    """Give both trackings as arrays, with their moments numbered such that compared ones are the same."""
    times_a, times_b = _moments(a.detections), _moments(b.detections)
    numbers_a, numbers_b = compared_moments(times_a, times_b, a.period, b.period)
    shared = np.intersect1d(numbers_a, numbers_b)
    alone_a, alone_b = (
        int((~np.isin(numbers, shared) & (numbers != LEFT_OUT)).sum()) for numbers in (numbers_a, numbers_b)
    )
    return _seen(a, times_a, numbers_a, alone_a), _seen(b, times_b, numbers_b, alone_b)


def boxes_at_compared_moments(seen: Seen) -> tuple[Boxes, Integers]:
    """Give the body boxes at compared moments, in their order, and the row of each."""
    rows = np.flatnonzero(seen.boxed & (seen.moment != LEFT_OUT))
    rows = rows[np.lexsort((seen.person[rows], seen.moment[rows]))]
    return Boxes(seen.moment[rows], seen.person[rows], seen.sides[:, rows]), rows


def _moments(detections: pd.DataFrame) -> Milliseconds:
    times: Milliseconds = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    return times


def _seen(tracking: Tracking, times: Milliseconds, numbers: Integers, alone: int) -> Seen:
    table = tracking.detections
    rows = rows_by_person(table)
    left, top, width, height = (
        table[name].to_numpy()[rows.order] for name in ("left", "top", "width", "height")
    )
    sides = np.stack([left, top, left + width, top + height])
    index = table.index.get_level_values("person_index").to_numpy()[rows.order]
    persons, person = np.unique(index, return_inverse=True)
    return Seen(
        persons=persons,
        person=person,
        time=rows.time,
        held=tracking.trajectories["held"].to_numpy().view("int64"),
        moment=numbers[np.searchsorted(times, rows.time)],
        boxed=~np.isnan(sides).any(axis=0),
        sides=sides,
        period=tracking.period,
        alone=alone,
    )
