"""The hours of the week: what stands in which cell."""

from datetime import datetime, timedelta

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from flow_tables import make_visits
from shapely.geometry import box

from ptrack_analysis import Video, Zone
from ptrack_analysis.clock import Recording, compute_occupancy_hourly, compute_visits_hourly
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots import plot_weekly_profile
from ptrack_analysis.schema import OCCUPANCY_CHANGES, OCCUPANCY_HOURLY, assemble, empty_table

MINUTE = 60_000
MONDAY = datetime.fromisoformat("2026-03-30T08:30:00+02:00")


def recorded(days=0):
    return Recording(video="shop", started_at=MONDAY + timedelta(days=days), timezone="Europe/Berlin")


def occupied(rows, days=0, zone=""):
    """Make hourly rows of a video from half past eight: (minute, persons)."""
    arrays = {
        "zone": [zone] * len(rows),
        "timestamp": np.array([minute * MINUTE for minute, _ in rows]),
        "persons": np.array([persons for _, persons in rows], dtype="int64"),
    }
    return compute_occupancy_hourly(assemble(OCCUPANCY_CHANGES, arrays), Video(), recorded(days))


# 8:30-9:00 two persons, 9:00-9:30 two, 9:30-10:00 none, 10:00-10:30 one
DAY = occupied([(0, 2), (60, 0), (90, 1), (120, 0)])


def numbers(ax):
    days = [label.get_text() for label in ax.get_yticklabels()]
    hours = [label.get_text() for label in ax.get_xticklabels()]
    places = {text.get_position(): text.get_text() for text in ax.texts}
    return {f"{days[int(y)]} {hours[int(x)]}": text for (x, y), text in places.items()}


def test_a_cell_has_the_mean_number_of_persons():
    assert numbers(plot_weekly_profile(DAY)) == {"Mon 08": "2.0", "Mon 09": "1.0", "Mon 10": "1.0"}


def test_videos_of_the_same_hour_of_the_week_are_added_up_before_dividing():
    other = occupied([(0, 8), (30, 8), (90, 0)], days=7)
    both = pd.concat({"a": DAY, "b": other}, names=["video"])
    assert numbers(plot_weekly_profile(both))["Mon 08"] == "5.0"
    assert numbers(plot_weekly_profile(both))["Mon 10"] == "1.0"


def test_an_empty_hour_has_a_zero_and_one_that_was_not_filmed_is_hatched():
    ax = plot_weekly_profile(occupied([(0, 3), (30, 0), (200, 0)]))
    assert numbers(ax) == {"Mon 08": "3.0", "Mon 09": "0", "Mon 10": "0", "Mon 11": "0"}
    assert len(ax.patches) == 6 * 4
    assert ax.get_legend().get_texts()[0].get_text() == "not recorded"


def test_who_came_for_a_moment_is_not_nobody():
    rows = [(0, 0), (1, 1), (2, 0), (120, 0)]
    assert numbers(plot_weekly_profile(occupied(rows)))["Mon 08"] == "<0.1"


def test_visits_are_counted_by_the_hour_of_film():
    visits = make_visits([("till", 1, 0, 5), ("till", 2, 10 * MINUTE, 80 * MINUTE)])
    video = Video(duration=pd.Timedelta("90min").as_unit("ms"))
    hourly = compute_visits_hourly(visits, video, recorded())
    assert numbers(plot_weekly_profile(hourly)) == {"Mon 08": "4.0", "Mon 09": "0"}


def test_a_zone_is_chosen_by_itself_or_by_its_name():
    both = pd.concat([DAY, occupied([(0, 1), (30, 0)], zone="till")])
    for zone in ("till", Zone("till", box(0, 0, 1, 1), "m")):
        ax = plot_weekly_profile(both, zone=zone)
        assert (numbers(ax)["Mon 08"], ax.get_xlabel()) == ("1.0", "hour of the day, till")
    assert plot_weekly_profile(both).get_xlabel() == "hour of the day, whole scene"


def test_no_hour_at_all_is_said():
    ax = plot_weekly_profile(empty_table(OCCUPANCY_HOURLY))
    assert [text.get_text() for text in ax.texts] == ["No recorded hour"]


def test_a_zone_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="zone 'attic' is not in the hourly table"):
        plot_weekly_profile(DAY, zone="attic")


def test_of_visits_to_several_zones_one_is_to_be_named():
    visits = make_visits([("till", 1, 0, 5), ("door", 2, 10, 20)])
    hourly = compute_visits_hourly(visits, Video(duration=pd.Timedelta("1h").as_unit("ms")), recorded())
    with pytest.raises(ParameterError, match="has several zones: 'door', 'till'"):
        plot_weekly_profile(hourly)


def test_axes_with_a_picture_are_refused_and_empty_ones_used():
    _, ax = plt.subplots()
    assert plot_weekly_profile(DAY, ax=ax) is ax
    with pytest.raises(ParameterError, match="The axes are not empty"):
        plot_weekly_profile(DAY, ax=ax)


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), DAY.drop(columns="recorded_time")], ids=["an array", "a column less"]
)
def test_what_is_not_hourly_is_refused(wrong):
    with pytest.raises(SchemaError, match=r"not an? occupancy_hourly table"):
        plot_weekly_profile(wrong)
    if isinstance(wrong, pd.DataFrame):
        with pytest.raises(SchemaError, match=r"not an? occupancy_hourly table"):
            plot_weekly_profile(pd.concat({"a": wrong}, names=["video"]))
