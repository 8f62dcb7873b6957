"""The report: what its page says, what it never holds, and that it is the same for the same input."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from factories import unpack_payload
from pages import METADATA, page, record, write
from scipy import stats

from ptrack_analysis import (
    AnalysisConfig,
    export_dataset,
    open_dataset,
    write_report,
)
from ptrack_analysis.cli import main
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report import sections
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.findings import find_opening
from ptrack_analysis.report.key_figures import gather_key_figures
from ptrack_analysis.report.overview_data import OverviewData
from ptrack_analysis.report.overview_rules import compare_weeks, find_overview
from ptrack_analysis.report.page import part_html, report_html, text
from ptrack_analysis.report.page_texts import DEFINITIONS
from ptrack_analysis.report.parts import Heading, build_table, isolated
from ptrack_analysis.report.parts import ReportTable as Shown
from ptrack_analysis.report.writing import video_report
from ptrack_analysis.schema import VISITS
from simulation.archive import write_archive
from simulation.detection import SCENES

HOSTILE = (
    "<script>alert(1)</script>",
    "</script> \"q\" & 's'",
    "\u05e9\u05dc\u05d5\u05dd \u202e \U0001f600",
    "=1+1 $x_1^{2}$",
)
MEGABYTE = 1_000_000


class Reader(HTMLParser):
    """Read a page: its elements, its text, its links, its inline styles."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.attributes, self.inside = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.inside):
            self.text.append(data)

    @property
    def said(self):
        return " ".join(" ".join(self.text).split())


def settings_of(data, **more):
    return AnalysisConfig(zones=data / "shop" / "zones.geojson", **more)


@pytest.fixture(scope="module")
def shop(data, tmp_path_factory):
    """The report of the shop, with zones and a background."""
    file = tmp_path_factory.mktemp("report") / "shop.html"
    background = data / "shop" / "background.png"
    write_report(data / "shop" / "pages", file, settings=settings_of(data), background=background)
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def analysis(data):
    return VideoAnalysis(data / "shop" / "pages", settings_of(data))


def tables_in(html):
    found = re.search(r'<script type="application/json" id="tables-data">(.*?)</script>', html, re.DOTALL)
    return {table["name"]: table for table in json.loads(found[1])}


def geojson(names):
    def polygon(left):
        return [[[left, 0.3], [left + 0.2, 0.3], [left + 0.2, 0.9], [left, 0.9], [left, 0.3]]]

    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": polygon(0.05 + 0.22 * place)},
        }
        for place, name in enumerate(names)
    ]
    return {"type": "FeatureCollection", "unit": "fraction", "features": features}


def written(tmp_path, persons, names=(), **more):
    """Write the report of a small archive and read it."""
    write(
        tmp_path / "pages" / "video.json", page(*persons, VideoMetadata=METADATA | {"DurationMillis": 10_000})
    )
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps(geojson(names)), encoding="utf-8")
    settings = AnalysisConfig(zones=zones if names else None)
    write_report(tmp_path / "pages", tmp_path / "out.html", settings=settings, **more)
    return (tmp_path / "out.html").read_text(encoding="utf-8")


WALK = [record(200 * step, 7, box=(0.1 + 0.01 * step, 0.4, 0.05, 0.3)) for step in range(40)]


def test_the_page_begins_with_the_verdict_and_the_findings(shop, analysis):
    body = shop.partition("<body>")[2]
    assert (
        body.index('class="said doubtful"') < body.index('id="findings"') + 200 < body.index('id="figures"')
    )
    opening = find_opening(Evidence(analysis))
    said = Reader(shop).said.replace("\N{NO-BREAK SPACE}", " ")
    told = [opening.verdict, opening.limits]
    for finding in opening.findings:
        told += [finding.sentence, finding.detail]
        assert f'href="#{finding.target}"' in shop
        assert f' id="{finding.target}"' in shop
    places = [said.index(" ".join(words.split())) for words in told]
    assert places == sorted(places)
    assert len(opening.findings) == 5
    headings = re.findall(r'<h2 id="[a-z]+-h">(.*?)</h2>', shop)
    assert headings == [
        "Key figures",
        "How long people stay, in view and in each zone",
        "When it was busy, and when people came and went",
        "Where people went next",
        "Where people stood",
        "Watch it yourself",
        "Checks, tables and methods",
    ]


