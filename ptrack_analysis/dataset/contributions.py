"""Contributions of people to the figures of a video."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import seen_at
from ptrack_analysis.analysis.zones.transitions import list_transitions
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.video import Milliseconds

Tables = Mapping[str, pd.DataFrame]

SCENE = ""
"""Name of the zone that is the scene, including the area outside all zones."""

BY_PLACE = {"presence", "speed_time", "path_length"}
"""Measures by set of zones (attribute ``place``), because zones may overlap."""
JOINED = {"visit", "crossing"}
"""Measures whose differences between zones or lines are protected, also by the attribute ``place``."""
_SOURCES = {
    "presence": ("trajectories", "visits", "heatmap"),
    "speed_time": ("trajectories", "visits"),
    "path_length": ("trajectories", "visits"),
    "visit": ("visits",),
    "dwell": ("visits",),
    "transition": ("visits",),
    "travel": ("visits",),
    "crossing": ("crossings",),
}
_NEVER = np.iinfo("int64").max


def list_sources(measure: str) -> tuple[str, ...]:
    """List the tables that the contributions to a measure are computed from."""
    return _SOURCES.get(measure, ())


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """The contributions of people to one measure.

    ``rows`` has one row per contribution, with ``person``, ``amount`` and attributes. The attribute ``piece``
    is the index of the time interval, and ``place`` the index of the set of zones or lines. ``members`` lists
    the zones, including the scene, or the lines of each set; it is None if sets are not used.
    """

    rows: pd.DataFrame
    members: pd.DataFrame | None = None


def compute_contributions(
    measure: str, tables: Tables, edges: Milliseconds, config: AnalysisConfig
) -> Contributions:
    """Compute what each person contributes to a measure.

    Parameters
    ----------
    measure
        The measure: ``presence``, ``visit``, ``dwell`` and so on.
    tables
        The computed tables of one video.
    edges
        Starts of the time intervals, sorted [ms].
    config
        Configuration with the observed starts and ends of visits.
    """
    if measure in BY_PLACE:
        return _compute_presence(measure, tables, edges)
    if measure == "visit":
        return _list_visits(tables["visits"], edges, config)
    if measure == "dwell":
        visits = _list_visits(tables["visits"], edges, config).rows
        return Contributions(visits.assign(amount=_to_ms(tables["visits"]["dwell"])))
    if measure in {"transition", "travel"}:
        return Contributions(_list_journeys(measure, tables["visits"]))
    return _list_crossings(tables["crossings"], edges)


def find_pieces(times: Milliseconds, edges: Milliseconds) -> Integers:
    """Return the index of the interval of each time.

    Times before the first interval get index 0.
    """
    return np.maximum(np.searchsorted(edges, times, side="right") - 1, 0)


def _to_ms(values: "pd.Index | pd.Series") -> Milliseconds:
    return np.asarray(values).astype("timedelta64[ms]").astype("int64")


def _list_visits(visits: pd.DataFrame, edges: Milliseconds, config: AnalysisConfig) -> Contributions:
    level, entered = visits.index.get_level_values, _to_ms(visits["entered"])
    rows = pd.DataFrame(
        {
            "person": level("person_index").to_numpy(),
            "amount": 1,
            "zone": level("zone").to_numpy(),
            "piece": find_pieces(entered, edges),
            "entry": visits["entry"].astype("str").to_numpy(),
            "start_observed": seen_at(visits, "entry", config.observed_entries, "observed_entries"),
            "end_observed": seen_at(visits, "exit", config.observed_exits, "observed_exits"),
        }
    )
    return _join(rows, entered, _to_ms(visits["exited"]), ["zone"])


def _list_journeys(measure: str, visits: pd.DataFrame) -> pd.DataFrame:
    ways = list_transitions(visits)
    if measure == "transition":
        return ways.assign(amount=1).drop(columns="travel")
    known = ways[ways["travel"].notna()]
    return known.assign(amount=_to_ms(known["travel"])).drop(columns="travel")


def _list_crossings(crossings: pd.DataFrame, edges: Milliseconds) -> Contributions:
    level = crossings.index.get_level_values
    times = _to_ms(level("timestamp"))
    rows = pd.DataFrame(
        {
            "person": level("person_index").to_numpy(),
            "amount": 1,
            "line": level("line").to_numpy(),
            "direction": crossings["direction"].astype("str").to_numpy(),
            "piece": find_pieces(times, edges),
        }
    )
    return _join(rows, times, np.full(len(rows), _NEVER), ["line", "direction"])


def _join(rows: pd.DataFrame, begins: Milliseconds, ends: Milliseconds, names: list[str]) -> Contributions:
    """Find the sets of zones or lines (``place``) that people pass together.

    A set consists of consecutive visits or crossings of one person in one time interval, each to another zone
    or line and before the end of the others.
    """
    what, member = pd.factorize(rows[names[0]])[0], rows.groupby(names, sort=False).ngroup().to_numpy()
    order = np.lexsort((what, begins, rows["piece"], rows["person"]))
    columns = (rows["person"], rows["piece"], what, begins, ends, member)
    sets, passed, last, until = list[set[int]](), set[int](), None, 0
    number = np.zeros(len(rows), dtype="int64")
    for index, (person, piece, one, begin, end, code) in zip(
        order.tolist(),
        zip(*(np.asarray(column)[order].tolist() for column in columns), strict=True),
        strict=True,
    ):
        if (person, piece) != last or one in passed or begin >= until:
            sets.append(set())
            passed, last, until = set(), (person, piece), end
        passed.add(one)
        sets[-1].add(code)
        until = max(until, end)
        number[index] = len(sets) - 1
    places = dict[frozenset[int], int]()
    place = np.array([places.setdefault(frozenset(codes), len(places)) for codes in sets], dtype="int64")
    listed = [(index, code) for codes, index in places.items() for code in sorted(codes)]
    pairs = np.array(listed, dtype="int64").reshape(-1, 2)
    kinds = rows[names].iloc[np.unique(member, return_index=True)[1]].reset_index(drop=True)
    members = kinds.iloc[pairs[:, 1]].assign(place=pairs[:, 0]).reset_index(drop=True)
    return Contributions(rows.assign(place=place[number]), members)


def _compute_presence(measure: str, tables: Tables, edges: Milliseconds) -> Contributions:
    """Split the time of each detection at the edges, with its zones and heatmap cell.

    A detection is in a zone from the start to the end of a visit, including absences within the visit.
    """
    trajectories = tables["trajectories"]
    person = trajectories.index.get_level_values("person_index").to_numpy()
    since = _to_ms(trajectories.index.get_level_values("timestamp"))
    until = since + _to_ms(trajectories["time_present"])
    first = find_pieces(since, edges)
    pieces = find_pieces(np.maximum(until - 1, since), edges) - first + 1
    row = np.repeat(np.arange(len(since)), pieces)
    piece = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces - first, pieces)
    ends = np.append(edges[1:], np.iinfo("int64").max)
    begins = np.maximum(since[row], np.where(piece == first[row], since[row], edges[piece]))
    amount = (np.minimum(until[row], ends[piece]) - begins).astype("float64")
    if measure != "presence":
        speed = next(trajectories[name] for name in trajectories if _is_speed(name)).to_numpy()[row]
        amount = np.where(np.isnan(speed), 0.0, amount * (speed if measure == "path_length" else 1.0))
    place, zones = _find_places(person[row], begins, tables.get("visits"))
    rows = pd.DataFrame({"person": person[row], "amount": amount, "place": place, "piece": piece})
    if measure == "presence":
        rows = rows.assign(**{name: cell[row] for name, cell in _find_cells(tables).items()})
    return Contributions(rows[amount > 0], zones)


def _is_speed(name: object) -> bool:
    return str(name).startswith("speed_") and str(name).endswith("_per_s")


def _find_places(
    person: Integers, time: Milliseconds, visits: pd.DataFrame | None
) -> tuple[Integers, pd.DataFrame]:
    """Return the index of each person's set of zones, and the zones of each set."""
    place = np.zeros(len(person), dtype="int64")
    inside = dict[str, Bools]()
    if visits is not None:
        zone = visits.index.get_level_values("zone")
        for name in zone.unique():
            inside[name] = _is_visiting(person, time, visits[zone == name])
            place = np.unique(2 * place + inside[name], return_inverse=True)[1]
    sample = np.unique(place, return_index=True)[1]
    parts = [pd.DataFrame({"place": place[sample], "zone": SCENE})]
    parts += [
        pd.DataFrame({"place": place[sample][marks[sample]], "zone": name}) for name, marks in inside.items()
    ]
    return place, pd.concat(parts, ignore_index=True)


