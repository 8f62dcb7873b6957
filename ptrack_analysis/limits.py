"""Validate numbers: limits, lengths, speeds and amounts of memory."""

import math
import re
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import ParameterError

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?))?B?", re.IGNORECASE | re.ASCII)
_POWERS = ("", "K", "M", "G", "T")


def at_least(value: Any, name: str, least: float = 0.0) -> float:
    """Return a finite number of at least ``least``; reject text and bool.

    Raises
    ------
    ParameterError
        If the value is not such a number.
    """
    number = _number(value)
    if math.isfinite(number) and number >= least:
        return number
    raise ParameterError(f"{name} must be a number of at least {least:g}, got {value!r}")


def above(value: Any, name: str, least: float = 0.0, *, finite: bool = True) -> float:
    """Return a number above ``least``, which may be infinite if ``finite`` is False.

    Raises
    ------
    ParameterError
        If the value is not such a number.
    """
    number = _number(value)
    if number > least and (math.isfinite(number) or not finite):
        return number
    raise ParameterError(f"{name} must be a number above {least:g}, got {value!r}")


def amount_of_bytes(amount: Any, name: str, *, least: int, most: float = math.inf) -> int:
    """Return an amount of bytes from a number or a text such as ``"1GB"``.

    A number must be an integer. A text may also be ``"512 MB"`` or ``"1 GiB"``: MB is 10^6 and MiB 2^20
    bytes. The B is optional, case does not matter, and a fraction of a byte is dropped.

    Raises
    ------
    ParameterError
        If the value is not an amount of bytes or is out of range.
    """
    size: Any = None
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        size = amount if amount % 1 == 0 else None
    elif isinstance(amount, str) and (found := _AMOUNT.fullmatch(amount.strip())):
        power = _POWERS.index((found[2] or "").upper())
        size = float(found[1]) * (1024 if found[3] else 1000) ** power
    if size is not None and least <= size <= most and size < math.inf:
        return int(size)
    reach = f"at least {_shown(least)}" if most == math.inf else f"{_shown(least)} to {_shown(int(most))}"
    raise ParameterError(f"{name} must be {reach}, such as 512MB or 1GB, got {amount!r}")


def available_memory(root: Path = Path("/")) -> int | None:
    """Return the memory available to this process [bytes], or None if unknown.

    This is Linux's ``MemAvailable``, or the limit of a control group (version 1 or 2) if it is lower.
    """
    try:
        lines = (root / "proc/meminfo").read_text("utf-8", "surrogateescape").splitlines()
        groups = [
            line.split(":", 2)
            for line in (root / "proc/self/cgroup").read_text("utf-8", "surrogateescape").splitlines()
        ]
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    for _, controllers, path in groups:
        if controllers not in {"", "memory"}:
            continue
        top, name = ("memory", "memory.limit_in_bytes") if controllers else ("", "memory.max")
        group = root / "sys/fs/cgroup" / top / path.lstrip("/")
        for folder in (group, *group.parents):
            try:
                found.append(int((folder / name).read_text("ascii")))
            except (OSError, ValueError):  # the file does not exist or contains "max"
                continue
    return min(found, default=None)


def shown_bytes(size: int) -> str:
    """Format an amount of bytes with two digits, such as 3.2GB."""
    power = next(power for power in range(len(_POWERS) - 1, -1, -1) if size >= 1000**power or not power)
    return f"{float(f'{size / 1000**power:.2g}'):g}{_POWERS[power]}B"


def _shown(size: int) -> str:
    power = next(power for power in range(len(_POWERS) - 1, -1, -1) if size >= 1000**power)
    return f"{size / 1000**power:g}{_POWERS[power]}B"


def _number(value: Any) -> float:
    """Convert a value to a number, or to NaN if it is not a number."""
    if isinstance(value, str | bytes | bool):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
