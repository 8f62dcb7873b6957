"""Visits laid out as bars in lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import SEEN_ENDS

Lanes = Literal["person", "zone"]
_FILLED = 0.8
_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One bar a visit: its times [s], its middle and height in lanes, its zone, and which ends were unseen.

    ``names`` is what is written beside the lanes, at the heights ``places``; ``lanes`` is how many there are.
    """

    entered: Floats
    exited: Floats
    middle: Floats
    height: Floats
    zone: Integers
    entry_unseen: Bools
    exit_unseen: Bools
    names: list[str]
    places: Floats
    lanes: int

    def corners(self) -> Floats:
        """Give the bars' corners: (n, 4, 2)."""
        low, high = self.middle - self.height / 2, self.middle + self.height / 2
        left, right = self.entered, self.exited
        return np.stack(
            [np.column_stack(c) for c in ((left, low), (right, low), (right, high), (left, high))], 1
        )


def lay_out(visits: pd.DataFrame, zones: Sequence[str], lanes: Lanes) -> Bars:
    """Put each visit to one of the zones into a lane.

    Lanes of persons are in the order in which they first entered; a person who was in several zones at once
    has a part of the lane for each of the zones visited. Lanes by zone are in the order of the zones, with
    one lane a visitor, in the order in which they first entered it.
    """
    zone = pd.Index(zones).get_indexer(visits.index.get_level_values("zone"))
    visits, zone = visits[zone >= 0], zone[zone >= 0]
    times = {name: visits[name].to_numpy().astype("int64") / _MILLISECONDS for name in ("entered", "exited")}
    bars = pd.DataFrame({"person": visits.index.get_level_values("person_index"), "zone": zone, **times})
    keys = ["person"] if lanes == "person" else ["zone", "person"]
    first = bars.groupby(keys)["entered"].min().reset_index()
    first = first.sort_values([*keys[:-1], "entered", "person"], ignore_index=True)
    lane = bars.merge(first[keys].assign(lane=first.index), on=keys, how="left")["lane"].to_numpy()
    part, parts = _parts(bars) if lanes == "person" else (np.zeros(len(bars)), np.ones(len(bars)))
    names, places = _names(first, zones, lanes)
    return Bars(
        **{name: bars[name].to_numpy() for name in times},
        middle=lane - _FILLED / 2 + _FILLED * (part + 0.5) / parts,
        height=_FILLED / parts,
        zone=zone,
        entry_unseen=~visits["entry"].isin(SEEN_ENDS).to_numpy(),
        exit_unseen=~visits["exit"].isin(SEEN_ENDS).to_numpy(),
        names=names,
        places=places,
        lanes=len(first),
    )


def _names(first: pd.DataFrame, zones: Sequence[str], lanes: Lanes) -> tuple[list[str], Floats]:
    """Name each lane by its person, or each zone's lanes together, in their middle."""
    if lanes == "person":
        return [str(person) for person in first["person"]], np.arange(len(first), dtype="float64")
    zone, lanes_of = np.unique(first["zone"].to_numpy(dtype="int64"), return_counts=True)
    return [zones[each] for each in zone], np.cumsum(lanes_of) - (lanes_of + 1) / 2


def _parts(bars: pd.DataFrame) -> tuple[Floats, Floats]:
    """Tell which part of the person's lane each bar takes, and how many parts the lane has."""
    ordered = bars.sort_values(["person", "entered", "exited"])
    until = ordered.groupby("person")["exited"].cummax().groupby(ordered["person"]).shift()
    at_once = (ordered["entered"] < until).groupby(ordered["person"]).transform("any").reindex(bars.index)
    of_person = bars.groupby("person")["zone"]
    part = of_person.rank("dense").to_numpy() - 1
    parts = of_person.transform("nunique").to_numpy()
    return np.where(at_once, part, 0.0), np.where(at_once, parts, 1.0)
