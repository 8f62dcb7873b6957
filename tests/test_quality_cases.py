"""Faults of trackers and set-ups from public reports: the checks find them in Python and in the shell."""

import json

import numpy as np
import pytest

import ptrack_analysis as pta
from ptrack_analysis.cli.main import main

COLUMNS = {"frame": "frame", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
VIDEO = pta.Video(width=1280, height=720, frame_rate=25.0)
SHELL = ["--frame-size", "1280x720", "--frame-rate", "25"]
NAMED = ["--columns", ",".join(f"{role}={name}" for role, name in COLUMNS.items())]


def summarize(capsys, *args):
    """Run the summary: the figures of the only video, and what it prints on stderr."""
    assert main(["summary", *map(str, args), "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out)["videos"][0], err


def find_check(figures, check, name=""):
    return next(one for one in figures["trust"]["checks"] if (one["check"], one["name"]) == (check, name))


@pytest.fixture
def cases(real_data):
    return real_data / "cases"


def write_zones(path, *features, unit="px"):
    """Write a zone file: (name, coordinates of a rectangle or a line)."""
    kinds = {2: "LineString", 5: "Polygon"}
    listed = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {
                "type": kinds[len(points)],
                "coordinates": [points] if len(points) == 5 else points,
            },
        }
        for name, points in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "unit": unit, "features": listed}))
    return path


def test_a_box_that_trembles_on_a_zone_border_is_not_good_and_the_margin_calms_it(cases, capsys):
    source, zones = cases / "trackers" / "flicker.csv", cases / "zones" / "flicker.geojson"
    tables = pta.read_tracking(source, columns=COLUMNS, video=VIDEO)
    analysis = pta.open_video(tables, zones=zones)
    row = analysis["quality"].loc[("visit flicker", "hall")]
    assert (len(analysis["visits"]), row["value"], row["verdict"]) == (750, 749.0, "bad")
    assert "749 repeat visits per person and minute" in row["advice"]
    assert "--margin 1.5" in row["advice"]
    assert "--min-distance 1.5" in row["advice"]
    calm = pta.open_video(tables, zones=zones, margin=1.5)
    assert len(calm["visits"]) == 1
    assert str(calm.verdict) == "good"
    tight = pta.open_video(tables, zones=zones, margin=1.49)
    assert str(tight.verdict).startswith("not usable for visits")

    given = [source, "--zones", zones, *SHELL, *NAMED]
    figures, _ = summarize(capsys, *given)
    assert figures["trust"]["verdict"] == str(analysis.verdict)
    assert find_check(figures, "visit flicker", "hall")["advice"] == row["advice"]
    assert figures["zones"][0]["affected_by"] == ["visit flicker"]
    assert figures["lines"][0]["affected_by"] == []
    figures, _ = summarize(capsys, *given, "--margin", "1.5")
    assert (figures["zones"][0]["visits"], figures["trust"]["verdict"]) == (1, "good")


def test_a_box_that_trembles_on_a_line_is_not_good_and_the_distance_calms_it(cases, tmp_path, capsys):
    zones = write_zones(tmp_path / "zones.geojson", ("door", [[640, 0], [640, 720]]))
    given = [cases / "trackers" / "flicker.csv", "--zones", zones, *SHELL, *NAMED]
    figures, _ = summarize(capsys, *given)
    check = find_check(figures, "crossing flicker", "door")
    assert (check["value"], check["verdict"]) == (1498.0, "bad")
    assert "--min-distance 1.5" in check["advice"]
    assert figures["lines"][0]["affected_by"] == ["crossing flicker"]
    figures, _ = summarize(capsys, *given, "--min-distance", "1.5")
    assert figures["trust"]["verdict"] == "good"


def test_one_person_under_two_ids_is_not_good(cases, capsys):
    source, zones = cases / "trackers" / "one-person-two-ids.csv", cases / "zones" / "flicker.geojson"
    analysis = pta.open_video(pta.read_tracking(source, columns=COLUMNS, video=VIDEO), zones=zones)
    row = analysis["quality"].loc[("duplicate tracks", "")]
    assert (row["value"], row["verdict"]) == (50.0, "bad")
    figures, _ = summarize(capsys, source, "--zones", zones, *SHELL, *NAMED)
    assert find_check(figures, "duplicate tracks")["value"] == 50.0
    assert figures["trust"]["affected"]["persons"] == ["duplicate tracks"]
    assert figures["trust"]["verdict"] == str(analysis.verdict)
    assert figures["trust"]["verdict"].startswith("not usable for tracks")


