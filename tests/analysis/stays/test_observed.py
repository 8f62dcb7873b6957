"""How much of each stay was seen, and how much was filled in."""

import math

import numpy as np
import pandas as pd
import pytest
from factories import make_points
from shapely.geometry import box

from ptrack_analysis import Video, Zone, compute_observed, compute_visits, trajectories_from_points
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import TRAJECTORIES, VISITS, empty

HALL = Zone("hall", box(0, 0, 3, 3), "m")
IN, OUT, LOST = 1.0, 9.0, math.nan


def split(xs, **options):
    """Give (observed, interpolated, bridged) [s] of one person's stays, one position a second."""
    path = [(1000 * n, x, LOST if x is LOST else IN) for n, x in enumerate(xs) if x is not None]
    trajectories = trajectories_from_points(make_points({5: path}), period="1s")
    visits = compute_visits(trajectories, [HALL], Video(), **options)
    return seconds(observed_of(visits, trajectories, [HALL], **options))


def observed_of(visits, trajectories, zones, **options):
    own = {name: options[name] for name in ("margin", "enter_after") if name in options}
    return compute_observed(visits, trajectories, zones, **own)


def seconds(observed):
    columns = observed[["observed", "interpolated", "bridged"]]
    return [tuple(row) for row in (columns / np.timedelta64(1, "s")).to_numpy().tolist()]


STAYS = {
    "never inside": ([OUT, OUT], {}, []),
    "seen throughout": ([IN, IN, IN, OUT], {}, [(3, 0, 0)]),
    "one position filled in": ([IN, LOST, IN, OUT], {}, [(2, 1, 0)]),
    "two stays": ([IN, OUT, IN, IN], {}, [(1, 0, 0), (2, 0, 0)]),
    "an absence outside bridged": ([IN, OUT, OUT, IN, IN], {"merge_gap": "2s"}, [(3, 0, 2)]),
    "an absence unseen bridged": ([IN, None, None, None, IN], {"merge_gap": "5s"}, [(2, 0, 3)]),
    "near the zone within the margin": ([IN, 3.5, IN, OUT], {"margin": 1}, [(3, 0, 0)]),
    "a passage too short, bridged": (
        [IN, IN, OUT, IN, OUT, IN, IN],
        {"enter_after": "2s", "merge_gap": "5s"},
        [(4, 0, 3)],
    ),
}


@pytest.mark.parametrize(("xs", "options", "expected"), STAYS.values(), ids=STAYS.keys())
def test_a_stay_is_split_by_how_its_time_is_known(xs, options, expected):
    assert split(xs, **options) == expected


def wanderers(seed, persons=6, rows=80):
    """Make persons who wander about a zone, lost for a while now and then."""
    chance = np.random.default_rng(seed)
    people = {}
    for person in range(persons):
        places = np.cumsum(chance.normal(0, 0.8, (rows, 2)), axis=0) + 1.5
        places[chance.random(rows) < 0.2] = math.nan
        times = np.cumsum(chance.choice([33, 100, 400, 2500], rows, p=[0.3, 0.4, 0.2, 0.1]))
        people[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(times, places, strict=True)]
    return trajectories_from_points(make_points(people))


OPTIONS = [
    {},
    {"merge_gap": "3s"},
    {"margin": 0.7, "enter_after": "200ms", "merge_gap": "1s", "min_dwell": "300ms"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("seed", range(5))
def test_the_three_parts_add_up_to_the_stay_to_the_millisecond(seed, options):
    zones = [HALL, Zone("strip", box(-2, 0, 5, 1), "m", start=pd.Timedelta("2s"), end=pd.Timedelta("15s"))]
    trajectories = wanderers(seed)
    visits = compute_visits(trajectories, zones, Video(), **options)
    observed = observed_of(visits, trajectories.sample(frac=1, random_state=seed), zones, **options)
    assert len(visits)
    assert observed.index.equals(visits.index)
    parts = observed["observed"] + observed["interpolated"]
    assert (parts == visits["dwell"]).all()
    assert (parts + observed["bridged"] == visits["exited"] - visits["entered"]).all()
    assert (observed[["observed", "interpolated", "bridged"]] >= pd.Timedelta(0)).all(axis=None)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_observed_equals_a_walk_over_the_rows(seed):
    trajectories = wanderers(seed)
    visits = compute_visits(trajectories, [HALL], Video(), merge_gap="3s")
    observed = compute_observed(visits, trajectories, [HALL])["observed"]
    for (zone, person, visit), stay in visits.iterrows():
        total = 0
        for moment, row in trajectories.loc[person].iterrows():
            inside = 0 <= row["x_m"] < 3 and 0 <= row["y_m"] < 3
            if inside and row["located"] == "box" and stay["entered"] <= moment < stay["exited"]:
                total += row["held"] // np.timedelta64(1, "ms")
        assert observed.loc[(zone, person, visit)] == np.timedelta64(total, "ms")


def test_a_stay_of_no_time_has_no_share():
    trajectories = trajectories_from_points(make_points({5: [(0, IN, IN)]}), period="0s")
    visits = compute_visits(trajectories, [HALL], Video())
    assert np.isnan(compute_observed(visits, trajectories, [HALL])["observed_share"].item())


def test_visits_of_other_trajectories_or_options_are_refused():
    path = [(1000 * n, x, IN) for n, x in enumerate([IN, 3.5, IN, OUT])]
    trajectories = trajectories_from_points(make_points({5: path}), period="1s")
    visits = compute_visits(trajectories, [HALL], Video(), margin=1)
    with pytest.raises(
        ParameterError, match=r"visit 1 of person 5 to zone 'hall' has a dwell of 3000 ms, but 2000"
    ):
        compute_observed(visits, trajectories, [HALL])
    with pytest.raises(ParameterError, match="but 0 ms are held inside"):
        compute_observed(visits, empty(TRAJECTORIES, unit="m"), [HALL])
    with pytest.raises(ParameterError, match="visits to zone 'hall', which is not given"):
        compute_observed(visits, trajectories, [])
    with pytest.raises(SchemaError, match="zone 'hall' is in px"):
        compute_observed(visits, trajectories, [Zone("hall", box(0, 0, 3, 3), "px")])
    for margin in (-1, math.nan, "1 m", True):
        with pytest.raises(ParameterError, match=f"margin is {margin!r}, not a distance"):
            compute_observed(visits, trajectories, [HALL], margin=margin)
    assert compute_observed(empty(VISITS), trajectories, [HALL]).empty
