"""Checks: what compute_quality looks at, from which value on it is doubtful or bad, and what suffers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ptrack_analysis.errors import ParameterError

RATE = "1/min"
"""The unit of a check that counts events in a minute of presence."""
LEAST_EVENTS = 3
"""The number of events from which on a rate above a threshold is doubtful or bad."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the unit of its value, and the values above which it is doubtful and bad."""

    unit: str
    doubtful: float
    bad: float
    meaning: str


CHECKS = {
    "sampling period": Check(
        "s",
        0.5,
        2.0,
        "Time between two samplings: every moment of entry, exit and crossing is off by up to it.",
    ),
    "irregular sampling": Check(
        "1",
        3.0,
        10.0,
        "The step that 95 % of the steps between samplings stay within, by the period: what happens in "
        "longer steps is not seen.",
    ),
    "gaps": Check(
        RATE,
        1.0,
        4.0,
        "Interruptions of persons' presence in a minute of it: dwell is too short and stays are too many.",
    ),
    "bridged time": Check(
        "%",
        10.0,
        30.0,
        "Share of the time in the scene that no detection is near, beyond two periods of one: nobody saw "
        "whether the person was there.",
    ),
    "face only": Check(
        "%",
        10.0,
        40.0,
        "Share of detections with a face and no body box: their positions are interpolated or missing.",
    ),
    "unlocated time": Check(
        "%",
        10.0,
        30.0,
        "Share of the time in the scene without a position: the dwell in zones lacks it.",
    ),
    "short tracks": Check(
        "%",
        10.0,
        30.0,
        "Share of persons in the scene for less than a second: false detections or pieces of others, and "
        "too many persons.",
    ),
    "ends inside": Check(
        "%",
        30.0,
        60.0,
        "Share of tracks' beginnings and ends inside the picture, away from its edges and the doors given: "
        "persons lost and found anew, and dwell cut.",
    ),
    "continued tracks": Check(
        "%",
        10.0,
        30.0,
        "Share of persons who continue another one's track, of the stitches given: too many persons, and "
        "dwell cut.",
    ),
    "suspected switches": Check(
        RATE,
        0.2,
        1.0,
        "Jumps of a person's box in place or size in a minute of presence that nobody can have made: two "
        "persons may share a number.",
    ),
    "out of frame": Check(
        "%",
        5.0,
        20.0,
        "Share of boxes that reach beyond the frame: their footpoints may be outside of it.",
    ),
    "feet not seen": Check(
        "%",
        25.0,
        50.0,
        "Share of boxes that end at the picture's lower edge: the person stands nearer than the footpoint "
        "says.",
    ),
}


def checks_with(thresholds: Mapping[str, tuple[float, float]] | None) -> dict[str, Check]:
    """Give the checks with other thresholds.

    Raises
    ------
    ParameterError
        If there is no such check, or two thresholds are no growing pair of at least 0; all in one sentence.
    """
    given = {} if thresholds is None else thresholds
    if not isinstance(given, Mapping):
        raise ParameterError(f"thresholds is {thresholds!r:.60}, not a mapping from checks to two numbers")
    wrong = [
        f"{name!r} is no check; there are {', '.join(CHECKS)}"
        if name not in CHECKS
        else f"thresholds of {name!r} are {pair!r}, not two numbers of at least 0, the first not the greater"
        for name, pair in given.items()
        if name not in CHECKS or not _growing(pair)
    ]
    if wrong:
        raise ParameterError("; ".join(wrong))
    changed = {
        name: Check(CHECKS[name].unit, float(pair[0]), float(pair[1]), CHECKS[name].meaning)
        for name, pair in given.items()
    }
    return CHECKS | changed


def _growing(pair: object) -> bool:
    if not isinstance(pair, list | tuple) or len(pair) != 2:  # noqa: PLR2004 - doubtful and bad
        return False
    return all(isinstance(one, int | float | np.number) for one in pair) and 0 <= pair[0] <= pair[1] < np.inf
