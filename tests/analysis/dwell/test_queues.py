"""How long persons wait, how many at once, how many too long."""

import naive_survival
import numpy as np
import pandas as pd
import pytest
from factories import make_video
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats
from shapely.geometry import box

from ptrack_analysis import Zone
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.queues import compute_queue_length, compute_service_levels, compute_waiting_times
from ptrack_analysis.schema import VISITS, WAITS, empty_table

SQUARE = box(0, 0, 1, 1)
TILL = Zone("till", SQUARE, "m", kind="queue")
SHELF = Zone("shelf", SQUARE, "m")


def steps(queue):
    """Give (moment [ms], persons) of a queue."""
    moments = queue.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    return list(zip(moments, queue["persons"].tolist(), strict=True))


def test_only_queues_are_waited_in_and_zones_named(make_visits):
    visits = make_visits([("till", 1, 2000), ("shelf", 1, 3000)])
    assert compute_waiting_times(visits, [TILL, SHELF])["wait"].dt.total_seconds().tolist() == [2]
    assert compute_waiting_times(visits, ["shelf"])["wait"].dt.total_seconds().tolist() == [3]
    assert compute_waiting_times(visits, [SHELF]).empty
    assert compute_queue_length(visits, [SHELF], make_video(9000)).empty


def test_who_is_not_seen_for_a_moment_still_waits(make_visits):
    waits = compute_waiting_times(make_visits([("till", 1, 2000, "crossed", "crossed", 0, 500)]), [TILL])
    assert waits["wait"].item() == pd.Timedelta("2500ms")


def test_a_wait_says_which_of_its_ends_were_seen(make_visits):
    visits = make_visits(
        [
            ("till", 1, 9, "crossed", "lost"),
            ("till", 2, 9, "video_start", "crossed"),
            ("till", 3, 9, "zone_opened", "zone_closed"),
        ]
    )
    seen = compute_waiting_times(visits, [TILL])[["begin_seen", "end_seen"]].to_numpy().tolist()
    assert seen == [[True, False], [False, True], [False, False]]
    assert compute_waiting_times(visits, [TILL], observed_exits=["lost"])["end_seen"].tolist() == [
        True,
        False,
        False,
    ]


QUEUES = {
    "nobody": ([], [(0, 0), (9000, 0)]),
    "one comes and goes": ([(1000, 2000)], [(0, 0), (1000, 1), (3000, 0), (9000, 0)]),
    "from the start to the end": ([(0, 9000)], [(0, 1), (9000, 1)]),
    "one comes as one goes": ([(0, 4000), (4000, 5000)], [(0, 1), (9000, 1)]),
    "two at once": ([(0, 4000), (1000, 1000)], [(0, 1), (1000, 2), (2000, 1), (4000, 0), (9000, 0)]),
    "one for no time": ([(3000, 0)], [(0, 0), (9000, 0)]),
}


@pytest.mark.parametrize(("waits", "expected"), QUEUES.values(), ids=QUEUES.keys())
def test_a_queue_is_as_long_as_there_are_waits_going_on(make_visits, waits, expected):
    visits = make_visits([("till", n, wait, "crossed", "crossed", at) for n, (at, wait) in enumerate(waits)])
    assert steps(compute_queue_length(visits, [TILL], make_video(9000))) == expected


def test_without_a_known_end_the_queue_closes_with_the_last_visit_of_any_zone(make_visits):
    visits = make_visits([("till", 1, 2000), ("shelf", 1, 5000)])
    assert steps(compute_queue_length(visits, ["till"], make_video())) == [(0, 1), (2000, 0), (5000, 0)]
    assert steps(compute_queue_length(empty_table(VISITS), ["till"], make_video())) == [(0, 0)]


@given(some.lists(some.tuples(some.integers(0, 50), some.integers(0, 30)), max_size=15))
def test_the_integral_of_the_queue_is_the_sum_of_the_waits(make_visits, waits):
    rows = [("till", n, wait, "crossed", "crossed", at) for n, (at, wait) in enumerate(waits)]
    visits = make_visits(rows)
    found = steps(compute_queue_length(visits, [TILL], make_video(100)))
    assert found == naive_survival.queue([(at, at + wait) for at, wait in waits], 100)
    held = np.diff([moment for moment, _ in found], append=100)
    assert (held * [persons for _, persons in found]).sum() == sum(wait for _, wait in waits)
    assert compute_waiting_times(visits, [TILL])["wait"].sum() == np.timedelta64(
        sum(w for _, w in waits), "ms"
    )


