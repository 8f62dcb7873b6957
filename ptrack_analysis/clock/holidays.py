"""Public holidays: of a country, by the package holidays, or from a CSV file."""

import csv
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from importlib import import_module
from io import StringIO
from typing import Any

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.s3 import parse_path

FindHolidays = Callable[[int], Mapping[date, str]]
"""A function that returns the names of the holidays of a year."""

_COUNTRY = re.compile(r"(?P<country>[A-Z]{2})(?:-(?P<subdivision>[A-Z0-9]{1,3}))?")


def read_holidays(source: str) -> FindHolidays:
    """Read the holidays of a country or of a CSV file.

    Parameters
    ----------
    source
        ISO 3166 code of a country (``DE``) or of a part of one (``DE-BE``), for which the package
        ``holidays`` must be installed; otherwise a CSV file with the columns ``date`` (YYYY-MM-DD) and
        ``name``, also from ``s3://``.

    Returns
    -------
    callable
        Returns the names of the holidays of a year by their date.

    Raises
    ------
    ParameterError
        If the country is unknown, or the package is not installed.
    InputError
        If the file cannot be read, or a line of it is not a date and a name.
    """
    found = _COUNTRY.fullmatch(source)
    if found is None:
        return _read_file(source)
    country, subdivision = found["country"], found["subdivision"]
    _list_holidays(country, subdivision, 2000)  # rejects an unknown country at once
    return lambda year: _list_holidays(country, subdivision, year)


@lru_cache(maxsize=1024)
def _list_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    try:
        package: Any = import_module("holidays")
    except ImportError as error:
        raise ParameterError(
            f"Holidays of {country!r} need the package holidays. Install it with "
            "pip install 'ptrack-analysis[holidays]', or pass a CSV file with the columns date and name."
        ) from error
    try:
        return dict(package.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError as error:
        code = country if subdivision is None else f"{country}-{subdivision}"
        raise ParameterError(
            f"holidays must be a country such as 'DE' or 'DE-BE' known to the package, got {code!r}"
        ) from error


def _read_file(source: str) -> FindHolidays:
    try:
        text = parse_path(source).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: the file is not UTF-8. Save it as 'CSV UTF-8'.") from error
    reader = csv.DictReader(StringIO(text, newline=""))
    if not {"date", "name"} <= {*(reader.fieldnames or ())}:
        raise InputError(f"{source}: the file must have the columns date and name")
    names: dict[int, dict[date, str]] = {}
    for row in reader:
        try:
            day = date.fromisoformat((row["date"] or "").strip())
        except ValueError as error:
            raise InputError(
                f"{source}:{reader.line_num}: date must be a day such as 2026-12-25, got {row['date']!r}"
            ) from error
        name = (row["name"] or "").strip()
        if not name:
            raise InputError(f"{source}:{reader.line_num}: the holiday {day} has no name")
        own = names.setdefault(day.year, {})
        own[day] = f"{own[day]}; {name}" if day in own else name
    return lambda year: names.get(year, {})
