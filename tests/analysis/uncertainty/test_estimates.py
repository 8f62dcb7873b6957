"""Intervals of means, rates, counts and differences, by hand and against SciPy."""

import math

import naive_uncertainty as naive
import numpy as np
import pytest
from scipy import stats

from ptrack_analysis.analysis.uncertainty.estimates import (
    Interval,
    estimate_count,
    estimate_count_ratio,
    estimate_daily_count,
    estimate_difference,
    estimate_ratio,
    estimate_share,
    find_units,
    share_bounds,
)
from ptrack_analysis.schema import GROUPS, assemble


def test_bounds_of_a_share_are_those_of_scipys_exact_test():
    for count, number in ((0, 9), (3, 9), (9, 9), (40, 100)):
        theirs = stats.binomtest(count, number).proportion_ci(0.95, method="exact")
        low, high = share_bounds(np.array([count / number]), np.array([float(number)]), 0.95)
        assert (low.item(), high.item()) == pytest.approx((theirs.low, theirs.high))


def test_a_share_of_single_people_has_the_bounds_of_the_exact_test():
    share, interval = estimate_share(3, [1] * 9)
    theirs = stats.binomtest(3, 9).proportion_ci(0.95, method="exact")
    assert (share, interval.low, interval.high) == pytest.approx((1 / 3, theirs.low, theirs.high))


def test_a_share_of_visits_is_no_surer_than_one_of_people():
    """Three visits of each of nine people tell as much as one visit each, if all three end alike."""
    _, once = estimate_share(3, [1] * 9)
    _, often = estimate_share(9, [3] * 9)
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_a_count_of_single_people_has_garwoods_bounds():
    """Garwood 1936: a count of 10 has the bounds 4.795 and 18.390, a count of 0 the upper bound 3.689."""
    interval = estimate_count([1] * 10)
    assert (interval.low, interval.high) == pytest.approx((4.795, 18.390), abs=1e-3)
    assert (estimate_count([]).low, estimate_count([]).high) == pytest.approx((0, 3.689), abs=1e-3)


def test_people_who_come_in_pairs_make_the_bounds_of_a_count_wider():
    pairs, singles = estimate_count([2] * 5), estimate_count([1] * 5)
    assert (pairs.low, pairs.high) == pytest.approx((2 * singles.low, 2 * singles.high))


def test_the_mean_of_days_is_never_surer_than_a_poisson_count():
    mean, interval = estimate_daily_count([100, 100, 100])
    spread = stats.t.ppf(0.975, 2) * math.sqrt(100 / 3) / 100
    assert mean == 100
    assert interval.high == pytest.approx(100 * math.exp(spread))
    _, wider = estimate_daily_count([50, 100, 150])
    spread = stats.t.ppf(0.975, 2) * math.sqrt(2500 / 3) / 100
    assert wider.low == pytest.approx(100 * math.exp(-spread))


BLANK = {
    "a share of one person": (lambda: estimate_share(1, [2])[1], "fewer than 2 people"),
    "a share of no one": (lambda: estimate_share(0, [])[1], "nothing to divide by"),
    "more than all": (lambda: estimate_share(5, [1, 1, 1])[1], "above 1: not a share"),
    "two days": (lambda: estimate_daily_count([5, 6])[1], "fewer than 3 days"),
    "no days": (lambda: estimate_daily_count([])[1], "fewer than 3 days"),
    "no events": (lambda: estimate_daily_count([0, 0, 0])[1], "no events on any day"),
    "nine people": (lambda: ratio(np.arange(1.0, 10.0)), "fewer than 10 people"),
    "no people": (lambda: ratio(np.empty(0)), "nothing to divide by"),
    "all alike": (lambda: ratio(np.full(40, 7.0)), "no variation between people"),
    "all but one at 0": (lambda: ratio(np.eye(1, 40).ravel()), "all but one person have the value 0"),
    "no earlier events": (lambda: estimate_count_ratio(5, 0, 1.0, 9)[1], "a count is 0"),
    "no later events": (lambda: estimate_count_ratio(0, 5, 1.0, 9)[1], "a count is 0"),
    "no days to compare": (lambda: estimate_count_ratio(5, 5, 1.0, 0)[1], "too few days"),
    "all at 0": (lambda: ratio(np.zeros(40)), "all values are 0"),
}


def ratio(values):
    return estimate_ratio(values, np.ones(len(values)), np.arange(len(values)))[1]


@pytest.mark.parametrize(("estimate", "note"), BLANK.values(), ids=BLANK.keys())
def test_what_cannot_be_estimated_is_blank_with_a_reason(estimate, note):
    interval = estimate()
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.note == note


@pytest.mark.parametrize("people", [10, 49, 50])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_ratio_of_ten_people_or_more_has_the_jackknife_interval(people, confidence):
    units = [*range(people), *range(0, people, 3)]
    above, below = ([1 + factor * row % 11 for row in range(len(units))] for factor in (7, 3))
    value, interval = estimate_ratio(
        np.array(above, "float64"), np.array(below, "float64"), np.array(units), confidence
    )
    expected = naive.ratio_interval(above, below, units, confidence)
    assert (value, interval.low, interval.high) == pytest.approx(expected, rel=1e-7)
    assert ("92" in interval.note) == (people < 50 and confidence == 0.95)


def test_the_unit_is_the_group_where_there_are_groups_and_else_the_person():
    arrays = {"person_index": np.array([3, 5, 8]), "group": np.array([1, 2, 1]), "size": np.array([2, 1, 2])}
    people = np.array([8, 3, 5, 9, 3, 1])
    unit = find_units(people, assemble(GROUPS, arrays))
    assert unit[0] == unit[1] == unit[4]
    assert len(set(unit.tolist())) == 4
    assert find_units(people, None).tolist() == people.tolist()


def test_a_difference_is_as_wide_as_two_independent_errors():
    """3 and 4 to the sides that matter make 5."""
    interval = estimate_difference(10, Interval(7, 14), 30, Interval(26, 33))
    assert (interval.low, interval.high) == pytest.approx((20 - math.hypot(4, 4), 20 + math.hypot(3, 3)))
    open_above = estimate_difference(10, Interval(7, 14), 30, Interval(26, np.nan, "open"))
    assert np.isnan(open_above.high)
    assert np.isfinite(open_above.low)
    assert open_above.note == "second: open"


def test_estimates_of_the_same_people_differ_less():
    one = estimate_difference(10, Interval(7, 13), 10, Interval(7, 13), correlation=0.5)
    assert (one.low, one.high) == pytest.approx((-3, 3))
