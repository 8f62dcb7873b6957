"""The conservation laws between the tables of one video: each says what must add up, and when."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ptrack_analysis.dataset.records import FOLDERS
from ptrack_analysis.dataset.verify.sums import Tables, heat_is_located
from ptrack_analysis.schema import CONTINUED, INTERPOLATED
from ptrack_analysis.storage.columns import PERSON, stored_columns

Mismatch = tuple[str, str, object, object]
"""The table, the place in it, what was found, and what was expected."""


@dataclass(frozen=True, slots=True)
class Law:
    """A law: its name and rule, the tables that it needs, and those of which any that are there are checked.

    It holds unless one of the settings ``unless`` was used.
    """

    name: str
    rule: str
    tables: tuple[str, ...]
    broken: Callable[[Tables], Iterator[Mismatch]]
    unless: tuple[str, ...] = ()
    further: tuple[str, ...] = ()

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether a video measured with these settings keeps the law."""
        return not any(parameters.get(name) for name in (*self.unless, "min_count"))


def _differing(
    table: str, found: Mapping[Any, Any], expected: Mapping[Any, Any], *, of: str, unit: str = " ms"
) -> Iterator[Mismatch]:
    """Compare two sums key by key; what is in one only is 0 in the other."""
    for key in sorted({*found, *expected}, key=str):
        one, other = found.get(key, 0), expected.get(key, 0)
        if one != other:
            named = ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            yield table, f"{of} of {named!r}", f"{one}{unit}", f"{other}{unit}"


def _held(tables: Tables) -> Iterator[Mismatch]:
    held = tables.sums("trajectories", [PERSON.name], ["time_present_s"])
    lost = tables.sums(
        "trajectories", [PERSON.name], ["time_present_s"], where=("position_status", "missing")
    )
    persons = tables.sums("tracks", [PERSON.name], ["time_in_scene_s", "without_position_s"])
    yield from _differing("tracks", _nth(persons, 1), _nth(held, 1), of="time_in_scene_s")
    yield from _differing("tracks", _nth(persons, 2), _nth(lost, 1), of="without_position_s")


_NOT_DETECTED = {"fill_gaps": INTERPOLATED.name, "start": CONTINUED.name}
"""The option with which a table has rows that were not detected, and the column that flags them."""


def _detections(tables: Tables) -> Iterator[Mismatch]:
    rows = _nth(tables.sums("tracks", [PERSON.name], ["detections"]), 1)
    written = [folder for folder in PER_DETECTION if folder in tables]
    for option, flag in _NOT_DETECTED.items():
        flagged = [folder for folder in written if flag in tables.columns(folder)]
        if tables.parameters.get(option) is not None and not flagged:
            return  # nothing tells how many rows were not detected
        for folder in flagged[:1]:
            added = _nth(tables.sums(folder, [PERSON.name], where=(flag, True)), 0)
            rows = {person: rows.get(person, 0) + added.get(person, 0) for person in {*rows, *added}}
    for folder in written:
        yield from _differing(folder, _nth(tables.sums(folder, [PERSON.name]), 0), rows, of="rows", unit="")


def _scene(tables: Tables) -> Iterator[Mismatch]:
    dwell = _nth(tables.sums("tracks", [], ["time_in_scene_s"]), 1)
    found = _nth(tables.sums("occupancy", [], ["person_seconds_s"]), 1)
    yield from _differing("occupancy", found, dwell, of="time in the scene")


def _visits(tables: Tables) -> Iterator[Mismatch]:
    dwell = _nth(tables.sums("visits", ["zone"], ["dwell_s"]), 1)
    found = _nth(tables.sums("zone_occupancy", ["zone"], ["person_seconds_s"]), 1)
    yield from _differing("visits", dwell, found, of="dwell_s")


def _changes(tables: Tables) -> Iterator[Mismatch]:
    whole = tables.occupancy_changes()
    found = _nth(tables.sums("occupancy", [], ["person_seconds_s"]), 1)
    yield from _differing("occupancy", found, {(): whole.pop("", 0)}, of="person_seconds_s")
    if "zone_occupancy" in tables:
        found = _nth(tables.sums("zone_occupancy", ["zone"], ["person_seconds_s"]), 1)
        wanted = {(zone,): time for zone, time in whole.items()}
        yield from _differing("zone_occupancy", found, wanted, of="person_seconds_s")


