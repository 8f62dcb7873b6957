"""Groups: which persons moved together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.presence import PersonRows, mark_starts, rows_by_person
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import ENCOUNTERS, GROUPS, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Milliseconds

MIN_EXTENT_M = 2.0
"""How far a pair must have moved together on a floor plan, if nothing else is said [m]."""


def detect_groups(
    encounters: pd.DataFrame,
    trajectories: pd.DataFrame,
    *,
    min_share: float = 0.5,
    min_extent: float | None = None,
) -> pd.DataFrame:
    """Return which persons moved together, and put everybody into one group.

    Two persons belong together if they were near for at least ``min_share`` of the time for which both were
    present (the durations of their encounters, added up, by the time that both hold), and in one of these
    encounters the middle between them moved through at least ``min_extent``. A group is whoever is
    linked by such pairs, directly or through others; who belongs to nobody is a group of one. Groups are
    numbered from 1 in the order of their smallest ``person_index``. Nobody: no rows.

    Parameters
    ----------
    encounters
        ENCOUNTERS of the trajectories, rows in any order; their options say what is near, and for how long.
    trajectories
        TRAJECTORIES of the same video, rows in any order.
    min_share
        Share of the common time that is together, above 0 and at most 1.
    min_extent
        How far a pair must move together, at least 0, which takes those who only stand together too; by
        default 2 m on a floor plan. In the picture it must be given [plane units].

    Returns
    -------
    pandas.DataFrame
        GROUPS, one row per person of ``trajectories``, sorted by person. ``attrs["detected"]`` is True, by
        which ``compare_heatmaps`` knows detected groups from given ones.

    Raises
    ------
    SchemaError
        If a table is not the table that it should be.
    ParameterError
        If the tables are in different planes, an option is out of its range, ``min_extent`` is missing in px,
        or a person of the encounters is not in the trajectories.

    Notes
    -----
    O(n log n). Links chain: in a dense crowd that moves one way, strangers are linked and groups come out too
    large; a shorter ``max_distance`` of the encounters helps. A person who is renumbered by the tracker is
    two, and each of them can belong to the group. Persons who come together and part for most of the time are
    none.

    References
    ----------
    Nearness and common motion of pairs, chained into groups, as in W. Ge, R. T. Collins and R. B. Ruback,
    "Vision-Based Analysis of Small Groups in Pedestrian Crowds", IEEE TPAMI 34, 2012,
    doi:10.1109/TPAMI.2011.176, who cluster on proximity and velocity; here by two thresholds that can be
    checked by hand.

    Examples
    --------
    Two persons walk side by side, a third one far away.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_trajectories
    >>> from ptrack_analysis.crowd import compute_encounters, detect_groups
    >>> moments = pd.to_timedelta([0, 1, 2, 3, 4] * 3, unit="s").as_unit("ms")
    >>> persons = [person for person in (3, 5, 8) for _ in range(5)]
    >>> index = pd.MultiIndex.from_arrays([persons, moments], names=["person_index", "timestamp"])
    >>> x, y = [0.0, 1.0, 2.0, 3.0, 4.0] * 3, [0.0] * 5 + [9.0] * 5 + [1.0] * 5
    >>> walked = compute_trajectories(pd.DataFrame({"x_m": x, "y_m": y}, index=index))
    >>> detect_groups(compute_encounters(walked), walked)["group"].to_dict()
    {3: 1, 5: 2, 8: 1}
    """
    validate(encounters, ENCOUNTERS)
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(encounters, ENCOUNTERS)
    other_unit = find_unit(trajectories, TRAJECTORIES)
    if other_unit != unit:
        raise ParameterError(f"the encounters are in {unit}, and the trajectories are in {other_unit}")
    least_share, least_extent = _share(min_share), _extent(min_extent, unit)
    rows = rows_by_person(trajectories)
    person_index = trajectories.index.get_level_values("person_index").to_numpy()[rows.order][rows.first]
    linking = Linking(least_share, least_extent)
    groups = build_groups(encounters, person_index, find_tracklets(trajectories, rows), linking, unit)
    groups.attrs["detected"] = True
    return groups


@dataclass(frozen=True, slots=True)
class Linking:
    """What makes a pair belong together: its share of the common time, how far it moves [plane units]."""

    least_share: float
    least_extent: float


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """When persons were present: of each run whose it is, as a place among the persons, since and until [ms].

    In the order of person and time.
    """

    person: Integers
    since: Milliseconds
    until: Milliseconds


def build_groups(
    encounters: pd.DataFrame, person_index: Integers, runs: Runs, linking: Linking, unit: str
) -> pd.DataFrame:
    """Make the GROUPS of these persons, growing, of whom encounters and runs are known."""
    one, other = (
        _places(encounters.index.get_level_values(name).to_numpy(), person_index)
        for name in ("person_index", "other")
    )
    near = encounters["duration"].to_numpy().astype("int64")
    pairs, place = np.unique(one * len(person_index) + other, return_inverse=True)
    time, extent = np.zeros(len(pairs), dtype="int64"), np.zeros(len(pairs))
    np.add.at(time, place, near)
    np.maximum.at(extent, place, encounters[f"extent_{unit}"].to_numpy())
    one, other = np.divmod(pairs, max(len(person_index), 1))
    shared = _shared(runs, one, other)
    together = (time >= linking.least_share * shared) & (extent >= linking.least_extent)
    linked = _linked(one, other, together, len(person_index))
    return assemble(GROUPS, {"person_index": person_index, **linked})


def find_tracklets(trajectories: pd.DataFrame, rows: PersonRows) -> Runs:
    """List the runs of trajectories, whose rows are these."""
    links = link_rows(trajectories, rows)
    begins, held = links.begins, links.time_present
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins))[: len(first)] - 1
    return Runs(rows.person[first], rows.time[first], rows.time[last] + held[last])


def _share(given: float) -> float:
    share = above(given, "min_share", finite=False)
    if share > 1:
        raise ParameterError(f"min_share is {given!r}, not a number above 0 and at most 1")
    return share


def _extent(given: float | None, unit: str) -> float:
    if given is not None:
        return 0.0 if given == 0 else above(given, "min_extent", finite=False)
    if unit != "m":
        raise ParameterError(
            f"min_extent is not given, and in {unit} no length is the same at every place: give one, or 0 "
            "for those too who only stand together"
        )
    return MIN_EXTENT_M


def _places(persons: Integers, person_index: Integers) -> Integers:
    """Find persons among those of the trajectories."""
    place = np.searchsorted(person_index, persons)
    known = np.append(person_index, -1)[place] == persons
    if not known.all():
        raise ParameterError(
            f"person_index {persons[~known][0]} of the encounters is not in the trajectories: the two tables "
            "are not of one video"
        )
    return place


def _shared(runs: Runs, one: Integers, other: Integers) -> Milliseconds:
    """Measure the time for which both of each pair are present [ms]."""
    person, since, until = runs.person, runs.since, runs.until
    opens = np.flatnonzero(mark_starts(person))
    number = np.diff(opens, append=len(person))
    pair = np.repeat(np.arange(len(one)), number[one])
    run = (
        opens[one[pair]] + np.arange(len(pair)) - np.repeat(np.cumsum(number[one]) - number[one], number[one])
    )
    ends = [_present_until(person, since, until, other[pair], moment[run]) for moment in (since, until)]
    shared = np.zeros(len(one), dtype="int64")
    np.add.at(shared, pair, ends[1] - ends[0])
    return shared


def _present_until(
    person: Integers, since: Milliseconds, until: Milliseconds, whose: Integers, moment: Milliseconds
) -> Milliseconds:
    """Add up the presence of all persons before this one, and of this one until a moment [ms].

    The runs are in the order of person and time, which one growing key holds.
    """
    span = int(until.max(initial=0)) + 1
    before = np.concatenate([[0], np.cumsum(until - since)])
    run = np.searchsorted(person * span + since, whose * span + moment, side="right") - 1
    here = (run >= 0) & (person[run] == whose)
    open_time = np.where(here, np.minimum(moment, until[run]) - since[run], 0)
    total: Milliseconds = before[np.where(here, run, run + 1)] + open_time
    return total


def _linked(one: Integers, other: Integers, together: Bools, number: int) -> dict[str, Integers | Floats]:
    """Chain pairs into groups, numbered in the order of their first person."""
    if not number:
        return {"group": np.empty(0, "int64"), "size": np.empty(0, "int64")}
    from scipy.sparse import coo_array  # noqa: PLC0415 - loading SciPy takes half a second, and only this needs it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    links = coo_array((np.ones(int(together.sum())), (one[together], other[together])), (number, number))
    label = connected_components(links, directed=False)[1]
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    size = np.bincount(group)
    return {"group": rank[group] + 1, "size": size[group]}
