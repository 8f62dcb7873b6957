"""Which of the tables a cleaning function was given."""

import pandas as pd

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.schema import DETECTIONS, POINTS, TRAJECTORIES, Table, check

_MADE = frozenset({"located", "held", "run"})


def kind_of(table: object, *, trajectories: bool = False) -> Table:
    """Tell whether a table is DETECTIONS or POINTS (or TRAJECTORIES, where they are taken), and check it.

    Its index tells detections from points, the columns ``located held run`` tell trajectories from points;
    whatever is neither is taken for detections.

    Raises
    ------
    SchemaError
        If it is no such table.
    """
    kind = DETECTIONS
    if isinstance(table, pd.DataFrame) and list(table.index.names) == POINTS.key_names:
        kind = TRAJECTORIES if set(table.columns) >= _MADE else POINTS
    if kind is TRAJECTORIES and not trajectories:
        raise SchemaError(
            "not a detections table: these are trajectories; clean the detections or points that they were "
            "computed from, then compute them again"
        )
    check(table, kind)
    return kind
