"""Sensitivity of visits to the analysis options."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import choose_period, mark_starts, rows_by_person
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Anchor, Integers, anchor_fractions
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import DETECTIONS, SENSITIVITY, assemble, validate
from ptrack_analysis.video import (
    Duration,
    Plane,
    Video,
    milliseconds,
    timedelta,
    validate_plane,
    validate_video,
)

_NO_TIME = np.iinfo("int64").min
_SECOND = 1000
_MAX_GAPS, _MERGE_GAPS = (1, 2, 4), (0, 1, 5)
"""Default values as multiples of a second, or of the sampling period if that is longer."""
_COLUMNS = ("visits", "visitors", "dwell", "median_dwell")


def compute_sensitivity(
    detections: pd.DataFrame,
    zones: Sequence[Zone],
    video: Video,
    *,
    plane: Plane | None = None,
    max_gaps: Sequence[Duration] | None = None,
    merge_gaps: Sequence[Duration] | None = None,
    anchors: Sequence[Anchor] = ("bottom_center", "center"),
    period: Duration | None = None,
) -> pd.DataFrame:
    """Compute visits and dwell per zone under several combinations of options.

    Trajectories and visits are computed for every combination of the values, as in ``compute_trajectories``
    and ``compute_visits``. All other options have their defaults. If the rows of a zone differ much, its
    figures depend on the options rather than on the zone. A zone without visits has 0 in all columns and no
    median. Without zones, detections or values, the table is empty.

    Parameters
    ----------
    detections
        DETECTIONS of one video, rows in any order.
    zones
        Zones in the plane.
    video
        The video.
    plane
        The plane of the positions: a floor plan [m]; by default the image [px].
    max_gaps
        Longest times without a detection that do not interrupt presence; by default one, two and four
        seconds, or the same multiples of the sampling period if that is longer.
    merge_gaps
        Longest absences that do not end a visit; by default 0, and one and five times the same unit.
    anchors
        Points of the box that are the person's position, as in ``compute_trajectories``.
    period
        The sampling period; by default ``video.sampling_period``, or ``estimate_sampling_period`` of the
        detections.

    Returns
    -------
    pandas.DataFrame
        SENSITIVITY, one row per zone and combination, sorted.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table, or a zone is in another plane.
    ParameterError
        If a value is out of its range or occurs twice; if the frame size is unknown.

    Notes
    -----
    Trajectories are computed for each combination of ``max_gaps`` and ``anchors``, and visits for each
    combination of all options. A longer ``max_gap`` can only increase the time in the scene, and a longer
    ``merge_gap`` can only reduce the number of visits. Zones drawn on the ground fit only foot points.
    Another anchor shows the effect of hidden feet, but does not give better results.

    References
    ----------
    A. Saltelli et al., "Global Sensitivity Analysis: The Primer", Wiley, 2008, doi:10.1002/9780470725184;
    S. Steegen et al., "Increasing transparency through a multiverse analysis", Perspectives on Psychological
    Science 11 (2016), doi:10.1177/1745691616658637: all reasonable choices side by side.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> sensitivity = pta.quality.compute_sensitivity(
    ...     detections, zones[:1], video, max_gaps=["2s"], merge_gaps=["0s", "5s"]
    ... )
    >>> sensitivity.reset_index()[["anchor", "merge_gap", "visits", "visitors"]]
              anchor       merge_gap  visits  visitors
    0  bottom_center 0 days 00:00:00      22        13
    1  bottom_center 0 days 00:00:05      22        13
    2         center 0 days 00:00:00      36         7
    3         center 0 days 00:00:05       9         7
    """
    validate(detections, DETECTIONS)
    validate_video(video)
    validate_plane(plane)
    validate_zones(zones, (plane or video.pixels).unit)
    usual = _usual(detections, video, period)
    gaps = _spans(_times(usual, _MAX_GAPS) if max_gaps is None else max_gaps, "max_gaps")
    merges = _spans(_times(usual, _MERGE_GAPS) if merge_gaps is None else merge_gaps, "merge_gaps")
    points = _anchors(anchors)
    rows = []
    for (anchor, point), (gap, max_gap) in product(points.items(), gaps.items() if len(detections) else ()):
        trajectories = compute_trajectories(
            detections, video, plane=plane, max_gap=max_gap, period=period, anchor=point
        )
        for merge, merge_gap in merges.items():
            visits = compute_visits(trajectories, zones, video, merge_gap=merge_gap, period=period)
            rows += [(zone.name, anchor, gap, merge, *_figures(visits, zone.name)) for zone in zones]
    columns = list(zip(*rows, strict=True)) or [()] * 8
    names = ("zone", "anchor", "max_gap", "merge_gap", *_COLUMNS)
    texts = {"zone", "anchor"}
    arrays = {
        name: list(values) if name in texts else np.array(values, dtype="int64")
        for name, values in zip(names, columns, strict=True)
    }
    return assemble(SENSITIVITY, arrays)


def _figures(visits: pd.DataFrame, zone: str) -> tuple[int, int, int, int]:
    """Return the number of visits to a zone, the number of people, and the total and median dwell [ms]."""
    of_zone = visits.index.get_level_values("zone") == zone
    dwell: Integers = visits["dwell"].to_numpy()[of_zone].astype("int64")
    if not len(dwell):
        return 0, 0, 0, _NO_TIME
    person = visits.index.get_level_values("person_index").to_numpy()[of_zone]
    return len(dwell), int(mark_starts(person).sum()), int(dwell.sum()), round(float(np.median(dwell)))


def _usual(detections: pd.DataFrame, video: Video, period: Duration | None) -> int:
    """Return the unit of the default values [ms]: a second, or the sampling period if that is longer."""
    return max(_SECOND, choose_period(rows_by_person(detections), video, period))


def _times(usual: int, factors: Sequence[int]) -> list[Duration]:
    return [timedelta(usual * factor) for factor in factors]


def _spans(spans: object, name: str) -> dict[int, Duration]:
    """Return durations by their milliseconds."""
    if not isinstance(spans, list | tuple):
        raise ParameterError(f"{name} must be a list of durations, got {spans!r}")
    found = {milliseconds(span, name): span for span in spans}
    if len(found) < len(spans):
        raise ParameterError(f"{name} must not contain a duration twice, got {spans!r}")
    return found


def _anchors(anchors: object) -> dict[str, Anchor]:
    """Return points of the box by their names."""
    if not isinstance(anchors, list | tuple):
        raise ParameterError(f"anchors must be a list of points of the box, got {anchors!r}")
    found: dict[str, Anchor] = {}
    for anchor in anchors:
        along, down = anchor_fractions(anchor)
        found[anchor if isinstance(anchor, str) else f"{along:g}, {down:g}"] = anchor
    if len(found) < len(anchors):
        raise ParameterError(f"anchors must not contain a point of the box twice, got {anchors!r}")
    return found
