import numpy as np
import pytest
from factories import HEIGHT, WIDTH, make_detections, make_video
from matplotlib.colors import LogNorm, PowerNorm
from shapely.geometry import Polygon

from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.quantities import compute_heatmap
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_heatmap, plot_paths
from ptrack_analysis.scene.zones import Zone

VIDEO = make_video(60_000)
SECONDS = np.array([[0.0, 1.0, 2.0], [4.0, 0.0, 9.0]])
PICTURE = np.full((50, 100, 3), 200, dtype="uint8")


def heatmap(unit="px", bounds=(0.0, 0.0, 300.0, 200.0), seconds=SECONDS):
    return Heatmap(seconds, bounds, unit)


def cells(ax):
    return next(image for image in ax.images if image.get_label() == "_heatmap")


def test_cells_lie_in_their_extent_with_row_0_on_top():
    ax = plot_heatmap(heatmap())
    assert cells(ax).get_extent() == [0, 300, 200, 0]
    assert cells(ax).origin == "upper"
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "x [px]"


def test_cells_without_time_are_transparent():
    image = cells(plot_heatmap(heatmap()))
    assert image.get_array().mask.tolist() == (SECONDS == 0).tolist()
    assert image.cmap(image.norm(image.get_array()))[0, 0, 3] == 0


def test_the_color_bar_says_what_it_measures():
    ax = plot_heatmap(heatmap())
    assert cells(ax).colorbar.ax.get_ylabel() == "person-seconds per cell\nsquare-root scale"
    linear = plot_heatmap(heatmap(), scale="linear")
    assert cells(linear).colorbar.ax.get_ylabel() == "person-seconds per cell"


def test_vmax_clips_the_scale_and_the_color_bar_points_to_it():
    drawn = cells(plot_heatmap(heatmap(), vmax=4, cmap="viridis"))
    assert (drawn.norm.vmin, drawn.norm.vmax) == (0, 4)
    assert drawn.colorbar.extend == "max"
    assert drawn.get_cmap().name == "viridis"


def test_a_norm_replaces_the_scale_and_is_named():
    drawn = cells(plot_heatmap(heatmap(), norm=LogNorm(1, 10)))
    assert drawn.colorbar.ax.get_ylabel() == "person-seconds per cell\nlogarithmic scale"
    with pytest.raises(ParameterError, match="Pass norm, or vmin and vmax, but not both"):
        plot_heatmap(heatmap(), norm=LogNorm(1, 10), vmax=3)


@pytest.mark.parametrize(("scale", "share"), [("sqrt", 2 / 3), ("linear", 4 / 9)])
def test_colors_follow_the_root_of_the_seconds_or_the_seconds(scale, share):
    norm = cells(plot_heatmap(heatmap(), scale=scale)).norm
    assert float(norm(4.0)) == pytest.approx(share)
    assert norm.vmin == 0
    assert isinstance(norm, PowerNorm) == (scale == "sqrt")


def test_an_unknown_scale_is_refused():
    with pytest.raises(ParameterError, match="'log'"):
        plot_heatmap(heatmap(), scale="log")


def test_over_a_background_cells_let_it_shine_through():
    ax = plot_heatmap(heatmap(), background=PICTURE)
    assert cells(ax).get_alpha() < 1
    assert [image.get_label() for image in ax.images] == ["_background", "_heatmap"]
    assert cells(plot_heatmap(heatmap())).get_alpha() == 1


def test_fractions_over_a_background_are_drawn_in_its_pixels():
    ax = plot_heatmap(heatmap("fraction", (0.0, 0.0, 1.0, 1.0)), background=PICTURE)
    assert cells(ax).get_extent() == [0, 100, 50, 0]
    assert ax.get_xlabel() == "x [px]"


def test_fractions_are_drawn_in_the_pixels_of_the_video():
    ax = plot_heatmap(heatmap("fraction", (0.0, 0.5, 1.0, 1.0)), background=PICTURE, video=VIDEO)
    assert cells(ax).get_extent() == [0, WIDTH, HEIGHT, HEIGHT / 2]
    assert ax.images[0].get_extent() == [0, WIDTH, HEIGHT, 0]


def test_fractions_of_an_unknown_frame_stay_fractions_with_square_cells():
    ax = plot_heatmap(heatmap("fraction", (0.0, 0.0, 1.0, 1.0)))
    assert ax.get_xlabel() == "x [fraction of the frame's width]"
    assert ax.get_aspect() == pytest.approx(2 / 3)


def test_paths_in_px_are_refused_on_axes_in_fractions():
    ax = plot_heatmap(heatmap("fraction", (0.0, 0.0, 1.0, 1.0)))
    table = compute_trajectories(make_detections({7: [(0, 0.5, 0.5)]}), VIDEO)
    with pytest.raises(ParameterError, match="The axes are in fraction"):
        plot_paths(table, ax=ax)


def test_paths_fit_on_the_axes_of_a_heatmap_and_leave_its_view():
    table = compute_trajectories(make_detections({7: [(0, 0.5, 0.5), (400, 1.6, 0.5)]}), VIDEO)
    ax = plot_heatmap(heatmap("fraction", (0.0, 0.0, 1.0, 1.0)), background=PICTURE, video=VIDEO)
    limits = ax.axis()
    plot_paths(table, ax=ax)
    assert ax.axis() == limits


