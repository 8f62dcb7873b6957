"""Timestamps that are wall-clock times: refused in pages, read in tables of other trackers."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from pages import page, record, write

from ptrack_analysis import detections_from, inspect_tracking, read_tracking, read_tracks
from ptrack_analysis.errors import InputError, PageError, ParameterError, PtrackWarning
from ptrack_analysis.sources.pages.decode import LATEST_START
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
COLUMNS = {"id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
EPOCH_MS = 1698765432123
START = dt.datetime(2023, 10, 31, 15, 17, 12, 123_000, tzinfo=dt.UTC)
DAYS = "more than 10 days into the video, and looks like wall-clock time. Timestamps count from the start"


def table_of(times):
    return "".join(
        ["ts,track_id,x1,y1,x2,y2\n", *(f"{time},1,{100 + n},100,150,250\n" for n, time in enumerate(times))]
    )


READ = {
    "epoch ms as time_ms": ("time_ms", [EPOCH_MS, EPOCH_MS + 40]),
    "epoch ms, not in order": ("timestamp_ms", [EPOCH_MS + 40, EPOCH_MS]),
    "epoch ms": ("time", [EPOCH_MS, EPOCH_MS + 40]),
    "epoch s": ("time", [EPOCH_MS / 1000, EPOCH_MS / 1000 + 0.04]),
    "epoch s as time_s": ("time_s", [EPOCH_MS / 1000, EPOCH_MS / 1000 + 0.04]),
    "epoch us": ("time", [EPOCH_MS * 1000, EPOCH_MS * 1000 + 40_000]),
    "epoch ns": ("time", [EPOCH_MS * 10**6, EPOCH_MS * 10**6 + 40 * 10**6]),
    "ISO 8601 with a decimal comma": ("time", ['"2023-10-31T15:17:12,123Z"', '"2023-10-31T15:17:12,163Z"']),
    "ISO 8601 within spaces": ("time", [" 2023-10-31T15:17:12.123Z", "2023-10-31T15:17:12.163Z "]),
    "ISO 8601 with Z": ("time", ["2023-10-31T15:17:12.123Z", "2023-10-31T15:17:12.163Z"]),
    "ISO 8601 with an offset": ("time", ["2023-10-31 16:17:12.123+01:00", "2023-10-31 16:17:12.163+01:00"]),
    "ISO 8601 as time_ms": ("time_ms", ["2023-10-31T15:17:12.123Z", "2023-10-31T15:17:12.163Z"]),
    "slashes": ("time", ["2023/10/31 15:17:12.123Z", "2023/10/31 15:17:12.163Z"]),
}
"""Times since 1970 and dates: the role of their column and the times."""


@pytest.mark.parametrize(("role", "times"), READ.values(), ids=READ.keys())
def test_wall_clock_times_count_from_the_first_one_which_is_the_start_of_the_video(tmp_path, role, times):
    file = write(tmp_path / "a.csv", table_of(times))
    detections, video = read_tracking(file, columns={role: "ts", **COLUMNS}, video=VIDEO)
    assert detections.index.get_level_values("timestamp").tolist() == [pd.Timedelta(0), pd.Timedelta("40ms")]
    assert video.started_at == START
    assert any(
        "start with the first time in 'ts', 2023-10-31T15:17:12.123" in note for note in notes(file, role)
    )


def test_the_note_about_the_start_gives_the_first_time_to_the_millisecond(tmp_path):
    file = write(tmp_path / "a.csv", table_of(["2023-10-31T15:17:12Z"]))
    (note,) = [note for note in notes(file, "time") if "start" in note]
    assert note == "the video is taken to start with the first time in 'ts', 2023-10-31T15:17:12.000+00:00"


def notes(file, role):
    return read_tracks(file, columns={role: "ts", **COLUMNS}, video=VIDEO).notes


def test_a_known_start_of_the_video_goes_before_the_first_time(tmp_path):
    file = write(tmp_path / "a.csv", table_of([EPOCH_MS]))
    known = replace(VIDEO, started_at=START - dt.timedelta(seconds=5))
    detections, video = read_tracking(file, columns={"time": "ts", **COLUMNS}, video=known)
    assert detections.index.get_level_values("timestamp").tolist() == [pd.Timedelta("5s")]
    assert video.started_at == known.started_at
    late = replace(VIDEO, started_at=START + dt.timedelta(seconds=5))
    said = "expected a time at or after the start of the video, 2023-10-31T15:17:17.123000"
    with pytest.raises(InputError, match=f"a.csv, line 2: ts is .*{said}"):
        read_tracking(file, columns={"time": "ts", **COLUMNS}, video=late)
    exact = replace(VIDEO, started_at=START)
    assert read_tracking(file, columns={"time": "ts", **COLUMNS}, video=exact)[0].index[0][0] == pd.Timedelta(
        0
    )


def test_local_times_without_an_offset_do_not_set_the_start(tmp_path):
    file = write(tmp_path / "a.csv", table_of(["2023-10-31T15:17:12.123", "2023-10-31T15:17:12.163"]))
    with pytest.warns(PtrackWarning, match="no UTC offset"):
        detections, video = read_tracking(file, columns={"time": "ts", **COLUMNS}, video=VIDEO)
    assert len(detections) == 2
    assert video.started_at is None
    (note,) = video.read_report.assumptions
    assert note == (
        "times in 'ts' have no UTC offset: the video is taken to start with the first one, "
        "2023-10-31 15:17:12.123 (give the start with started_at, --started-at, and timezone, --timezone)"
    )


@pytest.mark.parametrize(
    ("time", "expected"),
    [("00:01:30.040", "90.04s"), ('"00:01:30,040"', "90.04s"), ("2:00:01", "7201s"), (" 00:59:59 ", "3599s")],
)
def test_times_of_a_clock_count_from_the_start_of_the_video(tmp_path, time, expected):
    file = write(tmp_path / "a.csv", table_of(["00:00:00.000", time]))
    detections, video = read_tracking(file, columns={"time": "ts", **COLUMNS}, video=VIDEO)
    assert detections.index.get_level_values("timestamp")[1] == pd.Timedelta(expected)
    assert video.started_at is None


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_missing_time_is_refused_with_its_row(tmp_path, kind):
    stamps = pd.to_datetime(["2023-10-31T15:17:12.123", None]).tz_localize("UTC")
    table = pd.DataFrame({"ts": stamps, "track_id": 1, "x1": 1, "y1": 1, "x2": 9, "y2": 9})
    file = tmp_path / f"a.{kind}"
    table.to_csv(file, index=False) if kind == "csv" else table.to_parquet(file)
    place = "line 3: ts is ''" if kind == "csv" else "row 1: ts is None"
    with pytest.raises(InputError, match=f"a.{kind}, {place}; expected a (date and )?time"):
        read_tracking(file, columns={"time": "ts", **COLUMNS}, video=VIDEO)


def test_a_detection_in_every_millisecond_is_possible(tmp_path):
    columns = {"time_ms": "ts", **COLUMNS}
    every = write(tmp_path / "a.csv", table_of(range(100, 111)))
    assert len(read_tracking(every, columns=columns, video=VIDEO)[0]) == 11
    more = write(tmp_path / "b.csv", table_of([*range(100, 111), 100.5]))
    with pytest.raises(InputError) as refused:
        read_tracking(more, columns=columns, video=VIDEO)
    assert str(refused.value) == (
        f"{more}: ts has 12 different times within 10 ms, so it is in seconds. Give it the role time_s "
        "(columns=, --columns)."
    )


@pytest.mark.filterwarnings("ignore:.*no UTC offset:ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_datetime_columns_in_memory_and_in_parquet_are_times(tmp_path, zone):
    stamps = pd.to_datetime(["2023-10-31T15:17:12.123", "2023-10-31T15:17:12.163"]).tz_localize(zone)
    table = pd.DataFrame({"ts": stamps, "track_id": 1, "x1": 1, "y1": 1, "x2": 9, "y2": 9})
    table.to_parquet(tmp_path / "a.parquet")
    columns = {"time": "ts", **COLUMNS}
    found = detections_from(table, columns=columns, video=VIDEO)
    assert found.index.get_level_values("timestamp")[1] == pd.Timedelta("40ms")
    detections, video = read_tracking(tmp_path / "a.parquet", columns=columns, video=VIDEO)
    assert detections.index.equals(found.index)
    assert video.started_at == (None if zone is None else stamps[0])


def test_seconds_are_told_from_milliseconds_by_decimals_or_the_length_of_the_video(tmp_path):
    columns = {"time": "ts", **COLUMNS}
    decimals = write(tmp_path / "a.csv", table_of([n / 25 for n in range(50)]))
    assert read_tracking(decimals, columns=columns, video=VIDEO)[0].index[-1][0] == pd.Timedelta("1.96s")
    whole = write(tmp_path / "b.csv", table_of([0, 40, 80]))
    with pytest.raises(InputError, match=r"from 0 to 80 may be seconds or milliseconds.*time_s or time_ms"):
        read_tracking(whole, columns=columns, video=VIDEO)
    for seconds, last in ((10, "80ms"), (100, "80s")):
        video = replace(VIDEO, duration=pd.Timedelta(seconds=seconds))
        assert read_tracking(whole, columns=columns, video=video)[0].index[-1][0] == pd.Timedelta(last)


REFUSED = {
    "seconds called ms": (
        "time_ms",
        [n / 25 for n in range(250)],
        "250 different times within 9.96 ms.*time_s",
    ),
    "epoch s called ms": ("time_ms", [1698765432, 1698765433], "a time in s since 1970, not in ms"),
    "epoch ms called s": ("time_s", [EPOCH_MS], "a time in ms since 1970, not in s"),
    "days into the video": (
        "time_ms",
        [LATEST_START + 1],
        (
            "starts at 864000001 ms, more than 10 days into the video. Subtract the time of the first frame, "
            "or give dates or times since 1970 as the role time.$"
        ),
    ),
    "a time after days": (
        "time_ms",
        [0, 10**11 + 1],
        "line 3: ts is .*since the start of the video as in the",
    ),
    "ms as frames": (
        "frame",
        [EPOCH_MS],
        "looks like wall-clock time, not like the number of a frame. If ts is a time, give it the role time",
    ),
    "dates as frames": (
        "frame",
        ["2024/05/01 10:00"],
        "line 2: ts is 2024/05/01 10:00, a date and not a frame. If ts is a time",
    ),
    "a date among frames": (
        "frame",
        [1, " 2024-05-01"],
        "line 3: ts is  ?2024-05-01, a date and not a frame",
    ),
    "numbers and dates": (
        "time",
        [0, "2024-05-01 10:00:00"],
        "line 3: ts is .*a number as in the other rows: .*two kinds",
    ),
    "dates and clocks": (
        "time",
        ["2024-05-01 10:00:00", "00:00:05"],
        "line 3: ts is '00:00:05'; expected a date and time as in the other rows: the table has two kinds",
    ),
    "relative and epoch": ("time_ms", [0, EPOCH_MS], "line 3: ts is .*the table has two clocks"),
    "epoch s and ms": (
        "time",
        [EPOCH_MS // 1000, EPOCH_MS],
        "line 3: ts is .*; expected a time near 1698765432 as in the other rows: the table has two clocks$",
    ),
    "with and without offset": (
        "time",
        ["2024-05-01T10:00:00Z", "2024-05-01T10:00:01"],
        "line 3: ts is '2024-05-01T10:00:01'; expected a time with a UTC offset",
    ),
    "without and with offset": (
        "time",
        ["2024-05-01T10:00:00", "2024-05-01T10:00:01+02:00"],
        r"line 3: ts is '2024-05-01T10:00:01\+02:00'; expected a time without a UTC offset, as in",
    ),
    "time of day": (
        "time",
        ["09:30:01", "09:30:00.000"],
        (
            "line 3: ts is '09:30:00.000'; expected a time since the start of the video. If it is the time "
            "of day, write the date as well$"
        ),
    ),
    "exactly an hour": ("time", ["01:00:00"], "line 2: ts is '01:00:00'; expected a time since the start"),
    "no time": (
        "time",
        ["soon"],
        "line 2: ts is 'soon'; expected a time: a number, 2024-05-01T10:00:00Z or 00:01:30.040$",
    ),
    "no time among times": ("time", ["00:00:01", "soon"], "line 3: ts is 'soon'; expected a time: a number"),
    "no day": (
        "time",
        ["2024-02-28T10:00:00Z", "2024-02-30T10:00:00Z"],
        "line 3: ts is '2024-02-30T10:00:00Z'; expected an existing date and time$",
    ),
}


@pytest.mark.parametrize(("role", "times", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_times_of_another_kind_or_unit_are_refused_with_what_to_do(tmp_path, role, times, said):
    file = write(tmp_path / "a.csv", table_of(times))
    with pytest.raises(InputError, match=said) as refused:
        read_tracking(file, columns={role: "ts", **COLUMNS}, video=VIDEO)
    assert str(refused.value).startswith(str(file))


def test_a_stride_is_for_frames(tmp_path):
    file = write(tmp_path / "a.csv", table_of([0, 1]))
    found = read_tracks(file, columns={"frame": "ts", **COLUMNS}, video=VIDEO, stride=3)
    assert found.table.index.get_level_values("timestamp")[1] == pd.Timedelta("120ms")
    for option in ("stride", "first_frame"):
        said = f"a.csv: {option} is for frames, and the time is in the column 'ts'. Leave it out"
        with pytest.raises(ParameterError, match=said):
            read_tracks(file, columns={"time_s": "ts", **COLUMNS}, video=VIDEO, **{option: 3})


def test_a_first_timestamp_of_10_days_is_read_and_one_later_is_refused(tmp_path):
    columns = {"timestamp_ms": "ts", **COLUMNS}
    late = write(tmp_path / "late.csv", table_of([LATEST_START, LATEST_START + 40]))
    assert len(read_tracking(late, columns=columns, video=VIDEO)[0]) == 2
    long = write(tmp_path / "long.csv", table_of([0, 2 * LATEST_START]))
    assert len(read_tracking(long, columns=columns, video=VIDEO)[0]) == 2
    later = write(tmp_path / "later.csv", table_of([LATEST_START + 1]))
    with pytest.raises(InputError, match="more than 10 days into the video"):
        read_tracking(later, columns=columns, video=VIDEO)


def test_pages_with_ms_since_1970_are_refused(tmp_path):
    write(tmp_path / "p-1.json", page(record(EPOCH_MS + 40), token="a"))
    write(tmp_path / "p-2.json", page(record(EPOCH_MS)))
    with pytest.raises(PageError) as refused:
        read_tracking(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}: Timestamp starts at {EPOCH_MS} ms, {DAYS}")
    assert str(refused.value) in inspect_tracking(tmp_path).problems


def test_pages_with_one_late_timestamp_are_read(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), token="a"))
    write(tmp_path / "p-2.json", page(record(2 * LATEST_START)))
    with pytest.warns(PtrackWarning, match="the duration of 1.000 s is ignored"):
        assert len(read_tracking(tmp_path)[0]) == 2


def test_pages_with_dates_are_refused_as_such(tmp_path):
    file = write(tmp_path / "a.json", page(record("2024-05-01T10:00:00Z")))
    with pytest.raises(
        PageError, match=r"Persons\[0\]\.Timestamp is '2024-05-01T10:00:00Z', which is a wall-clock"
    ):
        read_tracking(file)
