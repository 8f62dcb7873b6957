"""Damaged datasets: each damage is told by exactly the check that should see it."""

import json
import re
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pages import page, record, write

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.verify.findings import MOST, Ledger
from ptrack_analysis.dataset.verify.laws import LAWS
from ptrack_analysis.dataset.verify.sums import Shelf, TableFile, Tables
from ptrack_analysis.dataset.verify.verifying import RULES
from ptrack_analysis.errors import InputError
from ptrack_analysis.storage.files import checksum

ALL = {
    "stitch": True,
    "fill_gaps": "5s",
    "max_speed": 5,
    "smooth": "500ms",
    "faces": True,
    "cell": 0.5,
    "tables": "all",
}
RECORDINGS = """\
video,started_at,timezone,site
morning,2026-03-28T23:30:00Z,Europe/Berlin,shop
noon,2026-03-29T12:00:00+02:00,Europe/Berlin,shop
evening,2026-03-29T20:00:00+02:00,Europe/Berlin,shop
"""


@pytest.fixture(scope="module")
def sound(data, tmp_path_factory):
    """Give a dataset with every table, of three videos, that nothing is wrong with."""
    folder = tmp_path_factory.mktemp("sound") / "out"
    day = data / "day"
    recordings = write(folder.parent / "videos.csv", RECORDINGS)
    places = {"zones": day / "zones.geojson", "floor": day / "floor.json", "recordings": recordings}
    export_dataset(day / "pages", folder, **places, **ALL)
    return folder


@pytest.fixture
def out(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "out")


def failed(out):
    return verify_dataset(out).failed


def record_of(out, place):
    return out / "_runs" / f"{place.split('/')[1].removesuffix('.parquet')}.json"


def note(out, place, **more):
    """Make the record tell rows and checksum of the file as it is now."""
    path = record_of(out, place)
    content = json.loads(path.read_text())
    made = content["outputs"][place]
    made |= {"rows": pq.read_metadata(out / place).num_rows, "sha256": checksum(out / place), **more}
    if "size" in made:
        made["size"] = (out / place).stat().st_size
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def rewrite(out, place, change):
    """Change a file's table, and its record with it."""
    table = pq.read_table(out / place, partitioning=None)
    pq.write_table(change(table), out / place)
    note(out, place)


def with_value(column, row, value):
    def change(table):
        values = table[column].to_pylist()
        values[row] = value(values[row]) if callable(value) else value
        number, field = table.column_names.index(column), table.schema.field(column)
        return table.set_column(number, field, pa.array(values, field.type))

    return change


def without_row(row):
    return lambda table: pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def longer(value):
    return value + 1.0


def test_nothing_is_found_in_a_sound_dataset_and_every_check_looked(sound):
    found = verify_dataset(sound)
    assert found.findings == []
    assert found.passed
    assert found.videos == ("evening", "morning", "noon")
    assert [check.name for check in found.checks] == list(RULES)
    looked = {check.name: check.looked_at for check in found.checks}
    assert [name for name, number in looked.items() if not number] == []
    parquet = [*sound.glob("*/*.parquet")]
    assert looked["files"] == len(parquet)
    assert looked["schema"] == len([*sound.rglob("*.parquet")])
    rows = sum(pq.read_metadata(path).num_rows for path in parquet)
    assert looked["videos"] == rows


def test_a_flipped_byte(out):
    path = out / "visits/noon.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = verify_dataset(out)
    assert found.failed == ["checksums"]
    assert found.findings[0].file == "visits/noon.parquet"
    assert str(found.findings[0]).endswith("...: export the video again")


def test_a_cut_file(out):
    path = out / "trajectories/noon.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    assert failed(out) == ["checksums"]


def test_two_files_swapped(out):
    one, other = out / "tracks/noon.parquet", out / "tracks/morning.parquet"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    found = verify_dataset(out)
    assert found.failed == ["checksums"]
    assert [finding.file for finding in found.findings] == ["tracks/morning.parquet", "tracks/noon.parquet"]


