"""A video measured block after block gives the bytes that it gives in memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import FACE, page, record, write

from ptrack_analysis import export_dataset
from ptrack_analysis.analysis.heat.grid import CHUNK, sum_boxes
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.dataset.large import choice
from ptrack_analysis.dataset.large.choice import IN_BLOCKS, held_back, is_large
from ptrack_analysis.dataset.large.leftovers import spill_folder
from ptrack_analysis.dataset.large.sums import Covers
from ptrack_analysis.dataset.large.tables import large_tables
from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.scene_file import read_scene_file
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.tables import compute_tables
from ptrack_analysis.errors import ParameterError, PtrackError
from ptrack_analysis.io.finding import find_videos
from ptrack_analysis.io.parquet import read_parquet
from ptrack_analysis.io.spill import blocks_by_person, blocks_by_time, spill
from ptrack_analysis.io.tracking import read_tracking

DATA = Path(__file__).parent.parent / "data"
SHOP, DAY = DATA / "shop", DATA / "day"
ZONES = {"zones": SHOP / "zones.geojson"}
CLEANED = {"smooth": "500ms", "max_speed": 400.0, "repair_jumps": True}
STAYS = {"merge_gap": "1s", "min_dwell": "500ms", "enter_after": "200ms", "margin": 5.0, "min_distance": 4.0}
ON_THE_FLOOR = ["trajectories", "stops", "visits", "heatmap", "quality", "density", "counts", "balance"]
OPTIONS = {
    "nothing asked for": {},
    "zones and lines": ZONES,
    "stays and stops": {**ZONES, **STAYS, "stop_extent": 40.0},
    "cleaned": {**ZONES, **CLEANED},
    "a part": {**ZONES, "start": "3s", "end": "21s", "persons": [1, 2, 3, 5, 8, 13]},
    "nobody of it": {**ZONES, "persons": [99_999]},
    "on the floor": {**ZONES, "floor": SHOP / "floor.json", "tables": ON_THE_FLOOR},
    "a part on the floor, cleaned": {
        **ZONES,
        "floor": SHOP / "floor.json",
        "tables": ON_THE_FLOOR,
        "end": "40s",
        "smooth": "500ms",
        "max_speed": 4.0,
        "repair_jumps": True,
    },
    "faces and CSV": {**ZONES, "faces": True, "csv": True},
    "period and gap": {**ZONES, "period": "40ms", "max_gap": "300ms", "every": "7s", "shape": (9, 16)},
}


def tree(folder):
    """Give the content of all files of a dataset by their places, but what a run notes for itself."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    places = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
    return {place: content for place, content in places.items() if not place.startswith(".ptrack")}


def both(source, tmp_path, **options):
    """Export a source in memory and in blocks of 250 rows; give both datasets."""
    for memory in ("1GB", "1MB"):
        export_dataset(source, tmp_path / memory, memory=memory, **options)
    return tree(tmp_path / "1GB"), tree(tmp_path / "1MB")


@pytest.fixture
def always_large(monkeypatch):
    """Take every video for a large one, if there is little memory."""
    monkeypatch.setattr(choice, "needed_for", lambda _: 2_000_000)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_dataset_made_in_blocks_has_the_same_bytes(options, always_large, tmp_path):
    assert not held_back(Settings(**options), read_scene_file(Settings(**options)))
    in_memory, in_blocks = both(SHOP / "pages", tmp_path, **options)
    assert in_memory == in_blocks


def test_several_videos_in_blocks_have_the_same_bytes(always_large, tmp_path):
    in_memory, in_blocks = both(DAY / "pages", tmp_path, zones=DAY / "zones.geojson")
    assert in_memory == in_blocks


