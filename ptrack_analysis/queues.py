"""Queue lengths, waiting times and service levels."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.dwell.queues import (
    compute_queue_length,
    compute_service_levels,
    compute_waiting_times,
)
from ptrack_analysis.public_names import describe_missing

__all__ = ["compute_queue_length", "compute_service_levels", "compute_waiting_times"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
