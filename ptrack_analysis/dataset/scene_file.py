"""The zone file and the floor plan of an export, tried before any video is read; the file as tables."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.floor import read_floor
from ptrack_analysis.schema import LINES, ZONES, assemble
from ptrack_analysis.video import Pixels, Plane, Video, milliseconds
from ptrack_analysis.zones import Line, Scene, Zone, project_scene, read_scene

Thing = TypeVar("Thing", Zone, Line)

_NOT_SAID = int(np.iinfo("int64").min)


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
            for name in (video.name, *scene.videos):
                project_scene(scene, replace(video, name=name), plane, place=str(settings.zones))
    except ParameterError:
        return scene  # what is given in px can only be tried where the frame's size is known: with each video
    return scene


def zones_table(scene: Scene) -> pd.DataFrame:
    """Make the ZONES table of a zone file, with the outlines in the file's own unit.

    There is one row a zone and video that it is bound to; a zone of every video has one, of the video ``""``.
    """
    zones, videos = _by_video(scene.zones)
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [zone.name for zone in zones],
        "video": videos,
        "kind": [zone.kind for zone in zones],
        "unit": [zone.unit for zone in zones],
        "outline": [zone.outline.wkt for zone in zones],
        "holds_from": _moments([zone.start for zone in zones]),
        "holds_to": _moments([zone.end for zone in zones]),
        "area": np.array([zone.outline.area for zone in zones], dtype="float64"),
    }
    return assemble(ZONES, arrays)


def lines_table(scene: Scene) -> pd.DataFrame:
    """Make the LINES table of a zone file, as ``zones_table`` does that of its zones."""
    lines, videos = _by_video(scene.lines)
    arrays: dict[str, np.ndarray | list[str]] = {
        "line": [line.name for line in lines],
        "video": videos,
        "kind": [line.kind for line in lines],
        "unit": [line.unit for line in lines],
        "outline": [line.outline.wkt for line in lines],
        "length": np.array([line.outline.length for line in lines], dtype="float64"),
    }
    return assemble(LINES, arrays)


def _by_video(things: Sequence[Thing]) -> tuple[list[Thing], list[str]]:
    """Repeat each thing for each of its videos."""
    pairs = [(thing, video) for thing in things for video in thing.videos or ("",)]
    return [thing for thing, _ in pairs], [video for _, video in pairs]


def _moments(values: Sequence[pd.Timedelta | None]) -> np.ndarray:
    return np.array(
        [_NOT_SAID if value is None else milliseconds(value, "a zone's time") for value in values],
        dtype="int64",
    )