def test_a_wait_of_exactly_the_target_is_not_longer(make_visits):
    waits = compute_waiting_times(make_visits([("till", n, 1000 * n) for n in range(1, 5)]), [TILL])
    levels = compute_service_levels(waits, targets=["2s", "1999ms", "9s", "0s"])
    assert levels["share_within"].tolist() == [0, 0.25, 0.5, 1]
    assert levels["observed_share_within"].tolist() == [0, 0.25, 0.5, 1]
    spans = levels.index.get_level_values("target").to_numpy().astype("int64")
    assert spans.tolist() == [0, 1999, 2000, 9000]


def test_a_wait_not_seen_to_end_is_longer_than_what_was_seen_of_it(make_visits):
    """One cut at 1 s is not known to be short: of the two others one lasts beyond 3 s."""
    stays = [(1000, "crossed", "video_end"), (2000,), (4000,), (9000, "video_start")]
    visits = make_visits([("till", n, *stay) for n, stay in enumerate(stays)])
    level = compute_service_levels(compute_waiting_times(visits, [TILL]), targets=["3s"]).iloc[0]
    assert level[["waits", "start_unobserved", "end_unobserved"]].tolist() == [4, 1, 1]
    assert level["observed_share_within"] == 0.5
    assert level["share_within"] == 0.5
    early = compute_service_levels(compute_waiting_times(visits, [TILL]), targets=["1s"]).iloc[0]
    assert (early["observed_share_within"], early["share_within"]) == (0.25, 0)


def test_beyond_the_longest_cut_wait_nothing_is_known(make_visits):
    visits = make_visits(
        [("till", 1, 2000), ("till", 2, 3000, "crossed", "video_end"), ("door", 1, 9, "video_start")]
    )
    levels = compute_service_levels(compute_waiting_times(visits, ["till", "door"]), targets=["2s", "5s"])
    assert levels["share_within"].tolist() == pytest.approx([np.nan, np.nan, 0.5, np.nan], nan_ok=True)
    assert levels["start_unobserved"].tolist() == [1, 1, 0, 0]
    # a half of two people is worth one observation: V = n/(n-1) · S(1-S)/n
    bounds = levels.loc[("till", pd.Timedelta("2s")), ["share_within_low", "share_within_high"]]
    assert bounds.tolist() == pytest.approx(stats.beta.ppf([0.025, 0.975], [0.5, 1.5], [1.5, 0.5]), abs=1e-9)
    door = levels.loc["door"]
    assert door["note"].tolist() == ["no wait with an observed start"] * 2
    assert levels.loc["till", "note"].tolist() == ["", "the target is beyond the longest wait"]


@pytest.mark.parametrize(
    "compute",
    [compute_waiting_times, lambda visits, zones: compute_queue_length(visits, zones, make_video())],
)
def test_a_name_that_no_visit_has_is_refused_with_those_that_there_are(make_visits, compute):
    visits = make_visits([("till", 1, 2000), ("shelf", 1, 3000)])
    sentence = (
        r"zones contains 'tlil', but no visit has this zone: the zones of the visits are \['shelf', 'till'\]"
    )
    with pytest.raises(ParameterError, match=sentence):
        compute(visits, ["till", "tlil"])
    compute(visits, [Zone("exit", SQUARE, "m", kind="queue"), "till"])
    compute(visits.iloc[:0], ["tlil"])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: compute_waiting_times(empty_table(VISITS), "till"),
            "zones must be a list of zones or zone names, got 'till'",
        ),
        (
            lambda: compute_waiting_times(empty_table(VISITS), [3]),
            "zones must be a list of zones or zone names, but contains 3",
        ),
        (lambda: compute_waiting_times(empty_table(VISITS), [TILL, "till"]), "the zone 'till' occurs twice"),
        (
            lambda: compute_waiting_times(empty_table(VISITS), [TILL], observed_entries=["in"]),
            r"observed_entries must be a list with some of .*, got \['in'\]",
        ),
        (
            lambda: compute_queue_length(empty_table(VISITS), TILL, make_video()),
            "zones must be a list of zones",
        ),
        (
            lambda: compute_service_levels(empty_table(WAITS), targets="1min"),
            "targets must be a list of durations, got '1min'",
        ),
        (
            lambda: compute_service_levels(empty_table(WAITS), targets=["-1s"]),
            "targets must be a duration .*, got '-1s'",
        ),
        (
            lambda: compute_service_levels(empty_table(WAITS), confidence=0),
            "confidence must be between 0 and 1, got 0",
        ),
    ],
)
def test_a_wrong_option_is_refused_with_its_value(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


def test_the_queue_of_a_part_of_a_video_is_that_of_its_time(make_visits):
    visits = make_visits([("till", 1, 4000, "appeared", "lost", 4000)])
    for video in (make_video(10_000), make_video()):
        queue = compute_queue_length(visits, ["till"], video, start="3s", end="9s")
        assert steps(queue) == [(3000, 0), (4000, 1), (8000, 0), (9000, 0)]
    assert steps(compute_queue_length(visits, ["till"], make_video(8500), end="9s"))[-1] == (8500, 0)
