"""Zones that share area, that fill the picture, and what is said about them."""

import numpy as np
import pandas as pd
import pytest
from factories import HEIGHT, WIDTH, make_video
from shapely import MultiPolygon, Polygon, box, contains_xy

from ptrack_analysis import Zone
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.schema import OVERLAPS, validate
from ptrack_analysis.zones import check_zones, compute_zone_coverage, compute_zone_overlaps

VIDEO = make_video(60_000)


def zone(name, *bounds, **facts):
    return Zone(name, box(*bounds), "px", **facts)


def rows(overlaps):
    return [(*key, *values) for key, values in zip(overlaps.index, overlaps.to_numpy().tolist(), strict=True)]


PAIRS = {
    "apart": ([zone("a", 0, 0, 10, 10), zone("b", 20, 0, 30, 10)], []),
    "a common edge": ([zone("a", 0, 0, 10, 10), zone("b", 10, 0, 30, 10)], []),
    "a common corner": ([zone("a", 0, 0, 10, 10), zone("b", 10, 10, 30, 30)], []),
    "half of one, a quarter of the other": (
        [zone("b", 0, 0, 10, 10), zone("a", 5, 0, 25, 10)],
        [("a", "b", 50, 0.25), ("b", "a", 50, 0.5)],
    ),
    "one within the other": (
        [zone("a", 0, 0, 10, 10), zone("b", 0, 0, 5, 2)],
        [("a", "b", 10, 0.1), ("b", "a", 10, 1.0)],
    ),
    "one in the hole of the other": (
        [
            Zone("a", box(0, 0, 30, 30).difference(box(10, 10, 20, 20)), "px"),
            zone("b", 10, 10, 20, 20),
        ],
        [],
    ),
    "parts count together": (
        [
            Zone("a", MultiPolygon([box(0, 0, 1, 10), box(2, 0, 3, 10)]), "px"),
            zone("b", 0, 0, 10, 10),
        ],
        [("a", "b", 20, 1.0), ("b", "a", 20, 0.2)],
    ),
    "never at one time": (
        [
            zone("a", 0, 0, 10, 10, end=pd.Timedelta("5s")),
            zone("b", 0, 0, 10, 10, start=pd.Timedelta("5s")),
        ],
        [],
    ),
    "at one time for a millisecond": (
        [
            zone("a", 0, 0, 10, 10, end=pd.Timedelta("5001ms")),
            zone("b", 0, 0, 10, 10, start=pd.Timedelta("5s")),
        ],
        [("a", "b", 100, 1.0), ("b", "a", 100, 1.0)],
    ),
    "never in one video": (
        [zone("a", 0, 0, 10, 10, videos=("x",)), zone("b", 0, 0, 10, 10, videos=("y", "z"))],
        [],
    ),
    "a sliver of float noise": ([zone("a", 0, 0, 10, 10), zone("b", 10 - 1e-12, 0, 30, 10)], []),
    "one zone": ([zone("a", 0, 0, 10, 10)], []),
    "none": ([], []),
}


