"""Several invoices in one go, from the account to the stand-in Stripe and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, find_barriers, scrolls_sideways
from tests.support.process import running

STRIPE = re.compile(r"/sandbox/stripe/")
OPEN = ("Due", "Overdue")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The account of a member of the demo's gym who has two open invoices or more."""
    folder = tmp_path_factory.mktemp("demo")
    told = folder / "demo.json"
    data = ("--data", str(folder / "data"))
    with running("demo", *data, "--json", str(told), folder=folder):
        workspaces = json.loads(told.read_text())["workspaces"]
        gym = next(x for x in workspaces if x["name"] == "Ironwood Gym")
        owing = [x["customer"] for x in gym["invoices"] if x["status"] in OPEN]
        member = next(
            x for x in gym["customers"] if x["url"] and owing.count(x["name"]) >= 2
        )
        yield member["url"]


def boxes(page: Page):
    return page.get_by_role("checkbox", name=re.compile("^Choose "))


def test_without_a_script_the_choice_leads_to_the_payment_page(
    open_page: OpenPage, account: str
):
    page = open_page(viewport=PHONE, java_script_enabled=False)
    page.goto(account)

    for place in (0, 1):
        boxes(page).nth(place).check()
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Pay chosen").click()

    expect(page).to_have_url(STRIPE)
    expect(page.get_by_text("2 invoices: INV-")).to_be_visible()


@pytest.mark.feature("A07", "F059")
def test_choose_look_pay_and_come_back(open_page: OpenPage, account: str):
    page = open_page()
    other = open_page()
    page.goto(account)
    other.goto(account)
    for one in (page, other):
        expect(one.get_by_role("button", name="Refresh")).to_be_visible()
    left = boxes(page).count() - 2

    for place in (0, 1):
        boxes(page).nth(place).check()
    bar = page.get_by_role("region", name="Chosen invoices")
    expect(bar).to_contain_text("2 invoices chosen")
    assert find_barriers(page) == []
    bar.get_by_role("button", name="Pay chosen").click()
    dialog = page.get_by_role("dialog", name="Pay 2 invoices")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name="Continue to payment").click()

    expect(page).to_have_url(STRIPE)
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_text("Your payment has arrived. Thank you.")).to_be_visible()
    expect(boxes(page)).to_have_count(left)
    # The other window hears of it by itself.
    expect(boxes(other)).to_have_count(left)


def test_a_phone_shows_the_first_invoice_at_once_and_parts_its_two_presses(
    demo: Demo, phone: Page
):
    """A box to choose it and an arrow to open it, each for a thumb of its own."""
    phone.goto(demo.of("Ironwood")["customers"][0]["url"])
    first = phone.locator(".row-number").filter(has=phone.get_by_role("checkbox")).first
    expect(first.get_by_role("button")).to_be_visible()

    box = first.get_by_role("checkbox").bounding_box()
    arrow = first.get_by_role("button").bounding_box()
    assert box is not None
    assert arrow is not None
    middles = [it["x"] + it["width"] / 2 for it in (box, arrow)]
    assert middles[1] - middles[0] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]
