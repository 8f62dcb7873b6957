"""The figures of the page equal those of the tables, and the page says them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pages import METADATA, page, record, write

from ptrack_analysis import (
    AnalysisConfig,
    compute_dwell,
    compute_quality,
    compute_transitions,
)
from ptrack_analysis.analysis.quality.verdict import judge_video
from ptrack_analysis.dataset.batches import compute_tables
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.key_figures import gather_key_figures
from ptrack_analysis.report.summary import MARKDOWN, format_page, share, span
from ptrack_analysis.scene.zone_files import read_scene
from ptrack_analysis.schema.arrays import to_frame
from ptrack_analysis.sources.finding import find_videos

ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name, "unit": "fraction"},
            "geometry": {"type": kind, "coordinates": outline},
        }
        for name, kind, outline in (
            ("left|side", "Polygon", [[[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]]),
            ("nowhere", "Polygon", [[[0.9, 0], [1, 0], [1, 0.1], [0.9, 0.1], [0.9, 0]]]),
            ("middle", "LineString", [[0.5, 0], [0.5, 1]]),
        )
    ],
}
NOBODY = {
    "without_position_share": None,
    "outside_image_s": 0.0,
    "box_truncated_s": 0.0,
    "box_truncated_share": None,
    "speed": {"mean_px_per_s": None, "max_px_per_s": None, "speed_time_s": 0.0},
    "persons": 0,
    "persons_in_zones": 0,
    "present_s": 0.0,
    "stay_in_scene": None,
    "without_position_s": 0.0,
}
KEYS = [
    "video", "unit", "start_s", "end_s", "persons", "persons_in_zones", "present_s",
    "stay_in_scene", "without_position_s",
    "without_position_share", "outside_image_s", "box_truncated_s", "box_truncated_share",
    "speed", "occupancy", "busiest", "confidence", "zones", "transitions", "lines",
    "balance", "trust", "read_report", "unavailable",
]  # fmt: skip


def analyses(data, source, **settings):
    """Open each video of an archive of the project."""
    settings = AnalysisConfig(zones=data / source / "zones.geojson", tables="all", **settings)
    scene = read_scene(settings.zones)
    for reference in find_videos(data / source / "pages"):
        yield VideoAnalysis(reference, settings, scene)


CASES = [("shop", False), ("shop", True), ("day", False), ("day", True)]


@pytest.fixture(
    scope="module", params=CASES, ids=[f"{name}-{'m' if floor else 'px'}" for name, floor in CASES]
)
def summed(request, data):
    """Every video of an archive: its figures, its analysis, and the tables of its export."""
    source, floor = request.param
    given = {"floor": data / source / "floor.json"} if floor else {}
    return [
        (
            gather_key_figures(analysis),
            analysis,
            {name: to_frame(rows) for name, rows in compute_tables(analysis)[0].items()},
        )
        for analysis in analyses(data, source, **given)
    ]


def seconds(value):
    return None if pd.isna(value) else value.total_seconds()


def test_persons_and_their_time_are_those_of_the_exported_tables(summed):
    for figures, _, tables in summed:
        tracks, visits = tables["tracks"], tables["visits"]
        assert figures["persons"] == len(tracks) > 0
        assert figures["present_s"] == tracks["time_in_scene"].sum().total_seconds()
        assert figures["without_position_s"] == tracks["without_position"].sum().total_seconds()
        assert figures["persons_in_zones"] == visits.reset_index()["person_index"].nunique()


def test_the_share_of_truncated_boxes_is_that_of_the_quality_check(summed):
    for figures, analysis, _ in summed:
        checked = analysis["quality"].loc[("truncated boxes", ""), "value"]
        assert figures["box_truncated_share"] == pytest.approx(checked / 100)


def test_occupancy_is_that_of_its_table(summed):
    for figures, _, tables in summed:
        scene = tables["occupancy_changes"].loc[""]["persons"]
        there = figures["occupancy"]
        watched = scene.index[-1] - scene.index[0]
        assert there["at_end"] == tables["count_drift"]["present"].iloc[-1] == figures["balance"]["present"]
        assert there["mean"] == pytest.approx(tables["tracks"]["time_in_scene"].sum() / watched, rel=1e-12)
        assert there["peak"] == scene.max()
        assert there["peak_at_s"] == scene.idxmax().total_seconds()
        assert (figures["start_s"], figures["end_s"]) == (0.0, scene.index[-1].total_seconds())


def test_the_busiest_minute_is_the_greatest_of_all_windows(summed):
    for figures, analysis, _ in summed:
        scene = analysis.scene_occupancy["persons"].droplevel(0)
        time = scene.index.to_numpy().astype("int64")
        present = np.repeat(scene.to_numpy()[:-1], np.diff(time))
        area = np.append(0, np.cumsum(present))
        busiest = figures["busiest"]["interval"]
        if len(present) < 180_000:
            assert busiest is None
            continue
        windows = area[60_000:] - area[:-60_000]
        assert (busiest["every_s"], busiest["length_s"]) == (60.0, 60.0)
        assert busiest["person_seconds"] == windows.max() / 1000
        start = int(windows.argmax())
        assert busiest["start_s"] == (time[0] + start) / 1000
        assert busiest["max_persons"] == present[start : start + 60_000].max()


def test_the_busiest_minute_of_the_shop_starts_between_two_minutes(data):
    busiest = gather_key_figures(next(analyses(data, "shop")))["busiest"]["interval"]
    assert (busiest["start_s"], busiest["person_seconds"]) == (82.76, pytest.approx(217.6, abs=0.05))


def test_the_busiest_cell_is_the_greatest_of_the_heatmap(summed):
    for figures, analysis, _ in summed:
        table = analysis.heatmap(basis="foot_points", truncated=False).to_frame()
        row = table.loc[table["seconds"].idxmax()]
        cell, unit = figures["busiest"]["cell"], analysis.unit
        assert cell["stood_s"] == row["seconds"]
        assert (cell[f"x_{unit}"], cell[f"y_{unit}"]) == pytest.approx((row[f"x_{unit}"], row[f"y_{unit}"]))
        assert (cell["row"], cell["column"]) == table["seconds"].idxmax()


def test_an_unknown_basis_of_the_heatmap_is_refused(summed):
    _, analysis, _ = summed[0]
    with pytest.raises(ParameterError, match="basis must be one of boxes, foot_points, got 'footpoints'"):
        analysis.heatmap(basis="footpoints")


def test_the_figures_of_a_zone_are_those_of_visits_and_dwell(summed):
    for figures, analysis, tables in summed:
        visits = tables["visits"]
        dwell = compute_dwell(visits)
        assert [zone["zone"] for zone in figures["zones"]] == [zone.name for zone in analysis.zones]
        for zone in figures["zones"]:
            mine = visits[visits.index.get_level_values("zone") == zone["zone"]]
            row = dwell.loc[zone["zone"]]
            whole = mine["entry"].isin(["crossed", "frame_edge"]) & mine["exit"].isin(
                ["crossed", "frame_edge"]
            )
            assert zone["visits"] == len(mine) == row["visits"]
            assert zone["visitors"] == mine.reset_index()["person_index"].nunique()
            assert zone["total_dwell_s"] == mine["dwell"].sum().total_seconds()
            assert zone["censored_share"] == pytest.approx(1 - whole.mean())
            for name, column in (
                ("median_dwell_s", "median"),
                ("median_dwell_low_s", "median_low"),
                ("median_dwell_high_s", "median_high"),
                ("naive_mean_dwell_s", "observed_mean"),
            ):
                assert zone[name] == seconds(row[column])
            counts = tables["occupancy_changes"].loc[zone["zone"]]["persons"]
            assert zone["occupancy"]["peak"] == counts.max()


def test_the_main_transitions_are_the_most_frequent_from_zone_to_zone(summed):
    for figures, analysis, _ in summed:
        names = {zone.name for zone in analysis.zones}
        table = compute_transitions(analysis["visits"]).reset_index()
        table = table[table["origin"].isin(names) & table["destination"].isin(names)]
        table = table.sort_values(["transitions", "origin", "destination"], ascending=[False, True, True])
        wanted = table.head(5)[["origin", "destination", "transitions"]].to_numpy().tolist()
        assert [[*way.values()][:3] for way in figures["transitions"]] == wanted


def test_the_lines_and_their_drift_are_those_of_counts_and_balance(summed):
    for figures, analysis, tables in summed:
        for line in figures["lines"]:
            last = analysis["counts"].loc[line["line"]].iloc[-1]
            assert (line["in_total"], line["out_total"]) == (last["in_total"], last["out_total"])
        last = analysis["count_drift"].iloc[-1]
        assert tables["count_drift"].iloc[-1][last.index].to_dict() == last.to_dict()
        assert {name: figures["balance"][name] for name in last.index} == last.to_dict()


def test_the_checks_are_those_of_quality_and_the_verdict_is_the_videos(summed):
    for figures, analysis, _ in summed:
        quality = compute_quality(
            analysis.detections,
            analysis.trajectories,
            analysis.video,
            zones=analysis.zones,
            lines=analysis.lines,
            plane=analysis.floor_plan,
            entrances=analysis.entrances or None,
            max_gap=analysis.config.max_gap,
        )
        trust, verdicts = figures["trust"], quality["verdict"].astype(str)
        assert trust["verdict"] == str(judge_video(quality))
        suspect = verdicts[verdicts.isin(["bad", "doubtful"])].to_dict()
        assert {(check["check"], check["name"]): check["verdict"] for check in trust["checks"]} == suspect
        for check in trust["checks"]:
            row = quality.loc[(check["check"], check["name"])]
            assert check["value"] == row["value"]
            assert (check["meaning"], check["advice"]) == (row["meaning"], row["advice"])


def test_all_is_json_with_keys_in_one_order(summed):
    for figures, *_ in summed:
        assert list(figures) == KEYS
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def small(folder, *records, zones=ZONES, more=None, **settings):
    """Open a small archive."""
    file = write(folder / "in" / "a.json", page(*records, **(more or {})))
    path = write(folder / "zones.geojson", zones) if zones else None
    given = AnalysisConfig(zones=path, **settings)
    return VideoAnalysis(file, given, read_scene(path) if zones else None)


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_an_empty_video_has_an_ordinary_page_of_zeros_and_dashes(tmp_path):
    figures = gather_key_figures(small(tmp_path))
    assert list(figures) == KEYS
    assert {name: figures[name] for name in NOBODY} == NOBODY
    assert figures["occupancy"]["at_end"] == figures["occupancy"]["peak"] == 0
    assert figures["occupancy"]["peak_at_s"] is None
    assert figures["busiest"] == {"interval": None, "cell": None}
    assert [zone["visits"] for zone in figures["zones"]] == [0, 0]
    assert figures["zones"][0]["median_dwell_s"] is None
    assert figures["transitions"] == []
    assert figures["balance"]["drift"] == 0
    trust = figures["trust"]
    assert (trust["verdict"], trust["checks"], trust["unknown"]) == ("unknown", [], [])
    assert not any(trust["affected"].values())
    json.dumps(figures, allow_nan=False)
    for text in (format_page(figures), format_page(figures, MARKDOWN)):
        assert "No transitions between zones" in text
        assert "\N{EN DASH}" in text
        assert "nan" not in text.lower()
        assert "None" not in text


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 %"), (0.001, "under 1 %"), (0.006, "1 %"), (0.996, "over 99 %"), (1, "100 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(value, said):
    assert share(value) == said


def test_one_person_who_stays_is_worked_out_in_the_head(tmp_path):
    """Ten moments, 40 ms apart, in the left half: the stay is cut at both ends, so no median can be told."""
    records = [record(time, 3, box=(0.1, 0.2, 0.2, 0.4)) for time in range(0, 400, 40)]
    figures = gather_key_figures(small(tmp_path, *records))
    left, nowhere = figures["zones"]
    assert (figures["persons"], figures["persons_in_zones"], figures["present_s"]) == (1, 1, 0.4)
    assert (left["visits"], left["total_dwell_s"], left["naive_mean_dwell_s"]) == (1, 0.4, 0.4)
    assert (left["median_dwell_s"], left["start_unobserved"], left["censored_share"]) == (None, 1, 1.0)
    assert (nowhere["visits"], nowhere["total_dwell_s"], nowhere["censored_share"]) == (0, 0.0, None)
    assert figures["busiest"]["interval"] is None
    assert figures["busiest"]["cell"]["stood_s"] == pytest.approx(0.4)
    (line,) = figures["lines"]
    assert (line["line"], line["in_total"], line["out_total"], line["affected_by"]) == ("middle", 0, 0, [])
    assert (line["in_low"], line["in_high"]) == pytest.approx((0.0, -np.log(0.025)))  # Garwood: none seen
    assert left["visits_low"] < 1 < left["visits_high"]
    stay = figures["stay_in_scene"]
    assert (stay["median_s"], stay["median_low_s"], stay["start_unobserved"]) == (None, None, 1)
    assert "none: fewer than 6 people; 0 people who came in" in format_page(figures, MARKDOWN)


HOLDS = {
    "always": ({}, 0.4),
    "while the person is there": ({"from": "100ms", "to": "300ms"}, 1.0),
    "until after the person went": ({"from": "300ms", "to": "500ms"}, 0.5),
    "to the end": ({"from": "300ms"}, 0.1 / 0.7),
    "from the start, until beyond the end": ({"to": "9s"}, 0.4),
    "after the person went": ({"from": "500ms"}, 0.0),
    "after the end": ({"from": "2s"}, None),
}


@pytest.mark.parametrize(("window", "mean"), HOLDS.values(), ids=HOLDS.keys())
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_the_mean_of_a_zone_is_over_the_time_in_which_it_holds(tmp_path, window, mean):
    """One person is there from 0 to 0.4 s of a video of 1 s."""
    records = [record(time, 3, box=(0.1, 0.2, 0.2, 0.4)) for time in range(0, 400, 40)]
    left = ZONES["features"][0]
    zones = ZONES | {"features": [left | {"properties": left["properties"] | window}]}
    figures = gather_key_figures(small(tmp_path, *records, zones=zones))
    assert figures["zones"][0]["occupancy"]["mean"] == pytest.approx(mean)
    assert figures["occupancy"]["mean"] == pytest.approx(0.4)
    part = gather_key_figures(small(tmp_path, *records, zones=zones, start="200ms", end="400ms"))
    wanted = None if window.get("from") in {"500ms", "2s"} else 1.0
    assert part["zones"][0]["occupancy"]["mean"] == wanted


def test_a_visit_around_which_a_zone_opens_or_closes_is_not_observed_whole(tmp_path):
    records = [record(time, 3, box=(0.1, 0.2, 0.2, 0.4)) for time in range(0, 1000, 40)]
    left = ZONES["features"][0]
    window = {"from": "200ms", "to": "400ms"}
    zones = ZONES | {"features": [left | {"properties": left["properties"] | window}]}
    (zone,) = gather_key_figures(small(tmp_path, *records, zones=zones))["zones"]
    assert (zone["visits"], zone["censored_share"]) == (1, 1.0)
    assert (zone["start_unobserved"], zone["end_unobserved"]) == (1, 1)
    (zone,) = gather_key_figures(small(tmp_path, *records, zones=ZONES | {"features": [left]}))["zones"]
    assert (zone["visits"], zone["censored_share"]) == (1, 1.0)


def test_the_censored_share_follows_the_observed_entries_and_exits(tmp_path):
    records = [record(time, 3, box=(0.1, 0.2, 0.2, 0.4)) for time in range(0, 1000, 40)]
    options = {"observed_entries": ["video_start"], "observed_exits": ["video_end"]}
    zone, _ = gather_key_figures(small(tmp_path, *records, **options))["zones"]
    assert (zone["visits"], zone["end_unobserved"], zone["censored_share"]) == (1, 0, 0.0)
    options["observed_exits"] = ["lost"]
    zone, _ = gather_key_figures(small(tmp_path, *records, **options))["zones"]
    assert (zone["visits"], zone["end_unobserved"], zone["censored_share"]) == (1, 1, 1.0)


def test_a_duration_that_the_whole_video_belies_is_not_believed_of_a_part(tmp_path):
    """The pages say 1 s, and somebody is seen at 1.5 s: a part to 1.2 s is not cut at 1 s."""
    records = [record(time, 3, box=(0.1, 0.2, 0.2, 0.4)) for time in (0, 100, 200, 900, 1500)]
    analysis = small(tmp_path, *records, more={"VideoMetadata": METADATA}, end="1200ms")
    with pytest.warns(PtrackWarning, match="the duration of 1.000 s is ignored"):
        assert analysis.video.duration is None
    assert "the duration of 1.000 s is ignored" in " ".join(analysis.reading.report.assumptions)
    occupancy = analysis.scene_occupancy
    assert occupancy.index.get_level_values("timestamp").max() == analysis.duration == pd.Timedelta("1200ms")


def test_without_zones_the_page_says_how_to_get_them(tmp_path):
    figures = gather_key_figures(small(tmp_path, record(0, 1), zones=None))
    for name in ("persons_in_zones", "zones", "transitions", "lines", "balance"):
        assert figures[name] is None
    text = format_page(figures)
    assert "with --zones FILE" in text
    assert "LineString" in text
    assert "Zones" not in text


def test_zones_of_other_videos_are_told_as_such_and_not_asked_for(tmp_path):
    left = ZONES["features"][0]
    zones = ZONES | {"features": [left | {"properties": left["properties"] | {"video": "another"}}]}
    figures = gather_key_figures(small(tmp_path, record(0, 1), zones=zones))
    (said,) = figures["unavailable"]
    assert "zones.geojson" in said
    assert said.endswith("has no zones and lines for this video")


def test_a_part_of_a_video_is_summed_up_over_its_own_time(data):
    analysis = next(analyses(data, "shop", start="60s", end="120s"))
    figures = gather_key_figures(analysis)
    assert (figures["start_s"], figures["end_s"]) == (60.0, pytest.approx(120.0, abs=0.5))
    watched = figures["end_s"] - figures["start_s"]
    assert figures["occupancy"]["mean"] == pytest.approx(figures["present_s"] / watched, rel=1e-9)
    assert figures["busiest"]["interval"] is None


def test_a_video_of_three_hours_has_a_busiest_hour(tmp_path):
    records = [record(time, 1) for time in (0, 7_000_000, 7_000_400)]
    analysis = small(tmp_path, *records, zones=None)
    analysis.reading = replace(
        analysis.reading, video=replace(analysis.reading.video, duration=pd.Timedelta("3h"))
    )
    interval = gather_key_figures(analysis)["busiest"]["interval"]
    assert (interval["every_s"], interval["length_s"]) == (3600.0, 3600.0)


def test_names_do_not_break_a_table_of_markdown(tmp_path):
    figures = gather_key_figures(small(tmp_path, record(0, 1)))
    assert "| left\\|side |" in format_page(figures, MARKDOWN)
    assert "  left|side " in format_page(figures)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61.6, "1 min 2 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (93_599.0, "26 h 00 min"),
    ],
)
def test_lengths_of_time_are_written_for_reading(value, text):
    assert span(value) == text
