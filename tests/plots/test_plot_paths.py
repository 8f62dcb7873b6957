from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from factories import HEIGHT, WIDTH, make_detections, make_points, make_video
from matplotlib.colors import to_hex
from matplotlib.path import Path
from shapely.geometry import LineString, Polygon, box

from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.plots import plot_paths
from ptrack_analysis.plots.arrows import find_arrow_heads
from ptrack_analysis.plots.paths import count_people_per_cell
from ptrack_analysis.plots.steps import find_steps
from ptrack_analysis.plots.style import OKABE_ITO, zone_colors
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, empty_table

VIDEO = make_video(60_000)


def trajectories(persons, **options):
    return compute_trajectories(make_detections(persons), VIDEO, **options)


def drawn(ax, label):
    return next(artist for artist in ax.get_children() if artist.get_label() == label)


def strokes(ax):
    return [path.vertices.tolist() for path in drawn(ax, "_paths").get_paths()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


WALK = [(0, 0.1, 0.5), (400, 0.2, 0.5), (800, 0.3, 0.6)]


def test_a_path_is_drawn_through_the_footpoints_in_pixels():
    assert strokes(plot_paths(trajectories({7: WALK}))) == [
        pytest.approx(np.array([[100, 250], [200, 250], [300, 300]]))
    ]


def test_axes_are_labelled_with_the_unit_and_y_points_down():
    ax = plot_paths(trajectories({7: WALK}))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x [px]", "y [px]")
    assert ax.yaxis_inverted()
    assert ax.get_aspect() == 1


def test_metres_are_labelled_and_drawn_downwards_too():
    points = make_points({7: [(0, 1, 1), (400, 2, 1)]}, unit="m")
    ax = plot_paths(compute_trajectories(points))
    assert ax.get_xlabel() == "x [m]"
    assert ax.yaxis_inverted()


def test_a_path_is_broken_between_runs():
    ax = plot_paths(trajectories({7: [*WALK, (9000, 0.5, 0.5), (9400, 0.6, 0.5)]}))
    assert [len(stroke) for stroke in strokes(ax)] == [3, 2]


def test_a_path_is_broken_where_the_person_is_not_located():
    walk = [(0, 0.1, 0.5), (400, 0.2, 0.5), (800, None, None), (1200, 0.4, 0.5), (1600, 0.5, 0.5)]
    table = trajectories({7: walk}, max_interpolation="0ms")
    assert [len(stroke) for stroke in strokes(plot_paths(table))] == [2, 2]


def test_persons_are_not_joined():
    ax = plot_paths(trajectories({7: WALK, 8: WALK}))
    assert len(strokes(ax)) == 2
    assert [to_hex(color) for color in drawn(ax, "_paths").get_colors()] == [
        color.lower() for color in OKABE_ITO[:2]
    ]


def test_what_is_interpolated_is_dashed():
    walk = [(0, 0.1, 0.5), (400, 0.2, 0.5), (800, None, None), (1200, 0.4, 0.5)]
    ax = plot_paths(trajectories({7: walk}))
    assert [stroke[0][0] for stroke in strokes(ax)] == pytest.approx([100, 200])
    assert [dashes is None for _, dashes in drawn(ax, "_paths").get_linestyle()] == [True, False]
    assert "interpolated" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_start_and_end_are_marked_differently():
    ax = plot_paths(trajectories({7: WALK}))
    start, end = drawn(ax, "_starts"), drawn(ax, "_ends")
    assert start.get_offsets().tolist() == [pytest.approx([100, 250])]
    assert end.get_offsets().tolist() == [pytest.approx([300, 300])]
    assert len(start.get_paths()[0].vertices) != len(end.get_paths()[0].vertices)


def test_one_detection_is_drawn_as_its_start_and_end():
    ax = plot_paths(trajectories({7: [(0, 0.5, 1.0)]}), video=VIDEO)
    assert drawn(ax, "_starts").get_offsets().tolist() == drawn(ax, "_ends").get_offsets().tolist()
    assert strokes(ax) == []


def test_a_position_that_stands_alone_between_two_runs_is_a_dot():
    ax = plot_paths(trajectories({7: [*WALK, (9000, 0.5, 0.5), (18_000, 0.6, 0.5), (18_400, 0.7, 0.5)]}))
    assert drawn(ax, "_lone").get_offsets().tolist() == [pytest.approx([500, 250])]


def test_rows_in_any_order_give_the_same_strokes():
    table = trajectories({7: WALK, 8: [*WALK, (9000, 0.5, 0.5), (9400, 0.6, 0.5)]})
    shuffled = table.sample(frac=1, random_state=4)
    assert strokes(plot_paths(shuffled)) == strokes(plot_paths(table))


def test_only_the_persons_asked_for_are_drawn():
    ax = plot_paths(trajectories({7: WALK, 8: WALK, 9: WALK}), persons=[9])
    assert len(strokes(ax)) == 1
    assert "person 9" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_person_who_is_not_there_is_refused_by_number():
    with pytest.raises(ParameterError, match="99"):
        plot_paths(trajectories({7: WALK}), persons=[99])


def test_few_persons_stand_in_the_legend_and_many_do_not():
    few = plot_paths(trajectories(dict.fromkeys(range(3), WALK)))
    assert "person 2" in [text.get_text() for text in few.get_legend().get_texts()]
    many = plot_paths(trajectories(dict.fromkeys(range(9), WALK)))
    assert "person 2" not in [text.get_text() for text in many.get_legend().get_texts()]


def test_up_to_twenty_people_are_labeled_at_the_end_of_their_paths():
    ax = plot_paths(trajectories(dict.fromkeys(range(10, 30), WALK)))
    assert texts(ax) == [str(person) for person in range(10, 30)]


def test_of_many_people_the_plot_counts_each_once_per_cell():
    """40 people walk along the same line, the first of them twice."""
    walks = {
        person: [*WALK, *[(t + 10_000, *xy) for t, *xy in WALK]] if person == 0 else WALK
        for person in range(40)
    }
    ax = plot_paths(trajectories(walks))
    people = drawn(ax, "_people").get_array()
    assert people.max() == 40
    assert set(people.compressed().tolist()) == {40}
    assert [child.get_ylabel() for child in ax.child_axes] == ["people per cell, 40 in total"]


def test_of_many_people_the_three_located_longest_are_highlighted():
    walks = {person: [(200 * n, 0.02 * n, 0.5) for n in range(2 + person)] for person in range(25)}
    table = trajectories(walks)
    assert texts(plot_paths(table)) == ["22", "23", "24"]
    assert texts(plot_paths(table, highlight=[3])) == ["3"]
    assert not [a for a in plot_paths(table, highlight=[]).collections if a.get_label() == "_paths"]


def test_paths_are_colored_by_speed_and_the_scale_can_be_set():
    slow, fast = ([(200 * n, step * n, 0.5) for n in range(9)] for step in (0.02, 0.04))
    ax = plot_paths(trajectories({1: slow, 2: fast}), color_by="speed")
    shades = [color[:3].sum() for color in drawn(ax, "_paths").get_colors()]
    assert max(shades[2:]) < min(shades[:2])
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["speed [px/s]"]
    assert texts(ax) == []
    clipped = plot_paths(trajectories({1: slow, 2: fast}), color_by="speed", vmax=50)
    assert clipped.child_axes[0].get_ylim() == (0, 50)
    assert len(np.unique(drawn(clipped, "_paths").get_colors(), axis=0)) == 1


def test_paths_are_colored_by_time():
    ax = plot_paths(trajectories({1: [(200 * n, 0.02 * n, 0.5) for n in range(9)]}), color_by="time")
    assert len(drawn(ax, "_paths").get_paths()) == 8
    assert ax.child_axes[0].get_ylabel() == "time since the start of the video [s]"


def test_paths_are_colored_by_the_zone_that_contains_the_position():
    zone = Zone("left", box(0, 0, 0.5 * WIDTH, HEIGHT), "px")
    walk = [(200 * n, 0.1 + 0.1 * n, 0.5) for n in range(8)]
    ax = plot_paths(trajectories({1: walk}), color_by="zone", zones=[zone])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[:2] == ["left", "outside the zones"]
    inside, outside = drawn(ax, "_paths").get_colors()
    assert tuple(inside[:3]) == zone_colors(["left"])["left"][:3]
    assert tuple(inside) != tuple(outside)
    with pytest.raises(ParameterError, match="needs zones"):
        plot_paths(trajectories({1: walk}), color_by="zone")


def test_an_unknown_coloring_is_refused():
    with pytest.raises(ParameterError, match="color_by must be one of person, speed, time, zone, got 'age'"):
        plot_paths(trajectories({1: WALK}), color_by="age")


def test_rows_that_were_filtered_are_not_bridged():
    table = trajectories({7: [(200 * n, 0.1 + 0.08 * n, 0.5) for n in range(9)]})
    kept = table[table.index.get_level_values("timestamp") != pd.Timedelta("800ms")]
    assert [len(path.vertices) for path in drawn(plot_paths(kept), "_paths").get_paths()] == [4, 4]


def test_people_are_counted_in_the_cells_between_their_positions():
    steps = find_steps(
        trajectories({1: [(0, 0.05, 0.05), (200, 0.95, 0.05)], 2: [(0, 0.05, 0.95)]}), "px", None
    )
    low, high = steps.points.min(axis=0) * [0, 0], steps.points.max(axis=0) / 0.95
    counts = count_people_per_cell(steps, (*low, *high), (2, 10))
    assert counts.tolist() == [[1] * 10, [1] + [0] * 9]


def test_parts_with_truncated_boxes_are_dotted_and_told_in_the_legend():
    """The foot point is on the lower border for two of five positions."""
    walk = [(0, 0.5, 0.5), (200, 0.5, 0.7), (400, 0.5, 1.0), (600, 0.6, 1.0), (800, 0.6, 0.7)]
    ax = plot_paths(trajectories({7: walk}), video=VIDEO)
    assert [len(path.vertices) for path in drawn(ax, "_paths").get_paths()] == [2, 4]
    dashes = [dash for _, dash in drawn(ax, "_paths").get_linestyles()]
    assert dashes[0] is None
    assert dashes[1] is not None
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["person 7", "first position", "last position", "box truncated"]


def test_many_persons_are_drawn_thinner_and_paler():
    few = drawn(plot_paths(trajectories({7: WALK})), "_paths")
    many = drawn(plot_paths(trajectories(dict.fromkeys(range(300), WALK)), color_by="time"), "_paths")
    assert max(many.get_linewidths()) < 0.5 * max(few.get_linewidths())
    assert many.get_colors()[0][3] < few.get_colors()[0][3]


def test_the_axes_show_the_frame_of_the_video():
    ax = plot_paths(trajectories({7: WALK}), video=VIDEO)
    assert ax.get_xlim() == pytest.approx((-0.02 * WIDTH, 1.02 * WIDTH))
    assert ax.get_ylim() == pytest.approx((1.02 * HEIGHT, -0.02 * HEIGHT))


def test_the_background_fills_the_frame_and_is_paler_than_the_picture():
    ax = plot_paths(trajectories({7: WALK}), background=np.zeros((50, 100, 3)), video=VIDEO)
    assert ax.images[0].get_extent() == [0, WIDTH, HEIGHT, 0]
    assert ax.images[0].get_array().min() == pytest.approx(0.78)


@pytest.mark.filterwarnings("ignore:The background")
def test_a_dark_background_is_as_light_as_a_bright_one():
    """A dark image keeps its contrast."""
    bright = np.linspace(0, 1, 100)[:, None, None] * np.ones((100, 50, 3))
    shades = [
        plot_paths(trajectories({7: WALK}), background=picture, video=VIDEO).images[0].get_array()
        for picture in (bright, 0.25 * bright)
    ]
    assert [shade.mean() for shade in shades] == pytest.approx([0.78, 0.78], abs=0.01)
    assert np.ptp(shades[1]) == pytest.approx(np.ptp(shades[0]), abs=0.05)


def test_a_background_of_another_shape_warns():
    with pytest.warns(PtrackWarning, match="another shape than the 1000 x 500 px of the video's frame"):
        plot_paths(trajectories({7: WALK}), background=np.zeros((100, 50, 3)), video=VIDEO)


def test_without_a_video_the_background_fills_its_own_size():
    ax = plot_paths(trajectories({7: WALK}), background=np.zeros((50, 100, 3)))
    assert ax.images[0].get_extent() == [0, 100, 50, 0]


@pytest.mark.filterwarnings("ignore:The background")
def test_a_floor_plan_fills_the_extent_given():
    table = compute_trajectories(make_points({7: [(0, 1, 1), (400, 2, 1)]}, unit="m"))
    ax = plot_paths(table, background=np.zeros((50, 100)), bounds=(0, 0, 12, 8))
    assert ax.images[0].get_extent() == [0, 12, 8, 0]
    with pytest.raises(ParameterError, match="bounds"):
        plot_paths(table, background=np.zeros((50, 100)))


@pytest.mark.parametrize("bounds", [(0, 0, 0, 5), (0, 5, 5, 0), (0, 0, np.nan, 5)])
def test_an_empty_extent_is_refused(bounds):
    with pytest.raises(ParameterError, match="bounds"):
        plot_paths(trajectories({7: WALK}), bounds=bounds)


def test_zones_and_lines_are_outlined_with_their_names():
    hall = Polygon([(0, 0), (500, 0), (500, 400), (0, 400)], [[(100, 100), (200, 100), (200, 200)]])
    zones = [Zone("hall", hall, "px")]
    lines = [Line("door", LineString([(100, 100), (300, 100)]), "px")]
    ax = plot_paths(trajectories({7: WALK}), video=VIDEO, zones=zones, lines=lines)
    assert [len(path.vertices) for path in drawn(ax, "_zones").get_paths()] == [5, 4]
    assert {"hall", "door", "in"} <= set(texts(ax))


@pytest.mark.parametrize(
    ("ends", "side"),
    [
        pytest.param([(100, 100), (300, 100)], (0, -1), id="to the right: in is below"),
        pytest.param([(300, 100), (100, 100)], (0, 1), id="to the left: in is above"),
        pytest.param([(100, 100), (100, 300)], (-1, 0), id="downwards: in is to the left"),
    ],
)
def test_the_arrow_of_a_line_points_to_its_in_side(ends, side):
    ax = plot_paths(trajectories({7: WALK}), video=VIDEO, lines=[Line("door", LineString(ends), "px")])
    arrow = next(text for text in ax.texts if text.get_text() == "in")
    assert np.sign(np.round(arrow.get_position())).tolist() == list(side)


def test_a_long_zone_name_is_broken_into_rows():
    name = "the long shelf on the left side of the back room, second floor, behind the stairs"
    zone = Zone(name, Polygon([(900, 0), (1000, 0), (1000, 400), (900, 400)]), "px")
    ax = plot_paths(trajectories({7: WALK}), video=VIDEO, zones=[zone])
    written = next(text for text in texts(ax) if text.startswith("the long"))
    assert max(map(len, written.split("\n"))) <= 20
    assert written.endswith("…")


def test_zones_of_another_plane_are_refused():
    zone = Zone("hall", Polygon([(0, 0), (5, 0), (5, 4)]), "m")
    with pytest.raises(ParameterError, match="'hall' is in m"):
        plot_paths(trajectories({7: WALK}), zones=[zone])


def test_mixing_two_planes_on_one_axes_is_refused():
    ax = plot_paths(trajectories({7: WALK}))
    meters = compute_trajectories(make_points({7: [(0, 1, 1), (400, 2, 1)]}, unit="m"))
    with pytest.raises(ParameterError, match="The axes are in px"):
        plot_paths(meters, ax=ax)


def test_given_axes_are_drawn_on_and_returned():
    _, ax = plt.subplots()
    assert plot_paths(trajectories({7: WALK}), ax=ax) is ax
    assert plot_paths(trajectories({8: WALK}), ax=ax) is ax
    assert len(plt.get_fignums()) == 1


def test_given_axes_that_show_a_frame_keep_showing_it():
    ax = plot_paths(trajectories({7: WALK}), video=VIDEO)
    limits = ax.axis()
    plot_paths(trajectories({8: [(0, 1.5, 0.5), (400, 1.6, 0.5)]}), ax=ax)
    assert ax.axis() == limits


@pytest.mark.parametrize("unit", ["px", "m"])
def test_an_empty_table_gives_labelled_axes_that_say_so(unit):
    ax = plot_paths(empty_table(TRAJECTORIES, unit=unit))
    assert ax.get_xlabel() == f"x [{unit}]"
    assert texts(ax) == ["No positions"]


def test_an_empty_table_has_no_person_to_miss():
    assert texts(plot_paths(empty_table(TRAJECTORIES, unit="px"), persons=[7])) != []


def test_a_table_in_which_nobody_is_located_says_so():
    table = trajectories({7: [(0, None, None), (400, None, None)]})
    assert texts(plot_paths(table)) == ["No positions"]


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError):
        plot_paths(make_detections({7: WALK}))


