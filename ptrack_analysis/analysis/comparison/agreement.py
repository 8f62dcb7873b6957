"""Agreement of two trackings: pairs of matching people and the time both are present."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.matching import NOT_COMPARED, Boxes, Overlaps, number_timestamps
from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class TrackingArrays:
    """The detections of one tracking, sorted by person and time.

    Attributes
    ----------
    persons
        Person indexes, ascending.
    person
        (n,) number of each detection's person in ``persons``, from 0.
    time, time_present
        (n,) [ms].
    step
        (n,) number of the compared timestamp, or ``NOT_COMPARED``.
    boxed
        (n,) whether the detection has a body box. If people are matched by distance: whether it has a
        detected position.
    sides
        (4, n) left, top, right and bottom as fractions of the frame. If people are matched by distance:
        (2, n) x and y.
    period
        Sampling period [ms].
    unmatched
        Number of compared timestamps without a counterpart.
    """

    persons: Integers
    person: Integers
    time: Milliseconds
    time_present: Milliseconds
    step: Integers
    boxed: Bools
    sides: Floats
    period: int
    unmatched: int


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """A DETECTIONS or POINTS table, its TRAJECTORIES and its sampling period [ms].

    ``unit`` is the unit of the positions if people are matched by distance. It is None if boxes are matched.
    """

    detections: pd.DataFrame
    trajectories: pd.DataFrame
    period: int
    unit: str | None = None


def build_arrays(a: Tracking, b: Tracking) -> tuple[TrackingArrays, TrackingArrays]:
    """Return both trackings as arrays in which compared timestamps have the same number."""
    times_a, times_b = _find_timestamps(a.detections), _find_timestamps(b.detections)
    numbers_a, numbers_b = number_timestamps(times_a, times_b, a.period, b.period)
    shared = np.intersect1d(numbers_a, numbers_b)
    unmatched_a, unmatched_b = (
        int((~np.isin(numbers, shared) & (numbers != NOT_COMPARED)).sum())
        for numbers in (numbers_a, numbers_b)
    )
    return (
        _build_arrays(a, times_a, numbers_a, unmatched_a),
        _build_arrays(b, times_b, numbers_b, unmatched_b),
    )


def select_compared_boxes(arrays: TrackingArrays) -> tuple[Boxes, Integers]:
    """Return the body boxes at compared timestamps, sorted by time, and the row of each box."""
    rows = np.flatnonzero(arrays.boxed & (arrays.step != NOT_COMPARED))
    rows = rows[np.lexsort((arrays.person[rows], arrays.step[rows]))]
    return Boxes(arrays.step[rows], arrays.person[rows], arrays.sides[:, rows]), rows


def _find_timestamps(detections: pd.DataFrame) -> Milliseconds:
    times: Milliseconds = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    return times


def _build_arrays(
    tracking: Tracking, times: Milliseconds, numbers: Integers, unmatched: int
) -> TrackingArrays:
    table = tracking.detections
    rows = rows_by_person(table)
    sides: Floats = _stack_sides(table, rows) if tracking.unit is None else _stack_positions(tracking)
    boxed: Bools = ~np.logical_or.reduce(np.isnan(sides))
    index = table.index.get_level_values("person_index").to_numpy()[rows.order]
    persons, person = np.unique(index, return_inverse=True)
    return TrackingArrays(
        persons=persons,
        person=person,
        time=rows.time,
        time_present=tracking.trajectories["time_present"].to_numpy().view("int64"),
        step=numbers[np.searchsorted(times, rows.time)],
        boxed=boxed,
        sides=sides,
        period=tracking.period,
        unmatched=unmatched,
    )


def _stack_sides(table: pd.DataFrame, rows: PersonRows) -> Floats:
    left, top, width, height = (
        table[name].to_numpy()[rows.order] for name in ("left", "top", "width", "height")
    )
    return np.stack([left, top, left + width, top + height])


def _stack_positions(tracking: Tracking) -> Floats:
    """Return the positions, with NaN for positions that were not detected."""
    table = tracking.trajectories
    positions = np.stack([table[f"{axis}_{tracking.unit}"].to_numpy(dtype="float64") for axis in "xy"])
    is_detected = (table["position_status"] == "detected").to_numpy()
    return np.where(is_detected, positions, np.nan)


NO_PARTNER = -1


def sum_time_matched(
    a: TrackingArrays, b: TrackingArrays, row_a: Integers, row_b: Integers
) -> dict[str, Integers]:
    """Sum the time during which a person of a and a person of b are partners and both present.

    Two people who are matched are partners from that timestamp on. They remain partners until one of them is
    matched to another person, or until both have a box at a compared timestamp without being matched to
    each other. The first match of a person also applies to earlier times, back to such a timestamp.
    Timestamps that are not compared, or at which one of the two has no box, change nothing.

    A detection is present during the half-open interval ``[timestamp, timestamp + time_present)``. A person
    has at most one partner at a time. Therefore, the sum over all pairs does not exceed the total
    ``time_present`` of either tracking.

    Parameters
    ----------
    a, b
        The trackings.
    row_a, row_b
        (k,) matched rows of a and b.

    Returns
    -------
    dict
        ``a``, ``b``: numbers of the people; ``matched`` [ms], above 0. One entry per pair, sorted by ``a``
        and ``b``.
    """
    partner_a = _find_partners(a, b, row_a, row_b)
    partner_b = _find_partners(b, a, row_b, row_a)
    width = len(b.persons) + 1
    key_a, start_a, stop_a = _find_presence(a, a.person * width + partner_a, partner_a)
    key_b, start_b, stop_b = _find_presence(b, partner_b * width + b.person, partner_b)
    keys, code = np.unique(np.concatenate([key_a, key_b]), return_inverse=True)
    code_a, code_b = code[: len(key_a)], code[len(key_a) :]
    span = int(max(stop_a.max(initial=0), stop_b.max(initial=0))) + 1
    shared = _sum_covered(
        code_a * span + start_a, code_a * span + stop_a, code_b * span + start_b, code_b * span + stop_b
    )
    matched = np.zeros(len(keys), dtype="int64")
    np.add.at(matched, code_a, shared)
    is_positive = matched > 0
    person_a, person_b = np.divmod(keys[is_positive], width)
    return {"a": person_a, "b": person_b, "matched": matched[is_positive]}


def _find_partners(
    own: TrackingArrays, other: TrackingArrays, own_row: Integers, other_row: Integers
) -> Integers:
    """Return the partner of each row's person from this row on, or ``NO_PARTNER``."""
    partner = np.full(len(own.person), NO_PARTNER, dtype="int64")
    partner[own_row] = other.person[other_row]
    rows, match = np.arange(len(partner)), _find_match_rows(own, partner != NO_PARTNER)
    presumed = np.where(match >= 0, partner[match], NO_PARTNER)
    apart = own.boxed & (own.step != NOT_COMPARED) & (partner == NO_PARTNER) & (presumed != NO_PARTNER)
    apart &= _has_box(other, own.step, presumed)
    partings = np.cumsum(apart)
    between = np.where(rows < match, partings[match] - partings + apart, partings - partings[match])
    return np.where(between > 0, NO_PARTNER, presumed)


