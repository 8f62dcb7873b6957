"""The shell: one file per command."""

from ptrack_analysis.cli.main import main

__all__ = ["main"]
