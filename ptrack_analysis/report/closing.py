"""The last section of one video's report: the rules and the parameters by which all was measured."""

from typing import Any

import pandas as pd

from ptrack_analysis.analysis.counting.counts import compute_counts
from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.analysis.crowd.density import compute_occupancy_bins
from ptrack_analysis.analysis.flows.transitions import compute_transitions
from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap
from ptrack_analysis.analysis.places.occupancy import compute_occupancy
from ptrack_analysis.analysis.places.visits import compute_visits
from ptrack_analysis.analysis.quality.checks import compute_quality
from ptrack_analysis.analysis.quality.intervals import compute_intervals
from ptrack_analysis.analysis.stays.dwell import compute_dwell
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.report.definitions import rule_of
from ptrack_analysis.report.measured import Measured
from ptrack_analysis.report.parts import Facts, Section, Words
from ptrack_analysis.video import milliseconds


def definitions_section(measured: Measured) -> Section:
    """Unfold the rules by which all was computed, and list the parameters."""
    rules: list[Any] = [compute_trajectories, compute_tracks, compute_occupancy, compute_occupancy_bins]
    if measured.visits is not None:
        rules += [compute_visits, compute_dwell, compute_transitions]
    if measured.analysis.lines:
        rules += [compute_crossings, compute_counts]
    rules.append(compute_box_heatmap if measured.analysis.floor_plan is None else compute_heatmap)
    rules += [compute_intervals, compute_quality]
    said = "What each figure means, in the words of the functions that compute it."
    return Section(
        "definitions",
        "Definitions and parameters",
        [Words(said), *map(rule_of, rules), _parameters(measured)],
    )


def _parameters(measured: Measured) -> Facts:
    """List what was asked for: times in ms, distances in the plane's unit; files by their checksum."""
    withheld = {"csv", "tables", "salt", "faces", "video", "min_count", "allow_incomplete"}
    given = {
        name: value
        for name, value in measured.analysis.config.parameters().items()
        if name not in withheld and value is not None and value is not False
    }
    times = {
        name for name in given if isinstance(getattr(measured.analysis.config, name, None), pd.Timedelta)
    }
    shown = [
        (
            name,
            f"{milliseconds(getattr(measured.analysis.config, name), name)} ms"
            if name in times
            else str(value),
        )
        for name, value in given.items()
    ]
    return Facts(shown)
