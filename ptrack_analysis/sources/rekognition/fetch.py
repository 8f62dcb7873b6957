"""Fetching the pages of a job into an archive."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ptrack_analysis.errors import MixedError, OutputError, ParameterError, PtrackError, RemoteError
from ptrack_analysis.sources.archive import Source
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.sources.rekognition.answers import (
    IN_PROGRESS,
    Answer,
    BrokenAnswerError,
    PageHistory,
    TokenError,
    ask,
    checked_job_id,
    parse_answer,
)
from ptrack_analysis.sources.rekognition.gateway import Gateway
from ptrack_analysis.storage.s3 import parse_path
from ptrack_analysis.storage.store import Store, open_store
from ptrack_analysis.video import Duration, milliseconds

STATE = "fetch.json"
"""The state's file: JSON without any member of a page, which the loader passes over."""
_FORM = 1
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 1.0, 1.5, 30.0


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an archive is fetched, and by which questions: these may not change on the way."""

    ptrack_fetch: int = _FORM
    job_id: str
    sort_by: str
    max_results: int
    pages: int = 0
    next_token: str | None = None
    complete: bool = False

    def fresh(self) -> "State":
        """Return the state before the first page, for the same questions."""
        return State(job_id=self.job_id, sort_by=self.sort_by, max_results=self.max_results)

    def after(self, answer: Answer) -> "State":
        """Return the state in which one more page is saved."""
        return msgspec.structs.replace(
            self, pages=self.pages + 1, next_token=answer.next_token, complete=answer.next_token is None
        )

    def content(self) -> bytes:
        """Write the state as JSON; the same state gives the same bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def page_name(number: int) -> str:
    """Name the file of a page: its number alone, so that the archive's folder names the video."""
    return f"{number:06}.json"


def page_names(names: set[str]) -> list[str]:
    """Return those of some names that are pages of a fetch, in the order of their numbers."""
    numbers = {name.removesuffix(".json"): name for name in names if name.endswith(".json")}
    ours = [number for number in numbers if number.isdecimal() and page_name(int(number)) == numbers[number]]
    return [numbers[number] for number in sorted(ours, key=int)]


def read_state(keeping: Store, names: set[str]) -> State | None:
    """Read how far an archive is fetched; None where nothing was yet.

    Raises
    ------
    OutputError
        If the state is not one of a fetch, or there are pages that no fetch has put there.
    """
    if STATE in names:
        (content,) = keeping.read([STATE])
        try:
            return msgspec.json.decode(content, type=State)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise OutputError(
                f"{keeping}: {STATE} is not the state of a fetch ({error}); give another archive"
            ) from error
    foreign = sorted(filter(is_named_like_a_page, names))
    if foreign:
        raise OutputError(
            f"{keeping}: holds other pages, such as {foreign[0]!r}, that no fetch has put there; "
            "fetch into an empty archive"
        )
    return None


def is_whole(state: State, names: set[str]) -> bool:
    """Return whether the archive is complete, and all its pages are there."""
    return state.complete and names.issuperset(page_name(number + 1) for number in range(state.pages))


def seen_before(state: State, keeping: Store, names: set[str]) -> PageHistory | None:
    """Read the saved pages again; None where they are not those that the state tells of.

    So an archive whose pages were lost or changed is never continued, but fetched anew.
    """
    wanted = [page_name(number + 1) for number in range(state.pages)]
    if state.complete or not names.issuperset(wanted):
        return None
    seen, token = PageHistory(), None
    for name, content in zip(wanted, keeping.read(wanted), strict=True):
        try:
            answer = parse_answer(content)
            seen.validate(answer, state.job_id, name)
        except (BrokenAnswerError, PtrackError):
            return None
        seen.add(answer)
        token = answer.next_token
        if token is None:
            return None
    return seen if token == state.next_token else None