boxes = st.tuples(*[st.floats(-0.1, 0.9)] * 2, *[st.floats(-0.01, 0.4)] * 2)
rows = st.builds(
    record,
    st.integers(0, 40).map(lambda n: n * 100),
    st.integers(0, 6),
    box=boxes | st.none(),
    face=st.none() | st.just(FACE),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pages=st.lists(st.lists(rows, max_size=30), min_size=1, max_size=4),
    duration=st.sampled_from([None, 1500, 9000]),
    block=st.sampled_from([1, 3, 1000]),
    faces=st.booleans(),
)
def test_any_pages_give_the_same_tables_and_notes(pages, duration, block, faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    facts = {"FrameRate": 25.0, "FrameHeight": 500, "FrameWidth": 1000, "DurationMillis": duration}
    facts = {name: value for name, value in facts.items() if value is not None}
    for number, records in enumerate(pages):
        token = "more" if number < len(pages) - 1 else None
        write(folder / f"page-{number}.json", page(*records, token=token, VideoMetadata=facts))
    [reference] = find_videos(folder)
    asked = Settings(faces=faces, zones=SHOP / "zones.geojson", period="40ms")
    assert_same(reference, asked, block)


def assert_same(reference, asked, block):
    """Measure a video on both roads, and compare what is told and every table but the large files."""
    scene = read_scene_file(asked)
    tables, notes = compute_tables(reference, asked, scene)
    with large_tables(reference, asked, scene, block=block) as large:
        assert large.notes == notes
        assert {*large.tables, *large.files} == {*tables}
        for name, table in large.tables.items():
            pd.testing.assert_frame_equal(table, tables[name], check_exact=True)
        for name, file in large.files.items():
            pd.testing.assert_frame_equal(
                read_parquet(file.parquet).droplevel("video"), tables[name], check_exact=True
            )


def test_rows_in_any_order_and_twice_come_back_sorted_and_once(tmp_path):
    several = [record(t, i) for t in (300, 0, 200, 200) for i in (5, 2, 2)]
    write(tmp_path / "pages" / "page-1.json", page(*several))
    [reference] = find_videos(tmp_path / "pages")
    spilled = spill(reference, tmp_path)
    detections, _ = read_tracking(reference)
    for blocks in (blocks_by_time, blocks_by_person):
        parts, merged = zip(*blocks(spilled, 1), strict=True)
        pd.testing.assert_frame_equal(pd.concat(parts).sort_index(), detections)
        assert sum(merged) == 6


@pytest.mark.parametrize(
    "pages",
    {
        "incomplete": [page(record(), token="more")],
        "failed": [page(JobStatus="FAILED", StatusMessage="too dark")],
        "not well-formed": ['{"JobStatus": "SUCCEEDED", "Persons": ['],
        "a box of text": [page(record(), {"Timestamp": 1, "Person": {"Index": 1, "BoundingBox": "x"}})],
        "two videos": [page(record(), token="x"), page(record(9), VideoMetadata={"FrameRate": 50.0})],
        "an unbelievable gap": [page(record())],
    }.items(),
    ids=lambda case: case[0],
)
def test_what_is_refused_is_refused_with_the_same_words(pages, tmp_path):
    name, contents = pages
    for number, content in enumerate(contents):
        write(tmp_path / "pages" / f"page-{number}.json", content)
    [reference] = find_videos(tmp_path / "pages")
    asked = Settings(max_gap="1ms") if name == "an unbelievable gap" else Settings()
    said = []
    for road in (
        lambda: compute_tables(reference, asked, None),
        lambda: large_tables(reference, asked, None).__enter__(),
    ):
        with pytest.raises(PtrackError) as error:
            road()
        said.append((type(error.value), str(error.value)))
    assert said[0] == said[1]


def test_each_table_is_made_in_blocks_or_named_as_one_that_is_not():
    assert set(FOLDERS) - set(IN_BLOCKS) == {
        "stitches",
        "encounters",
        "groups",
        "fundamental",
        "measure",
        "field",
    }


def test_what_needs_all_rows_is_measured_in_memory(always_large, tmp_path):
    write(tmp_path / "pages" / "page-1.json", page(record()))
    [reference] = find_videos(tmp_path / "pages")
    assert is_large(reference, Settings(memory="1MB"), None)
    assert not is_large(reference, Settings(memory="1GB"), None)
    for asked, name in (
        (Settings(memory="1MB", stitch=True), "stitch"),
        (Settings(memory="1MB", fill_gaps="5s"), "fill_gaps"),
        (Settings(memory="1MB", min_count=5), "min_count"),
        (Settings(memory="1MB", tables=["field"]), "field"),
        (Settings(memory="1MB", floor=SHOP / "floor.json"), "encounters"),
    ):
        assert name in held_back(asked, None)
        assert not is_large(reference, asked, None)


def test_without_duckdb_a_large_video_is_measured_in_memory(always_large, monkeypatch, tmp_path):
    write(tmp_path / "pages" / "page-1.json", page(record()))
    [reference] = find_videos(tmp_path / "pages")
    monkeypatch.setattr(choice, "has_sorter", lambda: False)
    assert not is_large(reference, Settings(memory="1MB"), None)


@pytest.mark.parametrize("text", ["much", "", "-1GB", "10kB", 5, None, True, float("nan"), float("inf")])
def test_what_is_no_memory_is_refused_with_what_was_expected(text):
    with pytest.raises(ParameterError, match=r"memory is .*, not an amount of at least 1MB"):
        Settings(memory=text)


def test_the_memory_changes_no_record():
    assert Settings(memory="1MB").parameters() == Settings(memory="2GB").parameters()


def test_the_cover_of_boxes_is_the_same_however_they_are_cut_into_blocks():
    random = np.random.default_rng(7)
    corners = random.random((4, 3 * CHUNK + 17))
    corners[2:] += corners[:2]
    held = random.integers(0, 2000, corners.shape[1]).astype("float64")
    covers = Covers((9, 16))
    for part in np.array_split(np.arange(len(held)), 41):
        covers.add(corners[:, part], held[part])
    whole = sum_boxes(corners, held, shape=(9, 16)) / 1000.0
    assert np.array_equal(covers.heatmap((0, 0, 1, 1), "px").seconds, whole)


def test_a_person_alone_has_the_very_figures_that_the_person_has_among_others():
    detections, video = read_tracking(SHOP / "pages")
    walked = compute_trajectories(detections, video)
    together = compute_tracks(walked)
    alone = [compute_tracks(person) for _, person in walked.groupby(level="person_index")]
    pd.testing.assert_frame_equal(pd.concat(alone), together, check_exact=True)


def test_the_folder_of_a_killed_process_is_removed_by_the_next_one(tmp_path, monkeypatch):
    code = (
        "import os, signal\n"
        "from ptrack_analysis.dataset.large.leftovers import spill_folder\n"
        "with spill_folder() as folder:\n"
        "    (folder / 'pages.parquet').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": root}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with spill_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert not list(tmp_path.iterdir())


def test_a_folder_with_an_odd_name_takes_the_spill(always_large, tmp_path, monkeypatch):
    odd = tmp_path / "it's [a] *"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    in_memory, in_blocks = both(SHOP / "pages", tmp_path)
    assert in_memory == in_blocks
    assert not list(odd.iterdir())
    record = json.loads(next((tmp_path / "1MB" / "_runs").iterdir()).read_text())
    assert "memory" not in record["parameters"]
