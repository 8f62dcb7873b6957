"""Timestamps that are wall-clock times: refused as such, in pages and in tables of other trackers."""

import datetime as dt

import pandas as pd
import pytest
from pages import page, record, write

from ptrack_analysis import detections_from, inspect_tracking, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.sources.pages.decode import LATEST_START
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
COLUMNS = {"id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
EPOCH_MS = 1698765432123
DAYS = "more than 10 days into the video, and looks like wall-clock time. Timestamps count from the start"


def table_of(times):
    return "".join(
        ["ts,track_id,x1,y1,x2,y2\n", *(f"{time},1,{100 + n},100,150,250\n" for n, time in enumerate(times))]
    )


TIMES = {
    "ms": ("timestamp_ms", [EPOCH_MS, EPOCH_MS + 40], f": ts starts at {EPOCH_MS} ms, {DAYS}"),
    "ms, not in order": ("timestamp_ms", [EPOCH_MS + 40, EPOCH_MS], f": ts starts at {EPOCH_MS} ms, {DAYS}"),
    "seconds": ("time_s", [1698765432.5, 1698765433], f": ts starts at 1698765432.5 s, {DAYS}"),
    "seconds as ms": ("timestamp_ms", [1698765432, 1698765433], f": ts starts at 1698765432 ms, {DAYS}"),
    "ms as seconds": ("time_s", [EPOCH_MS], f": ts starts at {EPOCH_MS} s, {DAYS}"),
    "ns as ms": ("timestamp_ms", [EPOCH_MS * 10**6], f" ms, {DAYS}"),
    "ms as frames": ("frame", [EPOCH_MS], f"ts starts at {EPOCH_MS}, which looks like wall-clock time"),
    "ISO 8601": ("timestamp_ms", ["2024-05-01T10:00:00.000Z"], "line 2: ts is '2024-05-01T10:00:00.000Z',"),
    "a date later on": ("time_s", ["0", "2024-05-01 10:00:00"], "line 3: ts is '2024-05-01 10:00:00',"),
    "dates as frames": ("frame", ["2024/05/01 10:00"], "ts is '2024/05/01 10:00', which is a wall-clock"),
}
"""Times since 1970 and dates: the role of their column, the times, and part of the message."""


@pytest.mark.parametrize(("role", "times", "said"), TIMES.values(), ids=TIMES.keys())
def test_wall_clock_times_of_a_table_are_refused_with_the_file_and_what_to_do(tmp_path, role, times, said):
    file = write(tmp_path / "a.csv", table_of(times))
    with pytest.raises(InputError) as refused:
        read_tracking(file, columns={role: "ts", **COLUMNS}, video=VIDEO)
    message = str(refused.value)
    assert message.startswith(str(file))
    assert said in message
    assert "subtract the time of its first frame" in message
    assert "timestamp_ms" in message


@pytest.mark.parametrize("stamp", [pd.Timestamp("2024-05-01T10:00"), dt.date(2024, 5, 1)])
def test_dates_in_memory_are_refused(stamp):
    table = pd.DataFrame({"ts": [stamp], "track_id": 1, "x1": 1, "y1": 1, "x2": 9, "y2": 9})
    with pytest.raises(InputError, match=r"wall-clock time.*subtract the time of its first frame"):
        detections_from(table, columns={"timestamp_ms": "ts", **COLUMNS}, video=VIDEO)


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
    assert len(read_tracking(tmp_path)[0]) == 2


def test_pages_with_dates_are_refused_as_such(tmp_path):
    file = write(tmp_path / "a.json", page(record("2024-05-01T10:00:00Z")))
    with pytest.raises(
        PageError, match=r"Persons\[0\]\.Timestamp is '2024-05-01T10:00:00Z', which is a wall-clock"
    ):
        read_tracking(file)


def test_the_shell_refuses_wall_clock_times_with_exit_code_3(real_data, capsys):
    for name in ("epoch-ms.csv", "iso-times.csv"):
        file = real_data / "cases/trackers" / name
        columns = ",".join(f"{role}={column}" for role, column in {"timestamp_ms": "ts", **COLUMNS}.items())
        code = main(
            ["summary", str(file), "--columns", columns, "--frame-size", "1280x720", "--frame-rate", "25"]
        )
        said = capsys.readouterr()
        assert (code, said.out) == (3, "")
        assert str(file) in said.err
        assert "wall-clock time" in said.err
