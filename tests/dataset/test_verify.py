"""Planted faults in datasets: each is found by the check that should find it, and sound datasets pass."""

import json
import re
import shutil
from dataclasses import replace
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from buckets import BUCKET
from pages import METADATA, page, record, write

from ptrack_analysis import export_dataset, open_dataset, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.laws import LAWS
from ptrack_analysis.dataset.manifest import JOURNAL, MANIFEST, STAGING, format_manifest, read_manifest
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.dataset.verification import CHECKS, MOST, Ledger
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.columns import VERSION_MARK

RECORDINGS = """\
video,started_at,timezone,site
morning,2026-03-28T23:30:00Z,Europe/Berlin,shop
noon,2026-03-29T12:00:00+02:00,Europe/Berlin,shop
"""
STANDARD = (
    "detections",
    "trajectories",
    "visits",
    "occupancy",
    "zone_occupancy",
    "crossings",
    "heatmap",
    "dwell",
    "transitions",
    "quality",
)
FURTHER = ("counts", "occupancy_changes", "occupancy_hourly", "visits_hourly", "count_drift", "groups")


@pytest.fixture(scope="module")
def sound(data, tmp_path_factory):
    """Give a dataset of three videos, one without a clock, with the tables of every law."""
    folder = tmp_path_factory.mktemp("sound")
    export(data, folder, floor=data / "day/floor.json", tables=(*STANDARD, *FURTHER))
    return folder / "out"


def export(data, folder, **options):
    day = data / "day"
    places = {"zones": day / "zones.geojson", "recordings": write(folder / "videos.csv", RECORDINGS)}
    export_dataset(day / "pages", folder / "out", **places, **options)


@pytest.fixture
def out(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "out")


def change_manifest(out, change):
    (out / MANIFEST).write_bytes(format_manifest(change(read_manifest(out))))


def list_file(out, place, **more):
    """Make the manifest say of a file what it is now."""
    content = (out / place).read_bytes()
    rows = pq.read_metadata(out / place).num_rows if content[:4] == b"PAR1" else 0
    now = {"rows": rows, "size": len(content), "sha256": sha256(content).hexdigest()} | more

    def change(manifest):
        files = tuple(replace(file, **now) if file.place == place else file for file in manifest.files)
        return replace(manifest, files=files)

    change_manifest(out, change)


def place_of(table):
    return (
        f"{table}/{table}.parquet" if table in ("zones", "lines", "dates") else f"{table}/part-000001.parquet"
    )


def rewrite(out, table, change):
    """Change a table, and the manifest with it."""
    place = place_of(table)
    pq.write_table(change(pq.read_table(out / place, partitioning=None)), out / place)
    list_file(out, place)


def with_value(column, value, row=0):
    def change(table):
        values = table[column].to_pylist()
        values[row] = value(values[row]) if callable(value) else value
        number, field = table.column_names.index(column), table.schema.field(column)
        return table.set_column(number, field, pa.array(values, field.type))

    return change


def longer(value):
    return value + 1.0


def findings(out, **options):
    """Return the failed checks, and the text of the findings."""
    found = verify_dataset(out, **options)
    return found.failed, " ".join(map(str, found.findings))


def test_nothing_is_found_in_a_sound_dataset_and_every_check_examines_something(sound):
    found = verify_dataset(sound, laws=True)
    assert found.findings == []
    assert found.passed
    assert found.videos == ("evening", "morning", "noon")
    assert [check.name for check in found.checks] == [*CHECKS, *(law.name for law in LAWS)]
    idle = [check.name for check in found.checks if not check.examined]
    assert idle == ["salted_keys", "audit"]
    parquet = [path for path in sound.glob("*/*.parquet") if path.parent.name != "_ptrack"]
    examined = {check.name: check.examined for check in found.checks}
    assert examined["schema"] == len(parquet)


@pytest.mark.parametrize("partition", [None, "local_month", "local_day"])
@pytest.mark.parametrize("floor", [False, True], ids=["px", "m"])
def test_datasets_of_every_layout_and_plane_are_sound(data, tmp_path, partition, floor):
    options = {"floor": data / "day/floor.json"} if floor else {}
    export(data, tmp_path, partition=partition, **options)
    assert verify_dataset(tmp_path / "out", laws=True).findings == []