def test_the_appendix_is_folded_and_has_the_checks_tables_and_words(shop):
    folds = re.findall(r'<details class="fold"><summary><h3 id="[a-z]+-h">(.*?)</h3>', shop)
    checks = "Reliability of the tracking: 19 checks passed, 1 doubtful, 4 could not be made"
    assert folds == [checks, "All tables", "Definitions", "How it was computed"]
    appendix = shop.partition('id="appendix"')[2]
    for table in ("quality", "dwell", "visits", "presence", "transitions", "lines", "persons"):
        assert f'data-table="{table}"' in appendix
    printed = shop.partition('<div class="printed">')[2].partition("</div>\n<section")[0]
    for term, meaning in DEFINITIONS.items():
        assert f"<dt>{term}</dt><dd>{meaning}</dd>" in printed
        assert f"<dt>{term}</dt><dd>{meaning}</dd>" in appendix


def test_the_title_of_the_page_can_be_chosen(data, tmp_path):
    title = "Shop floor </title><script>"
    write_report(data / "shop" / "pages", tmp_path / "out.html", settings=settings_of(data), title=title)
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<h1>Shop floor &lt;/title&gt;&lt;script&gt;</h1>" in html
    assert "<title>Shop floor &lt;/title&gt;&lt;script&gt;</title>" in html
    export_dataset(data / "shop" / "pages", tmp_path / "out", zones=data / "shop" / "zones.geojson")
    write_report(tmp_path / "out", tmp_path / "overview.html", title="All shops")
    assert "<h1>All shops</h1>" in (tmp_path / "overview.html").read_text(encoding="utf-8")


def test_each_check_stands_with_its_verdict_thresholds_and_meaning(shop):
    quality = tables_in(shop)["quality"]
    names = [one["name"] for one in quality["headings"]]
    assert names[:4] == ["check", "name", "verdict", "value"]
    assert names[4:] == ["value_unit", "doubtful_above", "bad_above", "meaning"]
    unknown = dict(tables_in(shop)["unknown_checks"]["rows"])
    assert "--stitch" in unknown["continued tracks"]
    verdicts = [row[2] for row in quality["rows"]]
    assert verdicts[0] == "doubtful"
    assert verdicts == sorted(verdicts, key=["bad", "doubtful", "unknown", "good"].index)


def test_figures_are_those_of_the_summary(shop, analysis):
    figures = gather_key_figures(analysis)
    dwell = {row[0]: row for row in tables_in(shop)["dwell"]["rows"]}
    for zone in figures["zones"]:
        row = dwell[zone["zone"]]
        assert row[1:3] == [zone["visitors"], zone["visits"]]
        assert row[5] == zone["median_dwell_s"]
        assert row[8] == zone["naive_mean_dwell_s"]
        for low, value, high, name in ([row[6], row[5], row[7], "median"], [row[9], row[8], row[10], "mean"]):
            assert low < value < high or value in (low, high) if high is not None else f"{name}: " in row[-1]
    assert sum(row[9] is not None for row in dwell.values()) == 1  # the others have fewer than 10 people
    assert len(tables_in(shop)["persons"]["rows"]) == figures["persons"]


def key_figures(html):
    """Return the value, and what is written below it, of each key figure."""
    keys = html.partition('class="keys"')[2].partition("</dl>")[0]
    cards = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd></div>", keys)
    plain = {label: re.sub(r"<[^>]*>", " ", said).replace("\N{NO-BREAK SPACE}", " ") for label, said in cards}
    return {label: " ".join(said.split()) for label, said in plain.items()}


def test_key_figures_come_with_ranges_and_with_what_limits_them(shop):
    face = "\N{WHITE UP-POINTING TRIANGLE} In 10 % of the sightings only a face was detected"
    estimated = "\N{WHITE UP-POINTING TRIANGLE} 11 % estimated, because only a face was detected"
    assert key_figures(shop) == {
        "People seen": "13 2 there at the start, 11 came in",
        "In \N{MIDDLE DOT} out at the door": f"11 \N{MIDDLE DOT} 11 agrees with the people present {face}",
        "In view at a time": "2.8 on average; at most 5",
        "Busiest minute": "3.6 people 1:22 to 2:22",
        "Typical stay in view": "41 s 95 % range: 26 s to 1 min 21 s; 11 people who came in",
        "Total time at the checkout": f"1 min 2 s 6 visits by 6 people {estimated}",
    }
    assert "mean: fewer than 50 people: about 92 % instead of 95 %" in shop
    definition = next(one.text for one in VISITS.columns if one.name == "dwell")
    assert definition in Reader(shop).said


