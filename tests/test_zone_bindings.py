"""Zones and lines that are bound to videos or cameras, by name or by pattern."""

import json

import pytest
from factories import make_detections, make_video

from ptrack_analysis import AnalysisConfig, VideoAnalysis, read_zones
from ptrack_analysis.clock import Recording
from ptrack_analysis.errors import ZoneError
from ptrack_analysis.scene.zone_files import read_scene

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5], [0.1, 0.1]]


def feature(name, **properties):
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": geometry}


@pytest.fixture
def write(tmp_path):
    def write(*features):
        file = tmp_path / "zones.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [*features]}))
        return file

    return write


def names(file, video, camera=None):
    zones, _ = read_zones(file, make_video(name=video), camera=camera)
    return [zone.name for zone in zones]


def test_a_pattern_binds_a_zone_to_all_videos_that_fit(write):
    file = write(feature("door", video="door_*"), feature("till", video=["till-?", "desk"]), feature("hall"))
    assert names(file, "door_2026-11-24") == ["door", "hall"]
    assert names(file, "till-1") == ["till", "hall"]
    assert names(file, "till-10") == ["hall"]


def test_a_zone_of_a_camera_is_in_its_videos_only(write):
    file = write(feature("a", camera="door"), feature("b", camera=["till*"]), feature("c"))
    assert names(file, "v", camera="door") == ["a", "c"]
    assert names(file, "v", camera="till-2") == ["b", "c"]
    assert names(file, "v") == ["c"]


def test_one_name_may_stand_for_an_outline_per_camera(write):
    file = write(feature("entry", camera="door"), feature("entry", camera="till"))
    assert names(file, "v", camera="till") == ["entry"]
    with pytest.raises(ZoneError, match="the name 'entry' occurs twice"):
        read_scene(write(feature("entry", camera="door"), feature("entry", camera="door")))


def test_two_patterns_that_fit_one_video_cannot_give_the_same_name(write):
    file = write(feature("entry", video="door*"), feature("entry", video="*1"))
    assert names(file, "door2") == names(file, "till1") == ["entry"]
    with pytest.raises(ZoneError, match=r"zones.geojson: the name 'entry' occurs twice in video 'door1'"):
        names(file, "door1")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], r"camera is \[\], so it is in no"),
        (7, "camera must be the name of a camera or a list of names, got 7"),
    ],
)
def test_a_camera_that_is_not_a_name_is_refused(write, given, message):
    with pytest.raises(ZoneError, match=message):
        read_scene(write(feature("a", camera=given)))


def test_an_analysis_uses_the_camera_of_its_recording_or_says_that_it_is_not_known(write):
    moving = make_detections({1: [(0, 0.2, 0.2), (100, 0.2, 0.2)]}), make_video(name="v")
    config = AnalysisConfig(zones=write(feature("a", camera="door"), feature("b", camera="till")))
    known = VideoAnalysis(moving, config, recording=Recording(video="v", camera="door"))
    assert [zone.name for zone in known.zones] == ["a"]
    assert not [note for note in known.notes if "excluded" in note]
    unknown = VideoAnalysis(moving, config)
    assert unknown.zones == []
    assert "zones and lines of the cameras door, till are excluded, because the camera" in str(unknown.notes)
