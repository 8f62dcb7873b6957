"""Files of a dataset put to their places, or taken away, on disk or in S3."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ptrack_analysis.dataset.layout import places_of
from ptrack_analysis.dataset.ownership import was_written
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.seen import Look, checksum_of, look_at, tagged
from ptrack_analysis.storage.files import make_folder, remove_file, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_AT_ONCE = 8

There = Mapping[str, S3Path] | None
"""The objects of a dataset in S3 by their places, as they were listed; None on disk."""


def put_text(out: AnyPath, place: str, text: str, *, new: bool = False) -> None:
    """Put a text to its place, whole; if ``new``, in S3 only where there is none."""
    if isinstance(out, S3Path):
        (out / place).write_bytes(text.encode(), new=new)
        return
    make_folder((out / place).parent)
    write_text(out / place, text)


def upload(folder: Path, out: S3Path, made: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """Put files that were made in a folder to their places in S3, each whole; tell how they look there."""

    def put(place: str) -> tuple[str, Look]:
        content = (folder / place).read_bytes()
        tag = (out / place).write_bytes(content)
        return place, (tagged(len(content), tag), str(made[place]["sha256"]))

    first, *others = made  # what is refused is refused once
    looks = [put(first)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict([*looks, *pool.map(put, others)])


def looks_of(out: Path, made: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """Tell how files on disk look that were made just now, of those that can be relied on."""
    looks = {place: look_at(out / place) for place in made}
    return {
        place: (look, str(made[place]["sha256"])) for place, (look, is_settled) in looks.items() if is_settled
    }


def intact(
    record: Record, out: AnyPath, places: list[str], there: There, seen: Mapping[str, Look]
) -> dict[str, Look] | None:
    """Tell how a video's files look, if exactly these were made and are as they were made; else None.

    A file is read only if it does not look as it did when it was ``seen``.
    """
    if sorted(record.outputs) != sorted(places):
        return None
    noted: dict[str, Look] = {}
    for place in places:
        path = place_in(out, place, there)
        try:
            if path is None or checksum_of(path, place, seen, noted) != record.outputs[place]["sha256"]:
                return None
        except OSError:
            return None
    return noted


def place_in(out: AnyPath, place: str, there: There) -> AnyPath | None:
    """Give the path of a file; None where it is known that there is none."""
    return out / place if there is None else there.get(place)


def remove_others(out: AnyPath, video: str, places: Iterable[str], there: There) -> None:
    """Remove what an earlier run wrote of a video, but for these places."""
    for place in set(places_of(video)).difference(places):
        if there is not None or os.path.isfile(f"{out}/{place}"):  # noqa: PTH113 - half of the cost of a Path
            remove_written(out, place, there)


def remove_written(out: AnyPath, place: str, there: There) -> None:
    """Remove a file, if it is there and the package wrote it."""
    path = place_in(out, place, there)
    if isinstance(path, S3Path):
        with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
            make_folder((Path(folder) / place).parent)
            (Path(folder) / place).write_bytes(path.read_bytes())
            if was_written(Path(folder), place):
                path.unlink()
    elif path is not None and isinstance(out, Path) and path.is_file() and was_written(out, place):
        remove_file(path, up_to=out)
