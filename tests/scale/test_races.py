"""Several people at once, with real threads: each thing happens exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import col, select

from billing_app.database import inbox
from billing_app.database.inbox import Arrival
from billing_app.database.verify import find_broken
from billing_app.domain.billable_event import Grouping
from billing_app.domain.draft import DraftForm, LineForm, read_draft
from billing_app.domain.errors import BillingError, TotalChanged
from billing_app.domain.numbering import Reset
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_settings import CardForm
from billing_app.models import (
    BillableEvent,
    InboundEvent,
    Invoice,
    IssuedDocument,
    Payment,
)
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.queries.settings import list_taxes, read_documents
from billing_app.services import (
    credit_notes,
    drafts,
    invoices,
    online_payments,
    payments,
)
from billing_app.services.billable_events import record_events
from billing_app.services.customers import CustomerForm, change_customer
from billing_app.services.settings import DocumentsForm, change_documents
from billing_app.services.taxes import TaxForm, change_tax
from billing_app.workflows import pay_online
from tests.support.billing import (
    a_customer,
    a_form,
    all_rows,
    an_event,
    an_invoice,
    outstanding,
    pay,
    visitor_of,
)
from tests.support.credit import a_mixed_invoice, an_amount, credit, notes, whole
from tests.support.numbers import a_coded_customer, code_of, issue_for, number_by
from tests.support.story import a_report, an_attempt, tell_a_story
from tests.workflows.test_card_form import begin, confirm, finish

THREADS = 8

Act = Callable[[], Any]


def at_once(acts: Sequence[Act]) -> list[Any]:
    """Do everything at the same moment; a refusal is a result."""
    start = Barrier(len(acts))

    def run(act: Act) -> Any:
        start.wait(10)
        try:
            return act()
        except BillingError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refused(results: list[Any]) -> int:
    return sum(isinstance(result, BillingError) for result in results)


@pytest.fixture
def world(anywhere):
    yield anywhere
    assert find_broken(anywhere.runtime.engine, anywhere.clock.now) == []


@pytest.fixture
def place(world):
    return world.northwind


def test_every_rule_holds_after_a_whole_story(world, place):
    tell_a_story(world, place)

    assert len(all_rows(world, place, Payment)) == 6


@pytest.mark.feature("R06")
def test_numbers_have_no_gap_and_no_double(world, place):
    customer_id = a_customer(world, place)
    line = LineForm(name="Charter flight", unit_price="10")
    saved = [
        world.run(
            place.accounting, drafts.create_draft, DraftForm(customer_id, lines=(line,))
        )
        for _ in range(3 * THREADS)
    ]

    def issue(draft):
        return world.run(
            place.accounting, invoices.issue, draft.invoice_id, draft.version
        )

    for batch in (saved[:THREADS], saved[THREADS : 2 * THREADS], saved[2 * THREADS :]):
        at_once([lambda draft=draft: issue(draft) for draft in batch])

    numbers = sorted(x.number for x in all_rows(world, place, Invoice))
    assert numbers == [f"INV-{n:05}" for n in range(1, 3 * THREADS + 1)]


def test_a_year_that_begins_for_all_at_once_begins_once(world, place):
    """Some date theirs in the old year: two counters, each without gap or double."""
    page = world.run(place.owner, read_documents)
    form = DocumentsForm(
        pattern="{year}-{counter:3}",
        reset=Reset.YEAR,
        next_value="1",
        receipt_pattern=page.receipt_pattern,
        credit_note_pattern=page.credit_note_pattern,
        net_days="14",
    )
    world.run(place.owner, change_documents, page.version, form)
    world.clock.now = datetime(2027, 1, 1, 9, tzinfo=UTC)
    customer_id = a_customer(world, place)
    line = LineForm(name="Charter flight", unit_price="10")
    days = ("2026-12-31", "2027-01-01") * THREADS
    saved = [
        world.run(
            place.accounting,
            drafts.create_draft,
            DraftForm(customer_id, issued_on=day, lines=(line,)),
        )
        for day in days
    ]

    def issue(draft):
        return world.run(
            place.accounting, invoices.issue, draft.invoice_id, draft.version
        )

    for batch in (saved[:THREADS], saved[THREADS:]):
        at_once([lambda draft=draft: issue(draft) for draft in batch])

    numbers = sorted(x.number for x in all_rows(world, place, Invoice))
    assert numbers == [
        f"{year}-{n:03}" for year in (2026, 2027) for n in range(1, THREADS + 1)
    ]


def test_each_customers_numbers_have_no_gap_and_no_double(world, place):
    """None has a code yet, two are called the same, and their codes change meanwhile.

    A code either changes before its first number or not at all.
    """
    number_by(
        world,
        place,
        pattern="{customer}-{year}.{counter}",
        reset=Reset.YEAR,
        credit_note_pattern="CN/{customer}/{counter}",
    )
    customers = [a_coded_customer(world, place, x) for x in ("Same", "Same", "Other")]
    credited = [an_invoice(world, place, customer_id=x) for x in customers[:2]]
    typed = [a_coded_customer(world, place, "Typed", f"T{n}") for n in range(2)]
    acts = [
        *(partial(issue_for, world, place, x) for x in (*customers, *typed) * 2),
        *(partial(credit, world, place, x, whole()) for x in credited),
        *(
            partial(
                world.run,
                place.accounting,
                change_customer,
                customer_id,
                CustomerForm(name="Typed", number_code=f"N{place_}"),
            )
            for place_, customer_id in enumerate(typed)
        ),
    ]

    at_once(acts)

    taken: dict[str, list[int]] = {}
    for row in (*all_rows(world, place, Invoice), *notes(world, place)):
        taken.setdefault(row.series_code, []).append(row.series_value)
        code = code_of(world, place, row.customer_id)
        assert row.series_code in (f"i@{code}:2026", f"c@{code}")
    assert all(sorted(x) == list(range(1, len(x) + 1)) for x in taken.values())
    assert sum(len(x) for x in taken.values()) == 14
    assert len(taken) == 7


def test_one_draft_is_issued_once(world, place):
    line = LineForm(name="Charter flight", unit_price="10")
    form = DraftForm(a_customer(world, place), lines=(line,))
    draft = world.run(place.accounting, drafts.create_draft, form)

    results = at_once(
        [
            lambda: world.run(
                place.accounting, invoices.issue, draft.invoice_id, draft.version
            )
        ]
        * THREADS
    )

    assert refused(results) == THREADS - 1


def test_what_is_issued_while_its_tax_changes_is_what_was_shown(world, place):
    """1,000.00 at 21 %, eight times, and one who makes it 9 % in the middle."""
    tax_id = next(
        x.tax_id for x in world.run(place.admin, list_taxes) if x.name == "VAT 21 %"
    )
    line = LineForm(name="Hall", unit_price="1000", tax_id=str(tax_id))
    form = DraftForm(a_customer(world, place), lines=(line,))
    made = [
        world.run(place.accounting, drafts.create_draft, form) for _ in range(THREADS)
    ]
    with world.reading(place.accounting) as uow:
        shown = read_draft(form, "EUR", read_rules(uow, read_settings(uow))).totals
    issues = [
        partial(
            world.run, place.accounting, invoices.issue, x.invoice_id, x.version, shown
        )
        for x in made
    ]
    lower = TaxForm("VAT 21 %", "S", "9", is_default=True)
    change = partial(world.run, place.admin, change_tax, tax_id, lower)

    results = at_once([*issues[:4], change, *issues[4:]])

    after = {x.id: (x.state, x.total_minor) for x in all_rows(world, place, Invoice)}
    assert set(after.values()) <= {("draft", 1_210_00), ("issued", 1_210_00)}
    changed = [x for x in results if isinstance(x, TotalChanged)]
    assert len(changed) == refused(results)
    assert len(changed) == sum(state == "draft" for state, _ in after.values())


def test_two_drafts_never_bill_the_same_event(world, place):
    """Eight drafts want overlapping events, each takes all it wants or nothing."""
    customer_id = a_customer(world, place)
    world.run(
        place.operations,
        record_events,
        [an_event(customer_id, f"S-{n}", world.clock.now) for n in range(THREADS + 1)],
    )
    ids = [event.id for event in all_rows(world, place, BillableEvent)]
    form = DraftForm(customer_id)
    made = [
        world.run(place.accounting, drafts.create_draft, form) for _ in range(THREADS)
    ]

    results = at_once(
        [
            lambda draft=draft, two=ids[n : n + 2]: world.run(
                place.accounting,
                drafts.bill_events,
                draft.invoice_id,
                draft.version,
                two,
                Grouping.EACH,
            )
            for n, draft in enumerate(made)
        ]
    )

    taken = [x.invoice_id for x in all_rows(world, place, BillableEvent)]
    billed = {x.invoice_id for x in results if not isinstance(x, BillingError)}
    assert refused(results) > 0
    assert {taken.count(invoice_id) for invoice_id in billed} == {2}
    assert set(taken) - {None} == billed


@pytest.mark.feature("F092")
def test_payments_at_once_never_pay_more_than_is_owed(world, place):
    """Eight times 60 on an invoice of 100: 100 is allocated, 380 is credit."""
    invoice_id = an_invoice(world, place, "100.00")

    at_once(
        [
            lambda key=key: pay(
                world, place, invoice_id, "60", request_key=f"form-{key}"
            )
            for key in range(THREADS)
        ]
    )

    rows = all_rows(world, place, Payment)
    assert len(rows) == THREADS
    assert sum(x.allocated_minor for x in rows) == 10_000
    assert outstanding(world, place, invoice_id) == 0


def test_a_form_sent_by_many_hands_records_once(world, place):
    invoice_id = an_invoice(world, place, "100.00")
    form = a_form(world, "100", request_key="form-1")

    results = at_once(
        [lambda: world.run(place.accounting, payments.record_payment, invoice_id, form)]
        * THREADS
    )

    assert len(set(results)) == 1
    assert len(all_rows(world, place, Payment)) == 1


def test_a_payment_by_hand_and_a_webhook_at_once(world, place):
    """100 by hand and 100 by card on an invoice of 100: one of them is credit."""
    invoice_id = an_invoice(world, place, "100.00")
    attempt_id = an_attempt(world, place, invoice_id, 10_000)
    told = a_report(world, attempt_id, AttemptStatus.SUCCEEDED, 10_000)

    at_once(
        [
            lambda: pay(world, place, invoice_id, "100"),
            lambda: world.run(
                place.system, online_payments.apply_report, attempt_id, told
            ),
        ]
    )

    rows = all_rows(world, place, Payment)
    assert sorted(x.allocated_minor for x in rows) == [0, 10_000]
    assert outstanding(world, place, invoice_id) == 0


@pytest.mark.feature("F092")
def test_two_full_payments_online_at_once(world, place):
    """Both pages were paid: one pays the invoice, the other is credit."""
    invoice_id = an_invoice(world, place, "100.00")
    attempts = [an_attempt(world, place, invoice_id, 10_000) for _ in range(2)]

    at_once(
        [
            lambda attempt_id=attempt_id: world.run(
                place.system,
                online_payments.apply_report,
                attempt_id,
                a_report(world, attempt_id, AttemptStatus.SUCCEEDED, 10_000),
            )
            for attempt_id in attempts
        ]
    )

    rows = all_rows(world, place, Payment)
    assert sorted(x.allocated_minor for x in rows) == [0, 10_000]
    assert all(x.status == "settled" for x in rows)


def test_one_report_from_every_side_books_once(world, place):
    invoice_id = an_invoice(world, place, "100.00")
    attempt_id = an_attempt(world, place, invoice_id, 10_000)
    told = a_report(world, attempt_id, AttemptStatus.SUCCEEDED, 10_000)

    at_once(
        [
            lambda: world.run(
                place.system, online_payments.apply_report, attempt_id, told
            )
        ]
        * THREADS
    )

    receipts = [
        x for x in all_rows(world, place, IssuedDocument) if x.kind == "receipt"
    ]
    assert len(all_rows(world, place, Payment)) == 1
    assert [x.number for x in receipts] == ["RCT-00001"]


def test_batches_of_the_same_reports_in_any_order_book_each_once(world, place):
    """Half of the threads book all forwards, half backwards; staff pay meanwhile."""
    invoice_ids = [an_invoice(world, place, "100.00") for _ in range(5)]
    reports = [
        (attempt_id, a_report(world, attempt_id, AttemptStatus.SUCCEEDED, 10_000))
        for attempt_id in (an_attempt(world, place, x, 10_000) for x in invoice_ids)
    ]

    def book(several):
        with world.unit(place.system) as uow:
            online_payments.apply_all(uow, several)

    batches = [reports, reports[::-1]] * (THREADS // 2)
    by_hand = [lambda x=x: pay(world, place, x, "100") for x in invoice_ids]
    at_once([*[lambda several=several: book(several) for several in batches], *by_hand])

    rows = all_rows(world, place, Payment)
    assert len(rows) == 2 * len(invoice_ids)
    assert sum(x.allocated_minor for x in rows) == 10_000 * len(invoice_ids)
    assert all(outstanding(world, place, x) == 0 for x in invoice_ids)


@pytest.mark.feature("G08")
def test_several_rests_and_single_payments_at_once_wait_for_no_ring(world, place):
    """Each payment holds its invoice and wants a receipt's number, as they all do."""
    ids = [an_invoice(world, place, "100.00") for _ in range(THREADS)]
    day = f"{world.clock.now:%Y-%m-%d}"

    def mark(key):
        form = payments.RestForm(day, "check", request_key=key)
        seen = {x: outstanding(world, place, x) for x in ids}
        fates = world.run(place.accounting, payments.record_rests, seen, form)
        return [x.payment_id for x in fates if x.payment_id]

    for amount in range(1, 6):
        acts = [lambda x=x, y=amount: pay(world, place, x, f"{y}") for x in ids[1:]]
        ring = [lambda y=amount: mark(f"press-{y}"), *acts]
        made, *others = at_once(ring)
        assert refused(others) == 0
        back = [
            lambda y=made: world.run(place.accounting, payments.reverse_many, y, "Oops")
        ]
        at_once([*back, *acts])

    rows = all_rows(world, place, Payment)
    assert sum(x.status == "settled" for x in rows) == 2 * 5 * (THREADS - 1)


