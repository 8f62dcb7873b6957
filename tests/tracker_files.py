"""What tests of other trackers share: a video of 100 x 200 px, and what a table says in a few numbers."""

import warnings

from ptrack_analysis.errors import PtrackWarning
from ptrack_analysis.schema import DETECTIONS, validate
from ptrack_analysis.sources.trackers.registry import read_tracks
from ptrack_analysis.video import Video

SMALL = Video(width=100, height=200, frame_rate=25.0)


def read(path, **given):
    """Read a tracker's file of the small video, and check the table; its notes tell what a warning would."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        tracked = read_tracks(path, **{"video": SMALL, **given})
    validate(tracked.table, DETECTIONS)
    assert tracked.table.index.is_monotonic_increasing
    return tracked


def boxes(tracked):
    """Give (ms, person, left, top, width, height) of each row."""
    sides = tracked.table[["left", "top", "width", "height"]].to_numpy().tolist()
    keys = tracked.table.index
    return [
        (int(time.value) // 10**6, person, *side) for (time, person), side in zip(keys, sides, strict=True)
    ]
