"""Tables: what is one, and what is said of what is not."""

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video

from ptrack_analysis import compute_tracks, compute_trajectories, frames_to_timestamps
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import (
    DETECTIONS,
    TABLES,
    TRACKS,
    TRAJECTORIES,
    dictionary,
    empty_table,
    find_unit,
    in_seconds,
    validate,
)

CASES = [(table, unit) for table in TABLES.values() for unit in (table.units if table.in_plane else (None,))]


@pytest.mark.parametrize(("table", "unit"), CASES, ids=[f"{table.name}-{unit}" for table, unit in CASES])
def test_an_empty_table_is_one(table, unit):
    made = empty_table(table, unit=unit)
    validate(made, table)
    assert made.empty
    if unit:
        assert find_unit(made, table) == unit


def test_names_are_unique_and_texts_are_sentences():
    for table in TABLES.values():
        names = [column.name for column in (*table.key, *table.columns)]
        assert len(set(names)) == len(names)
        assert all(column.text.endswith(".") for column in (*table.key, *table.columns))


DETECTION = make_detections({0: [(0, 0.5, 0.5), (9, 0.5, 0.5)]})
TRAJECTORY = compute_trajectories(DETECTION, make_video())
WRONG = {
    "no table": ([1], DETECTIONS, "not a detections table: got [1]. Make it with read_tracking(path)"),
    "plain index": (
        DETECTION.reset_index(),
        DETECTIONS,
        "index is [None], not ['timestamp', 'person_index']",
    ),
    "swapped index": (DETECTION.swaplevel(), DETECTIONS, "index is ['person_index', 'timestamp'], not"),
    "missing column": (DETECTION.drop(columns="left"), DETECTIONS, "column 'left' is missing"),
    "other dtype": (DETECTION.astype({"top": "float32"}), DETECTIONS, "column 'top' is float32, not float64"),
    "several": (
        DETECTION.drop(columns="left").astype({"top": "float32"}),
        DETECTIONS,
        "column 'left' is missing; column 'top' is float32, not float64",
    ),
    "other resolution": (
        DETECTION.set_axis(DETECTION.index.set_levels(DETECTION.index.levels[0].as_unit("us"), level=0)),
        DETECTIONS,
        "index level 'timestamp' is timedelta64[us], not timedelta64[ms]",
    ),
    "a key twice": (
        pd.concat([DETECTION, DETECTION]),
        DETECTIONS,
        "the key (0 days 00:00:00, 0) occurs twice",
    ),
    "missing key": (
        DETECTION.set_axis(
            pd.MultiIndex.from_arrays(
                [pd.to_timedelta([None, None]).as_unit("ms"), [0, 1]], names=DETECTIONS.key_names
            )
        ),
        DETECTIONS,
        "index level 'timestamp' has a missing value",
    ),
    "several videos": (
        pd.concat({"a": DETECTION}, names=["video"]),
        DETECTIONS,
        "its index has the level 'video'",
    ),
    "no plane": (
        TRAJECTORY.rename(columns=lambda name: name.replace("px", "ft")),
        TRAJECTORIES,
        "it has no column 'x_px' or 'x_m'",
    ),
    "two planes": (TRAJECTORY.assign(x_m=1.0), TRAJECTORIES, "its columns mix px and m"),
    "other categories": (
        TRAJECTORY.assign(position_status=pd.Categorical(["detected", "detected"])),
        TRAJECTORIES,
        "column 'position_status' has categories ('detected',), not ('detected', 'interpolated', 'missing')",
    ),
    "another table": (
        compute_tracks(TRAJECTORY),
        TRAJECTORIES,
        "got a tracks table. Make it with compute_trajectories(detections, video)",
    ),
}


@pytest.mark.parametrize(("table", "schema", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_table_is_refused_with_all_its_defects(table, schema, said):
    with pytest.raises(SchemaError) as refused:
        validate(table, schema)
    assert said in str(refused.value)


def test_rows_may_come_in_any_order_with_further_columns():
    validate(DETECTION.iloc[::-1].assign(note="x"), DETECTIONS)
    with pytest.raises(SchemaError, match="occurs twice"):
        validate(pd.concat([DETECTION.iloc[::-1], DETECTION.iloc[:1]]), DETECTIONS)


def test_the_dictionary_has_every_column_with_its_unit():
    text = dictionary(TABLES.values())
    for table in TABLES.values():
        assert f"## {table.name}\n" in text
    assert "| `x_px` or `x_m` | float64 | px or m |" in text
    assert (
        "| `time_in_scene` | timedelta64[ms] | s | Time in the scene: the sum of time_present. |"
        in dictionary([TRACKS])
    )


@pytest.mark.parametrize(
    ("rate", "frames", "expected"),
    [
        (25.0, [0, 1, 2, 1000], [0, 40, 80, 40_000]),
        (29.97, [0, 1, 2, 3, 2997], [0, 33, 66, 100, 100_000]),
        (30000 / 1001, [30_000], [1_001_000]),
        (29.969999313354492, [2997], [100_000]),
        (16.0, [1, 2, 3], [62, 125, 187]),
        (0.5, [1], [2000]),
    ],
)
def test_frames_become_milliseconds_by_exact_arithmetic(rate, frames, expected):
    assert frames_to_timestamps(np.array(frames), rate).tolist() == expected


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_frame_rate_that_is_none_is_refused(rate):
    with pytest.raises(ParameterError, match="frame_rate must be"):
        frames_to_timestamps(np.array([1]), rate)


def test_times_in_seconds_are_floats_named_as_in_a_dataset():
    index = pd.MultiIndex.from_arrays(
        [[1, 2], pd.to_timedelta([0, 2500], unit="ms")], names=["person_index", "timestamp"]
    )
    table = pd.DataFrame({"dwell": pd.to_timedelta([1500, None], unit="ms"), "visits": [1, 2]}, index=index)
    converted = in_seconds(table)
    assert converted.index.names == ["person_index", "timestamp_s"]
    assert converted.index.get_level_values("timestamp_s").tolist() == [0.0, 2.5]
    assert converted["dwell_s"].tolist()[0] == 1.5
    assert converted["dwell_s"].isna().tolist() == [False, True]
    assert converted["visits"].tolist() == [1, 2]
    with pytest.raises(SchemaError, match=r"table must be a pandas.DataFrame, got a list"):
        in_seconds([])
