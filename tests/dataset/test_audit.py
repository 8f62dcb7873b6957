"""Published tables do not reveal figures of few people, and planted leaks are found."""

from datetime import UTC, datetime
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Video, compute_trajectories, compute_transitions, compute_visits, find_videos
from ptrack_analysis.analysis.crowd.density import compute_occupancy_bins
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.dataset.audit import audit_video
from ptrack_analysis.dataset.batches import compute_tables
from ptrack_analysis.dataset.contributions import compute_contributions
from ptrack_analysis.dataset.release import release
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OCCUPANCY
from ptrack_analysis.schema.arrays import to_frame


@cache
def compute(archive, video):
    """Compute all tables of a video, and the outlines of its zones."""
    (reference,) = [one for one in find_videos(archive / "pages") if video in {None, one.name}]
    analysis = VideoAnalysis(reference, configure(archive, 3, "all"))
    tables = {name: to_frame(rows) for name, rows in compute_tables(analysis)[0].items()}
    return tables, {zone.name: zone.outline for zone in analysis.zones}


def configure(archive, least, tables):
    clock = Video(started_at=datetime(2025, 3, 1, 8, 59, 40, tzinfo=UTC))
    zones, floor = archive / "zones.geojson", archive / "floor.json"
    return AnalysisConfig(zones=zones, floor=floor, min_count=least, tables=tables, video=clock)


def publish(archive, video, least, tables="all"):
    """Return the computed and the published tables of a video, and the outlines of its zones."""
    computed, zones = compute(archive, video)
    return computed, release(computed, configure(archive, least, tables), "video"), zones


@pytest.mark.parametrize("tables", [None, "all"])
@pytest.mark.parametrize("least", [3, 5, 10])
@pytest.mark.parametrize(
    ("archive", "video"), [("shop", None), ("day", "morning"), ("day", "noon"), ("day", "evening")]
)
def test_the_audit_finds_nothing_in_what_is_published(data, archive, video, least, tables):
    _, published, zones = publish(data / archive, video, least, tables)
    assert audit_video(published, zones, min_count=least) == []


@pytest.fixture(scope="module")
def noon(data):
    return publish(data / "day", "noon", 3)


def test_noon_has_published_and_suppressed_figures(noon):
    for name in ("dwell", "transitions", "zone_occupancy", "heatmap"):
        assert {*noon[1][name]["suppressed"]} == {True, False} or name == "dwell"
    assert noon[1]["dwell"]["visits"].notna().any()


def restore(noon, table, column, rows=None):
    """Publish suppressed figures of a column again."""
    computed, published, zones = noon
    figures = published[table].copy()
    rows = figures.index if rows is None else rows
    figures.loc[rows, column] = computed[table][column].reindex(figures.index).loc[rows]
    return published | {table: figures}, zones


def test_a_figure_that_is_a_total_minus_published_figures_is_found(noon):
    transitions = noon[1]["transitions"]
    hidden = transitions.index[transitions["transitions"].isna()]
    tables, zones = restore(noon, "transitions", "transitions", hidden[1:])
    totals, _ = restore(noon, "dwell", "visits")
    findings = audit_video(tables | {"dwell": totals["dwell"]}, zones, min_count=3)
    origin, destination = hidden[0]
    assert (
        f"transitions ({origin}, {destination}): transitions is suppressed, but follows from others."
        in findings
    )


def test_a_rate_of_a_suppressed_sum_is_found(noon):
    occupancy = noon[1]["zone_occupancy"]
    hidden = occupancy.index[occupancy["person_seconds"].isna()][:1]
    tables, zones = restore(noon, "zone_occupancy", "mean_persons", hidden)
    findings = audit_video(tables, zones, min_count=3)
    assert any("zone_occupancy" in one and "person_seconds is suppressed" in one for one in findings)


def test_an_order_statistic_and_an_extreme_are_found(noon):
    medians, zones = restore(noon, "dwell", "observed_median")
    most, _ = restore(noon, "zone_occupancy", "max_persons")
    findings = audit_video(medians | {"zone_occupancy": most["zone_occupancy"]}, zones, min_count=3)
    assert "dwell.observed_median must be withheld, but has values." in findings
    assert "zone_occupancy.max_persons must be withheld, but has values." in findings


def test_a_small_number_of_people_is_found(noon):
    tables, zones = restore(noon, "transitions", "persons")
    assert any("persons is 1, below 3." in one for one in audit_video(tables, zones, min_count=3))


def test_a_table_of_single_people_is_found(noon):
    computed, published, zones = noon
    findings = audit_video(published | {"visits": computed["visits"]}, zones, min_count=3)
    assert findings == ["visits must be withheld: it has figures of single people."]


SECONDS = 12


