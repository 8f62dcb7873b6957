"""Public holidays of a country or a file."""

import re
import sys
from datetime import date

import pytest

from ptrack_analysis.clock.holidays import read_holidays
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.pipeline.config import AnalysisConfig


def write(folder, text):
    file = folder / "holidays.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_holidays_of_a_file_are_found_by_year(tmp_path):
    find = read_holidays(write(tmp_path, "name,date\nChristmas Day,2026-12-25\nFair,2027-05-01\n"))
    assert find(2026) == {date(2026, 12, 25): "Christmas Day"}
    assert find(2027) == {date(2027, 5, 1): "Fair"}
    assert find(2028) == {}


def test_a_file_may_be_separated_by_semicolons_and_have_other_columns(tmp_path):
    find = read_holidays(write(tmp_path, "Date;Note;Name\n2026-12-25;;Christmas, first day\n"))
    assert find(2026) == {date(2026, 12, 25): "Christmas, first day"}


def test_two_holidays_of_one_day_are_both_named(tmp_path):
    find = read_holidays(write(tmp_path, "date,name\n2008-05-01,Labor Day\n2008-05-01,Ascension Day\n"))
    assert find(2008) == {date(2008, 5, 1): "Labor Day; Ascension Day"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,name\n2026-12-25,x\n", "must have the columns date and name"),
        ("", "must have the columns date and name"),
        ("date,name\n25.12.2026,x\n", r"csv:2: date must be a day such as 2026-12-25, got '25\.12\.2026'"),
        ("date,name\n2026-12-25,\n", "csv:2: the holiday 2026-12-25 has no name"),
        ("date,name\n2026-12-25\n", "csv:2: expected 2 cells like the header, got 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_holidays(write(tmp_path, text))


def test_a_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"the file does not exist\. holidays \(--holidays\) must be a country"
    ):
        read_holidays(str(tmp_path / "missing.csv"))


def test_a_country_in_lower_case_is_refused_with_its_code():
    with pytest.raises(InputError, match=r"Did you mean 'DE-BY'\?"):
        read_holidays("de-by")


def test_the_name_of_a_country_is_refused_with_its_code():
    pytest.importorskip("holidays")
    with pytest.raises(InputError, match=r"Did you mean 'US'\?"):
        read_holidays("United States")


def test_a_file_without_holidays_is_refused(tmp_path):
    with pytest.raises(InputError, match="the file contains no holidays"):
        read_holidays(write(tmp_path, "date,name\n"))


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ParameterError, match=r"pip install 'ptrack-analysis\[holidays\]'"):
        read_holidays("LI")


def test_the_holidays_of_a_country_and_of_a_part_of_it_are_found():
    pytest.importorskip("holidays")
    assert date(2026, 10, 3) in read_holidays("DE")(2026)
    assert date(2026, 3, 8) not in read_holidays("DE")(2026)
    assert date(2026, 3, 8) in read_holidays("DE-BE")(2026)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("DX", r"The known countries with D are DE, DJ, DK"),
        ("DE-XX", "The subdivisions of DE are DE-BB, DE-BE"),
        ("DE-augsburg", r"Did you mean 'DE-Augsburg'\?"),
        ("VA-X", "VA has no known subdivisions. Use 'VA'"),
    ],
)
def test_an_unknown_country_or_part_is_refused_with_what_is_known(code, hint):
    pytest.importorskip("holidays")
    with pytest.raises(ParameterError, match=f"got '{code}'") as caught:
        AnalysisConfig(holidays=code)
    assert re.search(hint, str(caught.value))


def test_names_do_not_depend_on_the_language_of_the_machine(monkeypatch):
    pytest.importorskip("holidays")
    monkeypatch.setenv("LANGUAGE", "de")
    assert read_holidays("DE")(2031)[date(2031, 12, 25)] == "Christmas Day"
