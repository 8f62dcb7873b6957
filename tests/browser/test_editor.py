"""The zone editor in a real browser: drawn with the mouse, the keys and a finger, saved, and read."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from editor_page import click, collection, corners, drag, named, place, save, show, square, tool
from shapely.geometry import Polygon
from waiting import drawn, until

from ptrack_analysis import Video, edit_zones, read_floor_plan, read_parquet, read_zones
from ptrack_analysis.cli import main
from ptrack_analysis.web.assets import asset

VIDEO = Video(width=1280, height=720)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def open_editor(tmp_path, data, editors):
    """Open editors on the shop's background; a file is copied if one is given."""

    def make(existing=None, *, floor=None, **options):
        path = tmp_path / "zones.json"
        if isinstance(existing, Path):
            shutil.copy(existing, path)
        elif existing is not None:
            path.write_text(json.dumps(existing), encoding="utf-8")
        background = data / "shop" / "background.png"
        editors.append(edit_zones(None, path, background=background, floor=floor, **options))
        return editors[-1]

    return make


def test_a_zone_that_is_drawn_and_split_gives_the_expected_dwell(page, open_editor, data, tmp_path):
    editor = open_editor()
    show(page, editor)
    assert page.locator(".side .save").is_disabled()
    tool(page, "Zone")
    click(page, (0.004, 0.006), (0.997, 0.005), (0.996, 0.995), (0.005, 0.994), (0.004, 0.006))
    page.keyboard.type("all")
    page.keyboard.press("Escape")
    tool(page, "Split")
    click(page, (0.4, 0.004), (0.55, 0.6), (0.6, 0.996))
    save(page)
    zones = named(editor.zones)
    assert set(zones) == {"all", "all 2"}
    assert sum(zone.outline.area for zone in zones.values()) == pytest.approx(1280 * 720)
    export = ["export", str(data / "shop" / "pages"), str(tmp_path / "out"), "--zones"]
    assert main([*export, str(tmp_path / "zones.json")]) == 0
    tables = {
        name: read_parquet(next((tmp_path / "out" / name).glob("*.parquet"))) for name in ("visits", "tracks")
    }
    inside = tables["visits"]["dwell"].sum()
    assert inside == (tables["tracks"]["time_in_scene"] - tables["tracks"]["without_position"]).sum()
    assert set(tables["visits"].index.get_level_values("zone")) == {"all", "all 2"}


def test_an_existing_file_opens_and_saves_unchanged_but_for_the_edit(page, open_editor, data):
    original = json.loads((data / "shop" / "zones.geojson").read_bytes())
    editor = open_editor(data / "shop" / "zones.geojson")
    show(page, editor)
    assert page.locator(".row .name").all_inner_texts() == [
        "entrance",
        "shelves",
        "table",
        "checkout",
        "door",
    ]
    page.locator(".row", has_text="checkout").click()
    page.get_by_label("Kind").fill("queue")
    save(page)
    after = json.loads(Path(editor._server.files.session.output).read_bytes())
    original["features"][3]["properties"]["kind"] = "queue"
    assert after == original


def test_a_corner_that_two_zones_share_moves_in_both(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8), square("b", 0.4, 0.2, 0.7, 0.8)))
    show(page, editor)
    click(page, (0.2, 0.5))
    drag(page, (0.4, 0.2), (0.45, 0.3))
    save(page)
    zones = named(editor.zones)
    shared = corners(zones["a"]) & corners(zones["b"])
    assert len(shared) == 2
    assert (0.4, 0.8) in shared
    moved = (shared - {(0.4, 0.8)}).pop()
    assert moved == pytest.approx((0.45, 0.3), abs=0.002)


