"""Bands from origins to destinations: who stands where, how wide they are, what is written."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from flow_tables import make_visits, random_rows
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch, Rectangle
from shapely.geometry import box

from ptrack_analysis import Zone, compute_transitions
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_sankey
from ptrack_analysis.schema import TRANSITIONS, empty_table

HOSTILE = ["<script>alert(1)</script>", "$x_1$ $", "\u05e9\u05dc\u05d5\u05dd", "a" * 90, "&amp;"]
WAYS = compute_transitions(
    make_visits([
        ("shop", 1, 0, 5, "video_start", "crossed"),
        ("till", 1, 6, 9),
        ("shop", 2, 1, 4),
        ("shop", 2, 6, 9, "crossed", "lost"),
    ])
)  # fmt: skip


def of(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


def labels(ax, side):
    """Give the labels of one side from above to below."""
    found = [text for text in ax.texts if (text.get_ha() == "right") == (side == "from")]
    rows = [text for text in found if text.get_text() != side]
    return [text.get_text() for text in sorted(rows, key=lambda text: text.xy[1])]


def test_states_stand_below_the_zones_and_sums_beside_the_names():
    ax = plot_sankey(WAYS)
    assert sorted(labels(ax, "from")[:2]) == ["shop  3", "till  1"]
    assert labels(ax, "from")[2:] == ["(outside)  1", "(video_start)  1"]
    assert sorted(labels(ax, "to")[:2]) == ["shop  3", "till  1"]
    assert labels(ax, "to")[2:] == ["(outside)  1", "(lost)  1"]


def test_a_band_is_as_wide_as_it_is_walked():
    bands, nodes = of(plot_sankey(WAYS), PathPatch), of(plot_sankey(WAYS), Rectangle)
    assert len(bands) == 6
    assert sum(band.get_path().vertices[-2, 1] - band.get_path().vertices[0, 1] for band in bands) == (
        pytest.approx(sum(node.get_height() for node in nodes) / 2)
    )


def test_a_zone_has_one_color_on_both_sides_and_its_bands_too():
    ax = plot_sankey(WAYS)
    colors = {to_hex(node.get_facecolor()) for node in of(ax, Rectangle)}
    assert len(colors) == 3
    assert "#8c8c8c" in colors
    assert {to_hex(band.get_facecolor()) for band in of(ax, PathPatch)} <= colors


def test_zones_can_be_chosen():
    ax = plot_sankey(WAYS, zones=[Zone("till", box(0, 0, 1, 1), "m")])
    assert (labels(ax, "from"), labels(ax, "to")) == (["till  1"], ["(outside)  1"])


@pytest.mark.parametrize("zones", ["abcdefghijkl", HOSTILE], ids=["twelve", "odd names"])
def test_labels_do_not_cover_one_another(zones):
    ax = plot_sankey(compute_transitions(make_visits(random_rows(3, zones=zones))))
    with np.errstate(all="ignore"):
        ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])
    paper = ax.figure.bbox
    assert all(each.x0 >= 0 and each.x1 <= paper.x1 and each.y1 <= paper.y1 for each in boxes)


def test_a_name_is_written_as_it_is():
    ax = plot_sankey(compute_transitions(make_visits([("$x_1$ $", 1, 0, 5)])))
    text = next(text for text in ax.texts if "$" in text.get_text())
    assert (text.get_text(), text.get_parse_math()) == ("$x_1$ $  1", False)


@pytest.mark.parametrize("ways", [empty_table(TRANSITIONS), WAYS], ids=["nobody", "none of the zones"])
def test_nothing_to_draw_is_said(ways):
    chosen = ways[ways.index.get_level_values("origin") == "shop"]
    ax = plot_sankey(chosen, zones=["attic"] if len(ways) else None)
    text = [text.get_text() for text in ax.texts]
    assert text == ["No transitions"] or labels(ax, "from") == []


def test_given_axes_and_options_are_used():
    _, ax = plt.subplots()
    assert plot_sankey(WAYS, ax=ax, alpha=0.9) is ax
    assert {band.get_alpha() for band in of(ax, PathPatch)} == {0.9}


def test_axes_with_a_picture_are_refused():
    _, ax = plt.subplots()
    ax.plot([0, 1])
    with pytest.raises(ParameterError, match="The axes are not empty"):
        plot_sankey(WAYS, ax=ax)


def test_what_is_not_transitions_is_refused():
    with pytest.raises(SchemaError, match="not a transitions table"):
        plot_sankey(np.zeros((2, 2)))
