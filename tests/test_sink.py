"""The sink writes what a running tracker returns, and each archive reads back as the same table."""

import os
import signal
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ptrack_analysis as pta
from ptrack_analysis.errors import IncompleteError, InputError, OutputError, ParameterError, PtrackWarning
from ptrack_analysis.rekognition import write_pages

VIDEO = pta.Video(width=640, height=480, frame_rate=30000 / 1001)
COCO = {0: "person", 2: "car", 16: "dog"}


def crowd(frames, people, seed=7):
    """Make the arrays of some frames: people who walk, and rows that are not tracked."""
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 400, (people, 2))
    size = random.uniform(20, 80, (people, 2))
    for _ in range(frames):
        corner = corner + random.normal(0, 1, corner.shape)
        yield random.permutation(people) + 1, np.hstack([corner, corner + size]), None


def fill(folder, results, *, video=VIDEO, **options):
    with pta.TrackingSink(folder, video=video, **options) as sink:
        for frame, result in enumerate(results):
            sink.append(result, frame=frame)
    return sink


class Tensor(np.ndarray):
    """An array that has to be fetched from a GPU."""

    def __new__(cls, values):
        return np.asarray(values, dtype="float32").view(cls)

    def cpu(self):
        return np.asarray(self)


def results_of_ultralytics(ids, xyxy, classes, shape=(480, 640), names=COCO):
    """Stand in for ``ultralytics.engine.results.Results``, whose attributes these are."""
    boxes = SimpleNamespace(
        xyxy=Tensor(xyxy),
        id=None if ids is None else Tensor(ids),
        cls=Tensor(classes),
        conf=Tensor(np.full(len(classes), 0.9)),
    )
    return SimpleNamespace(boxes=boxes, orig_shape=shape, names=names)


