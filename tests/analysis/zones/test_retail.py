"""The retail dictionary: ten persons worked by hand, edges, and against slow counting."""

import naive_flows
import numpy as np
import pandas as pd
import pytest
from factories import make_points
from flow_tables import make_visits, make_zones, plain, random_rows, visit_rows
from hypothesis import given
from scipy import stats
from shapely.geometry import box

from ptrack_analysis import (
    Video,
    Zone,
    compute_occupancy,
    compute_retail_metrics,
    compute_trajectories,
    compute_visits,
)
from ptrack_analysis.analysis.zones.retail import FIGURES
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import EXITS, GROUPS, RETAIL, VISITS, assemble, empty_table, validate

# Ten persons come by the window. 0, 1, 2 and 3 enter the shop (3 twice); 0 and 1 go on to the till.
#   shop  0: 10-40 s   1: 20-50 s   2: 30-35 s   3: 60-80 s and 90-95 s
#   till  0: 40-60 s   1: 50-70 s
TEN = [("window", person, person * 1000, person * 1000 + 500) for person in range(10)]
TEN += [("shop", 0, 10_000, 40_000), ("shop", 1, 20_000, 50_000), ("shop", 2, 30_000, 35_000)]
TEN += [("shop", 3, 60_000, 80_000), ("shop", 3, 90_000, 95_000)]
TEN += [("till", 0, 40_000, 60_000), ("till", 1, 50_000, 70_000)]
BY_HAND = {
    "visitors": (4, 4),  # persons 0 to 3
    "visits": (5, 5),  # person 3 twice
    "exposure_rate": (0.4, 10),  # 4 of 10 persons
    "total_dwell": (90, 5),  # 30 + 30 + 5 + 20 + 5 s
    "average_dwell": (18, 5),  # 90 s by 5 visits
    "dwell_per_visitor": (22.5, 4),  # 90 s by 4 visitors
    "peak_occupancy": (3, 5),  # 0, 1 and 2
    "peak_moment": (30, 5),  # as 2 enters
    "bounce_rate": (0.4, 5),  # 2 of 5 visits are below 10 s
    "one_zone_rate": (0, 4),  # all four were at the window too
    "re_entry_rate": (0.2, 5),  # 1 of 5 visits is a return
    "capture_ratio": (4 / 6, 6),  # 4 entered, 6 passed by
    "capture_rate": (0.4, 10),  # 4 of the 10 who came along
    "whole_visits": (5, 5),  # all five were observed from start to end
    "conversion_rate": (0.4, 5),  # 2 sales to 5 whole visits
}


def clopper_pearson(count, number):
    low = stats.beta.ppf(0.025, count, number - count + 1) if count else 0.0
    return low, stats.beta.ppf(0.975, count + 1, number - count)


def garwood(count):
    return stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.ppf(0.975, 2 * count + 2) / 2


def figures_of(rows, zone="shop", **options):
    table = compute_retail_metrics(make_visits(rows), make_zones([zone]), **options).loc[zone]
    return dict(zip(table.index, zip(table["value"], table["taken_of"], strict=True), strict=True))


@pytest.mark.parametrize("figure", BY_HAND)
def test_each_figure_of_ten_persons_is_the_one_worked_by_hand(figure):
    found = figures_of(TEN, passers_by={"shop": "window"}, transactions={"shop": 2})
    assert found[figure] == pytest.approx(BY_HAND[figure])


def test_every_figure_is_worked_by_hand_and_names_its_source():
    assert set(BY_HAND) == set(FIGURES)
    definitions = compute_retail_metrics(make_visits(TEN), ["shop"])["definition"]
    assert definitions.str.contains(r"^[A-Z][^.]*\. Source: .+\.$").all()


def test_who_visits_no_other_zone_is_a_bounce_of_the_other_kind():
    inside = [row for row in TEN if row[0] != "window"]
    assert figures_of(inside)["one_zone_rate"] == (0.5, 4)  # 2 and 3 did not go to the till


def test_passers_by_can_be_counted_elsewhere():
    figures = figures_of(TEN, passers_by={"shop": 16})
    assert (figures["capture_ratio"], figures["capture_rate"]) == ((0.25, 16), (0.2, 20))
    in_front = Zone("window", box(0, 0, 1, 1), "m")
    assert figures_of(TEN, passers_by={"shop": in_front})["capture_rate"] == (0.4, 10)


def test_a_zone_in_front_where_nobody_was_has_no_passers_by():
    attic = Zone("attic", box(0, 0, 1, 1), "m")
    assert figures_of(TEN, passers_by={"shop": attic})["capture_rate"] == (1, 4)


def test_more_may_enter_than_pass_by():
    assert figures_of(TEN, passers_by={"shop": 1})["capture_ratio"] == (4, 1)


