"""The kernels of how long stays last, against others' and by hand."""

import naive_survival
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import CensoredData, ecdf

from ptrack_analysis.analysis.dwell.survival import (
    Lengths,
    first_below,
    kaplan_meier,
    restricted_mean,
    share_at,
)

CUT, ENDED = False, True


def lengths_of(stays):
    stays = [(*stay, None)[:3] for stay in stays]
    return Lengths(
        np.array([stay[0] for stay in stays], dtype="int64"),
        np.array([stay[1] for stay in stays], dtype=bool),
        np.array([-1 if stay[2] is None else stay[2] for stay in stays], dtype="int64"),
    )


def shares(stays):
    curve = kaplan_meier(lengths_of(stays), 0.95)
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
    curve = kaplan_meier(lengths_of(remission()), 0.95)
    assert first_below(curve.length, curve.share, np.array([0.5])).tolist() == [23]
    assert first_below(curve.length, curve.low, np.array([0.5])).tolist() == [13]
    assert first_below(curve.length, curve.high, np.array([0.5])).tolist() == [-1]
    mean, low, high = restricted_mean(curve, 35, 0.95)
    assert mean == pytest.approx(23.287, abs=1e-3)
    assert (high - mean) / 1.959964 == pytest.approx(2.827, abs=1e-3)
    assert (mean - low) == pytest.approx(high - mean)


def random_stays(seed, *, late=False):
    chance = np.random.default_rng(seed)
    number = int(chance.integers(1, 60))
    length = chance.integers(0, 40, number)
    ended = chance.random(number) < chance.choice([0.2, 0.7, 1.0])
    since = [
        int(chance.integers(0, own)) if late and own and chance.random() < 0.3 else None for own in length
    ]
    return list(zip(length.tolist(), ended.tolist(), since, strict=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # theirs, where the share is 1 or 0
@pytest.mark.parametrize("seed", range(30))
def test_the_curve_and_its_bounds_equal_scipys(seed):
    stays = random_stays(seed)
    length, ended, _ = (np.array(values) for values in zip(*stays, strict=True))
    theirs = ecdf(CensoredData(uncensored=length[ended], right=length[~ended])).sf
    curve = kaplan_meier(lengths_of(stays), 0.9)
    np.testing.assert_allclose(share_at(curve, length)[0], theirs.evaluate(length), atol=1e-9)
    interval = theirs.confidence_interval(0.9, method="log-log")
    inner = (curve.share > 0) & (curve.share < 1)
    for own, other in ((curve.low, interval.low), (curve.high, interval.high)):
        np.testing.assert_allclose(own[inner], other.evaluate(curve.length[inner]), atol=1e-9)
        assert np.isnan(own[~inner]).all()


@pytest.mark.parametrize("seed", range(30))
def test_the_curve_equals_lifelines(seed):
    lifelines = pytest.importorskip("lifelines")
    stays = random_stays(seed)
    length, ended, _ = (np.array(values) for values in zip(*stays, strict=True))
    theirs = lifelines.KaplanMeierFitter().fit(length, ended)
    curve = kaplan_meier(lengths_of(stays), 0.95)
    np.testing.assert_allclose(curve.share, theirs.predict(curve.length), atol=1e-9)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_the_kernels_equal_a_walk_over_the_stays(seed, late):
    stays = random_stays(seed, late=late)
    curve = kaplan_meier(lengths_of(stays), 0.95)
    found = zip(
        *(getattr(curve, name).tolist() for name in ("length", "at_risk", "ended", "end_unobserved")),
        strict=True,
    )
    expected = naive_survival.curve(stays)
    assert list(found) == [row[:4] for row in expected]
    np.testing.assert_allclose(curve.share, [float(row[4]) for row in expected], atol=1e-12)
    limits = naive_survival.bounds(stays, 0.95)
    np.testing.assert_allclose(np.column_stack([curve.low, curve.high]), limits, atol=1e-9)
    quantiles = np.array([0.1, 0.25, 0.5, 0.9])
    wanted = [naive_survival.quantile(stays, share) for share in quantiles]
    lengths = first_below(curve.length, curve.share, quantiles).tolist()
    assert [None if length < 0 else length for length in lengths] == wanted
    for horizon in (5, 30, 50):
        mean, known = restricted_mean(curve, horizon, 0.95)[0], naive_survival.restricted_mean(stays, horizon)
        assert mean == pytest.approx(np.nan if known is None else float(known), abs=1e-9, nan_ok=True)


@given(some.lists(some.integers(0, 10**9), min_size=1, max_size=40))
def test_with_nothing_cut_the_quantiles_and_the_mean_are_the_plain_ones(lengths):
    curve = kaplan_meier(lengths_of([(length, ENDED) for length in lengths]), 0.95)
    quantiles = np.array([0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.99])
    plain = np.quantile(lengths, quantiles, method="inverted_cdf")
    np.testing.assert_array_equal(first_below(curve.length, curve.share, quantiles), plain)
    assert restricted_mean(curve, max(lengths), 0.95)[0] == pytest.approx(np.mean(lengths), rel=1e-9)


@given(
    some.lists(some.tuples(some.integers(0, 50), some.booleans()), min_size=1, max_size=30),
    some.floats(0.5, 0.99),
)
def test_the_share_never_grows_and_lies_within_its_bounds(stays, confidence):
    curve = kaplan_meier(lengths_of(stays), confidence)
    assert (np.diff(curve.share) <= 0).all()
    known = np.isfinite(curve.low)
    assert ((curve.low <= curve.share) & (curve.share <= curve.high))[known].all()
    assert ((curve.low >= 0) & (curve.high <= 1))[known].all()
    assert (curve.ended.sum() + curve.end_unobserved.sum()) == len(stays)


def test_beyond_the_longest_stay_the_share_is_known_only_if_that_ended():
    asked = np.array([0, 4, 5, 6])
    assert share_at(kaplan_meier(lengths_of([(5, ENDED)]), 0.95), asked)[0].tolist() == [1, 1, 0, 0]
    cut = share_at(kaplan_meier(lengths_of([(5, CUT)]), 0.95), asked)[0]
    np.testing.assert_array_equal(cut, [1, 1, 1, np.nan])
    assert np.isnan(share_at(kaplan_meier(lengths_of([]), 0.95), asked)).all()
