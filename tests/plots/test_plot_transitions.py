"""The matrix of transitions: what stands in which cell."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from flow_tables import make_visits, random_rows
from matplotlib.colors import Normalize
from shapely.geometry import box

from ptrack_analysis import Zone, compute_transitions
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_transitions
from ptrack_analysis.schema import TRANSITIONS, empty_table

WAYS = compute_transitions(
    make_visits([
        ("shop", 1, 0, 5, "video_start", "crossed"),
        ("till", 1, 6, 9),
        ("shop", 2, 1, 4),
        ("shop", 2, 6, 9, "crossed", "lost"),
    ])
)  # fmt: skip


def names(ax):
    return [[label.get_text() for label in axis.get_ticklabels()] for axis in (ax.yaxis, ax.xaxis)]


def numbers(ax):
    rows, columns = names(ax)
    places = {text.get_position(): text.get_text() for text in ax.texts}
    return {f"{rows[int(y)]} > {columns[int(x)]}": text for (x, y), text in places.items()}


def test_zones_stand_before_the_states_that_occur():
    assert names(plot_transitions(WAYS)) == [
        ["shop", "till", "(outside)", "(video_start)"],
        ["shop", "till", "(outside)", "(lost)"],
    ]


def test_each_cell_has_its_number_and_its_color():
    ax = plot_transitions(WAYS)
    assert numbers(ax) == {
        "shop > shop": "1",
        "shop > till": "1",
        "shop > (lost)": "1",
        "till > (outside)": "1",
        "(outside) > shop": "1",
        "(video_start) > shop": "1",
    }
    cells = ax.images[0].get_array()
    assert cells.filled(0).tolist() == [[1, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    assert cells.mask.sum() == 10


def test_shares_are_written_in_per_cent():
    found = numbers(plot_transitions(WAYS, measure="share"))
    assert (found["shop > till"], found["till > (outside)"]) == ("33%", "100%")


def test_a_share_that_rounds_to_nothing_is_not_written_as_nothing():
    rows = [("a", person, 0, 1) for person in range(300)] + [("b", 7, 3, 4)]
    assert (
        numbers(plot_transitions(compute_transitions(make_visits(rows)), measure="share"))["a > b"] == "<1%"
    )


def test_zones_can_be_chosen_and_ordered():
    till = Zone("till", box(0, 0, 1, 1), "m")
    assert names(plot_transitions(WAYS, zones=[till, "shop"]))[0][:2] == ["till", "shop"]
    assert set(numbers(plot_transitions(WAYS, zones=["till"]))) == {"till > (outside)"}
    assert names(plot_transitions(WAYS, zones=["till", "attic"]))[1][:2] == ["till", "attic"]


def test_a_line_parts_zones_from_states():
    lines = [line.get_xydata().tolist() for line in plot_transitions(WAYS).lines]
    assert lines == [[[0, 1.5], [1, 1.5]], [[1.5, 0], [1.5, 1]]]


def test_numbers_on_dark_cells_are_white_and_others_dark():
    rows = [("a", person, 0, 1) for person in range(300)] + [("b", 7, 3, 4)]
    ax = plot_transitions(compute_transitions(make_visits(rows)))
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    assert (colors["300"], colors["1"]) == ("#ffffff", "#333333")


def test_origins_go_down_and_destinations_to_the_right():
    ax = plot_transitions(WAYS)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.yaxis_inverted()) == ("to", "from", True)


def test_twenty_zones_have_room():
    ways = compute_transitions(make_visits(random_rows(3, zones="abcdefghijklmnopqrst")))
    ax = plot_transitions(ways)
    ax.figure.draw_without_rendering()
    cell = ax.get_window_extent().width / len(names(ax)[1])
    assert max(text.get_window_extent().width for text in ax.texts) < cell
    assert max(label.get_window_extent().width for label in ax.get_xticklabels()) < cell


@pytest.mark.parametrize("ways", [empty_table(TRANSITIONS), WAYS], ids=["nobody", "none of the zones"])
def test_nothing_to_draw_is_said(ways):
    ax = plot_transitions(ways, zones=["attic"])
    assert [text.get_text() for text in ax.texts] == ["No transitions"]


def test_given_axes_and_options_are_used():
    _, ax = plt.subplots()
    assert plot_transitions(WAYS, ax=ax, norm=Normalize(0, 5)) is ax
    assert ax.images[0].norm.vmax == 5


def test_axes_with_a_picture_are_refused():
    ax = plot_transitions(WAYS)
    with pytest.raises(ParameterError, match="The axes are not empty"):
        plot_transitions(WAYS, ax=ax)


def test_an_unknown_measure_is_refused():
    with pytest.raises(ParameterError, match="measure must be one of transitions, share, got 'persons'"):
        plot_transitions(WAYS, measure="persons")


def test_what_is_not_transitions_is_refused():
    with pytest.raises(SchemaError, match="not a transitions table"):
        plot_transitions(np.zeros((2, 2)))
