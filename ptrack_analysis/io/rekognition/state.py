"""How far an archive is fetched: a small file beside its pages."""

import msgspec

from ptrack_analysis.errors import OutputError, PtrackError
from ptrack_analysis.io.documents import is_named_like_a_page
from ptrack_analysis.io.keeping import Keeping
from ptrack_analysis.io.rekognition.answers import Answer, Seen, answer_of
from ptrack_analysis.io.rekognition.asking import BrokenAnswerError

STATE = "fetch.json"
"""The state's file: JSON without any member of a page, which the loader passes over."""
_FORM = 1


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
        """Give the state before the first page, for the same questions."""
        return State(job_id=self.job_id, sort_by=self.sort_by, max_results=self.max_results)

    def after(self, answer: Answer) -> "State":
        """Give the state in which one more page is saved."""
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
    """Give those of some names that are pages of a fetch, in the order of their numbers."""
    numbers = {name.removesuffix(".json"): name for name in names if name.endswith(".json")}
    ours = [number for number in numbers if number.isdecimal() and page_name(int(number)) == numbers[number]]
    return [numbers[number] for number in sorted(ours, key=int)]


def read_state(keeping: Keeping, names: set[str]) -> State | None:
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
    """Tell whether the archive is complete, and all its pages are there."""
    return state.complete and names.issuperset(page_name(number + 1) for number in range(state.pages))


def seen_before(state: State, keeping: Keeping, names: set[str]) -> Seen | None:
    """Read the saved pages again; None where they are not those that the state tells of.

    So an archive whose pages were lost or changed is never continued, but fetched anew.
    """
    wanted = [page_name(number + 1) for number in range(state.pages)]
    if state.complete or not names.issuperset(wanted):
        return None
    seen, token = Seen(), None
    for name, content in zip(wanted, keeping.read(wanted), strict=True):
        try:
            answer = answer_of(content)
            seen.refuse(answer, state.job_id, name)
        except (BrokenAnswerError, PtrackError):
            return None
        seen.add(answer)
        token = answer.next_token
        if token is None:
            return None
    return seen if token == state.next_token else None
