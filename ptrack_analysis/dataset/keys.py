"""The keys by which the facts of one video refer to zones and lines."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.dataset.definitions import Definitions, keys_of
from ptrack_analysis.geometry import Integers
from ptrack_analysis.schema import Table, columns_of

_REFERENCES = {"zone_key": ("zone", "zones"), "line_key": ("line", "lines")}
"""Column of a fact to the level of its key that names the thing, and where the thing is defined."""


def with_keys(table: pd.DataFrame, schema: Table, definitions: Definitions) -> pd.DataFrame:
    """Give a table with the keys of its zones or lines beside their names, if its schema has such a column.

    The whole scene, the zone ``""``, has no key, and without a zone file there are no keys. The schema's
    columns come in the schema's order, any others behind them.
    """
    present = {column.name for column in schema.columns}
    for name, (level, kind) in _REFERENCES.items():
        if name in present and level in table.index.names and kind in definitions:
            codes, names = _codes_of(table.index, level)
            keys = keys_of(definitions, kind)
            keyed: Any = pd.array(
                np.array([keys.get(one, np.nan) for one in names], dtype=object), dtype="str"
            )
            table = table.drop(columns=name) if name in table.columns else table.copy(deep=False)
            table.insert(0, name, keyed.take(codes))
    known = [name for name, _ in columns_of(table, schema)]
    ordered = [*known, *(name for name in table.columns if name not in known)]
    return table if ordered == [*table.columns] else table[ordered]


def _codes_of(index: pd.Index, level: str) -> tuple[Integers, Iterable[Any]]:
    """Give the names in one level of an index, each once, and which of them each row has."""
    if isinstance(index, pd.MultiIndex):
        place = index.names.index(level)
        return np.asarray(index.codes[place]), index.levels[place]
    codes, names = index.factorize()
    return np.asarray(codes), names
