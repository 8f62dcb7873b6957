"""Input that does not fit is noticed: a warning in Python, a note in the shell, never both."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import box, mapping
from shell import run

from ptrack_analysis import (
    Video,
    Zone,
    compute_trajectories,
    compute_visits,
    open_video,
    read_tracking,
    read_zones,
)
from ptrack_analysis.errors import InputError, ParameterError, PtrackWarning
from ptrack_analysis.floor import FloorPlan, fit_floor_plan
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.summary import describe_stay_bounds

PATH = [(t, 0.6 + t / 50_000, 0.4) for t in range(0, 10_000, 500)]
VIDEO = make_video(20_000)


@pytest.fixture
def source():
    return make_detections({0: PATH, 1: PATH}), VIDEO


def write_zone(file, outline, **members):
    feature = {"type": "Feature", "properties": {"name": "a"}, "geometry": mapping(outline)}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **members}))
    return file


def collect(call):
    """Return the warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(one.message) for one in caught]


@pytest.mark.parametrize(
    ("outline", "unit", "text"),
    [
        (box(100, 100, 400, 400), {}, "zone 'a' is outside the image"),
        (box(0.1, 0.1, 0.4, 0.4), {"unit": "px"}, "zone 'a' is smaller than a pixel"),
    ],
)
def test_a_zone_in_the_wrong_unit_is_a_warning_in_python_and_a_note_in_the_shell(
    data, tmp_path, capfd, outline, unit, text
):
    file = write_zone(tmp_path / "zones.geojson", outline, **unit)
    analysis = open_video(data / "shop", zones=file)
    said = collect(lambda: [analysis[name] for name in ("tracks", "visits", "dwell")])
    assert len(said) == 1
    assert text in said[0]
    with pytest.warns(PtrackWarning, match=text):
        read_zones(file, analysis.video)
    _, out, err = run(capfd, "summary", data / "shop", "--zones", file)
    assert err.count(text) == 1
    assert f"note: shop: {text}" in err
    assert "the time in zones" not in out.split("\n\n")[0].lower()


def test_a_zone_given_as_y_and_x_is_a_warning(source, tmp_path):
    zone = box(0.6, 0.25, 0.9, 0.55)
    people = open_video(source, zones=write_zone(tmp_path / "right.geojson", zone))
    assert len(people["visits"]) == 2
    swapped = write_zone(tmp_path / "swapped.geojson", box(0.25, 0.6, 0.55, 0.9))
    with pytest.warns(PtrackWarning, match="in 'a' if x and y were swapped"):
        assert open_video(source, zones=swapped)["visits"].empty


def test_the_video_of_another_table_is_refused(source):
    other = replace(VIDEO, duration=pd.Timedelta("5s"))
    with pytest.raises(ParameterError, match=r"a time of .* s, but video .* ends at 5.000 s"):
        open_video((source[0], other))["tracks"]
    assert len(open_video((source[0], replace(VIDEO, duration=pd.Timedelta("8.6s"))))["tracks"])


def test_a_number_of_milliseconds_for_seconds_is_a_warning(source):
    trajectories, zones = compute_trajectories(*source), [Zone("a", box(0, 0, 50, 50), "px")]
    with pytest.warns(PtrackWarning, match="merge_gap is 500 s, longer than the video .*'500ms'"):
        compute_visits(trajectories, zones, VIDEO, merge_gap=500)
    with pytest.warns(PtrackWarning, match="max_gap is 2000 s"):
        compute_trajectories(*source, max_gap=2000)
    said = collect(lambda: open_video(source, every=60_000, max_gap=2000)["tracks"])
    assert len(said) == 1
    assert "max_gap is 2000 s" in said[0]
    assert "every is 60000 s" in said[0]
    assert not collect(lambda: open_video(source, every="1h", merge_gap="30s")["tracks"])


def test_whole_milliseconds_given_as_seconds_are_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("t,id,l,t2,r,b\n" + "".join(f"{40 * n},1,5,5,9,9\n" for n in range(20)))
    columns = {"time_s": "t", "id": "id", "left": "l", "top": "t2", "right": "r", "bottom": "b"}
    video = Video(width=64, height=48, frame_rate=25)
    for one in (video, replace(video, frame_rate=None, duration=pd.Timedelta("1s"))):
        with pytest.raises(InputError, match=r"it is in milliseconds\. Give it the role time_ms"):
            read_tracking(file, columns=columns, video=one)
    file.write_text("t,id,l,t2,r,b\n" + "".join(f"{n},1,5,5,9,9\n" for n in range(20)))
    assert read_tracking(file, columns=columns, video=video)[0].index[-1][0] == pd.Timedelta("19s")


def page(*records):
    persons = [
        {"Timestamp": time, "Person": {"Index": person, "BoundingBox": dict.fromkeys(SIDES, 0.2)}}
        for time, person in records
    ]
    return json.dumps({"JobStatus": "SUCCEEDED", "VideoMetadata": METADATA, "Persons": persons})


SIDES = ("Left", "Top", "Width", "Height")
METADATA = {"FrameWidth": 64, "FrameHeight": 48, "FrameRate": 25, "DurationMillis": 20_000}


def test_people_who_are_numbered_before_the_first_page_show_that_pages_are_missing(tmp_path):
    file = tmp_path / "last.json"
    file.write_text(page((14_000, 2), (14_040, 0)))
    note = "note: the first detection is at 14.000 s and of person 2, but people are numbered from 0"
    assert note in read_tracking(file)[1].read_report.text
    file.write_text(page((14_000, 0), (14_040, 1)))
    assert "note: the first detection is at 14.000 s: if people" in read_tracking(file)[1].read_report.text


def test_the_summary_does_not_count_people_of_the_start_among_those_who_came_in():
    late = [(t, 0.5, 0.2) for t in range(3000, 4000, 500)]
    long = [(t, 0.5, 0.2) for t in range(0, 20_000, 500)]
    figures = Evidence(open_video((make_detections({0: long, 1: long, 2: late}), VIDEO))).figures
    text = describe_stay_bounds(figures["stay_in_scene"], 0.95)
    assert text.endswith("1 people who came in; of all 3, 2 were there at the start and 2 at the end")


def test_the_error_of_a_floor_plan_from_four_pairs_is_unknown():
    seen = np.array([[0.4, 0.5], [0.6, 0.5], [1.0, 1.0], [0.0, 1.0]])
    floor = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]])
    assert "4 pairs, error unknown" in repr(fit_floor_plan(seen, floor))
    more = [np.vstack([each, each.mean(axis=0)]) for each in (seen, floor)]
    plan = fit_floor_plan(*more)
    assert isinstance(plan, FloorPlan)
    assert "5 pairs, error 0." in repr(plan)


def test_no_detection_at_all_and_no_selected_person_are_warnings(source):
    with pytest.warns(PtrackWarning, match="no person was detected"):
        assert open_video((source[0].iloc[:0], VIDEO))["tracks"].empty
    with pytest.warns(PtrackWarning, match="the video has the persons 0 to 1"):
        assert open_video(source, persons=[99])["tracks"].empty