def measure(stays, zones):
    """Compute tables of people who stand at points for some seconds: person to a list of x and seconds."""
    rows = []
    for person, parts in enumerate(stays):
        at = 0
        for x, seconds in parts:
            rows += [(person, second, x) for second in range(at, at + seconds)]
            at += seconds
    person, second, x = (np.array(values) for values in zip(*rows, strict=True))
    index = pd.MultiIndex.from_arrays(
        [person, (second * 1000).astype("timedelta64[ms]")], names=["person_index", "timestamp"]
    )
    trajectories = compute_trajectories(pd.DataFrame({"x_m": x.astype(float), "y_m": 1.0}, index=index))
    video = Video(duration=f"{second.max() + 1}s")
    changes = compute_occupancy(trajectories, video, zones=zones)
    bins = compute_occupancy_bins(changes, video, every="1h")
    is_scene = bins.index.get_level_values("zone") == ""
    return {
        "trajectories": trajectories,
        "visits": compute_visits(trajectories, zones, video),
        "occupancy": bins[is_scene].droplevel("zone")[[one.name for one in OCCUPANCY.columns]],
        "zone_occupancy": bins[~is_scene],
    }


HALL, TILL = Zone("hall", box(0, 0, 10, 2), "m"), Zone("till", box(5, 0, 15, 2), "m")


def published_seconds(stays, zones, least=3):
    tables = release(measure(stays, zones), AnalysisConfig(min_count=least), "shop")
    scene, inside = (
        tables[name]["person_seconds"].dt.total_seconds() for name in ("occupancy", "zone_occupancy")
    )
    return scene.tolist() + inside.tolist()


def test_many_people_are_published():
    assert published_seconds([[(1, SECONDS)]] * 5, [HALL]) == [60, 60]


def test_one_person_outside_of_the_zones_does_not_follow_from_the_scene():
    """The scene minus the hall is this person's time."""
    assert np.isnan(published_seconds([[(1, SECONDS)]] * 6 + [[(20, SECONDS)]], [HALL])).sum() == 1


def test_one_person_in_the_intersection_of_two_zones_does_not_follow():
    """The hall plus the till minus the scene is this person's time."""
    stays = [[(1, SECONDS)]] * 5 + [[(12, SECONDS)]] * 5 + [[(7, SECONDS)]]
    assert np.isnan(published_seconds(stays, [HALL, TILL])).any()


def test_a_sum_that_one_person_dominates_is_suppressed():
    """All but 12 of 112 seconds are one person's, so another person knows them within 10 %."""
    assert np.isnan(published_seconds([[(1, 100)], *[[(1, 3)]] * 4], [HALL])).all()
    assert published_seconds([[(1, 50)], *[[(1, 3)]] * 4], [HALL]) == [62, 62]


def test_tables_of_overlapping_zones_pass_the_audit():
    stays = [[(1, SECONDS)]] * 5 + [[(7, SECONDS)]] * 4 + [[(20, SECONDS)]] * 4
    tables = release(measure(stays, [HALL, TILL]), AnalysisConfig(min_count=3), "shop")
    outlines = {"hall": HALL.outline, "till": TILL.outline}
    assert audit_video(tables, outlines, min_count=3) == []


PLACES = {1: ("hall",), 7: ("hall", "till"), 12: ("till",), 20: ()}
"""Where people stand, and the zones there."""
DIFFERENCES = np.array([*product(range(-2, 3), repeat=len(PLACES))])


@settings(max_examples=30, deadline=None)
@given(places=st.lists(st.sampled_from([*PLACES]), min_size=1, max_size=16), least=st.integers(2, 4))
def test_each_place_of_few_people_could_have_two_values(places, least):
    """Two assignments agree with all that is published, found by trying all; zeros are published."""
    figures = published_seconds([[(x, SECONDS)] for x in places], [HALL, TILL], least)
    published = [
        np.ones(len(PLACES), dtype=int),
        *(np.array([zone in zones for zones in PLACES.values()], dtype=int) for zone in ("hall", "till")),
    ]
    occupied = np.array([x in places for x in PLACES])
    consistent = DIFFERENCES[(DIFFERENCES[:, ~occupied] == 0).all(axis=1)]
    for figure, atoms in zip(figures, published, strict=True):
        if not np.isnan(figure):
            consistent = consistent[consistent @ atoms == 0]
    for number, x in enumerate(PLACES):
        if 0 < places.count(x) < least:
            assert consistent[:, number].any()
    if len({*places}) == 1 and len(places) >= max(least, 3):
        assert not np.isnan(figures).any()


def test_a_video_without_people_is_released(data):
    archive = data / "day"
    computed, _ = compute(archive, "noon")
    empty = {name: table[:0] if name != "videos" else table for name, table in computed.items()}
    published = release(empty, configure(archive, 3, "all"), "noon")
    assert {len(table) for name, table in published.items() if name != "videos"} == {0}


