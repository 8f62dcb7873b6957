"""The salt from which keys are made that replace person indices."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from ptrack_analysis.errors import ParameterError

LEAST_SALT = 16
"""Minimum length of a salt [bytes]."""
_FINGERPRINT = b"ptrack-analysis salt"


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
    if len(plain) < LEAST_SALT:
        raise ParameterError(
            f"salt (--salt-file) must have at least {LEAST_SALT} bytes, got {len(plain)}. Make one with "
            "head -c 32 /dev/urandom | base64 > salt.txt, and keep it secret."
        )
    return plain


def create_key(salt: bytes, text: str) -> str:
    """Return the first 16 hex digits of the HMAC-SHA256 of a text, with the salt as its key."""
    return hmac.new(salt, text.encode(), sha256).hexdigest()[:16]


def describe_secrets(salt: bytes | str | None, persons: Iterable[int] | None) -> dict[str, Any]:
    """Return the fingerprint of the salt and the keys of the selected people, for a record.

    A record of salted tables does not contain person indices either.
    """
    if not isinstance(salt, bytes):
        return {}
    known = {"salt": hmac.new(salt, _FINGERPRINT, sha256).hexdigest()}
    return (
        known
        if persons is None
        else known | {"persons": [create_key(salt, str(person)) for person in persons]}
    )
