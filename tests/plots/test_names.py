"""Names of zones and lines are shown as they are, whatever is in them, in every picture."""

import dataclasses
from types import SimpleNamespace

import pytest

import ptrack_analysis as pta
from ptrack_analysis import plots
from ptrack_analysis.plots.style import in_rows, short_name

ODD = ("shelf $5_ to $10", "_hidden", "<script>alert(1)</script>", "\\$ & {x}")
LINE = "$\\frac$"


@pytest.fixture(scope="module")
def scene(data):
    detections, video = pta.read_tracking(data / "shop")
    zones, lines = pta.read_zones(data / "shop" / "zones.geojson", video)
    zones = [dataclasses.replace(zone, name=name) for zone, name in zip(zones, ODD, strict=True)]
    lines = [dataclasses.replace(line, name=LINE) for line in lines]
    trajectories = pta.compute_trajectories(detections, video)
    visits = pta.compute_visits(trajectories, zones, video)
    crossings = pta.compute_crossings(trajectories, lines)
    return SimpleNamespace(
        seen=detections,
        video=video,
        zones=zones,
        lines=lines,
        walked=trajectories,
        visits=visits,
        crossings=crossings,
    )


DRAWN = {
    "paths": lambda it: plots.plot_paths(it.walked, video=it.video, zones=it.zones, lines=it.lines),
    "visits": lambda it: plots.plot_visits(it.visits, zones=it.zones),
    "lanes": lambda it: plots.plot_visits(it.visits, zones=it.zones, lanes="zone"),
    "dwell": lambda it: plots.plot_dwell(it.visits, zones=it.zones),
    "occupancy": lambda it: plots.plot_occupancy(pta.compute_occupancy(it.walked, it.video, zones=it.zones)),
    "survival": lambda it: plots.plot_survival(pta.dwell.compute_survival(it.visits)),
    "transitions": lambda it: plots.plot_transitions(pta.compute_transitions(it.visits)),
    "sankey": lambda it: plots.plot_sankey(pta.compute_transitions(it.visits)),
    "funnel": lambda it: plots.plot_funnel(pta.compute_funnel(it.visits, list(ODD))),
    "facing": lambda it: plots.plot_facing(pta.faces.compute_facing(it.seen, it.walked, it.zones, it.video)),
    "crossings": lambda it: plots.plot_crossings(it.crossings, it.lines, video=it.video),
    "counts": lambda it: plots.plot_counts(pta.count_crossings(it.crossings, it.lines, it.video)),
}


def written(ax):
    """Give all that is written, as it is drawn, without spaces and ends of rows."""
    legend = ax.get_legend()
    found = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), *(legend.get_texts() if legend else ())]
    drawn = [text._preprocess_math(text.get_text()) for text in found]
    assert not any(formula for _, formula in drawn)
    return "".join("".join(text for text, _ in drawn).split())


@pytest.mark.parametrize("picture", DRAWN)
def test_a_name_is_text(scene, picture):
    ax = DRAWN[picture](scene)
    ax.figure.draw_without_rendering()
    names = (LINE,) if picture in {"crossings", "counts"} else ODD
    assert all("".join(name.split()) in written(ax) for name in names)


def test_the_animation_has_them_too(scene):
    options = {"zones": scene.zones, "lines": scene.lines, "width": 200, "duration": "100ms"}
    assert plots.animate_paths(scene.walked, scene.video, **options).startswith(b"GIF89a")


def test_long_names_stand_in_three_rows():
    assert short_name("a " * 90).count("\n") == in_rows("a " * 90).count("\n") == 2
