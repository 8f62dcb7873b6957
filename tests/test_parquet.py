import json
import string

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from factories import make_detections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ptrack_analysis.errors import InputError, OutputError, ParameterError, SchemaError
from ptrack_analysis.schema import (
    DETECTIONS,
    HEATMAP,
    OCCUPANCY_CHANGES,
    POINTS,
    TABLES,
    TRACKS,
    TRAJECTORIES,
    VIDEOS,
    VISITS,
    assemble,
    empty_table,
)
from ptrack_analysis.storage.columns import add_video_key, find_schema
from ptrack_analysis.storage.parquet import read_parquet, write_parquet

MISSING = np.iinfo("int64").min
A_TABLE = settings.default.max_examples // 4  # there are some seventy tables
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
VALUES = {
    "moment": WHOLE | st.just(MISSING),
    "span": st.integers(-(2**51), 2**51) | st.just(MISSING),
    "instant": st.integers(-(2**55), 2**55) | st.just(MISSING),
    "date": st.integers(-(10**5), 10**5) | st.just(MISSING),
    "integer": WHOLE,
    "number": st.floats(allow_nan=True),
    "text": TEXTS | st.none(),
    "flag": st.booleans(),
}


def make_visits(rows=3):
    return assemble(
        VISITS,
        {
            "zone": ["entrance", "entrance", "window"][:rows],
            "person_index": np.array([1, 2, 1])[:rows],
            "visit": np.array([1, 1, 1])[:rows],
            "entered": np.array([0, 40, 5000])[:rows],
            "exited": np.array([1001, 90, 7000])[:rows],
            "dwell": np.array([1001, 50, 2000])[:rows],
            "entry": np.array([2, 0, 0])[:rows],
            "exit": np.array([0, 2, 1])[:rows],
            "detections": np.array([25, 2, 50])[:rows],
            "interpolated": np.zeros(rows, dtype="int64"),
            "bridged": np.zeros(rows, dtype="int64"),
            "since_previous_visit": np.array([MISSING, MISSING, 1500])[:rows],
        },
    )


def make_trajectories(rows, persons=7):
    number = np.arange(rows)
    values = np.random.default_rng(3).random(rows)
    arrays = {
        "person_index": number * persons // max(rows, 1),
        "timestamp": number * 66,
        "x_{u}": np.where(values < 0.2, np.nan, values),
        "y_{u}": values,
        "position_status": number % 3,
        "time_present": np.full(rows, 66),
        "tracklet": np.ones(rows, "int64"),
        "step_{u}": values,
        "speed_{u}_per_s": values,
        "heading": values * 360,
    }
    return assemble(TRAJECTORIES, arrays, unit="px")


def assert_same(read, written):
    pd.testing.assert_frame_equal(read, written, check_exact=True)
    assert read.index.names == written.index.names


@st.composite
def tables(draw, schema):
    """Draw a table of this schema: any rows in any order, optional and further columns or none."""
    keyed = add_video_key(schema) if draw(st.booleans()) else schema
    kinds = {"text": TEXTS, "date": st.integers(-(10**5), 10**5)}
    keys = [kinds.get(column.kind, WHOLE) for column in keyed.key]
    rows = draw(st.lists(st.tuples(*keys), unique=True, max_size=6))
    count = len(rows)
    unit = draw(st.sampled_from(schema.units)) if schema.in_plane else None

    def column_of(values):
        return draw(st.lists(values, min_size=count, max_size=count))

    arrays = {c.name: list(level) for c, level in zip(keyed.key, zip(*rows, strict=True), strict=False)}
    arrays = {c.name: arrays.get(c.name, []) for c in keyed.key}
    for column in keyed.columns:
        if column.optional and draw(st.booleans()):
            continue
        if column.choices:
            arrays[column.name] = np.array(column_of(st.integers(-1, len(column.choices) - 1)), "int8")
        elif column.nullable:
            arrays[column.name] = column_of(WHOLE | st.none())
        else:
            dtype = {"number": "float64", "text": object, "flag": "bool"}.get(column.kind, "int64")
            arrays[column.name] = np.array(column_of(VALUES[column.kind]), dtype)
    arrays = {name: _as_array(keyed, name, values) for name, values in arrays.items()}
    table = assemble(keyed, arrays, unit=unit)
    table = table.iloc[draw(st.permutations(range(count)))]
    for number, values in enumerate(draw(st.lists(further_columns(count), max_size=2))):
        table[f"mine {number}"] = values
    return table[draw(st.permutations(list(table.columns)))]


