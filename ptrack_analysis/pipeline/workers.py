"""Videos worked on by several processes or an executor."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from multiprocessing import connection, get_context, parent_process
from typing import Any, Generic, TypeVar

import pandas as pd

from ptrack_analysis.errors import ParameterError, PtrackError, RemoteError, WorkerError
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.video import Video

PATIENCE = 600.0
"""So long a cluster may be without a worker: one that grows by need starts machines meanwhile [s]."""
_ASK = 10.0
"""So often its scheduler is asked for its workers [s]."""


class Watch:
    """Who waits for a task on an executor looks through it at the cluster behind; other executors have none.

    ``_client`` is where ``distributed`` keeps the client of an executor; it has no public name for it.
    """

    def __init__(self, executor: Executor | None) -> None:
        self._client = getattr(executor, "_client", None)
        self._staffed = self._asked = time.monotonic()

    def is_cut_off(self) -> bool:
        """Return whether the client has lost its scheduler.

        It cancels what it had submitted then, but not what is submitted while it tries to connect again.
        """
        return self._client is not None and self._client.status != "running"

    def look(self) -> None:
        """Look whether there is any use in waiting on.

        Raises
        ------
        RemoteError
            If the scheduler went away, or has had no worker for as long as ``PATIENCE``.
        """
        if self.is_cut_off():
            raise scheduler_gone("its client connects again")
        now = time.monotonic()
        if self._client is None or now - self._asked < min(_ASK, PATIENCE):
            return
        self._asked = now
        try:
            workers = self._client.nthreads()
        except OSError as error:
            raise scheduler_gone(type(error).__name__) from error
        if workers:
            self._staffed = now
        elif now - self._staffed >= PATIENCE:
            raise RemoteError(
                f"the cluster has had no worker for {PATIENCE:.0f} s: what is finished stays; start workers, "
                "and a rerun completes it"
            )


def scheduler_gone(said: str) -> RemoteError:
    """Report that a scheduler does not answer any more."""
    return RemoteError(f"the scheduler went away ({said}): what is finished stays, and a rerun completes it")


_TIMEOUT = "10s"


def processes(workers: int) -> Callable[[], Executor]:
    """Return what makes a pool of so many processes of this machine.

    They start afresh, so a script that uses them has its work below ``if __name__ == "__main__":``. They end
    with the process that started them, however it ends, and leave Ctrl-C to it.

    Raises
    ------
    ParameterError
        If it is no number from 1 on.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ParameterError(f"workers is {workers!r}, not a number of processes from 1 on")

    def make() -> Executor:
        return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)

    return make


