"""Whether a Dask cluster will still complete what it was given: Dask itself waits without end."""

import time
from concurrent.futures import Executor

from ptrack_analysis.errors import RemoteError

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
        """Tell whether the client has lost its scheduler.

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
    """Say that a scheduler does not answer any more."""
    return RemoteError(f"the scheduler went away ({said}): what is finished stays, and a rerun completes it")