def test_time_below_the_image_is_shown_and_clipping_brings_it_into_the_zone(cases, tmp_path, capsys):
    source = cases / "trackers" / "beyond-bottom.csv"
    whole = [[0, 0], [1280, 0], [1280, 720], [0, 720], [0, 0]]
    zones = write_zones(tmp_path / "zones.geojson", ("image", whole))
    report = tmp_path / "report.html"
    assert main(["report", str(source), "-o", str(report), "--zones", str(zones), *SHELL]) == 0
    html = report.read_text(encoding="utf-8")
    assert "For 2.0 s feet were below the image (strip below the map)" in html
    assert "Not drawn" not in html
    capsys.readouterr()
    figures, _ = summarize(capsys, source, "--zones", zones, *SHELL)
    assert (figures["outside_image_s"], figures["zones"][0]["total_dwell_s"]) == (2.0, 0.0)
    assert find_check(figures, "time outside image")["value"] == 100.0
    figures, _ = summarize(capsys, source, "--zones", zones, *SHELL, "--clip-boxes")
    assert (figures["outside_image_s"], figures["zones"][0]["total_dwell_s"]) == (0.0, 2.0)
    tables = pta.read_tracking(source, video=VIDEO)
    assert pta.open_video(tables)["quality"].loc[("time outside image", ""), "value"] == 100.0
    clipped = pta.open_video(tables, zones=zones, clip_boxes=True)
    assert clipped["visits"]["dwell"].sum().total_seconds() == 2.0
    assert clipped["quality"].loc[("time outside image", ""), "value"] == 0.0


def test_a_zone_of_fractions_called_px_is_noted_as_smaller_than_a_pixel(cases, capsys):
    source, zones = cases / "trackers" / "flicker.csv", cases / "zones" / "fractions-called-px.geojson"
    analysis = pta.open_video(pta.read_tracking(source, columns=COLUMNS, video=VIDEO), zones=zones)
    said = "zone 'a' is smaller than a pixel. If its coordinates are fractions of the frame"
    assert said in " ".join(analysis.notes)
    _, err = summarize(capsys, source, "--zones", zones, *SHELL, *NAMED)
    assert said in err


def test_a_line_shorter_than_a_pixel_is_noted(tmp_path, cases, capsys):
    zones = write_zones(tmp_path / "zones.geojson", ("door", [[0.5, 0.1], [0.5, 0.9]]))
    _, err = summarize(capsys, cases / "trackers" / "flicker.csv", "--zones", zones, *SHELL, *NAMED)
    assert "line 'door' is smaller than a pixel" in err


def test_fractions_called_px_are_refused_and_never_a_person_in_one_pixel(cases, capsys):
    source = cases / "trackers" / "fractions.csv"
    assert main(["summary", str(source), "--unit", "px", *SHELL, *NAMED]) == 3
    assert "--unit fraction" in capsys.readouterr().err
    figures, err = summarize(capsys, source, *SHELL, *NAMED)
    assert "read as fractions of the frame" in err
    assert not [one for one in figures["trust"]["checks"] if one["check"] == "tiny boxes"]


FLOOR = {
    "unit": "m",
    "image_unit": "px",
    "pairs": [
        {"image": [200, 600], "floor": [0, 6]},
        {"image": [800, 600], "floor": [6, 6]},
        {"image": [400, 300], "floor": [0, 0]},
        {"image": [600, 300], "floor": [6, 0]},
    ],
    "bounds": [0, 0, 6, 6],
}


def walk_to_horizon(path, bottom):
    """Write boxes whose feet have these heights in the image, with 1 px of jitter."""
    chance = np.random.default_rng(1)
    rows = ["frame,track_id,x1,y1,x2,y2"]
    for frame, feet in enumerate(bottom + chance.normal(0, 1, len(bottom))):
        x = 500 + chance.normal(0, 1)
        rows.append(f"{frame},1,{x - 10:.3f},{feet - 50:.3f},{x + 10:.3f},{feet:.3f}")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_positions_near_the_horizon_of_a_floor_plan_are_worth_nothing(tmp_path, capsys):
    floor = tmp_path / "floor.json"
    floor.write_text(json.dumps(FLOOR))
    video = pta.Video(width=1000, height=1000, frame_rate=25.0)
    shell = ["--frame-size", "1000x1000", "--frame-rate", "25", *NAMED, "--floor", floor]
    far = walk_to_horizon(tmp_path / "far.csv", np.linspace(180, 150, 500))
    analysis = pta.open_video(pta.read_tracking(far, columns=COLUMNS, video=video), floor=floor)
    quality = analysis["quality"]
    for check, least in (("near horizon", 99), ("off the plan", 99), ("impossible speeds", 30)):
        row = quality.loc[(check, "")]
        assert (row["verdict"], row["value"] > least) == ("bad", True)
    figures, _ = summarize(capsys, far, *shell)
    assert figures["trust"]["verdict"] == str(analysis.verdict)
    assert "trajectories" in figures["trust"]["verdict"]
    assert "impossible speeds" in figures["trust"]["affected"]["speed"]
    near = walk_to_horizon(tmp_path / "near.csv", np.linspace(500, 400, 500))
    figures, _ = summarize(capsys, near, *shell)
    assert figures["trust"]["verdict"] == "good"
