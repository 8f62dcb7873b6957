"""Ways from zone to zone: the rule, case by case, against a slow walk, and the laws."""

from itertools import pairwise

import naive_flows
import numpy as np
import pandas as pd
import pytest
from flow_tables import make_visits, plain, random_rows, rows_of, visit_rows
from hypothesis import given
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_transitions
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import TRANSITIONS, VISITS, empty_table, validate


def ways_of(*visits, **options):
    """Give origin > destination: how often, of visits of one person (zone, entered, exited, entry, exit)."""
    rows = [(visit[0], 7, *visit[1:]) for visit in visits]
    table = compute_transitions(make_visits(rows), **options)
    return {" > ".join(key): count for key, count in table["transitions"].items()}


CASES = {
    "nobody": ([], {}),
    "one visit": ([("a", 1, 2)], {"(outside) > a": 1, "a > (outside)": 1}),
    "there from start to end": (
        [("a", 0, 9, "video_start", "video_end")],
        {"(video_start) > a": 1, "a > (video_end)": 1},
    ),
    "appears and vanishes": (
        [("a", 1, 2, "appeared", "crossed"), ("b", 3, 4, "crossed", "lost")],
        {"(appeared) > a": 1, "a > b": 1, "b > (lost)": 1},
    ),
    "there as it opens and as it closes": (
        [("a", 1, 2, "zone_opened", "zone_closed")],
        {"(zone_opened) > a": 1, "a > (zone_closed)": 1},
    ),
    "comes back without another zone": (
        [("a", 1, 2), ("a", 4, 5)],
        {"(outside) > a": 1, "a > a": 1, "a > (outside)": 1},
    ),
    "goes and returns": (
        [("a", 1, 2), ("b", 2, 3), ("a", 3, 4)],
        {"(outside) > a": 1, "a > b": 1, "b > a": 1, "a > (outside)": 1},
    ),
    "a zone within another, left last": (
        [("hall", 1, 9, "crossed", "video_end"), ("till", 3, 5)],
        {"(outside) > hall": 1, "hall > till": 1, "till > (video_end)": 1},
    ),
    "two zones entered at once: first the one exited earlier": (
        [("a", 1, 9), ("b", 1, 3)],
        {"(outside) > b": 1, "b > a": 1, "a > (outside)": 1},
    ),
    "and exited at once: first the earlier name": (
        [("b", 1, 3, "video_start", "video_end"), ("a", 1, 3, "video_start", "video_end")],
        {"(video_start) > a": 1, "a > b": 1, "b > (video_end)": 1},
    ),
    "an exit at once counts as the later visit's": (
        [("a", 1, 3, "crossed", "lost"), ("b", 2, 3, "crossed", "zone_closed")],
        {"(outside) > a": 1, "a > b": 1, "b > (zone_closed)": 1},
    ),
}


@pytest.mark.parametrize(("visits", "ways"), CASES.values(), ids=CASES.keys())
def test_each_visit_is_entered_by_one_way_and_left_by_one(visits, ways):
    assert ways_of(*visits) == ways


def test_a_longer_time_in_no_zone_ends_one_way_and_begins_another():
    visits = [("a", 0, 1, "video_start", "lost"), ("b", 3, 4, "appeared", "crossed")]
    assert ways_of(*visits, max_between="2ms") == {"(video_start) > a": 1, "a > b": 1, "b > (outside)": 1}
    assert ways_of(*visits, max_between="1ms") == {
        "(video_start) > a": 1,
        "a > (lost)": 1,
        "(appeared) > b": 1,
        "b > (outside)": 1,
    }


def test_time_in_another_zone_is_no_time_in_none():
    visits = [("hall", 0, 90), ("till", 1, 2), ("shelf", 80, 81)]
    assert "till > shelf" in ways_of(*visits, max_between="10ms")


@pytest.mark.parametrize("zones", [125, 130, 300])
def test_more_zones_than_a_byte_counts_keep_their_states(zones):
    """One person goes through all zones, in the first as it opens, in the last as it closes."""
    kinds = (
        [("zone_opened", "crossed")] + [("crossed", "crossed")] * (zones - 2) + [("crossed", "zone_closed")]
    )
    names = [f"zone {place:03d}" for place in range(zones)]
    rows = [(name, 2 * place, 2 * place + 1, *kinds[place]) for place, name in enumerate(names)]
    expected = {f"{one} > {other}": 1 for one, other in pairwise(["(zone_opened)", *names, "(zone_closed)"])}
    assert ways_of(*rows) == expected


