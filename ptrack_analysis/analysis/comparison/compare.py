"""The comparison of two trackings of one video."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.comparison.agreement import pairs_table
from ptrack_analysis.analysis.comparison.figures import Figures, figures_of
from ptrack_analysis.analysis.comparison.matching import (
    LEFT_OUT,
    MIN_OVERLAP,
    Overlaps,
    match_overlaps,
    overlaps_of,
)
from ptrack_analysis.analysis.comparison.result import Comparison
from ptrack_analysis.analysis.comparison.scene import heatmap_difference, occupancy_of_both, zones_of_both
from ptrack_analysis.analysis.comparison.seen import Seen, Tracking, boxes_at_compared_moments, seen_by_both
from ptrack_analysis.analysis.heat.grid import SHAPE
from ptrack_analysis.analysis.presence import MAX_GAP, period_in_ms
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, check
from ptrack_analysis.video import Plane, Video, milliseconds, timedelta

Period = pd.Timedelta | str | None


def compare_tracking(
    a: pd.DataFrame,
    b: pd.DataFrame,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    min_overlap: float = MIN_OVERLAP,
    max_gap: pd.Timedelta | str = MAX_GAP,
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

    *Presence.* Two persons matched at a moment are taken for one from then on, until one is matched to
    somebody else or both have a box at a compared moment and are not matched; before their first match also
    back in time, as far as nothing speaks against it in this way. ``both`` is the time for which persons
    taken for one are present in both trackings, ``only_a`` the rest of the ``held`` of a, ``only_b`` that of
    b. So what two trackings that differ by half a sampling period see of a person differs by the shift at its
    start and end, and who never has a body box is seen by one only.

    Occupancy, dwell and heatmaps are those of the two trajectories tables, computed with the same
    ``max_gap``. Either table, or both, may be empty.

    Parameters
    ----------
    a
        DETECTIONS, rows in any order; the one to measure against, such as the old job or the truth.
    b
        DETECTIONS, rows in any order; the one that is measured.
    video
        The video that both saw.
    zones
        Zones in the plane, for dwell and occupancy.
    min_overlap
        The least overlap of boxes that may be matched [1]: above 0, at most 1; itself is enough.
    max_gap
        The longest time without a detection that does not interrupt presence [ms].
    periods
        Sampling periods of a and of b [ms]; None: ``sampling_period`` of the table.
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
        If ``a`` or ``b`` is not a DETECTIONS table, or a zone is in another plane.
    ParameterError
        If ``min_overlap`` is out of its range, a length of time is none, ``max_gap`` is below a sampling
        period, or the frame size is not known.

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
    >>> from ptrack_analysis import empty
    >>> nobody = empty(DETECTIONS)
    >>> compare_tracking(nobody, nobody, Video(width=640, height=360)).summary()["presence"]
    {'both_s': 0.0, 'only_a_s': 0.0, 'only_b_s': 0.0}
    """
    check(a, DETECTIONS)
    check(b, DETECTIONS)
    if not 0 < min_overlap <= 1:
        raise ParameterError(f"min_overlap is {min_overlap!r}, not above 0 and at most 1")
    gap = milliseconds(max_gap, "max_gap")
    period_a, period_b = (
        period_in_ms(table, video, gap, given) for table, given in zip((a, b), periods, strict=True)
    )
    held_a, held_b = (
        compute_trajectories(table, video, plane=plane, max_gap=max_gap, period=timedelta(period))
        for table, period in ((a, period_a), (b, period_b))
    )
    seen_a, seen_b = seen_by_both(Tracking(a, held_a, period_a), Tracking(b, held_b, period_b))
    figures, pairs, matches = _matched(seen_a, seen_b, float(min_overlap))
    both = int(pairs["together"].to_numpy().view("int64").sum())
    occupancy = occupancy_of_both(held_a, held_b, video, zones)
    return Comparison(
        trackings=_trackings(seen_a, seen_b),
        both=timedelta(both),
        only_a=timedelta(int(seen_a.held.sum()) - both),
        only_b=timedelta(int(seen_b.held.sum()) - both),
        pairs=pairs,
        matches=matches,
        occupancy=occupancy,
        zones=zones_of_both(held_a, held_b, video, zones, occupancy),
        heatmap_difference=heatmap_difference(held_a, held_b, video, shape),
        figures=figures,
        min_overlap=float(min_overlap),
    )


def _matched(a: Seen, b: Seen, min_overlap: float) -> tuple[Figures, pd.DataFrame, pd.DataFrame]:
    """Match the boxes, and give the figures, the pairs of persons and the matches."""
    (boxes_a, row_a), (boxes_b, row_b) = boxes_at_compared_moments(a), boxes_at_compared_moments(b)
    overlaps = overlaps_of(boxes_a, boxes_b)
    chosen = match_overlaps(overlaps.at_least(min_overlap), boxes_a, boxes_b)
    figures, counterparts = figures_of(boxes_a, boxes_b, overlaps, chosen, min_overlap)
    matches = Overlaps(row_a[chosen.a], row_b[chosen.b], chosen.overlap)
    return figures, pairs_table(a, b, matches, counterparts), _matches_table(a, b, matches)


def _matches_table(a: Seen, b: Seen, matches: Overlaps) -> pd.DataFrame:
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


def _trackings(*both: Seen) -> pd.DataFrame:
    """Count what each tracking holds, and which of its moments are compared."""
    moments = [len(np.unique(seen.time)) for seen in both]
    compared = [len(np.unique(seen.moment[seen.moment != LEFT_OUT])) for seen in both]
    columns = {
        "persons": [len(seen.persons) for seen in both],
        "detections": [len(seen.time) for seen in both],
        "without_box": [int((~seen.boxed).sum()) for seen in both],
        "held": np.array([int(seen.held.sum()) for seen in both]).view("timedelta64[ms]"),
        "period": np.array([seen.period for seen in both]).view("timedelta64[ms]"),
        "moments": moments,
        "in_both": [some - seen.alone for some, seen in zip(compared, both, strict=True)],
        "alone": [seen.alone for seen in both],
        "left_out": [count - some for count, some in zip(moments, compared, strict=True)],
    }
    return pd.DataFrame(columns, index=pd.Index(["a", "b"], name="tracking", dtype="str"))
