"""Rows put into gaps."""

import naive_cleaning
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_tracks, compute_trajectories
from ptrack_analysis.cleaning import fill_gaps
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import DETECTIONS, POINTS, validate

VIDEO = make_video()


def moments(table):
    return (table.index.get_level_values("timestamp") / pd.Timedelta("1ms")).astype(int).tolist()


def dwell(table, **options):
    trajectories = compute_trajectories(table, VIDEO, **options)
    return (compute_tracks(trajectories)["time_in_scene"] / pd.Timedelta("1ms")).tolist()


CASES = {
    "exactly max_gap": ([(0, 0.1, 0.5), (2000, 0.5, 0.5)], [0, 2000]),
    "one millisecond more": ([(0, 0.1, 0.5), (2001, 0.5, 0.5)], [0, 500, 1000, 1500, 2000, 2001]),
    "exactly the limit": ([(0, 0.1, 0.5), (3000, 0.5, 0.5)], [0, 500, 1000, 1500, 2000, 2500, 3000]),
    "beyond the limit": ([(0, 0.1, 0.5), (3001, 0.5, 0.5)], [0, 3001]),
    "no box before it": ([(0, None, None), (2500, 0.5, 0.5)], [0, 2500]),
    "no box after it": ([(0, 0.1, 0.5), (2500, None, None)], [0, 2500]),
    "seen once": ([(700, 0.1, 0.5)], [700]),
    "nobody": ([], []),
}


@pytest.mark.parametrize(("path", "expected"), CASES.values(), ids=CASES.keys())
def test_a_gap_is_filled_if_it_is_above_max_gap_and_at_most_the_limit(path, expected):
    filled = fill_gaps(make_detections({3: path}), limit="3s", period="500ms")
    validate(filled, DETECTIONS)
    assert moments(filled) == expected
    assert filled["interpolated"].sum() == len(expected) - len(path)


def test_the_box_changes_evenly_between_the_two():
    filled = fill_gaps(
        make_detections({3: [(0, 0.1, 0.5), (4000, 0.5, 0.9)]}), limit="5s", period="1s", max_gap="2s"
    )
    assert filled["left"].to_numpy() == pytest.approx([0.05, 0.15, 0.25, 0.35, 0.45])
    assert (filled["top"] + filled["height"]).to_numpy() == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
    assert filled["interpolated"].tolist() == [False, True, True, True, False]


def test_another_persons_rows_are_no_gap():
    detections = make_detections({1: [(0, 0.1, 0.5)], 2: [(2500, 0.2, 0.5)]})
    assert len(fill_gaps(detections, limit="5s", period="1s", max_gap="2s")) == 2


def test_a_row_in_a_gap_has_no_face_and_keeps_whole_numbers_of_the_row_before():
    detections = make_detections({1: [(0, 0.1, 0.5), (3000, 0.2, 0.5)]}).assign(
        face_left=0.4,
        merged_from=np.array([7, 8]),
        score=[0.5, 0.7],
        note=pd.array(["a", "b"], dtype="str"),
        side=pd.Categorical(["l", "r"]),
        seen=pd.to_timedelta([1, 2], unit="s"),
        number=pd.array([1, 2], dtype="Int64"),
        odd=[True, False],
    )
    filled = fill_gaps(detections, limit="5s", period="2s", max_gap="2s")
    assert filled["merged_from"].tolist() == [7, 7, 8]
    assert filled["odd"].tolist() == [True, True, False]
    for name in ("face_left", "score", "note", "side", "seen", "number"):
        assert filled[name].isna().tolist() == [False, True, False], name
    assert (filled.dtypes.drop("interpolated") == detections.dtypes).all()


def test_a_flag_that_is_there_already_is_kept():
    detections = make_detections({1: [(0, 0.1, 0.5), (3000, 0.2, 0.5)]}).assign(interpolated=[False, True])
    assert fill_gaps(detections, limit="5s", period="2s", max_gap="2s")["interpolated"].tolist() == [
        False,
        True,
        True,
    ]


def test_filling_again_changes_nothing():
    once = fill_gaps(
        make_detections({1: [(0, 0.1, 0.5), (3000, 0.2, 0.5)]}), limit="5s", period="2s", max_gap="2s"
    )
    assert_frame_equal(fill_gaps(once, limit="5s", period="2s", max_gap="2s"), once)