@pytest.mark.filterwarnings("ignore:The background")
def test_metres_need_an_extent_for_a_background():
    meters = heatmap("m", (0.0, 0.0, 6.0, 4.0))
    assert plot_heatmap(meters).get_xlabel() == "x [m]"
    with pytest.raises(ParameterError, match="bounds"):
        plot_heatmap(meters, background=PICTURE)
    ax = plot_heatmap(meters, background=PICTURE, bounds=(0, 0, 12, 8))
    assert ax.images[0].get_extent() == [0, 12, 8, 0]
    assert cells(ax).get_extent() == [0, 6, 4, 0]


def test_a_computed_heatmap_keeps_its_seconds_in_the_picture():
    table = compute_trajectories(make_detections({7: [(0, 0.5, 0.5), (400, 0.6, 0.5)]}), VIDEO)
    computed = compute_heatmap(table, VIDEO, shape=(5, 10))
    assert cells(plot_heatmap(computed)).get_array().sum() == pytest.approx(computed.values.sum())


def test_zones_are_named_and_those_of_another_plane_refused():
    zone = Zone("hall", Polygon([(0, 0), (100, 0), (100, 50), (0, 50)]), "px")
    assert [text.get_text() for text in plot_heatmap(heatmap(), zones=[zone]).texts] == ["hall"]
    with pytest.raises(ParameterError, match="'hall' is in px, but the plot is in fraction"):
        plot_heatmap(heatmap("fraction", (0.0, 0.0, 1.0, 1.0)), zones=[zone])


def test_an_empty_heatmap_says_so():
    ax = plot_heatmap(heatmap(seconds=np.zeros((2, 3))))
    assert [text.get_text() for text in ax.texts] == ["No cell has any time"]
    assert ax.get_xlabel() == "x [px]"


def test_what_is_not_a_heatmap_is_refused():
    with pytest.raises(SchemaError, match="ndarray"):
        plot_heatmap(SECONDS)


def test_further_options_go_to_imshow():
    image = cells(plot_heatmap(heatmap(), cmap="viridis", alpha=0.5, interpolation="bilinear"))
    assert (image.cmap.name, image.get_alpha(), image.get_interpolation()) == ("viridis", 0.5, "bilinear")


def test_with_a_duration_the_density_on_the_floor_is_drawn():
    on_floor = heatmap("m", (0.0, 0.0, 3.0, 1.0))
    ax = plot_heatmap(on_floor, duration="10s")
    assert cells(ax).get_array().filled(0).tolist() == on_floor.density("10s").tolist()
    assert cells(ax).colorbar.ax.get_ylabel() == "mean density [people per m²]\nsquare-root scale"
    bar = cells(plot_heatmap(on_floor)).colorbar.ax
    assert bar.get_ylabel() == "person-seconds per cell of 1 m x 0.5 m\nsquare-root scale"
    with pytest.raises(ParameterError, match="requires a heatmap in m, got one in px"):
        plot_heatmap(heatmap(), duration="10s")


def of(quantity="visits", values=SECONDS, normalized=()):
    return Heatmap(values, (0.0, 0.0, 3.0, 2.0), "m", quantity=quantity, normalized=normalized)


@pytest.mark.parametrize(
    ("drawn", "label"),
    [
        (of(), "visits per cell of 1 m x 1 m"),
        (of("people"), "people per cell of 1 m x 1 m"),
        (of(normalized=("hour",)), "visits [visits/h] per cell of 1 m x 1 m"),
        (of("person_seconds", normalized=("total",)), "person-seconds [share] per cell of 1 m x 1 m"),
        (of("mean_speed"), "mean speed [m/s]"),
    ],
)
def test_the_label_names_the_quantity_and_its_unit(drawn, label):
    assert cells(plot_heatmap(drawn, scale="linear")).colorbar.ax.get_ylabel() == label


def test_cells_without_a_number_are_transparent():
    image = cells(plot_heatmap(of("mean_speed", np.array([[np.nan, 2.0]]))))
    assert image.get_array().mask.tolist() == [[True, False]]
    assert image.norm.vmax == 2.0


def test_a_density_needs_person_seconds_and_an_empty_heatmap_says_so():
    with pytest.raises(ParameterError, match="a density requires person-seconds, but the values are visits"):
        plot_heatmap(of(), duration="1h")
    ax = plot_heatmap(of("mean_speed", np.full((1, 2), np.nan)))
    assert [text.get_text() for text in ax.texts] == ["No cell has any speed"]


def test_a_series_is_drawn_bin_by_bin():
    series = Heatmap(np.stack([SECONDS, SECONDS * 2]), (0, 0, 3, 2), "m", bin_edges=np.array([0, 1000, 2000]))
    with pytest.raises(ParameterError, match=r"is a series\. Plot one of its bins"):
        plot_heatmap(series)
    assert cells(plot_heatmap(series.bins[1])).get_array().max() == 18