def test_positions_on_the_image_without_zones_are_released(data):
    (reference,) = [one for one in find_videos(data / "day/pages") if one.name == "noon"]
    config = AnalysisConfig(min_count=3, tables="all")
    published = release(compute_tables(VideoAnalysis(reference, config))[0], config, "noon")
    assert {"occupancy", "heatmap"} <= published.keys()
    assert published["occupancy"]["person_seconds"].notna().any()
    assert {*published["heatmap"]["suppressed"]} == {True, False}
    assert audit_video(published, min_count=3) == []


def list_sets(measure, table, edges=(0,)):
    """List the set of zones or lines of each row of the contributions."""
    tables = {"visits": table, "crossings": table}
    given = compute_contributions(measure, tables, np.array(edges), AnalysisConfig())
    kinds = given.members.set_index("place").sort_index().astype("str").agg("".join, axis=1)
    return ["+".join(sorted(kinds.loc[[place]])) for place in given.rows["place"]]


def make_table(rows, names, key):
    table = pd.DataFrame(rows, columns=names)
    times = [name for name in ("timestamp", "entered", "exited") if name in names]
    table[times] = (table[times] * 1000).astype("timedelta64[ms]")
    return table.set_index(key)


def test_lines_that_a_person_crosses_without_crossing_one_twice_are_a_set():
    rows = [(1, 0, "a", "in"), (1, 1, "b", "in"), (1, 2, "b", "out"), (1, 3, "a", "out")]
    rows += [(2, 0, "a", "in"), (3, 6, "a", "out"), (3, 5, "b", "out")]
    names = ["person_index", "timestamp", "line", "direction"]
    crossings = make_table(rows, names, ["line", "timestamp", "person_index"])
    there, back = ["ain+bin"] * 2, ["aout+bout"] * 2
    assert list_sets("crossing", crossings) == [*there, *back, "ain", *back]
    assert list_sets("crossing", crossings, (0, 6000)) == [*there, *back, "ain", "aout", "bout"]


def test_zones_that_a_person_visits_at_one_time_are_a_set():
    rows = [(1, "hall", 0, 10), (1, "till", 2, 4), (1, "till", 6, 8), (1, "exit", 10, 12)]
    rows += [(2, "exit", 5, 6), (2, "till", 2, 9), (2, "hall", 0, 3), (3, "hall", 0, 3), (3, "exit", 3, 4)]
    names = ["person_index", "zone", "entered", "exited"]
    visits = make_table(rows, names, ["zone", "person_index"])
    kinds = measure([[(1, 3)]], [HALL])["visits"][["entry", "exit"]].dtypes
    visits = (
        visits.assign(visit=1, entry="crossed", exit="lost").set_index("visit", append=True).astype(kinds)
    )
    first, second, third = [*["hall+till"] * 2, "till", "exit"], ["exit+hall+till"] * 3, ["hall", "exit"]
    assert list_sets("visit", visits) == first + second + third


LEFT, RIGHT = Zone("left", box(0, 0, 4, 2), "m"), Zone("right", box(6, 0, 10, 2), "m")


@pytest.mark.parametrize(("longest", "is_shown"), [(2, True), (100, False)])
def test_a_mean_travel_time_that_one_person_dominates_is_suppressed(longest, is_shown):
    stays = [[(1, 3), (5, gap), (8, 3)] for gap in (1, 1, 1, 1, 1, longest)]
    tables = measure(stays, [LEFT, RIGHT])
    tables["transitions"] = compute_transitions(tables["visits"])
    shown = release(tables, AnalysisConfig(min_count=3), "shop")["transitions"].loc[("left", "right")]
    assert shown["transitions"] == 6
    assert pd.notna(shown["mean_travel"]) == is_shown
    assert shown["suppressed"] != is_shown


def test_a_finding_names_a_row_with_a_single_key(data):
    computed, published, zones = publish(data / "day", "noon", 5)
    hidden = published["dwell"].index[published["dwell"]["visits"].isna()]
    assert len(hidden)
    tables, _ = restore((computed, published, zones), "transitions", "transitions")
    findings = audit_video(tables, zones, min_count=5)
    assert f"dwell ({hidden[0]}): visits is suppressed, but follows from others." in findings


def test_a_figure_that_follows_because_an_intersection_of_zones_is_empty_is_found():
    """The till minus the empty hall is the rest of the till."""
    zones = [HALL, TILL, Zone("rest", box(10, 0, 15, 2), "m")]
    tables = release(measure([[(12, SECONDS)]] * 5, zones), AnalysisConfig(min_count=3), "shop")
    bins = tables["zone_occupancy"].copy()
    rows = bins.index.get_level_values("zone") == "till"
    assert bins["person_seconds"].notna().all()
    bins["suppressed"] = rows
    for name in ("person_seconds", "mean_persons"):
        bins[name] = bins[name].mask(rows)
    outlines = {zone.name: zone.outline for zone in zones}
    findings = audit_video(tables | {"zone_occupancy": bins}, outlines, min_count=3)
    till = "zone_occupancy (till, 0 days 00:00:00)"
    assert f"{till}: person_seconds is suppressed, but follows from others." in findings