def _as_array(schema, name, values):
    kind = next(c.kind for c in (*schema.key, *schema.columns) if c.name == name)
    if kind in {"instant", "date"}:
        return np.asarray(values, "int64").view("datetime64[us]" if kind == "instant" else "datetime64[D]")
    if kind in {"moment", "span"} or (kind == "integer" and None not in values):
        return np.asarray(values, "int64")
    return values


@st.composite
def further_columns(draw, count):
    kind = draw(st.sampled_from(["int64", "int32", "float64", "bool", "str", "category", "Int64", "boolean"]))
    if kind == "category":
        categories = draw(st.lists(TEXTS, unique=True, max_size=4))
        codes = st.integers(-1, len(categories) - 1)
        dtype = pd.CategoricalDtype(pd.Index(categories, dtype="str"), ordered=draw(st.booleans()))
        return pd.Categorical.from_codes(draw(st.lists(codes, min_size=count, max_size=count)), dtype=dtype)
    values = {
        "int64": WHOLE,
        "int32": st.integers(-(2**31), 2**31 - 1),
        "float64": st.floats(),
        "bool": st.booleans(),
        "str": TEXTS | st.none(),
        "Int64": WHOLE | st.none(),
        "boolean": st.booleans() | st.none(),
    }[kind]
    return pd.array(np.array(draw(st.lists(values, min_size=count, max_size=count)), object), dtype=kind)


