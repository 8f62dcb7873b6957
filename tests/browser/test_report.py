"""The report in a real browser: sorted, saved, explored, printed, in the dark and on a phone."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from pages import METADATA, page, record, write
from waiting import until

from ptrack_analysis import AnalysisConfig, export_dataset, write_report
from ptrack_analysis.errors import OutputError
from ptrack_analysis.web.assets import asset

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "=1+1 \"quoted', \u05e9\u05dc\u05d5\u05dd \U0001f600",
    "+queue",
)
INK = "getComputedStyle(document.body).color"
WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def shop(data, tmp_path_factory):
    """The report of the shop as a file's address."""
    file = tmp_path_factory.mktemp("report") / "shop.html"
    settings = AnalysisConfig(zones=data / "shop" / "zones.geojson")
    background = data / "shop" / "background.png"
    write_report(data / "shop" / "pages", file, settings=settings, background=background)
    return file.as_uri()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The report of a video whose zones have hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    persons = [
        record(200 * step, person, box=(0.1 + 0.01 * step + 0.1 * person, 0.4, 0.05, 0.3))
        for person in range(4)
        for step in range(40)
    ]
    write(
        folder / "pages" / "a <b>.json",
        page(*persons, JobTag="</script><b>", VideoMetadata=METADATA | {"DurationMillis": 10_000}),
    )
    write(folder / "zones.geojson", json.dumps({"type": "FeatureCollection", "features": [*_zones()]}))
    file = folder / "out.html"
    write_report(folder / "pages", file, settings=AnalysisConfig(zones=folder / "zones.geojson"))
    return file.as_uri()


def _zones():
    for place, name in enumerate(HOSTILE):
        left = 0.05 + 0.22 * place
        ring = [[left, 0.3], [left + 0.2, 0.3], [left + 0.2, 0.9], [left, 0.9], [left, 0.3]]
        polygon = {"type": "Polygon", "coordinates": [ring]}
        yield {"type": "Feature", "properties": {"name": name}, "geometry": polygon}


def table(page, name):
    return page.locator(f"[data-table={name}]")


def column(page, name, place):
    return table(page, name).locator(f"tbody td:nth-child({place})").all_text_contents()


def saved(page, name):
    with page.expect_download() as found:
        table(page, name).get_by_role("button", name="Download CSV").click()
    download = found.value
    return download.suggested_filename, download.path().read_bytes().decode("utf-8")


def opened(page, address):
    page.goto(address)
    page.evaluate("document.querySelectorAll('details.fold').forEach((one) => (one.open = true))")
    if page.locator("#explorer").count():
        page.evaluate("explorer.ready")
    return page


def opened_folded(page, address):
    page.goto(address)
    page.evaluate("explorer.ready")
    return page


def test_a_click_sorts_and_another_turns_it_round(page, shop):
    opened(page, shop)
    head = table(page, "dwell").locator("thead th").nth(2)
    assert head.get_attribute("aria-sort") is None
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, "dwell", 3) == ["6", "11", "13", "22"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "dwell", 3) == ["22", "13", "11", "6"]
    table(page, "dwell").locator("thead th").nth(0).get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert column(page, "dwell", 1) == ["checkout", "entrance", "shelves", "table"]


def test_keys_sort_too_and_what_is_missing_stays_last(page, shop):
    opened(page, shop)
    button = table(page, "dwell").locator("thead th").nth(7).get_by_role("button")
    button.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        assert column(page, "dwell", 8)[-1] == "\N{EN DASH}"


def test_all_rows_can_be_shown(page, shop):
    opened(page, shop)
    assert len(column(page, "visits", 1)) == 25
    before = column(page, "visits", 3)
    table(page, "visits").get_by_role("button", name="Show all 52 rows").click()
    assert len(column(page, "visits", 1)) == 52
    assert column(page, "visits", 3)[:25] == before
    table(page, "visits").get_by_role("button", name="Show the first 25 rows").click()
    assert len(column(page, "visits", 1)) == 25


