"""One video with its configuration: each table computed once, the same as by the functions."""

import dataclasses
import json
from datetime import datetime

import pandas as pd
import pytest
from factories import make_points

import ptrack_analysis as pta
from ptrack_analysis.cli import main
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.pipeline import tables
from ptrack_analysis.report.key_figures import gather_key_figures


@pytest.fixture
def analysis(data):
    return pta.open_video(data / "shop", zones=data / "shop/zones.geojson", merge_gap="1s")


def test_a_table_is_that_of_the_function(analysis, data):
    detections, video = pta.read_tracking(data / "shop")
    zones, _ = pta.read_zones(data / "shop/zones.geojson", video)
    trajectories = pta.compute_trajectories(detections, video)
    visits = pta.compute_visits(trajectories, zones, video, merge_gap="1s")
    pd.testing.assert_frame_equal(analysis["visits"], visits)


def test_a_table_is_computed_once(analysis, monkeypatch):
    calls = []
    compute = tables.occupancy_changes
    monkeypatch.setattr(tables, "occupancy_changes", lambda opened: calls.append(1) or compute(opened))
    for name in ("occupancy_changes", "counts", "line_flow", "occupancy", "zone_occupancy"):
        assert len(analysis[name])
    assert calls == [1]


def test_nothing_is_read_before_it_is_needed(tmp_path):
    analysis = pta.open_video(tmp_path / "missing")
    assert repr(analysis) == "VideoAnalysis('missing', computed: nothing yet)"


def test_tables_in_memory_are_a_source(data):
    detections, video = pta.read_tracking(data / "shop")
    analysis = pta.open_video((detections, video), zones=data / "shop/zones.geojson")
    assert len(analysis["visits"]) == len(
        pta.open_video(data / "shop", zones=data / "shop/zones.geojson")["visits"]
    )


def test_points_in_memory_are_a_source():
    points = make_points({7: [(0, 1, 1), (100, 2, 1), (200, 3, 1)]})
    analysis = pta.open_video((points, pta.Video(name="hall")))
    assert analysis["tracks"]["detections"].tolist() == [3]
    assert analysis["heatmap"]["seconds"].sum() == pytest.approx(0.3)
    with pytest.raises(
        ParameterError, match="table 'quality' needs bounding boxes, but the source has points"
    ):
        analysis["quality"]


def test_what_a_table_needs_is_said(data):
    analysis = pta.open_video(data / "shop")
    with pytest.raises(ParameterError, match=r"table 'visits' needs zones.*--zones FILE"):
        analysis["visits"]
    with pytest.raises(ParameterError, match=r"There is no table 'visit'. Did you mean 'visits'\?"):
        analysis["visit"]
    listed = analysis.tables
    assert listed.loc["visits", "needs"] == "zones"
    assert listed["available"].sum() < len(listed)


def test_heatmaps_are_remembered_per_grid(analysis):
    assert analysis.heatmap(shape=(3, 4)) is analysis.heatmap(shape=(3, 4))
    assert analysis.heatmap(shape=(3, 4)) is not analysis.heatmap(shape=(4, 3))


def test_the_explorer_the_report_and_the_export_take_an_analysis(analysis, data, tmp_path):
    assert "13 people" in repr(pta.explore(analysis))
    pta.write_report(analysis, tmp_path / "analysis.html")
    config = pta.AnalysisConfig(zones=data / "shop/zones.geojson", merge_gap="1s")
    assert len((tmp_path / "analysis.html").read_text()) > 100_000
    pta.write_report(data / "shop", tmp_path / "path.html", settings=config)
    assert pta.export_dataset(analysis, tmp_path / "out").videos[0].status == "written"
    with pytest.raises(ParameterError, match="export_dataset reads files"):
        pta.export_dataset(pta.open_video(pta.read_tracking(data / "shop")), tmp_path / "other")
    with pytest.raises(ParameterError, match="already has settings, video, cameras and form"):
        pta.write_report(analysis, tmp_path / "b.html", settings=config)


def test_a_source_of_points_is_cut_to_a_part_and_to_people():
    points = make_points({7: [(0, 1, 1), (100, 2, 1), (200, 3, 1)], 9: [(100, 5, 5), (200, 5, 6)]})
    video = pta.Video(name="hall")
    part = pta.open_video((points, video), start="100ms", end="200ms")
    assert part["tracks"]["detections"].to_dict() == {7: 1, 9: 1}
    assert part["videos"].index.tolist() == ["hall@100ms-200ms"]
    assert pta.open_video((points, video), persons=[9])["tracks"].index.tolist() == [9]


