"""Opening hours with public holidays."""

from datetime import date, datetime, timedelta

import pytest
from opening_hours import OpeningHours, State

from ptrack_analysis.clock import read_recordings
from ptrack_analysis.clock.opening_hours import open_intervals, uses_holidays, validate_opening_hours
from ptrack_analysis.errors import ParameterError


def at(text):
    return datetime.fromisoformat(text)


CHRISTMAS = frozenset({date(2026, 12, 25)})
BEGIN, END = at("2025-12-15T00"), at("2027-01-15T00")
DAY = timedelta(days=1)
TEXTS = [
    "Mo-Fr 09:00-20:00; PH off",
    "24/7; Su,PH 22:00-03:00",
    "Mo-Sa 22:00-03:00; PH off",
    "PH off; Mo-Fr 10:00-12:00",
    "Mo-Fr 10:00-12:00, PH 11:00-14:00",
    "PH 10:00-16:00",
    "PH",
    "Dec PH 10:00-12:00; Mo 09:00-10:00",
    "PH +1 day 10:00-12:00",
    "PH -1 day off; 12:00-13:00",
    "Mo-Fr 10:00-12:00; Su[1],PH 14:00-16:00",
    'Mo-Sa 10:00-20:00; PH off "closed; PH"',
    "week 1-30 Mo,PH 10:00-12:00 || 08:00-09:00",
    "2026 PH,Sa 23:00-26:00",
    "PH 22:00-04:00; Mo-Su,PH +1 day 10:00-11:00, We 12:00-13:00",
]


def find_open(text, begin, end, holidays=CHRISTMAS):
    return list(open_intervals(text, begin, end, holidays))


def join(intervals):
    """Join intervals that touch."""
    joined = []
    for begin, end in intervals:
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


@pytest.fixture(scope="module")
def germany():
    """List the holidays that the parser itself knows of Germany."""
    found = OpeningHours("PH", country="DE").intervals(BEGIN - 40 * DAY, END + 40 * DAY)
    spans = [(begin.date(), end.date()) for begin, end, state, _ in found if state == State.OPEN]
    days = frozenset(begin + number * DAY for begin, end in spans for number in range((end - begin).days))
    assert date(2026, 10, 3) in days
    return days


@pytest.mark.parametrize("text", TEXTS)
def test_holidays_are_used_as_the_parser_uses_those_of_a_country(text, germany):
    validate_opening_hours(text)
    found, day = [], BEGIN
    while day < END:
        found += find_open(text, day, day + DAY, germany)
        day += DAY
    known = OpeningHours(text, country="DE").intervals(BEGIN, END)
    assert join(found) == join((begin, end) for begin, end, state, _ in known if state == State.OPEN)


def test_a_shop_is_closed_on_a_holiday_and_open_the_day_before():
    text = "09:00-20:00; PH off"
    assert find_open(text, at("2026-12-24T19"), at("2026-12-26T00")) == [
        (at("2026-12-24T19"), at("2026-12-24T20"))
    ]


@pytest.mark.parametrize(("holidays", "message"), [(None, "are not known"), (CHRISTMAS, "of 2027 are not")])
def test_holidays_that_are_not_known_are_refused(holidays, message):
    with pytest.raises(ParameterError, match=f"{message}.*--holidays"):
        find_open("PH off", at("2026-12-31T00"), at("2027-01-02T00"), holidays)


def test_the_last_midnight_does_not_need_the_next_year():
    assert find_open("PH off; 24/7", at("2026-12-31T00"), at("2027-01-01T00")) != []


def test_a_comment_does_not_refer_to_holidays():
    assert not uses_holidays('Mo-Fr 09:00-17:00 "PH by appointment"')


def test_the_file_of_recordings_is_read_with_holidays(tmp_path):
    (tmp_path / "holidays.csv").write_text("date,name\n2026-12-25,Christmas Day\n2030-12-25,Christmas Day\n")
    (tmp_path / "videos.csv").write_text(
        "video,started_at,opening_hours\na,2026-12-25T09:00Z,PH off\nb,2026-12-25T09:00Z,24/7\n"
    )
    found = read_recordings(tmp_path / "videos.csv", holidays=tmp_path / "holidays.csv")
    assert found["a"].holidays == CHRISTMAS
    assert found["a"].row()["holidays"] == ["2026-12-25"]
    assert found["b"].holidays is None
    assert read_recordings(tmp_path / "videos.csv")["a"].holidays is None