def test_travel_time_is_from_exit_to_entry_and_its_median_is_the_ordinary_one():
    rows = [("a", person, 0, 10) for person in range(4)]
    rows += [("b", person, 10 + after, 99) for person, after in enumerate((1, 2, 4, 8))]
    row = compute_transitions(make_visits(rows)).loc[("a", "b")]
    assert (row["transitions"], row["persons"]) == (4, 4)
    assert (row["mean_travel"], row["median_travel"]) == (pd.Timedelta("3ms"), pd.Timedelta("3ms"))


def test_travel_to_a_zone_entered_before_the_other_is_left_takes_no_time():
    table = compute_transitions(make_visits([("a", 7, 0, 50), ("b", 7, 20, 30)]))
    assert table.loc[("a", "b"), "mean_travel"] == pd.Timedelta(0)


def test_to_and_from_no_zone_there_is_no_travel_time():
    table = compute_transitions(make_visits([("a", 7, 0, 50)]))
    assert table[["mean_travel", "median_travel"]].isna().all(axis=None)


def test_a_person_who_goes_twice_is_one_person():
    table = compute_transitions(make_visits([("a", 7, 0, 1), ("a", 7, 2, 3), ("a", 7, 4, 5), ("a", 8, 0, 1)]))
    assert table.loc[("a", "a"), ["transitions", "persons"]].tolist() == [2, 1]


def test_shares_are_of_all_ways_out_of_the_origin():
    rows = [("a", person, 0, 1) for person in range(4)] + [("b", 0, 2, 3)]
    share = compute_transitions(make_visits(rows))["share"]
    assert share.loc["a"].to_dict() == {"(outside)": 0.75, "b": 0.25}


def test_no_visits_give_no_rows():
    table = compute_transitions(empty_table(VISITS))
    validate(table, TRANSITIONS)
    assert table.empty


WRONG = {
    "below 0": ({"max_between": "-1s"}, "max_between must be a duration .*, got '-1s'"),
    "no time": ({"max_between": "soon"}, "max_between must be a duration .*, got 'soon'"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        compute_transitions(empty_table(VISITS), **options)


def test_a_zone_named_like_a_state_is_refused():
    with pytest.raises(
        ParameterError, match=r"zone '\(video_start\)' has the name of a state. Rename the zone"
    ):
        compute_transitions(make_visits([("(video_start)", 7, 0, 1)]))


def test_what_is_not_visits_is_refused():
    with pytest.raises(SchemaError, match=r"not a visits table: got \["):
        compute_transitions([1])


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("max_between", [None, 0, 5])
def test_the_table_is_that_of_a_slow_walk(seed, max_between):
    rows = random_rows(seed)
    visits = make_visits(rows)
    options = {} if max_between is None else {"max_between": f"{max_between}ms"}
    table = compute_transitions(visits.iloc[np.random.default_rng(seed).permutation(len(visits))], **options)
    expected = naive_flows.transitions(plain(visits), max_between=max_between)
    assert rows_of(table) == expected


@given(visit_rows())
def test_ways_into_a_zone_are_its_visits_and_so_are_ways_out_of_it(rows):
    visits = make_visits(rows)
    table = compute_transitions(visits)["transitions"].reset_index()
    of_zone = visits.groupby(level="zone").size().to_dict()
    for side in ("origin", "destination"):
        named = table[~table[side].str.startswith("(")]
        assert named.groupby(side)["transitions"].sum().to_dict() == of_zone
        assert table.loc[table[side].str.startswith("("), "transitions"].sum() == (
            visits.index.get_level_values("person_index").nunique()
        )


@given(visit_rows())
def test_shares_out_of_each_origin_add_up_to_1(rows):
    share = compute_transitions(make_visits(rows))["share"]
    assert np.allclose(share.groupby(level="origin").sum(), 1)


@given(visit_rows())
def test_renumbering_persons_and_shifting_time_change_nothing(rows):
    moved = [(zone, 50 - person, at + 1000, to + 1000, *kinds) for zone, person, at, to, *kinds in rows]
    before, after = (compute_transitions(make_visits(given)) for given in (rows, moved))
    assert_frame_equal(before, after)