def test_a_dataset_of_several_sources_in_px_and_m_is_sound(data, tmp_path):
    export(data, tmp_path, floor=data / "day/floor.json")
    export_dataset(data / "shop/pages", tmp_path / "out", zones=data / "shop/zones.geojson")
    found = verify_dataset(tmp_path / "out", laws=True)
    assert found.findings == []
    assert len(found.videos) == 4


@pytest.mark.parametrize("partition", [None, "local_day"])
def test_the_night_in_which_the_clock_shows_an_hour_twice_is_sound(tmp_path, partition):
    length = 4 * 3_600_000
    records = [record(moment, 0) for moment in range(0, length, 60_000)]
    write(tmp_path / "pages/night.json", page(*records, VideoMetadata={**METADATA, "DurationMillis": length}))
    clock = write(
        tmp_path / "videos.csv", "video,started_at,timezone\nnight,2026-10-24T21:30:00Z,Europe/Berlin\n"
    )
    options = {"recordings": clock, "max_gap": "2min", "tables": ("detections", "occupancy_hourly")}
    export_dataset(tmp_path / "pages", tmp_path / "out", partition=partition, **options)
    assert verify_dataset(tmp_path / "out", laws=True).findings == []
    hours = open_dataset(tmp_path / "out").sql(
        "SELECT local_date::TEXT AS day, local_hour FROM occupancy_hourly ORDER BY hour_at"
    )
    assert hours["local_hour"].tolist() == [23, 0, 1, 2, 2]
    assert hours["day"].tolist() == ["2026-10-24", *["2026-10-25"] * 4]


def test_copies_as_csv_are_sound_and_a_change_in_one_is_found(data, tmp_path):
    export(data, tmp_path, csv=True)
    assert findings(tmp_path / "out") == ([], "")
    with (tmp_path / "out/csv/visits.csv").open("a") as file:
        file.write("mine")
    assert findings(tmp_path / "out")[0] == ["checksums"]


def test_cleaned_tracks_are_sound(data, tmp_path):
    export(data, tmp_path, stitch=True, fill_gaps="5s", max_speed=500, smooth="500ms", merge_gap="2s")
    assert verify_dataset(tmp_path / "out", laws=True).findings == []


def test_a_part_of_each_video_is_sound(data, tmp_path):
    export(data, tmp_path, start="20s", end="60s")
    assert verify_dataset(tmp_path / "out", laws=True).findings == []


def test_a_dataset_without_people_or_zones_is_sound(tmp_path):
    write(tmp_path / "pages/shop.json", page())
    export_dataset(tmp_path / "pages", tmp_path / "out")
    assert verify_dataset(tmp_path / "out", laws=True).findings == []


@pytest.mark.parametrize(
    "release",
    [{"salt": "sixteen characters"}, *({"min_count": least} for least in (3, 5, 10))],
    ids=["salt", "3", "5", "10"],
)
def test_a_released_dataset_is_sound_and_skips_the_laws(data, tmp_path, release):
    export(data, tmp_path, **release)
    found = verify_dataset(tmp_path / "out", laws=True)
    assert found.findings == []
    examined = {check.name: check.examined for check in found.checks}
    assert examined["salted_keys" if "salt" in release else "audit"] > 0
    assert not any(examined[law.name] for law in LAWS)


def test_laws_are_skipped_where_settings_break_them(data, tmp_path):
    export(data, tmp_path, margin=20, min_dwell="2s", merge_gap="2s")
    found = verify_dataset(tmp_path / "out", laws=True)
    assert found.findings == []
    examined = {check.name: check.examined for check in found.checks}
    assert (examined["zones"], examined["visit_times"]) == (0, 3)


def test_a_changed_byte_is_found(out):
    path = out / "visits/part-000001.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    failed, said = findings(out, laws=True)
    assert failed == ["checksums"]
    assert said.startswith("visits/part-000001.parquet: has the SHA-256 ")


def test_an_edited_value_is_found(out):
    place = out / "visits/part-000001.parquet"
    pq.write_table(with_value("dwell_s", longer)(pq.read_table(place, partitioning=None)), place)
    assert findings(out)[0] == ["checksums"]


