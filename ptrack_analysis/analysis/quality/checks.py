"""Quality checks of the tracking, with thresholds and verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import (
    choose_max_gap,
    choose_period,
    find_video_end,
    part_end,
    rows_by_person,
)
from ptrack_analysis.analysis.quality import flicker, measures, positions
from ptrack_analysis.analysis.quality.inputs import LEAST_EVENTS, LEAST_PRESENCE, Measured, QualityInputs
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.zones import Line, Zone, validate_lines, validate_zones
from ptrack_analysis.schema import (
    CROSSINGS,
    DETECTIONS,
    QUALITY,
    STITCHES,
    VERDICTS,
    VISITS,
    validate,
)
from ptrack_analysis.schema.arrays import Rows, TableArrays, collect, empty_arrays, in_frame
from ptrack_analysis.video import Duration, Video, milliseconds, validate_plane, validate_video

RATE = "1/min"
"""Unit of checks that count events per minute of presence."""


_MORE = "This check needs more detections."
_BOXES = "This check needs body boxes. The tracking has none."
_SIZE = "This check needs the frame size: video=Video(width=..., height=...) (--frame-size WxH)."
_FLOOR = "This check needs a floor plan: plane= or floor= (--floor FILE)."
_READ = "This check needs the read report: video.read_report, which read_tracking sets."
_EVENTS = "Fewer than 3 events do not show a high rate. Analyze a longer part of the video."


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One check: what it measures, its thresholds, and the outputs that it affects.

    Attributes
    ----------
    unit
        Unit of the value and of the thresholds.
    doubtful, bad
        Values above which the check is doubtful and bad.
    measure
        Function that measures the value.
    affects
        Names of the affected outputs.
    meaning
        Meaning of the value, and the effect of a high value.
    advice
        Recommended action for a high value.
    needs
        Information that an unknown value requires.
    """

    unit: str
    doubtful: float
    bad: float
    measure: Callable[[QualityInputs], Measured]
    affects: tuple[str, ...]
    meaning: str
    advice: str
    needs: str = _MORE