@pytest.mark.parametrize("schema", TABLES.values(), ids=TABLES)
@settings(max_examples=A_TABLE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table_comes_back_as_it_was(schema, data, tmp_path):
    table = data.draw(tables(schema))
    write_parquet(table, tmp_path / "table.parquet")
    assert_same(read_parquet(tmp_path / "table.parquet"), table)


@pytest.mark.parametrize("schema", TABLES.values(), ids=TABLES)
def test_an_empty_table_comes_back_as_it_was(schema, tmp_path):
    for unit in schema.units if schema.in_plane else [None]:
        write_parquet(empty_table(schema, unit=unit), tmp_path / "empty.parquet")
        assert_same(read_parquet(tmp_path / "empty.parquet"), empty_table(schema, unit=unit))


def test_with_a_video_the_file_has_the_columns_video_and_person(tmp_path):
    write_parquet(make_visits(), tmp_path / "visits.parquet", video="shop")
    content = pq.read_table(tmp_path / "visits.parquet")
    assert content.column_names[:5] == ["video", "person", "zone", "person_index", "visit"]
    assert content["video"].to_pylist() == ["shop"] * 3
    assert content["person"].to_pylist() == ["shop:1", "shop:2", "shop:1"]


def test_a_table_without_persons_gets_no_column_person(tmp_path):
    write_parquet(empty_table(OCCUPANCY_CHANGES), tmp_path / "occupancy.parquet", video="shop")
    names = pq.read_schema(tmp_path / "occupancy.parquet").names
    assert names == ["video", "zone", "timestamp_ms", "persons"]


def test_a_column_video_comes_back_as_the_left_level_of_the_index(tmp_path):
    visits = make_visits()
    write_parquet(visits, tmp_path / "visits.parquet", video="shop")
    read = read_parquet(tmp_path / "visits.parquet")
    assert list(read.index.names) == ["video", "zone", "person_index", "visit"]
    assert_same(read.droplevel("video"), visits)


def test_a_table_of_many_videos_is_written_as_the_export_writes_it(tmp_path):
    write_parquet(make_visits(), tmp_path / "one.parquet", video="shop")
    write_parquet(read_parquet(tmp_path / "one.parquet"), tmp_path / "many.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "many.parquet").read_bytes()


def test_a_video_cannot_be_given_for_a_table_that_has_one(tmp_path):
    with pytest.raises(ParameterError, match="the videos table already has the key 'video'"):
        write_parquet(empty_table(VIDEOS), tmp_path / "videos.parquet", video="shop")


def test_moments_are_milliseconds_and_spans_are_seconds(tmp_path):
    write_parquet(make_visits(), tmp_path / "visits.parquet")
    content = pq.read_table(tmp_path / "visits.parquet")
    assert content["entered_ms"].to_pylist() == [0, 40, 5000]
    assert content["dwell_s"].to_pylist() == [1.001, 0.05, 2.0]
    assert content["entry"].to_pylist() == ["video_start", "crossed", "crossed"]


def test_what_is_missing_is_null_and_never_nan(tmp_path):
    write_parquet(make_detections({1: [(0, 0.5, 0.5), (40, None, None)]}), tmp_path / "detections.parquet")
    content = pq.read_table(tmp_path / "detections.parquet")
    assert content["left"].null_count == 1
    assert not pc.any(pc.is_nan(content["left"])).as_py()


def test_the_types_are_those_that_every_reader_knows(tmp_path):
    allowed = {pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us", tz="UTC")}
    for schema in TABLES.values():
        write_parquet(empty_table(schema, unit="px"), tmp_path / "table.parquet")
        content = pq.read_schema(tmp_path / "table.parquet")
        assert set(content.types) <= allowed
        assert set(content.metadata) == {b"ptrack_analysis.table", b"ptrack_analysis.package"}


def test_units_and_definitions_stand_in_the_metadata_of_the_columns(tmp_path):
    write_parquet(make_trajectories(5), tmp_path / "trajectories.parquet", video="shop")
    schema = pq.read_schema(tmp_path / "trajectories.parquet")
    units = {name: schema.field(name).metadata[b"unit"].decode() for name in schema.names}
    assert units["timestamp_ms"] == "ms"
    assert units["time_present_s"] == "s"
    assert units["speed_px_per_s"] == "px/s"
    assert all(schema.field(name).metadata[b"definition"] for name in schema.names)
    assert schema.metadata[b"ptrack_analysis.table"] == b"trajectories"
    assert schema.metadata[b"ptrack_analysis.package"] == b"ptrack-analysis"


def test_the_file_has_the_profile_that_was_measured(tmp_path):
    write_parquet(make_trajectories(200_000), tmp_path / "trajectories.parquet", video="shop")
    with pq.ParquetFile(tmp_path / "trajectories.parquet") as file:
        metadata, schema = file.metadata, file.schema_arrow
    assert metadata.format_version == "2.6"
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [131_072, 68_928]
    group = metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert {name for name, c in columns.items() if c.has_dictionary_page} == {
        "video",
        "person",
        "position_status",
    }
    assert all(column.is_stats_set for column in columns.values())
    assert all(column.has_offset_index and column.has_column_index for column in columns.values())
    order = [schema.names[sorting.column_index] for sorting in group.sorting_columns]
    assert order == ["video", "person_index", "timestamp_ms"]


def test_unsorted_rows_keep_their_order_and_no_order_is_claimed(tmp_path):
    visits = make_visits().iloc[[2, 0, 1]]
    write_parquet(visits, tmp_path / "visits.parquet")
    assert_same(read_parquet(tmp_path / "visits.parquet"), visits)
    assert pq.read_metadata(tmp_path / "visits.parquet").row_group(0).sorting_columns == ()


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in "ab":
        write_parquet(make_trajectories(1000), tmp_path / name, video="shop")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_that_was_read_can_be_changed(tmp_path):
    write_parquet(make_trajectories(10), tmp_path / "trajectories.parquet")
    read = read_parquet(tmp_path / "trajectories.parquet")
    read.loc[:, "x_px"] = 1.0
    read.iloc[0, read.columns.get_loc("tracklet")] = 5
    assert read["tracklet"].iloc[0] == 5


@pytest.mark.parametrize("schema", TABLES.values(), ids=TABLES)
def test_the_schema_is_found_by_the_names_of_index_and_columns(schema):
    found = find_schema(empty_table(schema, unit="px"))
    assert found.name == schema.name.replace(
        "queue_length", "occupancy_changes"
    )  # their columns are the same


REFUSED = {
    "a time": (lambda t: t.assign(mine=pd.Timedelta("1s")), "'mine' must be .*, got timedelta64"),
    "an object": (
        lambda t: t.assign(mine=pd.Series([{}] * 3, index=t.index)),
        "'mine' must be .*, got object",
    ),
    "a float16": (lambda t: t.assign(mine=np.float16(1)), "'mine' must be .*, got float16"),
    "an unsigned": (lambda t: t.assign(mine=np.uint64(1)), "'mine' must be .*, got uint64"),
    "a wall clock": (
        lambda t: t.assign(mine=pd.Timestamp("2024-01-01")),
        "'mine' must be .*, got datetime64",
    ),
    "categories of numbers": (
        lambda t: t.assign(mine=pd.Categorical([1, 2, 1])),
        "categories of str, got int64",
    ),
    "a name of no text": (lambda t: t.assign(mine=1).rename(columns={"mine": 7}), "the name 7 must be text"),
    "the name video": (lambda t: t.assign(video="shop"), "'video' is taken by another stored column"),
    "the name person": (lambda t: t.assign(person="a"), "'person' is taken by another stored column"),
    "a stored name": (lambda t: t.assign(dwell_s=1.0), "'dwell_s' is taken by another stored column"),
    "another case": (lambda t: t.assign(Zone="a"), "'Zone' is taken by another stored column"),
    "two of one name": (lambda t: t.assign(mine=1, Mine=2), "'Mine' is taken by another stored column"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_a_further_column_that_cannot_be_stored_is_refused_by_name(change, message, tmp_path):
    with pytest.raises(SchemaError, match=message):
        write_parquet(change(make_visits()), tmp_path / "visits.parquet")
    assert list(tmp_path.iterdir()) == []


def test_all_further_columns_that_cannot_be_stored_are_named_at_once(tmp_path):
    visits = make_visits().assign(one=pd.Timedelta("1s"), two=np.float16(1))
    with pytest.raises(SchemaError, match=r"'one' must be .*; 'two' must be "):
        write_parquet(visits, tmp_path / "visits.parquet")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [1]}), r"no table of the package has the index \[None\]"),
        ([1, 2], "must be a pandas.DataFrame, got list"),
        (make_visits().drop(columns="dwell"), "column 'dwell' is missing"),
        (pd.concat([make_visits(), make_visits()], axis=1), "column 'entered' occurs twice"),
    ],
    ids=["another table", "no table", "a column is missing", "columns twice"],
)
def test_what_is_no_table_of_the_schema_is_refused(table, message, tmp_path):
    with pytest.raises(SchemaError, match=message):
        write_parquet(table, tmp_path / "table.parquet")


