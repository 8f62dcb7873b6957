"""Videos of a dataset that the source no longer has."""

from collections.abc import Iterable, Sequence

from ptrack_analysis.dataset.layout import places_of, record_place
from ptrack_analysis.dataset.placing import remove_written
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.seen import seen_place
from ptrack_analysis.dataset.staging import Stage
from ptrack_analysis.io.s3 import S3Path
from ptrack_analysis.io.writing import remove_file


def gone_from(records: Iterable[Record], videos: frozenset[str]) -> list[str]:
    """List the videos that a dataset has and the source has not, in the order of their names."""
    return sorted(record.video for record in records if record.video not in videos)


def remove_videos(stage: Stage, videos: Sequence[str]) -> None:
    """Remove the files that the package wrote of these videos: tables first, then their records.

    Raises
    ------
    OutputError
        If the system refuses.
    RemoteError
        If S3 refuses.
    """
    for video in videos:
        there = stage.of_video(video)
        for place in places_of(video):
            remove_written(stage.out, place, there)
        for place in (seen_place(video), record_place(video)):
            if isinstance(stage.out, S3Path):
                (stage.out / place).unlink()
            remove_file(stage.folder / place, up_to=stage.folder)