def test_two_files_swapped_and_their_records_with_them(out):
    one, other = out / "videos/noon.parquet", out / "videos/morning.parquet"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    note(out, "videos/noon.parquet")
    note(out, "videos/morning.parquet")
    found = verify_dataset(out)
    assert found.failed == ["videos"]
    assert str(found.findings[1]) == (
        "videos/noon.parquet: row 0, column 'video': 'morning', expected 'noon'"
    )


def test_a_missing_file(out):
    (out / "heatmap/noon.parquet").unlink()
    found = verify_dataset(out)
    assert found.failed == ["files"]
    assert str(found.findings[0]) == (
        "heatmap/noon.parquet: is missing, expected a file of its record: export the video again"
    )


@pytest.mark.parametrize("place", ["visits/other.parquet", "views/mine.sql", "csv/visits/noon.csv"])
def test_a_stranger_in_the_folders(out, place):
    write(out / place, "mine")
    found = verify_dataset(out)
    assert found.failed == ["strangers"]
    assert found.findings[0].file == place


def test_files_beside_the_folders_and_hidden_ones_are_no_part_of_it(out):
    write(out / "README.txt", "mine")
    write(out / "visits/.hidden", "mine")
    write(out / ".ptrack/lock", "")
    assert failed(out) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"video": "noon"}', '{"a": 1}', b"\xff"])
def test_a_record_that_cannot_be_read(out, content):
    write(out / "_runs/noon.json", content)
    found = verify_dataset(out)
    assert found.failed == ["records"]
    assert found.findings[0].file == "_runs/noon.json"


def test_a_record_of_another_version(out):
    path = out / "_runs/noon.json"
    content = json.loads(path.read_text()) | {"version": "0.0.1"}
    path.write_text(json.dumps(content))
    found = verify_dataset(out)
    assert found.failed == ["records"]
    assert "'0.0.1', expected '0.2.0.dev0': export it again" in str(found.findings[0])


def test_a_record_under_another_name(out):
    (out / "_runs/noon.json").rename(out / "_runs/night.json")
    found = verify_dataset(out)
    assert found.failed == ["records"]
    assert "the record of 'night'" in str(found.findings[0])


def test_other_rows_than_recorded(out):
    note(out, "visits/noon.parquet")
    path = out / "_runs/noon.json"
    content = json.loads(path.read_text())
    content["outputs"]["visits/noon.parquet"]["rows"] += 1
    path.write_text(json.dumps(content))
    assert failed(out) == ["rows"]


def other_type(table):
    number = table.column_names.index("visit")
    return table.set_column(number, "visit", table["visit"].cast(pa.int32()))


def other_unit(table):
    number = table.column_names.index("dwell_s")
    field = table.schema.field(number).with_metadata({"unit": "ms", "definition": "?"})
    return table.set_column(number, field, table["dwell_s"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop_columns(["exit"]), "column 'exit': is missing, expected string"),
        (
            lambda table: table.append_column("mine", table["visit"]),
            "column 'mine': is no column of the table",
        ),
        (other_type, "column 'visit': is int32, expected int64"),
        (other_unit, "column 'dwell_s': has the unit 'ms', expected 's'"),
        (
            lambda table: table.replace_schema_metadata({}),
            "the mark of the table: 'nothing', expected 'visits'",
        ),
    ],
    ids=["a column less", "a column more", "another type", "another unit", "no mark"],
)
def test_another_schema(out, change, said):
    rewrite(out, "visits/noon.parquet", change)
    found = verify_dataset(out)
    assert found.failed == ["schema"]
    assert said in str(found.findings[0])


def test_a_file_that_is_no_parquet(out):
    (out / "visits/noon.parquet").write_bytes(b"PAR1 no PAR1")
    path = record_of(out, "visits/noon.parquet")
    content = json.loads(path.read_text())
    made = content["outputs"]["visits/noon.parquet"]
    made |= {"sha256": checksum(out / "visits/noon.parquet")} | ({"size": 12} if "size" in made else {})
    path.write_text(json.dumps(content))
    assert failed(out) == ["schema"]


