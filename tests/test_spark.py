"""What Spark reads on an exported dataset."""

import warnings

import pandas as pd
import pyarrow.parquet as pq
import pytest
from questions import SQL, TABLES, answers, recordings, truth

from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.video import Video

pytestmark = pytest.mark.slow

FOLDERS = ["videos", "tracks", "detections", "trajectories", "visits", "occupancy", "heatmap"]
TYPES = {"string": "string", "int64": "bigint", "double": "double", "timestamp[us, tz=UTC]": "timestamp"}


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed (extra: spark)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
            session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        except Exception as error:  # noqa: BLE001 - whatever keeps Java from starting
            pytest.skip(f"Spark does not start here: {error}")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def out(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset") / "out"
    started = Video(started_at=pd.Timestamp("2024-05-06T07:08:09Z").to_pydatetime())
    export_dataset(data / "day/pages", folder, zones=data / "day/zones.geojson", video=started)
    return folder


def test_spark_reads_each_folder_as_one_table_with_the_types_of_its_files(spark, out):
    for folder in FOLDERS:
        table = spark.read.parquet(str(out / folder))
        written = pq.read_schema(out / folder / "noon.parquet")
        assert table.dtypes == [(field.name, TYPES[str(field.type)]) for field in written]
        assert table.count() == len(pd.read_parquet(out / folder))


def test_dwell_in_spark_is_dwell_in_pandas(spark, out):
    rows = spark.read.parquet(str(out / "visits")).groupBy("video", "zone").sum("dwell_s").collect()
    expected = pd.read_parquet(out / "visits").groupby(["video", "zone"])["dwell_s"].sum()
    assert {(row[0], row[1]): row[2] for row in rows} == pytest.approx(expected.to_dict())


def test_the_start_of_the_recording_is_the_same_moment_in_spark(spark, out):
    rows = spark.read.parquet(str(out / "videos")).selectExpr("unix_micros(started_at)").distinct().collect()
    assert [row[0] for row in rows] == [pd.Timestamp("2024-05-06T07:08:09Z").value // 1000]


def test_what_is_missing_is_null_in_spark(spark, out):
    trajectories = spark.read.parquet(str(out / "trajectories"))
    expected = int(pd.read_parquet(out / "trajectories")["x_px"].isna().sum())
    assert trajectories.where("x_px IS NULL").count() == expected
    assert trajectories.where("isnan(x_px)").count() == 0


@pytest.fixture(scope="module")
def chain(spark, data, tmp_path_factory):
    """Give Spark a dataset of three videos with a clock, zones, lines and a floor plan."""
    folder, day = tmp_path_factory.mktemp("chain"), data / "day"
    export_dataset(
        day / "pages",
        folder / "out",
        zones=day / "zones.geojson",
        floor=day / "floor.json",
        recordings=recordings(folder / "videos.csv"),
    )
    for name in TABLES:
        spark.read.parquet(str(folder / "out" / name)).createOrReplaceTempView(name)
    return folder / "out"


def test_the_five_questions_have_the_answers_of_the_pages_in_spark(spark, chain, data):
    found, expected = answers(lambda query: spark.sql(query).collect()), truth(data / "day")
    for question in SQL:
        assert found[question] == pytest.approx(expected[question], rel=1e-12, abs=0)
    assert found["hourly footfall"] == expected["hourly footfall"]
    assert found["transitions"] == expected["transitions"]
