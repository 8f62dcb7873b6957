"""The explorer in a real browser: drawing, texts, pointers, keys and files."""

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from PIL import Image
from shapely.geometry import LineString, box
from waiting import drawn, until

from ptrack_analysis import (
    compute_heatmap,
    compute_occupancy,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    explore,
    open_video,
    read_tracking,
    read_zones,
    select,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.style import distinct_colors
from ptrack_analysis.scene.zone_colors import ON_DARK, ON_WHITE
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.web.assets import asset
from ptrack_analysis.web.explorer import explorer_script
from ptrack_analysis.web.ground import Background
from ptrack_analysis.web.widget import build_widget

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"quoted' &amp; <!--",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "\U0001f600 queue",
)
GROUND = "getComputedStyle(document.querySelector('main > div').shadowRoot.firstChild).backgroundColor"
VIDEO = make_video(10_000)
LEFT, RIGHT = (Zone(name, box(x, 0, x + 500, 500), "px") for name, x in (("left", 0), ("right", 500)))
WALK = {
    7: [(ms, 0.1 + ms / 10_000, 0.8) for ms in range(0, 4000, 200)],
    8: [(ms, 0.8, 0.5) for ms in range(2000, 6000, 200)],
    31: [(ms, None, None) for ms in range(5000, 6000, 200)],
}


def opened(page, tmp_path, explorer):
    """Save an explorer, open the file, and wait until it is drawn."""
    file = tmp_path / "explorer.html"
    explorer.save(file)
    page.goto(file.as_uri())
    page.evaluate("explorer.ready.then(() => new Promise(requestAnimationFrame))")
    return page


def walked(persons=None, **options):
    detections = make_detections(WALK if persons is None else persons, faces=True)
    trajectories = compute_trajectories(detections, VIDEO)
    return explore(trajectories, VIDEO, **{"detections": detections, "zones": [LEFT, RIGHT], **options})


@pytest.fixture
def walk(page, tmp_path):
    return opened(page, tmp_path, walked())


def state(page):
    """Give the state once all frames that were asked for are drawn."""
    drawn(page)
    return page.evaluate("explorer.state()")


def test_it_opens_at_the_first_moment_with_everyone_listed(walk):
    assert state(walk)["moment"] == 0
    assert state(walk)["here"] == [7]
    assert walk.locator(".row:not([hidden]) .name").all_inner_texts() == ["Person 7", "Person 8", "Person 31"]


def test_play_runs_and_pause_stops(walk):
    walk.evaluate("explorer.setSpeed(0.25)")  # the end is far away
    walk.get_by_role("button", name="Play").click()
    until(walk, "explorer.state().moment > 100")
    assert state(walk)["playing"]
    walk.get_by_role("button", name="Pause").click()
    rested = state(walk)["moment"]
    for _ in range(5):
        assert state(walk)["moment"] == rested


def test_it_stops_at_the_end_and_begins_again(walk):
    walk.evaluate("explorer.setSpeed(16), explorer.seek(9500), explorer.play()")
    until(walk, "!explorer.state().playing")
    assert state(walk)["moment"] == 10_000
    again = walk.evaluate("(explorer.play(), explorer.state())")
    assert (again["moment"], again["playing"]) == (0, True)


def test_an_address_opens_a_time_and_a_person(walk):
    walk.evaluate("location.hash = '#t=2.4&person=7'")
    until(walk, "explorer.state().selected.length === 1")
    assert state(walk)["selected"] == [7]
    assert state(walk)["moment"] == 2400
    walk.evaluate("location.hash = '#t=soon&person=nobody'")
    walk.wait_for_timeout(100)
    assert state(walk)["moment"] == 2400


def test_the_time_line_seeks(walk):
    strip = walk.get_by_role("slider", name="Time")
    size = strip.bounding_box()
    strip.click(position={"x": size["width"] / 2, "y": 20})
    assert state(walk)["moment"] == pytest.approx(5000, abs=20)
    assert "5.0" in strip.get_attribute("aria-valuetext")


def test_a_range_is_dragged_with_shift_and_playing_stays_in_it(walk):
    size = walk.get_by_role("slider", name="Time").bounding_box()
    walk.keyboard.down("Shift")
    walk.mouse.move(size["x"] + size["width"] * 0.2, size["y"] + 20)
    walk.mouse.down()
    walk.mouse.move(size["x"] + size["width"] * 0.3, size["y"] + 20, steps=3)
    walk.mouse.up()
    walk.keyboard.up("Shift")
    assert state(walk)["range"] == pytest.approx([2000, 3000], abs=20)
    walk.evaluate("explorer.setSpeed(4), explorer.play()")
    until(walk, "!explorer.state().playing")
    assert state(walk)["moment"] == pytest.approx(3000, abs=20)


def test_a_person_holds_and_no_longer(walk):
    walk.evaluate("explorer.seek(5999)")
    assert state(walk)["here"] == [8, 31]
    walk.evaluate("explorer.seek(6000)")
    assert state(walk)["here"] == []


def test_a_gap_is_a_gap(page, tmp_path):
    opened(page, tmp_path, walked({1: [(0, 0.2, 0.5), (100, 0.2, 0.5), (6000, 0.8, 0.5), (6100, 0.8, 0.5)]}))
    page.evaluate("explorer.seek(3000)")
    assert state(page)["here"] == []
    page.keyboard.press("s")
    assert state(page)["here"] == []


def test_positions_step_unless_smooth_is_chosen(walk):
    walk.evaluate("explorer.seek(1100)")
    stepped = state(walk)["positions"][0][0]
    walk.evaluate("explorer.seek(1000)")
    assert state(walk)["positions"][0][0] == stepped
    walk.get_by_role("button", name="Smooth").click()
    walk.evaluate("explorer.seek(1100)")
    assert state(walk)["positions"][0][0] > stepped


def test_whoever_is_not_located_is_named(walk):
    walk.evaluate("explorer.seek(5500)")
    assert state(walk)["unlocated"] == 1
    assert walk.locator(".badge").inner_text() == "Without position now: 31"


