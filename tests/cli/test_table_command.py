"""``ptrack table``: one table of one video, from the shell."""

from io import StringIO

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shell import run

from ptrack_analysis import open_dataset, read_parquet
from ptrack_analysis.pipeline.outputs import OUTPUTS


@pytest.fixture
def shop(data):
    return data / "shop" / "pages", "--zones", data / "shop" / "zones.geojson"


@pytest.mark.parametrize("name", ["visits", "videos", "dwell", "occupancy_hourly"])
def test_it_prints_the_values_of_the_csv_of_a_dataset(capfd, shop, tmp_path, name):
    recordings = tmp_path / "recordings.csv"
    recordings.write_text("video,started_at,site\nshop,2026-03-02T09:59:58Z,shop\n")
    options = [*shop[1:], "--recordings", recordings]
    assert run(capfd, "export", shop[0], tmp_path / "out", *options, "--tables", name, "--csv")[0] == 0
    code, out, _ = run(capfd, "table", name, shop[0], *options)
    assert code == 0
    printed = pd.read_csv(StringIO(out), dtype="str")
    stored = pd.read_csv(tmp_path / "out" / "csv" / f"{name}.csv", dtype="str")
    assert_frame_equal(printed, stored[[*printed.columns]])


def test_it_writes_csv_or_parquet_by_the_suffix(capfd, shop, tmp_path):
    for suffix in (".csv", ".parquet"):
        code, out, err = run(capfd, "table", "visits", *shop, "-o", tmp_path / f"v{suffix}")
        assert (code, out) == (0, "")
        assert f"wrote {tmp_path / 'v'}{suffix}" in err
    _, out, _ = run(capfd, "table", "visits", *shop)
    assert (tmp_path / "v.csv").read_text(encoding="utf-8") == out
    run(capfd, "export", shop[0], tmp_path / "out", *shop[1:], "--tables", "visits")
    written = read_parquet(tmp_path / "v.parquet")
    stored = open_dataset(tmp_path / "out").read("visits")
    assert_frame_equal(written, stored.reset_index().set_index(written.index.names)[[*written.columns]])


def test_it_replaces_a_file_only_with_force(capfd, shop, tmp_path):
    file = tmp_path / "persons.csv"
    file.write_text("mine")
    code, _, err = run(capfd, "table", "tracks", *shop, "-o", file)
    assert code == 1
    assert f"{file} exists. Replace it with --force." in err
    assert file.read_text() == "mine"
    assert run(capfd, "table", "tracks", *shop, "-o", file, "--force")[0] == 0
    assert file.read_text().startswith('"video","person"')
    assert run(capfd, "table", "tracks", *shop, "-o", tmp_path)[:2] == (2, "")


def test_the_list_has_every_table_and_what_a_row_is(capfd):
    code, out, err = run(capfd, "table", "--list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [*OUTPUTS]
    assert all(line.endswith(OUTPUTS[line.split()[0]].table.row) for line in lines)


def test_a_wrong_name_lists_the_tables_before_anything_is_read(capfd, tmp_path):
    code, out, err = run(capfd, "table", "visit", tmp_path / "missing")
    assert (code, out) == (2, "")
    assert OUTPUTS["visits"].table.row in err
    assert err.endswith("ptrack: There is no table 'visit'. Did you mean 'visits'?\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["visits"], 2, "table 'visits' needs zones. Pass a GeoJSON file of polygons: "),
        (["tracks", "-o", "x.xlsx"], 2, "x.xlsx: the suffix must be .csv or .parquet"),
        (["tracks", "--video", "noon"], 2, "has no video 'noon'. It has 'shop'."),
        (["facing"], 2, "--faces"),
        (["stops"], 2, "--stop-extent"),
    ],
)
def test_what_is_missing_or_wrong_is_named(capfd, data, arguments, code, said):
    found, out, err = run(capfd, "table", arguments[0], data / "shop" / "pages", *arguments[1:])
    assert (found, out) == (code, "")
    assert said in err


def test_one_of_several_videos_is_chosen_by_name(capfd, data):
    pages = data / "day" / "pages"
    code, out, err = run(capfd, "table", "tracks", pages)
    assert (code, out) == (3, "")
    assert "contains 3 videos ('evening', 'morning', 'noon')" in err
    code, out, _ = run(capfd, "table", "tracks", pages, "--video", "noon")
    assert code == 0
    assert all(line.startswith('"noon",') for line in out.splitlines()[1:])


def test_options_change_the_table_as_in_an_export(capfd, shop):
    _, minutes, _ = run(capfd, "table", "occupancy", *shop, "--every", "1min")
    _, tens, _ = run(capfd, "table", "occupancy", *shop, "--every", "10s")
    assert len(tens.splitlines()) > 3 * len(minutes.splitlines())
    _, plain, _ = run(capfd, "table", "detections", *shop)
    _, faces, _ = run(capfd, "table", "faces", *shop, "--faces")
    assert "face_left" not in plain.splitlines()[0]
    assert "face_left" in faces.splitlines()[0]
