"""Velocity and acceleration, stops, and simplified trajectories."""

from ptrack_analysis.analysis.motion.kinematics import compute_kinematics
from ptrack_analysis.analysis.motion.simplification import simplify_trajectories
from ptrack_analysis.analysis.motion.stops import compute_stops

__all__ = ["compute_kinematics", "compute_stops", "simplify_trajectories"]
