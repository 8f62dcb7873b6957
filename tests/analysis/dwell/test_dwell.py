"""How long stays in zones last, when some were seen in part only."""

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from hypothesis import given
from hypothesis import strategies as some

from ptrack_analysis import compute_dwell, compute_tracks, compute_trajectories
from ptrack_analysis.dwell import compute_dwell_quantiles, compute_stay_in_scene, compute_survival
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.queues import compute_service_levels, compute_waiting_times
from ptrack_analysis.schema import ENTRIES, EXITS, GROUPS, VISITS, assemble, empty_table
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS

SPANS = ("observed_mean", "observed_median", "median", "median_low", "median_high", "restricted_mean")


def figures(dwell, key="till"):
    """Give stays, left_out, cut and the naive mean, median, estimated median, restricted mean [s]."""
    row = dwell.loc[key]
    seconds = [row[name].total_seconds() for name in ("observed_mean", "observed_median", "median")]
    return (
        row["visits"],
        row["start_unobserved"],
        row["end_unobserved"],
        *seconds,
        row["restricted_mean"].total_seconds(),
    )


NAN = float("nan")
CASES = {
    "one stay": ([(3000,)], (1, 0, 0, 3, 3, 3, 3)),
    "one stay that was cut": ([(3000, "crossed", "video_end")], (1, 0, 1, 3, 3, NAN, 3)),
    "one stay that vanished": ([(3000, "crossed", "lost")], (1, 0, 1, 3, 3, NAN, 3)),
    "one stay begun before the video": ([(3000, "video_start")], (1, 1, 0, 3, 3, NAN, NAN)),
    "one stay whose ends were both not observed": (
        [(3000, "video_start", "video_end")],
        (1, 1, 1, 3, 3, NAN, NAN),
    ),
    "one stay that appeared": ([(3000, "appeared")], (1, 1, 0, 3, 3, NAN, NAN)),
    "one stay that a zone's closing cut": ([(3000, "crossed", "zone_closed")], (1, 0, 1, 3, 3, NAN, 3)),
    "one stay that was there at the opening": ([(3000, "zone_opened")], (1, 1, 0, 3, 3, NAN, NAN)),
    "nothing unseen": ([(1000,), (2000,), (6000,)], (3, 0, 0, 3, 2, 2, 3)),
    "an even number": ([(1000,), (2000,), (3000,), (6000,)], (4, 0, 0, 3, 2.5, 2, 3)),
    "ties": ([(2000,), (2000,), (2000,)], (3, 0, 0, 2, 2, 2, 2)),
    "a cut one between": (  # half of two at 3 s: 1, then 1/2 from 3 s to 6 s
        [(1500, "crossed", "video_end"), (3000,), (6000,)],
        (3, 0, 1, 3.5, 3, 3, 4.5),
    ),
    "all cut": (
        [(1000, "crossed", "video_end"), (2000, "crossed", "video_end")],
        (2, 0, 2, 1.5, 1.5, NAN, 2),
    ),
    "a long one begun before": ([(1000,), (2000,), (9000, "video_start")], (3, 1, 0, 4, 2, 1, 1.5)),
    "no time at all": ([(0,), (0,)], (2, 0, 0, 0, 0, 0, 0)),
    "a mean between milliseconds": ([(0,), (1,), (1,)], (3, 0, 0, 0.001, 0.001, 0.001, 0.001)),
}


@pytest.mark.parametrize(("stays", "expected"), CASES.values(), ids=CASES.keys())
def test_what_was_not_seen_is_neither_taken_for_the_end_nor_for_the_beginning(make_visits, stays, expected):
    visits = make_visits([("till", person, *stay) for person, stay in enumerate(stays)])
    assert figures(compute_dwell(visits)) == pytest.approx(expected, nan_ok=True)


def test_each_zone_and_each_kind_of_entry_has_its_row(make_visits):
    visits = make_visits(
        [
            ("till", 1, 1000),
            ("till", 2, 3000),
            ("till", 3, 9000, "video_start"),
            ("door", 1, 5000, "appeared"),
        ]
    )
    assert compute_dwell(visits).index.tolist() == ["door", "till"]
    dwell = compute_dwell(visits, by="entry")
    assert dwell.index.tolist() == [("door", "appeared"), ("till", "crossed"), ("till", "video_start")]
    assert figures(dwell, ("till", "crossed")) == (2, 0, 0, 2, 2, 1, 2)
    assert dwell.loc[("till", "video_start"), "start_unobserved"] == 1
    assert (dwell["visits"].groupby(level="zone").sum() == compute_dwell(visits)["visits"].to_numpy()).all()


