"""Moments by the clock in the stored form: written exactly, left out again when read."""

import csv
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import make_detections, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_tracks, compute_trajectories, read_parquet, write_parquet
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.pipeline.tables import videos_table
from ptrack_analysis.schema import DETECTIONS, TABLES, assemble
from ptrack_analysis.storage.arrow import to_arrow
from ptrack_analysis.storage.columns import add_video_key, stored_columns
from ptrack_analysis.storage.parquet import write_csv

STARTED = datetime.fromisoformat("2026-11-24T09:30:00.000001+01:00")
DETECTED = make_detections({1: [(0, 0.5, 0.5), (33, 0.5, 0.5)], 2: [(86_400_000, 0.5, 0.5)]})


def test_each_moment_has_its_twin_behind_it(tmp_path):
    place = tmp_path / "detections.parquet"
    write_parquet(DETECTED, place, video="v", started_at=STARTED)
    stored = pq.read_table(place)
    names = stored.column_names
    assert names[names.index("timestamp_ms") + 1] == "recorded_at"
    field = stored.schema.field("recorded_at")
    assert field.type == pa.timestamp("us", tz="UTC")
    definition = b"timestamp_ms as a time in UTC; missing without a clock."
    assert field.metadata == {b"unit": b"UTC", b"definition": definition}
    assert [one.isoformat() for one in stored["recorded_at"].to_pylist()] == [
        "2026-11-24T08:30:00.000001+00:00",
        "2026-11-24T08:30:00.033001+00:00",
        "2026-11-25T08:30:00.000001+00:00",
    ]


def test_the_table_is_read_back_without_twins(tmp_path):
    tracks = compute_tracks(compute_trajectories(DETECTED, make_video()))
    for number, table in enumerate((DETECTED, tracks)):
        write_parquet(table, tmp_path / f"{number}.parquet", started_at=STARTED)
        assert_frame_equal(read_parquet(tmp_path / f"{number}.parquet"), table)
    assert {"first_seen_at", "last_seen_at"} <= set(pq.read_schema(tmp_path / "1.parquet").names)


def test_without_a_clock_there_are_no_twins():
    assert not [name for name in to_arrow(DETECTED).column_names if name.endswith("_at")]


def test_a_missing_moment_has_a_missing_twin():
    video = make_video(1000, started_at=STARTED)
    stored = to_arrow(videos_table(video, start="500ms"), started_at=STARTED)
    assert stored["analyzed_to_at"].to_pylist() == [None]
    assert stored["analyzed_from_at"].to_pylist() == [STARTED + timedelta(milliseconds=500)]
    assert stored["started_at"].to_pylist() == [STARTED]


@pytest.mark.parametrize("schema", TABLES.values(), ids=TABLES.keys())
def test_no_twin_has_the_name_of_another_column(schema):
    for unit in schema.units:
        names = [one.name for one in stored_columns(add_video_key(schema), unit, clocked=True)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["survival", "service_levels", "sensitivity"])
def test_lengths_in_a_key_are_no_moments_of_the_video(name):
    assert not [one for one in stored_columns(TABLES[name], clocked=True) if one.moment_name]


def test_moments_in_a_csv_file_are_iso_8601(tmp_path):
    place = tmp_path / "detections.csv"
    write_csv(DETECTED, place, video="v", started_at=STARTED)
    rows = list(csv.DictReader(place.read_text().splitlines()))
    assert rows[1]["recorded_at"] == "2026-11-24T08:30:00.033001Z"
    assert datetime.fromisoformat(rows[1]["recorded_at"]) == STARTED + timedelta(milliseconds=33)


def test_a_column_of_the_users_own_with_the_name_of_a_twin_is_refused():
    with pytest.raises(SchemaError, match="'recorded_at' is taken by another stored column"):
        to_arrow(DETECTED.assign(recorded_at="x"))


def test_a_start_without_a_zone_is_refused():
    with pytest.raises(ParameterError, match=r"must have an offset such as .*, got the local time"):
        to_arrow(DETECTED, started_at=STARTED.replace(tzinfo=None))


def test_a_start_for_several_videos_is_refused():
    both = pd.concat({"a": DETECTED, "b": DETECTED}, names=["video"])
    with pytest.raises(ParameterError, match="the detections table has several videos"):
        to_arrow(both, started_at=STARTED)
    one = to_arrow(pd.concat({"a": DETECTED}, names=["video"]), started_at=STARTED)
    assert "recorded_at" in one.column_names


def test_a_moment_beyond_the_calendar_is_refused():
    late = assemble(
        DETECTIONS,
        {name: np.zeros(1) for name in ("left", "top", "width", "height")}
        | {"timestamp": np.array([2**62]), "person_index": np.array([1])},
    )
    with pytest.raises(ParameterError, match="timestamp_ms has a time beyond the calendar"):
        to_arrow(late, started_at=STARTED)


@given(st.lists(st.integers(0, 2**45), max_size=5, unique=True), st.datetimes(timezones=st.timezones()))
def test_a_twin_is_the_start_and_the_moment_to_the_microsecond(moments, started):
    table = make_detections({1: [(ms, 0.5, 0.5) for ms in sorted(moments)]})
    twins = to_arrow(table, started_at=started)["recorded_at"].cast(pa.int64()).to_pylist()
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    start = (started - epoch) // timedelta(microseconds=1)
    assert twins == [start + 1000 * ms for ms in sorted(moments)]
