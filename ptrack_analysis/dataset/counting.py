"""How many persons each row of a table of counts rests on."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Integers
from ptrack_analysis.pipeline.outputs import Suppression

Tables = Mapping[str, pd.DataFrame]

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
    persons = measure.xs("persons", level="of")["number"].astype("int64")
    return _looked_up(persons, table, ["row", "column"], missing=_UNKNOWN)


def _looked_up(of_group: pd.Series, table: pd.DataFrame, names: list[str], *, missing: int) -> Integers:
    """Give each row of a table the number of its group."""
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
