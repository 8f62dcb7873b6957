"""What has to be known of all rows of a video before the first block of them is measured."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.selection import select
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.geometry import Integers
from ptrack_analysis.inspection import Seen
from ptrack_analysis.inspection.notes import boxes_of, count_hidden
from ptrack_analysis.io.spill import Spill, blocks_by_time
from ptrack_analysis.video import milliseconds, timedelta


@dataclass(slots=True)
class Moments:
    """The distinct moments of rows that come in the order of time: the first, the last, the steps between."""

    first: int | None = None
    last: int | None = None
    steps: Counter[int] = field(default_factory=Counter)

    def add(self, moments: Integers) -> None:
        """Add growing moments that are all later than those before [ms]."""
        if not len(moments):
            return
        self.first = int(moments[0]) if self.first is None else self.first
        before = moments[:1] if self.last is None else np.array([self.last])
        different, counts = np.unique(np.diff(moments, prepend=before), return_counts=True)
        self.steps.update({int(s): int(n) for s, n in zip(different, counts, strict=True) if s})
        self.last = int(moments[-1])

    def counted(self) -> tuple[Integers, Integers]:
        """Give the different steps, growing, and how often each occurs."""
        steps = sorted(self.steps)
        return np.array(steps, dtype="int64"), np.array([self.steps[step] for step in steps], dtype="int64")


@dataclass(slots=True)
class Survey:
    """What is known of all rows: of the whole video, and of the part that is measured.

    ``persons`` are the smallest and the largest person_index of the whole; ``merged`` counts rows that were
    made one with another.
    """

    whole: Moments = field(default_factory=Moments)
    part: Moments = field(default_factory=Moments)
    persons: tuple[int, int] | None = None
    merged: int = 0
    boxes: int = 0
    negative: int = 0
    hidden: int = 0

    def seen(self, settings: Settings) -> Seen:
        """Give what the notes on the video need of all detections."""
        longest = milliseconds(settings.max_gap, "max_gap")
        return Seen(
            first=_moment(self.whole.first),
            last=_moment(self.whole.last),
            far_apart=bool(self.whole.steps) and min(self.whole.steps) > longest,
            boxes=self.boxes,
            negative=self.negative,
            hidden=self.hidden,
        )


def survey(spilled: Spill, settings: Settings, rows: int) -> Survey:
    """Go once through all rows in the order of time, in blocks of about so many rows."""
    found = Survey()
    for detections, merged in blocks_by_time(spilled, rows):
        found.merged += merged
        found.whole.add(_moments_of(detections))
        found.part.add(_moments_of(part_of(detections, settings)))
        person = detections.index.get_level_values("person_index")
        least, most = int(person.min()), int(person.max())
        known = found.persons or (least, most)
        found.persons = min(known[0], least), max(known[1], most)
        boxes = boxes_of(detections)
        found.boxes += len(boxes)
        found.negative += int((boxes[:, 2:] < 0).any(axis=1).sum())
        found.hidden += count_hidden(boxes)
    return found


def part_of(detections: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Keep the persons and times that were asked for."""
    if settings.start is None and settings.end is None and settings.persons is None:
        return detections
    return select(detections, start=settings.start, end=settings.end, persons=settings.persons)


def _moments_of(detections: pd.DataFrame) -> Integers:
    moments: Integers = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    return moments


def _moment(value: int | None) -> pd.Timedelta | None:
    return None if value is None else timedelta(value)
