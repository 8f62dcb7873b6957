"""Bins of time by the clock of the site."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from pages import page, record, write

from ptrack_analysis import AnalysisConfig, VideoAnalysis, open_video
from ptrack_analysis.clock import Recording
from ptrack_analysis.clock.bins import find_bin_edges
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import TABLES

MINUTE, HOUR = 60_000, 3_600_000
QUARTER = 15 * MINUTE


def recorded(text, timezone="Europe/Berlin"):
    return Recording(video="shop", started_at=datetime.fromisoformat(text), timezone=timezone)


def local_times(edges, text, timezone="Europe/Berlin"):
    """Return the time of day at each edge by the clock of the site."""
    moments = pd.Timestamp(text) + pd.to_timedelta(edges, unit="ms")
    return [moment.strftime("%H:%M") for moment in moments.tz_convert(timezone)]


def test_bins_start_at_the_quarter_hours_of_the_clock():
    started = "2026-11-24T09:53:20+01:00"
    edges = find_bin_edges(recorded(started), 0, 20 * MINUTE, QUARTER)
    assert local_times(edges, started) == ["09:45", "10:00", "10:15"]
    assert edges[0] == -8 * MINUTE - 20_000


def test_bins_of_a_part_cover_the_part_alone():
    edges = find_bin_edges(recorded("2026-11-24T09:53:00+01:00"), 10 * MINUTE, 22 * MINUTE, QUARTER)
    assert edges.tolist() == [7 * MINUTE, 22 * MINUTE]


@pytest.mark.parametrize("begin", [0, 20 * MINUTE])
def test_without_a_clock_bins_start_at_multiples_since_the_start_of_the_video(begin):
    edges = find_bin_edges(Recording(video="shop"), begin, 40 * MINUTE, QUARTER)
    assert edges.tolist() == [m * MINUTE for m in (0, 15, 30, 45)][begin // QUARTER :]


def test_a_part_without_time_has_no_bins():
    assert len(find_bin_edges(recorded("2026-11-24T09:53:00+01:00"), 5, 5, QUARTER)) == 1


@pytest.mark.parametrize(
    ("started", "timezone"),
    [
        ("2026-10-25T00:50:00+02:00", "Europe/Berlin"),  # 02:00 to 03:00 twice
        ("2026-03-29T00:50:00+01:00", "Europe/Berlin"),  # without 02:00 to 03:00
        ("2026-04-05T00:50:00+11:00", "Australia/Lord_Howe"),  # back by half an hour
        ("2026-11-24T00:50:00+05:45", "Asia/Kathmandu"),
        ("2026-11-24T23:50:00-05:00", "-05:00"),
    ],
)
@pytest.mark.parametrize("length", [MINUTE, QUARTER, 20 * MINUTE, HOUR])
def test_no_bin_contains_the_start_of_a_local_hour(started, timezone, length):
    edges = find_bin_edges(recorded(started, timezone), 0, 4 * HOUR, length)
    clock = recorded(started, timezone).started_at.tzinfo if timezone[0] in "+-" else timezone
    moments = (pd.Timestamp(started) + pd.to_timedelta(np.arange(0, 4 * HOUR, MINUTE), unit="ms")).tz_convert(
        clock
    )
    place = np.searchsorted(edges, np.arange(0, 4 * HOUR, MINUTE), side="right") - 1
    hours = pd.Series(moments.strftime("%d %H %z")).groupby(place).nunique()
    assert (hours == 1).all()
    assert np.diff(edges).max() == length
    assert edges[0] <= 0 < edges[1]
    assert edges[-2] < 4 * HOUR <= edges[-1]


def test_bins_of_two_hours_start_anew_where_the_clock_changes():
    started = "2026-03-29T00:00:00+01:00"
    edges = find_bin_edges(recorded(started), 0, 5 * HOUR, 2 * HOUR)
    assert local_times(edges, started) == ["00:00", "03:00", "04:00", "06:00"]


def test_bins_that_do_not_divide_a_day_start_with_the_video():
    edges = find_bin_edges(recorded("2026-11-24T09:53:20+01:00"), 0, 10 * MINUTE, 7 * MINUTE)
    assert edges.tolist() == [0, 7 * MINUTE, 14 * MINUTE]


@pytest.mark.parametrize("started", ["9999-12-31T23:50:00+00:00", "0001-01-01T00:00:00+00:00"])
def test_bins_beyond_the_calendar_are_refused(started):
    with pytest.raises(ParameterError, match="beyond the calendar"):
        find_bin_edges(recorded(started, "UTC"), 0, HOUR, QUARTER)


def test_too_many_bins_are_refused():
    with pytest.raises(ParameterError, match="makes 7200000 bins, more than 5000000"):
        find_bin_edges(recorded("2026-11-24T09:53:20+01:00"), 0, 2 * HOUR, 1)


@pytest.fixture
def pages(tmp_path):
    walk = [record(1000 * second, 1, box=(0.2, 0.2, 0.1, 0.4)) for second in range(600)]
    return write(tmp_path / "pages" / "page-1.json", page(*walk, job="shop")).parent


@pytest.fixture
def zones(tmp_path):
    ring = [[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]
    feature = {
        "type": "Feature",
        "properties": {"name": "left"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return write(tmp_path / "zones.geojson", {"type": "FeatureCollection", "features": [feature]})


def analyzed(pages, zones, **options):
    recording = recorded("2026-11-24T09:53:00+01:00")
    return VideoAnalysis(pages, AnalysisConfig(zones=zones, **options), recording=recording)


def test_the_occupancy_of_a_video_is_in_quarter_hours_and_says_how_much_was_recorded(pages, zones):
    analysis = analyzed(pages, zones)
    for table in (analysis["occupancy"], analysis["zone_occupancy"].xs("left", level="zone")):
        minutes = table.index.to_numpy().astype("int64") / MINUTE
        assert minutes.tolist() == [-8, 7]
        recorded_minutes = table["recorded_time"] / pd.Timedelta("1min")
        assert recorded_minutes.iloc[0] == 7
        assert 2.9 < recorded_minutes.iloc[1] <= 3
        assert table["mean_persons"].tolist() == pytest.approx([1, 1], abs=0.01)
        assert table["max_persons"].tolist() == [1, 1]


def test_the_length_of_the_bins_can_be_chosen(pages, zones):
    analysis = analyzed(pages, zones, every="1h")
    assert (analysis["occupancy"].index.to_numpy().astype("int64") / MINUTE).tolist() == [-53, 7]


def test_a_video_without_a_clock_has_bins_since_its_start(pages):
    assert len(open_video(pages)["occupancy"]) == 1
    assert len(open_video(pages, every="1min")["occupancy"]) == 10


def test_counts_over_lines_stay_in_minutes_by_default(pages, tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"name": "door"},
        "geometry": {"type": "LineString", "coordinates": [[0.3, -1], [0.3, 2]]},
    }
    lines = write(tmp_path / "lines.geojson", {"type": "FeatureCollection", "features": [feature]})
    assert len(open_video(pages, zones=lines)["counts"]) == 10


@pytest.mark.parametrize(
    ("table", "time"),
    [
        ("detections", "timestamp"),
        ("trajectories", "timestamp"),
        ("occupancy", "timestamp"),
        ("zone_occupancy", "timestamp"),
        ("occupancy_changes", "timestamp"),
        ("crossings", "timestamp"),
        ("visits", "entered"),
        ("visits_salted", "entered"),
        ("tracks", "first_seen"),
        ("tracks_salted", "first_seen"),
        ("encounters", "began"),
        ("videos", None),
        ("heatmap", None),
        ("dwell", None),
        ("transitions", None),
        ("quality", None),
        ("zones", None),
    ],
)
def test_a_table_tells_which_column_has_the_time_of_a_row(table, time):
    assert TABLES[table].row_time == time
