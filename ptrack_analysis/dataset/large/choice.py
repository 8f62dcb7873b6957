"""Which road a video takes: through memory, or block after block."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.dataset.large.memory import has_sorter, needed_for
from ptrack_analysis.dataset.large.tables import large_tables
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.tables import compute_tables, folders_of
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.io.growing import GrowingTable
from ptrack_analysis.zones import Scene

IN_BLOCKS: Mapping[str, str] = {
    "videos": "the video's facts",
    "persons": "a block",
    "detections": "a block",
    "trajectories": "a block",
    "movement": "a block",
    "stops": "a block",
    "visits": "a block",
    "observed": "a block",
    "crossings": "a block",
    "facing": "a block",
    "occupancy": "sums over blocks",
    "heatmap": "sums over blocks",
    "quality": "sums over blocks",
    "occupancy_bins": "occupancy",
    "occupancy_hourly": "occupancy",
    "density": "occupancy",
    "dwell": "visits",
    "dwell_quantiles": "visits",
    "survival": "visits",
    "waits": "visits",
    "service_levels": "visits",
    "queue": "visits",
    "transitions": "visits",
    "retail": "visits",
    "visits_hourly": "visits",
    "intervals": "visits",
    "zone_overlaps": "zones",
    "counts": "crossings",
    "balance": "crossings",
    "flow": "crossings",
}
"""What each table is made from where a video is measured block after block; the others need all rows."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one video: its tables, the files of those that do not fit into memory, notes."""

    tables: dict[str, pd.DataFrame]
    notes: list[str]
    files: dict[str, GrowingTable] = field(default_factory=dict)


@contextmanager
def measured_tables(
    reference: VideoReference, settings: Settings, scene: Scene | None, recording: Recording | None = None
) -> Iterator[Measured]:
    """Compute every table of one video, in memory or block after block; files are removed in the end.

    Raises
    ------
    PtrackError
        As ``compute_tables``.
    """
    if not is_large(reference, settings, scene):
        yield Measured(*compute_tables(reference, settings, scene, recording))
        return
    with large_tables(reference, settings, scene, recording) as large:
        yield Measured(large.tables, large.notes, large.files)


def is_large(reference: VideoReference, settings: Settings, scene: Scene | None) -> bool:
    """Tell whether a video is measured block after block, because measuring it in memory may take too much.

    The size of its files tells how much that may be at most. The tables are the same, to the byte; so what
    can only be measured in memory is measured there: what another tracker saved, what ``held_back`` names,
    and everything where DuckDB is not installed.
    """
    if reference.form is not None or not has_sorter() or held_back(settings, scene):
        return False
    return needed_for(reference) > settings.memory_bytes


def held_back(settings: Settings, scene: Scene | None) -> list[str]:
    """Name the settings and tables that need all rows of a video at once."""
    asked: dict[str, Any] = {
        "stitch": settings.stitch,
        "fill_gaps": settings.fill_gaps is not None,
        "salt": settings.salt is not None,
        "min_count": settings.min_count is not None,
    }
    options = [name for name, given in asked.items() if given]
    return options + [name for name in folders_of(settings, scene) if name not in IN_BLOCKS]
