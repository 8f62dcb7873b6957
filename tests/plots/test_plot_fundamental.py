"""Mean speed against density."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from factories import make_points, make_video
from shapely.geometry import box

from ptrack_analysis import compute_trajectories
from ptrack_analysis.crowd import compute_fundamental_diagram
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_fundamental_diagram
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import FUNDAMENTAL, empty_table

VIDEO = make_video(4000)
ZONES = [Zone("hall", box(0, 0, 10, 2), "m"), Zone("back room", box(10, 0, 20, 2), "m")]
WALKED = compute_trajectories(
    make_points(
        {1: [(0, 0, 1), (1000, 2, 1), (2000, 4, 1)], 2: [(2000, 12, 1), (3000, 12, 1), (4000, 12, 1)]}
    ),
    video=VIDEO,
)
TABLE = compute_fundamental_diagram(WALKED, ZONES, VIDEO, every="2s")


def points(ax):
    return {dots.get_label(): dots.get_offsets().tolist() for dots in ax.collections}


def test_a_point_is_an_interval_whose_speed_is_known():
    assert points(plot_fundamental_diagram(TABLE)) == {
        "hall": [[0.05, 2.0], [0.025, 2.0]],
        "back room": [[0.05, 0.0]],
    }


def test_zones_are_drawn_in_the_order_asked_for():
    assert list(points(plot_fundamental_diagram(TABLE, zones=["hall", ZONES[1]]))) == ["hall", "back room"]
    assert list(points(plot_fundamental_diagram(TABLE, zones=["hall"]))) == ["hall"]


def test_the_axes_say_what_they_show():
    ax = plot_fundamental_diagram(TABLE)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("density [people/m²]", "mean speed [m/s]")
    assert (ax.get_xlim()[0], ax.get_ylim()[0]) == (0, 0)


def test_weidmanns_line_falls_from_his_free_speed():
    speed = plot_fundamental_diagram(TABLE).lines[0].get_ydata()
    assert speed[0] == pytest.approx(1.34, abs=1e-3)
    assert (np.diff(speed) <= 0).all()


def test_one_diagram_is_drawn_on_another():
    ax = plot_fundamental_diagram(TABLE)
    assert plot_fundamental_diagram(TABLE, ax=ax, marker="x") is ax
    assert len(ax.collections) == 4


def test_axes_of_something_else_are_refused():
    ax = plt.subplots()[1]
    ax.set_xlabel("x [m]")
    with pytest.raises(ParameterError, match=r"got axes with 'x \[m\]'"):
        plot_fundamental_diagram(TABLE, ax=ax)


def test_a_zone_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="zone 'attic' is not in the fundamental table"):
        plot_fundamental_diagram(TABLE, zones=["attic"])


def test_nothing_to_draw_is_said():
    ax = plot_fundamental_diagram(empty_table(FUNDAMENTAL))
    assert ax.texts[0].get_text() == "No known speed"


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a fundamental_diagram table"):
        plot_fundamental_diagram(WALKED)
