"""Where each table of a dataset lies below its folder."""

import re

from ptrack_analysis.errors import OutputError
from ptrack_analysis.schema import (
    BALANCE,
    BINS,
    COUNTS,
    CROSSINGS,
    DETECTIONS,
    DWELL,
    ENCOUNTERS,
    FUNDAMENTAL,
    GROUPS,
    HEATMAP,
    LINES,
    MOVEMENT,
    OBSERVED,
    OCCUPANCY,
    OVERLAPS,
    QUALITY,
    RETAIL,
    STITCHES,
    STOPS,
    TRACKS,
    TRAJECTORIES,
    TRANSITIONS,
    VIDEOS,
    VISITS,
    ZONES,
    Table,
)

FOLDERS: dict[str, Table] = {
    "videos": VIDEOS,
    "persons": TRACKS,
    "detections": DETECTIONS,
    "stitches": STITCHES,
    "trajectories": TRAJECTORIES,
    "movement": MOVEMENT,
    "stops": STOPS,
    "encounters": ENCOUNTERS,
    "groups": GROUPS,
    "visits": VISITS,
    "observed": OBSERVED,
    "dwell": DWELL,
    "transitions": TRANSITIONS,
    "retail": RETAIL,
    "zone_overlaps": OVERLAPS,
    "occupancy": OCCUPANCY,
    "occupancy_bins": BINS,
    "fundamental": FUNDAMENTAL,
    "crossings": CROSSINGS,
    "counts": COUNTS,
    "balance": BALANCE,
    "heatmap": HEATMAP,
    "quality": QUALITY,
}
PLACES: dict[str, Table] = {"zones": ZONES, "lines": LINES}
"""What the zone file holds: one table each for the whole dataset."""
RECORDS = "_runs"
DICTIONARY_FILE = "dictionary.md"
DUCKDB_FILE = "views/duckdb.sql"
ATHENA_FILE = "views/athena.sql"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def table_place(folder: str, video: str) -> str:
    """Give the place of a video's file of a table, below the dataset's folder."""
    return f"{folder}/{video}.parquet"


def place_file(name: str) -> str:
    """Give the place of the table of zones or of lines."""
    return f"{name}.parquet"


def csv_place(folder: str, video: str) -> str:
    """Give the place of the same table as CSV."""
    return f"csv/{folder}/{video}.csv"


def record_place(video: str) -> str:
    """Give the place of the record of a video's run."""
    return f"{RECORDS}/{video}.json"


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