def test_a_new_zone_snaps_to_corners_and_edges_so_that_both_share_them(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)))
    show(page, editor)
    tool(page, "Zone")
    click(page, (0.403, 0.203), (0.7, 0.2), (0.7, 0.5), (0.402, 0.502), (0.403, 0.203))
    save(page)
    zones = named(editor.zones)
    shared = corners(zones["a"]) & corners(zones["zone 1"])
    assert (0.4, 0.2) in shared
    assert len(shared) == 2
    assert zones["a"].outline.intersection(zones["zone 1"].outline).length == pytest.approx(216, abs=3)
    assert zones["a"].outline.intersection(zones["zone 1"].outline).area == 0


def test_corners_are_added_between_and_taken_away(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8), square("b", 0.4, 0.2, 0.7, 0.8)))
    show(page, editor)
    click(page, (0.2, 0.5))
    drag(page, (0.4, 0.5), (0.5, 0.5))
    save(page)
    zones = named(editor.zones)
    assert len(corners(zones["a"]) & corners(zones["b"])) == 3
    page.keyboard.press("Delete")
    save(page)
    assert [len(corners(zone)) for zone in editor.zones] == [4, 4]


def test_undo_and_redo(page, open_editor):
    show(page, open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8))))
    click(page, (0.2, 0.5))
    page.keyboard.press("Delete")
    assert page.locator(".row").count() == 0
    page.keyboard.press("Control+z")
    assert page.locator(".row .name").all_inner_texts() == ["a"]
    assert page.locator(".side .save").is_disabled()
    page.keyboard.press("Control+y")
    assert page.locator(".row").count() == 0
    page.get_by_role("button", name="Undo (Ctrl Z)").click()
    click(page, (0.2, 0.5))
    page.get_by_label("Name", exact=True).fill("long name")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    assert page.locator(".row .name").all_inner_texts() == ["a"]


def test_a_cut_that_leaves_the_zone_is_refused_and_changes_nothing(page, open_editor):
    zone = square("a", 0.1, 0.2, 0.7, 0.8)
    zone["geometry"]["coordinates"][0][2:2] = [[0.7, 0.4], [0.3, 0.5], [0.7, 0.6]]
    show(page, open_editor(collection(zone)))
    click(page, (0.2, 0.3))
    tool(page, "Split")
    click(page, (0.7, 0.3), (0.7, 0.7))
    assert "does not make two pieces" in page.locator(".status").inner_text()
    assert page.locator(".row").count() == 1
    assert page.locator(".side .save").is_disabled()


def test_a_line_is_split_where_it_is_clicked(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Line")
    click(page, (0.2, 0.5), (0.6, 0.5))
    page.keyboard.press("f")
    tool(page, "Split")
    click(page, (0.4, 0.5))
    save(page)
    first, second = editor.lines
    assert first.outline.coords[-1] == second.outline.coords[0]


def test_a_whole_zone_is_dragged_and_snaps(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.3, 0.4), square("b", 0.5, 0.5, 0.8, 0.8)))
    show(page, editor)
    click(page, (0.65, 0.65))
    drag(page, (0.65, 0.65), (0.455, 0.352))
    save(page)
    zones = named(editor.zones)
    assert (0.3, 0.2) in corners(zones["a"]) & corners(zones["b"])
    assert len(corners(zones["a"])) == 4


def test_work_for_a_choice_is_proportional_to_the_number_of_zones(page, open_editor):
    """Count elements made, and distances measured: zones that are far apart are not compared in detail."""
    cells = [(column / 20, row / 20) for column in range(20) for row in range(20)]
    zones = [square(f"{x:.2f} {y:.2f}", x, y, x + 0.05, y + 0.05) for x, y in cells]
    show(page, open_editor(collection(*zones)))
    assert page.locator(".row").count() == 400
    work = page.evaluate(
        """async () => {
          const work = { elements: 0, distances: 0 };
          const counted = (owner, name, key) => {
            const call = owner[name];
            owner[name] = function (...given) { work[key]++; return call.apply(this, given); };
          };
          counted(document, "createElement", "elements");
          counted(document, "createElementNS", "elements");
          counted(Math, "hypot", "distances");
          document.querySelectorAll(".row")[170].click();
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return work;
        }"""
    )
    assert 400 < work["elements"] < 20 * 400
    assert work["distances"] < 100 * 400
    assert page.locator(".row[aria-selected=true]").count() == 1


