"""The zone editor over the people of a video in a browser: figures while dragging, layers, and its end."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from editor_page import click, collection, drag, show, square, tool
from waiting import drawn, until

from ptrack_analysis import compute_crossings, compute_dwell, compute_visits, edit_zones, open_video
from ptrack_analysis.errors import ParameterError

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture
def open_shop(tmp_path, data, editors):
    """Open editors over the people of the shop."""

    def make(existing=None, **options):
        path = tmp_path / "zones.geojson"
        if isinstance(existing, Path):
            shutil.copy(existing, path)
        elif existing is not None:
            path.write_text(json.dumps(existing), encoding="utf-8")
        options.setdefault("background", data / "shop" / "background.png")
        editors.append(edit_zones(data / "shop", path, **options))
        return editors[-1]

    return make


def counts(page, row=0):
    return page.locator(".row").nth(row).locator(".counts").inner_text()


def wait_for_counts(page, row=0):
    until(page, f"document.querySelectorAll('.row')[{row}]?.querySelector('.counts')?.textContent")
    return counts(page, row)


def line(name, *points, **properties):
    geometry = {"type": "LineString", "coordinates": points}
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": geometry}


def test_figures_follow_a_drag_and_equal_the_tables(page, open_shop, data):
    both = collection(square("a", 0.3, 0.45, 0.6, 0.7), line("b", [0.1, 0.6], [0.9, 0.7]))
    editor = open_shop(both, merge_gap="1s", margin=3)
    show(page, editor)
    before = wait_for_counts(page)
    wait_for_counts(page, 1)
    click(page, (0.45, 0.6))
    page.mouse.move(*place_of(page, 0.6, 0.7))
    page.mouse.down()
    page.mouse.move(*place_of(page, 0.85, 0.95), steps=6)
    until(page, f"document.querySelector('.row .counts').textContent !== {json.dumps(before)}")
    page.mouse.up()
    page.keyboard.press("Control+s")
    page.wait_for_selector('.status:text-matches("Saved")')
    until(page, "!document.querySelector('.row .counts').textContent.includes('no figures')")
    page.wait_for_timeout(300)
    analysis = open_video(data / "shop", merge_gap="1s", margin=3)
    visits = compute_visits(
        analysis.trajectories,
        editor.zones,
        analysis.video,
        period=analysis.period,
        merge_gap="1s",
        margin=3,
    )
    people = visits.index.get_level_values("person_index").nunique()
    median = compute_dwell(visits).loc["a", "median"].total_seconds()
    assert counts(page) == f"{len(visits)} visits, {people} people, median {median:.1f} s"
    assert page.locator(".details .figures").inner_text() == counts(page)
    ways = compute_crossings(analysis.trajectories, editor.lines)["direction"].value_counts()
    assert counts(page, 1) == f"{ways['in']} in, {ways['out']} out"


def place_of(page, x, y):
    box = page.locator(".paper").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_reversing_a_line_swaps_its_counts(page, open_shop, data):
    show(page, open_shop(data / "shop" / "zones.geojson"))
    before = wait_for_counts(page, 4)
    first, second = re.findall(r"\d+", before)
    page.locator(".row").nth(4).click()
    page.locator(".row").nth(4).click()
    drag(page, (0.25, 0.42), (0.35, 0.42))
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Reverse").click()
    until(page, "document.querySelectorAll('.row .counts')[4].textContent")
    page.wait_for_timeout(300)
    assert counts(page, 4) == f"{second} in, {first} out"


def test_a_drag_asks_for_the_changed_zone_only_and_once_at_a_time(page, open_shop):
    zones = square("a", 0.3, 0.45, 0.6, 0.7), square("b", 0.1, 0.1, 0.2, 0.2), square("c", 0.8, 0.1, 0.9, 0.2)
    show(page, open_shop(collection(*zones)))
    for row in range(3):
        wait_for_counts(page, row)
    page.evaluate(
        """() => {
          const ask = window.fetch;
          window.asked = { now: 0, most: 0, count: 0, zones: 0 };
          window.fetch = async (path, options) => {
            if (!String(path).endsWith("/figures")) return ask(path, options);
            window.asked.now++;
            window.asked.count++;
            window.asked.zones = Math.max(window.asked.zones, JSON.parse(options.body).features.length);
            window.asked.most = Math.max(window.asked.most, window.asked.now);
            try { return await ask(path, options); } finally { window.asked.now--; }
          };
        }"""
    )
    click(page, (0.45, 0.6))
    drag(page, (0.45, 0.6), (0.6, 0.7))
    until(page, "window.asked.count > 0 && window.asked.now === 0")
    assert page.evaluate("[window.asked.most, window.asked.zones]") == [1, 1]


def test_an_invalid_outline_has_no_figures(page, open_shop):
    show(page, open_shop(collection(square("a", 0.3, 0.45, 0.6, 0.7))))
    before = wait_for_counts(page)
    click(page, (0.45, 0.6))
    drag(page, (0.3, 0.45), (0.7, 0.6))
    assert "crosses or touches itself" in page.locator(".problems").inner_text()
    until(page, "!document.querySelector('.row .counts')?.textContent")
    assert page.locator(".details .figures").inner_text() == ""
    page.keyboard.press("Control+z")
    assert wait_for_counts(page) == before


def test_old_figures_disappear_if_the_server_does_not_answer(open_page, open_shop):
    page = open_page()
    show(page, open_shop(collection(square("a", 0.3, 0.45, 0.6, 0.7))))
    wait_for_counts(page)
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('gone')); }")
    click(page, (0.45, 0.6))
    drag(page, (0.45, 0.6), (0.6, 0.7))
    page.wait_for_selector(".status:has-text('The editor has stopped')")
    assert not any(page.locator(".row .counts").all_inner_texts())


def test_layers_show_people_on_a_blank_background(page, open_shop):
    show(page, open_shop(background=None))
    ink = """() => {
      const image = document.querySelector("canvas").getContext("2d").getImageData(0, 0, 1000, 700);
      return new Uint32Array(image.data.buffer).filter(Boolean).length;
    }"""
    seen = {"points": page.evaluate(ink)}
    assert seen["points"] > 500
    for name in ("Foot points", "Tracks", "Starts and ends"):
        page.get_by_role("button", name=name).click()
        seen[name] = page.evaluate(ink)
    assert seen["Foot points"] == 0
    assert seen["Tracks"] > 500
    assert seen["Starts and ends"] > seen["Tracks"]
    assert page.locator(".stage img").count() == 0
    size = page.locator(".paper").bounding_box()
    assert size["width"] / size["height"] == pytest.approx(1280 / 720, rel=0.01)


def test_people_stay_below_the_drawing_when_the_view_moves(page, open_shop):
    show(page, open_shop())
    page.evaluate("""() => {
      const canvas = document.querySelector("canvas");
      window.moves = [];
      const observer = new MutationObserver(() => window.moves.push(canvas.style.transform));
      observer.observe(canvas, { attributes: true, attributeFilter: ["style"] });
    }""")
    page.keyboard.press("+")
    until(page, "moves.some((move) => move.includes('scale(1.4)'))")
    until(page, "document.querySelector('canvas').style.transform === ''")


def test_warnings_are_shown_at_once(page, open_shop):
    show(page, open_shop())
    tool(page, "Rectangle")
    drag(page, (0.02, 0.02), (0.1, 0.1))
    page.get_by_label("Kind").fill("entrance")
    page.wait_for_selector(".warnings li:has-text('No track starts or ends in this entrance')")
    assert page.locator(".row b.warns").count() == 1


def test_people_in_meters_can_be_zoned(page, real_data, tmp_path, editors):
    editors.append(edit_zones(real_data / "pedpy" / "traj.txt", tmp_path / "zones.geojson"))
    show(page, editors[-1])
    tool(page, "Rectangle")
    drag_on_paper(page, (0.3, 0.2), (0.6, 0.8))
    page.keyboard.press("Control+s")
    page.wait_for_selector('.status:text-matches("Saved")')
    said = wait_for_counts(page)
    analysis = open_video(real_data / "pedpy" / "traj.txt", zones=tmp_path / "zones.geojson")
    assert said.startswith(f"{len(analysis['visits'])} visits, ")
    assert json.loads((tmp_path / "zones.geojson").read_bytes())["unit"] == "m"
    assert editors[-1].zones[0].unit == "m"


def test_points_in_meters_have_a_scale_bar_and_coordinates(page, tmp_path, editors):
    walk = "".join(f"1 {n} {n / 10} {4 + n / 50}\n" for n in range(100))
    file = tmp_path / "points.txt"
    file.write_text(f"# framerate: 10 fps\n# id frame x/m y/m\n{walk}", encoding="utf-8")
    editors.append(edit_zones(file, tmp_path / "zones.geojson"))
    show(page, editors[-1])
    assert re.fullmatch(r"[125]0* m", page.locator("text.scale").text_content())
    assert page.get_by_role("button", name="Positions").get_attribute("title").endswith("in the data")
    page.mouse.move(*place_of(page, 0.5, 0.5))
    drawn(page)
    x, y = map(float, re.findall(r"[\d.]+", page.locator("text.position").text_content()))
    assert 4 < x < 6
    assert 4 < y < 6


def drag_on_paper(page, start, end):
    page.mouse.move(*place_of(page, *start))
    page.mouse.down()
    page.mouse.move(*place_of(page, *end), steps=5)
    page.mouse.up()


# ------------------------------------------------------------------ the end of the server


@pytest.fixture
def served(tmp_path, data):
    """Start ``ptrack zones`` over the shop in its own process."""
    command = [sys.executable, "-m", "ptrack_analysis", "zones", str(data / "shop")]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "zones.geojson"), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_the_server_ends_when_its_page_is_closed(page, served):
    page.goto(served.stdout.readline().strip())
    page.wait_for_selector("[data-ready=yes]")
    page.close(run_before_unload=True)
    _, errors = served.communicate(timeout=60)
    assert (served.returncode, "The page was closed." in errors, "nothing was saved" in errors) == (
        0,
        True,
        True,
    )


def test_the_server_survives_that_its_page_is_loaded_again(page, served):
    page.goto(served.stdout.readline().strip())
    for _ in range(2):
        page.wait_for_selector("[data-ready=yes]")
        page.reload()
    page.wait_for_selector("[data-ready=yes]")
    time.sleep(6)  # longer than the grace of a closed page
    assert served.poll() is None
    page.get_by_role("button", name="Done").click()
    page.wait_for_selector("text=The editor has ended")
    assert served.wait(timeout=60) == 0


def test_a_page_says_at_once_that_its_server_has_stopped(open_page, served):
    page = open_page()
    page.goto(served.stdout.readline().strip())
    page.wait_for_selector("[data-ready=yes]")
    served.send_signal(2)
    page.wait_for_selector(".status:has-text('The editor has stopped')")
    assert served.wait(timeout=60) == 130


# ------------------------------------------------------------------ notebooks


def test_a_frame_that_is_loaded_again_finds_its_next_address(browser, open_shop, data, tmp_path):
    editor = open_shop(data / "shop" / "zones.geojson")
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>notebook</title>{editor._repr_html_()}", encoding="utf-8")
    page = browser.new_page()  # not watched: the used address is refused before the next one is opened
    page.goto(notebook.as_uri())
    frame = page.frame_locator("iframe")
    for _ in range(3):
        frame.locator("[data-ready=yes]").wait_for()
        page.locator("iframe").evaluate("frame => { frame.src = frame.getAttribute('src'); }")
        page.wait_for_timeout(500)
    frame.locator(".row").first.wait_for()
    page.close()


# ------------------------------------------------------------------ appearance


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, open_shop, data, scheme, width):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    script = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    show(page, open_shop(data / "shop" / "zones.geojson", floor=data / "shop" / "floor.json"))
    wait_for_counts(page)
    page.add_script_tag(content=script)
    page.locator(".row").first.click()
    for act in (
        lambda: None,
        lambda: page.locator("summary").click(),
        lambda: page.get_by_role("tab", name="Floor plan").click(),
        lambda: page.keyboard.press("?"),
    ):
        act()
        found = page.evaluate("axe.run(document)")["violations"]
        assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_names_of_any_length_and_direction_fit(open_page, open_shop):
    names = ["long " * 40, "שלום עולם " * 10, HOSTILE, *(f"zone {i}" for i in range(37))]
    zones = [
        square(name, i % 8 / 8, i // 8 / 5, i % 8 / 8 + 0.1, i // 8 / 5 + 0.15)
        for i, name in enumerate(names)
    ]
    page = open_page(viewport={"width": 390, "height": 844})
    show(page, open_shop(collection(*zones)))
    assert page.locator(".row").count() == 40
    until(page, "document.querySelectorAll('.row .counts').length === 40")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    widest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('text.label')].map(node => node.getBBox().width))"
    )
    assert widest < 150


def test_options_of_an_analysis_are_not_given_twice(data, tmp_path):
    with pytest.raises(ParameterError, match="margin is an option of the analysis"):
        edit_zones(open_video(data / "shop"), tmp_path / "zones.geojson", margin=3)
    with pytest.raises(ParameterError, match="no_such is an option of the analysis"):
        edit_zones(None, tmp_path / "zones.geojson", no_such=3)
