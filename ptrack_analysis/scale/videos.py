"""A function over the videos of an archive, wherever it runs."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

import pandas as pd

from ptrack_analysis.scale.tasks import IN_FLIGHT, Outcome, map_tasks
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.video import Video

R = TypeVar("R")


def map_videos(
    function: Callable[[pd.DataFrame, Video], R],
    videos: Iterable[VideoReference],
    *,
    executor: Executor | None = None,
    in_flight: int = IN_FLIGHT,
    allow_incomplete: bool = False,
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
    one = partial(_of_video, function, allow_incomplete=allow_incomplete)
    return map_tasks(one, videos, executor=executor, in_flight=in_flight)


def _of_video(
    function: Callable[[pd.DataFrame, Video], R], reference: VideoReference, *, allow_incomplete: bool
) -> R:
    detections, video = read_tracking(reference, allow_incomplete=allow_incomplete)
    return function(detections, video)