def _is_visiting(person: Integers, time: Milliseconds, visits: pd.DataFrame) -> Bools:
    """Mark the times when a person visits a zone."""
    visitor = visits.index.get_level_values("person_index").to_numpy()
    entered, exited = _to_ms(visits["entered"]), _to_ms(visits["exited"])
    order = np.lexsort((entered, visitor))
    visitor, entered, exited = visitor[order], entered[order], exited[order]
    numbers, code = np.unique(visitor, return_inverse=True)
    at = np.searchsorted(numbers, person)
    known = numbers[np.minimum(at, len(numbers) - 1)] == person
    span = max(int(exited.max()), int(time.max(initial=0))) + 1
    last = np.searchsorted(code * span + entered, at * span + time, side="right") - 1
    last_or_first = np.maximum(last, 0)
    visiting: Bools = known & (last >= 0) & (code[last_or_first] == at) & (time < exited[last_or_first])
    return visiting


def _find_cells(tables: Tables) -> dict[str, Integers]:
    """Return the heatmap cell of each detection; -1 for detections without a position."""
    if "heatmap" not in tables:
        return {}
    cells, trajectories = tables["heatmap"], tables["trajectories"]
    found = dict[str, Integers]()
    for level, axis in (("row", "y"), ("column", "x")):
        name = next(
            (str(one) for one in cells if str(one).startswith(f"{axis}_") and one in trajectories), ""
        )
        if not name or cells.empty:
            return {}
        number = cells.index.get_level_values(level).to_numpy()
        low, high = int(np.argmin(number)), int(np.argmax(number))
        middle = cells[name].to_numpy()
        cells_between = max(int(number[high] - number[low]), 1)
        size = (middle[high] - middle[low]) / cells_between or np.inf
        position = (trajectories[name].to_numpy() - middle[low]) / size + number[low]
        found[level] = np.nan_to_num(np.floor(position + 0.5), nan=-1).astype("int64")
    return found
