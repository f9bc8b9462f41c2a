"""Every page of the demo, at both sizes and in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from billing_app.web.routes import PAGES
from tests.e2e.conftest import EMAIL, PASSWORD, Demo, OpenPage
from tests.support.browser import (
    DESKTOP,
    PHONE,
    ColorScheme,
    Watcher,
    find_barriers,
    find_cut_off,
    scrolls_sideways,
)
from tests.support.process import Server

# Colours change by transitions, and where a script sets them a moment later.
SETTLED = """async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    for (let left = 3; left; left--) await frame();
    const all = document.getAnimations();
    const changes = all.filter((it) => it instanceof CSSTransition);
    await Promise.all(changes.map((it) => it.finished));
    await frame();
}"""
# What is out of sight may be left undrawn, in the colours of a moment ago.
DRAWN = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { content-visibility: visible !important }");
    document.adoptedStyleSheets.push(sheet);
}"""
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
WIDTHS = (360, 390, 600, 768, 820, 900, 1024, 1180, 1440)
# Not for who is signed in, or one that makes a draft and goes on to it.
ELSEWHERE = {"/set-up", "/sign-in", "/sign-in/code", "/sign-in/password", "404"}
MAKES_A_DRAFT = "/invoices/new"


def look_at(page: Page, url: str) -> list[str]:
    """Open a page, turn it through sizes and themes; list what is in the way."""
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("[aria-busy=true], .loading")).to_have_count(0)
    return look_around(page, url)


def squeeze(page: Page, url: str) -> list[str]:
    """Open a page and make its window narrower; list what it has no room for."""
    page.set_viewport_size(DESKTOP)
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("[aria-busy=true], .loading")).to_have_count(0)
    return squeezed(page, url)


def squeezed(page: Page, url: str) -> list[str]:
    found: list[str] = []
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
        page.evaluate(SETTLED)
        found += [f"{url}, {width} px: {it}" for it in find_cut_off(page)]
    return found


def look_around(page: Page, url: str) -> list[str]:
    page.evaluate(DRAWN)
    found: list[str] = []
    for name, window in WINDOWS.items():
        page.set_viewport_size(window)
        page.evaluate(SETTLED)
        found += [f"{url}, {name}: {it}" for it in find_barriers(page)]
        with dark(page):
            # The same elements in other colours: only contrast can differ.
            barriers = find_barriers(page, "color-contrast")
            found += [f"{url}, {name}, dark: {it}" for it in barriers]
        if scrolls_sideways(page):
            found.append(f"{url}, {name}: scrolls sideways")
    return found


@contextmanager
def dark(page: Page) -> Iterator[None]:
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_have_count(1)
    page.evaluate(SETTLED)
    yield
    page.emulate_media(color_scheme="light")
    expect(page.locator("html.dark")).to_have_count(0)
    page.evaluate(SETTLED)


def staff_paths(page: Page, base_url: str) -> list[str]:
    """List an address for each page of the staff's, and lists that find nothing."""
    routes = {it.route for it in PAGES} - ELSEWHERE - {MAKES_A_DRAFT}
    invoices = addresses_on(page, f"{base_url}/invoices")
    customer = addresses_on(page, f"{base_url}/customers")[0]
    return [
        *sorted(route for route in routes if "[" not in route),
        customer,
        f"{customer}/events",
        next(it for it in invoices if it.endswith("/edit")),
        next(it for it in invoices if not it.endswith("/edit")),
        "/invoices?q=nothing-like-it",
        "/customers?q=nothing-like-it",
        "/accounting/payments?q=nothing-like-it",
    ]


def open_profile(page: Page) -> None:
    page.get_by_role("button", name="See what Simple link changes").click()


def open_shortcuts(page: Page) -> None:
    page.keyboard.press("?")


def select_page(page: Page) -> None:
    page.get_by_role("checkbox", name="Select all on this page").click()
    expect(page.get_by_role("region", name="Selection")).to_be_visible()


def ask_for_codes(page: Page) -> None:
    page.get_by_role("button", name="Set up codes").click()


def open_payment(page: Page) -> None:
    page.get_by_role("link", name="2026-0033").click()
    page.get_by_role("button", name="Record payment").click()


def open_tax(page: Page) -> None:
    page.get_by_role("button", name="Add tax").click()


def open_customer(page: Page) -> None:
    page.get_by_role("button", name="New customer").click()


# What is a press away from an address: the address, what it says once it is live,
# the press, and the dialog that it opens.
STATES = (
    ("/settings/portal", "See what changes", open_profile, "Use “Simple link”?"),
    ("/dashboard", "Live. Updated", open_shortcuts, "Keyboard shortcuts"),
    ("/invoices", "Live. Updated", select_page, ""),
    ("/invoices", "Live. Updated", open_payment, "Record payment"),
    ("/customers", "Live. Updated", open_customer, "New customer"),
    ("/settings/taxes", "Add tax", open_tax, "Add tax"),
    (
        "/settings/security",
        "This browser",
        ask_for_codes,
        "Set up authentication codes",
    ),
)


