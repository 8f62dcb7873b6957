"""The VIDEOS table of one video: its row."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.clock.lookup import settled
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.clock.videos import of_recording, with_further
from ptrack_analysis.schema import VIDEOS, assemble
from ptrack_analysis.video import Video, milliseconds

_NOT_KNOWN = int(np.iinfo("int64").min)


def videos_table(
    video: Video,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
    recording: Recording | None = None,
) -> pd.DataFrame:
    """Make the VIDEOS table of one video, of which the part from ``start`` to ``end`` was analysed.

    When and where it was recorded is the recording's to tell; without one, the video's start is.
    """
    texts = ("name", "codec", "format", "color_range", "job_id", "job_tag", "source")
    arrays: dict[str, Any] = {name: [getattr(video, name)] for name in (*texts, "width", "height")}
    arrays["video"] = arrays.pop("name")
    rate = np.nan if video.frame_rate is None else video.frame_rate
    duration = _NOT_KNOWN if video.duration is None else milliseconds(video.duration, "duration")
    arrays |= {
        "frame_rate": np.array([rate]),
        "duration": np.array([duration]),
        "analysed_from": np.array([_NOT_KNOWN if start is None else milliseconds(start, "start")]),
        "analysed_to": np.array([_NOT_KNOWN if end is None else milliseconds(end, "end")]),
    }
    recording = recording or settled(Recording(video=video.name), video)
    return with_further(assemble(VIDEOS, arrays | of_recording(recording)), recording.further)


def start_of(videos: pd.DataFrame) -> datetime | None:
    """Tell when the recording of a video began, by its VIDEOS table, where that is known."""
    started = pd.Timestamp(videos["started_at"].iloc[0])
    return None if pd.isna(started) else started.tz_localize(None).tz_localize(UTC).to_pydatetime()