def test_summary_and_report_name_a_part_as_the_export_does(data, tmp_path):
    part = pta.open_video(data / "shop", start="20s", end="70s")
    assert gather_key_figures(part)["video"] == part["videos"].index[0] == "shop@20s-70s"
    page = tmp_path / "report.html"
    pta.write_report(data / "shop", page, settings=part.config)
    assert "<h1>shop@20s-70s</h1>" in page.read_text()


def test_the_explorer_the_report_and_the_shell_name_a_part(data, tmp_path, capsys):
    name = "shop@20s-end"
    part = pta.open_video(data / "shop", zones=data / "shop/zones.geojson", start="20s")
    assert name in repr(pta.explore(part))
    pta.write_report(part, tmp_path / "report.html")
    assert f'"name":"{name}"' in (tmp_path / "report.html").read_text().replace('": "', '":"')
    given = [str(data / "shop"), "--from", "20s"]
    assert main(["summary", *given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["videos"][0]["video"] == name
    assert main(["plot", "paths", *given, "-o", str(tmp_path / "none.png"), "--persons", "99"]) == 0
    assert f"note: {name}: the selected persons" in capsys.readouterr().err


def test_a_notebook_shows_a_card_of_what_is_computed(analysis):
    _ = analysis["tracks"], analysis["visits"], analysis.verdict, analysis.window
    card = analysis._repr_html_()
    assert "<b>shop</b></caption>" in card
    for fact in (">13</td>", ">usable with care</td>", "entrance, shelves, table, checkout", "visits"):
        assert fact in card


def test_the_card_of_hostile_names_is_text(data):
    detections, video = pta.read_tracking(data / "shop")
    analysis = pta.VideoAnalysis((detections, dataclasses.replace(video, name="<script>alert(1)</script>")))
    assert "<script>" not in analysis._repr_html_()


def test_the_clock_of_a_video_is_found_in_python_as_in_the_shell(data, tmp_path):
    file = tmp_path / "recordings.csv"
    file.write_text(
        "video,started_at,timezone,camera\nnoon,2026-03-30T12:30:00,Europe/Berlin,door\n", "utf-8"
    )
    [noon] = [video for video in pta.find_videos(data / "day") if video.name == "noon"]
    assert pta.open_video(noon, recordings=file).recording.camera == "door"
    assert pta.open_video(pta.read_tracking(noon), recordings=file).recording.started_at.hour == 12
    first = pta.find_videos(data / "week" / "pages")[0]
    named = pta.open_video(first, started_at="{camera}_%Y-%m-%dT%H-%M-%S", timezone="Europe/Berlin")
    assert (named.recording.camera, named.recording.started_at.hour) == ("door", 9)
    with pytest.warns(PtrackWarning, match="video 'shop' does not match a row of"):
        assert pta.open_video(data / "shop", recordings=file).recording.started_at is None


@pytest.mark.parametrize(
    "start",
    [datetime.fromisoformat("2026-05-04T09:00"), pd.Timestamp("2026-05-04 09:00"), "2026-05-04T09:00"],
)
@pytest.mark.parametrize("in_memory", [False, True])
def test_one_video_can_be_given_its_start(data, start, in_memory):
    source = pta.read_tracking(data / "shop") if in_memory else data / "shop"
    recording = pta.open_video(source, started_at=start, timezone="Europe/Berlin").recording
    assert recording.started_at.isoformat() == "2026-05-04T09:00:00+02:00"
    assert recording.video == "shop"


def test_a_start_is_no_pattern_for_the_videos_of_an_export(data, tmp_path):
    with pytest.raises(ParameterError, match=r"pattern of file names .* pass it to open_video"):
        pta.export_dataset(data / "day/pages", tmp_path / "out", started_at="2026-05-04T09:00:00+02:00")


def test_an_unknown_option_names_the_function_that_has_it(data):
    with pytest.raises(ParameterError, match=r"no option 'columns'; read_tracking has it"):
        pta.open_video(data / "shop", columns={"id": "who"})
    with pytest.raises(ParameterError, match="no option 'merge_gaps'; did you mean merge_gap"):
        pta.open_video(data / "shop", merge_gaps="1s")
