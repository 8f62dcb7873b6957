"""Tables for data that leaves the house: salted keys, no small counts."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_values import create_key
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, Privacy, Salting, Suppression
from ptrack_analysis.schema import (
    PERSON_KEYS,
    SALTED,
    SUPPRESSED,
    Table,
    find_further_columns,
    list_columns,
    validate,
)
from ptrack_analysis.schema.table import TRACKER_IDENTITIES

Tables = Mapping[str, pd.DataFrame]

_HOURLY = frozenset({"occupancy_hourly", "visits_hourly"})
_UNKNOWN = 1
"""What nobody has counted is taken for a single person: to be suppressed."""


def persons_in(rule: Suppression, table: pd.DataFrame, tables: Tables) -> Integers:
    """Count the persons that each row of a table rests on; never more than there are.

    Of stays they are the distinct persons who stayed; of crossings the distinct persons of the direction
    that fewer crossed in, if any; of intervals of time the most who were present at once, which is at most
    the true number; of a cell the distinct persons who stood in it.
    """
    if rule.source:
        return _COUNTS[rule.people](table, tables[rule.source])
    numbers: Integers = table[rule.people].to_numpy()
    return numbers


def _visitors(table: pd.DataFrame, visits: pd.DataFrame) -> Integers:
    """Count the distinct visitors by as much of zone and entry as the table is keyed by."""
    names = [name for name in ("zone", "entry") if name in table.index.names]
    of_group = visits.reset_index().astype({"entry": "str"}).groupby(names)["person_index"].nunique()
    return _looked_up(of_group, table, names, missing=0)


def _people_of_retail(table: pd.DataFrame, visits: pd.DataFrame) -> Integers:
    """Count the visitors of the zone; a figure of fewer persons or visits rests on no more than these.

    A share rests on those that it counts, and on those that it leaves: both can be had from it.
    """
    visitors = _visitors(table, visits)
    counts = table["measured_in"].isin(["persons", "visits"]).to_numpy()
    value, of = table["value"].fillna(0.0).to_numpy(), table["taken_of"].to_numpy()
    shares = np.where((table["measured_in"] == "1").to_numpy(), np.rint(value * of), 0.0).astype("int64")
    fewest = visitors
    for number in (
        of,
        np.where(counts, value, 0.0).astype("int64"),
        shares,
        np.where(shares > 0, of - shares, 0),
    ):
        fewest = np.where(number > 0, np.minimum(fewest, number), fewest)
    return fewest


def _crossers(table: pd.DataFrame, crossings: pd.DataFrame) -> Integers:
    crossings = crossings.reset_index()
    fewest = np.zeros(len(table), dtype="int64")
    lines, starts = (table.index.get_level_values(name) for name in ("line", "timestamp"))
    for line in lines.unique():
        rows = np.flatnonzero(lines == line)
        own = crossings[crossings["line"] == line]
        interval = np.searchsorted(starts[rows].to_numpy(), own["timestamp"].to_numpy(), side="right") - 1
        for way in ("in", "out"):
            counted = own.assign(interval=interval)[(own["direction"] == way).to_numpy()]
            persons = counted.groupby("interval")["person_index"].nunique()
            number = persons.reindex(range(len(rows)), fill_value=0).to_numpy()
            before = fewest[rows]
            fewest[rows] = np.where(
                (before == 0) | (number == 0), before + number, np.minimum(before, number)
            )
    return fewest


def _people_in_cells(table: pd.DataFrame, measure: pd.DataFrame) -> Integers:
    persons = measure.xs("persons", level="quantity")["number"].astype("int64")
    return _looked_up(persons, table, ["row", "column"], missing=_UNKNOWN)


def _looked_up(of_group: pd.Series, table: pd.DataFrame, names: list[str], *, missing: int) -> Integers:
    """Return the number of the group of each row of a table."""
    levels = [table.index.get_level_values(name) for name in names]
    wanted = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels, names=names)
    numbers: Integers = of_group.reindex(wanted, fill_value=missing).to_numpy().astype("int64")
    return numbers


_COUNTS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], Integers]] = {
    "visitors": _visitors,
    "people_of_retail": _people_of_retail,
    "crossers": _crossers,
    "people_in_cells": _people_in_cells,
}


_KEPT = {
    "zone_key",
    "line_key",
    "origin_key",
    "destination_key",
    "interval",
    "recorded_time",
    "local_date",
    "local_hour",
    "weekday",
    "area_m2",
    "x_{u}",
    "y_{u}",
    "measured_in",
    "definition",
    "confidence",
}
"""Columns that say what a row is about, not what was found."""


def complemented(small: Bools, persons: Integers, groups: Sequence[Integers]) -> Bools:
    """Mark, beside rows of few persons, as many others that none of those is alone in its group.

    In a group with exactly one row marked, its figures could be had by subtracting the others from the
    group's total; so the row of fewest persons is marked too, of several the first, one of nobody only where
    there is no other. A group of one row stays as it is. This goes on until it holds in every group.

    Parameters
    ----------
    small
        (n,) rows that rest on few persons.
    persons
        (n,) persons that each row rests on.
    groups
        For each way to group the rows (n,) numbers of their groups.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    marked = small.copy()
    rank = np.lexsort((np.arange(len(persons)), persons, persons == 0))
    place = np.empty(len(rank), dtype="int64")
    place[rank] = np.arange(len(rank))
    growing = True
    while growing:
        growing = False
        for group in groups:
            alone = (np.bincount(group[marked], minlength=group.max(initial=0) + 1) == 1)[group] & ~marked
            for lone in np.unique(group[alone]):
                others = np.flatnonzero(alone & (group == lone))
                marked[others[np.argmin(place[others])]] = True
                growing = True
    return marked


