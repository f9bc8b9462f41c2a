"""Choosing a profile in a real browser, with a customer's page open beside it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, find_barriers, scrolls_sideways


def test_a_profile_is_compared_used_and_taken_back(demo: Demo, open_page: OpenPage):
    customer = open_page(viewport=PHONE)
    customer.goto(demo.link("Due"))
    expect(customer.get_by_role("heading", level=1)).to_be_visible()
    pay = customer.get_by_role("button", name="Pay now")
    expect(pay).to_have_count(0)
    desk = open_page()
    demo.sign_in(desk)

    desk.goto(f"{demo.base_url}/settings/portal")
    desk.get_by_role("button", name="See what Simple link changes").click()
    changes = desk.get_by_role("dialog", name="Use “Simple link”?")
    expect(changes.get_by_role("table")).to_contain_text("How customers pay")
    assert find_barriers(desk) == []
    expect(pay).to_have_count(0)
    changes.get_by_role("button", name="Use this profile").click()

    expect(pay).to_be_visible()
    expect(changes).to_be_hidden()
    desk.get_by_role("button", name="Undo").click()
    expect(pay).to_have_count(0)


def test_settings_fit_a_phone(demo: Demo, phone: Page):
    demo.sign_in(phone)
    for path in ("/settings/portal", "/customers/1"):
        phone.goto(f"{demo.base_url}{path}")
        expect(phone.get_by_role("heading", level=2).first).to_be_visible()

        assert not scrolls_sideways(phone)
        assert find_barriers(phone) == []
