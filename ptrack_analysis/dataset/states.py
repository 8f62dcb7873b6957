"""The states of a figure: a value, withheld, or not covered by a recording."""

from enum import Enum

import numpy as np
import pandas as pd

_COVERED = ("recorded_time", "recorded_time_s")


class FigureState(Enum):
    """State of a figure: a value, or the reason for a missing value."""

    VALUE = "value"
    WITHHELD = "withheld"
    NOT_COVERED = "not covered"


def find_states(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the state of each figure in a column.

    A figure is not covered if ``recorded_time`` of its row is 0 or missing, because nothing was recorded. A
    missing figure of a table with suppressed rows is withheld if its row is suppressed, or if the column has
    no values at all. Every other missing figure is not covered.

    Parameters
    ----------
    table
        A table of a dataset, in memory or as it is stored.
    column
        Name of the column with the figures.

    Returns
    -------
    pandas.Series
        One ``FigureState`` per row.

    Examples
    --------
    >>> table = pd.DataFrame({"visits": [4, None, None], "suppressed": [False, True, False]})
    >>> [state.value for state in find_states(table, "visits")]
    ['value', 'withheld', 'not covered']
    """
    missing = table[column].isna().to_numpy()
    withheld = np.zeros(len(table), dtype=bool)
    if "suppressed" in table.columns:
        withheld = missing & (table["suppressed"].to_numpy(dtype=bool) | missing.all())
    uncovered = missing & ~withheld
    for name in _COVERED:
        if name in table.columns:
            uncovered |= table[name].isna().to_numpy() | (table[name] == 0 * table[name]).to_numpy()
    states = np.full(len(table), FigureState.VALUE, dtype=object)
    states[withheld] = FigureState.WITHHELD
    states[uncovered] = FigureState.NOT_COVERED
    return pd.Series(states, index=table.index, name=column, dtype=object)
