"""Confidence intervals and the permutation test, against slow independent oracles."""

import math

import naive_uncertainty as naive
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.uncertainty.estimates import (
    estimate_count,
    estimate_daily_count,
    estimate_ratio,
    share_bounds,
)
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_restricted_mean,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
)
from ptrack_analysis.heat import compare_heatmaps
from ptrack_analysis.schema import GROUPS, assemble

CONFIDENCES = st.sampled_from([0.8, 0.95, 0.99])


@st.composite
def clustered_lengths(draw, fewest=2, most=8):
    """Draw (length, ended, since or None, unit) of several units."""
    lengths = []
    for unit in range(draw(st.integers(fewest, most))):
        for _ in range(draw(st.integers(1, 3))):
            length = draw(st.integers(1, 12))
            since = draw(st.integers(0, length - 1)) if draw(st.integers(0, 5)) == 0 else None
            lengths.append((length, draw(st.integers(0, 3)) > 0, since, unit))
    return lengths


def as_arrays(lengths):
    """Return the lengths as the kernel takes them."""
    length, ended, since, unit = zip(*lengths, strict=True)
    return Lengths(
        np.array(length, "int64"),
        np.array(ended, "bool"),
        np.array([-1 if own is None else own for own in since], "int64"),
        np.array(unit, "int64"),
    )


def assert_near(found, expected, tolerance=1e-7):
    """Compare two intervals."""
    assert np.allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True), (found, expected)


def assert_blank(interval):
    """Check that an interval is blank and says why."""
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert interval.note


@given(clustered_lengths(), CONFIDENCES)
def test_a_share_of_a_survival_curve_has_korn_graubard_bounds(lengths, confidence):
    curve = estimate_survival(as_arrays(lengths), confidence)
    low, high = curve.bounds
    rows, units = naive.curve(lengths), {own[3] for own in lengths}
    assert list(zip(curve.length, curve.at_risk, curve.ended, curve.end_unobserved, strict=True)) == [
        row[:4] for row in rows
    ]
    assert_near(curve.share, [float(row[4]) for row in rows], 1e-12)
    last = None
    for index, (length, _, _, _, share) in enumerate(rows):
        if 0 < share < 1 and naive.share_variance(lengths, length) > 0:
            last = naive.effective_number(lengths, length, confidence)
            assert_near(curve.effective[index], last)
            assert_near((low[index], high[index]), naive.share_bounds(lengths, length, confidence))
        elif share == 1:
            still = naive.units_at_risk_after(lengths, length)
            assert_near(curve.effective[index], len(still))
            if still:
                assert_near(
                    (low[index], high[index]), naive.clopper_pearson(len(still), len(still), confidence)
                )
        elif share == 0:
            assert curve.effective[index] <= len(units)


@given(st.integers(1, 60), st.data(), CONFIDENCES)
def test_bounds_of_a_share_are_those_of_exact_binomial_sums(number, data, confidence):
    successes = data.draw(st.integers(0, number))
    low, high = share_bounds(np.array([successes / number]), np.array([float(number)]), confidence)
    assert_near((low[0], high[0]), naive.clopper_pearson(successes, number, confidence))


@given(clustered_lengths(4, 12))
def test_the_interval_of_a_median_holds_all_lengths_whose_bounds_contain_one_half(lengths):
    curve = estimate_survival(as_arrays(lengths))
    interval = find_quantile_interval(curve, 0.5)
    rows = naive.curve(lengths)
    median = next((row[0] for row in rows if 2 * row[4] <= 1), math.nan)
    assert_near(find_quantile(curve, 0.5), median)
    if len({own[3] for own in lengths}) < 6:
        assert_blank(interval)
        return
    low, high = curve.bounds
    assume(not any(abs(bound - 0.5) <= 1e-9 for bound in [*low, *high]))
    first = next((row[0] for row, own in zip(rows, low, strict=True) if own <= 0.5), rows[-1][0])
    reaching = [index for index, own in enumerate(high) if not own < 0.5]
    last = rows[reaching[-1] + 1][0] if reaching[-1] + 1 < len(rows) else math.nan
    assert_near((interval.low, interval.high), (first, last))


@settings(max_examples=40)
@given(clustered_lengths(17, 24), st.integers(1, 13), CONFIDENCES)
def test_a_restricted_mean_has_the_robust_variance_of_the_area(lengths, horizon, confidence):
    arrays = as_arrays(lengths)
    mean, interval = estimate_restricted_mean(arrays, estimate_survival(arrays, confidence), horizon)
    rows = naive.curve(lengths)
    if horizon > rows[-1][0] and rows[-1][4] > 0:
        assert math.isnan(mean)
        return
    assert_near(mean, float(naive.restricted_mean(lengths, horizon)))
    if len({own[3] for own in lengths}) < 20 or not any(naive.is_at_risk(own, horizon) for own in lengths):
        assert_blank(interval)
        return
    assume(0 < mean < horizon)
    assert_near(
        (interval.low, interval.high), naive.restricted_mean_interval(lengths, horizon, confidence), 1e-6
    )


