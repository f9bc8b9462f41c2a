"""What a real Chromium sees, each time with nothing cached."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import ARGUMENTS, find_chromium, use_own_node

TIMES = 7
_FIRST_PAINT = """() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0]
  return paint ? paint.startTime : null
}"""
_FILES = "() => performance.getEntriesByType('resource').map(entry => entry.name)"


def amount_visible_ms(url: str) -> float | None:
    """Return the median first contentful paint; the amount is in that paint."""
    with chromium() as browser:
        if browser is None:
            return None
        taken: list[float] = []
        for _ in range(TIMES):
            context = browser.new_context()
            page = context.new_page()
            page.goto(url, wait_until="load")
            while (painted_at := page.evaluate(_FIRST_PAINT)) is None:
                page.wait_for_timeout(20)
            taken.append(painted_at)
            context.close()
        return statistics.median(taken)


def loaded_files(url: str) -> list[str] | None:
    """Return the address of everything the page loads until it is quiet."""
    with chromium() as browser:
        if browser is None:
            return None
        page = browser.new_page()
        page.goto(url, wait_until="load")
        page.wait_for_timeout(3_000)
        return sorted(set(page.evaluate(_FILES)))


@contextmanager
def chromium() -> Iterator[Browser | None]:
    found = find_chromium()
    if found is None:
        yield None
        return
    use_own_node()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=list(ARGUMENTS)
        )
        yield browser
        browser.close()
