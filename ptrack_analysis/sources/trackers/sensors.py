"""Points from laser scanners of ATC, drones of inD and cameras of Frigate."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.pages.decode import malformed
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, read_fixed_text, validate_columns
from ptrack_analysis.sources.trackers.roles import list_columns
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.simulations import read_named_columns
from ptrack_analysis.sources.trackers.text import Sheet, plain_cells, read_text
from ptrack_analysis.sources.trackers.times import parse_frame_rate
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_ATC = ("time", "id", "x", "y", "z", "speed", "angle", "facing")
_EPOCH = (1e9, 1e11)
"""Seconds since 1970 are within these bounds from 2001 on."""
_LARGEST_ANGLE = 6.3
_HEIGHTS_MM = (300.0, 3000.0)
"""A median height within these bounds is in mm."""
_IND = {"id": "trackId", "frame": "frame", "x": "xCenter", "y": "yCenter"}
_IND_PROOF = ("recordingId", *_IND.values())
_IND_NAME = re.compile(r"^(?P<number>.*?)_?tracks\.csv(?:\.gz)?$", re.IGNORECASE)
_FRIGATE = {
    "id": "id",
    "time": "time",
    "x": "x",
    "y": "y",
    "camera": "camera",
    "class_name": "label",
}
_FRIGATE_NOTE = (
    "Frigate writes a position only after a movement of 5 % of the frame: paths are complete, but the "
    "time of people who stand still is not"
)


def read_atc(path: AnyPath, given: Given) -> Rows:
    """Read CSV of the ATC laser scanners.

    The columns are ``time,id,x,y,z,speed,angle,facing``, without a header. The time is in seconds since 1970.
    The unit is mm unless the caller gives another one. It is required if the heights are not plausible
    heights of people in mm.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the unit is required; if the caller names columns.
    """
    raw = read_fixed_text(path, given)
    cells = plain_cells(path, raw, lambda width: _ATC if width == len(_ATC) else None, ",".join(_ATC))
    heights = cells.numbers("z", required=False)
    known = heights[~np.isnan(heights)]
    if given.unit is None and len(known) and not _HEIGHTS_MM[0] <= np.median(known) <= _HEIGHTS_MM[1]:
        raise ParameterError(
            f"{path}: the median of the heights (column 5) is {np.median(known):g}, which is not mm. "
            "Pass unit='m', 'cm' or 'mm' (--unit m)."
        )
    layout = BoxLayout(columns={name: name for name in ("id", "time", "x", "y")}, likely_unit="mm")
    cells = replace(cells, columns={name: cells.columns[name] for name in layout.columns})
    return Rows(cells, layout, video=named(given.video, title_of_source(path)))


def read_ind(path: AnyPath, given: Given) -> Rows:
    """Read ``NN_tracks.csv`` of inD, rounD or uniD: centers of road users in meters.

    The frame rate is read from ``NN_recordingMeta.csv``, and the class of each track from
    ``NN_tracksMeta.csv`` in the same folder.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if there is no ``NN_tracksMeta.csv``, or no
        ``NN_recordingMeta.csv`` and no frame rate is given.
    ParameterError
        If the caller names columns.
    """
    sheet = Sheet.open(path)
    missing = [name for name in _IND_PROOF if name not in sheet.names]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing; the columns are {list_columns(sheet.names)}"
        )
    rows = read_named_columns(sheet, given, _IND, likely_unit="m", first_frame=0)
    ids, classes = _read_companion(path, "tracksMeta", ("trackId", "class"))
    tracks = rows.cells.columns[_IND["id"]]
    try:
        found = pc.index_in(tracks, value_set=pc.cast(ids, tracks.type))
    except pa.ArrowInvalid:  # an id is not a number
        found = pc.index_in(pc.cast(tracks, pa.string()), value_set=ids)
    if found.null_count:
        row = pc.index(pc.is_null(found), True).as_py()
        raise rows.cells.fault(_IND["id"], row, "a track of the tracksMeta file")
    names = classes.take(found)
    if rows.video.frame_rate is None:
        (rates,) = _read_companion(path, "recordingMeta", ("frameRate",))
        rows = replace(rows, video=replace(rows.video, frame_rate=_find_only_rate(rates, path)))
    cells = replace(rows.cells, columns={**rows.cells.columns, "class": names})
    layout = replace(rows.layout, columns={**_IND, "class_name": "class"})
    return replace(rows, cells=cells, layout=layout)


class _Data(msgspec.Struct):
    path_data: list[tuple[tuple[float, float], float]] | None = None


class _Event(msgspec.Struct):
    id: str
    camera: str
    label: str | None = None
    path_data: list[tuple[tuple[float, float], float]] | None = None
    data: _Data | None = None


_EVENTS = msgspec.json.Decoder(list[_Event])


def read_frigate(path: AnyPath, given: Given) -> Rows:
    """Read events of Frigate (``/api/events``).

    The foot points in ``path_data`` are converted to px. Each camera is a video. People are selected by their
    label.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the caller names columns.
    """
    validate_columns(given, str(path))
    raw = read_text(path)
    try:
        events = _EVENTS.decode(b"[" + raw + b"]" if raw.lstrip().startswith(b"{") else raw)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, str(path), error) from error
    paths = [_get_path(event) for event in events]
    counts = np.array([len(points) for points in paths], dtype="int64")
    given.validate_size(int(counts.sum()))
    values = np.array([(*point, time) for points in paths for point, time in points], "float64").reshape(
        -1, 3
    )
    starts = np.concatenate([[0], np.cumsum(counts)])

    def locate(row: int) -> str:
        event = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{path}, event {events[event].id!r}, position {row - starts[event] + 1}"

    def repeat(texts: Sequence[str | None]) -> Any:
        return pa.chunked_array(
            [pa.array(texts, pa.string()).take(pa.array(np.repeat(np.arange(len(texts)), counts)))]
        )

    cells = Cells(
        columns={
            "x": pa.chunked_array([values[:, 0]]),
            "y": pa.chunked_array([values[:, 1]]),
            "time": pa.chunked_array([values[:, 2]]),
            "id": repeat([event.id for event in events]),
            "camera": repeat([event.camera for event in events]),
            "label": repeat([event.label for event in events]),
        },
        count=len(values),
        place=str(path),
        where=locate,
    )
    layout = BoxLayout(columns=_FRIGATE, unit="fraction", text_ids=True)
    without = sum(not points for points in paths)
    oddities = [f"{without} of {len(events)} events have no path_data"] if without else []
    return Rows(
        cells,
        layout,
        assumptions=(_FRIGATE_NOTE,),
        oddities=tuple(oddities),
        video=named(given.video, title_of_source(path)),
    )


def fits_atc(sample: Sample) -> str | None:
    """Return why a file is not CSV of ATC, or None if it is."""
    rows = sample.rows
    if sample.is_folder or b"," not in sample.head or {*map(len, rows)} != {len(_ATC)}:
        return "it does not have eight numbers with commas in each line"
    try:
        values = np.array(rows, dtype="float64")
    except ValueError:
        return "it does not have numbers only"
    time, person, angles = values[:, 0], values[:, 1], values[:, 6:]
    if not ((time > _EPOCH[0]) & (time < _EPOCH[1])).all() or (person % 1 != 0).any():
        return "its first column is not a time since 1970 [s], or its second not an id"
    return None if (np.abs(angles) <= _LARGEST_ANGLE).all() else "columns 7 and 8 are not angles"


def fits_ind(sample: Sample) -> str | None:
    """Return why a file is not the tracks of inD, or None if it is."""
    if sample.is_folder:
        return "a folder"
    missing = [name for name in _IND_PROOF if name not in sample.header]
    return f"it has no column {missing[0]!r}" if missing else None


def fits_frigate(sample: Sample) -> str | None:
    """Return why a file is not events of Frigate, or None if it is."""
    if sample.is_folder or not sample.is_json:
        return "not JSON"
    missing = [name for name in ("path_data", "camera", "label") if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None


def list_companions(tracks: AnyPath) -> list[AnyPath]:
    """List the files with facts about tracks of inD."""
    found = _IND_NAME.match(tracks.name)
    if found is None:
        return []
    kinds = ("recordingMeta", "tracksMeta")
    beside = [
        tracks.parent / f"{found['number']}_{kind}.csv{suffix}" for kind in kinds for suffix in ("", ".gz")
    ]
    return [file for file in beside if file.is_file()]


def _get_path(event: _Event) -> Sequence[tuple[tuple[float, float], float]]:
    """Return the positions of an event; newer versions nest them in ``data``."""
    return event.path_data or (event.data.path_data if event.data is not None else None) or ()


def _read_companion(path: AnyPath, kind: str, names: Sequence[str]) -> list[Any]:
    """Read columns of another file of the same recording.

    Raises
    ------
    InputError
        If the file or a column is missing.
    """
    found = _IND_NAME.match(path.name)
    if found is None:
        raise InputError(
            f"{path}: the name must end with _tracks.csv, as in 07_tracks.csv, because the facts about the "
            "tracks are in files of the same number. Rename the file."
        )
    beside = [path.parent / f"{found['number']}_{kind}.csv{suffix}" for suffix in ("", ".gz")]
    place = next((file for file in beside if file.is_file()), None)
    if place is None:
        option = " Or pass the rate in Video (--frame-rate)." if kind == "recordingMeta" else ""
        purpose = "the frame rate" if kind == "recordingMeta" else "which tracks are people"
        raise InputError(
            f"{path}: {beside[0].name} is missing, which states {purpose}. Put it into the folder of the "
            f"tracks.{option}"
        )
    sheet = Sheet.open(place)
    missing = [name for name in names if name not in sheet.names]
    if missing:
        raise InputError(
            f"{place}: column {missing[0]!r} is missing; the columns are {list_columns(sheet.names)}"
        )
    cells = sheet.read(names)
    return [cells.columns[name].combine_chunks() for name in names]


def _find_only_rate(rates: Any, path: AnyPath) -> float:
    found = pc.unique(rates).to_pylist()
    rate = parse_frame_rate(found[0]) if len(found) == 1 else None
    if rate is None:
        raise InputError(
            f"{path}: frameRate in its recordingMeta file is {found[:3]}; expected a number above 0"
        )
    return rate
