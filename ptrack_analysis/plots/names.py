"""Names of zones as pictures show them."""

import re
import textwrap
from collections.abc import Sequence

import pandas as pd

from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.sources.names import undirected

_LETTERS = 20
_ROWS = 3
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no font has and XML does not take."""


def zone_names(table: pd.DataFrame, zones: Sequence[Zone | str] | None) -> list[str]:
    """Give the names of the zones to draw: those asked for, else all of the table in alphabetical order."""
    if zones is None:
        return sorted(table.index.get_level_values("zone").unique())
    return list(dict.fromkeys(zone.name if isinstance(zone, Zone) else zone for zone in zones))


def drawable(text: str) -> str:
    """Give a text as it can be drawn: a replacement character stands for each control character.

    Marks that turn the direction of a text are left out: a name must not turn the figures beside it.
    """
    return _UNWRITABLE.sub("\ufffd", undirected(text))


def short_name(name: str) -> str:
    r"""Write a name for matplotlib: in short rows, and as it is, not as a formula or a hidden label.

    Two dollar signs would begin and end a formula, and a legend leaves out what begins with a low line.

    Examples
    --------
    >>> short_name("till")
    'till'
    >>> print(short_name("shelf $5 to $10"))
    shelf \$5 to \$10
    """
    text = in_rows(name).replace("$", r"\$")
    return f"\u2060{text}" if text.startswith("_") else text


def in_rows(name: str) -> str:
    """Break a long name into at most three rows of twenty letters, and leave out what is beyond.

    Examples
    --------
    >>> print(in_rows("the long shelf on the left side of the back room, second floor"))
    the long shelf on
    the left side of the
    back room, second …
    """
    return "\n".join(textwrap.wrap(drawable(name), _LETTERS, max_lines=_ROWS, placeholder=" …"))
