"""One payment for several invoices, from the choice to the receipts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from billing_app.database.verify import find_broken
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.combined_payment import INVOICES_MAX
from billing_app.domain.document import ReceiptDocument, from_json
from billing_app.domain.errors import (
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.payability import NotPayable
from billing_app.domain.portal_settings import PaymentMode
from billing_app.models import (
    Allocation,
    AuditEntry,
    Invoice,
    IssuedDocument,
    OutboxMessage,
    PaymentAttempt,
    PaymentAttemptPart,
    PortalLink,
)
from billing_app.queries import mailing, portal
from billing_app.queries.accounting import PaymentFilter, list_payments
from billing_app.queries.invoice_detail import read_invoice as read_detail
from billing_app.queries.timeline import read_invoice_timeline
from billing_app.services import invoices, portal_links
from billing_app.services.portal_answers import set_invoice_answer
from billing_app.workflows import pay_online
from billing_app.workflows.pay_online import Chosen
from tests.support.billing import a_customer, all_rows, an_invoice, pay, visitor_of
from tests.support.quarrel import dispute
from tests.support.rows import let_in
from tests.support.till import KEYS, Till, session_id


@pytest.fixture
def customer_id(till: Till) -> int:
    return a_customer(till.world, till.place)


@pytest.fixture
def ids(till: Till, customer_id: int) -> list[int]:
    """Three invoices of 100, 50 and 25, issued a day after each other."""
    found: list[int] = []
    for total in ("100.00", "50.00", "25.00"):
        found.append(till.bill(total, customer_id=customer_id))
        till.world.clock.advance(days=1)
    return found


@pytest.fixture(autouse=True)
def sound(till: Till):
    yield
    assert find_broken(till.runtime.engine, till.world.clock.now) == []


def account(till: Till, customer_id: int, **facts: Any) -> PortalVisitor:
    """Whoever holds the customer's own link."""
    till.world.run(till.place.accounting, portal_links.copy_customer_link, customer_id)
    statement = select(PortalLink).where(
        col(PortalLink.customer_id) == customer_id,
        col(PortalLink.invoice_id).is_(None),
        col(PortalLink.revoked_at).is_(None),
    )
    with till.world.reading(till.system) as uow:
        link = uow.one(statement)
    visitor = PortalVisitor(till.place.workspace_id, customer_id, link.id, None)
    return replace(visitor, **facts)


def start(
    till: Till, customer_id: int, ids: list[int], amount: str = "", **facts: Any
) -> str:
    chosen = Chosen(invoice_ids=tuple(ids), amount_text=amount)
    visitor = account(till, customer_id, **facts)
    return pay_online.start_together(till.runtime, visitor, chosen)


def left(till: Till, ids: list[int]) -> list[int]:
    return [till.outstanding(invoice_id) for invoice_id in ids]


def open_pages(till: Till) -> list[Any]:
    pages = [x.checkout_id for x in till.attempts() if x.checkout_id]
    found = [till.gateway().read_checkout(x) for x in pages]
    return [x for x in found if x.status == "open"]


