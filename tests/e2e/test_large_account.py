"""An account of several pages, and an address that stands for two customers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.queries.portal_account import ROWS
from billing_app.runtime import open_runtime
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.payments import RecordPaymentForm, record_payment
from billing_app.settings import load_settings
from tests.e2e.test_profiles import numbers_on, summary_of
from tests.support.process import Server, wait_until

OWNER = StaffActor(1, 1, Role.OWNER)
EMAIL = "ap@vermeer.example"
COUNT, PAID = 2 * ROWS + 5, ROWS + 3
_CODE = re.compile(r"Subject: (\d{6}) is")


@dataclass(frozen=True)
class Billed:
    """One invoice; `due_on` of two is never the same day, nor are two totals."""

    number: str
    total: Decimal
    due_on: date
    is_paid: bool


@dataclass(frozen=True)
class Account:
    """Two customers behind one address; the first has several pages of invoices."""

    url: str
    invoices: list[Billed]


@pytest.fixture(scope="module")
def account(server: Server) -> Account:
    runtime = open_runtime(load_settings({"DATA_DIR": str(server.data_dir)}))
    first, second = (
        runtime.run(OWNER, create_customer, CustomerForm(name=name, email=EMAIL))
        for name in ("Vermeer Optics", "Vermeer Lenses")
    )
    today = runtime.now().date()
    billed: list[Billed] = []
    for place in range(COUNT + 1):
        total = Decimal(place * 37 % 101 * 10 + 5)
        due_on = today + timedelta(days=place * 23 % 97 + 1)
        form = DraftForm(
            customer_id=first if place < COUNT else second,
            due_on=f"{due_on}",
            lines=(LineForm(name="Charter flight", unit_price=f"{total}"),),
        )
        draft = runtime.run(OWNER, drafts.create_draft, form)
        issued = runtime.run(
            OWNER, invoices.issue_and_publish, draft.invoice_id, draft.version
        )
        if place < PAID:
            paid = RecordPaymentForm(
                amount=f"{total}", received_on=f"{today}", method="cash"
            )
            runtime.run(OWNER, record_payment, draft.invoice_id, paid)
        billed.append(Billed(issued.number, total, due_on, place < PAID))
    token = runtime.run(OWNER, portal_links.copy_customer_link, first)
    runtime.engine.dispose()
    return Account(f"{server.base_url}/c/{token}", billed[:COUNT])


@pytest.mark.feature("F031")
@pytest.mark.parametrize(("head", "key"), [("Total", "total"), ("Due", "due_on")])
def test_a_sort_goes_on_over_all_pages_both_ways_and_with_a_filter(
    account: Account, page: Page, head: str, key: str
):
    page.goto(account.url)
    summary_of(page)
    column = page.get_by_role("columnheader", name=head)
    tabs = page.get_by_role("navigation", name="Status")

    for direction in ("descending", "ascending"):
        column.get_by_role("link").click()
        expect(column).to_have_attribute("aria-sort", direction)
        is_down = direction == "descending"
        wanted = sorted(account.invoices, key=lambda it: getattr(it, key))
        walk(page, [it.number for it in (wanted[::-1] if is_down else wanted)])

    # From the last page on, and sorted as before.
    tabs.get_by_role("link", name="Paid").click()
    expect(tabs.locator("[aria-current=page]")).to_contain_text("Paid")
    walk(page, [it.number for it in wanted if it.is_paid])
    page.go_back()
    shows(page, [it.number for it in wanted if it.is_paid][:ROWS])


def walk(page: Page, numbers: list[str]) -> None:
    """Go to the end of the list, page by page."""
    for start in range(0, len(numbers), ROWS):
        if start:
            page.get_by_role("link", name="Next").click()
        shows(page, numbers[start : start + ROWS])
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def shows(page: Page, numbers: list[str]) -> None:
    names = page.locator("a.row-link")
    expect(names).to_have_text(numbers)


@pytest.mark.feature("F012")
def test_who_stands_for_two_customers_chooses_one(
    server: Server, account: Account, page: Page
):
    mailbox = server.data_dir / "mailbox"
    page.goto(f"{server.base_url}/account/northwind-charter/sign-in")
    page.get_by_label("Your email").fill(EMAIL)
    page.get_by_role("button", name="Send code").click()
    wait_until(lambda: bool(codes_in(mailbox)))
    page.get_by_label("Verification code").fill(codes_in(mailbox)[-1])
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    page.get_by_role("button", name="Vermeer Lenses").click()

    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Vermeer Lenses")
    summary_of(page)
    expect(page.locator("a.row-link")).to_have_count(1)
    assert not {it.number for it in account.invoices} & set(numbers_on(page))


def codes_in(mailbox: Path) -> list[str]:
    """Return the codes that were mailed, oldest first."""
    mails = sorted(mailbox.rglob("*.eml"), key=lambda it: it.stat().st_mtime)
    return [it[1] for it in (_CODE.search(mail.read_text()) for mail in mails) if it]