def test_a_click_on_a_person_follows_and_shows_the_visits(walk):
    place = state(walk)["positions"][0]
    stage = walk.locator(".top").bounding_box()
    walk.mouse.click(stage["x"] + place[0], stage["y"] + place[1] - 5)
    assert state(walk)["selected"] == [7]
    details = walk.get_by_role("region", name="Selected person")
    assert "Person 7" in details.inner_text()
    assert "4.0 s" in details.inner_text()
    details.get_by_role("button", name="left").click()
    assert state(walk)["moment"] == 0


def test_a_click_in_the_list_goes_to_where_the_person_is(walk):
    walk.get_by_role("option", name="Person 8").click()
    assert state(walk) | {"selected": [8], "moment": 2000} == state(walk)
    assert walk.get_by_role("option", name="Person 8").get_attribute("aria-selected") == "true"
    walk.get_by_role("option", name="Person 8").click()
    assert state(walk)["selected"] == []


def test_control_click_follows_several(walk):
    walk.get_by_role("option", name="Person 8").click()
    walk.get_by_role("option", name="Person 7").click(modifiers=["Control"])
    assert state(walk)["selected"] == [8, 7]


def test_a_visit_jumps_to_its_moment(walk):
    walk.get_by_role("option", name="Person 8").click()
    walk.evaluate("explorer.seek(9000)")
    walk.get_by_role("region", name="Selected person").get_by_role("button", name="right").click()
    assert state(walk)["moment"] == 2000


def test_the_zone_filter_shows_only_its_visitors(walk):
    walk.get_by_label("Only people who visited").select_option("left")
    assert state(walk)["listed"] == 1
    walk.evaluate("explorer.seek(2500)")
    assert state(walk)["here"] == [7]
    assert walk.locator(".found").inner_text() == "1 of 3 people"


def test_search_finds_by_number(walk):
    walk.keyboard.press("/")
    walk.keyboard.type("3")
    assert walk.locator(".row:not([hidden]) .name").all_inner_texts() == ["Person 31"]
    walk.keyboard.press("Escape")
    assert state(walk)["listed"] == 3


def test_the_list_is_ordered_as_asked(walk):
    walk.get_by_label("Order of the list").select_option("dwell")
    assert walk.locator(".row:not([hidden]) .name").first.inner_text() in {"Person 7", "Person 8"}
    assert walk.locator(".row:not([hidden]) .name").last.inner_text() == "Person 31"


def test_keys_do_all_of_it(walk):
    walk.locator(".strip").focus()
    walk.keyboard.press("ArrowRight")
    assert state(walk)["moment"] == 200
    walk.keyboard.press("ArrowLeft")
    assert state(walk)["moment"] == 0
    walk.keyboard.press("Shift+ArrowRight")
    assert state(walk)["moment"] == 5000
    walk.keyboard.press("End")
    assert state(walk)["moment"] == 10_000
    walk.keyboard.press("Home")
    walk.keyboard.press(".")
    assert state(walk)["speed"] == 2
    walk.keyboard.press("n")
    assert state(walk)["selected"] == [7]
    walk.keyboard.press("n")
    assert state(walk)["selected"] == [8]
    walk.keyboard.press("Escape")
    assert state(walk)["selected"] == []
    walk.keyboard.press("+")
    assert state(walk)["zoom"] == 1.5
    walk.keyboard.press(" ")
    assert state(walk)["playing"]
    walk.keyboard.press(" ")
    walk.keyboard.press("?")
    assert walk.get_by_role("dialog").is_visible()
    walk.keyboard.press("Escape")
    assert not walk.get_by_role("dialog").is_visible()


def test_the_list_is_walked_with_arrows_and_enter(walk):
    walk.get_by_role("listbox").focus()
    walk.keyboard.press("ArrowDown")
    walk.keyboard.press("Enter")
    assert state(walk)["selected"] == [8]


def test_every_control_is_reached_by_tab_and_has_a_name(walk):
    names = set()
    for _ in range(30):
        walk.keyboard.press("Tab")
        names.add(
            walk.evaluate(
                "(() => { const e = document.querySelector('main > div').shadowRoot.activeElement;"
                "return e && (e.getAttribute('aria-label') || e.textContent) })()"
            )
        )
    names.discard(None)
    assert {"Time", "Play (Space)", "People", "Heatmap", "Search people by number"} <= names
    assert "" not in names


def test_layers_are_switched_and_the_heatmap_says_its_scale(walk):
    heat = walk.get_by_role("button", name="Heatmap")
    assert heat.get_attribute("aria-pressed") == "false"
    heat.click()
    state(walk)
    assert heat.get_attribute("aria-pressed") == "true"
    assert "s or more per cell, maximum 4.0 s, all people" in walk.locator(".legend").inner_text()
    walk.get_by_role("option", name="Person 8").click()
    state(walk)
    assert "0 to 4.0 s per cell, 1 of 3 people" in walk.locator(".legend").inner_text()


def test_the_legend_says_or_more_only_where_the_colors_are_clipped(page, tmp_path):
    """250 cells of 1 s and one of 30 s: the colors end at 1 s."""
    places = [(0.02 + 0.0384 * column, 0.05 + 0.09 * row) for row in range(10) for column in range(25)]
    walk = [(1000 * n, *place) for n, place in enumerate(places)]
    video = make_video(300_000)
    rows = {1: walk, 2: [(1000 * n, 0.5, 0.98) for n in range(30)]}
    explorer = explore(compute_trajectories(make_detections(rows), video), video)
    opened(page, tmp_path, explorer).get_by_role("button", name="Heatmap").click()
    state(page)
    assert page.locator(".legend").inner_text() == "0 to 1.0 s or more per cell, maximum 30 s, all people"
    page.get_by_role("option", name="Person 1").click()
    state(page)
    assert page.locator(".legend").inner_text() == "0 to 1.0 s per cell, 1 of 2 people"