def test_a_line_is_drawn_with_in_on_its_right(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Line")
    click(page, (0.2, 0.5), (0.6, 0.5), (0.6, 0.5))
    assert page.locator("text.in").text_content() == "in"
    arrow, shaft = page.locator("text.in").bounding_box(), place(page, 0.4, 0.5)
    assert arrow["y"] > shaft[1]
    page.get_by_role("button", name="Reverse").click()
    drawn(page)
    assert page.locator("text.in").bounding_box()["y"] < shaft[1]
    save(page)
    (line,) = editor.lines
    assert line.outline.coords[0][0] > line.outline.coords[-1][0]


def test_what_is_wrong_is_said_at_once_and_not_saved(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Zone")
    click(page, (0.2, 0.2), (0.6, 0.6), (0.6, 0.2), (0.2, 0.6))
    page.keyboard.press("f")
    assert "crosses or touches itself" in page.locator(".problems").inner_text()
    page.locator(".side .save").click()
    assert "cannot be saved" in page.locator(".status").inner_text()
    assert not editor.saved
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    tool(page, "Zone")
    click(page, (0.2, 0.2), (0.6, 0.6), (0.6, 0.2), (0.2, 0.2))
    page.get_by_label("Name", exact=True).fill("")
    assert "no name" in page.locator(".problems").inner_text()


def test_overlap_is_a_note_and_two_of_one_name_a_problem(page, open_editor):
    show(page, open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8), square("b", 0.3, 0.2, 0.7, 0.8))))
    assert "overlap" in page.locator(".notes").inner_text()
    click(page, (0.6, 0.5))
    page.get_by_label("Name", exact=True).fill("a")
    assert page.locator(".row.bad").count() == 2
    assert "occurs twice" in page.locator(".problems").inner_text()


def test_tiling_and_nested_zones_are_no_overlap(page, open_editor, data):
    nested = [square("all", 0, 0, 1, 1), square("in", 0.3, 0.2, 0.7, 0.8), square("on", 0.3, 0.8, 0.7, 0.9)]
    show(page, open_editor(collection(*nested)))
    assert page.locator(".notes").inner_text() == ""


def test_a_hole_and_several_parts_are_kept_and_drawn(page, open_editor):
    parts = [square("x", 0.1, 0.1, 0.2, 0.2), square("x", 0.3, 0.1, 0.9, 0.9)]
    both = square("a", 0, 0, 1, 1)
    both["geometry"] = {
        "type": "MultiPolygon",
        "coordinates": [part["geometry"]["coordinates"] for part in parts],
    }
    editor = open_editor(collection(both))
    show(page, editor)
    click(page, (0.6, 0.5))
    tool(page, "Hole")
    click(page, (0.5, 0.4), (0.7, 0.4), (0.7, 0.6), (0.5, 0.4))
    save(page)
    (zone,) = editor.zones
    assert [len(part.interiors) for part in zone.outline.geoms] == [0, 1]


def test_a_zone_is_drawn_and_saved_with_the_keyboard_only(page, open_editor):
    editor = open_editor()
    show(page, editor)
    page.keyboard.press("z")
    for key, times in [("ArrowLeft", 12), ("ArrowRight", 24), ("ArrowDown", 15), ("ArrowLeft", 24)]:
        for _ in range(times):
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # twice at one point: finished
    page.keyboard.type("by keys")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+s")
    page.wait_for_selector('.status:text-matches("Saved")')  # with a capital letter: not "Not saved yet"
    (zone,) = editor.zones
    assert (zone.name, len(corners(zone))) == ("by keys", 4)
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowDown"):
        for _ in range(6):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    drawn(page)
    assert page.locator("svg path.edge.draft").count() == 0
    page.keyboard.press("Control+s")
    page.wait_for_selector('.status:text-matches("Saved")')
    assert [zone.name for zone in editor.zones] == ["by keys", "zone 1"]
    assert editor.zones[1].outline.equals(editor.zones[1].outline.envelope)