def test_one_webhook_delivered_at_once_is_stored_once(world, place):
    arrival = Arrival("evt_1", "checkout.session.completed", "cs_1", False, "{}")

    def accept():
        with world.unit(place.system) as uow:
            return inbox.accept(uow, arrival)

    results = at_once([accept] * THREADS)

    assert sum(result is not None for result in results) == 1
    assert len(all_rows(world, place, InboundEvent)) == 1
    with world.unit(place.system) as uow:
        event_id = uow.one(select(col(InboundEvent.id)))
        assert inbox.finish(uow, event_id, inbox.InboundStatus.HANDLED)
        assert not inbox.finish(uow, event_id, inbox.InboundStatus.HANDLED)


def test_of_two_reversals_exactly_one_succeeds(world, place):
    """N payments reversed by 2N threads: N succeed, N are refused."""
    invoice_id = an_invoice(world, place, "100.00")
    ids = [pay(world, place, invoice_id, "10").payment_id for _ in range(THREADS // 2)]

    results = at_once(
        [
            lambda payment_id=payment_id: world.run(
                place.accounting, payments.reverse_payment, payment_id, "Bounced"
            )
            for payment_id in ids * 2
        ]
    )

    assert refused(results) == len(ids)
    assert outstanding(world, place, invoice_id) == 10_000


def test_credit_is_spent_once(world, place):
    """50 of credit, eight invoices that want it: exactly one gets it."""
    customer_id = a_customer(world, place)
    first = an_invoice(world, place, "100", customer_id=customer_id)
    pay(world, place, first, "150")
    wanting = [
        an_invoice(world, place, "50", customer_id=customer_id) for _ in range(THREADS)
    ]

    results = at_once(
        [
            lambda invoice_id=invoice_id: world.run(
                place.accounting, payments.allocate_credit, invoice_id, "50", 5_000
            )
            for invoice_id in wanting
        ]
    )

    assert refused(results) == THREADS - 1


def test_void_and_payment_at_once_leave_one_of_them(world, place):
    invoice_id = an_invoice(world, place, "100.00")

    results = at_once(
        [
            lambda: pay(world, place, invoice_id, "100"),
            lambda: world.run(
                place.accounting, invoices.void, invoice_id, "Typed twice"
            ),
        ]
    )

    assert refused(results) == 1


class TestPaymentPages:
    """With the stand-in Stripe: many people press Pay now for one invoice."""

    def open_pages(self, till):
        ids = [x.checkout_id for x in till.attempts() if x.checkout_id]
        checkouts = [till.gateway().read_checkout(x) for x in ids]
        return [x for x in checkouts if x.status == "open"]

    @pytest.mark.parametrize(
        "amounts", [["100"] * 4, ["100", "99", "98", "97"]], ids=["same", "different"]
    )
    def test_at_most_one_page_stays_open(self, till, amounts):
        invoice_id = till.bill("100.00")

        results = at_once(
            [lambda amount=amount: till.start(invoice_id, amount) for amount in amounts]
        )

        assert len(self.open_pages(till)) <= 1
        assert refused(results) < len(amounts)

    def test_whatever_was_paid_is_kept(self, till):
        invoice_id = till.bill("100.00")
        results = at_once(
            [
                lambda amount=amount: till.start(invoice_id, amount)
                for amount in ("100", "60")
            ]
        )
        pages = [page for page in results if isinstance(page, str)]

        at_once([lambda page=page: till.press(page, "card") for page in set(pages)])
        till.settle_down()

        came = sum(x.amount_minor for x in till.payments())
        assert came >= 6_000
        assert till.outstanding(invoice_id) == max(0, 10_000 - came)
        assert find_broken(till.runtime.engine, till.world.clock.now) == []


class TestCardForms:
    """Card forms on our page beside Stripe's pages, for one invoice."""

    @pytest.fixture
    def cards(self, till):
        till.set_portal(card_form=CardForm.EMBEDDED)
        return till

    def payable(self, till):
        ids = [x.checkout_id or x.intent_id for x in till.attempts()]
        checkouts = [till.gateway().read_checkout(x) for x in ids if x]
        return [x for x in checkouts if x.status == "open"]

    def test_at_most_one_way_to_pay_stays_open(self, cards):
        invoice_id = cards.bill("100.00")

        results = at_once(
            [
                lambda: cards.start(invoice_id, "100"),
                lambda: begin(cards, invoice_id, "100"),
                lambda: begin(cards, invoice_id, "60"),
            ]
        )

        assert len(self.payable(cards)) <= 1
        assert refused(results) < len(results)

    def test_one_payment_from_every_side_books_once(self, cards):
        """The webhook, the browser that comes back, and a change of mind."""
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id, "100")
        visitor = visitor_of(cards.world, cards.place, invoice_id)
        confirm(cards, card)

        at_once(
            [
                lambda: finish(cards, invoice_id, card),
                lambda: pay_online.cancel(cards.runtime, visitor, card.checkout_id),
                cards.settle_down,
                cards.settle_down,
            ]
        )

        assert [x.amount_minor for x in cards.payments()] == [10_000]
        assert cards.outstanding(invoice_id) == 0

    def test_paid_and_canceled_at_once_is_one_of_them(self, cards):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id, "100")
        visitor = visitor_of(cards.world, cards.place, invoice_id)

        paid, _ = at_once(
            [
                lambda: confirm(cards, card),
                lambda: pay_online.cancel(cards.runtime, visitor, card.checkout_id),
            ]
        )
        cards.settle_down()

        left = 0 if paid.status_code == 200 else 10_000
        assert cards.outstanding(invoice_id) == left
        assert len(cards.payments()) == (left == 0)


