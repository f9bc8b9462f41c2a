"""Take the README's pictures of a fresh demo: desktop and phone, light and dark.

python -m scripts.take_pictures
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
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
# Plain areas and text: more colours would only make the files larger. Coverage keeps
# the rare ones, such as a red word.
COLOURS = 256

# Colours fade into the other theme; on a busy machine, slowly.
SETTLES_MS = 800

WORKSPACE = "Aldgate & Pine"
STAFF_PAGES = {
    "dashboard": "/dashboard",
    "invoices": "/invoices",
    "customers": "/customers",
    "accounting": "/accounting/payments",
    "settings": "/settings/portal",
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
        for window, page in windows(browser):
            for name in take_all(page, server, demo):
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    page.wait_for_timeout(SETTLES_MS)
                    keep(page.screenshot(), PICTURES / f"{name}-{window}-{scheme}.png")
                page.emulate_media(color_scheme="light", reduced_motion="reduce")
        browser.close()
    return 0


def windows(browser: Browser) -> Iterator[tuple[str, Page]]:
    for window, viewport in WINDOWS.items():
        context = browser.new_context(viewport=viewport, reduced_motion="reduce")
        yield window, context.new_page()
        context.close()


def take_all(page: Page, server: Server, demo: dict[str, Any]) -> Iterator[str]:
    """Go from page to page; yield a name whenever one is worth a picture."""
    ours = next(it for it in demo["workspaces"] if it["name"] == WORKSPACE)
    unpaid = [it for it in ours["invoices"] if it["url"] and it["status"] == "Due"]
    dearest = max(unpaid, key=lambda it: float(it["outstanding"]))
    show(page, dearest["url"])
    yield "portal-invoice"

    show(page, f"{server.base_url}/sign-in")
    yield "sign-in"

    member = next(it for it in demo["staff"] if it["workspace"] == WORKSPACE)
    page.get_by_label("Email").fill(member["email"])
    page.get_by_label("Password").fill(member["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Main").wait_for()
    for name, path in STAFF_PAGES.items():
        show(page, server.base_url + path)
        yield name

    show(page, f"{server.base_url}/invoices")
    drafts, issued = page.locator("a[href$='/edit']"), dearest["number"]
    draft = drafts.first.get_attribute("href")
    detail = page.get_by_role("link", name=issued).get_attribute("href")
    show(page, f"{server.base_url}{detail}")
    yield "invoice"
    show(page, f"{server.base_url}{draft}")
    yield "builder"


def show(page: Page, url: str) -> None:
    """Open a page and wait until it has its data and its fonts."""
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    page.locator(".loading").first.wait_for(state="detached")
    page.evaluate("() => document.fonts.ready")


def keep(png: bytes, path: Path) -> None:
    """Store a picture with few colours, a quarter of the size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    few.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
