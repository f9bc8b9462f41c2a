"""What a customer's browser has to load, with everything switched on."""

from __future__ import annotations

from urllib.parse import urlsplit

import brotli
import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from tests.e2e.conftest import Demo, OpenPage

SCRIPT_MAX, STYLE_MAX = 160_000, 15_000


class Weigher:
    """Notes which of our own scripts and styles a page has asked for."""

    def __init__(self, page: Page) -> None:
        self._urls: dict[str, set[str]] = {"script": set(), "stylesheet": set()}
        page.on("response", self._note)

    def weight(self, kind: str) -> int:
        """Return the bytes as they travel, each file once."""
        return sum(
            len(brotli.compress(httpx.get(url).content)) for url in self._urls[kind]
        )

    def _note(self, response: Response) -> None:
        kind = response.request.resource_type
        # The stand-in is Stripe's own script, as Stripe would bring it.
        is_ours = not urlsplit(response.url).path.startswith("/sandbox/")
        if kind in self._urls and is_ours:
            self._urls[kind].add(response.url)


@pytest.fixture
def pages(demo: Demo) -> dict[str, str]:
    warehouse, consulting = demo.of("Scheldt"), demo.of("Aldgate")
    disputed = next(x for x in warehouse["invoices"] if x["status"] == "Overdue")
    account = next(x["url"] for x in warehouse["customers"] if x["url"])
    card = next(x for x in consulting["invoices"] if x["status"] == "Overdue")
    return {
        "an invoice with comments and disputes": disputed["url"],
        "an account": account,
        "an invoice with comments and a card form": card["url"],
        "a wrong link": f"{demo.base_url}/p/{'x' * 43}",
        "the form for a code": f"{card['url']}/verify",
    }


def test_no_page_of_the_portal_is_heavy(
    demo: Demo, open_page: OpenPage, pages: dict[str, str], watcher
):
    watcher.expect("404")
    weights: dict[str, tuple[int, int]] = {}
    for name, url in pages.items():
        page = open_page()
        weigher = Weigher(page)
        page.goto(url)
        if name.startswith("an "):
            expect(page.locator("p.fresh button")).to_be_visible()
        if "card" in name:
            page.get_by_role("button", name="Pay now").click()
            expect(page.get_by_role("form", name="Card payment")).to_be_visible()
        page.wait_for_load_state("networkidle")
        weights[name] = weigher.weight("script"), weigher.weight("stylesheet")

    assert weights["an account"][0] > 50_000
    assert {x: it for x, it in weights.items() if it[0] > SCRIPT_MAX} == {}
    assert {x: it for x, it in weights.items() if it[1] > STYLE_MAX} == {}