def test_a_rectangle_is_dragged_and_duplicated(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Rectangle")
    drag(page, (0.2, 0.3), (0.4, 0.6))
    page.keyboard.type("till")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+d")
    tool(page, "Rectangle")
    click(page, (0.7, 0.1), (0.8, 0.2))
    save(page)
    zones = named(editor.zones)
    assert set(zones) == {"till", "till 2", "zone 1"}
    assert all(zone.outline.equals(zone.outline.envelope) for zone in zones.values())
    assert zones["till"].outline.area == pytest.approx(0.2 * 0.3 * 1280 * 720, rel=0.02)
    assert zones["till 2"].outline.area == pytest.approx(zones["till"].outline.area, rel=1e-4)
    assert zones["till 2"].outline.centroid.x > zones["till"].outline.centroid.x


def test_a_duplicate_keeps_properties_that_the_editor_does_not_show(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.3, 0.4, kind="queue", price=3)))
    show(page, editor)
    page.keyboard.press("n")
    page.get_by_role("button", name="Duplicate").click()
    save(page)
    after = json.loads(editor._server.files.session.output.read_bytes())["features"]
    assert [feature["properties"] for feature in after] == [
        {"name": "a", "kind": "queue", "price": 3},
        {"name": "a 2", "kind": "queue", "price": 3},
    ]


def test_shift_keeps_edges_and_drags_horizontal_or_vertical(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Zone")
    click(page, (0.2, 0.3))
    page.keyboard.down("Shift")
    click(page, (0.6, 0.33), (0.63, 0.7))
    page.keyboard.up("Shift")
    click(page, (0.2, 0.7))
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    save(page)
    points = list(editor.zones[0].outline.exterior.coords)
    assert points[0][1] == points[1][1]
    assert points[1][0] == points[2][0]
    before = editor.zones[0].outline.bounds
    page.keyboard.down("Shift")
    drag(page, (0.4, 0.5), (0.5, 0.52))
    page.keyboard.up("Shift")
    save(page)
    after = editor.zones[0].outline.bounds
    assert (after[1], after[3]) == (before[1], before[3])
    assert after[0] - before[0] == pytest.approx(128, abs=2)


def test_a_corner_is_typed_exactly(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)))
    show(page, editor)
    page.keyboard.press("n")
    page.locator("summary").click()
    field = page.get_by_label("x of corner 1")
    field.fill("0,123456")
    field.press("Tab")
    save(page)
    assert (0.123456, 0.2) in corners(editor.zones[0])


def test_what_is_said_at_once_agrees_with_shapely(page):
    random = np.random.default_rng(7)
    rings = [random.integers(0, 6, (int(random.integers(3, 7)), 2)).tolist() for _ in range(1500)]
    modules = [asset(f"editor/{name}.js") for name in ("geometry", "validity")]
    source = re.sub(r"^(import [^;]*;\n|export )", "", "\n".join(modules), flags=re.MULTILINE)
    page.add_script_tag(content=f"globalThis.judge = (() => {{ {source}; return zoneProblems; }})()")
    said = page.evaluate("rings => rings.map((ring) => judge({ parts: [[ring]] }).length)", rings)
    repeats = [any(a == b for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) for ring in rings]
    for ring, problems, repeated in zip(rings, said, repeats, strict=True):
        if not repeated:
            valid = len(set(map(tuple, ring))) > 2 and Polygon(ring).is_valid
            assert (problems == 0) == valid, ring
    assert 100 < sum(count == 0 for count in said) < 1400


