"""Public holidays in a dataset: the table dates, and PH in opening hours."""

import duckdb
import pytest
from pages import page, record, write

from ptrack_analysis import verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import InputError, ParameterError

WALK = [record(1000 * second, 1, box=(0.2, 0.2, 0.1, 0.4)) for second in range(10)]
CHRISTMAS = "date,name\n2026-12-25,Christmas Day\n"
CLOCK = {"started_at": "{camera}_%Y-%m-%dT%H-%M-%S", "timezone": "Europe/Berlin"}
SHOP = {"opening_hours": "09:00-20:00; PH off", "tables": ["occupancy_hourly", "visits_hourly"]}
CAMERAS = """
[[camera]]
name = "shop"
files = "shop_*"
opening_hours = "09:00-20:00; PH off"

[[camera]]
name = "yard"
files = "yard_*"
opening_hours = "09:00-20:00"
"""


def add_video(folder, name):
    write(folder / name / "page-1.json", page(*WALK, job=name))


@pytest.fixture
def archive(tmp_path):
    for name in ("shop_2026-12-24T10-00-00", "shop_2026-12-25T10-00-00"):
        add_video(tmp_path / "pages", name)
    return tmp_path / "pages"


@pytest.fixture
def holidays(tmp_path):
    file = tmp_path / "holidays.csv"
    file.write_text(CHRISTMAS)
    return file


def list_holidays(out):
    rows = duckdb.read_parquet(f"{out}/dates/dates.parquet").filter("holiday IS NOT NULL")
    return {str(day): name for day, name in rows.project("date, holiday").fetchall()}


def list_open(out):
    rows = duckdb.read_parquet(f"{out}/occupancy_hourly/*.parquet").project("video, open").distinct()
    return {video[:15]: is_open for video, is_open in rows.fetchall()}


def statuses(summary):
    return {video.name: video.status for video in summary.videos}


def test_dates_has_the_names_of_the_holidays_of_a_country(archive, tmp_path):
    pytest.importorskip("holidays")
    assert main(["export", str(archive), str(tmp_path / "out"), "--holidays", "DE-BE", *shell(CLOCK)]) == 0
    named = list_holidays(tmp_path / "out")
    assert named["2026-12-25"] == "Christmas Day"
    assert "Women's Day" in named["2026-03-08"]
    assert "2026-12-24" not in named


def test_the_shell_refuses_unknown_countries_and_holidays_that_are_not_known(archive, tmp_path, capsys):
    pytest.importorskip("holidays")
    command = ["export", str(archive), str(tmp_path / "out"), *shell(CLOCK), "--opening-hours", "PH off"]
    assert main([*command, "--dry-run"]) == 2
    assert "(--holidays)" in capsys.readouterr().err
    assert main([*command, "--holidays", "DE-XX"]) == 2
    assert "got 'DE-XX'. The subdivisions of DE are DE-BB" in capsys.readouterr().err
    assert main([*command, "--holidays", str(tmp_path / "none.csv")]) == 3
    assert "the file does not exist" in capsys.readouterr().err


def shell(options):
    return [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]


def test_a_shop_is_closed_on_a_holiday(archive, holidays, tmp_path):
    export_dataset(archive, tmp_path / "out", holidays=holidays, **CLOCK, **SHOP)
    assert list_open(tmp_path / "out") == {"shop_2026-12-24": True, "shop_2026-12-25": False}


def test_suppressed_tables_by_hour_know_the_holidays(archive, holidays, tmp_path):
    summary = export_dataset(archive, tmp_path / "out", holidays=holidays, min_count=2, **CLOCK, **SHOP)
    assert {*statuses(summary).values()} == {"written"}
    assert verify_dataset(tmp_path / "out").findings == []


def test_opening_hours_without_known_holidays_are_refused(archive, tmp_path):
    with pytest.raises(ParameterError, match=r"PH off', but the public holidays \(PH\).*--holidays"):
        export_dataset(archive, tmp_path / "out", **CLOCK, **SHOP)
    assert not (tmp_path / "out" / "videos").exists()


