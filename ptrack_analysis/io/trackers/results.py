"""Boxes of Ultralytics' ``Results``, however they were saved."""

import numpy as np

from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.cells import Cells, of_values
from ptrack_analysis.io.trackers.form import Form, refuse_unknown, tracked, with_notes
from ptrack_analysis.io.trackers.roles import MOMENTS
from ptrack_analysis.io.trackers.supervision_csv import moment_column
from ptrack_analysis.io.trackers.tracked import Given, Tracked, Unit, named

CORNERS = ("x1", "y1", "x2", "y2")
_SIDES = ("left", "top", "right", "bottom")
_FRACTIONS = (-1.0, 2.0)


def of_results(
    cells: Cells, path: AnyPath, given: Given, *, title: str, first_frame: int | None = None
) -> Tracked:
    """Make DETECTIONS of cells with ``box.x1`` to ``box.y2``, a frame and perhaps a ``track_id``."""
    refuse_unknown(given, str(path), MOMENTS)
    present = list(cells.columns) if cells.columns else ["frame"]
    columns = {role: f"box.{corner}" for role, corner in zip(_SIDES, CORNERS, strict=True)}
    columns |= {"id": "track_id", "confidence": "confidence", "class": "class", "class_name": "name"}
    columns |= moment_column(present, given, cells.place)
    cells = _complete(cells, columns)
    unit, notes = _unit(cells, given)
    form = Form(columns=columns, first_frame=first_frame, unit=unit)
    return with_notes(tracked(cells, form, given, named(given.video, title)), *notes)


def _complete(cells: Cells, columns: dict[str, str]) -> Cells:
    """Add the columns that are only there if something was tracked."""
    needed = [columns[role] for role in (*_SIDES, "id", *MOMENTS) if role in columns]
    empty = of_values([None] * cells.count)
    added = {name: empty for name in needed if name not in cells.columns}
    return Cells(columns={**cells.columns, **added}, count=cells.count, place=cells.place, where=cells.where)


def _unit(cells: Cells, given: Given) -> tuple[Unit, list[str]]:
    """Tell whether corners are in px or, all of them being small, fractions of the frame."""
    if given.unit is not None or not cells.count:
        return given.unit or "px", []
    corners = np.concatenate([cells.numbers(f"box.{side}") for side in CORNERS])
    if corners.min() < _FRACTIONS[0] or corners.max() > _FRACTIONS[1]:
        return "px", []
    return "fraction", ["all corners lie between -1 and 2: they are taken as fractions of the frame"]
