"""Videos of a dataset that the source no longer has."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ptrack_analysis.dataset.layout import places_of, record_place, video_name
from ptrack_analysis.dataset.placing import remove_written
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.seen import bytes_of, read_seen, seen_place
from ptrack_analysis.dataset.staging import Stage
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.files import remove_file
from ptrack_analysis.storage.s3 import S3Path


def gone_from(
    records: Iterable[Record], videos: frozenset[str], folder: Path, origin: str
) -> tuple[list[str], list[str]]:
    """List the videos of a dataset that this export does not have, in the order of their names.

    Other parts of a video that the source has are not among them.

    Parameters
    ----------
    records
        The records of all videos of the dataset.
    videos
        The names of the videos of the source.
    folder
        The folder with the notes on the dataset.
    origin
        The mark of the source.

    Returns
    -------
    tuple
        The videos that came from this source, and the videos that came from another or an unknown source.
    """
    here = {video_name(video) for video in videos}
    others = sorted(record.video for record in records if video_name(record.video) not in here)
    gone = [name for name in others if read_seen(bytes_of(folder / seen_place(name))).origin == origin]
    return gone, [name for name in others if name not in gone]


def remove_videos(stage: Stage, videos: Sequence[str]) -> None:
    """Remove the files that the package wrote of these videos: tables first, then their records.

    The names of the videos go to stderr before anything is removed.

    Raises
    ------
    OutputError
        If the system refuses.
    RemoteError
        If S3 refuses.
    """
    names = listed(videos, len(videos))
    sys.stderr.write(f"Removing from {stage.out}: {names}, which the source no longer has\n")
    sys.stderr.flush()
    for video in videos:
        there = stage.of_video(video)
        for place in places_of(video):
            remove_written(stage.out, place, there)
        for place in (seen_place(video), record_place(video)):
            if isinstance(stage.out, S3Path):
                (stage.out / place).unlink()
            remove_file(stage.folder / place, up_to=stage.folder)
