"""Colours that colour-blind readers can tell apart."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgba_array

from ptrack_analysis.geometry import Floats

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
INK = "#333333"
PAPER = "#ffffff"
GRID = "#e4e4e4"
_GOLDEN = (5**0.5 - 1) / 2
_BRIGHTEST = 0.82
_LIGHT = 0.7
_LUMA = (0.299, 0.587, 0.114)


def distinct_colours(number: int, *, alpha: float = 1.0) -> Floats:
    """Give as many colours as there are things to tell apart: (number, 4) red, green, blue, alpha.

    Up to eight are those of Okabe and Ito. More are taken from the perceptual colormap viridis in steps of
    the golden ratio, so that neighbours differ; its brightest end, unreadable on paper, is left out.

    References
    ----------
    M. Okabe, K. Ito, Color Universal Design, 2008, https://jfly.uni-koeln.de/color/
    """
    if number <= len(OKABE_ITO):
        return to_rgba_array(list(OKABE_ITO[:number]), alpha) if number else np.empty((0, 4))
    places = _BRIGHTEST * (np.arange(number) * _GOLDEN % 1.0)
    return to_rgba_array(colormaps["viridis"](places), alpha)


def casings(colours: Floats) -> Floats:
    """Give the colour that sets each colour off from what lies below: white, for light colours dark grey."""
    light = colours[:, :3] @ np.array(_LUMA) > _LIGHT
    cased = np.where(light[:, None], to_rgba_array(INK), to_rgba_array(PAPER))
    cased[:, 3] = colours[:, 3]
    return cased
