"""Floor plans and lenses."""

from ptrack_analysis.scene.floor_plan import FloorPlan, fit_floor_plan, read_floor_plan
from ptrack_analysis.scene.lens import Lens

__all__ = ["FloorPlan", "Lens", "fit_floor_plan", "read_floor_plan"]
