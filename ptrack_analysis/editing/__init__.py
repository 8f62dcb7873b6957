"""The zone editor: drawing zones, lines and the floor plan on a picture, in the browser."""

from ptrack_analysis.editing.desk import Desk
from ptrack_analysis.editing.editor import ZoneEditor, edit_zones
from ptrack_analysis.editing.job import Job, make_job
from ptrack_analysis.editing.server import EditorServer

__all__ = ["Desk", "EditorServer", "Job", "ZoneEditor", "edit_zones", "make_job"]
