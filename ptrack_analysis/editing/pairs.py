"""The floor plan's pairs of points between their file and the page that edits them."""

from copy import deepcopy
from typing import Any

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.scene.floor_plan import Floor

_COMPLETE = 4


def shown_pairs(content: dict[str, Any], width: int, height: int) -> list[dict[str, Any]]:
    """Give the page the pairs of a floor file, their picture points in fractions of the frame."""
    across, down = (width, height) if content.get("picture_unit", "fraction") == "px" else (1, 1)
    return [
        {"picture": [pair["picture"][0] / across, pair["picture"][1] / down], "floor": pair["floor"]}
        for pair in content.get("pairs", [])
    ]


def shown_lens(floor: Floor | None) -> dict[str, Any] | None:
    """Give the page the lens, in fractions of the frame."""
    lens = floor.lens if floor else None
    if lens is None:
        return None
    return {"k1": lens.k1, "k2": lens.k2, "focal": list(lens.focal), "centre": list(lens.centre)}


def edited_floor(original: dict[str, Any], edit: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """Carry edited pairs and the drawn extent into a copy of the floor file that the page began with.

    Each pair is ``{"source": place in the original or null, "picture": [x, y] in fractions, "floor": [x, y]
    in m}``; members that were not edited, the lens among them, stay what they were.

    Raises
    ------
    ZoneError
        If the edit is not such an object.
    """
    given = edit.get("pairs")
    if not isinstance(given, list):
        raise ZoneError("the edit has no list 'pairs'")
    before = shown_pairs(original, width, height)
    kept = original.get("pairs", [])
    pairs = [_edited(pair, kept, before, original.get("picture_unit"), (width, height)) for pair in given]
    head = {"unit": "m", "picture_unit": "fraction"} if not original else {}
    made = {**head, **original, "pairs": pairs}
    if "extent" in edit:
        made.pop("extent", None)
        if edit["extent"] is not None:
            made["extent"] = edit["extent"]
    return made


def _edited(pair: Any, kept: list[Any], before: list[Any], unit: str | None, size: tuple[int, int]) -> Any:
    if not isinstance(pair, dict) or not {"picture", "floor"} <= pair.keys():
        raise ZoneError(f"a pair is {pair!r:.60}, not an object with picture and floor")
    source = pair.get("source")
    if source is not None and (type(source) is not int or not 0 <= source < len(kept)):
        raise ZoneError(f"a pair is {source!r} of the file, and there are {len(kept)}")
    made = {} if source is None else deepcopy(kept[source])
    if source is None or pair["picture"] != before[source]["picture"]:
        made["picture"] = _in_unit(pair["picture"], unit, size)
    if source is None or pair["floor"] != before[source]["floor"]:
        made["floor"] = pair["floor"]
    return made


def _in_unit(point: Any, unit: str | None, size: tuple[int, int]) -> Any:
    """Carry a point in fractions to the file's unit."""
    numbers = isinstance(point, list) and [type(value) in (int, float) for value in point] == [True, True]
    if not numbers:
        raise ZoneError(f"a picture point is {point!r:.60}, not two numbers")
    if unit != "px":
        return point
    return [round(value * full, 2) for value, full in zip(point, size, strict=True)]


def said_of(floor: Floor) -> dict[str, Any]:
    """Say how far each pair is off [m], and what looks wrong."""
    notes = list(floor.notes)
    if len(floor.pairs) == _COMPLETE:
        notes.append("four pairs are always met exactly: a fifth shows how good the fit is")
    return {"residuals": floor.residuals.tolist(), "notes": notes}