def test_a_year_that_the_file_lacks_fails_the_video(archive, holidays, tmp_path):
    add_video(archive, "shop_2027-03-01T10-00-00")
    summary = export_dataset(archive, tmp_path / "out", holidays=holidays, **CLOCK, **SHOP)
    assert statuses(summary)["shop_2027-03-01T10-00-00"] == "failed"
    assert "(PH) of 2027 are not known" in str(summary.of_status("failed")[0].error)


def test_later_runs_keep_the_holidays(archive, holidays, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, holidays=holidays, **CLOCK)
    add_video(archive, "shop_2026-12-26T10-00-00")
    export_dataset(archive, out, **CLOCK)
    assert list_holidays(out) == {"2026-12-25": "Christmas Day"}
    compact_dataset(out)
    assert list_holidays(out) == {"2026-12-25": "Christmas Day"}
    remove_videos(out, videos=["shop_2026-12-26T10-00-00"])
    assert list_holidays(out) == {"2026-12-25": "Christmas Day"}


def test_another_source_replaces_the_years_that_it_has(archive, holidays, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, holidays=holidays, **CLOCK)
    add_video(archive, "shop_2027-01-02T10-00-00")
    summary = export_dataset(archive, out, **CLOCK)
    assert any("dates has no holidays of 2027" in one for one in summary.warnings)
    holidays.write_text("date,name\n2027-01-01,New Year\n")
    summary = export_dataset(archive, out, holidays=holidays, **CLOCK)
    assert {*statuses(summary).values()} == {"unchanged"}
    assert not any("no holidays" in one for one in summary.warnings)
    assert list_holidays(out) == {"2026-12-25": "Christmas Day", "2027-01-01": "New Year"}
    holidays.write_text("date,name\n2026-12-26,Boxing Day\n")
    export_dataset(archive, out, holidays=holidays, **CLOCK)
    assert read_manifest(out).holidays == {"2026-12-26": "Boxing Day", "2027-01-01": "New Year"}


def test_new_holidays_redo_only_videos_whose_opening_hours_use_them(archive, holidays, tmp_path):
    out = tmp_path / "out"
    add_video(archive, "yard_2026-12-25T10-00-00")
    (tmp_path / "cameras.toml").write_text(CAMERAS)
    given = CLOCK | {"cameras": tmp_path / "cameras.toml", "tables": ["occupancy_hourly"]}
    export_dataset(archive, out, holidays=holidays, **given)
    assert {*statuses(export_dataset(archive, out, holidays=holidays, **given)).values()} == {"unchanged"}
    holidays.write_text(CHRISTMAS + "2026-12-24,Christmas Eve\n")
    assert statuses(export_dataset(archive, out, holidays=holidays, **given)) == {
        "shop_2026-12-24T10-00-00": "written",
        "shop_2026-12-25T10-00-00": "written",
        "yard_2026-12-25T10-00-00": "unchanged",
    }
    expected = {"shop_2026-12-24": False, "shop_2026-12-25": False, "yard_2026-12-25": True}
    assert list_open(out) == expected


def test_holidays_of_a_camera_are_used_for_its_opening_hours_only(archive, holidays, tmp_path):
    setup = tmp_path / "setup"
    setup.mkdir()
    (setup / "own.csv").write_text("date,name\n2026-12-24,Christmas Eve\n")
    (setup / "cameras.toml").write_text(CAMERAS.replace('PH off"', 'PH off"\nholidays = "own.csv"'))
    given = CLOCK | {"cameras": setup / "cameras.toml", "tables": ["occupancy_hourly"]}
    export_dataset(archive, tmp_path / "out", holidays=holidays, **given)
    assert list_open(tmp_path / "out") == {"shop_2026-12-24": False, "shop_2026-12-25": True}
    assert list_holidays(tmp_path / "out") == {"2026-12-25": "Christmas Day"}
    (setup / "own.csv").write_text("date,name\nnever,Christmas Eve\n")
    with pytest.raises(InputError, match=r"own\.csv:2: date must be a day"):
        export_dataset(archive, tmp_path / "out", holidays=holidays, **given)
