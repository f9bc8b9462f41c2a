"""What a real Chromium sees, each time with nothing cached."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    BrowserContext,
    sync_playwright,
)

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


def ms_between_screens(
    cookie: dict[str, str], screens: Sequence[tuple[str, str]]
) -> list[float] | None:
    """Void invoices on the staff's page; return how long the customer's page took.

    `screens` are pairs of the staff's and the customer's address of one invoice.
    """
    with chromium() as browser:
        if browser is None:
            return None
        staff, customer = browser.new_context(), browser.new_context()
        staff.add_cookies([cookie])  # pyright: ignore[reportArgumentType]
        return [_void(staff, customer, *pair) for pair in screens]


def _void(
    staff: BrowserContext, customer: BrowserContext, desk: str, portal: str
) -> float:
    watched, pressed = customer.new_page(), staff.new_page()
    watched.goto(portal, wait_until="load")
    pressed.goto(desk, wait_until="load")
    pressed.get_by_role("button", name="Void", exact=True).click()
    pressed.get_by_role("textbox", name="Reason").fill("Measured")
    confirm = pressed.get_by_role("button", name="Void invoice")
    confirm.wait_for()
    watched.wait_for_timeout(1_500)
    watched.evaluate(_WATCH_FOR_VOID)
    confirm.evaluate(_NOTE_PRESS)
    confirm.click()
    watched.wait_for_function("() => window.seenAt")
    seen_at = watched.evaluate("() => window.seenAt")
    pressed_at = pressed.evaluate("() => window.pressedAt")
    watched.close()
    pressed.close()
    return seen_at - pressed_at


# Both pages are on one machine, so both read the same clock. The customer's speaks the
# customer's language, so the badge is looked for and not its word.
_WATCH_FOR_VOID = """() => {
  const look = () => {
    if (!window.seenAt && document.querySelector('.badge-void'))
      window.seenAt = performance.timeOrigin + performance.now()
  }
  new MutationObserver(look).observe(
    document.body, {subtree: true, childList: true, characterData: true})
  look()
}"""
_NOTE_PRESS = """button => button.addEventListener('click', () => {
  window.pressedAt = performance.timeOrigin + performance.now()
}, {capture: true})"""
