"""Time axes that show the clock of the place where a video was recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from ptrack_analysis.plots.clock import MINUTE, ClockLocator


class _LocalLocator(ClockLocator):
    """Ticks at whole seconds, minutes, hours or days of the place's clock."""

    def __init__(self, begins: float) -> None:
        self._begins = begins

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Give the ticks between two times since the start of the video [s]."""
        ticks = super().tick_values(vmin + self._begins, vmax + self._begins)
        return [tick - self._begins for tick in ticks]


def set_local_clock(ax: Axes, started_at: datetime) -> None:
    """Let an axis of seconds since the start of the video show the local time of day.

    Parameters
    ----------
    ax
        Axes whose x is time since the start of the video [s].
    started_at
        When the video started, with the time zone of its place, whose changes the ticks follow.
    """
    zone = started_at.tzinfo
    midnight = started_at.replace(hour=0, minute=0, second=0, microsecond=0)
    low, high = ax.get_xlim()
    form = "%H:%M:%S" if high - low <= 10 * MINUTE else "%H:%M"

    def written(seconds: float, _: object) -> str:
        moment = started_at.timestamp() + seconds
        return datetime.fromtimestamp(round(moment, 3), zone).strftime(form)

    ax.xaxis.set_major_locator(_LocalLocator((started_at - midnight) / timedelta(seconds=1)))
    ax.xaxis.set_major_formatter(FuncFormatter(written))
    ax.set_xlabel(f"time of day ({zone})")
