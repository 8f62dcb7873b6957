import numpy as np
import pytest
from factories import make_points, make_video

from ptrack_analysis import compute_trajectories
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.heat import compute_flow_field
from ptrack_analysis.plots import plot_flow_field, plot_heatmap


def field(persons, unit="m"):
    trajectories = compute_trajectories(make_points(persons, unit=unit), period="1s")
    return compute_flow_field(trajectories, make_video(), shape=(2, 4), bounds=(0.0, 0.0, 8.0, 4.0))


WALK = {1: [(0, 0.5, 1.0), (1000, 1.5, 1.0)], 2: [(0, 5.0, 2.5), (500, 5.0, 3.5), (1500, 5.0, 3.0)]}


def arrows(ax):
    return next(drawn for drawn in ax.collections if drawn.get_label() == "_field")


def test_an_arrow_in_the_middle_of_its_cell_points_along_the_way():
    drawn = arrows(plot_flow_field(field(WALK)))
    assert drawn.get_offsets()[0].tolist() == [1, 1]
    assert (drawn.U[0], drawn.V[0]) == pytest.approx((1.9, 0.0))
    assert drawn.pivot == "middle"


def test_traffic_in_two_directions_has_an_arrow_for_each():
    """2 m/s for 0.5 s and 0.75 m/s for 1 s down, 0.5 m/s for 1 s up."""
    drawn = arrows(plot_flow_field(field(WALK)))
    assert drawn.U[1:].tolist() == pytest.approx([0.0, 0.0])
    assert sorted(drawn.V[1:].tolist()) == pytest.approx([-1.9 * 2 * 0.5 / 2.25, 1.9])
    (down, up) = drawn.get_offsets()[np.argsort(drawn.V)[::-1]][[0, 2]]
    assert down.tolist() == pytest.approx([5 - 0.36, 3])
    assert up.tolist() == pytest.approx([5 + 0.36, 3])


def test_its_color_is_the_mean_speed():
    ax = plot_flow_field(field(WALK))
    assert arrows(ax).get_array().tolist() == [1.0, 0.9, 0.9]
    assert arrows(ax).norm.vmax == 1.0
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["mean speed [m/s]"]


def test_cells_with_few_steps_are_left_out():
    assert arrows(plot_flow_field(field(WALK), min_steps=3)).get_offsets()[:, 1].tolist() == [3, 3]


@pytest.mark.parametrize("persons", [{}, {1: [(0, 1, 1), (1000, 1, 1)]}], ids=["nobody", "stands"])
def test_without_a_direction_the_axes_say_so(persons):
    ax = plot_flow_field(field(persons))
    assert [text.get_text() for text in ax.texts] == ["No cell has a direction"]


def test_it_lies_over_a_heatmap_of_the_same_plane_only():
    ax = plot_heatmap(Heatmap(np.ones((2, 4)), (0.0, 0.0, 8.0, 4.0), "m"))
    assert plot_flow_field(field(WALK), ax=ax) is ax
    with pytest.raises(ParameterError, match="The axes are in"):
        plot_flow_field(field(WALK, unit="px"), ax=ax)


@pytest.mark.parametrize("least", [0, 1.5, True, None])
def test_what_is_no_number_of_steps_is_refused(least):
    with pytest.raises(ParameterError, match=r"min_steps must be an integer of at least 1"):
        plot_flow_field(field(WALK), min_steps=least)


def test_what_is_no_field_is_refused():
    with pytest.raises(SchemaError, match="must be a FlowField, got a dict"):
        plot_flow_field({})
