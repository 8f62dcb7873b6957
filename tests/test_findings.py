"""Findings: when each rule speaks, when it is silent, and where its numbers are from."""

import json
import re
from datetime import UTC, datetime

import pandas as pd
import pytest
from factories import make_detections, make_video
from pages import METADATA, page, record, write

from ptrack_analysis import AnalysisConfig, write_report
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report import coverage_rules, video_rules, zone_rules
from ptrack_analysis.report import finding_texts as texts
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.findings import find_findings, find_opening
from ptrack_analysis.report.key_figures import gather_key_figures
from ptrack_analysis.report.summary import clock_time, format_page
from ptrack_analysis.sources.finding import find_videos

SHELVES, TABLE, CHECKOUT, NOWHERE = (0.4, 0.8), (0.6, 0.8), (0.8, 0.8), (0.5, 0.2)
LEFT = 0.06
"""Where people are before they come in over the door at 0.1."""


def feature(name, kind, outline):
    shape = "Polygon" if len(outline) > 2 else "LineString"
    corners = [[*outline, outline[0]]] if shape == "Polygon" else outline
    properties = {"name": name, **({"kind": kind} if kind else {})}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": shape, "coordinates": corners},
    }


def rectangle(x0, y0, x1, y1):
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def scene(**kinds):
    """Make four zones and a door; ``kinds`` replaces the kind of a zone, None leaves it out."""
    zones = {
        "entrance": ("entrance", rectangle(0.1, 0.4, 0.25, 0.95)),
        "shelves": ("", rectangle(0.32, 0.65, 0.48, 0.95)),
        "table": ("", rectangle(0.52, 0.65, 0.68, 0.95)),
        "checkout": ("checkout", rectangle(0.72, 0.65, 0.88, 0.95)),
    }
    features = [
        feature(name, kinds.get(name, kind), outline)
        for name, (kind, outline) in zones.items()
        if kinds.get(name, kind) is not None
    ]
    door = [] if kinds.get("door", "") is None else [feature("door", "entrance", [[0.1, 1.0], [0.1, 0.0]])]
    return {"type": "FeatureCollection", "unit": "fraction", "features": [*features, *door]}


def path(start, *stops, inside=False, stays=False):
    """Return the way of a person who comes in at ``start`` [s] and visits (position, seconds)."""
    x, y, time = (0.3 if inside else LEFT), 0.5, start + 0.25
    rows = [(round(1000 * start), x, y)]
    targets = [(place, 0.5, seconds) for place, seconds in stops]
    ways = []
    for (px, py), _, seconds in targets:
        ways += [(px, 0.5, 0), (px, py, seconds), (px, 0.5, 0)]
    ways += [] if stays else [(LEFT, 0.5, 0)]
    for tx, ty, seconds in ways:
        steps = max(round(max(abs(tx - x), abs(ty - y)) / 0.05), 1)
        for step in range(1, steps + 1):
            rows.append((round(1000 * time), x + (tx - x) * step / steps, y + (ty - y) * step / steps))
            time += 0.25
        x, y = tx, ty
        for _ in range(round(4 * seconds)):
            rows.append((round(1000 * time), x, y))
            time += 0.25
    return rows


def analyze(tmp_path, paths, zones=None, *, seconds=300, recording=None, **more):
    """Analyze people who walk these ways."""
    detections = make_detections(dict(enumerate(paths)), box=(0.04, 0.3))
    file = write(tmp_path / "zones.geojson", scene() if zones is None else zones)
    config = AnalysisConfig(zones=file, **more)
    return VideoAnalysis((detections, make_video(1000 * seconds)), config, recording=recording)


def several(number, *stops, start=10, every=20, **more):
    """Return several people on the same way, each a little longer than the one before."""
    return [
        path(start + every * one, *[(place, seconds + one / 4) for place, seconds in stops], **more)
        for one in range(number)
    ]


