"""The quality checks of the tracking, with thresholds and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import choose_max_gap, choose_period, rows_by_person
from ptrack_analysis.analysis.quality.measures import (
    MINUTE,
    continued,
    counted_time,
    ends_inside,
    of_boxes,
    of_presence,
    of_sampling,
    share,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import (
    DETECTIONS,
    QUALITY,
    STITCHES,
    TRAJECTORIES,
    VERDICTS,
    assemble,
    empty_table,
    find_unit,
    validate,
)
from ptrack_analysis.video import Video

RATE = "1/min"
"""The unit of a check that counts events in a minute of presence."""
LEAST_EVENTS = 3
"""The number of events from which on a rate above a threshold is doubtful or bad."""


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One check: the unit of its value, and the values above which it is doubtful and bad."""

    unit: str
    doubtful: float
    bad: float
    meaning: str


CHECKS = {
    "sampling period": QualityCheck(
        "s",
        0.5,
        2.0,
        "Time between two samplings: every moment of entry, exit and crossing is off by up to it.",
    ),
    "irregular sampling": QualityCheck(
        "1",
        3.0,
        10.0,
        "The step that 95 % of the steps between samplings stay within, by the period: what happens in "
        "longer steps is not seen.",
    ),
    "gaps": QualityCheck(
        RATE,
        1.0,
        4.0,
        "Interruptions of persons' presence in a minute of it: dwell is too short and stays are too many.",
    ),
    "bridged time": QualityCheck(
        "%",
        10.0,
        30.0,
        "Share of the time in the scene that no detection is near, beyond two periods of one: nobody saw "
        "whether the person was there.",
    ),
    "face only": QualityCheck(
        "%",
        10.0,
        40.0,
        "Share of detections with a face and no body box: their positions are interpolated or missing.",
    ),
    "time without position": QualityCheck(
        "%",
        10.0,
        30.0,
        "Share of the time in the scene without a position: the dwell in zones lacks it.",
    ),
    "short tracks": QualityCheck(
        "%",
        10.0,
        30.0,
        "Share of persons in the scene for less than a second: false detections or pieces of others, and "
        "too many persons.",
    ),
    "ends inside": QualityCheck(
        "%",
        30.0,
        60.0,
        "Share of tracks' beginnings and ends inside the picture, away from its edges and the doors given: "
        "persons lost and found anew, and dwell cut.",
    ),
    "continued tracks": QualityCheck(
        "%",
        10.0,
        30.0,
        "Share of persons who continue another one's track, of the stitches given: too many persons, and "
        "dwell cut.",
    ),
    "suspected switches": QualityCheck(
        RATE,
        0.2,
        1.0,
        "Jumps of a person's box in place or size in a minute of presence that nobody can have made: two "
        "persons may share a number.",
    ),
    "out of frame": QualityCheck(
        "%",
        5.0,
        20.0,
        "Share of boxes that reach beyond the frame: their footpoints may be outside of it.",
    ),
    "dropped rows": QualityCheck(
        "%",
        1.0,
        5.0,
        "Share of the rows of the source that were dropped. People or parts of their tracks may be missing.",
    ),
    "missing pages": QualityCheck(
        "1",
        0.0,
        0.0,
        "Number of signs that pages are missing. Figures do not include the people on these pages.",
    ),
    "feet not seen": QualityCheck(
        "%",
        25.0,
        50.0,
        "Share of boxes that end at the picture's lower edge: the person stands nearer than the footpoint "
        "says.",
    ),
}


