"""How far two trackings agree about zones, lines and people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.matching import LEFT_OUT, Boxes, Overlaps, compared_moments
from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class TrackingArrays:
    """One tracking's detections in the order of person and time.

    ``person`` numbers the persons of ``persons`` from 0; ``time`` and ``time_present`` are in ms; ``moment``
    is the number of the compared moment, ``LEFT_OUT`` where there is none; ``boxed`` tells whether there is a
    body box; ``sides`` is (4, n) left, top, right, bottom as fractions of the frame. If people are matched by
    distance, ``boxed`` tells whether there is a detected position, and ``sides`` is (2, n) x and y.
    ``period`` is the sampling period [ms], ``unmatched`` the number of compared moments that have no
    counterpart.
    """

    persons: Integers
    person: Integers
    time: Milliseconds
    held: Milliseconds
    moment: Integers
    boxed: Bools
    sides: Floats
    period: int
    unmatched: int


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """A DETECTIONS or POINTS table, its TRAJECTORIES and its sampling period [ms].

    ``unit`` is that of the positions, if people are matched by distance; None if boxes are matched.
    """

    detections: pd.DataFrame
    trajectories: pd.DataFrame
    period: int
    unit: str | None = None


def seen_by_both(a: Tracking, b: Tracking) -> tuple[TrackingArrays, TrackingArrays]:
    """Return both trackings as arrays, with their moments numbered such that compared ones are the same."""
    times_a, times_b = _moments(a.detections), _moments(b.detections)
    numbers_a, numbers_b = compared_moments(times_a, times_b, a.period, b.period)
    shared = np.intersect1d(numbers_a, numbers_b)
    alone_a, alone_b = (
        int((~np.isin(numbers, shared) & (numbers != LEFT_OUT)).sum()) for numbers in (numbers_a, numbers_b)
    )
    return _seen(a, times_a, numbers_a, alone_a), _seen(b, times_b, numbers_b, alone_b)


def boxes_at_compared_moments(seen: TrackingArrays) -> tuple[Boxes, Integers]:
    """Return the body boxes at compared moments, in their order, and the row of each."""
    rows = np.flatnonzero(seen.boxed & (seen.moment != LEFT_OUT))
    rows = rows[np.lexsort((seen.person[rows], seen.moment[rows]))]
    return Boxes(seen.moment[rows], seen.person[rows], seen.sides[:, rows]), rows


def _moments(detections: pd.DataFrame) -> Milliseconds:
    times: Milliseconds = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    return times


def _seen(tracking: Tracking, times: Milliseconds, numbers: Integers, alone: int) -> TrackingArrays:
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
        held=tracking.trajectories["time_present"].to_numpy().view("int64"),
        moment=numbers[np.searchsorted(times, rows.time)],
        boxed=boxed,
        sides=sides,
        period=tracking.period,
        unmatched=alone,
    )


def _stack_sides(table: pd.DataFrame, rows: PersonRows) -> Floats:
    left, top, width, height = (
        table[name].to_numpy()[rows.order] for name in ("left", "top", "width", "height")
    )
    return np.stack([left, top, left + width, top + height])


def _stack_positions(tracking: Tracking) -> Floats:
    """Return the positions, NaN where they were not detected."""
    table = tracking.trajectories
    positions = np.stack([table[f"{axis}_{tracking.unit}"].to_numpy(dtype="float64") for axis in "xy"])
    is_detected = (table["position_status"] == "detected").to_numpy()
    return np.where(is_detected, positions, np.nan)


NOBODY = -1


def time_together(
    a: TrackingArrays, b: TrackingArrays, row_a: Integers, row_b: Integers
) -> dict[str, Integers]:
    """Sum the time for which each person of a and each of b are both present and taken for one.

    Two persons matched at a moment are taken for one from then on, until one of them is matched to somebody
    else, or until a moment at which both have a box and are not matched; before their first match also back
    in time, until such a moment. A moment at which one of them has no box, or that is not compared, changes
    nothing. Each tracking's moments are its own, and presence is the half-open ``[timestamp, timestamp +
    held)`` of each detection. A person is taken for at most one other at a time, so the sum over all pairs is
    at most the sum of ``time_present`` of either tracking; who is never matched is with nobody.

    Parameters
    ----------
    a, b
        The trackings.
    row_a, row_b
        (k,) rows of a and b that are matched.

    Returns
    -------
    dict
        ``a``, ``b``: numbers of the persons; ``matched`` [ms], above 0; one entry a pair, in this order.
    """
    partner_a = _partners(a, b, row_a, row_b)
    partner_b = _partners(b, a, row_b, row_a)
    width = len(b.persons) + 1
    key_a, start_a, stop_a = _stretches(a, a.person * width + partner_a, partner_a)
    key_b, start_b, stop_b = _stretches(b, partner_b * width + b.person, partner_b)
    keys, code = np.unique(np.concatenate([key_a, key_b]), return_inverse=True)
    code_a, code_b = code[: len(key_a)], code[len(key_a) :]
    span = int(max(stop_a.max(initial=0), stop_b.max(initial=0))) + 1
    shared = _covered(
        code_a * span + start_a, code_a * span + stop_a, code_b * span + start_b, code_b * span + stop_b
    )
    together = np.zeros(len(keys), dtype="int64")
    np.add.at(together, code_a, shared)
    some = together > 0
    one, other = np.divmod(keys[some], width)
    return {"a": one, "b": other, "matched": together[some]}


def _partners(own: TrackingArrays, other: TrackingArrays, own_row: Integers, other_row: Integers) -> Integers:
    """Return whom each row's person is taken for from this row on: a person of the other, or nobody."""
    partner = np.full(len(own.person), NOBODY, dtype="int64")
    partner[own_row] = other.person[other_row]
    rows, match = np.arange(len(partner)), _row_of_match(own, partner != NOBODY)
    presumed = np.where(match >= 0, partner[match], NOBODY)
    apart = own.boxed & (own.moment != LEFT_OUT) & (partner == NOBODY) & (presumed != NOBODY)
    apart &= _has_box(other, own.moment, presumed)
    partings = np.cumsum(apart)
    between = np.where(rows < match, partings[match] - partings + apart, partings - partings[match])
    return np.where(between > 0, NOBODY, presumed)


