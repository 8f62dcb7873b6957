"""How many persons each row of a table of counts rests on."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Integers

Tables = Mapping[str, pd.DataFrame]

_UNKNOWN = 1
"""What nobody has counted is taken for a single person: to be suppressed."""


def persons_in(folder: str, tables: Tables) -> Integers:
    """Count the persons that each row of a table rests on; never more than there are.

    Of stays they are the distinct persons who stayed; of crossings the distinct persons of the direction
    that fewer crossed in, if any; of intervals of time the most who were present at once, which is at most
    the true number; of a cell the distinct persons who stood in it.
    """
    return _COUNTS[folder](tables[folder], tables)


def _of_stays(*names: str) -> Callable[[pd.DataFrame, Tables], Integers]:
    def counted(table: pd.DataFrame, tables: Tables) -> Integers:
        visits = tables["visits"].reset_index()
        of_group = visits.astype({"entry": "str"}).groupby([*names])["person_index"].nunique()
        return _looked_up(of_group, table, names, missing=0)

    return counted


def _of_retail(table: pd.DataFrame, tables: Tables) -> Integers:
    """Count the visitors of the zone; a figure of fewer persons or visits rests on no more than these.

    A share rests on those that it counts, and on those that it leaves: both can be had from it.
    """
    visitors = _of_stays("zone")(table, tables)
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


def _of_crossings(table: pd.DataFrame, tables: Tables) -> Integers:
    crossings = tables["crossings"].reset_index()
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


def _of_cells(table: pd.DataFrame, tables: Tables) -> Integers:
    persons = tables["measure"].xs("persons", level="of")["number"].astype("int64")
    return _looked_up(persons, table, ("row", "column"), missing=_UNKNOWN)


def _own(name: str) -> Callable[[pd.DataFrame, Tables], Integers]:
    def counted(table: pd.DataFrame, _: Tables) -> Integers:
        numbers: Integers = table[name].to_numpy()
        return numbers

    return counted


def _looked_up(of_group: pd.Series, table: pd.DataFrame, names: tuple[str, ...], *, missing: int) -> Integers:
    """Give each row of a table the number of its group."""
    levels = [table.index.get_level_values(name) for name in names]
    wanted = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels, names=names)
    numbers: Integers = of_group.reindex(wanted, fill_value=missing).to_numpy().astype("int64")
    return numbers


_COUNTS: dict[str, Callable[[pd.DataFrame, Tables], Integers]] = {
    "dwell": _of_stays("zone"),
    "dwell_by_entry": _of_stays("zone", "entry"),
    "retail": _of_retail,
    "transitions": _own("persons"),
    "counts": _of_crossings,
    "occupancy_bins": _own("max_persons"),
    "occupancy_hourly": _own("max_persons"),
    "visits_hourly": _own("persons"),
    "heatmap": _of_cells,
    "measure": _of_cells,
}
