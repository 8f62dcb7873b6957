"""The clock in a dataset: moments in UTC, hours of the place, facts of the recording."""

import re

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pages import page, record, write
from stored import assert_sound, contents, list_files

from ptrack_analysis import open_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.errors import ParameterError

# one person for ten minutes, a row a second
WALK = [record(1000 * second, 1, box=(0.2, 0.2, 0.1, 0.4)) for second in range(600)]
PATTERN = "{camera}_%Y-%m-%dT%H-%M-%S"


@pytest.fixture
def archive(tmp_path):
    """Make two videos of one camera: one before the clock is put back, one over it."""
    for hour in ("2026-10-25T00-55-00", "2026-10-25T01-55-00"):
        write(tmp_path / "pages" / f"c1_{hour}" / "page-1.json", page(*WALK, job=hour))
    return tmp_path / "pages"


@pytest.fixture
def zones(tmp_path):
    ring = [[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]
    feature = {
        "type": "Feature",
        "properties": {"name": "left"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return write(tmp_path / "zones.geojson", {"type": "FeatureCollection", "features": [feature]})


def listed(out, table):
    return open_dataset(out).read(table)


def test_the_names_of_files_tell_the_clock(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(
        archive,
        out,
        zones=zones,
        started_at=PATTERN,
        timezone="Europe/Berlin",
        opening_hours="01:00-02:00",
        tables=["detections", "visits_hourly", "occupancy_hourly"],
    )
    videos = listed(out, "videos")
    assert videos["camera"].tolist() == ["c1", "c1"]
    assert videos["local_hour"].tolist() == [0, 1]
    assert videos["started_at"].tolist() == [
        pd.Timestamp("2026-10-24T22:55:00Z"),
        pd.Timestamp("2026-10-24T23:55:00Z"),
    ]
    for folder, time in (("visits_hourly", "dwell"), ("occupancy_hourly", "person_seconds")):
        hourly = listed(out, folder).xs("left", level="zone").sort_index()
        assert hourly["local_hour"].tolist() == [0, 1, 1, 2]
        assert hourly.index.get_level_values("open").tolist() == [False, True, True, False]
        assert (hourly[time] / pd.Timedelta("1s")).tolist() == pytest.approx([300, 300, 300, 300], abs=1)
    detections = duckdb.read_parquet(f"{out}/detections/*.parquet")
    assert detections.aggregate("epoch_us(min(recorded_at))").fetchall() == [
        (pd.Timestamp("2026-10-24T22:55:00Z").value // 1000,)
    ]


def test_the_file_of_recordings_tells_the_clock_and_more(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones)
    names = listed(out, "videos").index.tolist()
    rows = [f"{name},2026-11-24T09:0{number}:00+01:00,Mitte,{number}" for number, name in enumerate(names)]
    file = tmp_path / "videos.csv"
    file.write_text("\n".join(["video,started_at,site,floor_area", *rows]))
    export_dataset(archive, out, zones=zones, recordings=file)
    videos = listed(out, "videos")
    assert videos["site"].tolist() == ["Mitte", "Mitte"]
    assert videos["floor_area"].tolist() == [0, 1]
    assert videos["timezone"].tolist() == ["+01:00", "+01:00"]
    assert "`recorded_at`" in (out / "dictionary.md").read_text()


def test_a_new_line_of_another_video_redoes_nothing_else(archive, tmp_path):
    out, file = tmp_path / "out", tmp_path / "videos.csv"
    export_dataset(archive, out)
    first, second = listed(out, "videos").index
    file.write_text(f"video,started_at\n{first},2026-11-24T09:00:00Z\n")
    export_dataset(archive, out, recordings=file)
    file.write_text(f"video,started_at\n{second},2026-11-24T10:00:00Z\n{first},2026-11-24T09:00:00Z\n")
    summary = export_dataset(archive, out, recordings=file)
    assert {one.name: one.status for one in summary.videos} == {first: "unchanged", second: "written"}
    fresh = tmp_path / "fresh"
    export_dataset(archive, fresh, recordings=file)
    assert contents(fresh) == contents(out)
    assert_sound(out)


def test_the_clock_that_is_known_no_more_leaves_no_trace(archive, zones, tmp_path):
    out, plain = tmp_path / "out", tmp_path / "plain"
    export_dataset(archive, out, zones=zones, started_at=PATTERN, timezone="Europe/Berlin")
    export_dataset(archive, out, zones=zones)
    export_dataset(archive, plain, zones=zones)
    assert contents(out) == contents(plain)
    assert_sound(out)


def test_a_name_with_a_time_that_does_not_exist_fails_its_video_alone(archive, tmp_path, capsys):
    write(archive / "c1_2026-03-29T02-30-00" / "page-1.json", page(*WALK, job="skipped"))
    code = main(
        [
            "export",
            str(archive),
            str(tmp_path / "out"),
            "--started-at",
            PATTERN,
            "--timezone",
            "Europe/Berlin",
        ]
    )
    said = capsys.readouterr().err
    assert code == 4
    assert (
        "a time that Europe/Berlin skips: its clocks jump from 2026-03-29T02:00:00 to 2026-03-29T03:00:00"
        in said
    )
    assert "Traceback" not in said


def test_a_file_of_recordings_that_cannot_be_used_is_refused_before_anything_is_written(
    archive, tmp_path, capsys
):
    file = tmp_path / "videos.csv"
    file.write_text("video,started_at\na,2026-11-24T09:00:00\n")
    out = tmp_path / "out"
    assert main(["export", str(archive), str(out), "--recordings", str(file)]) == 3
    assert (
        f"{file}:2: started_at is '2026-11-24T09:00:00', a local time without time zone"
        in capsys.readouterr().err
    )
    assert not (out / "videos").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"started_at": "%Q"}, "got %Q"),
        ({"timezone": "Europe/Berln"}, "Did you mean 'Europe/Berlin'"),
        ({"opening_hours": "always"}, "got 'always'"),
    ],
)
def test_settings_of_the_clock_that_cannot_be_used_are_refused(archive, tmp_path, given, message):
    with pytest.raises(ParameterError, match=message):
        export_dataset(archive, tmp_path / "out", **given)


def test_a_part_of_a_video_has_the_hours_of_the_part(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(
        archive,
        out,
        zones=zones,
        started_at=PATTERN,
        timezone="Europe/Berlin",
        start="4min",
        end="6min",
        tables=["visits_hourly", "occupancy_hourly"],
    )
    for folder in ("occupancy_hourly", "visits_hourly"):
        hourly = listed(out, folder).xs("left", level="zone").sort_index()
        assert (hourly["recorded_time"] / pd.Timedelta("1s")).tolist() == [60, 60, 60, 60]


def test_the_views_list_the_columns_that_the_files_have(archive, zones, tmp_path):
    out, file = tmp_path / "out", tmp_path / "videos.csv"
    export_dataset(archive, tmp_path / "names", tables=["videos"])
    names = listed(tmp_path / "names", "videos").index
    rows = [f"{name},2026-11-24T09:00:00Z,{number}" for number, name in enumerate(names)]
    file.write_text("\n".join(["video,started_at,floor area", *rows]))
    export_dataset(archive, out, zones=zones, recordings=file)
    ddl = (out / "views" / "athena.sql").read_text()
    tables = re.findall(r"CREATE EXTERNAL TABLE IF NOT EXISTS `(\w+)` \((.*?)\n\)", ddl, flags=re.DOTALL)
    assert len(tables) > 10
    for name, columns in tables:
        (file,) = list_files(out, name)
        lines = [line.strip() for line in columns.split("\n")]
        found = {re.match(r"`([^`]+)`", line)[1] for line in lines if line.startswith("`")}
        assert found == set(pq.read_schema(file).names), name
