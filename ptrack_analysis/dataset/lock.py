"""Lock of a dataset on disk or in S3: one run at a time may write."""

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ptrack_analysis.dataset.manifest import JOURNAL, PRIVATE
from ptrack_analysis.errors import OutputError, RemoteError, TakenError
from ptrack_analysis.storage.files import make_folder, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path

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
    raise OutputError(f"{out}: {describe_holder(_read(found))}")


def describe_holder(holder: dict[str, Any]) -> str:
    """Describe in a sentence that another run holds a dataset, and which as far as it is known."""
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
    """Return how long ago the object was put, by the clock of the server alone."""
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


LOCK = f"{PRIVATE}/lock"
HOLDER = f"{PRIVATE}/holder.json"


@contextmanager
def locked(out: AnyPath) -> Iterator[Callable[[], None]]:
    """Hold a dataset for this run alone; who comes meanwhile is told who holds it.

    What is given is to be called before something is written: it raises OutputError once another run has
    taken the dataset over, as in S3 where this one slept for longer than its lease.

    On disk the system's own lock of ``_ptrack/lock`` is held, which it releases when the process ends,
    however it ends; so a lock that a killed run left behind stops nobody. In S3 an object is put where none
    is, by a conditional request, and renewed every minute; one that was not renewed for five minutes is
    taken over. What lies in ``.ptrack`` is no part of the data. A folder that is made for the lock, and in
    which nothing else was written, is removed again.

    Raises
    ------
    OutputError
        If another run holds the dataset, saying which and since when; or if the system refuses to write
        there.
    RemoteError
        If S3 refuses.
    """
    if isinstance(out, S3Path):
        with leased(out, LOCK, _this_run()) as check:
            yield check
        return
    is_new = not out.exists()
    make_folder((out / LOCK).parent)
    lock = FileLock(out / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OutputError(f"{out}: {describe_holder(_holder(out))}") from None
    except (OSError, NotImplementedError) as error:
        raise OutputError(
            f"{out / LOCK}: cannot be locked: {getattr(error, 'strerror', None) or error}"
        ) from error
    try:
        write_text(out / HOLDER, json.dumps(_this_run()) + "\n")
        yield lambda: None
    finally:
        _clear(out, is_new=is_new)
        lock.release()


def _this_run() -> dict[str, Any]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(out: Path) -> dict[str, Any]:
    try:
        content = json.loads((out / HOLDER).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _clear(out: Path, *, is_new: bool) -> None:
    """Take away who held the lock; and the folder, if it is new and the lock is all that is in it."""
    try:
        (out / HOLDER).unlink(missing_ok=True)
        is_empty = [path.name for path in out.iterdir()] == [PRIVATE] and not (out / JOURNAL).exists()
        if is_new and is_empty:
            shutil.rmtree(out)
    except OSError:
        return  # what stays is no part of the data
