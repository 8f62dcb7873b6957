"""Where each table of a dataset lies below its folder."""

import re
from collections.abc import Mapping

from ptrack_analysis.errors import OutputError
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema import Table

FOLDERS: dict[str, Table] = {output.name: output.table for output in OUTPUTS.values()}
"""The table in each folder of a dataset."""
RECORDS = "_runs"
PRIVATE = ".ptrack"
"""What a run notes for itself below the dataset's folder: locks and caches, no part of the data."""
DICTIONARY_FILE = "dictionary.md"
DUCKDB_FILE = "views/duckdb.sql"
ATHENA_FILE = "views/athena.sql"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(@(start|\d+m?s)-(end|\d+m?s))?")


def schema_in(folder: str, parameters: Mapping[str, object]) -> Table:
    """Give the schema that the files of a folder have where these are the parameters of a record."""
    return OUTPUTS[folder].released_table(
        salted=parameters.get("salt") is not None, suppressed=parameters.get("min_count") is not None
    )


def video_name(name: str) -> str:
    """Return the video's own name, without the part of it that a dataset holds."""
    return name.partition("@")[0]


def table_place(folder: str, video: str) -> str:
    """Give the place of a video's file of a table, below the dataset's folder."""
    return f"{folder}/{video}.parquet"


def place_file(name: str) -> str:
    """Give the place of a table of the whole dataset."""
    return f"{name}.parquet"


def csv_place(folder: str, video: str) -> str:
    """Give the place of the same table as CSV."""
    return f"csv/{folder}/{video}.csv"


def record_place(video: str) -> str:
    """Give the place of the record of a video's run."""
    return f"{RECORDS}/{video}.json"


def is_inside(place: str) -> bool:
    """Tell whether a place that a record names lies in its dataset: one from elsewhere may say anything."""
    return not place.startswith("/") and not {"..", ""} & {*place.replace("\\", "/").split("/")}


def places_of(video: str) -> dict[str, str]:
    """Give every place in which a table of this video can lie, each with the table's folder."""
    places = {table_place(folder, video): folder for folder in FOLDERS}
    return places | {csv_place(folder, video): folder for folder in FOLDERS}


def refuse_names(names: list[str]) -> None:
    """Refuse names of videos that would lead out of the dataset's folder, or into each other's files.

    Raises
    ------
    OutputError
        With the first such name.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise OutputError(f"the video name {name!r} cannot be the name of a file")
    lowered = [name.lower() for name in names]
    twice = (
        [name for name in names if lowered.count(name.lower()) > 1] if len(set(lowered)) < len(names) else []
    )
    if twice:
        raise OutputError(f"two videos have the name {twice[0]!r}")