CHECKS = {
    "sampling period": QualityCheck(
        unit="s",
        doubtful=0.5,
        bad=2.0,
        measure=measures.measure_sampling_period,
        affects=("visits", "crossings", "transitions"),
        meaning="Time between two samplings. Every entry, exit and crossing can be off by this much.",
        advice="Track more frames per second.",
        needs="This check needs at least two timestamps.",
    ),
    "coarse sampling": QualityCheck(
        unit="s",
        doubtful=1.0,
        bad=3.0,
        measure=measures.measure_sampling_period,
        affects=("stops", "visits", "dwell"),
        meaning=(
            "Time between two samplings. Above 1 s, stops and exits over the image border cannot be "
            "detected reliably."
        ),
        advice="Track at least one frame per second.",
        needs="This check needs at least two timestamps.",
    ),
    "irregular sampling": QualityCheck(
        unit="1",
        doubtful=3.0,
        bad=10.0,
        measure=measures.measure_irregular_sampling,
        affects=("visits", "crossings", "stops"),
        meaning=(
            "Length of the longest steps between samplings (95 % quantile), in sampling periods. Events"
            " within a long step are not observed."
        ),
        advice="Check whether the tracker skips frames, or whether frames were lost before tracking.",
        needs="This check needs at least two timestamps.",
    ),
    "long steps": QualityCheck(
        unit="%",
        doubtful=5.0,
        bad=20.0,
        measure=measures.measure_long_steps,
        affects=("visits", "dwell", "occupancy"),
        meaning=(
            "Share of the steps from one detection of a person to the next that exceed max_gap. "
            "Presence is interrupted there."
        ),
        advice="Set a longer max_gap (--max-gap), or track more frames per second.",
        needs="This check needs a person with two detections.",
    ),
    "gaps": QualityCheck(
        unit=RATE,
        doubtful=1.0,
        bad=4.0,
        measure=measures.measure_gaps,
        affects=("visits", "dwell", "occupancy"),
        meaning=(
            "Interruptions of people's presence, per minute of presence. Dwell times are too short and "
            "visits too many."
        ),
        advice="Set a longer max_gap (--max-gap), or merge visits with merge_gap (--merge-gap).",
        needs="This check needs a sampling period: period= (--sampling-period).",
    ),
    "bridged time": QualityCheck(
        unit="%",
        doubtful=10.0,
        bad=30.0,
        measure=measures.measure_bridged_time,
        affects=("visits", "dwell", "occupancy"),
        meaning=(
            "Share of the time in the scene that is more than two sampling periods from a detection. "
            "People count as present there although they were not detected."
        ),
        advice="Set a shorter max_gap (--max-gap) to count only the time that was observed.",
        needs="This check needs a sampling period: period= (--sampling-period).",
    ),
    "face only": QualityCheck(
        unit="%",
        doubtful=10.0,
        bad=40.0,
        measure=measures.measure_face_only,
        affects=("visits", "dwell", "crossings", "heatmap"),
        meaning=(
            "Share of detections that have a face but no body box; per zone, share of the time with an "
            "interpolated position. These positions are estimated or missing."
        ),
        advice=(
            "Mount the camera so that it sees whole bodies. Compare zones only if their shares are similar."
        ),
    ),
    "time without position": QualityCheck(
        unit="%",
        doubtful=10.0,
        bad=30.0,
        measure=measures.measure_missing_positions,
        affects=("visits", "dwell", "heatmap"),
        meaning="Share of the time in the scene without a position. It is missing from every zone.",
        advice=("Treat dwell times as lower bounds, or interpolate short gaps with fill_gaps (--fill-gaps)."),
        needs="This check needs a sampling period: period= (--sampling-period).",
    ),
    "short tracks": QualityCheck(
        unit="%",
        doubtful=10.0,
        bad=30.0,
        measure=measures.measure_short_tracks,
        affects=("tracks", "visits", "dwell"),
        meaning=(
            "Share of people who are in the scene for less than a second, except at the start and the end "
            "of the video. They are false detections or fragments of other tracks, so people are too many."
        ),
        advice="Join fragments with stitch (--stitch), or raise the tracker's confidence threshold.",
    ),
    "track ends inside": QualityCheck(
        unit="%",
        doubtful=30.0,
        bad=60.0,
        measure=measures.measure_track_ends,
        affects=("tracks", "visits", "dwell", "transitions"),
        meaning=(
            "Share of track starts and ends inside the image, away from its border and the entrances. "
            "The tracker loses people and finds them again, so people are too many and dwell times too "
            "short."
        ),
        advice="Join fragments with stitch (--stitch).",
        needs=(
            "This check needs the entrances: zones or lines of kind 'entrance' (--zones FILE), or "
            "entrances=[] if people come over the image border only."
        ),
    ),
    "continued tracks": QualityCheck(
        unit="%",
        doubtful=10.0,
        bad=30.0,
        measure=measures.measure_continued_tracks,
        affects=("tracks", "visits", "dwell", "transitions"),
        meaning=(
            "Share of tracks that continue the track of another person. People are too many and dwell "
            "times too short without stitching."
        ),
        advice="Join the tracks with stitch (--stitch), and check the table stitches.",
        needs="This check needs stitches: stitches=compute_stitches(...), or stitch=True (--stitch).",
    ),
    "identity switches": QualityCheck(
        unit=RATE,
        doubtful=0.2,
        bad=1.0,
        measure=measures.measure_identity_switches,
        affects=("dwell", "transitions", "crossings"),
        meaning=(
            "Jumps in position or size of a person's box that no one can make, per minute of presence. "
            "Two people may share one number."
        ),
        advice=("Review the people with jumps in the explorer, or flag jumps with max_speed (--max-speed)."),
        needs=_SIZE,
    ),
    "duplicate tracks": QualityCheck(
        unit="%",
        doubtful=2.0,
        bad=10.0,
        measure=positions.measure_duplicate_tracks,
        affects=("tracks", "visits", "occupancy", "crossings"),
        meaning=(
            "Share of people whose boxes overlap the boxes of another track all the time. One person is "
            "tracked under two numbers and counts twice."
        ),
        advice=(
            "Lower the tracker's overlap threshold (non-maximum suppression), or remove one of the two "
            "tracks."
        ),
    ),
    "dropped rows": QualityCheck(
        unit="%",
        doubtful=1.0,
        bad=5.0,
        measure=measures.measure_dropped_rows,
        affects=("tracks", "visits", "dwell", "occupancy", "crossings"),
        meaning=(
            "Share of the rows of the source that were dropped, except rows excluded by an option or by "
            "their class. People or parts of their tracks may be missing."
        ),
        advice="See the read report (ptrack inspect), and correct the file or the options.",
        needs=_READ,
    ),
    "missing pages": QualityCheck(
        unit="%",
        doubtful=0.0,
        bad=5.0,
        measure=measures.measure_missing_pages,
        affects=("tracks", "visits", "dwell", "occupancy", "crossings"),
        meaning=(
            "Minimum share of the pages that are missing or cut. No figure includes the people on these "
            "pages."
        ),
        advice="Restore the missing pages. Figures of the times that they cover are lower bounds.",
        needs=_READ,
    ),
    "boxes beyond image": QualityCheck(
        unit="%",
        doubtful=5.0,
        bad=20.0,
        measure=positions.measure_boxes_beyond_image,
        affects=("heatmap",),
        meaning="Share of boxes that extend beyond the image. Their position can be outside the image.",
        advice="Clip the boxes with clip_boxes=True (--clip-boxes).",
        needs=_BOXES,
    ),
    "truncated boxes": QualityCheck(
        unit="%",
        doubtful=25.0,
        bad=50.0,
        measure=positions.measure_truncated_boxes,
        affects=("visits", "dwell", "heatmap"),
        meaning=(
            "Share of the time with a position whose box the image border truncates. People are nearer "
            "to the camera than their position indicates."
        ),
        advice="Draw zones away from the image border, or use another anchor (--anchor center).",
        needs=_BOXES,
    ),
    "time outside image": QualityCheck(
        unit="%",
        doubtful=1.0,
        bad=10.0,
        measure=positions.measure_time_outside_image,
        affects=("visits", "dwell", "heatmap"),
        meaning=(
            "Share of the time with a position whose position is outside the image. It is missing from "
            "zones within the image."
        ),
        advice="Clip the boxes with clip_boxes=True (--clip-boxes).",
        needs=_BOXES,
    ),
    "tiny boxes": QualityCheck(
        unit="%",
        doubtful=1.0,
        bad=10.0,
        measure=positions.measure_tiny_boxes,
        affects=("visits", "dwell", "crossings", "heatmap"),
        meaning=(
            "Share of boxes that are less than a pixel wide or high. The unit of the boxes is probably wrong."
        ),
        advice="Check the unit of the boxes (unit=, --unit), and the frame size.",
        needs=_SIZE,
    ),
    "impossible speeds": QualityCheck(
        unit="%",
        doubtful=1.0,
        bad=10.0,
        measure=positions.measure_impossible_speeds,
        affects=("kinematics", "flow_field", "stops"),
        meaning=(
            "Share of the time with a speed above 12 m/s, faster than anyone runs. Speeds and path "
            "lengths are not usable there."
        ),
        advice=(
            "Check the points of the floor plan, or remove jumps with max_speed and repair_jumps "
            "(--max-speed, --repair-jumps)."
        ),
        needs=_FLOOR,
    ),
    "near horizon": QualityCheck(
        unit="%",
        doubtful=5.0,
        bad=20.0,
        measure=positions.measure_time_near_horizon,
        affects=("trajectories", "kinematics", "stops", "visits", "dwell", "heatmap"),
        meaning=(
            "Share of the time with a position where one pixel is more than 0.5 m on the floor. "
            "Positions there are not usable."
        ),
        advice="Use only zones near the camera, or add points far from the camera to the floor plan.",
        needs=(
            "This check needs a floor plan: plane= or floor= (--floor FILE). It also needs the frame "
            "size (--frame-size)."
        ),
    ),
    "off the plan": QualityCheck(
        unit="%",
        doubtful=5.0,
        bad=20.0,
        measure=positions.measure_time_off_plan,
        affects=("visits", "dwell", "heatmap"),
        meaning=(
            "Share of the time with a position outside the bounds of the floor plan. It is missing from"
            " the heatmap."
        ),
        advice="Check the points and the bounds of the floor plan.",
        needs=_FLOOR,
    ),
    "visit flicker": QualityCheck(
        unit=RATE,
        doubtful=1.0,
        bad=4.0,
        measure=flicker.measure_visit_flicker,
        affects=("visits", "dwell", "transitions"),
        meaning=(
            "Visits that begin at most 2 s after the person left the zone, per person and minute, in "
            "the zone with the most. One visit counts as several."
        ),
        advice="Set margin (--margin), or merge visits with merge_gap (--merge-gap).",
        needs="This check needs zones: zones= (--zones FILE).",
    ),
    "crossing flicker": QualityCheck(
        unit=RATE,
        doubtful=1.0,
        bad=4.0,
        measure=flicker.measure_crossing_flicker,
        affects=("crossings", "counts", "count_drift"),
        meaning=(
            "Crossings at most 2 s after the person's previous crossing of the line, per person and "
            "minute, over the line with the most. One passage counts as several."
        ),
        advice="Set min_distance (--min-distance).",
        needs="This check needs lines: lines= (--zones FILE).",
    ),
}