def test_what_was_appended_is_read_with_times_as_in_the_files_of_trackers(tmp_path):
    results = list(crowd(50, 6))
    sink = fill(tmp_path / "a", results)
    detections, video = sink.read()
    lines = ["frame_number,tracker_id,x_min,y_min,x_max,y_max"]
    for frame, (ids, boxes, _) in enumerate(results):
        lines += [f"{frame},{i},{','.join(map(repr, b.tolist()))}" for i, b in zip(ids, boxes, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    expected, _ = pta.read_tracking(tmp_path / "a.csv", video=VIDEO)
    assert_frame_equal(detections, expected[detections.columns], rtol=0, atol=1e-15)
    assert (video.width, video.height, video.frame_rate) == (640, 480, VIDEO.frame_rate)
    assert video.read_report.verdict == "complete as far as can be told"
    assert sorted(detections.index.get_level_values("timestamp").unique().astype("int64"))[:3] == [0, 33, 66]


@pytest.mark.parametrize("page_size", [1, 7, 24, 1000])
def test_the_pages_are_those_that_write_pages_writes(tmp_path, page_size):
    sink = fill(tmp_path / "a", crowd(12, 4), page_size=page_size)
    detections, _ = sink.read()
    files = write_pages(detections, VIDEO, tmp_path / "b", page_size=page_size)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [file.name for file in files]
    for file in files:
        assert (tmp_path / "a" / file.name).read_bytes() == file.read_bytes()


def test_detections_of_supervision_are_written(tmp_path):
    sv = pytest.importorskip("supervision")
    results = [
        sv.Detections(
            xyxy=np.array([[64, 48, 128, 240], [0, 0, 64, 48], [320, 240, 640, 480]], dtype="float32"),
            confidence=np.array([0.9, 0.8, 0.7]),
            class_id=np.array([0, 2, 0]),
            tracker_id=np.array([5, 6, -1]),
            data={"class_name": np.array(["person", "car", "person"])},
        ),
        sv.Detections.empty(),
    ]
    with pytest.warns(PtrackWarning, match=r"1 rows of other classes .*1 car.*1 rows without an id"):
        sink = fill(tmp_path / "a", results)
    detections, _ = sink.read()
    assert detections.index.tolist() == [(pd.Timedelta(0), 5)]
    assert detections[["left", "top", "width", "height"]].iloc[0].tolist() == pytest.approx(
        [0.1, 0.1, 0.1, 0.4]
    )
    with pytest.raises(ParameterError, match=r"result.tracker_id is None.*tracker.update"):
        fill(tmp_path / "b", [sv.Detections(xyxy=np.array([[1.0, 2, 30, 40]]))])


def test_results_of_ultralytics_are_written(tmp_path):
    xyxy = [[64, 48, 128, 240], [0, 0, 64, 48]]
    results = [
        results_of_ultralytics(None, xyxy, [0, 2]),
        results_of_ultralytics([5, 6], xyxy, [0, 2]),
        results_of_ultralytics(None, np.empty((0, 4)), []),
    ]
    with pytest.warns(PtrackWarning, match=r"2 rows of other classes .*2 car.*1 rows without an id"):
        sink = fill(tmp_path / "a", results)
    detections, video = sink.read()
    assert detections.index.tolist() == [(pd.Timedelta("33ms"), 5)]
    assert [(reason.rows, reason.is_excluded) for reason in video.read_report.dropped] == [
        (2, True),
        (1, False),
    ]
    assert video.read_report.rows == 4


def test_the_frame_size_of_ultralytics_must_be_that_of_the_video(tmp_path):
    wide = results_of_ultralytics([5], [[64, 48, 128, 240]], [0], shape=(720, 1280))
    with pytest.raises(ParameterError, match=r"frame of 1280 x 720 px, but video has 640 x 480 px"):
        fill(tmp_path / "a", [wide])


@pytest.mark.parametrize(
    ("classes", "labels", "kept"),
    [
        (["car"], ["person", "car", "dog"], [2]),
        (["Person", "DOG"], ["person", "car", "dog"], [1, 3]),
        (2, [0, 2, 16], [2]),
        (0, [0, 2, 16], [1]),
        ([0, 16], [0, 2, 16], [1, 3]),
        (None, ["Person", "", "woman"], [1, 2, 3]),
    ],
)
def test_classes_are_chosen_by_name_or_number(tmp_path, classes, labels, kept):
    boxes = [[10, 10, 60, 90]] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        sink = fill(tmp_path / "a", [([1, 2, 3], boxes, labels)], classes=classes)
    assert sink.read()[0].index.get_level_values("person_index").tolist() == kept


def test_numbers_without_names_are_all_kept_which_is_said(tmp_path):
    with pytest.warns(PtrackWarning, match=r"numbers without names \(0, 2\): rows of all classes are kept"):
        fill(tmp_path / "a", [([1, 2], [[10, 10, 60, 90]] * 2, [0, 2])])


@pytest.mark.parametrize(
    ("options", "result", "message"),
    [
        (
            {"classes": ["person"]},
            ([1], [[1, 2, 30, 40]], [0]),
            r"classes is \['person'\], but result has cl",
        ),
        ({"classes": [0]}, ([1], [[1, 2, 30, 40]], None), r"classes is \['0'\], but result has no classes"),
        ({}, ([1], [[1, 2, 30, 40]], ["staff"]), r"class 'staff', which may mean people. Pass classes="),
        (
            {},
            results_of_ultralytics([1], [[1, 2, 30, 40]], [0], names={0: "head", 1: "helmet"}),
            r"no class of the model has the name of a person \(head, helmet\)",
        ),
    ],
)
def test_classes_that_do_not_decide_are_refused(tmp_path, options, result, message):
    with pytest.raises(ParameterError, match=message):
        fill(tmp_path / "a", [result], **options)


GOOD = ([1], [[10.0, 10, 60, 90]], None)
BAD_RESULTS = [
    (([1], [[10, 10, np.nan, 90]], None), InputError, r"xyxy of result\[0\] must be four finite numbers"),
    (([1], [[10, 10, np.inf, 90]], None), InputError, r"four finite numbers"),
    (([1], [[60, 10, 10, 90]], None), InputError, r"left <= right"),
    (([1], [[10, 10, 60]], None), ParameterError, r"\(n, 4\) array .* got shape \(1, 3\)"),
    (([1], [10, 10, 60, 90], None), ParameterError, r"got shape \(4,\)"),
    (([1, 2], [[10, 10, 60, 90]], None), ParameterError, r"ids of result must have one value per box"),
    (([1], [[10, 10, 60, 90]], [0, 0]), ParameterError, r"classes of result must have one value per box"),
    (([1.5], [[10, 10, 60, 90]], None), InputError, r"ids of result\[0\] must be a whole number.*got 1.5"),
    (([-2], [[10, 10, 60, 90]], None), InputError, r"got -2"),
    ((["a"], [[10, 10, 60, 90]], None), ParameterError, r"ids of result must be whole numbers"),
    (([1, 1], [[10, 10, 60, 90]] * 2, None), InputError, r"the id 1 twice in one frame"),
    ((None, [[10, 10, 60, 90]], None), ParameterError, r"ids are None. Run a tracker"),
    (([1], [[0.1, 0.1, 0.5, 0.9]], None), ParameterError, r"look like fractions of the frame"),
    (([1], [[1900, 10, 1915, 90]], None), ParameterError, r"far outside a frame of 640 x 480 px"),
    (([1], [[10, 10, 60, 90]], [0.5]), ParameterError, r"classes of result must be whole numbers or names"),
    ([results_of_ultralytics([1], [[1, 2, 30, 40]], [0])], ParameterError, r"must be one frame, got a list"),
    (SimpleNamespace(boxes=None, orig_shape=(1, 1)), ParameterError, r"result.boxes is None"),
    ("frame", ParameterError, r"result must be supervision Detections.*got str"),
]


@pytest.mark.parametrize(("result", "error", "message"), BAD_RESULTS)
def test_a_bad_result_is_refused_and_changes_nothing(tmp_path, result, error, message):
    with pta.TrackingSink(tmp_path / "a", video=VIDEO) as sink:
        with pytest.raises(error, match=message):
            sink.append(result, frame=0)
        sink.append(GOOD, frame=0)
        sink.append(GOOD, frame=1)
    assert len(sink.read()[0]) == 2
    assert sink.report.rows == 2


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ({"frame": 4}, r"the last one was 5, and 4 is before it"),
        ({"frame": 5}, r"the last one was 5, and 5 was added already"),
        ({"frame": -1}, r"frame must be a whole number from 0"),
        ({"frame": 6.0}, r"frame must be a whole number from 0"),
        ({"frame": True}, r"frame must be a whole number from 0"),
        ({}, r"append requires either frame"),
        ({"frame": 6, "timestamp": "1s"}, r"append requires either frame"),
        ({"timestamp": "0.1s"}, r"timestamp is '0.1s' \(100 ms\), which is not after .* \(166 ms\)"),
        ({"timestamp": 7.5}, r"timestamp must be a duration such as '1.5s'"),
        ({"timestamp": "-1s"}, r"timestamp must be a duration"),
        ({"timestamp": "soon"}, r"timestamp must be a duration"),
    ],
)
def test_a_frame_must_be_after_the_one_before(tmp_path, time, message):
    with pta.TrackingSink(tmp_path / "a", video=VIDEO) as sink:
        sink.append(GOOD, frame=5)
        with pytest.raises(ParameterError, match=message):
            sink.append(GOOD, **time)
    assert len(sink.read()[0]) == 1