def test_a_guess_is_never_located_by_a_box():
    detections = make_detections({1: [(0, 0.1, 0.5), (3000, 0.2, 0.5)]})
    trajectories = compute_trajectories(
        fill_gaps(detections, limit="5s", period="1s", max_gap="2s"), VIDEO, period="1s", max_gap="2s"
    )
    assert trajectories["position_status"].tolist() == [
        "detected",
        "interpolated",
        "interpolated",
        "detected",
    ]
    assert trajectories["interpolated"].tolist() == [False, True, True, False]
    assert trajectories["x_px"].to_numpy() == pytest.approx([100, 400 / 3, 500 / 3, 200])


def test_points_are_filled_like_boxes():
    points = make_points({4: [(0, 1.0, 1.0), (3000, 4.0, 1.0)]})
    filled = fill_gaps(points, limit="3s", period="1s", max_gap="2s")
    validate(filled, POINTS)
    trajectories = compute_trajectories(filled, period="1s", max_gap="2s")
    assert trajectories["x_m"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert trajectories["position_status"].tolist() == [
        "detected",
        "interpolated",
        "interpolated",
        "detected",
    ]


PATHS = st.dictionaries(
    st.integers(0, 3),
    st.lists(st.integers(0, 20_000), max_size=12, unique=True).map(
        lambda times: [(t, 0.5, 0.5) for t in times]
    ),
    max_size=3,
)


@given(PATHS, st.integers(1, 600), st.integers(2001, 9000))
def test_dwell_grows_by_each_filled_gap_less_one_period(persons, period, limit):
    detections = make_detections(persons)
    step = f"{period}ms"
    filled = fill_gaps(detections, limit=f"{limit}ms", period=step, max_gap="2s")
    added = []
    for _, path in sorted((person, path) for person, path in persons.items() if path):
        gaps = np.diff(sorted(row[0] for row in path))
        added.append(int((gaps - period)[(gaps > 2000) & (gaps <= limit)].sum()))
    grown = [before + more for before, more in zip(dwell(detections, period=step), added, strict=True)]
    assert dwell(filled, period=step) == grown


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_agrees_with_a_loop(seed):
    chance = np.random.default_rng(seed)
    persons = {
        person: [
            (int(time), *((None, None) if chance.random() < 0.2 else (float(chance.random()), 0.5)))
            for time in np.cumsum(chance.integers(1, 5000, 20))
        ]
        for person in (5, 2)
    }
    detections = make_detections(persons)
    filled = fill_gaps(detections, max_gap="900ms", limit="3s", period="130ms")
    new = filled[filled["interpolated"]].reset_index().sort_values(["person_index", "timestamp"])
    rows = [
        (person, int(time / pd.Timedelta("1ms")), None if np.isnan(box[0]) else list(box))
        for (time, person), box in zip(detections.index, detections.to_numpy(), strict=True)
    ]
    expected = naive_cleaning.new_rows(rows, max_gap=900, limit=3000, period=130)
    assert len(expected)
    assert new["person_index"].tolist() == [row[0] for row in expected]
    assert (new["timestamp"] / pd.Timedelta("1ms")).tolist() == [row[1] for row in expected]
    found = new[["left", "top", "width", "height"]].to_numpy()
    assert found == pytest.approx(np.array([row[2] for row in expected]))
    assert_frame_equal(filled[~filled["interpolated"]].drop(columns="interpolated"), detections)


BAD = {
    "limit at max_gap": (
        {"limit": "2s", "period": "1s"},
        r"limit must be above max_gap \(3000 ms\), got '2s'",
    ),
    "no period": ({"limit": "3s", "period": "0s"}, "period must be above 0, got '0s'"),
    "period above max_gap": (
        {"limit": "3s", "max_gap": "2s", "period": "2001ms"},
        "sampling period of 2001 ms, got 2000 ms",
    ),
    "no length of time": ({"limit": "soon", "period": "1s"}, "limit must be a duration .*, got 'soon'"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD.keys())
def test_lengths_that_cannot_be_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        fill_gaps(make_detections({}), **options)


def test_trajectories_are_refused_because_they_have_been_computed():
    trajectories = compute_trajectories(make_detections({1: [(0, 0.1, 0.5)]}), VIDEO)
    with pytest.raises(SchemaError, match="not a detections table, but trajectories"):
        fill_gaps(trajectories, limit="3s", period="1s", max_gap="2s")
