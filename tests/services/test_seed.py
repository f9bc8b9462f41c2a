"""Seeded rows are what the services would have written, and they add up."""

from collections import Counter
from typing import Any

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.draft import form_from_json
from billing_app.domain.samples import sample_customer
from billing_app.models import (
    Allocation,
    AuditEntry,
    Customer,
    Invoice,
    IssuedDocument,
    LedgerEntry,
    LineItem,
    NumberSeries,
    Payment,
    PortalLink,
)
from billing_app.services import drafts, invoices
from billing_app.services.payments import RecordPaymentForm, record_payment
from billing_app.workflows.seed import seed
from tests.support.billing import all_rows, an_invoice
from tests.support.numbers import number_by
from tests.support.world import START, World

# What differs between two invoices that are otherwise the same.
OWN = {"id", "number", "number_key", "series_value", "source_id", "version", "content"}
OWN |= {"content_digest", "invoice_id", "payment_id", "request_key", "journal"}


@pytest.fixture
def seeded(world: World) -> World:
    seed(world.runtime, world.northwind.system, customers=30, invoices=300, start=7)
    return world


def in_order(world: World, table: Any) -> list[Any]:
    return all_rows(world, world.northwind, table)


def facts(row: Any) -> dict[str, Any]:
    """Return what a row says beside ids, numbers and instants."""
    values = row.model_dump(exclude=OWN)
    return {k: v for k, v in values.items() if not k.endswith("_at") or v is None}


def about(world: World, table: Any, invoice_id: int) -> list[Any]:
    return [x for x in in_order(world, table) if x.invoice_id == invoice_id]


class TestSums:
    def test_every_journal_balances_and_receivables_are_what_is_outstanding(
        self, seeded: World
    ):
        entries = in_order(seeded, LedgerEntry)
        by_journal = Counter[str]()
        by_account = Counter[str]()
        for entry in entries:
            by_journal[entry.journal] += entry.amount_minor
            by_account[entry.account] += entry.amount_minor

        owed = sum(x.outstanding_minor for x in in_order(seeded, Invoice))
        credit = sum(
            x.amount_minor - x.allocated_minor for x in in_order(seeded, Payment)
        )
        assert len(by_journal) > 300
        assert set(by_journal.values()) == {0}
        assert by_account["receivable"] == owed > 0
        assert by_account["customer_credit"] == -credit

    def test_each_invoice_owes_what_is_due_less_its_allocations(self, seeded: World):
        paid = Counter[int]()
        for allocation in in_order(seeded, Allocation):
            paid[allocation.invoice_id] += allocation.amount_minor

        for invoice in in_order(seeded, Invoice):
            assert invoice.allocated_minor == paid[invoice.id]
            if invoice.state == "issued":
                due = invoice.due_minor - invoice.allocated_minor
                assert invoice.outstanding_minor == due
            else:
                assert invoice.outstanding_minor == 0

    @pytest.mark.parametrize(("code", "kind"), [("invoice", "INV"), ("receipt", "RCT")])
    def test_numbers_have_no_gap_and_go_on(self, seeded: World, code: str, kind: str):
        numbers = [
            x.number
            for x in in_order(seeded, IssuedDocument)
            if x.number.startswith(kind)
        ]
        (series,) = (x for x in in_order(seeded, NumberSeries) if x.code == code)

        count = len(numbers)
        assert numbers == [f"{kind}-{value:05}" for value in range(1, count + 1)]
        assert series.next_value == count + 1

    def test_each_customer_counts_for_themselves_where_numbers_say_so(
        self, world: World
    ):
        number_by(
            world, world.northwind, pattern="{customer}/{year}.{counter}", reset="year"
        )

        seed(world.runtime, world.northwind.system, customers=5, invoices=60, start=7)

        assert find_broken(world.runtime.engine, START) == []
        numbers = {x.number for x in in_order(world, Invoice) if x.number}
        firsts = [number for number in numbers if number.endswith(".1")]
        assert len(firsts) > 5
        assert len({number.partition("/")[0] for number in numbers}) == 5

    def test_a_second_time_goes_on_where_the_first_ended(self, seeded: World):
        seed(seeded.runtime, seeded.northwind.system, customers=5, invoices=40, start=8)

        rows = in_order(seeded, Invoice)
        values = [x.series_value for x in rows if x.series_value]
        assert values == list(range(1, len(values) + 1))
        assert len(rows) == 340

    def test_behind_an_invoice_of_today_everything_holds(self, world: World):
        """Numbers follow the clock: nothing seeded was issued before the last one."""
        an_invoice(world, world.northwind)

        seed(world.runtime, world.northwind.system, customers=5, invoices=60, start=7)

        assert find_broken(world.runtime.engine, START) == []
        days = [x.issued_on for x in in_order(world, Invoice)[1:]]
        assert (days[-1] - days[0]).days > 1_000

    def test_all_kinds_occur_in_three_years_up_to_today(self, seeded: World):
        rows = in_order(seeded, Invoice)

        assert {x.phase for x in rows} >= {"draft", "unpaid", "partial", "paid", "void"}
        days = [x.issued_on for x in rows]
        assert days == sorted(days)
        assert days[-1] == START.date()
        assert (days[-1] - days[0]).days > 1_000
        assert all(x.issued_at <= START for x in rows if x.issued_at)

    def test_stays_in_its_workspace(self, seeded: World):
        assert all_rows(seeded, seeded.kestrel, Invoice) == []


