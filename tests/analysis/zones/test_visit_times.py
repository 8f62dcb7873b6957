"""How much of each visit was observed, interpolated and bridged."""

import math

import numpy as np
import pandas as pd
import pytest
from factories import make_points
from shapely.geometry import box

from ptrack_analysis import Video, Zone, compute_trajectories, compute_visits

HALL = Zone("hall", box(0, 0, 3, 3), "m")
STRIP = Zone("strip", box(-2, 0, 5, 1), "m", start=pd.Timedelta("2s"), end=pd.Timedelta("15s"))
IN, OUT, LOST = 1.0, 9.0, math.nan


def times(xs, **options):
    """Give (observed, interpolated, bridged) [s] of one person's visits, one position a second."""
    path = [(1000 * n, x, LOST if x is LOST else IN) for n, x in enumerate(xs) if x is not None]
    trajectories = compute_trajectories(make_points({5: path}), period="1s")
    visits = compute_visits(trajectories, [HALL], Video(), **options)
    observed = visits["dwell"] - visits["interpolated"]
    columns = pd.concat([observed, visits[["interpolated", "bridged"]]], axis=1)
    return [tuple(row) for row in (columns / np.timedelta64(1, "s")).to_numpy().tolist()]


VISITS = {
    "never inside": ([OUT, OUT], {}, []),
    "seen throughout": ([IN, IN, IN, OUT], {}, [(3, 0, 0)]),
    "one position filled in": ([IN, LOST, IN, OUT], {}, [(2, 1, 0)]),
    "two visits": ([IN, OUT, IN, IN], {}, [(1, 0, 0), (2, 0, 0)]),
    "an absence outside bridged": ([IN, OUT, OUT, IN, IN], {"merge_gap": "2s"}, [(3, 0, 2)]),
    "an absence unseen bridged": ([IN, None, None, None, IN], {"merge_gap": "5s"}, [(2, 0, 3)]),
    "near the zone within the margin": ([IN, 3.5, IN, OUT], {"margin": 1}, [(3, 0, 0)]),
    "interpolated in both parts of a visit": (
        [IN, LOST, IN, OUT, IN, LOST, IN],
        {"merge_gap": "2s"},
        [(4, 2, 1)],
    ),
    "a passage too short, bridged": (
        [IN, IN, OUT, IN, OUT, IN, IN],
        {"enter_after": "2s", "merge_gap": "5s"},
        [(4, 0, 3)],
    ),
}


@pytest.mark.parametrize(("xs", "options", "expected"), VISITS.values(), ids=VISITS.keys())
def test_a_visit_is_split_by_how_its_time_is_known(xs, options, expected):
    assert times(xs, **options) == expected


def wanderers(seed, persons=6, rows=80):
    """Make persons who wander about a zone, lost for a while now and then."""
    chance = np.random.default_rng(seed)
    people = {}
    for person in range(persons):
        places = np.cumsum(chance.normal(0, 0.8, (rows, 2)), axis=0) + 1.5
        places[chance.random(rows) < 0.2] = math.nan
        moments = np.cumsum(chance.choice([33, 100, 400, 2500], rows, p=[0.3, 0.4, 0.2, 0.1]))
        people[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(moments, places, strict=True)]
    return compute_trajectories(make_points(people))


OPTIONS = [
    {},
    {"merge_gap": "3s"},
    {"margin": 0.7, "enter_after": "200ms", "merge_gap": "1s", "min_dwell": "300ms"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("seed", range(5))
def test_the_parts_add_up_to_the_visit_to_the_millisecond(seed, options):
    visits = compute_visits(wanderers(seed), [HALL, STRIP], Video(), **options)
    assert len(visits)
    assert (visits["dwell"] + visits["bridged"] == visits["exited"] - visits["entered"]).all()
    assert (visits[["interpolated", "bridged"]] >= pd.Timedelta(0)).all(axis=None)
    assert (visits["interpolated"] <= visits["dwell"]).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_interpolated_equals_a_walk_over_the_rows(seed):
    trajectories = wanderers(seed)
    visits = compute_visits(trajectories, [HALL], Video(), merge_gap="3s")
    assert visits["interpolated"].any()
    for (_, person, _), visit in visits.iterrows():
        total = 0
        for moment, row in trajectories.loc[person].iterrows():
            inside = 0 <= row["x_m"] < 3 and 0 <= row["y_m"] < 3
            if (
                inside
                and row["position_status"] != "detected"
                and visit["entered"] <= moment < visit["exited"]
            ):
                total += row["time_present"] // np.timedelta64(1, "ms")
        assert visit["interpolated"] == np.timedelta64(total, "ms")
