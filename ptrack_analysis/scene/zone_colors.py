"""The colors of zones, the same in all charts."""

from collections.abc import Iterable

ON_WHITE = ("#1f5fb0", "#b35a00", "#1c825d", "#6b1d4e", "#a3282d", "#686c00", "#5b3fb3", "#00727f")
"""Colors with readable contrast on white."""
ON_DARK = ("#7ea9f8", "#ea8a3c", "#5ee0ad", "#eeb0e4", "#ff9a94", "#d3d76a", "#bda9ff", "#58cfe0")
"""The same colors for a dark page."""


def number_colors(names: Iterable[str]) -> dict[str, int]:
    """Return the color number of each zone, in the order of the zones; after eight, the colors repeat."""
    return {name: number % len(ON_WHITE) for number, name in enumerate(names)}