def test_a_heatmap_that_is_given_is_drawn(page, tmp_path):
    trajectories = compute_trajectories(make_detections(WALK), VIDEO)
    heatmap = compute_heatmap(trajectories, VIDEO, shape=(5, 10))
    assert sorted(heatmap.values[heatmap.values > 0]) == pytest.approx([1.0, 1.0, 1.0, 1.0, 4.0])
    walk = opened(page, tmp_path, walked(heatmap=heatmap))
    walk.get_by_role("button", name="Heatmap").click()
    state(walk)
    assert walk.locator(".legend").inner_text() == "0 to 1.0 s or more per cell, maximum 4.0 s, all people"


WRITTEN = """
globalThis.written = [];
globalThis.corners = [];
for (const [name, list] of [["fillText", "written"], ["lineTo", "corners"]]) {
  const own = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    if (this.canvas.closest(".strip")) globalThis[list].push(given);
    return own.apply(this, given);
  };
}
"""


def test_the_time_line_shows_the_maximum_number_of_persons_at_once(page, tmp_path):
    """Three persons are there together for 200 ms of an hour, one of them for 10 minutes more."""
    video = make_video(3_600_000)
    rows = {
        1: [(ms, 0.5, 0.5) for ms in range(1_800_000, 2_400_000, 200)],
        2: [(1_800_000, 0.2, 0.5)],
        3: [(1_800_000, 0.8, 0.5)],
        4: [(2_399_800 + ms, 0.8, 0.5) for ms in (200, 400)],
    }
    page.add_init_script(WRITTEN)
    opened(page, tmp_path, explore(compute_trajectories(make_detections(rows), video), video))
    drawn(page)
    assert page.evaluate("written.at(-1)[0]") == "max 3 people"
    width, height = page.evaluate("corners.at(-1)")
    heights = {
        (round(x / width, 1), round((height - y) / (height - 12) * 3, 6)) for x, y in page.evaluate("corners")
    }
    assert {persons for _, persons in heights} == {0, 1, 3}
    assert {persons for share, persons in heights if share == 0.6} == {1}


def test_the_maximum_is_of_the_persons_shown(page, tmp_path):
    page.add_init_script(WRITTEN)
    opened(page, tmp_path, walked())
    drawn(page)
    assert page.evaluate("written.at(-1)[0]") == "max 2 people"
    page.get_by_label("Only people who visited").select_option("left")
    drawn(page)
    assert page.evaluate("written.at(-1)[0]") == "max 1 person"


def test_what_is_drawn_lies_where_the_footpoint_is(walk):
    walk.evaluate("explorer.seek(0)")
    x, y = state(walk)["positions"][0]
    color = walk.evaluate(
        "([x, y]) => { const c = document.querySelector('main > div').shadowRoot.querySelector('.top');"
        "return [...c.getContext('2d').getImageData(x, y, 1, 1).data] }",
        [x, y],
    )
    assert color == [0x00, 0x72, 0xB2, 255]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(page, tmp_path, name):
    page.on("dialog", lambda _: pytest.fail("a name ran as a script"))
    zone = Zone(name, box(0, 0, 1000, 500), "px")
    line = Line(name, LineString([(100, 100), (400, 100)]), "px")
    detections = make_detections(WALK)
    video = make_video(10_000, name=name)
    trajectories = compute_trajectories(detections, video)
    opened(page, tmp_path, explore(trajectories, video, zones=[zone], lines=[line]))
    page.get_by_role("option", name="Person 7").click()
    assert page.locator(".visits b").first.text_content() == name
    assert page.locator("select[aria-label='Only people who visited'] option").last.text_content() == name
    assert page.title() == f"{name} - explorer"
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_scheme_of_the_system(open_page, tmp_path, scheme):
    page = opened(open_page(color_scheme=scheme, reduced_motion="reduce"), tmp_path, walked())
    ground = page.evaluate(GROUND)
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]


def test_a_theme_can_be_given(open_page, tmp_path):
    page = opened(open_page(color_scheme="light"), tmp_path, walked(theme="dark"))
    ground = page.evaluate(GROUND)
    assert ground == "rgb(22, 25, 29)"


def test_a_telephone_is_wide_enough_and_dots_are_sharp(open_page, tmp_path):
    page = opened(
        open_page(viewport={"width": 360, "height": 740}, device_scale_factor=3, has_touch=True),
        tmp_path,
        walked(),
    )
    root = "document.querySelector('main > div').shadowRoot"
    assert page.evaluate(f"{root}.firstChild.scrollWidth") <= 360
    assert page.evaluate(f"{root}.querySelector('.top').width") == 1080
    x, y = state(page)["positions"][0]
    stage = page.locator(".top").bounding_box()
    page.touchscreen.tap(stage["x"] + x, stage["y"] + y)
    assert state(page)["selected"] == [7]


def test_a_finger_sets_the_range_with_buttons(open_page, tmp_path):
    phone = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
    page = opened(open_page(**phone), tmp_path, walked())
    page.evaluate("explorer.seek(200)")
    page.get_by_role("button", name="From here").tap()
    assert state(page)["range"] == [200, 10_000]
    page.evaluate("explorer.seek(400)")
    page.get_by_role("button", name="To here").tap()
    assert state(page)["range"] == [200, 400]
    page.get_by_role("button", name="Whole video").tap()
    assert state(page)["range"] is None


def test_two_fingers_zoom(walk):
    walk.evaluate(
        """() => {
          const top = document.querySelector('main > div').shadowRoot.querySelector('.top');
          top.setPointerCapture = () => {};
          const send = (name, id, x) => top.dispatchEvent(new PointerEvent(name,
            { pointerId: id, clientX: x, clientY: 200, pointerType: "touch", bubbles: true }));
          send("pointerdown", 1, 300); send("pointerdown", 2, 400);
          send("pointermove", 2, 500); send("pointerup", 1, 300); send("pointerup", 2, 500);
        }"""
    )
    assert state(walk)["zoom"] == pytest.approx(2)


def test_nobody_detected_is_said(page, tmp_path):
    opened(page, tmp_path, walked({}))
    assert page.get_by_text("No people were detected in this video.").is_visible()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("h")
    page.keyboard.press("n")
    assert state(page)["here"] == []


def test_one_detection_is_shown(page, tmp_path):
    opened(page, tmp_path, walked({3: [(400, 0.5, 0.5)]}, zones=()))
    assert state(page)["here"] == [3]
    assert not page.get_by_label("Only people who visited").is_visible()


