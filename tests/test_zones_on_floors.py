"""Outlines drawn in the picture, carried to a floor plan: bent by a lens, mirrored where y grows upwards."""

import json

import numpy as np
import pytest
import shapely
from factories import make_video

from ptrack_analysis import compute_crossings, compute_trajectories, read_zones
from ptrack_analysis.floor import Lens, fit_floor_plan
from ptrack_analysis.schema import DETECTIONS, assemble
from ptrack_analysis.zones import check_zones, compute_zone_coverage

LENS = Lens(k1=-0.2, focal=(0.7, 1.4))
PICTURE = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.5, 0.4]])
VIDEO = make_video(10_000)


def scene(folder, **features):
    file = folder / "zones.geojson"
    listed = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": kind, "coordinates": coordinates},
        }
        for name, (kind, coordinates) in features.items()
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": listed}))
    return file


def ring(x0, y0, x1, y1):
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]


@pytest.fixture
def bent():
    """A floor of 10 x 5 m seen through a lens."""
    return fit_floor_plan(PICTURE, LENS.undistort(PICTURE) * [10, 5], lens=LENS)


def test_a_straight_edge_of_the_picture_is_bent_on_the_floor(tmp_path, bent):
    file = scene(tmp_path, zone=("Polygon", [ring(0.2, 0.2, 0.8, 0.8), ring(0.4, 0.4, 0.6, 0.6)]))
    (zone,), _ = read_zones(file, VIDEO, plane=bent)
    inside, edge = np.random.default_rng(1).random((2, 400, 2))
    expected = np.array([0.2 < x < 0.8 and 0.2 < y < 0.8 for x, y in inside])
    expected &= ~np.array([0.4 < x < 0.6 and 0.4 < y < 0.6 for x, y in inside])
    assert (shapely.contains_xy(zone.outline, *bent.project(inside).T) == expected).all()
    on_edge = bent.project(np.column_stack([0.2 + 0.6 * edge[:, 0], np.full(400, 0.2)]))
    assert shapely.distance(zone.outline.exterior, shapely.points(on_edge)).max() < 1e-3


def test_zones_that_share_an_edge_share_it_on_the_floor_too(tmp_path, bent):
    file = scene(
        tmp_path,
        left=("Polygon", [ring(0.2, 0.2, 0.5, 0.8)]),
        right=("MultiPolygon", [[ring(0.5, 0.2, 0.8, 0.8)]]),
    )
    (left, right), _ = read_zones(file, VIDEO, plane=bent)
    shared = {tuple(sorted([tuple(e[:2]), tuple(e[2:])])) for e in left.edges.tolist()} & {
        tuple(sorted([tuple(e[:2]), tuple(e[2:])])) for e in right.edges.tolist()
    }
    assert len(shared) >= 60  # an edge of 0.6 of the frame in parts of 0.01


@pytest.mark.parametrize("upwards", [1, -1], ids=["y downwards", "y upwards"])
def test_in_is_what_it_is_in_the_picture_on_a_mirrored_plan_too(tmp_path, upwards):
    floor = fit_floor_plan(PICTURE, PICTURE * [10, 5 * upwards])
    file = scene(tmp_path, line=("LineString", [[0.2, 0.5], [0.8, 0.5]]))
    _, lines = read_zones(file, VIDEO, plane=floor)
    walk = {"timestamp": [0, 400], "person_index": [1, 1], "left": [0.45, 0.45], "width": [0.1, 0.1]}
    boxes = walk | {"top": [0.2, 0.5], "height": [0.2, 0.2]}
    detections = assemble(DETECTIONS, {name: np.array(values) for name, values in boxes.items()})
    for plane in (None, floor):
        _, drawn = read_zones(file, VIDEO, plane=plane)
        crossings = compute_crossings(compute_trajectories(detections, VIDEO, plane=plane), drawn)
        assert crossings["direction"].tolist() == ["in"]
    assert lines[0].unit == "m"


@pytest.mark.parametrize("k1", [-0.1, 0.1])
def test_zones_that_tile_the_picture_tile_it_behind_a_lens_too(tmp_path, k1):
    lens = Lens(k1=k1, focal=(0.9, 1.8))
    floor = fit_floor_plan(PICTURE, lens.undistort(PICTURE) * [10, 5], lens=lens)
    halves = {name: ("Polygon", [ring(x, 0, x + 0.5, 1)]) for name, x in (("left", 0), ("right", 0.5))}
    zones, _ = read_zones(scene(tmp_path, **halves), VIDEO, plane=floor)
    coverage = compute_zone_coverage(zones, VIDEO, plane=floor)
    assert coverage.covered == pytest.approx(1, abs=1e-9)
    assert coverage.doubled == pytest.approx(0, abs=1e-9)
    assert check_zones(zones, VIDEO, plane=floor) == []