def test_it_names_files_without_the_folders_they_lie_in(shop, data, tmp_path):
    assert "zones.geojson" in shop
    assert str(data) not in shop
    assert str(data.parent.parent) not in shop


def test_the_same_input_gives_the_same_bytes(shop, data, tmp_path):
    background = data / "shop" / "background.png"
    for _ in range(2):
        write_report(
            data / "shop" / "pages",
            tmp_path / "again.html",
            settings=settings_of(data),
            background=background,
        )
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == shop


def test_the_policy_allows_what_the_page_holds_by_its_hash_and_nothing_else(shop):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', shop)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    held = re.findall(r"<style>(.*?)</style>", shop, re.DOTALL)
    held += re.findall(r'<script type="module">(.*?)</script>', shop, re.DOTALL)
    assert len(held) == 3
    for each in held:
        assert b64encode(sha256(each.encode()).digest()).decode() in policy


def test_nothing_is_fetched_and_no_element_has_a_style_of_its_own(shop):
    for tag, attributes in Reader(shop).attributes:
        assert "style" not in attributes, tag
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/")), (tag, attributes)


def test_no_name_occurs_twice_in_the_page(shop):
    names = [attributes["id"] for _, attributes in Reader(shop).attributes if "id" in attributes]
    assert len(names) == len(set(names))


def charts(html):
    """Return the name, the alternative text and the drawings of each chart."""
    found = re.findall(
        r'<div class="chart" id="(\w+)-chart" role="img" aria-label="(.*?)">(.*?)</svg></div></div>', html
    )
    return {name: (alt, drawings) for name, alt, drawings in found}


def test_each_chart_says_what_it_shows_and_is_drawn_for_each_width(shop):
    assert list(charts(shop)) == ["dwell", "timeline", "ways", "stood", "boxes"]
    for name, (alt, drawings) in charts(shop).items():
        assert len(alt) > 60, name
        assert re.findall(r'<div class="([a-z ]+)">', drawings) == ["narrow", "middle", "wide"], name
        assert "<text" in drawings
    assert "shelves: half last 8.9 s or longer (11 visits, 8 people)" in charts(shop)["dwell"][0]
    assert "door: 11 in, 11 out" in charts(shop)["timeline"][0]
    assert "shelves to entrance 7 times" in charts(shop)["ways"][0]


def test_a_dot_is_a_visit_and_an_arrow_an_end_that_was_not_observed(shop, analysis):
    wide = charts(shop)["dwell"][1].partition('class="wide"')[2]
    dots = re.findall(r"<title>(Person \d+: [^<]*)</title>", wide)
    visits, tracks = analysis["visits"], analysis["tracks"]
    assert len(dots) == len(visits) + len(tracks)
    unseen = (
        visits["exit"].isin(["video_end", "lost"]).sum()
        + visits["entry"].isin(["video_start", "appeared"]).sum()
    )
    assert wide.count('class="arrow"') == unseen + 4  # two people were there at the start, two at the end
    assert (
        sum("already there when the video began" in dot for dot in dots)
        == 2 + (visits["entry"] == "video_start").sum()
    )


def test_the_cursor_reads_the_counts_of_the_tables(shop, analysis):
    data = json.loads(re.search(r'id="timeline-data">(.*?)</script>', shop)[1])
    changes = analysis["occupancy_changes"]
    for curve, zone in zip(data["curves"], ["", "entrance", "shelves", "table", "checkout"], strict=True):
        rows = changes[changes.index.get_level_values("zone") == zone]
        times = rows.index.get_level_values("timestamp").to_numpy().astype("int64")
        for time in range(0, 180_000, 777):
            place = np.searchsorted(curve["times"], time, side="right") - 1
            assert (
                curve["persons"][place]
                == rows["persons"].iloc[np.searchsorted(times, time, side="right") - 1]
            )


def test_a_quarter_of_an_hour_stays_below_two_and_a_half_megabytes(tmp_path):
    plan = replace(SCENES["shop"][0], duration=900_000, persons=90)
    write_archive(tmp_path / "archive", [plan], 1)
    archive = tmp_path / "archive"
    settings = AnalysisConfig(zones=archive / "zones.geojson")
    write_report(
        archive / "pages", tmp_path / "out.html", settings=settings, background=archive / "background.png"
    )
    assert (tmp_path / "out.html").stat().st_size < 2.5 * MEGABYTE