def test_ten_thousand_persons_are_few_elements(page, tmp_path):
    opened(page, tmp_path, walked({i: [(i, 0.5, 0.5)] for i in range(10_000)}))
    assert page.locator(".found").inner_text() == "10,000 people"
    assert page.locator(".row").count() < 40
    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    assert page.get_by_role("option", name="Person 9999").is_visible()


def test_a_background_of_another_shape_is_stretched_and_said(page, tmp_path):
    opened(page, tmp_path, walked(background=np.zeros((300, 400, 3), dtype="uint8")))
    assert "has another shape" in page.get_by_role("list", name="Notes").inner_text()


def test_a_broken_background_is_said(page, tmp_path):
    opened(page, tmp_path, walked(background=Background("data:image/png;base64,AAAA", 1000, 500)))
    page.get_by_text("The background cannot be shown").wait_for()


def test_broken_data_are_said(page):
    page.goto("about:blank")
    text = page.evaluate(
        """async (source) => {
          const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
          const { mount } = await import(address(source));
          const handle = mount(document.body, { format: "nonsense" });
          await handle.ready.catch(() => 0);
          return document.querySelector("div").shadowRoot.querySelector(".message").textContent;
        }""",
        explorer_script(),
    )
    assert text == "The explorer cannot be shown: the data does not have the format ptrack-explorer/2"


def test_it_tells_listeners_and_goes_when_it_is_told_to(walk):
    told = walk.evaluate(
        """() => {
          const told = [];
          for (const name of ["select", "play", "pause", "range"]) {
            explorer.on(name, (value) => told.push([name, value]));
          }
          explorer.select([8]);
          explorer.play();
          explorer.pause();
          explorer.setRange([1000, 2000]);
          explorer.setRange(null);
          explorer.destroy();
          return told;
        }"""
    )
    assert told == [
        ["select", [8]],
        ["play", 2000],
        ["pause", 2000],
        ["range", [1000, 2000]],
        ["range", None],
    ]
    assert walk.locator("main > *").count() == 0


def test_a_notebook_shows_it_in_a_frame_of_its_own(page, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><title>x</title>{walked()._repr_html_()}", encoding="utf-8")
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_role("option", name="Person 8").click()
    assert "Person 8" in frame.get_by_role("region", name="Selected person").inner_text()
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"


def test_the_shop_of_the_data_is_shown_with_its_boxes_and_zones(page, tmp_path, data):
    detections, video = read_tracking(data / "shop")
    zones, lines = read_zones(data / "shop" / "zones.geojson", video)
    trajectories = compute_trajectories(detections, video)
    explorer = explore(
        trajectories,
        video,
        zones=zones,
        lines=lines,
        detections=detections,
        background=data / "shop" / "background.png",
    )
    opened(page, tmp_path, explorer)
    page.evaluate("explorer.seek(75000)")
    moment = pd.Timedelta("75s")
    times = trajectories.index.get_level_values("timestamp")
    there = trajectories[(times <= moment) & (moment < times + trajectories["time_present"])]
    assert state(page)["here"] == sorted(there.index.get_level_values("person_index"))


MODEL = """async ([source, values]) => {
  const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { default: widget } = await import(address(source));
  const calls = new Map();
  globalThis.values = values;
  globalThis.saved = 0;
  globalThis.model = {
    get: (name) => values[name],
    set(name, value) { values[name] = value; calls.get(`change:${name}`)?.(); },
    save_changes() { saved++; },
    on: (name, call) => calls.set(name, call),
    off: (name) => calls.delete(name),
  };
  globalThis.finish = widget.render({ model, el: document.body });
}"""


def test_the_widget_tells_python_and_is_told(page):
    pytest.importorskip("anywidget", reason="the extra 'widgets' is not installed")
    widget = build_widget(walked(height=500))
    values = {
        name: getattr(widget, name)
        for name in ("data", "height", "theme", "selected", "time_range", "moment")
    }
    page.goto("about:blank")
    page.evaluate(MODEL, [widget._esm, {**values, "selected": [7]}])
    page.get_by_role("option", name="Person 7", selected=True).wait_for()
    page.get_by_role("option", name="Person 8").click()
    assert page.evaluate("values.selected") == [8]
    until(page, "values.moment === 2000 && saved >= 2")
    page.evaluate("model.set('selected', [31, 7])")
    page.get_by_role("option", name="Person 31", selected=True).wait_for()
    page.locator(".strip").focus()
    page.keyboard.press("]")
    until(page, "values.time_range.length === 2")
    page.evaluate("finish()")
    assert page.locator(".root").count() == 0


def test_a_video_leads_with_its_own_clock(page, tmp_path):
    """A film made in the browser itself, of a canvas, plays below the drawing."""
    page.goto("about:blank")
    seen = page.evaluate(
        """async ([source, data]) => {
          const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
          const { mount } = await import(address(source));
          const canvas = document.createElement("canvas");
          const context = canvas.getContext("2d");
          const painting = setInterval(() => context.fillRect(Math.random() * 99, 0, 9, 9), 20);
          const recorder = new MediaRecorder(canvas.captureStream(25));
          const parts = [];
          recorder.ondataavailable = (event) => parts.push(event.data);
          recorder.start();
          await new Promise((done) => setTimeout(done, 1500));
          await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
          clearInterval(painting);
          const video = URL.createObjectURL(new Blob(parts, { type: recorder.mimeType }));
          const handle = mount(document.body, data, { video });
          await handle.ready;
          const film = document.body.firstElementChild.shadowRoot.querySelector("video");
          if (film.readyState < 3) await new Promise((done) => film.addEventListener("canplay", done));
          handle.setSpeed(0.25);
          handle.play();
          const frame = () => new Promise(requestAnimationFrame);
          while (handle.state().moment <= 100) await frame();
          film.pause();
          for (let i = 0; i < 5; i++) await frame();
          const { moment, playing } = handle.state();
          const clock = film.currentTime * 1000;
          await film.play();
          handle.pause();
          return [moment, playing, clock, film.paused];
        }""",
        [explorer_script(), walked().data],
    )
    moment, playing, clock, paused = seen
    assert moment > 100
    assert (moment, playing) == (pytest.approx(clock, abs=1), True)  # the clock of the video stands still
    assert paused


def test_a_video_that_cannot_be_played_is_said(page):
    page.goto("about:blank")
    page.evaluate(
        """async ([source, data]) => {
          const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
          const { mount } = await import(address(source));
          await mount(document.body, data, { video: "data:video/mp4;base64,AAAA" }).ready;
        }""",
        [explorer_script(), walked().data],
    )
    page.get_by_text("The video cannot be played in this browser").wait_for()


def test_the_curve_of_presence_has_no_holes(page, tmp_path):
    opened(page, tmp_path, walked({1: [(ms, 0.5, 0.5) for ms in range(0, 10_000, 100)]}, zones=()))
    state(page)
    empty = page.evaluate(
        """() => {
          const c = document.querySelector('main > div').shadowRoot.querySelector('.strip canvas');
          const row = c.getContext('2d').getImageData(60, c.height - 12, c.width - 120, 1).data;
          return row.filter((value, i) => i % 4 === 3 && value === 0).length;
        }"""
    )
    assert empty == 0


def test_a_zone_that_holds_for_a_time_is_drawn_otherwise_outside_it(page, tmp_path):
    zone = Zone("left", box(0, 0, 500, 500), "px", start=pd.Timedelta("2s"), end=pd.Timedelta("3s"))
    opened(page, tmp_path, walked(zones=[zone]))
    picture = "document.querySelector('main > div').shadowRoot.querySelector('canvas').toDataURL()"
    state(page)
    before = page.evaluate(picture)
    page.evaluate("explorer.seek(2500)")
    state(page)
    assert page.evaluate(picture) != before
    page.evaluate("explorer.seek(3000)")
    state(page)
    assert page.evaluate(picture) == before


def test_a_film_that_the_page_holds_leads_with_its_clock(page, tmp_path):
    av = pytest.importorskip("av")
    with av.open(tmp_path / "film.webm", "w") as made:
        stream = made.add_stream("libvpx", rate=25)
        stream.width, stream.height = 320, 160
        for number in range(50):
            picture = np.full((160, 320, 3), 5 * number, dtype="uint8")
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        made.mux(stream.encode())
    video = make_video(2_000)
    trajectories = compute_trajectories(make_detections({1: [(0, 0.2, 0.5), (1000, 0.8, 0.5)]}), video)
    opened(page, tmp_path, explore(trajectories, video, video_file=tmp_path / "film.webm"))
    film = "document.querySelector('main > div').shadowRoot.querySelector('video')"
    until(page, f"globalThis.explorer?.state() && {film}?.readyState >= 2")
    page.evaluate("explorer.seek(1200)")
    until(page, f"Math.abs(({film}?.currentTime ?? 9) - 1.2) < 0.1")


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("a.txt", 1, "Convert it to one of .mp4"),
        ("a.mp4", None, "cannot be read"),
        ("a.mp4", 100_000_001, "at most 100 MB"),
    ],
)
def test_what_is_no_film_for_a_page_is_refused(tmp_path, name, size, said):
    if size is not None:
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    trajectories = compute_trajectories(make_detections({1: [(0, 0.2, 0.5)]}), VIDEO)
    with pytest.raises(ParameterError, match=said):
        explore(trajectories, VIDEO, video_file=tmp_path / name)


