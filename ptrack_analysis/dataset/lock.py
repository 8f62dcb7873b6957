"""The lock of a dataset: one run at a time changes it."""

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ptrack_analysis.dataset.layout import PRIVATE
from ptrack_analysis.dataset.lease import leased, said_of
from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.files import make_folder, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path

LOCK = f"{PRIVATE}/lock"
HOLDER = f"{PRIVATE}/holder.json"


@contextmanager
def locked(out: AnyPath) -> Iterator[Callable[[], None]]:
    """Hold a dataset for this run alone; who comes meanwhile is told who holds it.

    What is given is to be called before something is written: it raises OutputError once another run has
    taken the dataset over, as in S3 where this one slept for longer than its lease.

    On disk the system's own lock of ``.ptrack/lock`` is held, which it releases when the process ends,
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
        raise OutputError(f"{out}: {said_of(_holder(out))}") from None
    except (OSError, NotImplementedError) as error:
        raise OutputError(f"{out / LOCK}: cannot be locked: {error}") from error
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
        if is_new and [path.name for path in out.iterdir()] == [PRIVATE]:
            shutil.rmtree(out)
    except OSError:
        return  # what stays is no part of the data
