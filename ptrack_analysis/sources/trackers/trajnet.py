"""JSON Lines of TrajNet++: scenes, and observed and predicted positions of people."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.pages.decode import malformed
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import MOST, Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.points import assume_rate, find_step
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_FIRST = re.compile(rb'^\s*\{\s*"(?:scene|track)"\s*:\s*\{')
_CHUNK = 2**22
_SHOWN = 4


_Frame = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
_Person = Annotated[int, msgspec.Meta(ge=-1, le=MOST)]


class _Track(msgspec.Struct):
    f: _Frame
    p: _Person
    x: float | None = None
    y: float | None = None
    prediction_number: _Frame | None = None


class _Scene(msgspec.Struct):
    fps: float | None = None


class _Line(msgspec.Struct):
    track: _Track | None = None
    scene: _Scene | None = None


_DECODER = msgspec.json.Decoder(_Line)


def read_trajnet_lines(path: AnyPath, given: Given) -> Rows:
    """Read JSON Lines of TrajNet++.

    The lines are ``{"track": {"f", "p", "x", "y"}}`` or ``{"scene": {"fps"}}``. The scenes state how many
    times per second people were annotated. The frame rate is this rate times the step between the frames of a
    person, unless the caller gives it. Only the first prediction of a path is read.

    Raises
    ------
    InputError
        If a line is invalid, with its number; if scenes have several rates.
    ParameterError
        If the caller names columns.
    """
    validate_columns(given, str(path))
    raw = read_text(path)
    columns: dict[str, list[Any]] = {name: [] for name in ("f", "p", "x", "y", "number", "line")}
    rates, count = set[float](), 0
    for first, lines in _read_chunks(raw, path):
        tracks = [(number, line.track) for number, line in enumerate(lines, first) if line.track is not None]
        rates |= {line.scene.fps for line in lines if line.scene is not None and line.scene.fps is not None}
        count += len(tracks)
        given.validate_size(count)
        for name in ("f", "p"):
            columns[name].append(np.array([getattr(track, name) for _, track in tracks], dtype="int64"))
        for name in ("x", "y"):
            columns[name].append(np.array([getattr(track, name) for _, track in tracks], dtype="float64"))
        columns["number"].append(
            np.array([track.prediction_number or 0 for _, track in tracks], dtype="int64")
        )
        columns["line"].append(np.array([number for number, _ in tracks], dtype="int64"))
    values = {name: np.concatenate([*parts, np.empty(0, "int64")]) for name, parts in columns.items()}
    places = values.pop("line").astype("int64")
    cells = Cells(
        columns={name: pa.chunked_array([column]) for name, column in values.items()},
        count=len(places),
        place=str(path),
        where=lambda row: f"{path}, line {places[row]}",
    )
    cells, dropped = _drop_predictions(cells)
    video, notes = named(given.video, title_of_source(path)), tuple[str, ...]()
    frames, ids = cells.whole("f"), cells.whole("p", low=-1)
    if video.frame_rate is None:
        rate = _find_rate(rates, path)
        step = find_step(frames, ids)
        if rate is None:
            video, notes = assume_rate(video, frames, ids)
        elif step is not None:
            video = named(video, title_of_source(path), frame_rate=rate * step)
    layout = BoxLayout(
        columns={"frame": "f", "id": "p", "x": "x", "y": "y"},
        first_frame=0,
        likely_unit="m",
        may_be_hidden=True,
    )
    return Rows(cells, layout, dropped=dropped, assumptions=notes, video=video)


def fits_trajnet_lines(sample: Sample) -> str | None:
    """Return why a file is not JSON Lines of TrajNet++, or None if it is."""
    if sample.is_folder or not _FIRST.match(sample.head):
        return "its first line is not a scene or a track"
    return None


def _read_chunks(raw: bytes, path: AnyPath) -> Iterator[tuple[int, list[_Line]]]:
    """Decode the lines in chunks, each with the number of its first line."""
    start, number = 0, 1
    while start < len(raw):
        end = raw.find(b"\n", start + _CHUNK) + 1 or len(raw)
        chunk = raw[start:end]
        lines = chunk.splitlines()
        if not all(lines):  # so that line numbers are right
            yield from (
                (n, _decode_lines(line, path, n)) for n, line in enumerate(lines, number) if line.strip()
            )
        else:
            yield number, _decode_lines(chunk, path, number)
        start, number = end, number + len(lines)


def _decode_lines(chunk: bytes, path: AnyPath, first: int) -> list[_Line]:
    try:
        return _DECODER.decode_lines(chunk)
    except (msgspec.DecodeError, RecursionError):
        for number, line in enumerate(chunk.splitlines(), first):
            try:
                _DECODER.decode(line)
            except msgspec.ValidationError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
            except (msgspec.DecodeError, RecursionError) as error:
                raise malformed(line, f"{path}, line {number}", error) from error
        raise


def _drop_predictions(cells: Cells) -> tuple[Cells, tuple[DroppedRows, ...]]:
    """Exclude all predictions of a person's path except the first."""
    further = cells.columns["number"].to_numpy() > 0
    count = int(further.sum())
    if not count:
        return cells, ()
    text = f"{count} rows of further predictions (prediction_number above 0) are excluded"
    reason = DroppedRows(text, count, cells.list_examples(np.flatnonzero(further)), is_excluded=True)
    return cells.kept(~further), (reason,)


def _find_rate(rates: set[float], path: AnyPath) -> float | None:
    """Return the number of annotations of people per second.

    Raises
    ------
    InputError
        If the scenes have several rates, or a rate is not above 0.
    """
    listed = ", ".join(f"{rate:g}" for rate in sorted(rates)[:_SHOWN])
    if len(rates) > 1:
        raise InputError(
            f"{path}: the scenes have several values of fps ({listed}). Split the file by scene."
        )
    if any(not rate > 0 or not np.isfinite(rate) for rate in rates):
        raise InputError(f"{path}: fps is {listed}; expected a number above 0")
    return next(iter(rates), None)
