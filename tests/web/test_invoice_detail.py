"""The page about one invoice, through the whole pipeline but the browser."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from sqlmodel import select

from billing_app import runtime
from billing_app.domain.actors import Actor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.events import Topic
from billing_app.domain.portal_settings import (
    ActivityDetail,
    DueWord,
    NotifyOn,
    PortalSettings,
)
from billing_app.domain.short_link import short_path
from billing_app.models import Customer, Invoice, OutboxMessage, WorkspaceSettings
from billing_app.services import drafts, portal_links, visits
from billing_app.services.payments import allocate_credit
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState as State
from billing_app.workflows.refunds import refund
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    read_payment,
    visitor_of,
)
from tests.support.credit import a_mixed_invoice, an_amount, credit, notes
from tests.support.talk import choose
from tests.support.world import World
from tests.web.conftest import Browse


@pytest.mark.parametrize("path", ["/invoices/1", "/invoices/999", "/invoices/x%00"])
async def test_what_is_not_the_workspaces_does_not_exist(
    world: World, browse: Browse, path: str
):
    an_invoice(world, world.northwind)
    async with browse(world.kestrel.owner, path) as driver:
        await driver.press(State.open)
        # The page says it; a notice would say it twice.
        assert driver.shown(State, "notices") in (None, [])
        await driver.press(State.void, form={"reason": "Because"})

    assert driver.shown(State, "shape") == "gone"
    assert read_invoice(world, world.northwind, 1).state == "issued"
    assert "Vermeer" not in str(driver.deltas)


async def test_a_link_is_a_secret_until_somebody_asks(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind)
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    path = f"/invoices/{invoice_id}"

    async with browse(world.northwind.accounting, path) as driver:
        await driver.press(State.open)
        assert token not in str(driver.deltas)

        await driver.press(State.copy_link)
        url = f"{world.runtime.public_url}/p/{token}"
        assert driver.shown(State, "link_url") == url

        await driver.press(State.new_link)
        assert token not in driver.shown(State, "link_url")

        await driver.press(State.revoke_access)
        assert driver.shown(State, "link_url") == ""
        assert driver.shown(State, "card").has_link is False


@pytest.mark.feature("F008")
async def test_a_link_is_shared_from_where_one_sends(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "30.00")
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    url = f"{world.runtime.public_url}/p/{token}"

    path = f"/invoices/{invoice_id}"
    async with browse(world.northwind.accounting, path) as driver:
        await driver.press(State.open)
        await driver.press(State.start_sharing)
        assert driver.shown(State, "link_url") == url
        short = f"{world.runtime.public_url}{short_path(token)}"
        assert driver.shown(State, "short_url") == short
        card = driver.shown(State, "card")
        assert unquote(driver.shown(State, "sms_href")) == (
            f"sms:?&body=Invoice {card.number} from Northwind Charter, €70.00: {short}"
        )
        assert driver.shown(State, "share_email") == "ap@vermeer.example"

        await driver.press(State.share_by_mail, form={"email": "not an address"})
        assert driver.shown(State, "errors")["email"]
        await driver.press(State.share_by_mail, form={"email": "it@vermeer.example"})
        assert driver.shown(State, "dialog") == ""

    topics = [x.topic for x in all_rows(world, world.northwind, OutboxMessage)]
    assert topics.count(Topic.MAIL_LINK) == 1


@pytest.mark.feature("C26", "F014", "F017")
async def test_a_viewer_previews_and_gets_no_link(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.viewer, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        for ask in (State.copy_link, State.new_link):
            await driver.press(ask)
        assert driver.redirects == []
        await driver.press(State.preview_as_customer)

    assert driver.shown(State, "link_url") in (None, "")
    assert driver.redirects == [f"/account/northwind-charter/{invoice_id}?preview=1"]


@pytest.mark.feature("F057", "G05")
async def test_says_what_a_payment_will_make_true_and_records_it_once(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        assert driver.shown(State, "payment")["amount"] == "100.00"
        assert driver.shown(State, "becomes") == "Becomes Paid"

        await driver.press(State.foresee, amount="40")
        assert driver.shown(State, "becomes") == "Becomes Partially paid"
        assert driver.shown(State, "becomes_balance") == "Balance €60.00"
        assert driver.shown(State, "record_words") == "Record €40.00"

        form = {
            "amount": "40",
            "received_on": "2026-03-02",
            "method": "check",
            "reference": "20261028-77A",
            "note": "Called on Monday",
        }
        await driver.press(State.record_payment, form=form)
        await driver.press(State.record_payment, form=form)

    (line,) = driver.shown(State, "payments")
    assert line.receipt.startswith("RCT-")
    assert line.receipt_href.endswith(f"/{invoice_id}/receipts/{line.id}.pdf")
    assert (line.amount, line.method, line.notes) == (
        *("€40.00", "Check", "Called on Monday"),
    )
    assert driver.shown(State, "dialog") == ""
    assert read_invoice(world, world.northwind, invoice_id).outstanding_minor == 6_000


async def test_a_date_before_the_invoice_is_asked_about_once(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    form = {"amount": "40", "received_on": "2025-03-02", "method": "cash"}
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        await driver.press(State.record_payment, form=form)

        asked = driver.shown(State, "errors")["received_on"]
        assert asked.startswith("That is before the invoice's own date")
        assert driver.shown(State, "payments") in (None, [])
        await driver.press(State.record_payment, form=form)

    assert len(driver.shown(State, "payments")) == 1


async def test_a_payment_that_a_colleague_recorded_meanwhile_is_asked_about_once(
    world: World, browse: Browse
):
    place = world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    elsewhere = an_invoice(world, world.kestrel, "100.00")
    form = {"amount": "40", "received_on": "2026-03-02", "method": "check"}
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        pay(world, place, invoice_id, "40.00")
        pay(world, world.kestrel, elsewhere, "40.00")
        await driver.press(State.record_payment, form=form)

        assert driver.shown(State, "errors")["amount"] == (
            "€40.00 of this invoice was paid or credited meanwhile, maybe by a "
            "colleague. Press again to record this as well."
        )
        assert driver.shown(State, "becomes_balance") == "Balance €20.00"
        assert read_invoice(world, place, invoice_id).outstanding_minor == 6_000
        await driver.press(State.record_payment, form=form)
        await driver.press(State.record_payment, form=form)

    assert driver.shown(State, "dialog") == ""
    assert read_invoice(world, place, invoice_id).outstanding_minor == 2_000


async def test_far_too_much_is_asked_about_once(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "0.60")
    form = {"amount": "600.00", "received_on": "2026-03-02", "method": "cash"}
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        assert driver.shown(State, "is_excess") is False
        await driver.press(State.foresee, amount="600.00")
        assert driver.shown(State, "is_excess") is True
        await driver.press(State.record_payment, form=form)

        assert driver.shown(State, "errors")["amount"] == (
            "That is €599.40 more than is outstanding, kept as credit. "
            "Press again to keep it."
        )
        assert driver.shown(State, "payments") in (None, [])
        await driver.press(State.record_payment, form=form)

    assert len(driver.shown(State, "payments")) == 1


async def test_a_customers_credit_pays_the_next_invoice_once(
    world: World, browse: Browse
):
    place = world.northwind
    customer_id = a_customer(world, place)
    first = an_invoice(world, place, "0.60", customer_id=customer_id)
    pay(world, place, first, "600.00")
    second = an_invoice(world, place, "1000.00", customer_id=customer_id)
    elsewhere = an_invoice(world, world.kestrel, "1000.00")

    async with browse(place.accounting, f"/invoices/{second}") as driver:
        await driver.press(State.open)
        words = driver.shown(State, "card").credit_words
        assert words.endswith(" has €599.40 credit.")
        await driver.press(State.start_using_credit)
        assert driver.shown(State, "credit_amount") == "599.40"

        await driver.press(State.use_credit, form={"amount": "599.41"})
        assert driver.shown(State, "errors")["amount"] == (
            "That is more than the customer's credit."
        )
        assert driver.shown(State, "dialog") == "use-credit"

        for _ in range(2):
            await driver.press(State.use_credit, form={"amount": "100"})
        assert driver.shown(State, "dialog") == ""
        assert driver.shown(State, "card").credit_words.endswith("€499.40 credit.")

    assert read_invoice(world, place, second).outstanding_minor == 90_000
    theirs = read_invoice(world, world.kestrel, elsewhere)
    assert theirs.outstanding_minor == 100_000


async def test_credit_paid_elsewhere_meanwhile_is_not_used_again(
    world: World, browse: Browse
):
    place = world.northwind
    customer_id = a_customer(world, place)
    first = an_invoice(world, place, "10", customer_id=customer_id)
    pay(world, place, first, "40")
    second = an_invoice(world, place, "100", customer_id=customer_id)

    async with browse(place.accounting, f"/invoices/{second}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_using_credit)
        pay(world, place, second, "50")
        await driver.press(State.use_credit, form={"amount": "30"})

    assert read_invoice(world, place, second).outstanding_minor == 5_000


async def test_a_viewer_uses_no_credit(world: World, browse: Browse):
    place = world.northwind
    customer_id = a_customer(world, place)
    first = an_invoice(world, place, "10", customer_id=customer_id)
    pay(world, place, first, "40")
    second = an_invoice(world, place, "100", customer_id=customer_id)

    async with browse(place.viewer, f"/invoices/{second}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_using_credit)
        await driver.press(State.use_credit, form={"amount": "30"})

    assert read_invoice(world, place, second).outstanding_minor == 10_000


@pytest.mark.parametrize(
    ("currency", "is_paid"), [("EUR", True), ("USD", False)], ids=["paid", "other"]
)
async def test_names_no_credit_that_can_not_be_used(
    world: World, browse: Browse, currency: str, is_paid: bool
):
    place = world.northwind
    customer_id = a_customer(world, place)
    first = an_invoice(world, place, "10", customer_id=customer_id)
    pay(world, place, first, "40")
    second = an_invoice(world, place, "100", customer_id=customer_id, currency=currency)
    shown = first if is_paid else second

    async with browse(place.accounting, f"/invoices/{shown}") as driver:
        await driver.press(State.open)

        assert driver.shown(State, "card").credit_words == ""


@pytest.mark.parametrize("is_wanted", [True, False])
async def test_the_receipt_is_mailed_where_staff_want_that(
    world: World, browse: Browse, is_wanted: bool
):
    settings = replace(world.runtime.settings, is_demo=True)
    world = replace(world, runtime=replace(world.runtime, settings=settings))
    runtime.set_current(world.runtime)
    invoice_id = an_invoice(world, world.northwind, "100.00")
    form = {"amount": "40", "received_on": "2026-03-02", "method": "cash"}
    form |= {"mails_receipt": "on"} if is_wanted else {}
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        assert driver.shown(State, "receipt_mail")
        await driver.press(State.record_payment, form=form)

    promised = [x.topic for x in all_rows(world, world.northwind, OutboxMessage)]
    assert promised.count(Topic.MAIL_RECEIPT) == is_wanted


async def test_a_receipt_that_no_mail_brings_is_in_the_portal(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)

    assert not driver.shown(State, "receipt_mail")
    words = driver.shown(State, "receipt_words")
    assert words.startswith("The receipt is in the customer's portal. Mail is kept")


@pytest.mark.parametrize("amount", ["", "NaN", "1e5", "１２", "1.234", "-5"])
async def test_a_bad_amount_is_refused_beside_its_field_and_kept(
    world: World, browse: Browse, amount: str
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    form = {"amount": amount, "received_on": "2026-03-02", "method": "cash"}
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        await driver.press(State.foresee, amount=amount)
        assert driver.shown(State, "record_words") == "Record payment"
        await driver.press(State.record_payment, form=form)

    assert driver.shown(State, "errors")["amount"]
    assert driver.shown(State, "dialog") == "payment"
    assert driver.shown(State, "payment")["amount"] == amount


async def test_pressing_at_once_still_says_what_is_wrong(world: World, browse: Browse):
    """The last key, sent late to spare the server, arrives after the press."""
    invoice_id = an_invoice(world, world.northwind, "100.00")
    form = {"amount": "1e5", "received_on": "2026-03-02", "method": "cash"}
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        await driver.press(State.record_payment, form=form)
        await driver.press(State.foresee, amount="1e5")

        assert driver.shown(State, "errors")["amount"].startswith("This cannot be read")
        await driver.press(State.foresee, amount="15")
        assert driver.shown(State, "errors")["amount"] == ""


async def test_nothing_is_no_payment(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_payment)
        await driver.press(State.foresee, amount="0")
        assert driver.shown(State, "becomes") == ""
        assert driver.shown(State, "record_words") == "Record payment"

        form = {"amount": "0", "received_on": "2026-03-02", "method": "cash"}
        await driver.press(State.record_payment, form=form)

    sentence = "The amount must be more than zero."
    assert driver.shown(State, "errors")["amount"] == sentence


async def test_what_came_beyond_the_invoice_is_said_to_be_credit(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "140.50")
    async with browse(world.northwind.viewer, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)

    received = "€100.00 of €100.00 received, €40.50 is the customer's credit"
    assert driver.shown(State, "card").received == received


async def test_a_refusal_goes_when_something_is_done_and_all_when_the_page_is_left(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_reversing, payment_id=1)
        assert [x.is_refusal for x in driver.shown(State, "notices")] == [True]

        await driver.press(State.archive)
        assert [x.is_refusal for x in driver.shown(State, "notices")] == [False]

        await driver.press(State.leave_notices)
        assert driver.shown(State, "notices") == []


async def test_an_archived_invoice_comes_back_as_long_as_that_is_offered(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.archive)
        (notice,) = driver.shown(State, "notices")
        await driver.press(State.undo, key=notice.key)
        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, invoice_id).archived_at is None

        await driver.press(State.archive)
        (notice,) = driver.shown(State, "notices")
        await driver.press(State.leave_notices)
        await driver.press(State.undo, key=notice.key)
        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, invoice_id).archived_at is not None


@pytest.mark.feature("A04")
async def test_files_of_a_void_invoice_for_machines_are_said_to_be_as_issued(
    world: World, browse: Browse
):
    place = world.northwind
    buyer = a_customer(world, place)
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.legal_name, settings.country = "Northwind Charter B.V.", "NL"
        settings.registration = "KvK 70112233"
        uow.get(Customer, buyer).country = "NL"
    invoice_id = an_invoice(world, place, customer_id=buyer)
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        assert "as issued" not in driver.shown(State, "card").e_invoice

        await driver.press(State.void, form={"reason": "Sent twice"})

    card = driver.shown(State, "card")
    assert card.is_e_invoice
    assert card.e_invoice.startswith("CII and UBL are the invoice as issued.")


@pytest.mark.feature("G09")
async def test_a_void_needs_a_reason(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_voiding)
        await driver.press(State.void, form={"reason": "  "})
        assert driver.shown(State, "errors")["reason"]
        assert driver.shown(State, "dialog") == "void"
        assert driver.shown(State, "card").original_href == ""
        assert 'data-word="Void"' not in driver.shown(State, "sheet")

        await driver.press(State.void, form={"reason": "Sent twice"})

    assert driver.shown(State, "card").status == "Void"
    card = driver.shown(State, "card")
    assert card.ended == "Void: Sent twice"
    assert card.issued.startswith("void since")
    assert card.original_href == f"{card.pdf_href}?original=1"
    assert 'data-word="Void"' in driver.shown(State, "sheet")
    assert "Nothing to pay" in driver.shown(State, "sheet")


@pytest.mark.feature("C12", "G09")
async def test_a_rest_is_written_off_and_asked_for_again(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind)
    pay(world, world.northwind, invoice_id, "40.00")
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_writing_off)
        await driver.press(State.write_off, form={"reason": " "})
        assert driver.shown(State, "errors")["reason"]

        await driver.press(State.write_off, form={"reason": "They closed"})
        card = driver.shown(State, "card")
        assert (card.status, card.left) == (
            "Written off",
            "of €100.00 left, written off",
        )
        assert card.ended == "Written off: They closed"
        offered = (card.can_pay, card.can_void, card.can_credit, card.can_write_off)
        assert not any(offered)
        assert driver.shown(State, "notices")[-1].words == "€60.00 written off."

        await driver.press(State.start_undoing_write_off)
        await driver.press(State.undo_write_off, form={"reason": "They came back"})

    card = driver.shown(State, "card")
    assert (card.status, card.ended) == ("Partially paid", "")
    assert (card.can_write_off, card.can_undo_write_off) == (True, False)


@pytest.mark.feature("C12", "G09")
async def test_a_cancelled_draft_is_shown_as_it_stays(world: World, browse: Browse):
    place = world.northwind
    form = DraftForm(lines=(LineForm(name="Fuel", unit_price="100"),))
    draft = world.run(place.operations, drafts.create_draft, form)
    why = "They went elsewhere"
    cancel = drafts.cancel_draft
    world.run(place.operations, cancel, draft.invoice_id, draft.version, why)

    path = f"/invoices/{draft.invoice_id}"
    async with browse(place.accounting, path) as driver:
        await driver.press(State.open)

    assert driver.redirects == []
    card = driver.shown(State, "card")
    assert (card.status, card.ended) == ("Cancelled", f"Cancelled: {why}")
    assert (card.can_pay, card.can_publish, card.is_issued) == (False, False, False)
    assert (card.is_cancelled, card.issued) == (True, "never issued")
    facts = {fact.name for fact in driver.shown(State, "facts")}
    assert not facts & {"Issued", "Published", "Link"}


@pytest.mark.feature("F102")
async def test_that_the_customer_looked_shows_without_a_reload(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.viewer, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        assert driver.shown(State, "card").viewed == ""
        await driver.watch(State.watch)

        visitor = visitor_of(world, world.northwind, invoice_id)
        world.run(visitor, visits.note_seen, ActivityDetail.FULL)
        await driver.until(lambda: bool(driver.shown(State, "card").viewed))
        first = driver.shown(State, "card")

        world.clock.advance(hours=1)
        world.run(visitor, visits.note_seen, ActivityDetail.FULL)
        pay(world, world.northwind, invoice_id, "100.00")
        await driver.until(lambda: driver.shown(State, "card").status == "Paid")

    assert first.viewed == "Customer viewed on 2 Mar 2026"
    assert driver.shown(State, "card").viewed_exactly == first.viewed_exactly


async def test_money_late_and_partly_paid_wears_two_badges(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "40.00")
    due_on = read_invoice(world, world.northwind, invoice_id).due_on
    assert due_on is not None
    world.clock.advance(days=(due_on - world.clock.now.date()).days + 3)

    async with browse(world.northwind.viewer, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)

    card = driver.shown(State, "card")
    assert (card.status, card.late) == ("Partially paid", "Overdue 3 days")


@pytest.mark.feature("G10")
async def test_says_what_a_credit_would_be_and_issues_it(world: World, browse: Browse):
    place = world.northwind
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).country = "NL"
    invoice_id = a_mixed_invoice(world, place)
    pay(world, place, invoice_id, "195.50")
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_crediting)
        await driver.press(State.choose_credit_mode, mode="lines")
        await driver.press(State.choose_credit_line, place=1)
        shown = {x.name: x.amount for x in driver.shown(State, "credit_figures")}
        assert shown["VAT 21 %"] == "€21.00"
        assert shown["Becomes the customer's credit"] == "€121.00"
        assert driver.shown(State, "credit_words") == "Credit €121.00"
        lacks = driver.shown(State, "credit_lacks")
        assert lacks.startswith("Not an e-invoice, a plain PDF: Your business has no")
        assert "no tax" not in lacks

        await driver.press(State.choose_credit_line, place=3)
        assert "Line 2 has no tax." in driver.shown(State, "credit_lacks")
        await driver.press(State.choose_credit_line, place=3)

        await driver.press(State.issue_credit_note, form={"reason": " "})
        assert "reason" in driver.shown(State, "errors")
        assert driver.shown(State, "dialog") == "credit"

        await driver.press(State.issue_credit_note, form={"reason": "Not flown"})
        (line,) = driver.shown(State, "credit_notes")
        assert (line.number, line.what, line.reason) == (
            "CN-00001",
            "Line 1",
            "Not flown",
        )
        assert driver.shown(State, "dialog") == ""

        await driver.press(State.start_reissuing)
        await driver.press(State.reissue, form={"reason": "Wrong customer"})
    assert driver.redirects == [f"/invoices/{invoice_id + 1}/edit"]
    assert read_invoice(world, place, invoice_id + 1).replaces_id == invoice_id


async def test_a_credit_pressed_at_once_still_asks_why(world: World, browse: Browse):
    """The last key, sent late to spare the server, arrives after the press."""
    invoice_id = an_invoice(world, world.northwind, "100.00")
    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_crediting)
        await driver.press(State.choose_credit_mode, mode="amount")
        await driver.press(State.issue_credit_note, form={"amount": "20", "reason": ""})
        await driver.press(State.type_credit_amount, amount="20")

        assert driver.shown(State, "errors")["reason"] == "Say why in a few words."
        assert driver.shown(State, "credit_words") == "Credit €20.00"


@pytest.mark.feature("G10")
async def test_two_who_enter_the_same_credit_are_asked_before_it_is_booked_twice(
    world: World, browse: Browse
):
    place = world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_crediting)
        await driver.press(State.choose_credit_mode, mode="amount")
        await driver.press(State.type_credit_amount, amount="20")
        credit(world, place, invoice_id, an_amount("20"))
        form = {"reason": "Late", "amount": "20"}

        await driver.press(State.issue_credit_note, form=form)
        assert driver.shown(State, "errors")["form"] == (
            "€20.00 of this invoice was credited meanwhile, maybe by a colleague. "
            "Press again to credit this as well."
        )
        assert driver.shown(State, "dialog") == "credit"
        assert driver.shown(State, "credit_lead").endswith("€80.00 left to credit")
        assert driver.shown(State, "credit_amount") == "20"
        assert len(notes(world, place)) == 1

        await driver.press(State.issue_credit_note, form=form)
    assert [note.total_minor for note in notes(world, place)] == [2_000, 2_000]
    assert notes(world, world.kestrel) == []


@pytest.mark.feature("G10")
async def test_two_who_enter_the_same_refund_are_asked_before_it_is_booked_twice(
    world: World, browse: Browse
):
    place = world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    payment_id = pay(world, place, invoice_id, "150").payment_id
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_refunding, payment_id=payment_id)
        refund(world.runtime, place.owner, payment_id, "20")

        await driver.press(State.refund, form={"amount": "20"})
        assert driver.shown(State, "errors")["amount"] == (
            "€20.00 of this payment was refunded meanwhile, maybe by a colleague. "
            "Press again to refund this as well."
        )
        assert driver.shown(State, "dialog") == "refund"
        assert read_payment(world, place, payment_id).refunded_minor == 2_000

        await driver.press(State.refund, form={"amount": "20"})
    assert driver.shown(State, "dialog") == ""
    assert read_payment(world, place, payment_id).refunded_minor == 4_000


@pytest.mark.parametrize(
    ("smtp_url", "words"),
    [
        ("smtp://mail.northwind.example", "The customer gets a mail with the link."),
        (None, "Mail is kept in the mailbox, not sent: no mail server is set up."),
    ],
)
async def test_promises_only_a_mail_that_can_leave(
    world: World, browse: Browse, smtp_url: str | None, words: str
):
    settings = replace(world.runtime.settings, smtp_url=smtp_url)
    runtime.set_current(replace(world.runtime, settings=settings))
    invoice_id = an_invoice(world, world.northwind, is_published=False)
    path = f"/invoices/{invoice_id}"

    async with browse(world.northwind.accounting, path) as driver:
        await driver.press(State.open)
        assert "and mails" in driver.shown(State, "card").publish_hint
        await driver.press(State.publish)

    (notice,) = driver.shown(State, "notices")
    assert notice.words == f"Published. {words}"


async def test_says_before_reminding_that_the_customer_has_promised(
    world: World, browse: Browse
):
    place = world.northwind
    invoice_id = an_invoice(world, place)
    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)
        await driver.press(State.start_reminding)
        assert driver.shown(State, "reminder_hindrance") in (None, "")
        form = {"promised_on": "2026-03-20", "promised_by": "Ann"}
        await driver.press(State.note_promise, form=form)
        await driver.press(State.start_reminding)

    assert driver.shown(State, "reminder_hindrance") == (
        "The customer has promised to pay by 20 March 2026; reminders wait until then."
    )
    assert driver.shown(State, "dialog") == "reminder"


async def test_the_button_says_that_publishing_mails_nobody_yet(
    world: World, browse: Browse
):
    choose(world, world.northwind, notify_on=NotifyOn.SEND)
    invoice_id = an_invoice(world, world.northwind, is_published=False)

    async with browse(world.northwind.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(State.open)

    assert "nobody is mailed yet" in driver.shown(State, "card").publish_hint


async def test_of_a_payment_for_several_each_invoice_shows_its_own_part(
    world: World, browse: Browse
):
    place = world.northwind
    customer_id = a_customer(world, place)
    first, second = (
        an_invoice(world, place, total, customer_id=customer_id)
        for total in ("100.00", "30.00")
    )
    pay(world, place, first, "150.00")
    world.run(place.accounting, allocate_credit, second, "30", 3_000)
    alone = an_invoice(world, world.kestrel, "70.00")
    pay(world, world.kestrel, alone, "70.00")

    shown = []
    for who, invoice_id in (
        (place.accounting, first),
        (place.viewer, second),
        (world.kestrel.viewer, alone),
    ):
        async with browse(who, f"/invoices/{invoice_id}") as driver:
            await driver.press(State.open)
            (line,) = driver.shown(State, "payments")
            shown.append((line.amount, line.whole, line.detail))

    part_of = "part of €150.00"
    assert shown == [
        ("€100.00", part_of, "One payment with INV-00002"),
        ("€30.00", part_of, "One payment with INV-00001"),
        ("$70.00", "", ""),
    ]


async def test_says_what_word_the_customer_reads_where_it_is_another(
    world: World, browse: Browse
):
    place = world.northwind
    due, hidden = (an_invoice(world, place, is_published=x) for x in (True, False))
    elsewhere = an_invoice(world, world.kestrel)
    with world.unit(place.system) as uow:
        portal = PortalSettings(due_word=DueWord.OPEN).to_stored()
        uow.one(select(WorkspaceSettings)).portal = portal

    async def reads(who: Actor, invoice_id: int) -> tuple[str, str]:
        async with browse(who, f"/invoices/{invoice_id}") as driver:
            await driver.press(State.open)
            card = driver.shown(State, "card")
            return card.status, card.reads

    assert await reads(place.accounting, due) == ("Due", "Customer reads “Open”")
    # Nobody reads it yet.
    assert await reads(place.viewer, hidden) == ("Due", "")
    assert await reads(world.kestrel.viewer, elsewhere) == ("Due", "")
    pay(world, place, due, "100.00")
    assert await reads(place.owner, due) == ("Paid", "")
