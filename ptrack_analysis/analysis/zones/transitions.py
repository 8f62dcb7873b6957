"""Transitions between zones, and funnels."""

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
from ptrack_analysis.video import Duration, Milliseconds, milliseconds

_MISSING = np.iinfo("int64").min


@dataclass(frozen=True, slots=True, eq=False)
class _Transitions:
    """Transitions: origin and destination as codes, the person, and the travel time [ms] or ``_MISSING``."""

    origin: Integers
    destination: Integers
    person: Integers
    travel: Milliseconds


@in_frame
def compute_transitions(
    visits: pd.DataFrame | TableArrays, *, max_between: Duration | None = None
) -> TableArrays:
    """Count the transitions between zones: the origin-destination matrix.

    A person's visits to all zones of the table are ordered by ``entered``. If two visits were entered at the
    same time, the one that was exited earlier comes first, then the zone whose name sorts first. Each visit
    is the destination of one transition from the zone of the previous visit. A return to a zone without a
    visit to another zone is a transition from the zone to itself.

    The origin of the first visit states how it began, and the last destination states how the visit that
    ended last ended (in a tie, the last visit in the order): ``(outside)`` for ``crossed``, otherwise
    ``(video_start)``, ``(appeared)`` or ``(zone_opened)``, and ``(video_end)``, ``(lost)`` or
    ``(zone_closed)``. Therefore, each visit has one transition to it and one from it. The travel time is the
    time from the exit of one visit to the entry of the next; it is 0 if the zones overlap and the next visit
    begins before the exit.

    With ``max_between``, a journey ends if the person was in no zone for longer than that, and a new journey
    begins with the next visit. People who were in no zone have no transitions. Without visits, the table is
    empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    max_between
        Longest time outside all zones within a journey; by default, no limit.

    Returns
    -------
    pandas.DataFrame
        TRANSITIONS, one row per origin and destination with a transition, sorted by both.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If ``max_between`` is not a duration, or a zone has the name of a state in brackets.

    Notes
    -----
    O(visits · log visits). A tracker that loses a person and finds them under another number turns one
    transition into two, through ``(lost)`` and ``(appeared)``. The share of these transitions shows how many
    are missing from the matrix. If a zone is within another zone, people pass through the outer zone on each
    side of a visit to it. For transitions between zones that do not overlap (``compute_zone_overlaps``), pass
    only the visits to these zones.

    References
    ----------
    The matrix is a trip table (J. de D. Ortúzar, L. G. Willumsen, *Modelling Transport*, 4th edition, 2011,
    chapter 5, doi:10.1002/9781119993308). ``share`` estimates the transition probabilities of a Markov chain
    (T. W. Anderson, L. A. Goodman, Ann. Math. Stat. 28, 1957, doi:10.1214/aoms/1177707039).

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> transitions = pta.compute_transitions(analysis["visits"])
    >>> transitions.loc["entrance", ["transitions", "persons", "share"]].reset_index().round(2)
       destination  transitions  persons  share
    0    (outside)           11       11   0.50
    1  (video_end)            1        1   0.05
    2      shelves            4        4   0.18
    3        table            6        6   0.27
    """
    validate(visits, VISITS)
    longest = None if max_between is None else milliseconds(max_between, "max_between")
    zone, names = number_names(visits, "zone")
    like_states = sorted({*names} & {*ORIGINS, *DESTINATIONS})
    if like_states:
        raise ParameterError(f"zone {like_states[0]!r} has the name of a state. Rename the zone.")
    transitions = _list_transitions(visits, zone, len(names), longest)
    return _counted(transitions, [*names, *ORIGINS], [*names, *DESTINATIONS])


def list_transitions(visits: pd.DataFrame) -> pd.DataFrame:
    """List each transition with its ``person``, ``origin``, ``destination`` and ``travel``.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.

    Returns
    -------
    pandas.DataFrame
        One row per transition that ``compute_transitions`` counts; ``travel`` is missing if the origin or the
        destination is not a zone.
    """
    zone, names = pd.factorize(visits.index.get_level_values("zone"), sort=True)
    transitions = _list_transitions(visits, zone, len(names), None)
    travel = transitions.travel.astype("timedelta64[ms]")  # _MISSING is NaT
    origins, destinations = (np.array([*names, *states], dtype=object) for states in (ORIGINS, DESTINATIONS))
    return pd.DataFrame(
        {
            "person": transitions.person,
            "origin": origins[transitions.origin],
            "destination": destinations[transitions.destination],
            "travel": travel,
        }
    )