def test_hostile_names_are_text(tmp_path):
    html = written(tmp_path, WALK, HOSTILE)
    reader = Reader(html)
    assert reader.elements.count("script") == 6  # four with data, two modules
    for name in HOSTILE:
        assert " ".join(name.split()) in reader.said
    assert "alert(1)</script>" not in html
    assert "x_1^{2}" in re.sub(r"<[^>]*>", "", "".join(re.findall(r"<text.*?</text>", html)))


def test_control_characters_in_a_name_break_nothing(tmp_path):
    html = written(tmp_path, WALK, ("a\x01b\x1b[31m\x7f",))
    assert "a\ufffdb\ufffd[31m\ufffd" in html
    assert not set("\x01\x1b\x7f") & set(html)


def test_text_of_another_direction_keeps_to_itself():
    assert text("a<b") == "a&lt;b"
    assert text("\u05d0<") == "<bdi>\u05d0&lt;</bdi>"


def test_without_zones_it_says_how_to_get_them(tmp_path):
    html = written(tmp_path, WALK)
    assert "No zones and lines were given" in html
    assert "From zone to zone" not in html
    assert "dwell" not in tables_in(html)


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_nobody_is_a_page_that_says_so(tmp_path):
    said = Reader(written(tmp_path, [], HOSTILE)).said
    assert "No people were detected in this video" in said
    assert "No one was in a zone." in said


def test_one_detection_is_a_page(tmp_path):
    html = written(tmp_path, WALK[:1], HOSTILE)
    assert key_figures(html)["People seen"] == "1 1 there at the start, 0 came in"
    assert "Too little data for findings: 1 person in 10 s." in Reader(html).said.replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_of_many_detections_the_explorer_holds_the_first_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "MOST_EXPLORED", 10)
    html = written(tmp_path, WALK)
    assert "The explorer ends at 0:02 and has 10 of 40 detections" in html


def test_the_explorer_of_a_part_has_the_absences_of_the_visits_that_begin_in_it(data, monkeypatch):
    monkeypatch.setattr(sections, "MOST_EXPLORED", 2000)
    settings = settings_of(data, merge_gap="60s")
    evidence = Evidence(VideoAnalysis(data / "shop" / "pages", settings))
    explored = sections.explorer_section(evidence, {}, None).parts[-1].data
    arrays = unpack_payload(explored)
    visits = evidence.analysis["visits"]
    assert 0 < len(arrays["visit_dwell"]) < len(visits)
    absent = np.zeros(len(arrays["visit_dwell"]))
    np.add.at(absent, arrays["absence_visit"], arrays["absence_end"] - arrays["absence_start"])
    listed = arrays["visit_exited"] - arrays["visit_entered"] - absent
    assert listed.tolist() == arrays["visit_dwell"].tolist()
    assert absent.sum() > 0


def test_a_table_holds_at_most_so_many_rows_and_says_so(analysis):
    table = build_table(analysis["visits"], VISITS, "Stays", ["zone", "dwell"], most=40)
    html = part_html(table)
    assert len(table.rows) == 40
    assert "The first 25 of 40 rows are shown." in html
    assert "This page contains 40 of 52 rows" in html


def test_what_is_missing_is_a_dash_and_no_rows_are_said_to_be_none():
    headings = [Heading("a", "a", digits=1), Heading("b", "b")]
    assert '<td class="n">\N{EN DASH}</td>' in part_html(Shown("t", "t", headings, [[None, "x"]]))
    assert ">none</td>" in part_html(Shown("t", "t", headings, []))


def test_where_the_start_is_known_times_are_those_of_the_places_clock(data, tmp_path):
    file = tmp_path / "videos.csv"
    file.write_text("video,started_at,timezone,site\nshop,2025-11-24T12:05:00,Europe/Berlin,Mitte\n")
    settings = settings_of(data, recordings=file)
    write_report(data / "shop" / "pages", tmp_path / "out.html", settings=settings)
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Mitte \N{MIDDLE DOT} 3 min of video \N{MIDDLE DOT} Monday, 2025-11-24, from 12:05" in html
    assert ">12:05:30</text>" in html
    assert key_figures(html)["Busiest minute"] == "3.6 people 12:06 to 12:07"
    visits = tables_in(html)["visits"]
    assert [one["name"] for one in visits["headings"]][2] == "entered_at"
    assert visits["headings"][2]["letters"] == len("2025-11-24 12:05:00")
    assert visits["rows"][0][2] == "2025-11-24 12:05:00.000+01:00"
    assert '<td class="k">2025-11-24 12:05:00</td>' in html.replace("<bdi>", "").replace("</bdi>", "")


