"""What an export is asked for."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heatmaps import refuse_shape
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.floor import read_floor
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.video import Pixels, Plane, Video, milliseconds, timedelta
from ptrack_analysis.zones import Scene, project_scene, read_scene

Span = pd.Timedelta | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one export, checked; every field as in ``export_dataset``."""

    zones: Path | None
    floor: Path | None
    video: Video
    max_gap: pd.Timedelta
    merge_gap: pd.Timedelta
    period: pd.Timedelta | None
    shape: tuple[int, int]
    start: pd.Timedelta | None
    end: pd.Timedelta | None
    persons: tuple[int, ...] | None
    faces: bool
    csv: bool
    allow_incomplete: bool

    @property
    def unit(self) -> str:
        """The unit of the plane in which positions are measured."""
        return "px" if self.floor is None else "m"

    @property
    def folders(self) -> list[str]:
        """The tables that are computed, by the names of their folders."""
        visits = [] if self.zones is None else ["visits"]
        return ["videos", "persons", "detections", "trajectories", *visits, "occupancy", "heatmap"]

    def parameters(self) -> dict[str, Any]:
        """Give all that decides about the result, as JSON knows it: times in ms, files by their checksum."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["video"] = {n: v for n, v in asdict(self.video).items() if v is not None and n != "name"}
        plain: dict[str, Any] = _plain(values)
        return plain


def settings_from(
    *,
    zones: str | PathLike[str] | None,
    floor: str | PathLike[str] | None,
    video: Video | None,
    max_gap: Span,
    merge_gap: Span,
    period: Span | None,
    shape: tuple[int, int],
    start: Span | None,
    end: Span | None,
    persons: Iterable[int] | None,
    faces: bool,
    csv: bool,
    allow_incomplete: bool,
) -> Settings:
    """Check the settings, as far as it can be done without a video.

    Raises
    ------
    ParameterError
        If one is out of its range.
    """
    refuse_shape(shape)
    settings = Settings(
        zones=None if zones is None else Path(zones),
        floor=None if floor is None else Path(floor),
        video=video or Video(),
        max_gap=_span(max_gap, "max_gap"),
        merge_gap=_span(merge_gap, "merge_gap"),
        period=None if period is None else _span(period, "period"),
        shape=(int(shape[0]), int(shape[1])),
        start=None if start is None else _span(start, "start"),
        end=None if end is None else _span(end, "end"),
        persons=None if persons is None else tuple(sorted({int(person) for person in persons})),
        faces=faces,
        csv=csv,
        allow_incomplete=allow_incomplete,
    )
    if settings.end is not None and settings.end <= (settings.start or timedelta(0)):
        raise ParameterError(f"end is {end!r}, which is not after start ({start!r})")
    return settings


def read_scene_file(settings: Settings) -> Scene | None:
    """Read the zone file, and try it with the floor plan, so that their faults are told before all else.

    Raises
    ------
    ZoneError
        If one of the files cannot be used.
    """
    scene = None if settings.zones is None else read_scene(settings.zones)
    video = settings.video
    if settings.floor is not None:
        sized = video if video.width and video.height else Video(width=1, height=1)
        read_floor(settings.floor, sized)
    try:
        plane: Plane = Pixels(1, 1) if settings.floor is None else read_floor(settings.floor, video)
        if scene is not None:
            project_scene(scene, video, plane, place=str(settings.zones))
    except ParameterError:
        return scene  # what is given in px can only be tried where the frame's size is known: with each video
    return scene


def checksum(path: AnyPath) -> str:
    """Give the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _span(value: Span, name: str) -> pd.Timedelta:
    return timedelta(milliseconds(value, name))


def _plain(value: Any) -> Any:
    """Make a value one that JSON knows."""
    value = value.item() if isinstance(value, np.generic) else value
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case tuple():
            return [_plain(inner) for inner in value]
        case pd.Timedelta():
            return milliseconds(value, "duration")
        case datetime():
            return value.isoformat()
        case Path():
            return checksum(value)
        case _:
            return value
