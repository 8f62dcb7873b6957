"""Laws of zones that hold for a time, and of stays about a border, on whatever hypothesis thinks of."""

from itertools import pairwise

import numpy as np
import pandas as pd
from factories import make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import Polygon, box

from ptrack_analysis import Zone, compute_occupancy, compute_trajectories, compute_visits

MOMENTS = st.integers(0, 12_000)
PLACES = st.one_of(st.just(np.nan), st.integers(0, 120).map(lambda tens: 10.0 * tens), st.floats(0, 1200))
PATHS = st.lists(st.tuples(MOMENTS, PLACES), max_size=25, unique_by=lambda row: row[0])
PERSONS = st.dictionaries(st.integers(0, 5), PATHS, max_size=4)
WINDOWS = st.tuples(MOMENTS, st.integers(1, 12_000)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SPANS = st.integers(0, 3000)
MARGINS = st.sampled_from([0.0, 10.0, 45.0, 300.0])
HOLED = Polygon(box(0, 0, 500, 500).exterior.coords, [box(200, 100, 300, 400).exterior.coords])
VIDEO = make_video(15_000)


def ms(value):
    return pd.Timedelta(np.timedelta64(value, "ms"))


def walks(persons):
    points = make_points({person: [(t, x, 250.0) for t, x in path] for person, path in persons.items()}, "px")
    return compute_trajectories(points, video=VIDEO, period="90ms", max_interpolation="200ms")


def zone(start=None, end=None):
    return Zone("holed", HOLED, "px", start=None if start is None else ms(start), end=end and ms(end))


def visits_of(trajectories, *zones, **options):
    return compute_visits(trajectories, list(zones), VIDEO, period="90ms", **options)


def total(column):
    return int(column.to_numpy().astype("int64").sum())


def held_within(trajectories, window):
    """Give each row's time within the window [ms]."""
    time = trajectories.index.get_level_values("timestamp").to_numpy().astype("int64")
    until = time + trajectories["time_present"].to_numpy().astype("int64")
    return np.maximum(np.minimum(until, window[1]) - np.maximum(time, window[0]), 0)


@given(PERSONS, WINDOWS, SPANS)
def test_law_2_while_a_zone_holds_in_it_and_outside_it_and_unlocated_is_all(persons, window, merge_gap):
    trajectories = walks(persons)
    held = held_within(trajectories, window)
    x = trajectories["x_px"].to_numpy()
    inside = ((x >= 0) & (x < 200)) | ((x >= 300) & (x < 500))
    dwell = total(visits_of(trajectories, zone(*window), merge_gap=ms(merge_gap))["dwell"])
    assert dwell + held[~inside & ~np.isnan(x)].sum() + held[np.isnan(x)].sum() == held.sum()
    occupancy = compute_occupancy(trajectories, VIDEO, zones=[zone(*window)]).loc["holed"]
    moments = occupancy.index.to_numpy().astype("int64")
    assert (np.diff(moments) * occupancy["persons"].to_numpy()[:-1]).sum() == dwell


@given(PERSONS, MOMENTS.filter(bool), MARGINS)
def test_a_zone_cut_in_time_holds_what_it_holds_uncut(persons, moment, margin):
    trajectories = walks(persons)
    whole = visits_of(trajectories, zone(), margin=margin)
    first, second = zone(end=moment), zone(start=moment)
    parts = [visits_of(trajectories, part, margin=margin) for part in (first, second)]
    assert sum(total(part["dwell"]) for part in parts) == total(whole["dwell"])
    closed, opened = (parts[0]["exit"] == "zone_closed").sum(), (parts[1]["entry"] == "zone_opened").sum()
    assert closed == opened
    assert sum(map(len, parts)) == len(whole) + closed


@given(PERSONS, WINDOWS, MARGINS)
def test_what_a_zone_holds_in_its_time_is_its_stays_cut_to_that_time(persons, window, margin):
    trajectories = walks(persons)
    whole = visits_of(trajectories, zone(), margin=margin)
    cut = visits_of(trajectories, zone(*window), margin=margin)
    entered = whole["entered"].clip(lower=ms(window[0]))
    exited = whole["exited"].clip(upper=ms(window[1]))
    kept = (entered < exited) | ((whole["dwell"] == ms(0)) & (entered == exited) & (exited < ms(window[1])))
    assert cut["entered"].tolist() == entered[kept].tolist()
    assert cut["exited"].tolist() == exited[kept].tolist()


@given(PERSONS, SPANS)
def test_a_wider_margin_never_takes_time_away(persons, merge_gap):
    trajectories = walks(persons)
    dwell = [
        visits_of(trajectories, zone(), margin=margin, merge_gap=ms(merge_gap))
        .groupby("person_index")["dwell"]
        .sum()
        for margin in (0.0, 10.0, 45.0, 300.0)
    ]
    for narrow, wide in pairwise(dwell):
        assert narrow.index.equals(wide.index)
        assert (narrow <= wide).all()


@given(PERSONS, MARGINS, SPANS, SPANS)
def test_a_least_dwell_leaves_visits_out_and_the_others_as_they_are(persons, margin, merge_gap, least):
    trajectories = walks(persons)
    options = {"margin": margin, "merge_gap": ms(merge_gap)}
    every = visits_of(trajectories, zone(), **options).droplevel("visit").drop(columns="since_previous_visit")
    long = visits_of(trajectories, zone(), **options, min_dwell=ms(least))
    assert_frame_equal(
        long.droplevel("visit").drop(columns="since_previous_visit"),
        every[every["dwell"] >= ms(least)],
        check_like=True,
    )


@given(PERSONS, MARGINS, SPANS)
def test_a_least_stretch_without_merging_is_a_least_dwell(persons, margin, least):
    trajectories = walks(persons)
    assert_frame_equal(
        visits_of(trajectories, zone(), margin=margin, enter_after=ms(least)),
        visits_of(trajectories, zone(), margin=margin, min_dwell=ms(least)),
    )


@given(PERSONS, WINDOWS, MARGINS, SPANS, SPANS)
def test_visits_of_a_person_follow_each_other_by_more_than_the_gap_merged(
    persons, window, margin, merge_gap, least
):
    visits = visits_of(
        walks(persons),
        zone(*window),
        margin=margin,
        merge_gap=ms(merge_gap),
        enter_after=ms(least),
        min_dwell=ms(least),
    )
    assert (visits["since_previous_visit"].dropna() > ms(merge_gap)).all()
    assert (visits["since_previous_visit"].isna() == (visits.index.get_level_values("visit") == 1)).all()
    assert (visits["dwell"] <= visits["exited"] - visits["entered"]).all()
    assert (visits["entered"] >= ms(window[0])).all()
    assert (visits["exited"] <= ms(window[1])).all()
