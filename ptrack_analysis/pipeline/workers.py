"""Processing of videos by several processes or an executor."""

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
from ptrack_analysis.limits import whole_number
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.video import Video

PATIENCE = 600.0
"""Time that a cluster may have no worker, since an adaptive cluster needs time to start machines [s]."""
_ASK = 10.0
"""Interval between requests to the scheduler for its workers [s]."""


class Watch:
    """Monitor of the cluster behind a Dask executor; for other executors it does nothing.

    ``distributed`` keeps the client of an executor in ``_client``. There is no public attribute.
    """

    def __init__(self, executor: Executor | None) -> None:
        self._client = getattr(executor, "_client", None)
        self._staffed = self._asked = time.monotonic()

    def is_cut_off(self) -> bool:
        """Return whether the client has lost its scheduler.

        The client then cancels submitted tasks, but not tasks submitted while it reconnects.
        """
        return self._client is not None and self._client.status != "running"

    def look(self) -> None:
        """Check that the cluster can still complete tasks.

        Raises
        ------
        RemoteError
            If the scheduler is lost, or has had no worker for ``PATIENCE`` seconds.
        """
        if self.is_cut_off():
            raise scheduler_gone("its client is reconnecting")
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
                f"The cluster has had no worker for {PATIENCE:.0f} s. Start workers and run again: finished "
                "work is kept."
            )


def scheduler_gone(said: str) -> RemoteError:
    """Return the error for a scheduler that no longer responds."""
    return RemoteError(
        f"The connection to the scheduler was lost ({said}). Run again: finished work is kept."
    )


_TIMEOUT = "10s"


def processes(workers: int) -> Callable[[], Executor]:
    """Return a function that creates a pool of processes on this machine.

    Processes are spawned, so a script must guard its code by ``if __name__ == "__main__":``. They ignore
    Ctrl-C, which the parent process handles, and end with the parent.

    Raises
    ------
    ParameterError
        If ``workers`` is not a positive integer.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ParameterError(f"workers (--workers) must be an integer of at least 1, got {workers!r}")

    def make() -> Executor:
        return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)

    return make


@contextmanager
def dask(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler; yield an executor and the number of concurrent tasks.

    Raises
    ------
    RemoteError
        If the scheduler cannot be reached.
    ParameterError
        If Dask is not installed.
    """
    try:
        distributed: Any = import_module("distributed")  # slow to import, and only a cluster needs it
    except ImportError as error:
        raise ParameterError("Dask is not installed. Run pip install 'ptrack-analysis[dask]'.") from error
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise RemoteError(f"{address}: cannot connect to a Dask scheduler: {said}") from error
    try:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
    finally:
        client.close()


