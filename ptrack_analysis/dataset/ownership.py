"""Which files of a dataset's folder the package wrote, and which are somebody else's."""

from collections.abc import Iterable
from pathlib import Path

from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.record import is_record
from ptrack_analysis.errors import OutputError
from ptrack_analysis.schema import SALTED, SUPPRESSED, TABLES
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.columns import stored_columns, with_video
from ptrack_analysis.storage.parquet import is_ours

MARK = "written by ptrack-analysis"

_SHOWN = 3


def refuse_strangers(out: Path, places: Iterable[str], *, force: bool) -> None:
    """Refuse to write where something lies that the package did not write.

    With ``force`` a file that is somebody else's may be replaced; a folder in the place of a file, and a file
    in the place of a folder, never.

    Parameters
    ----------
    out
        The dataset's folder.
    places
        What is to be written there and is in no record, below that folder.
    force
        Whether files may be replaced.

    Raises
    ------
    OutputError
        With the first few that are in the way.
    """
    places = list(places)
    for folder in sorted({parent for place in places for parent in (out / place).parents if parent != out}):
        if folder.is_relative_to(out) and folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: a file is where this folder should go")
    for place in places:
        if (out / place).is_dir():
            raise OutputError(f"{out / place}: is a folder, so no file can be written there")
    if force:
        return
    strangers = [place for place in places if (out / place).exists() and not was_written(out, place)]
    if strangers:
        raise OutputError(
            f"{out}: {listed(strangers, _SHOWN)} would be replaced, but ptrack-analysis did not write that: "
            "give another folder, or force=True (in the shell --force)"
        )


def was_written(out: Path, place: str) -> bool:
    """Whether the package wrote the file at this place, as far as the file itself tells.

    A Parquet file has the package's mark in its metadata, a record names the package, a text has the mark in
    its first line, and a CSV file has the columns of its table.
    """
    path = out / place
    match path.suffix:
        case ".parquet":
            return is_ours(path)
        case ".csv":
            return _has_columns(path, folder=Path(place).parent.name)
        case ".json":
            return is_record(path)
        case _:
            return MARK in _first_line(path)


def _has_columns(path: Path, folder: str) -> bool:
    name = FOLDERS[folder].name
    forms = [forms[name] for forms in (TABLES, SALTED, SUPPRESSED) if name in forms]
    known = {
        column.name
        for form in map(with_video, forms)
        for unit in form.units
        for column in stored_columns(form, unit, clocked=True)
    }
    header = _first_line(path).strip().replace('"', "").split(",")
    further = folder == "videos"  # the user's own columns of a recording may stand there
    needed = {column.name for column in stored_columns(with_video(FOLDERS[folder])) if not column.of.optional}
    return header[0] == "video" and (needed <= set(header) if further else set(header) <= known)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(10_000)
    except OSError:
        return ""