def change_thresholds(thresholds: Mapping[str, tuple[float, float]] | None) -> dict[str, QualityCheck]:
    """Return the checks with the given thresholds.

    Raises
    ------
    ParameterError
        If a check does not exist, or its thresholds are not two numbers of at least 0 in ascending order.
    """
    given = {} if thresholds is None else thresholds
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"thresholds must be a mapping from checks to two numbers each, got {thresholds!r:.60}"
        )
    wrong = [
        f"There is no check {name!r}. The checks are {', '.join(CHECKS)}."
        if name not in CHECKS
        else f"thresholds[{name!r}] must be two numbers of at least 0 in ascending order, got {pair!r}"
        for name, pair in given.items()
        if name not in CHECKS or not _is_ascending(pair)
    ]
    if wrong:
        raise ParameterError(" ".join(wrong))
    changed = {
        name: replace(CHECKS[name], doubtful=float(pair[0]), bad=float(pair[1]))
        for name, pair in given.items()
    }
    return CHECKS | changed


def _is_ascending(pair: object) -> bool:
    if not isinstance(pair, list | tuple) or len(pair) != 2:  # noqa: PLR2004 - doubtful and bad
        return False
    return all(isinstance(one, int | float | np.number) for one in pair) and 0 <= pair[0] <= pair[1] < np.inf