@pytest.mark.feature("G10")
class TestCreditNotes:
    def test_credits_at_once_never_take_more_than_was_billed(self, world, place):
        """Eight times 60 of 195.50: three fit, the rest is refused."""
        invoice_id = a_mixed_invoice(world, place)

        results = at_once(
            [lambda: credit(world, place, invoice_id, an_amount("60"))] * THREADS
        )

        assert refused(results) == THREADS - 3
        assert outstanding(world, place, invoice_id) == 1_550
        numbers = sorted(x.number for x in notes(world, place))
        assert numbers == ["CN-00001", "CN-00002", "CN-00003"]

    def test_the_same_press_at_once_is_one_credit_note(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        issued = at_once(
            [lambda: credit(world, place, invoice_id, whole(request_key="one"))]
            * THREADS
        )

        assert len({x.number for x in issued}) == len(notes(world, place)) == 1

    def test_a_payment_at_the_same_moment_is_never_lost(self, world, place):
        """Whoever comes first: 100 is credited, 100 came, all of it is credit."""
        invoice_id = an_invoice(world, place, "100.00")

        results = at_once(
            [
                lambda: credit(world, place, invoice_id),
                lambda: pay(world, place, invoice_id, "100"),
            ]
        )

        assert refused(results) == 0
        (payment,) = all_rows(world, place, Payment)
        assert (payment.amount_minor, payment.allocated_minor) == (10_000, 0)
        assert outstanding(world, place, invoice_id) == 0

    def test_two_invoices_paid_by_the_same_money_are_credited_at_once(
        self, world, place
    ):
        customer_id = a_customer(world, place)
        first = an_invoice(world, place, "60.00", customer_id=customer_id)
        second = an_invoice(world, place, "40.00", customer_id=customer_id)
        pay(world, place, first, "100")
        world.run(place.accounting, payments.allocate_credit, second, "40", 4_000)

        results = at_once(
            [lambda x=x: credit(world, place, x) for x in (first, second)]
        )

        assert refused(results) == 0
        assert all_rows(world, place, Payment)[0].allocated_minor == 0

    def test_it_is_credited_or_void_but_not_both(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")

        results = at_once(
            [
                lambda: credit(world, place, invoice_id),
                lambda: world.run(
                    place.accounting, invoices.void, invoice_id, "Typed twice"
                ),
            ]
        )

        assert refused(results) == 1

    def test_it_is_replaced_once(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")

        results = at_once(
            [
                lambda: world.run(
                    place.accounting, credit_notes.reissue, invoice_id, "Wrong rate"
                )
            ]
            * THREADS
        )

        assert refused(results) == THREADS - 1
