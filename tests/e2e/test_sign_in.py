"""Set-up, sign-in and sign-out in a real browser, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import EMAIL, PASSWORD, OpenPage
from tests.support.browser import Watcher, find_barriers, scrolls_sideways
from tests.support.process import Server, running


@pytest.fixture(autouse=True)
def nothing_behind_the_sign_in(watcher: Watcher) -> None:
    """These tests end at the door: what is behind it has tests of its own."""
    watcher.expect("404")


@pytest.fixture
def fresh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tallyport serve` with an empty database."""
    with running("serve", folder=tmp_path_factory.mktemp("fresh")) as server:
        yield server


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_first_visitor_sets_up_and_nobody_after(fresh_server: Server, page: Page):
    page.goto(fresh_server.base_url)
    expect(page.get_by_role("heading", name="Set up Tallyport")).to_be_visible()
    assert find_barriers(page) == []
    page.get_by_label("Business name").fill("Heron Yachts")
    # What the browser knows is chosen already.
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(page.get_by_label("Time zone")).to_have_value(zone)
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_label("Your name").fill("Harriet")
    page.get_by_label("Email").fill("harriet@heron.example")
    page.get_by_label("Time zone").select_option(label="London")
    for name in ("New password", "New password again"):
        page.get_by_label(name, exact=True).fill(name)
    page.get_by_role("button", name="Set up and sign in").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Business name")).to_have_value("Heron Yachts")
    expect(page.get_by_label("Currency")).to_have_value("GBP")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/London")
    for name in ("New password", "New password again"):
        page.get_by_label(name, exact=True).fill("a sentence of her own")
    page.get_by_role("button", name="Set up and sign in").click()

    page.wait_for_url("**/dashboard#main")
    assert httpx.get(f"{fresh_server.base_url}/set-up").status_code == 404


def test_a_refused_try_keeps_the_address(server: Server, page: Page):
    page.goto(f"{server.base_url}/sign-in?next=/settings")
    sign_in(page, "wrong horse battery")

    expect(page.get_by_role("alert")).to_contain_text("don't go together")
    expect(page.get_by_label("Email")).to_have_value(EMAIL)
    sign_in(page)
    page.wait_for_url("**/settings#main")


def test_a_signed_in_browser_goes_straight_in(server: Server, page: Page):
    page.goto(f"{server.base_url}/sign-in")
    sign_in(page)
    page.wait_for_url("**/dashboard")

    page.goto(f"{server.base_url}/sign-in")

    page.wait_for_url("**/dashboard")


def test_works_without_scripts(server: Server, open_page: OpenPage):
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.base_url}/sign-in")
    sign_in(page, "wrong horse battery")
    expect(page.locator("#refused")).to_be_visible()

    sign_in(page)

    page.wait_for_url("**/dashboard#main")
    (cookie,) = [c for c in page.context.cookies() if c.get("name") == "tallyport"]
    assert cookie.get("httpOnly")


def test_no_refusal_is_shown_before_a_try(server: Server, open_page: OpenPage):
    for scripts in (True, False):
        page = open_page(java_script_enabled=scripts)
        page.goto(f"{server.base_url}/sign-in")

        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(page.locator("#refused")).to_be_hidden()


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/password"])
def test_a_step_that_is_not_owed_leads_to_the_sign_in(
    server: Server, page: Page, path: str
):
    page.goto(server.base_url + path)

    page.wait_for_url(re.compile("/sign-in$"))


def test_fits_a_phone_in_the_dark(
    server: Server, open_page: OpenPage, watcher: Watcher
):
    page = open_page(color_scheme="dark", viewport={"width": 390, "height": 844})
    page.goto(f"{server.base_url}/sign-in")
    sign_in(page, "wrong horse battery")

    expect(page.get_by_role("alert")).to_be_visible()
    assert find_barriers(page) == []
    assert not scrolls_sideways(page)
