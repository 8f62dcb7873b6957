"""Lock of a dataset on disk or in S3, so that only one run can write at a time."""

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
    """Create the lock object at ``place`` below ``out``, and renew it during the run.

    S3 lets only one run create the object. If the object was not renewed for the duration of a lease, by the
    clock of the server, its run has ended. Another run may then take over the lock with a conditional
    request.

    Raises
    ------
    OutputError
        If another run has the lock or has taken it over.
    RemoteError
        If S3 rejects a request.
    """
    path = out / place
    tag = _take(out, path, _format(holder, 0))
    done, lost = threading.Event(), threading.Event()
    renewing = threading.Thread(target=_renew, args=(path, holder, tag, done, lost), daemon=True)
    renewing.start()

    def check() -> None:
        if lost.is_set():
            raise OutputError(
                f"{out}: another run has taken over the dataset. Run again when it has finished."
            )

    try:
        yield check
    finally:
        done.set()
        renewing.join()
        if _belongs_to(path, holder):
            path.unlink()
    check()


def _take(out: S3Path, path: S3Path, content: bytes) -> str:
    """Create the lock object or replace a stale lock; return its tag."""
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
    """Describe the run that has a lock."""
    return (
        "another run is writing this dataset "
        f"(process {holder.get('process', 'unknown')} on {holder.get('host', 'an unknown host')}, "
        f"since {holder.get('since', 'an unknown time')}). Wait until it has finished, or stop it."
    )


def _renew(
    path: S3Path, holder: dict[str, Any], tag: str, done: threading.Event, lost: threading.Event
) -> None:
    """Renew the lock periodically until the run ends or another run takes it over."""
    count = 0
    while not done.wait(RENEWAL.total_seconds()):
        count += 1
        try:
            tag = path.write_bytes(_format(holder, count), instead_of=tag)
        except TakenError:
            lost.set()
            return
        except RemoteError:
            continue  # S3 may be available again before the lease ends


def _age(headers: dict[str, str]) -> timedelta:
    """Return the age of the lock object by the clock of the server."""
    return parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(headers["last-modified"])


def _belongs_to(path: S3Path, holder: dict[str, Any]) -> bool:
    try:
        found = _read(path.read_bytes())
    except RemoteError:
        return False
    return holder.items() <= found.items()


def _format(holder: dict[str, Any], renewals: int) -> bytes:
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
    """Lock a dataset for this run.

    Call the returned function before writing. It raises ``OutputError`` if another run has taken over the
    dataset, which happens in S3 if a run was suspended for longer than its lease.

    On disk, the operating system locks ``_ptrack/lock`` and releases it when the process ends. In S3, the
    lock is an object that is renewed every minute. After five minutes without renewal, another run may take
    it over. A folder that was created only for the lock is removed.

    Raises
    ------
    OutputError
        If another run has the lock (the message contains its process and start), or the lock cannot be
        written.
    RemoteError
        If S3 rejects a request.
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
        raise OutputError(f"{out}: {describe_holder(_read_holder(out))}") from None
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


def _read_holder(out: Path) -> dict[str, Any]:
    try:
        return _read((out / HOLDER).read_bytes())
    except OSError:
        return {}


def _clear(out: Path, *, is_new: bool) -> None:
    """Remove the description of the run, and a new folder with only the lock."""
    try:
        (out / HOLDER).unlink(missing_ok=True)
        is_empty = [path.name for path in out.iterdir()] == [PRIVATE] and not (out / JOURNAL).exists()
        if is_new and is_empty:
            shutil.rmtree(out)
    except OSError:
        return  # these files are not data
