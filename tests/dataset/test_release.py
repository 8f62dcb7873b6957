"""What leaves the house: no number of a person, no count of a few."""

import hashlib
import hmac
import json
import re
import shutil
from datetime import UTC, datetime

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from moving import find_faults, read_all_rows
from pages import page, record, write

from ptrack_analysis import find_videos, open_dataset
from ptrack_analysis.dataset.batches import compute_tables
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.manifest import SOURCES, read_manifest
from ptrack_analysis.dataset.release import release
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.writing import write_report
from ptrack_analysis.schema import RELEASED
from ptrack_analysis.schema.arrays import to_frame
from ptrack_analysis.storage.columns import stored_key
from ptrack_analysis.video import Video

HOURLY = {"occupancy_hourly", "visits_hourly"}
SALT = b"0123456789abcdef"


@pytest.fixture(scope="module")
def day(data):
    return data / "day"


def export(day, out, **settings):
    zones, floor = day / "zones.geojson", day / "floor.json"
    given = {"stitch": True, "faces": True, "csv": True, "tables": "all"} | settings
    summary = export_dataset(day / "pages", out, zones=zones, floor=floor, **given)
    assert {video.status for video in summary.videos} <= {"written", "unchanged"}
    return out


@pytest.fixture(scope="module")
def plain(day, tmp_path_factory):
    return export(day, tmp_path_factory.mktemp("plain") / "out")


@pytest.fixture(scope="module")
def salted(day, tmp_path_factory):
    return export(day, tmp_path_factory.mktemp("salted") / "out", salt=SALT)


@pytest.fixture(scope="module")
def few(day, tmp_path_factory):
    return export(day, tmp_path_factory.mktemp("few") / "out", min_count=3)


def read(out, table, video="noon"):
    """Read a table of one video, or of all."""
    return open_dataset(out).read(table, videos=video)


def key_of(video, index):
    return hmac.new(SALT, f"{video}:{index}".encode(), hashlib.sha256).hexdigest()[:16]


def test_a_salted_key_is_the_hmac_of_video_and_number(plain, salted):
    visits, named = (read(out, "visits").reset_index() for out in (plain, salted))
    visits["person"] = [key_of("noon", index) for index in visits["person_index"]]
    order = ["zone", "person", "visit"]
    expected = visits.drop(columns="person_index").sort_values(order).reset_index(drop=True)
    pd.testing.assert_frame_equal(named.sort_values(order)[expected.columns], expected)


def test_no_number_of_a_person_is_left_in_any_file(plain, salted):
    numbers = set(read(plain, "tracks").index.get_level_values("person_index"))
    assert len(numbers) > 2
    for path in salted.glob("[!_]*/*.parquet"):
        if path.parent.name == "zone_overlaps":
            continue  # its "other" is a zone
        metadata = pq.read_metadata(path)
        names = set(metadata.schema.to_arrow_schema().names)
        assert not names & {"person_index", "other", "merged_from", "track_index", "after"}, path
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                if column.path_in_schema in {"person", "other_person"} and column.is_stats_set:
                    assert re.fullmatch("[0-9a-f]{16}", column.statistics.min)
    composed = [f"noon:{number}" for number in numbers]
    for path in (path for path in salted.rglob("*") if path.is_file() and "_ptrack" not in path.parts):
        content = path.read_bytes()
        assert b"person_index" not in content, path
        assert not any(re.search(rf"{name}\b".encode(), content) for name in composed), path
        assert SALT not in content, path