def _row_of_match(own: TrackingArrays, matched: Bools) -> Integers:
    """Return for each row the row of its person's latest match, before any the first; -1 if never matched."""
    rows, places = np.arange(len(matched)), np.flatnonzero(matched)
    first = np.full(len(own.persons), -1, dtype="int64")
    persons, place = np.unique(own.person[places], return_index=True)
    first[persons] = places[place]
    first_of_row = first[own.person]
    latest = np.maximum.accumulate(np.where(matched, rows, 0))
    match: Integers = np.where((first_of_row < 0) | (rows < first_of_row), first_of_row, latest)
    return match


def _has_box(seen: TrackingArrays, moment: Integers, person: Integers) -> Bools:
    """Return whether a person has a box at a compared moment."""
    width = len(seen.persons) + 1
    known = seen.boxed & (seen.moment != LEFT_OUT)
    there: Bools = np.isin(moment * width + person, (seen.moment * width + seen.person)[known])
    return there


def _stretches(
    seen: TrackingArrays, key: Integers, partner: Integers
) -> tuple[Integers, Milliseconds, Milliseconds]:
    """Return the stretches of time of the rows whose person is taken for somebody, by key and time."""
    rows = np.flatnonzero((partner >= 0) & (seen.held > 0))
    rows = rows[np.lexsort((seen.time[rows], key[rows]))]
    return key[rows], seen.time[rows], seen.time[rows] + seen.held[rows]


def _covered(start: Integers, stop: Integers, by_start: Integers, by_stop: Integers) -> Integers:
    """Return how much of each stretch is covered by other stretches, these being disjoint and in order."""
    if not len(by_start):
        return np.zeros_like(start)
    length = np.concatenate([[0], np.cumsum(by_stop - by_start)])

    def before(time: Integers) -> Integers:
        begun = np.searchsorted(by_start, time, side="right")
        last = np.maximum(begun - 1, 0)
        inside = np.minimum(time, by_stop[last]) - by_start[last]
        return length[last] + np.where(begun > 0, inside, 0)

    return before(stop) - before(start)


def pairs_table(
    a: TrackingArrays, b: TrackingArrays, matches: Overlaps, counterparts: Integers
) -> pd.DataFrame:
    """Return who in a is who in b: one row for each two persons that were matched or are counterparts.

    Parameters
    ----------
    a, b
        The trackings.
    matches
        Matched rows of a and b.
    counterparts
        (k, 2) numbers of the persons that the identity figures pair.
    """
    row_a, row_b = matches.a, matches.b
    together = time_together(a, b, row_a, row_b)
    width = len(b.persons) + 1
    met = a.person[row_a].astype("int64") * width + b.person[row_b]
    paired = counterparts[:, 0] * width + counterparts[:, 1]
    keys = np.union1d(met, paired)
    one, other = np.divmod(keys, width)
    count = np.bincount(np.searchsorted(keys, met), minlength=len(keys))
    total = np.bincount(np.searchsorted(keys, met), matches.overlap, minlength=len(keys))
    shared = np.zeros(len(keys), dtype="int64")
    shared[np.searchsorted(keys, together["a"] * width + together["b"])] = together["matched"]
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


def _share(together: Integers, seen: TrackingArrays, person: Integers) -> Floats:
    held = np.bincount(seen.person, seen.held, minlength=len(seen.persons) or 1)[person]
    share: Floats = np.divide(together, held, out=np.full(len(person), np.nan), where=held > 0)
    return share
