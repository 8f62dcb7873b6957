"""Who is taken for staff, and what becomes of them."""

import naive_survival
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from ptrack_analysis import Zone
from ptrack_analysis.dwell import detect_staff, exclude_staff
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import STAFF, VISITS, empty_table

STAYS = [("hall", 1, 5000), ("hall", 2, 60_000), ("hall", 3, 1000), ("hall", 3, 1000), ("office", 4, 500)]


CELLAR = Zone("cellar", box(0, 0, 1, 1), "m", kind="staff")


def reasons(staff):
    return staff["reason"].to_dict()


RULES = {
    "a long stay": ({"min_stay": "1min"}, {2: "stay"}),
    "a longer one than any": ({"min_stay": "61s"}, {}),
    "a stay in a zone of the staff's": ({"zones": ["office"]}, {4: "zone"}),
    "a zone that nobody was in": ({"zones": [CELLAR]}, {}),
    "returning": ({"recurrence": 2}, {3: "recurrence"}),
    "more returns than any": ({"recurrence": 3}, {}),
    "several rules": (
        {"min_stay": "5s", "zones": ["office"], "recurrence": 2},
        {1: "stay", 2: "stay", 3: "recurrence", 4: "zone"},
    ),
    "several reasons for one": (
        {"min_stay": "1s", "recurrence": 2},
        {1: "stay", 2: "stay", 3: "stay, recurrence"},
    ),
}


@pytest.mark.parametrize(("rules", "expected"), RULES.values(), ids=RULES.keys())
def test_who_meets_any_rule_is_taken_for_staff_with_the_reason(make_visits, rules, expected):
    assert reasons(detect_staff(make_visits(STAYS), **rules)) == expected


def test_the_figures_behind_the_rules_stand_beside_them(make_visits):
    stays = [*STAYS, ("office", 3, 700), ("office", 3, 200)]
    row = detect_staff(make_visits(stays), zones=["office"], recurrence=2).loc[3]
    assert row["longest_stay"] == pd.Timedelta("1s")
    assert row["in_staff_zones"] == pd.Timedelta("900ms")
    assert row["most_stays"] == 2
    assert row["reason"] == "zone, recurrence"


def test_of_zones_those_of_the_staff_are_taken(make_visits):
    zones = [Zone("office", box(0, 0, 1, 1), "m", kind="staff"), Zone("hall", box(0, 0, 1, 1), "m")]
    assert reasons(detect_staff(make_visits(STAYS), zones=zones)) == {4: "zone"}
    assert detect_staff(make_visits(STAYS), zones=zones[1:]).empty


def test_what_is_kept_and_what_is_excluded_are_the_whole_table(make_visits):
    visits = make_visits(STAYS).sample(frac=1, random_state=4)
    staff = detect_staff(visits, min_stay="1min", recurrence=2)
    kept, excluded = exclude_staff(visits, staff)
    assert set(kept.index.get_level_values("person_index")) == {1, 4}
    assert excluded.groupby("person_index")["reason"].first().to_dict() == {2: "stay", 3: "recurrence"}
    assert pd.concat([kept, excluded.drop(columns="reason")]).loc[visits.index].equals(visits)


def test_a_table_of_persons_alone_is_split_too():
    table = pd.DataFrame({"dwell": [1, 2]}, index=pd.Index([7, 8], name="person_index"))
    staff = pd.DataFrame(empty_table(STAFF))
    kept, excluded = exclude_staff(table, staff)
    assert (len(kept), len(excluded)) == (2, 0)


@pytest.mark.parametrize("seed", range(20))
def test_staff_equal_a_walk_over_the_stays(make_visits, seed):
    chance = np.random.default_rng(seed)
    stays = [
        (str(chance.choice(["a", "b", "c"])), int(chance.integers(0, 8)), int(chance.integers(0, 1000)))
        for _ in range(25)
    ]
    found = detect_staff(make_visits(stays), min_stay="900ms", zones=["b"], recurrence=3)
    assert reasons(found) == naive_survival.staff(stays, min_stay=900, zones={"b"}, recurrence=3)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({}, "no rule is given. Pass min_stay, zones or recurrence"),
        ({"min_stay": "0s"}, "min_stay must be longer than 0, got '0s'"),
        ({"min_stay": "long"}, "min_stay must be a duration .*, got 'long'"),
        ({"recurrence": 0}, "recurrence must be a whole number above 0, got 0"),
        ({"recurrence": 1.5}, "recurrence must be a whole number above 0, got 1.5"),
        ({"recurrence": True}, "recurrence must be a whole number above 0, got True"),
        ({"zones": "office"}, "zones must be a list of zones or zone names, got 'office'"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_value(rules, sentence):
    with pytest.raises(ParameterError, match=sentence):
        detect_staff(empty_table(VISITS), **rules)


def test_a_name_that_no_visit_has_is_refused(make_visits):
    sentence = r"zones contains 'ofice', but no visit has this zone"
    with pytest.raises(ParameterError, match=sentence):
        detect_staff(make_visits(STAYS), zones=["ofice"])
    assert detect_staff(empty_table(VISITS), zones=["ofice"]).empty


def test_a_table_without_persons_is_refused(make_visits):
    staff = empty_table(STAFF)
    with pytest.raises(SchemaError, match=r"not a table of people: its index is \[None\]"):
        exclude_staff(pd.DataFrame({"a": [1]}), staff)
    with pytest.raises(SchemaError, match="not a table of people: its index is NoneType"):
        exclude_staff(None, staff)
    with pytest.raises(SchemaError, match="not a table of one video"):
        exclude_staff(pd.concat({"v": make_visits(STAYS)}, names=["video"]), staff)
    with pytest.raises(SchemaError, match="not a staff table"):
        exclude_staff(make_visits(STAYS), None)
