"""Footfall per day in the overview: counts per local day, their mean and its interval."""

import json
import re

import numpy as np
import pytest
from pages import METADATA, page, record, write
from scipy import stats

from ptrack_analysis import export_dataset, write_report

SHAPES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "door", "kind": "entrance"},
            "geometry": {"type": "LineString", "coordinates": [[0.5, 1.0], [0.5, 0.0]]},
        },
        {
            "type": "Feature",
            "properties": {"name": "hall"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0], [0.5, 0.0]]],
            },
        },
    ],
}


def footfall(folder, people, **options):
    """Export a video per day in which so many people cross the door inwards, and return the table."""
    zones = write(folder / "zones.geojson", SHAPES)
    rows = ["video,started_at,timezone"]
    for day, count in enumerate(people, 1):
        records = [
            record(2000 * person + 500 * step, person, box=(0.2 + 0.1 * step, 0.3, 0.1, 0.3))
            for person in range(count)
            for step in range(6)
        ]
        job = {"JobId": f"job-{day}", "VideoMetadata": {**METADATA, "DurationMillis": 60_000}}
        write(folder / f"in/day{day}.json", page(*sorted(records, key=json.dumps), **job))
        rows.append(f"day{day},2026-03-{day:02d}T23:30:00+01:00,Europe/Berlin")
    recordings = write(folder / "recordings.csv", "\n".join(rows) + "\n")
    export_dataset(folder / "in", folder / "out", zones=zones, recordings=recordings, **options)
    write_report(folder / "out", folder / "out.html")
    html = (folder / "out.html").read_text(encoding="utf-8")
    tables = json.loads(re.search(r'id="tables-data">(.*?)</script>', html, re.DOTALL)[1])
    return {row[0]: row[1:] for table in tables if table["name"] == "footfall" for row in table["rows"]}


@pytest.mark.parametrize("people", [[5, 0, 3, 8]], ids=["with a day of no one"])
def test_footfall_has_the_interval_of_the_mean_over_days(tmp_path, people):
    rows = footfall(tmp_path, people)
    mean = np.mean(people)
    deviation = np.sqrt(max(np.var(people, ddof=1), mean) / len(people)) / mean
    spread = np.exp(stats.t.ppf(0.975, len(people) - 1) * deviation)
    for name, counted in (("door", "inward crossings"), ("hall", "visits")):
        assert rows[name][:3] == [counted, 4, sum(people)]
        assert rows[name][3:6] == pytest.approx([mean, mean / spread, mean * spread])
        assert not rows[name][6]


def test_below_three_days_footfall_has_no_interval_and_says_why(tmp_path):
    rows = footfall(tmp_path, [4, 2])
    for name in ("door", "hall"):
        assert rows[name][1:] == [2, 6, 3.0, None, None, "fewer than 3 days"]


def test_footfall_of_days_with_small_counts_is_withheld(tmp_path):
    rows = footfall(tmp_path, [6, 1, 7], min_count=3, tables="occupancy,counts,visits_hourly")
    for name in ("door", "hall"):
        assert rows[name][2:4] == ["withheld", "withheld"]
        assert rows[name][4:] == [None, None, "the count of a day is withheld"]
