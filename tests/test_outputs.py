"""What holds for every output: its table, its files, its definition and its privacy."""

import json
from datetime import UTC, datetime

import pytest
from pages import METADATA, page, record, write

from ptrack_analysis.dataset.batches import compute_table
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.outputs import OUTPUTS, Output, Privacy
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.schema import (
    NOTEBOOK_ONLY,
    RELEASED,
    SALTED,
    SUPPRESSED,
    TABLES,
    TRACKS,
    VIDEOS,
    validate,
)
from ptrack_analysis.storage.parquet import read_parquet, write_parquet
from ptrack_analysis.video import Video

FACE = {"BoundingBox": {"Left": 0.45, "Top": 0.2, "Width": 0.05, "Height": 0.1}, "Confidence": 99.0}
FACE |= {"Pose": {"Roll": 0.0, "Yaw": 40.0, "Pitch": 0.0}, "Quality": {"Brightness": 80.0, "Sharpness": 80.0}}
WALKS = {0: (0.05, 0.011), 1: (0.1, 0.011), 2: (0.85, -0.012), 3: (0.5, 0.0)}
"""Where each person begins, and the way of each step, as fractions of the width."""
ROWS = [
    record(100 * step, person, box=(start + way * step, 0.3, 0.1, 0.4), face=FACE if step % 2 else None)
    for step in range(60)
    for person, (start, way) in WALKS.items()
    if not (person == 1 and 20 <= step < 30)
]


def feature(shape, coordinates, **properties):
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def rectangle(x0, x1):
    return [[[x0, 0], [x1, 0], [x1, 1], [x0, 1], [x0, 0]]]


ZONES = {
    "type": "FeatureCollection",
    "unit": "fraction",
    "features": [
        feature("Polygon", rectangle(0, 0.4), name="left"),
        feature("Polygon", rectangle(0.35, 0.7), name="till", kind="queue"),
        feature("LineString", [[0.5, 1], [0.5, 0]], name="door", kind="entrance"),
    ],
}
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
FLOOR = {
    "unit": "m",
    "image_unit": "fraction",
    "bounds": [0, 0, 10, 5],
    "pairs": [{"image": [x, y], "floor": [10 * x, 5 * y]} for x, y in CORNERS],
}


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    zones = write(folder / "zones.geojson", json.dumps(ZONES))
    started = Video(started_at=datetime(2026, 3, 2, 9, 59, 58, tzinfo=UTC))
    return {
        "zones": zones,
        "floor": write(folder / "floor.json", json.dumps(FLOOR)),
        "video": started,
        "faces": True,
        "stitch": True,
        "stop_extent": 1.0,
        "stop_duration": "1s",
        "every": "2s",
        "timezone": "UTC",
        "shape": (6, 8),
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    write(folder / "busy.json", page(*ROWS, job="busy", VideoMetadata=METADATA | {"DurationMillis": 6000}))
    write(folder / "empty.json", page(job="empty"))
    return folder


@pytest.fixture(scope="module")
def busy(archive, options):
    return VideoAnalysis(archive / "busy.json", AnalysisConfig(**options))


@pytest.fixture(scope="module")
def empty(archive, options):
    return VideoAnalysis(archive / "empty.json", AnalysisConfig(**options))


@pytest.fixture(scope="module")
def dictionary(archive, options, tmp_path_factory):
    out = tmp_path_factory.mktemp("dataset") / "out"
    summary = export_dataset(archive, out, **options, tables="all")
    assert {video.status for video in summary.videos} == {"written"}
    return (out / "dictionary.md").read_text(encoding="utf-8")


@pytest.fixture(params=OUTPUTS.values(), ids=OUTPUTS)
def output(request):
    return request.param


def test_the_archive_has_something_for_each_output(busy):
    bare = {name for name in OUTPUTS if busy[name].empty}
    assert bare <= {"stitches", "groups", "box_heatmap"}  # on a floor plan no boxes are drawn


def test_an_outputs_table_is_of_its_schema(output, busy):
    validate(busy[output.name], output.table)


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_an_output_without_people_has_the_same_columns_and_types(output, busy, empty):
    there, none = compute_table(busy, output.name), compute_table(empty, output.name)
    validate(none, output.table)
    assert none.dtypes.to_dict() == there.dtypes.to_dict()
    assert none.index.names == there.index.names
    if output.table.names_people:
        assert none.empty


def test_an_output_is_read_as_it_was_written(output, busy, tmp_path):
    table = compute_table(busy, output.name)
    write_parquet(table, tmp_path / "table.parquet", schema=output.table)
    assert read_parquet(tmp_path / "table.parquet").equals(table)


def test_an_output_is_defined_in_the_dictionary(output, dictionary):
    section = dictionary.partition(f"\n## {output.name}\n")[2].partition("\n## ")[0]
    assert f"/part-*.parquet` is {output.table.row}." in section
    for name in output.table.key_names:
        assert f"| `{name}" in section


def test_an_output_declares_its_privacy(output):
    assert isinstance(output.privacy, Privacy)
    if output.table.names_people:
        assert output.privacy is Privacy.PERSONAL
        assert output.table.name in SALTED
    elif output.has_figures:
        assert output.released_table(salted=False, suppressed=True) is SUPPRESSED[output.table.name]


@pytest.mark.parametrize("name", RELEASED)
def test_what_is_released_of_a_table_is_declared_for_columns_and_levels_that_it_has(name):
    tables = [output.table for output in OUTPUTS.values() if output.table.name == name]
    for table in tables:
        columns = {column.name for column in table.columns}
        figures = {
            column: declared
            for column, declared in RELEASED[name].items()
            if any(one.is_figure for one in declared)
        }
        assert figures.keys() <= columns
        for one in (one for declared in figures.values() for one in declared):
            assert {*one.adds_over} <= {*table.key_names}
            assert one.total in {"", *one.adds_over}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_each_column_of_a_public_table_is_declared_as_released(output):
    if output.privacy is Privacy.PUBLIC:
        missing = {column.name for column in output.table.columns} - RELEASED[output.table.name].keys()
        assert missing <= {"rows_read", "rows_dropped"}


def test_an_output_without_privacy_or_with_another_tables_is_refused():
    with pytest.raises(TypeError, match="privacy"):
        Output("tracks", TRACKS, "tracks")
    with pytest.raises(TypeError, match="output 'tracks': privacy does not match"):
        Output("tracks", TRACKS, "tracks", Privacy.PUBLIC)
    with pytest.raises(TypeError, match="output 'videos': privacy does not match"):
        Output("videos", VIDEOS, "videos", Privacy.PERSONAL)


def test_only_a_table_of_the_trackers_numbers_is_withheld_with_a_salt():
    withheld = {
        name for name, output in OUTPUTS.items() if not output.is_released(salted=True, suppressed=False)
    }
    assert withheld == {"stitches"}


def test_every_table_is_an_output_a_dimension_or_for_notebooks_only():
    forms = {form.name for form in (*SALTED.values(), *SUPPRESSED.values())}
    written = {output.table.name for output in OUTPUTS.values()} | DIMENSIONS.keys()
    assert written | NOTEBOOK_ONLY == TABLES.keys() - forms
    assert not written & NOTEBOOK_ONLY
