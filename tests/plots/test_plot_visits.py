import numpy as np
import pytest
from factories import make_detections
from matplotlib.colors import to_hex

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_paths, plot_visits
from ptrack_analysis.scene.zone_colors import ON_WHITE
from ptrack_analysis.schema import ENTRIES, EXITS, TRAJECTORIES, VISITS, assemble, empty_table


def make_visits(rows):
    """Make visits: (zone, person, entered ms, exited ms[, entry, exit])."""
    rows = [(*row, "crossed", "crossed")[:6] if len(row) == 4 else row for row in rows]
    zone, person, entered, exited, entry, left = zip(*rows, strict=True)
    seen = [(z, p) for z, p, *_ in rows]
    return assemble(
        VISITS,
        {
            "zone": list(zone),
            "person_index": np.array(person),
            "visit": np.array([seen[: number + 1].count(each) for number, each in enumerate(seen)]),
            "entered": np.array(entered),
            "exited": np.array(exited),
            "dwell": np.array(exited) - np.array(entered),
            "entry": np.array([ENTRIES.index(each) for each in entry], dtype="int8"),
            "exit": np.array([EXITS.index(each) for each in left], dtype="int8"),
            "detections": np.ones(len(rows), dtype="int64"),
            "interpolated": np.zeros(len(rows), dtype="int64"),
            "bridged": np.zeros(len(rows), dtype="int64"),
            "since_previous_visit": np.full(len(rows), np.iinfo("int64").min),
        },
    )


def bars(ax):
    """Read off the bars: color -> (from, to, lower, upper)."""
    drawn = next(each for each in ax.collections if each.get_label() == "_visits")
    corners = [path.get_extents().extents for path in drawn.get_paths()]
    return [
        (to_hex(color), (x0, x1, y0, y1))
        for color, (x0, y0, x1, y1) in zip(drawn.get_facecolors(), corners, strict=True)
    ]


def lane_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def unseen(ax):
    return sorted(
        tuple(x) for each in ax.collections if each.get_label() == "_unseen" for x in each.get_offsets()
    )


FIRST, SECOND, THIRD = ON_WHITE[:3]
"""The colors of zones by their names."""


def test_a_visit_is_a_bar_from_entered_to_exited_in_seconds():
    ax = plot_visits(make_visits([("hall", 7, 1000, 3500)]))
    assert bars(ax) == [(FIRST, pytest.approx((1, 3.5, -0.4, 0.4)))]