def test_the_table_stays_as_it_is():
    table = trajectories({7: WALK})
    before = table.copy(deep=True)
    plot_paths(table, video=VIDEO)
    assert table.equals(before)


def test_further_options_go_to_the_lines():
    ax = plot_paths(trajectories({7: WALK}), linewidth=5, rasterized=True)
    assert drawn(ax, "_paths").get_linewidths() == [5]
    assert drawn(ax, "_paths").get_rasterized()


@pytest.mark.parametrize(
    ("name", "advice"),
    [("linwidth", "Did you mean linewidth"), ("backgroud", "Did you mean background"), ("x", "x")],
)
def test_an_unknown_option_is_named_with_a_similar_one(name, advice):
    with pytest.raises(ParameterError, match=f"plot_paths has no option '{name}'.*{advice}"):
        plot_paths(trajectories({7: WALK}), **{name: 5})


def test_arrow_heads_stand_along_the_path_and_point_where_it_goes():
    walk = [(100 * number, 0.01 * number, 0.5) for number in range(101)]
    steps = find_steps(trajectories({7: walk}), "px", None)
    places, ways, rows = find_arrow_heads(steps, spacing=250)
    assert places[:, 0].tolist() == pytest.approx([125, 375, 625, 875], rel=1e-3)
    assert np.sign(ways).tolist() == [[1, 0]] * 4
    assert steps.rank[rows].tolist() == [0] * 4