def test_who_neither_passed_nor_entered_leaves_nothing_to_divide_by():
    figures = figures_of(TEN, zone="cellar", passers_by={"cellar": 0}, transactions={"cellar": 3})
    nothing = {"capture_ratio", "capture_rate", "conversion_rate", "bounce_rate", "re_entry_rate"}
    nothing |= {"one_zone_rate", "average_dwell", "dwell_per_visitor", "peak_moment"}
    assert {name for name, (value, _) in figures.items() if np.isnan(value)} == nothing
    zeros = ("visitors", "visits", "total_dwell", "exposure_rate", "peak_occupancy")
    assert [figures[name][0] for name in zeros] == [0] * 5


def test_what_is_not_given_is_not_estimated():
    figures = figures_of(TEN)
    assert all(np.isnan(figures[name][0]) for name in ("capture_ratio", "capture_rate", "conversion_rate"))


def test_nobody_at_all_is_nobody_in_each_zone():
    table = compute_retail_metrics(empty_table(VISITS), ["a", "b"])
    validate(table, RETAIL)
    assert len(table) == 2 * len(FIGURES)
    assert np.isnan(table.loc[("a", "exposure_rate"), "value"])


def test_no_zones_give_no_rows():
    table = compute_retail_metrics(make_visits(TEN), [])
    validate(table, RETAIL)
    assert table.empty


def test_a_visit_of_exactly_the_length_is_no_bounce():
    assert figures_of([("shop", 7, 0, 10_000)])["bounce_rate"] == (0, 1)
    assert figures_of([("shop", 7, 0, 9_999)])["bounce_rate"] == (1, 1)
    assert figures_of([("shop", 7, 0, 9_999)], bounce_below="5s")["bounce_rate"] == (0, 1)


def test_who_leaves_as_another_enters_was_not_there_with_them():
    assert figures_of([("shop", 7, 0, 10), ("shop", 8, 10, 20)])["peak_occupancy"] == (1, 2)


