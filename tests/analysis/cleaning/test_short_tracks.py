"""Short tracks told from the others."""

import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_trajectories
from ptrack_analysis.cleaning import filter_short_tracks
from ptrack_analysis.errors import ParameterError, SchemaError

PERSONS = {
    1: [(0, 0.5, 0.5)],
    2: [(0, 0.5, 0.5), (999, 0.5, 0.5)],
    3: [(0, 0.5, 0.5), (1000, 0.5, 0.5)],
    4: [(0, 0.5, 0.5), (500, None, None), (1000, 0.5, 0.5)],
}
CASES = {
    "removes nobody": ("0s", 1, [1, 2, 3, 4]),
    "exactly as long is kept": ("1s", 1, [3, 4]),
    "exactly as many are kept": ("0s", 2, [2, 3, 4]),
    "a row without a box counts": ("0s", 3, [4]),
    "both": ("1s", 3, [4]),
    "everybody": ("1h", 1, []),
}


@pytest.mark.parametrize(("duration", "detections", "kept"), CASES.values(), ids=CASES.keys())
def test_a_track_is_removed_if_it_is_shorter_or_has_fewer_rows(duration, detections, kept):
    table = make_detections(PERSONS)
    long, short = filter_short_tracks(table, min_duration=duration, min_detections=detections)
    assert sorted(set(long.index.get_level_values("person_index"))) == kept
    assert sorted(set(short.index.get_level_values("person_index"))) == sorted(set(PERSONS) - set(kept))
    assert_frame_equal(pd.concat([long, short]).sort_index(), table)


def test_points_and_trajectories_are_split_too():
    points = make_points({1: [(0, 1.0, 1.0)], 2: [(0, 1.0, 1.0), (5000, 1.0, 1.0)]})
    trajectories = compute_trajectories(make_detections(PERSONS), make_video())
    for table, expected in ((points, [2]), (trajectories, [3, 4])):
        kept, _ = filter_short_tracks(table, min_duration="1s", min_detections=2)
        assert sorted(set(kept.index.get_level_values("person_index"))) == expected
        assert kept.columns.equals(table.columns)


def test_rows_keep_their_order():
    table = make_detections(PERSONS).iloc[::-1]
    kept, _ = filter_short_tracks(table, min_duration="0s", min_detections=0)
    assert_frame_equal(kept, table)


@pytest.mark.parametrize("number", [-1, 1.5, "two", None, True])
def test_a_number_that_is_none_is_refused(number):
    with pytest.raises(ParameterError, match="min_detections must be"):
        filter_short_tracks(make_detections(PERSONS), min_duration="1s", min_detections=number)


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a detections table"):
        filter_short_tracks(pd.DataFrame({"a": [1]}), min_duration="1s", min_detections=1)
