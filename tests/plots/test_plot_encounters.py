"""Where persons were near each other."""

import numpy as np
import pytest
from factories import make_points
from shapely.geometry import box

from ptrack_analysis import compute_trajectories
from ptrack_analysis.crowd import compute_encounters
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_encounters, plot_paths
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import ENCOUNTERS, empty_table


def stands(x, seconds):
    return [(1000 * time, x, 1.0) for time in range(seconds)]


WALKED = compute_trajectories(
    make_points({1: stands(0, 9), 2: stands(1, 9), 3: stands(8, 9), 4: stands(9, 4)}), period="1s"
)
MET = compute_encounters(WALKED)


def dots(ax):
    return next(artist for artist in ax.collections if artist.get_label() == "_encounters")


def test_a_dot_lies_at_each_encounter_the_longest_above():
    assert dots(plot_encounters(MET)).get_offsets().tolist() == [[8.5, 1.0], [0.5, 1.0]]


def test_the_color_is_the_duration():
    ax = plot_encounters(MET)
    assert dots(ax).get_array().tolist() == [4.0, 9.0]
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["duration [s]"]


def test_one_color_replaces_the_scale():
    ax = plot_encounters(MET, color="red")
    assert dots(ax).get_array() is None
    assert ax.child_axes == []


def test_few_encounters_have_the_numbers_of_their_persons():
    assert [text.get_text() for text in plot_encounters(MET).texts] == ["3 and 4", "1 and 2"]


def test_it_is_drawn_on_paths_of_the_same_plane():
    ax = plot_paths(WALKED)
    assert plot_encounters(MET, ax=ax) is ax
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "x [m]"


def test_a_background_fills_the_extent():
    ax = plot_encounters(MET, background=np.zeros((4, 8, 3)), bounds=(0, 0, 10, 5))
    assert ax.images[0].get_extent() == [0, 10, 5, 0]


def test_zones_of_another_plane_are_refused():
    with pytest.raises((ParameterError, SchemaError), match="px"):
        plot_encounters(MET, zones=[Zone("till", box(0, 0, 1, 1), "px")])


def test_nothing_to_draw_is_said():
    ax = plot_encounters(empty_table(ENCOUNTERS, unit="m"))
    assert ax.texts[0].get_text() == "No encounters"


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a encounters table"):
        plot_encounters(WALKED)
