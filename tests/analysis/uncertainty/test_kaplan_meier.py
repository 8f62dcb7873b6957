"""The kernels of how long stays last, against others' and by hand."""

import naive_survival
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import CensoredData, ecdf
from scipy.stats import t as student

from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_restricted_mean,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
    shares_at,
)

CUT, ENDED = False, True


def lengths_of(stays, whose=None):
    stays = [(*stay, None)[:3] for stay in stays]
    return Lengths(
        np.array([stay[0] for stay in stays], dtype="int64"),
        np.array([stay[1] for stay in stays], dtype=bool),
        np.array([-1 if stay[2] is None else stay[2] for stay in stays], dtype="int64"),
        np.arange(len(stays)) if whose is None else np.array(whose, dtype="int64"),
    )


def shares(stays):
    curve = estimate_survival(lengths_of(stays))
    return dict(zip(curve.length.tolist(), curve.share.tolist(), strict=True))


CURVES = {
    "no stays": ([], {}),
    "one that ended": ([(5, ENDED)], {0: 1, 5: 0}),
    "one that was cut": ([(5, CUT)], {0: 1, 5: 1}),
    "two of one length": ([(5, ENDED), (5, ENDED)], {0: 1, 5: 0}),
    "one ended as another was cut": ([(5, ENDED), (5, CUT)], {0: 1, 5: 0.5}),
    "one cut before the others end": (
        [(1, CUT), (2, ENDED), (3, ENDED)],
        {0: 1, 1: 1, 2: 0.5, 3: 0},
    ),
    "all cut": ([(1, CUT), (2, CUT)], {0: 1, 1: 1, 2: 1}),
    "one that ended at once": ([(0, ENDED), (4, ENDED)], {0: 0.5, 4: 0}),
    "one seen from a length on": ([(2, ENDED), (4, ENDED, 2)], {0: 1, 2: 0, 4: 0}),
    "one seen from before a length on": ([(2, ENDED), (4, ENDED, 1)], {0: 1, 2: 0.5, 4: 0}),
    "nobody at risk for a while": ([(1, CUT), (9, ENDED, 5), (8, CUT, 5)], {0: 1, 1: 1, 8: 1, 9: 0}),
}


@pytest.mark.parametrize(("stays", "expected"), CURVES.values(), ids=CURVES.keys())
def test_the_share_left_falls_where_stays_end(stays, expected):
    assert shares(stays) == expected


