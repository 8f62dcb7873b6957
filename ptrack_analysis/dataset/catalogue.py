"""What describes a dataset as a whole: its zones, its dictionary, its views."""

from collections.abc import Sequence
from pathlib import Path

from ptrack_analysis.dataset.contents import contents_of
from ptrack_analysis.dataset.dictionary import dictionary
from ptrack_analysis.dataset.layout import ATHENA_FILE, DICTIONARY_FILE, DUCKDB_FILE, ZONES_FILE
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.tables import zones_table
from ptrack_analysis.dataset.views import athena_tables, duckdb_views
from ptrack_analysis.errors import InputError
from ptrack_analysis.io.parquet import is_ours, read_parquet, write_parquet
from ptrack_analysis.io.writing import make_folder, remove_file, write_text
from ptrack_analysis.zones import Scene

PLACES = (ZONES_FILE, DICTIONARY_FILE, DUCKDB_FILE, ATHENA_FILE)


def write_catalogue(out: Path, records: Sequence[Record], scene: Scene | None) -> None:
    """Write the zones, the dictionary and the views of all that the dataset holds; leave what is right.

    Parameters
    ----------
    out
        The dataset's folder.
    records
        The records of all its videos.
    scene
        What this run's zone file holds; without one the zones of earlier runs stay, while their visits do.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    contents = contents_of(records)
    if scene is not None:
        _write_zones(out / ZONES_FILE, scene)
    elif not contents.zones and is_ours(out / ZONES_FILE):
        remove_file(out / ZONES_FILE, up_to=out)
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


def other_zones(records: Sequence[Record], parameters: dict[str, object]) -> list[str]:
    """List the videos of the dataset whose visits are to zones of another file than this run's."""
    used = parameters["zones"]
    return [r.video for r in records if r.parameters.get("zones") not in {None, used}]


def _write_zones(path: Path, scene: Scene) -> None:
    zones = zones_table(scene)
    try:
        if read_parquet(path).equals(zones):
            return
    except InputError:
        pass  # there is none, or it is damaged
    write_parquet(zones, path)
