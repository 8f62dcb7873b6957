"""Clock times of recordings, and tables per local hour."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ptrack_analysis.public_names import describe_missing

if TYPE_CHECKING:
    from ptrack_analysis.clock.hourly import compute_occupancy_hourly, compute_visits_hourly
    from ptrack_analysis.clock.recordings import Recording, read_recordings

__all__ = ["Recording", "compute_occupancy_hourly", "compute_visits_hourly", "read_recordings"]

_MODULES = {
    "Recording": "recordings",
    "compute_occupancy_hourly": "hourly",
    "compute_visits_hourly": "hourly",
    "read_recordings": "recordings",
}


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise describe_missing(__name__, name)
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
