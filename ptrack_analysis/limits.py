"""Validate arguments: numbers, amounts of memory, choices and bounds; and the memory budget."""

import math
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import InputError, ParameterError

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?))?B?", re.IGNORECASE | re.ASCII)
_LONGEST = 60
"""Letters of a value in a message."""
_POWERS = ("", "K", "M", "G", "T")
_PAGE = 4096
"""Size of a page of memory [bytes]; where it is larger, less memory counts as used."""
_PARSED = 20
"""Memory of parsed JSON or CSV per byte of the file [bytes]."""
SMALL = 64 * 10**6
"""Memory that any step may use, however low the limit [bytes]."""
MAX_COLUMNS = 200_000
"""Largest number of columns of a tracker's table."""


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
    raise ParameterError(f"{name} must be a number of at least {least:g}, got {describe(value)}")


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
    raise ParameterError(f"{name} must be a number above {least:g}, got {describe(value)}")


def describe(value: object) -> str:
    """Describe an argument in an error message: a short value itself, otherwise its type."""
    if isinstance(value, PathLike):
        return f"the path {str(value)!r}"
    if isinstance(value, list | tuple) and value and not isinstance(value[0], str | int | float | None):
        return f"a {type(value).__name__} of {type(value[0]).__name__}"
    if value is None or isinstance(value, str | int | float | list | tuple):
        return repr(value) if len(repr(value)) <= _LONGEST else f"{repr(value)[:_LONGEST]}…"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"


def wrong_kind(name: str, expected: str, value: object, advice: str = "") -> ParameterError:
    """Return the error for an argument of the wrong kind, with the call that gives the right one."""
    more = f". {advice}" if advice else ""
    return ParameterError(f"{name} must be {expected}, got {describe(value)}{more}")


