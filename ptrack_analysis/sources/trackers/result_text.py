"""Result text of ByteTrack and DeepSORT."""

from ptrack_analysis.sources.trackers.cells import plain_cells, read_text
from ptrack_analysis.sources.trackers.form import BoxLayout, tracked, validate_columns, with_notes
from ptrack_analysis.sources.trackers.mot import COLUMNS, EXPECTED, facts_beside, name_columns, unlike_mot
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath


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
    validate_columns(given, str(path))
    cells = plain_cells(path, read_text(path), name_columns, EXPECTED)
    video = named(given.video, title_of_source(path), **facts_beside(path))
    return tracked(cells, BoxLayout(columns=COLUMNS), given, video)


def fits_bytetrack(sample: Sample) -> str | None:
    """Return why a file is no text of ByteTrack's video demo, None if it is."""
    reason = unlike_mot(sample)
    if reason is None and not sample.has_frame_0:
        return "has no frame 0, from which its video demo counts"
    return reason


def read_deepsort(path: AnyPath, given: Given) -> Tracked:
    """Read DeepSORT's result text, of either of its two well-known programs.

    The columns are those of MOTChallenge. The authors' program writes 1 as every confidence, and counts
    frames and pixels from 1 as the MOTChallenge detections do that it is fed; ``deep_sort_pytorch`` writes
    -1, and counts frames and pixels from 0. Which of them it was is told by the confidences, and noted. (No
    frame 0 is to be expected in either: a track is reported once it was seen three times.) Errors, frame
    size and rate are those of ``read_mot``.

    Parameters
    ----------
    path
        The file.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS.

    References
    ----------
    N. Wojke et al., "Simple Online and Realtime Tracking with a Deep Association Metric", arXiv:1703.07402;
    ``deep_sort_app.py`` of nwojke/deep_sort, ``deepsort.py`` of ZQPei/deep_sort_pytorch.
    """
    validate_columns(given, str(path))
    cells = plain_cells(path, read_text(path), name_columns, EXPECTED)
    video = named(given.video, title_of_source(path), **facts_beside(path))
    is_first = "conf" in cells.columns and bool((cells.numbers("conf") == 1).all())
    base = 1 if is_first else 0
    columns = {role: name for role, name in COLUMNS.items() if role != "confidence" or not is_first}
    result = tracked(cells, BoxLayout(columns=columns, first_frame=base, origin=base), given, video)
    which = "the authors' program" if is_first else "deep_sort_pytorch"
    return with_notes(result, f"frames and pixels are counted from {base}, as {which} does")


def fits_deepsort(sample: Sample) -> str | None:
    """Return why a file is not taken for DeepSORT's."""
    return unlike_mot(sample) or "looks as MOTChallenge text does, so it is read as this only by name"
