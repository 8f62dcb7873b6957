"""A dataset in S3, brought to a folder on disk and back."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.checksum import checksum
from ptrack_analysis.dataset.layout import RECORDS, places_of
from ptrack_analysis.errors import OutputError
from ptrack_analysis.io.s3 import S3Path, ahead
from ptrack_analysis.io.writing import make_folder


@contextmanager
def staged(out: S3Path, videos: Sequence[str]) -> Iterator[Path]:
    """Bring what a run may change of a dataset in S3 to a folder, and afterwards back what it changed.

    Brought are the catalogue, all records and the files of these videos. What the run changed goes back by
    one upload a file: tables first, then the catalogue, the records last, and those that were not there only
    if nobody else has put them there meanwhile. So a run that is killed leaves a dataset that the next one
    mends, as on disk. If the run fails, nothing goes back.

    Raises
    ------
    OutputError
        If there is an object where the dataset's prefix should be.
    RemoteError
        If S3 refuses.
    """
    if out.is_file():
        raise OutputError(f"{out}: is an object, so no dataset can be written there")
    wanted = {*CATALOGUE, *(place for video in videos for place in places_of(video))}
    with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
        stage = Path(folder)
        there = {
            place: found
            for found in out.below()
            if (place := found.relative_to(out).as_posix()) in wanted or place.startswith(f"{RECORDS}/")
        }
        for place, fetched in zip(there, ahead(list(there.values())), strict=True):
            make_folder((stage / place).parent)
            (stage / place).write_bytes(fetched.read_bytes())
        before = {place: checksum(stage / place) for place in there}
        yield stage
        _bring_back(out, stage, before)


def _bring_back(out: S3Path, stage: Path, before: dict[str, str]) -> None:
    """Upload what is new or changed, and remove what is gone; records last."""
    after = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    for place in sorted(set(before) - set(after)):
        (out / place).unlink()
    for place in sorted(after, key=lambda name: (name.startswith(f"{RECORDS}/"), name in CATALOGUE, name)):
        if before.get(place) != checksum(stage / place):
            is_new_record = place.startswith(f"{RECORDS}/") and place not in before
            (out / place).write_bytes((stage / place).read_bytes(), new=is_new_record)