def _list_transitions(visits: Rows, zone: Integers, zones: int, longest: int | None) -> _Transitions:
    """List the transitions to each visit, and from the last visit of each journey."""
    person, number, entered, exited = (
        read_column(visits, name) for name in ("person_index", "visit", "entered", "exited")
    )
    order = np.lexsort((number, zone, exited, entered, person))
    zone, person, entered, exited = (values[order] for values in (zone, person, entered, exited))
    entry, exit_ = (read_column(visits, name).astype("int64")[order] for name in ("entry", "exit"))
    first = _journey_starts(person, entered, exited, longest)
    index = np.arange(len(zone))
    last = np.append(first[1:], True)[: len(first)]
    journey = np.cumsum(first)
    ended_last = np.lexsort((index, exited, journey))[last]
    travel = np.maximum(entered - exited[index - 1], 0)
    return _Transitions(
        origin=np.concatenate([np.where(first, zones + entry, zone[index - 1]), zone[last]]),
        destination=np.concatenate([zone, zones + exit_[ended_last]]),
        person=np.concatenate([person, person[last]]),
        travel=np.concatenate([np.where(first, _MISSING, travel), np.full(int(last.sum()), _MISSING)]),
    )


def _journey_starts(
    person: Integers, entered: Milliseconds, exited: Milliseconds, longest: int | None
) -> Bools:
    """Mark the first visit of each person, and visits after more than ``longest`` outside all zones."""
    first = mark_starts(person)
    if longest is not None:
        latest = pd.Series(exited).groupby(np.cumsum(first)).cummax().to_numpy()
        first[1:] |= entered[1:] - latest[:-1] > longest
    return first


def _counted(transitions: _Transitions, origins: list[str], destinations: list[str]) -> TableArrays:
    """Count the transitions of each origin and destination."""
    pair = transitions.origin * len(destinations) + transitions.destination
    order = np.lexsort((transitions.travel, pair))
    first = np.flatnonzero(mark_starts(pair[order]))
    count = np.diff(np.append(first, len(pair)))
    travel = transitions.travel[order]
    lower, upper = travel[first + (count - 1) // 2], travel[first + count // 2]
    total = np.add.reduceat(travel, first) if len(first) else first
    by_person = np.lexsort((transitions.person, pair))
    new = mark_starts(pair[by_person]) | mark_starts(transitions.person[by_person])
    origin = transitions.origin[order][first]
    arrays: dict[str, np.ndarray | list[str]] = {
        "origin": [origins[code] for code in origin],
        "destination": [destinations[code] for code in transitions.destination[order][first]],
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
    """Count the people who visited zones in a given order, step by step.

    A person reaches the first step with the first visit to its zone. A person reaches each further step with
    the first visit to its zone that was entered at or after the time of the previous step. Visits to other
    zones in between do not matter. A zone may occur in several steps, each with a separate, later
    visit. A visit that was entered before the previous step does not count, even if it continues: for nested
    zones, put the outer zone first. If no one reached a step, its number of people is 0, and shares with a
    denominator of 0 are NaN. Without steps, the table is empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    steps
        The zones in order, or their names. A name must occur in ``visits``, unless the table is empty; a Zone
        need not.

    Returns
    -------
    pandas.DataFrame
        FUNNEL, one row per step.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If ``steps`` is not a list of zones or names, or contains a name without visits.

    Notes
    -----
    O(steps · visits). Using the earliest visit in each step finds everyone who went through all steps. People
    whom the tracker lost and found under another number drop out: the figures are too low, increasingly so in
    later steps.

    References
    ----------
    A closed funnel of first touches, as Google Analytics and Mixpanel define it (Google Analytics Help,
    "Funnel exploration"; Mixpanel Docs, "Funnels").

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> pta.compute_funnel(analysis["visits"], ["entrance", "shelves", "checkout"]).iloc[:, :3].reset_index()
       step      zone  persons  share_of_first
    0     1  entrance       13        1.000000
    1     2   shelves        6        0.461538
    2     3  checkout        3        0.230769
    """
    validate(visits, VISITS)
    names = parse_zone_names(steps, "steps")
    validate_visited(steps, visits, "steps")
    times_reached = _reached(visits, names)
    persons = np.array([(time < _NEVER).sum() for time in times_reached], dtype="int64")
    before = np.append(0, persons)[: len(persons)]
    times = [_median_time(times_reached, step) for step in range(len(names))]
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
    """Return the time at which each person reached each step [ms]; ``_NEVER`` if they did not."""
    zone = visits.index.get_level_values("zone")
    person, persons = pd.factorize(visits.index.get_level_values("person_index"))
    entered = visits["entered"].to_numpy().view("int64")
    former = np.full(len(persons), _BEFORE)
    used: dict[str, Milliseconds] = {}
    times = []
    for name in names:
        own = used.get(name, np.full(len(persons), _BEFORE))
        counts = (zone == name) & (entered >= former[person]) & (entered > own[person])
        reached = np.full(len(persons), _NEVER)
        np.minimum.at(reached, person[counts], entered[counts])
        times.append(reached)
        used[name] = former = reached
    return times


def _median_time(times: list[Milliseconds], step: int) -> int:
    """Return the median time from the previous step, over the people who reached this step."""
    there = times[step] < _NEVER
    if step == 0 or not there.any():
        return _BEFORE
    return round(float(np.median(times[step][there] - times[step - 1][there])))


def _shares(part: Integers, whole: Integers) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares
