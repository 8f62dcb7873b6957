import numpy as np
import pytest
from shapely.geometry import LineString

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_counts, plot_occupancy
from ptrack_analysis.scene.zones import Line
from ptrack_analysis.schema import COUNTS, OCCUPANCY_CHANGES, assemble, empty_table


def make_counts(lines, every=1000):
    rows = [(line, place * every, *row) for line, counts in lines.items() for place, row in enumerate(counts)]
    names, times, came, went = zip(*rows, strict=True)
    arrays = {
        "line": list(names),
        "timestamp": np.array(times),
        "interval": np.full(len(rows), every),
        "in_count": np.array(came),
        "out_count": np.array(went),
        "in_total": np.cumsum(came),
        "out_total": np.cumsum(went),
    }
    return assemble(COUNTS, arrays)


COUNTED = make_counts({"door": [(2, 0), (1, 3)], "gate": [(0, 0), (0, 1)]})


def bars(ax):
    return {
        (place, bars.get_label()): [bar.get_height() for bar in bars]
        for place, bars in enumerate(ax.containers)
    }


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_in_is_above_0_and_out_below():
    ax = plot_counts(COUNTED)
    assert bars(ax) == {(0, "_in"): [2, 1], (1, "_out"): [-3], (2, "_in"): [], (3, "_out"): [-1]}


def test_the_legend_gives_the_totals():
    assert texts(plot_counts(COUNTED)) == ["door: 3 in, 3 out", "gate: 0 in, 1 out"]


def test_the_bars_of_several_lines_stand_side_by_side_in_their_interval():
    ax = plot_counts(make_counts({"door": [(2, 1), (1, 3)], "gate": [(1, 2), (4, 1)]}))
    places = [[(bar.get_x(), bar.get_x() + bar.get_width()) for bar in one] for one in ax.containers]
    for place in (0, 1):
        (start, end), (after, last) = places[0][place], places[2][place]
        assert place <= start < end <= after + 1e-9 < last <= place + 1
    assert places[0] == places[1]


def test_the_axes_show_the_intervals_whole():
    start, end = plot_counts(COUNTED).get_xlim()
    assert (start <= 0, 2 <= end < 2.1) == (True, True)


def test_the_ticks_of_out_have_no_minus():
    ax = plot_counts(COUNTED)
    ax.figure.draw_without_rendering()
    assert {label.get_text() for label in ax.get_yticklabels()} <= {"0", "1", "2", "3", "4"}
    assert ax.get_ylabel() == "crossings in 1 s\n← out\u00a0\u00a0\u00a0\u00a0in →"


def test_lines_asked_for_are_drawn_in_that_order():
    gate = Line("gate", LineString([(0, 0), (1, 1)]), "px")
    assert texts(plot_counts(COUNTED, lines=[gate, "door"])) == ["gate: 0 in, 1 out", "door: 3 in, 3 out"]


def test_rows_in_any_order_give_the_same_bars():
    assert bars(plot_counts(COUNTED.sample(frac=1, random_state=2))) == bars(plot_counts(COUNTED))


def test_a_line_that_is_not_there_is_refused_by_name():
    with pytest.raises(ParameterError, match="line 'date' is not in the counts table"):
        plot_counts(COUNTED, lines=["date"])


def test_lines_that_nobody_crossed_are_drawn_as_such():
    ax = plot_counts(make_counts({"door": [(0, 0)]}))
    assert ax.get_ylim() == (-1, 1)
    assert texts(ax) == ["door: 0 in, 0 out"]


def test_an_empty_table_gives_labelled_axes_that_say_so():
    ax = plot_counts(empty_table(COUNTS))
    assert [text.get_text() for text in ax.texts] == ["No counts"]


def test_counts_and_occupancy_share_their_time_axes():
    ax = plot_counts(COUNTED)
    assert plot_occupancy(empty_table(OCCUPANCY_CHANGES), ax=ax) is ax


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError, match="not a counts table"):
        plot_counts(empty_table(OCCUPANCY_CHANGES))


def test_further_options_go_to_the_bars():
    ax = plot_counts(COUNTED, edgecolor="black", linewidth=2)
    assert {bar.get_linewidth() for one in ax.containers for bar in one} == {2}