def test_who_stands_and_jitters_has_no_arrow_heads():
    random = np.random.default_rng(4)
    walk = [
        (100 * number, 0.5 + x, 0.5 + y) for number, (x, y) in enumerate(random.normal(0, 0.004, (500, 2)))
    ]
    places, _, _ = find_arrow_heads(find_steps(trajectories({7: walk}), "px", None), spacing=130)
    assert len(places) == 0


def test_arrow_heads_never_lie_in_a_gap():
    walk = [(0, 0.0, 0.5), (400, 0.1, 0.5), (9000, 0.8, 0.5), (9400, 0.9, 0.5)]
    places, _, _ = find_arrow_heads(find_steps(trajectories({7: walk}), "px", None), spacing=100)
    assert places[:, 0].tolist() == pytest.approx([50, 850], rel=1e-3)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_picture_can_be_saved(tmp_path, form):
    ax = plot_paths(trajectories({7: WALK}), background=np.zeros((50, 100, 3)), video=VIDEO)
    ax.figure.savefig(tmp_path / f"paths.{form}")
    assert (tmp_path / f"paths.{form}").stat().st_size > 1000


def test_stretches_agree_with_a_naive_walk_over_the_rows():
    random = np.random.default_rng(4)
    persons = {
        person: [
            (int(ms), *(random.random(2) if random.random() > 0.3 else (None, None)))
            for ms in np.cumsum(random.choice([400, 800, 5000], 60))
        ]
        for person in range(5)
    }
    table = trajectories(persons, max_interpolation="1s")
    wanted = []
    before = None
    for (person, _), row in table.iterrows():
        here = (
            None
            if row["position_status"] == "missing"
            else (person, row["tracklet"], (row["x_px"], row["y_px"]))
        )
        if before and here and before[:2] == here[:2]:
            wanted.append([before[2], here[2]])
        before = here
    pairs = [list(pair) for stroke in strokes(plot_paths(table)) for pair in pairwise(stroke)]
    assert np.array(pairs) == pytest.approx(np.array(wanted))
    assert all(isinstance(path, Path) for path in drawn(plot_paths(table), "_paths").get_paths())
