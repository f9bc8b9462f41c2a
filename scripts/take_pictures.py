"""Take the README's pictures of a fresh demo: desktop and phone, light and dark.

python -m scripts.take_pictures
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import (
    ARGUMENTS,
    DESKTOP,
    PHONE,
    ColorScheme,
    find_chromium,
    use_own_node,
)
from tests.support.process import Server, running

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")

STAFF_PAGES = {
    "dashboard": "/",
    "invoices": "/invoices",
    "customers": "/customers",
    "accounting": "/accounting",
    "settings": "/settings",
}


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium: sudo apt-get install chromium", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    use_own_node()
    folder = Path(tempfile.mkdtemp(prefix="tallyport-pictures-"))
    facts = folder / "demo.json"
    with (
        running("demo", "--json", str(facts), folder=folder) as server,
        sync_playwright() as playwright,
    ):
        demo = json.loads(facts.read_text())
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for window, scheme, page in windows(browser):
            for name in take_all(page, server, demo):
                page.screenshot(path=PICTURES / f"{name}-{window}-{scheme}.png")
        browser.close()
    return 0


def windows(browser: Browser) -> Iterator[tuple[str, ColorScheme, Page]]:
    for window, viewport in WINDOWS.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            yield window, scheme, context.new_page()
            context.close()


def take_all(page: Page, server: Server, demo: dict[str, Any]) -> Iterator[str]:
    """Go from page to page; yield a name whenever one is worth a picture."""
    unpaid = next(
        invoice
        for workspace in demo["workspaces"]
        for invoice in workspace["invoices"]
        if invoice["url"] and invoice["outstanding"] not in ("0", "0.00")
    )
    show(page, unpaid["url"])
    yield "portal-invoice"

    show(page, f"{server.base_url}/sign-in")
    yield "sign-in"

    member = demo["staff"][0]
    page.get_by_label("Email").fill(member["email"])
    page.get_by_label("Password").fill(member["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Main").wait_for()
    for name, path in STAFF_PAGES.items():
        show(page, server.base_url + path)
        yield name


def show(page: Page, url: str) -> None:
    """Open a page and wait until it has its data and its fonts."""
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")


if __name__ == "__main__":
    sys.exit(main())
