"""The configured observed entries and exits hold in views, hourly tables and the overview of a dataset."""

import json
import re

import duckdb
import pytest
from pages import METADATA, page, record, write

from ptrack_analysis import export_dataset, open_dataset, write_report
from ptrack_analysis.dataset.compaction import compact_dataset

ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "hall"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[0.2, 0.0], [0.8, 0.0], [0.8, 1.0], [0.2, 1.0], [0.2, 0.0]]],
            },
        }
    ],
}


@pytest.fixture(scope="module", params=[False, True], ids=["as exported", "compacted"])
def out(request, tmp_path_factory):
    """Export two videos in which a person appears in the middle of a zone and is lost there."""
    folder = tmp_path_factory.mktemp("ends")
    zones = write(folder / "zones.geojson", ZONES)
    rows = [record(moment, 1, box=(0.45, 0.4, 0.1, 0.3)) for moment in range(5000, 10_000, 500)]
    for number, name in enumerate("ab"):
        job = {"JobId": f"job-{name}", "VideoMetadata": {**METADATA, "DurationMillis": 60_000}}
        write(folder / f"{name}.json", page(*rows, **job))
        recordings = write(
            folder / f"{name}.csv",
            f"video,started_at,timezone\n{name},2026-03-30T09:00:00,Europe/Berlin\n",
        )
        ends = [{}, {"observed_entries": ["appeared"], "observed_exits": ["lost"]}][number]
        export_dataset(
            folder / f"{name}.json", folder / "out", zones=zones, recordings=recordings, tables="all", **ends
        )
    if request.param:
        compact_dataset(folder / "out")
    return folder / "out"


def test_the_view_of_dwell_uses_the_observed_ends_of_each_video(out):
    query = (out / "views/duckdb.sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"file_search_path": str(out)}) as connection:
        connection.execute(query)
        rows = connection.execute(
            "SELECT video, start_unobserved, end_unobserved FROM dwell_by_zone ORDER BY video"
        ).fetchall()
    dwell = open_dataset(out).read("dwell").droplevel("zone")
    assert rows == [("a", 1, 1), ("b", 0, 0)]
    assert dwell[["start_unobserved", "end_unobserved"]].to_numpy().tolist() == [[1, 1], [0, 0]]


def test_the_hourly_entries_are_those_at_which_the_start_is_observed(out):
    hourly = open_dataset(out).read("visits_hourly")
    assert hourly["entries"].groupby(level="video").sum().to_dict() == {"a": 0, "b": 1}


def test_the_overview_counts_unobserved_ends_as_configured(out, tmp_path):
    write_report(out, tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    tables = json.loads(re.search(r'id="tables-data">(.*?)</script>', html, re.DOTALL)[1])
    (zones,) = [table["rows"] for table in tables if table["name"] == "zones"]
    assert (zones[0][0], zones[0][-1]) == ("hall", 0.5)
    assert zones[0][5] == 5.0
    assert "half last 5.0 s or longer" in html
