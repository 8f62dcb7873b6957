"""What else reads an archive's pages: each to one array a column of DETECTIONS, in its best form."""

import json

import numpy as np
import pandas as pd

BOX = ("Left", "Top", "Width", "Height")
PARTS = {
    "Person.BoundingBox": dict(zip(BOX, ("left", "top", "width", "height"), strict=True)),
    "Person.Face.BoundingBox": dict(zip(BOX, (f"face_{side.lower()}" for side in BOX), strict=True)),
    "Person.Face": {"Confidence": "face_confidence"},
    "Person.Face.Pose": {"Roll": "face_roll", "Yaw": "face_yaw", "Pitch": "face_pitch"},
    "Person.Face.Quality": {"Brightness": "face_brightness", "Sharpness": "face_sharpness"},
}
NAMES = {"Timestamp": "timestamp", "Person.Index": "person_index"} | {
    f"{path}.{field}": name for path, fields in PARTS.items() for field, name in fields.items()
}


def normalize(archive):
    """Read with json.loads and pandas.json_normalize, page by page, which is faster than all at once."""
    pages = [pd.json_normalize(json.loads(file.read_bytes())["Persons"]) for file in archive.files]
    table = pd.concat(pages, ignore_index=True)
    return {name: table[path].to_numpy() for path, name in NAMES.items()}


def orjson_loop(archive):
    """Read with orjson and a loop over the records, a row each, as scripts do it."""
    import orjson  # noqa: PLC0415 - a rival is imported when it runs

    rows, nothing = [], {}
    for file in archive.files:
        for record in orjson.loads(file.read_bytes())["Persons"]:
            person = record["Person"]
            face = person.get("Face", nothing)
            box, face_box = person.get("BoundingBox", nothing).get, face.get("BoundingBox", nothing).get
            pose, quality = face.get("Pose", nothing).get, face.get("Quality", nothing).get
            rows.append(
                (
                    record["Timestamp"],
                    person["Index"],
                    *(box("Left"), box("Top"), box("Width"), box("Height")),
                    *(face_box("Left"), face_box("Top"), face_box("Width"), face_box("Height")),
                    face.get("Confidence"),
                    *(pose("Roll"), pose("Yaw"), pose("Pitch")),
                    *(quality("Brightness"), quality("Sharpness")),
                )
            )
    columns = dict(zip(NAMES.values(), np.array(rows, "float64").T, strict=True))
    return columns | {name: columns[name].astype("int64") for name in ("timestamp", "person_index")}


def arrow(archive):
    """Read with pyarrow.json, its types given, and flatten with its kernels."""
    import pyarrow as pa  # noqa: PLC0415 - a rival is imported when it runs
    import pyarrow.compute as pc  # noqa: PLC0415
    from pyarrow import json as arrow_json  # noqa: PLC0415

    pa.set_cpu_count(1)
    number = pa.float64()
    persons = pa.list_(_record(lambda **fields: pa.struct(list(fields.items())), pa.int64(), number))
    table = arrow_json.read_json(
        archive.lines,
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=4 << 20),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=pa.schema([("Persons", persons)]), unexpected_field_behavior="ignore"
        ),
    )
    records = pc.list_flatten(table["Persons"]).combine_chunks()
    return {
        name: pc.struct_field(records, path.split(".")).to_numpy(zero_copy_only=False)
        for path, name in NAMES.items()
    }


def polars(archive):
    """Read with polars' read_json, its types given, and flatten with explode.

    Page by page, from bytes: several times faster than its read_ndjson and its str.json_decode.
    """
    import polars as pl  # noqa: PLC0415

    persons = pl.List(_record(lambda **fields: pl.Struct(fields), pl.Int64, pl.Float64))
    pages = [pl.read_json(file.read_bytes(), schema={"Persons": persons}) for file in archive.files]
    table = pl.concat(pages).select(record=pl.col("Persons").explode())
    table = table.select(_field(pl.col("record"), path).alias(name) for path, name in NAMES.items())
    return {name: table[name].to_numpy() for name in table.columns}


def _field(expression, path):
    for field in path.split("."):
        expression = expression.struct.field(field)
    return expression


def duckdb(archive):
    """Read with DuckDB's read_json, its columns given, and flatten with unnest."""
    import duckdb as engine  # noqa: PLC0415

    def struct(**fields):
        members = (f'"{name}" {kind}' for name, kind in fields.items())
        return f"STRUCT({', '.join(members)})"

    persons = f"{_record(struct, 'BIGINT', 'DOUBLE')}[]"
    places = {path: path.replace(".", '"."') for path in NAMES}
    columns = ", ".join(f'record."{places[path]}" AS "{name}"' for path, name in NAMES.items())
    query = (
        f"SELECT {columns} FROM (SELECT unnest(Persons) AS record FROM read_json(?, "  # noqa: S608
        f"format = 'newline_delimited', columns = {{'Persons': '{persons}'}}))"
    )
    with engine.connect(config={"threads": 1}) as connection:
        table = connection.execute(query, [str(archive.lines)]).fetchnumpy()
    return {
        name: values.filled(float("nan")) if hasattr(values, "filled") else values
        for name, values in table.items()
    }


def clickhouse(archive):
    """Read with ClickHouse's chdb, its columns given, and flatten with arrayJoin."""
    import chdb  # noqa: PLC0415

    def struct(**fields):
        return f"Tuple({', '.join(f'{name} {kind}' for name, kind in fields.items())})"

    persons = f"Array({_record(struct, 'Int64', 'Nullable(Float64)')})"
    columns = ", ".join(f"record.{path} AS {name}" for path, name in NAMES.items())
    query = (
        f"SELECT {columns} FROM (SELECT arrayJoin(Persons) AS record FROM "  # noqa: S608
        f"file('{archive.lines}', JSONEachRow, 'Persons {persons}')) SETTINGS max_threads = 1, "
        "input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1, "
        "input_format_json_defaults_for_missing_elements_in_named_tuple = 1"
    )
    table = chdb.query(query, "ArrowTable")
    return {name: table[name].to_numpy() for name in table.column_names}


def _record(struct, whole, number):
    """Build the type of one element of Persons, without the faces' landmarks, in a rival's own words."""
    box = struct(**dict.fromkeys(BOX, number))
    face = struct(
        BoundingBox=box,
        Confidence=number,
        Pose=struct(Roll=number, Yaw=number, Pitch=number),
        Quality=struct(Brightness=number, Sharpness=number),
    )
    return struct(Timestamp=whole, Person=struct(Index=whole, BoundingBox=box, Face=face))


RIVALS = {
    "json_normalize": (normalize, "pages", "json.loads, pandas.json_normalize"),
    "orjson": (orjson_loop, "pages", "orjson.loads, a loop over records"),
    "pyarrow.json": (arrow, "lines", "types given"),
    "polars": (polars, "pages", "read_json, types given"),
    "chdb": (clickhouse, "lines", "columns given"),
    "DuckDB": (duckdb, "lines", "columns given"),
}
"""What reads pages, which of the two forms of an archive is the faster for it, and how it is used."""