def test_a_file_that_is_no_report_is_kept(data, tmp_path):
    file = tmp_path / "mine.html"
    file.write_text("my own page")
    with pytest.raises(OutputError, match="is not a ptrack report"):
        write_report(data / "shop" / "pages", file)
    with pytest.raises(OutputError, match="is a folder"):
        write_report(data / "shop" / "pages", tmp_path)
    assert file.read_text() == "my own page"


def test_a_suffix_that_is_not_one_of_a_page_is_refused(data, tmp_path):
    with pytest.raises(OutputError, match=r"the suffix must be \.html or \.pdf"):
        write_report(data / "shop" / "pages", tmp_path / "report.txt")
    assert not (tmp_path / "report.txt").exists()


def test_the_shell_writes_the_page_to_stdout(capfd, data):
    code, out, err = run(capfd, "report", data / "shop" / "pages", "-o", "-")
    assert (code, err) == (0, "")
    assert out.startswith("<!doctype html>")
    assert out.endswith("</html>\n")


def test_of_several_videos_one_has_to_be_chosen(data, tmp_path):
    with pytest.raises(ParameterError, match=r"contains 3 videos .* Choose one"):
        write_report(data / "day" / "pages", tmp_path / "out.html")
    with pytest.raises(ParameterError, match="does not contain video 'night'"):
        write_report(data / "day" / "pages", tmp_path / "out.html", video="night")


def test_a_broken_background_is_a_sentence(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(ParameterError, match="cannot be read"):
        written(tmp_path, WALK, background=tmp_path / "broken.png")
    with pytest.raises(ParameterError, match="No such file"):
        written(tmp_path, WALK, background=tmp_path / "none.png")


def test_a_background_of_another_shape_is_said_to_be_stretched(tmp_path, analysis):
    tall = np.zeros((200, 100, 3), dtype="uint8")
    html = report_html(video_report(analysis, background=tall))
    assert "has another shape" in html.split("<main", 1)[1].split("<footer", 1)[0]


def run(capfd, *arguments):
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    return code, *capfd.readouterr()


def test_the_shell_writes_it_and_says_so(capfd, data, tmp_path):
    out = tmp_path / "shop.html"
    zones = data / "shop" / "zones.geojson"
    options = ("--zones", zones, "--title", "My shop")
    code, said, told = run(capfd, "report", data / "shop" / "pages", "-o", out, *options)
    assert (code, said) == (0, "")
    assert "<h1>My shop</h1>" in out.read_text(encoding="utf-8")
    assert told.endswith(f"wrote {out}\n")
    assert run(capfd, "report", data / "shop" / "pages", "-o", out)[0] == 0  # a report is replaced
    out.write_text("mine")
    assert run(capfd, "report", data / "shop" / "pages", "-o", out)[0] == 1
    assert run(capfd, "report", data / "shop" / "pages", "-o", out, "--force")[0] == 0
    assert run(capfd, "report", data / "day" / "pages", "-o", out)[0] == 2
    assert run(capfd, "report", tmp_path / "nothing", "-o", out)[0] == 3


@pytest.fixture(scope="module")
def day(data, tmp_path_factory):
    """A dataset of three videos of two days."""
    folder = tmp_path_factory.mktemp("day")
    file = folder / "videos.csv"
    file.write_text(
        "video,started_at,timezone,site,camera\n"
        "morning,2025-11-24T09:10:00,Europe/Berlin,Mitte,<b>front</b>\n"
        "noon,2025-11-24T12:05:00,Europe/Berlin,Mitte,<b>front</b>\n"
        "evening,2025-11-25T17:40:00,Europe/Berlin,Nord,back\n"
    )
    zones = data / "day" / "zones.geojson"
    export_dataset(data / "day" / "pages", folder / "out", zones=zones, recordings=file)
    write_report(folder / "out", folder / "out.html")
    return (folder / "out.html").read_text(encoding="utf-8")


def test_the_overview_begins_with_what_was_filmed_and_its_problems(day):
    said = Reader(day).said.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "3 videos from 2 cameras at 2 sites, 3 min 30 s of video on 2 days from 2025-11-24 to 2025-11-25."
        in said
    )
    assert "In 3 of them in some of the sightings only a face was detected, so " in said
    assert (
        key_figures(day)["In \N{MIDDLE DOT} out over the doors"] == "12 \N{MIDDLE DOT} 12 during all videos"
    )
    assert (
        key_figures(day)["Most in view at once"]
        == "5 in the video of 2025-11-24 12:05, &lt;b&gt;front&lt;/b&gt;"
    )
    headings = re.findall(r'<h2 id="[a-z]+-h">(.*?)</h2>', day)
    assert headings == [
        "Key figures",
        "People in and out, by day",
        "People in view, by day",
        "When it was busy, by weekday and hour",
        "How long people stay, by zone and site",
        "Cameras and videos, those with problems first",
        "Checks, tables and methods",
    ]
    rows = {row[0]: row for row in tables_in(day)["videos"]["rows"]}
    assert rows["noon"][1:3] == ["usable with care", "face only"]
    assert rows["morning"][1:3] == ["usable with care", "face only"]
    assert rows["evening"][3:6] == ["2025-11-25 17:40", "Nord", "back"]
    assert rows["noon"][7] == 8


