import numpy as np
import pytest

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.plots import plot_facing
from ptrack_analysis.schema import FACING, assemble, empty_table


def make_facing(rows):
    names = ("person_index", "facing", "not_facing", "without_face")
    arrays = {name: np.array([row[place] for row in rows]) for place, name in enumerate(names, start=1)}
    return assemble(FACING, arrays | {"target": [row[0] for row in rows], "coverage": np.ones(len(rows))})


FACED = make_facing([("shelf", 1, 1000, 2000, 3000), ("shelf", 2, 500, 0, 0), ("door", 1, 3000, 0, 3000)])


def test_a_bar_is_the_time_of_all_persons_in_three_parts():
    ax = plot_facing(FACED)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["shelf", "door"]
    assert [[bar.get_width() for bar in bars] for bars in ax.containers] == [[1.5, 3], [2, 0], [3, 3]]
    assert [bar.get_x() for bar in ax.containers[2]] == [3.5, 3]
    assert ax.get_xlabel() == "time of all people [s]"


def test_the_legend_names_the_parts():
    texts = [text.get_text() for text in plot_facing(FACED).get_legend().get_texts()]
    assert texts == ["facing", "facing elsewhere", "without a face"]


def test_options_reach_the_bars():
    bars = plot_facing(FACED, height=0.5).containers[0]
    assert {bar.get_height() for bar in bars} == {0.5}


def test_nobody_says_so():
    assert plot_facing(empty_table(FACING)).texts[0].get_text() == "No targets"


def test_another_table_is_refused():
    with pytest.raises(SchemaError, match="not a facing table"):
        plot_facing(FACED.reset_index())