def test_each_person_has_a_lane_the_first_to_enter_on_top():
    ax = plot_visits(make_visits([("hall", 7, 5000, 6000), ("hall", 8, 1000, 2000), ("till", 7, 8000, 9000)]))
    assert lane_names(ax) == ["8", "7"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert sorted((color, round((low + high) / 2)) for color, (_, _, low, high) in bars(ax)) == sorted(
        [(FIRST, 1), (FIRST, 0), (SECOND, 1)]
    )


def test_zones_stand_in_the_legend():
    ax = plot_visits(make_visits([("till", 7, 0, 1000), ("hall", 7, 2000, 3000)]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["hall", "till"]


def test_zones_asked_for_are_drawn_in_that_order():
    ax = plot_visits(make_visits([("till", 7, 0, 1000), ("hall", 7, 2000, 3000)]), zones=["till", "exit"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["till", "exit"]
    assert [color for color, _ in bars(ax)] == [THIRD]


def test_being_in_two_zones_at_once_divides_the_lane():
    ax = plot_visits(make_visits([("hall", 7, 0, 5000), ("till", 7, 2000, 3000), ("hall", 8, 0, 1000)]))
    heights = {(color, x0): (low, high) for color, (x0, _, low, high) in bars(ax)}
    assert heights[FIRST, 0] in [pytest.approx((-0.4, 0)), pytest.approx((0.6, 1.4))]
    assert heights[SECOND, 2] == pytest.approx((0, 0.4))


@pytest.mark.parametrize(
    ("entry", "exit_", "marks"),
    [
        pytest.param("crossed", "crossed", [], id="seen"),
        pytest.param("zone_opened", "zone_closed", [], id="the zone began and ceased to hold"),
        pytest.param("video_start", "crossed", [(1, 0)], id="began unseen"),
        pytest.param("appeared", "lost", [(1, 0), (2, 0)], id="began and ended unseen"),
        pytest.param("crossed", "video_end", [(2, 0)], id="ended unseen"),
    ],
)
def test_ends_that_were_not_seen_are_marked(entry, exit_, marks):
    ax = plot_visits(make_visits([("hall", 7, 1000, 2000, entry, exit_)]))
    assert unseen(ax) == marks
    assert ("start or end not observed" in [text.get_text() for text in ax.get_legend().get_texts()]) == bool(
        marks
    )


def test_lanes_by_zone_are_named_once_in_the_middle():
    visits = make_visits([("hall", 7, 0, 1000), ("hall", 8, 500, 1000), ("till", 7, 2000, 3000)])
    ax = plot_visits(visits, lanes="zone")
    assert lane_names(ax) == ["hall", "till"]
    assert ax.get_yticks().tolist() == [0.5, 2]
    assert ax.get_ylabel() == "zone"


def test_unknown_lanes_are_refused():
    with pytest.raises(ParameterError, match="'video'"):
        plot_visits(empty_table(VISITS), lanes="video")


def test_with_many_persons_only_some_lanes_are_named():
    ax = plot_visits(
        make_visits([("hall", person, 1000 * person, 1000 * person + 500) for person in range(300)])
    )
    assert lane_names(ax)[:2] == ["0", "8"]
    assert len(lane_names(ax)) <= 40
    assert len(bars(ax)) == 300


@pytest.mark.parametrize(
    ("end", "unit", "tick"),
    [(40_000, "s", "20"), (300_000, "min:s", "1:00"), (7_200_000, "h:min", "0:30")],
)
def test_times_are_written_as_a_clock_shows_them(end, unit, tick):
    ax = plot_visits(make_visits([("hall", 7, 0, end)]))
    ax.figure.draw_without_rendering()
    assert ax.get_xlabel() == f"time since the start of the video [{unit}]"
    assert tick in [label.get_text() for label in ax.get_xticklabels()]


def test_an_empty_table_gives_labelled_axes_that_say_so():
    ax = plot_visits(empty_table(VISITS))
    assert [text.get_text() for text in ax.texts] == ["No visits"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time since the start of the video [s]", "person")


def test_axes_of_a_plane_are_refused():
    ax = plot_paths(empty_table(TRAJECTORIES, unit="px"))
    with pytest.raises(ParameterError, match="The axes are in px"):
        plot_visits(make_visits([("hall", 7, 0, 1000)]), ax=ax)


def test_rows_in_any_order_give_the_same_bars():
    visits = make_visits([("hall", 7, 0, 5000), ("till", 7, 2000, 3000), ("hall", 8, 0, 1000)])
    shuffled = visits.sample(frac=1, random_state=4)
    assert sorted(bars(plot_visits(shuffled))) == sorted(bars(plot_visits(visits)))


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError):
        plot_visits(make_detections({7: [(0, 0.5, 0.5)]}))


def test_further_options_go_to_the_bars():
    ax = plot_visits(make_visits([("hall", 7, 0, 1000)]), alpha=0.5)
    assert next(each for each in ax.collections if each.get_label() == "_visits").get_alpha() == 0.5


def test_ends_are_marked_by_the_observed_entries_and_exits():
    visits = make_visits([("hall", 7, 1000, 2000, "video_start", "frame_edge")])
    assert unseen(plot_visits(visits)) == [(1, 0)]
    assert unseen(plot_visits(visits, observed_entries=["video_start"], observed_exits=["crossed"])) == [
        (2, 0)
    ]
