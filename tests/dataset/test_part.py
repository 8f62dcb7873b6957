"""A part of a video is read in the memory of the part, and gives the tables of the whole video cut to it."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import FACE, page, record, write

from ptrack_analysis.dataset.batches import compute_tables
from ptrack_analysis.errors import InputError, PtrackError
from ptrack_analysis.pipeline import video_analysis
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.schema.arrays import to_frame
from ptrack_analysis.sources.finding import find_videos
from ptrack_analysis.sources.pages.decode import WITH_FACES, Page, decode_pages
from ptrack_analysis.sources.pages.rows import (
    Budget,
    Collector,
    TimeRange,
    _mark_values,
    build_page_rows,
    compute_whole,
)
from ptrack_analysis.sources.pages.salvage import DocumentLog
from ptrack_analysis.sources.reading import load

SHOP = Path(__file__).parent.parent.parent / "data" / "shop"
RANGES = [
    {"start": "20s", "end": "70s"},
    {"start": "1500ms", "end": "1501ms"},
    {"start": "90s"},
    {"end": "70500ms"},
    {"start": "2h"},
    {"start": "3s", "end": "21s", "persons": [1, 2, 3, 5, 8]},
    {"end": "40s", "stitch": True, "smooth": "500ms"},
]


def computed(reference, asked):
    """Give tables and notes, or what is refused."""
    try:
        tables, notes = compute_tables(VideoAnalysis(reference, asked))
        return {name: to_frame(rows) for name, rows in tables.items()}, notes
    except PtrackError as error:
        return {}, [f"{type(error).__name__}: {error}"]


def assert_same_as_whole(reference, asked):
    tables, notes = computed(reference, asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_analysis, "_part_to_read", lambda *_: None)
        expected, expected_notes = computed(reference, asked)
    assert notes == expected_notes
    assert tables.keys() == expected.keys()
    for name, table in tables.items():
        # speeds are differences of integrals from the first row that was read
        pd.testing.assert_frame_equal(table, expected[name], check_exact=False, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("asked", RANGES, ids=str)
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_every_table_of_a_part_is_that_of_the_whole_video_cut_to_it(asked):
    (reference,) = find_videos(SHOP / "pages")
    assert_same_as_whole(reference, AnalysisConfig(zones=SHOP / "zones.geojson", tables="all", **asked))


boxes = st.tuples(*[st.sampled_from([0.1, 0.5, 0.75])] * 2, *[st.sampled_from([-0.01, 0.2, 0.25])] * 2)
rows = st.builds(
    record,
    st.integers(0, 120).map(lambda n: n * 100),
    st.integers(0, 3),
    box=boxes | st.none(),
    face=st.none() | st.just(FACE),
)


@pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")
@pytest.mark.filterwarnings(
    "ignore:.*(another box|duration of|no sampling):ptrack_analysis.errors.PtrackWarning"
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pages=st.lists(st.lists(rows, max_size=40), min_size=1, max_size=4),
    again=st.booleans(),
    duration=st.sampled_from([None, 9000, 20_000]),
    start=st.sampled_from([None, 0, 3000, 11_500]),
    length=st.sampled_from([None, 1, 4000]),
    max_gap=st.sampled_from(["100ms", "2s"]),
    faces=st.booleans(),
)
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_a_part_of_any_pages_gives_the_tables_and_notes_of_the_whole_video_cut_to_it(
    pages, again, duration, start, length, max_gap, faces, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("pages")
    facts = {"FrameRate": 25.0, "FrameHeight": 500, "FrameWidth": 1000, "DurationMillis": duration}
    facts = {name: value for name, value in facts.items() if value is not None}
    pages = pages + pages[:1] if again else pages
    for number, records in enumerate(pages):
        token = "more" if number < len(pages) - 1 else None
        write(folder / f"page-{number}.json", page(*records, token=token, VideoMetadata=facts))
    (reference,) = find_videos(folder)
    asked = AnalysisConfig(
        faces=faces,
        allow_dropped=True,
        zones=SHOP / "zones.geojson",
        max_gap=max_gap,
        start=None if start is None else f"{start}ms",
        end=None if length is None else f"{(start or 0) + length}ms",
    )
    assert_same_as_whole(reference, asked)


def test_boxes_of_one_person_at_one_moment_outside_of_the_part_are_compared_exactly(tmp_path):
    """Which of two boxes counts is told by their sizes, which are not kept outside of the part."""
    low, high = (0.1, 0.7, 0.2, 0.295), (0.1, 0.1, 0.2, 0.3)
    for number, box in enumerate((low, high)):
        token = "more" if number == 0 else None
        write(tmp_path / f"p-{number}.json", page(record(90_000, 7, box=box), record(100), token=token))
    (reference,) = find_videos(tmp_path)
    assert_same_as_whole(reference, AnalysisConfig(end="1s"))
    reading = load(reference, careful=False, part=TimeRange(0, 1000))
    assert (reading.whole.boxes, reading.whole.hidden, reading.report.merged) == (2, 0, 2)
    assert len(reading.whole.index) == 2


def collect(pages, part=None, **options):
    """Give a collector with the rows of pages."""
    collector = Collector(part=part, **options)
    for content in pages:
        for decoded in decode_pages(json.dumps(content).encode(), "a", WITH_FACES, DocumentLog()):
            collector.add(build_page_rows(decoded, faces=True, landmarks=False))
    return collector


OTHER_FACE = FACE | {"Confidence": 50.0}
LATE = [
    page(record(9000, 5), record(2**32, 3), record(9000, 2, box=(0.1, 0.1, -0.2, 0.1)), record(1500, 1)),
    page(record(300, 5, box=None, face=FACE), record(9000, 4, box=(0.1, 0.7, 0.2, 0.3)), record(1900, 2)),
    page(record(300, 5), record(2**32, 2**40, box=None), record(9000, 5), record(0, 7)),
]
SAME_TIMES = {
    "no row twice": ([], []),
    "the same row": ([record(9000, 5), record(9000, 5)], []),
    "a box and a face": ([record(40, 1), record(40, 1, box=None, face=FACE)], []),
    "two boxes": ([record(40, 1), record(40, 1, box=(0.4, 0.2, 0.1, 0.3)), record(40, 0)], [40]),
    "two faces": ([record(40, 1, face=FACE), record(40, 1, face=OTHER_FACE)], [40]),
    "two boxes and the same face": (
        [record(40, 1, face=FACE), record(40, 1, box=(0, 0, 0.1, 0.1), face=FACE), record(40, 1)],
        [40],
    ),
    "two times": (
        [record(time, 1, box=(left, 0.1, 0.1, 0.1)) for time in (2**33, 9000) for left in (0.1, 0.2)],
        [9000, 2**33],
    ),
}


@pytest.mark.parametrize(("records", "unclear"), SAME_TIMES.values(), ids=SAME_TIMES.keys())
def test_the_facts_about_a_video_are_the_same_with_the_rows_of_a_part(records, unclear):
    pages = [*LATE, page(*records)]
    table, merged = collect(pages).table()
    expected = compute_whole(table)
    collector = collect(pages, TimeRange(1000, 2000))
    assert collector.unclear().tolist() == unclear
    kept, merged_in_part = collector.table()
    pd.testing.assert_frame_equal(kept, table.loc["1000ms":"1999ms"], check_index_type=False)
    found, more = collector.whole(kept)
    assert merged_in_part.rows + more == merged.rows
    pd.testing.assert_index_equal(found.index, expected.index)
    for name in ("boxes", "negative", "hidden"):
        assert getattr(found, name) == getattr(expected, name)


def test_a_part_without_other_rows_has_the_facts_of_its_table():
    collector = collect(LATE, TimeRange(0, np.inf))
    table, _ = collector.table()
    found, more = collector.whole(table)
    assert (more, found.boxes, found.negative, found.hidden) == (0, 8, 1, 1)
    pd.testing.assert_index_equal(found.index, table.index)


def test_rows_within_and_outside_of_the_part_count_for_the_memory_of_a_video():
    for memory in (263, 262):
        budget = Budget(video="door", memory=memory, row=100, other=7, way_out="Read a part (--start).")
        if memory == 263:
            assert len(collect(LATE, TimeRange(1000, 2000), budget=budget)) == 3
            continue
        with pytest.raises(InputError, match=r"video 'door' with 11 detections or more needs .* \(--start\)"):
            collect(LATE, TimeRange(1000, 2000), budget=budget)


def test_boxes_that_differ_in_any_bit_are_told_apart_outside_of_the_part():
    drawn = np.random.default_rng(1).random((4, 1))
    boxes = np.repeat(drawn, 401, axis=1)
    for side in range(4):
        boxes[side, 1 + 100 * side : 101 + 100 * side] += np.arange(1, 101) * 2.0**-52
    marks = _mark_values(boxes)
    assert len(np.unique(marks)) == 401
    assert marks.min() > 0
    assert _mark_values(drawn)[0] == marks[0]


def many_rows(pages, persons=20):
    """Give pages of 1000 rows, 20 persons every 100 ms."""
    one = build_page_rows(Page(), faces=False, landmarks=False)
    for number in range(pages):
        moments = np.repeat(np.arange(number * 50, number * 50 + 50) * 100, persons)
        persons_there = np.tile(np.arange(persons), 50)
        box = np.full((4, len(moments)), 0.25)
        there = np.ones(len(moments), dtype=bool)
        none = np.zeros(len(moments), dtype=bool)
        yield type(one)(moments, persons_there, there, box, none, np.empty((0, 0)))


def peak_of_collecting(part):
    """Give the kept rows and the peak of memory [bytes a row of the video]."""
    tracemalloc.start()
    collector = Collector(faces=False, part=part)
    for page_rows in many_rows(300):
        collector.add(page_rows)
    kept = sum(len(page_rows.time) for page_rows in collector.pages)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept, held / 300_000


def test_only_the_rows_of_the_part_stay_in_memory_while_pages_are_read():
    kept, held = peak_of_collecting(None)
    assert kept == 300_000
    assert held > 49
    kept, held = peak_of_collecting(TimeRange(10_000, 20_000))
    assert kept == 2000
    assert held < 20