@pytest.mark.parametrize(
    ("place", "column", "value", "said"),
    [
        ("trajectories/noon.parquet", "heading", float("nan"), "nan, expected a finite number, or null"),
        ("quality/noon.parquet", "value", float("inf"), "inf, expected a finite number, or null"),
        (
            "visits/noon.parquet",
            "entry",
            "flown",
            "'flown', expected one of crossed, frame_edge, video_start, appeared",
        ),
        ("tracks/noon.parquet", "detections", None, "None, expected a value in every row"),
    ],
    ids=["NaN", "infinity", "no such choice", "null"],
)
def test_a_value_that_is_none(out, place, column, value, said):
    rewrite(out, place, with_value(column, 2, value))
    found = verify_dataset(out)
    assert found.failed == ["values"]
    assert f"row 2, column {column!r}: {said}" in str(found.findings[0])


def test_a_key_twice(out):
    rewrite(out, "visits/noon.parquet", lambda table: pa.concat_tables([table.slice(0, 1), table]))
    found = verify_dataset(out)
    assert found.failed == ["keys"]
    assert found.findings[0].place == "row 1"


def test_rows_out_of_order(out):
    rewrite(out, "crossings/noon.parquet", lambda table: table.take(list(range(len(table)))[::-1]))
    assert failed(out) == ["keys"]


def test_a_key_that_is_null(out):
    rewrite(out, "transitions/noon.parquet", with_value("origin", 0, None))
    assert failed(out) == ["keys"]


def test_a_person_that_is_not_the_number(out):
    rewrite(out, "stops/noon.parquet", with_value("person", 0, "noon:99"))
    assert failed(out) == ["videos"]


def test_a_person_is_missing(out):
    rewrite(out, "tracks/noon.parquet", without_row(0))
    found = verify_dataset(out)
    assert found.failed == ["references"]
    assert "expected a person of the table tracks" in str(found.findings[0])
    assert {finding.file.split("/")[1] for finding in found.findings} == {"noon.parquet"}


@pytest.mark.parametrize(("column", "kind"), [("zone", "zones"), ("line", "lines")])
def test_a_zone_or_line_that_is_not_there(out, column, kind):
    place = {"zone": "retail_metrics/noon.parquet", "line": "counts/noon.parquet"}[column]
    rewrite(out, place, with_value(column, -1, "zzz"))
    found = verify_dataset(out)
    assert found.failed == ["references"]
    assert f"column '{column}': 'zzz', expected one of {kind}.parquet" in " ".join(map(str, found.findings))


def test_a_zone_of_another_version(out):
    rewrite(out, "visits/noon.parquet", with_value("zone_key", 0, "0" * 16))
    found = verify_dataset(out)
    assert found.failed == ["references"]
    assert "expected one of zones.parquet with the same zone" in str(found.findings[0])


@pytest.mark.parametrize("place", ["dictionary.md", "views/duckdb.sql", "views/athena.sql", "zones.parquet"])
def test_a_catalogue_that_says_something_else_or_is_missing(out, place):
    content = (out / place).read_bytes()
    (out / place).write_bytes(content + b"\n")
    assert failed(out) == ["catalogue"]
    (out / place).unlink()
    found = verify_dataset(out)
    assert found.failed == ["catalogue"]
    assert (found.findings[0].file, found.findings[0].value) == (place, "is missing")


