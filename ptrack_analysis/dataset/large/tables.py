"""The tables of one video that is larger than memory: small ones in memory, large ones as files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.presence import period_of_steps, refuse_long
from ptrack_analysis.clock.lookup import settled
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.dataset.definitions import definitions_of
from ptrack_analysis.dataset.keys import with_keys
from ptrack_analysis.dataset.large.blocks import Gathered, gathered_for, movement_of
from ptrack_analysis.dataset.large.leftovers import spill_folder
from ptrack_analysis.dataset.large.survey import Survey, part_of, survey
from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.notes import Told
from ptrack_analysis.dataset.road import Road, believed, drawn, length_of
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.tables import (
    folders_of,
    tables_along,
    without_faces,
)
from ptrack_analysis.dataset.video_row import start_of, videos_table
from ptrack_analysis.floor import read_floor
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.io.growing import GrowingTable, growing_tables
from ptrack_analysis.io.spill import Spill, blocks_by_person, blocks_by_time, spill
from ptrack_analysis.schema import DETECTIONS, STITCHES, TRAJECTORIES, empty
from ptrack_analysis.video import milliseconds, timedelta
from ptrack_analysis.zones import Scene

_A_ROW = 4000
"""Bytes that a row of a block takes at the peak, with all that is made of it."""
_LEAST = 200
GROWING = ("detections", "trajectories", "movement")
"""The tables with a row a detection."""


@dataclass(frozen=True, slots=True)
class LargeTables:
    """The tables of one video: the small ones, the files of the large ones, and the notes on it."""

    tables: dict[str, pd.DataFrame]
    files: dict[str, GrowingTable]
    notes: list[str]


@contextmanager
def large_tables(
    reference: VideoReference,
    settings: Settings,
    scene: Scene | None,
    recording: Recording | None = None,
    *,
    block: int | None = None,
) -> Iterator[LargeTables]:
    """Compute every table of one video as ``compute_tables``, with the rows on disk instead of in memory.

    The pages are read one by one into a file in the system's folder for temporary files (``TMPDIR``), and
    sorted there. One pass in the order of time finds what concerns all rows, such as the sampling period;
    one over blocks of whole persons measures them. The folder is removed in the end.

    Parameters
    ----------
    reference, settings, scene, recording
        As in ``compute_tables``.
    block
        Rows of a block, by default as many as fit into ``settings.memory``: a person or a moment with more
        makes it larger.

    Raises
    ------
    PtrackError
        As ``compute_tables``; also if DuckDB is not installed, or the disk is full.
    """
    block = block or max(_LEAST, settings.memory_bytes // _A_ROW)
    with spill_folder() as folder:
        spilled = spill(reference, folder, video=settings.video, faces=settings.faces)
        spilled.reading.refuse(allow_incomplete=settings.allow_incomplete)
        known = survey(spilled, settings, block)
        gathered = gathered_for(_road(spilled, known, settings, scene), settings, known.part.last)
        folders = [name for name in folders_of(settings, scene) if name in GROWING]
        schemas = {name: FOLDERS[name] for name in folders}
        definitions = definitions_of(scene, gathered.road.video.name)
        if recording is not None:
            recording = settled(recording, gathered.road.video, settings)
        videos = videos_table(gathered.road.video, settings.start, settings.end, recording)
        form = {"video": reference.name, "started_at": start_of(videos)}
        with growing_tables(folder, schemas, form, csv=settings.csv) as files:
            keyed = {
                name: lambda table, name=name: files[name].add(with_keys(table, FOLDERS[name], definitions))
                for name in files
            }
            _measure(spilled, gathered, keyed, scene, block)
            if "detections" in keyed:
                _copy_detections(spilled, settings, keyed["detections"], block)
            for file in files.values():
                file.close()
            road = replace(gathered.road, made=gathered.made(known.part))
            tables, notes = tables_along(
                road,
                settings,
                scene,
                recording,
                elsewhere=GROWING,
                seen=known.seen(settings),
                told=_told(known, gathered),
            )
            yield LargeTables(tables, files, notes)


def _road(spilled: Spill, known: Survey, settings: Settings, scene: Scene | None) -> Road:
    """Begin the road of the video, without rows."""
    reading = replace(spilled.reading, merged=known.merged)
    last = None if known.whole.last is None else timedelta(known.whole.last)
    video = believed(reading.video, last)
    floor = None if settings.floor is None else read_floor(settings.floor, video)
    period = settings.period
    if period is None:
        longest = milliseconds(settings.max_gap, "max_gap")
        found = period_of_steps(*known.whole.counted(), video, longest)
        refuse_long(found, longest)
        period = timedelta(found)
    zones, lines = drawn(scene, video, floor, settings)
    return Road(
        reading=reading,
        video=video,
        detections=empty(DETECTIONS),
        trajectories=empty(TRAJECTORIES, unit=settings.unit),
        stitches=empty(STITCHES, unit=settings.unit),
        floor=floor,
        zones=zones,
        lines=lines,
        period=pd.Timedelta(period),
        duration=length_of(video, settings),
    )


def _measure(
    spilled: Spill, gathered: Gathered, files: Mapping[str, Any], scene: Scene | None, block: int
) -> None:
    """Measure the video block after block; of nobody, one block of no rows."""
    settings = gathered.settings
    options: dict[str, Any] = {"with_stops": settings.measures_stops, "scene": scene}
    measured = False
    for whole, _ in blocks_by_person(spilled, block):
        part = part_of(whole, settings)
        if len(part):
            _add(gathered.add(part, **options), settings, files)
            measured = True
    if not measured:
        nobody = spilled.empty_block()
        _add(gathered.add(nobody, **options), settings, files)


def _add(road: Road, settings: Settings, files: Mapping[str, Any]) -> None:
    if "trajectories" in files:
        files["trajectories"](road.trajectories)
    if "movement" in files:
        files["movement"](movement_of(road, settings))


def _copy_detections(spilled: Spill, settings: Settings, add: Any, block: int) -> None:
    """Write the detections of the part asked for, in the order of time."""
    blocks = blocks_by_time(spilled, block)
    parts = (part_of(whole, settings) for whole, _ in blocks)
    written = False
    for part in parts:
        if len(part):
            add(part if settings.faces else without_faces(part))
            written = True
    if not written:
        add(spilled.empty_block() if settings.faces else without_faces(spilled.empty_block()))


def _told(known: Survey, gathered: Gathered) -> Told:
    return Told(
        persons=known.persons,
        last=None if known.whole.last is None else timedelta(known.whole.last),
        rows=gathered.rows,
        flagged=gathered.flagged,
        within=gathered.within,
        speeds=gathered.speeds,
        fast=gathered.fast,
    )
