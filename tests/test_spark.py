"""Spark reads the folders of an export, flat and partitioned, with plain calls."""

import warnings

import pandas as pd
import pytest
from questions import SQL, TABLES, answers, export_all, truth

from ptrack_analysis.dataset.manifest import read_manifest

pytestmark = pytest.mark.slow


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


@pytest.fixture(scope="module", params=[None, "local_day"], ids=["flat", "by day"])
def out(request, spark, data, tmp_path_factory):
    folder = export_all(data, tmp_path_factory.mktemp("spark"), partition=request.param)
    for name in read_manifest(folder).tables:
        spark.read.parquet(str(folder / name)).createOrReplaceTempView(name)
    return folder


def test_five_questions_have_the_answers_of_pandas_in_spark(spark, out, data):
    found, expected = answers(lambda query: spark.sql(query).collect()), truth(data)
    for question in SQL:
        assert found[question] == pytest.approx(expected[question], rel=1e-6), question


def test_spark_reads_every_row_of_every_table(spark, out):
    for name in read_manifest(out).tables:
        assert spark.table(name).count() == len(pd.read_parquet(out / name, partitioning=None)), name


def test_the_start_of_the_recording_is_the_same_moment_in_spark(spark, out):
    rows = spark.sql("SELECT video, unix_micros(started_at) FROM videos").collect()
    found = {row[0]: row[1] for row in rows}
    assert found["noon"] == pd.Timestamp("2024-05-06T12:59:20+02:00").value // 1000
    assert found["shop"] is None


def test_missing_numbers_are_null_in_spark(spark, out):
    assert {*TABLES} <= {*read_manifest(out).tables}
    trajectories = spark.table("trajectories")
    expected = int(pd.read_parquet(out / "trajectories", partitioning=None)["x_px"].isna().sum())
    assert trajectories.where("x_px IS NULL").count() == expected > 0
    assert trajectories.where("isnan(x_px)").count() == 0
