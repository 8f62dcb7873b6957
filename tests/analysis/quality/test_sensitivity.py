"""How far stays depend on what was chosen."""

import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import box

from ptrack_analysis import Zone, compute_trajectories, compute_visits
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.quality import compute_sensitivity
from ptrack_analysis.schema import DETECTIONS, SENSITIVITY, empty_table, validate

VIDEO = make_video(20_000)
HALL = Zone("hall", box(0, 0, 500, 500), "px")
ROOF = Zone("roof", box(0, 0, 1000, 240), "px")
TWICE = make_detections({1: [(0, 0.2, 0.5), (500, 0.2, 0.5), (3500, 0.2, 0.5), (4000, 0.2, 0.5)]})


def sensitivity_of(detections=TWICE, zones=(HALL,), **options):
    options = {"max_gaps": ["1s", "4s"], "merge_gaps": ["0s", "5s"], "anchors": ["bottom_center"]} | options
    return compute_sensitivity(detections, list(zones), VIDEO, period="500ms", **options)


def test_a_gap_is_two_stays_one_stay_or_presence():
    table = sensitivity_of().droplevel(["zone", "anchor"])
    seconds = {key: (row["visits"], row["dwell"].total_seconds()) for key, row in table.iterrows()}
    second = pd.Timedelta("1s")
    assert seconds == {
        (second, 0 * second): (2, 2.0),
        (second, 5 * second): (1, 2.0),
        (4 * second, 0 * second): (1, 4.5),
        (4 * second, 5 * second): (1, 4.5),
    }
    assert table["visitors"].tolist() == [1] * 4


def test_another_point_of_the_box_stands_in_another_zone():
    table = sensitivity_of(
        zones=[ROOF], anchors=["bottom_center", "top_center", (0.5, 0.25)], max_gaps=["4s"], merge_gaps=["0s"]
    )
    assert dict(zip(table.index.get_level_values("anchor"), table["visits"], strict=True)) == {
        "0.5, 0.25": 1,
        "bottom_center": 0,
        "top_center": 1,
    }
    assert table["median_dwell"].isna().tolist() == [False, True, False]


def test_the_figures_are_those_of_the_visits():
    table = sensitivity_of(max_gaps=["1s"], merge_gaps=["0s"])
    trajectories = compute_trajectories(TWICE, VIDEO, max_gap="1s", period="500ms")
    visits = compute_visits(trajectories, [HALL], VIDEO, period="500ms")
    assert table["dwell"].tolist() == [visits["dwell"].sum()]
    assert table["median_dwell"].tolist() == [visits["dwell"].median()]


def choices(table):
    """Give the seconds of the gaps and of the absences that were tried."""
    levels = (table.index.get_level_values(name).unique() for name in ("max_gap", "merge_gap"))
    return tuple([span.total_seconds() for span in level] for level in levels)


def every(step, until, x=0.2):
    return make_detections({1: [(time, x, 0.5) for time in range(0, until, step)]})


SAMPLED = {
    "ten times a second": (every(100, 2000), {}, 1.0),
    "once a second": (every(1000, 20_000), {}, 1.0),
    "a little slower": (every(1500, 20_000), {}, 1.5),
    "slower than the usual gap": (every(5000, 20_000), {}, 5.0),
    "as it is said": (every(100, 2000), {"period": "3s"}, 3.0),
}


@pytest.mark.parametrize(("detections", "options", "unit"), SAMPLED.values(), ids=SAMPLED.keys())
def test_what_is_tried_by_default_is_never_below_the_time_between_samplings(detections, options, unit):
    table = compute_sensitivity(detections, [HALL], VIDEO, anchors=["bottom_center"], **options)
    assert choices(table) == ([unit, 2 * unit, 4 * unit], [0, unit, 5 * unit])
    assert (table["visits"] == 1).all()


def test_of_one_moment_the_frames_of_the_video_tell_what_is_tried():
    slow = make_video(20_000, frame_rate=0.5)
    table = compute_sensitivity(every(100, 100), [HALL], slow, anchors=["bottom_center"])
    assert choices(table) == ([2, 4, 8], [0, 2, 10])
    assert table["dwell"].unique().tolist() == [pd.Timedelta("2s")]


@pytest.mark.parametrize("options", [{"detections": empty_table(DETECTIONS)}, {"zones": []}, {"anchors": []}])
def test_nothing_to_ask_gives_no_rows(options):
    table = sensitivity_of(**options)
    validate(table, SENSITIVITY)
    assert table.empty


WRONG = {
    "a text": ({"max_gaps": "1s"}, "max_gaps must be a list of durations, got '1s'"),
    "twice": ({"merge_gaps": ["1s", "1000ms"]}, "merge_gaps must not contain a duration twice"),
    "no time": ({"merge_gaps": ["soon"]}, "merge_gaps must be a duration .*, got 'soon'"),
    "no anchors": (
        {"anchors": "bottom_center"},
        "anchors must be a list of points of the box, got 'bottom_center'",
    ),
    "no anchor": ({"anchors": ["knee"]}, "anchor must be one of .*, got 'knee'"),
    "an anchor twice": (
        {"anchors": ["bottom_center", "bottom_center"]},
        "anchors must not contain a point of the box twice",
    ),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_choice_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        sensitivity_of(**options)


def test_a_zone_of_another_plane_is_refused():
    with pytest.raises(SchemaError, match="is in m, but the trajectories are in px"):
        sensitivity_of(zones=[Zone("hall", box(0, 0, 1, 1), "m")])