def number_groups(table: pd.DataFrame, ways: Sequence[Sequence[str]]) -> list[Integers]:
    """Return the group number of each row for each grouping by levels; without levels, one group."""
    keys = table.index.to_frame(index=False)
    return [
        keys.groupby([*way], sort=False).ngroup().to_numpy() if way else np.zeros(len(keys), dtype="int64")
        for way in ways
    ]


def without(
    table: pd.DataFrame, schema: Table, rows: Bools, figures: dict[str, Bools] | None = None
) -> pd.DataFrame:
    """Return a table without the figures of some rows, and without single figures of others.

    Parameters
    ----------
    table
        The table.
    schema
        Its schema, of which there is a form without small counts.
    rows
        (n,) rows of which every figure goes; what they are about stays.
    figures
        Rows of which a single column goes, by its name.
    """
    form, given = SUPPRESSED[schema.name], figures or {}
    gone = rows.copy()
    columns = {}
    for name, column in list_columns(table, schema):
        hidden = rows | given.get(name, False)
        whole = table[name].astype("Int64") if column.kind == "integer" else table[name]
        if column.name in _KEPT:
            columns[name] = whole
            continue
        gone |= hidden & table[name].notna().to_numpy()
        columns[name] = whole.mask(hidden)
    table = table.assign(**columns, suppressed=gone)
    validate(table, form)
    return table


