"""What is known of the making of one video: when, where, by which camera."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from ptrack_analysis.schema import VIDEOS
from ptrack_analysis.storage.columns import stored_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """When and where one video was recorded; what is not known is None.

    ``started_at`` has an offset; ``timezone``, a name such as ``Europe/Berlin`` or an offset such as
    ``+01:00``, is that of the place's own clock, and known wherever ``started_at`` is. ``opening_hours`` are
    in the syntax of OpenStreetMap. ``further`` holds any other column of the file of recordings, or field of
    the pattern. ``fault`` says what is wrong with the time that the video's file name tells.
    """

    video: str
    started_at: datetime | None = None
    timezone: str | None = None
    site: str | None = None
    camera: str | None = None
    opening_hours: str | None = None
    further: Mapping[str, str | None] = field(default_factory=dict)
    fault: str | None = None

    def row(self) -> dict[str, Any]:
        """Give all that is known, as JSON knows it."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        started = None if self.started_at is None else self.started_at.isoformat()
        return known | {"started_at": started, "further": dict(self.further)}


def taken_names() -> set[str]:
    """List what no further column can be called: the columns of VIDEOS, as they are in memory and stored."""
    stored = stored_columns(VIDEOS, clocked=True)
    return {name for one in stored for name in (one.name, one.memory_name)} - {"site", "camera"}
