"""Who is quicker than the line: what is pressed before a list came counts as well."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.e2e.test_profiles import (
    WAREHOUSE,
    account_of,
    are_totals,
    rows_of,
    shown_to,
    summary_of,
)
from tests.support.browser import DESKTOP, PHONE
from tests.support.process import wait_until

NAME = "Saffron Pantry"


class Line:
    """The socket of a page, on which what the server says can be held back."""

    def __init__(self, page: Page) -> None:
        self._held: list[str | bytes] | None = None
        self._page: WebSocketRoute | None = None
        page.route_web_socket("**/_event/**", self._open)

    def hold(self) -> None:
        self._held = []

    def let_go(self) -> None:
        held, self._held = self._held or [], None
        for message in held:
            assert self._page is not None
            self._page.send(message)

    def _open(self, socket: WebSocketRoute) -> None:
        self._page = socket
        server = socket.connect_to_server()
        server.on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        assert self._page is not None
        if self._held is None:
            self._page.send(message)
        else:
            self._held.append(message)


@pytest.fixture
def line(demo: Demo, page: Page) -> Line:
    """That of a customer's account, which is open and live."""
    line = Line(page)
    page.goto(account_of(demo, WAREHOUSE, NAME))
    summary_of(page)
    return line


def asked(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


@pytest.mark.feature("F030", "F031")
def test_a_filter_and_a_sort_pressed_together_both_count(
    demo: Demo, page: Page, line: Line
):
    table = page.get_by_role("table", name="Invoices")
    owed = [it for it in shown_to(demo, WAREHOUSE, NAME) if float(it["outstanding"])]

    line.hold()
    page.get_by_role("navigation", name="Status").get_by_role(
        "link", name="Open"
    ).click()
    table.get_by_role("columnheader", name="Total").get_by_role("link").click()
    page.get_by_role("searchbox", name="Search").fill("sf20")
    page.wait_for_url("**q=sf20**")
    line.let_go()

    assert asked(page) == {"status": "open", "sort": "-total", "q": "sf20"}
    expect(rows_of(page)).to_have_count(len(owed))
    totals = sorted((Decimal(it["total"]) for it in owed), reverse=True)
    wait_until(partial(are_totals, page, totals))
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("sf20")


@pytest.mark.feature("F030", "F107")
def test_of_two_answers_to_one_question_the_last_counts(page: Page, line: Line):
    tabs = page.get_by_role("navigation", name="Status")
    period = page.get_by_role("combobox", name="Period")

    line.hold()
    tabs.get_by_role("link", name="Overdue").click()
    period.select_option("this-year")
    tabs.get_by_role("link", name="Paid").click()
    period.select_option("last-year")
    page.wait_for_url("**period=last-year")
    line.let_go()

    assert asked(page) == {"status": "paid", "period": "last-year"}
    expect(tabs.locator("[aria-current=page]")).to_contain_text("Paid")
    expect(period).to_have_value("last-year")


@pytest.mark.feature("F030", "F107")
def test_two_days_stand_beside_the_years(demo: Demo, page: Page, line: Line):
    first, last = page.get_by_label("From").first, page.get_by_label("To").first
    expect(first).to_be_hidden()
    page.locator(".fold summary").click()
    page.get_by_role("combobox", name="Period").select_option("this-year")
    page.wait_for_url("**?period=this-year")

    line.hold()
    first.fill("2006-01-31")
    last.fill("2006-02-28")
    last.blur()
    page.wait_for_url("**to=2006-02-28")
    line.let_go()

    assert asked(page) == {"from": "2006-01-31", "to": "2006-02-28"}
    expect(page.get_by_text("This matches no invoice.")).to_be_visible()
    # What is in force is in sight, folded or not.
    page.locator(".fold summary").click()
    expect(first).to_be_visible()
    first.fill("")
    first.blur()
    page.wait_for_url("**?to=2006-02-28")


@pytest.mark.feature("F030")
@pytest.mark.parametrize("has_scripts", [True, False])
def test_on_a_phone_the_filters_unfold_and_say_how_many_there_are(
    demo: Demo, open_page: OpenPage, has_scripts: bool
):
    phone = open_page(viewport=PHONE, java_script_enabled=has_scripts)
    phone.goto(account_of(demo, WAREHOUSE, NAME))
    if has_scripts:
        summary_of(phone)
    fold = phone.locator(".fold summary")
    tabs = phone.get_by_role("navigation", name="Status")
    expect(fold).to_have_text("Filter")
    expect(tabs).to_be_hidden()

    fold.focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("From").first).to_be_visible()
    tabs.get_by_role("link", name="Open").click()

    expect(fold).to_have_text("Filter 1")
    expect(phone.locator(".row-link").first).to_be_visible()
    phone.set_viewport_size(DESKTOP)
    expect(fold.locator(".count")).to_be_hidden()
    expect(tabs).to_be_visible()


@pytest.mark.feature("F030")
def test_going_back_brings_the_list_and_its_search_back(page: Page, line: Line):
    search = page.get_by_role("searchbox", name="Search")
    every = rows_of(page).count()
    page.get_by_role("link", name="Include archived").click()
    page.wait_for_url("**?archived=1")
    search.fill("no such number")
    expect(page.get_by_text("matches no invoice")).to_be_visible()

    page.get_by_role("link", name="Show all").last.click()
    expect(rows_of(page)).to_have_count(every)
    expect(search).to_have_value("")
    page.go_back()

    expect(search).to_have_value("no such number")
    expect(page.get_by_text("matches no invoice")).to_be_visible()
