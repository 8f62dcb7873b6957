"""Two trackings of one video compared."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.agreement import (
    Tracking,
    TrackingArrays,
    boxes_at_compared_moments,
    pairs_table,
    seen_by_both,
)
from ptrack_analysis.analysis.comparison.figures import Figures, compute_figures
from ptrack_analysis.analysis.comparison.matching import (
    LEFT_OUT,
    MIN_OVERLAP,
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
"""The largest distance of points that may be matched by default [m]: that of WILDTRACK."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """What two trackings of one video, a and b, have in common.

    Attributes
    ----------
    trackings
        Key ``tracking`` (``a``, ``b``): ``persons``, ``detections``, ``without_box`` (detections without a
        body box; if people are matched by distance ``without_position``, detections without a detected
        position), ``time_present`` (the sum of ``time_present`` [ms]), ``period`` (the sampling period [ms]),
        ``moments`` (distinct timestamps), of which ``in_both`` have a counterpart, ``unmatched`` are compared
        with nobody and ``not_compared`` are not compared.
    both, only_a, only_b
        Person-time [ms] that both trackings see the same person, that only a sees and that only b sees:
        both + only_a is the sum of ``time_present`` of a, both + only_b that of b, exactly.
    pairs
        Who in a is who in b. Key ``person_a``, ``person_b``: ``matched`` (their part of ``both`` [ms]),
        ``share_a`` and ``share_b`` (that time by the ``time_present`` of the one and of the other),
        ``matches`` (moments at which their boxes are matched), ``overlap`` (mean overlap of these),
        ``counterpart`` (paired by the identity figures: at most one a person).
    matches
        The matched boxes. Key ``timestamp``, ``person_a``: ``timestamp_b``, ``person_b``, ``overlap``.
    occupancy
        Key ``zone`` (``""`` is the scene), ``timestamp``: ``persons_a``, ``persons_b``; each row holds until
        the next of its zone.
    zones
        Key ``zone`` (``""`` is the scene): ``dwell_a``, ``dwell_b`` [ms], ``persons_a``, ``persons_b`` (who
        were there at all), ``mean_occupancy_a``, ``mean_occupancy_b`` and ``mean_difference`` (mean of the
        absolute difference of the two counts), means over the time of ``occupancy``.
    heatmap_difference
        Heatmap of b minus that of a, where people stood: seconds may be negative.
    figures
        MOTA, IDF1, HOTA and their kin of b measured against a.
    min_overlap
        The least overlap [1] of boxes that may be matched; None if people are matched by distance.
    max_distance
        The largest distance of positions that may be matched; None if boxes are matched.
    unit
        Unit of the positions: ``m`` or ``px``.

    If people are matched by distance, ``matches`` and ``pairs`` have ``distance_m`` (or ``distance_px``) in
    place of ``overlap``, and the ``motp`` of ``figures`` is the mean distance of the matches.
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

        Lengths of time are in seconds (``time_present_s``), undefined ratios None; the tables of matches and
        of occupancy over time, and the heatmap, are left out.
        """
        limit: dict[str, Any] = {"min_overlap": self.min_overlap}
        if self.max_distance is not None:
            limit = {f"max_distance_{self.unit}": self.max_distance}
        return limit | {
            "trackings": _records(self.trackings),
            "presence": {
                "both_s": self.both.total_seconds(),
                "only_a_s": self.only_a.total_seconds(),
                "only_b_s": self.only_b.total_seconds(),
            },
            "zones": _records(self.zones),
            "pairs": _records(self.pairs),
            "figures": {name: _plain(value) for name, value in asdict(self.figures).items()},
        }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dictionary a row, key first."""
    flat = table.reset_index()
    spans = [name for name in flat.columns if flat[name].dtype.kind == "m"]
    for name in spans:
        flat[name] = flat[name].dt.total_seconds()
    flat = flat.rename(columns={name: f"{name}_s" for name in spans})
    return [
        {str(name): _plain(value) for name, value in row.items()} for row in flat.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """Give a value of plain Python; None for a number that is none."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not isfinite(value) else value


SCENE = ""


def occupancy_of_both(a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> pd.DataFrame:
    """Count the persons of both trajectories tables in the scene and each zone, at every change of either."""
    of_a, of_b = (
        _steps(compute_occupancy(a, video, zones=zones)),
        _steps(compute_occupancy(b, video, zones=zones)),
    )
    parts = []
    for zone in sorted(of_a):
        moments = np.union1d(of_a[zone][0], of_b[zone][0])
        index = pd.MultiIndex.from_product(
            [pd.Index([zone], dtype="str"), moments.view("timedelta64[ms]")], names=["zone", "timestamp"]
        )
        counts = {"persons_a": _held(of_a[zone], moments), "persons_b": _held(of_b[zone], moments)}
        parts.append(pd.DataFrame(counts, index=index))
    return pd.concat(parts)


def _steps(occupancy: pd.DataFrame) -> dict[str, tuple[Integers, Integers]]:
    """Return the moments and counts of each zone."""
    moments = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    persons = occupancy["persons"].to_numpy()
    rows: Any = occupancy.groupby(level="zone", sort=False).indices
    return {str(zone): (moments[place], persons[place]) for zone, place in rows.items()}


def _held(steps: tuple[Integers, Integers], moments: Integers) -> Integers:
    """Return the count that holds at each moment; the last one, 0, holds for ever."""
    known, persons = steps
    counts: Integers = persons[np.searchsorted(known, moments, side="right") - 1]
    return counts


def zones_of_both(
    a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone], occupancy: pd.DataFrame
) -> pd.DataFrame:
    """Sum dwell, persons and mean occupancy of both trajectories tables, for the scene and each zone."""
    names = sorted([SCENE, *(zone.name for zone in zones)])
    table = pd.DataFrame(index=pd.Index(names, name="zone", dtype="str"))
    stays = [_stays(trajectories, video, zones) for trajectories in (a, b)]
    for which, stay in zip("ab", stays, strict=True):
        table[f"dwell_{which}"] = np.array([stay[name][0] for name in names]).view("timedelta64[ms]")
    for which, stay in zip("ab", stays, strict=True):
        table[f"persons_{which}"] = [stay[name][1] for name in names]
    means = np.array([_means(occupancy.loc[[name]]) for name in names])
    for place, column in enumerate(("mean_occupancy_a", "mean_occupancy_b", "mean_difference")):
        table[column] = means[:, place]
    return table


def _stays(trajectories: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> dict[str, tuple[int, int]]:
    """Return dwell [ms] and number of persons of the scene and each zone."""
    persons = trajectories.index.get_level_values("person_index")
    held = int(trajectories["time_present"].to_numpy().view("int64").sum())
    stays = {SCENE: (held, int(persons.nunique()))}
    visits = compute_visits(trajectories, zones, video)
    zone, person = (visits.index.get_level_values(name).to_numpy() for name in ("zone", "person_index"))
    dwell = visits["dwell"].to_numpy().view("int64")
    for one in zones:
        inside = zone == one.name
        stays[one.name] = int(dwell[inside].sum()), len(np.unique(person[inside]))
    return stays


def _means(occupancy: pd.DataFrame) -> tuple[float, float, float]:
    """Return the means over time of both counts and of their absolute difference; NaN over no time."""
    moments = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    a, b = (occupancy[name].to_numpy() for name in ("persons_a", "persons_b"))
    length = np.diff(moments)
    total = int(length.sum())
    if not total:
        return np.nan, np.nan, np.nan
    one, other, apart = (int((count[:-1] * length).sum()) / total for count in (a, b, np.abs(a - b)))
    return one, other, apart


def heatmap_difference(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Heatmap:
    """Subtract the heatmap of a from that of b, over one extent that holds both."""
    bounds = _common_bounds(a, b, video, shape)
    of_a, of_b = (compute_heatmap(each, video, shape=shape, bounds=bounds) for each in (a, b))
    return replace(of_a, values=of_b.values - of_a.values)


def _common_bounds(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Bounds | None:
    """Return the extent around all positions of both; None where it is the frame's."""
    unit = find_unit(a, TRAJECTORIES)
    located = [each for each in (a, b) if each[f"x_{unit}"].notna().any()]
    if unit == "px" or not located:
        return None
    bounds = np.array([compute_heatmap(each, video, shape=shape).bounds for each in located])
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
    """Compare two trackings of one video, and tell whether b saw what a saw.

    *Moments.* Moments of a and b at most half a sampling period apart (of the finer tracking) are compared,
    nearest first, none twice. A moment without a counterpart is compared with nobody if the other tracking
    has no moment within three quarters of its own sampling period: it saw nobody then. Otherwise the other
    did not look just then, and the moment is left out of all that is matched.

    *Boxes.* At each compared moment the body boxes are matched one to one by intersection over union, if that
    is at least ``min_overlap``: first those that were matched to each other when last matched, then as many
    of the others as possible, with the largest sum of overlaps. A detection without a body box is not matched
    and counts neither as missed nor as false; it counts in presence, occupancy and dwell.

    *Positions.* Points, and boxes with ``max_distance``, are matched by the distance of the positions in the
    plane instead, with the same rules: a pair may be matched up to ``max_distance``, and the overlap is
    ``1 - distance / (2 * max_distance)``, as in TrackEval. One tracking may have points and the other one
    boxes on a floor plan.

    *Presence.* Two persons matched at a moment are taken for one from then on, until one is matched to
    somebody else or both have a box at a compared moment and are not matched; before their first match also
    back in time, as far as nothing speaks against it in this way. ``both`` is the time for which persons
    taken for one are present in both trackings, ``only_a`` the rest of the ``time_present`` of a, ``only_b``
    that of b. So what two trackings that differ by half a sampling period see of a person differs by the
    shift at its start and end, and who never has a body box is seen by one only.

    Occupancy, dwell and heatmaps are those of the two trajectories tables, computed with the same
    ``max_gap``. Either table, or both, may be empty.

    Parameters
    ----------
    a
        DETECTIONS or POINTS, rows in any order; the one to measure against, such as the old job or the
        truth.
    b
        DETECTIONS or POINTS, rows in any order; the one that is measured.
    video
        The video that both saw.
    zones
        Zones in the plane, for dwell and occupancy.
    min_overlap
        The least overlap of boxes that may be matched [1]: above 0, at most 1; itself is enough. By default
        0.5.
    max_distance
        The largest distance of positions that may be matched, in the unit of the plane. Of points in meters
        it is 0.5 by default, as in WILDTRACK; points in px require it.
    max_gap
        The longest time without a detection that does not interrupt presence [ms]; by default
        2 s, or three times the longer sampling period if that is longer.
    periods
        Sampling periods of a and of b [ms]; None: ``estimate_sampling_period`` of the table.
    plane
        Where people stand: a floor plan [m]; by default the picture [px].
    shape
        Rows and columns of the heatmap.

    Returns
    -------
    Comparison
        Its tables are sorted by their keys; ratios of nothing are NaN.

    Raises
    ------
    SchemaError
        If ``a`` or ``b`` is neither a DETECTIONS nor a POINTS table, or a zone is in another plane.
    ParameterError
        If ``min_overlap`` or ``max_distance`` is out of its range or does not fit the tables, a length of
        time is none, ``max_gap`` is below a sampling period, or the frame size is not known; if the positions
        of a and b are in different units or their y axes point in different directions.

    Notes
    -----
    O(n log n + sum over the moments of boxes of a · boxes of b); where boxes compete for each other, the
    Hungarian method on those alone. The choice of min_overlap matters: 0.5 is the custom for boxes drawn
    alike; trackers that draw boxes differently (with or without feet, arms, bags) need less.

    References
    ----------
    Those of ``Figures``.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> nobody = empty_table(DETECTIONS)
    >>> compare_tracking(nobody, nobody, Video(width=640, height=360)).summary()["presence"]
    {'both_s': 0.0, 'only_a_s': 0.0, 'only_b_s': 0.0}
    """
    has_points = _has_points(a), _has_points(b)
    for name, table, is_points in zip("ab", (a, b), has_points, strict=True):
        validate(table, POINTS if is_points else DETECTIONS, name)
    validate_video(video)
    validate_plane(plane)
    is_by_distance = any(has_points) or max_distance is not None
    if is_by_distance and min_overlap is not None:
        raise ParameterError("min_overlap is for boxes, but people are matched by distance. Leave it out.")
    if min_overlap is not None and not 0 < above(min_overlap, "min_overlap") <= 1:
        raise ParameterError(f"min_overlap must be above 0 and at most 1, got {min_overlap!r}")
    if max_distance is not None:
        above(max_distance, "max_distance")
    if not isinstance(periods, tuple | list) or len(periods) != 2:  # noqa: PLR2004 - of a and of b
        raise wrong_kind("periods", "the sampling periods of a and b", periods)
    own = replace(video, sampling_period=None)  # each tracking has a sampling period of its own
    period_a, period_b = (
        choose_period(rows_by_person(table), own, given) for table, given in zip((a, b), periods, strict=True)
    )
    gap = timedelta(max(choose_max_gap(max_gap, period) for period in (period_a, period_b)))
    held_a, held_b = (
        compute_trajectories(
            table,
            video,
            plane=None if is_points else plane,
            max_gap=gap,
            period=timedelta(period),
        )
        for table, period, is_points in ((a, period_a, has_points[0]), (b, period_b, has_points[1]))
    )
    unit = _find_shared_unit(held_a, held_b)
    if any(has_points):
        _validate_y_axes(has_points, unit, video, plane)
    limit = _choose_max_distance(max_distance, unit) if is_by_distance else None
    by = unit if is_by_distance else None
    seen_a, seen_b = seen_by_both(Tracking(a, held_a, period_a, by), Tracking(b, held_b, period_b, by))
    least = MIN_OVERLAP if min_overlap is None else float(min_overlap)
    figures, pairs, matches = _matched(seen_a, seen_b, least, limit)
    if limit is not None:
        pairs, matches = (_rename_overlap(table, limit, unit) for table in (pairs, matches))
        figures = replace(figures, motp=2 * limit * (1 - figures.motp))
    both = int(pairs["matched"].to_numpy().view("int64").sum())
    occupancy = occupancy_of_both(held_a, held_b, video, zones)
    return Comparison(
        trackings=_trackings(seen_a, seen_b).rename(
            columns={"without_box": "without_position"} if is_by_distance else {}
        ),
        both=timedelta(both),
        only_a=timedelta(int(seen_a.held.sum()) - both),
        only_b=timedelta(int(seen_b.held.sum()) - both),
        pairs=pairs,
        matches=matches,
        occupancy=occupancy,
        zones=zones_of_both(held_a, held_b, video, zones, occupancy),
        heatmap_difference=heatmap_difference(held_a, held_b, video, shape),
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
            f"the positions of a are in {units[0]} and those of b in {units[1]}. Boxes get meters by a floor "
            "plan: plane=read_floor_plan(...) (--floor FILE)."
        )
    return units[0]


def _validate_y_axes(has_points: tuple[bool, bool], unit: str, video: Video, plane: Plane | None) -> None:
    """Reject points whose y axis is not that of the plane of the boxes."""
    if all(has_points):
        return
    of_points = video.y_axis or choose_y_axis(unit)
    of_boxes = (plane or video.pixels).y_axis
    if of_points != of_boxes:
        raise ParameterError(
            f"y points {of_points} for the points and {of_boxes} for the boxes. Convert one of them, or "
            f"state the axis of the points: Video(y_axis={of_boxes!r})."
        )


def _choose_max_distance(max_distance: float | None, unit: str) -> float:
    if max_distance is None:
        if unit != "m":
            raise ParameterError(
                f"points in {unit} need the largest distance of a match. Pass max_distance=... in {unit} "
                "(--max-distance)."
            )
        return MAX_DISTANCE
    if isinstance(max_distance, bool) or not (isfinite(max_distance) and max_distance > 0):
        raise ParameterError(f"max_distance must be a number above 0, got {max_distance!r}")
    return float(max_distance)


def _rename_overlap(table: pd.DataFrame, limit: float, unit: str) -> pd.DataFrame:
    """Turn the closeness of matches into their distance."""
    distance = 2 * limit * (1 - table["overlap"])
    return table.assign(overlap=distance).rename(columns={"overlap": f"distance_{unit}"})


def _matched(
    a: TrackingArrays, b: TrackingArrays, min_overlap: float, max_distance: float | None
) -> tuple[Figures, pd.DataFrame, pd.DataFrame]:
    """Match the boxes, and give the figures, the pairs of persons and the matches."""
    (boxes_a, row_a), (boxes_b, row_b) = boxes_at_compared_moments(a), boxes_at_compared_moments(b)
    similarity = None if max_distance is None else build_closeness(max_distance)
    overlaps = find_overlaps(boxes_a, boxes_b, similarity)
    chosen = match_overlaps(overlaps.at_least(min_overlap), boxes_a, boxes_b)
    figures, counterparts = compute_figures(boxes_a, boxes_b, overlaps, chosen, min_overlap)
    matches = Overlaps(row_a[chosen.a], row_b[chosen.b], chosen.overlap)
    return figures, pairs_table(a, b, matches, counterparts), _matches_table(a, b, matches)


def _matches_table(a: TrackingArrays, b: TrackingArrays, matches: Overlaps) -> pd.DataFrame:
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


def _trackings(*both: TrackingArrays) -> pd.DataFrame:
    """Count what each tracking holds, and which of its moments are compared."""
    moments = [len(np.unique(seen.time)) for seen in both]
    compared = [len(np.unique(seen.moment[seen.moment != LEFT_OUT])) for seen in both]
    columns = {
        "persons": [len(seen.persons) for seen in both],
        "detections": [len(seen.time) for seen in both],
        "without_box": [int((~seen.boxed).sum()) for seen in both],
        "time_present": np.array([int(seen.held.sum()) for seen in both]).view("timedelta64[ms]"),
        "period": np.array([seen.period for seen in both]).view("timedelta64[ms]"),
        "moments": moments,
        "in_both": [some - seen.unmatched for some, seen in zip(compared, both, strict=True)],
        "unmatched": [seen.unmatched for seen in both],
        "not_compared": [count - some for count, some in zip(moments, compared, strict=True)],
    }
    return pd.DataFrame(columns, index=pd.Index(["a", "b"], name="tracking", dtype="str"))
