"""Edits of a floor plan file: its data for the page, and the file after an edit."""

from copy import deepcopy
from typing import Any

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.scene.floor_plan import FloorPlan

_EXACT = 4
"""Number of pairs that every fit meets exactly."""


def list_pairs(content: dict[str, Any], width: int, height: int) -> list[dict[str, Any]]:
    """Return the pairs of a floor plan file, with image points in fractions of the frame."""
    across, down = (width, height) if content.get("image_unit", "fraction") == "px" else (1, 1)
    return [
        {"image": [pair["image"][0] / across, pair["image"][1] / down], "floor": pair["floor"]}
        for pair in content.get("pairs", [])
    ]


def describe_lens(floor: FloorPlan | None) -> dict[str, Any] | None:
    """Return the lens in fractions of the frame; None without a lens."""
    lens = floor.lens if floor else None
    if lens is None:
        return None
    return {"k1": lens.k1, "k2": lens.k2, "focal": list(lens.focal), "center": list(lens.center)}


def apply_floor_edit(
    original: dict[str, Any], edit: dict[str, Any], width: int, height: int
) -> dict[str, Any]:
    """Apply edited pairs and bounds to a copy of the floor plan file that the page opened.

    Each pair is ``{"source": index in the original or null, "image": [x, y] in fractions, "floor": [x, y]
    in m}``. Other members, such as the lens, do not change.

    Raises
    ------
    ZoneError
        If the edit does not have this form.
    """
    given = edit.get("pairs")
    if not isinstance(given, list):
        raise ZoneError("the edit has no list 'pairs'")
    before = list_pairs(original, width, height)
    kept = original.get("pairs", [])
    pairs = [
        _apply_pair_edit(pair, kept, before, original.get("image_unit"), (width, height)) for pair in given
    ]
    head = {"unit": "m", "image_unit": "fraction"} if not original else {}
    made = {**head, **original, "pairs": pairs}
    if "bounds" in edit:
        made.pop("bounds", None)
        if edit["bounds"] is not None:
            made["bounds"] = edit["bounds"]
    return made


def _apply_pair_edit(
    pair: Any, kept: list[Any], before: list[Any], unit: str | None, size: tuple[int, int]
) -> Any:
    if not isinstance(pair, dict) or not {"image", "floor"} <= pair.keys():
        raise ZoneError(f"a pair must be an object with image and floor, got {pair!r:.60}")
    source = pair.get("source")
    if source is not None and (type(source) is not int or not 0 <= source < len(kept)):
        raise ZoneError(f"the source of a pair must be an index below {len(kept)}, got {source!r}")
    made = {} if source is None else deepcopy(kept[source])
    if source is None or pair["image"] != before[source]["image"]:
        made["image"] = _convert_point(pair["image"], unit, size)
    if source is None or pair["floor"] != before[source]["floor"]:
        made["floor"] = pair["floor"]
    return made


def _convert_point(point: Any, unit: str | None, size: tuple[int, int]) -> Any:
    """Convert an image point in fractions to the unit of the file."""
    numbers = isinstance(point, list) and [type(value) in (int, float) for value in point] == [True, True]
    if not numbers:
        raise ZoneError(f"an image point must be two numbers, got {point!r:.60}")
    if unit != "px":
        return point
    return [round(value * full, 2) for value, full in zip(point, size, strict=True)]


def describe_fit(floor: FloorPlan) -> dict[str, Any]:
    """Return the residual of each pair [m] and notes on the fit."""
    notes = list(floor.notes)
    if len(floor.pairs) == _EXACT:
        notes.append("Every fit meets four pairs exactly. Add a fifth pair to see how good the fit is.")
    return {"residuals": floor.residuals.tolist(), "notes": notes}