def release(
    tables: Mapping[str, pd.DataFrame], settings: AnalysisConfig, video: str
) -> dict[str, pd.DataFrame]:
    """Return the tables of one video as they may leave the house.

    With a salt, ``person`` is the first 16 hex digits of HMAC-SHA256(salt, "video:person_index"), and no
    number of the tracker is left, nor the order that they give: groups are numbered anew, and of a pair the
    smaller key comes first; ``stitches``, which is about these numbers, is left out.

    With either, the columns of a tracker's file that have no role are left out: what they tell of people is
    not known.

    With ``min_count`` every figure that rests on fewer persons, but not on nobody, is missing, and its row
    says ``suppressed``; so is one more of a group of rows in which it would be the only one, as its figures
    could be had from the group's total. Running totals of a line with such a row are missing. Left out are
    the tables whose rows are single persons or single moments of their coming and going
    (``occupancy_changes``, ``survival`` ...), those of which it cannot be told how many persons a figure
    rests on (``quality``, ``field``, the heatmap of boxes), and beside tables of hours those of shorter
    intervals.

    With ``min_count``, ``rows_read`` and ``rows_dropped`` of ``videos`` are missing, because they count the
    detections of all people, who may be few.

    Some figures are withheld with ``min_count`` however many persons they rest on, because they are the
    value of one person to the millisecond, or because two other published figures give them and they might
    reveal a suppressed one. Missing are the medians, ``horizon`` and the restricted means of ``dwell`` and
    ``dwell_by_entry``; ``start_unobserved`` and ``end_unobserved`` of ``dwell``, which are those of few
    entries; the median and the share of ``transitions``; ``mean_persons`` of ``occupancy`` and
    ``zone_occupancy``; density,
    speed and flow of ``fundamental``; ``density_per_m2`` of ``heatmap``; and ``peak_moment``,
    ``average_dwell``, ``dwell_per_visitor`` and ``re_entry_rate`` of ``retail``. The tables
    ``dwell_quantiles``, ``service_levels``, ``confidence_intervals``, ``density`` and ``flow`` consist of
    such figures and are left out.

    Parameters
    ----------
    tables
        The tables of one video by their folders, as ``compute_tables`` gives them.
    settings
        What is released: ``salt``, ``min_count`` and ``tables``.
    video
        The video's name.

    Notes
    -----
    Sums of two suppressed rows can be had from totals, and zones that overlap, another export of the same
    archive with other options, or knowledge from outside can tell more. O(n log n).

    References
    ----------
    Cell suppression with a threshold rule, primary and complementary: A. Hundepool et al., Statistical
    Disclosure Control, Wiley 2012, doi:10.1002/9781118348239, chapter 4.
    """
    made = {name: tables[name] for name in released_folders(list(tables), settings)}
    if settings.withholds:
        made = {name: _without_source_columns(name, table) for name, table in made.items()}
    if settings.min_count is not None and "videos" in made:
        unknown = pd.array([pd.NA] * len(made["videos"]), dtype="Int64")
        made["videos"] = made["videos"].assign(rows_read=unknown, rows_dropped=unknown)
    if settings.min_count is not None:
        rules = {name: OUTPUTS[name].privacy.suppression for name in made}
        given = {**tables, **_countable(tables)}
        made |= {
            name: _without_small_counts(name, rule, given, settings.min_count)
            for name, rule in rules.items()
            if rule is not None
        }
    if isinstance(settings.salt, bytes):
        salt = settings.salt
        made |= {
            name: _salted(table, OUTPUTS[name].table, salt, video)
            for name, table in made.items()
            if OUTPUTS[name].privacy.salting is Salting.KEYS
        }
    return made


def _without_source_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the columns of a tracker's file; those of ``videos`` are of the recordings."""
    further = [] if name == "videos" else find_further_columns(table, OUTPUTS[name].table)
    return table.drop(columns=further) if further else table


def released_folders(folders: list[str], settings: AnalysisConfig) -> list[str]:
    """List those of the computed tables that are written."""
    standard = [one.name for one in OUTPUTS.values() if one.standard]
    standard += ["faces"] if settings.faces else []
    wanted = {*(settings.tables or standard), *ALWAYS}
    hourly = settings.tells_clocks and not _HOURLY.isdisjoint(wanted)
    return [
        name
        for name in folders
        if name in wanted and _is_released(OUTPUTS[name].privacy, settings, hourly=hourly)
    ]


def needed_folders(settings: AnalysisConfig) -> set[str]:
    """List the tables that are computed to count persons in others, be they written or not."""
    if settings.min_count is None:
        return set()
    rules = [rule for one in OUTPUTS.values() if (rule := one.privacy.suppression) is not None]
    return {name for rule in rules for name in (rule.source, rule.same_as) if name}


def _is_released(privacy: Privacy, settings: AnalysisConfig, *, hourly: bool) -> bool:
    """Return whether anything of a table is written; ``hourly`` tells whether tables of hours are."""
    if settings.salt is not None and privacy.salting is Salting.WITHHELD:
        return False
    if settings.min_count is None:
        return True
    rule = privacy.suppression
    if rule is not None and rule.finer_than_hours and hourly:
        return False
    return bool(privacy.min_count)