ROOT = "document.querySelector('main > div').shadowRoot"
TOUCH = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


@pytest.fixture(scope="module")
def shop(data):
    """The shop of the sample data: trajectories, video, zones, and the explorer."""
    detections, video = read_tracking(data / "shop")
    zones, lines = read_zones(data / "shop" / "zones.geojson", video)
    trajectories = compute_trajectories(detections, video)
    explorer = explore(
        trajectories,
        video,
        zones=zones,
        lines=lines,
        detections=detections,
        background=data / "shop" / "background.png",
    )
    return trajectories, video, zones, explorer


COLUMNS_OF_TRACKS = {
    "time_in_scene_s": "time_in_scene",
    "first_seen_s": "first_seen",
    "last_seen_s": "last_seen",
    "without_position_s": "without_position",
}


def read_csv(page):
    """Save the list and return the file's name and rows."""
    with page.expect_download() as found:
        page.get_by_role("button", name="Save list as CSV").click()
    content = found.value.path().read_bytes().decode("utf-8")
    assert content.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    return found.value.suggested_filename, rows


def in_milliseconds(row, name):
    return round(1000 * float(row[name]))


def test_a_range_moves_the_time_into_it_and_so_do_the_people_of_the_list(walk):
    walk.evaluate("explorer.setRange([2500, 3500])")
    assert state(walk)["moment"] == 2500
    walk.keyboard.press("n")
    assert (state(walk)["selected"], state(walk)["moment"]) == ([7], 2500)
    walk.evaluate("explorer.setRange([3900, 5500])")
    for person, moment in ((8, 3900), (31, 5000), (7, 3900)):
        walk.keyboard.press("n")
        assert (state(walk)["selected"], state(walk)["moment"]) == ([person], moment)
    walk.evaluate("explorer.setRange(null), explorer.seek(9000), explorer.setRange([0, 1000])")
    assert state(walk)["moment"] == 0


def test_all_figures_of_a_person_are_within_the_range_and_say_so(walk):
    walk.get_by_role("option", name="Person 8").click()
    walk.evaluate("explorer.setRange([3000, 3600])")
    state(walk)
    said = walk.get_by_role("region", name="Selected person").inner_text()
    for text in (
        "Time in the scene in the range\n0.6 s",
        "First detection in the range\n0:03.0",
        "Last detection in the range\n0:03.4",
        "1 visit in the range",
        "0.6 s of at least 4.0 s",
        "0:03 \u2013 0:03.6",
    ):
        assert text.lower() in said.lower()
    assert "0:02" not in said.partition("1 visit")[2]


