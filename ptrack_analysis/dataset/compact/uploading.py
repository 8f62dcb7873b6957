"""A compacted dataset brought to S3."""

from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.compact.record import COMPACT_PLACE
from ptrack_analysis.dataset.layout import PRIVATE
from ptrack_analysis.storage.s3 import S3Path


def upload(stage: Path, target: S3Path) -> None:
    """Upload the files of a stage: tables first, then the catalogue, the record last; then remove the rest.

    A table's file whose name and size are there already is not uploaded again: its name tells its content.

    Raises
    ------
    RemoteError
        If S3 refuses; what was there before is then still there, and its record too.
    """
    there = {
        place: found
        for found in target.below()
        if not (place := found.relative_to(target).as_posix()).startswith(f"{PRIVATE}/")
    }
    made = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    for place in sorted(made, key=lambda name: (name == COMPACT_PLACE, name in CATALOGUE, name)):
        is_data = place != COMPACT_PLACE and place not in CATALOGUE
        if not (is_data and place in there and there[place].size == (stage / place).stat().st_size):
            (target / place).put(stage / place)
    for place in sorted(set(there) - set(made)):
        there[place].unlink()
