"""Transitions from zone to zone, and funnels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import mark_starts, number_names
from ptrack_analysis.analysis.zones.membership import parse_zone_names, validate_visited
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DESTINATIONS, FUNNEL, ORIGINS, TRANSITIONS, VISITS, assemble, validate
from ptrack_analysis.schema.arrays import Rows, TableArrays, collect, in_frame, read_column
from ptrack_analysis.video import Milliseconds, milliseconds

_MISSING = np.iinfo("int64").min


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """One way each: origin and destination as codes, the person, the travel time [ms] or ``_MISSING``."""

    origin: Integers
    destination: Integers
    person: Integers
    travel: Milliseconds


@in_frame
def compute_transitions(
    visits: pd.DataFrame | TableArrays, *, max_between: pd.Timedelta | str | None = None
) -> TableArrays:
    """Count how often persons went from each zone to each other one: the origin-destination matrix.

    A person's visits, to all zones of the table, are taken in the order in which they were entered (of two
    entered at one moment: the one exited earlier, then the zone whose name sorts first). Each is a transition
    from the zone of the visit before to its own; coming back to a zone without a visit to another is one from
    it to itself. Before the first stands how it began, after the last how the one ended that ended last (of
    several: the last in the order): ``(outside)`` for ``crossed``, else ``(video_start)``, ``(appeared)``,
    ``(zone_opened)`` and ``(video_end)``, ``(lost)``, ``(zone_closed)``. So every visit is entered by one
    transition and left by one. Travel time is from the exit of the one to the entry of the next, and 0 where
    zones overlap and the next is entered before.

    With ``max_between``, a person who was in no zone for longer than that ends one way and begins another, as
    after the last visit and before the first. No visits: no rows. Persons who were in no zone have none.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    max_between
        The longest time in no zone that still leads from zone to zone; None: any [ms].

    Returns
    -------
    pandas.DataFrame
        TRANSITIONS, one row an origin and a destination that somebody went between, sorted by both.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If ``max_between`` is no length of time, or a zone is named like one of the states in brackets.

    Notes
    -----
    O(visits · log visits). A tracker that loses a person and finds them under another number turns one
    transition into two, by way of ``(lost)`` and ``(appeared)``: their share tells how many are missing
    from the matrix. A zone within another is on the way to it and from it; for the ways between zones that
    share no area (``compute_zone_overlaps``), give the visits to these alone.

    References
    ----------
    The matrix is that of trip tables (J. de D. Ortúzar, L. G. Willumsen, *Modelling Transport*, 4th edition,
    2011, chapter 5, doi:10.1002/9781119993308); ``share`` is the estimate of a Markov chain's transition
    probabilities (T. W. Anderson, L. A. Goodman, Ann. Math. Stat. 28, 1957, doi:10.1214/aoms/1177707039).

    Examples
    --------
    >>> from shapely.geometry import box
    >>> from ptrack_analysis import Video, Zone, compute_visits, compute_trajectories
    >>> points = pd.DataFrame(
    ...     {"x_m": [1.0, 2.0, 4.0, 6.0, 7.0], "y_m": 1.0},
    ...     index=pd.MultiIndex.from_arrays(
    ...         [[7] * 5, np.arange(5).astype("timedelta64[s]").astype("timedelta64[ms]")],
    ...         names=["person_index", "timestamp"],
    ...     ),
    ... )
    >>> zones = [Zone("hall", box(0, 0, 3, 3), "m"), Zone("till", box(5, 0, 9, 3), "m")]
    >>> visits = compute_visits(compute_trajectories(points), zones, Video())
    >>> transitions = compute_transitions(visits)
    >>> transitions["transitions"].to_dict()
    {('(video_start)', 'hall'): 1, ('hall', 'till'): 1, ('till', '(video_end)'): 1}
    >>> transitions.loc[("hall", "till"), "mean_travel"].total_seconds()
    1.0
    """
    validate(visits, VISITS)
    longest = None if max_between is None else milliseconds(max_between, "max_between")
    zone, names = number_names(visits, "zone")
    like_states = sorted({*names} & {*ORIGINS, *DESTINATIONS})
    if like_states:
        raise ParameterError(f"zone {like_states[0]!r} is named like a state: give it another name")
    ways = _ways(visits, zone, len(names), longest)
    return _counted(ways, [*names, *ORIGINS], [*names, *DESTINATIONS])


def list_ways(visits: pd.DataFrame) -> pd.DataFrame:
    """List each transition with its ``person``, ``origin``, ``destination`` and ``travel``.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.

    Returns
    -------
    pandas.DataFrame
        One row per transition that ``compute_transitions`` counts; ``travel`` is missing where the origin or
        the destination is not a zone.
    """
    zone, names = pd.factorize(visits.index.get_level_values("zone"), sort=True)
    ways = _ways(visits, zone, len(names), None)
    travel = ways.travel.astype("timedelta64[ms]")  # _MISSING is NaT
    origins, destinations = (np.array([*names, *states], dtype=object) for states in (ORIGINS, DESTINATIONS))
    return pd.DataFrame(
        {
            "person": ways.person,
            "origin": origins[ways.origin],
            "destination": destinations[ways.destination],
            "travel": travel,
        }
    )


def _ways(visits: Rows, zone: Integers, zones: int, longest: int | None) -> _Ways:
    """List the ways into each visit, and those out of the last one of each journey."""
    person, number, entered, exited = (
        read_column(visits, name) for name in ("person_index", "visit", "entered", "exited")
    )
    order = np.lexsort((number, zone, exited, entered, person))
    zone, person, entered, exited = (values[order] for values in (zone, person, entered, exited))
    entry, exit_ = (read_column(visits, name).astype("int64")[order] for name in ("entry", "exit"))
    first = _journey_starts(person, entered, exited, longest)
    place = np.arange(len(zone))
    last = np.append(first[1:], True)[: len(first)]
    journey = np.cumsum(first)
    ended_last = np.lexsort((place, exited, journey))[last]
    travel = np.maximum(entered - exited[place - 1], 0)
    return _Ways(
        origin=np.concatenate([np.where(first, zones + entry, zone[place - 1]), zone[last]]),
        destination=np.concatenate([zone, zones + exit_[ended_last]]),
        person=np.concatenate([person, person[last]]),
        travel=np.concatenate([np.where(first, _MISSING, travel), np.full(int(last.sum()), _MISSING)]),
    )


def _journey_starts(
    person: Integers, entered: Milliseconds, exited: Milliseconds, longest: int | None
) -> Bools:
    """Mark the visits before which a person was in no zone, ever or for longer than that."""
    first = mark_starts(person)
    if longest is not None:
        latest = pd.Series(exited).groupby(np.cumsum(first)).cummax().to_numpy()
        first[1:] |= entered[1:] - latest[:-1] > longest
    return first


def _counted(ways: _Ways, origins: list[str], destinations: list[str]) -> TableArrays:
    """Gather the ways that have one origin and one destination."""
    pair = ways.origin * len(destinations) + ways.destination
    order = np.lexsort((ways.travel, pair))
    first = np.flatnonzero(mark_starts(pair[order]))
    count = np.diff(np.append(first, len(pair)))
    travel = ways.travel[order]
    lower, upper = travel[first + (count - 1) // 2], travel[first + count // 2]
    total = np.add.reduceat(travel, first) if len(first) else first
    by_person = np.lexsort((ways.person, pair))
    new = mark_starts(pair[by_person]) | mark_starts(ways.person[by_person])
    origin = ways.origin[order][first]
    arrays: dict[str, np.ndarray | list[str]] = {
        "origin": [origins[code] for code in origin],
        "destination": [destinations[code] for code in ways.destination[order][first]],
        "transitions": count,
        "persons": np.add.reduceat(new, first, dtype="int64") if len(first) else first,
        "share": count / np.bincount(origin, count, minlength=len(origins))[origin],
        "mean_travel": np.where(lower == _MISSING, _MISSING, total // np.maximum(count, 1)),
        "median_travel": np.where(lower == _MISSING, _MISSING, _midpoint(lower, upper)),
    }
    return collect(TRANSITIONS, arrays)


def _midpoint(lower: Milliseconds, upper: Milliseconds) -> Milliseconds:
    """Return the time halfway between two, rounded to whole milliseconds."""
    middle: Milliseconds = np.rint(lower + (upper - lower) / 2).astype("int64")
    return middle


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
    >>> from ptrack_analysis.schema import empty_table
    >>> compute_funnel(empty_table(VISITS), ["door", "till"])["persons"].tolist()
    [0, 0]
    """
    validate(visits, VISITS)
    names = parse_zone_names(steps, "steps")
    validate_visited(steps, visits, "steps")
    moments = _reached(visits, names)
    persons = np.array([(moment < _NEVER).sum() for moment in moments], dtype="int64")
    before = np.append(0, persons)[: len(persons)]
    times = [_median_time(moments, step) for step in range(len(names))]
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
    """Return the moment [ms] at which each person reached each step, ``_NEVER`` for those who did not."""
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


def _median_time(moments: list[Milliseconds], step: int) -> int:
    """Return the median time from the step before, of the people who reached this step."""
    there = moments[step] < _NEVER
    if step == 0 or not there.any():
        return _BEFORE
    return round(float(np.median(moments[step][there] - moments[step - 1][there])))


def _shares(part: Integers, whole: Integers) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares
