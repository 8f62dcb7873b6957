"""Tables that cannot be right: one sentence with file, row, column and value each."""

import tracemalloc
import warnings

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write

from ptrack_analysis import find_videos, open_video, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers import tables, text
from ptrack_analysis.sources.trackers.registry import read_tracks
from ptrack_analysis.video import Video

VIDEO = Video(frame_rate=25.0)
FRAMES = {"frame": "frame", "id": "id", "x": "x_m", "y": "y_m"}
TIMES = {"time": "time", "id": "id", "x": "x_m", "y": "y_m"}


def table(path, *rows, head="frame,id,x_m,y_m"):
    return write(path / "t.csv", "\n".join([head, *rows]) + "\n")


FAULTS = {
    "NaN position": (["0,1,1,1", "1,1,nan,1"], "t.csv, line 3: x_m is 'nan'; expected a number"),
    "empty position": (["0,1,1,1", "1,1,1,"], "t.csv, line 3: y_m is ''; expected a number"),
    "infinite position": (["0,1,inf,1"], "t.csv, line 2: x_m is 'inf'; expected a number"),
    "far position": (["0,1,1,1", "1,1,1e300,1"], "t.csv, line 3: x_m is '1e300'; expected a number"),
    "text": (["0,1,1,1", "1,1,here,1"], "t.csv, line 3: x_m is 'here'; expected a number"),
    "fraction of a frame": (
        ["0,1,1,1", "0.5,1,1,1"],
        "t.csv, line 3: frame is '0.5'; expected a whole number",
    ),
    "short row": (["0,1,1,1", "1,1,1"], "t.csv, line 3: has 3 values; the first line has 4"),
    "same id twice": (
        ["0,1,1,1", "0,1,2,2"],
        "t.csv: 1 of 2 rows .* repeat the id and time .*t.csv, line 3: id 1",
    ),
    "centimeters": (
        [f"{n},1,{5.2 * n:g},100" for n in range(80)],
        "t.csv: the median speed of the people is 130 m/s, faster than anyone runs.*--unit cm",
    ),
}


