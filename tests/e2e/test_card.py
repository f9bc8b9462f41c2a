"""Paying by card on the invoice's own page, with the stand-in's script and frames."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.conftest import OpenPage
from tests.support.browser import PHONE, Watcher, find_barriers, scrolls_sideways
from tests.support.process import running

GOOD, DECLINED, ASKS = (
    "4242 4242 4242 4242",
    "4000 0000 0000 0002",
    "4000 0025 0000 3155",
)
ARRIVED = "Your payment has arrived. Thank you."
STRIPE = re.compile(r"/sandbox/stripe/")


@pytest.fixture(scope="module")
def invoice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An invoice of the demo's consultants, large enough for all of these tests."""
    folder = tmp_path_factory.mktemp("demo")
    told = folder / "demo.json"
    data = ("--data", str(folder / "data"))
    with running("demo", *data, "--json", str(told), folder=folder):
        workspaces = json.loads(told.read_text())["workspaces"]
        consultants = next(x for x in workspaces if x["name"] == "Aldgate & Pine")
        payable = (
            x
            for x in consultants["invoices"]
            if x["url"] and x["status"] in ("Due", "Overdue")
        )
        yield max(payable, key=lambda x: float(x["outstanding"]))["url"]


@pytest.fixture(params=["desktop", "phone"])
def customer(request: pytest.FixtureRequest, open_page: OpenPage, invoice: str) -> Page:
    phone = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
    page = open_page(**(phone if request.param == "phone" else {}))
    page.goto(invoice)
    return page


def press_pay(page: Page, amount: str = "10.00") -> FrameLocator:
    """Ask for the card form; return the frame the card is typed into."""
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    page.get_by_label("Amount to pay").fill(amount)
    page.get_by_role("button", name="Pay now").click()
    frame = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(frame.get_by_label("Card number")).to_be_visible()
    expect(panel(page).get_by_role("heading")).to_have_text(f"Pay £{amount}")
    return frame


def type_card(frame: FrameLocator, number: str) -> None:
    frame.get_by_label("Card number").fill(number)
    frame.get_by_label("Expiration date").fill("12 / 34")
    frame.get_by_label("Security code").fill("123")


def panel(page: Page) -> Locator:
    return page.get_by_role("form", name="Card payment")


def pay(page: Page) -> None:
    panel(page).get_by_role("button", name=re.compile(r"^Pay £")).click()


def test_nothing_is_asked_of_stripe_before_pay_now(open_page: OpenPage, invoice: str):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    answer = page.goto(invoice)
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()

    assert answer is not None
    assert "frame-src" in answer.headers["content-security-policy"]
    assert not [url for url in asked if STRIPE.search(url)]
    press_pay(page)
    assert [url for url in asked if url.endswith("/endive/stripe.js")]
    panel(page).get_by_role("button", name="Cancel").click()
    expect(panel(page)).to_have_count(0)


def test_pays(customer: Page):
    frame = press_pay(customer)
    expect(panel(customer).get_by_role("heading")).to_be_focused()
    expect(customer.get_by_label("Amount to pay")).not_to_be_editable()
    assert find_barriers(customer) == []
    assert not scrolls_sideways(customer)
    for name in (re.compile(r"^Pay £"), "Cancel"):
        expect(panel(customer).get_by_role("button", name=name)).to_be_in_viewport(
            ratio=1
        )
    type_card(frame, GOOD)

    pay(customer)

    expect(customer.get_by_text(ARRIVED)).to_be_visible()
    expect(panel(customer)).to_have_count(0)
    expect(customer.get_by_role("button", name="Pay now")).to_be_visible()
    expect(customer.locator("#payment")).to_be_focused()
    expect(customer.get_by_label("Amount to pay")).to_be_in_viewport()


def test_declined_and_then_another_card(customer: Page, watcher: Watcher):
    watcher.expect("402")
    frame = press_pay(customer)
    type_card(frame, DECLINED)
    pay(customer)
    status = panel(customer).get_by_role("status")
    expect(status).to_contain_text("Your card was declined. Nothing was charged.")

    type_card(frame, GOOD)
    pay(customer)

    expect(customer.get_by_text(ARRIVED)).to_be_visible()


def test_a_bank_that_asks_for_proof(customer: Page):
    bank = customer.frame_locator("iframe[title='Confirm with your bank']")
    frame = press_pay(customer)
    type_card(frame, ASKS)
    pay(customer)
    status = panel(customer).get_by_role("status")
    expect(status).to_contain_text("prove that it is you")
    bank.get_by_role("button", name="Fail authentication").click()
    expect(status).to_contain_text("didn’t get it. Nothing was charged.")

    pay(customer)
    bank.get_by_role("button", name="Complete authentication").click()

    expect(customer.get_by_text(ARRIVED)).to_be_visible()


def test_canceled(customer: Page):
    press_pay(customer)

    panel(customer).get_by_role("button", name="Cancel").press("Enter")

    expect(customer.get_by_text("You changed your mind.")).to_be_visible()
    expect(panel(customer)).to_have_count(0)
    expect(customer.get_by_label("Amount to pay")).to_be_editable()
    expect(customer.get_by_role("button", name="Pay now")).to_be_enabled()


def test_a_bank_debit_is_on_its_way(open_page: OpenPage, invoice: str):
    page = open_page()
    page.goto(invoice)
    frame = press_pay(page)
    frame.get_by_label("Bank debit").check()

    pay(page)

    expect(page.get_by_text("more is on its way from your bank")).to_be_visible()
    expect(panel(page)).to_have_count(0)


def test_where_the_script_is_blocked_stripes_page_opens(
    open_page: OpenPage, invoice: str, watcher: Watcher
):
    watcher.expect("ERR_FAILED")
    page = open_page()
    page.route("**/endive/stripe.js", lambda route: route.abort())
    page.goto(invoice)
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    page.get_by_label("Amount to pay").fill("10.00")

    page.get_by_role("button", name="Pay now").click()

    page.wait_for_url(re.compile(r"/c/pay/"))
