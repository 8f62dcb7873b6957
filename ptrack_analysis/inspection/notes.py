"""What is odd but usable about one video as it was read, a sentence each."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.trust.checks import CHECKS
from ptrack_analysis.geometry import FEET_MARGIN, Floats
from ptrack_analysis.sources.pages.job import Reading
from ptrack_analysis.sources.pages.rows import Whole
from ptrack_analysis.video import Video

LATE = pd.Timedelta("2s")
"""A first detection later than this may mean that the first pages are missing."""
MUCH_UNLOCATED = CHECKS["unlocated time"].doubtful / 100
"""A share of the time in the scene, spent nobody knows where, that a reader of zone dwell must know of."""
MANY_FEET_HIDDEN = CHECKS["feet not seen"].doubtful / 100
"""A share of boxes on the picture's lower edge that a reader of positions must know of."""

_SAID = ("unlocated time", "feet not seen")


def notes_on(reading: Reading, tracks: pd.DataFrame, max_gap: pd.Timedelta | str) -> list[str]:
    """Say what is odd but usable about a reading, a sentence each; TRACKS tell the time unlocated."""
    whole = reading.facts()
    return [
        *reading.notes,
        *_notes_on_times(reading.video, whole.index, max_gap),
        *_notes_on_rows(reading, whole),
        *_notes_on_places(tracks, whole),
    ]


def notes_on_quality(quality: pd.DataFrame) -> list[str]:
    """Say which checks of QUALITY are doubtful or bad, but for what ``notes_on`` says in its own words."""
    odd = quality[quality["verdict"].isin(["doubtful", "bad"]) & ~quality.index.isin(_SAID)]
    return [
        f"the tracking is {row.verdict} by the check {row.Index!r}: {row.value:.4g} {row.value_unit} "
        f"(doubtful above {row.doubtful_above:g}, bad above {row.bad_above:g})"
        for row in odd.itertuples()
    ]


def _notes_on_times(video: Video, index: pd.MultiIndex, max_gap: pd.Timedelta | str) -> Iterator[str]:
    """Say what is odd about the times and the video's facts."""
    moments = index.get_level_values("timestamp").unique()
    if not len(moments):
        yield "no person was detected"
    elif moments.min() > LATE:
        late = moments.min().total_seconds()
        yield f"the first detection is at {late:.3f} s: if people were there before, first pages are missing"
    if len(moments) > 1 and (np.diff(moments) > pd.Timedelta(max_gap)).all():
        yield (
            f"no two moments of the video lie within max_gap ({pd.Timedelta(max_gap).total_seconds():g} s): "
            "each detection counts for itself alone; if the sampling was that slow, give a longer --max-gap"
        )
    if video.width is None or video.height is None:
        yield "the frame size is not known: give --frame-size, as in 640x360, to measure anything in px"
    if video.duration is None:
        yield "the video's duration is not known: the last stays are taken to end with the last detection"
    elif len(moments) and moments.max() > video.duration:
        yield (
            f"a detection lies at {moments.max().total_seconds():.3f} s, beyond the video's duration of "
            f"{video.duration.total_seconds():.3f} s, which is therefore not believed"
        )


def _notes_on_rows(reading: Reading, whole: Whole) -> Iterator[str]:
    """Say what is odd about pages and rows."""
    if reading.goes_on and not reading.incomplete:
        yield (
            "the last page by name has a NextToken, and a page before it ends the job: pages may be missing, "
            "or two fetches be mixed"
        )
    if reading.repeated:
        yield f"{_count(reading.repeated, 'page was', 'pages were')} saved twice and counted once"
    if reading.merged:
        repeat = _count(reading.merged, "row repeats", "rows repeat")
        yield f"{repeat} a person at a moment: made one row each"
    if whole.negative:
        boxes = _count(whole.negative, "box has", "boxes have")
        yield f"{boxes} a negative size and covers nothing in a heatmap"


def _notes_on_places(tracks: pd.DataFrame, whole: Whole) -> Iterator[str]:
    """Say how much of the time or of the boxes says little about places."""
    dwell, unlocated = total_ms(tracks["dwell"]), total_ms(tracks["unlocated"])
    if unlocated > MUCH_UNLOCATED * dwell:
        yield (
            f"for {unlocated / dwell:.0%} of the time in the scene it is not known where the person stood "
            "(no body box): time in zones is too short by up to that"
        )
    if whole.hidden > MANY_FEET_HIDDEN * whole.boxes:
        yield (
            f"{whole.hidden / whole.boxes:.0%} of the body boxes end on the picture's lower edge: the feet "
            "may be below it, and positions there are only as good as that"
        )


def boxes_of(detections: pd.DataFrame) -> Floats:
    """Give the body boxes that are there: (k, 4) left, top, width, height."""
    boxes: Floats = detections[["left", "top", "width", "height"]].to_numpy()
    return boxes[~np.isnan(boxes).any(axis=1)]


def count_hidden(boxes: Floats) -> int:
    """Count the boxes that end on the picture's lower edge."""
    return int((boxes[:, 1] + boxes[:, 3] >= 1 - FEET_MARGIN).sum())


def total_ms(spans: "pd.Series[pd.Timedelta]") -> int:
    """Sum lengths of time [ms]."""
    return int(spans.to_numpy().view("int64").sum())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
