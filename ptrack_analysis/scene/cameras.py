"""Cameras file: the videos that each camera recorded, and their configuration."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import validate_path
from ptrack_analysis.scene.selection import SELECTORS, Selector
from ptrack_analysis.storage.csv_rows import read_text, simplify_name, split_rows

_TABLE = "camera"
_OWN = ("name", "site", "lines", "valid_from", "valid_to", *(name for name in SELECTORS if name != "video"))
_FILES = ("zones", "lines", "floor")
_FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - a local time
_EXAMPLE = "expected tables such as [[camera]] with a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera, or one of its periods of validity, as described in the cameras file.

    ``valid_from`` (included) and ``valid_to`` (excluded) are local times of the start of a recording.
    ``options`` are the values of the other keys, including paths of files. ``lines`` is a second zone file.
    ``place`` identifies the camera in errors. A camera without a selector is matched by its name.
    """

    name: str
    place: str
    selector: Selector = field(default_factory=Selector)
    site: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    lines: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_period(self) -> bool:
        """Whether the camera is valid for a part of the time only."""
        return self.valid_from is not None or self.valid_to is not None

    def is_valid_at(self, local: datetime) -> bool:
        """Return whether the camera is valid for a recording that starts at a local time."""
        return (self.valid_from or _FIRST) <= local and (self.valid_to is None or local < self.valid_to)


def read_cameras(path: str | PathLike[str], options: Collection[str]) -> list[Camera]:
    """Read a cameras file: TOML or, with the suffix ``.csv``, CSV with the same names as columns.

    Paths are relative to the file. The values of options are not validated here.

    Parameters
    ----------
    path
        The file.
    options
        Names of the options that a camera may have.

    Raises
    ------
    InputError
        If the file cannot be used: it is not TOML or CSV, a key is unknown, a value has the wrong type, a
        file does not exist, or periods of validity of one camera overlap.
    """
    validate_path(path, "cameras")
    file = Path(path)
    text = read_text(file)
    tables = _read_csv(file, text) if file.suffix.lower() == ".csv" else _read_toml(file, text)
    cameras = [_read_camera(file, place, table, options) for place, table in tables]
    if not cameras:
        raise InputError(f"{file}: there are no cameras; {_EXAMPLE}")
    _validate_periods(cameras)
    return cameras


_DEEP_KEY = re.compile(r"""(?:[ \t]*\.[ \t]*[\w"'-]++){49}""")
"""A dotted key with many parts, whose parsing takes quadratic time."""


def _read_toml(file: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    if _DEEP_KEY.search(text):
        raise InputError(f"{file}: a key has 50 or more parts; {_EXAMPLE}")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for a number of too many digits
        raise InputError(f"{file}: not TOML: {error}") from error
    unknown = [name for name in content if name != _TABLE]
    if unknown:
        meant = " Is [[camera]] meant?" if get_close_matches(unknown[0], [_TABLE]) else ""
        raise InputError(f"{file}: {unknown[0]!r} is unknown; {_EXAMPLE}.{meant}")
    tables = content.get(_TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{file}: 'camera' must be a list of tables. Write [[camera]], with two brackets.")
    return [(f"{file}: camera {number}", table) for number, table in enumerate(tables, start=1)]


def _read_csv(file: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    rows = split_rows(str(file), text)
    _, header = next(rows, (1, []))
    names = [simplify_name(name) for name in header]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"{file}:1: the column {twice[0]!r} occurs twice")
    return [
        (
            f"{file}:{line}",
            {name: cell for name, cell in zip(names, cells, strict=True) if cell},
        )
        for line, cells in rows
    ]


def _read_camera(file: Path, place: str, table: dict[str, Any], options: Collection[str]) -> Camera:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{place}: name must be the name of the camera, got {name!r}")
    place = f"{place if file.suffix.lower() == '.csv' else file}: camera {name!r}"
    known = [*_OWN, *options]
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Is {near[0]!r} meant?" if near else f"The keys are {', '.join(known)}."
            raise InputError(f"{place}: {key} is not a key of a camera. {hint}")
    site = table.get("site")
    if site is not None and (not isinstance(site, str) or not site.strip()):
        raise InputError(f"{place}: site must be a name, got {site!r}")
    selector = {key: _read_patterns(place, key, table[key]) for key in SELECTORS if key in table}
    start, end = (_read_time(place, key, table.get(key)) for key in ("valid_from", "valid_to"))
    if start is not None and end is not None and start >= end:
        raise InputError(f"{place}: valid_to must be after valid_from ({start}), got {end}")
    files = {key: _find_file(file, place, key, table[key]) for key in _FILES if key in table}
    lines = files.pop("lines", None)
    given = {key: value for key, value in table.items() if key in options}
    return Camera(
        name=name,
        place=place,
        selector=Selector(**selector),
        site=site,
        valid_from=start,
        valid_to=end,
        lines=lines,
        options=given | files,
    )


def _read_patterns(place: str, key: str, given: Any) -> tuple[str, ...]:
    patterns = given if isinstance(given, list) else [given]
    if not patterns or not all(isinstance(one, str) and one for one in patterns):
        raise InputError(f"{place}: {key} must be a text or a list of texts, got {given!r}")
    return tuple(patterns)


def _read_time(place: str, key: str, given: Any) -> datetime | None:
    """Return a local time; a date becomes its first time."""
    if given is None:
        return None
    found = given
    if isinstance(given, str):
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            found = None
    if isinstance(found, date) and not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day)  # noqa: DTZ001 - a local time
    if not isinstance(found, datetime) or found.tzinfo is not None:
        raise InputError(
            f"{place}: {key} must be a local date or time without an offset, such as 2026-03-01, got {given}"
        )
    return found


def _find_file(file: Path, place: str, key: str, given: Any) -> Path:
    if not isinstance(given, str) or not given:
        raise InputError(f"{place}: {key} must be the path of a file, got {given!r}")
    path = file.parent / given
    if not path.is_file():
        raise InputError(f"{place}: {key} is {given!r}, but there is no file {path}")
    return path


def _validate_periods(cameras: Sequence[Camera]) -> None:
    """Reject overlapping periods of validity of the same camera."""
    entries = defaultdict(list)
    for camera in cameras:
        entries[camera.name].append(camera)
    for periods in entries.values():
        periods.sort(key=lambda camera: camera.valid_from or _FIRST)
        for before, after in pairwise(periods):
            if before.valid_to is None or before.valid_to > (after.valid_from or _FIRST):
                raise InputError(
                    f"{after.place}: two entries of the camera overlap in time: one is valid until "
                    f"{before.valid_to or 'the end'}, the other from {after.valid_from or 'the beginning'}. "
                    "Correct valid_from and valid_to, or rename one of the cameras."
                )