def test_the_overview_sums_by_local_hour_and_day(day):
    days = tables_in(day)["days"]
    assert [row[0] for row in days["rows"]] == ["2025-11-24", "2025-11-25"]
    assert [row[4] for row in days["rows"]] == [44, 17]
    grids = re.findall(r'<table class="grid">.*?</table>', day, re.DOTALL)
    hours = re.findall(r'<th scope="col"><span>(\d\d)</span></th>', grids[0])
    assert hours == [f"{hour:02d}" for hour in range(9, 18)]
    monday, tuesday = re.findall(r'<th scope="row">(Mon|Tue)</th>(.*?)</tr>', grids[0])
    assert re.findall(r'class="s\d"[^>]*>(\d+)<', monday[1]) == ["144", "288"]  # 3 and 6 in 75 s
    assert re.findall(r'class="s\d"[^>]*>(\d+)<', tuesday[1]) == ["180"]  # 3 in 60 s


@pytest.mark.parametrize("every", ["1min", "1h"])
def test_a_crossing_counts_for_the_hour_in_which_it_was(data, tmp_path, every):
    """The film begins half past 58: five come before nine o'clock and six after, whatever the interval."""
    recordings = write(
        tmp_path / "rec.csv", "video,started_at,timezone\nshop,2026-03-30T08:58:30,Europe/Berlin\n"
    )
    settings = {"zones": data / "shop/zones.geojson", "recordings": recordings, "every": every}
    export_dataset(data / "shop", tmp_path / "out", **settings)
    write_report(tmp_path / "out", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'title="(\d+ in [\d.]+ minutes)', html) == [
        "5 in 1.5 minutes",
        "6 in 1.5 minutes",
    ]
    assert "counts by interval instead of crossings" not in html
    export_dataset(data / "shop", tmp_path / "released", min_count=2, tables="occupancy,counts", **settings)
    write_report(tmp_path / "released", tmp_path / "report.html")
    assert "counts by interval instead of crossings" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("known", "counted"), [("ab", ["11 in 3.0 minutes"]), ("b", [])])
def test_footfall_is_over_the_time_of_videos_with_a_door_whose_clock_is_known(data, tmp_path, known, counted):
    """Video a has a door, b another line: b's time is none in which somebody could come through the door."""
    for video in "ab":
        (tmp_path / "in" / video).mkdir(parents=True)
        for saved in (data / "shop" / "pages").glob("*.json"):
            content = json.loads(saved.read_bytes()) | {"JobId": f"job-{video}"}
            write(tmp_path / "in" / video / saved.name, content)
    drawn = json.loads((data / "shop" / "zones.geojson").read_text(encoding="utf-8"))
    (line,) = [one for one in drawn["features"] if one["geometry"]["type"] == "LineString"]
    lines = [
        line | {"properties": {"name": name, "kind": kind, "video": video}}
        for name, kind, video in (("door", "entrance", "a-shop"), ("aisle", "line", "b-shop"))
    ]
    zones = write(tmp_path / "lines.geojson", drawn | {"features": lines})
    rows = "".join(f"{video}-shop,2026-03-30T09:00:00,Europe/Berlin\n" for video in known)
    recordings = write(tmp_path / "rec.csv", f"video,started_at,timezone\n{rows}")
    export_dataset(tmp_path / "in", tmp_path / "out", zones=zones, recordings=recordings)
    write_report(tmp_path / "out", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'title="(\d+ in [\d.]+ minutes)', html) == counted


