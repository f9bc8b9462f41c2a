"""The main job in a real browser: from a signed-in bookkeeper to a paid invoice."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, find_barriers, scrolls_sideways
from tests.support.process import wait_until


def find_mail(mailbox_url: str, words: str) -> dict[str, Any] | None:
    mails = httpx.get(f"{mailbox_url}/messages.json").json()
    mails = mails["messages"] if isinstance(mails, dict) else mails
    return next((mail for mail in mails if words in json.dumps(mail)), None)


def link_in(mail: dict[str, Any]) -> str:
    found = re.search(r"https?://[\w.:\[\]-]+/p/[\w-]{43}", json.dumps(mail))
    assert found is not None
    return found[0]


@pytest.mark.feature("F001", "F022", "F042", "F045", "F059")
def test_from_a_new_invoice_to_paid_on_a_phone(demo: Demo, open_page: OpenPage):
    mailbox = demo.mailbox_url

    # The bookkeeper builds an invoice for a customer who is new.
    desk = open_page()
    demo.sign_in(desk, "Kestrel")
    desk.goto(f"{demo.base_url}/invoices")
    desk.get_by_role("link", name="New invoice").or_(
        desk.get_by_role("button", name="New invoice")
    ).first.click()
    desk.wait_for_url(re.compile(r"/invoices/\d+/edit"))
    # The lines come with the draft: what is typed counts from here on.
    expect(desk.get_by_label("Description").first).to_be_visible()
    desk.get_by_label("Customer", exact=True).fill("Orchard Bakery")
    desk.get_by_label("Customer email").fill("ap@orchard.example")
    desk.get_by_role("button", name="Create customer").click()
    expect(desk.get_by_text("mail to ap@orchard.example")).to_be_visible()
    desk.get_by_label("Description").first.fill("Boiler service")
    desk.get_by_label("Quantity").first.fill("2")
    desk.get_by_label("Unit price").first.fill("85.00")
    desk.get_by_label("Tax").first.select_option(index=0)
    preview = desk.get_by_role("region", name="Preview")
    expect(preview.get_by_text(re.compile(r"170\.00")).first).to_be_visible()
    assert find_barriers(desk) == []
    desk.get_by_role("button", name="Publish to portal").click()
    heading = desk.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile(r"\d{3}"))
    number = re.search(r"[\w-]*\d{3,}", heading.inner_text())
    assert number is not None

    # The customer gets one mail, opens the link and sees the amount at once.
    wait_until(lambda: find_mail(mailbox, "ap@orchard.example") is not None)
    mail = find_mail(mailbox, "ap@orchard.example")
    assert mail is not None
    phone = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
    answer = phone.goto(link_in(mail))
    assert answer is not None
    assert answer.status == 200
    expect(phone.get_by_role("heading", level=1)).to_have_text(f"Invoice {number[0]}")
    expect(phone.get_by_text("Amount due").first).to_be_visible()
    expect(phone.get_by_text(re.compile(r"170\.00")).first).to_be_visible()
    assert not scrolls_sideways(phone)
    assert find_barriers(phone) == []
    expect(desk.get_by_text("Customer viewed on")).to_be_visible()
    phone.get_by_role("tab", name="PDF").click()
    # A demo that has just started prints two hundred documents first.
    page_one = phone.locator("img[src*='/pages/1']").first
    expect(page_one).to_be_visible(timeout=120_000)
    pdf = httpx.get(f"{link_in(mail)}/invoice.pdf")
    assert pdf.content.startswith(b"%PDF")

    # They pay by card; the webhook lands; both screens say Paid.
    phone.get_by_role("button", name="Pay now").click()
    phone.get_by_role("button", name="Pay", exact=True).click()
    phone.wait_for_url(re.compile(r"/p/"))
    expect(phone.get_by_text("Paid").first).to_be_visible()
    expect(desk.get_by_text("Paid", exact=True).first).to_be_visible()
    receipt = phone.get_by_role("link", name=re.compile("receipt", re.I)).first
    expect(receipt).to_be_visible()
    address = receipt.get_attribute("href")
    assert address is not None
    wait_until(
        lambda: httpx.get(f"{demo.base_url}{address}").content.startswith(b"%PDF"),
        seconds_max=120,
    )
