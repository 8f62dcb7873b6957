"""Every plot function of an output draws a VideoAnalysis as ``ptrack plot`` does."""

from datetime import UTC, datetime
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from shapely.geometry import box

import ptrack_analysis as pta
from ptrack_analysis import plots
from ptrack_analysis.pipeline.outputs import PLOTS
from ptrack_analysis.pipeline.plot_options import PlotOptions


@pytest.fixture(scope="module")
def open_shop(data):
    shop = data / "shop"

    def open_video(**options):
        return pta.open_video(shop, zones=shop / "zones.geojson", floor=shop / "floor.json", **options)

    return open_video


def pixels(axes):
    canvas = axes.figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


WRITERS = {"write_animation", "write_annotated_video"}
OF_MORE = {"plot_heatmap_comparison", "plot_funnel"} | WRITERS
"""Plots of two videos or of a path through zones; and those that write."""
DRAWN = [name for name, (_, plot) in PLOTS.items() if not plot.on_video]


def test_every_plot_of_one_video_takes_an_analysis(open_shop):
    started = pta.Video(started_at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    analysis = open_shop(faces=True, video=started, timezone="UTC")
    names = set(plots.__all__) - OF_MORE
    assert {plot.function for _, plot in PLOTS.values()} < names | WRITERS
    assert all(getattr(plots, name)(analysis) for name in names)
    documented = {name for name in plots.__all__ if "VideoAnalysis" in getattr(plots, name).__doc__}
    assert documented == names | WRITERS


def test_an_animation_of_an_analysis_is_written(open_shop, tmp_path):
    analysis = open_shop()
    plots.write_animation(analysis, tmp_path / "paths.gif", width=120, duration="1s")
    assert (tmp_path / "paths.gif").read_bytes() == plots.animate_paths(analysis, width=120, duration="1s")


@pytest.mark.parametrize("name", DRAWN)
def test_the_function_of_a_plot_draws_an_analysis_as_the_command_does(open_shop, name):
    analysis, plot = open_shop(), PLOTS[name][1]
    drawn = getattr(plots, plot.function)(analysis)
    expected = plot.draw(analysis, PlotOptions())
    assert drawn == expected if name == "animation" else np.array_equal(pixels(drawn), pixels(expected))


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "animation"])
def test_a_plot_of_a_part_has_the_name_of_the_part_as_its_title(open_shop, name):
    analysis = open_shop(start="20s", end="70s")
    drawn = PLOTS[name][1].draw(analysis, PlotOptions())
    title = drawn.get_suptitle() if name == "summary" else drawn.get_title("left")
    missing = {"stops": ", 2 not drawn", "encounters": ", 3 not drawn"}
    assert title == f"shop@20s-70s, 0:20 to 1:10, 5 people{missing.get(name, '')}"


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "animation"])
def test_a_title_and_a_size_of_the_caller_are_used(open_shop, name):
    function = getattr(plots, PLOTS[name][1].function)
    drawn = function(open_shop(end="30s"), title="Our shop, $5 off", figsize=(9, 7))
    figure = drawn if name == "summary" else drawn.figure
    assert figure.get_size_inches().tolist() == [9, 7]
    assert "Our shop, $5 off" in {figure.get_suptitle(), figure.axes[0].get_title("left")}
    assert PLOTS[name][1].draw(open_shop(end="30s"), PlotOptions(title="")).figure.axes[0].get_title(
        "left"
    ) in {"", "Paths"}


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "animation"])
def test_a_plain_savefig_cuts_nothing_off(open_shop, name):
    drawn = PLOTS[name][1].draw(open_shop(), PlotOptions())
    figure = drawn if name == "summary" else drawn.figure
    figure.savefig(BytesIO())
    parts = figure.get_tightbbox().extents * figure.dpi
    assert (parts[:2] > -1).all()
    assert (parts[2:] < figure.bbox.extents[2:] + 1).all()


def test_the_title_counts_the_people_that_were_not_asked_for(open_shop):
    assert plots.plot_paths(open_shop(), persons=[0, 2]).get_title("left").endswith("13 people, 11 not drawn")


def test_arguments_of_the_caller_replace_those_of_the_analysis(open_shop):
    analysis = open_shop()
    _, ax = plt.subplots()
    assert plots.plot_visits(analysis, ax=ax, zones=analysis.zones[:1]) is ax
    assert ax.get_legend().get_texts()[0].get_text() == analysis.zones[0].name
    given = plots.plot_crossings(analysis, analysis.lines[:1])
    assert sum(line.name in text.get_text() for text in given.texts for line in analysis.lines) == 1


def test_what_an_analysis_lacks_is_said(data):
    with pytest.raises(pta.errors.ParameterError, match="table 'visits' needs zones"):
        plots.plot_visits(pta.open_video(data / "shop"))


def list_zones(number):
    """Give zones side by side, the first with a long name, a formula and letters from right to left."""
    names = ["A" * 200, "$x^2$ cost", "\u05e9\u05dc\u05d5\u05dd " * 9]
    names += [f"zone {number}" for number in range(number - len(names))]
    return [
        pta.Zone(name, box(at % 8 * 160, at // 8 * 140, at % 8 * 160 + 150, at // 8 * 140 + 130), "px")
        for at, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    "name", ["paths", "dwell", "visits", "occupancy", "survival", "transitions", "sankey", "summary"]
)
def test_forty_zones_with_odd_names_fit_into_the_figure(data, name):
    analysis = pta.open_video(data / "shop").with_outlines(list_zones(40), [])
    figure = getattr(plots, f"plot_{name}")(analysis).figure
    figure.savefig(BytesIO())
    low, high = figure.get_tightbbox().extents.reshape(2, 2) * figure.dpi
    assert (low > -1).all()
    assert (high < figure.bbox.extents[2:] + 1).all()


def test_a_summary_of_many_zones_shows_the_eight_with_the_most_visits(data):
    analysis = pta.open_video(data / "shop").with_outlines(list_zones(40), [])
    _, _, dwell, people, *_ = plots.plot_summary(analysis).axes
    assert dwell.get_title("left") == "Dwell time by zone (8 of 40 zones)"
    visits = analysis["visits"].index.get_level_values("zone").value_counts()
    drawn = [label.get_text().split("\n")[0] for label in dwell.get_yticklabels()]
    assert set(drawn) == set(visits.index[:8])
    assert [label.get_text() for label in people.get_yticklabels()] == ["whole scene", *drawn]
