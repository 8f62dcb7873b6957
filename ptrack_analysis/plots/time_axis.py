"""Time axes formatted as a clock."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator

MINUTE, HOUR, DAY = 60, 3600, 86400
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_MOST_TICKS = 10


class ClockLocator(Locator):
    """At most ten ticks at whole seconds, minutes, hours or days; finer below ten seconds."""

    def __call__(self) -> Sequence[float]:
        """Return the ticks in view."""
        low, high = sorted(self.axis.get_view_interval()) if self.axis else (0.0, 1.0)
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the ticks between two times [s]."""
        least = (vmax - vmin) / _MOST_TICKS
        if least < _STEPS[0]:
            return MaxNLocator(_MOST_TICKS).tick_values(vmin, vmax)
        step = next((step for step in _STEPS if step >= least), DAY * int(np.ceil(least / DAY)))
        ticks: list[float] = (np.arange(np.ceil(vmin / step), np.floor(vmax / step) + 1) * step).tolist()
        return ticks


def time_unit(seconds: float) -> str:
    """Return the format for times up to ``seconds``: ``s``, ``min:s`` or ``h:min``."""
    return "s" if seconds <= MINUTE else "min:s" if seconds <= HOUR else "h:min"


def clock(seconds: float, unit: str) -> str:
    """Format a time [s] in a format of ``time_unit``, with seconds and milliseconds unless they are 0.

    Examples
    --------
    >>> clock(7.5, "s"), clock(95, "min:s"), clock(7260, "h:min"), clock(7265, "h:min")
    ('7.5', '1:35', '2:01', '2:01:05')
    """
    if unit == "s":
        return f"{seconds + 0.0:.6g}"  # adding 0 turns -0.0 into 0.0
    sign, whole = ("-" if seconds < 0 else ""), abs(seconds)
    minutes, rest = divmod(whole, MINUTE)
    second = f"{rest:02.0f}" if rest == round(rest) else f"{rest:06.3f}"
    if unit == "min:s":
        return f"{sign}{minutes:.0f}:{second}"
    hours, minutes = divmod(minutes, MINUTE)
    return f"{sign}{hours:.0f}:{minutes:02.0f}" + (f":{second}" if rest else "")


def set_clock(axis: Axis, unit: str) -> None:
    """Format an axis in seconds as a clock."""
    axis.set_major_locator(ClockLocator())
    axis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds, unit)))
