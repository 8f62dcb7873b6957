"""Read the pages of one job and collect findings about them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import msgspec
import pandas as pd
from msgspec.structs import asdict

from ptrack_analysis.errors import IncompleteError, InputError, JobError, MixedError, PageError
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.grouping import Evidence, find_identity, gather_evidence
from ptrack_analysis.sources.pages.completeness import (
    MissingPages,
    PageSpan,
    are_all_numbered,
    build_span,
    find_border_gaps,
)
from ptrack_analysis.sources.pages.decode import (
    LATEST_START,
    PAGES_FROM_START,
    Decoders,
    Page,
    SourceVideo,
    VideoMetadata,
    wall_clock,
)
from ptrack_analysis.sources.pages.documents import read_documents
from ptrack_analysis.sources.pages.rows import (
    Collector,
    Merged,
    PageRows,
    Whole,
    build_page_rows,
    compute_whole,
)
from ptrack_analysis.sources.pages.salvage import DocumentLog
from ptrack_analysis.sources.read_report import Completeness, DroppedRows, ReadReport
from ptrack_analysis.storage.s3 import AnyPath, ahead
from ptrack_analysis.video import Video, timedelta

REST = ". Restore the missing pages, or read the others with allow_incomplete=True (--allow-incomplete)."
"""The advice at the end of the message about an incomplete archive."""
_LATE = 2000
"""Time of the first detection [ms] after which the first pages may be missing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The table of one job and the findings while reading it.

    ``faults`` are the errors that ``read_tracking`` raises, the most severe first. ``incomplete`` is set if
    pages are missing. ``report`` counts the rows read, kept and dropped. ``whole`` has the facts about all
    detections if the table only contains a part.
    """

    detections: pd.DataFrame
    video: Video
    report: ReadReport
    faults: list[InputError] = field(default_factory=list)
    incomplete: IncompleteError | None = None
    ignored: list[tuple[str, str]] = field(default_factory=list)
    whole: Whole | None = None

    def facts(self) -> Whole:
        """Return the facts about all detections of the video."""
        return self.whole or compute_whole(self.detections)

    @property
    def cut_short(self) -> list[str]:
        """The verdict if pages are missing, otherwise empty."""
        return [self.report.completeness.verdict] if self.report.completeness.is_incomplete else []

    def validate(self, *, allow_incomplete: bool, allow_dropped: bool = False) -> None:
        """Raise the most severe error of the job, if there is one."""
        for fault in self.faults:
            raise fault
        if self.incomplete and not allow_incomplete:
            raise self.incomplete
        if not allow_dropped:
            self.report.validate_dropped()


_METADATA = ("codec", "format", "color_range", "frame_rate")
_EXAMPLES = 3
_LEAST_RATE = 0.01
"""A lower frame rate is a default value that was never set [1/s]."""


@dataclass(slots=True)
class JobReader:
    """Reads the pages of one job one after the other."""

    collector: Collector
    careful: bool
    pages: int = 0
    repeated: int = 0
    files: int = 0
    ends: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    goes_on: bool = False
    places: dict[int, int] = field(default_factory=dict)
    digests: set[bytes] = field(default_factory=set)
    metadata: dict[str, tuple[Any, str]] = field(default_factory=dict)
    mixed: list[InputError] = field(default_factory=list)
    source: SourceVideo | None = None
    job_id: str | None = None
    job_tag: str | None = None
    status: list[InputError] = field(default_factory=list)
    broken: list[InputError] = field(default_factory=list)
    first: int | None = None
    log: DocumentLog = field(default_factory=DocumentLog)
    repeated_rows: int = 0
    copies: list[str] = field(default_factory=list)
    spans: list[PageSpan] = field(default_factory=list)
    paths: list[AnyPath] = field(default_factory=list)

    def read(self, reference: VideoReference, decoders: Decoders) -> None:
        """Read the pages of one video and ignore pages of other jobs in the same files."""
        for file in ahead(reference.files):
            self.file(file, decoders, only=reference.identity)
        for note in reference.notes:
            self.log.assume(note)

    def file(self, file: AnyPath, decoders: Decoders, only: str | None = None) -> frozenset[Evidence]:
        """Read the pages of one file, or only pages of one identity; return their evidence.

        A truncated page without an identity may belong to any video, so it is read but is not evidence.
        """
        found: list[tuple[Page[Any], int | None, int | None]] = []
        try:
            for place, page in _pages(file, decoders, self.log):
                identity = find_identity(page)
                is_unnamed = page.is_cut and not identity
                span: tuple[int | None, int | None] = (None, None)
                if only is None or identity == only or is_unnamed:
                    span = self.add(page, place)
                if not is_unnamed:
                    found.append((msgspec.structs.replace(page, persons=None, split=None), *span))
        except InputError as error:
            if not self.careful:
                raise
            self.broken.append(error)
        self.files += 1
        self.paths.append(file)
        return gather_evidence(found)

    def add(self, page: Page[Any], place: str) -> tuple[int | None, int | None]:
        """Add one page unless it repeats an earlier one; return its first and last timestamp."""
        self._notice(page, place)
        rows = build_page_rows(page, faces=self.collector.faces, landmarks=self.collector.landmarks)
        span: tuple[int, int] | None = None
        if len(rows.time):
            known = build_span(rows.time, place)
            self.spans.append(known)
            span = known.first, known.last
            self.first = known.first if self.first is None else min(known.first, self.first)
        self.goes_on = bool(page.next_token)
        if not self.goes_on:
            self.ends[rows.digest()] = span or (2**53, 0)
        if self._was_there(rows):
            self.repeated += 1
            self.repeated_rows += len(rows.time)
        else:
            self.collector.add(rows)
        return span or (None, None)

    def _was_there(self, rows: PageRows) -> bool:
        """Return whether a page repeats an earlier one; fingerprints are only computed if checksums match."""
        number = len(self.collector)
        earlier = self.places.setdefault(rows.checksum(), number)
        if earlier == number or not len(rows.time):
            return False
        self.digests.add(self.collector.page_digest(earlier))
        known = (digest := rows.digest()) in self.digests
        self.digests.add(digest)
        return known

    def _notice(self, page: Page[Any], place: str) -> None:
        self.pages += 1
        if page.job_status in {"FAILED", "IN_PROGRESS"}:
            said = f": {page.status_message}" if page.status_message else ""
            self.status.append(
                JobError(f"{place}: the job's status is {page.job_status}, not SUCCEEDED{said}")
            )
        self._compare(page.video_metadata or VideoMetadata(), place)
        self.source = self.source or page.video
        self.job_id, self.job_tag = self.job_id or page.job_id, self.job_tag or page.job_tag

    def _compare(self, metadata: VideoMetadata, place: str) -> None:
        """Record the facts about the video, and the first contradiction between two pages."""
        for fact, value in asdict(metadata).items():
            if value is None or (fact == "frame_rate" and value < _LEAST_RATE):
                continue
            known, where = self.metadata.setdefault(fact, (value, place))
            if known != value and not self.mixed:
                difference = f"{fact} is {value!r} here and {known!r} in {where}"
                self.mixed.append(MixedError(f"{place}: pages of different videos are mixed: {difference}"))

    def list_faults(self, place: AnyPath) -> list[InputError]:
        """List the errors that prevent the use of the job, the most severe first."""
        mixed = list(self.mixed)
        if self.job_id is None and self.overlapping():
            mixed.append(
                MixedError(
                    f"{place}: several videos are mixed, because {len(self.ends)} pages without JobId each "
                    "end a job (no NextToken) and cover the same time. Put each video in its own folder."
                )
            )
        if self.first is not None and self.first > LATEST_START:
            said = wall_clock(place, "Timestamp", f"{self.first} ms", PAGES_FROM_START)
            mixed.append(PageError(said))
        return [*self.broken, *self.status[:1], *mixed]

    def judge_completeness(self, place: AnyPath, missing: MissingPages) -> Completeness:
        """Determine whether pages are missing; ``missing`` has the signs found in the file names."""
        count = missing.count + len(self.log.cuts)
        signs = [
            *missing.signs,
            *(_shorten(cut, place) for cut in self.log.cuts),
        ]
        if self.pages and not self.ends and not self.status:
            count = max(count, 1)
            signs.append(
                f"every page ({self.pages}) has a NextToken, so the last page of the job is missing"
                if self.pages > 1
                else "its page has a NextToken, so the last page of the job is missing"
            )
        is_chain = len(self.ends) == 1 and not self.goes_on and self.pages == self.files and not self.broken
        is_proven = not signs and is_chain and are_all_numbered(self.paths)
        late = self.first if self.first is not None and self.first > _LATE else None
        return Completeness(tuple(signs), is_proven, count, late)

    def build_report(
        self, place: AnyPath, kept: int, merged: Merged, completeness: Completeness, facts: Sequence[str]
    ) -> ReadReport:
        """Build the report on the rows of the pages; ``facts`` are assumptions about the video."""
        dropped = []
        if self.repeated:
            saved = "page was" if self.repeated == 1 else "pages were"
            text = f"{self.repeated} {saved} saved twice and counted once ({self.repeated_rows} rows)"
            dropped.append(
                DroppedRows(text, self.repeated_rows, tuple(self.copies[:_EXAMPLES]), is_repeat=True)
            )
        same = merged.rows - merged.differing
        if same:
            rows = "row repeats" if same == 1 else "rows repeat"
            text = f"{same} {rows} the person and time of another row and were joined with it"
            dropped.append(DroppedRows(text, same, is_repeat=True))
        if merged.differing:
            rows = "row has" if merged.differing == 1 else "rows have"
            text = (
                f"{merged.differing} {rows} another box for the same person and time than the kept row, "
                "which has the larger box"
            )
            dropped.append(DroppedRows(text, merged.differing, merged.examples, is_certain=False))
        oddities = [*(_shorten(note, place) for note in self.log.notes), *find_border_gaps(self.spans)]
        if self.goes_on and not completeness.is_incomplete and self.pages:
            oddities.append(
                "the last page by name has a NextToken, and a page before it ends the job: pages may be "
                "missing, or two fetches may be mixed"
            )
        return ReadReport(
            source=str(place),
            files=self.files,
            pages=self.pages,
            kept=kept,
            dropped=tuple(dropped),
            assumptions=(*(_shorten(text, place) for text in self.log.assumptions), *facts),
            oddities=tuple(oddities),
            completeness=completeness,
            repeated_pages=self.repeated,
            merged=merged.rows,
        )

    def overlapping(self) -> bool:
        """Return whether pages that each end a job cover the same time."""
        spans = sorted(self.ends.values())
        return any(first < end for (_, end), (first, _) in pairwise(spans))

    def facts(self, name: str, fallback: Video) -> Video:
        """Return the facts about the video from the pages, completed by ``fallback``."""
        known: dict[str, Any] = {"name": name, "job_id": self.job_id, "job_tag": self.job_tag}
        facts = {fact: value for fact, (value, _) in self.metadata.items()}
        known |= {fact: facts.get(fact) for fact in _METADATA}
        known |= {"width": facts.get("frame_width"), "height": facts.get("frame_height")}
        if facts.get("duration_millis") is not None:
            known["duration"] = timedelta(facts["duration_millis"])
        if self.source and self.source.s3_object:
            known["source"] = "/".join(
                x for x in (self.source.s3_object.bucket, self.source.s3_object.name) if x
            )
        return replace(fallback, **{fact: value for fact, value in known.items() if value})


def _shorten(text: str, place: AnyPath) -> str:
    """Shorten the file at the start of a sentence to its path below the source, the same on any computer."""
    return text.removeprefix(f"{place}: ").removeprefix(f"{place}/").removeprefix(f"{place.parent}/")


def _pages(file: AnyPath, decoders: Decoders, log: DocumentLog) -> Iterator[tuple[str, Page[Any]]]:
    for place, pages in read_documents(file, decoders, log):
        for number, page in enumerate(pages or (), 1):
            yield (f"{place}, page {number}" if pages and len(pages) > 1 else place), page