@pytest.mark.parametrize(("rows", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_a_table_of_points_is_named_with_its_place(tmp_path, rows, message):
    names = rows[0] == "0,1,0,100"
    file = table(tmp_path, *rows, head="frame,id,x,y" if names else "frame,id,x_m,y_m")
    options = {"columns": {**FRAMES, "x": "x", "y": "y"}, "unit": "m"} if names else {"columns": FRAMES}
    with pytest.raises(InputError, match=message) as error:
        read_tracks(file, video=VIDEO, **options)
    assert "\n" not in str(error.value)


CLOCKS = {
    "with and without an offset": (
        ["2024-05-01T10:00:00Z,1,1,1", "2024-05-01T12:00:01,1,1,1"],
        "t.csv, line 3: time is '2024-05-01T12:00:01'.*two clocks",
    ),
    "dates and numbers": (
        ["2024-05-01T10:00:00Z,1,1,1", "12.5,1,1,1"],
        "t.csv, line 2: time is '2024-05-01T10:00:00Z'.*two kinds of times",
    ),
    "since 1970 and since the start": (
        ["1714557600.0,1,1,1", "1714557600.5,1,1,1", "1714557600000,1,1,1"],
        "t.csv, line 4: time is .*two clocks",
    ),
}


@pytest.mark.parametrize(("rows", "message"), CLOCKS.values(), ids=CLOCKS.keys())
def test_two_clocks_in_one_table_are_refused(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_tracks(table(tmp_path, *rows, head="time,id,x_m,y_m"), columns=TIMES)


def test_local_times_without_an_offset_are_reported(tmp_path):
    rows = ["2024-05-01T10:00:00,1,1,1", "2024-05-01T10:00:01,1,1,1"]
    with pytest.warns(PtrackWarning, match="times in 'time' have no UTC offset"):
        tracked = read_tracks(table(tmp_path, *rows, head="time,id,x_m,y_m"), columns=TIMES)
    assert tracked.video.started_at is None


def test_frames_that_go_backward_inside_a_track_are_reported_with_their_first_place(tmp_path):
    file = table(tmp_path, *(f"{n},1,{n / 30},1" for n in (0, 1, 2, 5, 4, 3, 6)))
    tracked = read_tracks(file, video=VIDEO, columns=FRAMES)
    (note,) = [note for note in tracked.notes if "row before" in note]
    place = f"{file}, line 6, id 1, 0.160 s"
    assert note == (
        f"2 rows are earlier than the row before of the same track (first: {place}); rows are sorted by time"
    )


def test_a_column_of_zeros_as_y_is_warned_of(tmp_path):
    file = table(tmp_path, *(f"{n},1,{n / 30},0" for n in range(10)))
    (reference,) = find_videos(file, columns=FRAMES)
    with pytest.warns(PtrackWarning, match="y_m is 0 in all 10 rows"):
        read_tracking(reference, video=VIDEO)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_only_the_columns_with_a_role_of_a_wide_table_are_read(tmp_path, monkeypatch, suffix):
    """100 000 columns: what is parsed does not depend on their number."""
    found = []
    wide = {"frame": [0, 1], "id": [1, 1], "x_m": [1.0, 1.1], "y_m": [2.0, 2.0]}
    wide |= {f"c{n}": [0, 0] for n in range(100_000 if suffix == "csv" else 5_000)}
    file = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        file.write_text(
            "\n".join(
                [",".join(wide), *(",".join(map(str, row)) for row in zip(*wide.values(), strict=True))]
            )
        )
        parse = text.Sheet._parse
        monkeypatch.setattr(text.Sheet, "_parse", lambda *a: found.append(len(a[1])) or parse(*a))
    else:
        pq.write_table(pa.table(wide), file)
        choose = tables._choose

        def count(*args):
            choice = choose(*args)
            found.append(len([*choice.needed, *choice.further]))
            return choice

        monkeypatch.setattr(tables, "_choose", count)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*more than 50 columns have no role", PtrackWarning)
        tracked = read_tracks(file, video=VIDEO, columns=FRAMES)
    assert len(tracked.table) == 2
    assert len(tracked.report.ignored_columns) == len(wide) - 4
    assert set(found) == {4}


def test_parquet_with_too_many_rows_for_the_memory_is_refused_before_it_is_read(tmp_path, capsys):
    """20 million rows of constants are a small file."""
    count = 2_000_000
    batch = pa.table({name: pa.array([1] * count, pa.int32()) for name in ("frame", "id", "x_m", "y_m")})
    file = tmp_path / "t.parquet"
    with pq.ParquetWriter(file, batch.schema, compression="zstd") as writer:
        for _ in range(10):
            writer.write_table(batch)
    del batch
    (reference,) = find_videos(file, columns=FRAMES)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"20000000 rows needs more than .* but 300MB may be used"):
        open_video(reference, video=VIDEO, memory="300MB").detections  # noqa: B018
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
    options = ["--columns", "frame=frame,id=id,x=x_m,y=y_m", "--frame-rate", "25", "--memory", "300MB"]
    assert main(["summary", str(file), *options]) == 3
    assert "20000000 rows needs more than" in capsys.readouterr().err


def test_parquet_that_claims_a_billion_rows_is_refused_by_its_metadata(tmp_path, monkeypatch):
    pq.write_table(pa.table({"frame": [0], "id": [1], "x_m": [1.0], "y_m": [1.0]}), tmp_path / "t.parquet")
    opened = tables.open_parquet
    monkeypatch.setattr(tables, "open_parquet", lambda source: Claiming(opened(source)))
    with pytest.raises(InputError, match=r"t.parquet: 1000000000 rows; at most 268435456 are read"):
        read_tracks(tmp_path / "t.parquet", video=VIDEO, columns=FRAMES)


class Claiming:
    """A Parquet file whose metadata claim a billion rows; its rows cannot be read."""

    def __init__(self, file):
        self.schema_arrow = file.schema_arrow
        self.metadata = type("Metadata", (), {"num_rows": 10**9, "num_columns": 4})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
