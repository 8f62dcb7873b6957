"""DETECTIONS as pages of GetPersonTracking, and back."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import FACE, page, record, write
from pandas.testing import assert_frame_equal

from ptrack_analysis import read_tracking
from ptrack_analysis.errors import OutputError, ParameterError, SchemaError
from ptrack_analysis.schema import DETECTIONS, FACE_COLUMNS, LANDMARK_COLUMNS, assemble, empty_table
from ptrack_analysis.sources.pages.decode import LATEST_START
from ptrack_analysis.sources.pages.writing import write_pages
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.video import Video, timedelta

THREE = make_detections({7: [(0, 0.5, 0.5), (40, 0.5, 0.5)], 3: [(0, None, None)]})


def pages_in(folder):
    return [json.loads(file.read_bytes()) for file in sorted(folder.glob("page-*.json"))]


def test_a_page_is_what_the_api_sends(tmp_path):
    video = make_video(
        1000, codec="h264", format="QuickTime / MOV", color_range="LIMITED",
        job_id="j", job_tag="t", source="bucket/a/b.mp4",
    )  # fmt: skip
    (file,) = write_pages(THREE, video, tmp_path / "new" / "folder")
    assert file.name == "page-000001.json"
    assert json.loads(file.read_bytes()) == {
        "JobStatus": "SUCCEEDED",
        "VideoMetadata": {
            "Codec": "h264",
            "DurationMillis": 1000,
            "Format": "QuickTime / MOV",
            "FrameRate": 25.0,
            "FrameHeight": 500,
            "FrameWidth": 1000,
            "ColorRange": "LIMITED",
        },
        "Persons": [
            record(0, 3, box=None),
            record(0, 7, box=(0.45, 0.3, 0.1, 0.2)),
            record(40, 7, box=(0.45, 0.3, 0.1, 0.2)),
        ],
        "JobId": "j",
        "JobTag": "t",
        "Video": {"S3Object": {"Bucket": "bucket", "Name": "a/b.mp4"}},
    }


def test_what_is_not_known_is_left_out(tmp_path):
    write_pages(THREE, Video(), tmp_path)
    assert set(pages_in(tmp_path)[0]) == {"JobStatus", "VideoMetadata", "Persons"}
    assert pages_in(tmp_path)[0]["VideoMetadata"] == {}


def test_all_pages_but_the_last_carry_a_token_of_their_own(tmp_path):
    files = write_pages(THREE, make_video(), tmp_path, page_size=1)
    tokens = [one.get("NextToken") for one in pages_in(tmp_path)]
    assert [file.name for file in files] == ["page-000001.json", "page-000002.json", "page-000003.json"]
    assert tokens[-1] is None
    assert len(set(tokens)) == 3


def test_the_same_table_gives_the_same_bytes_whatever_the_order_of_its_rows(tmp_path):
    one = write_pages(THREE, make_video(), tmp_path / "a", page_size=2)
    other = write_pages(THREE[::-1], make_video(), tmp_path / "b", page_size=2)
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in other]


def test_no_detections_are_one_page_without_persons(tmp_path):
    write_pages(empty_table(DETECTIONS), make_video(), tmp_path)
    assert pages_in(tmp_path)[0]["Persons"] == []
    assert read_tracking(tmp_path)[0].empty


def test_further_columns_are_not_written_and_the_table_stays_as_it_was(tmp_path):
    table = THREE.assign(confidence=0.5)
    before = table.copy()
    write_pages(table, make_video(), tmp_path)
    assert_frame_equal(table, before)
    assert_frame_equal(read_tracking(tmp_path, faces=False)[0], THREE)


def test_a_page_read_and_written_again_is_the_same_page(tmp_path):
    first = page(record(0, 0, face=FACE), record(40, 1, box=None, face=FACE), job="j", JobTag="t")
    detections, video = read_tracking(write(tmp_path / "a.json", first), landmarks=True)
    write_pages(detections, video, tmp_path / "b")
    assert pages_in(tmp_path / "b") == [first]


def test_real_pages_round_trip(real_data, tmp_path):
    detections, video = read_tracking(real_data / "rekognition" / "edenai-2023-10-16.json", landmarks=True)
    assert len(write_pages(detections, video, tmp_path, page_size=100)) == 4
    again, facts = read_tracking(tmp_path, landmarks=True)
    assert_frame_equal(again, detections)
    assert facts.duration == video.duration
    assert (facts.width, facts.height, facts.frame_rate) == (video.width, video.height, video.frame_rate)


NUMBERS = st.floats(-1e6, 1e6)
SIDES = st.none() | st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
MAYBE = st.none() | NUMBERS
PLACE = st.none() | st.tuples(NUMBERS, NUMBERS)
ROWS = st.dictionaries(
    st.tuples(st.integers(0, LATEST_START), st.integers(0, 2**53)),
    st.tuples(SIDES, SIDES, st.tuples(*[MAYBE] * 6), st.tuples(*[PLACE] * 5)),
    max_size=8,
)
TEXT = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def table_of(rows):
    """Make detections with faces and landmarks of generated rows."""
    names = [c.name for c in DETECTIONS.columns[:4]] + [c.name for c in (*FACE_COLUMNS, *LANDMARK_COLUMNS)]
    flat = [
        [
            *(box or [np.nan] * 4),
            *(face or [np.nan] * 4),
            *more,
            *(x for place in landmarks for x in place or (np.nan, np.nan)),
        ]
        for box, face, more, landmarks in rows.values()
    ]
    values = np.array(flat, dtype="float64").reshape(-1, len(names))
    keys = np.array(list(rows), dtype="int64").reshape(-1, 2)
    arrays = {"timestamp": keys[:, 0], "person_index": keys[:, 1]}
    return assemble(DETECTIONS, arrays | {name: values[:, at] for at, name in enumerate(names)})


@pytest.mark.filterwarnings("ignore:.*sampling period is unknown:ptrack_analysis.errors.PtrackWarning")
@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    page_size=st.integers(1, 5),
    duration=st.none() | st.integers(1, 10**9),
    rate=st.none() | st.floats(0.1, 1000),
    job=TEXT,
    source=st.none() | st.just("bucket") | st.just("bucket/a/b"),
)
def test_tables_and_pages_round_trip_exactly(rows, page_size, duration, rate, job, source):
    detections = table_of(rows)
    video = Video(
        name="a", width=640, height=480, frame_rate=rate, job_id=job, job_tag=job, source=source,
        duration=None if duration is None else timedelta(duration),
    )  # fmt: skip
    video, _ = resolve_video(video, detections.index)
    with tempfile.TemporaryDirectory() as folder:
        write_pages(detections, video, Path(folder, "a"), page_size=page_size)
        again, facts = read_tracking(Path(folder, "a"), landmarks=True)
        assert_frame_equal(again, detections, check_exact=True)
        assert facts == video
        write_pages(again, facts, Path(folder, "b"), page_size=page_size)
        assert pages_in(Path(folder, "a")) == pages_in(Path(folder, "b"))


@pytest.mark.parametrize("name", ["page-1.json", "other.jsonl", "below/other.json.gz"])
def test_a_folder_that_holds_pages_is_refused_unless_forced(tmp_path, name):
    other = write(tmp_path / name, page(record()))
    with pytest.raises(OutputError, match="the folder contains files named like pages"):
        write_pages(THREE, make_video(), tmp_path)
    assert other.exists()
    write_pages(THREE, make_video(), tmp_path, force=True)
    assert other.exists()


def test_forced_writing_replaces_a_longer_set_of_pages(tmp_path):
    write_pages(THREE, make_video(), tmp_path, page_size=1)
    write_pages(THREE[:1], make_video(), tmp_path, force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["page-000001.json"]


def test_what_is_no_page_does_not_hinder(tmp_path):
    write(tmp_path / "zones.geojson", "{}")
    write(tmp_path / ".hidden.json", "{}")
    assert len(write_pages(THREE, make_video(), tmp_path)) == 1


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(OutputError, match="must be a folder, but it or a parent is a file"):
        write_pages(THREE, make_video(), write(tmp_path / "a", "x"))
    with pytest.raises(OutputError, match="to a folder on disk, not to S3"):
        write_pages(THREE, make_video(), "s3://bucket/prefix")


@pytest.mark.parametrize("size", [0, 1001, True, 1.5, "9"])
def test_a_page_size_out_of_range_is_refused(tmp_path, size):
    with pytest.raises(ParameterError, match="page_size must be"):
        write_pages(THREE, make_video(), tmp_path, page_size=size)


def with_index(time, person):
    arrays = {"timestamp": np.array([time]), "person_index": np.array([person])}
    return assemble(
        DETECTIONS, arrays | {side: np.array([0.5]) for side in ("left", "top", "width", "height")}
    )


UNWRITABLE = {
    "negative time": (with_index(-40, 1), r"the time \[ms\] must be 0 to \d+, got -40"),
    "negative person": (with_index(0, -1), "person -1 at .* the person index must be 0 to .*, got -1"),
    "huge person": (with_index(0, 2**60), "the person index must be .*, got 1152921504606846976"),
    "infinite side": (
        THREE.assign(left=np.inf),
        "person 3 at .* left must be .*, got inf",
    ),
    "part of a box": (
        THREE.assign(left=np.nan),
        "person 7 at .* left, top, width, height must be given together",
    ),
    "part of a face": (THREE.assign(face_left=0.5), "face_left, face_top, .* must be given together"),
    "part of a landmark": (THREE.assign(nose_x=0.5), "nose_x, nose_y must be given together"),
}


@pytest.mark.parametrize(("table", "said"), UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_what_no_page_can_hold_is_refused_before_anything_is_written(tmp_path, table, said):
    with pytest.raises(ParameterError, match=said):
        write_pages(table, make_video(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_another_table_is_refused(tmp_path):
    with pytest.raises(SchemaError):
        write_pages(pd.DataFrame(), make_video(), tmp_path)