@pytest.mark.parametrize(("zones", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_overlaps_are_listed_from_both_sides(zones, expected):
    overlaps = compute_zone_overlaps(zones)
    validate(overlaps, OVERLAPS)
    assert rows(overlaps) == expected
    assert rows(compute_zone_overlaps(zones[::-1])) == expected


def test_overlaps_bear_the_unit_of_their_plane():
    floor = [Zone("a", box(0, 0, 2, 2), "m"), Zone("b", box(1, 0, 3, 2), "m")]
    assert compute_zone_overlaps(floor).columns.tolist() == ["shared_m2", "share"]
    assert compute_zone_overlaps([], unit="m").columns.tolist() == ["shared_m2", "share"]
    with pytest.raises(SchemaError, match="zone 'b' is in m"):
        compute_zone_overlaps([zone("a", 0, 0, 1, 1), floor[1]])
    with pytest.raises(ZoneError, match="'tie' is not a valid outline: Self-intersection"):
        compute_zone_overlaps([Zone("tie", Polygon([(0, 0), (9, 9), (9, 0), (0, 4)]), "px")])


def test_shares_equal_a_count_of_random_points():
    chance = np.random.default_rng(5)
    a, b = Polygon([(0, 0), (700, 100), (300, 450)]), Polygon([(200, 20), (900, 300), (100, 400)])
    points = chance.uniform([0, 0], [WIDTH, HEIGHT], (200_000, 2))
    in_a, in_b = contains_xy(a, *points.T), contains_xy(b, *points.T)
    shares = compute_zone_overlaps([Zone("a", a, "px"), Zone("b", b, "px")])["share"]
    assert shares.loc["a", "b"] == pytest.approx((in_a & in_b).sum() / in_a.sum(), abs=0.01)
    assert shares.loc["b", "a"] == pytest.approx((in_a & in_b).sum() / in_b.sum(), abs=0.01)
    coverage = compute_zone_coverage([Zone("a", a, "px"), Zone("b", b, "px")], VIDEO)
    assert coverage.covered == pytest.approx((in_a | in_b).mean(), abs=0.01)
    assert coverage.doubled == pytest.approx((in_a & in_b).mean(), abs=0.01)


QUARTERS = [
    zone("nw", 0, 0, 400, 200),
    zone("ne", 400, 0, WIDTH, 200),
    zone("sw", 0, 200, 400, HEIGHT),
    zone("se", 400, 200, WIDTH, HEIGHT),
]


def test_zones_that_share_corners_tile_the_picture():
    coverage = compute_zone_coverage(QUARTERS, VIDEO)
    assert (coverage.covered, coverage.doubled, coverage.tiles) == (1, 0, True)
    assert not compute_zone_coverage(QUARTERS[1:], VIDEO).tiles
    assert not compute_zone_coverage([*QUARTERS, zone("middle", 300, 100, 500, 300)], VIDEO).tiles
    assert compute_zone_coverage([], VIDEO).covered == 0
    assert compute_zone_coverage(QUARTERS[:1], VIDEO, bounds=(0, 0, 800, 200)).covered == 0.5


def test_coverage_on_a_floor_plan_is_of_the_picture_there():
    corners = [[0, 0], [1, 0], [1, 1], [0, 1]]
    floor = fit_floor_plan(corners, [[0, 0], [8, 0], [6, 4], [2, 4]])
    coverage = compute_zone_coverage([Zone("a", box(0, 0, 8, 4), "m")], VIDEO, plane=floor)
    assert coverage.covered == pytest.approx(1)
    near = compute_zone_coverage([Zone("a", box(0, 2, 8, 4), "m")], VIDEO, plane=floor)
    assert near.covered == pytest.approx((4 + 6) / 2 * 2 / 24)


def test_a_picture_that_reaches_the_horizon_has_no_area_on_the_floor():
    floor = fit_floor_plan([[0.4, 0.5], [0.6, 0.5], [1, 1], [0, 1]], [[0, 0], [4, 0], [4, 8], [0, 8]])
    zones = [Zone("a", box(0, 0, 4, 4), "m")]
    with pytest.raises(ParameterError, match="the image reaches the horizon of the floor plan"):
        compute_zone_coverage(zones, VIDEO, plane=floor)
    assert compute_zone_coverage(zones, VIDEO, plane=floor, bounds=floor.bounds).covered == pytest.approx(0.5)
    assert check_zones(zones, VIDEO, plane=floor) == []
    with pytest.raises(ParameterError, match=r"bounds must be finite numbers"):
        compute_zone_coverage(zones, VIDEO, plane=floor, bounds=(0, 0, 0, 1))


NOTES = {
    "ordinary zones": ([zone("a", 0, 0, 90, 90), zone("b", 200, 0, 300, 90)], []),
    "zones that tile the picture": (QUARTERS, []),
    "one within the other": ([zone("shop", 0, 0, 500, 400), zone("till", 10, 10, 50, 50)], []),
    "a sliver off the picture": ([zone("a", -1, 0, 90, 90)], []),
    "outside": (
        [zone("a", 2000, 0, 3000, 90)],
        ["zone 'a' is outside the image: check the unit of its file"],
    ),
    "in another unit": (
        [zone("a", 2000, 0, 3000, 90), zone("b", 900, 0, 1100, 90)],
        [
            "zone 'a' is outside the image: check the unit of its file",
            "zone 'b' is 50 % outside the image",
        ],
    ),
    "overlapping": (
        [zone("a", 0, 0, 100, 100), zone("b", 88, 0, 300, 100)],
        ["zones 'a' and 'b' overlap by 12 % of 'a': people there count in both"],
    ),
    "hardly overlapping": ([zone("a", 0, 0, 100, 100), zone("b", 99.5, 0, 300, 100)], []),
    "nearly tiling": (
        [zone("a", 0, 0, 498, HEIGHT), zone("b", 500, 0, WIDTH, HEIGHT)],
        ["the zones leave 0.2 % of the image uncovered: people there count in no zone"],
    ),
    "a hair's breadth between": (
        [zone("a", 0, 0, 499.9, HEIGHT), zone("b", 500, 0, WIDTH, HEIGHT)],
        ["the zones leave less than 0.1 % of the image uncovered: people there count in no zone"],
    ),
    "after the end": (
        [zone("late", 0, 0, 90, 90, start=pd.Timedelta("60s"))],
        ["zone 'late' is active only from 1 min on, but the video ends at 1 min"],
    ),
    "before the end": ([zone("late", 0, 0, 90, 90, start=pd.Timedelta("59s"))], []),
    "many overlaps": (
        [zone(name, 10 * place, 0, 10 * place + 20, 100) for place, name in enumerate("abcdefgh")],
        [
            *(
                f"zones '{one}' and '{other}' overlap by 50 % of '{one}': people there count in both"
                for one, other in zip("abcde", "bcdef", strict=True)
            ),
            "2 further pairs of zones overlap",
        ],
    ),
}


@pytest.mark.parametrize(("zones", "said"), NOTES.values(), ids=NOTES.keys())
def test_only_what_may_give_numbers_that_nobody_meant_is_said(zones, said):
    assert check_zones(zones, VIDEO) == said
