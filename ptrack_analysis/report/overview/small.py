"""Small pictures of presence over time, all on one scale."""

from collections.abc import Iterator
from html import escape

import numpy as np
import pandas as pd

from ptrack_analysis.report.overview.sums import means_of
from ptrack_analysis.report.parts import Figure

_WIDTH, _HEIGHT, _LEFT, _TOP, _BELOW = 240.0, 92.0, 22.0, 8.0, 16.0


def presence_figure(scene: pd.DataFrame, most: float, *, alt: str, ends: tuple[str, str]) -> Figure:
    """Draw how many persons were present on average in each interval, as steps; a gap where it is withheld.

    Parameters
    ----------
    scene
        BINS of the whole scene of one video, in the order of time.
    most
        The value at the top, the same for all pictures that stand side by side.
    alt
        What the picture shows.
    ends
        What stands at the begin and at the end of the time axis.
    """
    starts = scene.index.get_level_values("timestamp").to_numpy().astype("int64") / 1000.0
    until = starts + scene["interval"].dt.total_seconds().to_numpy()
    values = means_of(scene).to_numpy()
    floor = _HEIGHT - _BELOW
    area = " ".join(
        f"M{steps[0][0]:.1f} {floor:.1f} "
        + " ".join(f"L{x:.1f} {y:.1f}" for x, y in steps)
        + f" L{steps[-1][0]:.1f} {floor:.1f} Z"
        for steps in _steps(starts, until, values, most)
    )
    label = f"{most:.0f}" if most >= 1 else f"{most:.1f}"
    svg = (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(alt)}" '
        'font-size="9.5">'
        f'<path class="g" d="M{_LEFT} {_TOP} H{_WIDTH}" stroke-width="0.8" fill="none"/>'
        f'<path d="{area}" fill="#0072B2" fill-opacity="0.55"/>'
        f'<path class="a" d="M{_LEFT} {floor} H{_WIDTH}" stroke-width="0.8" fill="none"/>'
        f'<text class="t" x="{_LEFT - 4}" y="{_TOP + 4}" text-anchor="end">{label}</text>'
        f'<text class="t" x="{_LEFT - 4}" y="{floor}" text-anchor="end">0</text>'
        f'<text class="t" x="{_LEFT}" y="{_HEIGHT - 3}">{escape(ends[0])}</text>'
        f'<text class="t" x="{_WIDTH - 1}" y="{_HEIGHT - 3}" text-anchor="end">{escape(ends[1])}</text></svg>'
    )
    return Figure(svg, alt)


def _steps(
    starts: np.ndarray, until: np.ndarray, values: np.ndarray, most: float
) -> Iterator[list[tuple[float, float]]]:
    """Give the corners of the steps in the picture, for each piece without a gap."""
    begin, length = starts[0], max(until[-1] - starts[0], 1e-9)
    across = (_WIDTH - _LEFT) / length
    down = (_HEIGHT - _BELOW - _TOP) / (most or 1.0)
    corners: list[tuple[float, float]] = []
    for start, end, value in zip(starts, until, values, strict=True):
        if np.isnan(value):
            if corners:
                yield corners
            corners = []
            continue
        level = _HEIGHT - _BELOW - value * down
        corners += [(_LEFT + (start - begin) * across, level), (_LEFT + (end - begin) * across, level)]
    if corners:
        yield corners