@pytest.mark.parametrize("name", [HOSTILE, "\"'<b>&amp;", "שלום עולם", "🛒 till 🧍"])
def test_any_name_is_shown_as_text(page, open_editor, name):
    editor = open_editor(collection(square(name, 0.1, 0.2, 0.4, 0.8, kind=name)))
    show(page, editor)
    assert page.locator(".row .name").inner_text() == name
    click(page, (0.2, 0.5))
    assert page.get_by_label("Name", exact=True).input_value() == name
    assert page.locator("svg text.label").text_content().rstrip("…") == name[:38].rstrip("…")
    assert page.locator("img").count() == 1
    page.get_by_label("Name", exact=True).fill(f"{name}!")
    save(page)
    assert editor.zones[0].name == f"{name}!"


def test_four_points_are_calibrated_with_a_grid_and_saved(page, open_editor, data, tmp_path):
    floor = tmp_path / "floor.json"
    editor = open_editor(floor=floor)
    show(page, editor)
    page.get_by_role("tab", name="Floor plan").click()
    pairs = json.loads((data / "shop" / "floor.json").read_bytes())["pairs"]
    for count, pair in enumerate([pairs[0], pairs[2], pairs[5], pairs[6], pairs[7]], 1):
        click(page, pair["image"])
        for axis in (0, 1):
            page.get_by_label(f"{'xy'[axis]} of point {count}").fill(str(pair["floor"][axis]))
        page.keyboard.press("Escape")
        drawn(page)
        assert (page.locator("path.grid").count() > 10) == (count >= 4)
    said = page.locator(".fit").inner_text()
    save(page)
    read = read_floor_plan(floor, VIDEO)
    assert read.error < 0.03
    assert float(re.search(r"([\d.]+) m", said)[1]) == pytest.approx(read.error, abs=0.0006)
    true = read_floor_plan(data / "shop" / "floor.json")
    seen = np.array([[0.5, 0.6], [0.3, 0.8]])
    assert np.abs(read.project(seen) - true.project(seen)).max() < 0.1
    assert editor.floor.error == read.error


def test_degenerate_points_are_refused_with_the_readers_sentence(page, open_editor, tmp_path):
    editor = open_editor(floor=tmp_path / "floor.json")
    show(page, editor)
    page.get_by_role("tab", name="Floor plan").click()
    for count, x in enumerate([0.2, 0.4, 0.6, 0.8], 1):
        click(page, (x, 0.5))
        page.get_by_label(f"x of point {count}").fill(str(count))
        page.get_by_label(f"y of point {count}").fill("1")
        page.keyboard.press("Escape")
    assert "do not determine a plane" in page.locator(".fit").inner_text()
    page.locator(".side .save").click()
    page.wait_for_selector(".status.bad:has-text('are on one line')")
    assert not (tmp_path / "floor.json").exists()


def test_a_lens_is_kept_and_seen(page, open_editor, tmp_path, data):
    content = json.loads((data / "shop" / "floor.json").read_bytes())
    content["lens"] = {"k1": -0.05, "focal": [0.8, 1.4]}
    floor = tmp_path / "floor.json"
    floor.write_text(json.dumps(content), encoding="utf-8")
    editor = open_editor(floor=floor)
    show(page, editor)
    page.get_by_role("tab", name="Floor plan").click()
    said = float(re.search(r"([\d.]+) m", page.locator(".fit").inner_text())[1])
    assert said == pytest.approx(editor.floor.error, abs=0.0006)
    page.get_by_label("right x").fill("13")
    page.get_by_label("right x").press("Tab")
    save(page)
    after = json.loads(floor.read_bytes())
    assert (after["lens"], after["pairs"], after["bounds"][2]) == (content["lens"], content["pairs"], 13)


def test_what_was_not_saved_comes_back_when_the_page_is_loaded_again(page, open_editor):
    show(page, open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8))))
    click(page, (0.2, 0.5))
    page.get_by_label("Name", exact=True).fill("kept")
    until(page, "Object.values(sessionStorage).join().includes('kept')")
    page.reload()
    page.wait_for_selector("[data-ready=yes]")
    assert page.locator(".row .name").all_inner_texts() == ["kept"]


