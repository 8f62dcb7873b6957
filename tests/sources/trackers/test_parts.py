"""A table of several videos is read once for all of them."""

import numpy as np
import pytest
from pages import write

from ptrack_analysis import export_dataset, find_videos, open_dataset, open_video, read_tracking, read_tracks
from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers import registry, tables
from ptrack_analysis.video import Video

VIDEO = Video(width=100, height=100, frame_rate=25.0)
NAMES = ("morning", "noon", "evening")
SIDES = {"left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
COLUMNS = {"frame": "frame", "id": "id", "video": "video", "camera": "camera", **SIDES}


@pytest.fixture
def file(tmp_path):
    rows = [
        f"{video},{camera},{frame},{number},0,0,{10 + number},20"
        for frame in range(3)
        for number, video in enumerate(NAMES)
        for camera in ("a", "b")
    ]
    return write(tmp_path / "in" / "t.csv", "\n".join(["video,camera,frame,id,x1,y1,x2,y2", *rows]) + "\n")


@pytest.fixture
def reads(monkeypatch):
    """Count how often a CSV file is parsed."""
    found, opened = [], tables.Sheet.open
    monkeypatch.setattr(tables.Sheet, "open", lambda path: found.append(path) or opened(path))
    return found


def test_a_table_of_six_videos_is_parsed_once(file, reads):
    references = find_videos(file, columns=COLUMNS)
    widths = {one.name: read_tracking(one, video=VIDEO)[0]["width"].unique() for one in references}
    assert len(reads) == 1
    assert list(widths) == [f"{name}-{camera}" for name in NAMES for camera in ("a", "b")]
    np.testing.assert_allclose(list(widths.values()), [[0.1], [0.1], [0.11], [0.11], [0.12], [0.12]])


def test_an_export_parses_a_table_once_and_the_videos_keep_their_facts(file, reads, tmp_path):
    export_dataset(file, tmp_path / "out", video=VIDEO, columns=COLUMNS)
    assert len(reads) == 1
    videos = open_dataset(tmp_path / "out").read("videos")
    assert len(videos) == 6
    assert videos["frame_rate"].eq(25.0).all()


def test_a_table_that_changed_is_read_again(file, reads):
    first, second, *_ = find_videos(file, columns=COLUMNS)
    read_tracking(first, video=VIDEO)
    file.write_text(file.read_text().replace(",20\n", ",40\n"))
    assert read_tracking(second, video=VIDEO)[0]["height"].unique().tolist() == [0.4]
    assert len(reads) == 2


def test_the_rows_of_a_table_are_dropped_with_its_last_video(file, reads):
    references = find_videos(file, columns=COLUMNS)
    for one in references:
        assert registry._last_split._kept is not None
        read_tracking(one, video=VIDEO)
    assert registry._last_split._kept is None
    read_tracking(references[0], video=VIDEO)
    assert len(reads) == 2


def test_a_table_is_read_again_with_other_options(file, reads):
    first = find_videos(file, columns=COLUMNS)[0]
    later = find_videos(file, columns=COLUMNS, first_frame=1)[0]
    with pytest.raises(InputError, match="frame is '0'; expected a whole number from 1"):
        read_tracking(later, video=VIDEO)
    assert len(reads) == 2
    assert len(read_tracking(first, video=VIDEO)[0]) == 3
    assert len(reads) == 3


def test_the_facts_given_for_one_video_are_not_those_of_the_next(tmp_path):
    rows = "1 7 10 20 50 100 -1 -1 -1 {0}\n2 7 30 20 50 100 -1 -1 -1 {0}\n"
    file = write(tmp_path / "a.txt", rows.format(0) + rows.format(1))
    references = find_videos(file, format="mot", first_pixel=0)
    registry._last_split._kept = None
    for one, width in zip(references, (100, 200), strict=True):
        video = Video(width=width, height=200, frame_rate=width / 4)
        table, read = read_tracking(one, video=video)
        assert (read.width, read.frame_rate) == (width, width / 4)
        np.testing.assert_allclose(table["width"], 50 / width)


def test_a_table_of_several_videos_is_refused_with_the_first_three(file):
    file.write_text(file.read_text() + "night,a,0,1,0,0,10,20\n")
    said = (
        r"the column 'video' has 4 values \('morning', 'noon', 'evening', \.\.\.\), each a video. Read one "
        r"of the videos that find_videos returns \(--video NAME\); split a table by "
    )
    with pytest.raises(InputError, match=said):
        read_tracks(file, video=VIDEO, columns=COLUMNS)


def test_a_video_that_is_read_twice_is_the_same(file):
    references = find_videos(file, columns=COLUMNS)
    for _ in range(2):
        assert [len(read_tracking(one, video=VIDEO)[0]) for one in references] == [3] * 6


def test_rows_that_are_kept_are_refused_by_the_same_budget(tmp_path):
    rows = [f"{'ab'[n % 2]},{n // 2},1,0,0,9,9" for n in range(8000)]
    file = write(tmp_path / "t.csv", "\n".join(["video,frame,id,x1,y1,x2,y2", *rows]) + "\n")
    columns = {role: name for role, name in COLUMNS.items() if role != "camera"}
    first, _ = find_videos(file, columns=columns)
    with pytest.raises(InputError, match="8000 rows needs more than"):
        open_video(first, video=VIDEO, memory="1MB").detections  # noqa: B018
