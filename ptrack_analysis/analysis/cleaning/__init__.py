"""Detections and trajectories cleaned: gaps, jitter, jumps, short tracks, broken identities."""

from ptrack_analysis.analysis.cleaning.gaps import fill_gaps
from ptrack_analysis.analysis.cleaning.jumps import flag_jumps, repair_jumps
from ptrack_analysis.analysis.cleaning.renaming import apply_stitches, undo_stitches
from ptrack_analysis.analysis.cleaning.short_tracks import split_short_tracks
from ptrack_analysis.analysis.cleaning.smoothing import smooth_trajectories
from ptrack_analysis.analysis.cleaning.stitching import compute_stitches

__all__ = [
    "apply_stitches",
    "compute_stitches",
    "fill_gaps",
    "flag_jumps",
    "repair_jumps",
    "smooth_trajectories",
    "split_short_tracks",
    "undo_stitches",
]