def test_a_change_by_another_program_is_asked_about(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)))
    show(page, editor)
    click(page, (0.2, 0.5))
    page.get_by_label("Name", exact=True).fill("mine")
    output = editor._server.files.session.output
    output.write_text(json.dumps(collection(square("theirs", 0.1, 0.2, 0.4, 0.8))), encoding="utf-8")
    page.locator(".side .save").click()
    page.get_by_role("button", name="Replace it").click()
    page.wait_for_selector('.status:text-matches("Saved")')  # with a capital letter: not "Not saved yet"
    assert [zone.name for zone in editor.zones] == ["mine"]


def test_zones_are_saved_from_the_tab_of_the_floor_plan(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)))
    show(page, editor)
    click(page, (0.2, 0.5))
    for name, act in (("by key", "Control+s"), ("by button", None), ("at the end", "done")):
        page.get_by_role("tab", name="Zones", exact=True).click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("tab", name="Floor plan").click()
        if act == "done":
            page.get_by_role("button", name="Done").click()
            page.get_by_role("button", name="Save and end").click()
            page.wait_for_selector("text=The editor has ended")
        elif act is None:
            save(page)
        else:
            page.keyboard.press(act)
            page.wait_for_selector('.status:text-matches("Saved")')
        assert [zone.name for zone in editor.zones] == [name]


def test_zones_and_floor_plan_are_saved_at_once(page, open_editor, data, tmp_path):
    floor = tmp_path / "floor.json"
    floor.write_bytes((data / "shop" / "floor.json").read_bytes())
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)), floor=floor)
    show(page, editor)
    click(page, (0.2, 0.5))
    page.get_by_label("Name", exact=True).fill("b")
    page.get_by_role("tab", name="Floor plan").click()
    page.get_by_label("right x").fill("13")
    page.get_by_label("right x").press("Tab")
    page.get_by_role("tab", name="Zones", exact=True).click()
    assert page.locator(".side .save").inner_text() == "Save zones.json and floor.json"
    save(page)
    assert "Saved zones.json" in page.locator(".status").inner_text()
    assert "Saved floor.json" in page.locator(".status").inner_text()
    assert editor.zones[0].name == "b"
    assert json.loads(floor.read_bytes())["bounds"][2] == 13


def test_of_two_zones_with_one_name_the_edited_one_stays_selected(page, open_editor):
    show(page, open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8), square("b", 0.5, 0.2, 0.7, 0.8))))
    click(page, (0.6, 0.5))
    name = page.get_by_label("Name", exact=True)
    name.fill("a")
    page.keyboard.press("Control+s")
    assert "cannot be saved" in page.locator(".status").inner_text()
    assert page.locator(".row[aria-selected=true]").get_attribute("data-id") == "2"
    name.fill("c")
    assert page.locator(".status").inner_text() == ""
    name.fill("a")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    assert page.locator(".row[aria-selected=true]").get_attribute("data-id") == "2"


def test_enter_in_a_field_goes_back_to_the_image_and_its_keys(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Rectangle")
    drag(page, (0.1, 0.1), (0.3, 0.3))
    hint = page.locator("#hint")
    assert hint.inner_text() == "Type the name, then press Enter to go back to the image."
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    until(page, "document.activeElement.className === 'stage'")
    page.keyboard.press("z")
    assert page.get_by_label("Name", exact=True).input_value() == "first"
    assert page.locator(".stage").get_attribute("data-tool") == "zone"
    page.keyboard.press("ArrowRight")
    assert "press Enter at the first corner" in hint.inner_text()
    click(page, (0.5, 0.5))
    assert hint.inner_text() == "Click the next corner."


def test_a_kind_in_capital_letters_and_a_time_as_in_plots_are_understood(page, open_editor):
    editor = open_editor(collection(square("a", 0.1, 0.2, 0.4, 0.8)))
    show(page, editor)
    click(page, (0.2, 0.5))
    page.get_by_label("Kind").fill("Queue")
    page.get_by_label("Active from").fill("1:30")
    assert page.get_by_label("Kind").input_value() == "queue"
    save(page)
    assert (editor.zones[0].kind, editor.zones[0].window[0]) == ("queue", 90_000)
    page.get_by_label("Active from").fill("soon")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".status.bad:has-text('Write the time as 90s, 5min')")
    page.get_by_label("Active from").fill("2min")
    assert page.locator(".status").inner_text() == ""


