"""Where persons stood, and how long."""

from contextlib import nullcontext

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from factories import HEIGHT, WIDTH, make_points, make_video
from shapely.geometry import LineString, box

from ptrack_analysis import compute_stops, compute_trajectories
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.plots import plot_paths, plot_stops
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import STOPS, empty_table


def standing(seconds, x, y, start=0):
    return [(1000 * (start + n), x, y) for n in range(seconds)]


PERSONS = {7: standing(40, 100, 200), 2: [*standing(10, 300, 50), *standing(20, 400, 100, start=10)]}
TRAJECTORIES = compute_trajectories(make_points(PERSONS, unit="px"), period="1s").assign(speed_px_per_s=0.0)
STOPPED = compute_stops(TRAJECTORIES, max_extent=20)


def circles(ax):
    return next(artist for artist in ax.collections if artist.get_label() == "_stops")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_circle_lies_at_each_stop_the_longest_below():
    assert circles(plot_stops(STOPPED)).get_offsets().tolist() == [[100, 200], [400, 100], [300, 50]]


def test_the_area_is_the_dwell():
    sizes = circles(plot_stops(STOPPED)).get_sizes()
    assert sizes == pytest.approx(sizes[0] * np.array([40, 20, 10]) / 40)


def test_the_legend_says_what_sizes_mean():
    ax = plot_stops(STOPPED)
    assert legend(ax) == ["stop of 10 s", "stop of 30 s", "person index"]
    area = circles(ax).get_sizes()[0] / 40
    sizes = [handle.get_markersize() ** 2 / area for handle in ax.get_legend().legend_handles[:-1]]
    assert sizes == pytest.approx([10, 30])


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (1, ["1 s"]),
        (20 * 60, ["20 min"]),
        (5 * 3600, ["5 h"]),
    ],
)
def test_sizes_are_round_lengths_of_time(seconds, written):
    trajectories = compute_trajectories(
        make_points({0: [(0, 1, 1), (seconds * 1000, 9, 9)]}), max_gap="1D", period="0s"
    ).assign(speed_m_per_s=0.0)
    with nullcontext() if seconds != 20 * 60 else pytest.warns(PtrackWarning, match="too long to find stops"):
        stops = compute_stops(trajectories, min_duration="1s")
    assert legend(plot_stops(stops)) == [*(f"stop of {each}" for each in written), "person index"]


def test_a_stop_of_less_than_a_second_has_its_own_size():
    trajectories = compute_trajectories(make_points({0: [(0, 1, 1)]}), period="250ms").assign(
        speed_m_per_s=0.0
    )
    assert legend(plot_stops(compute_stops(trajectories, min_duration="100ms"))) == [
        "stop of 0.25 s",
        "person index",
    ]


def test_few_stops_have_the_number_of_their_person_beside_them():
    assert texts(plot_stops(STOPPED)) == ["7", "2", "2"]


def test_many_stops_are_added_up_by_cell():
    """30 people stand in one spot for 9 s, and one somewhere else for 30 s."""
    many = {person: standing(9, 1.01, 1.01) for person in range(30)} | {30: standing(30, 9.0, 5.0)}
    stops = compute_stops(compute_trajectories(make_points(many), period="1s"))
    ax = plot_stops(stops)
    assert circles(ax).get_offsets().tolist() == pytest.approx(np.array([[1.01, 1.01], [9.0, 5.0]]))
    large, small = circles(ax).get_sizes()
    assert large / small == pytest.approx(30 * 9 / 30)
    assert texts(ax) == ["30"]
    assert legend(ax) == ["1 min in total", "number of people"]


def test_stops_with_mostly_truncated_boxes_are_hollow():
    """Person 2 stops twice; the boxes of the second stop are truncated for 11 of 20 s."""
    cut = TRAJECTORIES.assign(box_truncated=False)
    time = cut.index.get_level_values("timestamp")
    person = cut.index.get_level_values("person_index")
    cut["box_truncated"] = (person == 2) & (time >= pd.Timedelta("19s"))
    ax = plot_stops(STOPPED, trajectories=cut)
    assert [bool(alpha) for alpha in circles(ax).get_facecolors()[:, 3]] == [True, False, True]
    assert "box truncated, position uncertain" in legend(ax)
    assert all(alpha for alpha in circles(plot_stops(STOPPED)).get_facecolors()[:, 3])


def test_the_legend_follows_the_color():
    ax = plot_stops(STOPPED, color="green")
    assert {handle.get_markeredgecolor() for handle in ax.get_legend().legend_handles[:-1]} == {"green"}


def test_axes_are_labelled_with_the_unit_and_y_points_down():
    ax = plot_stops(STOPPED)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x [px]", "y [px]")
    assert ax.yaxis_inverted()


def test_stops_lie_over_the_paths_and_both_stand_in_the_legend():
    ax = plot_paths(TRAJECTORIES, video=make_video())
    before = legend(ax)
    assert plot_stops(STOPPED, ax=ax) is ax
    assert legend(ax) == [*before, "stop of 10 s", "stop of 30 s", "person index"]


def test_a_background_fills_the_frame_and_outlines_are_drawn():
    zone, line = Zone("shelf", box(50, 50, 150, 250), "px"), Line("door", LineString([(0, 0), (0, 99)]), "px")
    picture = np.zeros((HEIGHT, WIDTH, 3), dtype="uint8")
    ax = plot_stops(STOPPED, background=picture, zones=[zone], lines=[line])
    assert tuple(ax.images[0].get_extent()) == (0, WIDTH, HEIGHT, 0)
    assert {"shelf", "door"} <= set(texts(ax))


def test_no_stops_are_said():
    (text,) = plot_stops(empty_table(STOPS, unit="px")).texts
    assert text.get_text() == "No stops"


def test_options_go_to_the_circles():
    assert circles(plot_stops(STOPPED, alpha=0.2)).get_alpha() == 0.2


def test_another_table_another_plane_and_an_empty_extent_are_refused():
    with pytest.raises(SchemaError, match="not a stops table"):
        plot_stops(TRAJECTORIES)
    with pytest.raises(ParameterError, match="zone 'shelf' is in m, but the plot is in px"):
        plot_stops(STOPPED, zones=[Zone("shelf", box(0, 0, 1, 1), "m")])
    ax = plt.subplots()[1]
    ax.set_xlabel("x [m]")
    with pytest.raises(ParameterError, match="The axes are in m"):
        plot_stops(STOPPED, ax=ax)
    with pytest.raises(ParameterError, match="bounds must be finite"):
        plot_stops(STOPPED, bounds=(0, 0, 0, 0))
