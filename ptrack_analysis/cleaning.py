"""Clean tracking data: stitch tracks, fill gaps, repair jumps, smooth positions."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.cleaning.gaps import fill_gaps
from ptrack_analysis.analysis.cleaning.jumps import flag_jumps, repair_jumps
from ptrack_analysis.analysis.cleaning.renaming import apply_stitches, filter_short_tracks, unstitch_tracks
from ptrack_analysis.analysis.cleaning.smoothing import smooth_trajectories
from ptrack_analysis.analysis.cleaning.stitching import compute_stitches
from ptrack_analysis.public_names import describe_missing

__all__ = [
    "apply_stitches",
    "compute_stitches",
    "fill_gaps",
    "filter_short_tracks",
    "flag_jumps",
    "repair_jumps",
    "smooth_trajectories",
    "unstitch_tracks",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