def checks_with(thresholds: Mapping[str, tuple[float, float]] | None) -> dict[str, QualityCheck]:
    """Return the checks with other thresholds.

    Raises
    ------
    ParameterError
        If there is no such check, or two thresholds are no growing pair of at least 0; all in one sentence.
    """
    given = {} if thresholds is None else thresholds
    if not isinstance(given, Mapping):
        raise ParameterError(f"thresholds is {thresholds!r:.60}, not a mapping from checks to two numbers")
    wrong = [
        f"{name!r} is no check; there are {', '.join(CHECKS)}"
        if name not in CHECKS
        else f"thresholds of {name!r} are {pair!r}, not two numbers of at least 0, the first not the greater"
        for name, pair in given.items()
        if name not in CHECKS or not _growing(pair)
    ]
    if wrong:
        raise ParameterError("; ".join(wrong))
    changed = {
        name: QualityCheck(CHECKS[name].unit, float(pair[0]), float(pair[1]), CHECKS[name].meaning)
        for name, pair in given.items()
    }
    return CHECKS | changed


def _growing(pair: object) -> bool:
    if not isinstance(pair, list | tuple) or len(pair) != 2:  # noqa: PLR2004 - doubtful and bad
        return False
    return all(isinstance(one, int | float | np.number) for one in pair) and 0 <= pair[0] <= pair[1] < np.inf


_GOOD, _DOUBTFUL, _BAD, _UNKNOWN = range(len(VERDICTS))