def test_a_table_is_refused_as_another_than_it_is(tmp_path):
    with pytest.raises(SchemaError, match="not a tracks table"):
        write_parquet(make_visits(), tmp_path / "table.parquet", schema=TRACKS)


def test_a_table_with_points_and_more_can_be_written_as_points(tmp_path):
    trajectories = make_trajectories(4).drop(columns=["position_status", "time_present"])
    write_parquet(trajectories, tmp_path / "points.parquet", schema=POINTS)
    assert_same(read_parquet(tmp_path / "points.parquet"), trajectories)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        write_parquet(make_visits(), tmp_path)


def _flip_a_byte(path):
    content = bytearray(path.read_bytes())
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(0).column(3)
    content[column.data_page_offset + column.total_compressed_size - 3] ^= 0xFF
    path.write_bytes(content)


def _other_type(path):
    content = pq.read_table(path)
    place = content.column_names.index("entered_ms")
    pq.write_table(content.set_column(place, "entered_ms", content["entered_ms"].cast(pa.int32())), path)


def _other_choice(path):
    content = pq.read_table(path)
    place = content.column_names.index("entry")
    pq.write_table(content.set_column(place, "entry", pa.array(["flew"] * 3)), path)


def _broken_categories(path):
    content = pq.read_table(path)
    field = pa.field("mine", pa.string(), metadata={"ptrack_analysis.categories": "{"})
    pq.write_table(content.append_column(field, pa.array(["a"] * 3)), path)


def _further_column(path):
    content = pq.read_table(path)
    pq.write_table(content.append_column("mine", pa.array([1, 2, 3], pa.duration("s"))), path)


