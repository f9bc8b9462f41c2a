"""What happened, from the builder to the drawer of staff and the customer's page."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import find_barriers

WAREHOUSE, CUSTOMER = "Scheldt", "Lumen Ceramics B.V."
BEHIND = re.compile("What is behind this line")


def start_invoice(desk: Page, demo: Demo) -> None:
    """Begin an invoice for the customer for whom things have happened."""
    demo.sign_in(desk, WAREHOUSE)
    desk.goto(f"{demo.base_url}/invoices/new")
    desk.wait_for_url(re.compile(r"/invoices/\d+/edit"))
    expect(desk.get_by_label("Description").first).to_be_visible()
    desk.get_by_label("Customer", exact=True).fill(CUSTOMER)
    expect(desk.get_by_text(re.compile(r"^\d+ not billed yet"))).to_be_visible()


@pytest.mark.feature("F034", "C20")
def test_what_happened_is_billed_and_shown_to_both_sides(
    demo: Demo, open_page: OpenPage
):
    desk = open_page()
    start_invoice(desk, demo)
    desk.get_by_role("button", name="Add events").click()
    choice = desk.get_by_role("dialog", name="Add events")
    for reference in ("ST-48902", "ST-48903"):
        choice.get_by_role("checkbox", name=re.compile(reference)).check()
    assert find_barriers(desk) == []

    # 6 pallets x 5 days and 4 x 5, at 0.85: counted together at their one rate.
    choice.get_by_role("button", name=re.compile("^Add 2")).click()
    expect(choice).to_be_hidden()
    line = desk.get_by_role("group", name=re.compile(r"Line \d")).filter(
        has=desk.get_by_label("Details")
    )
    expect(line.last.get_by_label("Quantity", exact=True)).to_have_value("50")
    expect(line.last.get_by_label("Unit price", exact=True)).to_have_value("0.85")
    desk.get_by_role("button", name="Issue", exact=True).click()
    number = desk.get_by_role("heading", level=1)
    expect(number).to_contain_text(re.compile(r"SF\d{6}-\d{4}"))
    # Here customers see an invoice once it is sent.
    desk.get_by_text("More", exact=True).click()
    desk.get_by_role("button", name="Mark as sent").click()

    desk.get_by_role("button", name=BEHIND).click()
    drawer = desk.get_by_role("dialog", name="What is behind this line")
    expect(drawer.get_by_text("Storage day ST-48902")).to_be_visible()
    expect(drawer.get_by_text("6 pallets × 5 days × 0.85")).to_be_visible()
    expect(drawer.get_by_text("42.50").first).to_be_visible()
    assert find_barriers(desk) == []
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Share").click()
    link = desk.get_by_role("link", name="Text message").get_attribute("href") or ""

    address = unquote(link).rpartition(" ")[2]
    for has_scripts in (False, True):
        page = open_page(java_script_enabled=has_scripts)
        page.goto(address)
        if has_scripts:
            # A press is lost when the page takes over while it is down.
            expect(page.get_by_role("button", name="Refresh")).to_be_visible()
        page.get_by_text(BEHIND).first.click()
        expect(page.get_by_text("Storage day ST-48903").first).to_be_visible()
        expect(
            page.get_by_text(re.compile("4 pallets × 5 days × 0[.,]85")).first
        ).to_be_visible()
    # What was not chosen waits on, and is shown to nobody.
    expect(page.get_by_text("ST-48911")).to_have_count(0)
    desk.goto(f"{demo.base_url}/invoices")
    other = open_page()
    start_invoice(other, demo)
    other.get_by_role("button", name="Add events").click()
    left = other.get_by_role("dialog", name="Add events")
    expect(left.get_by_role("checkbox", name=re.compile("ST-48911"))).to_be_visible()
    expect(left.get_by_role("checkbox", name=re.compile("ST-48902"))).to_have_count(0)
