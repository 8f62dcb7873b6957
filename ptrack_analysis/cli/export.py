"""``ptrack export``: a dataset for BI tools."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
