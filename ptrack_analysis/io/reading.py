"""One video as it was read, with what was noticed on the way."""

from dataclasses import dataclass

import pandas as pd

from ptrack_analysis.errors import IncompleteError, InputError
from ptrack_analysis.io.rows import Whole, whole_of
from ptrack_analysis.video import Video

REST = ". Restore the missing pages, or read the others with allow_incomplete=True (--allow-incomplete)."
"""How the message about an incomplete archive ends: what to do about it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One job as it was read: its tables, and what was noticed on the way.

    ``faults`` are the reasons for which ``read_tracking`` refuses the job, the gravest first; ``incomplete``
    is set where the archive ends before the job. ``merged`` counts rows that were made one with another of
    the same person and moment, ``repeated`` pages that were there before; ``goes_on`` tells whether the last
    page by name has a NextToken; ``notes`` are what the reader of another tracker's file had to say,
    ``dropped`` those of them that count rows that are not in the table. ``whole`` are facts about all
    detections where the table holds only a part of them.
    """

    detections: pd.DataFrame
    video: Video
    pages: int
    repeated: int
    goes_on: bool
    merged: int
    files: int
    faults: list[InputError]
    incomplete: IncompleteError | None
    passed_over: list[tuple[str, str]]
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    whole: Whole | None = None

    def facts(self) -> Whole:
        """Return the facts about all detections of the video."""
        return self.whole or whole_of(self.detections)

    @property
    def cut_short(self) -> list[str]:
        """Say that the archive ends before the job, to who reads it all the same."""
        return [] if self.incomplete is None else [str(self.incomplete).removesuffix(REST)]

    def refuse(self, *, allow_incomplete: bool) -> None:
        """Raise the gravest reason for which the job cannot be used, if there is one."""
        for fault in self.faults:
            raise fault
        if self.incomplete and not allow_incomplete:
            raise self.incomplete
