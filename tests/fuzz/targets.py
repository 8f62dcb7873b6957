"""What is fed: bytes as the content of one file. Each target gives the right tables, or a PtrackError.

A PtrackError that names no place is a finding too, and so is a table that its own schema refuses, that does
not survive Parquet, or from which persons or rows get lost on the way through the first analyses.
"""

import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import pandas as pd

from ptrack_analysis import (
    compute_tracks,
    compute_trajectories,
    inspect_tracking,
    read_parquet,
    read_tracking,
    read_zones,
    write_parquet,
)
from ptrack_analysis.clock.recordings import read_recordings
from ptrack_analysis.editing.documents import parse_object
from ptrack_analysis.editing.zone_edits import list_features
from ptrack_analysis.errors import PtrackError, PtrackWarning
from ptrack_analysis.scene.floor_plan import read_floor_plan
from ptrack_analysis.schema import DETECTIONS, POINTS, validate
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.registry import read_tracks
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
MOST_ROWS = 20_000
FORMATS = (None, *TRACKERS)


def pages(content):
    """Pages of GetPersonTracking in any of their shapes; then what is odd about them, said by ``inspect``."""
    with _file(content, "page.json") as place:
        read = _read(lambda: read_tracking(place, video=VIDEO, landmarks=True, allow_incomplete=True), place)
        if read is None:
            return
        _is_right(*read, place.parent)
        inspect_tracking(place)


def trackers(content):
    """A tracker's file; the first byte says of which format it is said to be, the last of none."""
    form, text = FORMATS[content[0] % len(FORMATS)] if content else None, content[1:]
    with _file(text, "tracks.json" if "json" in str(form) else "tracks.csv") as place:
        tracked = _read(lambda: read_tracks(place, format=form, video=VIDEO), place)
        if tracked is None:
            return
        if {"x_m", "x_px"} & {*tracked.table}:
            validate(tracked.table, POINTS)
        else:
            _is_right(tracked.table, tracked.video, place.parent)


def zones(content):
    """A zone file, read as it is and opened in the editor."""
    with _file(content, "zones.geojson") as place:
        _read(lambda: read_zones(place, VIDEO), place)
        with suppress(PtrackError):
            list_features(parse_object(content, place))


def floors(content):
    """A floor plan."""
    with _file(content, "floor.json") as place:
        _read(lambda: read_floor_plan(place, VIDEO), place)


def recordings(content):
    """A table of recordings, ``videos.csv``."""
    with _file(content, "videos.csv") as place:
        _read(lambda: read_recordings(place), place)


TARGETS = {function.__name__: function for function in (pages, trackers, zones, floors, recordings)}


class _file:  # noqa: N801 - a context manager, used like open
    """A file of this content in a folder of its own."""

    def __init__(self, content, name):
        self.folder = tempfile.TemporaryDirectory(prefix="ptrack-fuzz-")
        self.place = Path(self.folder.name, name)
        self.place.write_bytes(content)

    def __enter__(self):
        return self.place

    def __exit__(self, *_):
        self.folder.cleanup()


def _read(read, place):
    """Read a file; None where it is refused, which takes one line that names the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PtrackWarning)
            return read()
    except PtrackError as error:
        message = str(error)
    assert place.name in message, f"names no place: {message!r}"
    assert "\n" not in message.strip(), f"more than a line: {message!r}"
    return None


def _is_right(table, video, folder):
    """Whether it is the table that it should be, and goes through the first analyses without a loss."""
    validate(table, DETECTIONS)
    assert table.index.is_monotonic_increasing
    if len(table) > MOST_ROWS:
        return
    write_parquet(table, folder / "detections.parquet")
    pd.testing.assert_frame_equal(read_parquet(folder / "detections.parquet"), table)
    try:
        trajectories = compute_trajectories(table, video)
    except PtrackError:  # a frame of no size, say
        return
    assert len(trajectories) == len(table)
    tracks = compute_tracks(trajectories)
    assert [*tracks.index] == sorted(set(table.index.get_level_values("person_index")))