@pytest.mark.parametrize(
    ("place", "column", "value", "laws"),
    [
        ("tracks/noon.parquet", "without_position_s", longer, ["time_present"]),
        ("tracks/noon.parquet", "time_in_scene_s", longer, ["time_present", "scene"]),
        ("tracks/noon.parquet", "detections", 1, ["detections"]),
        ("occupancy/noon.parquet", "person_seconds_s", longer, ["scene", "person_seconds", "changes"]),
        ("fundamental_diagram/noon.parquet", "person_seconds_s", longer, ["person_seconds"]),
        ("visits/noon.parquet", "dwell_s", longer, ["visits", "hourly", "visit_times"]),
        ("visits/noon.parquet", "exited_ms", lambda value: value + 1, ["visit_times"]),
        ("visits_hourly/noon.parquet", "began", 99, ["hourly"]),
        ("occupancy_hourly/noon.parquet", "person_seconds_s", longer, ["person_seconds"]),
        ("visits/noon.parquet", "bridged_s", longer, ["visit_times"]),
        ("visits/noon.parquet", "interpolated_s", 1e6, ["visit_times"]),
        ("dwell/noon.parquet", "visits", 99, ["visits of dwell"]),
        ("dwell_by_entry/noon.parquet", "visits", 99, ["visits of dwell"]),
        ("transitions/noon.parquet", "transitions", 99, ["transitions"]),
        ("counts/noon.parquet", "in_total", 99, ["totals"]),
        ("crossings/noon.parquet", "direction", lambda way: {"in": "out", "out": "in"}[way], ["counts"]),
        ("count_drift/noon.parquet", "drift", 99, ["drift"]),
        ("heatmap/noon.parquet", "seconds", longer, ["heatmap"]),
        ("groups/noon.parquet", "size", 99, ["groups"]),
    ],
    ids=lambda value: None if callable(value) or isinstance(value, int) else str(value),
)
def test_a_law_that_is_broken(out, place, column, value, laws):
    rewrite(out, place, with_value(column, 0, value))
    found = verify_dataset(out)
    assert found.failed == laws
    assert {finding.file.split("/")[1] for finding in found.findings} == {"noon.parquet"}


def test_a_count_of_occupancy_breaks_all_that_is_its_integral(out):
    place = "occupancy_changes/noon.parquet"
    table = pq.read_table(out / place, partitioning=None)
    row = pc.index(table["zone"], pa.scalar("")).as_py()
    rewrite(out, place, with_value("persons", row, lambda persons: persons + 1))
    assert failed(out) == ["changes"]


def test_laws_are_left_out_where_the_settings_break_them(data, tmp_path):
    day = data / "day"
    export_dataset(
        day / "pages",
        tmp_path / "out",
        zones=day / "zones.geojson",
        margin=20,
        min_dwell="2s",
        merge_gap="2s",
    )
    found = {check.name: check for check in verify_dataset(tmp_path / "out").checks}
    assert not any(check.count for check in found.values())
    assert found["visits"].looked_at == 0
    assert found["visit_times"].looked_at > 0


def test_a_video_with_nobody_is_sound(data, tmp_path):
    write(tmp_path / "pages/shop.json", page())
    export_dataset(tmp_path / "pages", tmp_path / "out", zones=data / "day/zones.geojson")
    assert failed(tmp_path / "out") == []


def test_a_dataset_without_zones_is_sound(data, tmp_path):
    export_dataset(data / "day/pages", tmp_path / "out")
    assert verify_dataset(tmp_path / "out").findings == []


@pytest.mark.parametrize("release", [{"salt": "sixteen characters"}, {"min_count": 3}], ids=["salted", "few"])
def test_what_leaves_the_house_is_sound(data, tmp_path, release):
    day = data / "day"
    export_dataset(day / "pages", tmp_path / "out", zones=day / "zones.geojson", **release)
    assert verify_dataset(tmp_path / "out").findings == []
    compact_dataset(tmp_path / "out", tmp_path / "big")
    assert verify_dataset(tmp_path / "big").findings == []


def test_sums_do_not_depend_on_where_row_groups_end(tmp_path):
    zones, moments, persons = ["", "", "", "a", "a", "b"], [0, 10, 30, 5, 9, 2], [1, 3, 0, 2, 0, 7]
    table = pa.table({"zone": zones, "timestamp_ms": moments, "persons": persons})
    for size in range(1, 7):
        pq.write_table(table, tmp_path / "changes.parquet", row_group_size=size)
        part = TableFile("occupancy_changes", "changes.parquet", 0, 6)
        tables = Tables({"occupancy_changes": [part]}, Shelf(tmp_path, tmp_path), {})
        assert tables.occupancy_changes() == {"": 70, "a": 8, "b": 0}
        assert tables.sums("occupancy_changes", ["zone"], ["persons"]) == {
            ("",): (3, 4),
            ("a",): (2, 2),
            ("b",): (1, 7),
        }


def test_of_many_findings_a_hundred_are_kept():
    ledger = Ledger({"keys": "rule"})
    for row in range(MOST + 5):
        ledger.find("keys", "a", str(row), 1, 2)
    (check,) = ledger.checks()
    assert (check.count, len(check.findings)) == (MOST + 5, MOST)