def test_a_cut_file_is_found(out):
    path = out / "trajectories/part-000001.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    failed, said = findings(out)
    assert failed == ["checksums"]
    assert re.search(r"has \d+ bytes instead of \d+", said)


@pytest.mark.parametrize("place", ["heatmap/part-000001.parquet", "zones/zones.parquet"])
def test_a_missing_file_is_found(out, place):
    (out / place).unlink()
    assert findings(out) == (["files"], f"{place}: is missing")


def test_a_changed_file_is_not_rewritten_with_its_fault(data, tmp_path):
    export(data, tmp_path)
    path = tmp_path / "out/visits/part-000001.parquet"
    pq.write_table(with_value("dwell_s", longer)(pq.read_table(path, partitioning=None)), path)
    with pytest.raises(InputError, match="was changed after ptrack wrote it"):
        remove_videos(tmp_path / "out", ["noon"])
    assert findings(tmp_path / "out")[0] == ["checksums"]
    path.unlink()
    export(data, tmp_path)
    assert findings(tmp_path / "out")[0] == []


def test_the_next_export_writes_a_missing_file_again(data, tmp_path):
    export(data, tmp_path)
    (tmp_path / "out/visits/part-000001.parquet").unlink()
    assert findings(tmp_path / "out")[0] == ["files"]
    export(data, tmp_path)
    assert findings(tmp_path / "out", laws=True)[0] == []


@pytest.mark.parametrize("place", ["visits/other.parquet", "zones/part-000002.parquet", "visits/a/b.csv"])
def test_a_foreign_file_is_found(out, place):
    write(out / place, "mine")
    failed, said = findings(out)
    assert failed == ["files"]
    assert said.startswith(f"{place}: is not in the manifest")


def test_hidden_files_and_files_beside_the_tables_are_ignored(out):
    for place in ("README.txt", "visits/.hidden", "_mine/notes.txt"):
        write(out / place, "mine")
    assert findings(out)[0] == []


def test_a_damaged_manifest_is_found(out):
    (out / MANIFEST).write_bytes(b"PAR1")
    failed, said = findings(out)
    assert failed == ["manifest"]
    assert "cannot be read as the manifest" in said


def test_a_manifest_of_a_newer_version_is_found(out):
    content = pq.read_table(out / MANIFEST, partitioning=None)
    marks = {
        name: value.replace(b'"schema_version": ', b'"schema_version": 9')
        for name, value in content.schema.metadata.items()
    }
    pq.write_table(content.replace_schema_metadata(marks), out / MANIFEST)
    failed, said = findings(out)
    assert failed == ["manifest"]
    assert "Install the newer package" in said


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda one: replace(one, tables=(*one.tables, "mine")),
            "lists the table 'mine', which does not exist",
        ),
        (
            lambda one: replace(one, tables=(*one.tables, "stops")),
            "does not list a file of the table 'stops'",
        ),
        (lambda one: replace(one, tables=one.tables[:-1]), "which does not belong to its tables"),
        (lambda one: replace(one, next_batch=1), "lists 'evening' in batch 1, but the next batch is 1"),
        (lambda one: replace(one, files=(*one.files, one.files[0])), "2 times"),
    ],
)
def test_a_manifest_that_was_edited_by_hand_is_found(out, change, problem):
    change_manifest(out, change)
    failed, said = findings(out)
    assert failed == ["manifest"]
    assert problem in said


def test_an_interrupted_change_is_found(out, monkeypatch):
    monkeypatch.setattr("ptrack_analysis.dataset.publishing._PATIENCE", 0.0)
    write(out / JOURNAL, '{"run": "a", "moves": [], "removals": [], "tag": null}')
    failed, said = findings(out)
    assert failed == ["unfinished"]
    assert "a run was interrupted while it changed the dataset" in said


def test_staged_files_are_found(out):
    write(out / STAGING / "run/visits/part-000002.parquet", "half")
    failed, said = findings(out)
    assert failed == ["unfinished"]
    assert "staged files" in said


def with_type(table):
    number = table.column_names.index("visit")
    return table.set_column(number, "visit", table["visit"].cast(pa.int32()))


