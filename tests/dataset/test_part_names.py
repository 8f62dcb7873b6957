"""Parts of one video lie in one dataset under names of their own."""

import contextlib
import json

import duckdb
import pandas as pd
import pytest
from pages import page, record, write
from stored import assert_sound, contents

from ptrack_analysis import export_dataset, open_dataset
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.errors import OutputError
from ptrack_analysis.pipeline.config import AnalysisConfig

SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]


@pytest.fixture
def shop(tmp_path):
    """Make the pages of a video "shop" of 100 s with one person, and a zone file that is bound to it."""
    facts = {"FrameRate": 10.0, "FrameHeight": 360, "FrameWidth": 640, "DurationMillis": 100_000}
    records = [record(100 * n, 3) for n in range(1000)]
    write(tmp_path / "in" / "shop.json", page(*records, VideoMetadata=facts))
    feature = {
        "type": "Feature",
        "properties": {"name": "floor", "video": "shop"},
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }
    zones = {"type": "FeatureCollection", "unit": "fraction", "features": [feature]}
    write(tmp_path / "zones.geojson", json.dumps(zones))
    write(
        tmp_path / "recordings.csv",
        "video,started_at,timezone\nshop,2026-03-01T10:00:00+01:00,Europe/Berlin\n",
    )
    return tmp_path


def exported(shop, **settings):
    return export_dataset(shop / "in", shop / "out", zones=shop / "zones.geojson", **settings)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (None, None, "shop"),
        ("0s", None, "shop"),
        ("20s", "70s", "shop@20s-70s"),
        ("90s", None, "shop@90s-end"),
        (None, "70s", "shop@start-70s"),
        ("0s", "70s", "shop@start-70s"),
        ("1500ms", "70s", "shop@1500ms-70s"),
    ],
)
def test_the_name_of_a_part_says_from_when_to_when(start, end, name):
    assert AnalysisConfig(start=start, end=end).part_name("shop") == name


def test_two_parts_lie_side_by_side_and_are_read_as_two_videos(shop):
    for start, end in (("0s", "20s"), ("20s", "70s")):
        summary = exported(shop, start=start, end=end, recordings=shop / "recordings.csv")
        assert summary.warnings == ()
        assert summary.gone == ()
    names = ["shop@20s-70s", "shop@start-20s"]
    dataset = open_dataset(shop / "out")
    assert list(dataset.videos) == names
    assert_sound(shop / "out")
    videos = dataset.read("videos")
    assert videos.index.tolist() == names
    assert videos["analyzed_to"].tolist() == [pd.Timedelta("70s"), pd.Timedelta("20s")]
    assert videos["started_at"].notna().all()
    visits = dataset.read("visits")
    assert visits.groupby(level="video")["dwell"].sum().tolist() == [pd.Timedelta("50s"), pd.Timedelta("20s")]
    for name in names:
        of_part = dataset.read("tracks", videos=[name])
        assert of_part.index.get_level_values("video").unique().tolist() == [name]


def test_views_and_compacted_files_know_parts_by_their_names(shop):
    for start, end in (("0s", "20s"), ("20s", "70s")):
        exported(shop, start=start, end=end)
    with duckdb.connect() as connection, contextlib.chdir(shop / "out"):
        connection.execute((shop / "out/views/duckdb.sql").read_text())
        found = connection.execute("SELECT video, dwell_s FROM dwell_by_zone ORDER BY video").fetchall()
        persons = connection.execute("SELECT person FROM tracks ORDER BY person").fetchall()
    assert found == [("shop@20s-70s", 50.0), ("shop@start-20s", 20.0)]
    assert persons == [("shop@20s-70s:3",), ("shop@start-20s:3",)]
    before = contents(shop / "out")
    compact_dataset(shop / "out")
    assert list(open_dataset(shop / "out").videos) == ["shop@20s-70s", "shop@start-20s"]
    assert contents(shop / "out") == before
    assert_sound(shop / "out")


def test_a_second_run_leaves_a_part_as_it_is_and_pruning_leaves_the_other_parts(shop):
    exported(shop, end="20s")
    exported(shop, start="20s", end="70s")
    summary = exported(shop, start="20s", end="70s", prune=True)
    assert [(video.name, video.status) for video in summary.videos] == [("shop@20s-70s", "unchanged")]
    assert summary.gone == ()
    assert len(open_dataset(shop / "out").videos) == 2
    (shop / "in" / "shop.json").rename(shop / "in" / "other.json")
    (shop / "zones.geojson").write_text((shop / "zones.geojson").read_text().replace('"shop"', '"other"'))
    assert exported(shop, prune=True).gone == ("shop@20s-70s", "shop@start-20s")


def test_parts_that_overlap_are_told_of_as_they_count_twice(shop):
    exported(shop, end="30s")
    assert exported(shop, start="30s", end="70s").warnings == ()
    (said,) = exported(shop, start="60s").warnings
    assert said.startswith("'shop@30s-70s', exported earlier, and 'shop@60s-end' are parts of one video that")
    assert f"ptrack remove {shop / 'out'} --video shop@30s-70s" in said
    assert len(exported(shop).warnings) == 3


def test_parts_with_what_is_to_be_withheld_are_not_left_beside_those_without(shop):
    exported(shop, end="30s")
    with pytest.raises(
        OutputError,
        match=r"'shop@start-30s' was exported with another min_count or salt.*export to another folder",
    ):
        exported(shop, start="30s", min_count=5, prune=True)


def test_only_times_make_a_part():
    assert AnalysisConfig(persons=[3]).part_name("shop") == "shop"
    assert AnalysisConfig(start="1500ms", end="70s").part_name("shop") == "shop@1500ms-70s"
