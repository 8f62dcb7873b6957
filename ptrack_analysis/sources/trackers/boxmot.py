"""BoxMOT's tracks.jsonl: one JSON object per frame."""

from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.pages.documents import read_lines
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.objects import build_cells, decode_typed
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_SIDES = ("x1", "y1", "x2", "y2")
_COLUMNS = {
    "id": "track_id",
    "left": "x1",
    "top": "y1",
    "right": "x2",
    "bottom": "y2",
    "confidence": "score",
    "class": "class_id",
    "video": "sequence_id",
}


class _Track(msgspec.Struct):
    geometry: list[float]
    track_id: int | None = None
    geometry_mode: str = "aabb"
    score: float | None = None
    class_id: int | None = None


class _Frame(msgspec.Struct):
    frame_index: int
    tracks: list[_Track]
    timestamp_s: float | None = None
    sequence_id: str | int | None = None


_DECODER = msgspec.json.Decoder(_Frame)


def read_boxmot_jsonl(path: AnyPath, given: Given) -> Rows:
    """Read ``tracks.jsonl`` of BoxMOT 25: one line per frame.

    Frames are counted from 0, and boxes are corners in px. The time is ``timestamp_s`` if all frames have it,
    otherwise it follows from ``frame_index``. Each value of ``sequence_id`` is a video.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a line is invalid, with its number; if boxes are oriented.

    References
    ----------
    BoxMOT, ``tracks.jsonl`` of version 25.
    """
    validate_columns(given, str(path))
    rows, places = list[dict[str, Any]](), list[str]()
    has_times = True
    for number, line in read_lines(path):
        here = f"{path}, line {number}"
        frame = decode_typed(_DECODER, line, here)
        has_times = has_times and frame.timestamp_s is not None
        for track in frame.tracks:
            if track.geometry_mode != "aabb" or len(track.geometry) != len(_SIDES):
                raise InputError(f"{here}: the box is oriented. Save axis-aligned boxes.")
            rows.append(
                {
                    "frame": frame.frame_index,
                    "time": frame.timestamp_s,
                    "track_id": track.track_id,
                    **dict(zip(_SIDES, track.geometry, strict=True)),
                    "score": track.score,
                    "class_id": track.class_id,
                    "sequence_id": frame.sequence_id,
                }
            )
            places.append(here)
    cells = build_cells(rows, path, places.__getitem__, (*_COLUMNS.values(), "frame", "time"))
    moment = {"time_s": "time"} if has_times and rows else {"frame": "frame"}
    layout = BoxLayout(columns=_COLUMNS | moment, first_frame=0, unit="px")
    return Rows(cells, layout, video=named(given.video, title_of_source(path)))


def fits_boxmot_jsonl(sample: Sample) -> str | None:
    """Return why a file is not BoxMOT's ``tracks.jsonl``, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    missing = [name for name in ("frame_index", "tracks") if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None
