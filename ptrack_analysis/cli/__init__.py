"""The shell: one file a command."""

from ptrack_analysis.cli.main import main

__all__ = ["main"]
