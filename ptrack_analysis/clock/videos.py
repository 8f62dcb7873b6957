"""What the table of videos says of a recording."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.clock.timezones import timezone_of


def of_recording(recording: Recording) -> dict[str, Any]:
    """Give the columns of VIDEOS that tell a recording, of one row, as ``assemble`` takes them."""
    started, shown = recording.started_at, None
    if started is not None and recording.timezone is not None:
        shown = started.astimezone(timezone_of(recording.timezone))
    utc = None if started is None else started.astimezone(UTC).replace(tzinfo=None)
    return {
        "started_at": np.array([utc], dtype="datetime64[us]"),
        "timezone": [recording.timezone],
        "local_day": [None if shown is None else shown.date().isoformat()],
        "local_hour": [None if shown is None else shown.hour],
        "weekday": [None if shown is None else shown.isoweekday()],
        "site": [recording.site],
        "camera": [recording.camera],
        "opening_hours": [recording.opening_hours],
    }


def with_further(videos: pd.DataFrame, further: Mapping[str, str | None]) -> pd.DataFrame:
    """Put the further columns of a recording behind those of its row of VIDEOS, as text."""
    columns = {name: pd.array([value], dtype="str") for name, value in further.items()}
    return videos.assign(**columns)
