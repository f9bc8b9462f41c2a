"""Figures of the invoice builder: from a key to what it changes on the screen."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

from bench.browser import chromium
from bench.figure import Measured, NotMeasured, Reference, Row
from bench.ground import PORT, Ground
from billing_app.domain.cookies import session_cookie
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.services import drafts

URL = f"http://localhost:{PORT}"
MANY = 200
TIMES = 7
# Saving a moment after the last key is over by then, and the preview drawn.
_QUIET_MS = 2_500


@dataclass(slots=True)
class _Taken:
    """Milliseconds from a key until its effect was painted, key by key."""

    totals: list[float] = field(default_factory=list)
    preview: list[float] = field(default_factory=list)
    line: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def typing(ground: Ground) -> Iterator[Row]:
    """Type a quantity, and press Enter in the last line, of one line and of many."""
    cookie = {
        "name": session_cookie(is_https=False),
        "value": ground.new_session(),
        "url": URL,
    }
    with chromium() as browser:
        if browser is None:
            yield NotMeasured("builder", "there is no Chromium")
            return
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([cookie])  # pyright: ignore[reportArgumentType]
        for count, words in ((1, "1 line"), (MANY, f"{MANY} lines")):
            taken = _type_into(context, _new_draft(ground, count))
            bare = Reference("a key to its paint, bare", statistics.median(taken.bare))
            for name, found, target in (
                ("typing to totals", taken.totals, 300),
                ("typing to preview", taken.preview, 300),
                ("Enter to a new line", taken.line, 150),
            ):
                yield Measured(
                    f"builder: {name}, {words}",
                    statistics.median(found),
                    "ms",
                    target=target,
                    reference=bare,
                    note=f"The slowest of {len(found)} took {max(found):,.0f} ms.",
                )


def _new_draft(ground: Ground, count: int) -> int:
    lines = tuple(
        LineForm(
            key=f"line-{number}",
            name=f"Charter leg {number}",
            description="Crew, fuel and handling",
            unit="h",
            unit_price=f"{10 + number}.50",
        )
        for number in range(count)
    )
    saved = ground.runtime.run(
        ground.owner, drafts.create_draft, DraftForm(lines=lines)
    )
    return saved.invoice_id


def _type_into(context: BrowserContext, draft: int) -> _Taken:
    page = context.new_page()
    taken = _Taken()
    page.goto(f"{URL}/invoices/{draft}/edit", wait_until="load")
    page.get_by_label("Description").first.wait_for()
    quantity = page.get_by_label("Quantity").first
    for number in range(2, 2 + TIMES):
        page.wait_for_timeout(_QUIET_MS)
        quantity.focus()
        quantity.select_text()
        page.evaluate(_WATCH)
        page.keyboard.press(str(number))
        for name in ("bare", "totals", "preview"):
            getattr(taken, name).append(_seen(page, name))
    for _ in range(TIMES):
        page.wait_for_timeout(_QUIET_MS)
        page.get_by_label("Unit price").last.focus()
        page.evaluate(_WATCH)
        page.keyboard.press("Enter")
        taken.line.append(_seen(page, "line"))
    page.close()
    return taken


def _seen(page: Page, name: str) -> float:
    page.wait_for_function(f"() => window.seen.{name}")
    return page.evaluate(f"() => window.seen.{name} - window.seen.key")


# What is painted is timed after the frame that shows it.
_WATCH = """() => {
  const seen = window.seen = {}
  const note = name => {
    if (!seen.key || name in seen) return
    seen[name] = 0
    requestAnimationFrame(() => setTimeout(() => { seen[name] = performance.now() }))
  }
  addEventListener('keydown', () => {
    seen.key = performance.now()
    note('bare')
  }, {capture: true, once: true})
  const watch = (selector, name) => new MutationObserver(() => note(name)).observe(
    document.querySelector(selector),
    {subtree: true, childList: true, characterData: true})
  watch('.dock-total', 'totals')
  watch('.preview .to-scale', 'preview')
  const known = new Set([...document.querySelectorAll('[data-line]')])
  addEventListener('focusin', ({target}) => {
    const line = target.closest('[data-line]')
    if (line && !known.has(line)) note('line')
  })
}"""
