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
from ptrack_analysis.video import milliseconds

KIND = "staff"


def detect_staff(
    visits: pd.DataFrame,
    *,
    min_stay: pd.Timedelta | str | None = None,
    zones: Sequence[Zone | str] = (),
    recurrence: int | None = None,
) -> pd.DataFrame:
    """Return who is taken for staff, and by which rule.

    A person is taken for staff who meets any of the rules that are given: ``stay``, one stay's dwell in any
    zone is ``min_stay`` or longer; ``zone``, there is a stay in a zone of the staff's; ``recurrence``, there
    are so many stays in one zone, or more. Nobody is removed by this: ``exclude_staff`` does that, and gives
    back what it removes. Nobody meets a rule: no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    min_stay
        The stay from which on a person is staff, above 0; by default no rule [ms].
    zones
        Zones, of which those of kind ``staff`` are taken, or names of zones; by default no rule. A name alone
        must be that of a zone that somebody visited, unless the table is empty and knows none.
    recurrence
        The number of stays in one zone from which on a person is staff, above 0; by default no rule.

    Returns
    -------
    pandas.DataFrame
        STAFF, one row a person, sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If no rule is given, or one is out of its range, or ``zones`` names what nobody visited.

    Notes
    -----
    O(n log n). A tracker that loses a person and goes on with another number hides long and repeated stays:
    join identities first (``compute_stitches``). A stay cut by the video's end counts as far as it was seen.
    Both err towards taking staff for visitors; a visitor who stays long, or strays into the staff's zone,
    is taken for staff.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> detect_staff(empty_table(VISITS), min_stay="30min", zones=["back room"]).empty
    True
    """
    validate(visits, VISITS)
    names = zone_names(zones, kind=KIND)
    validate_visited(zones, visits, "zones")
    longest, most = _above_zero(min_stay), _count(recurrence)
    if longest is None and most is None and not zones:
        raise ParameterError("no rule is given: name min_stay, zones or recurrence")
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
    """Split any table of persons into the rows of others and those of staff, with the reason.

    Both parts come back: together they are the table, so that a report can say how many were left out, and
    why. Nobody is staff: everything is kept.

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
        The rows kept and the rows excluded, each in their order; the excluded with the column ``reason``.

    Raises
    ------
    SchemaError
        If ``table`` has no level ``person_index``, or several videos; if ``staff`` is not a STAFF table.

    Notes
    -----
    O(n). Exclude from the visits rather than from the detections: the sampling period is told from all.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> kept, excluded = exclude_staff(empty_table(VISITS), empty_table(STAFF))
    >>> excluded.columns[-1]
    'reason'
    """
    validate(staff, STAFF)
    if not isinstance(table, pd.DataFrame) or "person_index" not in table.index.names:
        got = list(table.index.names) if isinstance(table, pd.DataFrame) else type(table).__name__
        raise SchemaError(f"not a table of persons: its index is {got}, without the level 'person_index'")
    if "video" in table.index.names:
        raise SchemaError(
            "not a table of one video: its index has the level 'video', so it may hold several; take one "
            "with table.xs(name, level='video')"
        )
    place = staff.index.get_indexer(table.index.get_level_values("person_index"))
    excluded = place >= 0
    reason = staff["reason"].array[place[excluded]]
    return table[~excluded], table[excluded].assign(reason=reason)


def _above_zero(min_stay: pd.Timedelta | str | None) -> int | None:
    span = None if min_stay is None else milliseconds(min_stay, "min_stay")
    if span == 0:
        raise ParameterError(f"min_stay is {min_stay!r}, not above 0")
    return span


def _count(recurrence: object) -> int | None:
    if recurrence is None:
        return None
    if isinstance(recurrence, int | np.integer) and not isinstance(recurrence, bool) and recurrence > 0:
        return int(recurrence)
    raise ParameterError(f"recurrence is {recurrence!r}, not a whole number above 0")


def _sums(number: Integers, values: Integers, length: int) -> Integers:
    """Add up whole values by number."""
    sums = np.zeros(length, dtype="int64")
    np.add.at(sums, number, values)
    return sums


def _reasons(rules: dict[str, Bools], met: Bools) -> list[str]:
    """Name the rules that each of those who meet any meets."""
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
