"""The zone editor in a browser, for tests: open it, draw, save."""

from waiting import drawn


def show(page, editor):
    page.goto(editor.address)
    page.wait_for_selector("[data-ready=yes]")
    drawn(page)
    return page


def place(page, x, y):
    """Where a fraction of the picture is on the page."""
    box = page.locator(".stage img").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def click(page, *points):
    for x, y in points:
        page.mouse.move(*place(page, x, y))
        page.mouse.click(*place(page, x, y))


def drag(page, start, end):
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=6)
    page.mouse.up()


def tool(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def save(page):
    page.locator(".side .save").click()
    page.wait_for_selector('.status:text-matches("Saved")')  # with a capital letter: not "Not saved yet"


def named(things):
    return {thing.name: thing for thing in things}


def corners(zone):
    return {(round(x / 1280, 6), round(y / 720, 6)) for x, y in zone.outline.exterior.coords}


def square(name, left, top, right, bottom, **properties):
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {
        "type": "Feature",
        "properties": {"name": name, **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}
