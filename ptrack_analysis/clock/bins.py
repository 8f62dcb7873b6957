"""Time bins aligned to the clock of a site."""

from datetime import UTC, datetime, timedelta

import numpy as np

from ptrack_analysis.analysis.crowd.density import validate_bin_count
from ptrack_analysis.clock.hourly import iterate_hours
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.clock.timezones import moment_at, name_offset, parse_timezone
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import Milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = 86_400_000


def find_bin_edges(recording: Recording, begin: int, end: int, length: int) -> Milliseconds:
    """Return the edges of the bins that cover a part of a video.

    A bin starts when the local time of day is a multiple of the length. A bin of 15 minutes starts at a
    quarter hour. A change of the clock starts another bin if the times of day before and after the change
    would be in different bins. If the start of the recording is unknown, or a day is not a multiple of the
    length, the bins start at multiples of the length since the start of the video.

    Parameters
    ----------
    recording
        The start of the recording and its time zone.
    begin, end
        The part of the video [ms].
    length
        Length of a bin [ms].

    Returns
    -------
    numpy.ndarray
        Start of each bin and end of the last bin, since the start of the video [ms]. The first may be
        negative.

    Raises
    ------
    ParameterError
        If there are too many bins, or the part extends beyond the calendar.
    """
    validate_bin_count(begin, end, length)
    if begin >= end:
        return np.array([begin], dtype="int64")
    if recording.started_at is None or _DAY % length:
        first = begin // length * length
        return np.arange(first, end + length, length, dtype="int64")[: -(-(end - first) // length) + 1]
    try:
        edges = _list_edges(recording, recording.started_at, begin, end, length)
    except OverflowError as error:
        raise ParameterError(
            f"Video {recording.video!r} starts at {recording.started_at.isoformat()} and lasts "
            f"{end / 1000:g} s, which is beyond the calendar. Correct the start of the recording."
        ) from error
    first = int(np.searchsorted(edges, begin, side="right")) - 1
    return edges[first : int(np.searchsorted(edges, end)) + 1]


def _list_edges(
    recording: Recording, started_at: datetime, begin: int, end: int, length: int
) -> Milliseconds:
    """List the starts of bins from before the begin until after the end."""
    moment = moment_at(started_at, recording.timezone)
    clock = parse_timezone(recording.timezone or name_offset(moment))
    started = moment.astimezone(UTC)
    since, until = ((started + time * _MILLISECOND) for time in (begin - length, end + length))
    parts = list[Milliseconds]()
    last: int | None = None
    for hour, following in iterate_hours(clock, since, until):
        offset = (hour.astimezone(clock).utcoffset() or timedelta(0)) // _MILLISECOND
        low, high = ((one - _EPOCH) // _MILLISECOND for one in (hour, following))
        if last is not None and (offset - last) % length:
            parts.append(np.array([low], dtype="int64"))
        parts.append(np.arange(-(-(low + offset) // length) * length - offset, high, length, dtype="int64"))
        last = offset
    past = (_EPOCH - started) // timedelta(microseconds=1)
    return np.unique(-(-(np.concatenate(parts) * 1000 + past) // 1000))
