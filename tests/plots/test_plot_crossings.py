import numpy as np
import pytest
from factories import make_detections, make_video
from shapely.geometry import LineString, box

from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_crossings, plot_paths
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import CROSSINGS, TRAJECTORIES, empty_table

DOOR = Line("door", LineString([(500, 500), (500, 0)]), "px")
GATE = Line("gate", LineString([(700, 500), (700, 0)]), "px")
VIDEO = make_video()
PATH = [(0, 0.4, 0.5), (100, 0.6, 0.5), (200, 0.8, 0.5), (300, 0.4, 0.9)]
WALKED = compute_trajectories(make_detections({7: PATH, 8: PATH[:2]}), VIDEO)
CROSSED = compute_crossings(WALKED, [DOOR, GATE])


def marks(ax, way):
    (found,) = [one for one in ax.collections if one.get_label() == f"_{way}"]
    return found.get_offsets().tolist()


def test_crossings_lie_on_their_line_in_their_direction():
    ax = plot_crossings(CROSSED, [DOOR, GATE], video=VIDEO)
    assert sorted(marks(ax, "in")) == [[500, 250], [500, 250], [700, 250]]
    assert [place[0] for place in sorted(marks(ax, "out"))] == [500, 700]


def test_lines_say_how_often_they_were_crossed_and_which_way_is_in():
    ax = plot_crossings(CROSSED, [DOOR, GATE], video=VIDEO)
    written = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert written == ["in", "door: 2\u00a0in,\u00a01\u00a0out", "in", "gate: 1\u00a0in,\u00a01\u00a0out"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["crossed in: 3", "crossed out: 2"]


def test_the_arrow_points_to_the_side_where_in_leads():
    ax = plot_crossings(CROSSED, [DOOR], video=VIDEO)
    arrow = next(text for text in ax.texts if text.get_text() == "in")
    assert arrow.xyann[0] > 0


def test_crossings_of_lines_that_are_not_given_are_not_drawn():
    ax = plot_crossings(CROSSED, [GATE], video=VIDEO)
    assert marks(ax, "in") == [[700, 250]]


def test_a_long_name_leaves_room_for_the_totals():
    long = Line("the way from the long shelf to the back room behind the till", DOOR.outline, "px")
    ax = plot_crossings(compute_crossings(WALKED, [long]), [long], video=VIDEO)
    assert "2\u00a0in,\u00a01\u00a0out" in ax.texts[1].get_text().replace("\n", " ")


def test_the_picture_is_shown_with_y_downwards():
    ax = plot_crossings(CROSSED, [DOOR], background=np.zeros((50, 100)), video=VIDEO)
    assert ax.images[0].get_extent() == [0, 1000, 500, 0]
    assert ax.yaxis_inverted()
    assert ax.get_xlabel() == "x [px]"


def test_crossings_are_drawn_over_paths():
    ax = plot_paths(WALKED, video=VIDEO)
    assert plot_crossings(CROSSED, [DOOR], ax=ax, zones=[Zone("room", box(0, 0, 9, 9), "px")]) is ax


def test_another_plane_is_refused():
    with pytest.raises(ParameterError, match=r"line .door. is in m"):
        plot_crossings(CROSSED, [Line("door", DOOR.outline, "m")])


def test_an_empty_table_gives_the_lines_and_says_so():
    ax = plot_crossings(empty_table(CROSSINGS, unit="px"), [DOOR], video=VIDEO)
    written = [text.get_text() for text in ax.texts]
    assert written == ["in", "door: 0\u00a0in,\u00a00\u00a0out", "No crossings"]
    assert plot_crossings(empty_table(CROSSINGS, unit="m"), []).get_xlabel() == "x [m]"


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError, match="not a crossings table"):
        plot_crossings(empty_table(TRAJECTORIES, unit="px"), [])


def test_further_options_go_to_the_marks():
    ax = plot_crossings(CROSSED, [DOOR], video=VIDEO, alpha=0.25)
    assert {one.get_alpha() for one in ax.collections if one.get_label() in {"_in", "_out"}} == {0.25}
