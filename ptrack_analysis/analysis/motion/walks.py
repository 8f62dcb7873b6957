"""Columns of a trajectories table as arrays, sorted by person and time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import Links, link_rows, warn_of_removed
from ptrack_analysis.analysis.presence import PersonRows, detected, read_flag, rows_by_person
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.schema.arrays import drop_key
from ptrack_analysis.video import Milliseconds


@dataclass(frozen=True, eq=False)
class Walks:
    """The rows of a validated TRAJECTORIES table by person and time, each column read once.

    Functions that accept trajectories also accept their ``Walks``, which ``VideoAnalysis`` builds once per
    video. They then do not validate other tables of the same video.
    """

    table: pd.DataFrame
    unit: str

    @cached_property
    def columns(self) -> pd.DataFrame:
        """The columns of the table without its key, which makes reading faster."""
        return drop_key(self.table)

    @cached_property
    def rows(self) -> PersonRows:
        """The order of the rows by person and time."""
        return rows_by_person(self.table)

    @cached_property
    def _is_sorted(self) -> bool:
        return bool((self.rows.order == np.arange(len(self.rows.order))).all())

    def _sort(self, values: Any) -> Any:
        return values if self._is_sorted else values[self.rows.order]

    @cached_property
    def links(self) -> Links:
        """Links between rows; raises SchemaError if rows of a person overlap."""
        return link_rows(self.table, self.rows)

    @property
    def time_present(self) -> Milliseconds:
        """Time present of each row [ms]."""
        return self.links.time_present

    @cached_property
    def run(self) -> Integers:
        """Number of the linked part that each row belongs to, over the complete table."""
        return self.links.tracklet

    @cached_property
    def person_index(self) -> Integers:
        """Number of the person of each row."""
        person_index: Integers = self._sort(self.table.index.get_level_values("person_index").to_numpy())
        return person_index

    @cached_property
    def position(self) -> tuple[Floats, Floats]:
        """Coordinates x and y, NaN in rows without a position."""
        x, y = self.read(f"x_{self.unit}"), self.read(f"y_{self.unit}")
        without_x, without_y = np.isnan(x), np.isnan(y)
        if (without_x == without_y).all():
            return x, y
        nowhere = without_x | without_y
        return np.where(nowhere, np.nan, x), np.where(nowhere, np.nan, y)

    @property
    def x(self) -> Floats:
        """Coordinate x, NaN without a position."""
        return self.position[0]

    @property
    def y(self) -> Floats:
        """Coordinate y, NaN without a position."""
        return self.position[1]

    @cached_property
    def status(self) -> Integers:
        """Code of the position status of each row, in the order of ``POSITION_STATUSES``."""
        codes: Integers = self._sort(self.columns["position_status"].array.codes)
        return codes

    @cached_property
    def detected(self) -> Bools:
        """Whether each row was detected, and not interpolated in a gap."""
        return detected(self.columns, self.rows)

    @cached_property
    def _inside(self) -> dict[Any, np.ndarray]:
        """Return the masks of zones as bits: a byte per row and zone would exceed the memory budget."""
        return {}

    def find_inside(self, zone: Zone) -> Bools:
        """Return which rows are in the outline of a zone, whether or not the zone is active then."""
        if zone.outline in self._inside:
            bits = np.unpackbits(self._inside[zone.outline], count=len(self.x))
            inside: Bools = bits.view("bool")
        else:
            inside = contains(zone.edges, self.x, self.y)
            self._inside[zone.outline] = np.packbits(inside)
        inside.setflags(write=False)
        return inside

    def forget_zone(self, zone: Zone) -> None:
        """Free the memory that ``find_inside`` uses for a zone that is no longer needed."""
        self._inside.pop(zone.outline, None)

    def read(self, name: str) -> Any:
        """Read a column."""
        return self._sort(self.columns[name].to_numpy())

    def read_flag(self, name: str) -> Bools:
        """Read a flag, or return False for all rows if the table does not have it."""
        return read_flag(self.columns, self.rows, name)


def read_walks(trajectories: pd.DataFrame | Walks) -> Walks:
    """Validate a TRAJECTORIES table and return its arrays; arrays are returned unchanged.

    A ``PtrackWarning`` is issued if rows were removed from the table.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    """
    if isinstance(trajectories, Walks):
        return trajectories
    validate(trajectories, TRAJECTORIES)
    return split_walks(trajectories, find_unit(trajectories, TRAJECTORIES), stacklevel=5)


def split_walks(trajectories: pd.DataFrame, unit: str, *, stacklevel: int = 4) -> Walks:
    """Return the arrays of a TRAJECTORIES table that was already validated; warn if rows were removed."""
    walks = Walks(trajectories, unit)
    warn_of_removed(trajectories, walks.rows, walks.links, stacklevel=stacklevel)
    return walks
