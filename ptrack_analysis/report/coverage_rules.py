"""Rules for findings about unvisited zones and about spots outside all zones."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptrack_analysis.report import finding_texts as texts
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import count, format_length, name_zone
from ptrack_analysis.report.parts import Finding
from ptrack_analysis.scene.zone_checks import picture_in
from ptrack_analysis.scene.zones import Zone

_FEWEST_PEOPLE = 10
"""Fewest people in the video for a zone to count as unvisited."""
_COVERED = 0.9
_COLUMNS, _MUCH_TIME, _FEWEST_AT_SPOT = 32, 0.10, 3
"""Columns of the grid of spots; share of the time and people from which a spot is reported."""


def _is_covered(evidence: Evidence, zone: Zone) -> bool:
    """Return whether the camera sees most of a zone all the time."""
    if zone.window is not None or evidence.analysis.has_points:
        return False
    image = picture_in(evidence.analysis.plane)
    return image is not None and zone.outline.intersection(image).area > _COVERED * zone.outline.area


def find_unvisited(evidence: Evidence) -> Iterator[Finding]:
    """Find zones that the camera sees and no one visits."""
    people = evidence.figures["persons"]
    if people < _FEWEST_PEOPLE:
        return
    empty = [
        zone.name
        for zone in evidence.zones
        if not evidence.zone_figures[zone.name]["visits"]
        and _is_covered(evidence, zone)
        and not evidence.is_bad(("visits",), zone.name)
    ]
    if not empty:
        return
    unseen = texts.chance_unseen(people)
    yield Finding(
        "unvisited",
        f"No one visited {texts.join_names(empty)}.",
        f"With {count(people)} in the video, the true share of visitors may still be up to {unseen} %.",
        "zones",
        {"zone": empty[0], "zones": len(empty), "persons": people, "unseen_percent": unseen},
        tuple(empty),
    )


def find_missing_zone(evidence: Evidence) -> Iterator[Finding]:
    """Find the spot outside all zones where much of the time was spent."""
    analysis = evidence.analysis
    if not analysis.zones:
        return
    walks = analysis.walks
    (x0, y0, x1, _), (x, y) = analysis.bounds, walks.position
    side, placed = (x1 - x0) / _COLUMNS, np.isfinite(x)
    time = walks.time_present.astype("float64")
    total = float(time[placed].sum())
    if not side > 0 or not total:
        return
    outside = placed.copy()
    for zone in analysis.zones:
        outside &= ~walks.find_inside(zone)
    rows = pd.DataFrame(
        {
            "row": np.floor((y[outside] - y0) / side),
            "column": np.floor((x[outside] - x0) / side),
            "time": time[outside],
            "person": walks.person_index[outside],
            "truncated": walks.read_flag("box_truncated")[outside],
            "x": x[outside],
            "y": y[outside],
        }
    )
    spots = rows.groupby(["row", "column"]).agg(
        time=("time", "sum"),
        people=("person", "nunique"),
        truncated=("truncated", "any"),
        x=("x", "mean"),
        y=("y", "mean"),
    )
    spots = spots[~spots["truncated"] & (spots["people"] >= _FEWEST_AT_SPOT)]
    if spots.empty or spots["time"].max() < _MUCH_TIME * total:
        return
    spot = spots.iloc[int(spots["time"].to_numpy().argmax())]
    spent, share = float(spot["time"]) / 1000, float(spot["time"]) / total
    zone, where = _find_nearest(evidence, float(spot["x"]), float(spot["y"]))
    yield Finding(
        "missing_zone",
        f"People also stood where no zone is drawn: {format_length(spent)} {where} {name_zone(zone.name)}.",
        f"{texts.format_percent(share)} of the time with a known position; {count(int(spot['people']))}.",
        "places",
        {
            "time_s": spent,
            "share": share,
            "people": int(spot["people"]),
            "x": float(spot["x"]),
            "y": float(spot["y"]),
        },
    )


def _find_nearest(evidence: Evidence, x: float, y: float) -> tuple[Zone, str]:
    """Return the zone nearest to a spot, and the side of the zone on which the spot is."""
    zone = min(evidence.analysis.zones, key=lambda one: one.find_distance(x, y))
    center = zone.outline.centroid
    across, along = x - center.x, y - center.y
    if abs(across) >= abs(along):
        return zone, "to the left of" if across < 0 else "to the right of"
    is_down = (along > 0) == (evidence.analysis.y_axis == "down")
    return zone, "below" if is_down else "above"