@contextmanager
def dask(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler; give an executor on its cluster, and how many tasks run there at once.

    Raises
    ------
    RemoteError
        If there is no scheduler at this address.
    ParameterError
        If Dask is not installed.
    """
    try:
        distributed: Any = import_module("distributed")  # heavy, and needed for a cluster alone
    except ImportError as error:
        raise ParameterError("Dask is not installed: pip install 'ptrack-analysis[dask]'") from error
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise RemoteError(f"{address}: no Dask scheduler can be reached there: {said}") from error
    try:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
    finally:
        client.close()


def _begin() -> None:
    """Prepare a worker: Ctrl-C is its parent's to handle, and it does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 32
_TOGETHER = 2
"""In so many losses of a worker a task may be involved before it is tried with nothing beside it."""
_ALONE = 2
"""So often it may lose the worker then: whoever does that is to blame."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Options of glibc's mallopt, from malloc.h."""
_OWN_MAPPING = 32 * 2**20
"""Size from which an array gets a mapping of its own, the largest that glibc accepts [bytes]."""
_KEPT = 256 * 2**20
"""Freed memory that a worker keeps at most [bytes]."""
_LOOK = 1.0
"""So often who waits for a task looks whether there is still use in it [s]."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of one task: its result, or the error."""

    task: T
    result: R | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _Flight(Generic[T]):
    """One task on its way, and in how many losses of a worker it was involved."""

    task: T
    future: Future[tuple[Any, Exception | None]] | None = None
    losses: int = 0


def map_tasks(
    function: Callable[[T], R],
    tasks: Iterable[T],
    *,
    executor: Executor | None = None,
    make: Callable[[], Executor] | None = None,
    in_flight: int = IN_FLIGHT,
) -> Iterator[Outcome[T, R]]:
    """Call a function for each task, and give the outcomes in the order of the tasks.

    Tasks are taken one by one as others are done: no more than ``in_flight`` are with the executor, or done
    and not yet asked for. A task that raises is an outcome with an error, and stops nothing. If a process
    pool is made here, and a worker of it is killed, the pool is made anew and what was in flight is tried
    again; a task that loses its worker again and again, at last with nothing beside it, fails with
    WorkerError.

    Parameters
    ----------
    function, tasks
        What is called, for each task; with an executor both are sent to its workers.
    executor
        Where the function runs; by default in this process. It is not shut down.
    make
        Makes an executor instead, which is shut down at the end and made anew when it breaks.
    in_flight
        How many tasks the executor holds at most.

    Raises
    ------
    RemoteError
        If the executor's scheduler goes away, or its cluster has had no worker for ten minutes.
    WorkerError
        If an executor that was given breaks, or the processes of a pool that is made here cannot start.
    ParameterError
        If ``in_flight`` is below 1.
    """
    if in_flight < 1:
        raise ParameterError(f"in_flight is {in_flight!r}, not a number of tasks from 1 on")
    if executor is None and make is None:
        for task in tasks:
            result, error = _call(function, task)
            yield Outcome(task, result, error)
        return
    crew = _Crew(function, executor, make)
    try:
        yield from crew.outcomes(iter(tasks), in_flight)
    finally:
        crew.close()


class _Crew(Generic[T, R]):
    """The executor in use, and the tasks that are with it, in their order."""

    def __init__(
        self, function: Callable[[T], R], executor: Executor | None, make: Callable[[], Executor] | None
    ) -> None:
        self.function = function
        self.make = make
        self.executor = make() if make is not None else executor
        self.watch = Watch(executor)
        self.flights: deque[_Flight[T]] = deque()

    def outcomes(self, tasks: Iterator[T], in_flight: int) -> Iterator[Outcome[T, R]]:
        while True:
            while len(self.flights) < in_flight and (task := next(tasks, None)) is not None:
                self.flights.append(flight := _Flight(task))
                self.submit(flight)
            if not self.flights:
                return
            result, error = self.wait(self.flights[0])
            yield Outcome(self.flights.popleft().task, result, error)

    def submit(self, flight: _Flight[T]) -> None:
        assert self.executor is not None  # noqa: S101 - for mypy: one of both was given
        try:
            flight.future = self.executor.submit(_call_on_worker, self.function, flight.task)
        except BrokenExecutor as error:
            flight.future = Future()
            flight.future.set_exception(error)
        except RuntimeError as error:  # it was shut down, as when a scheduler goes away
            raise scheduler_gone(type(error).__name__) from error

    def wait(self, flight: _Flight[T]) -> tuple[R | None, Exception | None]:
        """Wait for the outcome of a flight, mending the pool as often as it breaks."""
        while True:
            assert flight.future is not None  # noqa: S101 - for mypy: it was submitted
            while not flight.future.done():
                wait([flight.future], timeout=_LOOK)
                if not flight.future.done():
                    self.watch.look()
            try:
                return flight.future.result()
            except BrokenExecutor as error:
                self.mend(error)
            except CancelledError as error:
                raise scheduler_gone(type(error).__name__) from error
            except Exception as error:  # noqa: BLE001 - whatever the executor says of one task is its outcome
                return None, _lost(error)

    def mend(self, error: BrokenExecutor) -> None:
        """Make the pool anew, and try again what was with the broken one: suspects first, each alone."""
        if self.make is None:
            raise WorkerError(
                f"the executor broke ({error}): a worker was killed, or ran out of memory; what is done "
                "stays, and a rerun completes it"
            ) from error
        lost = [flight for flight in self.flights if _is_lost(flight)]
        self._renew()
        for flight in lost:
            flight.losses += 1
            if flight.losses >= _TOGETHER:
                self._try_alone(flight)
        for flight in lost:
            if flight.losses < _TOGETHER:
                self.submit(flight)

    def _try_alone(self, flight: _Flight[T]) -> None:
        for _ in range(_ALONE):
            self.submit(flight)
            assert flight.future is not None  # noqa: S101 - for mypy: it was submitted
            if not isinstance(flight.future.exception(), BrokenExecutor):
                return
            self._renew()
        error = WorkerError(
            "the process that worked on it was killed again and again: it may need more memory than there is"
        )
        flight.future = Future()
        flight.future.set_result((None, error))

    def _renew(self) -> None:
        assert self.make is not None  # noqa: S101 - for mypy: only such a pool is mended
        assert self.executor is not None  # noqa: S101 - the same
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self.make()
        try:
            self.executor.submit(os.getpid).result()
        except BrokenExecutor as error:
            raise WorkerError(
                "the processes that should do the work cannot start: in a script, put what is done below "
                "'if __name__ == \"__main__\":', since each process reads the script anew"
            ) from error

    def close(self) -> None:
        for flight in self.flights:
            if flight.future is not None and not self.watch.is_cut_off():
                flight.future.cancel()
        if self.make is not None and self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)