UNFINISHED = {
    "zone": ("Zone", [(0.2, 0.2), (0.6, 0.2)], "The zone is not finished. Finish it (F)"),
    "line": ("Line", [(0.2, 0.2)], "The line is not finished. Finish it (F)"),
    "cut": ("Split", [(0.7, 0.3), (0.8, 0.5)], "The cut is not finished. Complete it"),
}


@pytest.mark.parametrize(("name", "points", "sentence"), UNFINISHED.values(), ids=UNFINISHED.keys())
def test_a_drawing_that_cannot_be_finished_is_neither_saved_over_nor_thrown_away(
    page, open_editor, name, points, sentence
):
    editor = open_editor(collection(square("a", 0.7, 0.1, 0.9, 0.9)))
    before = editor._server.files.session.output.read_bytes()
    show(page, editor)
    status = page.locator(".status")
    click(page, (0.8, 0.2))
    tool(page, name)
    click(page, *points)
    assert page.locator(".side .save").is_enabled()
    for act in (
        lambda: page.keyboard.press("Control+s"),
        lambda: page.locator(".side .save").click(),
        lambda: page.keyboard.press("v"),
        lambda: page.get_by_role("tab", name="Floor plan").click(),
        lambda: page.get_by_role("button", name="Done").click(),
    ):
        act()
        assert f"{sentence} or discard it (Esc)." in status.inner_text()
        assert page.locator("svg path.edge.draft").count() > 0
    assert editor._server.files.session.output.read_bytes() == before
    page.locator(".stage").focus()
    page.keyboard.press("Escape")
    assert status.inner_text() == ""
    assert page.locator(".side .save").is_disabled()
    page.get_by_role("button", name="Done").click()
    page.wait_for_selector("text=The editor has ended")


@pytest.mark.parametrize("act", ["Control+s", "save", "done"])
def test_a_drawing_with_enough_points_is_finished_and_saved(page, open_editor, act):
    editor = open_editor()
    show(page, editor)
    tool(page, "Zone")
    click(page, (0.2, 0.2), (0.6, 0.2), (0.6, 0.6))
    if act == "save":
        page.locator(".side .save").click()
    elif act == "done":
        page.get_by_role("button", name="Done").click()
        assert "Not saved yet: zones.json." in page.locator(".status").inner_text()
        page.get_by_role("button", name="Save and end").click()
        page.wait_for_selector("text=The editor has ended")
    else:
        page.keyboard.press(act)
    if act != "done":
        page.wait_for_selector('.status:text-matches("Saved")')
    assert [zone.name for zone in editor.zones] == ["zone 1"]


def test_a_drawing_that_is_finished_but_invalid_is_not_saved(page, open_editor):
    editor = open_editor()
    show(page, editor)
    tool(page, "Zone")
    click(page, (0.2, 0.2), (0.6, 0.6), (0.6, 0.2), (0.2, 0.6))
    page.keyboard.press("Control+s")
    assert "crosses or touches itself" in page.locator(".status").inner_text()
    assert not editor.saved


def test_done_discards_an_unfinished_drawing_only_at_the_second_word(page, open_editor):
    show(page, open_editor())
    tool(page, "Zone")
    click(page, (0.2, 0.5))
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Discard and end").click()
    page.wait_for_selector("text=The editor has ended")