def with_unit(table):
    number = table.column_names.index("dwell_s")
    field = table.schema.field(number)
    return table.set_column(number, field.with_metadata({**field.metadata, b"unit": b"ms"}), table["dwell_s"])


def with_version(table):
    return table.replace_schema_metadata({**table.schema.metadata, VERSION_MARK: b"1"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop_columns(["exit"]), "columns: lacks ['exit']"),
        (lambda table: table.append_column("mine", table["visit"]), "columns: has ['mine'], which"),
        (lambda table: table.select(table.column_names[::-1]), "columns: are in another order"),
        (with_type, "column 'visit' is int32 instead of int64"),
        (with_unit, "column 'dwell_s' has the unit 'ms' instead of 's'"),
        (with_version, "has the mark ptrack_analysis.version '1' instead of"),
        (
            lambda table: table.replace_schema_metadata({}),
            "has the mark ptrack_analysis.table none instead of",
        ),
    ],
    ids=["a column less", "a column more", "another order", "type", "unit", "version", "no marks"],
)
def test_another_schema_is_found(out, change, problem):
    rewrite(out, "visits", change)
    failed, said = findings(out, laws=True)
    assert failed == ["schema"]
    assert problem in said


def test_two_files_that_changed_places_are_found(out):
    one, other = (out / place_of(name) for name in ("dwell", "transitions"))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    for name in ("dwell", "transitions"):
        list_file(out, place_of(name))
    failed, said = findings(out)
    assert failed == ["schema"]
    assert "has the mark ptrack_analysis.table 'transitions' instead of 'dwell'" in said


def test_a_file_that_is_not_parquet_is_found(out):
    (out / "visits/part-000001.parquet").write_bytes(b"not Parquet")
    list_file(out, "visits/part-000001.parquet")
    failed, said = findings(out)
    assert failed == ["schema"]
    assert "cannot be read as Parquet" in said


def test_a_dropped_row_is_found(out):
    rewrite(out, "quality", lambda table: table.slice(1))
    failed, said = findings(out)
    assert failed == ["rows"]
    assert re.search(r"quality/part-000001.parquet: has \d+ rows of '\w+' instead of \d+", said)


def test_another_number_of_rows_than_in_the_manifest_is_found(out):
    list_file(out, "quality/part-000001.parquet", rows=1)
    failed, said = findings(out)
    assert failed == ["rows"]
    assert said.endswith("rows instead of 1")


def test_rows_of_an_unknown_video_are_found(out):
    rewrite(out, "quality", with_value("video", "night"))
    failed, said = findings(out)
    assert failed == ["rows", "references", "local_dates"]
    assert "has 1 rows of 'night' instead of 0" in said
    assert "video is 'night', which is not in the table videos" in said


def test_a_key_that_is_there_twice_is_found(out):
    rewrite(out, "visits", duplicate)
    failed, said = findings(out)
    assert failed == ["rows", "keys"]
    assert "has 1 keys more than once, such as video=" in said


def duplicate(table):
    return pa.concat_tables([table.slice(0, 1), table])


def test_a_text_key_that_is_there_twice_is_found(out):
    second = pq.read_table(out / place_of("crossings"), partitioning=None)["crossing_id"][1].as_py()
    rewrite(out, "crossings", with_value("crossing_id", second))
    failed, said = findings(out)
    assert failed == ["keys"]
    assert f"such as crossing_id={second!r}" in said


def test_a_key_that_is_null_is_found(out):
    rewrite(out, "dwell", with_value("zone", None))
    failed, said = findings(out)
    assert failed == ["keys"]
    assert "zone is null in 1 rows" in said


@pytest.mark.parametrize(
    ("table", "column", "to"),
    [
        ("visits", "person", "tracks"),
        ("dwell", "zone_key", "zones"),
        ("counts", "line_key", "lines"),
    ],
)
def test_a_reference_to_nothing_is_found(out, table, column, to):
    rewrite(out, table, with_value(column, "mine"))
    failed, said = findings(out)
    assert failed == ["references"]
    assert f"row 0: {column} is 'mine', which is not in the table {to}" in said


