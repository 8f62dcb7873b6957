"""Tables of pedestrian simulations: Vadere, Viswalk, Pathfinder and crowd:it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.pages.decode import malformed
from ptrack_analysis.sources.trackers.cells import LARGEST, Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.roles import list_columns
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.source_columns import choose_source_columns, read_source_columns
from ptrack_analysis.sources.trackers.text import Sheet, read_header, read_text
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_VADERE = {"id": "pedestrianId", "time_s": "simTime", "x": "startX", "y": "startY"}
_VADERE_END = {"time_s": "endTime", "x": "endX", "y": "endY"}
_VISWALK = {"id": "NO", "time_s": "SIMSEC", "x": "COORDCENTX", "y": "COORDCENTY"}
_VISWALK_MARK = b"$VISION"
_VISWALK_TABLE = b"$PEDESTRIAN:"
_PATHFINDER = {"id": "id", "time_s": "t", "x": "x", "y": "y"}
_PATHFINDER_PROOF = ("t", "id", "name", "x", "y", "z")
_CROWDIT = {"id": "pedID", "time_s": "time", "x": "posX", "y": "posY"}
_UNITS: Mapping[str, Any] = {"m": "m", "cm": "cm", "mm": "mm"}
_STOREY = 2.0
"""A larger difference in height means several floors [m]."""
_BOUNDS = {"time_s": (0.0, 1e9), "x": (-LARGEST, LARGEST), "y": (-LARGEST, LARGEST)}
_SAME_PLACE, _SAME_TIME = 1e-3, 1e-6
"""Tolerance of position [m] and time [s] between the end of a step and the start of the next step."""
_SHORTEST_STEP = 0.1
_MOST_ADDED = 10**8
_POSITION = re.compile(rb'^\s*\{\s*"-?\d+"\s*:\s*\{\s*"[\d.eE+-]+"\s*:\s*\{')


def read_vadere(path: AnyPath, given: Given) -> Rows:
    """Read a ``.traj`` file of Vadere: one step per row, in meters and seconds.

    A step is a straight line from its start to its end. The start of each step becomes a position. So does
    the end if the person's next step does not start at the same time and position. If a person stands still
    between two steps, positions are added at the usual interval between steps.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the caller names columns.
    """
    raw = read_text(path)
    if b" \n" in raw or b" \r" in raw:
        raw = re.sub(rb"(?<![ \t])[ \t]+(?=\r?$)", b"", raw, flags=re.MULTILINE)
    skipped = 0
    while raw.startswith(b"#"):
        raw, skipped = raw.partition(b"\n")[2], skipped + 1
    names = _read_names(raw, " ")
    columns = {role: _find_vadere_column(name, names, path) for role, name in _VADERE.items()}
    end = {
        role: _find_vadere_column(name, names, path)
        for role, name in _VADERE_END.items()
        if any(_is_vadere_column(other, name) for other in names)
    }
    rows = read_named_columns(
        Sheet(path, raw, names, " ", skipped), given, columns, known=end.values(), unit="m"
    )
    if len(end) < len(_VADERE_END):
        text = "the file has no ends of steps: each person's last position is the start of the last step"
        return replace(rows, oddities=(*rows.oddities, text))
    cells, added = _add_ends(rows.cells, columns, end)
    given.validate_size(cells.count)
    text = f"{added} positions of people who stand still between two steps are added"
    return replace(rows, cells=cells, oddities=(*rows.oddities, *([text] if added else [])))


def read_viswalk(path: AnyPath, given: Given) -> Rows:
    """Read a ``.pp`` file of Viswalk: ``$PEDESTRIAN:NO;SIMSEC;COORDCENTX;COORDCENTY``.

    Lines that begin with ``*`` are comments.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if there is no table of pedestrians.
    ParameterError
        If the caller names columns.
    """
    before, mark, table = read_text(path).partition(_VISWALK_TABLE)
    if b"\n*" in table:
        table = re.sub(rb"^\*[^\r\n]*", b"", table, flags=re.MULTILINE)
    if not mark:
        raise InputError(f"{path}: has no line that begins with {_VISWALK_TABLE.decode()!r}")
    names = _read_names(table, ";")
    _require(names, _VISWALK.values(), path)
    sheet = Sheet(path, table, names, ";", before.count(b"\n"))
    return read_named_columns(sheet, given, _VISWALK, likely_unit="m")


def read_pathfinder_csv(path: AnyPath, given: Given) -> Rows:
    """Read a CSV file of Pathfinder: ``t``, ``id``, ``name``, ``x``, ``y`` and ``z``.

    The second row may contain units.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if the unit is not m, cm or mm.
    ParameterError
        If the caller names columns.
    """
    sheet = Sheet.open(path)
    _require(sheet.names, _PATHFINDER.values(), path)
    head, _, rest = sheet.raw.lstrip(b"\r\n").partition(b"\n")
    second, _, after = rest.partition(b"\n")
    units = dict(zip(sheet.names, read_header(second)[0], strict=False))
    unit = None
    if not _is_number(units.get("t", "0")):
        unit = _UNITS.get(units.get("x", "").strip("[]() ").lower())
        if unit is None or units.get("y") != units.get("x"):
            raise InputError(
                f"{path}, line 2: the unit of x is {units.get('x', '')!r}; expected m, cm or mm. Export the "
                "positions in meters."
            )
        sheet = replace(sheet, raw=head + b"\n" + after, skipped=sheet.skipped + 1)
    rows = read_named_columns(sheet, given, _PATHFINDER, unit=unit, likely_unit="m")
    return replace(rows, assumptions=(*rows.assumptions, *_note_storeys(rows)))


def read_crowdit(path: AnyPath, given: Given) -> Rows:
    """Read a table of crowd:it: ``time``, ``pedID``, ``posX`` and ``posY``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position.
    ParameterError
        If the caller names columns.
    """
    sheet = Sheet.open(path)
    _require(sheet.names, _CROWDIT.values(), path)
    return read_named_columns(sheet, given, _CROWDIT, likely_unit="m")


class _Position(msgspec.Struct):
    x: float | None = None
    y: float | None = None
    z: float | None = None


class _Moment(msgspec.Struct):
    position: _Position | None = None


_PEOPLE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MOMENTS = msgspec.json.Decoder(dict[str, _Moment])


def read_pathfinder_json(path: AnyPath, given: Given) -> Rows:
    """Read JSON of Pathfinder: ``{id: {time: {"position": {"x", "y", "z"}}}}``.

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
        people = _PEOPLE.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, str(path), error) from error
    names, counts = list(people), list[int]()
    times, positions = list[Any](), list[Any]()
    for name, text in people.items():
        try:
            moments = _MOMENTS.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"{path}, id {name}: {error}") from error
        counts.append(len(moments))
        given.validate_size(sum(counts))
        times.append(pa.array(moments.keys(), pa.string()))
        found = [moment.position or _Position() for moment in moments.values()]
        positions.append(
            np.array([(place.x, place.y, place.z) for place in found], dtype="float64").reshape(-1, 3)
        )
    values = np.concatenate(positions) if positions else np.empty((0, 3))
    starts = np.cumsum([0, *counts])

    def locate(row: int) -> str:
        person = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{path}, id {names[person]}, row {row - starts[person] + 1}"

    cells = Cells(
        columns={
            "id": pa.chunked_array([np.repeat(np.array(names, dtype=object), counts)], pa.string()),
            "t": pa.chunked_array(times, pa.string()),
            **{axis: pa.chunked_array([values[:, at]]) for at, axis in enumerate("xyz")},
        },
        count=len(values),
        place=str(path),
        where=locate,
    )
    layout = BoxLayout(columns=_PATHFINDER, likely_unit="m", may_be_hidden=True)
    rows = Rows(cells, layout, video=named(given.video, title_of_source(path)))
    return replace(rows, assumptions=tuple(_note_storeys(rows)))