def _countable(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Keep the rows whose people can be counted, where a table has others."""
    kept = {}
    for name, table in tables.items():
        rule = OUTPUTS[name].privacy.suppression
        if rule is not None and rule.only is not None:
            level, value = rule.only
            kept[name] = table[table.index.get_level_values(level) == value]
    return kept


def _without_small_counts(
    name: str, rule: Suppression, tables: Mapping[str, pd.DataFrame], least: int
) -> pd.DataFrame:
    """Suppress the small counts of a table."""
    schema = OUTPUTS[name].table
    rows = _rows(name, rule, tables, least)
    table = _without_withheld(tables[name], schema, rule)
    figures = {column: _is_small(table[column], least) for column in rule.parts}
    figures |= {column: _in_groups(table, schema.key[0].name, rows) for column in rule.running}
    return without(table, schema, rows, figures)


def _rows(name: str, rule: Suppression, tables: Mapping[str, pd.DataFrame], least: int) -> Bools:
    """Mark the rows of a table that are suppressed."""
    other = OUTPUTS[rule.same_as].privacy.suppression if rule.same_as else None
    if other is not None:  # figures of that table are told again here: what is missing there is here
        index = tables[rule.same_as].index
        there = pd.Series(_rows(rule.same_as, other, tables, least), index=index)
        return there.reindex(tables[name].index, fill_value=True).to_numpy()
    persons = persons_in(rule, tables[name], tables)
    small = (persons > 0) & (persons < least)
    return complemented(small, persons, number_groups(tables[name], rule.groups))


def _without_withheld(table: pd.DataFrame, schema: Table, rule: Suppression) -> pd.DataFrame:
    """Remove the values that are withheld however many persons they rest on."""
    names = [name for name, column in list_columns(table, schema) if column.withheld]
    table = table.assign(**{name: table[name].mask(np.ones(len(table), dtype=bool)) for name in names})
    if not rule.figures:
        return table
    rows = table.index.get_level_values("figure").isin(rule.figures)
    return table.assign(
        value=table["value"].mask(rows),
        taken_of=table["taken_of"].astype("Int64").mask(rows),
        definition=table["definition"].mask(rows, table["definition"] + " Withheld."),
    )


def _is_small(counts: "pd.Series[int]", least: int) -> Bools:
    small: Bools = ((counts > 0) & (counts < least)).to_numpy()
    return small


def _in_groups(table: pd.DataFrame, name: str, rows: Bools) -> Bools:
    """Mark every row of a group in which a row is marked."""
    level = table.index.get_level_values(name)
    marked: Bools = np.asarray(level.isin(level[rows].unique()))
    return marked


def _salted(table: pd.DataFrame, schema: Table, salt: bytes, video: str) -> pd.DataFrame:
    """Name the persons of a table by salted keys, in the order of its new key."""
    levels = []
    for old, new in zip(schema.key, SALTED[schema.name].key, strict=True):
        values = table.index.get_level_values(old.name)
        if old.name in PERSON_KEYS:
            keys = {number: create_key(salt, f"{video}:{number}") for number in values.unique()}
            named = np.array([keys[number] for number in values], dtype=object)
            values = pd.Index(pd.array(named, dtype="str"))
        levels.append(values.rename(new.name))
    if schema.key_names[:2] == [*PERSON_KEYS]:
        levels[:2] = _in_their_order(*levels[:2])
    index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    table = table.drop(columns=[*TRACKER_IDENTITIES], errors="ignore").set_axis(index).sort_index()
    if "group" in table.columns:  # numbered by the persons' numbers, it would tell their order
        table["group"] = pd.factorize(table["group"])[0].astype("int64") + 1
    return table


def _in_their_order(person: pd.Index, other: pd.Index) -> list[pd.Index]:
    """Put the smaller key of each pair first: which had the smaller number is not to be told."""
    keys = np.sort(np.column_stack([person.to_numpy(dtype=object), other.to_numpy(dtype=object)]), axis=1)
    names = (person.name, other.name)
    return [
        pd.Index(pd.array(column, dtype="str"), name=name) for column, name in zip(keys.T, names, strict=True)
    ]
