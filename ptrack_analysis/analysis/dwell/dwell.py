"""Dwell times: estimates of their median, mean and quantiles per zone."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import Group, parse_quantiles, split_visits
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.analysis.uncertainty.estimates import CONFIDENCE, find_units, parse_confidence
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_restricted_mean,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.schema import (
    DWELL,
    DWELL_BY_ENTRY,
    DWELL_QUANTILES,
    SCENE_STAY,
    TRACKS,
    VISITS,
    assemble,
    empty_table,
    validate,
)
from ptrack_analysis.schema.arrays import TableArrays, collect, in_frame
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

QUANTILES = (0.25, 0.5, 0.75, 0.9)
_MISSING = np.iinfo("int64").min


@in_frame
def compute_dwell(
    visits: pd.DataFrame | TableArrays,
    *,
    by: str = "zone",
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    horizon: Duration | None = None,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> TableArrays:
    """Estimate the median and mean dwell time per zone.

    A visit whose end was not observed is right-censored: it lasted at least as long as recorded. The median
    and the restricted mean take this into account (Kaplan-Meier); ``observed_median`` and ``observed_mean``
    do not. ``observed_median`` is the ordinary median: for an even number of visits, the mean of the two
    middle values. ``median`` is the smallest duration that at most half of the visits exceed.

    A visit whose start was not observed began at an unknown earlier time. Estimates exclude it, because
    visits in progress at a given time are longer than average. If the earlier time inside is known
    (``inside_before``), the visit is at risk from that duration on (delayed entry).

    Confidence intervals treat each person as an independent unit, because visits of one person resemble each
    other. If ``groups`` are given, each group is a unit. ``persons`` counts these units. A bound that cannot
    be computed is missing, and ``note`` states the reason. The interval of the median contains all durations
    at which the confidence band of the curve contains one half; it needs 6 people. The interval of the
    restricted mean needs 20. Without visits, the table is empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by
        ``"zone"``, or ``"entry"`` for each kind of entry of each zone.
    observed_entries
        Entries at which the start of a visit is observed. Add ``"appeared"`` for a zone at an entrance where
        people come into view as they enter.
    observed_exits
        Exits at which the end of a visit is observed. Add ``"lost"`` for a zone that people leave out of
        sight.
    inside_before
        Known times inside before a visit was first observed, by the key of the visit. They apply to
        visits without an observed start and with a dwell above 0, and are ignored for other visits.
    horizon
        Duration up to which the restricted mean is computed; by default the longest visit of each zone
        (or zone and entry) in the estimate. Set it to compare zones.
    groups
        GROUPS of the same video, from ``detect_groups`` or your own. A person who is not in the table is a
        separate unit.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        DWELL, one row per zone with visits; by entry DWELL_BY_ENTRY, one row per zone and entry. Sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a visit that the table does not contain.

    Notes
    -----
    The estimates assume that censoring is unrelated to the duration of a visit. This is true of the end of
    the video. A tracker that loses people who stand still makes visits look shorter. The variance of the
    curve is cluster-robust (Ying and Wei). Its bounds are Clopper-Pearson bounds for the effective number of
    people (Korn and Graubard). The restricted mean has the robust variance on the logit scale, with Student's
    t. Where the curve equals one half over a range of durations, the median is the start of the range, as in
    lifelines; R's ``survfit`` returns its midpoint. O(m log m) for m visits.

    References
    ----------
    E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958,
    doi:10.1080/01621459.1958.10501452. Z. Ying, L. J. Wei, "The Kaplan-Meier estimate for dependent failure
    time observations", J. Multivariate Anal. 50, 1994, doi:10.1006/jmva.1994.1031. E. L. Korn, B. I.
    Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data", Survey Methodology 24, 1998. R. Brookmeyer, J. Crowley, "A confidence interval for the
    median survival time", Biometrics 38, 1982, doi:10.2307/2530286. J. P. Klein, M. L. Moeschberger, Survival
    Analysis, 2nd ed. 2003, doi:10.1007/b97377: delayed entry (4.6), mean and quantiles (4.5).

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> dwell = pta.compute_dwell(analysis["visits"])
    >>> dwell[["visits", "start_unobserved", "end_unobserved"]].reset_index()
           zone  visits  start_unobserved  end_unobserved
    0  checkout       6                 1               1
    1  entrance      22                 0               1
    2   shelves      11                 1               0
    3     table      13                 0               0
    >>> dwell["median"].dt.total_seconds().to_dict()
    {'checkout': 8.56, 'entrance': 2.36, 'shelves': 8.92, 'table': 2.24}
    """
    validate(visits, VISITS)
    level = parse_confidence(confidence)
    limit = None if horizon is None else milliseconds(horizon, "horizon")
    if limit == 0:
        raise ParameterError(f"horizon must be longer than 0, got {horizon!r}")
    parts = split_visits(
        visits,
        by=by,
        observed_entries=observed_entries,
        observed_exits=observed_exits,
        inside_before=inside_before,
        groups=groups,
    )
    rows = [_estimate(part, limit, level) for part in parts]
    arrays: dict[str, np.ndarray | list[str]] = {"zone": [part.zone for part in parts]}
    if by == "entry":
        arrays["entry"] = [part.entry for part in parts]
    names = [column.name for column in DWELL.columns if column.kind in {"integer", "span"}]
    arrays |= {name: np.array([row[name] for row, _ in rows], dtype="int64") for name in names}
    arrays["note"] = [note for _, note in rows]
    return collect(DWELL_BY_ENTRY if by == "entry" else DWELL, arrays)


def compute_dwell_quantiles(
    visits: pd.DataFrame,
    *,
    by: str = "zone",
    quantiles: Iterable[float] = QUANTILES,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate quantiles of the dwell time per zone.

    The quantile p is the smallest duration that at most a share 1 - p of the visits exceeds, by the
    Kaplan-Meier estimate. ``observed`` is the ordinary quantile of the observed dwell. A quantile is missing
    if more than a share 1 - p of the visits is still in progress at the longest censored duration. Censoring,
    exclusion and confidence intervals follow ``compute_dwell``. Without visits, the table is empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by, observed_entries, observed_exits, inside_before, groups, confidence
        As in ``compute_dwell``.
    quantiles
        Shares between 0 and 1, without duplicates.

    Returns
    -------
    pandas.DataFrame
        DWELL_QUANTILES, one row per quantile, zone (and entry), sorted by them.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a visit that the table does not contain.

    Notes
    -----
    O(m log m) for m visits. The assumptions are the same as in ``compute_dwell``.

    References
    ----------
    As for ``compute_dwell``; the ordinary quantile is definition 2 of R. J. Hyndman, Y. Fan, "Sample
    quantiles in statistical packages", Am. Stat. 50, 1996, doi:10.1080/00031305.1996.10473566.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> quantiles = pta.dwell.compute_dwell_quantiles(analysis["visits"], quantiles=[0.5, 0.9])
    >>> quantiles["estimate"].dt.total_seconds().reset_index()
           zone entry  quantile  estimate
    0  checkout             0.5      8.56
    1  checkout             0.9     18.56
    2  entrance             0.5      2.36
    3  entrance             0.9      3.64
    4   shelves             0.5      8.92
    5   shelves             0.9     24.84
    6     table             0.5      2.24
    7     table             0.9     17.48
    """
    validate(visits, VISITS)
    shares, level = parse_quantiles(quantiles), parse_confidence(confidence)
    parts = split_visits(
        visits,
        by=by,
        observed_entries=observed_entries,
        observed_exits=observed_exits,
        inside_before=inside_before,
        groups=groups,
    )
    curves = [estimate_survival(part.lengths, level) for part in parts]
    estimates = [find_quantile(curve, share) for curve in curves for share in shares]
    intervals = [find_quantile_interval(curve, share) for curve in curves for share in shares]
    observed = [_plain_quantile(part.observed, share) for part in parts for share in shares]
    spans = {
        "observed": observed,
        "estimate": estimates,
        "estimate_low": [interval.low for interval in intervals],
        "estimate_high": [interval.high for interval in intervals],
    }
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [part.zone for part in parts for _ in shares],
        "entry": [part.entry for part in parts for _ in shares],
        "quantile": np.tile(shares, len(parts)),
        "persons": np.repeat(np.array([part.persons for part in parts], dtype="int64"), len(shares)),
        "note": [interval.note for interval in intervals],
    }
    arrays |= {name: np.array([_whole(value) for value in values], "int64") for name, values in spans.items()}
    return assemble(DWELL_QUANTILES, arrays)