def test_a_zone_that_is_not_in_its_dimension_is_found(out):
    rewrite(out, "zones", lambda table: table.slice(1))
    failed, said = findings(out)
    assert failed == ["references"]
    assert "visits/part-000001.parquet" in said
    assert "zone_key is" in said


@pytest.mark.parametrize(
    ("value", "row"), [(lambda moment: moment.replace(year=2025), 0), (None, 0), ("start", -1)]
)
def test_a_wrong_time_by_the_clock_is_found(out, value, row):
    def change(table):
        start = next(moment for moment in table["entered_at"].to_pylist() if moment is not None)
        return with_value("entered_at", start if value == "start" else value, row)(table)

    rewrite(out, "visits", change)
    failed, said = findings(out)
    assert failed == ["times"]
    assert "which is not the start of the video plus entered_ms" in said


@pytest.mark.parametrize(("column", "value"), [("local_hour", 7), ("local_hour", None), ("local_date", None)])
def test_a_wrong_local_date_or_hour_is_found(out, column, value):
    rewrite(out, "visits", with_value(column, value))
    failed, said = findings(out)
    assert failed == ["local_dates"]
    assert f"{column} is {value}, which does not follow from the clock" in said


def test_a_person_by_number_in_a_dataset_with_salted_keys_is_found(data, tmp_path):
    export(data, tmp_path, salt="sixteen characters")
    for table in ("tracks", "visits", "crossings", "detections", "trajectories"):
        rewrite(tmp_path / "out", table, plain_names)
    failed, said = findings(tmp_path / "out")
    assert "salted_keys" in failed
    assert "which is not a salted key" in said


def plain_names(table):
    number, field = table.column_names.index("person"), table.schema.field("person")
    return table.set_column(number, field, pc.binary_join_element_wise("noon", table["person"], ":"))


def test_a_small_count_in_a_released_dataset_is_found(data, tmp_path):
    export(data, tmp_path, min_count=3)
    rewrite(tmp_path / "out", "transitions", with_value("persons", 2))
    rewrite(tmp_path / "out", "dwell", with_value("median_s", 2.5))
    failed, said = findings(tmp_path / "out")
    assert failed == ["audit"]
    assert re.search(r"transitions \(.*\): persons is 2, below 3", said)
    assert "dwell.median must be withheld, but has values" in said


def test_a_suppressed_figure_that_follows_from_others_is_found(data, tmp_path):
    """All other ways out of a zone are published, and so are the visits to it."""
    true, released = tmp_path / "true", tmp_path / "released"
    for folder in (true, released):
        folder.mkdir()
        export(data, folder, **({"min_count": 3} if folder == released else {}))

    def publish(table, column, hidden):
        known = pq.read_table(true / "out" / place_of(table), partitioning=None)[column].to_pylist()

        def change(rows):
            values = [None if row in hidden else value for row, value in enumerate(known)]
            assert len(values) == len(rows)
            for name, new in ((column, values), ("suppressed", [value is None for value in values])):
                number, field = rows.column_names.index(name), rows.schema.field(name)
                rows = rows.set_column(number, field, pa.array(new, field.type))
            return rows

        rewrite(released / "out", table, change)

    publish("dwell", "visits", set())
    publish("transitions", "transitions", {4})
    failed, said = findings(released / "out")
    assert failed == ["audit"]
    assert re.search(r"\w+: transitions \(.*\): transitions is suppressed, but follows from others", said)