WRONG = {
    "no list": ({"zones": "shop"}, "zones must be a list of zones or zone names, got 'shop'"),
    "a name that no visit has": (
        {"zones": ["shop", "tlil"]},
        r"zones contains 'tlil', but no visit has this zone.* \['shop', 'till', 'window'\]",
    ),
    "a zone twice": ({"zones": ["shop", "shop"]}, "zone 'shop' occurs twice"),
    "a number for another zone": (
        {"transactions": {"till": 3}},
        r"transactions contains 'till', which is not one of the zones \['shop'\]",
    ),
    "half a sale": (
        {"transactions": {"shop": 1.5}},
        "transactions of 'shop' must be a whole number .*, got 1.5",
    ),
    "a sale that is a name": (
        {"transactions": {"shop": "till"}},
        "transactions of 'shop' must be a whole number .*, got 'till'",
    ),
    "a yes": ({"passers_by": {"shop": True}}, "passers_by of 'shop' must be a whole number .*, got True"),
    "fewer than nobody": (
        {"passers_by": {"shop": -1}},
        "passers_by of 'shop' must be a whole number .*, got -1",
    ),
    "a number alone": ({"passers_by": 7}, "passers_by must be a mapping from zone names, got 7"),
    "the zone in front of itself": (
        {"passers_by": {"shop": "shop"}},
        "passers_by of 'shop' must be another zone",
    ),
    "a name that nobody knows": (
        {"passers_by": {"shop": "windwo"}},
        r"contains 'windwo', which is not one of the zones \['shop'\] and has no visits. .* pass the Zone",
    ),
    "no length of time": ({"bounce_below": "-1s"}, "bounce_below must be a duration .*, got '-1s'"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        compute_retail_metrics(make_visits(TEN), **{"zones": ["shop"], **options})


def test_what_is_not_visits_is_refused():
    with pytest.raises(SchemaError, match="not a visits table: got a dict"):
        compute_retail_metrics({}, ["shop"])


@pytest.mark.parametrize("seed", range(20))
def test_figures_are_those_of_slow_counting(seed):
    visits = make_visits(random_rows(seed))
    for zone in "abcd":
        own = [visit for visit in plain(visits) if visit[0] == zone]
        found = figures_of(random_rows(seed), zone=zone, bounce_below="7ms")
        most, moment = naive_flows.peak(own)
        assert found["peak_occupancy"][0] == most
        assert found["peak_moment"][0] == pytest.approx(
            np.nan if moment is None else moment / 1000, nan_ok=True
        )
        assert found["bounce_rate"][0] == sum(v[4] - v[3] < 7 for v in own) / len(own)
        assert found["re_entry_rate"][0] == sum(v[2] > 1 for v in own) / len(own)


@pytest.mark.parametrize("seed", range(10))
def test_without_options_of_the_visits_the_peak_is_that_of_the_occupancy(seed):
    chance = np.random.default_rng(seed)
    points = make_points(
        {
            person: [(int(at), *chance.uniform(0, 10, 2)) for at in np.cumsum(chance.integers(100, 2500, 30))]
            for person in range(8)
        }
    )
    trajectories, zone = compute_trajectories(points, period="100ms"), Zone("hall", box(0, 0, 6, 10), "m")
    visits = compute_visits(trajectories, [zone], Video())
    persons = compute_occupancy(trajectories, Video(), zones=[zone]).loc["hall", "persons"]
    table = compute_retail_metrics(visits, [zone])
    assert table.loc[("hall", "peak_occupancy"), "value"] == persons.max()
    assert table.loc[("hall", "peak_moment"), "value"] == persons.idxmax().total_seconds()


@given(visit_rows())
def test_rates_are_shares_and_dwell_is_that_of_the_visits(rows):
    visits = make_visits(rows)
    value = compute_retail_metrics(visits, make_zones("ab"), passers_by={"a": "b"})["value"].unstack("figure")
    rates = value[[name for name in value if name.endswith("_rate")]].to_numpy()
    rates = rates[~np.isnan(rates)]
    assert ((rates >= 0) & (rates <= 1)).all()
    dwell = visits["dwell"].dt.total_seconds().groupby(level="zone").sum()
    assert value["total_dwell"].to_dict() == pytest.approx({zone: dwell.get(zone, 0) for zone in "ab"})


def test_a_visit_that_the_video_cuts_is_not_whole_and_not_in_the_conversion():
    visits = make_visits([("shop", person, 1000, 2000) for person in range(4)])
    cut = visits.copy()
    cut["exit"] = pd.Categorical(["crossed", "video_end", "lost", "crossed"], categories=EXITS)
    for options, whole in (({}, 2), ({"observed_exits": ["crossed", "lost"]}, 3)):
        table = compute_retail_metrics(cut, make_zones(["shop"]), transactions={"shop": 1}, **options)
        assert table.loc[("shop", "whole_visits"), "value"] == whole
        assert table.loc[("shop", "conversion_rate"), "value"] == pytest.approx(1 / whole)
        assert table.loc[("shop", "conversion_rate"), "taken_of"] == whole


INTERVALS_BY_HAND = {
    "exposure_rate": clopper_pearson(4, 10),
    "one_zone_rate": clopper_pearson(0, 4),
    "capture_rate": clopper_pearson(4, 10),
    "conversion_rate": clopper_pearson(0.4 * 25 / 7, 25 / 7),  # 5 visits, two of one person: worth 5² / 7
    "bounce_rate": clopper_pearson(0.4 * 25 / 7, 25 / 7),
    "visitors": garwood(4),
    "visits": tuple(7 / 5 * bound for bound in garwood(25 / 7)),
}


@pytest.mark.parametrize("figure", INTERVALS_BY_HAND)
def test_shares_have_the_interval_of_clopper_and_pearson_and_counts_that_of_garwood(figure):
    options = {"passers_by": {"shop": "window"}, "transactions": {"shop": 2}}
    row = compute_retail_metrics(make_visits(TEN), make_zones(["shop"]), **options).loc[("shop", figure)]
    assert (row["low"], row["high"]) == pytest.approx(INTERVALS_BY_HAND[figure])
    assert row["note"] == ""


def test_one_visit_to_each_person_gives_conversion_the_interval_of_its_whole_visits():
    rows = [("shop", person, 0, 5) for person in range(20)]
    row = compute_retail_metrics(make_visits(rows), ["shop"], transactions={"shop": 5}).loc["shop"]
    ends = row.loc["conversion_rate", ["low", "high"]].astype(float)
    assert tuple(ends) == pytest.approx(clopper_pearson(5, 20))


def test_the_interval_of_the_capture_ratio_is_that_of_the_odds():
    table = compute_retail_metrics(make_visits(TEN), ["shop"], passers_by={"shop": 6}).loc["shop"]
    low, high = clopper_pearson(4, 10)
    ratio = tuple(table.loc["capture_ratio", ["low", "high"]].astype(float))
    assert ratio == pytest.approx((low / (1 - low), high / (1 - high)))


NO_INTERVAL = {
    "total_dwell": "no interval for this figure",
    "peak_occupancy": "no interval for this figure",
    "capture_rate": "the number to compare with is not given",
    "conversion_rate": "above 1: not a share",
    "average_dwell": "fewer than 10 people",
}


@pytest.mark.parametrize("figure", NO_INTERVAL)
def test_a_figure_without_an_interval_says_why(figure):
    row = compute_retail_metrics(make_visits(TEN), ["shop"], transactions={"shop": 9}).loc[("shop", figure)]
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["note"] == NO_INTERVAL[figure]


def test_groups_make_the_intervals_of_a_shop_wider():
    pairs = {"person_index": np.arange(10), "group": np.arange(10) // 2 + 1, "size": np.full(10, 2)}
    alone, paired = (
        compute_retail_metrics(make_visits(TEN), ["shop"], groups=groups).loc[("shop", "exposure_rate")]
        for groups in (None, assemble(GROUPS, pairs))
    )
    assert paired["high"] - paired["low"] > alone["high"] - alone["low"]
