"""Fetch the pages of a job into an archive."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ptrack_analysis.errors import (
    InputError,
    MixedError,
    OutputError,
    ParameterError,
    PtrackError,
    RemoteError,
)
from ptrack_analysis.sources.archive import Source
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.sources.rekognition.answers import (
    IN_PROGRESS,
    Answer,
    BrokenAnswerError,
    PageHistory,
    TokenError,
    ask,
    parse_answer,
    validate_job_id,
)
from ptrack_analysis.sources.rekognition.gateway import Gateway
from ptrack_analysis.storage.s3 import parse_path
from ptrack_analysis.storage.store import Store, open_store
from ptrack_analysis.video import Duration, milliseconds

STATE = "fetch.json"
"""Name of the file with the state of a fetch. It has no member of a page, so readers ignore it."""
_FORM = 1
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 1.0, 1.5, 30.0


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The progress of a fetch, and the parameters of its requests, which may not change until it ends."""

    ptrack_fetch: int = _FORM
    job_id: str
    sort_by: str
    max_results: int
    pages: int = 0
    next_token: str | None = None
    complete: bool = False

    def fresh(self) -> "State":
        """Return the state before the first page, with the same request parameters."""
        return State(job_id=self.job_id, sort_by=self.sort_by, max_results=self.max_results)

    def after(self, answer: Answer) -> "State":
        """Return the state after one more page was saved."""
        return msgspec.structs.replace(
            self, pages=self.pages + 1, next_token=answer.next_token, complete=answer.next_token is None
        )

    def content(self) -> bytes:
        """Encode the state as JSON; equal states give equal bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def page_name(number: int) -> str:
    """Return the file name of a page: only its number, so that the video is named after the folder."""
    return f"{number:06}.json"


def page_names(names: set[str]) -> list[str]:
    """Return the names that are pages of a fetch, ordered by number."""
    numbers = {name.removesuffix(".json"): name for name in names if name.endswith(".json")}
    ours = [number for number in numbers if number.isdecimal() and page_name(int(number)) == numbers[number]]
    return [numbers[number] for number in sorted(ours, key=int)]


def read_state(store: Store, names: set[str]) -> State | None:
    """Read the state of a fetch; None if the archive is empty.

    Raises
    ------
    OutputError
        If the file is not the state of a fetch, or the archive contains pages of another origin.
    """
    if STATE in names:
        (content,) = store.read([STATE])
        try:
            return msgspec.json.decode(content, type=State)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise OutputError(
                f"{store}: {STATE} is not the state of a fetch ({error}). Pass another archive."
            ) from error
    foreign = sorted(filter(is_named_like_a_page, names))
    if foreign:
        raise OutputError(
            f"{store}: contains pages that were not fetched by ptrack, such as {foreign[0]!r}. "
            "Fetch into an empty archive."
        )
    return None


def is_whole(state: State, names: set[str]) -> bool:
    """Return whether the fetch has ended and all its pages are still in the archive."""
    return state.complete and names.issuperset(page_name(number + 1) for number in range(state.pages))


def read_history(state: State, store: Store, names: set[str]) -> PageHistory | None:
    """Read the history of the saved pages; None if they do not match the state.

    An archive whose pages were lost or changed is fetched anew, not continued.
    """
    wanted = [page_name(number + 1) for number in range(state.pages)]
    if state.complete or not names.issuperset(wanted):
        return None
    history, token = PageHistory(), None
    contents = store.read(wanted)
    for name in wanted:
        try:
            content = next(contents)
        except InputError as error:
            if isinstance(error.__cause__, FileNotFoundError):  # it was removed meanwhile
                return None
            raise
        try:
            answer = parse_answer(content)
            history.validate(answer, state.job_id, name)
        except (BrokenAnswerError, PtrackError):
            return None
        history.add(answer)
        token = answer.next_token
        if token is None:
            return None
    return history if token == state.next_token else None


ORDERS = ("TIMESTAMP", "INDEX")
"""Orders of the service: by time, or by person and then by confidence."""
MAX_RESULTS = 1000
"""Maximum number of persons per page that the service returns."""
MAX_PAGES = 100_000
"""Default maximum number of pages per archive: 100 million detections in full pages."""
MAX_RESTARTS = 3
"""Maximum number of restarts per call after an expired token."""


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """The result of a fetch.

    ``pages`` is the number of pages in the archive, ``fetched`` the number of pages that this call saved.
    ``restarts`` counts how often the pages were fetched anew because a token had expired or saved pages were
    lost. ``complete`` is True after the last page. If the archive was complete before, ``fetched`` is 0.
    """

    job_id: str
    archive: str
    pages: int
    fetched: int
    restarts: int
    complete: bool


def fetch_pages(
    job_id: str,
    archive: Source,
    *,
    client: Any = None,
    gateway: str | None = None,
    sort_by: str = "TIMESTAMP",
    max_results: int = MAX_RESULTS,
    max_pages: int = MAX_PAGES,
    wait: bool = True,
    deadline: Duration = "1h",
    progress: Callable[[FetchSummary], object] | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> FetchSummary:
    """Fetch all pages of a job into an archive.

    Each page is saved under its number, byte for byte as received (but unzipped). Then the state in
    ``fetch.json`` is updated; it is marked complete after the last page. Until then, the archive is read as
    incomplete. A fetch that failed or was killed is resumed after the last saved page if the saved pages are
    unchanged. A complete archive is not modified, and no request is sent.

    If the NextToken has expired, the first page is requested again. Once it has arrived, the old pages are
    removed, the last one first, so that the archive never mixes pages of two fetches.

    A broken response is requested again up to four times. A page that does not continue the earlier ones
    raises an error and is not saved: if it repeats a token or a page, belongs to another job, or has other
    VideoMetadata. If that is the second page, the first one may be the wrong one, so the next fetch starts
    with the first page.

    Parameters
    ----------
    job_id
        ID of the job.
    archive
        Folder or S3 prefix (``s3://bucket/prefix``); created if it is missing.
    client
        A boto3 client of Rekognition for an endpoint that implements the API; which is not modified.
    gateway
        URL of a gateway to use instead of a client. It takes ``MaxResults`` and ``NextToken`` as query
        parameters and returns ``{"success": true, "data": PAGE}``. ``{job}`` in the URL is replaced with the
        job ID, which is otherwise the query parameter ``JobId``.
    sort_by
        ``TIMESTAMP`` or ``INDEX``; the tables read from the archive do not depend on it.
    max_results
        Maximum number of persons per page, 1 to 1000.
    max_pages
        Maximum number of pages in the archive, in case the service returns pages without end.
    wait
        Whether to wait while the job is in progress; otherwise a job in progress is an error.
    deadline
        Maximum time to wait.
    progress
        Called with the summary so far after each page, and before each pause while waiting.
    sleep
        Called with the length of each pause [s].
    clock
        Returns the current time [s], for the deadline.

    Returns
    -------
    FetchSummary
        The summary of a complete archive.

    Raises
    ------
    ParameterError
        If an argument is out of its range, or differs from the earlier fetch that is resumed.
    OutputError
        If the archive belongs to another job, contains other pages, or cannot be written, or another process
        of this machine fetches into it.
    JobError
        If the job failed (the message has its StatusMessage), or is in progress at the deadline or without
        ``wait``.
    MixedError
        If a page belongs to another job, or has other VideoMetadata than the earlier pages.
    RemoteError
        If the service returns an error, cannot be reached, only returns broken pages, repeats a page, or
        returns more than ``max_pages`` pages.

    Notes
    -----
    One page is in memory at a time, plus the token and a checksum of each earlier page. Resuming reads the
    saved pages once.

    Examples
    --------
    >>> job_id = pta.find_videos("data/shop")[0].job_id
    >>> with pta.rekognition.serve_tracking("data/shop") as server:
    ...     client = pta.rekognition.create_client(
    ...         "rekognition", endpoint_url=server.url, region="us-east-1"
    ...     )
    ...     summary = pta.rekognition.fetch_pages(job_id, "fetched", client=client)
    >>> summary.pages, summary.complete
    (6, True)
    """
    if sort_by not in ORDERS:
        raise ParameterError(f"sort_by must be one of {', '.join(map(repr, ORDERS))}, got {sort_by!r}")
    if not 1 <= max_results <= MAX_RESULTS:
        raise ParameterError(f"max_results must be 1 to {MAX_RESULTS}, got {max_results!r}")
    if max_pages < 1:
        raise ParameterError(f"max_pages must be at least 1, got {max_pages!r}")
    wanted = State(job_id=validate_job_id(job_id), sort_by=sort_by, max_results=max_results)
    if (client is None) == (gateway is None):
        raise ParameterError("fetch_pages requires either client or gateway")
    end = clock() + milliseconds(deadline, "deadline") / 1000 if wait else None
    service = client if gateway is None else Gateway(gateway)
    fetch = _Fetch(
        open_store(parse_path(archive, name="archive")),
        service,
        sleep,
        wanted,
        PageHistory(),
        end,
        clock,
        progress,
    )
    with fetch.store.locked():
        fetch.resume()
        while not fetch.state.complete:
            fetch.save(fetch.next_page(max_pages))
            if progress is not None:
                progress(fetch.summary())
        fetch.validate_saved()
    return fetch.summary()


@dataclass(slots=True)
class _Fetch:
    """The fetch of one archive."""

    store: Store
    client: Any
    sleep: Callable[[float], object]
    state: State
    history: PageHistory
    end: float | None
    clock: Callable[[], float]
    progress: Callable[[FetchSummary], object] | None
    fetched: int = 0
    restarts: int = 0

    def summary(self) -> FetchSummary:
        """Return the summary so far."""
        state = self.state
        return FetchSummary(
            state.job_id, str(self.store), state.pages, self.fetched, self.restarts, state.complete
        )

    def resume(self) -> None:
        """Resume an earlier fetch if the archive has its state."""
        names = self.store.names()
        found = read_state(self.store, names)
        if found is not None and found.job_id != self.state.job_id:
            raise OutputError(
                f"{self.store}: is the archive of job {found.job_id!r}. Fetch {self.state.job_id!r} into "
                "another archive."
            )
        self.store.tidy([STATE, page_name(1), page_name(found.pages + 1 if found else 1)])
        if found is None:
            return
        if is_whole(found, names):
            self.state = found
            return
        self._validate_same_request(found)
        history = read_history(found, self.store, names) if found.pages else PageHistory()
        if history is None:
            self.restarts += 1
        else:
            self.state, self.history = found, history

    def next_page(self, max_pages: int) -> Answer:
        """Request the page after the saved ones, or the first page if its token has expired."""
        if self.state.pages >= max_pages:
            raise RemoteError(
                f"{self.store}: the job has more than {max_pages} pages, perhaps without end. If it is that "
                "large, allow more pages (max_pages, --max-pages)."
            )
        try:
            return self._request_page()
        except TokenError:
            if self.state.next_token is None or self.restarts >= MAX_RESTARTS:
                raise
        self.restarts += 1
        self.state, self.history = self.state.fresh(), PageHistory()
        return self._request_page()

    def save(self, answer: Answer) -> None:
        """Save a page, then the new state."""
        if not self.state.pages:
            self._begin()
        self.store.write(page_name(self.state.pages + 1), answer.content)
        self.state = self.state.after(answer)
        self.store.write(STATE, self.state.content())
        self.history.add(answer)
        self.fetched += 1

    def validate_saved(self) -> None:
        """Validate that all pages are still in the archive at the end of the fetch."""
        if self.fetched and not is_whole(self.state, self.store.names()):
            raise OutputError(
                f"{self.store}: another program removed pages while they were fetched. Fetch again."
            )

    def _begin(self) -> None:
        """Save an empty state, then remove the old pages, the last one first."""
        self.store.write(STATE, self.state.content())
        for name in reversed(page_names(self.store.names())):
            self.store.remove(name)

    def _request_page(self) -> Answer:
        """Request one page and validate that it continues the earlier pages."""
        state = self.state
        request = {"JobId": state.job_id, "SortBy": state.sort_by, "MaxResults": state.max_results}
        if state.next_token:
            request["NextToken"] = state.next_token
        subject = f"job {state.job_id!r}, page {state.pages + 1}"
        answer = self._request_until_finished(request, subject)
        try:
            self.history.validate(answer, state.job_id, subject)
        except MixedError:
            if state.pages == 1:  # either page may be the wrong one, so start anew
                self.store.write(STATE, state.fresh().content())
            raise
        return answer

    def _request_until_finished(self, request: dict[str, Any], subject: str) -> Answer:
        """Repeat a request until the job is not in progress or the deadline has passed."""
        pause = _FIRST_PAUSE
        while True:
            if isinstance(self.client, Gateway):
                answer = self.client.ask(request, subject=subject, sleep=self.sleep)
            else:
                answer = ask(
                    self.client, "GetPersonTracking", request, parse_answer, subject=subject, sleep=self.sleep
                )
            rest = 0 if self.end is None else self.end - self.clock()
            if answer.status != IN_PROGRESS or rest <= 0:
                return answer
            if self.progress is not None:
                self.progress(self.summary())
            self.sleep(min(pause, rest))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _validate_same_request(self, found: State) -> None:
        """Reject other request parameters, because a token is only valid with the original ones."""
        for name, option in (("sort_by", "--sort-by"), ("max_results", "--max-results")):
            was, now = getattr(found, name), getattr(self.state, name)
            if was != now:
                raise ParameterError(
                    f"{self.store}: the fetch was started with {name}={was!r}, got {now!r}. Use the original "
                    f"value ({option} {was}), or fetch into another archive."
                )