def fits_vadere(sample: Sample) -> str | None:
    """Return why a file is not a file of steps of Vadere, or None if it is."""
    if sample.is_folder:
        return "a folder"
    lines = [line for line in sample.head.splitlines() if line.strip()]
    names = next((line for line in lines if not line.startswith(b"#")), b"").decode(errors="replace").split()
    missing = [
        name for name in _VADERE.values() if not any(_is_vadere_column(other, name) for other in names)
    ]
    return f"it has no column {missing[0]!r}" if missing else None


def fits_viswalk(sample: Sample) -> str | None:
    """Return why a file is not a file of Viswalk, or None if it is."""
    if sample.is_folder or not sample.head.lstrip().startswith(_VISWALK_MARK):
        return f"does not start with {_VISWALK_MARK.decode()}"
    return None


def fits_pathfinder_csv(sample: Sample) -> str | None:
    """Return why a file is not a table of Pathfinder, or None if it is."""
    return _find_missing(sample, _PATHFINDER_PROOF)


def fits_pathfinder_json(sample: Sample) -> str | None:
    """Return why a file is not JSON of Pathfinder, or None if it is."""
    if sample.is_folder or not _POSITION.match(sample.head) or b'"position"' not in sample.head:
        return "its members are not times of people with a position"
    return None


def fits_crowdit(sample: Sample) -> str | None:
    """Return why a file is not a table of crowd:it, or None if it is."""
    return _find_missing(sample, tuple(_CROWDIT.values()))


