"""Differences between two periods and two zones."""

import math

import numpy as np
import pytest

from ptrack_analysis.dwell import compare_dwell, compare_periods, compute_dwell
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import DWELL_COMPARISON, GROUPS, VISITS, assemble, empty_table, validate


def draw(make_visits, seed, people, *, median=10_000, zone="till"):
    chance = np.random.default_rng(seed)
    lengths = (median * chance.lognormal(0, 1, people)).round().astype("int64")
    return make_visits([(zone, person, length) for person, length in enumerate(lengths.tolist())])


def test_the_figures_are_those_of_compute_dwell(make_visits):
    first, second = draw(make_visits, 1, 60), draw(make_visits, 2, 50)
    found = compare_periods(first, second, horizon="20s", within="10s").loc["till"]
    validate(compare_periods(first, second), DWELL_COMPARISON)
    for column, visits in (("first", first), ("second", second)):
        row = compute_dwell(visits, horizon="20s").loc["till"]
        assert found.loc["median", column] == row["median"].total_seconds()
        assert found.loc["restricted_mean", column] == pytest.approx(
            row["restricted_mean"].total_seconds(), abs=1e-3
        )
        within = (visits["dwell"].dt.total_seconds() <= 10).mean()
        assert found.loc["share_within", column] == pytest.approx(within)
        assert found.loc["visits", column] == len(visits)
    np.testing.assert_allclose(found["difference"], found["second"] - found["first"])


def test_the_interval_combines_those_of_the_two_medians(make_visits):
    first, second = draw(make_visits, 1, 60), draw(make_visits, 2, 50)
    (one, low, high), (other, below, above) = (
        [compute_dwell(v)[name].item().total_seconds() for name in ("median", "median_low", "median_high")]
        for v in (first, second)
    )
    row = compare_periods(first, second).loc[("till", "median")]
    assert row["low"] == pytest.approx(other - one - math.hypot(other - below, high - one))
    assert row["high"] == pytest.approx(other - one + math.hypot(above - other, one - low))


def test_like_periods_may_differ_by_chance_and_unlike_ones_do_not(make_visits):
    first = draw(make_visits, 1, 80)
    alike = compare_periods(first, draw(make_visits, 3, 80), within="10s")
    assert alike["verdict"].tolist() == ["may be chance"] * 4
    found = compare_periods(first, draw(make_visits, 2, 160, median=40_000), within="10s", horizon="20s")
    assert found["verdict"].tolist() == ["differs"] * 4
    assert (found.loc["till", "low"].drop(index="share_within") > 0).all()


def test_visits_are_compared_per_hour_where_durations_are_given(make_visits):
    row = compare_periods(draw(make_visits, 1, 40), draw(make_visits, 2, 20), durations=("1h", "30min")).loc[
        ("till", "visits")
    ]
    assert (row["first"], row["second"], row["verdict"]) == (40, 40, "may be chance")


def test_a_zone_of_one_period_and_few_people_have_no_verdict_but_a_reason(make_visits):
    found = compare_periods(make_visits([("till", 1, 1000)]), make_visits([("door", 1, 1000)]))
    assert found.index.get_level_values("zone").tolist() == ["door"] * 4 + ["till"] * 4
    median = found.loc[("till", "median")]
    assert (median["verdict"], np.isnan(median["low"])) == ("unknown", True)
    assert median["note"] == "first: fewer than 6 people; second: fewer than 6 people"
    assert compare_periods(empty_table(VISITS), empty_table(VISITS)).empty


def test_groups_make_the_interval_of_a_difference_wider(make_visits):
    first, second = (draw(make_visits, seed, 80) for seed in (1, 3))
    people = np.arange(80)
    groups = assemble(GROUPS, {"person_index": people, "group": people // 4 + 1, "size": np.full(80, 4)})
    alone = compare_periods(first, second, horizon="20s")
    for given in (groups, (groups, groups)):
        together = compare_periods(first, second, horizon="20s", groups=given)
        widths = [table["high"] - table["low"] for table in (alone, together)]
        assert (widths[1].loc[("till", "visits")]) == pytest.approx(
            2 * widths[0].loc[("till", "visits")], rel=0.1
        )


def test_two_zones_are_compared_by_name(make_visits):
    rows = [("door", n, 1000 + 10 * n) for n in range(40)] + [("till", n, 9000 + 10 * n) for n in range(40)]
    found = compare_dwell(make_visits(rows), ["door", "till"], within="5s").loc["door, till"]
    assert found.loc["median", "difference"] == 8
    assert found.loc["median", "verdict"] == "differs"
    assert found.loc["visits", "verdict"] == "may be chance"


WRONG = {
    "one zone": (
        lambda v: compare_dwell(v, ["till"]),
        "zones must be two zones or the names of two zones, got",
    ),
    "a name": (lambda v: compare_dwell(v, "till"), "zones must be a list of zones or zone names, got 'till'"),
    "no visits": (lambda v: compare_dwell(v, ["till", "shop"]), "zone 'shop' has no visits; the zones with"),
    "no duration": (lambda v: compare_periods(v, v, durations=("1h",)), "durations must be a pair such as"),
    "no time": (lambda v: compare_periods(v, v, durations=("1h", "0s")), "must both be longer than 0"),
    "horizon": (lambda v: compare_periods(v, v, horizon="0s"), "horizon must be longer than 0, got '0s'"),
    "confidence": (lambda v: compare_periods(v, v, confidence=95), "confidence must be between 0 and 1"),
    "groups": (lambda v: compare_periods(v, v, groups=(None,) * 3), "a pair of tables, got 3 tables"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_argument_is_refused(make_visits, call, message):
    with pytest.raises(ParameterError, match=message):
        call(make_visits([("till", 1, 1000)]))


def test_another_table_is_refused(make_visits):
    with pytest.raises(SchemaError):
        compare_periods(make_visits([("till", 1, 1000)]), empty_table(DWELL_COMPARISON))
