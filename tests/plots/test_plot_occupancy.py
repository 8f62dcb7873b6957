import numpy as np
import pytest
from factories import make_detections, make_video
from matplotlib.colors import to_hex
from shapely.geometry import Polygon

from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_occupancy, plot_visits
from ptrack_analysis.plots.time_axis import ClockLocator, clock
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OCCUPANCY_CHANGES, VISITS, assemble, empty_table


def texts(ax):
    return [text.get_text() for text in ax.texts]


def make_occupancy(zones):
    rows = [(zone, ms, persons) for zone, counts in zones.items() for ms, persons in counts]
    names, times, persons = zip(*rows, strict=True)
    arrays = {"zone": list(names), "timestamp": np.array(times), "persons": np.array(persons)}
    return assemble(OCCUPANCY_CHANGES, arrays)


COUNTS = {"": [(0, 0), (1000, 2), (4000, 0)], "hall": [(0, 0), (2000, 1), (4000, 0)]}


def test_a_count_holds_until_the_next_row():
    ax = plot_occupancy(make_occupancy({"hall": COUNTS["hall"]}))
    line = ax.lines[0]
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xydata().tolist() == [[0, 0], [2, 1], [4, 0]]


def test_each_zone_has_a_line_and_the_scene_is_called_whole():
    ax = plot_occupancy(make_occupancy(COUNTS))
    assert [line.get_label() for line in ax.lines] == ["whole scene", "hall"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["whole scene", "hall"]
    assert ax.lines[0].get_color() is not ax.lines[1].get_color()


def test_from_three_lines_on_each_zone_has_a_row_of_one_scale():
    counts = COUNTS | {"door": [(0, 0), (1000, 1), (4000, 0)]}
    ax = plot_occupancy(make_occupancy(counts))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["whole scene", "door", "hall"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[5, 7, 5], [2.5, 3.5, 2.5], [0, 1, 0]]
    assert texts(ax) == ["max 2", "max 1", "max 1"]
    together = plot_occupancy(make_occupancy(counts), rows=False)
    assert [line.get_ydata().tolist() for line in together.lines] == [[0, 2, 0], [0, 1, 0], [0, 1, 0]]


def test_colors_can_be_given_by_zone():
    ax = plot_occupancy(make_occupancy(COUNTS), color={"hall": "red"})
    assert [to_hex(line.get_color()) for line in ax.lines] == ["#777777", "#ff0000"]


def test_counts_start_at_0_and_are_whole():
    ax = plot_occupancy(make_occupancy(COUNTS))
    ax.figure.draw_without_rendering()
    assert ax.get_ylim()[0] == 0
    assert all(tick == int(tick) for tick in ax.get_yticks())


def test_zones_asked_for_are_drawn_in_that_order():
    hall = Zone("hall", Polygon([(0, 0), (1, 0), (1, 1)]), "px")
    ax = plot_occupancy(make_occupancy(COUNTS), zones=[hall, ""])
    assert [line.get_label() for line in ax.lines] == ["hall", "whole scene"]


def test_a_zone_that_is_not_there_is_refused_by_name():
    with pytest.raises(ParameterError, match="'hull'"):
        plot_occupancy(make_occupancy(COUNTS), zones=["hull"])


def test_a_computed_occupancy_is_drawn_to_the_end_of_the_video():
    video = make_video(90_000)
    table = compute_trajectories(make_detections({7: [(0, 0.5, 0.5), (400, 0.6, 0.5)]}), video)
    ax = plot_occupancy(compute_occupancy(table, video))
    assert ax.lines[0].get_xdata()[-1] == 90
    assert ax.get_xlabel() == "time since the start of the video [min:s]"


def test_occupancy_and_visits_share_their_time_axes():
    ax = plot_occupancy(make_occupancy(COUNTS))
    assert plot_visits(empty_table(VISITS), ax=ax) is ax


def test_rows_in_any_order_give_the_same_lines():
    shuffled = make_occupancy(COUNTS).sample(frac=1, random_state=4)
    assert plot_occupancy(shuffled).lines[1].get_xydata().tolist() == [[0, 0], [2, 1], [4, 0]]


def test_an_empty_table_gives_labelled_axes_that_say_so():
    ax = plot_occupancy(empty_table(OCCUPANCY_CHANGES), zones=["hall"])
    assert [text.get_text() for text in ax.texts] == ["No people"]
    assert ax.get_ylabel() == "number of people"


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError):
        plot_occupancy(empty_table(VISITS))


def test_further_options_go_to_the_steps():
    ax = plot_occupancy(make_occupancy(COUNTS), lw=4, c="black")
    assert {line.get_linewidth() for line in ax.lines} == {4}
    assert {line.get_color() for line in ax.lines} == {"black"}


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 60, [0, 10, 20, 30, 40, 50, 60]),
        (-1, 301, [0, 60, 120, 180, 240, 300]),
        (0, 3600, [0, 600, 1200, 1800, 2400, 3000, 3600]),
        (100, 7200, [900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]),
        (0, 3 * 86400, [0, 43200, 86400, 129600, 172800, 216000, 259200]),
        (0, 30 * 86400, [number * 3 * 86400 for number in range(11)]),
    ],
)
def test_ticks_stand_at_times_that_a_clock_would_chime(low, high, ticks):
    assert ClockLocator().tick_values(low, high) == ticks


@pytest.mark.parametrize(
    ("seconds", "unit", "text"),
    [
        (0, "s", "0"),
        (0.25, "s", "0.25"),
        (59.5, "min:s", "0:59.500"),
        (600, "min:s", "10:00"),
        (-5, "min:s", "-0:05"),
        (90_000, "h:min", "25:00"),
        (3661, "h:min", "1:01:01"),
    ],
)
def test_times_are_written_with_two_digits_after_a_colon(seconds, unit, text):
    assert clock(seconds, unit) == text


def test_a_video_of_nobody_is_said_to_be_one():
    video = make_video(5000)
    occupancy = compute_occupancy(compute_trajectories(make_detections({}), video), video)
    assert len(occupancy)
    ax = plot_occupancy(occupancy)
    assert [text.get_text() for text in ax.texts] == ["No people"]
    assert ax.get_xlim() == (0, 5)
    assert len(ax.get_yticks()) == 0
