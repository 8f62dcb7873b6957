"""Funnels as bars."""

import pytest
from flow_tables import make_visits, make_zones

from ptrack_analysis import compute_funnel
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_funnel

VISITS = make_visits([("door", person, 0, 1) for person in range(4)] + [("till", 0, 3, 4)])
ATTIC, CELLAR = make_zones(["attic", "cellar"])
FUNNEL = compute_funnel(VISITS, ["door", "till", ATTIC, CELLAR])


def test_each_bar_has_its_number_and_its_share_of_the_step_before():
    ax = plot_funnel(FUNNEL)
    assert [bar.get_width() for bar in ax.containers[0]] == [4, 1, 0, 0]
    assert [text.get_text() for text in ax.texts] == ["4", "1  (25%)", "0  (0%)", "0"]


def test_the_first_step_is_at_the_top():
    ax = plot_funnel(FUNNEL.iloc[::-1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["door", "till", "attic", "cellar"]
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "people"


def test_what_is_written_beside_the_bars_is_within_the_axes():
    ax = plot_funnel(FUNNEL)
    ax.figure.draw_without_rendering()
    assert max(text.get_window_extent().x1 for text in ax.texts) < ax.get_window_extent().x1


def test_a_funnel_of_nobody_has_bars_of_nothing():
    ax = plot_funnel(compute_funnel(VISITS, [ATTIC]))
    assert [text.get_text() for text in ax.texts] == ["0"]


def test_nothing_to_draw_is_said():
    ax = plot_funnel(compute_funnel(VISITS, []))
    assert [text.get_text() for text in ax.texts] == ["The funnel has no steps"]


def test_options_are_handed_to_the_bars():
    assert plot_funnel(FUNNEL, hatch="/").containers[0][0].get_hatch() == "/"


def test_axes_with_a_picture_are_refused():
    with pytest.raises(ParameterError, match="The axes are not empty"):
        plot_funnel(FUNNEL, ax=plot_funnel(FUNNEL))


def test_what_is_not_a_funnel_is_refused():
    with pytest.raises(SchemaError, match="not a funnel table"):
        plot_funnel(VISITS)
