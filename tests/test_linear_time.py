"""Time and memory in proportion to the input where a simple method is quadratic."""

import math
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from shapely.geometry import Polygon, box

from ptrack_analysis import geometry
from ptrack_analysis.analysis.motion.walks import read_walks
from ptrack_analysis.analysis.quality.verdict import find_affecting_checks, index_checks
from ptrack_analysis.analysis.zones.occupancy import compute_zone_overlaps
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.errors import InputError, ZoneError
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene import zones as scene_zones
from ptrack_analysis.scene.floor_plan import fit_floor_plan
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.sources.trackers.registry import recognize

ROOT = Path(__file__).parent.parent


def test_membership_looks_only_at_edges_at_the_height_of_a_point(monkeypatch):
    angle = np.linspace(0, 2 * math.pi, 100_000, endpoint=False)
    zone = Zone("round", Polygon(np.column_stack([np.cos(angle), np.sin(angle)])), "m")
    calls = []
    is_left = geometry.is_left
    monkeypatch.setattr(geometry, "is_left", lambda *given: calls.append(1) or is_left(*given))
    x = np.linspace(-2, 2, 41)
    assert geometry.contains(zone.edges, x, x / 100).sum() == 19
    assert len(calls) <= 2 * len(x)


def test_membership_in_many_zones_is_kept_as_bits():
    walks = read_walks(VideoAnalysis(ROOT / "data/shop").trajectories)
    zone = Zone("left", box(0, 0, 640, 720), "px")
    inside = walks.find_inside(zone)
    assert 0 < inside.sum() < len(inside)
    assert (walks.find_inside(zone) == inside).all()
    assert walks._inside[zone.outline].nbytes <= len(inside) / 8 + 1


def test_only_zones_near_each_other_are_compared(monkeypatch):
    zones = [Zone(f"z{n}", box(n % 20, n // 20, n % 20 + 1.1, n // 20 + 1.1), "m") for n in range(400)]
    calls = []
    shared_area = scene_zones.shared_area
    monkeypatch.setattr(scene_zones, "shared_area", lambda *given: calls.append(1) or shared_area(*given))
    assert len(compute_zone_overlaps(zones)) == 2 * (2 * 19 * 20 + 2 * 19 * 19)
    assert len(calls) <= 4 * len(zones)


def test_a_floor_plan_of_many_pairs_is_fitted_without_a_square_matrix():
    seen = np.random.default_rng(1).random((20_000, 2))
    assert fit_floor_plan(seen, seen * 10).error < 1e-6


def test_points_too_near_each_other_for_a_floor_plan_are_refused():
    seen = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]])
    with pytest.raises(ZoneError, match="the points of the floor plan are too near each other"):
        fit_floor_plan(seen, seen * 1e-200)


def test_checks_are_indexed_once_for_many_zones():
    quality = VideoAnalysis(ROOT / "data/shop").quality
    results = index_checks(quality)
    for name in ("", "shop"):
        for outputs in (["visits"], ["tracks", "dwell"], ["crossings"]):
            assert find_affecting_checks(results, outputs, name) == find_affecting_checks(
                quality, outputs, name
            )


def test_a_time_zone_is_parsed_once():
    assert parse_timezone("Europe/Berlin") is parse_timezone("Europe/Berlin")
    assert parse_timezone("+01:00") is parse_timezone("+01:00")


@pytest.mark.parametrize("start", ["<?", "<!--", "#1", "#framerate" + 60_000 * " "])
def test_a_file_that_repeats_the_start_of_a_format_is_rejected_at_once(tmp_path, start):
    file = tmp_path / "tracks.txt"
    file.write_text(start * (60_000 // len(start) + 1), encoding="utf-8")
    before = process_time()
    with pytest.raises(InputError, match=r"tracks\.txt"):
        recognize(file)
    assert process_time() - before < 2  # otherwise about a minute