def compute_quality(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    video: Video,
    *,
    entrances: Sequence[Zone] | None = None,
    stitches: pd.DataFrame | None = None,
    max_gap: pd.Timedelta | str | None = None,
    period: pd.Timedelta | str | None = None,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
    thresholds: Mapping[str, tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """Check the tracking of a video: what is odd about it, how much, and which figures suffer.

    Each check gives one number, the greater the worse: ``doubtful`` above the one threshold, ``bad`` above
    the other, ``good`` otherwise, ``unknown`` where nothing can be said. A number of events a minute that is
    above a threshold is ``unknown`` too with fewer than 3 events: in a short part of a video one event makes
    a high rate, and is no evidence of it.

    * ``sampling period``: see ``estimate_sampling_period``; ``irregular sampling``: the 95 % quantile
      of the steps between successive moments, up to ``max_gap``, by the period.
    * ``gaps``: runs beyond each person's first, a minute of presence; ``bridged time``: share of
      ``time_present``
      that is beyond two periods of each detection.
    * ``face only``: share of detections without a body box; ``time without position``: share of
      ``time_present``
      without a
      position.
    * ``short tracks``: share of persons with less than 1 s in the scene; ``ends inside``: share of persons'
      first and last positions whose box is farther than 2 % of the frame from each of its edges and that lie
      in no door, those within a period of the video's start or end left out, unknown without ``entrances``;
      ``continued tracks``: share of persons whose track is a later one of the ``stitches``, the persons
      being those before joining where the detections are joined (column ``merged_from``); unknown without
      ``stitches``.
    * ``suspected switches``: boxes, a minute of presence, too far from the person's box before (by more than
      half its height and two heights a second) or of another size (more than 1.3-fold, and 1.5-fold a
      second); unknown without the frame size.
    * ``out of frame``: share of boxes that reach beyond the frame by more than 1e-6; ``feet not seen``:
      share of boxes whose lower edge is within 1 % of the picture's, or beyond it.
    * ``dropped rows``: share of the rows of the source that were dropped, without rows that only repeat
      others; ``missing pages``: number of signs that pages are missing. Both come from
      ``video.read_report`` and are unknown without it.

    Nobody detected: no rows.

    Parameters
    ----------
    detections
        DETECTIONS of one video, rows in any order.
    trajectories
        TRAJECTORIES computed from them, in any plane.
    video
        The video, for its frame size and end.
    entrances
        Zones of the trajectories' plane in which people come into sight and leave it; an empty list where
        they do so at the picture's edges only.
    stitches
        STITCHES of the video (``compute_stitches``), applied or not; those of tracks that the detections do
        not have are passed over. By default not looked at.
    max_gap
        The longest step between moments, and between two boxes of a person, that is checked [ms]; by default
        that of ``compute_trajectories``.
    period
        The sampling period [ms]; by default ``video.sampling_period``, or ``estimate_sampling_period`` of the
        detections.
    start, end
        The part of the video that was selected, as given to ``select`` [ms].
    thresholds
        Check to (doubtful above, bad above), where others than the usual ones hold.

    Returns
    -------
    pandas.DataFrame
        QUALITY, one row a check, sorted by its name.

    Raises
    ------
    SchemaError
        If a table is not what it should be, a door is in another plane, or a trajectory has no detection.
    ParameterError
        If ``max_gap`` is no length of time, or ``thresholds`` names no check or has no two growing numbers.

    Notes
    -----
    O(n log n). The thresholds are rules of thumb: they say where to look, and a good verdict proves nothing.
    A switch between two persons of one size who meet is not seen (it needs the truth to be seen), and a fast
    run close to the camera may be suspected: the number is a hint, not a count.

    References
    ----------
    What can go wrong and its names (fragmentation, identity switches) are those of the tracking benchmarks:
    K. Bernardin, R. Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR MOT metrics",
    EURASIP J. Image Video Process. 2008, doi:10.1155/2008/246309; the thresholds are the package's own.

    Examples
    --------
    >>> from ptrack_analysis import compute_trajectories
    >>> video, nobody = Video(width=640, height=360), empty_table(DETECTIONS)
    >>> len(compute_quality(nobody, compute_trajectories(nobody, video), video))
    0
    """
    validate(detections, DETECTIONS)
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_zones([] if entrances is None else entrances, unit)
    checks = checks_with(thresholds)
    if stitches is not None:
        validate(stitches, STITCHES)
    if not len(trajectories) or not len(detections):
        return empty_table(QUALITY)
    step = choose_period(rows_by_person(detections), video, period)
    longest = choose_max_gap(max_gap, step)
    rows = rows_by_person(trajectories)
    moments = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    ends = None
    if entrances is not None:
        held = trajectories["time_present"].to_numpy()[rows.order].view("int64")
        between = counted_time(rows, held, video, start, end)
        ends = ends_inside(detections, trajectories, rows, entrances, period=step, between=between)
    total = int(trajectories["time_present"].to_numpy().view("int64").sum())
    values = {
        **of_sampling(moments, step, longest),
        **of_presence(trajectories, rows, step),
        **of_boxes(detections, video, longest, total),
        **_of_reading(video),
        "ends inside": np.nan if ends is None else share(*ends),
        "continued tracks": np.nan if stitches is None else continued(detections, stitches),
    }
    return _table(values, checks, total)


def _of_reading(video: Video) -> dict[str, float]:
    """Measure how much of the source was not read."""
    report = video.read_report
    if report is None:
        return {"dropped rows": np.nan, "missing pages": np.nan}
    lost = sum(one.rows for one in report.dropped if not one.is_repeat)
    return {
        "dropped rows": share(lost, report.rows),
        "missing pages": float(len(report.completeness.missing)),
    }


def _table(values: dict[str, float], checks: dict[str, QualityCheck], held: int) -> pd.DataFrame:
    """Judge each value, the rates being of the time held [ms]."""
    value = np.array([values[name] for name in checks], dtype="float64")
    doubtful = np.array([one.doubtful for one in checks.values()])
    bad = np.array([one.bad for one in checks.values()])
    rate = np.array([one.unit == RATE for one in checks.values()])
    few = rate & (value > doubtful) & (np.rint(value * held / MINUTE) < LEAST_EVENTS)
    verdict = np.select(
        [np.isnan(value) | few, value > bad, value > doubtful], [_UNKNOWN, _BAD, _DOUBTFUL], _GOOD
    )
    arrays: dict[str, np.ndarray | list[str]] = {
        "check": list(checks),
        "value": value,
        "value_unit": [one.unit for one in checks.values()],
        "doubtful_above": doubtful,
        "bad_above": bad,
        "verdict": verdict.astype("int8"),
        "meaning": [one.meaning for one in checks.values()],
    }
    return assemble(QUALITY, arrays)