CROWD = [path(20 * one, (SHELVES, 4)) for one in range(6)] + [
    path(200 + one, (SHELVES, 20)) for one in range(6)
]
INSIDE = [path(60 + one, (SHELVES, 236.25 - one), inside=True, stays=True) for one in range(3)]
SPEAKS = {
    "busiest": (video_rules.find_busiest, CROWD, {}),
    "door": (video_rules.find_door, several(4, (SHELVES, 3)), {}),
    "door_drift": (video_rules.find_door_drift, several(4, (SHELVES, 3)) + INSIDE, {}),
    "stay": (video_rules.find_stay, several(7, (SHELVES, 5)), {}),
    "longest_zone": (zone_rules.find_longest_zone, several(10, (SHELVES, 12), (TABLE, 3)), {}),
    "zone_dwell": (zone_rules.find_zone_dwell, several(8, (SHELVES, 5)), {}),
    "goal": (
        zone_rules.find_goal,
        several(3, (CHECKOUT, 3)) + several(5, (TABLE, 2), start=15),
        {},
    ),
    "first_stop": (
        zone_rules.find_first_stop,
        several(11, (TABLE, 2)) + several(1, (SHELVES, 2), start=15),
        {},
    ),
    "next_step": (
        zone_rules.find_next_step,
        several(9, (SHELVES, 2), (TABLE, 2)) + several(3, (SHELVES, 2), (CHECKOUT, 2), start=15),
        {},
    ),
    "glances": (zone_rules.find_glances, [path(12 * one, (SHELVES, 0)) for one in range(12)], {}),
    "unvisited": (coverage_rules.find_unvisited, several(10, (SHELVES, 3)), {}),
    "missing_zone": (coverage_rules.find_missing_zone, several(4, (NOWHERE, 20), every=1), {}),
    "waiting": (
        zone_rules.find_waiting,
        several(6, (CHECKOUT, 40)) + several(3, (CHECKOUT, 70), start=15),
        {"zones": scene(checkout="queue")},
    ),
    "trend": (
        video_rules.find_trend,
        several(4, (SHELVES, 1), every=60) + several(18, (SHELVES, 1), start=400, every=10),
        {"seconds": 700},
    ),
}
SILENT = {
    "busiest with four people": (video_rules.find_busiest, CROWD[-4:], {}),
    "busiest of an even flow": (video_rules.find_busiest, several(15, (SHELVES, 3)), {"seconds": 303}),
    "busiest of a film of two minutes": (
        video_rules.find_busiest,
        several(8, (SHELVES, 1), every=9),
        {"seconds": 120},
    ),
    "door with five crossings": (video_rules.find_door, several(2, (SHELVES, 3)), {}),
    "door that does not add up": (video_rules.find_door, several(4, (SHELVES, 3)) + INSIDE, {}),
    "door without a line": (video_rules.find_door, several(4, (SHELVES, 3)), {"zones": scene(door=None)}),
    "drift of a door that adds up": (video_rules.find_door_drift, several(4, (SHELVES, 3)), {}),
    "stay of five people": (video_rules.find_stay, several(5, (SHELVES, 5)), {}),
    "stay without an entrance": (
        video_rules.find_stay,
        several(7, (SHELVES, 5)),
        {"zones": scene(door=None, entrance="")},
    ),
    "two zones with the same dwell": (
        zone_rules.find_longest_zone,
        several(10, (SHELVES, 5), (TABLE, 5)),
        {},
    ),
    "one zone of five people": (zone_rules.find_zone_dwell, several(5, (SHELVES, 5)), {}),
    "zone with a wide range": (
        zone_rules.find_zone_dwell,
        several(3, (SHELVES, 0)) + several(3, (SHELVES, 60), start=15),
        {},
    ),
    "goal of five people": (zone_rules.find_goal, several(5, (CHECKOUT, 3)), {}),
    "goal without a checkout": (
        zone_rules.find_goal,
        several(8, (CHECKOUT, 3)),
        {"zones": scene(checkout="")},
    ),
    "first stop of nine people": (zone_rules.find_first_stop, several(9, (TABLE, 2)), {}),
    "first stop by chance": (
        zone_rules.find_first_stop,
        several(6, (TABLE, 2)) + several(5, (SHELVES, 2), start=15),
        {},
    ),
    "next step that is not usual": (
        zone_rules.find_next_step,
        several(6, (SHELVES, 2), (TABLE, 2)) + several(6, (SHELVES, 2), (CHECKOUT, 2), start=15),
        {},
    ),
    "next step of nine": (
        zone_rules.find_next_step,
        several(9, (SHELVES, 2), (TABLE, 2)),
        {"zones": scene(entrance=None)},
    ),
    "long visits": (zone_rules.find_glances, several(12, (SHELVES, 5), every=12), {}),
    "nine glances": (zone_rules.find_glances, [path(12 * one, (SHELVES, 0)) for one in range(9)], {}),
    "unvisited of nine people": (coverage_rules.find_unvisited, several(9, (SHELVES, 3)), {}),
    "all zones visited": (
        coverage_rules.find_unvisited,
        several(10, (SHELVES, 1), (TABLE, 1), (CHECKOUT, 1)),
        {},
    ),
    "spot of two people": (coverage_rules.find_missing_zone, several(2, (NOWHERE, 20), every=1), {}),
    "spot in a zone": (coverage_rules.find_missing_zone, several(4, (SHELVES, 20), every=1), {}),
    "queue of five": (
        zone_rules.find_waiting,
        several(5, (CHECKOUT, 40)),
        {"zones": scene(checkout="queue")},
    ),
    "no queue": (zone_rules.find_waiting, several(8, (CHECKOUT, 40)), {}),
    "trend of a short film": (
        video_rules.find_trend,
        several(4, (SHELVES, 1), every=30) + several(18, (SHELVES, 1), start=300, every=10),
        {"seconds": 590},
    ),
    "trend of as many": (
        video_rules.find_trend,
        several(12, (SHELVES, 1), every=20) + several(12, (SHELVES, 1), start=400, every=20),
        {"seconds": 780},
    ),
    "trend of few": (
        video_rules.find_trend,
        several(1, (SHELVES, 1)) + several(15, (SHELVES, 1), start=400, every=10),
        {"seconds": 700},
    ),
}


