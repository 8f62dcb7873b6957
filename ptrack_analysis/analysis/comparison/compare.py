"""Comparison of two trackings of one video."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.agreement import (
    Tracking,
    TrackingArrays,
    build_arrays,
    build_pairs_table,
    select_compared_boxes,
)
from ptrack_analysis.analysis.comparison.figures import Figures, compute_figures
from ptrack_analysis.analysis.comparison.matching import (
    MIN_OVERLAP,
    NOT_COMPARED,
    Overlaps,
    build_closeness,
    find_overlaps,
    match_overlaps,
)
from ptrack_analysis.analysis.heat.grid import SHAPE, Bounds
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.quantities import compute_heatmap
from ptrack_analysis.analysis.presence import choose_max_gap, choose_period, rows_by_person
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.limits import above, wrong_kind
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, POINTS, TRAJECTORIES, find_unit, validate
from ptrack_analysis.video import (
    Duration,
    Plane,
    Video,
    choose_y_axis,
    timedelta,
    validate_plane,
    validate_video,
)

MAX_DISTANCE = 0.5
"""Default of ``max_distance`` for points [m], as in WILDTRACK."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """Agreement of two trackings a and b of one video, returned by ``compare_tracking``.

    Attributes
    ----------
    trackings
        One row per tracking, key ``tracking`` (``a``, ``b``), with the columns ``persons``, ``detections``,
        ``without_box`` (detections without a body box), ``time_present`` (its sum [ms]), ``period`` (sampling
        period [ms]) and ``moments`` (distinct timestamps). ``in_both`` counts the timestamps with a
        counterpart, ``unmatched`` the timestamps compared with an empty frame, and ``not_compared`` the
        others. If people are matched by distance, ``without_position`` (detections without a detected
        position) replaces ``without_box``.
    both, only_a, only_b
        Person-time [ms] in which both trackings detect the same person, only a does, or only b does.
        ``both + only_a`` is exactly the total ``time_present`` of a, and ``both + only_b`` of b.
    pairs
        One row per pair of matching people, key ``person_a``, ``person_b``, with the columns ``matched``
        (their part of ``both`` [ms]), ``share_a`` and ``share_b`` (``matched`` divided by the
        ``time_present`` of each person), ``matches`` (number of matched boxes), ``overlap`` (their
        mean overlap) and ``counterpart`` (paired by the identity metrics, at most one per person).
    matches
        One row per pair of matched boxes, key ``timestamp``, ``person_a``, with the columns ``timestamp_b``,
        ``person_b`` and ``overlap``.
    occupancy
        Key ``zone`` (``""`` is the scene), ``timestamp``, with the columns ``persons_a`` and ``persons_b``.
        Each row is valid until the next row of its zone.
    zones
        One row per zone, key ``zone`` (``""`` is the scene), with ``dwell_a``, ``dwell_b`` [ms],
        ``persons_a``, ``persons_b`` (people who visited the zone), ``mean_occupancy_a``,
        ``mean_occupancy_b`` and ``mean_difference`` (mean absolute difference of the two counts). Means are
        weighted by time.
    heatmap_difference
        Difference of the person-seconds per cell, b minus a, by foot point. Values can be negative.
    figures
        MOTA, IDF1, HOTA and related metrics of b measured against a.
    min_overlap
        Minimum overlap of boxes that can be matched [1]; None if people are matched by distance.
    max_distance
        Maximum distance of positions that can be matched; None if boxes are matched.
    unit
        Unit of the positions: ``m`` or ``px``.

    Notes
    -----
    If people are matched by distance, ``distance_m`` or ``distance_px`` replaces the column ``overlap`` of
    ``matches`` and ``pairs``, and ``figures.motp`` is the mean distance of the matches.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> comparison = pta.compare_tracking(detections, detections, video)
    >>> comparison.only_a, comparison.only_b
    (Timedelta('0 days 00:00:00'), Timedelta('0 days 00:00:00'))
    >>> comparison.pairs["overlap"].min().item()
    1.0
    """

    trackings: pd.DataFrame
    both: pd.Timedelta
    only_a: pd.Timedelta
    only_b: pd.Timedelta
    pairs: pd.DataFrame
    matches: pd.DataFrame
    occupancy: pd.DataFrame
    zones: pd.DataFrame
    heatmap_difference: Heatmap
    figures: Figures
    min_overlap: float | None
    max_distance: float | None = None
    unit: str = "px"

    def summary(self) -> dict[str, Any]:
        """Return the comparison as a dictionary that can be written as JSON.

        Durations are in seconds (``time_present_s``), and undefined ratios are None. The dictionary does not
        contain ``matches``, ``occupancy`` and ``heatmap_difference``.

        Returns
        -------
        dict
            The minimum overlap (or maximum distance), and the keys ``trackings``, ``presence``, ``zones``,
            ``pairs`` and ``figures``.
        """
        limit: dict[str, Any] = {"min_overlap": self.min_overlap}
        if self.max_distance is not None:
            limit = {f"max_distance_{self.unit}": self.max_distance}
        return limit | {
            "trackings": _list_records(self.trackings),
            "presence": {
                "both_s": self.both.total_seconds(),
                "only_a_s": self.only_a.total_seconds(),
                "only_b_s": self.only_b.total_seconds(),
            },
            "zones": _list_records(self.zones),
            "pairs": _list_records(self.pairs),
            "figures": {name: _convert(value) for name, value in asdict(self.figures).items()},
        }


def _list_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dictionary per row, key first."""
    flat = table.reset_index()
    spans = [name for name in flat.columns if flat[name].dtype.kind == "m"]
    for name in spans:
        flat[name] = flat[name].dt.total_seconds()
    flat = flat.rename(columns={name: f"{name}_s" for name in spans})
    return [
        {str(name): _convert(value) for name, value in row.items()} for row in flat.to_dict(orient="records")
    ]


