"""Funnels: the rule, case by case, and against trying every choice of visits."""

import naive_flows
import numpy as np
import pandas as pd
import pytest
from flow_tables import make_visits, make_zones, plain, random_rows, visit_rows
from hypothesis import given
from pandas.testing import assert_frame_equal
from shapely.geometry import box

from ptrack_analysis import Zone, compute_funnel
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import FUNNEL, VISITS, empty_table, validate


def persons_of(steps, *visits):
    """Give how many persons reached each step, of visits (zone, person, entered, exited)."""
    return compute_funnel(make_visits(visits), make_zones(steps))["persons"].tolist()


CASES = {
    "nobody": ("ab", [], [0, 0]),
    "in order": ("abc", [("a", 7, 0, 1), ("b", 7, 2, 3), ("c", 7, 4, 5)], [1, 1, 1]),
    "in the other order": ("ab", [("b", 7, 0, 1), ("a", 7, 2, 3)], [1, 0]),
    "by way of another": ("ab", [("a", 7, 0, 1), ("c", 7, 1, 2), ("b", 7, 2, 3)], [1, 1]),
    "a step left out": ("abc", [("a", 7, 0, 1), ("c", 7, 4, 5)], [1, 0, 0]),
    "the second try counts": ("ab", [("b", 7, 0, 1), ("a", 7, 2, 3), ("b", 7, 4, 5)], [1, 1]),
    "entered at one moment": ("ab", [("a", 7, 0, 9), ("b", 7, 0, 3)], [1, 1]),
    "there all along": ("ab", [("b", 7, 0, 9), ("a", 7, 2, 3)], [1, 0]),
    "twice the same zone is a return": ("aa", [("a", 7, 0, 1), ("a", 8, 0, 1), ("a", 8, 3, 4)], [2, 1]),
    "back to the first zone": ("aba", [("a", 7, 0, 9), ("b", 7, 0, 3)], [1, 1, 0]),
    "each person by their own": ("ab", [("a", 7, 5, 6), ("b", 8, 7, 8)], [1, 0]),
    "a zone that nobody visited": ("ax", [("a", 7, 5, 6)], [1, 0]),
}


@pytest.mark.parametrize(("steps", "visits", "persons"), CASES.values(), ids=CASES.keys())
def test_a_step_is_reached_after_the_steps_before(steps, visits, persons):
    assert persons_of(steps, *visits) == persons


def test_shares_and_times_are_those_of_who_got_there():
    rows = [("a", person, 0, 1) for person in range(4)]
    rows += [("b", person, at, 50) for person, at in ((0, 10), (1, 20))] + [("c", 0, 40, 41)]
    funnel = compute_funnel(make_visits(rows), [Zone("a", box(0, 0, 1, 1), "m"), "b", "c"])
    assert funnel["zone"].tolist() == ["a", "b", "c"]
    assert funnel["share_of_first"].tolist() == [1, 0.5, 0.25]
    assert funnel["share_of_previous"].tolist()[1:] == [0.5, 0.5]
    assert funnel["median_time"].tolist()[1:] == [pd.Timedelta("15ms"), pd.Timedelta("30ms")]
    assert funnel.loc[1, ["share_of_previous", "median_time"]].isna().all()


def test_of_nobody_there_are_no_shares_and_no_times():
    funnel = compute_funnel(empty_table(VISITS), ["a", "b"])
    validate(funnel, FUNNEL)
    assert funnel[["share_of_first", "share_of_previous", "median_time"]].isna().all(axis=None)


def test_no_steps_give_no_rows():
    funnel = compute_funnel(make_visits([("a", 7, 0, 1)]), [])
    validate(funnel, FUNNEL)
    assert funnel.empty


WRONG = {
    "one name": ("till", "steps must be a list of zones or zone names, got 'till'"),
    "a number among them": (["till", 3], "steps must be a list of zones or zone names, but contains 3"),
}


@pytest.mark.parametrize(("steps", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_list_of_zones_is_refused(steps, message):
    with pytest.raises(ParameterError, match=message):
        compute_funnel(empty_table(VISITS), steps)


def test_a_name_that_no_visit_has_is_refused_and_a_zone_that_nobody_visited_is_a_step_of_nobody():
    visits = make_visits([("door", 7, 0, 1), ("till", 7, 2, 3)])
    sentence = (
        r"steps contains 'tlil', but no visit has this zone: the zones of the visits are \['door', 'till'\]"
    )
    with pytest.raises(ParameterError, match=sentence):
        compute_funnel(visits, ["door", "tlil"])
    (attic,) = make_zones(["attic"])
    assert compute_funnel(visits, ["door", attic, "attic"])["persons"].tolist() == [1, 0, 0]
    assert compute_funnel(visits.iloc[:0], ["door", "tlil"])["persons"].tolist() == [0, 0]


def test_what_is_not_visits_is_refused():
    with pytest.raises(SchemaError, match="not a visits table: got None"):
        compute_funnel(None, ["a"])


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("steps", ["a", "ab", "cab", "aba", "bbd", "dcba"])
def test_the_earliest_visits_find_all_that_any_choice_finds(seed, steps):
    visits = make_visits(random_rows(seed))
    shuffled = visits.iloc[np.random.default_rng(seed).permutation(len(visits))]
    found = compute_funnel(shuffled, make_zones(steps))["persons"].tolist()
    assert found == naive_flows.funnel(plain(visits), list(steps))


@given(visit_rows())
def test_a_funnel_never_widens_and_starts_with_all_visitors(rows):
    visits = make_visits(rows)
    persons = compute_funnel(visits, make_zones("abc"))["persons"].tolist()
    assert persons == sorted(persons, reverse=True)
    of_first = visits[visits.index.get_level_values("zone") == "a"]
    assert persons[0] == of_first.index.get_level_values("person_index").nunique()


@given(visit_rows())
def test_shifting_time_changes_nothing(rows):
    moved = [(zone, person, at + 1000, to + 1000, *kinds) for zone, person, at, to, *kinds in rows]
    before, after = (compute_funnel(make_visits(given), make_zones("ba")) for given in (rows, moved))
    assert_frame_equal(before, after)
