"""Trajectories cut into what is drawn in one stroke."""

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

_INTERPOLATED, _NO = POSITION_STATUSES.index("interpolated"), POSITION_STATUSES.index("missing")


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The rows of a TRAJECTORIES table in the order they were walked, and which of them are joined.

    ``points`` is (n, 2). ``time`` and ``held`` (the time present) are in ms; ``speed`` is the table's.
    ``rank`` numbers the ``persons`` that are located at all from 0, and is -1 for others. ``joined`` tells
    for each row but the last whether a line leads from it to the next, ``guessed`` whether that line has an
    interpolated end, ``truncated`` whether it has an end on a box that the image border truncates, so that
    its true position may be elsewhere.
    """

    persons: Integers
    time: Integers
    held: Integers
    speed: Floats
    points: Floats
    rank: Integers
    known: Bools
    joined: Bools
    guessed: Bools
    truncated: Bools

    def stretches(self, *kinds: Bools | Integers) -> tuple[Integers, Integers]:
        """Return the first and last row of each unbroken line, split where a kind of its steps changes."""
        same = self.joined[1:] & self.joined[:-1]
        for kind in kinds:
            same &= kind[1:] == kind[:-1]
        starts = np.flatnonzero(self.joined & ~np.concatenate([[False], same])[: len(self.joined)])
        ends = np.flatnonzero(self.joined & ~np.concatenate([same, [False]])[: len(self.joined)])
        return starts, ends + 1

    def lone(self) -> Integers:
        """Return the located rows that no line leads to or from."""
        before = np.concatenate([[False], self.joined])[: len(self.known)]
        after = np.concatenate([self.joined, [False]])[: len(self.known)]
        return np.flatnonzero(self.known & ~before & ~after)

    def ends(self) -> tuple[Integers, Integers]:
        """Return each person's first and last located row, in the order of ``persons``."""
        rows = np.flatnonzero(self.known)
        turn = np.flatnonzero(np.diff(self.rank[rows]))
        first = rows[np.concatenate([[0], turn + 1])] if len(rows) else rows
        last = rows[np.concatenate([turn, [-1]])] if len(rows) else rows
        return first, last


def find_steps(trajectories: pd.DataFrame, unit: str, persons: Collection[int] | None) -> Steps:
    """Order the rows by person and time, and join linked rows that both have a position.

    Raises
    ------
    ParameterError
        If a person is asked for who is not in a table that has persons.
    """
    if persons is not None:
        trajectories = _only(trajectories, persons)
    rows = rows_by_person(trajectories)
    links = link_rows(trajectories, rows)
    order = rows.order
    person = trajectories.index.get_level_values("person_index").to_numpy()[order]
    points = trajectories[[f"x_{unit}", f"y_{unit}"]].to_numpy()[order]
    located = trajectories["position_status"].cat.codes.to_numpy()[order]
    known = (located != _NO) & np.isfinite(points).all(axis=1)
    joined = ~links.begins[1:] & known[1:] & known[:-1]
    guessed = (located[1:] == _INTERPOLATED) | (located[:-1] == _INTERPOLATED)
    seen = np.unique(person[known])
    rank = np.where(np.isin(person, seen), np.searchsorted(seen, person), -1)
    cut = np.zeros(len(order), dtype=bool)
    if "box_truncated" in trajectories.columns:
        cut = trajectories["box_truncated"].to_numpy()[order]
    truncated = (cut[1:] | cut[:-1]) & joined
    return Steps(
        persons=seen,
        time=rows.time,
        held=links.time_present,
        speed=trajectories[f"speed_{unit}_per_s"].to_numpy()[order],
        points=points,
        rank=rank,
        known=known,
        joined=joined,
        guessed=guessed & joined,
        truncated=truncated,
    )


def _only(trajectories: pd.DataFrame, persons: Collection[int]) -> pd.DataFrame:
    person = trajectories.index.get_level_values("person_index")
    persons = parse_person_numbers(persons)
    missing = sorted(set(persons) - set(person.unique()))
    if missing and len(trajectories):
        raise ParameterError(f"persons contains {missing[0]!r}, but the trajectories have no such person")
    return trajectories[person.isin(persons)]