def numbers(text):
    return re.findall(r"\d+(?::\d\d)+|\d+(?:\.\d+)?", text)


def told(finding):
    """Return all ways in which the figures of a finding can be written."""
    allowed = {"95"}
    for value in finding.figures.values():
        if isinstance(value, int | float):
            forms = [f"{value}", f"{value:.1f}", f"{-value}"]
            if value >= 0:
                forms += [texts.format_length(value), clock_time(value)]
                forms += [texts.format_percent(value)] if value <= 1 else []
                forms += [str(int(value))] if float(value).is_integer() else []
            allowed.update(number for form in forms for number in numbers(form))
        elif isinstance(value, str):
            allowed.update(numbers(value))
    return allowed


def check_numbers(finding):
    assert set(numbers(f"{finding.sentence} {finding.detail}")) <= told(finding), finding


@pytest.mark.parametrize(("rule", "paths", "more"), SPEAKS.values(), ids=SPEAKS.keys())
def test_a_rule_speaks_where_the_data_carry_it(tmp_path, request, rule, paths, more):
    (finding, *_) = rule(Evidence(analyze(tmp_path, paths, **more)))
    assert finding.key == request.node.callspec.id
    assert finding.sentence.endswith(".")
    check_numbers(finding)
    json.dumps(finding.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("rule", "paths", "more"), SILENT.values(), ids=SILENT.keys())
def test_a_rule_is_silent_where_the_data_do_not_carry_it(tmp_path, rule, paths, more):
    assert list(rule(Evidence(analyze(tmp_path, paths, **more)))) == []


SENTENCES = {
    "door": "4 people came in and 4 went out through the door.",
    "door_drift": "The count at the door misses people: 0 should be inside at the end, 3 are visible.",
    "goal": "3 of 8 people went to the checkout.",
    "first_stop": "Most went to the table first: 11 of 12.",
    "next_step": "After the shelves people mostly went to the table: 9 of 12 times.",
    "unvisited": "No one visited the table and the checkout.",
}


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_says_what_was_built(tmp_path, key):
    rule, paths, more = SPEAKS[key]
    (finding, *_) = rule(Evidence(analyze(tmp_path, paths, **more)))
    assert finding.sentence == SENTENCES[key]


def test_a_bad_check_speaks_first_and_silences_what_it_spoils(tmp_path):
    """People stand at the lower border of the image, where their feet are cut."""
    cut = [[(time, x, 0.995) for time, x, _ in one] for one in several(8, (SHELVES, 20))]
    zones = json.loads(json.dumps(scene()).replace("0.95", "1.0"))
    analysis = analyze(tmp_path, cut, zones)
    findings = find_findings(analysis)
    assert findings[0].key == "trust"
    assert findings[0].sentence.startswith("The time at")
    assert (
        "cannot be determined from this video: for 100 % of the time feet were out of the image"
        in findings[0].sentence
    )
    assert not {"longest_zone", "zone_dwell", "glances"} & {one.key for one in findings}
    opening = find_opening(Evidence(analysis))
    assert opening.kind == "bad"
    assert opening.verdict.startswith("Not usable for the time at")
    assert list(video_rules.find_trust(Evidence(analyze(tmp_path, several(4, (SHELVES, 3)))))) == []