def addresses_on(page: Page, url: str) -> list[str]:
    page.goto(url)
    links = page.locator(".row-link")
    links.first.wait_for()
    return [link.get_attribute("href") or "" for link in links.all()]


def test_nothing_stands_in_the_way_of_staff(demo: Demo, open_page: OpenPage):
    page = open_page(reduced_motion="reduce")
    demo.sign_in(page)
    paths = staff_paths(page, demo.base_url)

    found = [it for path in paths for it in look_at(page, demo.base_url + path)]

    assert found == []


def test_every_staff_page_fits_its_window(demo: Demo, open_page: OpenPage):
    page = open_page(reduced_motion="reduce")
    demo.sign_in(page)
    paths = staff_paths(page, demo.base_url)
    page.goto(f"{demo.base_url}/invoices")
    for badge in ("paid", "partially-paid", "overdue"):
        link = page.locator(f"tr:has(.badge-{badge}) .row-link").first
        paths.append(link.get_attribute("href") or "")

    found = [it for path in paths for it in squeeze(page, demo.base_url + path)]

    assert found == []


@pytest.mark.parametrize(("path", "live", "press", "dialog"), STATES)
def test_nothing_stands_in_the_way_of_what_a_press_opens(
    demo: Demo,
    open_page: OpenPage,
    path: str,
    live: str,
    press: Callable[[Page], None],
    dialog: str,
):
    page = open_page(reduced_motion="reduce")
    demo.sign_in(page)
    page.goto(demo.base_url + path)
    page.get_by_text(live).first.wait_for(state="attached")

    press(page)
    if dialog:
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()

    assert look_around(page, path) == []
    assert squeezed(page, path) == []


def test_a_business_without_invoices_is_told_what_to_do(
    server: Server, page: Page, watcher: Watcher
):
    watcher.expect("404")
    page.goto(f"{server.base_url}/sign-in?next=/accounting")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="No invoices yet")).to_be_visible()

    assert look_around(page, "/accounting") == []


def test_the_closed_set_up_page_leads_to_the_sign_in(
    demo: Demo, page: Page, watcher: Watcher
):
    watcher.expect("the server responded with a status of 404")
    page.goto(f"{demo.base_url}/set-up")

    expect(page.get_by_role("heading", name="Already set up")).to_be_visible()
    assert find_barriers(page) == []
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()


# Painted by the server alone, dark where the device is.
PLAIN_PAGES = (
    "/p/unknown",
    "/d/unknown",
    "/mails/unknown",
    "/check/ABCD-EFGH-IJKL-MNOP",
    "/account/northwind-charter/sign-in",
)


def test_nothing_stands_in_the_way_on_plain_pages(
    demo: Demo, open_page: OpenPage, watcher: Watcher
):
    watcher.expect("the server responded with a status of 404")
    page = open_page(viewport=PHONE)

    found: list[str] = []
    for path in PLAIN_PAGES:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.goto(demo.base_url + path)
            expect(page.get_by_role("heading", level=1)).to_have_count(1)
            found += [f"{path}, {scheme}: {it}" for it in find_barriers(page)]
        if scrolls_sideways(page):
            found.append(f"{path}: scrolls sideways")

    assert found == []


def test_nothing_stands_in_the_way_of_customers(demo: Demo, open_page: OpenPage):
    page = open_page(reduced_motion="reduce")
    statuses = ("Due", "Overdue", "Partially paid", "Processing", "Paid", "Void")

    found = [it for status in statuses for it in look_at(page, demo.link(status))]

    assert found == []


def portal_urls(demo: Demo) -> list[str]:
    """List what customers see: a French account, a French and an Arabic invoice too."""
    customers = [it for work in demo.workspaces for it in work["customers"]]
    disputed = demo.link("Overdue", "Scheldt")
    arabic = demo.link("Partially paid")
    card = demo.link("Overdue", "Aldgate")
    return [*(it["url"] for it in customers if it["url"]), disputed, arabic, card]


def test_every_portal_page_fits_its_window(demo: Demo, open_page: OpenPage):
    page = open_page(reduced_motion="reduce")
    found: list[str] = []

    for url in portal_urls(demo):
        page.set_viewport_size(DESKTOP)
        page.goto(url)
        page.locator("p.fresh button").wait_for()
        if "/c/" in url:
            page.locator(".row-toggle").first.click()
            page.locator(".row-fold").wait_for()
        found += squeezed(page, url)

    assert found == []


def test_every_portal_page_fits_its_window_without_javascript(
    demo: Demo, open_page: OpenPage
):
    page = open_page(reduced_motion="reduce", java_script_enabled=False)
    found: list[str] = []

    for url in portal_urls(demo):
        page.goto(url)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
            found += [f"{url}, {width} px: {it}" for it in find_cut_off(page)]

    assert found == []
