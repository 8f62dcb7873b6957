"""Input from which little can be estimated: every output is computed, and no interval has zero width."""

import json
import re
import warnings
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from pages import METADATA, page, record, write

import ptrack_analysis as pta
from ptrack_analysis.clock import Recording
from ptrack_analysis.errors import PtrackWarning
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.report.key_figures import gather_key_figures
from ptrack_analysis.report.summary import format_page

HOUR = 3_600_000


def polygon(x0, x1):
    return [[[x0, -1.0], [x1, -1.0], [x1, 9.0], [x0, 9.0], [x0, -1.0]]]


def shapes(unit, middle, width):
    """Return a hall, a queue inside it, and a door, around the middle of the plane."""
    kinds = {"hall": "zone", "till": "queue"}
    sides = {"hall": (middle - width, middle + width), "till": (middle - width / 2, middle + width / 2)}
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "kind": kind},
            "geometry": {"type": "Polygon", "coordinates": polygon(*sides[name])},
        }
        for name, kind in kinds.items()
    ]
    door = {
        "type": "Feature",
        "properties": {"name": "door", "kind": "entrance"},
        "geometry": {"type": "LineString", "coordinates": [[middle, 9.0], [middle, -1.0]]},
    }
    return {"type": "FeatureCollection", "unit": unit, "features": [*features, door]}


def walk(person, start=0, step=500, count=40, x=0.05, per_step=0.02, y=0.4):
    """Return the detections of a person who walks to the right."""
    return [
        record(start + step * number, person, box=(x + per_step * number, y, 0.06, 0.2))
        for number in range(count)
    ]


def pages(folder, *people, duration=60_000, **options):
    job = {"JobId": "job", "VideoMetadata": {**METADATA, "DurationMillis": duration}}
    rows = sorted((row for rows in people for row in rows), key=lambda row: row["Timestamp"])
    write(folder / "in.json", page(*rows, **job))
    zones = write(folder / "zones.geojson", shapes("fraction", 0.5, 0.2))
    return analyze(folder, folder / "in.json", "in", zones=zones, stop_extent=20, **options)


def analyze(folder, source, name, **options):
    """Open a video whose clock passes a full hour."""
    lines = f"video,started_at,timezone\n{name},2026-03-30T08:59:50,Europe/Berlin\n"
    config = pta.AnalysisConfig(recordings=write(folder / "recordings.csv", lines), **options)
    started = datetime.fromisoformat("2026-03-30T08:59:50+02:00")
    recording = Recording(video=name, started_at=started, timezone="Europe/Berlin")
    return pta.VideoAnalysis(source, config, recording=recording)


def pair(folder):
    """Two people side by side on a floor plan: one group."""
    time = pd.to_timedelta(np.arange(60) * 500, unit="ms").as_unit("ms")
    index = pd.MultiIndex.from_product([[1, 2], time], names=["person_index", "timestamp"])
    x = np.tile(np.arange(60) * 0.3, 2)
    points = pd.DataFrame({"x_m": x, "y_m": np.repeat([2.0, 2.5], 60)}, index=index)
    zones = write(folder / "zones.geojson", shapes("m", 9.0, 4.0))
    video = pta.Video(name="pair", duration=pd.Timedelta("40s"))
    analysis = analyze(folder, (points, video), "pair", zones=zones)
    assert analysis["groups"]["group"].tolist() == [1, 1]
    return analysis


CASES = {
    "no one": pages,
    "one visit of one person": lambda folder: pages(folder, walk(1)),
    "all ends unobserved": lambda folder: pages(
        folder, *(walk(person, 5000 * person, x=0.42, per_step=0.001) for person in range(1, 9))
    ),
    "one person there all the time": lambda folder: pages(
        folder, walk(1, count=120, x=0.45, per_step=0.0005)
    ),
    "two people in one group": pair,
    "no sampling step": lambda folder: pages(
        folder, *(walk(person, 1000 * person, count=1, x=0.45) for person in range(1, 30))
    ),
    "all boxes truncated": lambda folder: pages(folder, *(walk(n, 3000 * n, y=0.81) for n in range(1, 9))),
    "a sampling period of hours": lambda folder: pages(
        folder,
        *(walk(n, step=HOUR, count=12, x=0.3, per_step=0.04) for n in range(1, 9)),
        duration=14 * HOUR,
        every="1h",
    ),
    "one row per person is left": lambda folder: pages(
        folder, *(walk(n, x=0.3) for n in range(1, 9)), start="6s", end="6001ms"
    ),
    "all people alike": lambda folder: pages(folder, *(walk(n, 500 * n) for n in range(1, 31))),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def analysis(request, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        yield request.param(tmp_path)


def find_bounds(table):
    """Return the names of each pair of bounds."""
    lows = [name for name in table.columns if name == "low" or name.endswith("_low")]
    return [(name, f"{name.removesuffix('low')}high") for name in lows]


def test_every_output_is_computed_and_no_interval_has_zero_width(analysis):
    computed = 0
    for name, output in OUTPUTS.items():
        if not all(map(analysis.meets, output.needs)):
            continue
        table = analysis[name]
        computed += 1
        for low, high in find_bounds(table):
            blank = table[[low, high]].isna()
            known = ~blank.any(axis=1)
            assert (table[low] < table[high])[known].all(), (name, low)
            if "note" in table.columns:
                assert (table["note"][blank.any(axis=1)] != "").all(), (name, low)
    assert computed >= 25


def test_the_summary_and_the_report_say_why_an_interval_is_missing(analysis, tmp_path):
    figures = gather_key_figures(analysis)
    json.dumps(figures, allow_nan=False)
    text = format_page(figures)
    assert "nan" not in text.lower().replace("unan", "")
    for zone in figures["zones"]:
        assert zone["visits_low"] < zone["visits_high"]
        if zone["visits"] and zone["median_dwell_low_s"] is None:
            assert "median: " in zone["dwell_note"]
    stay = figures["stay_in_scene"]
    if stay is not None and stay["median_low_s"] is None:
        assert re.search(r"interval: none: \w+", text)
    pta.write_report(analysis, tmp_path / "out.html")
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    tables = {
        one["name"]: one
        for one in json.loads(re.search(r'id="tables-data">(.*?)</script>', html, re.DOTALL)[1])
    }
    for row in tables["dwell"]["rows"]:
        assert row[3] < row[4]
        assert row[6] is not None or "median: " in row[-1] or not row[2]