def test_more_people_who_go_out_than_were_inside_are_a_count_that_misses_people(tmp_path):
    """The ways begin to the right of the door, so no one is counted on the way in."""
    late = [one[2:] for one in several(4, (SHELVES, 3))] + several(2, (SHELVES, 3), start=15)
    (finding,) = video_rules.find_door_drift(Evidence(analyze(tmp_path, late)))
    assert finding.sentence == (
        "The count at the door misses people: 4 more went out than were inside, and 0 are visible at the end."
    )
    check_numbers(finding)


def test_a_doubtful_check_moves_a_finding_back(tmp_path):
    """Two of 14 people are seen for half a second: short tracks are doubtful."""
    short = [[(1000 * at, 0.5, 0.5), (1000 * at + 500, 0.5, 0.5)] for at in (50, 90)]
    findings = find_findings(analyze(tmp_path, [*CROWD, *short]))
    keys = [one.key for one in findings]
    assert keys.index("busiest") > keys.index("stay")
    assert (
        "With care: 14 % of the people were tracked for less than a second."
        in findings[keys.index("busiest")].detail
    )


def test_findings_are_at_most_five_with_one_per_topic_and_zone(tmp_path):
    paths = several(11, (SHELVES, 12), (TABLE, 3), (CHECKOUT, 3))
    findings = find_findings(analyze(tmp_path, paths))
    zones = [zone for one in findings for zone in one.zones]
    assert len(findings) <= 5
    assert len(zones) == len(set(zones))
    assert len({one.key for one in findings}) == len(findings)


def test_times_of_findings_are_local_where_the_clock_is_known(tmp_path):
    start = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
    recording = Recording(video="video", started_at=start, timezone="Europe/Berlin", site="Mitte")
    (finding,) = video_rules.find_busiest(Evidence(analyze(tmp_path, CROWD, recording=recording)))
    assert re.match(
        r"Busiest minute: 14:0\d to 14:0\d, with [\d.]+ people in Mitte on average\.", finding.sentence
    )


def test_every_check_has_words_for_managers():
    assert set(texts.REASONS) == set(CHECKS)
    for name, check in CHECKS.items():
        said = texts.describe_reason(name, 12.0, check.unit)
        assert not said[0].isupper()
        assert "{" not in said


SAMPLES = [("shop", "shop"), ("day", "evening"), ("day", "morning"), ("day", "noon")]


def sample(data, archive, name):
    config = AnalysisConfig(zones=data / archive / "zones.geojson")
    (reference,) = (one for one in find_videos(data / archive / "pages") if one.name == name)
    return VideoAnalysis(reference, config)


@pytest.mark.parametrize(("archive", "name"), SAMPLES)
def test_every_number_of_the_samples_is_that_of_a_table(data, archive, name):
    analysis = sample(data, archive, name)
    findings = {one.key: one for one in find_findings(analysis)}
    for finding in findings.values():
        check_numbers(finding)
    drift = analysis["count_drift"].iloc[-1]
    for column in ("in_total", "out_total", "counted", "present", "drift"):
        assert findings["door"].figures[column] == drift[column]
    if "stay" in findings:
        stay, row = findings["stay"].figures, analysis["stay_in_scene"].iloc[0]
        assert stay["median_s"] == row["median"].total_seconds()
        assert stay["low_s"] == row["median_low"].total_seconds()
        assert stay["persons"] == row["persons"]
    if "zone_dwell" in findings:
        zone = findings["zone_dwell"].figures
        row = analysis["dwell"].loc[zone["zone"]]
        for figure, column in (("median_s", "median"), ("low_s", "median_low"), ("high_s", "median_high")):
            assert zone[figure] == row[column].total_seconds()
        assert (zone["visits"], zone["persons"]) == (row["visits"], row["persons"])
        share = analysis["quality"].loc[("face only", zone["zone"]), "value"]
        assert zone["estimated"] == pytest.approx(share / 100)
    if "goal" in findings:
        visits = analysis["visits"].reset_index()
        tracks = analysis["tracks"]
        within = (tracks["first_seen"] > pd.Timedelta("200ms")) & (tracks["last_seen"] < pd.Timedelta("179s"))
        people = tracks.index[within.to_numpy()]
        reached = visits[visits["zone"] == "checkout"]["person_index"].unique()
        goal = findings["goal"].figures
        assert (goal["reached"], goal["people"]) == (len(set(people) & set(reached)), len(people))


def test_the_findings_of_the_shop(data):
    findings = find_findings(sample(data, "shop", "shop"))
    assert [one.sentence for one in findings] == [
        "Busiest minute: 1:22 to 2:22, with 3.6 people in view on average.",
        "11 people came in and 11 went out through the door.",
        "Half of the people who came in stayed 41 s or longer.",
        "Half of the visits to the table last 2.2 s or longer.",
        "4 of 9 people went to the checkout.",
    ]
    assert findings[4].detail.startswith("44 %; with so few people the 95 % range is 14 to 79 %.")
    assert [one.target for one in findings] == ["presence", "presence", "zones", "zones", "zones"]