ORDERS = ("TIMESTAMP", "INDEX")
"""What the service sorts by: the time, or the person (and within a person its confidence)."""
MAX_RESULTS = 1000
"""Most persons a page, of the service."""
MAX_PAGES = 100_000
"""Most pages of an archive, unless more are allowed: 100 million detections in full pages."""
MAX_RESTARTS = 3
"""How often one call begins anew because a token expired."""


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """What a fetch did: the pages that the archive has, and of them those that this call saved.

    ``restarts`` counts how often the pages were fetched anew, because a token had expired or saved pages
    were lost. After the last page, ``complete`` is True; complete with nothing fetched is an archive that
    was complete before.
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
    """Fetch all pages of a job into an archive, and say what was done.

    A page is saved as the bytes that came (unzipped), under its number, in the place of what was there; then
    the state (``fetch.json``) is replaced, which is marked complete after the last page. A fetch that was
    killed or failed goes on after the last page that the state tells of, if the pages before it are still as
    they were. Before the last page is saved, the archive is read as incomplete. A complete archive stays
    untouched, and the service is not asked.

    A token that has expired cannot be gone on from. Then the first page is asked for anew, and only when it
    has come, the pages of before are removed, the last one first: until then they are all there is of the
    job, from then on they would be there twice. What is saved meanwhile belongs to one set.

    An answer that is no page is asked for again, up to five times. What does not go on from the pages before
    (a token or page that was there before, another job, other VideoMetadata) is an error, and not saved; if
    that is the second page, the first is in doubt too, and the next fetch begins with it.

    Parameters
    ----------
    job_id
        The job.
    archive
        The folder, or the address in S3 (``s3://bucket/prefix``); made where it is missing.
    client
        A boto3 client of Rekognition, of an endpoint that speaks the API; it is left as it was.
    gateway
        Instead of a client, the URL of a gateway that takes ``MaxResults`` and ``NextToken`` as query
        parameters and answers ``{"success": true, "data": PAGE}``; ``{job}`` in it stands for the job's
        id, which is the query parameter ``JobId`` otherwise.
    sort_by
        ``TIMESTAMP`` or ``INDEX``; the tables that are read from the archive do not depend on it.
    max_results
        Most persons a page, 1 to 1000.
    max_pages
        Most pages that the archive may have: a NextToken that never ends stops there.
    wait
        Whether to wait while the job is in progress; otherwise that is an error.
    deadline
        How long to wait at most.
    progress
        Called with the summary so far after each page, and before each pause of waiting.
    sleep
        Called with the length of each pause [s]: before a broken answer is asked for again, and of waiting.
    clock
        Returns the time from which the deadline is measured [s].

    Returns
    -------
    FetchSummary
        Always complete; whatever else happens is an error.

    Raises
    ------
    ParameterError
        If an argument is out of its range, or not that with which the archive was begun.
    OutputError
        If the archive is of another job, holds other pages, or cannot be written.
    JobError
        If the job failed, with its StatusMessage, or is in progress at the deadline or without ``wait``.
    MixedError
        If a page is of another job, or has other VideoMetadata than those before.
    RemoteError
        If the service refuses, cannot be reached, gives no whole page, goes in a circle or never ends.

    Notes
    -----
    One page is in memory at a time, and 32 bytes and the token of each page before. Going on reads the saved
    pages once.
    """
    if sort_by not in ORDERS:
        raise ParameterError(f"sort_by is {sort_by!r}, not one of {', '.join(map(repr, ORDERS))}")
    if not 1 <= max_results <= MAX_RESULTS:
        raise ParameterError(f"max_results is {max_results!r}, not 1 to {MAX_RESULTS}")
    if max_pages < 1:
        raise ParameterError(f"max_pages is {max_pages!r}, not at least 1")
    wanted = State(job_id=checked_job_id(job_id), sort_by=sort_by, max_results=max_results)
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
    fetch.resume()
    while not fetch.state.complete:
        fetch.save(fetch.next_page(max_pages))
        if progress is not None:
            progress(fetch.summary())
    return fetch.summary()


@dataclass(slots=True)
class _Fetch:
    """One archive on its way to be complete."""

    keeping: Store
    client: Any
    sleep: Callable[[float], object]
    state: State
    seen: PageHistory
    end: float | None
    clock: Callable[[], float]
    progress: Callable[[FetchSummary], object] | None
    fetched: int = 0
    restarts: int = 0

    def summary(self) -> FetchSummary:
        """Describe what was done so far."""
        state = self.state
        return FetchSummary(
            state.job_id, str(self.keeping), state.pages, self.fetched, self.restarts, state.complete
        )

    def resume(self) -> None:
        """Take up the state of the archive, if there is one."""
        names = self.keeping.names()
        found = read_state(self.keeping, names)
        if found is not None and found.job_id != self.state.job_id:
            raise OutputError(
                f"{self.keeping}: is an archive of job {found.job_id!r}; fetch {self.state.job_id!r} "
                "into another"
            )
        self.keeping.tidy([STATE, page_name(1), page_name(found.pages + 1 if found else 1)])
        if found is None:
            return
        if is_whole(found, names):
            self.state = found
            return
        self._validate_same_request(found)
        seen = seen_before(found, self.keeping, names) if found.pages else PageHistory()
        if seen is None:
            self.restarts += 1
        else:
            self.state, self.seen = found, seen

    def next_page(self, max_pages: int) -> Answer:
        """Ask for the page after those saved; if its token has expired, for the first."""
        if self.state.pages >= max_pages:
            raise RemoteError(
                f"{self.keeping}: the job has more than {max_pages} pages, and may never end; if it is that "
                "large, allow more (max_pages, --max-pages)"
            )
        try:
            return self._asked()
        except TokenError:
            if self.state.next_token is None or self.restarts >= MAX_RESTARTS:
                raise
        self.restarts += 1
        self.state, self.seen = self.state.fresh(), PageHistory()
        return self._asked()

    def save(self, answer: Answer) -> None:
        """Save a page, then the state in which it is saved."""
        if not self.state.pages:
            self._begin()
        self.keeping.write(page_name(self.state.pages + 1), answer.content)
        self.state = self.state.after(answer)
        self.keeping.write(STATE, self.state.content())
        self.seen.add(answer)
        self.fetched += 1

    def _begin(self) -> None:
        """Report that nothing is saved, and remove the pages of before, the last one first."""
        self.keeping.write(STATE, self.state.content())
        for name in reversed(page_names(self.keeping.names())):
            self.keeping.remove(name)

    def _asked(self) -> Answer:
        """Ask for one page, and refuse one that does not go on from those before."""
        state = self.state
        request = {"JobId": state.job_id, "SortBy": state.sort_by, "MaxResults": state.max_results}
        if state.next_token:
            request["NextToken"] = state.next_token
        place = f"job {state.job_id!r}, page {state.pages + 1}"
        answer = self._asked_until_finished(request, place)
        try:
            self.seen.validate(answer, state.job_id, place)
        except MixedError:
            if state.pages == 1:  # either of the two may be the wrong one: neither is gone on from
                self.keeping.write(STATE, state.fresh().content())
            raise
        return answer

    def _asked_until_finished(self, request: dict[str, Any], place: str) -> Answer:
        """Ask until the job is not in progress, or the deadline has passed."""
        pause = _FIRST_PAUSE
        while True:
            if isinstance(self.client, Gateway):
                answer = self.client.ask(request, place=place, sleep=self.sleep)
            else:
                answer = ask(
                    self.client, "GetPersonTracking", request, parse_answer, place=place, sleep=self.sleep
                )
            rest = 0 if self.end is None else self.end - self.clock()
            if answer.status != IN_PROGRESS or rest <= 0:
                return answer
            if self.progress is not None:
                self.progress(self.summary())
            self.sleep(min(pause, rest))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _validate_same_request(self, found: State) -> None:
        """Reject to go on with other questions: a token belongs to those that it came from."""
        for name, option in (("sort_by", "--sort-by"), ("max_results", "--max-results")):
            was, now = getattr(found, name), getattr(self.state, name)
            if was != now:
                raise ParameterError(
                    f"{self.keeping}: was begun with {name}={was!r}, not {now!r}; go on with that "
                    f"({option} {was}), or fetch into another archive"
                )