def test_people_outside_the_range_have_no_color_of_a_dwell_time(walk):
    walk.get_by_label("Color of people").select_option("dwell")
    walk.evaluate("explorer.setRange([4500, 5500])")
    assert "not in the range" in walk.locator(".colors").inner_text()
    walk.get_by_role("button", name="Heatmap").click()
    state(walk)
    assert walk.locator(".legend").inner_text().endswith("2 of 3 people")


@pytest.mark.parametrize("part", [None, (30_017, 105_333), (0, 1), (179_000, 180_000)])
def test_times_within_the_range_equal_those_of_the_analysis_of_this_part(page, tmp_path, shop, part):
    trajectories, video, zones, explorer = shop
    opened(page, tmp_path, explorer)
    page.evaluate(f"explorer.setRange({'null' if part is None else list(part)})")
    name, rows = read_csv(page)
    start, end = (None, None) if part is None else (f"{ms}ms" for ms in part)
    selected = select(trajectories, start=start, end=end)
    visits = compute_visits(selected, zones, video, start=start, end=end)
    tracks = compute_tracks(selected)
    milliseconds = pd.Timedelta("1ms")
    assert [int(row["person_index"]) for row in rows] == tracks.index.tolist()
    for column, wanted in COLUMNS_OF_TRACKS.items():
        expected = (tracks[wanted] / milliseconds).astype(int).tolist()
        assert [in_milliseconds(row, column) for row in rows] == expected
    dwell = visits.groupby(["person_index", "zone"])["dwell"].sum() / milliseconds
    for row in rows:
        person = int(row["person_index"])
        for zone in zones:
            assert in_milliseconds(row, f"dwell_{zone.name}_s") == dwell.get((person, zone.name), 0)
        assert int(row["visits"]) == (visits.index.get_level_values("person_index") == person).sum()
    if part == (30_017, 105_333):
        assert name == "shop_people_0-30.0_1-45.3.csv"
        assert page.locator(".range-text").inner_text() == f"0:30 to 1:45.3, 75.3 s, {len(tracks)} people"
        assert page.locator(".found").inner_text() == f"{len(tracks)} of 13 people"


