"""Executors on which videos are worked on: processes of this machine, or a Dask cluster."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import connection, get_context, parent_process
from typing import Any

from ptrack_analysis.errors import ParameterError, RemoteError

_TIMEOUT = "10s"


def processes(workers: int) -> Callable[[], Executor]:
    """Give what makes a pool of so many processes of this machine.

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