@pytest.mark.parametrize("horizon", [4, 9, 12])
def test_a_restricted_mean_of_visits_observed_late_has_the_robust_variance(horizon):
    lengths = [
        (5 * row % 12 + 1, row % 5 != 4, 5 * row % 12 * (row % 7) // 9 if row % 3 == 0 else None, row % 24)
        for row in range(36)
    ]
    arrays = as_arrays(lengths)
    mean, interval = estimate_restricted_mean(arrays, estimate_survival(arrays), horizon)
    assert_near(mean, float(naive.restricted_mean(lengths, horizon)))
    assert_near((interval.low, interval.high), naive.restricted_mean_interval(lengths, horizon, 0.95), 1e-6)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 20), st.integers(0, 15)), min_size=1, max_size=40),
    CONFIDENCES,
)
def test_a_mean_or_rate_has_the_jackknife_interval_of_its_logarithm(rows, confidence):
    above, below, units = (list(own) for own in zip(*rows, strict=True))
    ratio, interval = estimate_ratio(
        np.array(above, "float64"), np.array(below, "float64"), np.array(units, "int64"), confidence
    )
    assert_near(ratio, sum(above) / sum(below))
    if len(set(units)) < 10:
        assert_blank(interval)
        return
    expected = naive.ratio_interval(above, below, units, confidence)
    assume(expected[2] > expected[1] * (1 + 1e-9))
    assert_near((ratio, interval.low, interval.high), expected)
    assert ("92" in interval.note) == (confidence == 0.95)


@given(st.lists(st.integers(1, 6), max_size=15), CONFIDENCES)
def test_a_count_has_garwood_bounds_scaled_by_the_sizes_of_the_groups(sizes, confidence):
    interval = estimate_count(sizes, confidence)
    assert_near((interval.low, interval.high), naive.count_interval(sizes, confidence), 1e-6)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=9), CONFIDENCES)
def test_a_count_across_days_is_never_narrower_than_that_of_a_poisson_count(counts, confidence):
    mean, interval = estimate_daily_count(counts, confidence)
    assert_near(mean, sum(counts) / len(counts))
    if len(counts) < 3 or not sum(counts):
        assert_blank(interval)
    else:
        assert_near((mean, interval.low, interval.high), naive.daily_interval(counts, confidence))


@st.composite
def grouped_seconds(draw, *, equal):
    """Draw (seconds of each person per cell, group of each person, number of groups of the first set)."""
    groups = draw(st.integers(7, 9))
    first = draw(st.integers(1, groups - 1))
    same = draw(st.integers(1, 2))
    seconds, membership = [], []
    for group in range(groups):
        for _ in range(same if equal else draw(st.integers(1, 3))):
            scale = draw(st.sampled_from([0, 1, 3]))
            seconds.append([scale * draw(st.integers(0, 3)) for _ in range(2)])
            membership.append(group)
    return seconds, membership, first


def make_sets(seconds, membership, first):
    """Return the trajectories of both sets and the table of groups."""
    people = {p: [(0, 0.5, 0.5), (100_000, 1.5, 0.5)] for p in range(len(seconds))}
    trajectories = compute_trajectories(make_points(people), period="1s")
    held = np.array(seconds, "int64").ravel() * 1000
    trajectories["time_present"] = held.astype("timedelta64[ms]")
    of = trajectories.index.get_level_values("person_index")
    in_first = np.array(membership)[of] < first
    groups = assemble(
        GROUPS,
        {
            "person_index": np.arange(len(seconds)),
            "group": np.array(membership) + 1,
            "size": np.bincount(membership)[membership],
        },
    )
    return trajectories[in_first], trajectories[~in_first], groups


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.booleans().flatmap(lambda equal: grouped_seconds(equal=equal)),
    st.sampled_from([None, (3600, 3600), (3600, 7200)]),
)
def test_p_of_a_heatmap_comparison_is_that_of_all_assignments_of_whole_groups(case, watched):
    seconds, membership, first = case
    one, two, groups = make_sets(seconds, membership, first)
    durations = None if watched is None else tuple(pd.Timedelta(own, unit="s") for own in watched)
    permutations = 2000
    result = compare_heatmaps(
        one,
        two,
        make_video(),
        groups=groups,
        durations=durations,
        permutations=permutations,
        bounds=(0.0, 0.0, 2.0, 1.0),
        shape=(1, 2),
    )
    number = max(membership) + 1
    assert (result.groups, result.grouping, result.split_groups) == (number, "given", 0)
    sums = [
        [sum(s[cell] for s, own in zip(seconds, membership, strict=True) if own == group) for cell in (0, 1)]
        for group in range(number)
    ]
    sizes = [membership.count(group) for group in range(number)]
    z, p = naive.compare_groups(sums, sizes, first, watched)
    assert_near(result.z[0], z, 1e-9)
    if watched is None and first in {1, number - 1}:
        assert np.isnan(result.p).all()
        assert result.note
        return
    for own, exact in zip(result.p[0], p, strict=True):
        error = math.sqrt(exact * (1 - exact) / permutations)
        assert abs(own - exact) <= 5 * error + 2 / permutations


@pytest.mark.parametrize("number", [5, 6, 7])
def test_p_is_blank_for_fewer_than_seven_groups_and_a_split_group_counts_as_two(number):
    seconds = [[k, 1] for k in range(2 * number)]
    membership = [k // 2 for k in range(2 * number)]
    one, two, groups = make_sets(seconds, membership, 3)
    options = {"bounds": (0.0, 0.0, 2.0, 1.0), "shape": (1, 2)}
    result = compare_heatmaps(one, two, make_video(), groups=groups, **options)
    assert np.isnan(result.p).all() == (number < 7)
    moved = two[two.index.get_level_values("person_index") == 6]
    rest = two[two.index.get_level_values("person_index") != 6]
    result = compare_heatmaps(pd.concat([one, moved]), rest, make_video(), groups=groups, **options)
    assert (result.groups, result.split_groups) == (number + 1, 1)
    assert np.isnan(result.p).all() == (number + 1 < 7)
