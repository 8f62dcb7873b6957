"""Groups: which people moved together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.presence import PersonRows, mark_starts, rows_by_person
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above, at_least
from ptrack_analysis.schema import ENCOUNTERS, GROUPS, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Milliseconds

MIN_EXTENT_M = 2.0
"""Default of ``min_extent`` on a floor plan [m]."""


def detect_groups(
    encounters: pd.DataFrame,
    trajectories: pd.DataFrame,
    *,
    min_share: float = 0.5,
    min_extent: float | None = None,
) -> pd.DataFrame:
    """Detect groups of people who moved together, and assign each person to one group.

    Two people belong together if they meet two conditions. They were near each other for at least
    ``min_share`` of their common presence (the sum of the durations of their encounters, divided by the time
    for which both are present). In one of these encounters, their midpoint moved through at least
    ``min_extent``. A group consists of all people who are linked by such pairs, directly or through others.
    A person without a link is a group of one. Groups are numbered from 1 in the order of their smallest
    ``person_index``. Without people, the table is empty.

    Parameters
    ----------
    encounters
        ENCOUNTERS of the trajectories, rows in any order. Their options define which people are near.
    trajectories
        TRAJECTORIES of the same video, rows in any order.
    min_share
        Minimum share of the common presence, above 0 and at most 1.
    min_extent
        Minimum extent of the common movement, at least 0; with 0, people who only stand together are also
        linked. By default 2 m on a floor plan; required in the image [plane units].

    Returns
    -------
    pandas.DataFrame
        GROUPS, one row per person of ``trajectories``, sorted by person. ``attrs["detected"]`` is True, which
        distinguishes detected groups from given groups in ``compare_heatmaps``.

    Raises
    ------
    SchemaError
        If a table does not match its schema.
    ParameterError
        If the tables are in different planes, an option is out of its range, ``min_extent`` is missing in px,
        or a person of the encounters is not in the trajectories.

    Notes
    -----
    O(n log n). Links chain: in a dense crowd that moves in one direction, strangers are linked, and groups
    become too large. A shorter ``max_distance`` of the encounters reduces this. If the tracker renumbers a
    person, both numbers may belong to the group. People who arrive together but are apart most of the time
    are not a group.

    References
    ----------
    Pairs that are near and move together are chained into groups, as in W. Ge, R. T. Collins and R. B.
    Ruback, "Vision-Based Analysis of Small Groups in Pedestrian Crowds", IEEE TPAMI 34, 2012,
    doi:10.1109/TPAMI.2011.176. They cluster by proximity and velocity; here, two simple thresholds are used.

    Examples
    --------
    Two people walk side by side, a third person is far away.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_trajectories
    >>> from ptrack_analysis.crowd import compute_encounters, detect_groups
    >>> times = pd.to_timedelta([0, 1, 2, 3, 4] * 3, unit="s").as_unit("ms")
    >>> persons = [person for person in (3, 5, 8) for _ in range(5)]
    >>> index = pd.MultiIndex.from_arrays([persons, times], names=["person_index", "timestamp"])
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
    """Conditions for a link: minimum share of the common presence, and minimum extent [plane units]."""

    least_share: float
    least_extent: float


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Tracklets in the order of person and time: index of the person, start and end [ms]."""

    person: Integers
    since: Milliseconds
    until: Milliseconds


def build_groups(
    encounters: pd.DataFrame, person_index: Integers, runs: Runs, linking: Linking, unit: str
) -> pd.DataFrame:
    """Build the GROUPS of people, given in increasing order, from their encounters and tracklets."""
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
    """List the tracklets of trajectories."""
    links = link_rows(trajectories, rows)
    begins, time_present = links.begins, links.time_present
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins))[: len(first)] - 1
    return Runs(rows.person[first], rows.time[first], rows.time[last] + time_present[last])


def _share(given: float) -> float:
    share = above(given, "min_share", finite=False)
    if share > 1:
        raise ParameterError(f"min_share must be above 0 and at most 1, got {given!r}")
    return share


def _extent(given: float | None, unit: str) -> float:
    if given is not None:
        return at_least(given, "min_extent")
    if unit != "m":
        raise ParameterError(
            f"min_extent is required in {unit}: the length of a pixel varies within the image. Pass an "
            "extent, or 0 to include people who only stand together."
        )
    return MIN_EXTENT_M


def _places(persons: Integers, person_index: Integers) -> Integers:
    """Return the indices of people among the people of the trajectories."""
    index = np.searchsorted(person_index, persons)
    known = np.append(person_index, -1)[index] == persons
    if not known.all():
        raise ParameterError(
            f"person_index {persons[~known][0]} of the encounters is not in the trajectories. Pass two "
            "tables of the same video."
        )
    return index


def _shared(runs: Runs, one: Integers, other: Integers) -> Milliseconds:
    """Return the common presence of each pair [ms]."""
    person, since, until = runs.person, runs.since, runs.until
    opens = np.flatnonzero(mark_starts(person))
    number = np.diff(opens, append=len(person))
    pair = np.repeat(np.arange(len(one)), number[one])
    run = (
        opens[one[pair]] + np.arange(len(pair)) - np.repeat(np.cumsum(number[one]) - number[one], number[one])
    )
    ends = [_present_until(person, since, until, other[pair], time[run]) for time in (since, until)]
    shared = np.zeros(len(one), dtype="int64")
    np.add.at(shared, pair, ends[1] - ends[0])
    return shared


def _present_until(
    person: Integers, since: Milliseconds, until: Milliseconds, whose: Integers, time: Milliseconds
) -> Milliseconds:
    """Return the cumulative presence of all earlier people, and of this person up to a time [ms].

    The tracklets are in the order of person and time, encoded in one increasing key.
    """
    span = int(until.max(initial=0)) + 1
    before = np.concatenate([[0], np.cumsum(until - since)])
    run = np.searchsorted(person * span + since, whose * span + time, side="right") - 1
    here = (run >= 0) & (person[run] == whose)
    open_time = np.where(here, np.minimum(time, until[run]) - since[run], 0)
    total: Milliseconds = before[np.where(here, run, run + 1)] + open_time
    return total


def _linked(one: Integers, other: Integers, together: Bools, number: int) -> dict[str, Integers | Floats]:
    """Chain linked pairs into groups, numbered in the order of their first person."""
    if not number:
        return {"group": np.empty(0, "int64"), "size": np.empty(0, "int64")}
    from scipy.sparse import coo_array  # noqa: PLC0415 - importing SciPy takes half a second
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    links = coo_array((np.ones(int(together.sum())), (one[together], other[together])), (number, number))
    label = connected_components(links, directed=False)[1]
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    size = np.bincount(group)
    return {"group": rank[group] + 1, "size": size[group]}
