"""The plot of dwell times: a dot per visit, unobserved ends as triangles, the median as a line."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import ptrack_analysis as pta
from ptrack_analysis.plots import plot_dwell, plot_paths
from ptrack_analysis.scene.zone_colors import ON_WHITE
from ptrack_analysis.schema import TRAJECTORIES, VISITS, empty_table


@pytest.fixture(scope="module")
def shop(data):
    detections, video = pta.read_tracking(data / "shop")
    zones, _ = pta.read_zones(data / "shop" / "zones.geojson", video)
    return pta.compute_visits(pta.compute_trajectories(detections, video), zones, video)


def dots(ax):
    """Return the dwell time and the row of each dot."""
    found = [point for each in ax.collections if each.get_label() == "_dots" for point in each.get_offsets()]
    return sorted((round(float(x), 3), round(float(y))) for x, y in found)


def test_each_visit_is_a_dot_at_its_dwell_time(shop):
    ax = plot_dwell(shop)
    names = sorted(set(shop.index.get_level_values("zone")))
    rows = {name: row for row, name in enumerate(names)}
    expected = [
        (round(dwell.total_seconds(), 3), rows[zone])
        for zone, dwell in zip(shop.index.get_level_values("zone"), shop["dwell"], strict=True)
    ]
    assert dots(ax) == sorted(expected)
    assert ax.get_yticklabels()[0].get_text() == "checkout\n6 visits"


def test_lines_are_the_medians_of_compute_dwell_in_the_color_of_the_zone(shop):
    ax = plot_dwell(shop)
    medians = {
        to_hex(line.get_color()): line.get_xdata()[0] for line in ax.lines if line.get_label() == "_median"
    }
    dwell = pta.compute_dwell(shop)["median"].dt.total_seconds()
    assert medians == dict(
        zip(ON_WHITE, dwell.droplevel([1]) if dwell.index.nlevels > 1 else dwell, strict=False)
    )


def test_ends_that_were_not_observed_are_triangles(shop):
    labels = [text.get_text() for text in plot_dwell(shop).get_legend().get_texts()]
    assert labels == [
        "start and end observed",
        "end not observed",
        "start not observed",
        "median",
        "95% interval",
    ]
    whole = shop[(shop["entry"] == "crossed") & (shop["exit"] == "crossed")]
    labels = [text.get_text() for text in plot_dwell(whole).get_legend().get_texts()]
    assert labels == ["start and end observed", "median", "95% interval"]


def test_many_visits_are_dots_of_about_one_length(shop):
    whole = shop[shop.index.get_level_values("zone") == "entrance"].reset_index()
    many = np.repeat(np.arange(len(whole)), 10)
    repeated = whole.iloc[many].assign(person_index=np.arange(len(many)))
    ax = plot_dwell(repeated.set_index(shop.index.names))
    assert 1 < len(dots(ax)) < 30


def test_nothing_and_something_else_are_told(shop):
    (said,) = plot_dwell(empty_table(VISITS)).texts
    assert said.get_text() == "No visits"
    with pytest.raises(pta.errors.SchemaError):
        plot_dwell(empty_table(TRAJECTORIES, unit="px"))
    with pytest.raises(pta.PtrackError):
        plot_dwell(
            shop, ax=plot_paths(empty_table(TRAJECTORIES, unit="px"), video=pta.Video(width=9, height=9))
        )
