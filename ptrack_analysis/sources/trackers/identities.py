"""Identities of a tracker: whole numbers of any size, or texts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.video import Milliseconds

UNTRACKED = -1
_UNTRACKED_TEXTS = ("", "-1", "-1.0", "nan", "NaN", "none", "None", "null", "18446744073709551615")
"""Texts that mean no identity; the number is DeepStream's."""
_UNTRACKED_FLOAT = 2.0**64
_EXACT = 2.0**53
_WHOLE = r"^[+-]?[0-9]+(\.0*)?$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Identities:
    """The identity of each row: a number (-1 if untracked), or a text to be numbered."""

    numbers: Integers
    texts: Any = None

    @property
    def is_tracked(self) -> Bools:
        """Whether each row has an identity."""
        tracked: Bools = self.numbers != UNTRACKED
        return tracked

    def number_by_appearance(self, time: Milliseconds) -> Integers:
        """Return the numbers. Texts are numbered from 1 in the order of their first times."""
        if self.texts is None:
            return self.numbers
        tracked = self.is_tracked
        codes, names = pd.factorize(np.asarray(self.texts, dtype=object)[tracked], sort=True)
        first = np.full(len(names), np.iinfo("int64").max)
        np.minimum.at(first, codes, time[tracked])
        rank = np.empty(len(names), dtype="int64")
        rank[np.argsort(first, kind="stable")] = np.arange(1, len(names) + 1)
        numbers = self.numbers.copy()
        numbers[tracked] = rank[codes]
        return numbers


def read_identities(cells: Cells, name: str, *, texts: bool = True) -> Identities:
    """Read a column of identities.

    Whole numbers that fit 64 bits are kept. If an identity is a text or a larger number, and ``texts`` is
    True, all identities are texts.

    Raises
    ------
    InputError
        If an identity is a fraction, below -1, or a float that is too large to be exact; if it is a text and
        ``texts`` is False; if no row has an identity.
    """
    if name not in cells.columns:
        raise InputError(f"{cells.place}: column {name!r} is missing")
    column = cells.columns[name]
    found = _read_floats(cells, name) if pa.types.is_floating(column.type) else None
    if pa.types.is_integer(column.type):
        found = _validated(cells, name, _to_array(pc.fill_null(column, UNTRACKED)))
    if found is None:
        found = _read_texts(cells, name, pc.cast(column, pa.string()), texts=texts)
    if cells.count and not found.is_tracked.any():
        raise InputError(
            f"{cells.place}: the id is -1 or missing in every row. These are detections, not tracks: run a "
            f"tracker "
            "on them first."
        )
    return found


def _read_floats(cells: Cells, name: str) -> Identities:
    values = cells.columns[name].to_numpy().astype("float64")
    values = np.where(np.isnan(values) | (values == _UNTRACKED_FLOAT), UNTRACKED, values)
    bad = (values != np.floor(values)) | (values < UNTRACKED)
    if bad.any():
        raise cells.fault(name, int(bad.argmax()), "a whole number of at least -1, or a text")
    if (values > _EXACT).any():
        raise cells.fault(
            name,
            int((values > _EXACT).argmax()),
            "an exact id: floats round whole numbers above 2^53. Write the ids as integers or texts",
        )
    return Identities(values.astype("int64"))


def _read_texts(cells: Cells, name: str, column: Any, *, texts: bool) -> Identities:
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    try:
        return _validated(cells, name, _to_array(pc.cast(trimmed, pa.int64())))
    except pa.ArrowInvalid:
        pass
    absent = pc.is_in(trimmed, pa.array(_UNTRACKED_TEXTS))
    present = pc.if_else(absent, str(UNTRACKED), trimmed)
    is_whole = pc.match_substring_regex(present, _WHOLE)
    if pc.all(is_whole, min_count=0).as_py():
        try:
            return _validated(cells, name, _to_integers(present))
        except pa.ArrowInvalid:  # larger than 64 bits
            pass
    is_number = pc.match_substring_regex(present, _NUMBER)
    if not texts or pc.all(is_number, min_count=0).as_py():
        fault = pc.invert(is_whole)
        row = pc.index(fault, True).as_py()
        if row >= 0:
            kind = "a whole number of at least -1"
            raise cells.fault(name, row, kind if not texts else f"{kind}, or a text")
    absent = absent.to_numpy().astype(bool)
    return Identities(np.where(absent, UNTRACKED, 0), present.to_numpy())


def _to_integers(texts: Any) -> Integers:
    """Convert texts such as ``7``, ``+7`` and ``7.0``."""
    plain = pc.replace_substring_regex(texts, r"^\+|\.0*$", "")
    return _to_array(pc.cast(plain, pa.int64()))


def _to_array(numbers: Any) -> Integers:
    values: Integers = np.array(numbers.to_numpy(), dtype="int64")
    return values


def _validated(cells: Cells, name: str, numbers: Integers) -> Identities:
    if (numbers < UNTRACKED).any():
        raise cells.fault(name, int((numbers < UNTRACKED).argmax()), "a whole number of at least -1")
    return Identities(numbers)
