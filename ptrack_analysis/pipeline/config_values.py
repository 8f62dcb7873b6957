"""Validation of the values of a configuration, their form in a manifest, and keys made from a salt."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256
from numbers import Integral
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import above, at_least, wrong_kind
from ptrack_analysis.pipeline.config_fields import find_options, get_value_type
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS

_EVERY = "all"
_LEAST_COUNT = 2
_LEAST_SALT = 16
"""Minimum length of a salt [bytes]."""
_FINGERPRINT = b"ptrack-analysis salt"
WITHHELD = "withheld"
"""Recorded in place of the selected people, if there is no salt for their keys."""


def read_durations(config: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the durations among the fields as integer milliseconds, or None.

    Raises
    ------
    ParameterError
        If a value is not a duration, is 0 where it must not be, or contradicts another one.
    """
    from ptrack_analysis.video import milliseconds, timedelta

    formed: dict[str, Any] = {}
    for each, declared in find_options(config):
        name = each.name
        if get_value_type(each) != "Duration":
            continue
        formed[name] = None if given[name] is None else timedelta(milliseconds(given[name], name))
        if declared.above_zero and formed[name] == timedelta(0):
            raise ParameterError(f"{name} must be a duration above 0, got {given[name]!r}")
    fill_gaps, max_gap, period = (given[name] for name in ("fill_gaps", "max_gap", "period"))
    from ptrack_analysis.analysis.presence import MAX_GAP, choose_max_gap

    longest = timedelta(milliseconds(MAX_GAP if max_gap is None else max_gap, "max_gap"))
    if fill_gaps is not None and formed["fill_gaps"] <= longest:
        raise ParameterError(
            f"fill_gaps (--fill-gaps) must be above max_gap ({longest.total_seconds():g} s), got "
            f"{fill_gaps!r}. Shorter gaps already count as presence."
        )
    if period is not None:
        choose_max_gap(max_gap, milliseconds(period, "period"))
    return formed


def read_choices(given: Iterable[str] | str, choices: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the values of a list, in the order in which they are given.

    Raises
    ------
    ParameterError
        If a value is unknown.
    """
    known = tuple(choices)
    if not isinstance(given, Iterable):
        raise wrong_kind(name, f"a list with some of {', '.join(known)}", given)
    values = tuple(given.split(",") if isinstance(given, str) else given)
    unknown = [value for value in values if value not in known]
    if unknown:
        raise ParameterError(f"{name} must be of {', '.join(known)}, got {unknown[0]!r}")
    return values


def read_numbers(config: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the distances, speeds and sizes among the fields as numbers, or None.

    Raises
    ------
    ParameterError
        If a value is not a number or is out of range.
    """
    return {
        each.name: None
        if given[each.name] is None
        else (above if declared.above_zero else at_least)(given[each.name], each.name)
        for each, declared in find_options(config)
        if get_value_type(each) == "float"
    }


def convert_to_json(value: Any) -> Any:
    """Convert a value to JSON types: times in milliseconds, files as their checksums."""
    import numpy as np
    import pandas as pd

    from ptrack_analysis.storage.files import checksum
    from ptrack_analysis.video import milliseconds

    value = value.item() if isinstance(value, np.generic) else value
    match value:
        case Mapping():
            return {name: convert_to_json(inner) for name, inner in value.items()}
        case tuple():
            return [convert_to_json(inner) for inner in value]
        case pd.Timedelta():
            return milliseconds(value, "duration")
        case datetime():
            return value.isoformat()
        case Path():
            return checksum(value)
        case _:
            return value


def read_table_names(tables: Iterable[str] | str | None) -> tuple[str, ...] | None:
    """Return the names of the tables to write, in the order of the dataset. None is the default.

    Raises
    ------
    ParameterError
        If a name is unknown, or the list is empty.
    """
    if tables is None:
        return None
    if not isinstance(tables, Iterable):
        raise wrong_kind("tables", "a list of names of tables", tables)
    names = tables.split(",") if isinstance(tables, str) else [*tables]
    names = [name.strip() if isinstance(name, str) else name for name in names]
    if names == [_EVERY]:
        return tuple(OUTPUTS)
    unknown = [name for name in names if name not in OUTPUTS]
    if unknown:
        near = get_close_matches(str(unknown[0]), OUTPUTS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(OUTPUTS)}."
        raise ParameterError(f"tables (--tables) contains {unknown[0]!r}, which is not a table. {hint}")
    if not names:
        raise ParameterError("tables (--tables) must contain at least one name, or be 'all'")
    return tuple(name for name in OUTPUTS if name in {*ALWAYS, *names})


def validate_min_count(count: object) -> int | None:
    """Return the number of people below which figures are suppressed.

    Raises
    ------
    ParameterError
        If it is not a whole number of at least 2. With 1, nothing would be suppressed.
    """
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, Integral) or count < _LEAST_COUNT:
        raise ParameterError(
            f"min_count (--min-count) must be a whole number of at least {_LEAST_COUNT}, got {count!r}"
        )
    return int(count)


def validate_salt(salt: object) -> bytes | None:
    """Return the salt as bytes. Messages never contain it.

    Raises
    ------
    ParameterError
        If it is neither text nor bytes, or shorter than 16 bytes.
    """
    if salt is None:
        return None
    if not isinstance(salt, str | bytes):
        raise ParameterError(f"salt must be bytes or text, got {type(salt).__name__}")
    plain = salt.encode() if isinstance(salt, str) else salt
    if len(plain) < _LEAST_SALT:
        raise ParameterError(
            f"salt (--salt-file) must have at least {_LEAST_SALT} bytes, got {len(plain)}. Generate one with "
            "secrets.token_bytes(32), in the shell with --new-salt FILE, and keep it secret."
        )
    return plain


def create_key(salt: bytes, text: str) -> str:
    """Return the first 16 hex digits of the HMAC-SHA256 of a text, with the salt as its key."""
    return hmac.new(salt, text.encode(), sha256).hexdigest()[:16]


def describe_secrets(
    salt: bytes | str | None, persons: Iterable[int] | None, *, is_suppressed: bool
) -> dict[str, Any]:
    """Return the fingerprint of the salt and the keys of the selected people, for a record.

    Records of released tables do not contain person indices, either: without a salt, they only state that
    people were selected.
    """
    if not isinstance(salt, bytes):
        return {"persons": WITHHELD} if is_suppressed and persons is not None else {}
    known = {"salt": hmac.new(salt, _FINGERPRINT, sha256).hexdigest()}
    return (
        known
        if persons is None
        else known | {"persons": [create_key(salt, str(person)) for person in persons]}
    )
