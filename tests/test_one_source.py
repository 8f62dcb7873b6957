"""One source for a figure: every output of one command says the same number."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from factories import unpack_payload

import ptrack_analysis as pta
from ptrack_analysis.cli.main import main
from ptrack_analysis.report.finding_texts import format_length_range
from ptrack_analysis.report.key_figures import gather_key_figures
from ptrack_analysis.report.summary import MARKDOWN, clock_time, describe_stay_bounds, format_page, span
from ptrack_analysis.sources.finding import find_videos

FRAME = {
    "type": "FeatureCollection",
    "unit": "fraction",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 0], [x + 0.5, 0], [x + 0.5, 1.01], [x, 1.01], [x, 0]]],
            },
        }
        for name, x in (("left", 0.0), ("right", 0.5))
    ]
    + [
        {
            "type": "Feature",
            "properties": {"name": "middle"},
            "geometry": {"type": "LineString", "coordinates": [[0.5, 0], [0.5, 1]]},
        }
    ],
}


def sources(request, tmp_path):
    """Return the source and the zone file of a scene."""
    if request.param != "real job":
        data = request.getfixturevalue("data")
        return data / request.param / "pages", data / request.param / "zones.geojson"
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps(FRAME), encoding="utf-8")
    real = request.getfixturevalue("real_data")
    return real / "rekognition" / "edenai-2023-10-16.json", zones


def run(*args):
    """Run a command, and return what it prints."""
    with redirect_stdout(StringIO()) as out:
        assert main([str(arg) for arg in args]) == 0
    return out.getvalue()


@pytest.fixture(scope="module", params=["shop", "day", "real job"])
def outputs(request, tmp_path_factory):
    """Run every command on one source: the figures of each video by name of the output."""
    tmp_path = tmp_path_factory.mktemp("outputs")
    source, zones = sources(request, tmp_path)
    summaries = {
        one["video"]: one for one in json.loads(run("summary", source, "--zones", zones, "--json"))["videos"]
    }
    inspected = {one["name"]: one for one in json.loads(run("inspect", source, "--json"))["videos"]}
    run("export", source, tmp_path / "out", "--zones", zones, "--tables", "all")
    dataset = pta.open_dataset(tmp_path / "out")
    found = []
    for video in find_videos(source):
        report = tmp_path / f"{video.name}.html"
        pta.write_report(
            source, report, video=video.name, settings=pta.AnalysisConfig(zones=zones, faces=False)
        )
        found.append(
            {
                "analysis": pta.open_video(video, zones=zones),
                "summary": summaries[video.name],
                "report": report.read_text(encoding="utf-8"),
                "dataset": {
                    name: read_video(dataset, name, video.name)
                    for name in (
                        "tracks",
                        "visits",
                        "occupancy_changes",
                        "crossings",
                        "quality",
                        "stay_in_scene",
                    )
                },
                "inspected": inspected[video.name],
            }
        )
    return found


def read_video(dataset, table, name):
    rows = dataset.read(table)
    return rows[rows.index.get_level_values("video") == name].droplevel("video")


def report_tables(html):
    content = re.search(r'<script type="application/json" id="tables-data">(.*?)</script>', html, re.DOTALL)[
        1
    ]
    return {table["name"]: table["rows"] for table in json.loads(content)}


def key_figures(html):
    """Return the value, and what is written below it, of each key figure."""
    keys = html.partition('class="keys"')[2].partition("</dl>")[0]
    cards = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd></div>", keys)
    plain = {label: re.sub(r"<[^>]*>", " ", said).replace("\N{NO-BREAK SPACE}", " ") for label, said in cards}
    return {label: " ".join(said.split()) for label, said in plain.items()}


def seconds(values):
    return values.to_numpy().astype("timedelta64[ms]").astype("int64").sum() / 1000


def test_time_and_people_are_the_same_in_every_output(outputs):
    for one in outputs:
        detections, video = one["analysis"].detections, one["analysis"].video
        tracks = pta.compute_tracks(pta.compute_trajectories(detections, video))
        explored = unpack_payload(pta.explore(one["analysis"]).data)
        for time in (
            one["summary"]["present_s"],
            seconds(one["dataset"]["tracks"]["time_in_scene"]),
            seconds(one["analysis"]["tracks"]["time_in_scene"]),
            one["inspected"]["dwell_ms"] / 1000,
            explored["time_present"].astype("int64").sum() / 1000,
            sum(row[3] for row in report_tables(one["report"])["persons"]),
        ):
            assert time == pytest.approx(seconds(tracks["time_in_scene"]), abs=1e-9)
        people = len(tracks)
        assert one["summary"]["persons"] == one["inspected"]["persons"] == people
        assert len(one["dataset"]["tracks"]) == len(report_tables(one["report"])["persons"]) == people
        assert len(explored["start"]) - 1 == people


def test_visits_and_dwell_per_zone_are_the_same_in_every_output(outputs):
    for one in outputs:
        analysis = one["analysis"]
        visits = pta.compute_visits(analysis.trajectories, analysis.zones, analysis.video)
        rows = {row[0]: row for row in report_tables(one["report"])["dwell"]}
        data = pta.explore(analysis).data
        explored = unpack_payload(data)
        names = [zone["name"] for zone in data["zones"]]
        assert len(visits)
        for zone in one["summary"]["zones"]:
            name = zone["zone"]
            mine = visits[visits.index.get_level_values("zone") == name]
            stored = one["dataset"]["visits"]
            stored = stored[stored.index.get_level_values("zone") == name]
            here = explored["visit_zone"] == names.index(name)
            assert zone["visits"] == len(mine) == len(stored) == here.sum() == rows[name][2]
            dwell = explored["visit_dwell"][here].astype("int64").sum() / 1000
            for time in (zone["total_dwell_s"], seconds(stored["dwell"]), dwell, rows[name][13]):
                assert time == pytest.approx(seconds(mine["dwell"]), abs=1e-9)
            listed = [row for row in report_tables(one["report"])["visits"] if row[0] == name]
            assert len(listed) == len(mine)
            medians = pta.compute_dwell(visits)["median"]
            median = None if name not in medians.index or pd.isna(medians[name]) else medians[name]
            assert zone["median_dwell_s"] == rows[name][5] == (median and median.total_seconds())


def test_the_stay_in_the_scene_is_the_same_in_every_output(outputs):
    for one in outputs:
        stay, row = one["summary"]["stay_in_scene"], one["analysis"]["stay_in_scene"].iloc[0]
        stored = one["dataset"]["stay_in_scene"].iloc[0]
        for name in ("median", "median_low", "median_high"):
            times = [None if pd.isna(each[name]) else each[name].total_seconds() for each in (row, stored)]
            assert times == [stay[f"{name}_s"]] * 2
        assert stay["persons"] == row["persons"]
        page = format_page(one["summary"], MARKDOWN)
        assert f"{span(stay['median_s'])} ({describe_stay_bounds(stay, 0.95)})" in page
        key = key_figures(one["report"]).get("Typical stay in view")
        assert (key is None) == (stay["persons"] < 6)
        if key is not None:
            bounds = format_length_range(stay["median_low_s"], stay["median_high_s"])
            assert (
                key == f"{span(stay['median_s'])} 95 % range: {bounds}; {stay['persons']} people who came in"
            )


def test_the_bounds_of_counts_are_the_same_in_summary_and_report(outputs):
    for one in outputs:
        tables = report_tables(one["report"])
        for zone, row in zip(one["summary"]["zones"], tables["dwell"], strict=True):
            assert [zone["visits_low"], zone["visits_high"]] == row[3:5]
            assert row[3] < zone["visits"] < row[4] or zone["visits"] == row[3] == 0
        for line, row in zip(one["summary"]["lines"], tables["lines"], strict=True):
            names = [f"{way}_{name}" for way in ("in", "out") for name in ("total", "low", "high")]
            assert [line[name] for name in names] == row[1:7]


def test_crossings_are_the_same_in_every_output(outputs):
    for one in outputs:
        analysis = one["analysis"]
        crossings = pta.compute_crossings(analysis.trajectories, analysis.lines)
        rows = {row[0]: row for row in report_tables(one["report"])["lines"]}
        for line in one["summary"]["lines"]:
            for number, direction in ((1, "in"), (4, "out")):
                wanted = [
                    int(
                        (
                            (table["direction"] == direction)
                            & (table.index.get_level_values("line") == line["line"])
                        ).sum()
                    )
                    for table in (crossings, one["dataset"]["crossings"], analysis["crossings"])
                ]
                assert {*wanted, line[f"{direction}_total"], rows[line["line"]][number]} == {wanted[0]}


def test_the_peak_and_the_busiest_minute_are_the_same_in_every_output(outputs):
    for one in outputs:
        analysis, figures = one["analysis"], one["summary"]
        occupancy = pta.compute_occupancy(analysis.trajectories, analysis.video, zones=analysis.zones)
        scene = occupancy[occupancy.index.get_level_values("zone") == ""]["persons"]
        stored = one["dataset"]["occupancy_changes"]
        stored = stored[stored.index.get_level_values("zone") == ""]["persons"]
        assert figures["occupancy"]["peak"] == scene.max() == stored.max()
        first = scene.index.get_level_values("timestamp")[scene.to_numpy().argmax()].total_seconds()
        assert figures["occupancy"]["peak_at_s"] == first
        keys = key_figures(one["report"])
        mean = f"{figures['occupancy']['mean']:.1f} on average; at most {figures['occupancy']['peak']}"
        assert keys["In view at a time"].startswith(mean)
        data = json.loads(re.search(r'id="timeline-data">(.*?)</script>', one["report"])[1])
        counts = data["curves"][0]["persons"]
        assert data["curves"][0]["times"][counts.index(max(counts))] == 1000 * first
        busiest = figures["busiest"]["interval"]
        assert gather_key_figures(analysis)["busiest"]["interval"] == busiest
        if busiest is not None:
            start, end = (clock_time(busiest["start_s"] + length) for length in (0, busiest["length_s"]))
            assert keys["Busiest minute"].startswith(f"{busiest['mean_persons']:.1f} people {start} to {end}")
            assert busiest["person_seconds"] == pytest.approx(slowest_window(stored), abs=1e-9)


def slowest_window(counts):
    """Find the most person-seconds in a minute, trying a window at every row in turn."""
    time = counts.index.get_level_values("timestamp").to_numpy().astype("timedelta64[ms]").astype("int64")
    people, end = counts.to_numpy(), time[-1]
    best = 0
    for start in np.unique(np.clip(np.concatenate([time, time - 60_000]), time[0], end - 60_000)):
        held = np.minimum(time[1:], start + 60_000) - np.maximum(time[:-1], start)
        best = max(best, int((np.maximum(held, 0) * people[:-1]).sum()))
    return best / 1000


def test_the_verdict_and_the_checks_are_the_same_in_every_output(outputs):
    for one in outputs:
        verdict = one["summary"]["trust"]["verdict"]
        assert str(one["analysis"].verdict) == verdict
        data = pta.explore(one["analysis"]).data
        assert data["verdict"] == verdict
        assert f"{verdict[:1].upper()}{verdict[1:]}" in one["report"]
        quality, stored = one["analysis"]["quality"], one["dataset"]["quality"]
        assert str(pta.quality.judge_video(stored)) == verdict
        pd.testing.assert_series_equal(quality["value"], stored["value"].reindex(quality.index))
        marks = {zone["zone"]: zone["affected_by"] for zone in one["summary"]["zones"]}
        assert {zone["name"]: zone["checks"] for zone in data["zones"]} == marks
        rows = report_tables(one["report"])["dwell"]
        assert {row[0]: row[-2] for row in rows} == {name: ", ".join(one) for name, one in marks.items()}


def test_inspect_gives_the_verdict_of_a_summary_without_zones(data):
    for scene in ("shop", "day"):
        summaries = json.loads(run("summary", data / scene / "pages", "--json"))["videos"]
        inspected = json.loads(run("inspect", data / scene / "pages", "--json"))["videos"]
        assert [one["trust"]["verdict"] for one in summaries] == [one["verdict"] for one in inspected]


TIMES = {59.96: "0:59", 82.76: "1:22", 129.999: "2:09", 3599.999: "59:59", 3729.5: "1:02:09"}
DURATIONS = {
    9.94: "9.9 s",
    9.96: "10 s",
    59.6: "1 min",
    61.6: "1 min 2 s",
    119.4: "1 min 59 s",
    3599.6: "1 h 00 min",
}


def test_times_are_floored_as_a_player_shows_them_and_durations_are_rounded():
    assert {value: clock_time(value) for value in TIMES} == TIMES
    assert {value: span(value) for value in DURATIONS} == DURATIONS
