"""The few parts that run in the browser: dialogs, tabs, ticks, menu, copy, notices."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import Demo, OpenPage, wait_until_live
from tests.support.browser import DESKTOP, PHONE, scrolls_sideways


@pytest.fixture
def desk(demo: Demo, page: Page) -> Page:
    """A member's window, signed in."""
    demo.sign_in(page)
    return page


def test_a_dialog_keeps_the_focus_and_gives_it_back(demo: Demo, desk: Page):
    desk.goto(f"{demo.base_url}/customers")
    opener = desk.get_by_role("button", name="New customer")
    opener.focus()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog", name="New customer")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()

    for _ in range(16):
        desk.keyboard.press("Tab")
        assert desk.evaluate(
            "() => document.activeElement === document.body"
            " || !!document.activeElement.closest('dialog')"
        ), "the focus went behind the dialog"
    desk.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_a_dialog_refuses_comes_into_sight(demo: Demo, desk: Page):
    desk.set_viewport_size(PHONE)
    desk.goto(f"{demo.base_url}/customers")
    wait_until_live(desk)
    desk.get_by_role("button", name="New customer").click()
    dialog = desk.get_by_role("dialog", name="New customer")
    dialog.get_by_label("Name", exact=True).fill("Never added")
    wrong = dialog.get_by_label("E-invoice address")
    wrong.fill("12")
    dialog.get_by_label("Name", exact=True).scroll_into_view_if_needed()
    expect(wrong).not_to_be_in_viewport()

    dialog.get_by_role("button", name="Add customer").click()

    said = dialog.get_by_text("no number of a register")
    expect(said).to_be_in_viewport()
    expect(wrong).to_be_focused()
    foot = dialog.get_by_role("button", name="Add customer").bounding_box()
    words = said.bounding_box()
    assert foot is not None
    assert words is not None
    assert words["y"] + words["height"] <= foot["y"]


def test_what_a_page_refuses_comes_into_sight_each_time(demo: Demo, desk: Page):
    desk.set_viewport_size(PHONE)
    desk.goto(f"{demo.base_url}/settings")
    save = desk.get_by_role("button", name="Save changes")
    save.click()
    done = desk.get_by_text("Saved.", exact=True)
    expect(done).to_be_visible()
    wrong = desk.get_by_label("Legal name")
    kept = wrong.input_value()
    wrong.fill("")

    for _ in range(2):
        save.scroll_into_view_if_needed()
        expect(wrong).not_to_be_in_viewport()
        save.click()
        expect(wrong).to_be_focused()
        expect(wrong).to_be_in_viewport()
        expect(done).to_be_hidden()

    wrong.fill(kept)
    save.click()
    expect(done).to_be_visible()
    expect(wrong).not_to_have_attribute("aria-invalid", "true")


def test_the_menu_finds_invoices_customers_and_pages_by_keys_alone(
    demo: Demo, desk: Page
):
    menu = desk.get_by_role("combobox", name="Search or jump to")
    found = desk.get_by_role("listbox", name="Found")
    first = found.get_by_role("option").first

    def find(text: str, words: str, there: str) -> None:
        desk.keyboard.press("Control+k")
        expect(menu).to_be_focused()
        desk.keyboard.type(text)
        expect(first).to_contain_text(words)
        expect(first).to_have_attribute("aria-selected", "true")
        desk.keyboard.press("Enter")
        heading = desk.get_by_role("heading", name=there)
        expect(heading.first).to_be_visible()
        expect(menu).to_be_hidden()

    number = next(it["number"] for it in demo.invoices if it["status"] == "Overdue")
    find(number, number, number)
    find("administratie@", "De Waal Architecten", "De Waal Architecten")
    find("brand", "Branding", "Branding")
    find("> inv", "Invoices", "Invoices")
    desk.wait_for_url("**/invoices")


def test_escape_leaves_the_menu_where_one_was(demo: Demo, desk: Page):
    desk.goto(f"{demo.base_url}/invoices")
    wait_until_live(desk)
    search = desk.get_by_role("searchbox", name="Search")
    search.focus()
    desk.keyboard.press("Control+k")
    menu = desk.get_by_role("combobox", name="Search or jump to")
    expect(menu).to_be_focused()

    desk.keyboard.press("Escape")

    expect(menu).to_be_hidden()
    expect(search).to_be_focused()


