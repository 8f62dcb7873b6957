"""Numbers that someone gave as a limit, a length or a speed: read, or refused with a sentence."""

import math
from typing import Any

from ptrack_analysis.errors import ParameterError


def at_least(value: Any, name: str, least: float = 0.0) -> float:
    """Read a finite number of at least ``least``; a text or a truth value is no number.

    Raises
    ------
    ParameterError
        With the name of the argument and the value.
    """
    number = _number(value)
    if math.isfinite(number) and number >= least:
        return number
    raise ParameterError(f"{name} is {value!r}, not a number of at least {least:g}")


def above(value: Any, name: str, least: float = 0.0, *, finite: bool = True) -> float:
    """Read a number above ``least``, which may be infinite if ``finite`` is False.

    Raises
    ------
    ParameterError
        With the name of the argument and the value.
    """
    number = _number(value)
    if number > least and (math.isfinite(number) or not finite):
        return number
    raise ParameterError(f"{name} is {value!r}, not a number above {least:g}")


def _number(value: Any) -> float:
    """Give the number, NaN for what is none."""
    if isinstance(value, str | bytes | bool):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
