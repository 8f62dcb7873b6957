"""Every plot function of an output draws a VideoAnalysis as ``ptrack plot`` does."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

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


@pytest.mark.parametrize("name", PLOTS)
def test_the_function_of_a_plot_draws_an_analysis_as_the_command_does(open_shop, name):
    analysis, plot = open_shop(), PLOTS[name][1]
    drawn = getattr(plots, plot.function)(analysis)
    expected = plot.draw(analysis, PlotOptions())
    assert drawn == expected if name == "animation" else np.array_equal(pixels(drawn), pixels(expected))


@pytest.mark.parametrize("name", [name for name in PLOTS if name != "animation"])
def test_a_plot_of_a_part_has_the_name_of_the_part_as_its_title(open_shop, name):
    analysis = open_shop(start="20s", end="70s")
    assert PLOTS[name][1].draw(analysis, PlotOptions()).get_title("left") == "pages-shop@20s-70s"


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