@pytest.mark.feature("A07", "F093")
class TestStart:
    def test_one_page_for_the_sum(self, till: Till, customer_id: int, ids: list[int]):
        page = start(till, customer_id, ids)

        checkout = till.gateway().read_checkout(session_id(page))
        assert checkout.amount_minor == 17_500
        assert [x.amount_minor for x in till.attempts()] == [17_500]
        parts = all_rows(till.world, till.place, PaymentAttemptPart)
        assert [(x.invoice_id, x.amount_minor) for x in parts] == [
            (ids[0], 10_000),
            (ids[1], 5_000),
            (ids[2], 2_500),
        ]

    @pytest.mark.feature("F104")
    def test_a_declined_card_is_in_the_story_of_each(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "decline")
        till.settle_down()

        for invoice_id, amount in zip(ids, (17_500, 5_000, 2_500), strict=True):
            found = till.world.run(till.place.viewer, read_invoice_timeline, invoice_id)
            declined = [x for x in found.entries if "gave no reason" in x.detail]
            assert [x.amount_minor for x in declined] == [amount]
        assert left(till, ids) == [10_000, 5_000, 2_500]

    def test_the_page_says_how_many(self, till: Till, customer_id: int, ids: list[int]):
        page = start(till, customer_id, ids)

        assert "3 invoices: INV-00001, INV-00002, INV-00003" in httpx.get(page).text

    def test_an_amount_pays_the_oldest_first(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        start(till, customer_id, ids, "120")

        parts = all_rows(till.world, till.place, PaymentAttemptPart)
        assert [(x.invoice_id, x.amount_minor) for x in parts] == [
            (ids[0], 10_000),
            (ids[1], 2_000),
        ]

    def test_the_whole_balance_leaves_out_what_can_not_be_paid(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        dispute(till.world, till.place, ids[1], "50.00")
        visitor = account(till, customer_id)

        page = pay_online.start_together(till.runtime, visitor, Chosen(currency="EUR"))

        checkout = till.gateway().read_checkout(session_id(page))
        assert checkout.amount_minor == 12_500

    def test_asking_again_gives_the_same_page(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        again = {start(till, customer_id, ids) for _ in range(3)}

        assert len(again) == 1
        assert len(till.attempts()) == 1

    def test_one_invoice_is_an_attempt_without_parts(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        start(till, customer_id, [ids[1], ids[1]])

        assert all_rows(till.world, till.place, PaymentAttemptPart) == []
        assert [x.invoice_id for x in till.attempts()] == [ids[1]]

    @pytest.mark.feature("F092")
    def test_pages_that_overlap_are_closed_first(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        """Four single pages and a pair give way to one page for all."""
        for invoice_id in ids:
            till.start(invoice_id, "20")

        start(till, customer_id, ids)

        assert [x.amount_minor for x in open_pages(till)] == [17_500]
        till.start(ids[2], "25")
        assert [x.amount_minor for x in open_pages(till)] == [2_500]


@pytest.mark.feature("F011", "F100")
class TestRefusals:
    def test_an_invoice_of_another_customer(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        other = till.bill("1.00", customer_id=a_customer(till.world, till.place, "B"))

        with pytest.raises(NotFound):
            start(till, customer_id, [*ids, other])
        assert till.attempts() == []

    def test_an_invoice_of_another_workspace(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        strange = an_invoice(till.world, till.world.kestrel, "1.00")

        with pytest.raises(NotFound):
            start(till, customer_id, [*ids, strange + 1_000, 0, -1])
        with pytest.raises(NotFound):
            start(till, customer_id, [strange])

    def test_a_draft_or_one_that_is_not_published(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        hidden = till.bill("9.00", customer_id=customer_id, is_published=False)

        with pytest.raises(NotFound):
            start(till, customer_id, [*ids, hidden])

    def test_another_currency(self, till: Till, customer_id: int, ids: list[int]):
        dollars = till.bill("9.00", customer_id=customer_id, currency="USD")

        with pytest.raises(InvalidInput, match="one currency"):
            start(till, customer_id, [*ids, dollars])

    def test_one_invoice_a_thousand_times_is_paid_once(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        page = start(till, customer_id, [ids[0]] * 1_000)

        assert till.gateway().read_checkout(session_id(page)).amount_minor == 10_000

    def test_more_than_one_payment_carries(self, till: Till, customer_id: int):
        with pytest.raises(LimitReached, match=f"Up to {INVOICES_MAX} invoices"):
            start(till, customer_id, list(range(1, 1_001)))

    @pytest.mark.parametrize("amount", ["0", "-1", "175.01", "1e9", "NaN"])
    def test_an_amount_that_does_not_fit(
        self, till: Till, customer_id: int, ids: list[int], amount: str
    ):
        with pytest.raises(InvalidInput):
            start(till, customer_id, ids, amount)
        assert till.attempts() == []

    def test_the_link_of_one_invoice_opens_no_other(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        narrow = visitor_of(till.world, till.place, ids[0])

        with pytest.raises(NotFound):
            pay_online.start_together(
                till.runtime, narrow, Chosen(invoice_ids=tuple(ids))
            )
        with pytest.raises(NotFound):
            pay_online.start_together(till.runtime, narrow, Chosen(currency="EUR"))

    @pytest.mark.parametrize("facts", [{"may_pay": False}, {"is_preview": True}])
    def test_who_may_only_look(
        self, till: Till, customer_id: int, ids: list[int], facts: dict[str, bool]
    ):
        with pytest.raises(NotPermitted):
            start(till, customer_id, ids, **facts)

    def test_a_page_closes_when_one_of_its_invoices_is_not_paid_online_any_more(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        start(till, customer_id, ids)
        place = till.place
        till.world.run(place.accounting, set_invoice_answer, ids[-1], "payment", "off")

        for message in all_rows(till.world, place, OutboxMessage):
            if message.topic == "stripe.expire_checkout":
                attempt_id = message.details["attempt_id"]
                pay_online.expire_checkout(till.runtime, till.system, attempt_id)

        assert open_pages(till) == []

    def test_a_revoked_link(self, till: Till, customer_id: int, ids: list[int]):
        visitor = account(till, customer_id)
        actor = till.place.accounting
        till.world.run(actor, portal_links.revoke_customer_links, customer_id)

        with pytest.raises(NotFound):
            pay_online.start_together(
                till.runtime, visitor, Chosen(invoice_ids=tuple(ids))
            )

    @pytest.mark.feature("F085", "F098")
    def test_the_answer_of_one_invoice_counts(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        """The workspace takes payments online, this one invoice does not."""
        with till.world.unit(till.system) as uow:
            uow.get(Invoice, ids[1]).portal = {"payment": PaymentMode.OFF}

        with pytest.raises(NotPayable, match="INV-00002: This invoice can't be paid"):
            start(till, customer_id, ids)
        assert start(till, customer_id, [ids[0], ids[2]])

    def test_the_minimum_of_one_invoice_counts(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        with till.world.unit(till.system) as uow:
            uow.get(Invoice, ids[1]).portal = {"allows_partial": False}

        with pytest.raises(InvalidInput, match="INV-00002 can only be paid in full"):
            start(till, customer_id, ids, "120")
        assert start(till, customer_id, ids, "150")


@pytest.mark.feature("A07")
class TestSettle:
    def test_one_payment_pays_each_its_part(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "card")
        till.settle_down()

        assert left(till, ids) == [0, 0, 0]
        (payment,) = till.payments()
        assert (payment.amount_minor, payment.allocated_minor) == (17_500, 17_500)
        rows = all_rows(till.world, till.place, Allocation)
        assert [(x.invoice_id, x.amount_minor) for x in rows] == [
            (ids[0], 10_000),
            (ids[1], 5_000),
            (ids[2], 2_500),
        ]

    def test_what_was_paid_meanwhile_becomes_credit(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        """50 of INV-2 came by transfer: its part is credit, and stands on a receipt."""
        page = start(till, customer_id, ids)
        pay(till.world, till.place, ids[1], "50")
        till.press(page, "card")
        till.settle_down()

        payment = next(x for x in till.payments() if x.provider)
        assert (payment.amount_minor, payment.allocated_minor) == (17_500, 12_500)
        assert left(till, ids) == [0, 0, 0]
        receipts = [
            from_json(ReceiptDocument, x.content)
            for x in all_rows(till.world, till.place, IssuedDocument)
            if x.payment_id == payment.id
        ]
        assert [(x.amount_minor, x.credit_minor) for x in receipts] == [
            (10_000, 0),
            (5_000, 5_000),
            (2_500, 0),
        ]

    def test_a_void_invoice_takes_nothing(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        page = start(till, customer_id, ids)
        till.world.run(till.place.accounting, invoices.void, ids[0], "Typed twice")
        till.press(page, "card")
        till.settle_down()

        (payment,) = till.payments()
        assert payment.amount_minor - payment.allocated_minor == 10_000
        assert left(till, ids) == [0, 0, 0]

    def test_any_number_of_reports_book_once(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        page = start(till, customer_id, ids)
        till.press(page, "card")
        visitor = account(till, customer_id)
        for _ in range(3):
            pay_online.finish(till.runtime, visitor, session_id(page))
        till.settle_down()

        assert len(till.payments()) == 1

    def test_a_refund_takes_it_back_latest_first(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "card")
        till.settle_down()
        (payment,) = till.payments()
        charged = payment.provider_payment_id
        till.gateway().refund(charged, 6_000, "EUR", idempotency_key="refund-1")
        till.settle_down()

        assert left(till, ids) == [0, 3_500, 2_500]

    def test_another_amount_is_held(self, till: Till, customer_id: int, ids: list[int]):
        page = start(till, customer_id, ids)
        with till.world.unit(till.system) as uow:
            guards = [
                let_in(uow, "payment_attempt_kept", "payment_attempt"),
                let_in(uow, "payment_attempt_part_kept", "payment_attempt_part"),
            ]
            for part in uow.all(select(PaymentAttemptPart)):
                part.amount_minor += 1
            uow.get(PaymentAttempt, 1).amount_minor += 3
            for put_back in guards:
                put_back()
        till.press(page, "card")
        till.settle_down()

        assert [x.status for x in till.payments()] == ["held"]
        assert left(till, ids) == [10_000, 5_000, 2_500]

    @pytest.mark.feature("F067")
    def test_every_invoice_has_it_in_its_story(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "card")
        till.settle_down()

        told = all_rows(till.world, till.place, AuditEntry)
        paid = [
            (x.invoice_id, x.event, x.details["amount_minor"])
            for x in told
            if x.event in ("payment_settled", "payment_shared")
        ]
        assert sorted(paid) == [
            (ids[0], "payment_settled", 17_500),
            (ids[1], "payment_shared", 5_000),
            (ids[2], "payment_shared", 2_500),
        ]

    def test_one_mail_lists_the_invoices_and_each_has_its_receipt(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "card")
        till.settle_down()

        promised = all_rows(till.world, till.place, OutboxMessage)
        topics = [x.topic for x in promised]
        assert topics.count("mail.receipt") == 1
        assert topics.count("pdf.render_receipt") == 3
        receipts = till.world.run(till.system, mailing.list_receipts, 1)
        assert [x.invoice_number for x in receipts] == [
            "INV-00001",
            "INV-00002",
            "INV-00003",
        ]
        assert {x.whole_minor for x in receipts} == {17_500}

    @pytest.mark.feature("F038")
    def test_staff_see_that_one_payment_paid_several(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "card")
        till.settle_down()

        viewer = till.place.viewer
        found = till.world.run(viewer, list_payments, PaymentFilter())
        (row,) = found.page.rows
        assert [x.id for x in row.invoices] == ids
        detail = till.world.run(viewer, read_detail, ids[1])
        (payment,) = detail.payments
        assert (payment.amount_minor, payment.allocated_minor) == (17_500, 5_000)
        assert payment.others == ("INV-00001", "INV-00003")
        told = till.world.run(viewer, read_invoice_timeline, ids[1]).entries
        assert ("Paid online together with other invoices", 5_000) in {
            (x.text, x.amount_minor) for x in told
        }
        assert "one payment for 3 invoices" in {x.detail for x in told}


class TestDebit:
    @pytest.mark.feature("G06")
    def test_holds_each_invoice_by_its_part(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids, "120"), "bank")
        till.settle_down()

        coming = [till.invoice(x).processing_minor for x in ids]
        assert coming == [10_000, 2_000, 0]
        with pytest.raises(NotPayable, match="being processed"):
            start(till, customer_id, ids)

    def test_the_holder_of_one_link_sees_the_part_only(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids, "120"), "bank")
        till.settle_down()

        for invoice_id, minor in zip(ids, (10_000, 2_000), strict=False):
            visitor = visitor_of(till.world, till.place, invoice_id)
            facts = till.world.run(visitor, portal.read_invoice).facts
            assert [x.amount_minor for x in facts.debits] == [minor]

    def test_frees_them_when_it_comes_back(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        till.press(start(till, customer_id, ids), "bank")
        till.settle_down()
        with till.sandbox.working() as books:
            book = books[KEYS[till.place.workspace_id]]
            book.return_debit(str(till.attempts()[0].provider_payment_id))
        till.settle_down()

        assert [till.invoice(x).processing_minor for x in ids] == [0, 0, 0]
        assert {x.status for x in till.attempts()} == {AttemptStatus.FAILED}


class TestOpenPages:
    """Whatever changes at any of the invoices closes the page for all of them."""

    def promised(self, till: Till) -> list[int]:
        return [
            x.details["attempt_id"]
            for x in all_rows(till.world, till.place, OutboxMessage)
            if x.topic == "stripe.expire_checkout"
        ]

    @pytest.mark.parametrize("which", [0, 1, 2])
    def test_a_payment(self, till: Till, customer_id: int, ids: list[int], which: int):
        start(till, customer_id, ids)
        pay(till.world, till.place, ids[which], "10")

        assert self.promised(till) == [1]

    @pytest.mark.parametrize("which", [0, 2])
    def test_made_void(self, till: Till, customer_id: int, ids: list[int], which: int):
        start(till, customer_id, ids)
        till.world.run(till.place.accounting, invoices.void, ids[which], "Wrong")

        assert self.promised(till) == [1]

    @pytest.mark.parametrize("which", [0, 2])
    def test_a_dispute_of_whoever_holds_one_link(
        self, till: Till, customer_id: int, ids: list[int], which: int
    ):
        start(till, customer_id, ids)
        dispute(till.world, till.place, ids[which], "10.00")

        assert self.promised(till) == [1]

    @pytest.mark.feature("F007")
    @pytest.mark.parametrize("which", [0, 2])
    def test_the_link_of_an_invoice(
        self, till: Till, customer_id: int, ids: list[int], which: int
    ):
        start(till, customer_id, ids)
        till.world.run(till.place.accounting, portal_links.revoke_links, ids[which])

        assert self.promised(till) == [1]

    def test_the_customers_link(self, till: Till, customer_id: int, ids: list[int]):
        start(till, customer_id, ids)
        actor = till.place.accounting
        till.world.run(actor, portal_links.revoke_customer_links, customer_id)

        assert self.promised(till) == [1]

    def test_a_page_that_is_paid_all_the_same_is_booked(
        self, till: Till, customer_id: int, ids: list[int]
    ):
        page = start(till, customer_id, ids)
        till.press(page, "card")
        pay(till.world, till.place, ids[0], "100")
        for attempt_id in self.promised(till):
            pay_online.expire_checkout(till.runtime, till.system, attempt_id)

        online = next(x for x in till.payments() if x.provider)
        assert online.amount_minor == 17_500
        assert online.allocated_minor == 7_500
