"""One video taken down the road: read, cleaned, cut to a part, located."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.cleaning import (
    apply_stitches,
    compute_stitches,
    fill_gaps,
    flag_jumps,
    repair_jumps,
    smooth_trajectories,
)
from ptrack_analysis.analysis.presence import end_of, sampling_period
from ptrack_analysis.analysis.selection import select
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.floor import Floor, read_floor
from ptrack_analysis.io.archive import Form, Source, VideoReference
from ptrack_analysis.io.reading import Reading
from ptrack_analysis.io.tracking import load
from ptrack_analysis.schema import STITCHES, empty
from ptrack_analysis.video import Plane, Video, milliseconds
from ptrack_analysis.zones import Line, Scene, Zone, project_scene

DOOR = "door"
"""Kind of a zone through which persons come and go, so that who is lost there is not sought elsewhere; and of
a line that bounds the scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """One video as far as its trajectories: what all tables and pictures are made from.

    ``reading`` is what the source holds; ``video`` are the facts about the video, without a duration that a
    detection lies beyond; ``detections`` are cleaned and cut to the part that was asked for;
    ``stitches`` says which tracks were joined; ``period`` is the sampling period; ``duration`` is the length
    of the part that was asked for, None where the video's end is not known. Of a video larger than memory no
    rows are here: ``made`` are the tables, and heatmaps, that were made of them block after block.
    """

    reading: Reading
    video: Video
    detections: pd.DataFrame
    trajectories: pd.DataFrame
    stitches: pd.DataFrame
    floor: Floor | None
    zones: list[Zone]
    lines: list[Line]
    period: pd.Timedelta
    duration: pd.Timedelta | None
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plane(self) -> Plane:
        """Where distances are measured."""
        return self.floor or self.video.pixels


def take_road(
    source: Source | VideoReference, settings: Settings, scene: Scene | None, *, form: Form | None = None
) -> Road:
    """Read one video, clean it, cut it to the part asked for, and locate its persons.

    In this order: tracks of one person are joined, gaps are filled, persons and times are selected, positions
    are computed, jumps are flagged or repaired, positions are smoothed; each only if it is asked for. The
    sampling period is that of the whole video as it was read. ``form`` says how
    another tracker's file is read.

    Raises
    ------
    PtrackError
        If the video cannot be read, or not be measured as asked.
    """
    reading = load(source, video=settings.video, faces=settings.faces, careful=False, form=form)
    reading.refuse(allow_incomplete=settings.allow_incomplete)
    last = reading.detections.index.get_level_values("timestamp").max()
    video = believed(reading.video, last)
    period = settings.period
    floor = None if settings.floor is None else read_floor(settings.floor, video)
    if period is None:
        period = sampling_period(reading.detections, video, max_gap=settings.max_gap)
    period = pd.Timedelta(period)
    zones, lines = drawn(scene, video, floor, settings)
    doors = [zone for zone in zones if zone.kind == DOOR]
    whole, stitches = _joined(reading.detections, video, floor, doors, period=period, settings=settings)
    if settings.fill_gaps is not None and period > pd.Timedelta(0):  # with no period there is no gap either
        whole = fill_gaps(whole, limit=settings.fill_gaps, max_gap=settings.max_gap, period=period)
    persons = settings.persons
    if persons is not None:
        persons = [int(stitches["merged_into"].get(person, person)) for person in persons]
    detections = select(whole, start=settings.start, end=settings.end, persons=persons)
    trajectories = compute_trajectories(
        detections, video, plane=floor, max_gap=settings.max_gap, period=period
    )
    return Road(
        reading=reading,
        video=video,
        detections=detections,
        trajectories=improved(trajectories, settings),
        stitches=stitches,
        floor=floor,
        zones=zones,
        lines=lines,
        period=period,
        duration=length_of(video, settings),
    )


def drawn(
    scene: Scene | None, video: Video, floor: Floor | None, settings: Settings
) -> tuple[list[Zone], list[Line]]:
    """Give the zones and lines of one video in its plane."""
    if scene is None:
        return [], []
    return project_scene(scene, video, floor or video.pixels, place=str(settings.zones))


def believed(video: Video, last: pd.Timedelta | None) -> Video:
    """Leave out a duration that the ``last`` detection of the whole video lies beyond."""
    seen = 0 if last is None or pd.isna(last) else milliseconds(last, "timestamp")
    return video if end_of(video, seen) is not None else replace(video, duration=None)


def length_of(video: Video, settings: Settings) -> pd.Timedelta | None:
    """Tell how long the part asked for is, within the video's end where that is known."""
    ends = [end for end in (settings.end, video.duration) if end is not None]
    if not ends:
        return None
    return max(min(map(pd.Timedelta, ends)) - pd.Timedelta(settings.start or 0), pd.Timedelta(0)) or None


def _joined(
    detections: pd.DataFrame,
    video: Video,
    floor: Floor | None,
    doors: list[Zone],
    *,
    period: pd.Timedelta,
    settings: Settings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join the tracks that are one person's, where that is asked for; and say which they were."""
    if not settings.stitch:
        return detections, empty(STITCHES, unit=settings.unit)
    trajectories = compute_trajectories(
        detections, video, plane=floor, max_gap=settings.max_gap, period=period
    )
    stitches = compute_stitches(detections, trajectories, video, doors=doors)
    return apply_stitches(detections, stitches), stitches


def improved(trajectories: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Flag or repair jumps, and smooth, where that is asked for."""
    if settings.max_speed is not None:
        trajectories = flag_jumps(trajectories, max_speed=settings.max_speed)
    if settings.repair_jumps:
        trajectories = repair_jumps(trajectories, max_interpolation=settings.max_gap)
    if settings.smooth is not None:
        trajectories = smooth_trajectories(trajectories, window=settings.smooth)
    return trajectories
