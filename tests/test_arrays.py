"""Tables as arrays: the same rows as their DataFrame, without its cost."""

import inspect

import numpy as np
import pandas as pd
from factories import make_detections, make_video

from ptrack_analysis import compute_trajectories, compute_visits
from ptrack_analysis.dataset.dimensions import with_keys
from ptrack_analysis.schema import TRANSITIONS, VISITS, assemble
from ptrack_analysis.schema.arrays import collect, read_column
from ptrack_analysis.storage.facts import Clock, VideoTable, build_rows

VISIT = {
    "zone": ["till", "door", "door"],
    "person_index": np.array([2, 2, 1]),
    "visit": np.array([1, 1, 1]),
    **{name: np.array([2000, 0, 40]) for name in ("entered", "exited", "dwell")},
    **{name: np.zeros(3, "int64") for name in ("interpolated", "bridged", "detections")},
    "entry": np.array([0, 1, 2], "int8"),
    "exit": np.array([0, 1, 3], "int8"),
    "since_previous_visit": np.full(3, np.iinfo("int64").min),
    "broken": np.zeros(3, dtype=bool),
}


def test_arrays_are_sorted_by_the_key_and_make_the_same_frame():
    table = collect(VISITS, VISIT)
    assert table.arrays["zone"].tolist() == ["door", "door", "till"]
    assert table.arrays["entered"].tolist() == [40, 0, 2000]
    pd.testing.assert_frame_equal(table.to_frame(), assemble(VISITS, VISIT))
    assert table.to_frame().index.is_monotonic_increasing


def test_a_column_is_read_alike_from_both_forms():
    table = collect(VISITS, VISIT)
    frame = table.to_frame()
    for name in ("zone", "person_index", "dwell", "entry"):
        assert read_column(table, name).tolist() == read_column(frame, name).tolist()


def test_some_rows_of_arrays_are_those_of_the_frame():
    table = collect(VISITS, VISIT)
    kept = np.array([False, True, True])
    pd.testing.assert_frame_equal(table.take(kept).to_frame(), table.to_frame()[kept])


def test_keys_of_zones_are_alike_in_both_forms():
    definitions = {"zones": {"k1": {"name": "door"}, "k2": {"name": "shelf"}}}
    table = collect(VISITS, VISIT)
    expected = with_keys(table.to_frame(), VISITS, definitions)
    assert expected["zone_key"].isna().tolist() == [False, False, True]
    pd.testing.assert_frame_equal(with_keys(table, VISITS, definitions).to_frame(), expected)


def test_both_forms_are_stored_alike():
    table = collect(VISITS, VISIT)
    arrays, frames = (
        build_rows([VideoTable("shop", part, Clock()), VideoTable("mall", part, Clock())], VISITS)
        for part in (table, table.to_frame())
    )
    assert arrays.equals(frames)
    assert arrays["entry"].to_pylist()[:2] == frames["entry"].to_pylist()[:2] != [None, None]


def test_missing_texts_in_a_key_are_sorted_last():
    arrays = {
        "origin": [None, "b", "a"],
        "destination": ["x", "x", "x"],
        **{name: np.arange(3) for name in ("transitions", "persons", "mean_travel", "median_travel")},
        "share": np.ones(3),
    }
    assert collect(TRANSITIONS, arrays).arrays["transitions"].tolist() == [2, 1, 0]


def test_a_function_of_arrays_is_a_function_of_frames_to_others():
    detections, video = make_detections({1: [(0, 0.5, 0.5), (40, 0.5, 0.5)]}), make_video()
    trajectories = compute_trajectories(detections, video)
    assert inspect.signature(compute_visits).return_annotation is pd.DataFrame
    assert list(inspect.signature(compute_visits).parameters)[:3] == ["trajectories", "zones", "video"]
    pd.testing.assert_frame_equal(
        compute_visits(trajectories, [], video), compute_visits.arrays(trajectories, [], video).to_frame()
    )
