"""Directions in which faces are turned."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.faces.facing import compute_facing
from ptrack_analysis.public_names import describe_missing

__all__ = ["compute_facing"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
