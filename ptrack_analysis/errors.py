"""Errors and the warning that the package raises.

::

    PtrackError (a ValueError)
    ├── SchemaError        a table does not match the schema that a function requires
    ├── ParameterError     an argument is invalid or conflicts with another argument
    ├── ZoneError          a file of zones, lines or a floor plan is invalid
    ├── InputError         tracking data or a background image cannot be used
    │   ├── NoPageError    the source contains no pages
    │   ├── PageError      a file is not JSON, or a value in a page is invalid
    │   ├── JobError       the job failed or is still in progress
    │   ├── IncompleteError  the archive lacks the last pages of the job
    │   └── MixedError     the source must contain one video, but contains several or no videos
    ├── OutputError        a result cannot be written
    ├── WorkerError        a worker process ended before it finished a video
    └── RemoteError        a service rejected a request or could not be reached
        └── TakenError     an object already exists, or another run has changed it

A message states the problem, its location and the remedy.

``PtrackWarning`` reports that part of the input was dropped.
"""

__all__ = [
    "IncompleteError",
    "InputError",
    "JobError",
    "MixedError",
    "NoPageError",
    "OutputError",
    "PageError",
    "ParameterError",
    "PtrackError",
    "PtrackWarning",
    "RemoteError",
    "SchemaError",
    "TakenError",
    "WorkerError",
    "ZoneError",
]


class PtrackWarning(UserWarning):
    """Some rows of the input were dropped; the message contains their counts.

    Examples
    --------
    Turn the warning into an error to stop at incomplete input:

    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", pta.PtrackWarning)
    ...     detections, video = pta.read_tracking("data/shop")
    >>> len(detections)
    5957
    """


class NotedWarning(PtrackWarning):
    """A finding about the input that the notes of the analysis contain as well."""


class PtrackError(ValueError):
    """Base class of the package's errors.

    Examples
    --------
    >>> try:
    ...     pta.read_tracking("data/missing")
    ... except pta.PtrackError as error:
    ...     print(type(error).__name__, error, sep=": ")
    InputError: data/missing: there is no such file or folder
    """


class SchemaError(PtrackError):
    """A table does not match the schema that a function requires.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.compute_trajectories(detections.drop(columns="left"), video)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.SchemaError: not a detections table: column 'left' is missing. Make it with ...
    """


class ParameterError(PtrackError):
    """An argument is invalid or conflicts with another argument.

    Examples
    --------
    >>> pta.Video().pixels  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.ParameterError: video 'video' has no frame size, which pixel units require. ...
    """


class ZoneError(PtrackError):
    """A file of zones, lines or a floor plan is invalid.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.read_zones("data/shop/truth.json", video)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.ZoneError: data/shop/truth.json: not a GeoJSON FeatureCollection...
    """


class InputError(PtrackError):
    """Tracking data or a background image cannot be used.

    Examples
    --------
    >>> pta.read_tracking("data/missing")
    Traceback (most recent call last):
    ptrack_analysis.errors.InputError: data/missing: there is no such file or folder
    """


class NoPageError(InputError):
    """The source contains no pages.

    Examples
    --------
    >>> pta.read_tracking("data/pictures")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.NoPageError: data/pictures: no GetPersonTracking pages in this folder ...
    """


class PageError(InputError):
    """A file is not JSON, or a value in a page is invalid.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("page.json").write_text('{"Persons": [{"Timestamp": -40}]}')
    >>> pta.read_tracking("page.json")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.PageError: page.json: Persons[0].Timestamp is -40; ...
    """


class JobError(InputError):
    """The job failed or is still in progress.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("page.json").write_text('{"JobStatus": "FAILED", "StatusMessage": "Unsupported codec"}')
    >>> pta.read_tracking("page.json")
    Traceback (most recent call last):
    ptrack_analysis.errors.JobError: page.json: the job's status is FAILED, not SUCCEEDED: Unsupported codec
    """


class IncompleteError(InputError):
    """The archive lacks the last pages of the job.

    Examples
    --------
    >>> pta.read_tracking("data/shop/pages/shop-1.json")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.IncompleteError: data/shop/pages/shop-1.json: the archive is incomplete: ...
    """


class MixedError(InputError):
    """The source must contain one video, but contains several or no videos.

    Examples
    --------
    >>> pta.read_tracking("data/day")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.MixedError: data/day: contains 3 videos ('evening', 'morning', 'noon'), ...
    """


class OutputError(PtrackError):
    """A result cannot be written.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.write_parquet(detections, "missing/detections.parquet")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ptrack_analysis.errors.OutputError: missing/detections.parquet: cannot be written: ...
    """


class WorkerError(PtrackError):
    """A worker process ended before it finished a video."""


class RemoteError(PtrackError):
    """A service rejected a request or could not be reached.

    Examples
    --------
    >>> pta.rekognition.create_client("rekognition", endpoint_url="nonsense", region="us-east-1")
    Traceback (most recent call last):
    ptrack_analysis.errors.RemoteError: cannot create a client for rekognition: Invalid endpoint: nonsense
    """


class TakenError(RemoteError):
    """An object already exists, or another run has changed it."""