_GOOD, _DOUBTFUL, _BAD, _UNKNOWN = range(len(VERDICTS))


@in_frame
def compute_quality(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame | Walks,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    visits: pd.DataFrame | TableArrays | None = None,
    crossings: pd.DataFrame | TableArrays | None = None,
    plane: FloorPlan | None = None,
    entrances: Sequence[Zone] | None = None,
    stitches: pd.DataFrame | None = None,
    max_gap: Duration | None = None,
    period: Duration | None = None,
    start: Duration | None = None,
    end: Duration | None = None,
    thresholds: Mapping[str, tuple[float, float]] | None = None,
) -> TableArrays:
    """Check the tracking of a video, and report which outputs and zones are affected.

    Each check gives one number; higher is worse. The verdict is ``doubtful`` above the first threshold,
    ``bad`` above the second, otherwise ``good``, and ``unknown`` without a number. A rate above a threshold
    is also ``unknown`` with fewer than 3 events, because in a short part of a video one event makes a high
    rate. A share is at most ``doubtful`` in a zone with less than 10 s of presence, and ``short tracks`` with
    fewer than 3 short tracks.

    The row with an empty ``name`` is the check of the complete video. If a check can be measured per zone or
    line, additional rows give the share or rate of each zone or line, with the same thresholds. ``affects``
    lists the affected outputs: for a check with rows per zone, in the zones that are not ``good``; for other
    checks, everywhere. ``advice`` is the recommended action; for an unknown check, it is the missing
    information. ``meaning`` states what each check measures.

    * Sampling: ``sampling period``, ``coarse sampling`` (the same number, for stops and exits over the
      image border), ``irregular sampling`` (95 % quantile of the steps up to ``max_gap`` between successive
      timestamps, in periods), ``long steps`` (share of a person's steps that exceed ``max_gap``).
    * Presence: ``gaps``, ``bridged time`` (more than two periods from a detection),
      ``time without position``, ``face only``.
    * Identities: ``short tracks`` (less than 1 s, and not within a period of the video's start or end),
      ``track ends inside`` (first and last boxes farther than 2 % of the frame from its border and outside
      the entrances, except before entering or after leaving over a line of kind ``entrance``, and except
      within a period of the video's start or end), ``continued tracks``,
      ``identity switches`` (boxes farther from the person's previous box than half its height and two heights
      per second, or of another size: more than 1.3-fold and 1.5-fold per second), ``duplicate tracks`` (boxes
      that overlap the boxes of another track by 70 %, in 90 % of the track and for at least 1 s).
    * Positions: ``boxes beyond image`` (by more than 1e-6), ``truncated boxes``, ``time outside image``,
      ``tiny boxes``; on a floor plan ``impossible speeds``, ``near horizon`` and ``off the plan``.
    * Source: ``dropped rows`` (without repeated and excluded rows) and ``missing pages``, from
      ``video.read_report``.
    * Zones and lines: ``visit flicker`` and ``crossing flicker``. Their advice contains the smallest margin
      and ``min_distance`` that reduce them below the threshold, rounded up to 3 digits.

    Without detections, the table is empty.

    Parameters
    ----------
    detections
        DETECTIONS of one video, rows in any order.
    trajectories
        TRAJECTORIES computed from them, in any plane.
    video
        The video, for its frame size and end.
    zones, lines
        Zones and lines of the trajectories' plane.
    visits
        VISITS of the zones; by default ``compute_visits`` without options.
    crossings
        CROSSINGS of the lines; by default ``compute_crossings`` without options.
    plane
        The floor plan of the trajectories.
    entrances
        Zones of the trajectories' plane through which people come and go; an empty list if they come and go
        only over the image border.
    stitches
        STITCHES of the video (``compute_stitches``), applied or not. Tracks that are not in the detections
        are ignored.
    max_gap
        Longest step between timestamps, and between two boxes of a person, that is checked; by default
        as in ``compute_trajectories``.
    period
        The sampling period; by default ``video.sampling_period``, or ``estimate_sampling_period`` of the
        detections.
    start, end
        The selected part of the video, as passed to ``select``.
    thresholds
        Thresholds of checks, as (doubtful above, bad above), instead of the defaults.

    Returns
    -------
    pandas.DataFrame
        QUALITY, one row per check, and per zone or line if it can be measured there; sorted.

    Raises
    ------
    SchemaError
        If a table does not match its declaration, a zone or line is in another plane, or a trajectory has no
        detection.
    ParameterError
        If ``max_gap`` is not a duration, or ``thresholds`` has an unknown check or wrong numbers.

    Notes
    -----
    O(n log n + zones · n). The thresholds are rules of thumb that show where to look. A good verdict does not
    prove that nothing is wrong. A switch between two people of the same size who meet is not detected (this
    requires ground truth), and a fast run close to the camera may be suspected: the number is a hint.

    References
    ----------
    The names of the faults (fragmentation, identity switches) come from the tracking benchmarks:
    K. Bernardin, R. Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR MOT metrics",
    EURASIP J. Image Video Process. 2008, doi:10.1155/2008/246309. The thresholds are our own.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> quality = pta.compute_quality(detections, trajectories, video)
    >>> quality.loc[quality["verdict"] == "doubtful", ["value", "doubtful_above"]].reset_index().round(1)
           check name  value  doubtful_above
    0  face only        10.5            10.0
    """
    if not isinstance(trajectories, Walks):
        _validate_tables(detections, visits, crossings, stitches)
    validate_video(video)
    validate_plane(plane)
    walks = read_walks(trajectories)
    unit = walks.unit
    validate_zones(zones, unit)
    validate_zones([] if entrances is None else entrances, unit, "entrances")
    validate_lines(lines, unit)
    checks = change_thresholds(thresholds)
    if not len(walks.table) or not len(detections):
        return empty_arrays(QUALITY)
    step = choose_period(rows_by_person(detections), video, period)
    if visits is None and zones:
        visits = compute_visits.arrays(walks, zones, video, period=period)
    if crossings is None and lines:
        crossings = compute_crossings.arrays(walks, lines)
    inputs = QualityInputs(
        detections=detections,
        walks=walks,
        video=video,
        period=step,
        max_gap=choose_max_gap(max_gap, step),
        part=_find_part(walks, video, start, end),
        entrances=entrances,
        stitches=stitches,
        zones=zones,
        lines=lines,
        visits=empty_arrays(VISITS) if visits is None else visits,
        crossings=empty_arrays(CROSSINGS, unit=unit) if crossings is None else crossings,
        floor_plan=plane,
        thresholds={name: check.doubtful for name, check in checks.items()},
    )
    return _build_table({name: _judge(check, inputs) for name, check in checks.items()}, checks)


