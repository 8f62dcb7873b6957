"""The explorer's data: what is kept, how exactly, and that it can be read back."""

import json

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video, unpack_payload
from PIL import Image
from shapely.geometry import LineString, box

from ptrack_analysis import (
    compute_heatmap,
    compute_quality,
    compute_trajectories,
    compute_visits,
    explore,
)
from ptrack_analysis.errors import InputError, OutputError, ParameterError, SchemaError, ZoneError
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video
from ptrack_analysis.web.absences import find_absences
from ptrack_analysis.web.assets import content_policy, inline_json
from ptrack_analysis.web.explorer import explorer_page
from ptrack_analysis.web.ground import embedded_background
from ptrack_analysis.web.payload import (
    HAS_BOX,
    HAS_FACE,
    LOWEST,
    PRECISION,
    RUN_BEGINS,
    UNKNOWN,
    explorer_data,
)

VIDEO = make_video(10_000)
HUGE = np.broadcast_to(np.zeros((1, 1, 3), dtype="uint8"), (10_000, 10_000, 3))
ZONE = Zone("left", box(0, 0, 500, 500), "px")
WALK = {
    7: [(0, 0.1, 0.5), (200, 0.3, 0.6), (400, None, None), (5000, 0.9, 0.9)],
    2: [(100, 0.2, 0.2)],
}


def made(persons=None, **options):
    detections = make_detections(WALK if persons is None else persons, faces=True)
    trajectories = compute_trajectories(detections, VIDEO)
    return explorer_data(trajectories, VIDEO, **{"detections": detections, "zones": [ZONE], **options})


def test_rows_come_by_person_and_time():
    data = made()
    arrays = unpack_payload(data)
    assert data["persons"] == [2, 7]
    assert arrays["start"].tolist() == [0, 1, 5]
    assert arrays["time"].tolist() == [100, 0, 200, 400, 5000]
    assert arrays["time_present"].tolist() == [200] * 5


def test_flags_say_where_positions_come_from_and_where_runs_begin():
    flags = unpack_payload(made())["flags"]
    assert (flags & 3).tolist() == [0, 0, 0, 2, 0]
    assert (flags & RUN_BEGINS > 0).tolist() == [True, True, False, False, True]
    assert (flags & HAS_BOX > 0).tolist() == [True, True, True, False, True]
    assert not (flags & HAS_FACE).any()


def test_coordinates_are_kept_to_half_a_step():
    arrays = unpack_payload(made())
    x = LOWEST + arrays["x"].astype("float64") * PRECISION
    assert x[[0, 1, 2, 4]] == pytest.approx([0.2, 0.1, 0.3, 0.9], abs=PRECISION / 2 + 1e-12)
    assert arrays["x"][3] == UNKNOWN