def _is_lost(flight: _Flight[Any]) -> bool:
    """Return whether a task has no outcome, and will get none from its executor."""
    future = flight.future
    if future is None or not future.done() or future.cancelled():
        return True
    return isinstance(future.exception(), BrokenExecutor)


def _call(function: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Call the function where it runs; an error travels back as a value."""
    try:
        return function(task), None
    except Exception as error:  # noqa: BLE001 - that is the promise: one task stops nothing
        return None, _portable(error)


def _call_on_worker(function: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Call the function on a worker of an executor."""
    keep_freed_memory()
    return _call(function, task)


@cache
def keep_freed_memory() -> bool:
    """Let glibc keep freed memory in this process; return whether the limits were changed.

    Dask starts its workers with ``MALLOC_TRIM_THRESHOLD_=65536``. Any limit in the environment makes glibc
    keep its initial limit for arrays of their own mapping, 128 KiB, instead of raising it as arrays are
    freed. Each larger array then comes as pages that the kernel clears again: twice the processor time.
    Without the variable, or with another C library, nothing is changed.
    """
    if sys.platform != "linux" or "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    library.mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT)
    return True


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent to another process: itself, or of a strange class one that says it."""
    known = type(error).__module__ in {"builtins", PtrackError.__module__}
    return error if known else WorkerError(f"{type(error).__name__}: {error}")


def _lost(error: Exception) -> Exception:
    """Describe in the package's words what an executor says of a task whose workers died."""
    if type(error).__name__ == "KilledWorker":
        return WorkerError("the workers that had it were killed again and again, so it was given up")
    return error


def map_videos(
    function: Callable[[pd.DataFrame, Video], R],
    videos: Iterable[VideoReference],
    *,
    executor: Executor | None = None,
    in_flight: int = IN_FLIGHT,
    allow_incomplete: bool = False,
    allow_dropped: bool = False,
) -> Iterator[Outcome[VideoReference, R]]:
    """Call ``function(detections, video)`` for each video, reading it where the function runs.

    Workers get a reference, no data. Outcomes come in the order of the videos, and one by one: no more than
    ``in_flight`` videos are with the executor, or done and waiting to be asked for. A video that cannot be
    read, or for which the function raises, is an outcome with an error, and does not stop the others. No
    videos: no outcomes.

    Parameters
    ----------
    function
        What is computed of each video; with an executor of other processes, a function of a module.
    videos
        What ``find_videos`` found, or any of it.
    executor
        Any ``concurrent.futures.Executor``: a ``ProcessPoolExecutor``, or a Dask cluster through
        ``distributed.Client(...).get_executor(pure=False)``. By default the function runs in this process.
    in_flight
        How many videos the executor holds at most; twice the number of its workers or more.
    allow_incomplete
        Whether to read archives that lack pages, as in ``read_tracking``.
    allow_dropped
        Whether to read sources of which many rows are dropped, as in ``read_tracking``.

    Yields
    ------
    Outcome
        ``task``, the reference; ``result``, what the function gave; ``error``, what was raised instead, or
        None.

    Raises
    ------
    ParameterError
        If ``in_flight`` is below 1.
    WorkerError
        If the executor breaks, as a process pool does when one of its workers is killed.
    RemoteError
        If the executor's scheduler goes away.

    Examples
    --------
    >>> list(map_videos(lambda detections, video: len(detections), []))
    []
    """
    one = partial(_of_video, function, allow_incomplete=allow_incomplete, allow_dropped=allow_dropped)
    return map_tasks(one, videos, executor=executor, in_flight=in_flight)


def _of_video(
    function: Callable[[pd.DataFrame, Video], R],
    reference: VideoReference,
    *,
    allow_incomplete: bool,
    allow_dropped: bool,
) -> R:
    detections, video = read_tracking(
        reference, allow_incomplete=allow_incomplete, allow_dropped=allow_dropped
    )
    return function(detections, video)