DAMAGED = {
    "missing": (lambda path: path.unlink(), "No such file"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as Parquet"),
    "text": (lambda path: path.write_text("zone,dwell\na,1\n"), "cannot be read as Parquet"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-50]), "cannot be read as Parquet"),
    "a flipped byte": (_flip_a_byte, "CRC checksum verification failed"),
    "another's": (lambda path: pq.write_table(pa.table({"a": [1]}), path), "not a table written by ptrack"),
    "a column less": (lambda path: pq.write_table(pq.read_table(path).drop_columns("zone"), path), "'zone'"),
    "another type": (_other_type, "column 'entered_ms' must be int64, got int32"),
    "another choice": (_other_choice, "a value of a column is not one of crossed, frame_edge, video_start"),
    "broken categories": (_broken_categories, "column 'mine' has invalid categories"),
    "a strange column": (_further_column, r"column 'mine' has type duration\[s\]"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_file_that_is_not_ours_is_refused_in_one_sentence(damage, message, tmp_path):
    path = tmp_path / "visits.parquet"
    write_parquet(make_visits(), path)
    damage(path)
    with pytest.raises(InputError, match=message) as caught:
        read_parquet(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_parquet_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_parquet(tmp_path)


def test_a_path_that_looks_like_a_partition_adds_no_column(tmp_path):
    folder = tmp_path / "zone=7"
    folder.mkdir()
    write_parquet(make_visits(), folder / "visits.parquet")
    assert_same(read_parquet(folder / "visits.parquet"), make_visits())


@pytest.mark.parametrize("unit", HEATMAP.units)
def test_a_heatmap_keeps_its_unit(unit, tmp_path):
    arrays = {"basis": ["boxes"], "row": [0], "column": [0], "x_{u}": [0.5], "y_{u}": [0.5], "seconds": [1.5]}
    heatmap = assemble(HEATMAP, {name: np.array(values) for name, values in arrays.items()}, unit=unit)
    write_parquet(heatmap, tmp_path / "heatmap.parquet")
    assert_same(read_parquet(tmp_path / "heatmap.parquet"), heatmap)
    field = pq.read_schema(tmp_path / "heatmap.parquet").field(f"x_{unit}")
    assert field.metadata[b"unit"] == unit.encode()


def test_other_readers_see_plain_columns(tmp_path):
    path = tmp_path / "visits.parquet"
    write_parquet(make_visits(), path, video="shop")
    from_pandas = pd.read_parquet(path)
    from_polars = pl.read_parquet(path)
    from_duckdb = duckdb.read_parquet(str(path)).fetchall()
    assert from_pandas.columns.tolist() == from_polars.columns
    assert from_pandas["entry"].dtype == "str"
    assert from_polars.schema["entry"] == pl.String
    assert from_polars["dwell_s"].to_list() == [1.001, 0.05, 2.0]
    assert from_duckdb == from_polars.rows()


def test_the_categories_of_a_further_column_are_plain_strings_to_other_readers(tmp_path):
    visits = make_visits().assign(
        kind=pd.Categorical(["b", None, "a"], categories=["b", "a", "z"], ordered=True)
    )
    write_parquet(visits, tmp_path / "visits.parquet")
    field = pq.read_schema(tmp_path / "visits.parquet").field("kind")
    assert field.type == pa.string()
    kept = json.loads(field.metadata[b"ptrack_analysis.categories"])
    assert kept == {"categories": ["b", "a", "z"], "ordered": True}


def test_names_in_any_script_are_kept(tmp_path):
    zones = ["Käse", "入口", string.punctuation]
    visits = make_visits().reset_index()
    visits["zone"] = pd.array(zones, dtype="str")
    visits = visits.set_index(VISITS.key_names)
    write_parquet(visits, tmp_path / "visits.parquet", video="shop")
    assert pl.read_parquet(tmp_path / "visits.parquet")["zone"].to_list() == zones


def test_detections_with_faces_come_back_with_them(tmp_path):
    detections = make_detections({1: [(0, 0.5, 0.5), (40, None, None)]}, faces=True)
    write_parquet(detections, tmp_path / "detections.parquet", schema=DETECTIONS)
    assert_same(read_parquet(tmp_path / "detections.parquet"), detections)