@pytest.mark.parametrize("options", [{"merge_gap": "5s"}, {"merge_gap": "5s", "margin": 30}])
def test_visits_joined_over_absences_are_cut_without_them(page, tmp_path, options):
    walk = [(200 * n, 0.45 + 0.1 * (n // 10 % 2), 0.5) for n in range(50)]
    detections = make_detections({1: walk})
    ring = [[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": "left"}, "geometry": polygon}
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    analysis = open_video((detections, VIDEO), zones=file, **options)
    visits = analysis["visits"]
    assert visits["bridged"].sum() > pd.Timedelta(0)
    opened(page, tmp_path, explore(analysis))
    page.evaluate("explorer.setRange([500, 5500])")
    _, rows = read_csv(page)
    trajectories = analysis.trajectories
    part = select(trajectories, start="500ms", end="5500ms")
    expected = compute_visits(part, [LEFT], VIDEO, start="500ms", end="5500ms", **options)
    assert in_milliseconds(rows[0], "dwell_left_s") == expected["dwell"].sum() / pd.Timedelta("1ms")
    assert "estimated" not in "".join(page.locator(".notes li").all_inner_texts())


def test_zones_count_the_people_inside_now(page, tmp_path, shop):
    trajectories, video, zones, explorer = shop
    opened(page, tmp_path, explorer)
    occupancy = compute_occupancy(trajectories, video, zones=zones)
    for seconds in (12, 75, 140):
        page.evaluate(f"explorer.seek({1000 * seconds})")
        state(page)
        shown = [text.rsplit("\n", 1) for text in page.locator(".zone").all_inner_texts()]
        for name, count in shown:
            table = occupancy.xs(name, level="zone")["persons"]
            before = table[table.index <= pd.Timedelta(seconds=seconds)]
            assert int(count) == before.iloc[-1], (name, seconds)


def test_the_range_is_drawn_moved_and_changed_with_the_mouse(walk):
    bar = walk.locator(".range-bar").bounding_box()

    def drag(start, end):
        walk.mouse.move(bar["x"] + start * bar["width"], bar["y"] + 12)
        walk.mouse.down()
        walk.mouse.move(bar["x"] + end * bar["width"], bar["y"] + 12, steps=4)
        walk.mouse.up()
        return state(walk)["range"]

    assert drag(0.2, 0.4) == pytest.approx([2000, 4000], abs=20)
    assert drag(0.3, 0.5) == pytest.approx([4000, 6000], abs=20)
    assert drag(0.4, 0.1) == pytest.approx([1000, 6000], abs=20)
    assert drag(0.6, 0.7) == pytest.approx([1000, 7000], abs=20)
    assert 1000 <= state(walk)["moment"] <= 7000


def test_the_range_is_set_with_keys(walk):
    walk.locator(".strip").focus()
    walk.evaluate("explorer.seek(2000)")
    walk.keyboard.press("[")
    walk.evaluate("explorer.seek(5000)")
    walk.keyboard.press("]")
    assert state(walk)["range"] == [2000, 5000]
    handle = walk.get_by_role("slider", name="Range start")
    handle.focus()
    walk.keyboard.press("ArrowRight")
    walk.keyboard.press("Shift+ArrowLeft")
    assert state(walk)["range"] == [1100, 5000]
    assert handle.get_attribute("aria-valuetext") == "0:01.1"
    walk.get_by_role("slider", name="Range end").focus()
    walk.keyboard.press("End")
    assert state(walk)["range"] == [1100, 10_000]
    walk.keyboard.press("\\")
    assert state(walk)["range"] is None
    assert walk.locator(".range-text").inner_text() == "Whole video, 10 s, 3 people"


def test_a_finger_moves_an_end_of_the_range(open_page, tmp_path):
    page = opened(open_page(**TOUCH), tmp_path, walked())
    bar = page.locator(".range-bar").bounding_box()
    page.locator(".range-bar").evaluate(
        """(bar, [x, y, width]) => {
          bar.setPointerCapture = () => {};
          const handle = bar.querySelector(".end");
          const touch = { pointerId: 5, clientY: y, pointerType: "touch", bubbles: true };
          const send = (target, name, clientX) =>
            target.dispatchEvent(new PointerEvent(name, { ...touch, clientX }));
          send(handle, "pointerdown", x + width);
          send(bar, "pointermove", x + width / 2);
          send(bar, "pointerup", x + width / 2);
        }""",
        [bar["x"], bar["y"] + 12, bar["width"]],
    )
    assert state(page)["range"] == pytest.approx([0, 5000], abs=20)


def test_pointing_at_a_person_says_who_since_when_and_where(walk):
    walk.evaluate("explorer.seek(3000)")
    now = state(walk)
    x, y = now["positions"][now["here"].index(8)]
    stage = walk.locator(".top").bounding_box()
    walk.mouse.move(stage["x"] + x, stage["y"] + y)
    state(walk)
    assert walk.locator(".tooltip").inner_text() == "Person 8, present since 0:02, in right since 0:02"
    walk.mouse.move(stage["x"] + 3, stage["y"] + 3)
    state(walk)
    assert not walk.locator(".tooltip").is_visible()


def test_touching_a_person_says_the_same(open_page, tmp_path):
    page = opened(open_page(**TOUCH), tmp_path, walked())
    x, y = state(page)["positions"][0]
    stage = page.locator(".top").bounding_box()
    page.touchscreen.tap(stage["x"] + x, stage["y"] + y)
    state(page)
    assert page.locator(".tooltip").inner_text() == "Person 7, present since 0:00, in left since 0:00"
    assert page.locator(".state").inner_text() == "Present since 0:00, in left since 0:00"


def test_the_selected_person_stays_when_the_list_does_not_contain_the_person(walk):
    walk.get_by_role("option", name="Person 8").click()
    walk.evaluate("explorer.setRange([0, 1000])")
    assert state(walk)["selected"] == [8]
    assert walk.locator(".hint").inner_text() == "Not present in the range: not in the list."
    walk.evaluate("explorer.setRange(null), explorer.seek(2000)")
    walk.get_by_label("Only people who visited").select_option("left")
    assert state(walk)["selected"] == [8]
    assert walk.locator(".hint").inner_text() == "No visit to left: not in the list."
    assert 8 in state(walk)["here"]


def test_the_selected_person_is_scrolled_into_view(page, tmp_path):
    opened(page, tmp_path, walked({i: [(i, 0.5, 0.5)] for i in range(200)}))
    page.evaluate("explorer.select([150])")
    row = page.get_by_role("option", name="Person 150").bounding_box()
    box_ = page.get_by_role("listbox").bounding_box()
    assert row["y"] >= box_["y"]
    assert row["y"] + row["height"] <= box_["y"] + box_["height"]


def pixel(page, x, y):
    return page.evaluate(
        f"([x, y]) => [...{ROOT}.querySelector('.top').getContext('2d').getImageData(x, y, 1, 1).data]",
        [x, y],
    )


def test_people_are_colored_as_chosen_with_a_legend(page, tmp_path):
    persons = {
        1: [(ms, 0.25, 0.5) for ms in range(0, 4000, 200)],
        2: [(ms, 0.6 + ms / 5000, 0.9) for ms in range(0, 2000, 200)],
    }
    opened(page, tmp_path, walked(persons))
    choose = page.get_by_label("Color of people").select_option
    assert not page.locator(".colors").is_visible()
    page.evaluate("explorer.seek(1000)")
    choose("zone")
    still, moving = state(page)["positions"]
    assert pixel(page, *still) == [0x1F, 0x5F, 0xB0, 255]
    assert pixel(page, *moving) == [0xB3, 0x5A, 0x00, 255]
    assert page.locator(".colors").inner_text().split() == ["Zone", "left", "right", "none"]
    choose("dwell")
    state(page)
    assert page.locator(".colors").inner_text().split("\n")[-1] == "4.0 s"
    assert pixel(page, *moving) != pixel(page, *still)
    page.evaluate("explorer.setRange([0, 1000])")
    state(page)
    assert page.locator(".colors").inner_text().split("\n")[-1] == "1.0 s"
    assert pixel(page, *moving) == pixel(page, *still)
    choose("speed")
    state(page)
    assert "px/s" in page.locator(".colors").inner_text()
    assert pixel(page, *still) == [0x44, 0x01, 0x54, 255]
    assert pixel(page, *moving) != pixel(page, *still)
    page.keyboard.press("Escape")
    page.locator(".strip").focus()
    page.keyboard.press("c")
    assert state(page)["colorBy"] == "person"


@pytest.mark.parametrize("count", [8, 300])
def test_people_have_the_colors_of_the_plots(page, count):
    page.goto("about:blank")
    made = page.evaluate(
        """async ([source, count]) => {
          const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { createPersonColors, ZONE_COLORS } = await import(address);
          return [createPersonColors(count, false), ZONE_COLORS];
        }""",
        [asset("shared/colors.js"), count],
    )
    levels = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in made[0]]
    assert np.abs(np.array(levels) - 255 * distinct_colors(count)[:, :3]).max() <= 1.5
    assert made[1] == {"light": [*ON_WHITE], "dark": [*ON_DARK]}


def test_the_image_is_shown_at_full_strength_on_demand(page, tmp_path):
    opened(page, tmp_path, walked({}, zones=(), background=np.zeros((50, 100, 3), dtype="uint8")))
    until(page, f"{ROOT}.querySelector('canvas').getContext('2d').getImageData(300, 200, 1, 1).data[3] > 0")
    level = f"{ROOT}.querySelector('canvas').getContext('2d').getImageData(300, 200, 1, 1).data[0]"
    until(page, f"{level} > 50 && {level} < 200")
    page.keyboard.press("d")
    state(page)
    assert page.evaluate(level) < 5


def test_what_is_seen_is_saved_as_an_image(page, tmp_path, shop):
    opened(page, tmp_path, shop[3])
    page.evaluate("explorer.seek(75000)")
    page.keyboard.press("h")
    state(page)
    with page.expect_download() as found:
        page.keyboard.press("i")
    assert found.value.suggested_filename == "shop_1-15.0.png"
    with Image.open(found.value.path()) as image:
        assert image.width == 1600
        assert 900 < image.height < 1000
        colors = image.convert("RGB")
        assert len(colors.getcolors(1 << 24)) > 1000
        sides = [colors.crop((x, 0, x + 4, 880)).getcolors(1 << 24) for x in (0, 1596)]
        assert all(len(side) > 20 for side in sides)  # the image, no bars beside it


def test_the_maximum_of_the_heatmap_equals_that_of_the_analysis(page, tmp_path, shop):
    trajectories, video, _, explorer = shop
    opened(page, tmp_path, explorer)
    page.keyboard.press("h")
    for part in (None, (30_000, 60_000)):
        page.evaluate(f"explorer.setRange({'null' if part is None else list(part)})")
        state(page)
        start, end = (None, None) if part is None else (f"{ms}ms" for ms in part)
        rows = round(96 * video.height / video.width)
        heatmap = compute_heatmap(select(trajectories, start=start, end=end), video, shape=(rows, 96))
        shown = float(re.search(r"maximum ([\d.]+) s", page.locator(".legend").inner_text())[1])
        assert shown == pytest.approx(heatmap.values.max(), abs=0.6)  # rounded, cell borders to 1 / 32767


def test_the_footer_of_an_image_wraps_on_a_narrow_screen(open_page, tmp_path, shop):
    page = opened(open_page(**TOUCH), tmp_path, shop[3])
    page.keyboard.press("h")
    page.get_by_label("Color of people").select_option("zone")
    page.evaluate("explorer.setRange([30000, 105000])")
    state(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="Save image as PNG").tap()
    stage = page.locator(".top").bounding_box()
    with Image.open(found.value.path()) as image:
        assert image.height >= 2 * (stage["height"] + 60)


def test_names_cannot_become_formulas_or_paths(page, tmp_path):
    video = make_video(10_000, name='=cmd|"/../\u05e9')
    zones = [Zone('=1+1,"x"', box(0, 0, 1000, 500), "px")]
    trajectories = compute_trajectories(make_detections(WALK), video)
    opened(page, tmp_path, explore(trajectories, video, zones=zones))
    name, rows = read_csv(page)
    assert name == "cmd_.._\u05e9_people_0-00.0_0-10.0.csv"
    assert rows[0]["video"] == "'=cmd|\"/../\u05e9"
    assert rows[0]['dwell_=1+1,"x"_s'] == "4"


def test_a_notebook_frame_lets_files_be_saved(page, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><title>x</title>{walked()._repr_html_()}", encoding="utf-8")
    page.goto(file.as_uri())
    with page.expect_download() as found:
        page.frame_locator("iframe").get_by_role("button", name="Save list as CSV").click()
    assert found.value.suggested_filename == "video_people_0-00.0_0-10.0.csv"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(open_page, tmp_path, shop, scheme, width):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    script = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    opened(page, tmp_path, shop[3])
    page.add_script_tag(content=script)
    for action in (
        "0",
        "explorer.select([4]), explorer.setRange([30000, 105000])",
        f"{ROOT}.querySelector('dialog').showModal()",
    ):
        page.evaluate(action)
        state(page)
        assert page.evaluate("axe.run(document)")["violations"] == []


def test_all_controls_can_be_touched_and_nothing_is_cut(open_page, tmp_path, shop):
    page = opened(open_page(**TOUCH), tmp_path, shop[3])
    page.evaluate("explorer.select([4])")
    state(page)
    for node in page.locator("button:visible, select:visible, input:visible, [role=slider]:visible").all():
        size = node.bounding_box()
        assert min(size["width"], size["height"]) >= 24, node.evaluate("(node) => node.outerHTML")
    assert page.evaluate(f"{ROOT}.firstChild.scrollWidth") <= 390


@pytest.mark.parametrize(("width", "height"), [(390, 640), (390, 300), (1000, 640), (1440, 900)])
def test_no_part_of_the_page_covers_another(open_page, tmp_path, shop, width, height):
    page = opened(open_page(viewport={"width": width, "height": height}), tmp_path, shop[3])
    page.keyboard.press("h")
    page.get_by_label("Color of people").select_option("zone")
    state(page)
    names = (".stage", ".zones", ".strip", ".range-bar", ".controls")
    boxes = [page.locator(name).bounding_box() for name in names]
    side = page.locator(".side").bounding_box()
    for above, below in pairwise(boxes):
        assert above["height"] > 0
        assert above["y"] + above["height"] <= below["y"] + 1
    last = boxes[-1]
    assert last["y"] + last["height"] <= side["y"] or last["x"] + last["width"] <= side["x"]
    page.get_by_role("button", name="Play").click()
    assert state(page)["playing"]


def test_forty_zones_with_long_names_leave_room_for_the_image(open_page, tmp_path):
    zones = [
        Zone(f"{n} {'very ' * 40}\u05e9\u05dc\u05d5\u05dd", box(25 * n, 0, 25 * n + 25, 500), "px")
        for n in range(40)
    ]
    page = opened(open_page(viewport={"width": 390, "height": 844}), tmp_path, walked(zones=zones))
    page.get_by_label("Color of people").select_option("zone")
    state(page)
    assert page.evaluate(f"{ROOT}.firstChild.scrollWidth") <= 390
    assert page.locator(".zones").bounding_box()["height"] < 60
    assert page.locator(".zone").first.inner_text().startswith("4 ")  # the zone with the person comes first
    assert page.locator(".top").bounding_box()["height"] > 150


def test_a_zone_button_lists_its_visitors(walk):
    button = walk.get_by_role("button", name="left")
    button.click()
    assert state(walk)["listed"] == 1
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert state(walk)["listed"] == 3


def test_a_click_on_the_bar_of_a_person_goes_to_this_time(walk):
    bar = walk.locator(".row .bar").nth(1)
    size = bar.bounding_box()
    bar.click(position={"x": size["width"] / 2, "y": 2})
    assert state(walk)["selected"] == [8]
    assert state(walk)["moment"] == pytest.approx(5000, abs=50)
