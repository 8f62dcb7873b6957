"""The tables of one video that an export writes."""

from datetime import UTC, datetime

import pandas as pd

from ptrack_analysis.dataset.definitions import definitions_of
from ptrack_analysis.dataset.keys import with_keys
from ptrack_analysis.dataset.release import needed_folders, released_folders
from ptrack_analysis.pipeline.config import Settings
from ptrack_analysis.pipeline.notes import notes_on
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, outputs_available
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zone_files import Scene


def compute_tables(analysis: VideoAnalysis) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compute the tables of one video that its configuration asks for, and notes on the video.

    The tables carry the keys of their zones and lines.

    Raises
    ------
    PtrackError
        If the video cannot be read, or not be analyzed as asked.
    """
    tables = {name: compute_table(analysis, name) for name in _computed(analysis.config, analysis.scene)}
    notes = notes_on(analysis.reading, tables["persons"], analysis.config.max_gap)
    return tables, [*notes, *analysis.notes]


def compute_table(analysis: VideoAnalysis, name: str) -> pd.DataFrame:
    """Compute one table of a video, with the keys of its zones and lines."""
    definitions = definitions_of(analysis.scene, analysis.video.name)
    return with_keys(analysis[name], OUTPUTS[name].table, definitions)


def start_of(videos: pd.DataFrame) -> datetime | None:
    """Return when the recording of a video started, by its VIDEOS table, or None if that is unknown."""
    started = pd.Timestamp(videos["started_at"].iloc[0])
    return None if pd.isna(started) else started.tz_localize(None).tz_localize(UTC).to_pydatetime()


def folders_of(settings: Settings, scene: Scene | None) -> list[str]:
    """List the tables that are written, by the names of their folders, in their order."""
    return released_folders(_computed(settings, scene), settings)


def _computed(settings: Settings, scene: Scene | None) -> list[str]:
    """List the tables that are computed: those that are written, and those that others are counted by."""
    standard = {output.name for output in OUTPUTS.values() if output.standard}
    wanted = {*ALWAYS, *(settings.tables or standard), *needed_folders(settings)}
    return [output.name for output in outputs_available(settings, scene) if output.name in wanted]
