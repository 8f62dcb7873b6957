"""Explore one video in a notebook or a web page."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.web.explorer import Explorer, explore
from ptrack_analysis.web.widget import explore_widget

__all__ = ["Explorer", "explore", "explore_widget"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