def _person_seconds(tables: Tables) -> Iterator[Mismatch]:
    whole = _nth(tables.sums("zone_occupancy", ["zone"], ["person_seconds_s"]), 1)
    for folder in COUNTED:
        if folder in tables and (tables.has_clock or folder not in HOURLY):
            found = _nth(tables.sums(folder, ["zone"], ["person_seconds_s"]), 1)
            scene = found.pop(("",), None)
            yield from _differing(folder, found, whole, of="person_seconds_s")
            if scene is not None and "occupancy" in tables:
                wanted = _nth(tables.sums("occupancy", [], ["person_seconds_s"]), 1)
                yield from _differing(folder, {(): scene}, wanted, of="person_seconds_s of the scene")


def _hourly_visits(tables: Tables) -> Iterator[Mismatch]:
    if tables.has_clock:
        stays = tables.sums("visits", ["zone"], ["dwell_s"])
        hours = tables.sums("visits_hourly", ["zone"], ["began", "dwell_s"])
        yield from _differing("visits_hourly", _nth(hours, 1), _nth(stays, 0), of="began", unit="")
        yield from _differing("visits_hourly", _nth(hours, 2), _nth(stays, 1), of="dwell_s")


def _visit_times(tables: Tables) -> Iterator[Mismatch]:
    key = ["zone", PERSON.name, "visit"]
    names = ["dwell_s", "interpolated_s", "bridged_s", "entered_ms", "exited_ms"]
    stays = tables.sums("visits", key, names)
    whole = {one: stay[1] + stay[3] for one, stay in stays.items()}
    spans = {one: stay[5] - stay[4] for one, stay in stays.items()}
    yield from _differing("visits", whole, spans, of="dwell_s + bridged_s")
    longer = {one: stay for one, stay in stays.items() if stay[2] > stay[1]}
    yield from _differing("visits", _nth(longer, 2), _nth(longer, 1), of="interpolated_s, at most dwell_s,")


def _stays(tables: Tables) -> Iterator[Mismatch]:
    for folder in OF_STAYS:
        if folder in tables:
            key = FOLDERS[folder].key_names
            found, wanted = _nth(tables.sums(folder, key, ["visits"]), 1), _nth(tables.sums("visits", key), 0)
            yield from _differing(folder, found, wanted, of="visits", unit="")


def _transitions(tables: Tables) -> Iterator[Mismatch]:
    visits = _nth(tables.sums("visits", ["zone"]), 0)
    for end in ("origin", "destination"):
        found = _nth(tables.sums("transitions", [end], ["transitions"]), 1)
        of_zones = {
            key: number for key, number in found.items() if not key[0].startswith("(") or key in visits
        }
        yield from _differing("transitions", of_zones, visits, of=f"transitions with the {end}", unit="")


def _counts(tables: Tables) -> Iterator[Mismatch]:
    crossed = _nth(tables.sums("crossings", ["line", "direction"]), 0)
    counted = tables.sums("counts", ["line"], ["in_count", "out_count"])
    found = {
        (line, way): sums[place]
        for (line,), sums in counted.items()
        for place, way in enumerate(("in", "out"), start=1)
    }
    yield from _differing("counts", found, crossed, of="crossings", unit="")


def _groups(tables: Tables) -> Iterator[Mismatch]:
    groups = tables.sums("groups", ["group"], ["size"])
    sizes = {key: total / rows for key, (rows, total) in groups.items()}
    yield from _differing("groups", sizes, _nth(groups, 0), of="size", unit="")


def _drift(tables: Tables) -> Iterator[Mismatch]:
    names = ["zone", "timestamp_ms", "counted", "present", "drift"]
    for batch in tables.read("count_drift", names):
        columns = [batch[name].to_pylist() for name in names]
        for zone, moment, counted, present, drift in zip(*columns, strict=True):
            if drift != counted - present:
                yield "count_drift", f"drift of {zone!r} at {moment} ms", drift, counted - present