def test_a_timestamp_needs_no_frame_rate_and_is_cut_to_whole_milliseconds(tmp_path):
    video = pta.Video(width=640, height=480)
    with pta.TrackingSink(tmp_path / "a", video=video) as sink:
        for seconds in (0.0, 0.0339, 1.5):
            sink.append(GOOD, timestamp=pd.Timedelta(seconds=seconds))
        with pytest.raises(ParameterError, match=r"frame rate is not known.*Pass video=Video\(frame_rate="):
            sink.append(GOOD, frame=100)
    times = sink.read()[0].index.get_level_values("timestamp")
    assert times.tolist() == [pd.Timedelta(0), pd.Timedelta("33ms"), pd.Timedelta("1.5s")]


def test_boxes_without_any_id_are_an_error_at_the_end(tmp_path):
    sink = pta.TrackingSink(tmp_path / "a", video=VIDEO)
    for frame in range(3):
        sink.append(results_of_ultralytics(None, [[64, 48, 128, 240]], [0]), frame=frame)
    with pytest.raises(InputError, match=r"3 boxes were added, but no box has an id"):
        sink.close()
    assert len(pta.read_tracking(tmp_path / "a")[0]) == 0


def test_a_video_without_a_frame_size_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"video has no frame size.*Pass video=Video\(width=\.\.\."):
        pta.TrackingSink(tmp_path / "a", video=pta.Video(frame_rate=25))
    assert not (tmp_path / "a").exists()


def test_a_folder_with_content_is_refused(tmp_path):
    fill(tmp_path / "a", crowd(2, 2))
    before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    with pytest.raises(OutputError, match=r"the folder is not empty \(it contains 'page-000001.json'\)"):
        pta.TrackingSink(tmp_path / "a", video=VIDEO)
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == before
    with pytest.raises(OutputError, match="must be a folder, but it or a parent is a file"):
        pta.TrackingSink(tmp_path / "a" / "page-000001.json", video=VIDEO)