def test_rows_are_ticked_by_keys(demo: Demo, desk: Page):
    desk.goto(f"{demo.base_url}/invoices")
    desk.get_by_role("link", name="2026-0033").wait_for()
    chosen = desk.get_by_role("region", name="Selection")
    for key in "jjjxjx":
        desk.keyboard.press(key)

    expect(chosen).to_contain_text("2 selected")
    expect(desk.get_by_role("checkbox", checked=True)).to_have_count(2)
    desk.keyboard.press("Escape")

    expect(chosen).to_be_hidden()
    expect(desk.get_by_role("checkbox", checked=True)).to_have_count(0)


def test_a_tick_does_not_wait_for_the_server(demo: Demo, desk: Page):
    desk.goto(f"{demo.base_url}/invoices")
    desk.get_by_role("link", name="2026-0033").wait_for()
    box = desk.get_by_role("checkbox").first
    desk.context.set_offline(True)

    box.click()

    expect(box).to_be_checked()
    desk.context.set_offline(False)


def test_undo_takes_it_back(demo: Demo, desk: Page):
    desk.goto(f"{demo.base_url}/settings/taxes")
    archive = desk.get_by_role("button", name="Archive VAT 9%")
    archive.click()
    expect(desk.get_by_text("Archived. Drafts that have it keep it.")).to_be_visible()
    expect(archive).to_be_hidden()

    desk.get_by_role("button", name="Undo").click()

    expect(archive).to_be_visible()
    expect(desk.get_by_role("button", name="Undo")).to_be_hidden()


def test_the_current_link_is_in_sight_on_a_phone(demo: Demo, open_page: OpenPage):
    phone = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
    demo.sign_in(phone)

    phone.goto(f"{demo.base_url}/settings/security")

    here = phone.get_by_role("navigation", name="Settings").locator("[aria-current]")
    expect(here).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("window", [DESKTOP, PHONE])
def test_rare_views_stand_behind_a_button(
    demo: Demo, open_page: OpenPage, window: ViewportSize
):
    page = open_page(viewport=window)
    demo.sign_in(page)
    page.goto(f"{demo.base_url}/invoices")
    wait_until_live(page)
    views = page.get_by_role("navigation", name="Invoice views")
    rare, more = views.get_by_role("link", name="Void"), views.locator("summary")
    expect(more).to_have_text("More")
    expect(more).to_be_in_viewport(ratio=1)
    expect(rare).to_be_hidden()

    more.focus()
    page.keyboard.press("Enter")
    expect(rare).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(rare).to_be_hidden()
    page.keyboard.press("Enter")
    rare.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/invoices?status=void")
    expect(more).to_have_text("Void")
    expect(rare).to_be_hidden()
    expect(more).to_be_focused()
    assert not scrolls_sideways(page)


def test_arrow_keys_go_round_the_tabs(demo: Demo, page: Page):
    page.goto(demo.link("Due"))
    live, pdf = (page.get_by_role("tab", name=name) for name in ("Live", "PDF"))
    live.focus()

    page.keyboard.press("ArrowRight")
    expect(pdf).to_be_focused()
    expect(pdf).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("img", name="Page 1 of the invoice PDF")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(live).to_be_focused()
    page.keyboard.press("End")
    expect(pdf).to_be_focused()
    page.keyboard.press("Home")

    expect(live).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="Live")).to_be_visible()


def test_copies_and_says_so(demo: Demo, open_page: OpenPage):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(demo.link("Due", "Scheldt"))
    button = page.get_by_role("button", name="Copy IBAN")

    button.click()

    expect(page.get_by_text("Copied", exact=True)).to_be_attached()
    expect(button).to_be_focused()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert re.fullmatch(r"BE68 ?5390 ?0754 ?7034", copied)


def test_who_recorded_a_payment_stands_on_a_phone_too(demo: Demo, open_page: OpenPage):
    phone = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
    demo.sign_in(phone)
    paid = next(it["number"] for it in demo.invoices if it["status"] == "Paid")
    phone.goto(f"{demo.base_url}/invoices?q={paid}")
    phone.get_by_role("link", name=paid).click()

    payments = phone.get_by_role("table", name="Payments")
    by = payments.locator(".recorded-by").first
    expect(by).to_be_visible()
    expect(by).to_have_text(re.compile("^Recorded by: .+"))
    assert not scrolls_sideways(phone)
