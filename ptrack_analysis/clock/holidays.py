"""Public holidays of a country, from the package holidays, or from a CSV file."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.csv_rows import read_text, simplify_name, split_rows
from ptrack_analysis.storage.s3 import parse_path

FindHolidays = Callable[[int], Mapping[date, str]]
"""A function that returns the names of the holidays of a year."""

_COUNTRY = re.compile(r"(?P<country>[A-Z]{2})(?:-(?P<subdivision>[^./\\]+))?")
_LANGUAGE = "en_US"
"""Language of the names, like the names of months. The default depends on the language of the machine."""
_YEARS = range(2000, 2051)
_SHOWN, _ALIKE = 20, 0.85
_EXPECTED = (
    "a country such as 'DE', a subdivision such as 'DE-BE', or a CSV file with the columns date and name"
)


def read_holidays(source: str) -> FindHolidays:
    """Read the holidays of a country or of a CSV file.

    Parameters
    ----------
    source
        ISO 3166 code of a country (``DE``) or a subdivision (``DE-BE``). Codes require the package
        ``holidays``, which names holidays in English if it can. Otherwise, a CSV file with the columns
        ``date`` (YYYY-MM-DD) and ``name``, on disk or in S3.

    Returns
    -------
    callable
        Returns the names of the holidays of a year by date.

    Raises
    ------
    ParameterError
        If the country is unknown, or the package is not installed.
    InputError
        If the file cannot be read, or a line does not contain a date and a name.
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
        found = package.country_holidays(country, subdiv=subdivision, years=year, language=_LANGUAGE)
    except NotImplementedError as error:
        code = country if subdivision is None else f"{country}-{subdivision}"
        hint = _suggest(country, subdivision, package.list_supported_countries())
        raise ParameterError(f"holidays (--holidays) must be {_EXPECTED}, got {code!r}. {hint}") from error
    return {day: found[day] for day in sorted(found)}


def _suggest(country: str, subdivision: str | None, known: Mapping[str, Sequence[str]]) -> str:
    """Describe the known countries or subdivisions."""
    if country not in known:
        near = sorted(code for code in known if len(code) == len(country) and code[0] == country[0])
        return f"The known countries with {country[0]} are {', '.join(near)}."
    parts = [f"{country}-{one}" for one in known[country]]
    if not parts:
        return f"{country} has no known subdivisions. Use {country!r}."
    near = get_close_matches(f"{country}-{subdivision}", parts, n=1, cutoff=_ALIKE)
    if near:
        return f"Did you mean {near[0]!r}?"
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return f"The subdivisions of {country} are {', '.join(parts[:_SHOWN])}{more}."


def is_country(source: str) -> bool:
    """Return whether a source of holidays is the code of a country or subdivision."""
    return _COUNTRY.fullmatch(source) is not None


def _suggest_code(source: str) -> str:
    """Return a hint if a missing file is named like a country or a code in lower case."""
    if is_country(source.upper()):
        return f" Did you mean {source.upper()!r}?"
    try:
        countries = import_module("holidays.registry").COUNTRIES
    except (ImportError, AttributeError):
        return ""
    names = countries.get(source.lower().replace(" ", "_"))
    return f" Did you mean {names[1]!r}?" if names else ""


def _read_file(source: str) -> FindHolidays:
    path = parse_path(source)
    if isinstance(path, Path) and not path.exists():
        raise InputError(
            f"{source}: the file does not exist. holidays (--holidays) must be {_EXPECTED}."
            f"{_suggest_code(source)}"
        )
    rows = split_rows(source, read_text(path))
    _, header = next(rows, (1, []))
    columns = [simplify_name(name) for name in header]
    if not {"date", "name"} <= {*columns}:
        raise InputError(f"{source}:1: the file must have the columns date and name, got {header}")
    names: dict[int, dict[date, str]] = {}
    for line, cells in rows:
        row = dict(zip(columns, cells, strict=True))
        try:
            day = date.fromisoformat(row["date"])
        except ValueError as error:
            raise InputError(
                f"{source}:{line}: date must be a day such as 2026-12-25, got {row['date']!r}"
            ) from error
        name = row["name"]
        if not name:
            raise InputError(f"{source}:{line}: the holiday {day} has no name")
        own = names.setdefault(day.year, {})
        own[day] = f"{own[day]}; {name}" if day in own else name
    if not names:
        raise InputError(f"{source}: the file contains no holidays")
    return lambda year: names.get(year, {})


def list_days(find_holidays: FindHolidays, started_at: date | None) -> frozenset[date]:
    """List the holidays of the year of a recording, the year before and the year after.

    Without a start, list the holidays of 2000 to 2050.
    """
    years = _YEARS if started_at is None else range(started_at.year - 1, started_at.year + 2)
    return frozenset(day for year in years for day in find_holidays(year))
