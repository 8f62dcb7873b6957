"""``ptrack export``: a dataset for BI tools."""

from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
