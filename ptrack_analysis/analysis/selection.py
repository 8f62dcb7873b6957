"""Part of a video: some persons, some minutes."""

import operator
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import DETECTIONS, check
from ptrack_analysis.video import milliseconds


def select(
    detections: pd.DataFrame,
    *,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
    persons: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Keep the detections of some persons and of a stretch of time: ``start <= timestamp < end``.

    What is computed afterwards is computed as if nothing else had been seen: a person's last detection
    before ``end`` holds for one sampling period, and who was there before ``start`` has ``appeared``. The
    sampling period itself is to be taken from the whole table (``sampling_period``) and given on.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    start, end
        Moments since the start of the video [ms]; by default its start and its end.
    persons
        Numbers of the persons to keep; those that do not occur are passed over. By default all.

    Returns
    -------
    pandas.DataFrame
        DETECTIONS, the rows kept in their order.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table.
    ParameterError
        If ``end`` is not after ``start``, or one of them is no moment.
    """
    check(detections, DETECTIONS)
    keep = np.ones(len(detections), dtype=bool)
    moment = detections.index.get_level_values("timestamp").to_numpy().view("int64")
    first = 0 if start is None else milliseconds(start, "start")
    if end is not None:
        last = milliseconds(end, "end")
        if last <= first:
            raise ParameterError(f"end is {end!r}, which is not after start ({start!r})")
        keep &= moment < last
    keep &= moment >= first
    if persons is not None:
        keep &= detections.index.get_level_values("person_index").isin(numbers_of(persons))
    return detections.copy(deep=False) if keep.all() else detections[keep]


def numbers_of(persons: Iterable[int]) -> list[int]:
    """Read numbers of persons.

    Raises
    ------
    ParameterError
        If it is no list of numbers.
    """
    try:
        return [int(operator.index(person)) for person in persons]
    except (TypeError, ValueError) as error:
        raise ParameterError(f"persons is {persons!r}, not a list of numbers of persons") from error
