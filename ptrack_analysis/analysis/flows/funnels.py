"""Funnels: how many persons got through a list of zones, step by step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.places.names import names_of, refuse_unvisited
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import FUNNEL, VISITS, assemble, check
from ptrack_analysis.video import Milliseconds

_NEVER = np.iinfo("int64").max
_BEFORE = np.iinfo("int64").min


def compute_funnel(visits: pd.DataFrame, steps: Sequence[Zone | str]) -> pd.DataFrame:
    """Count the persons who visited zones in a given order, step by step.

    A person reaches the first step with the first visit to its zone, and each further one with the first
    visit to its zone that was entered at or after the moment of reaching the step before; what they visit in
    between does not matter. A zone may stand in several steps, and each needs a visit of its own, entered
    later. A visit that was entered before the step before does not count, even if it goes on: for zones
    within one another, give the outer one first. A step that nobody reached, or whose zone nobody visited:
    0 persons, and shares of none are NaN. No steps: no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    steps
        The zones in order, or their names. A name alone must be that of a zone that somebody visited, unless
        the table is empty and knows none; a Zone need not be.

    Returns
    -------
    pandas.DataFrame
        FUNNEL, one row a step.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If ``steps`` is no list of zones or names, or has the name of a zone that nobody visited.

    Notes
    -----
    O(steps · visits). Taking the earliest visit in each step finds everybody who can be said to have gone
    through all of them. Persons whom the tracker lost and found under another number fall out in the middle:
    the figures err low, the more the later the step.

    References
    ----------
    A closed funnel of first touches, as Google Analytics and Mixpanel define it (Google Analytics Help,
    "Funnel exploration"; Mixpanel Docs, "Funnels").

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> compute_funnel(empty(VISITS), ["door", "till"])["persons"].tolist()
    [0, 0]
    """
    check(visits, VISITS)
    names = names_of(steps, "steps")
    refuse_unvisited(steps, visits, "steps")
    moments = _reached(visits, names)
    persons = np.array([(moment < _NEVER).sum() for moment in moments], dtype="int64")
    before = np.append(0, persons)[: len(persons)]
    times = [_lower_median(moments, step) for step in range(len(names))]
    arrays: dict[str, np.ndarray | list[str]] = {
        "step": np.arange(1, len(names) + 1),
        "zone": names,
        "persons": persons,
        "share_of_first": _shares(persons, np.broadcast_to(persons[:1], persons.shape)),
        "share_of_previous": _shares(persons, before),
        "median_time": np.array(times, dtype="int64"),
    }
    return assemble(FUNNEL, arrays)


def _reached(visits: pd.DataFrame, names: list[str]) -> list[Milliseconds]:
    """Give the moment [ms] at which each person reached each step, ``_NEVER`` for those who did not."""
    zone = visits.index.get_level_values("zone")
    person, persons = pd.factorize(visits.index.get_level_values("person_index"))
    entered = visits["entered"].to_numpy().view("int64")
    former = np.full(len(persons), _BEFORE)
    used: dict[str, Milliseconds] = {}
    moments = []
    for name in names:
        own = used.get(name, np.full(len(persons), _BEFORE))
        counts = (zone == name) & (entered >= former[person]) & (entered > own[person])
        reached = np.full(len(persons), _NEVER)
        np.minimum.at(reached, person[counts], entered[counts])
        moments.append(reached)
        used[name] = former = reached
    return moments


def _lower_median(moments: list[Milliseconds], step: int) -> int:
    """Give the lower median of the times from the step before, of those who got there."""
    there = moments[step] < _NEVER
    if step == 0 or not there.any():
        return _BEFORE
    times = np.sort(moments[step][there] - moments[step - 1][there])
    return int(times[(len(times) - 1) // 2])


def _shares(part: Integers, whole: Integers) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares
