import numpy as np
import pandas as pd
import pytest

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_count_drift
from ptrack_analysis.schema import BALANCE, COUNTS, assemble, empty_table


def make_balance(rows, zone=""):
    times, counted, present = map(np.array, zip(*rows, strict=True))
    arrays = {
        "zone": [zone] * len(rows),
        "timestamp": times,
        "in_total": counted,
        "out_total": np.zeros(len(rows), dtype="int64"),
        "counted": counted,
        "present": present,
        "drift": counted - present,
    }
    return assemble(BALANCE, arrays)


BALANCED = make_balance([(0, 0, 0), (1000, 2, 1), (4000, 2, 1)])


def test_counted_and_present_are_steps_along_time():
    ax = plot_count_drift(BALANCED)
    lines = {line.get_label(): line for line in ax.lines}
    assert {line.get_drawstyle() for line in ax.lines} == {"steps-post"}
    assert lines["counted over lines"].get_xydata().tolist() == [[0, 0], [1, 2], [4, 2]]
    assert lines["present"].get_xydata().tolist() == [[0, 0], [1, 1], [4, 1]]


def test_the_drift_is_shaded_between_them_and_named():
    ax = plot_count_drift(BALANCED)
    (shade,) = ax.collections
    assert shade.get_paths()[0].contains_point((2, 1.5))
    assert not shade.get_paths()[0].contains_point((2, 0.5))
    assert ax.get_legend().get_texts()[-1].get_text() == "drift, +1 at the end"


@pytest.mark.parametrize(
    ("counted", "text"),
    [(1, "drift, 0 at the end"), (-1, "drift, -2 at the end"), (2, "drift, +1 at the end")],
)
def test_the_drift_at_the_end_is_said(counted, text):
    ax = plot_count_drift(make_balance([(0, 1, 1), (10, counted, 1)]))
    assert ax.get_legend().get_texts()[-1].get_text() == text
    assert ax.get_ylim()[0] == min(counted, 0)


def test_of_several_zones_one_must_be_named():
    both = pd.concat([BALANCED, make_balance([(0, 0, 0), (4000, 3, 3)], zone="room")])
    with pytest.raises(ParameterError, match="has several zones"):
        plot_count_drift(both)
    with pytest.raises(ParameterError, match="zone 'roof' is not in the balance table"):
        plot_count_drift(both, zone="roof")
    assert plot_count_drift(both, zone="room").lines[0].get_ydata().tolist() == [0, 3]


def test_rows_in_any_order_give_the_same_lines():
    ax = plot_count_drift(BALANCED.sample(frac=1, random_state=1))
    assert ax.lines[1].get_xydata().tolist() == [[0, 0], [1, 2], [4, 2]]


def test_an_empty_table_gives_labelled_axes_that_say_so():
    ax = plot_count_drift(empty_table(BALANCE))
    assert [text.get_text() for text in ax.texts] == ["No people"]
    assert ax.get_ylabel() == "number of people"


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError, match="not a count_drift table"):
        plot_count_drift(empty_table(COUNTS))


def test_further_options_go_to_the_steps():
    assert {line.get_linewidth() for line in plot_count_drift(BALANCED, lw=4).lines} == {4}