def test_the_overview_compares_zones_by_site(day):
    zones = {row[0]: row for row in tables_in(day)["zones"]["rows"]}
    assert zones["checkout"][1:3] == [3, 6]
    assert "checkout \N{MIDDLE DOT} Mitte" in charts(day)["stays"][0]
    assert list(charts(day)) == ["doors", "days", "stays"]
    assert (
        "door \N{MIDDLE DOT} Mitte: 9 in, 9 out; door \N{MIDDLE DOT} Nord: 3 in, 3 out"
        in charts(day)["doors"][0]
    )
    assert "&lt;b&gt;front&lt;/b&gt;" in day
    assert "<b>front" not in day


def test_a_video_with_a_report_beside_the_overview_is_linked(data, tmp_path):
    export_dataset(data / "day" / "pages", tmp_path / "out")
    write_report(data / "day" / "pages", tmp_path / "noon.html", video="noon")
    (tmp_path / "morning.html").write_text("my own page")
    write_report(tmp_path / "out", tmp_path / "overview.html")
    html = (tmp_path / "overview.html").read_text(encoding="utf-8")
    assert re.findall(r'<a href="([\w.]+)">', html) == ["noon.html"]
    assert tables_in(html)["videos"]["links"] == {"noon": "noon.html"}


def test_an_overview_tells_figures_from_withheld_ones_and_hours_that_were_not_recorded(data, tmp_path):
    recordings = "video,started_at,timezone\n" + "".join(
        f"{video},2026-05-04T{hour}:10:00,Europe/Berlin\n"
        for video, hour in (("morning", "09"), ("noon", "12"), ("evening", "17"))
    )
    write(tmp_path / "rec.csv", recordings)
    settings = {"zones": data / "day" / "zones.geojson", "recordings": tmp_path / "rec.csv"}
    tables = "occupancy,occupancy_hourly,visits_hourly,counts,dwell"
    export_dataset(data / "day" / "pages", tmp_path / "out", min_count=6, tables=tables, **settings)
    write_report(tmp_path / "out", tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Too much is withheld for findings." in html
    assert "Figures that count fewer than 6 people are withheld" in html
    assert key_figures(html)["In \N{MIDDLE DOT} out over the doors"].startswith(
        "withheld \N{MIDDLE DOT} withheld"
    )
    grid = re.findall(r'<table class="grid">.*?</table>', html, re.DOTALL)[-1]
    kinds = re.findall(r'<td class="(\w+)"', grid)
    assert kinds.count("gap") == 6  # ten, eleven, and from one to four
    assert set(kinds) == {"gap", "withheld", "s7"}


def count_days(tmp_path, data, per_day):
    """Make a dataset with so many crossings inwards on each of these days, all filmed for the same time."""
    rows = ["video,started_at,timezone"]
    for day, number in enumerate(per_day):
        records = [
            record(100 * person + 500 * step, person, box=(0.2 + 0.1 * step, 0.3, 0.1, 0.3))
            for person in range(number)
            for step in range(6)
        ]
        job = {"JobId": f"job-{day}", "VideoMetadata": {**METADATA, "DurationMillis": 60_000}}
        write(tmp_path / f"in/day{day:02d}.json", page(*sorted(records, key=json.dumps), **job))
        date = pd.Timestamp("2026-03-02") + pd.Timedelta(days=day)
        rows.append(f"day{day:02d},{date:%Y-%m-%d}T10:00:00,Europe/Berlin")
    write(tmp_path / "rec.csv", "\n".join(rows) + "\n")
    line = {
        "type": "Feature",
        "properties": {"name": "door", "kind": "entrance"},
        "geometry": {"type": "LineString", "coordinates": [[0.45, 1], [0.45, 0]]},
    }
    zones = write(tmp_path / "door.geojson", {"type": "FeatureCollection", "features": [line]})
    export_dataset(tmp_path / "in", tmp_path / "out", zones=zones, recordings=tmp_path / "rec.csv")
    return OverviewData(open_dataset(tmp_path / "out"))


def test_the_last_week_is_compared_with_the_same_weekdays_before(tmp_path, data):
    weekday = [3, 4, 5, 4, 6, 9, 7]
    data = count_days(tmp_path, data, [*weekday * 3, *(2 * number for number in weekday)])
    week = compare_weeks(data)
    assert (week["now"], week["before"], week["days"]) == (76, 38, 7)
    totals = np.array([*weekday * 3, *(2 * number for number in weekday)], dtype=float)
    usual = totals.reshape(4, 7).mean(axis=0)
    dispersion = max(1.0, ((totals.reshape(4, 7) - usual) ** 2 / usual).sum() / 21)
    width = np.exp(stats.t.ppf(0.975, 21) * np.sqrt(dispersion * (1 / 76 + 1 / 38)))
    assert [week["ratio"], week["low"], week["high"]] == pytest.approx([2, 2 / width, 2 * width])
    findings = {one.key: one for one in find_overview(data).findings}
    assert findings["change"].sentence == (
        "100 % more people came in during the last week than in the week before."
    )
    assert findings["change"].detail.startswith("76 after 38 on the same 7 weekdays. 95 % range: ")


@pytest.mark.parametrize("per_day", [[4] * 28, [4] * 20 + [9] * 7], ids=["no change", "less than four weeks"])
def test_an_overview_is_silent_on_a_change_that_the_data_cannot_carry(tmp_path, data, per_day):
    data = count_days(tmp_path, data, per_day)
    assert "change" not in {one.key for one in find_overview(data).findings}


def test_the_overview_without_clock_and_zones_says_what_is_missing(data, tmp_path):
    export_dataset(data / "day" / "pages", tmp_path / "out")
    write_report(tmp_path / "out", tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "The start of the videos is not known" in html
    assert "The dataset has no zones" in html
    assert "Visits to zones" not in html
    assert "days" not in tables_in(html)


@pytest.mark.parametrize(
    "given", [{"video": "x"}, {"background": "x.png"}, {"settings": AnalysisConfig(faces=True)}]
)
def test_what_is_for_one_video_is_refused_for_a_dataset(data, tmp_path, given):
    export_dataset(data / "shop/pages", tmp_path / "out", tables="quality")
    with pytest.raises(
        ParameterError, match="is a dataset, whose overview uses the configuration of its export"
    ):
        write_report(tmp_path / "out", tmp_path / "report.html", **given)


def test_names_turn_nothing_beside_them():
    assert isolated("door") == "door"
    assert isolated("\u202edoor") == "\u2068door\u2069"
    assert isolated("\u05d3\u05dc\u05ea") == "\u2068\u05d3\u05dc\u05ea\u2069"


def test_lines_without_zones_are_told_as_lines_and_not_as_doors(tmp_path):
    names = [f"line {number}" for number in range(6)]
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "LineString", "coordinates": [[0.3, -1], [0.3, 2]]},
        }
        for name in names
    ]
    write(tmp_path / "lines.geojson", {"type": "FeatureCollection", "features": features})
    written(tmp_path, WALK)
    settings = AnalysisConfig(zones=tmp_path / "lines.geojson")
    write_report(tmp_path / "pages", tmp_path / "out.html", settings=settings)
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "No zones were given, so this page has no visits and no transitions" in html
    assert "The first 4 of 6 lines are drawn." in html
    assert "In \N{MIDDLE DOT} out at the lines" in html
    assert "out at the door" not in html


def test_an_empty_dataset_and_one_video_have_an_overview(data, tmp_path):
    export_dataset(data / "shop", tmp_path / "out", zones=data / "shop" / "zones.geojson")
    write_report(tmp_path / "out", tmp_path / "one.html")
    said = Reader((tmp_path / "one.html").read_text(encoding="utf-8")).said
    assert (
        "Usable with care. 1 video, 3 min of video. In some of the sightings only a face was detected, so"
        in said.replace("\N{NO-BREAK SPACE}", " ")
    )
    assert main(["remove", str(tmp_path / "out"), "--video", "shop"]) == 0
    write_report(tmp_path / "out", tmp_path / "none.html")
    assert "Too little data for findings: 0 videos." in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_a_salted_dataset_is_not_called_withheld(data, tmp_path):
    export_dataset(data / "shop", tmp_path / "out", salt="0123456789abcdef0123456789abcdef")
    write_report(tmp_path / "out", tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Usable with care." in html
    assert "withheld" not in html.partition("<main")[2].partition("Definitions")[0]