def test_an_unfinished_drawing_survives_a_reload(page, open_editor):
    show(page, open_editor())
    tool(page, "Zone")
    click(page, (0.2, 0.2), (0.6, 0.2))
    until(page, "Object.values(sessionStorage).join().includes('\"draft\":[{')")
    page.reload()
    page.wait_for_selector("[data-ready=yes]")
    click(page, (0.6, 0.6))
    page.keyboard.press("Control+s")
    page.wait_for_selector('.status:text-matches("Saved")')


def test_a_finger_draws_and_two_zoom(open_page, open_editor):
    editor = open_editor()
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    show(page, editor)
    tool(page, "Zone")
    for x, y in [(0.2, 0.3), (0.7, 0.3), (0.7, 0.8), (0.2, 0.8)]:
        page.touchscreen.tap(*place(page, x, y))
    page.get_by_role("button", name="Finish").tap()
    save(page)
    assert len(corners(editor.zones[0])) == 4
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


def test_it_is_legible_in_the_dark(open_page, open_editor, data):
    page = open_page(color_scheme="dark")
    show(page, open_editor(data / "shop" / "zones.geojson"))
    paper = page.locator(".side").evaluate("node => getComputedStyle(node).backgroundColor")
    ink = page.locator(".row .name").first.evaluate("node => getComputedStyle(node).color")
    assert contrast(paper, ink) > 7


def test_the_shell_serves_it_until_done(page, data, tmp_path):
    command = [
        sys.executable,
        "-m",
        "ptrack_analysis",
        "zones",
        "--background",
        str(data / "shop" / "background.png"),
    ]
    done = subprocess.Popen(
        [*command, "-o", str(tmp_path / "zones.json"), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        page.goto(done.stdout.readline().strip())
        page.wait_for_selector("[data-ready=yes]")
        tool(page, "Line")
        click(page, (0.2, 0.5), (0.6, 0.5))
        page.keyboard.press("f")
        page.get_by_role("button", name="Done").click()
        assert "Not saved yet" in page.locator(".status").inner_text()
        save(page)
        page.get_by_role("button", name="Done").click()
        page.wait_for_selector("text=The editor has ended")
        _, err = done.communicate(timeout=120)
    finally:
        done.kill()
    assert (done.returncode, "0 zones, 1 line" in err) == (0, True)
    assert len(read_zones(tmp_path / "zones.json", VIDEO)[1]) == 1


def test_leaving_the_shells_editor_with_an_unfinished_drawing_warns(page, data, tmp_path):
    command = [
        sys.executable,
        "-m",
        "ptrack_analysis",
        "zones",
        "--background",
        str(data / "shop" / "background.png"),
    ]
    served = subprocess.Popen(
        [*command, "-o", str(tmp_path / "zones.json"), "--no-browser"], stdout=subprocess.PIPE, text=True
    )
    leave = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    try:
        page.goto(served.stdout.readline().strip())
        page.wait_for_selector("[data-ready=yes]")
        assert not page.evaluate(leave)
        tool(page, "Zone")
        click(page, (0.2, 0.5))
        assert page.evaluate(leave)
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload"
        asked.value.accept()
    finally:
        served.kill()
        served.communicate()


def test_a_notebooks_frame_holds_the_editor(page, open_editor, data, tmp_path):
    editor = open_editor(data / "shop" / "zones.geojson")
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>notebook</title>{editor._repr_html_()}", encoding="utf-8")
    page.goto(notebook.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("[data-ready=yes]").wait_for()
    frame.locator(".row", has_text="table").click()
    frame.get_by_label("Name", exact=True).fill("round table")
    frame.locator(".side .save").click()
    frame.locator('.status:text-matches("Saved")').wait_for()
    assert "round table" in named(editor.zones)


def contrast(one, other):
    def luminance(color):
        levels = [int(level) / 255 for level in re.findall(r"\d+", color)[:3]]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