def test_cells_drawn_by_the_script_are_those_of_the_page(open_page, shop):
    quiet = open_page(java_script_enabled=False)
    quiet.goto(shop)
    quiet.locator("details.fold > summary").first.click()
    still = quiet.locator("[data-table=quality] tbody").inner_text()
    live = opened(open_page(), shop)
    live.locator("[data-table=quality] thead button").nth(3).click()
    for _ in range(2):
        live.locator("[data-table=quality] thead button").nth(2).click()
    assert sorted(still.split()) == sorted(live.locator("[data-table=quality] tbody").inner_text().split())


def test_a_table_is_saved_in_the_order_shown_with_numbers_as_numbers(page, shop):
    opened(page, shop)
    table(page, "dwell").locator("thead th").nth(2).get_by_role("button").click()
    name, text = saved(page, "dwell")
    assert name == "dwell.csv"
    assert text.startswith("\ufeffzone,visitors,visits,visits_low,visits_high,median_s,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["zone"] for row in rows] == ["checkout", "shelves", "table", "entrance"]
    assert float(rows[0]["dwell_s"]) == pytest.approx(61.88, abs=0.1)
    assert rows[0]["median_high_s"] == ""


def test_what_a_spreadsheet_would_take_for_a_formula_is_defused(page, hostile):
    opened(page, hostile)
    _, text = saved(page, "dwell")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    names = {row[0] for row in rows[1:]}
    assert names == {HOSTILE[0], HOSTILE[1], f"'{HOSTILE[2]}", f"'{HOSTILE[3]}"}


def test_cells_of_a_file(page):
    functions = asset("report.js").partition("const tables = new Map")[0]
    cells = [-1.5, "-1.5", "@a", "\tb", "\rc", "=d", "+e", 'f"g', "h,i", "j\nk", None, "l-m", 0]
    made = page.evaluate(f"(() => {{ {functions}; return {json.dumps(cells)}.map(csvCell); }})()")
    assert made == [
        *("-1.5", "'-1.5", "'@a", "'\tb", '"\'\rc"', "'=d", "'+e"),
        *('"f""g"', '"h,i"', '"j\nk"', "", "l-m", "0"),
    ]


def test_hostile_names_are_shown_as_text(page, hostile):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened(page, hostile)
    table(page, "dwell").locator("thead th").nth(0).get_by_role("button").click()
    assert set(column(page, "dwell", 1)) == set(HOSTILE)
    assert page.locator("main img").count() == 0
    assert page.get_by_text("</script><b>").count() == 1
    assert not dialogs


def test_the_explorer_plays(page, shop):
    opened(page, shop)
    page.locator("#explorer").scroll_into_view_if_needed()
    before = page.evaluate("explorer.state().moment")
    page.get_by_role("button", name=re.compile("play", re.IGNORECASE)).first.click()
    until(page, f"explorer.state().moment > {before + 200}")
    page.get_by_role("button", name=re.compile("pause", re.IGNORECASE)).first.click()
    assert page.evaluate("explorer.state().playing") is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_three_minutes_print_on_two_pages_of_a4(open_page, shop, scheme):
    page = opened(open_page(color_scheme=scheme), shop)
    content = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    assert re.search(rb"/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12]", content)
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.locator(".finding").first.is_visible()
    assert page.locator(".printed").is_visible()
    assert not page.locator("#explorer").is_visible()
    assert not page.locator("#appendix").is_visible()
    ink, paper = page.evaluate(f"[{INK}, getComputedStyle(document.body).backgroundColor]")
    assert (ink, paper) == ("rgb(28, 34, 40)", "rgb(255, 255, 255)")


@pytest.mark.parametrize(("width", "height", "limit"), [(1440, 900, 450), (390, 844, 844)])
def test_the_first_finding_is_on_the_first_screen(open_page, shop, width, height, limit):
    page = open_page(viewport={"width": width, "height": height})
    page.goto(shop)
    box = page.locator(".opening li").first.bounding_box()
    assert box["y"] + box["height"] <= limit
    assert page.evaluate(WIDER) is False
    assert page.locator("details.fold[open]").count() == 0


def test_a_link_into_the_appendix_unfolds_it(page, shop):
    page.goto(shop)
    assert not page.locator("[data-table=quality]").is_visible()
    page.get_by_role("link", name="All checks").first.click()
    until(page, "document.querySelector('#trust').closest('details').open")
    assert page.locator("[data-table=quality]").is_visible()
    page.goto(f"{shop}#method")
    page.reload()
    until(page, "document.querySelector('#method').closest('details').open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_paper(open_page, shop, scheme):
    page = opened(open_page(color_scheme=scheme), shop)
    ink, paper = page.evaluate(f"[{INK}, getComputedStyle(document.body).backgroundColor]")
    drawn = page.evaluate("getComputedStyle(document.querySelector('#dwell-chart svg text.b')).fill")
    assert drawn == ink
    dark = sum(map(int, re.findall(r"\d+", ink)[:3])) < sum(map(int, re.findall(r"\d+", paper)[:3]))
    assert dark == (scheme == "light")


def test_a_phone_shows_it_without_scrolling_sideways(open_page, shop, overview):
    page = open_page(viewport={"width": 360, "height": 780}, has_touch=True)
    for address in (shop, overview):
        opened(page, address)
        assert page.evaluate(WIDER) is False


def test_one_cursor_moves_through_charts_slider_reading_and_explorer(page, shop):
    opened(page, shop)
    reading = page.locator("#now")
    said = " ".join(reading.inner_text().split())
    assert said == "In view 5 entrance 2 shelves 1 table 0 checkout 0"
    slider = page.locator("#cursor")
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator("#cursor-time").inner_text() == "0:00"
    assert reading.inner_text().split()[:3] == ["In", "view", "2"]
    assert slider.get_attribute("aria-valuetext") == "0:00, 2 in view"
    until(page, "explorer.state().moment === 0")
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1"
    chart = page.locator("#timeline-chart .wide svg")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    middle = float(slider.input_value())
    assert 85 < middle < 95
    until(page, f"Math.abs(explorer.state().moment - {1000 * middle}) < 1000")
    head = chart.locator("line.head").bounding_box()
    assert abs(head["x"] - box["x"] - box["width"] / 2) < 2
    page.evaluate("explorer.seek(30000)")
    until(page, "document.querySelector('#cursor').value === '30'")


def test_a_link_leads_to_a_time_and_a_person(page, shop):
    page.goto(f"{shop}#t=92.4&person=7")
    until(page, "explorer.state()?.moment === 92400 && explorer.state().selected.join() === '7'")
    assert page.locator("#cursor-time").inner_text() == "1:32"
    page.evaluate("location.hash = '#t=1e9&person=nobody'")
    until(page, "explorer.state().moment === 180000 && explorer.state().selected.length === 0")


def test_a_mark_tells_what_it_stands_for(page, shop):
    opened(page, shop)
    page.locator("#dwell-chart .wide .z1 .dot").first.hover()
    tip = page.locator(".tip")
    assert re.fullmatch(r"Person \d+: [\d.]+ s from \d:\d\d", tip.inner_text())
    page.locator("h1").hover()
    assert not tip.is_visible()


@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_no_chart_is_cut_and_each_is_drawn_once(open_page, shop, width):
    page = opened(open_page(viewport={"width": width, "height": 844}), shop)
    assert page.evaluate(WIDER) is False
    for name in ("dwell", "timeline", "ways", "stood", "boxes"):
        shown = [one for one in page.locator(f"#{name}-chart svg").all() if one.is_visible()]
        assert len(shown) == 1, name
        box = shown[0].bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        for letters in shown[0].locator("text").all():
            found = letters.bounding_box()
            assert found["x"] > box["x"] - 2, (name, letters.text_content())
            assert found["x"] + found["width"] < box["x"] + box["width"] + 2, (name, letters.text_content())


def test_without_scripts_the_charts_stand_alone(open_page, shop):
    page = open_page(java_script_enabled=False)
    page.goto(shop)
    assert page.locator("#timeline-chart .wide svg").is_visible()
    assert not page.locator("#cursor").is_visible()
    assert page.get_by_text("The explorer needs JavaScript.").is_visible()


def test_the_matrix_can_be_read_in_both_themes(open_page, shop):
    for scheme in ("light", "dark"):
        page = opened(open_page(color_scheme=scheme), shop)
        cells = page.locator("#ways .grid tbody td:not(.none)")
        for cell in cells.all():
            ink, paper = (
                _luminance(page, cell.evaluate(f"(one) => getComputedStyle(one).{name}"))
                for name in ("color", "backgroundColor")
            )
            high, low = max(ink, paper), min(ink, paper)
            assert (high + 0.05) / (low + 0.05) > 4.5


def _luminance(page, color):
    """Return the relative luminance of a color by WCAG, as a canvas paints it."""
    script = """(color) => {
      const context = new OffscreenCanvas(1, 1).getContext("2d");
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    }"""
    parts = [level / 255 for level in page.evaluate(script, color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_shop_is_at_most_4000_pixels_high(open_page, shop):
    page = opened_folded(open_page(viewport={"width": 1440, "height": 900}), shop)
    assert page.evaluate("document.documentElement.scrollHeight") <= 4000


@pytest.fixture(scope="module")
def overview(data, tmp_path_factory):
    """The overview of a dataset as a file's address."""
    folder = tmp_path_factory.mktemp("overview")
    export_dataset(data / "day" / "pages", folder / "out", zones=data / "day" / "zones.geojson")
    write_report(folder / "out", folder / "out.html")
    return (folder / "out.html").as_uri()


def test_the_overview_sorts_its_videos(page, overview):
    opened(page, overview)
    table(page, "videos").locator("thead th").nth(0).get_by_role("button").click()
    assert column(page, "videos", 1) == ["evening", "morning", "noon"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("which", ["shop", "overview"])
def test_axe_finds_nothing(open_page, request, which, scheme, width):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    script = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    viewport = {"width": width, "height": 844}
    page = open_page(viewport=viewport, color_scheme=scheme, bypass_csp=True)
    page.goto(request.getfixturevalue(which))
    page.add_script_tag(content=script)
    for is_open in ("false", "true"):
        page.evaluate(f"document.querySelectorAll('details').forEach((one) => (one.open = {is_open}))")
        result = page.evaluate("axe.run(document)")
        assert result["violations"] == []
        assert len(result["passes"]) > 20


def test_buttons_and_links_are_large_enough_to_be_hit(open_page, shop):
    page = opened(open_page(viewport={"width": 390, "height": 844}, has_touch=True), shop)
    for one in page.locator("button:visible, summary:visible, input:visible").all():
        box = one.bounding_box()
        assert min(box["width"], box["height"]) >= 24, one.evaluate("(one) => one.outerHTML")


def test_a_report_is_printed_as_pdf(tmp_path, data, monkeypatch, browser):
    source, file = data / "shop" / "pages", tmp_path / "shop.pdf"
    settings = AnalysisConfig(zones=data / "shop" / "zones.geojson")
    write_report(source, file, settings=settings, background=data / "shop" / "background.png")
    content = file.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    with pytest.raises(OutputError, match=r"already exists\. Use --force"):
        write_report(source, file)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(OutputError, match="no such browser is installed"):
        write_report(source, tmp_path / "other.pdf")
    assert not (tmp_path / "other.pdf").exists()