def find_observed_stays(
    tracks: pd.DataFrame,
    video: Video,
    *,
    period: Duration,
    start: Duration | None = None,
    end: Duration | None = None,
) -> tuple[Bools, Bools]:
    """Return for each person whether their arrival and their departure were observed within the video.

    The parameters are described in ``compute_stay_in_scene``.
    """
    step = 2 * milliseconds(period, "period")
    first, last = (tracks[name].to_numpy().astype("int64") for name in ("first_seen", "last_seen"))
    begin = 0 if start is None else milliseconds(start, "start")
    latest = int(last.max(initial=0))
    close = part_end(find_video_end(video, latest), end, latest)
    return mark_observed(first, last, begin, close, step)


def mark_observed(
    first: Integers, last: Integers, start: Integers | int, end: Integers | int, step: Integers | int
) -> tuple[Bools, Bools]:
    """Return for each person whether the arrival and the departure were observed [ms].

    A person whose first (last) detection is within ``step`` of the start (end) was present at that time.
    """
    return first >= start + step, last + step < end


def compute_stay_in_scene(
    tracks: pd.DataFrame,
    video: Video,
    *,
    period: Duration,
    start: Duration | None = None,
    end: Duration | None = None,
    horizon: Duration | None = None,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate how long people stay in the scene.

    The duration is ``time_in_scene``. People who are present at the start of the video arrived at an unknown
    earlier time, and estimates exclude them. People who are present at its end stayed longer
    (right-censored). All others arrived and left within the video. Estimates and intervals follow
    ``compute_dwell``. Without tracks, the table is empty.

    Parameters
    ----------
    tracks
        TRACKS of one video, rows in any order.
    video
        The video, for its end. If the end is unknown, the last detection of any person is used.
    period
        Sampling period. A person first (last) detected within two periods of the start (end) of the
        video was present at that time.
    start, end
        The selected part of the video.
    horizon, groups, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        SCENE_STAY, one row.

    Raises
    ------
    SchemaError
        If ``tracks`` is not a TRACKS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an option is out of its range.

    Notes
    -----
    A person whom the tracker loses and finds again under another number counts as two short stays.

    References
    ----------
    As for ``compute_dwell``.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> stay = pta.dwell.compute_stay_in_scene(
    ...     pta.compute_tracks(trajectories), video, period=video.sampling_period
    ... )
    >>> stay.loc["scene", "restricted_mean"].total_seconds()
    44.494
    >>> stay.loc["scene", ["persons", "end_unobserved"]].to_dict()
    {'persons': 11, 'end_unobserved': 2}
    """
    validate(tracks, TRACKS)
    validate_video(video)
    level = parse_confidence(confidence)
    limit = None if horizon is None else milliseconds(horizon, "horizon")
    if limit == 0:
        raise ParameterError(f"horizon must be longer than 0, got {horizon!r}")
    if not len(tracks):
        return empty_table(SCENE_STAY)
    length = tracks["time_in_scene"].to_numpy().astype("int64")
    came, left = find_observed_stays(tracks, video, period=period, start=start, end=end)
    unit = find_units(tracks.index.to_numpy(), groups)
    lengths = Lengths(length, left, np.full(len(length), -1), unit).where(came)
    part = Group("", "", length, lengths, unit, int((~came).sum()), int((~left).sum()))
    figures, note = _estimate(part, limit, level)
    values: dict[str, np.ndarray | list[str]] = {
        name: np.array([value], dtype="int64") for name, value in figures.items() if name != "visits"
    }
    values |= {"scene": ["scene"], "people": np.array([len(tracks)]), "note": [note]}
    return assemble(SCENE_STAY, values)


def _estimate(part: Group, limit: int | None, level: float) -> tuple[dict[str, int], str]:
    """Compute a row of DWELL with times in ms, and the reasons for missing bounds."""
    curve = estimate_survival(part.lengths, level)
    median = find_quantile_interval(curve, 0.5)
    horizon = int(part.lengths.length.max(initial=0)) if limit is None else limit
    mean, of_mean = estimate_restricted_mean(part.lengths, curve, horizon)
    notes = (("median", median.note), ("restricted mean", of_mean.note))
    figures = {
        "visits": len(part.observed),
        "start_unobserved": part.start_unobserved,
        "end_unobserved": part.end_unobserved,
        "observed_mean": _whole(float(part.observed.mean())),
        "observed_median": _whole(_plain_quantile(part.observed, 0.5)),
        "median": _whole(find_quantile(curve, 0.5)),
        "median_low": _whole(median.low),
        "median_high": _whole(median.high),
        "horizon": horizon if len(curve.length) or limit is not None else _MISSING,
        "restricted_mean": _whole(mean),
        "restricted_mean_low": _whole(of_mean.low),
        "restricted_mean_high": _whole(of_mean.high),
        "persons": part.persons,
    }
    return figures, "; ".join(f"{name}: {note}" for name, note in notes if note)


def _plain_quantile(observed: Integers, share: float) -> float:
    """Return the ordinary quantile; the median of an even number is the mean of the two middle values."""
    return float(np.quantile(observed, share, method="averaged_inverted_cdf"))


def _whole(value: float) -> int:
    return _MISSING if np.isnan(value) else round(value)