@pytest.mark.parametrize(
    ("table", "column", "value", "laws"),
    [
        ("tracks", "without_position_s", 100.0, ["without_position", "located"]),
        ("tracks", "time_in_scene_s", longer, ["time_present", "scene"]),
        ("tracks", "detections", 1, ["detections", "positions"]),
        ("tracks", "mean_speed_m_per_s", 1e6, ["speeds"]),
        ("occupancy", "person_seconds_s", longer, ["scene", "bins", "occupancy_changes"]),
        ("zone_occupancy", "person_seconds_s", longer, ["zones", "bins", "occupancy_changes"]),
        ("visits", "dwell_s", 1000.0, ["zones", "located", "visit_times"]),
        ("visits", "bridged_s", longer, ["visit_times"]),
        ("visits", "interpolated_s", 1e6, ["visit_times"]),
        ("dwell", "visits", 99, ["dwell"]),
        ("dwell", "persons", 99, ["dwell"]),
        ("transitions", "transitions", 99, ["transitions"]),
        ("crossings", "crossing", 99, ["crossings"]),
        ("counts", "in_count", 99, ["counts"]),
        ("occupancy_changes", "persons", 99, ["occupancy_changes"]),
        ("occupancy_hourly", "person_seconds_s", longer, ["hours"]),
        ("visits_hourly", "began", 99, ["visits_by_hour"]),
        ("count_drift", "drift", 99, ["drift"]),
        ("groups", "size", 99, ["groups"]),
        ("heatmap", "seconds", longer, ["heatmap"]),
    ],
)
def test_a_broken_law_is_found(out, table, column, value, laws):
    rewrite(out, table, with_value(column, value))
    failed, said = findings(out, laws=True)
    assert {*laws} <= {*failed}
    assert re.search(r"(evening|morning|noon): .*instead of", said)
    assert verify_dataset(out).passed


def test_every_law_has_a_planted_fault():
    (mark,) = [one for one in test_a_broken_law_is_found.pytestmark if one.name == "parametrize"]
    assert {law for row in mark.args[1] for law in row[3]} == {law.name for law in LAWS}


def test_of_many_findings_a_hundred_are_kept(tmp_path):
    ledger = Ledger()
    for row in range(MOST + 5):
        ledger.find("keys", "a", str(row))
    check = next(one for one in ledger.close(tmp_path, ()).checks if one.name == "keys")
    assert (check.count, len(check.findings)) == (MOST + 5, MOST)


@pytest.mark.parametrize("name", ["none", "pages"])
def test_a_folder_without_a_dataset_is_an_error(tmp_path, name, capsys):
    write(tmp_path / "pages/shop.json", page(record()))
    with pytest.raises(InputError, match="not a dataset"):
        verify_dataset(tmp_path / name)
    assert main(["verify", str(tmp_path / name)]) == 3
    assert "ptrack: " in capsys.readouterr().err


def test_laws_without_duckdb_say_what_to_install(sound, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    assert verify_dataset(sound).passed
    with pytest.raises(ParameterError, match=r"ptrack-analysis\[duckdb\]"):
        verify_dataset(sound, laws=True)


def test_the_heatmap_of_an_image_has_all_time_located_in_it(data, tmp_path):
    export(data, tmp_path)
    rewrite(tmp_path / "out", "heatmap", with_value("seconds", lambda seconds: seconds / 2))
    failed, said = findings(tmp_path / "out", laws=True)
    assert failed == ["heatmap"]
    assert re.search(r"\w+: \d+ instead of \d+", said)


def test_the_shell_prints_findings_and_returns_3(out, capsys):
    assert main(["verify", str(out), "--laws"]) == 0
    assert "3 videos" in capsys.readouterr().out
    rewrite(out, "count_drift", with_value("drift", 99))
    assert main(["verify", str(out), "--laws"]) == 3
    printed = capsys.readouterr().out
    assert re.search(r"drift +\d+ +1 found", printed)
    assert re.search(r"drift: \w+: .*: 99 instead of", printed)
    assert "export the source again" in printed
    assert main(["verify", str(out), "--laws", "--json"]) == 3
    content = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in content["checks"] if check["count"]] == ["drift"]


def test_a_dataset_in_s3_is_verified_there(out, bucket, moto_url):
    for path in sorted(out.rglob("*")):
        if path.is_file():
            (bucket / f"d/{path.relative_to(out).as_posix()}").write_bytes(path.read_bytes())
    there = f"s3://{BUCKET}/d"
    found = verify_dataset(there, laws=True)
    assert found.findings == []
    here = {check.name: check.examined for check in verify_dataset(out, laws=True).checks}
    assert {check.name: check.examined for check in found.checks} == here
    (bucket / "d/visits/part-000001.parquet").write_bytes(b"mine")
    (bucket / "d/heatmap/part-000001.parquet").unlink()
    (bucket / f"d/{STAGING}/run/visits/part-000002.parquet").write_bytes(b"half")
    assert findings(there)[0] == ["unfinished", "files", "checksums"]
