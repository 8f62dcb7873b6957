"""Which tables are written, and what of them may leave the house: the settings that say so, in one form."""

import hmac
from collections.abc import Iterable
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

import numpy as np

from ptrack_analysis.dataset.layout import DIMENSIONS, FOLDERS
from ptrack_analysis.errors import ParameterError

LEAST_SALT = 16
"""Shortest salt that is taken [bytes]."""

_EVERY = "all"
_FINGERPRINT = b"ptrack-analysis salt"
_LEAST_COUNT = 2


def chosen(tables: Iterable[str] | str | None) -> tuple[str, ...] | None:
    """Give the names of the tables to write, in the order of the dataset, each once; None is the default.

    Raises
    ------
    ParameterError
        If one is no table of a dataset, or none is named.
    """
    if tables is None:
        return None
    names = tables.split(",") if isinstance(tables, str) else [*tables]
    names = [name.strip() if isinstance(name, str) else name for name in names]
    if names == [_EVERY]:
        return tuple(FOLDERS)
    unknown = [name for name in names if name not in FOLDERS]
    if unknown:
        near = get_close_matches(str(unknown[0]), FOLDERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(FOLDERS)}, or all"
        raise ParameterError(f"tables (--tables) has {unknown[0]!r}, which is no table of a dataset: {hint}")
    if not names:
        raise ParameterError("tables (--tables) names none; give some, or all")
    return tuple(name for name in FOLDERS if name in {*DIMENSIONS, *names})


def least_count(count: object) -> int | None:
    """Give the number of persons below which figures are suppressed.

    Raises
    ------
    ParameterError
        If it is no whole number of at least 2: below that nothing would be suppressed.
    """
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < _LEAST_COUNT:
        raise ParameterError(
            f"min_count (--min-count) is {count!r}, not a whole number of at least {_LEAST_COUNT}"
        )
    return int(count)


def secret(salt: object) -> bytes | None:
    """Give the salt as bytes; it is in no message.

    Raises
    ------
    ParameterError
        If it is no text or bytes, or shorter than 16 bytes.
    """
    if salt is None:
        return None
    if not isinstance(salt, str | bytes):
        raise ParameterError(f"salt is a {type(salt).__name__}, not bytes or text")
    plain = salt.encode() if isinstance(salt, str) else salt
    if len(plain) < LEAST_SALT:
        raise ParameterError(
            f"the salt (--salt-file) has {len(plain)} bytes, not at least {LEAST_SALT}: make one with "
            "head -c 32 /dev/urandom | base64 > salt.txt, and keep it secret"
        )
    return plain


def keyed(salt: bytes, text: str) -> str:
    """Give the first 16 hex digits of the HMAC-SHA256 of a text, with the salt as its key."""
    return hmac.new(salt, text.encode(), sha256).hexdigest()[:16]


def secrets_of(salt: bytes | str | None, persons: Iterable[int] | None) -> dict[str, Any]:
    """Give what a record may say of the salt, its fingerprint, and of persons that were chosen.

    Persons that are named by salted keys are not named by their numbers in the record either.
    """
    if not isinstance(salt, bytes):
        return {}
    known = {"salt": hmac.new(salt, _FINGERPRINT, sha256).hexdigest()}
    return known if persons is None else known | {"persons": [keyed(salt, str(one)) for one in persons]}
