"""A lock in S3: an object that one run put where none was, and renews while it works."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ptrack_analysis.errors import OutputError, RemoteError, TakenError
from ptrack_analysis.storage.s3 import S3Path

RENEWAL = timedelta(minutes=1)
LEASE = timedelta(minutes=5)


@contextmanager
def leased(out: S3Path, place: str, holder: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """Hold the object at a place below ``out`` for this run alone, and renew it while the run goes on.

    It is put only where there is none. One that was not renewed for the length of a lease, by the clock of
    the server, was left by a run that ended without a word: it is taken over by a request that S3 grants to
    one run only.

    Raises
    ------
    OutputError
        If another run holds it, or took it over meanwhile.
    RemoteError
        If S3 refuses.
    """
    path = out / place
    tag = _taken(out, path, _content(holder, 0))
    done, lost = threading.Event(), threading.Event()
    renewing = threading.Thread(target=_renew, args=(path, holder, tag, done, lost), daemon=True)
    renewing.start()

    def check() -> None:
        if lost.is_set():
            raise OutputError(
                f"{out}: another run took the dataset over meanwhile; run again when it is done"
            )

    try:
        yield check
    finally:
        done.set()
        renewing.join()
        if _is_held_by(path, holder):
            path.unlink()
    check()


def _taken(out: S3Path, path: S3Path, content: bytes) -> str:
    """Put the object where there is none, or in the place of a stale one; give its tag."""
    try:
        return path.write_bytes(content, new=True)
    except TakenError:
        found, headers = path.read_with_headers()
    try:
        if _age(headers) > LEASE:
            return path.write_bytes(content, instead_of=headers["etag"])
    except TakenError:
        found, _ = path.read_with_headers()
    raise OutputError(f"{out}: {said_of(_read(found))}")


def said_of(holder: dict[str, Any]) -> str:
    """Say in a sentence that another run holds a dataset, and which as far as it is known."""
    return (
        "another run is writing this dataset "
        f"(process {holder.get('process', 'unknown')} on {holder.get('host', 'an unknown host')}, "
        f"since {holder.get('since', 'an unknown time')}): wait until it is done, or stop it"
    )


def _renew(
    path: S3Path, holder: dict[str, Any], tag: str, done: threading.Event, lost: threading.Event
) -> None:
    """Put the object anew from time to time; who finds another's there has lost it, and stops renewing."""
    count = 0
    while not done.wait(RENEWAL.total_seconds()):
        count += 1
        try:
            tag = path.write_bytes(_content(holder, count), instead_of=tag)
        except TakenError:
            lost.set()
            return
        except RemoteError:
            continue  # what is in the way may pass before the lease ends


def _age(headers: dict[str, str]) -> timedelta:
    """Tell how long ago the object was put, by the clock of the server alone."""
    return parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(headers["last-modified"])


def _is_held_by(path: S3Path, holder: dict[str, Any]) -> bool:
    try:
        found = _read(path.read_bytes())
    except RemoteError:
        return False
    return all(found.get(name) == value for name, value in holder.items())


def _content(holder: dict[str, Any], renewals: int) -> bytes:
    return f"{json.dumps(holder | {'renewals': renewals})}\n".encode()


def _read(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
