"""A real browser, offline: a test fails on any error that the page logs and on any request to the network."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

_FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LOCAL = {"file", "data", "blob", "about"}


def chromium_flags():
    """Flags for a chromium that stays at home; root may not use its sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*_FLAGS, *(["--no-sandbox"] if root else [])]


def is_local(url):
    """Tell whether a request stays on this machine."""
    place = urlsplit(url)
    return place.scheme in _LOCAL or place.hostname in _LOOPBACK


@pytest.fixture(scope="session")
def browser():
    """Chromium, headless; tests are skipped where it or playwright is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, args=chromium_flags()
        )
        yield chromium
        chromium.close()


def watch(context, complaints):
    """Write down what pages log as errors and what they ask the network for; such requests are cut off."""

    def answer(route):
        if is_local(route.request.url):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url[:200]}")
            route.abort()

    def logged(message):
        if message.type == "error":
            complaints.append(f"logged: {message.text}")

    context.route("**/*", answer)
    context.on("console", logged)
    context.on("weberror", lambda error: complaints.append(f"raised: {error.error}"))


def waits_outside(*_, **__):
    """Stand where playwright's own waiting was, which our pages' policy forbids once it has to wait."""
    raise AssertionError("a page's policy forbids wait_for_function: use waiting.until")


@pytest.fixture
def open_page(browser):
    """Make pages with options of a browser context (viewport, color_scheme ...); all are watched."""
    complaints, contexts = [], []

    def make(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(120_000)
        contexts.append(context)
        watch(context, complaints)
        page = context.new_page()
        page.wait_for_function = waits_outside
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture(autouse=True)
def editors():
    """Collect zone editors; they are closed after the pages that use them."""
    opened = []
    yield opened
    for editor in opened:
        editor.close()


@pytest.fixture
def page(open_page) -> Iterator:
    """One watched page of 1280 x 800."""
    return open_page()
