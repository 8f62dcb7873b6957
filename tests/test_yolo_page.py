"""The page *From YOLO to a report* runs, with a recorded stream in place of the model."""

import re
import shlex
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ptrack_analysis import compute_trajectories, compute_visits, read_tracking, read_zones
from ptrack_analysis.cli import main
from ptrack_analysis.errors import PtrackWarning
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25)
SIDES = ["x1", "y1", "x2", "y2"]
COLUMNS = {"id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}


def replay(file):
    """Yield results with the attributes of ``Results``; each frame has a bag, too."""
    recorded = pd.read_csv(file)
    by_frame = dict(iter(recorded.groupby("frame")))
    for frame in range(recorded["frame"].max() + 1):
        rows = by_frame.get(frame, recorded.iloc[:0])
        boxes = np.vstack([rows[SIDES].to_numpy(), [[10, 10, 40, 40]]])
        yield SimpleNamespace(
            boxes=SimpleNamespace(
                xyxy=boxes,
                id=np.array([*rows["track_id"], 9999.0]) if len(rows) else None,
                cls=np.array([0.0] * len(rows) + [24.0]),
                conf=np.array([*rows["confidence"], 0.5]),
            ),
            orig_shape=(720, 1280),
            names={0: "person", 24: "backpack"},
        )


@pytest.fixture
def page(data, tmp_path, monkeypatch):
    """Work in a folder with the data, where ``ultralytics`` replays a recorded stream; give the page."""
    model = SimpleNamespace(track=lambda *_, **__: replay(data / "tracker" / "morning.csv"))
    package = ModuleType("ultralytics")
    package.YOLO = lambda _: model
    monkeypatch.setitem(sys.modules, "ultralytics", package)
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return (data.parent / "docs" / "from-yolo-to-a-report.md").read_text(encoding="utf-8")


def test_the_page_runs_from_the_model_to_the_report(page, tmp_path, capsys):
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL))
    with pytest.warns(PtrackWarning, match=r"rows of other classes are excluded \(\d+ backpack\)"):
        exec(compile(code, "page", "exec"), {})  # noqa: S102 - the page is ours
    printed = capsys.readouterr().out
    detections, video = read_tracking("archive/morning")
    expected, _ = read_tracking(
        "data/tracker/morning.csv", video=VIDEO, columns={"frame": "frame", **COLUMNS}
    )
    pd.testing.assert_frame_equal(detections.iloc[:, :4], expected.iloc[:, :4], rtol=0, atol=1e-12)
    zones, _ = read_zones("data/day/zones.geojson", video)
    visits = compute_visits(compute_trajectories(detections, video), zones, video, merge_gap="1s")
    assert str(visits.groupby("zone")["dwell"].sum()) in printed
    first = (tmp_path / "report.html").read_text(encoding="utf-8")
    (tmp_path / "report.html").unlink()
    for line in re.findall(r"^(?:\$ )?(ptrack (?:report|compare) .*)$", page, flags=re.MULTILINE):
        assert main(shlex.split(line)[1:]) == 0
    assert "IDF1" in capsys.readouterr().out
    assert len((tmp_path / "report.html").read_text(encoding="utf-8")) == pytest.approx(len(first), rel=0.01)
