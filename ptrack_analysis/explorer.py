"""Explore one video in a notebook or a web page."""

from ptrack_analysis.web.explorer import Explorer, explore
from ptrack_analysis.web.widget import explore_widget

__all__ = ["Explorer", "explore", "explore_widget"]