def test_a_closed_sink_takes_nothing_more(tmp_path):
    sink = fill(tmp_path / "a", crowd(2, 2))
    sink.close()
    with pytest.raises(OutputError, match="the sink is closed"):
        sink.append(GOOD, frame=9)


def test_an_exception_leaves_a_readable_archive_that_is_incomplete(tmp_path):
    def results():
        yield from crowd(30, 2)
        raise RuntimeError("the camera is gone")

    with pytest.raises(RuntimeError, match="camera"):
        fill(tmp_path / "a", results())
    with pytest.raises(IncompleteError, match="NextToken"):
        pta.read_tracking(tmp_path / "a")
    with pytest.warns(PtrackWarning, match="incomplete"):
        detections, _ = pta.read_tracking(tmp_path / "a", allow_incomplete=True)
    assert len(detections) == 60


def test_a_sink_whose_loop_failed_can_be_read(tmp_path):
    sink = pta.TrackingSink(tmp_path / "a", video=VIDEO)
    sink.append(GOOD, frame=0)
    with pytest.raises(ParameterError, match="frame must be"), sink:
        sink.append(GOOD, frame=-1)
    with pytest.warns(PtrackWarning, match="incomplete"):
        detections, video = sink.read()
    assert len(detections) == 1
    assert video.read_report.completeness.is_incomplete


def test_an_open_sink_can_be_read(tmp_path):
    sink = pta.TrackingSink(tmp_path / "a", video=VIDEO, page_size=8)
    with pytest.warns(PtrackWarning, match="incomplete"):
        assert len(sink.read()[0]) == 0
    results = list(crowd(20, 3))
    for frame, result in enumerate(results[:10]):
        sink.append(result, frame=frame)
    with pytest.warns(PtrackWarning, match="incomplete"):
        assert len(sink.read()[0]) == 30
    for frame, result in enumerate(results[10:], 10):
        sink.append(result, frame=frame)
    sink.close()
    once = fill(tmp_path / "b", results, page_size=8)
    assert_frame_equal(sink.read()[0], once.read()[0])


def test_a_page_that_is_not_full_is_saved_in_time(tmp_path, monkeypatch):
    sink = pta.TrackingSink(tmp_path / "a", video=VIDEO)
    sink.append(GOOD, frame=0)
    with pytest.warns(PtrackWarning):
        assert not len(pta.read_tracking(tmp_path / "a", allow_incomplete=True)[0])
    later = time.monotonic() + 11
    monkeypatch.setattr("ptrack_analysis.sources.sink.time.monotonic", lambda: later)
    sink.append(GOOD, frame=1)
    with pytest.warns(PtrackWarning):
        assert len(pta.read_tracking(tmp_path / "a", allow_incomplete=True)[0]) == 2


ENDLESS = """
import itertools, sys
import numpy as np
import ptrack_analysis as pta
boxes = np.array([[10.0, 10, 60, 90], [100, 100, 150, 220]])
video = pta.Video(width=640, height=480, frame_rate=25)
with pta.TrackingSink(sys.argv[1], video=video, page_size=20) as sink:
    for frame in itertools.count():
        sink.append(([1, 2], boxes + frame % 100, None), frame=frame)
        if frame == 200:
            print("running", flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_a_killed_process_leaves_an_archive_that_reads_as_incomplete(tmp_path, delay):
    folder = tmp_path / "a"
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "running\n"
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    with pytest.raises(IncompleteError, match="NextToken"):
        pta.read_tracking(folder)
    with pytest.warns(PtrackWarning, match="incomplete"):
        detections, _ = pta.read_tracking(folder, allow_incomplete=True)
    times = detections.index.get_level_values("timestamp").astype("int64").to_numpy()
    assert len(times) >= 380
    assert (times == np.repeat(np.arange(len(times) // 2) * 40, 2)).all()


def test_all_of_the_ids_of_rows_without_a_track_are_dropped(tmp_path):
    boxes = [[10, 10, 60, 90]] * 4
    with pytest.warns(PtrackWarning, match="3 rows without an id"):
        sink = fill(tmp_path / "a", [([7.0, -1, np.nan, -1], boxes, None)])
    assert sink.read()[0].index.get_level_values("person_index").tolist() == [7]
    with pytest.warns(PtrackWarning, match="1 rows without an id"):
        fill(tmp_path / "b", [([7, None], boxes[:2], None)])
