"""What objects look like in a terminal and in a notebook."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, box

import ptrack_analysis as pta

HOSTILE = '<script>alert("1")</script>&\x1b[31m'


class Tags(HTMLParser):
    """The names of the tags of a text."""

    def __init__(self, text):
        super().__init__()
        self.names = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - of the base class
        self.names.add(tag)


@pytest.fixture(scope="module")
def things(data, tmp_path_factory):
    """Return objects whose names are hostile."""
    detections, video = pta.read_tracking(data / "shop")
    report = replace(video.read_report, source=HOSTILE, oddities=(HOSTILE,))
    video = replace(video, name=HOSTILE, source=HOSTILE, codec=HOSTILE, read_report=report)
    outline = box(0, 0, 600, 700)
    analysis = pta.VideoAnalysis((detections, video))
    folder = tmp_path_factory.mktemp("cards") / "<b>out"
    pta.export_dataset(data / "shop", folder)
    return {
        "video": video,
        "zone": pta.Zone(HOSTILE, outline, "px", kind=HOSTILE, videos=(HOSTILE,)),
        "line": pta.Line(HOSTILE, LineString([(0, 0), (9, 9)]), "px", kind=HOSTILE),
        "report": report,
        "heatmap": analysis.heatmap(),
        "series": pta.compute_heatmap(analysis.trajectories, video, every="1min"),
        "analysis": analysis,
        "floor plan": pta.read_floor_plan(data / "shop" / "floor.json", video),
        "dataset": pta.open_dataset(folder),
        "inspection": replace(
            pta.inspect_tracking(data / "shop"), video=video, notes=(HOSTILE,), problems=(HOSTILE,)
        ),
        "verdict": pta.quality.VideoVerdict("not usable", (HOSTILE,)),
    }


NAMES = (
    "video",
    "zone",
    "line",
    "report",
    "heatmap",
    "series",
    "analysis",
    "floor plan",
    "dataset",
    "inspection",
    "verdict",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_shows_hostile_names_as_text_in_the_colors_of_the_theme(things, name):
    card = things[name]._repr_html_()
    assert Tags(card).names <= {"table", "caption", "b", "tr", "th", "td", "p", "code"}
    assert "&lt;" in card or name in {"heatmap", "series", "floor plan"}  # these have no names
    assert not re.search(r"background|#[0-9a-f]{3}|color:(?!inherit)", card)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "report"])
def test_a_representation_is_one_short_line(things, name):
    text = repr(things[name])
    assert text.isprintable()
    assert len(text) < 400


def test_a_representation_names_what_is_known():
    video = pta.Video(name="shop", width=640, height=360, duration="90s")
    assert repr(video) == "Video(name='shop', width=640, height=360, duration='90s')"
    assert eval(repr(video), {"Video": pta.Video}) == video  # noqa: S307 - of this test
    zone = pta.Zone("till", box(0, 0, 2, 1), "m", kind="queue", start=pd.Timedelta("10s"))
    assert repr(zone) == "Zone(name='till', kind='queue', unit='m', bounds=(0.0, 0.0, 2.0, 1.0), start='10s')"
    line = pta.Line("door", LineString([(0, 0), (2, 1)]), "m")
    assert (
        repr(line)
        == "Line(name='door', kind='line', unit='m', first=(0.0, 0.0), last=(2.0, 1.0), y_axis='down')"
    )
    heatmap = pta.heat.Heatmap(np.ones((2, 3)), (0.0, 0.0, 3.0, 2.0), "m")
    assert repr(heatmap) == (
        "Heatmap(quantity person_seconds, unit s, basis foot_points, grid 2 x 3, bounds (0, 0, 3, 2) m)"
    )


def test_a_lazy_analysis_is_shown_without_reading_its_source(tmp_path):
    analysis = pta.open_video(tmp_path / "missing", zones=tmp_path / "zones.geojson")
    assert "not read yet" in analysis._repr_html_()
    assert repr(analysis) == "VideoAnalysis('missing', computed: nothing yet)"


def test_an_analysis_shows_what_is_computed_without_computing_more(data):
    analysis = pta.open_video(data / "shop")
    tracks = analysis["tracks"]
    computed = dict(analysis._rows)
    card = analysis._repr_html_()
    assert f">{len(tracks)}</td>" in card
    assert "not read yet" not in card
    assert analysis._rows == computed