def _convert(value: Any) -> Any:
    """Convert a NumPy value to plain Python; return None for a number that is not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not isfinite(value) else value


SCENE = ""


def compare_occupancy(a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> pd.DataFrame:
    """Count the people of both tables in the scene and each zone, at every change of either count."""
    of_a, of_b = (
        _steps(compute_occupancy(a, video, zones=zones)),
        _steps(compute_occupancy(b, video, zones=zones)),
    )
    parts = []
    for zone in sorted(of_a):
        times = np.union1d(of_a[zone][0], of_b[zone][0])
        index = pd.MultiIndex.from_product(
            [pd.Index([zone], dtype="str"), times.view("timedelta64[ms]")], names=["zone", "timestamp"]
        )
        counts = {"persons_a": _count_at(of_a[zone], times), "persons_b": _count_at(of_b[zone], times)}
        parts.append(pd.DataFrame(counts, index=index))
    return pd.concat(parts)


def _steps(occupancy: pd.DataFrame) -> dict[str, tuple[Integers, Integers]]:
    """Return the times and counts of each zone."""
    times = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    persons = occupancy["persons"].to_numpy()
    rows: Any = occupancy.groupby(level="zone", sort=False).indices
    return {str(zone): (times[index], persons[index]) for zone, index in rows.items()}


def _count_at(steps: tuple[Integers, Integers], times: Integers) -> Integers:
    """Return the count at each time; the last count, 0, has no end."""
    known, persons = steps
    counts: Integers = persons[np.searchsorted(known, times, side="right") - 1]
    return counts


def compare_zones(
    a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone], occupancy: pd.DataFrame
) -> pd.DataFrame:
    """Return dwell, people and mean occupancy of both tables in the scene and each zone."""
    names = sorted([SCENE, *(zone.name for zone in zones)])
    table = pd.DataFrame(index=pd.Index(names, name="zone", dtype="str"))
    sums = [_sum_dwell(trajectories, video, zones) for trajectories in (a, b)]
    for which, zone_sums in zip("ab", sums, strict=True):
        table[f"dwell_{which}"] = np.array([zone_sums[name][0] for name in names]).view("timedelta64[ms]")
    for which, zone_sums in zip("ab", sums, strict=True):
        table[f"persons_{which}"] = [zone_sums[name][1] for name in names]
    means = np.array([_compute_means(occupancy.loc[[name]]) for name in names])
    for index, column in enumerate(("mean_occupancy_a", "mean_occupancy_b", "mean_difference")):
        table[column] = means[:, index]
    return table


def _sum_dwell(trajectories: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> dict[str, tuple[int, int]]:
    """Return the dwell [ms] and the number of people in the scene and each zone."""
    persons = trajectories.index.get_level_values("person_index")
    total = int(trajectories["time_present"].to_numpy().view("int64").sum())
    sums = {SCENE: (total, int(persons.nunique()))}
    visits = compute_visits(trajectories, zones, video)
    zone, person = (visits.index.get_level_values(name).to_numpy() for name in ("zone", "person_index"))
    dwell = visits["dwell"].to_numpy().view("int64")
    for each in zones:
        inside = zone == each.name
        sums[each.name] = int(dwell[inside].sum()), len(np.unique(person[inside]))
    return sums


def _compute_means(occupancy: pd.DataFrame) -> tuple[float, float, float]:
    """Return the time-weighted means of both counts and of their absolute difference; NaN without time."""
    times = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    a, b = (occupancy[name].to_numpy() for name in ("persons_a", "persons_b"))
    length = np.diff(times)
    total = int(length.sum())
    if not total:
        return np.nan, np.nan, np.nan
    mean_a, mean_b, difference = (int((count[:-1] * length).sum()) / total for count in (a, b, np.abs(a - b)))
    return mean_a, mean_b, difference


def subtract_heatmaps(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Heatmap:
    """Subtract the heatmap of a from the heatmap of b, over bounds that contain both."""
    bounds = _common_bounds(a, b, video, shape)
    of_a, of_b = (compute_heatmap(each, video, shape=shape, bounds=bounds) for each in (a, b))
    return replace(of_a, values=of_b.values - of_a.values)


def _common_bounds(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Bounds | None:
    """Return the bounds of all positions of both, or None for the bounds of the frame."""
    unit = find_unit(a, TRAJECTORIES)
    with_positions = [each for each in (a, b) if each[f"x_{unit}"].notna().any()]
    if unit == "px" or not with_positions:
        return None
    bounds = np.array([compute_heatmap(each, video, shape=shape).bounds for each in with_positions])
    x0, y0 = bounds[:, :2].min(axis=0)
    x1, y1 = bounds[:, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


Period = Duration | None


def compare_tracking(
    a: pd.DataFrame,
    b: pd.DataFrame,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    min_overlap: float | None = None,
    max_distance: float | None = None,
    max_gap: Duration | None = None,
    periods: tuple[Period, Period] = (None, None),
    plane: Plane | None = None,
    shape: tuple[int, int] = SHAPE,
) -> Comparison:
    """Compare two trackings of one video.

    *Timestamps.* Timestamps of a and b are compared if they are at most half the shorter sampling period
    apart, nearest first, each at most once. A timestamp without a counterpart is compared with an empty frame
    if the other tracking has no timestamp within three quarters of its own sampling period, because it
    detected no one at that time. Otherwise, the other tracking did not sample at that time, and the timestamp
    is not compared.

    *Boxes.* At each compared timestamp, the body boxes are matched one to one by intersection over union,
    which must be at least ``min_overlap``. Boxes of people who were each other's last match come first. The
    others are matched so that the number of matches is maximal, then the sum of overlaps. A detection without
    a body box is not matched, and is neither a miss nor a false positive. It counts toward presence,
    occupancy and dwell.

    *Positions.* Points, and boxes if ``max_distance`` is given, are matched by the same rules, but by the
    distance of their positions in the plane. A pair can be matched up to ``max_distance``, and its overlap is
    ``1 - distance / (2 * max_distance)``, as in TrackEval. One tracking can have points and the other boxes
    on a floor plan.

    *Presence.* Two people who are matched count as the same person from that timestamp on, until one of them
    is matched to another person, or both have a box at a compared timestamp without being matched to each
    other. The first match of a person also applies to earlier times under the same conditions. ``both`` is
    the time during which the same person is present in both trackings. ``only_a`` and ``only_b`` are the rest
    of the ``time_present`` of a and b. If two trackings are sampled half a period apart, the presence of a
    person differs by this shift at its start and end. A person without any body box is present in one
    tracking only.

    Occupancy, dwell and heatmaps are computed from the trajectories of a and b with the same ``max_gap``.
    Either table, or both, can be empty.

    Parameters
    ----------
    a
        DETECTIONS or POINTS, rows in any order: the reference, such as an earlier job or the ground truth.
    b
        DETECTIONS or POINTS, rows in any order: the tracking that is measured.
    video
        The video that both trackings are from.
    zones
        Zones in the plane, for dwell and occupancy.
    min_overlap
        Minimum overlap of boxes that can be matched [1], above 0 and at most 1; by default, 0.5.
    max_distance
        Maximum distance of positions that can be matched, in the unit of the plane. The default for points in
        meters is 0.5, as in WILDTRACK. Points in px require it.
    max_gap
        Longest gap between detections that still counts as presence; by default, 2 s or three times the
        longer sampling period, whichever is longer.
    periods
        Sampling periods of a and b [ms]; by default, the result of ``estimate_sampling_period``.
    plane
        Floor plan on which people are located [m]; by default, the image plane [px].
    shape
        Rows and columns of the heatmap.

    Returns
    -------
    Comparison
        The agreement of the trackings. Its tables are sorted by their keys, and ratios with a denominator of
        0 are NaN.

    Raises
    ------
    SchemaError
        If ``a`` or ``b`` is neither a DETECTIONS nor a POINTS table, or a zone is in another plane.
    ParameterError
        If ``min_overlap`` or ``max_distance`` is out of its range or does not apply to the tables, if a
        duration is not valid, if ``max_gap`` is below a sampling period, if the frame size is unknown, or if
        the positions of a and b have different units or y axes.

    Notes
    -----
    O(n log n + sum over the timestamps of boxes of a · boxes of b), plus the Hungarian method for boxes that
    compete with each other. The results depend on ``min_overlap``: 0.5 is common for boxes of the same style,
    and trackers whose boxes differ in style (with or without feet, arms or bags) require a lower value.

    References
    ----------
    See ``Figures``.

    Examples
    --------
    Compare the tracking of a shop with a copy that lacks person 3:

    >>> detections, video = pta.read_tracking("data/shop")
    >>> comparison = pta.compare_tracking(detections, detections.drop(index=3, level="person_index"), video)
    >>> comparison.trackings["persons"].to_dict()
    {'a': 13, 'b': 12}
    >>> comparison.summary()["presence"]
    {'both_s': 473.76, 'only_a_s': 25.6, 'only_b_s': 0.0}
    >>> round(comparison.figures.recall, 3), comparison.figures.precision
    (0.948, 1.0)
    """
    has_points = _has_points(a), _has_points(b)
    for name, table, is_points in zip("ab", (a, b), has_points, strict=True):
        validate(table, POINTS if is_points else DETECTIONS, name)
    validate_video(video)
    validate_plane(plane)
    is_by_distance = any(has_points) or max_distance is not None
    if is_by_distance and min_overlap is not None:
        raise ParameterError(
            "min_overlap is used for boxes, but people are matched by distance. Omit min_overlap."
        )
    if min_overlap is not None and not 0 < above(min_overlap, "min_overlap") <= 1:
        raise ParameterError(f"min_overlap must be above 0 and at most 1, got {min_overlap!r}")
    if max_distance is not None:
        above(max_distance, "max_distance")
    if not isinstance(periods, tuple | list) or len(periods) != 2:  # noqa: PLR2004 - of a and of b
        raise wrong_kind("periods", "the sampling periods of a and b", periods)
    own = replace(video, sampling_period=None)  # the trackings can differ in their sampling periods
    period_a, period_b = (
        choose_period(rows_by_person(table), own, given) for table, given in zip((a, b), periods, strict=True)
    )
    gap = timedelta(max(choose_max_gap(max_gap, period) for period in (period_a, period_b)))
    trajectories_a, trajectories_b = (
        compute_trajectories(
            table,
            video,
            plane=None if is_points else plane,
            max_gap=gap,
            period=timedelta(period),
        )
        for table, period, is_points in ((a, period_a, has_points[0]), (b, period_b, has_points[1]))
    )
    unit = _find_shared_unit(trajectories_a, trajectories_b)
    if any(has_points):
        _validate_y_axes(has_points, unit, video, plane)
    limit = _choose_max_distance(max_distance, unit) if is_by_distance else None
    distance_unit = unit if is_by_distance else None
    arrays_a, arrays_b = build_arrays(
        Tracking(a, trajectories_a, period_a, distance_unit),
        Tracking(b, trajectories_b, period_b, distance_unit),
    )
    least = MIN_OVERLAP if min_overlap is None else float(min_overlap)
    figures, pairs, matches = _match(arrays_a, arrays_b, least, limit)
    if limit is not None:
        pairs, matches = (_rename_overlap(table, limit, unit) for table in (pairs, matches))
        figures = replace(figures, motp=2 * limit * (1 - figures.motp))
    both = int(pairs["matched"].to_numpy().view("int64").sum())
    occupancy = compare_occupancy(trajectories_a, trajectories_b, video, zones)
    return Comparison(
        trackings=_summarize_trackings(arrays_a, arrays_b).rename(
            columns={"without_box": "without_position"} if is_by_distance else {}
        ),
        both=timedelta(both),
        only_a=timedelta(int(arrays_a.time_present.sum()) - both),
        only_b=timedelta(int(arrays_b.time_present.sum()) - both),
        pairs=pairs,
        matches=matches,
        occupancy=occupancy,
        zones=compare_zones(trajectories_a, trajectories_b, video, zones, occupancy),
        heatmap_difference=subtract_heatmaps(trajectories_a, trajectories_b, video, shape),
        figures=figures,
        min_overlap=None if is_by_distance else least,
        max_distance=limit,
        unit=unit,
    )


def _has_points(table: pd.DataFrame) -> bool:
    return isinstance(table, pd.DataFrame) and table.index.names == POINTS.key_names


def _find_shared_unit(a: pd.DataFrame, b: pd.DataFrame) -> str:
    """Return the unit of the positions of both."""
    units = [find_unit(table, TRAJECTORIES) for table in (a, b)]
    if units[0] != units[1]:
        raise ParameterError(
            f"a and b must have positions in the same unit, got {units[0]} and {units[1]}. To convert boxes "
            "to meters, pass plane=read_floor_plan(...) (--floor FILE)."
        )
    return units[0]


def _validate_y_axes(has_points: tuple[bool, bool], unit: str, video: Video, plane: Plane | None) -> None:
    """Raise an error if the y axes of the points and of the plane of the boxes differ."""
    if all(has_points):
        return
    of_points = video.y_axis or choose_y_axis(unit)
    of_boxes = (plane or video.pixels).y_axis
    if of_points != of_boxes:
        raise ParameterError(
            f"the y axis must have one direction, got {of_points} for the points and {of_boxes} for the "
            f"boxes. Convert one of them, or pass the axis of the points as Video(y_axis={of_boxes!r})."
        )


def _choose_max_distance(max_distance: float | None, unit: str) -> float:
    if max_distance is None:
        if unit != "m":
            raise ParameterError(
                f"points in {unit} require the maximum distance of a match. Pass max_distance=... in {unit} "
                "(--max-distance)."
            )
        return MAX_DISTANCE
    if isinstance(max_distance, bool) or not (isfinite(max_distance) and max_distance > 0):
        raise ParameterError(f"max_distance must be a number above 0, got {max_distance!r}")
    return float(max_distance)


def _rename_overlap(table: pd.DataFrame, limit: float, unit: str) -> pd.DataFrame:
    """Replace the closeness of matches by their distance."""
    distance = 2 * limit * (1 - table["overlap"])
    return table.assign(overlap=distance).rename(columns={"overlap": f"distance_{unit}"})


def _match(
    a: TrackingArrays, b: TrackingArrays, min_overlap: float, max_distance: float | None
) -> tuple[Figures, pd.DataFrame, pd.DataFrame]:
    """Match the boxes, and return the metrics, the pairs of people and the matches."""
    (boxes_a, row_a), (boxes_b, row_b) = select_compared_boxes(a), select_compared_boxes(b)
    similarity = None if max_distance is None else build_closeness(max_distance)
    overlaps = find_overlaps(boxes_a, boxes_b, similarity)
    chosen = match_overlaps(overlaps.at_least(min_overlap), boxes_a, boxes_b)
    figures, counterparts = compute_figures(boxes_a, boxes_b, overlaps, chosen, min_overlap)
    matches = Overlaps(row_a[chosen.a], row_b[chosen.b], chosen.overlap)
    return figures, build_pairs_table(a, b, matches, counterparts), _build_matches_table(a, b, matches)


def _build_matches_table(a: TrackingArrays, b: TrackingArrays, matches: Overlaps) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays(
        [a.time[matches.a].view("timedelta64[ms]"), a.persons[a.person[matches.a]]],
        names=["timestamp", "person_a"],
    )
    columns = {
        "timestamp_b": b.time[matches.b].view("timedelta64[ms]"),
        "person_b": b.persons[b.person[matches.b]],
        "overlap": matches.overlap,
    }
    return pd.DataFrame(columns, index=index).sort_index()


def _summarize_trackings(*both: TrackingArrays) -> pd.DataFrame:
    """Count the contents of each tracking, and its compared timestamps."""
    timestamps = [len(np.unique(arrays.time)) for arrays in both]
    compared = [len(np.unique(arrays.step[arrays.step != NOT_COMPARED])) for arrays in both]
    columns = {
        "persons": [len(arrays.persons) for arrays in both],
        "detections": [len(arrays.time) for arrays in both],
        "without_box": [int((~arrays.boxed).sum()) for arrays in both],
        "time_present": np.array([int(arrays.time_present.sum()) for arrays in both]).view("timedelta64[ms]"),
        "period": np.array([arrays.period for arrays in both]).view("timedelta64[ms]"),
        "moments": timestamps,
        "in_both": [some - arrays.unmatched for some, arrays in zip(compared, both, strict=True)],
        "unmatched": [arrays.unmatched for arrays in both],
        "not_compared": [count - some for count, some in zip(timestamps, compared, strict=True)],
    }
    return pd.DataFrame(columns, index=pd.Index(["a", "b"], name="tracking", dtype="str"))
