import numpy as np
import pytest
from matplotlib.colors import to_rgba
from shapely.geometry import box

from ptrack_analysis.analysis.heat.heatmap_comparison import HeatmapComparison
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_heatmap_comparison
from ptrack_analysis.plots.style import INK
from ptrack_analysis.scene.zones import Zone

PICTURE = np.full((50, 100, 3), 200, dtype="uint8")


def comparison(first=((4.0, 0.0, 1.0),), second=((1.0, 0.0, 3.0),), p=((0.01, 1.0, 0.2),), unit="m"):
    first, second, p = (np.array(values) for values in (first, second, p))
    return HeatmapComparison(first, second, first - second, p, (0.0, 0.0, 6.0, 2.0), unit, "s/person")


def cells(ax):
    return next(image for image in ax.images if image.get_label() == "_difference")


def marked(ax):
    return next(drawn for drawn in ax.collections if drawn.get_label() == "_marked")


def test_colors_reach_as_far_on_both_sides():
    image = cells(plot_heatmap_comparison(comparison()))
    assert image.get_array().tolist() == [[3, 0, -2]]
    assert (image.norm.vmin, image.norm.vmax) == (-3, 3)
    assert image.get_extent() == [0, 6, 2, 0]
    assert image.colorbar.ax.get_ylabel() == "first minus second [seconds per person per cell]"


def test_what_may_be_chance_is_pale_and_what_is_equal_is_not_drawn():
    assert cells(plot_heatmap_comparison(comparison())).get_alpha().tolist() == [
        [1.0, 0.0, pytest.approx(0.35)]
    ]


@pytest.mark.filterwarnings("ignore:The background")
def test_over_a_background_cells_let_it_shine_through():
    ax = plot_heatmap_comparison(comparison(), background=PICTURE, bounds=(0, 0, 6, 2))
    assert cells(ax).get_alpha()[0, 0] == pytest.approx(0.85)
    assert len(ax.images) == 2


def test_cells_beyond_chance_are_outlined():
    drawn = marked(plot_heatmap_comparison(comparison()))
    corners = [path.vertices[:4].tolist() for path in drawn.get_paths()]
    assert corners == [[[0, 0], [2, 0], [2, 2], [0, 2]]]
    assert tuple(drawn.get_edgecolor()[0]) == to_rgba(INK)
    assert len(marked(plot_heatmap_comparison(comparison(), level=0.5)).get_paths()) == 2
    assert len(marked(plot_heatmap_comparison(comparison(), level=0.001)).get_paths()) == 0


@pytest.mark.parametrize("first", [[[1.0, 2.0]], [[np.nan, np.nan]]], ids=["equal", "cannot be told"])
def test_without_a_difference_the_axes_say_so(first):
    nothing = comparison(first, [[1.0, 2.0]], np.ones((1, 2)))
    ax = plot_heatmap_comparison(nothing)
    assert [text.get_text() for text in ax.texts] == ["No cell differs"]


def test_zones_are_drawn_in_the_same_plane_only():
    ax = plot_heatmap_comparison(comparison(), zones=[Zone("till", box(0, 0, 1, 1), "m")])
    assert "till" in [text.get_text() for text in ax.texts]
    with pytest.raises((ParameterError, SchemaError), match="px"):
        plot_heatmap_comparison(comparison(), zones=[Zone("till", box(0, 0, 1, 1), "px")])


def test_what_is_no_difference_or_no_level_is_refused():
    with pytest.raises(SchemaError, match="must be a HeatmapComparison, got a ndarray"):
        plot_heatmap_comparison(np.ones((2, 2)))
    with pytest.raises(ParameterError, match="level must be between 0 and 1, got 2"):
        plot_heatmap_comparison(comparison(), level=2)
