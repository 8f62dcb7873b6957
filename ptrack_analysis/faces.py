"""Directions in which faces are turned."""

from ptrack_analysis.analysis.faces.facing import compute_facing

__all__ = ["compute_facing"]