def validate_path(path: object, name: str, expected: str = "a path") -> None:
    """Reject an argument that is neither a text nor a path.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if not isinstance(path, str | PathLike):
        raise wrong_kind(name, expected, path)


def validate_choice(value: object, name: str, choices: Collection[str]) -> None:
    """Reject a value that is not one of the choices, and suggest the nearest one.

    Raises
    ------
    ParameterError
        If the value is not one of the choices.
    """
    if isinstance(value, str) and value in choices:
        return
    near = get_close_matches(value, choices, n=1) if isinstance(value, str) else []
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise ParameterError(f"{name} must be one of {', '.join(choices)}, got {describe(value)}{hint}")


def parse_bounds(bounds: Any, name: str = "bounds") -> tuple[float, float, float, float]:
    """Return x0, y0, x1 and y1 of a rectangle with an area.

    Raises
    ------
    ParameterError
        If these are not four finite numbers with x0 < x1 and y0 < y1.
    """
    sides = [] if isinstance(bounds, str | dict) or not hasattr(bounds, "__len__") else [*bounds]
    if len(sides) == 4:  # noqa: PLR2004 - the sides of a rectangle
        x0, y0, x1, y1 = (_number(side) for side in sides)
        if math.isfinite(x0 + y0 + x1 + y1) and x0 < x1 and y0 < y1:
            return x0, y0, x1, y1
    raise ParameterError(
        f"{name} must be finite numbers (x0, y0, x1, y1) with x0 < x1 and y0 < y1, got {describe(bounds)}"
    )


def whole_number(value: Any, name: str, least: int = 0) -> int:
    """Return a whole number of at least ``least``; reject text and bool.

    Raises
    ------
    ParameterError
        If the value is not such a number.
    """
    number = _number(value)
    if number >= least and number % 1 == 0:
        return int(number)
    raise ParameterError(f"{name} must be a whole number of at least {least}, got {describe(value)}")


def share(value: Any, name: str) -> float:
    """Return a number from 0 to 1; reject text and bool.

    Raises
    ------
    ParameterError
        If the value is not such a number.
    """
    number = _number(value)
    if 0.0 <= number <= 1.0:
        return number
    raise ParameterError(f"{name} must be a number from 0 to 1, got {describe(value)}")


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

    This is Linux's ``MemAvailable``, or the limit of a control group (version 1 or 2) or the rest of the
    address space (``ulimit -v``) if it is lower.
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
    return min([*found, *_address_space(root)], default=None)


def _address_space(root: Path) -> list[int]:
    """Return the part of the address space that the process may still allocate [bytes], if it is limited."""
    try:
        limits = (root / "proc/self/limits").read_text("ascii", "replace")
        used = int((root / "proc/self/statm").read_text("ascii").split()[0]) * _PAGE
    except (OSError, ValueError, IndexError):
        return []
    limit = re.search(r"^Max address space +(\d+)", limits, re.MULTILINE)
    return [max(0, int(limit[1]) - used)] if limit else []


_memory: ContextVar[int | None] = ContextVar("_memory", default=None)


@contextmanager
def limit_memory(memory: int | None) -> Iterator[None]:
    """Set the memory that ``validate_budget`` allows [bytes]; None for the default."""
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


def memory_for(workers: int) -> int | None:
    """Return the memory per worker: together they use three quarters of the available memory."""
    available = available_memory()
    return None if available is None else available * 3 // 4 // workers


def allowed_memory() -> float:
    """Return the memory that one step may use [bytes], infinite if it is not known.

    This is the limit of ``--memory``, or three quarters of the available memory.
    """
    memory = _memory.get()
    memory = memory_for(1) if memory is None else memory
    return math.inf if memory is None else memory


def validate_budget(needed: float, what: str, remedy: str, memory: float | None = None) -> None:
    """Reject a step that needs more memory than it may use, before the memory is allocated.

    Parameters
    ----------
    needed
        The memory that the step needs [bytes].
    what
        Subject of the message, in the singular: what needs the memory.
    remedy
        Sentence on what to do.
    memory
        The memory that may be used [bytes]; by default ``allowed_memory()``.

    Raises
    ------
    InputError
        With both amounts.
    """
    memory = allowed_memory() if memory is None else memory
    if needed > memory:
        needs, allowed = shown_bytes(int(needed)), shown_bytes(int(memory))
        raise InputError(f"{what} needs more than {needs} of memory, but {allowed} may be used. {remedy}")


def validate_columns(count: int) -> None:
    """Reject a table with too many columns.

    Raises
    ------
    InputError
        If it has more than ``MAX_COLUMNS``.
    """
    if count > MAX_COLUMNS:
        raise InputError(
            f"the table has {count} columns, more than {MAX_COLUMNS}. Keep only the columns that are needed."
        )


def read_within_budget(path: Path) -> bytes:
    """Read a small file of JSON, TOML or CSV that is parsed as a unit; a device is not read without end.

    Raises
    ------
    InputError
        If the parsed file needs more memory than may be used.
    OSError
        If the file cannot be read.
    """
    memory = max(allowed_memory(), SMALL)
    with path.open("rb") as stream:
        if memory == math.inf:
            return stream.read()
        content = stream.read(int(memory) // _PARSED + 1)
    what = f"{path}: a file of {len(content)} bytes or more"
    validate_budget(len(content) * _PARSED, what, "Reduce the file, or raise memory (--memory).", memory)
    return content


def shown_bytes(size: int) -> str:
    """Format an amount of bytes with two digits, such as 3.2GB."""
    power = next(power for power in range(len(_POWERS) - 1, -1, -1) if size >= 1000**power or not power)
    return f"{float(f'{size / 1000**power:.2g}'):g}{_POWERS[power]}B"


def _shown(size: int) -> str:
    power = next(power for power in range(len(_POWERS) - 1, -1, -1) if size >= 1000**power)
    return f"{size / 1000**power:g}{_POWERS[power]}B"


def _number(value: Any) -> float:
    """Convert a value to a number, or to NaN if it is not a number."""
    if isinstance(value, str | bytes | bool) or type(value).__name__ in {"bool", "DataFrame", "Series"}:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