@pytest.mark.parametrize("name", ["none", "pages"])
def test_what_is_no_dataset_is_refused(tmp_path, name, capsys):
    write(tmp_path / "pages/shop.json", page(record()))
    with pytest.raises(InputError, match=r"no such folder|no records in _runs"):
        verify_dataset(tmp_path / name)
    assert main(["verify", str(tmp_path / name)]) == 3
    assert "ptrack: " in capsys.readouterr().err


def test_the_shell_tells_the_findings_and_3(out, capsys):
    assert main(["verify", str(out)]) == 0
    assert "3 videos" in capsys.readouterr().out
    rewrite(out, "count_drift/noon.parquet", with_value("drift", 0, 99))
    assert main(["verify", str(out)]) == 3
    told = capsys.readouterr().out
    assert re.search(r"drift +\d+ +1 found", told)
    assert "drift: count_drift/noon.parquet: drift of '' at 0 ms: 99, expected" in told
    assert main(["verify", str(out), "--json"]) == 3
    content = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in content["checks"] if check["count"]] == ["drift"]


def test_a_damaged_compacted_dataset(out, tmp_path):
    compact_dataset(out, tmp_path / "big")
    big = tmp_path / "big"
    assert failed(big) == []
    file = next((big / "visits").rglob("*.parquet"))
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert failed(big) == ["checksums"]
    file.unlink()
    assert failed(big) == ["files"]
    write(big / "visits/day=2026-03-29/other.parquet", "mine")
    assert failed(big) == ["files", "strangers"]


def test_a_dataset_in_s3_is_verified_there(out, monkeypatch, moto_url):
    boto3 = pytest.importorskip("boto3")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="verify-bucket")
    for path in sorted(out.rglob("*")):
        if path.is_file():
            client.upload_file(str(path), "verify-bucket", f"d/{path.relative_to(out).as_posix()}")
    found = verify_dataset("s3://verify-bucket/d")
    assert found.failed == []
    assert [(c.name, c.looked_at) for c in found.checks] == [
        (c.name, c.looked_at) for c in verify_dataset(out).checks
    ]
    client.put_object(Bucket="verify-bucket", Key="d/visits/noon.parquet", Body=b"end_unobserved")
    client.delete_object(Bucket="verify-bucket", Key="d/heatmap/noon.parquet")
    assert failed("s3://verify-bucket/d") == ["files", "checksums"]
    client.close()


def test_every_law_is_tried_by_a_damage_above():
    tried = {
        "time_present", "detections", "scene", "visits", "person_seconds", "visit_times", "visits of dwell",
        "transitions",
        "counts", "totals", "drift", "heatmap", "groups", "hourly",
    }  # fmt: skip
    assert set(LAWS) == tried


def test_columns_of_the_users_own_are_no_finding_and_their_csv_goes_with_the_others(data, tmp_path):
    rows = "".join(f"{name},2026-03-29T12:00:00Z,120\n" for name in ("morning", "noon", "evening"))
    (tmp_path / "videos.csv").write_text(f"video,started_at,floor_area\n{rows}")
    given = {"recordings": tmp_path / "videos.csv", "tables": "quality"}
    export_dataset(data / "day/pages", tmp_path / "out", csv=True, **given)
    assert verify_dataset(tmp_path / "out").findings == []
    export_dataset(data / "day/pages", tmp_path / "out", **given)
    assert not [*(tmp_path / "out").rglob("*.csv")]
    assert verify_dataset(tmp_path / "out").findings == []


def test_one_row_of_cells_on_a_floor_that_begins_elsewhere_is_no_finding(data, tmp_path):
    plan = json.loads((data / "shop/floor.json").read_text())
    for pair in plan["pairs"]:
        pair["floor"] = [value - 20 for value in pair["floor"]]
    if "bounds" in plan:
        plan["bounds"] = [value - 20 for value in plan["bounds"]]
    (tmp_path / "floor.json").write_text(json.dumps(plan))
    options = {"floor": tmp_path / "floor.json", "shape": (1, 4)}
    export_dataset(data / "shop/pages", tmp_path / "out", **options)
    assert verify_dataset(tmp_path / "out").findings == []