def _find_match_rows(own: TrackingArrays, matched: Bools) -> Integers:
    """Return the row of the person's latest match, or of the first if none is earlier; -1 if unmatched."""
    rows, matched_rows = np.arange(len(matched)), np.flatnonzero(matched)
    first = np.full(len(own.persons), -1, dtype="int64")
    persons, first_index = np.unique(own.person[matched_rows], return_index=True)
    first[persons] = matched_rows[first_index]
    first_of_row = first[own.person]
    latest = np.maximum.accumulate(np.where(matched, rows, 0))
    match: Integers = np.where((first_of_row < 0) | (rows < first_of_row), first_of_row, latest)
    return match


def _has_box(arrays: TrackingArrays, step: Integers, person: Integers) -> Bools:
    """Return whether a person has a box at a compared timestamp."""
    width = len(arrays.persons) + 1
    known = arrays.boxed & (arrays.step != NOT_COMPARED)
    has_box: Bools = np.isin(step * width + person, (arrays.step * width + arrays.person)[known])
    return has_box


def _find_presence(
    arrays: TrackingArrays, key: Integers, partner: Integers
) -> tuple[Integers, Milliseconds, Milliseconds]:
    """Return key, start and end [ms] of each row with a partner, sorted by key and time."""
    rows = np.flatnonzero((partner >= 0) & (arrays.time_present > 0))
    rows = rows[np.lexsort((arrays.time[rows], key[rows]))]
    return key[rows], arrays.time[rows], arrays.time[rows] + arrays.time_present[rows]


def _sum_covered(start: Integers, stop: Integers, by_start: Integers, by_stop: Integers) -> Integers:
    """Return how much of each interval other intervals cover, which are disjoint and sorted."""
    if not len(by_start):
        return np.zeros_like(start)
    length = np.concatenate([[0], np.cumsum(by_stop - by_start)])

    def before(time: Integers) -> Integers:
        begun = np.searchsorted(by_start, time, side="right")
        last = np.maximum(begun - 1, 0)
        inside = np.minimum(time, by_stop[last]) - by_start[last]
        return length[last] + np.where(begun > 0, inside, 0)

    return before(stop) - before(start)


def build_pairs_table(
    a: TrackingArrays, b: TrackingArrays, matches: Overlaps, counterparts: Integers
) -> pd.DataFrame:
    """Return one row per pair of people of a and b that were matched or are counterparts.

    Parameters
    ----------
    a, b
        The trackings.
    matches
        Matched rows of a and b.
    counterparts
        (k, 2) numbers of the people that the identity metrics pair.
    """
    row_a, row_b = matches.a, matches.b
    time_matched = sum_time_matched(a, b, row_a, row_b)
    width = len(b.persons) + 1
    met = a.person[row_a].astype("int64") * width + b.person[row_b]
    paired = counterparts[:, 0] * width + counterparts[:, 1]
    keys = np.union1d(met, paired)
    one, other = np.divmod(keys, width)
    count = np.bincount(np.searchsorted(keys, met), minlength=len(keys))
    total = np.bincount(np.searchsorted(keys, met), matches.overlap, minlength=len(keys))
    shared = np.zeros(len(keys), dtype="int64")
    shared[np.searchsorted(keys, time_matched["a"] * width + time_matched["b"])] = time_matched["matched"]
    columns = {
        "matched": shared.view("timedelta64[ms]"),
        "share_a": _share(shared, a, one),
        "share_b": _share(shared, b, other),
        "matches": count.astype("int64"),
        "overlap": np.divide(total, count, out=np.full(len(keys), np.nan), where=count > 0),
        "counterpart": np.isin(keys, paired),
    }
    index = pd.MultiIndex.from_arrays([a.persons[one], b.persons[other]], names=["person_a", "person_b"])
    return pd.DataFrame(columns, index=index)


def _share(time_matched: Integers, arrays: TrackingArrays, person: Integers) -> Floats:
    total = np.bincount(arrays.person, arrays.time_present, minlength=len(arrays.persons) or 1)[person]
    share: Floats = np.divide(time_matched, total, out=np.full(len(person), np.nan), where=total > 0)
    return share