def read_named_columns(
    sheet: Sheet,
    given: Given,
    columns: Mapping[str, str],
    *,
    known: Any = (),
    unit: Any = None,
    likely_unit: Any = None,
    first_frame: int | None = None,
) -> Rows:
    """Read a table of points with named columns, and keep the other columns.

    Parameters
    ----------
    sheet
        The table.
    given
        Options and facts from the caller.
    columns
        Role to column.
    known
        Columns that the format uses without a role.
    unit, likely_unit, first_frame
        As in ``BoxLayout``.
    """
    validate_columns(given, str(sheet.file))
    names, reasons = choose_source_columns(columns, sheet.names, {*known})
    given.validate_lines(sheet.raw, len(names))
    numbers = {*columns.values(), *known} - {columns["id"]}
    cells = sheet.read([*columns.values(), *known], numbers, {columns["id"]}, names)
    further = read_source_columns(
        cells, names, reasons, are_texts=True, decimal_comma=sheet.has_decimal_comma
    )
    layout = BoxLayout(columns=columns, unit=unit, likely_unit=likely_unit, first_frame=first_frame)
    return Rows(
        further.cells,
        layout,
        oddities=further.oddities,
        further=further.columns,
        ignored=further.ignored,
        video=named(given.video, title_of_source(sheet.file)),
    )


def _add_ends(cells: Cells, columns: Mapping[str, str], end: Mapping[str, str]) -> tuple[Cells, int]:
    """Add the ends of steps before a pause, and positions during pauses.

    Returns
    -------
    tuple
        The cells, and the number of added positions of people who stand still.
    """
    starts = {role: cells.numbers(columns[role], *_BOUNDS[role]) for role in end}
    ends = {role: cells.numbers(end[role], *_BOUNDS[role]) for role in end}
    length = ends["time_s"] - starts["time_s"]
    if (length < 0).any():
        early = int((length < 0).argmax())
        began = f"{starts['time_s'][early]:g}"
        raise cells.fault(end["time_s"], early, f"a time from {began} on, the start of the step")
    people, _ = pd.factorize(cells.columns[columns["id"]].to_numpy())
    order = np.lexsort((starts["time_s"], people))
    row, following = order[:-1], order[1:]
    stays = people[row] == people[following]
    for axis in "xy":
        stays &= np.isclose(ends[axis][row], starts[axis][following], atol=_SAME_PLACE, rtol=0)
    pause = np.where(stays, starts["time_s"][following] - ends["time_s"][row], np.inf)
    goes_on = np.zeros(cells.count, dtype=bool)
    goes_on[row] = np.abs(pause) <= _SAME_TIME
    last = np.flatnonzero(~goes_on & (length > 0))
    usual = max(float(np.median(length[length > 0])), _SHORTEST_STEP) if (length > 0).any() else np.inf
    times = np.zeros(len(pause), dtype="int64")
    stands = np.isfinite(pause) & (pause > usual)
    times[stands] = np.ceil(pause[stands] / usual - _SAME_TIME) - 1
    if times.sum() > _MOST_ADDED:
        raise InputError(f"{cells.place}: people stand for too long between steps. Is the time in seconds?")
    standing = np.repeat(row, times)
    number = np.arange(len(standing)) - np.repeat(np.cumsum(times) - times, times) + 1
    added = {role: np.concatenate([ends[role][last], ends[role][standing]]) for role in end}
    added["time_s"][len(last) :] += number * usual
    every = cells.taken(np.concatenate([np.arange(cells.count), last, standing]))
    moved = {columns[role]: pa.chunked_array([np.concatenate([starts[role], added[role]])]) for role in end}
    return replace(every, columns={**every.columns, **moved}, written=None), len(standing)


def _note_storeys(rows: Rows) -> list[str]:
    """Return a note if the heights show that people are on several floors."""
    if "z" not in rows.cells.columns:
        return []
    heights = rows.cells.numbers("z", required=False)
    if not (~np.isnan(heights)).any() or np.nanmax(heights) - np.nanmin(heights) <= _STOREY:
        return []
    low, high = np.nanmin(heights), np.nanmax(heights)
    return [f"z is from {low:g} to {high:g}: people on all floors are read into one plane"]


def _is_vadere_column(column: str, name: str) -> bool:
    """Return whether a column has this name, with or without a processor number."""
    return column == name or column.startswith(f"{name}-PID")


def _find_vadere_column(name: str, names: list[str], path: AnyPath) -> str:
    found = [column for column in names if _is_vadere_column(column, name)]
    if len(found) != 1:
        fault = "is missing" if not found else f"occurs {len(found)} times ({list_columns(found)})"
        raise InputError(f"{path}: the column {name!r} {fault}; the columns are {list_columns(names)}")
    return found[0]


def _find_missing(sample: Sample, proof: tuple[str, ...]) -> str | None:
    if sample.is_folder:
        return "a folder"
    names = sample.header
    missing = [name for name in proof if name not in names]
    return f"it has no column {missing[0]!r}" if missing else None


def _require(names: list[str], wanted: Any, path: AnyPath) -> None:
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"{path}: column {missing[0]!r} is missing; the columns are {list_columns(names)}")


def _read_names(raw: bytes, delimiter: str) -> list[str]:
    """Return the cells of the first line."""
    line = raw.split(b"\n", 1)[0].decode(errors="replace").strip("\r\n")
    return [name.strip() for name in line.split(delimiter)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