def test_salted_keys_replace_the_text_ids_of_a_tracker(tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("frame,id,left,top,width,height\n0,secret-a,10,20,50,100\n1,secret-a,11,20,50,100\n")
    video = Video(width=1280, height=720, frame_rate=25.0)
    export_dataset(file, tmp_path / "out", video=video, salt=SALT)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"secret-a" not in path.read_bytes(), path
    assert "source_id" not in pq.read_table(tmp_path / "out/detections").column_names


def test_rows_of_salted_persons_are_in_the_order_of_their_keys(salted):
    dataset = open_dataset(salted)
    for name in dataset.manifest.tables:
        key = [column.name for column in stored_key(dataset.manifest.schema(name)) if column.name != "video"]
        if "person" in key:
            rows = dataset.read(name, videos="noon", as_="arrow").select(key).to_pandas()
            assert pd.MultiIndex.from_frame(rows).is_monotonic_increasing, name


def test_the_record_has_a_fingerprint_of_the_salt_and_no_numbers_of_chosen_persons(day, tmp_path):
    export(day, tmp_path / "out", salt=SALT, persons=[3, 4])
    parameters = read_manifest(tmp_path / "out").entries["noon"].parameters
    assert re.fullmatch("[0-9a-f]{64}", parameters["salt"])
    assert all(re.fullmatch("[0-9a-f]{16}", person) for person in parameters["persons"])


@pytest.mark.parametrize(
    "settings", [{"salt": SALT[::-1]}, {}, {"min_count": 3}], ids=["salt", "none", "count"]
)
def test_another_salt_does_not_go_into_the_same_dataset(day, tmp_path, settings):
    export(day, tmp_path / "out", salt=SALT, tables="tracks")
    before = read_all_rows(tmp_path / "out")
    with pytest.raises(OutputError, match=r"another min_count or salt \(--min-count, --salt-file\)"):
        export(day, tmp_path / "out", tables="tracks", **settings)
    assert read_all_rows(tmp_path / "out") == before
    assert find_faults(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"salt": b""}, "at least 16 bytes, got 0"),
        ({"salt": "fifteen letters"}, "at least 16 bytes, got 15"),
        ({"salt": 12}, "must be bytes or text, got int"),
        ({"min_count": 1}, "must be a whole number of at least 2, got 1"),
        ({"min_count": 2.5}, "must be a whole number of at least 2, got 2.5"),
        ({"min_count": True}, "must be a whole number of at least 2, got True"),
        ({"tables": "visit"}, "contains 'visit', which is not a table. Did you mean 'visits'?"),
        ({"tables": []}, "must contain at least one name"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_one_sentence(settings, said):
    with pytest.raises(ParameterError, match=re.escape(said)):
        AnalysisConfig(**settings)


def test_the_salt_is_in_no_text_of_the_settings():
    assert "0123456789abcdef" not in repr(AnalysisConfig(salt=SALT))


def test_tables_of_single_persons_are_left_out(few):
    assert {*open_dataset(few).manifest.tables} == {
        *(
            "videos",
            "dwell",
            "dwell_by_entry",
            "transitions",
            "retail_metrics",
            "zone_overlaps",
            "occupancy",
            "zone_occupancy",
            *HOURLY,
        ),
        *("fundamental_diagram", "counts", "heatmap", "cell_values"),
    }
    entry = read_manifest(few).entries["noon"]
    assert (entry.figures, entry.notes) == ({}, ())


def test_figures_of_few_persons_are_missing_and_those_of_nobody_or_many_are_not(plain, few):
    visits = read(plain, "visits").reset_index()
    persons = visits.astype({"entry": "str"}).groupby(["zone", "entry"])["person_index"].nunique()
    before, after = (read(out, "dwell_by_entry") for out in (plain, few))
    assert after.index.equals(before.index)
    few_of = (persons.reindex(after.index) < 3).to_numpy()
    assert few_of.any()
    assert after.loc[few_of, ["visits", "observed_mean"]].isna().all(axis=None)
    assert after.loc[few_of, "suppressed"].all()
    shown = after["visits"].notna()
    assert (after.loc[shown, "visits"] == before.loc[shown, "visits"]).all()


KEPT = {
    "dwell": {"zone_key", "visits", "start_unobserved", "end_unobserved", "observed_mean"},
    "dwell_by_entry": {"zone_key", "visits", "start_unobserved", "end_unobserved", "observed_mean"},
    "transitions": {"origin_key", "destination_key", "transitions", "persons", "share", "mean_travel"},
    "occupancy": {"recorded_time", "mean_persons", "person_seconds"},
    "zone_occupancy": {"zone_key", "recorded_time", "mean_persons", "person_seconds"},
    "fundamental_diagram": {"zone_key", "recorded_time", "person_seconds", "speed_time", "path_length_m"},
    "heatmap": {"x_m", "y_m", "seconds", "density_per_m2"},
}


@pytest.mark.parametrize("name", KEPT)
def test_medians_and_extremes_are_withheld_and_counts_sums_means_and_rates_are_not(
    name, day, tmp_path, plain
):
    """With a limit of 2 there are figures that rest on enough persons."""
    export(day, tmp_path / "out", min_count=2, csv=False, tables=name)
    before, after = (read(out, name, None) for out in (plain, tmp_path / "out"))
    shown = after[~after["suppressed"]]
    left = {column for column in shown.columns if shown[column].notna().any()} - {"suppressed"}
    assert left == KEPT[name]
    withheld = set(before.columns) - KEPT[name]
    assert not withheld or before[[*withheld]].notna().any(axis=None)
    assert after[[*withheld]].isna().all(axis=None)
    assert not after["suppressed"].all()
    text = (tmp_path / "out/dictionary.md").read_text()
    assert text.count("Withheld: missing in every row.") == len(withheld)


def test_of_the_retail_figures_only_counts_sums_and_means_are_released(plain, day, tmp_path):
    export(day, tmp_path / "out", min_count=2, csv=False, tables="retail_metrics")
    before, after = (read(out, "retail_metrics") for out in (plain, tmp_path / "out"))
    kept = {"visitors", "visits", "total_dwell", "average_dwell"}
    assert {*after.index.get_level_values("figure")} == kept
    assert after["taken_of"].isna().all()
    left = after[~after["suppressed"]]
    assert {*left.index.get_level_values("figure")} == kept
    assert left["value"].equals(before.loc[left.index, "value"])
    assert after.loc[after["suppressed"], "value"].isna().all()


@pytest.mark.parametrize("video", ["morning", "noon", "evening"])
def test_what_is_suppressed_in_the_bins_is_suppressed_where_it_is_published_again(few, video):
    bins, again = (read(few, name, video) for name in ("zone_occupancy", "fundamental_diagram"))
    hidden = bins["person_seconds"].isna()
    assert again["person_seconds"].isna().equals(hidden)
    assert again.loc[hidden, ["speed_time", "path_length_m"]].isna().all(axis=None)


def test_release_withholds_the_same_in_python(day):
    settings = AnalysisConfig(zones=day / "zones.geojson", min_count=2)
    (reference,) = [one for one in find_videos(day / "pages") if one.name == "noon"]
    computed, _ = compute_tables(VideoAnalysis(reference, settings))
    tables = {name: to_frame(rows) for name, rows in computed.items()}
    assert tables["dwell"]["horizon"].notna().any()
    released = release(tables, settings, "noon")
    assert released["dwell"][["horizon", "median", "observed_median"]].isna().all(axis=None)
    assert released["dwell"]["observed_mean"].notna().any()
    counts = ["rows_read", "rows_dropped"]
    assert tables["videos"][counts].notna().all(axis=None)
    assert released["videos"][counts].isna().all(axis=None)
    assert released["videos"]["completeness"].tolist() == tables["videos"]["completeness"].tolist()
    assert not released.keys() & {
        "dwell_quantiles",
        "service_levels",
        "confidence_intervals",
        "density",
        "line_flow",
    }
    assert tables["dwell"]["horizon"].notna().any()


def test_no_cell_that_one_or_two_persons_stood_in_has_its_time(plain, few):
    measure = read(plain, "cell_values")
    persons = measure.xs("persons", level="quantity")["number"]
    heatmap = read(few, "heatmap")
    hidden = heatmap["seconds"].isna()
    persons = persons.reindex(hidden.index)
    assert (persons > 0).all()
    assert hidden[persons < 3].all()
    assert hidden.sum() == heatmap["suppressed"].sum() > 0


def test_a_lone_suppressed_destination_does_not_follow_from_the_visits_to_its_origin(few):
    transitions = read(few, "transitions").reset_index()
    visits = read(few, "dwell")["visits"]
    for way in ("origin", "destination"):
        alone = transitions["transitions"].isna().groupby(transitions[way]).sum() == 1
        totals = visits.reindex(alone.index[alone])
        assert totals.isna().all()


def test_counts_of_few_people_and_running_totals_of_a_line_are_missing(plain, few):
    crossings = read(plain, "crossings").reset_index()
    before, after = (read(out, "counts").reset_index() for out in (plain, few))
    assert after[["in_total", "out_total"]].isna().all(axis=None)
    for way in ("in", "out"):
        own = crossings[crossings["direction"] == way]
        interval = np.searchsorted(before["timestamp"], own["timestamp"], side="right") - 1
        people = own.groupby(interval)["person_index"].nunique().reindex(before.index, fill_value=0)
        assert after[f"{way}_count"].isna().equals(people.between(1, 2))
    assert after["suppressed"].any()


def test_hours_of_few_persons_have_no_figures_and_no_view_adds_up_what_is_left(day, tmp_path):
    clock = {"video": Video(started_at=datetime(2025, 3, 1, 8, tzinfo=UTC)), "csv": False}
    clock |= {"tables": "visits_hourly,occupancy_hourly,visits,occupancy,zone_occupancy"}
    plain, few = export(day, tmp_path / "a", **clock), export(day, tmp_path / "b", **clock, min_count=4)
    rows = []
    people = read(plain, "visits_hourly").groupby(level="zone")["persons"].sum()
    people[""] = len(read(plain, "tracks"))  # the video lasts less than an hour
    for folder, figure in (("visits_hourly", "dwell"), ("occupancy_hourly", "person_seconds")):
        whole, released = (read(out, folder) for out in (plain, few))
        assert not whole.index.get_level_values("zone").has_duplicates
        small = whole.index.get_level_values("zone").map(people.between(1, 3))
        assert small.any()
        hidden = released[figure].isna()
        assert hidden[small].all()
        assert released.loc[hidden, "suppressed"].all()
        pd.testing.assert_series_equal(released[figure], whole[figure].mask(hidden))
        assert released["recorded_time"].equals(whole["recorded_time"])
        rows += released["suppressed"].tolist()
    assert set(rows) == {True, False}
    views = [(out / "views/duckdb.sql").read_text() for out in (plain, few)]
    assert ["footfall_hourly" in text for text in views] == [True, False]
    with duckdb.connect() as connection:
        connection.execute(views[1])
        hours = connection.execute("SELECT withheld_bins, person_seconds_s FROM presence_hourly").fetchall()
    assert {(bins > 0, seconds is None) for bins, seconds in hours} == {(True, True), (False, False)}


def test_no_view_of_a_dataset_with_suppressed_figures_adds_up_figures_of_several_videos(few):
    for file in ("duckdb.sql", "athena.sql"):
        text = (few / "views" / file).read_text()
        assert "footfall" not in text
        for figure in ("sum(bins.person_seconds_s)", "max(bins.max_persons)"):
            assert text.count(figure) >= text.count(f"THEN {figure} END") > 0
            assert not re.search(rf"^ *{re.escape(figure)}", text, re.MULTILINE)


def test_no_released_figure_covers_more_than_one_video(few):
    for output in OUTPUTS.values():
        assert not output.has_figures or (few / output.name).is_dir() or output.name in HOURLY
    for name in {path.parent.name for path in few.glob("[!_]*/*.parquet")} & OUTPUTS.keys():
        assert open_dataset(few).read(name).index.names[0] == "video"
    assert not DIMENSIONS.keys() & RELEASED.keys()


def test_the_dictionary_says_what_was_withheld_and_how_far_it_goes(few, salted, plain):
    assert "fewer than 3 people" in (few / "dictionary.md").read_text()
    assert "keys made with a salt" in (salted / "dictionary.md").read_text()
    assert "withheld" not in (plain / "dictionary.md").read_text()


def test_a_second_run_leaves_it_all_as_it_is(day, salted, few):
    before = {path: path.stat().st_mtime_ns for path in salted.glob("[!_]*/*.parquet")}
    export(day, salted, salt=SALT)
    assert {path: path.stat().st_mtime_ns for path in salted.glob("[!_]*/*.parquet")} == before
    rows = read_all_rows(few)  # without a salt no digest of the source is kept, so all is written again
    export(day, few, min_count=3)
    assert read_all_rows(few) == rows


def test_groups_and_pairs_do_not_tell_the_order_of_the_trackers_numbers(plain, salted):
    groups = read(salted, "groups")
    assert [*dict.fromkeys(groups["group"])] == [*range(1, groups["group"].nunique() + 1)]
    pairs = read(salted, "encounters").reset_index()
    assert len(pairs) == len(read(plain, "encounters"))
    assert (pairs["person"] < pairs["other_person"]).all()


def test_a_share_of_few_is_withheld_with_what_it_counts(plain, few):
    shares = read(plain, "retail_metrics").query("measured_in == '1'").dropna(subset="value")
    counted = (shares["value"] * shares["taken_of"]).round()
    small = shares[
        ((counted > 0) & (counted < 3))
        | ((shares["taken_of"] > counted) & (shares["taken_of"] < counted + 3))
    ]
    assert len(small)
    released = read(few, "retail_metrics")
    assert not len(small.index.intersection(released.index))


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("is_broken", [False, True], ids=["left", "fails"])
def test_full_tables_are_not_kept_beside_withheld_ones(day, tmp_path, is_broken, prune):
    shutil.copytree(day / "pages", tmp_path / "pages")
    export_dataset(tmp_path / "pages", tmp_path / "out")
    before = read_all_rows(tmp_path / "out")
    for file in (tmp_path / "pages").glob("evening-*"):
        file.unlink()
    if is_broken:
        (tmp_path / "pages/evening-1.json").write_text('{"JobStatus": "SUCCEEDED", "Persons": [7]}')
    with pytest.raises(OutputError, match=r"'evening'.* exported with another min_count or salt"):
        export_dataset(tmp_path / "pages", tmp_path / "out", salt=SALT, prune=prune)
    assert read_all_rows(tmp_path / "out") == before
    assert "withheld" not in (tmp_path / "out/dictionary.md").read_text()


def test_a_second_run_tells_no_other_figures_than_the_first(day, tmp_path):
    first, second = (export_dataset(day / "pages", tmp_path / "out", min_count=3) for _ in "12")
    assert [(one.in_scene, one.dwell) for one in first.videos] == [(None, {})] * 3
    assert [(one.in_scene, one.dwell) for one in second.videos] == [(None, {})] * 3


@pytest.mark.parametrize("least", [2, 5, 500])
def test_the_overview_of_a_withheld_dataset_sums_nothing_that_is_missing(day, tmp_path, least):
    clock = Video(started_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
    zones = day / "zones.geojson"
    export_dataset(day / "pages", tmp_path / "out", zones=zones, min_count=least, video=clock, tables="all")
    write_report(tmp_path / "out", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert ">Persons<" not in page  # they are in no table that is left
    hourly = open_dataset(tmp_path / "out").read("occupancy_hourly")
    assert hourly["suppressed"].any() or least == 2
    assert "The dataset has no zones" not in page
    tables = json.loads(re.search(r'id="tables-data">(.*?)</script>', page, re.DOTALL)[1])
    named = {table["name"]: table for table in tables}
    videos, days, footfall = (named[name] for name in ("videos", "days", "footfall"))
    for row in footfall["rows"]:
        is_withheld = row[-1] == "the count of a day is withheld"
        assert [cell == "withheld" for cell in row[3:5]] == [is_withheld] * 2
        assert row[5:7] == [None, None]
    assert {row[1] for row in videos["rows"]} == {"withheld"}
    assert {row[-1] for row in videos["rows"]} == {"withheld"}  # an extreme
    assert not any(cell is None for row in days["rows"] for cell in row)
    assert any("withheld" in row for row in days["rows"]) == hourly["suppressed"].any()
    assert ('<span class="unseen">withheld</span>' in page) == hourly["suppressed"].any()
    for said in (
        "it has no quality checks and no tables of single people",
        f"Figures that count fewer than {least} people are withheld",
        "Withheld: a comparison needs medians and the visits of single people",
    ):
        assert said in page


@pytest.mark.parametrize("compacted", [False, True])
def test_the_overview_without_a_clock_draws_presence_from_what_is_left(day, tmp_path, compacted):
    out = tmp_path / "out"
    export_dataset(day / "pages", out, zones=day / "zones.geojson", min_count=3)
    if compacted:
        compact_dataset(out)
    write_report(out, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    bins = open_dataset(out).read("occupancy")
    hidden = bins["person_seconds"].isna().groupby(level="video").any()
    drawn = page.partition('id="days-chart"')[2].partition("</section>")[0].partition('class="wide"')[2]
    assert drawn.count('class="withheld"') == hidden.sum()
    assert drawn.count('class="up"') == (~hidden).sum()
    assert drawn.count("fewer than 3 people, withheld") == hidden.sum()
    assert bins["person_seconds"].notna().any()


def test_an_export_that_withholds_removes_the_names_of_source_files(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/secret.json", page(record(0, 1), record(100, 1), job="job"))
    export_dataset(tmp_path / "in", tmp_path / "out")
    names = (tmp_path / "out" / SOURCES).read_bytes()
    remove_videos(tmp_path / "out", "secret")
    (tmp_path / "out" / SOURCES).write_bytes(names)  # an earlier version left them there
    export_dataset(tmp_path / "in", tmp_path / "out", min_count=3)
    assert not (tmp_path / "out" / SOURCES).exists()


@pytest.mark.parametrize("settings", [{"salt": SALT}, {"min_count": 3}], ids=["salt", "min count"])
def test_the_manifest_of_released_data_names_no_source_when_a_video_fails(settings, tmp_path):
    (tmp_path / "secret").mkdir()
    for name in "ab":
        write(tmp_path / f"secret/{name}.json", page(record(0, 1), record(100, 1), job=f"job {name}"))
    export_dataset(tmp_path / "secret", tmp_path / "out", **settings)
    write(tmp_path / "secret/a.json", page(record(0, 1), record(-100, 1), job="job a"))
    write(tmp_path / "secret/b.json", page(record(0, 1), record(200, 1), job="job b"))
    summary = export_dataset(tmp_path / "secret", tmp_path / "out", **settings)
    assert [video.status for video in summary.videos] == ["failed", "written"]
    failed = read_manifest(tmp_path / "out").entries["a"]
    assert failed.fault == "failed"
    assert "secret" not in repr(failed)
