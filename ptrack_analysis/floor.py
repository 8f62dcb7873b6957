"""Floor plans and lenses."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.scene.floor_plan import FloorPlan, fit_floor_plan, read_floor_plan
from ptrack_analysis.scene.lens import Lens

__all__ = ["FloorPlan", "Lens", "fit_floor_plan", "read_floor_plan"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