def _validate_tables(
    detections: pd.DataFrame,
    visits: Rows | None,
    crossings: Rows | None,
    stitches: pd.DataFrame | None,
) -> None:
    """Validate the tables other than the trajectories."""
    validate(detections, DETECTIONS)
    for table, schema in ((stitches, STITCHES), (visits, VISITS), (crossings, CROSSINGS)):
        if table is not None:
            validate(table, schema)


def _find_part(walks: Walks, video: Video, start: Duration | None, end: Duration | None) -> tuple[int, int]:
    """Return the start and the end of the analyzed part of the video [ms]."""
    time = walks.rows.time
    close = part_end(find_video_end(video, int(time.max())), end, int((time + walks.time_present).max()))
    return 0 if start is None else milliseconds(start, "start"), close


_Row = tuple[str, float, int, str]
"""Name of the zone or line, value, code of the verdict, advice."""


def _judge(check: QualityCheck, inputs: QualityInputs) -> list[_Row]:
    """Measure one check, and assess its values for the video and for its zones or lines."""
    measured = check.measure(inputs)
    shares = {} if measured.time is None else inputs.compute_zone_shares(measured.time)
    values: dict[str, tuple[float, int | None]] = {"": (measured.value, measured.events)}
    values |= {name: (value, measured.events) for name, value in shares.items()} | dict(measured.by_name)
    is_rate = check.unit == RATE
    rows = []
    for name, (value, events) in values.items():
        is_weak = events is not None and events < LEAST_EVENTS
        is_rare = is_rate and is_weak and value > check.doubtful
        verdict = _BAD if value > check.bad else _DOUBTFUL if value > check.doubtful else _GOOD
        if not is_rate and (is_weak or inputs.presence.get(name, LEAST_PRESENCE) < LEAST_PRESENCE):
            verdict = min(verdict, _DOUBTFUL)
        if np.isnan(value):
            rows.append((name, value, _UNKNOWN, check.needs))
        elif is_rare:
            rows.append((name, value, _UNKNOWN, _EVENTS))
        else:
            rows.append((name, value, verdict, measured.advice or check.advice))
    return rows


def _build_table(judged: Mapping[str, list[_Row]], checks: Mapping[str, QualityCheck]) -> TableArrays:
    """Build the QUALITY table from the rows of each check."""
    flat = [(checks[check], check, *row) for check, rows in sorted(judged.items()) for row in sorted(rows)]
    arrays: dict[str, np.ndarray | list[str]] = {
        "check": [row[1] for row in flat],
        "name": [row[2] for row in flat],
        "value": np.array([row[3] for row in flat], dtype="float64"),
        "value_unit": [row[0].unit for row in flat],
        "doubtful_above": np.array([row[0].doubtful for row in flat]),
        "bad_above": np.array([row[0].bad for row in flat]),
        "verdict": np.array([row[4] for row in flat], dtype="int8"),
        "affects": [", ".join(row[0].affects) for row in flat],
        "meaning": [row[0].meaning for row in flat],
        "advice": [row[5] for row in flat],
    }
    return collect(QUALITY, arrays)
