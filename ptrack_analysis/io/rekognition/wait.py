"""Waiting for a job by asking for its status."""

import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from ptrack_analysis.errors import JobError, ParameterError
from ptrack_analysis.io.rekognition.answers import IN_PROGRESS, answer_of, refuse_unfinished
from ptrack_analysis.io.rekognition.asking import ask, checked_job_id
from ptrack_analysis.video import milliseconds

_GROWTH = 1.5


def wait_for_job(
    job_id: str,
    *,
    client: Any,
    deadline: pd.Timedelta | str = "1h",
    first_pause: pd.Timedelta | str = "1s",
    longest_pause: pd.Timedelta | str = "30s",
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until a job has succeeded, by asking for its status at growing intervals.

    Each pause is half as long again as the one before, up to the longest; the last one is cut, so that the
    service is asked once more at the deadline. The service is asked at least once.

    Parameters
    ----------
    job_id
        The job.
    client
        A boto3 client of Rekognition, of an endpoint that speaks the API; it is left as it was.
    deadline
        How long to wait.
    first_pause, longest_pause
        The first pause between two questions, and the longest; above 0.
    sleep
        Called with the length of each pause [s].
    clock
        Gives the time [s] from which the deadline is measured.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    JobError
        If the job failed, with its StatusMessage, or is still in progress at the deadline.
    RemoteError
        If the service refuses, or cannot be reached.
    """
    request = {"JobId": checked_job_id(job_id), "MaxResults": 1}
    end = clock() + milliseconds(deadline, "deadline") / 1000
    pause, longest = _pause(first_pause, "first_pause"), _pause(longest_pause, "longest_pause")
    place = f"job {job_id!r}"
    while True:
        answer = ask(client, "GetPersonTracking", request, answer_of, place=place, sleep=sleep)
        if answer.status != IN_PROGRESS:
            refuse_unfinished(answer, place)
            return
        rest = end - clock()
        if rest <= 0:
            raise JobError(
                f"{place}: is still in progress after {pd.Timedelta(deadline)}; wait longer (deadline, "
                "--deadline)"
            )
        sleep(min(pause, longest, rest))
        pause = min(pause * _GROWTH, longest)


def _pause(value: pd.Timedelta | str, name: str) -> float:
    seconds = milliseconds(value, name) / 1000
    if not seconds:
        raise ParameterError(f"{name} is {value!r}, not above 0")
    return seconds
