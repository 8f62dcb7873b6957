"""Velocity and acceleration, stops, and simplified trajectories."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.motion.kinematics import compute_kinematics
from ptrack_analysis.analysis.motion.simplification import simplify_trajectories
from ptrack_analysis.analysis.motion.stops import compute_stops
from ptrack_analysis.public_names import describe_missing

__all__ = ["compute_kinematics", "compute_stops", "simplify_trajectories"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