def _begin() -> None:
    """Prepare a worker: ignore Ctrl-C, which the parent handles, and end with the parent."""
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
"""Number of lost workers after which a task runs alone."""
_ALONE = 2
"""Number of workers that a task may lose while it runs alone before it fails."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Options of glibc's mallopt, from malloc.h."""
_OWN_MAPPING = 32 * 2**20
"""Size from which an array gets its own mapping, the largest that glibc accepts [bytes]."""
_KEPT = 256 * 2**20
"""Maximum freed memory that a worker keeps [bytes]."""
_LOOK = 1.0
"""Interval between checks of the cluster while a task is awaited [s]."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """Outcome of one task: its result or its error."""

    task: T
    result: R | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _Flight(Generic[T]):
    """A submitted task, with the number of workers lost while it ran."""

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
    """Call a function for each task; yield the outcomes in the order of the tasks.

    Tasks are taken lazily: at most ``in_flight`` are submitted, or done and not yet consumed. If a task
    raises, its outcome has the error, and the other tasks continue. If a worker of a pool from ``make`` is
    killed, the pool is recreated and the submitted tasks are retried. A task that repeatedly loses its
    worker, finally while it runs alone, fails with WorkerError.

    Parameters
    ----------
    function, tasks
        The function and its arguments. An executor sends both to its workers.
    executor
        Executor that runs the function; by default it runs in this process. The executor is not shut down.
    make
        Function that creates an executor, which is shut down at the end and recreated when it breaks.
    in_flight
        Maximum number of submitted tasks.

    Raises
    ------
    RemoteError
        If the connection to the scheduler is lost, or its cluster has had no worker for ten minutes.
    WorkerError
        If ``executor`` breaks, or the processes of a pool from ``make`` cannot start.
    ParameterError
        If ``in_flight`` is below 1.
    """
    whole_number(in_flight, "in_flight", 1)
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
    """The current executor and its submitted tasks, in order."""

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
        """Wait for the outcome of a task; recreate the pool whenever it breaks."""
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
            except Exception as error:  # noqa: BLE001 - any error of a task is its outcome
                return None, _lost(error)

    def mend(self, error: BrokenExecutor) -> None:
        """Recreate the pool and retry its tasks, suspects first and each alone."""
        if self.make is None:
            raise WorkerError(
                f"The executor broke ({error}): a worker was killed or ran out of memory. Run again: "
                "finished work is kept."
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
            "The worker process was killed repeatedly. It may need more memory than is available."
        )
        flight.future = Future()
        flight.future.set_result((None, error))

    def _renew(self) -> None:
        assert self.make is not None  # noqa: S101 - for mypy: only such a pool is recreated
        assert self.executor is not None  # noqa: S101 - the same
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self.make()
        try:
            self.executor.submit(os.getpid).result()
        except BrokenExecutor as error:
            raise WorkerError(
                "Worker processes cannot start. In a script, put the call under "
                "'if __name__ == \"__main__\":', because each process imports the script."
            ) from error

    def close(self) -> None:
        for flight in self.flights:
            if flight.future is not None and not self.watch.is_cut_off():
                flight.future.cancel()
        if self.make is not None and self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)


def _is_lost(flight: _Flight[Any]) -> bool:
    """Return whether a task has no outcome and will never get one from its executor."""
    future = flight.future
    if future is None or not future.done() or future.cancelled():
        return True
    return isinstance(future.exception(), BrokenExecutor)


def _call(function: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Call the function and return its result or its error."""
    try:
        return function(task), None
    except Exception as error:  # noqa: BLE001 - one failing task does not stop the others
        return None, _portable(error)


def _call_on_worker(function: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Call the function on a worker of an executor."""
    keep_freed_memory()
    return _call(function, task)


@cache
def keep_freed_memory() -> bool:
    """Make glibc keep freed memory in this process; return whether limits were changed.

    Dask starts its workers with ``MALLOC_TRIM_THRESHOLD_=65536``. Any limit in the environment makes glibc
    keep its initial mmap threshold of 128 KiB instead of raising it when arrays are freed. The kernel then
    clears the pages of each larger array again, which doubles the processor time.
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
    """Return an error that can be sent to another process, with foreign classes replaced."""
    known = type(error).__module__ in {"builtins", PtrackError.__module__}
    return error if known else WorkerError(f"{type(error).__name__}: {error}")


def _lost(error: Exception) -> Exception:
    """Convert an executor's error for a task whose workers died to a WorkerError."""
    if type(error).__name__ == "KilledWorker":
        return WorkerError("The worker processes were killed repeatedly.")
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
    """Call ``function(detections, video)`` for each video; yield the outcomes in order.

    The worker reads the video: it gets a reference, not the data. At most ``in_flight`` videos are submitted,
    or done and not yet consumed. If a video cannot be read, or the function raises, its outcome has the
    error, and the other videos continue.

    Parameters
    ----------
    function
        The function to call. If the executor uses other processes, it must be defined in a module.
    videos
        Videos from ``find_videos``, or some of them.
    executor
        Any ``concurrent.futures.Executor``: a ``ProcessPoolExecutor``, or a Dask cluster through
        ``distributed.Client(...).get_executor(pure=False)``. By default the function runs in this process.
    in_flight
        Maximum number of submitted videos; at least twice the number of workers.
    allow_incomplete
        Whether to read archives that lack pages, as in ``read_tracking``.
    allow_dropped
        Whether to read sources even if many rows are dropped, as in ``read_tracking``.

    Yields
    ------
    Outcome
        ``task`` is the reference, ``result`` the value that the function returned, ``error`` the exception
        that was raised instead, or None.

    Raises
    ------
    ParameterError
        If ``in_flight`` is below 1.
    WorkerError
        If the executor breaks, as a process pool does when one of its workers is killed.
    RemoteError
        If the connection to the scheduler is lost.

    Examples
    --------
    >>> videos = pta.find_videos("data/day")
    >>> outcomes = pta.datasets.map_videos(lambda detections, video: len(detections), videos)
    >>> {outcome.task.name: outcome.result for outcome in outcomes}
    {'evening': 1510, 'morning': 1289, 'noon': 3194}
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
