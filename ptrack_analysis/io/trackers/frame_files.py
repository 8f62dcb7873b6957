"""Folders with one file a frame, whose names end in the number of the frame."""

import re

from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.io.names import stem_of
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.trackers.sample import files_in

_NUMBERED = re.compile(r"(.*?)[-_]?(\d{1,9})")


def frame_files(folder: AnyPath, suffix: str) -> tuple[str, list[tuple[int, AnyPath]]]:
    """List the files ``name_<frame>`` with this suffix, in the folder or in its folder ``labels``.

    Returns
    -------
    tuple
        The name that all have in common; the files with their frames, in the order of these.

    Raises
    ------
    InputError
        If there is none, or one has no number.
    MixedError
        If the names are those of several videos.
    """
    files = _with_suffix(folder, suffix) or _with_suffix(folder / "labels", suffix)
    if not files:
        raise InputError(f"{folder}: no files name_<frame>{suffix}, neither here nor in a folder 'labels'")
    found: dict[str, list[tuple[int, AnyPath]]] = {}
    for file in files:
        numbered = _NUMBERED.fullmatch(stem_of(file.name))
        if numbered is None:
            raise InputError(f"{file}: its name does not end in the number of a frame")
        found.setdefault(numbered[1], []).append((int(numbered[2]), file))
    if len(found) > 1:
        names = list(found)
        raise MixedError(
            f"{folder}: holds files of {len(names)} videos, such as {names[0]!r} and {names[1]!r}"
        )
    ((name, numbered_files),) = found.items()
    return name or folder.resolve().name, sorted(numbered_files, key=lambda pair: pair[0])


def has_frame_files(names: tuple[str, ...], suffix: str) -> bool:
    """Whether all files with this suffix end in a number, and there is one."""
    stems = [stem_of(name) for name in names if name.lower().endswith(suffix)]
    return bool(stems) and all(_NUMBERED.fullmatch(stem) for stem in stems)


def _with_suffix(folder: AnyPath, suffix: str) -> list[AnyPath]:
    if not folder.is_dir():
        return []
    return [file for file in files_in(folder) if file.name.lower().endswith(suffix)]