def test_boxes_are_kept_to_a_step_and_a_half():
    arrays = unpack_payload(made())
    left = (arrays["x"] + arrays["box_x"] - arrays["box_width"] // 2).astype("uint16")
    top = (arrays["y"] + arrays["box_y"] - arrays["box_height"]).astype("uint16")
    assert LOWEST + left[1] * PRECISION == pytest.approx(0.05, abs=1.5 * PRECISION)
    assert LOWEST + top[1] * PRECISION == pytest.approx(0.3, abs=1.5 * PRECISION)
    assert left[3] == top[3] + 0 or arrays["box_width"][3] == UNKNOWN


def test_a_face_is_kept_where_the_box_is_missing():
    detections = make_detections({1: [(0, 0.5, 0.5), (100, None, None)]})
    for name, value in (("left", 0.4), ("top", 0.2), ("width", 0.05), ("height", 0.08)):
        detections[f"face_{name}"] = value
    arrays = unpack_payload(
        explorer_data(compute_trajectories(detections, VIDEO), VIDEO, detections=detections)
    )
    assert (arrays["flags"] & HAS_FACE > 0).tolist() == [False, True]
    assert (LOWEST + arrays["face_left"] * PRECISION).tolist() == pytest.approx([0.4], abs=PRECISION)
    assert (arrays["face_height"] * PRECISION).tolist() == pytest.approx([0.08], abs=PRECISION)


def test_the_order_of_rows_changes_nothing():
    detections = make_detections(WALK)
    trajectories = compute_trajectories(detections, VIDEO)
    shuffled = explorer_data(
        trajectories.sample(frac=1, random_state=1),
        VIDEO,
        detections=detections.sample(frac=1, random_state=2),
    )
    assert shuffled == explorer_data(trajectories, VIDEO, detections=detections)


def test_visits_are_computed_unless_they_are_given():
    detections = make_detections(WALK)
    trajectories = compute_trajectories(detections, VIDEO)
    visits = compute_visits(trajectories, [ZONE], VIDEO)
    given = explorer_data(trajectories, VIDEO, visits=visits)
    assert [zone["name"] for zone in given["zones"]] == ["left"]
    assert given["zones"][0]["parts"] == []
    arrays = unpack_payload(made())
    assert arrays["visit_person"].tolist() == [0, 1]
    assert arrays["visit_dwell"].tolist() == [int(value / pd.Timedelta("1ms")) for value in visits["dwell"]]
    assert arrays["visit_cut"].tolist() == [1, 1]


def test_zones_and_lines_carry_the_checks_that_are_not_good_there():
    """The person trembles on the border of the left zone; no one is near the other one or the line."""
    detections = make_detections({1: [(40 * n, 0.5 + 0.002 * (-1) ** n, 0.5) for n in range(500)]})
    trajectories = compute_trajectories(detections, VIDEO)
    zones = [ZONE, Zone("right", box(600, 0, 1000, 500), "px")]
    lines = [Line("door", LineString([(700, 500), (700, 0)]), "px")]
    quality = compute_quality(detections, trajectories, VIDEO, zones=zones, lines=lines)
    data = explorer_data(trajectories, VIDEO, zones=zones, lines=lines, quality=quality)
    assert [zone["checks"] for zone in data["zones"]] == [["visit flicker"], []]
    assert [line["checks"] for line in data["lines"]] == [[]]
    assert data["verdict"] == "not usable for visits, dwell and transitions"
    (note,) = data["notes"]
    assert note.startswith("Tracking quality: not usable for visits, dwell and transitions. ")
    assert note.endswith(" Checks that are not good: visit flicker.")


def test_absences_that_are_joined_into_visits_are_listed():
    walk = [(200 * n, 0.4 if n // 5 % 2 == 0 else 0.6, 0.5) for n in range(25)]
    detections = make_detections({1: walk})
    trajectories = compute_trajectories(detections, VIDEO)
    visits = compute_visits(trajectories, [ZONE], VIDEO, merge_gap="2s")
    arrays = unpack_payload(made({1: walk}, visits=visits))
    assert arrays["visit_dwell"].tolist() == [3000]
    assert arrays["absence_visit"].tolist() == [0, 0]
    assert arrays["absence_start"].tolist() == [1000, 3000]
    assert arrays["absence_end"].tolist() == [2000, 4000]


def test_absences_that_do_not_add_up_are_noted_instead_of_listed():
    """The visits have a margin that the explorer does not know."""
    walk = [(200 * n, (0.4, 0.55, 0.9)[n // 5 % 3], 0.5) for n in range(30)]
    trajectories = compute_trajectories(make_detections({1: walk}), VIDEO)
    visits = compute_visits(trajectories, [ZONE], VIDEO, merge_gap="2s", margin=100)
    data = made({1: walk}, visits=visits)
    assert len(unpack_payload(data)["absence_visit"]) == 0
    assert data["notes"] == ["Dwell times within a range are estimated for 1 visits with absences."]
    known = made({1: walk}, visits=visits, absences=find_absences(trajectories, [ZONE], visits, margin=100))
    assert len(unpack_payload(known)["absence_visit"]) == 1
    assert known["notes"] == []


def test_speeds_are_kept_in_steps_with_their_scale():
    walk = {1: [(200 * n, 0.1 + 0.01 * n, 0.5) for n in range(20)], 2: [(0, 0.5, 0.5)]}
    data = made(walk)
    speed = unpack_payload(data)["speed"]
    trajectories = compute_trajectories(make_detections(walk), VIDEO).sort_index(level="person_index")
    expected = trajectories["speed_px_per_s"].to_numpy()
    known = np.isfinite(expected)
    assert (speed == 255).tolist() == (~known).tolist()
    assert speed[known] * data["speed"]["step"] == pytest.approx(expected[known], abs=data["speed"]["step"])
    assert data["speed"]["highest"] == pytest.approx(50, rel=0.01)
    assert made({})["speed"] is None


def test_zones_have_the_colors_of_the_plots():
    zones = [Zone(name, box(x, 0, x + 50, 50), "px") for x, name in enumerate(["till", "hall", "exit"])]
    assert {zone["name"]: zone["color"] for zone in made(zones=zones)["zones"]} == {
        "exit": 0,
        "hall": 1,
        "till": 2,
    }


def test_empty_tables_give_empty_arrays():
    data = made({})
    assert data["persons"] == []
    assert all(len(array) == 0 for name, array in unpack_payload(data).items() if name != "start")


def test_the_data_are_json():
    assert json.loads(inline_json(made())) == made()


def test_numbers_too_large_for_a_browser_become_text():
    assert made({2**60 + 1: [(0, 0.5, 0.5)]})["persons"] == [str(2**60 + 1)]


def test_points_in_metres_lie_on_a_plan_around_them():
    trajectories = compute_trajectories(make_points({1: [(0, 0.0, 0.0), (100, 10.0, 5.0)]}))
    data = explorer_data(trajectories, Video())
    arrays = unpack_payload(data)
    assert not data["ground"]["picture"]
    assert data["ground"]["unit"] == "m"
    assert data["ground"]["width"] == pytest.approx(11)
    assert "box_x" not in arrays
    assert (LOWEST + arrays["x"] * PRECISION).tolist() == pytest.approx([0.5 / 11, 10.5 / 11], abs=1e-4)


def test_metres_are_carried_to_the_picture_with_a_floor():
    floor = fit_floor_plan([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (10, 0), (10, 5), (0, 5)])
    trajectories = compute_trajectories(make_points({1: [(0, 5.0, 2.5)]}))
    zone, line = Zone("till", box(0, 0, 5, 5), "m"), Line("door", LineString([(0, 1), (10, 1)]), "m")
    data = explorer_data(trajectories, VIDEO, floor=floor, zones=[zone], lines=[line])
    assert data["ground"]["picture"]
    assert LOWEST + unpack_payload(data)["x"][0] * PRECISION == pytest.approx(0.5, abs=PRECISION)
    assert np.max(data["zones"][0]["parts"][0], axis=0).tolist() == pytest.approx([0.5, 1.0])


def test_a_heatmap_of_the_same_plane_is_taken_along():
    trajectories = compute_trajectories(make_detections(WALK), VIDEO)
    heatmap = compute_heatmap(trajectories, VIDEO, shape=(5, 10))
    data = explorer_data(trajectories, VIDEO, heatmap=heatmap)
    assert (data["heatmap"]["rows"], data["heatmap"]["columns"]) == (5, 10)
    assert unpack_payload(data)["heat"].sum() == pytest.approx(heatmap.values.sum(), rel=1e-6)


def test_a_heatmap_of_visits_or_over_time_is_refused():
    trajectories = compute_trajectories(make_detections(WALK), VIDEO)
    for options in ({"quantity": "visits"}, {"every": "1min"}):
        heatmap = compute_heatmap(trajectories, VIDEO, shape=(5, 10), **options)
        with pytest.raises(ParameterError, match="heatmap must have person-seconds, not a series"):
            explorer_data(trajectories, VIDEO, heatmap=heatmap)


def test_a_background_is_embedded_smaller_and_without_what_else_the_file_holds(tmp_path):
    file = tmp_path / "large.png"
    Image.new("RGBA", (4000, 2000), (0, 0, 0, 0)).save(file)
    background = embedded_background(file)
    assert (background.width, background.height) == (4000, 2000)
    assert background.address.startswith("data:image/jpeg;base64,")
    assert len(background.address) < 50_000


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"background": "nowhere.png"}, ParameterError, "cannot be read: No such file"),
        ({"background": np.zeros((2, 2, 7))}, ParameterError, "must have the shape"),
        ({"background": np.full((2, 2), 7.0)}, ParameterError, "array of uint8"),
        ({"background": HUGE}, InputError, "has 100.0 megapixels"),
        ({"bounds": (0, 0, 0, 1)}, ParameterError, "must have x0 < x1"),
        ({"zones": [Zone("m", box(0, 0, 1, 1), "m")]}, SchemaError, "is in m"),
        ({"zones": [ZONE, ZONE]}, ZoneError, "occurs twice"),
        ({"heatmap": "hot"}, ParameterError, "must be a Heatmap"),
        (
            {"detections": make_detections({99: [(0, 0.5, 0.5)]})},
            SchemaError,
            "contains no row of the trajectories",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        made(**options)


def test_a_broken_picture_is_refused(tmp_path):
    file = tmp_path / "broken.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(ParameterError, match="cannot be read"):
        made(background=file)


def test_a_plan_needs_to_know_where_it_lies():
    trajectories = compute_trajectories(make_points({1: [(0, 0.0, 0.0)]}))
    with pytest.raises(ParameterError, match=r"Pass floor=.*or bounds="):
        explorer_data(trajectories, VIDEO, background=np.zeros((2, 2), "uint8"))


@pytest.mark.parametrize(
    ("option", "words"), [({"height": 10}, "at least 240"), ({"theme": "pink"}, "must be one of auto")]
)
def test_a_wrong_option_is_refused(option, words):
    trajectories = compute_trajectories(make_detections(WALK), VIDEO)
    with pytest.raises(ParameterError, match=words):
        explore(trajectories, VIDEO, **option)


def test_the_file_is_written_whole_or_not_at_all(tmp_path):
    trajectories = compute_trajectories(make_detections(WALK), VIDEO)
    explorer = explore(trajectories, VIDEO)
    explorer.save(tmp_path / "explorer.html")
    assert (tmp_path / "explorer.html").read_text(encoding="utf-8") == explorer.html
    assert repr(explorer) == "Explorer('video', 2 people, 5 detections)"
    with pytest.raises(OutputError, match="does not exist"):
        explorer.save(tmp_path / "nowhere" / "explorer.html")


def test_no_name_can_end_the_script_that_holds_it():
    zone = Zone("</script><!--", box(0, 0, 500, 500), "px")
    page = explorer_page(made(zones=[zone]))
    assert page.count("</script>") == 3
    assert "<!--" not in page


def test_the_policy_allows_what_the_page_holds_and_nothing_else():
    assert content_policy(["x"]).startswith("default-src 'none'; img-src data:; script-src 'sha256-")
    assert "unsafe" not in content_policy(["x"], ["y"], media=True)


def test_a_moment_that_the_page_cannot_hold_is_refused():
    walk = {1: [(0, 0.1, 0.5), (40, 0.1, 0.5), (80, 0.1, 0.5), (2**32, 0.2, 0.5)]}
    with pytest.raises(ParameterError, match=r"at most 4294967295 ms \(49 days\)"):
        made(walk)
