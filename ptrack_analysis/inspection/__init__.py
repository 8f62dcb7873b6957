"""What an archive holds, and whether it can be trusted."""

from ptrack_analysis.inspection.findings import Findings, inspect_tracking
from ptrack_analysis.inspection.notes import notes_on

__all__ = ["Findings", "inspect_tracking", "notes_on"]
