"""Every error that the package raises on purpose, and its one warning.

::

    PtrackError (a ValueError)
    ├── SchemaError        a table is not the table that a function needs
    ├── ParameterError     an argument is out of its range, or does not fit another
    ├── ZoneError          a zone, line or floor file cannot be used
    ├── InputError         the tracking data, or a background image, cannot be used
    │   ├── NoPageError    nothing in the source is a page
    │   ├── PageError      a file is not JSON, or a value in a page is not what the API sends
    │   ├── JobError       the job failed, or is still in progress
    │   ├── IncompleteError  the archive ends before the job does
    │   └── MixedError     one video was asked for, and there are several (or none)
    ├── OutputError        a result cannot be written where it should go
    ├── WorkerError        a process that worked on a video ended before it was done
    └── RemoteError        a service refused, or could not be reached
        └── TakenError     an object was there already, or another run changed it meanwhile

A message is one sentence: it names the thing, what was found (as Python shows it) and what was expected.

``PtrackWarning`` is for input that is usable, but of which something was dropped.
"""


class PtrackWarning(UserWarning):
    """Input was read, but rows of it were dropped; the message has the counts."""


class PtrackError(ValueError):
    """The root of the family."""


class SchemaError(PtrackError):
    """A table is not the table that a function needs."""


class ParameterError(PtrackError):
    """An argument is out of its range, or does not fit another."""


class ZoneError(PtrackError):
    """A zone, line or floor file cannot be used."""


class InputError(PtrackError):
    """The tracking data, or a background image, cannot be used."""


class NoPageError(InputError):
    """Nothing in the source is a page."""


class PageError(InputError):
    """A file is not JSON, or a value in a page is not what the API sends."""


class JobError(InputError):
    """The job failed, or is still in progress."""


class IncompleteError(InputError):
    """The archive ends before the job does."""


class MixedError(InputError):
    """One video was asked for, and there are several, or none."""


class OutputError(PtrackError):
    """A result cannot be written where it should go."""


class WorkerError(PtrackError):
    """A process that worked on a video ended before it was done."""


class RemoteError(PtrackError):
    """A service refused, or could not be reached."""


class TakenError(RemoteError):
    """An object was there already, or another run changed it meanwhile."""
