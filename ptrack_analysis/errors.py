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

A message describes the problem, its position and a solution.

``PtrackWarning`` reports that part of the input was dropped.
"""


class PtrackWarning(UserWarning):
    """Some rows of the input were dropped; the message contains their counts.

    Examples
    --------
    >>> import warnings
    >>> detections, video = pta.read_tracking("data/shop")
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     path = pta.interchange.to_mot(detections, video, "tracks.txt")
    >>> print(caught[0].message)
    624 of 5957 rows without a body box are excluded
    """


class PtrackError(ValueError):
    """Base class of the package's errors.

    Examples
    --------
    >>> try:
    ...     pta.read_tracking("missing.json")
    ... except pta.PtrackError as error:
    ...     print(error)
    missing.json: there is no such file or folder
    """


class SchemaError(PtrackError):
    """A table does not match the schema that a function requires."""


class ParameterError(PtrackError):
    """An argument is invalid or conflicts with another argument."""


class ZoneError(PtrackError):
    """A file of zones, lines or a floor plan is invalid."""


class InputError(PtrackError):
    """Tracking data or a background image cannot be used."""


class NoPageError(InputError):
    """The source contains no pages."""


class PageError(InputError):
    """A file is not JSON, or a value in a page is invalid."""


class JobError(InputError):
    """The job failed or is still in progress."""


class IncompleteError(InputError):
    """The archive lacks the last pages of the job."""


class MixedError(InputError):
    """The source must contain one video, but contains several or no videos."""


class OutputError(PtrackError):
    """A result cannot be written."""


class WorkerError(PtrackError):
    """A worker process ended before it finished a video."""


class RemoteError(PtrackError):
    """A service rejected a request or could not be reached."""


class TakenError(RemoteError):
    """An object already exists, or another run has changed it."""
