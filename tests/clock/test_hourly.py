"""What happened in which hour: worked out in the head, naively, and by laws."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from factories import make_video
from hypothesis import given
from hypothesis import strategies as st
from naive_clock import at, naive_occupancy, naive_rows, table_of
from shapely.geometry import box

from ptrack_analysis import Zone
from ptrack_analysis.clock import Recording, compute_occupancy_hourly, compute_visits_hourly
from ptrack_analysis.clock.hourly import split_hours
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import OCCUPANCY_CHANGES, OCCUPANCY_HOURLY, VISITS, assemble, validate
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES

MINUTE = 60_000
HOUR = 60 * MINUTE


def recorded(started, timezone="Europe/Berlin", opening_hours=None):
    return Recording(video="v", started_at=at(started), timezone=timezone, opening_hours=opening_hours)


def hours(started, timezone, length, opening_hours=None):
    """List the rows of a video: local hour, whether open, minutes covered."""
    found = split_hours(recorded(started, timezone, opening_hours), 0, length)
    return [
        (int(hour), bool(is_open), int(ms) / MINUTE)
        for hour, is_open, ms in zip(found.local_hour, found.open, found.recorded_time, strict=True)
    ]


def occupancy_of(changes):
    """Make an occupancy: zone -> (ms, persons)."""
    rows = [(zone, ms, persons) for zone, counts in changes.items() for ms, persons in counts]
    names = ("zone", "timestamp", "persons")
    return assemble(OCCUPANCY_CHANGES, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def visits_of(rows):
    """Make visits: (zone, person, entered, exited, dwell, entry) in ms."""
    codes = VISITS.choices("entry")
    numbers, counted = [], {}
    for zone, person, *_ in rows:
        counted[zone, person] = counted.get((zone, person), 0) + 1
        numbers.append(counted[zone, person])
    arrays = {
        "zone": [row[0] for row in rows],
        "person_index": np.array([row[1] for row in rows], dtype="int64"),
        "visit": np.array(numbers, dtype="int64"),
        "entered": np.array([row[2] for row in rows], dtype="int64"),
        "exited": np.array([row[3] for row in rows], dtype="int64"),
        "dwell": np.array([row[4] for row in rows], dtype="int64"),
        "entry": np.array([codes.index(row[5]) for row in rows], dtype="int8"),
        "exit": np.zeros(len(rows), dtype="int8"),
        "detections": np.ones(len(rows), dtype="int64"),
        "interpolated": np.zeros(len(rows), dtype="int64"),
        "bridged": np.zeros(len(rows), dtype="int64"),
        "since_previous_visit": np.array([row[3] - row[2] - row[4] for row in rows], dtype="int64"),
    }
    return assemble(VISITS, arrays)


def test_an_hour_that_occurs_twice_is_two_rows():
    assert hours("2026-10-25T01:30:00+02:00", "Europe/Berlin", 210 * MINUTE) == [
        (1, True, 30),
        (2, True, 60),
        (2, True, 60),
        (3, True, 60),
    ]


def test_an_hour_that_is_skipped_is_no_row():
    assert hours("2026-03-29T01:30:00+01:00", "Europe/Berlin", 90 * MINUTE) == [(1, True, 30), (3, True, 60)]


def test_a_clock_that_moves_by_half_an_hour_makes_short_hours():
    assert hours("2026-04-05T01:00:00+11:00", "Australia/Lord_Howe", 150 * MINUTE) == [
        (1, True, 60),
        (1, True, 30),
        (2, True, 60),
    ]
    assert hours("2026-10-04T01:00:00+10:30", "Australia/Lord_Howe", 150 * MINUTE) == [
        (1, True, 60),
        (2, True, 30),
        (3, True, 60),
    ]


def test_the_hours_of_a_zone_with_a_quarter_begin_at_its_own_full_hours():
    found = split_hours(recorded("2026-10-04T09:20:00+05:45", "Asia/Kathmandu"), 0, HOUR)
    begins = found.hour_at.view("datetime64[us]").astype(str).tolist()
    assert begins == ["2026-10-04T03:15:00.000000", "2026-10-04T04:15:00.000000"]
    assert found.local_date.astype("datetime64[D]").astype(str).tolist() == ["2026-10-04"] * 2
    assert found.weekday.tolist() == [7, 7]


def test_a_day_that_a_clock_skips_has_no_hours():
    found = split_hours(recorded("2011-12-29T23:00:00-10:00", "Pacific/Apia"), 0, 2 * HOUR)
    assert found.local_date.astype("datetime64[D]").astype(str).tolist() == ["2011-12-29", "2011-12-31"]


def test_a_millisecond_belongs_to_the_hour_in_which_it_begins():
    found = split_hours(recorded("2026-11-24T09:59:59.999500+01:00"), 0, 10)
    assert found.recorded_time.tolist() == [1, 9]


def test_a_fixed_offset_is_a_clock_too():
    assert hours("2026-11-24T09:30:00+01:00", "+01:00", HOUR) == [(9, True, 30), (10, True, 30)]


OPENING = {
    "opens within the hour": ("Tu 09:20-20:00", [(9, False, 20), (9, True, 40), (10, True, 60)]),
    "opens and closes within it": (
        "Tu 09:20-09:30,09:40-09:50",
        [(9, False, 40), (9, True, 20), (10, False, 60)],
    ),
    "always": ("24/7", [(9, True, 60), (10, True, 60)]),
    "never": ("Mo 09:00-20:00; Tu off", [(9, False, 60), (10, False, 60)]),
    "over midnight, from the day before": (
        "Mo 20:00-10:30",
        [(9, True, 60), (10, False, 30), (10, True, 30)],
    ),
    "opens with the hour": ("Tu 10:00-11:00", [(9, False, 60), (10, True, 60)]),
}


@pytest.mark.parametrize(("text", "rows"), OPENING.values(), ids=OPENING.keys())
def test_an_hour_in_which_the_place_opens_or_closes_is_two_rows(text, rows):
    assert hours("2026-11-24T09:00:00+01:00", "Europe/Berlin", 2 * HOUR, text) == rows


def test_a_start_without_a_zone_is_by_the_clock_or_refused():
    local = Recording(video="v", started_at=at("2026-11-24T09:30:00"), timezone="Asia/Tokyo")
    assert split_hours(local, 0, HOUR).local_hour.tolist() == [9, 10]
    with pytest.raises(ParameterError, match="a local time without time zone"):
        split_hours(Recording(video="v", started_at=at("2026-11-24T09:30:00")), 0, HOUR)
    alone = Recording(video="v", started_at=at("2026-11-24T09:30:00+03:00"))
    assert split_hours(alone, 0, HOUR).local_hour.tolist() == [9, 10]


def test_opening_hours_are_by_the_clock_on_the_wall():
    in_the_doubled_hour = hours("2026-10-25T02:00:00+02:00", "Europe/Berlin", 2 * HOUR, "Su 02:30-03:00")
    assert in_the_doubled_hour == [(2, False, 30), (2, True, 30)] * 2
    in_the_skipped_hour = hours("2026-03-29T01:00:00+01:00", "Europe/Berlin", 2 * HOUR, "Su 02:30-03:30")
    assert in_the_skipped_hour == [(1, False, 60), (3, False, 30), (3, True, 30)]


def test_occupancy_is_added_up_over_each_hour():
    occupancy = occupancy_of({"": [(0, 2), (30 * MINUTE, 1), (45 * MINUTE, 0), (150 * MINUTE, 0)]})
    hourly = compute_occupancy_hourly(occupancy, make_video(), recorded("2026-11-24T09:40:00+01:00"))
    assert hourly["local_hour"].tolist() == [9, 10, 11, 12]
    assert (hourly["person_seconds"] / pd.Timedelta("1min")).tolist() == [40, 35, 0, 0]
    assert hourly["max_persons"].tolist() == [2, 2, 0, 0]
    assert (hourly["recorded_time"] / pd.Timedelta("1min")).tolist() == [20, 60, 60, 10]


def test_a_stay_is_split_over_the_hours_that_it_reaches_into():
    visits = visits_of([("door", 3, 10 * MINUTE, 50 * MINUTE, 30 * MINUTE, "crossed")])
    hourly = compute_visits_hourly(visits, make_video(80 * MINUTE), recorded("2026-11-24T09:40:00+01:00"))
    assert (hourly["dwell"] / pd.Timedelta("1min")).tolist() == [7.5, 22.5]
    assert hourly[["began", "entries", "present", "persons"]].to_numpy().tolist() == [
        [1, 1, 1, 1],
        [0, 0, 1, 1],
    ]


def test_an_entry_is_a_stay_that_was_seen_to_begin():
    stays = [
        ("door", 1, 0, MINUTE, MINUTE, "video_start"),
        ("door", 1, 2 * MINUTE, 3 * MINUTE, MINUTE, "zone_opened"),
    ]
    stays += [("door", 2, 0, MINUTE, MINUTE, "appeared"), ("door", 5, 5, MINUTE, MINUTE - 5, "crossed")]
    hourly = compute_visits_hourly(visits_of(stays), make_video(HOUR), recorded("2026-11-24T09:00:00+01:00"))
    assert hourly[["began", "entries", "present", "persons"]].to_numpy().tolist() == [[4, 1, 4, 3]]


def test_an_entry_is_what_the_options_count_as_observed():
    stays = [
        ("door", person, 0, MINUTE, MINUTE, entry) for person, entry in enumerate(("appeared", "crossed"))
    ]
    arguments = visits_of(stays), make_video(HOUR), recorded("2026-11-24T09:00:00+01:00")
    assert compute_visits_hourly(*arguments)["entries"].tolist() == [1]
    assert compute_visits_hourly(*arguments, observed_entries=["appeared", "crossed"])[
        "entries"
    ].tolist() == [2]
    with pytest.raises(ParameterError, match="observed_entries must be"):
        compute_visits_hourly(*arguments, observed_entries=["came"])


def test_a_zone_in_which_nobody_was_has_rows_of_zeros():
    zones = [Zone("b", box(0, 0, 9, 9), "px"), Zone("a", box(0, 0, 9, 9), "px")]
    hourly = compute_visits_hourly(
        visits_of([]), make_video(HOUR), recorded("2026-11-24T09:30:00+01:00"), zones=zones
    )
    assert hourly.index.get_level_values("zone").tolist() == ["a", "a", "b", "b"]
    assert not hourly[["began", "entries", "present", "persons"]].to_numpy().any()


def test_a_stay_at_the_very_end_is_in_the_last_hour():
    visits = visits_of([("door", 1, HOUR, HOUR, 0, "crossed")])
    hourly = compute_visits_hourly(visits, make_video(HOUR), recorded("2026-11-24T09:00:00+01:00"))
    assert hourly[["local_hour", "began", "present"]].to_numpy().tolist() == [[9, 1, 1]]


def test_a_part_of_a_video_covers_only_its_hours():
    hourly = compute_visits_hourly(
        visits_of([("door", 1, HOUR, HOUR + 5, 5, "crossed")]),
        make_video(5 * HOUR),
        recorded("2026-11-24T09:00:00+01:00"),
        start="50min",
        end="70min",
    )
    assert (hourly["recorded_time"] / pd.Timedelta("1min")).tolist() == [10, 10]


def test_a_stay_is_split_exactly_however_long_it_is():
    length = 2000 * HOUR + 7
    visits = visits_of([("door", 1, 0, length, length - 1, "crossed")])
    hourly = compute_visits_hourly(visits, make_video(), recorded("1980-11-24T09:00:00+01:00"))
    assert int(hourly["dwell"].to_numpy().astype("int64").sum()) == length - 1
    assert len(hourly) == 2001


def test_hours_beyond_the_calendar_are_refused():
    visits = visits_of([("door", 1, 0, 2**48, 2**48, "crossed")])
    with pytest.raises(ParameterError, match=r"starts at 9999-01-01.* beyond the calendar"):
        compute_visits_hourly(visits, make_video(), recorded("9999-01-01T00:00:00+00:00"))


@pytest.mark.parametrize("compute", [compute_occupancy_hourly, compute_visits_hourly])
def test_a_video_whose_start_is_not_known_has_no_hours(compute):
    tables = {
        compute_occupancy_hourly: occupancy_of({"": [(0, 1), (9, 0)]}),
        compute_visits_hourly: visits_of([("a", 1, 0, 5, 5, "video_start")]),
    }
    with pytest.raises(ParameterError, match="Video 'v' has no start"):
        compute(tables[compute], make_video(), Recording(video="v"))


# Moments around every kind of change of a clock: by an hour, by half of one, on and back; and none.
STARTS = [
    ("2026-03-29T00:59:59.5+00:00", "Europe/Berlin"),
    ("2026-10-25T00:59:58.000300+00:00", "Europe/Berlin"),
    ("2026-04-04T14:59:59+00:00", "Australia/Lord_Howe"),
    ("2026-10-03T15:29:58.25+00:00", "Australia/Lord_Howe"),
    ("2026-11-24T03:14:59+00:00", "Asia/Kathmandu"),
    ("2026-11-01T05:59:58+00:00", "America/New_York"),
    ("2011-12-30T09:59:58+00:00", "Pacific/Apia"),
]
IN_ZONES = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 3)), max_size=6, unique_by=lambda row: row[0]
)


@given(IN_ZONES, st.sampled_from(STARTS), st.integers(1, 4000), st.booleans())
def test_the_hours_are_those_of_counting_millisecond_by_millisecond(changes, start, length, part):
    started, timezone = start
    opening = "00:00-02:00,11:00-24:00" if part else None
    recording = recorded(started, timezone, opening)
    counts = sorted({0: 1, **dict(changes), max([length, *(ms for ms, _ in changes)]): 0}.items())
    occupancy = occupancy_of({"": counts})

    def is_open(shown):
        return opening is None or not 2 <= shown.hour < 11

    rows = naive_rows(recording, 0, counts[-1][0], is_open)
    expected = naive_occupancy(occupancy, rows, "")
    hourly = compute_occupancy_hourly(occupancy, make_video(), recording)
    validate(hourly, OCCUPANCY_HOURLY)
    assert table_of(hourly, "", ["person_seconds", "max_persons", "recorded_time"]) == expected


ANY_ZONE = st.sampled_from(
    [
        "Europe/Berlin",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Africa/Casablanca",
        "UTC",
        "-03:30",
    ]
)
ANY_START = st.integers(157_766_400_000_000, 2_114_380_800_000_000).map(  # 1975 to 2037, in us
    lambda one: at("1970-01-01T00:00:00+00:00") + timedelta(microseconds=one)
)
ANY_HOURS = st.sampled_from([None, "24/7", "Mo-Fr 09:00-20:00; Sa 10:00-18:00; Su off", "22:00-03:15", "off"])
RECORDINGS = st.builds(
    lambda start, zone, hours: Recording(video="v", started_at=start, timezone=zone, opening_hours=hours),
    ANY_START,
    ANY_ZONE,
    ANY_HOURS,
)
STAYS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(1, 3),
        st.integers(0, 30 * HOUR),
        st.integers(0, 30 * HOUR),
        st.floats(0, 1),
        st.sampled_from(VISITS.choices("entry")),
    ).map(lambda one: (*one[:3], one[2] + one[3], int(one[3] * one[4]), one[5])),
    max_size=8,
)


def total(column):
    return int(column.to_numpy().astype("int64").sum())


@given(STAYS, RECORDINGS)
def test_the_dwell_and_number_of_stays_is_that_of_their_hours(stays, recording):
    visits = visits_of(stays)
    hourly = compute_visits_hourly(visits, make_video(), recording)
    for zone in {row[0] for row in stays}:
        split, whole = hourly.xs(zone, level="zone"), visits.xs(zone, level="zone")
        assert total(split["dwell"]) == total(whole["dwell"])
        assert split["began"].sum() == len(whole)
        assert split["entries"].sum() == whole["entry"].isin(OBSERVED_ENTRIES).sum()
        assert total(split["recorded_time"]) == max(row[3] for row in stays)
    assert (hourly["dwell"] >= pd.Timedelta(0)).all()
    assert (hourly["persons"] <= hourly["present"]).all()
    assert (hourly["began"] <= hourly["present"]).all()


@given(IN_ZONES, RECORDINGS, st.integers(1, 40 * HOUR))
def test_the_integral_of_the_occupancy_is_that_of_its_hours(changes, recording, length):
    counts = sorted({0: 0, **{ms * 9000: persons for ms, persons in changes}}.items())
    last = max(length, counts[-1][0] + 1)
    occupancy = occupancy_of({"": [*counts, (last, 0)], "a": [(0, 1), (last, 0)]})
    hourly = compute_occupancy_hourly(occupancy, make_video(), recording)
    moments = [ms for ms, _ in counts] + [last]
    whole = sum((b - a) * n for a, b, (_, n) in zip(moments, moments[1:], counts, strict=False))
    assert total(hourly.xs("", level="zone")["person_seconds"]) == whole
    assert total(hourly.xs("a", level="zone")["person_seconds"]) == last
    assert total(hourly.xs("a", level="zone")["recorded_time"]) == last


@given(RECORDINGS, st.integers(2, 30 * HOUR), st.data())
def test_a_recording_that_is_cut_in_two_has_the_same_hours(recording, length, data):
    cut = data.draw(st.integers(1, length - 1))
    second = Recording(
        video="v",
        started_at=recording.started_at + timedelta(milliseconds=cut),
        timezone=recording.timezone,
        opening_hours=recording.opening_hours,
    )
    one = compute_occupancy_hourly(occupancy_of({"": [(0, 2), (length, 0)]}), make_video(), recording)
    parts = [
        compute_occupancy_hourly(occupancy_of({"": [(0, 2), (cut, 0)]}), make_video(), recording),
        compute_occupancy_hourly(occupancy_of({"": [(0, 2), (length - cut, 0)]}), make_video(), second),
    ]
    both = pd.concat(parts)
    both = both.groupby(level=both.index.names)["recorded_time"].sum().sort_index()
    pd.testing.assert_series_equal(both, one["recorded_time"], check_freq=False)