def remission():
    """The 6-mercaptopurine group of Freireich et al. (1963), weeks: the textbooks' example."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    return [(week, ENDED) for week in ended] + [(week, CUT) for week in cut]


def test_a_textbook_example_comes_out_as_printed():
    """Klein and Moeschberger, table 4.1A and example 4.2; the last are printed to four digits."""
    found = shares(remission())
    printed = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {week: round(found[week], 3) for week in printed} == printed
    lengths = lengths_of(remission())
    curve = estimate_survival(lengths)
    assert find_quantile(curve, 0.5) == 23
    interval = find_quantile_interval(curve, 0.5)
    assert (interval.low, interval.note) == (13, "open upwards: too few long visits ended")
    assert np.isnan(interval.high)
    mean, interval = estimate_restricted_mean(lengths, curve, 35)
    assert mean == pytest.approx(23.287, abs=1e-3)
    assert interval.low < mean < interval.high < 35


def test_the_effective_number_of_one_visit_per_person_is_that_of_greenwoods_variance():
    """Klein and Moeschberger, table 4.1A: the standard error at 10 weeks is 0.0963."""
    curve = estimate_survival(lengths_of(remission()))
    index = curve.length.tolist().index(10)
    variance = 0.0963**2 * 21 / 20
    share = curve.share[index]
    assert curve.effective[index] == pytest.approx(share * (1 - share) / variance, rel=2e-3)


def random_stays(seed, *, late=False):
    chance = np.random.default_rng(seed)
    number = int(chance.integers(1, 60))
    length = chance.integers(0, 40, number)
    ended = chance.random(number) < chance.choice([0.2, 0.7, 1.0])
    since = [
        int(chance.integers(0, own)) if late and own and chance.random() < 0.3 else None for own in length
    ]
    return list(zip(length.tolist(), ended.tolist(), since, strict=True))


@pytest.mark.parametrize("seed", range(30))
def test_the_curve_equals_scipys(seed):
    stays = random_stays(seed)
    length, ended, _ = (np.array(values) for values in zip(*stays, strict=True))
    theirs = ecdf(CensoredData(uncensored=length[ended], right=length[~ended])).sf
    found = shares_at(estimate_survival(lengths_of(stays)), length)[0]
    np.testing.assert_allclose(found, theirs.evaluate(length), atol=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_the_curve_equals_lifelines(seed):
    lifelines = pytest.importorskip("lifelines")
    stays = random_stays(seed)
    length, ended, _ = (np.array(values) for values in zip(*stays, strict=True))
    theirs = lifelines.KaplanMeierFitter().fit(length, ended)
    curve = estimate_survival(lengths_of(stays))
    np.testing.assert_allclose(curve.share, theirs.predict(curve.length), atol=1e-9)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_the_kernels_equal_a_walk_over_the_stays(seed, late):
    stays = random_stays(seed, late=late)
    lengths = lengths_of(stays)
    curve = estimate_survival(lengths)
    found = zip(
        *(getattr(curve, name).tolist() for name in ("length", "at_risk", "ended", "end_unobserved")),
        strict=True,
    )
    expected = naive_survival.curve(stays)
    assert list(found) == [row[:4] for row in expected]
    np.testing.assert_allclose(curve.share, [float(row[4]) for row in expected], atol=1e-12)
    for share in (0.1, 0.25, 0.5, 0.9):
        wanted = naive_survival.quantile(stays, share)
        assert find_quantile(curve, share) == pytest.approx(np.nan if wanted is None else wanted, nan_ok=True)
    for horizon in (5, 30, 50):
        mean = estimate_restricted_mean(lengths, curve, horizon)[0]
        known = naive_survival.restricted_mean(stays, horizon)
        assert mean == pytest.approx(np.nan if known is None else float(known), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_the_effective_number_is_that_of_the_influence_of_each_person(seed, late):
    stays = random_stays(seed, late=late)
    whose = np.random.default_rng(seed).integers(0, 5, len(stays)).tolist()
    units, visits = len(set(whose)), len(stays)
    curve = estimate_survival(lengths_of(stays, whose), 0.9)
    if units < 2:
        assert np.isnan(curve.effective).all()
        return
    ratio = student.ppf(0.95, visits - 1) / student.ppf(0.95, units - 1)
    variances = naive_survival.variances(stays, whose)
    for share, variance, found in zip(curve.share, variances, curve.effective, strict=True):
        if 0 < share < 1:
            worth = share * (1 - share) / float(variance) if variance else np.inf
            assert found == pytest.approx(min(worth, visits) * ratio**2, rel=1e-6)


def test_visits_of_one_person_that_are_all_alike_say_no_more_than_one():
    stays = [(length, ENDED) for length in range(1, 31)]
    once = estimate_survival(lengths_of(stays))
    thrice = estimate_survival(lengths_of(stays * 3, [*range(30)] * 3))
    low, high = once.bounds
    wide, far = thrice.bounds
    assert (wide <= low + 1e-9).all()
    assert (far >= high - 1e-9).all()
    one, other = (find_quantile_interval(curve, 0.5) for curve in (once, thrice))
    assert other.low <= one.low < one.high <= other.high


def test_the_bounds_where_nothing_ended_are_those_of_the_people_still_at_risk():
    """Ten people are at risk; eight are censored before anyone ends."""
    stays = [(length, CUT) for length in range(1, 9)] + [(20, ENDED), (21, ENDED)]
    curve = estimate_survival(lengths_of(stays))
    low, high = curve.bounds
    assert low[0] == pytest.approx(0.025 ** (1 / 10))
    assert low[curve.length == 8].item() == pytest.approx(0.025 ** (1 / 2))
    assert (high[curve.share == 1] == 1).all()


def test_a_median_needs_six_people_and_a_restricted_mean_twenty():
    def intervals(people):
        lengths = lengths_of([(1000 + 10 * n, ENDED) for n in range(people)])
        curve = estimate_survival(lengths)
        return find_quantile_interval(curve, 0.5), estimate_restricted_mean(lengths, curve, 1040)[1]

    assert intervals(5)[0].note == "fewer than 6 people"
    assert (intervals(6)[0].low, intervals(6)[0].high) == (1000, 1050)
    assert intervals(19)[1].note == "fewer than 20 people"
    restricted = intervals(20)[1]
    assert 1000 < restricted.low < restricted.high < 1040


DEGENERATE = {
    "no visits": ([], []),
    "one visit": ([(5, ENDED)], [0]),
    "one person": ([(n, ENDED) for n in range(1, 9)], [0] * 8),
    "all ends unobserved": ([(n, CUT) for n in range(1, 40)], [*range(39)]),
    "all alike": ([(5, ENDED)] * 40, [*range(40)]),
    "no time at all": ([(0, ENDED)] * 40, [*range(40)]),
    "two people in one group": ([(5, ENDED), (7, ENDED)], [0, 0]),
    "hours": ([(3_600_000 * n, n % 2 == 0) for n in range(1, 60)], [*range(59)]),
}


@pytest.mark.parametrize(("stays", "whose"), DEGENERATE.values(), ids=DEGENERATE.keys())
@pytest.mark.parametrize("horizon", [5, 10_000_000])
def test_an_interval_is_blank_with_a_reason_or_wider_than_zero(stays, whose, horizon):
    lengths = lengths_of(stays, whose)
    curve = estimate_survival(lengths)
    found = [find_quantile_interval(curve, share) for share in (0.1, 0.5, 0.9)]
    found.append(estimate_restricted_mean(lengths, curve, horizon)[1])
    for interval in found:
        blank = np.isnan(interval.low) or np.isnan(interval.high)
        assert bool(interval.note) == blank
        assert blank or interval.low < interval.high
    low, high = curve.bounds
    assert (np.isnan(low) | (low < high)).all()


NOTES = {
    "no visits": ([], 5, "no visit with an observed start"),
    "19 people": ([(n, ENDED) for n in range(1, 20)], 5, "fewer than 20 people"),
    "longer than any visit": (
        [(n, CUT) for n in range(1, 30)],
        30,
        "the horizon is beyond the longest visit",
    ),
    "no one stays that long": ([(n, ENDED) for n in range(1, 30)], 30, "no one is at risk at the horizon"),
    "all alike": ([(9, ENDED)] * 30, 5, "no variation between people"),
}


@pytest.mark.parametrize(("stays", "horizon", "note"), NOTES.values(), ids=NOTES.keys())
def test_a_mean_up_to_a_horizon_without_an_interval_states_the_reason(stays, horizon, note):
    lengths = lengths_of(stays)
    mean, interval = estimate_restricted_mean(lengths, estimate_survival(lengths), horizon)
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.note == note
    known = all(ended or length > horizon for length, ended, *_ in stays) and stays
    expected = np.mean([min(length, horizon) for length, *_ in stays]) if known else np.nan
    assert mean == pytest.approx(expected, nan_ok=True)


def test_a_median_without_an_upper_bound_states_the_reason():
    few = find_quantile_interval(estimate_survival(lengths_of([(n, ENDED) for n in range(5)])), 0.5)
    assert few.note == "fewer than 6 people"
    cut = lengths_of([(n, n < 12) for n in range(1, 25)])
    late = find_quantile_interval(estimate_survival(cut), 0.5)
    assert (np.isnan(late.high), late.note) == (True, "open upwards: too few long visits ended")
    alike = find_quantile_interval(estimate_survival(lengths_of([(9, ENDED)] * 30)), 0.5)
    assert alike.note == "too many visits of equal length"


@given(some.lists(some.integers(0, 10**9), min_size=1, max_size=40))
def test_with_nothing_cut_the_quantiles_and_the_mean_are_the_plain_ones(lengths):
    stays = lengths_of([(length, ENDED) for length in lengths])
    curve = estimate_survival(stays)
    for share in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
        plain = np.quantile(lengths, share, method="inverted_cdf")
        assert find_quantile(curve, share) == pytest.approx(plain, rel=1e-12)
    assert estimate_restricted_mean(stays, curve, max(lengths))[0] == pytest.approx(
        np.mean(lengths), rel=1e-9
    )


@given(
    some.lists(some.tuples(some.integers(0, 50), some.booleans()), min_size=1, max_size=30),
    some.floats(0.5, 0.99),
)
def test_the_share_never_grows_and_lies_within_its_bounds(stays, confidence):
    curve = estimate_survival(lengths_of(stays), confidence)
    assert (np.diff(curve.share) <= 0).all()
    low, high = curve.bounds
    known = np.isfinite(low)
    assert ((low <= curve.share) & (curve.share <= high) & (low < high))[known].all()
    assert ((low >= 0) & (high <= 1))[known].all()
    assert (curve.ended.sum() + curve.end_unobserved.sum()) == len(stays)


def test_beyond_the_longest_stay_the_share_is_known_only_if_that_ended():
    asked = np.array([0, 4, 5, 6])
    assert shares_at(estimate_survival(lengths_of([(5, ENDED)])), asked)[0].tolist() == [1, 1, 0, 0]
    cut = shares_at(estimate_survival(lengths_of([(5, CUT)])), asked)[0]
    np.testing.assert_array_equal(cut, [1, 1, 1, np.nan])
    assert np.isnan(shares_at(estimate_survival(lengths_of([])), asked)).all()
