"""The text that ByteTrack writes."""

from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.form import Form, refuse_unknown, tracked
from ptrack_analysis.io.trackers.mot import COLUMNS, EXPECTED, names_of, unlike_mot
from ptrack_analysis.io.trackers.sample import Sample
from ptrack_analysis.io.trackers.seqinfo import facts_beside
from ptrack_analysis.io.trackers.text import plain_cells, read_text
from ptrack_analysis.io.trackers.tracked import Given, Tracked, named, title_of_source


def read_bytetrack(path: AnyPath, given: Given) -> Tracked:
    """Read ByteTrack's result text.

    The columns are those of MOTChallenge, but the boxes are those of the network: the frame's upper left
    corner is (0, 0). Its demo counts the frames of a video from 0 and those of a folder of pictures from 1,
    as its evaluation does; so they are counted from 0 where a frame 0 occurs, else from 1, which is noted.
    Errors, frame size and rate are those of ``read_mot``.

    Parameters
    ----------
    path
        The file.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``.

    References
    ----------
    Y. Zhang et al., "ByteTrack", arXiv:2110.06864; ``tools/demo_track.py`` of its repository.
    """
    refuse_unknown(given, str(path))
    cells = plain_cells(path, read_text(path), names_of, EXPECTED)
    video = named(given.video, title_of_source(path), **facts_beside(path))
    return tracked(cells, Form(columns=COLUMNS), given, video)


def fits_bytetrack(sample: Sample) -> str | None:
    """Say why a file is no text of ByteTrack's video demo, None if it is."""
    reason = unlike_mot(sample)
    if reason is None and not sample.has_frame_0:
        return "has no frame 0, from which its video demo counts"
    return reason
