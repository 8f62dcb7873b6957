"""Arrays as text: quantised, as differences, byte by byte, compressed, in base64."""

import gzip
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptrack_analysis.geometry import Floats

LOWEST, HIGHEST = -0.5, 1.5
"""The coordinates that a page can hold, as fractions of the ground; what lies beyond is put on the border."""
UNKNOWN = 65535
STEPS = UNKNOWN - 1
PRECISION = (HIGHEST - LOWEST) / STEPS
"""Distance of two coordinates that a page tells apart: 1 / 32767 of the ground, 0.06 px of 1920."""
_LEVEL = 6

Words = NDArray[np.uint16]


def quantise(values: Floats, lowest: float = LOWEST) -> Words:
    """Turn fractions into whole steps of ``PRECISION`` above ``lowest``; NaN becomes ``UNKNOWN``.

    Examples
    --------
    >>> quantise(np.array([-0.5, 0.5, 9.0, np.nan]))
    array([    0, 32767, 65534, 65535], dtype=uint16)
    """
    known = np.isfinite(values)
    steps = np.clip(np.rint((np.where(known, values, lowest) - lowest) / PRECISION), 0, STEPS)
    return np.where(known, steps, UNKNOWN).astype("uint16")


def pack(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Pack arrays into one text and a list that says how to read it.

    Whole numbers are stored as differences from the one before, modulo their size, and the bytes of each
    array are put in order of weight: both make them shorter when compressed. Floats are stored as they are.
    The same arrays give the same text.

    Returns
    -------
    dict
        ``arrays``, a list of name, type (``u1 u2 u4 f4``) and length, and ``data``, base64 of gzip.
    """
    listed, parts = [], []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        listed.append({"name": name, "type": plain.dtype.str[1:], "length": len(plain)})
        parts.append(_bytes(plain))
    compressed = gzip.compress(b"".join(parts), compresslevel=_LEVEL, mtime=0)
    return {"arrays": listed, "data": b64encode(compressed).decode("ascii")}


def _bytes(array: NDArray[Any]) -> bytes:
    if array.dtype.kind == "u":
        array = np.diff(array, prepend=array.dtype.type(0))
    return np.ascontiguousarray(array.view("uint8").reshape(-1, array.dtype.itemsize).T).tobytes()
