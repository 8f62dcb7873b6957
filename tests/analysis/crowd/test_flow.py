"""Flow over lines."""

import numpy as np
import pytest
from factories import make_points, make_video
from shapely.geometry import LineString

from ptrack_analysis import Line, compute_crossings, compute_trajectories
from ptrack_analysis.crowd import compute_line_flow
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import CROSSINGS, empty_table

DOOR = Line("door", LineString([(0, 2), (0, 0)]), "m")


def flow_of(paths, end=4000, lines=(DOOR,), every="2s"):
    trajectories = compute_trajectories(make_points(paths), video=make_video(end))
    return compute_line_flow(
        compute_crossings(trajectories, list(lines)), list(lines), make_video(end), every=every
    )


def test_flow_is_the_count_by_time_and_specific_flow_that_by_the_width():
    there, back = [(0, -1, 1), (1000, 1, 1)], [(2000, 1, 1), (3000, -1, 1)]
    flow = flow_of({1: there, 2: there, 3: there, 4: back})
    crossed = flow[["in_per_s", "out_per_s"]].to_numpy()
    assert sorted(crossed.ravel().tolist()) == [0.0, 0.0, 0.5, 1.5]
    specific = flow[["in_per_m_per_s", "out_per_m_per_s"]].to_numpy()
    assert (specific == crossed / 2).all()
    assert crossed[0].max() == 1.5


def test_the_last_interval_is_divided_by_its_own_length():
    flow = flow_of({1: [(2000, -1, 1), (2400, 1, 1)]}, end=2500)
    assert flow["interval"].dt.total_seconds().tolist() == [2.0, 0.5]
    assert flow[["in_per_s", "out_per_s"]].to_numpy().max(axis=1).tolist() == [0.0, 2.0]


def test_an_interval_of_no_length_has_no_flow():
    flow = compute_line_flow(empty_table(CROSSINGS, unit="m"), [DOOR], make_video(0))
    assert np.isnan(flow["in_per_s"]).all()


def test_in_the_picture_there_is_no_flow_for_a_meter():
    line = Line("door", DOOR.outline, "px")
    flow = compute_line_flow(empty_table(CROSSINGS, unit="px"), [line], make_video(1000))
    assert flow.columns.tolist() == ["interval", "in_per_s", "out_per_s"]


@pytest.mark.parametrize("lines", ["door", ["door"], None])
def test_what_is_no_line_is_refused(lines):
    with pytest.raises(ParameterError, match="lines must"):
        compute_line_flow(empty_table(CROSSINGS, unit="m"), lines, make_video(1000))


def test_a_line_in_another_plane_is_refused():
    with pytest.raises(SchemaError, match="'door' is in px, but the trajectories are in m"):
        compute_line_flow(
            empty_table(CROSSINGS, unit="m"), [Line("door", DOOR.outline, "px")], make_video(1000)
        )


def test_a_line_of_no_length_is_refused():
    with pytest.raises(ParameterError, match="line 'spot' has no length"):
        compute_line_flow(
            empty_table(CROSSINGS, unit="m"),
            [Line("spot", LineString([(1, 1), (1, 1)]), "m")],
            make_video(1000),
        )