def test_at_a_door_who_appears_or_vanishes_has_come_or_gone(make_visits):
    visits = make_visits([("door", 1, 2000, "appeared", "lost"), ("door", 2, 4000, "appeared", "video_end")])
    assert compute_dwell(visits)["start_unobserved"].item() == 2
    dwell = compute_dwell(
        visits, observed_entries=["crossed", "appeared"], observed_exits=["crossed", "lost"]
    )
    assert figures(dwell, "door") == (2, 0, 1, 3, 3, 2, 3)


def test_a_stay_begun_before_counts_from_the_length_at_which_it_was_first_seen(make_visits):
    """At 1 s one of two ends, at 3 s the only one at risk: the third is seen only from beyond 3 s on."""
    visits = make_visits(
        [("till", 1, 3000), ("till", 2, 2000, "video_start"), ("till", 3, 1000, "video_start")]
    )
    before = pd.Series(
        np.array([3000, 0], "timedelta64[ms]"), index=visits.index[[1, 2]].set_names(VISITS.key_names)
    )
    survival = compute_survival(visits, inside_before=before)
    assert survival["at_risk"].tolist() == [1, 2, 1, 1]
    assert survival["share"].tolist() == [1, 0.5, 0, 0]
    one = compute_survival(visits, inside_before=before.iloc[:1])
    assert compute_dwell(visits, inside_before=before.iloc[:1])["persons"].item() == 2
    assert one["at_risk"].tolist() == [1, 1, 1]


def test_a_late_stay_of_no_time_was_never_at_risk_and_is_left_out(make_visits):
    visits = make_visits([("till", 1, 2000), ("till", 2, 0, "video_start"), ("till", 3, 0, "video_start")])
    before = pd.Series(np.array([500, 500], "timedelta64[ms]"), index=visits.index[1:])
    assert compute_dwell(visits, inside_before=before)["persons"].item() == 1
    assert compute_survival(visits, inside_before=before)["at_risk"].tolist() == [1, 1]


def test_time_before_a_stay_that_was_seen_to_begin_is_passed_over(make_visits):
    visits = make_visits([("till", 1, 2000), ("till", 2, 4000)])
    before = pd.Series(np.array([500, 9000], "timedelta64[ms]"), index=visits.index)
    assert compute_dwell(visits, inside_before=before).equals(compute_dwell(visits))


STAYS = some.lists(
    some.tuples(
        some.integers(0, 6), some.sampled_from(ENTRIES), some.sampled_from(EXITS), some.integers(-1, 8)
    ),
    min_size=1,
    max_size=30,
)


@given(STAYS)
def test_no_more_stays_end_than_are_at_risk_and_the_share_stays_a_share(make_visits, stays):
    visits = make_visits([("till", person, *stay[:3]) for person, stay in enumerate(stays)])
    spans = np.array([stay[3] for stay in stays])
    before = pd.Series(spans.astype("timedelta64[ms]"), index=visits.index)[spans >= 0]
    survival = compute_survival(visits, inside_before=before)
    assert (survival["ended"] <= survival["at_risk"]).all()
    assert survival["share"].between(0, 1).all()
    assert (survival["share"].diff().dropna() <= 0).all()
    dwell = compute_dwell(visits, inside_before=before)
    assert dwell["start_unobserved"].item() == sum(entry not in OBSERVED_ENTRIES for _, entry, *_ in stays)
    assert dwell["end_unobserved"].item() == sum(exit_ not in OBSERVED_EXITS for *_, exit_, _ in stays)


def test_who_was_there_at_the_opening_or_at_the_closing_was_not_seen_to_come_or_go(make_visits):
    kinds = [
        ("zone_opened", "crossed"),
        ("zone_opened", "zone_closed"),
        ("crossed", "zone_closed"),
        ("crossed", "crossed"),
    ]
    visits = make_visits([("till", person, 1000, *kind) for person, kind in enumerate(kinds)])
    survival = compute_survival(visits)
    assert survival[["ended", "end_unobserved"]].sum().tolist() == [1, 1]
    row = compute_dwell(visits).iloc[0]
    assert row[["visits", "start_unobserved", "end_unobserved"]].tolist() == [4, 2, 2]
    waits = compute_waiting_times(visits, ["till"])[["begin_seen", "end_seen"]].sum()
    assert waits.tolist() == [2, 2]


