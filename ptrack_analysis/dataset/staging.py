"""Local copies of a dataset's catalogue and records during a run."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.records import JOBS_FILE, RECORDS, SEEN, list_table_files, record_place
from ptrack_analysis.storage.files import checksum, make_folder
from ptrack_analysis.storage.s3 import AnyPath, S3Path, ahead


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder in which a run finds a dataset's catalogue and records: on disk, the dataset itself.

    ``there`` are the objects of a dataset in S3 by their places, as they were listed; None on disk.
    """

    out: AnyPath
    folder: Path
    there: dict[str, S3Path] | None = None

    def of_video(self, video: str) -> dict[str, S3Path] | None:
        """Return the objects of one video."""
        there = self.there
        if there is None:
            return None
        return {
            place: there[place] for place in (*list_table_files(video), record_place(video)) if place in there
        }

    def fetch(self, places: Iterable[str]) -> None:
        """Bring what there is at these places from S3; on disk it is there."""
        there = self.there or {}
        wanted = [place for place in places if place in there]
        for place, fetched in zip(wanted, ahead([there[place] for place in wanted]), strict=True):
            make_folder((self.folder / place).parent)
            (self.folder / place).write_bytes(fetched.read_bytes())

    def fetch_records(self, videos: Sequence[str]) -> None:
        """Bring the records of these videos anew from S3, which workers have written meanwhile."""
        if not isinstance(self.out, S3Path):
            return
        out, places = self.out, [record_place(video) for video in videos]
        for place, fetched in zip(places, ahead([out / place for place in places]), strict=True):
            make_folder((self.folder / place).parent)
            (self.folder / place).write_bytes(fetched.read_bytes())


@contextmanager
def staged(out: AnyPath) -> Iterator[Workspace]:
    """Bring catalogue and records of a dataset in S3 to a folder, and afterwards back what changed of them.

    Files of tables are not brought: workers put them to their places themselves, and records after them. What
    lies on disk stays where it is. If the run fails, nothing goes back; the next run mends that, as on disk.

    Raises
    ------
    RemoteError
        If S3 refuses.
    """
    if not isinstance(out, S3Path):
        yield Workspace(out, out)
        return
    with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
        there = {found.relative_to(out).as_posix(): found for found in out.below()}
        stage = Workspace(out, Path(folder), there)
        stage.fetch([place for place in there if _is_needed(place)])
        known = {*CATALOGUE, JOBS_FILE}
        before = {place: checksum(stage.folder / place) for place in known if place in there}
        yield stage
        for place in sorted(known):
            path = stage.folder / place
            if not path.is_file():
                if place in before:
                    (out / place).unlink()
            elif before.get(place) != checksum(path):
                (out / place).write_bytes(path.read_bytes())


def _is_needed(place: str) -> bool:
    return place in CATALOGUE or place == JOBS_FILE or place.startswith((f"{RECORDS}/", f"{SEEN}/"))
