"""Queues: waiting times, queue length and service levels."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import seen_at, zone_names
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.analysis.uncertainty.estimates import (
    CONFIDENCE,
    fewer_than,
    find_units,
    parse_confidence,
)
from ptrack_analysis.analysis.uncertainty.kaplan_meier import Lengths, estimate_survival, shares_at
from ptrack_analysis.analysis.zones.membership import validate_visited
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import QUEUE, SERVICE_LEVELS, VISITS, WAITS, assemble, validate
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

_KIND = "queue"
TARGETS = ("1min", "2min", "5min")


def compute_waiting_times(
    visits: pd.DataFrame,
    zones: Sequence[Zone | str],
    *,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
) -> pd.DataFrame:
    """List the waits of each person in each queue.

    A queue is a zone of kind ``queue``, or any zone given by name; other zones are ignored. A wait lasts from
    ``entered`` to ``exited``, including absences that a visit bridges. Its start is observed if its entry is
    one of ``observed_entries``, and its end if its exit is one of ``observed_exits``. If no one waited, the
    table is empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    zones
        Zones (only those of kind ``queue`` are used) or names of zones. A name must occur in ``visits``,
        unless the table is empty.
    observed_entries, observed_exits
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        WAITS, one row per wait, sorted by zone, person and visit.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If an item is not a zone, a zone occurs twice, a name has no visits, or ``observed_entries`` or
        ``observed_exits`` contain an unknown kind.

    Notes
    -----
    O(n). A person in the zone who is not queueing counts as waiting; a person who queues outside it does not.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> waits = pta.queues.compute_waiting_times(analysis["visits"], ["checkout"])
    >>> waits.loc["checkout", ["wait", "begin_seen", "end_seen"]].head(3).reset_index()
       person_index  visit                   wait  begin_seen  end_seen
    0             0      1 0 days 00:00:19.040000       False      True
    1             2      1 0 days 00:00:18.560000        True      True
    2             3      1 0 days 00:00:03.920000        True      True
    """
    validate(visits, VISITS)
    names = zone_names(zones, kind=_KIND)
    validate_visited(zones, visits, "zones")
    begun, ended = (
        seen_at(visits, "entry", observed_entries, "observed_entries"),
        seen_at(visits, "exit", observed_exits, "observed_exits"),
    )
    taken = visits.index.get_level_values("zone").isin(names)
    entered, exited = (visits[name].to_numpy().astype("int64")[taken] for name in ("entered", "exited"))
    index = visits.index[taken]
    keys = {name: index.get_level_values(name).to_numpy() for name in WAITS.key_names}
    columns = {"wait": exited - entered, "begin_seen": begun[taken], "end_seen": ended[taken]}
    return assemble(WAITS, keys | {"entered": entered} | columns)


def compute_queue_length(
    visits: pd.DataFrame,
    zones: Sequence[Zone | str],
    video: Video,
    *,
    start: Duration | None = None,
    end: Duration | None = None,
) -> pd.DataFrame:
    """Count the people in each queue over time.

    A person is in the queue in the half-open interval ``[entered, exited)``. Each queue has one row per
    change, a first row at 0 and a closing row at the end of the video (or at the last exit of any visit if
    the end is unknown). Each row is valid until the next row of the queue. The closing row repeats the number
    of people before it, as in ``compute_occupancy``, because people who are in the queue at the end of the
    video do not leave it. The integral over time is the sum of the waits. An empty queue has only its first
    and closing row.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    zones
        Zones (only those of kind ``queue`` are used) or names of zones. A name must occur in ``visits``,
        unless the table is empty.
    video
        The video, for its end.
    start, end
        The selected part of the video, as passed to ``select``. The first row is at ``start``. The
        closing row is at ``end`` or the video's end, whichever is earlier, or at the last exit if that is
        later.

    Returns
    -------
    pandas.DataFrame
        QUEUE, the number of people in each queue, sorted by zone and timestamp.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If an item is not a zone, a zone occurs twice, or a name has no visits.

    Notes
    -----
    O(queues · n + n log n). The table differs from ``compute_occupancy``, which counts detections inside:
    here, a person whose absence is bridged by ``merge_gap`` stays in the queue, and a person who passes
    through (``enter_after``, ``min_dwell``) is not in it, as in ``visits``.

    References
    ----------
    The mean length of the queue is the rate of arrivals times the mean wait: J. D. C. Little, "A proof for
    the queuing formula L = λW", Oper. Res. 9, 1961, doi:10.1287/opre.9.3.383.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> length = pta.queues.compute_queue_length(analysis["visits"], ["checkout"], analysis.video)
    >>> length.loc["checkout"].head(3).reset_index()
                   timestamp  persons
    0 0 days 00:00:00.000000        1
    1 0 days 00:00:19.040000        0
    2 0 days 00:00:35.920000        1
    """
    validate(visits, VISITS)
    validate_video(video)
    names = zone_names(zones, kind=_KIND)
    validate_visited(zones, visits, "zones")
    entered, exited = (visits[name].to_numpy().astype("int64") for name in ("entered", "exited"))
    last = int(exited.max(initial=0))
    begin = 0 if start is None else milliseconds(start, "start")
    close = max(part_end(find_video_end(video, last), end, last), last, begin)
    zone = visits.index.get_level_values("zone")
    counts = {name: _changes(entered[zone == name], exited[zone == name], begin, close) for name in names}
    arrays: dict[str, Integers | list[str]] = {
        "zone": [name for name, (times, _) in counts.items() for _ in times],
        "timestamp": np.concatenate([np.empty(0, "int64"), *(times for times, _ in counts.values())]),
        "persons": np.concatenate([np.empty(0, "int64"), *(persons for _, persons in counts.values())]),
    }
    return assemble(QUEUE, arrays)


def _changes(entered: Integers, exited: Integers, begin: int, close: int) -> tuple[Integers, Integers]:
    """Return the times at which the count changes, and the count from then on."""
    times, position = np.unique(np.concatenate([[begin, close], entered, exited]), return_inverse=True)
    came, went = np.split(position[2:], 2)
    change = np.bincount(came, minlength=len(times)) - np.bincount(went, minlength=len(times))
    keep = change != 0
    keep[[0, -1]] = True
    persons = np.cumsum(change)
    persons[1:][-1:] = persons[-2:-1]  # the end of the video is not the end of any wait
    return times[keep], persons[keep]


def compute_service_levels(
    waits: pd.DataFrame,
    *,
    targets: Iterable[Duration] = TARGETS,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate the share of the waits in each queue that end within each target.

    A wait whose end was not observed lasts longer than recorded. A wait whose start was not observed is
    excluded from the estimate (Kaplan-Meier, as in ``compute_dwell``). A wait of exactly the target is within
    it. ``observed_share_within`` treats all waits as complete. The share is missing if a target is longer
    than the longest wait and the end of that wait was not observed. Without waits, the table is empty.

    Parameters
    ----------
    waits
        WAITS of one video, rows in any order.
    targets
        Durations that a wait should not exceed, without duplicates.
    groups, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        SERVICE_LEVELS, one row per target and queue, sorted by both.

    Raises
    ------
    SchemaError
        If ``waits`` is not a WAITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If a target is not a duration, or ``confidence`` is not between 0 and 1.

    Notes
    -----
    A person who gives up and leaves counts as served, because the zone does not show the difference. Bounds
    need two people (or groups). O(queues · n + n · (targets + log n)).

    References
    ----------
    ISO 18295-1:2017 (customer contact centers) counts the share answered within a target; N. Gans, G. Koole,
    A. Mandelbaum, "Telephone call centers", M&SOM 5, 2003, doi:10.1287/msom.5.2.79.16071, estimates censored
    waits by Kaplan-Meier. Bounds as in ``compute_dwell``.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> waits = pta.queues.compute_waiting_times(analysis["visits"], ["checkout"])
    >>> levels = pta.queues.compute_service_levels(waits, targets=["10s", "15s"])
    >>> levels[["waits", "persons", "share_within"]].reset_index()
           zone          target  waits  persons  share_within
    0  checkout 0 days 00:00:10      6        5           0.7
    1  checkout 0 days 00:00:15      6        5           0.7
    """
    validate(waits, WAITS, "waits")
    level, limits = parse_confidence(confidence), _targets(targets)
    wait = waits["wait"].to_numpy().astype("int64")
    begun, ended = (waits[name].to_numpy() for name in ("begin_seen", "end_seen"))
    unit = find_units(waits.index.get_level_values("person_index").to_numpy(), groups)
    lengths = Lengths(wait, ended, np.full(len(wait), -1), unit)
    zone, names = pd.factorize(waits.index.get_level_values("zone"), sort=True)
    rows: list[pd.DataFrame] = []
    for own in (zone == index for index in range(len(names))):
        curve = estimate_survival(lengths.where(own & begun), level)
        longer, low, high = shares_at(curve, limits)
        counts = {
            "waits": int(own.sum()),
            "start_unobserved": int((own & ~begun).sum()),
            "end_unobserved": int((own & ~ended).sum()),
            "persons": curve.units,
        }
        shares = {"share_within": 1 - longer, "share_within_low": 1 - high, "share_within_high": 1 - low}
        observed = (wait[own][:, None] <= limits).mean(axis=0)
        note = [_note(curve.units, share) for share in longer]
        rows.append(
            pd.DataFrame({"observed_share_within": observed, **shares, "note": note}).assign(**counts)
        )
    columns = [column.name for column in SERVICE_LEVELS.columns if not column.optional]
    table = pd.concat(rows) if rows else pd.DataFrame({name: [] for name in columns})
    arrays: dict[str, np.ndarray | list[str]] = {name: table[name].to_numpy() for name in columns}
    arrays |= {"zone": [name for name in names for _ in limits], "target": np.tile(limits, len(names))}
    return assemble(SERVICE_LEVELS, arrays | {"note": table["note"].tolist()})


def _note(units: int, share: float) -> str:
    """Return the reason for missing bounds."""
    if units == 0:
        return "no wait with an observed start"
    if np.isnan(share):
        return "the target is beyond the longest wait"
    return fewer_than(2) if units < 2 else ""  # noqa: PLR2004 - as the text says


def _targets(targets: Iterable[Duration]) -> Integers:
    if isinstance(targets, str) or not isinstance(targets, Iterable):
        raise ParameterError(f"targets must be a list of durations, got {targets!r}")
    return np.unique(np.array([milliseconds(target, "targets") for target in targets], dtype="int64"))
