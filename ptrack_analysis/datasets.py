"""Find videos, export them as a dataset, and read, verify and change datasets."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.opening import Dataset, open_dataset
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.dataset.verification import Verification
from ptrack_analysis.dataset.verify import verify_dataset
from ptrack_analysis.pipeline.workers import map_videos
from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.finding import find_videos

__all__ = [
    "Dataset",
    "Verification",
    "VideoReference",
    "compact_dataset",
    "export_dataset",
    "find_videos",
    "map_videos",
    "open_dataset",
    "remove_videos",
    "verify_dataset",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
