"""The floor plan: a plane in metres, fitted to points known in the picture and on the floor."""

from ptrack_analysis.floor.fitting import fit_floor
from ptrack_analysis.floor.lens import Lens, divided
from ptrack_analysis.floor.plane import Floor
from ptrack_analysis.floor.reading import read_floor

__all__ = ["Floor", "Lens", "divided", "fit_floor", "read_floor"]
