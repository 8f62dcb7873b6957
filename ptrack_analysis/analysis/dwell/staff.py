"""Staff detection by rules, and exclusion of staff."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import zone_names
from ptrack_analysis.analysis.zones.membership import validate_visited
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import STAFF, VISITS, assemble, validate
from ptrack_analysis.video import Duration, milliseconds

KIND = "staff"


def detect_staff(
    visits: pd.DataFrame,
    *,
    min_stay: Duration | None = None,
    zones: Sequence[Zone | str] = (),
    recurrence: int | None = None,
) -> pd.DataFrame:
    """Detect staff by simple rules, and return which rules each person meets.

    A person who meets any of the given rules is staff. ``stay``: the dwell of one visit to any zone is at
    least ``min_stay``. ``zone``: the person visited a staff zone. ``recurrence``: the number of visits to one
    zone is at least ``recurrence``. This function does not remove anyone: ``exclude_staff`` does, and also
    returns the removed rows. If no one meets a rule, the table is empty.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    min_stay
        Minimum dwell of a visit that makes a person staff, above 0; by default, the rule is not used.
    zones
        Zones (only those of kind ``staff`` are used) or names of zones; by default, the rule is not used. A
        name must occur in ``visits``, unless the table is empty.
    recurrence
        Minimum number of visits to one zone that makes a person staff, above 0; by default, the rule is not
        used.

    Returns
    -------
    pandas.DataFrame
        STAFF, one row per person, sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If no rule is given, a rule is out of its range, or ``zones`` contains a name without visits.

    Notes
    -----
    O(n log n). A tracker that loses a person and continues with another number hides long and repeated
    visits: stitch tracks first (``compute_stitches``). A visit that is cut by the end of the video counts
    with its observed dwell. Both errors classify staff as visitors. A visitor who stays long or walks into a
    staff zone is classified as staff.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> staff = pta.dwell.detect_staff(analysis["visits"], min_stay="30s")
    >>> staff["reason"].to_dict()
    {5: 'stay'}
    """
    validate(visits, VISITS)
    names = zone_names(zones, kind=KIND)
    validate_visited(zones, visits, "zones")
    longest, most = _above_zero(min_stay), _count(recurrence)
    if longest is None and most is None and not zones:
        raise ParameterError("no rule is given. Pass min_stay, zones or recurrence.")
    person, number = np.unique(visits.index.get_level_values("person_index"), return_inverse=True)
    zone, found = pd.factorize(visits.index.get_level_values("zone"))
    dwell = visits["dwell"].to_numpy().astype("int64")
    stay = np.zeros(len(person), dtype="int64")
    np.maximum.at(stay, number, dwell)
    of_staff = np.isin(found, names)[zone] if len(found) else np.zeros(0, dtype=bool)
    inside = _sums(number[of_staff], dwell[of_staff], len(person))
    stays = np.bincount(number * len(found) + zone, minlength=len(person) * len(found))
    stays = stays.reshape(len(person), len(found)).max(axis=1, initial=0)
    rules = {
        "stay": np.zeros(len(person), dtype=bool) if longest is None else stay >= longest,
        "zone": np.isin(np.arange(len(person)), number[of_staff]),
        "recurrence": np.zeros(len(person), dtype=bool) if most is None else stays >= most,
    }
    met: Bools = np.any(list(rules.values()), axis=0)
    arrays = {"longest_stay": stay, "in_staff_zones": inside, "most_stays": stays, "person_index": person}
    return assemble(
        STAFF, {name: values[met] for name, values in arrays.items()} | {"reason": _reasons(rules, met)}
    )


def exclude_staff(table: pd.DataFrame, staff: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table of people into the rows of other people and the rows of staff, with the reason.

    The two parts together are the complete table, so that a report can state how many people were excluded
    and why.

    Parameters
    ----------
    table
        A table with the level ``person_index``: DETECTIONS, TRAJECTORIES, TRACKS, VISITS and others of one
        video, rows in any order.
    staff
        STAFF of the same video.

    Returns
    -------
    tuple of pandas.DataFrame
        The kept and the excluded rows, in their original order; excluded rows have the column ``reason``.

    Raises
    ------
    SchemaError
        If ``table`` has no level ``person_index`` or has several videos; if ``staff`` is not a STAFF table.

    Notes
    -----
    O(n). Exclude staff from visits rather than from detections: the sampling period depends on all people.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> staff = pta.dwell.detect_staff(analysis["visits"], min_stay="30s")
    >>> kept, excluded = pta.dwell.exclude_staff(analysis["visits"], staff)
    >>> len(analysis["visits"]), len(kept), len(excluded)
    (52, 48, 4)
    """
    validate(staff, STAFF)
    if not isinstance(table, pd.DataFrame) or "person_index" not in table.index.names:
        got = list(table.index.names) if isinstance(table, pd.DataFrame) else type(table).__name__
        raise SchemaError(f"not a table of people: its index is {got}, without the level 'person_index'")
    if "video" in table.index.names:
        raise SchemaError(
            "not a table of one video: its index has the level 'video', so it may contain several videos. "
            "Select one with table.xs(name, level='video')."
        )
    index = staff.index.get_indexer(table.index.get_level_values("person_index"))
    excluded = index >= 0
    reason = staff["reason"].array[index[excluded]]
    return table[~excluded], table[excluded].assign(reason=reason)


def _above_zero(min_stay: Duration | None) -> int | None:
    span = None if min_stay is None else milliseconds(min_stay, "min_stay")
    if span == 0:
        raise ParameterError(f"min_stay must be longer than 0, got {min_stay!r}")
    return span


def _count(recurrence: object) -> int | None:
    if recurrence is None:
        return None
    if isinstance(recurrence, int | np.integer) and not isinstance(recurrence, bool) and recurrence > 0:
        return int(recurrence)
    raise ParameterError(f"recurrence must be a whole number above 0, got {recurrence!r}")


def _sums(number: Integers, values: Integers, length: int) -> Integers:
    """Sum integer values by number."""
    sums = np.zeros(length, dtype="int64")
    np.add.at(sums, number, values)
    return sums


def _reasons(rules: dict[str, Bools], met: Bools) -> list[str]:
    """Return the names of the rules that each person who is staff meets."""
    codes = sum(
        (rule[met].astype("int64") << bit for bit, rule in enumerate(rules.values())),
        np.zeros(met.sum(), "int64"),
    )
    names = [
        ", ".join(name for bit, name in enumerate(rules) if code >> bit & 1)
        for code in range(1 << len(rules))
    ]
    reasons: list[str] = np.array(names, dtype=object)[codes].tolist()
    return reasons
