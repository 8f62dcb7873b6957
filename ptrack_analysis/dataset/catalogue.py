"""What describes a dataset as a whole: its zones and lines, its dictionary, its views."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ptrack_analysis.dataset.dictionary import dictionary, gather_contents
from ptrack_analysis.dataset.dimensions import DIMENSIONS, list_definitions
from ptrack_analysis.dataset.records import (
    ATHENA_FILE,
    DICTIONARY_FILE,
    DUCKDB_FILE,
    VideoEntry,
    place_file,
    video_name,
)
from ptrack_analysis.dataset.views import athena_tables, duckdb_views
from ptrack_analysis.errors import InputError
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.storage.files import make_folder, remove_file, write_text
from ptrack_analysis.storage.parquet import is_ours, read_parquet, write_parquet

CATALOGUE = (*map(place_file, DIMENSIONS), DICTIONARY_FILE, DUCKDB_FILE, ATHENA_FILE)

_OF_A_VIDEO = {
    "video",
    "zones",
    "persons",
    "start",
    "end",
    "allow_incomplete",
    "allow_dropped",
    "csv",
    "faces",
}
"""Settings that may well differ from video to video, or of which another note tells."""


def write_catalogue(out: Path, records: Sequence[VideoEntry]) -> None:
    """Write zones, lines, sites and days, the dictionary and the views of a dataset; leave what is right.

    All of it follows from the records alone, so it is the same whichever run was the last.

    Parameters
    ----------
    out
        The dataset's folder.
    records
        The records of all its videos.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    contents = gather_contents(records)
    for name, dimension in DIMENSIONS.items():
        path = out / place_file(name)
        if name in contents.places:
            _write_place(path, dimension.compute(records))
        elif is_ours(path):
            remove_file(path, up_to=out)
    texts = {
        DICTIONARY_FILE: dictionary(contents),
        DUCKDB_FILE: duckdb_views(contents),
        ATHENA_FILE: athena_tables(contents),
    }
    for place, text in texts.items():
        path = out / place
        make_folder(path.parent)
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)


def other_zones(records: Sequence[VideoEntry], videos: frozenset[str], scene: Scene) -> list[str]:
    """List the videos of earlier runs whose zones and lines are not those of this run's zone file."""
    return [
        record.video
        for record in records
        if record.video not in videos
        and record.parameters.get("zones") is not None
        and record.parameters.get("places")
        != list_definitions(scene.of_camera(record.about.get("camera")), video_name(record.video))
    ]


def other_settings(
    records: Sequence[VideoEntry], videos: frozenset[str], parameters: dict[str, object]
) -> list[str]:
    """List the settings in which videos of earlier runs, left alone by this one, were measured otherwise."""
    left = [record for record in records if record.video not in videos]
    return sorted(
        {
            name
            for record in left
            for name in parameters.keys() - _OF_A_VIDEO
            if record.parameters.get(name) != parameters[name]
        }
    )


def _write_place(path: Path, table: pd.DataFrame) -> None:
    try:
        if read_parquet(path).equals(table):
            return
    except InputError:
        pass  # there is none, or it is damaged
    write_parquet(table, path)
