"""Waiting for something in a page of a browser."""

import pytest


def until(page, condition, *, tries=2400):
    """Ask every 50 ms whether an expression of JavaScript is true, for two minutes.

    `page.wait_for_function` asks once and then from within the page, where the page's own policy
    forbids it: it works on a fast machine and fails on a slow one.
    """
    for _ in range(tries):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never {condition}")


def drawn(page):
    """Wait until the page has drawn what it was asked to draw so far."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