def _totals(tables: Tables) -> Iterator[Mismatch]:
    names = ["line", "timestamp_ms", "in_count", "in_total", "out_count", "out_total"]
    rows: list[tuple[Any, ...]] = [("", 0, 0, 0, 0, 0)]
    for batch in tables.read("counts", names):
        rows += zip(*(batch[name].to_pylist() for name in names), strict=True)
        for before, row in pairwise(rows):
            for place, way in ((3, "in"), (5, "out")):
                wanted = row[place - 1] + (before[place] if before[0] == row[0] else 0)
                if row[place] != wanted:
                    yield "counts", f"{way}_total of {row[0]!r} at {row[1]} ms", row[place], wanted
        rows = rows[-1:]


def _nth(sums: Mapping[Any, tuple[int, ...]], place: int) -> dict[Any, int]:
    """Take one of the sums of each key: 0 is the number of rows."""
    return {key: values[place] for key, values in sums.items()}


def _having(columns: set[str]) -> tuple[str, ...]:
    """List the tables that have these columns, levels of their key among them."""
    named = {folder: {column.name for column in stored_columns(FOLDERS[folder])} for folder in FOLDERS}
    return tuple(folder for folder, names in named.items() if columns <= names)


def _law(
    name: str,
    rule: str,
    broken: Callable[[Tables], Iterator[Mismatch]],
    *tables: str,
    further: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
) -> Law:
    return Law(name, rule, tables, broken, unless, further)


COUNTED = _having({"zone", "person_seconds_s"})
"""The tables that tell the time of persons in zones, interval by interval."""
HOURLY = _having({"hour_at"})
OF_STAYS = _having({"zone", "visits", "observed_mean_s"})
PER_DETECTION = tuple(
    folder
    for folder in FOLDERS
    if {*FOLDERS[folder].key_names} == {"timestamp", "person_index"} and folder != "faces"
)
_LAWS = (
    _law(
        "time_present",
        "a person's dwell in persons is the sum of time_present in trajectories, and unlocated that of its "
        "part without a position",
        _held,
        "trajectories",
        "tracks",
    ),
    _law(
        "detections",
        "a person has as many rows in detections, trajectories and kinematics as detections in tracks, rows "
        "put into gaps, and rows continued at the start of a part",
        _detections,
        "tracks",
        further=PER_DETECTION,
    ),
    _law(
        "scene",
        "the time in the scene of all people is the person-seconds of the scene",
        _scene,
        "tracks",
        "occupancy",
    ),
    _law(
        "visits",
        "the dwell of the visits to a zone is the person-seconds of the zone; not with margin, enter_after "
        "or min_dwell",
        _visits,
        "visits",
        "zone_occupancy",
        unless=("margin", "enter_after", "min_dwell"),
    ),
    _law(
        "person_seconds",
        "the person-seconds of a zone are the same in bins and, where the clock is known, in hours",
        _person_seconds,
        "zone_occupancy",
        further=COUNTED,
    ),
    _law(
        "changes",
        "the person-seconds of the scene and of each zone are the integral of its occupancy",
        _changes,
        "occupancy",
        "occupancy_changes",
    ),
    _law(
        "hourly",
        "the stays that began in the hours of a zone, and their dwell, are those of its visits",
        _hourly_visits,
        "visits_hourly",
        "visits",
    ),
    _law(
        "visit_times",
        "of each visit interpolated is at most dwell, and dwell plus bridged is the time from entered to "
        "exited",
        _visit_times,
        "visits",
    ),
    _law(
        "visits of dwell",
        "dwell and dwell_by_entry tell as many stays in a zone as there are visits",
        _stays,
        "visits",
        further=OF_STAYS,
    ),
    _law(
        "transitions",
        "as many transitions lead into a zone, and as many out of it, as there are visits to it",
        _transitions,
        "transitions",
        "visits",
    ),
    _law("counts", "the counts of a line are its crossings, in and out", _counts, "counts", "crossings"),
    _law("totals", "the totals of a line are its counts, added up", _totals, "counts"),
    _law("drift", "the drift is counted minus present", _drift, "count_drift"),
    _law(
        "heatmap",
        "the seconds of the heatmap are the time present at positions within it",
        heat_is_located,
        "heatmap",
        "trajectories",
    ),
    _law("groups", "a group has as many persons as its size tells", _groups, "groups"),
)
LAWS = {law.name: law for law in _LAWS}
RULES = {name: f"{law.rule} (looked at: rows)" for name, law in LAWS.items()}
