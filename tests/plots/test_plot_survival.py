import numpy as np
import pytest
from shapely.geometry import box

from ptrack_analysis import Zone
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_occupancy, plot_survival
from ptrack_analysis.schema import OCCUPANCY_CHANGES, SURVIVAL, assemble, empty_table


def make_survival(curves):
    """Make curves: (zone, entry) -> rows of (length [ms], ended, cut, share)."""
    rows = [(*key, *row) for key, curve in curves.items() for row in curve]
    zone, entry, length, ended, cut, share = zip(*rows, strict=True)
    share = np.array(share, "float64")
    inner = (share > 0) & (share < 1)
    return assemble(
        SURVIVAL,
        {
            "zone": list(zone),
            "entry": list(entry),
            "length": np.array(length),
            "at_risk": np.array(ended) + np.array(cut),
            "ended": np.array(ended),
            "end_unobserved": np.array(cut),
            "share": share,
            "share_low": np.where(inner, share - 0.1, np.nan),
            "share_high": np.where(inner, share + 0.1, np.nan),
        },
    )


TILL = [(0, 0, 0, 1.0), (2000, 1, 0, 0.75), (3000, 1, 1, 0.5), (8000, 0, 1, 0.5)]
DOOR = [(0, 0, 0, 1.0), (1000, 0, 2, 1.0)]
DRAWN = make_survival({("till", ""): TILL, ("door", ""): DOOR})


def lines(ax, label):
    return [line.get_xydata().tolist() for line in ax.get_lines() if line.get_label() == label]


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_each_curve_steps_down_at_its_lengths_in_seconds():
    ax = plot_survival(DRAWN)
    assert lines(ax, "_share") == [[[0, 1], [1, 1]], [[0, 1], [2, 0.75], [3, 0.5], [8, 0.5]]]
    assert {line.get_drawstyle() for line in ax.get_lines() if line.get_label() == "_share"} == {"steps-post"}


def test_strokes_mark_where_stays_were_cut():
    assert lines(plot_survival(DRAWN), "_cut") == [[[1, 1]], [[3, 0.5], [8, 0.5]]]


def test_the_band_lies_between_the_bounds_until_all_have_ended():
    table = make_survival({("till", ""): [*TILL[:3], (8000, 1, 0, 0.0)]})
    (path,) = plot_survival(table).collections[0].get_paths()
    low, high = path.vertices.min(axis=0), path.vertices.max(axis=0)
    assert (low.tolist(), high.tolist()) == ([2, pytest.approx(0.4)], [8, pytest.approx(0.85)])


def test_the_legend_gives_the_median_and_those_cut():
    assert texts(plot_survival(DRAWN)) == [
        "door: no median\n2 of 2 ends not observed",
        "till: median 3.0 s\n2 of 4 ends not observed",
    ]


def test_curves_of_each_entry_say_so_and_zones_come_in_the_order_asked_for():
    table = make_survival(
        {("till", "crossed"): TILL, ("till", "zone_opened"): DOOR, ("door", "crossed"): DOOR}
    )
    found = [text.split(":")[0] for text in texts(plot_survival(table, zones=["till", "door"]))]
    assert found == ["till, crossed", "till, zone_opened", "door, crossed"]


def test_long_medians_are_written_as_a_clock_shows_them():
    table = make_survival({("till", ""): [(0, 0, 0, 1.0), (95_400, 1, 0, 0.0)]})
    assert texts(plot_survival(table)) == ["till: median 1:35\n0 of 1 ends not observed"]


def test_the_axes_show_a_length_and_a_share():
    ax = plot_survival(DRAWN)
    assert ax.get_xlabel() == "dwell time [s]"
    assert ax.get_ylim() == (0, 1.02)
    ax.figure.draw_without_rendering()
    assert {"0%", "100%"} <= {label.get_text() for label in ax.get_yticklabels()}
    assert plot_survival(DRAWN, ax=ax) is ax


def test_rows_in_any_order_give_the_same_curves():
    shuffled = DRAWN.sample(frac=1, random_state=1)
    assert lines(plot_survival(shuffled), "_share") == lines(plot_survival(DRAWN), "_share")


def test_axes_of_something_else_are_refused():
    with pytest.raises(ParameterError, match=r"got axes with 'time since"):
        plot_survival(DRAWN, ax=plot_occupancy(empty_table(OCCUPANCY_CHANGES)))


def test_a_zone_that_is_not_there_is_refused_by_name():
    with pytest.raises(ParameterError, match="zone 'tell' is not in the survival table"):
        plot_survival(DRAWN, zones=["tell"])


def test_an_empty_table_gives_labelled_axes_that_say_so():
    ax = plot_survival(empty_table(SURVIVAL))
    assert [text.get_text() for text in ax.texts] == ["No visits observed from their start"]


def test_a_wrong_table_is_refused():
    with pytest.raises(SchemaError, match="not a survival table"):
        plot_survival(empty_table(OCCUPANCY_CHANGES))


def test_further_options_go_to_the_curves():
    ax = plot_survival(DRAWN, linewidth=3)
    assert {line.get_linewidth() for line in ax.get_lines() if line.get_label() == "_share"} == {3}


def test_a_zone_of_which_no_stay_was_seen_to_begin_is_named_and_keeps_the_colors():
    zones = [Zone(name, box(0, 0, 1, 1), "m") for name in ("door", "hall", "till")]
    ax = plot_survival(DRAWN, zones=zones)
    assert texts(ax)[1] == "hall: no visit observed\nfrom its start"
    assert len(lines(ax, "_share")) == 2
    handles = ax.get_legend().get_lines()
    assert len({handle.get_color() for handle in handles}) == 3
    with pytest.raises(ParameterError, match="zone 'hall' is not in the survival table"):
        plot_survival(DRAWN, zones=["door", "hall"])