class TestShape:
    @pytest.fixture
    def pair(self, seeded: World) -> tuple[Invoice, Invoice]:
        """A seeded invoice, and one issued by the services to say the same."""
        paid = {x.invoice_id for x in in_order(seeded, Allocation)}
        theirs = next(
            x
            for x in in_order(seeded, Invoice)
            if x.phase == "paid"
            and x.id in paid
            and x.first_viewed_at is None
            and not x.adjustments
        )
        owner = seeded.northwind.owner
        copy = seeded.run(owner, drafts.duplicate, theirs.id)
        with seeded.reading(owner) as uow:
            draft = uow.get(Invoice, copy.invoice_id).draft
        assert draft is not None
        form = form_from_json(
            {**draft, "issued_on": str(theirs.issued_on), "due_on": str(theirs.due_on)}
        )
        saved = seeded.run(
            owner, drafts.save_draft, copy.invoice_id, copy.version, form
        )
        seeded.run(owner, invoices.issue_and_publish, saved.invoice_id, saved.version)
        (payment,) = about(seeded, Payment, theirs.id)
        recorded = RecordPaymentForm(
            amount=str(payment.amount_minor / 100),
            received_on=str(payment.received_on),
            method=payment.method,
            reference=payment.reference,
        )
        seeded.run(owner, record_payment, saved.invoice_id, recorded)
        with seeded.reading(owner) as uow:
            return theirs, uow.get(Invoice, saved.invoice_id)

    def test_the_invoice_is_the_same_row(self, pair: tuple[Invoice, Invoice]):
        theirs, ours = pair

        assert facts(theirs) == facts(ours)

    @pytest.mark.parametrize(
        "table", [LineItem, IssuedDocument, LedgerEntry, Payment, Allocation]
    )
    def test_so_is_everything_about_it(
        self, seeded: World, pair: tuple[Invoice, Invoice], table: Any
    ):
        theirs, ours = (about(seeded, table, invoice.id or 0) for invoice in pair)

        assert [facts(x) for x in theirs] == [facts(x) for x in ours] != []

    def test_the_documents_print_the_same(
        self, seeded: World, pair: tuple[Invoice, Invoice]
    ):
        theirs, ours = pair
        printed, expected = (
            about(seeded, IssuedDocument, invoice.id or 0)[0].content
            for invoice in pair
        )

        printed = printed.replace(theirs.number, ours.number)
        assert from_json(InvoiceDocument, printed) == from_json(
            InvoiceDocument, expected
        )

    def test_the_same_is_on_record(self, seeded: World, pair: tuple[Invoice, Invoice]):
        theirs, ours = (about(seeded, AuditEntry, invoice.id or 0) for invoice in pair)

        # The copy was made from another invoice and then dated.
        steps = [x.event for x in ours][2:]
        assert [x.event for x in theirs] == ["draft_created", *steps]
        assert {x.actor for x in theirs} == {x.actor for x in ours}
        keys = [set(x.details) for x in ours][2:]
        assert [set(x.details) for x in theirs][1:] == keys

    def test_the_link_opens_it(self, seeded: World, pair: tuple[Invoice, Invoice]):
        theirs, _ = pair
        (link,) = about(seeded, PortalLink, theirs.id or 0)

        token = seeded.runtime.cipher.decrypt(link.token_encrypted)
        assert len(token) == 43


class TestCustomers:
    def test_are_those_of_the_samples_and_no_two_are_alike(self, seeded: World):
        rows = in_order(seeded, Customer)

        assert [x.name for x in rows] == [sample_customer(7, i).name for i in range(30)]
        names = {sample_customer(7, index).name for index in range(5_000)}
        assert len(names) == 5_000

    def test_of_the_unusual_kind_too(self):
        assert not sample_customer(7, 39).name.isascii()


def test_a_draft_can_be_opened_and_issued(seeded: World):
    draft = next(x for x in in_order(seeded, Invoice) if x.state == "draft")
    before = facts(draft)

    issued = seeded.run(seeded.northwind.owner, invoices.issue, draft.id, draft.version)

    rows = in_order(seeded, Invoice)
    (after,) = (x for x in rows if x.number == issued.number)
    assert after.total_minor == before["total_minor"] > 0
    assert after.issued_on == before["issued_on"]