def test_the_verdict_of_the_shop_names_zones_with_their_measured_share(data):
    analysis = sample(data, "shop", "shop")
    opening = find_opening(Evidence(analysis))
    assert (opening.verdict, opening.kind) == ("Usable with care.", "doubtful")
    assert (
        "In 10 % of the sightings only a face was detected "
        "(11 % of the time at the checkout, 10 % at the table)" in opening.limits
    )
    assert "4 checks could not be made, among them whether a person was counted twice." in opening.limits


def test_a_share_that_is_doubtful_only_in_zones_is_told_as_their_time(data):
    analysis = sample(data, "day", "noon")
    limits = find_opening(Evidence(analysis)).limits
    assert "For 13 % of the time only a face was detected at the checkout, 11 % at the table, so" in limits
    assert "the counts at the door and the positions of people are reliable." in limits


def test_the_real_job_of_14_seconds_tells_no_places_and_no_busiest_minute(real_data):
    analysis = VideoAnalysis(real_data / "rekognition" / "edenai-2023-10-16.json")
    opening = find_opening(Evidence(analysis))
    assert (opening.verdict, opening.kind) == ("Not usable for the positions of people.", "bad")
    assert [one.key for one in opening.findings] == ["trust"]
    assert "and for 62 % of the time feet were out of the image, so the positions" in opening.limits


NAMES = ("</script><b>", "x" * 200, "\U0001f600 \u05e9\u05dc\u05d5\u05dd", "kasse")
WALK = [record(200 * step, 7, box=(0.1 + 0.01 * step, 0.4, 0.05, 0.3)) for step in range(40)]
ODD = {
    "no people": ([], NAMES),
    "one detection": (WALK[:1], NAMES),
    "one person": (WALK, NAMES),
    "no zones": (WALK, ()),
    "forty zones": (WALK, [f"zone {number} {'y' * 190}" for number in range(40)]),
}


@pytest.mark.parametrize(("records", "names"), ODD.values(), ids=ODD.keys())
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_odd_input_has_an_opening_of_plain_words(tmp_path, records, names):
    features = [
        feature(name, "", rectangle(0.02 * place, 0.3, 0.02 * place + 0.2, 0.9))
        for place, name in enumerate(names)
    ]
    write(tmp_path / "in" / "a.json", page(*records, VideoMetadata=METADATA | {"DurationMillis": 10_000}))
    zones = write(
        tmp_path / "zones.geojson", {"type": "FeatureCollection", "unit": "fraction", "features": features}
    )
    analysis = VideoAnalysis(tmp_path / "in", AnalysisConfig(zones=zones if names else None))
    figures = gather_key_figures(analysis)
    opening = find_opening(Evidence(analysis, figures))
    people = "1 person" if records else "0 people"
    assert opening.findings or opening.empty == f"Too little data for findings: {people} in 10 s."
    assert len(opening.limits) < 1000
    text = format_page(figures, opening=opening)
    assert max(map(len, text.splitlines())) <= 100
    write_report(analysis, tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert html.count("</script>") == html.count("<script")
    assert opening.verdict in html


def test_a_long_name_is_cut_in_a_sentence():
    assert len(texts.name_zone("x" * 200)) <= 45
    assert texts.name_zone("table") == "the table"
    assert texts.name_zone("Kasse 2") == "Kasse 2"
    assert texts.join_names(["a", "b", "c", "d", "e"]) == "the a, the b, the c and 2 more"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (2.36, "2.4 s"),
        (9.96, "10 s"),
        (40.6, "41 s"),
        (59.6, "1 min"),
        (62, "1 min 2 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_lengths_are_written_for_managers(seconds, said):
    assert texts.format_length(seconds) == said


def test_ranges_have_their_unit_once():
    assert texts.format_length_range(0.6, 12) == "0.6 to 12 s"
    assert texts.format_length_range(26, 81) == "26 s to 1 min 21 s"
    assert texts.format_length_range(15, None) == "at least 15 s"
    assert texts.format_percent_range(0.14, 0.79) == "14 to 79 %"
    assert texts.format_percent(0.001) == "under 1 %"
    assert texts.format_percent(0.999) == "over 99 %"
    assert texts.format_share(132, 300, " people") == "44 % (132 of 300 people)"