def test_a_missing_bound_has_a_reason(make_visits):
    row = compute_dwell(make_visits([("till", person, 2000) for person in range(3)])).iloc[0]
    assert row[["median_low", "median_high", "restricted_mean_low", "restricted_mean_high"]].isna().all()
    assert row["note"] == "median: fewer than 6 people; restricted mean: fewer than 20 people"
    many = compute_dwell(make_visits([("till", person, 2000 + person) for person in range(30)])).iloc[0]
    assert many["median_low"] < many["median"] < many["median_high"]
    assert (many["persons"], many["note"]) == (30, "")
    alike = compute_dwell(make_visits([("till", person, 2000) for person in range(30)])).iloc[0]
    assert (
        alike["note"]
        == "median: too many visits of equal length; restricted mean: no variation between people"
    )


def test_visits_of_one_group_count_as_one(make_visits):
    visits = make_visits([("till", person, 1000 * (person // 2 + 1)) for person in range(40)])
    people = np.arange(40)
    arrays = {"person_index": people, "group": people // 2 + 1, "size": np.full(40, 2)}
    alone, paired = compute_dwell(visits), compute_dwell(visits, groups=assemble(GROUPS, arrays))
    assert (alone["persons"].item(), paired["persons"].item()) == (40, 20)
    assert paired["median"].item() == alone["median"].item()
    for name in ("median", "restricted_mean"):
        assert (paired[f"{name}_low"] < alone[f"{name}_low"]).all()
        assert (paired[f"{name}_high"] > alone[f"{name}_high"]).all()
    with pytest.raises(SchemaError):
        compute_dwell(visits, groups=visits)


def test_two_people_in_one_group_are_one_unit(make_visits):
    visits = make_visits([("till", 1, 1000), ("till", 2, 2000)])
    arrays = {"person_index": np.array([1, 2]), "group": np.ones(2, "int64"), "size": np.full(2, 2)}
    groups = assemble(GROUPS, arrays)
    assert compute_survival(visits, groups=groups)[["share_low", "share_high"]].isna().all(axis=None)
    level = compute_service_levels(compute_waiting_times(visits, ["till"]), targets=["1s"], groups=groups)
    assert level["note"].item() == "fewer than 2 people"
    assert level["share_within"].item() == 0.5


def test_the_usual_horizon_is_the_longest_stay_that_is_not_left_out(make_visits):
    visits = make_visits([("till", 1, 2000), ("till", 2, 9000, "video_start")])
    assert compute_dwell(visits)["horizon"].item() == pd.Timedelta("2s")
    before = pd.Series(np.array([1000], "timedelta64[ms]"), index=visits.index[1:])
    assert compute_dwell(visits, inside_before=before)["horizon"].item() == pd.Timedelta("10s")


def test_the_horizon_makes_the_means_of_zones_comparable(make_visits):
    visits = make_visits(
        [("a", 1, 1000), ("a", 2, 9000), ("b", 1, 2000), ("b", 2, 6000, "crossed", "video_end")]
    )
    means = compute_dwell(visits, horizon="5s")["restricted_mean"].dt.total_seconds()
    assert means.tolist() == [3, 3.5]
    means = compute_dwell(visits, horizon="8s")["restricted_mean"].dt.total_seconds()
    assert means.tolist() == pytest.approx([4.5, NAN], nan_ok=True)
    assert compute_dwell(visits)["horizon"].dt.total_seconds().tolist() == [9, 6]


def test_quantiles_beyond_the_longest_cut_stay_are_missing(make_visits):
    visits = make_visits(
        [("a", n, 1000 * n, "crossed", "video_end" if n == 4 else "crossed") for n in range(1, 5)]
    )
    found = compute_dwell_quantiles(visits, quantiles=[0.9, 0.5, 0.75])
    assert found.index.get_level_values("quantile").tolist() == [0.5, 0.75, 0.9]
    assert found["estimate"].dt.total_seconds().tolist() == pytest.approx([2, 3, NAN], nan_ok=True)
    assert found["observed"].dt.total_seconds().tolist() == [2.5, 3.5, 4]


def test_the_median_of_both_tables_is_the_same(make_visits):
    visits = cut_at_random(make_visits, 3, 50)
    quantiles = compute_dwell_quantiles(visits, quantiles=[0.5]).xs(("", 0.5), level=("entry", "quantile"))
    dwell = compute_dwell(visits)
    for name, other in (
        ("estimate", "median"),
        ("observed", "observed_median"),
        ("estimate_low", "median_low"),
    ):
        assert quantiles[name].equals(dwell[other].rename(name))


def test_the_curve_begins_at_0_and_adds_up(make_visits):
    visits = make_visits([("a", 1, 2000), ("a", 2, 2000, "crossed", "video_end"), ("b", 1, 9, "video_start")])
    survival = compute_survival(visits)
    assert survival.index.tolist() == [
        ("a", "", pd.Timedelta(0)),
        ("a", "", pd.Timedelta("2s")),
    ]
    assert survival[["at_risk", "ended", "end_unobserved"]].to_numpy().tolist() == [[2, 0, 0], [2, 1, 1]]
    assert survival["share"].tolist() == [1, 0.5]


@pytest.mark.parametrize("compute", [compute_dwell, compute_dwell_quantiles, compute_survival])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"by": ("zone",)}, r"by must be one of zone, entry, got \('zone',\)"),
        ({"by": "person_index"}, "by must be one of zone, entry, got 'person_index'"),
        ({"by": None}, "by must be one of zone, entry, got None"),
        (
            {"observed_entries": ["entered"]},
            r"observed_entries must be a list with some of \['crossed', 'frame_edge'.*, got \['entered'\]",
        ),
        ({"observed_exits": "crossed"}, "observed_exits must be a list .*, got 'crossed'"),
        ({"observed_exits": None}, "observed_exits must be a list .*, got None"),
        ({"confidence": 95}, "confidence must be between 0 and 1, got 95"),
        ({"confidence": 1.0}, "confidence must be between 0 and 1, got 1.0"),
        ({"confidence": NAN}, "confidence must be between 0 and 1, got nan"),
        ({"confidence": "0.9"}, "confidence must be between 0 and 1, got '0.9'"),
        ({"inside_before": 3}, "inside_before must be a pandas.Series of .*, got int"),
        ({"inside_before": pd.Series([1.0])}, "inside_before must be a pandas.Series of .*, got float64"),
    ],
)
def test_a_wrong_option_is_refused_with_its_value(make_visits, compute, options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        compute(make_visits([("till", 1, 1000)]), **options)


@pytest.mark.parametrize(
    ("quantiles", "sentence"),
    [
        ([0], "quantiles must be between 0 and 1, got 0"),
        ([0.5, 1.5], "quantiles must be between 0 and 1, got 1.5"),
        (0.5, "quantiles must be a list of numbers between 0 and 1, got 0.5"),
    ],
)
def test_a_wrong_quantile_is_refused_with_its_value(make_visits, quantiles, sentence):
    with pytest.raises(ParameterError, match=sentence):
        compute_dwell_quantiles(make_visits([("till", 1, 1000)]), quantiles=quantiles)


@pytest.mark.parametrize("horizon", ["0s", "-1s", "soon"])
def test_a_wrong_horizon_is_refused_with_its_value(horizon):
    with pytest.raises(ParameterError, match=f"horizon must be .*got '{horizon}'"):
        compute_dwell(empty_table(VISITS), horizon=horizon)


def test_time_before_a_stay_that_is_not_there_is_refused(make_visits):
    visits = make_visits([("till", 1, 1000), ("till", 2, 1000, "video_start")])
    stray = pd.Series(np.array([5], "timedelta64[ms]"), index=visits.index[[1]]).rename({2: 7})
    with pytest.raises(ParameterError, match="visit 1 of person 7 to zone 'till', which is not in"):
        compute_dwell(visits, inside_before=stray)
    unnamed = stray.reset_index(drop=True)
    with pytest.raises(
        ParameterError, match=r"inside_before must have one row per visit .*, got the index \[None\]"
    ):
        compute_dwell(visits, inside_before=unnamed)
    negative = pd.Series(np.array([-5], "timedelta64[ms]"), index=visits.index[[1]])
    with pytest.raises(ParameterError, match="inside_before must contain durations of at least 0"):
        compute_dwell(visits, inside_before=negative)
    assert len(compute_dwell(visits, inside_before=negative.iloc[:0])) == 1


def cut_at_random(make_visits, seed, number, *, mean=60_000):
    """Make stays of exponential length, each cut at a random moment if it lasts beyond that."""
    chance = np.random.default_rng(seed)
    length = chance.exponential(mean, number).round().astype("int64")
    until = chance.exponential(1.5 * mean, number).round().astype("int64")
    exits = np.where(length <= until, "crossed", "video_end").tolist()
    rows = zip(np.minimum(length, until).tolist(), exits, strict=True)
    return make_visits([("till", person, dwell, "crossed", end) for person, (dwell, end) in enumerate(rows)])


def test_of_stays_cut_at_random_the_median_is_right_on_average_where_the_naive_figures_are_not(make_visits):
    """40 % are cut; the true median is 60 s · ln 2 = 41.6 s, the true mean 60 s."""
    found = pd.concat([compute_dwell(cut_at_random(make_visits, seed, 400)) for seed in range(100)])
    seconds = {name: found[name].dt.total_seconds() for name in SPANS}
    true = 60 * np.log(2)
    assert seconds["median"].mean() == pytest.approx(true, rel=0.02)
    assert seconds["observed_median"].mean() < 0.65 * true
    assert seconds["observed_mean"].mean() < 0.65 * 60
    covered = (seconds["median_low"] <= true) & (true <= seconds["median_high"])
    assert covered.mean() >= 0.9


def windowed(make_visits, seed, *, window=300_000, mean=60_000):
    """Make stays of arrivals at a steady rate, seen through a window of time: begun before it, cut by it."""
    chance = np.random.default_rng(seed)
    number = 4000
    begin = chance.integers(-10 * mean, window, number)
    end = begin + chance.exponential(mean, number).round().astype("int64")
    seen = end > 0
    begin, end = begin[seen], end[seen]
    dwell = np.minimum(end, window) - np.maximum(begin, 0)
    rows = zip(
        dwell.tolist(),
        np.where(begin < 0, "video_start", "crossed").tolist(),
        np.where(end > window, "video_end", "crossed").tolist(),
        strict=True,
    )
    visits = make_visits([("till", person, *row) for person, row in enumerate(rows)])
    before = np.maximum(-begin, 0).astype("timedelta64[ms]")
    return visits, pd.Series(before, index=visits.index), end - begin


def test_stays_begun_before_the_video_do_not_bias_the_median_left_out_or_with_their_time_before(make_visits):
    """The whole lengths of all stays that the window sees are longer than a stay is: long ones reach it."""
    left_out, delayed, lengths = [], [], []
    for seed in range(30):
        visits, before, length = windowed(make_visits, seed)
        left_out.append(compute_dwell(visits)["median"].item().total_seconds())
        known = compute_dwell(visits, inside_before=before)
        assert known["persons"].item() == len(length)
        delayed.append(known["median"].item().total_seconds())
        lengths.append(np.median(length) / 1000)
    true = 60 * np.log(2)
    assert np.mean(left_out) == pytest.approx(true, rel=0.02)
    assert np.mean(delayed) == pytest.approx(true, rel=0.02)
    assert np.mean(lengths) > 1.1 * true


def test_renumbered_persons_and_shifted_times_change_no_figure(make_visits):
    visits = cut_at_random(make_visits, 5, 40)
    shifted = visits.assign(
        entered=visits["entered"] + np.timedelta64(5000, "ms"),
        exited=visits["exited"] + np.timedelta64(5000, "ms"),
    )
    renamed = visits.rename(index=lambda number: 1000 - number, level="person_index")
    assert compute_dwell(shifted).equals(compute_dwell(visits))
    assert compute_dwell(renamed).equals(compute_dwell(visits))


def test_people_stay_in_the_scene_as_long_as_they_were_seen_to_or_longer():
    """One was there at the start, one is still there at the end, two came and left: 2 s and 4 s."""
    video = make_video(20_000)
    spans = {1: (0, 3000), 2: (15_000, 20_000), 3: (2000, 4000), 4: (5000, 9000)}
    detections = make_detections(
        {person: [(t, 0.5, 0.5) for t in range(a, b, 100)] for person, (a, b) in spans.items()}
    )
    tracks = compute_tracks(compute_trajectories(detections, video, period="100ms"))
    stay = compute_stay_in_scene(tracks, video, period="100ms").loc["scene"]
    assert stay[["people", "start_unobserved", "end_unobserved", "persons"]].tolist() == [4, 1, 1, 3]
    assert stay["observed_mean"] == pd.Timedelta("3.5s")
    assert stay["median"] == pd.Timedelta("4s")
    assert stay["note"] == "median: fewer than 6 people; restricted mean: fewer than 20 people"
    part = compute_stay_in_scene(tracks.loc[[3]], video, period="100ms", start="2s", end="4s").loc["scene"]
    assert part[["start_unobserved", "end_unobserved"]].tolist() == [1, 1]
    with pytest.raises(ParameterError, match="horizon must be longer than 0"):
        compute_stay_in_scene(tracks, video, period="100ms", horizon="0s")
