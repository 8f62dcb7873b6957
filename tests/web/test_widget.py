"""The explorer as a widget: what it sends, and what comes back."""

import pytest
from factories import make_detections, make_video

from ptrack_analysis import compute_trajectories, explore
from ptrack_analysis.explorer import explore_widget

pytest.importorskip("anywidget", reason="the extra 'widgets' is not installed")


@pytest.fixture
def widget():
    video = make_video(1000)
    return explore_widget(
        compute_trajectories(make_detections({1: [(0, 0.5, 0.5)]}), video), video, height=300
    )


def test_it_sends_the_data_and_the_module(widget):
    state = widget.get_state()
    assert state["data"]["persons"] == [1]
    assert state["height"] == 300
    assert "export function mount" in state["_esm"]
    assert "export default" in state["_esm"]


def test_what_the_reader_chooses_comes_back(widget):
    seen = []
    widget.observe(lambda change: seen.append((change["name"], change["new"])))
    widget.set_state({"selected": [1], "time_range": [0, 500], "moment": 250})
    assert (widget.selected, widget.time_range, widget.moment) == ([1], [0, 500], 250)
    assert ("selected", [1]) in seen


def test_it_shows_what_explore_shows(widget):
    video = make_video(1000)
    explorer = explore(compute_trajectories(make_detections({1: [(0, 0.5, 0.5)]}), video), video)
    assert widget.data == explorer.data
