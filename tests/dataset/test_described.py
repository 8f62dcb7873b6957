"""What describes a dataset says the truth of every file: with a clock, salted, without small counts."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import expressions

from ptrack_analysis import Video
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.export import export_dataset

STARTED = Video(started_at=pd.Timestamp("2024-05-06T23:59:50Z").to_pydatetime())
CASES = {
    "with a clock": {"video": STARTED},
    "salted": {"salt": "sixteen letters!", "stitch": True},
    "without small counts": {"min_count": 2},
    "all withheld by the clock": {"min_count": 2, "salt": "sixteen letters!", "video": STARTED},
}
ATHENA = {
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def out(request, data, tmp_path_factory):
    folder, day = tmp_path_factory.mktemp("described") / "out", data / "day"
    settings = {"zones": day / "zones.geojson", "floor": day / "floor.json", "tables": "all", "faces": True}
    export_dataset(day / "pages", folder, **settings, **request.param)
    return folder


def written(out, name):
    return pq.read_schema(out / f"{name}.parquet" if name in DIMENSIONS else out / name / "noon.parquet")


def test_the_dictionary_defines_every_column_of_every_file(out):
    text = (out / "dictionary.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert {path.parent.name for path in out.glob("*/*.parquet")} == sections.keys() - DIMENSIONS.keys()
    for name, section in sections.items():
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.+?) \|$", section, re.MULTILINE)
        fields = written(out, name)
        types = [str(field.type).replace("tz=", "") for field in fields]
        marks = [[field.metadata[mark].decode() for mark in (b"unit", b"definition")] for field in fields]
        assert rows == [(f.name, kind, *mark) for f, kind, mark in zip(fields, types, marks, strict=True)]


def test_the_tables_of_athena_have_the_columns_and_types_of_the_files(out):
    statements = sqlglot.parse((out / "views/athena.sql").read_text(), dialect="athena")
    tables = [one for one in statements if one.args["kind"] == "TABLE"]
    assert len(tables) >= 12
    for table in tables:
        columns = [(c.name, c.args["kind"].sql().upper()) for c in table.find_all(expressions.ColumnDef)]
        columns = [(column, {"TEXT": "VARCHAR"}.get(kind, kind)) for column, kind in columns]
        fields = written(out, table.find(expressions.Table).name)
        assert columns == [(field.name, ATHENA[field.type]) for field in fields]
