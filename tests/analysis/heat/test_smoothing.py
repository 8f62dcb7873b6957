"""Heatmaps smoothed by a Gaussian."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ptrack_analysis import Heatmap, smooth_heatmap
from ptrack_analysis.analysis.heat.measure import Measure
from ptrack_analysis.errors import ParameterError, SchemaError


def heatmap(seconds, unit="m", extent=None):
    rows, columns = seconds.shape
    return Heatmap(seconds, extent or (0.0, 0.0, float(columns), float(rows)), unit, "footpoints")


SECONDS = arrays("float64", st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(0, 1e6))


@given(seconds=SECONDS, share=st.floats(0, 8))
def test_smoothing_keeps_the_sum_and_makes_nothing_negative(seconds, share):
    smooth = smooth_heatmap(heatmap(seconds), share * min(seconds.shape))
    assert smooth.seconds.sum() == pytest.approx(seconds.sum(), rel=1e-9)
    assert (smooth.seconds >= 0).all()
    assert smooth.seconds.max() <= seconds.max() * (1 + 1e-9)


@given(seconds=SECONDS)
def test_a_mirrored_heatmap_smooths_to_the_mirrored_one(seconds):
    there, back = smooth_heatmap(heatmap(seconds), 0.7), smooth_heatmap(heatmap(seconds[::-1, ::-1]), 0.7)
    np.testing.assert_allclose(there.seconds, back.seconds[::-1, ::-1], rtol=1e-9, atol=1e-9)


def test_sigma_is_a_length_in_the_plane_whatever_the_sides_of_a_cell():
    seconds = np.zeros((41, 81))
    seconds[20, 40] = 1.0
    smooth = smooth_heatmap(heatmap(seconds, extent=(0.0, 0.0, 8.1, 8.2)), 0.8).seconds
    down, across = (np.arange(41) - 20) * 0.2, (np.arange(81) - 40) * 0.1
    assert math.sqrt(smooth.sum(axis=1) @ down**2) == pytest.approx(0.8, rel=0.01)
    assert math.sqrt(smooth.sum(axis=0) @ across**2) == pytest.approx(0.8, rel=0.01)


def test_sigma_0_changes_nothing_and_the_argument_stays():
    seconds = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert smooth_heatmap(heatmap(seconds), 0).seconds.tolist() == seconds.tolist()
    smooth_heatmap(heatmap(seconds), 1.0)
    assert seconds.tolist() == [[0, 1], [2, 3]]


def test_whole_numbers_are_smoothed_into_fractions():
    """In whole numbers a single second would round to none at all."""
    whole = np.zeros((5, 5), dtype="int64")
    whole[2, 2] = 1
    visits = Measure(whole, (0.0, 0.0, 5.0, 5.0), "m", "visits", "visits")
    for smooth in (smooth_heatmap(heatmap(whole), 1.0).seconds, smooth_heatmap(visits, 1.0).numbers):
        assert smooth.dtype == "float64"
        assert smooth.sum() == pytest.approx(1)
        assert smooth.max() < 1


def test_a_measure_stays_a_measure():
    visits = Measure(np.array([[4.0, 0.0]]), (0.0, 0.0, 2.0, 1.0), "m", "visits", "visits")
    smooth = smooth_heatmap(visits, 0.5)
    assert (smooth.of, smooth.measured_in) == ("visits", "visits")
    assert smooth.numbers.sum() == pytest.approx(4)


@pytest.mark.parametrize("sigma", [-1, math.nan, math.inf, 17, None, "1", True])
def test_what_is_no_width_is_refused(sigma):
    with pytest.raises(ParameterError, match=r"sigma is .*, not a length from 0 to 16 m"):
        smooth_heatmap(heatmap(np.ones((2, 3))), sigma)


def test_fractions_and_speeds_and_other_things_are_refused():
    with pytest.raises(ParameterError, match="in fractions of the frame"):
        smooth_heatmap(heatmap(np.ones((2, 3)), unit="fraction"), 0.1)
    with pytest.raises(ParameterError, match="of is 'speed'"):
        smooth_heatmap(Measure(np.ones((1, 1)), (0, 0, 1, 1), "m", "speed", "m/s"), 0.1)
    with pytest.raises(SchemaError, match="it is a ndarray, not a Heatmap"):
        smooth_heatmap(np.ones((2, 3)), 0.1)
