"""Identities joined, and parted again."""

import naive_cleaning
import numpy as np
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_tracks, compute_trajectories
from ptrack_analysis.analysis.cleaning.stitching import first_of_chains
from ptrack_analysis.cleaning import apply_stitches, fill_gaps, unstitch_tracks
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import DETECTIONS, POINTS, STITCHES, assemble, validate


def make_stitches(after, unit="px"):
    """Make stitches of {later: earlier}; what was measured plays no part."""
    later = np.array(sorted(after), dtype="int64")
    nothing = np.zeros(len(later))
    arrays = {
        "track_index": later,
        "after": np.array([after[person] for person in sorted(after)], dtype="int64"),
        "merged_into": np.full(len(later), -1),
        "gap": np.zeros(len(later), "int64"),
        **dict.fromkeys(("distance_{u}", "speed_{u}_per_s", "size_ratio", "cost"), nothing),
    }
    return assemble(STITCHES, arrays, unit=unit)


def seen_after_another(persons):
    """Let each person be seen twice, one person after the other."""
    return make_detections(
        {
            person: [(place * 1000, 0.5, 0.5), (place * 1000 + 400, 0.5, 0.5)]
            for place, person in enumerate(persons)
        }
    )


def numbers(table):
    return table.index.get_level_values("person_index").tolist()


CASES = {
    "nothing to join": ({}, [4, 9, 2, 7]),
    "two of them": ({9: 4}, [4, 4, 2, 7]),
    "a chain": ({9: 4, 2: 9, 7: 2}, [4, 4, 4, 4]),
    "a chain with a row deleted": ({9: 4, 7: 2}, [4, 4, 2, 2]),
    "two chains": ({2: 4, 7: 9}, [4, 9, 4, 9]),
    "somebody who is not there": ({30: 4, 7: 31}, [4, 9, 2, 31]),
    "a chain through somebody who is not there": ({30: 4, 7: 30}, [4, 9, 2, 4]),
}


@pytest.mark.parametrize(("after", "expected"), CASES.values(), ids=CASES.keys())
def test_joined_tracks_get_the_number_of_the_first(after, expected):
    table = seen_after_another([4, 9, 2, 7])
    joined = apply_stitches(table, make_stitches(after))
    validate(joined, DETECTIONS)
    assert numbers(joined)[::2] == expected
    assert joined["merged_from"].tolist()[::2] == [4, 9, 2, 7]
    assert_frame_equal(unstitch_tracks(joined), table)


CHAINS = st.lists(st.permutations(range(7)), min_size=1, max_size=1).flatmap(
    lambda orders: st.lists(st.booleans(), min_size=6, max_size=6).map(
        lambda joined: {
            later: earlier
            for earlier, later, both in zip(orders[0], orders[0][1:], joined, strict=False)
            if both
        }
    )
)


@given(CHAINS, st.permutations(range(7)), st.randoms())
def test_undoing_gives_exactly_the_table_before(after, persons, chance):
    table = seen_after_another(persons)
    table = table.iloc[chance.sample(range(len(table)), len(table))]
    joined = apply_stitches(table, make_stitches(after))
    assert numbers(joined) == [naive_cleaning.first_of_chain(after, person) for person in numbers(table)]
    assert_frame_equal(unstitch_tracks(joined), table)
    assert_frame_equal(
        joined.droplevel("person_index").drop(columns="merged_from"), table.droplevel("person_index")
    )


def test_points_are_joined_too():
    points = make_points({1: [(0, 1.0, 1.0)], 2: [(500, 1.0, 1.0)]})
    joined = apply_stitches(points, make_stitches({2: 1}, "m"))
    validate(joined, POINTS)
    assert numbers(joined) == [1, 1]
    assert_frame_equal(unstitch_tracks(joined), points)


def test_a_second_round_keeps_the_trackers_numbers():
    table = seen_after_another([4, 9, 2])
    once = apply_stitches(table, make_stitches({9: 4}))
    twice = apply_stitches(once, make_stitches({2: 4}))
    assert numbers(twice)[::2] == [4, 4, 4]
    assert twice["merged_from"].tolist()[::2] == [4, 9, 2]
    assert_frame_equal(unstitch_tracks(twice), table)


def test_the_same_round_again_changes_nothing():
    once = apply_stitches(seen_after_another([4, 9, 2]), make_stitches({9: 4, 2: 9}))
    assert_frame_equal(apply_stitches(once, make_stitches({9: 4, 2: 9})), once)


def test_a_joined_person_is_one_track_and_tells_the_trackers_number():
    joined = apply_stitches(seen_after_another([4, 9]), make_stitches({9: 4}))
    trajectories = compute_trajectories(joined, make_video())
    assert trajectories["merged_from"].tolist() == [4, 4, 9, 9]
    assert compute_tracks(trajectories).index.tolist() == [4]


def test_a_gap_between_joined_tracks_can_be_filled():
    joined = apply_stitches(seen_after_another([4, 9]), make_stitches({9: 4}))
    filled = fill_gaps(joined, limit="1s", max_gap="500ms", period="200ms")
    assert filled["merged_from"].tolist() == [4, 4, 4, 4, 9, 9]
    assert numbers(filled) == [4] * 6


def test_two_who_follow_the_same_are_refused():
    with pytest.raises(ParameterError, match=r"person 4 is continued by several tracks \(2, 9\)"):
        apply_stitches(seen_after_another([4, 9, 2]), make_stitches({9: 4, 2: 4}))


@pytest.mark.parametrize("after", [{4: 4}, {4: 9, 9: 4}, {4: 9, 9: 2, 2: 4, 30: 31}])
def test_a_circle_is_refused(after):
    with pytest.raises(ParameterError, match="form a circle"):
        apply_stitches(seen_after_another([4, 9, 2]), make_stitches(after))


def test_two_in_sight_at_once_are_refused():
    detections = make_detections({4: [(0, 0.5, 0.5), (100, 0.5, 0.5)], 9: [(100, 0.2, 0.5)]})
    with pytest.raises(
        ParameterError, match=r"join persons 4 and 9, who are both present at 0 days 00:00:00\.1"
    ):
        apply_stitches(detections, make_stitches({9: 4}))


def test_what_was_never_joined_cannot_be_undone():
    with pytest.raises(SchemaError, match="column 'merged_from' is missing"):
        unstitch_tracks(seen_after_another([4]))


def test_stitches_of_another_kind_are_refused():
    with pytest.raises(SchemaError, match="not a stitches table"):
        apply_stitches(seen_after_another([4]), seen_after_another([4]))


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 30)))
def test_circles_are_told_from_chains(after):
    later, earlier = np.array(list(after), dtype="int64"), np.array(list(after.values()), dtype="int64")
    first, circular = first_of_chains(later, earlier)
    for person, found, round_about in zip(later.tolist(), first.tolist(), circular.tolist(), strict=True):
        seen, here = set(), person
        while here in after and here not in seen:
            seen.add(here)
            here = after[here]
        assert round_about == (here in after)
        assert round_about or found == here


def test_tracks_that_are_in_sight_by_turns_are_not_made_one():
    """No moment is shared, yet the joined person would jump to and fro."""
    turns = make_detections({4: [(0, 0.1, 0.5), (200, 0.1, 0.5)], 9: [(100, 0.9, 0.5), (300, 0.9, 0.5)]})
    with pytest.raises(ParameterError, match="persons 4 and 9, who are both present at 0 days 00:00:00"):
        apply_stitches(turns, make_stitches({9: 4}))
