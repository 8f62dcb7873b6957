"""The charts of the report: what their drawings say, by cases that are solvable in the head."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptrack_analysis import AnalysisConfig
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.day_chart import DayChart, DayLane, draw_days
from ptrack_analysis.report.dwell_chart import Strip, draw_strips, format_tick_range
from ptrack_analysis.report.floor_chart import choose_levels, find_ground, find_spots
from ptrack_analysis.report.svg import element, fit, letters, step_path
from ptrack_analysis.report.time_chart import Curve, Timeline, timeline_data
from ptrack_analysis.report.transition_chart import OTHER, describe_bands, draw_bands, find_bands


def read_steps(path):
    """Return the corners of an open path of steps."""
    x, y, corners = 0.0, 0.0, []
    for kind, numbers in re.findall(r"([MHV])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        x, y = values if kind == "M" else (values[0], y) if kind == "H" else (x, values[0])
        corners.append((x, y))
    return corners


@given(
    st.lists(st.tuples(st.floats(0, 50), st.integers(0, 9)), min_size=1, max_size=200),
    st.integers(0, 9),
)
def test_steps_show_the_true_count_wherever_it_holds_for_more_than_a_pixel(changes, first):
    changes = sorted(changes)
    x = np.array([0.0, *(position for position, _ in changes), 60.0])
    counts = np.array([first, *(count for _, count in changes), changes[-1][1]])
    corners = read_steps(step_path(x, counts, lambda count: count, closed=False))
    assert max(y for _, y in corners) == counts.max()
    for position, until, count in zip(x, x[1:], counts, strict=False):
        if until - position > 1.2:
            drawn = [y for corner, y in corners if corner <= until - 0.1]
            assert drawn[-1] == count


def test_letters_are_escaped_and_keep_their_direction():
    assert letters(1, 2.04, "</text><b>") == '<text x="1" y="2">&lt;/text&gt;&lt;b&gt;</text>'
    assert "\x01" not in letters(0, 0, "a\x01b")
    assert (
        element("rect", class_='"x"', stroke_width=1.25) == '<rect class="&quot;x&quot;" stroke-width="1.2"/>'
    )


def test_a_name_is_shortened_to_its_room():
    assert fit("shelves", 100) == "shelves"
    assert fit("A" * 200, 100) == "A" * 12 + "\N{HORIZONTAL ELLIPSIS}"
    assert len(fit("\u58f2\u308a\u5834" * 20, 100)) < 10  # letters of double width


@pytest.mark.parametrize(
    ("highest", "levels"),
    [
        (0.0, []),
        (0.04, []),
        (0.3, [0.05, 0.1, 0.2]),
        (28.0, [1, 2, 5, 10, 20]),
        (700.0, [10, 20, 60, 120, 300]),
    ],
)
def test_levels_are_round(highest, levels):
    found = choose_levels(highest)
    assert found == levels or (highest == 700.0 and found == [20, 60, 120, 300, 600])


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(1, 2, "1 to 2 s"), (20, 60, "20 s to 1 min"), (60, 120, "1 to 2 min"), (1200, 3600, "20 min to 1 h")],
)
def test_a_range_has_its_unit_once_only_if_both_ends_have_it(low, high, text):
    assert format_tick_range(low, high) == text


def transitions(rows):
    table = pd.DataFrame(rows, columns=["origin", "destination", "transitions", "persons", "share"])
    return table.set_index(["origin", "destination"])


def test_zones_without_a_color_are_one_band_whatever_they_are_called():
    table = transitions(
        [("a", "b", 3, 2, 0.5), ("a", "Other zones", 2, 2, 0.5), ("x", "y", 4, 1, 1.0), ("x", "a", 1, 1, 0.1)]
    )
    colors = {"a": 0, "b": 1, "Other zones": 2}
    bands = {(band.origin, band.destination): band.transitions for band in find_bands(table, colors)}
    assert bands == {("a", "b"): 3, ("a", "Other zones"): 2, (OTHER, OTHER): 4, (OTHER, "a"): 1}
    assert sum(bands.values()) == table["transitions"].sum()
    drawn = draw_bands(find_bands(table, colors), colors, 480)
    assert drawn.count('class="z0 ribbon"') == 2
    assert "Other zones to Other zones 4 times" in describe_bands(find_bands(table, colors))


def make_timeline(started_at, end=7200.0):
    curve = Curve("In view", "all", np.array([0.0, end]), np.array([1, 1]))
    return Timeline(0.0, end, [curve], [], None, started_at)


@pytest.mark.parametrize(
    ("started_at", "zone", "clock"),
    [
        ("2026-03-01T22:00:10", "America/New_York", [[0, 79_210_000]]),
        ("2026-03-29T01:30:00", "Europe/Berlin", [[0, 5_400_000], [1_800_000, 9_000_000]]),
        ("2026-05-04T00:00:00", "Pacific/Auckland", [[0, 0]]),
    ],
)
def test_the_cursor_knows_the_clock_and_its_changes(started_at, zone, clock):
    begun = datetime.fromisoformat(started_at).replace(tzinfo=ZoneInfo(zone))
    assert timeline_data(make_timeline(begun))["clock"] == clock
    assert timeline_data(make_timeline(None))["clock"] == []


def make_strip(lengths, **more):
    count = len(lengths)
    values = {"median": None, "low": None, "high": None, "usable": 0} | more
    seen = np.ones(count, dtype=bool)
    titles = [f"visit {number}" for number in range(count)]
    return Strip("shelves", "z0", "", np.array(lengths, dtype=float), seen, seen, titles, **values)


def test_dots_of_equal_visits_lie_above_each_other():
    drawn = draw_strips([make_strip([5.0] * 20)], 1010)
    found = re.findall(r'<circle cx="([\d.]+)" cy="([-\d.]+)"', drawn)
    assert len(set(found)) == 20
    assert len({x for x, _ in found}) == 1


def test_many_visits_are_dots_whose_titles_count_each_visit_once():
    lengths = np.geomspace(1, 100, 300)
    drawn = draw_strips([make_strip(lengths)], 1010)
    counts = [int(number) for number in re.findall(r": (\d+) visits?</title>", drawn)]
    assert sum(counts) == 300


def test_days_tell_withheld_counts_from_days_that_were_not_recorded():
    nan = float("nan")
    lane = DayLane("door", "", {0: 4.0, 1: nan, 5: 2.0}, {}, {0: nan, 1: nan, 5: 2.0})
    drawn = draw_days(DayChart([lane], 9, []), 660)
    assert drawn.count('class="up"') == 2
    assert drawn.count('class="withheld"') == 2  # a whole day, and the ones who went out on another
    assert drawn.count('class="out"') == 1
    assert drawn.count('class="uncovered"') == 2  # three days and three days


@pytest.mark.parametrize("floor", [False, True])
def test_the_map_and_what_it_leaves_out_make_the_time_in_the_scene(data, floor):
    analysis = VideoAnalysis(
        data / "shop", AnalysisConfig(floor=data / "shop" / "floor.json" if floor else None)
    )
    ground = find_ground(analysis, None)
    stood = find_spots(analysis, ground, {}, background=False)
    grid = {"cell": 0.125} if floor else {"shape": (72, 128)}
    drawn = analysis.heatmap(basis="foot_points", truncated=False, **grid).values.sum()
    present = analysis["tracks"]["time_in_scene"].sum().total_seconds()
    assert drawn + sum(stood.undrawn.values()) == pytest.approx(present, abs=1e-6)
    assert sum(stood.below) == pytest.approx(stood.undrawn["below"])
    assert (stood.undrawn["below"] > 60) == (not floor)
