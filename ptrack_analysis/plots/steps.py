"""Trajectories as steps between positions, for drawing."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.analysis.selection import parse_person_numbers
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import POSITION_STATUSES

_INTERPOLATED, _MISSING = POSITION_STATUSES.index("interpolated"), POSITION_STATUSES.index("missing")


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The rows of a TRAJECTORIES table by person and time, and the steps between them.

    ``points`` is (n, 2). ``time`` and ``time_present`` are in ms; ``speed`` is the table's column.
    ``rank`` numbers the ``persons`` with a position from 0, and is -1 for others. For each row but the last,
    ``joined`` is whether a step leads to the next row, ``guessed`` whether an end of the step is
    interpolated, and ``truncated`` whether an end is on a box truncated by the image border.
    """

    persons: Integers
    time: Integers
    time_present: Integers
    speed: Floats
    points: Floats
    rank: Integers
    known: Bools
    joined: Bools
    guessed: Bools
    truncated: Bools

    def split_lines(self, *kinds: Bools | Integers) -> tuple[Integers, Integers]:
        """Return the first and last row of each unbroken line, split where one of the ``kinds`` changes."""
        same = self.joined[1:] & self.joined[:-1]
        for kind in kinds:
            same &= kind[1:] == kind[:-1]
        starts = np.flatnonzero(self.joined & ~np.concatenate([[False], same])[: len(self.joined)])
        ends = np.flatnonzero(self.joined & ~np.concatenate([same, [False]])[: len(self.joined)])
        return starts, ends + 1

    def lone(self) -> Integers:
        """Return the rows with a position but without a step to or from them."""
        before = np.concatenate([[False], self.joined])[: len(self.known)]
        after = np.concatenate([self.joined, [False]])[: len(self.known)]
        return np.flatnonzero(self.known & ~before & ~after)

    def ends(self) -> tuple[Integers, Integers]:
        """Return each person's first and last row with a position, in the order of ``persons``."""
        rows = np.flatnonzero(self.known)
        turn = np.flatnonzero(np.diff(self.rank[rows]))
        first = rows[np.concatenate([[0], turn + 1])] if len(rows) else rows
        last = rows[np.concatenate([turn, [-1]])] if len(rows) else rows
        return first, last


def find_steps(trajectories: pd.DataFrame, unit: str, persons: Collection[int] | None) -> Steps:
    """Order rows by person and time, and join linked rows with positions.

    Raises
    ------
    ParameterError
        If one of ``persons`` is not in the table.
    """
    if persons is not None:
        trajectories = _select(trajectories, persons)
    rows = rows_by_person(trajectories)
    links = link_rows(trajectories, rows)
    order = rows.order
    person = trajectories.index.get_level_values("person_index").to_numpy()[order]
    points = trajectories[[f"x_{unit}", f"y_{unit}"]].to_numpy()[order]
    status = trajectories["position_status"].cat.codes.to_numpy()[order]
    known = (status != _MISSING) & np.isfinite(points).all(axis=1)
    joined = ~links.begins[1:] & known[1:] & known[:-1]
    guessed = (status[1:] == _INTERPOLATED) | (status[:-1] == _INTERPOLATED)
    found = np.unique(person[known])
    rank = np.where(np.isin(person, found), np.searchsorted(found, person), -1)
    is_truncated = np.zeros(len(order), dtype=bool)
    if "box_truncated" in trajectories.columns:
        is_truncated = trajectories["box_truncated"].to_numpy()[order]
    truncated = (is_truncated[1:] | is_truncated[:-1]) & joined
    return Steps(
        persons=found,
        time=rows.time,
        time_present=links.time_present,
        speed=trajectories[f"speed_{unit}_per_s"].to_numpy()[order],
        points=points,
        rank=rank,
        known=known,
        joined=joined,
        guessed=guessed & joined,
        truncated=truncated,
    )


def _select(trajectories: pd.DataFrame, persons: Collection[int]) -> pd.DataFrame:
    person = trajectories.index.get_level_values("person_index")
    persons = parse_person_numbers(persons)
    missing = sorted(set(persons) - set(person.unique()))
    if missing and len(trajectories):
        raise ParameterError(f"persons contains {missing[0]!r}, but the trajectories have no such person")
    return trajectories[person.isin(persons)]
