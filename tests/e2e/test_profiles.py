"""The promise of each profile, from the link to the end, on the demo of its trade."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, scrolls_sideways
from tests.support.process import wait_until

CHARTER, CONSULTING, WAREHOUSE = "Northwind", "Aldgate", "Scheldt"
GYM, PLUMBER = "Ironwood", "Kestrel"
SMALL_PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
NO_SUCH = re.compile("dispute|pay now", re.IGNORECASE)


def summary_of(page: Page) -> Locator:
    """Wait until the page is live, and return its main part."""
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    return page.get_by_role("main")


def dearest(demo: Demo, workspace: str, status: str) -> str:
    """Return the link of the largest invoice with this status."""
    shown = [x for x in demo.of(workspace)["invoices"] if x["status"] == status]
    return max(shown, key=lambda x: float(x["total"]) if x["url"] else 0)["url"]


@pytest.mark.feature("F001", "F023", "F098")
def test_charter_customers_look_and_download_and_pay_elsewhere(demo: Demo, page: Page):
    link = dearest(demo, CHARTER, "Due")

    page.goto(link)

    shown = summary_of(page)
    expect(shown.get_by_text("Amount due").first).to_be_visible()
    expect(shown.get_by_text("Charter flight").first).to_be_visible()
    expect(page.get_by_role("button", name=NO_SUCH)).to_have_count(0)
    expect(page.get_by_label("Amount to pay")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    # It may be printed only now that somebody asks for it.
    wait_until(lambda: httpx.get(f"{link}/invoice.pdf").content.startswith(b"%PDF"), 60)
    origin = {"Origin": demo.base_url}
    refused = httpx.post(f"{link}/pay", data={"amount": "10"}, headers=origin)
    assert refused.status_code == 422
    assert "<form" not in refused.text
    page.reload()
    expect(summary_of(page).get_by_text("Amount due").first).to_be_visible()


@pytest.mark.feature("F089")
def test_consultants_clients_pay_by_card_on_the_page(demo: Demo, page: Page):
    page.goto(demo.link("Partially paid", CONSULTING))
    summary_of(page)

    page.get_by_label("Amount to pay").fill("25.00")
    page.get_by_role("button", name="Pay now").click()
    card = page.frame_locator("iframe[title='Secure payment input frame']")
    card.get_by_label("Card number").fill("4242 4242 4242 4242")
    card.get_by_label("Expiration date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    form = page.get_by_role("form", name="Card payment")
    form.get_by_role("button", name="Pay £25.00").click()

    expect(page.get_by_text("Your payment has arrived. Thank you.")).to_be_visible()
    expect(form).to_have_count(0)
    assert page.url.startswith(demo.base_url)
    row = page.get_by_role("main").get_by_text("£25.00").first
    expect(row).to_be_visible()


@pytest.mark.feature("F025", "F097")
def test_warehouse_clients_read_and_pay_by_transfer(demo: Demo, page: Page):
    link = demo.link("Due", WAREHOUSE)

    page.goto(link)

    summary_of(page)
    expect(page.get_by_text("storage").first).to_be_visible()
    expect(page.get_by_role("button", name="Pay now")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy IBAN")).to_be_visible()
    for words in (
        "Noorderlaan 147",
        "+32 3 555 01 88",
        "billing@scheldt.example",
        "scheldt-fulfilment.example",
    ):
        expect(page.get_by_text(words).first).to_be_visible()
    origin = {"Origin": demo.base_url}
    refused = httpx.post(f"{link}/pay", data={"amount": "10"}, headers=origin)
    assert refused.status_code == 422


@pytest.mark.feature("F024", "F093")
def test_gym_members_pay_and_have_their_receipts(demo: Demo, page: Page):
    page.goto(demo.link("Due", GYM))
    summary_of(page)

    page.get_by_label("Amount to pay").fill("20.00")
    page.get_by_role("button", name="Pay now").click()
    page.get_by_role("button", name="Pay", exact=True).click()

    page.wait_for_url(re.compile(r"/p/"))
    expect(page.get_by_text("Partially paid").first).to_be_visible()
    receipt = page.get_by_role("link", name=re.compile("receipt", re.IGNORECASE)).first
    address = f"{demo.base_url}{receipt.get_attribute('href')}"
    wait_until(lambda: httpx.get(address).content.startswith(b"%PDF"), 60)
    page.goto(demo.link("Paid", GYM))
    summary_of(page)
    expect(page.get_by_text("Paid in full. Thank you.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay now")).to_have_count(0)


@pytest.mark.feature("F020", "F042", "F044", "F087", "F102")
def test_a_plumbers_link_shows_pays_and_tells_of_the_look(
    demo: Demo, open_page: OpenPage
):
    link = demo.link("Overdue", PLUMBER)
    phone = open_page(viewport=SMALL_PHONE, is_mobile=True, has_touch=True)

    phone.goto(link)

    assert re.fullmatch(rf"{demo.base_url}/p/[\w-]{{43}}", link)
    shown = summary_of(phone)
    expect(shown.get_by_text("Overdue").first).to_be_visible()
    expect(phone.get_by_text("Powered by Tallyport")).to_be_visible()
    expect(phone.get_by_role("heading", name="Comments")).to_have_count(0)
    number = phone.get_by_role("heading", level=1).inner_text().split()[-1]
    for window in (SMALL_PHONE, TABLET, PHONE):
        phone.set_viewport_size(window)
        assert not scrolls_sideways(phone)
        expect(phone.get_by_role("button", name="Pay now")).to_be_visible()
        expect(phone.get_by_role("link", name="Download PDF")).to_be_visible()
    phone.get_by_role("button", name="Pay now").click()
    phone.get_by_role("button", name="Pay", exact=True).click()
    phone.wait_for_url(re.compile(r"/p/"))
    expect(phone.get_by_text("Paid in full. Thank you.")).to_be_visible()

    desk = open_page()
    demo.sign_in(desk, PLUMBER)
    desk.goto(f"{demo.base_url}/invoices?q={number}")
    desk.get_by_role("link", name=number).first.click()
    expect(desk.get_by_text("Customer viewed on").first).to_be_visible()
    expect(desk.get_by_text("Paid", exact=True).first).to_be_visible()
