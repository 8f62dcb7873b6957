"""What a browser shows: the explorer, its data and its page, self-contained and offline."""

from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script
from ptrack_analysis.web.backdrop import Backdrop, embedded_backdrop
from ptrack_analysis.web.explorer import Explorer, explore, explorer_page, explorer_script
from ptrack_analysis.web.payload import explorer_data
from ptrack_analysis.web.widget import explore_widget

__all__ = [
    "Backdrop",
    "Explorer",
    "asset",
    "content_policy",
    "embedded_backdrop",
    "explore",
    "explore_widget",
    "explorer_data",
    "explorer_page",
    "explorer_script",
    "inline_json",
    "inline_script",
]
