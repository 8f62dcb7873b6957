"""Queue lengths, waiting times and service levels."""

from ptrack_analysis.analysis.dwell.queues import (
    compute_queue_length,
    compute_service_levels,
    compute_waiting_times,
)

__all__ = ["compute_queue_length", "compute_service_levels", "compute_waiting_times"]
