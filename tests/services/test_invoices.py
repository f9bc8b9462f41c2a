"""From a draft as typed to an issued, published, sent or void invoice."""

from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from billing_app.domain.document import BankRow, InvoiceDocument, from_json
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted, StaleDraft
from billing_app.domain.invoice import WrongState
from billing_app.domain.payment_reference import (
    format_reference,
    qr_reference,
    rf_reference,
)
from billing_app.domain.totals import DocumentTerms, LineTerms, compute_totals
from billing_app.models import (
    AuditEntry,
    Invoice,
    IssuedDocument,
    LedgerEntry,
    LineItem,
    NumberSeries,
    OutboxMessage,
    WorkspaceSettings,
)
from billing_app.queries.drafts import open_draft
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.invoices import ReadyInvoice
from billing_app.services.settings import BankForm, change_bank
from tests.support.billing import all_rows

FLIGHT = LineForm(name="Charter flight", quantity="2.4", unit_price="3450.00")


@pytest.fixture
def biller(world):
    return world.northwind.accounting


@pytest.fixture
def customer_id(world, biller):
    form = CustomerForm(name="Vermeer Optics", email="ap@vermeer.example")
    return world.run(biller, create_customer, form)


@pytest.fixture
def draft(world, biller, customer_id):
    form = DraftForm(customer_id=customer_id, lines=(FLIGHT,))
    return world.run(biller, drafts.create_draft, form)


def read(world, actor, table, invoice_id):
    with world.reading(actor) as uow:
        return uow.get(table, invoice_id)


def overwrite(world, actor, invoice_id, **values):
    with world.unit(actor) as uow:
        invoice = uow.get(Invoice, invoice_id)
        for name, value in values.items():
            setattr(invoice, name, value)


class TestPrintSize:
    def test_what_could_not_be_printed_is_kept_and_takes_no_number(
        self, world, biller, customer_id
    ):
        """A hundred lines of a thousand line breaks: 5 million of 80,000."""
        line = replace(FLIGHT, description="\n".join("x" * 1_000))
        form = DraftForm(customer_id=customer_id, lines=(line,) * 100)
        saved = world.run(biller, drafts.create_draft, form)

        with pytest.raises(InvalidInput, match="too long to print") as refused:
            world.run(biller, invoices.issue, saved.invoice_id, saved.version)

        assert refused.value.field == "lines"
        invoice = read(world, biller, Invoice, saved.invoice_id)
        assert invoice.number is None
        assert invoice.draft["lines"][99]["description"] == line.description

    def test_no_way_to_issue_leads_around_it(self, world, biller, customer_id):
        ready = ReadyInvoice(
            terms=DocumentTerms("EUR", (LineTerms(D(1), D(5)),)),
            totals=compute_totals(DocumentTerms("EUR", (LineTerms(D(1), D(5)),))),
            texts=(LineTexts("Charter", "d" * 80_000),),
            tax_ids=("",),
            issued_on=date(2026, 11, 1),
            due_on=None,
        )

        with pytest.raises(InvalidInput, match="too long to print"):
            world.run(biller, invoices.issue_ready, customer_id, ready)


class TestDraft:
    def test_keeps_what_can_not_be_read_and_counts_the_rest(self, world, biller):
        slip = LineForm(name="Fuel", unit_price="1.240,505")

        saved = world.run(biller, drafts.create_draft, DraftForm(lines=(FLIGHT, slip)))

        invoice = read(world, biller, Invoice, saved.invoice_id)
        assert invoice.draft["lines"][1]["unit_price"] == "1.240,505"
        assert invoice.total_minor == 828_000

    def test_a_stale_save_is_refused_and_changes_nothing(self, world, biller, draft):
        mine = DraftForm(notes="mine", lines=(FLIGHT,))
        theirs = DraftForm(notes="theirs", lines=(FLIGHT,))
        world.run(biller, drafts.save_draft, draft.invoice_id, draft.version, theirs)

        with pytest.raises(StaleDraft):
            world.run(biller, drafts.save_draft, draft.invoice_id, draft.version, mine)

        invoice = read(world, biller, Invoice, draft.invoice_id)
        assert invoice.draft["notes"] == "theirs"

    def test_another_workspace_can_neither_read_nor_save_it(self, world, draft):
        stranger = world.kestrel.owner

        with pytest.raises(NotFound):
            world.run(stranger, drafts.save_draft, draft.invoice_id, 1, DraftForm())

    def test_a_customer_of_another_workspace_can_not_be_billed(
        self, world, customer_id
    ):
        with pytest.raises(NotFound):
            world.run(
                world.kestrel.owner,
                drafts.create_draft,
                DraftForm(customer_id=customer_id),
            )

    def test_a_deleted_draft_comes_back_as_it_was(self, world, biller, draft):
        world.run(biller, drafts.delete_draft, draft.invoice_id)
        with pytest.raises(WrongState):
            world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        world.run(biller, drafts.restore_draft, draft.invoice_id)

        invoice = read(world, biller, Invoice, draft.invoice_id)
        assert (invoice.deleted_at, invoice.total_minor) == (None, 828_000)


class TestIssue:
    def test_freezes_numbers_and_balances(self, world, biller, draft):
        issued = world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        assert issued.number == "INV-00001"
        with world.reading(biller) as uow:
            document = uow.one(select(IssuedDocument))
            printed = from_json(InvoiceDocument, document.content)
            postings = uow.all(select(LedgerEntry.amount_minor))
        assert (printed.number, printed.total_minor) == ("INV-00001", 828_000)
        assert sum(postings) == 0
        assert 828_000 in postings

    def test_viewers_and_operations_may_not(self, world, draft):
        for actor in (world.northwind.viewer, world.northwind.operations):
            with pytest.raises(NotPermitted):
                world.run(actor, invoices.issue, draft.invoice_id, draft.version)

    @pytest.mark.feature("R06")
    def test_a_refused_issue_leaves_no_gap(self, world, biller, draft, customer_id):
        def issue_then_fail():
            with world.unit(biller) as uow:
                invoices.issue(uow, draft.invoice_id, draft.version)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            issue_then_fail()

        issued = world.run(biller, invoices.issue, draft.invoice_id, draft.version)
        assert issued.number == "INV-00001"

    @pytest.mark.feature("G02")
    def test_names_the_line_to_mend(self, world, biller, customer_id):
        slip = LineForm(name="Fuel", unit_price="abc")
        form = DraftForm(customer_id=customer_id, lines=(FLIGHT, slip))
        saved = world.run(biller, drafts.create_draft, form)

        with pytest.raises(InvalidInput, match="Line 2") as refusal:
            world.run(biller, invoices.issue, saved.invoice_id, saved.version)
        assert refusal.value.field == "lines"

    @pytest.mark.feature("G02")
    @pytest.mark.parametrize("name", ["", " \n ", "x" * 501])
    def test_a_line_says_what_it_is_for_in_at_most_500_characters(
        self, world, biller, customer_id, name
    ):
        form = DraftForm(customer_id=customer_id, lines=(replace(FLIGHT, name=name),))
        saved = world.run(biller, drafts.create_draft, form)

        with pytest.raises(InvalidInput, match="Line 1") as refusal:
            world.run(biller, invoices.issue, saved.invoice_id, saved.version)

        assert refusal.value.field == "lines"
        longest = replace(form, lines=(replace(FLIGHT, name="x" * 500),))
        saved = world.run(
            biller, drafts.save_draft, saved.invoice_id, saved.version, longest
        )
        world.run(biller, invoices.issue, saved.invoice_id, saved.version)
        (line,) = all_rows(world, world.northwind, LineItem)
        assert line.name == "x" * 500

    @pytest.mark.feature("G02")
    @pytest.mark.parametrize(
        ("form", "field"),
        [
            (DraftForm(lines=(FLIGHT,)), "customer"),
            (DraftForm(lines=()), "lines"),
            (
                DraftForm(lines=(FLIGHT,), issued_on="2026-03-10", due_on="2026-03-09"),
                "due_on",
            ),
        ],
    )
    def test_refuses_what_is_no_invoice(self, world, biller, customer_id, form, field):
        if field != "customer":
            form = replace(form, customer_id=customer_id)
        saved = world.run(biller, drafts.create_draft, form)

        with pytest.raises(InvalidInput) as refusal:
            world.run(biller, invoices.issue, saved.invoice_id, saved.version)
        assert refusal.value.field == field

    @pytest.mark.feature("F064", "G01", "R29")
    def test_the_database_refuses_to_change_it_afterwards(self, world, biller, draft):
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        with pytest.raises(IntegrityError, match="never changes"):
            overwrite(world, biller, draft.invoice_id, total_minor=1)

    @pytest.mark.feature("F064")
    def test_the_database_refuses_a_step_backwards(self, world, biller, draft):
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        with pytest.raises(IntegrityError, match="only goes from draft"):
            overwrite(world, biller, draft.invoice_id, state="draft")

    def test_each_workspace_counts_for_itself(self, world, biller, draft):
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)
        with world.reading(world.kestrel.owner) as uow:
            series = uow.one(
                select(NumberSeries).where(col(NumberSeries.code) == "invoice")
            )

        assert series.next_value == 1


@pytest.mark.parametrize(
    "language", ['de-"><xmp>', "<b>", "d", "de_DE", "\u0627\u0628"]
)
def test_a_language_that_is_no_tag_is_refused(world, biller, language):
    with pytest.raises(InvalidInput) as refusal:
        world.run(biller, create_customer, CustomerForm("A", language=language))

    assert refusal.value.field == "language"


class TestReference:
    def bank(self, world, biller, iban, kind):
        with world.unit(biller) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.bank_iban, settings.reference_kind = iban, kind

    def issued(self, world, biller, draft):
        issue = invoices.issue
        world.run(biller, issue, draft.invoice_id, draft.version)
        with world.reading(biller) as uow:
            stored = uow.one(select(IssuedDocument))
        invoice = read(world, biller, Invoice, draft.invoice_id)
        return invoice, from_json(InvoiceDocument, stored.content)

    def test_is_frozen_with_the_document(self, world, biller, draft):
        self.bank(world, biller, "NL91ABNA0417164300", "rf")

        invoice, document = self.issued(world, biller, draft)

        assert document.reference == rf_reference(invoice.number)
        assert invoice.payment_reference == document.reference
        assert document.bank[0] == BankRow("IBAN", "NL91 ABNA 0417 1643 00")
        with pytest.raises(IntegrityError, match="never changes"):
            overwrite(world, biller, draft.invoice_id, payment_reference="RF00")

    def test_of_a_qr_account_has_27_digits(self, world, biller, draft):
        self.bank(world, biller, "CH4431999123000889012", "qr")

        invoice, document = self.issued(world, biller, draft)

        assert document.reference == qr_reference(invoice.number, invoice.id)

    @pytest.mark.feature("F097")
    @pytest.mark.parametrize("currency", ["CHF", "EUR"])
    def test_each_currency_goes_to_its_account(self, world, biller, draft, currency):
        self.bank(world, biller, "NL91ABNA0417164300", "rf")
        francs = BankForm("CH4431999123000889012", (), "qr", "chf")
        world.run(world.northwind.admin, change_bank, 1, francs)
        opened = world.run(biller, open_draft, draft.invoice_id)
        form = replace(opened.form, currency=currency)
        save = drafts.save_draft
        draft = world.run(biller, save, draft.invoice_id, draft.version, form)
        shown = opened.desk.bank(currency)

        invoice, document = self.issued(world, biller, draft)

        account, reference = {
            "CHF": ("CH44 3199 9123 0008 8901 2", qr_reference),
            "EUR": ("NL91 ABNA 0417 1643 00", lambda number, _: rf_reference(number)),
        }[currency]
        assert document.reference == reference(invoice.number, invoice.id)
        assert document.bank == shown.rows == (BankRow("IBAN", account),)
        assert document.iban == account.replace(" ", "")

    def test_is_the_number_where_nothing_else_is_chosen(self, world, biller, draft):
        self.bank(world, biller, "NL91ABNA0417164300", "none")

        invoice, document = self.issued(world, biller, draft)

        assert (invoice.payment_reference, document.reference) == (None, "")

    def test_typed_by_staff_finds_the_invoice(self, world, biller, draft, customer_id):
        self.bank(world, biller, "NL91ABNA0417164300", "rf")
        other = DraftForm(customer_id=customer_id, lines=(FLIGHT,))
        twin = world.run(biller, drafts.create_draft, other)
        world.run(biller, invoices.issue, twin.invoice_id, twin.version)
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)
        invoice = read(world, biller, Invoice, draft.invoice_id)

        for typed in (
            invoice.payment_reference,
            format_reference(invoice.payment_reference).lower(),
        ):
            found = world.run(biller, list_invoices, InvoiceFilter(text=typed))
            assert [x.id for x in found.page.rows] == [draft.invoice_id]


class TestDelivery:
    def test_days_of_delivery_are_frozen(self, world, biller, customer_id):
        form = DraftForm(
            customer_id=customer_id,
            lines=(FLIGHT,),
            delivered_on="2026-02-01",
            delivered_until="2026-02-28",
        )
        draft = world.run(biller, drafts.create_draft, form)

        world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        invoice = read(world, biller, Invoice, draft.invoice_id)
        days = (date(2026, 2, 1), date(2026, 2, 28))
        assert (invoice.delivery_on, invoice.delivery_until_on) == days
        with world.reading(biller) as uow:
            content = uow.one(select(IssuedDocument)).content
        document = from_json(InvoiceDocument, content)
        assert (document.delivery_on, document.delivery_until_on) == days
        with pytest.raises(IntegrityError, match="never changes"):
            overwrite(world, biller, draft.invoice_id, delivery_until_on=None)

    def test_a_copy_is_delivered_another_day(self, world, biller, customer_id):
        form = DraftForm(
            customer_id=customer_id, lines=(FLIGHT,), delivered_on="2026-02-01"
        )
        draft = world.run(biller, drafts.create_draft, form)

        copy = world.run(biller, drafts.duplicate, draft.invoice_id)

        stored = read(world, biller, Invoice, copy.invoice_id)
        assert stored.draft["delivered_on"] == ""


class TestPublish:
    @pytest.mark.feature("F050", "F051")
    def test_shows_the_document_and_mails_once_however_often(
        self, world, biller, draft
    ):
        world.run(biller, invoices.issue_and_publish, draft.invoice_id, draft.version)
        world.run(biller, invoices.publish, draft.invoice_id)
        world.run(biller, invoices.mark_sent, draft.invoice_id)
        world.run(biller, invoices.mark_sent, draft.invoice_id)

        with world.reading(biller) as uow:
            mails = uow.all(
                select(OutboxMessage).where(
                    col(OutboxMessage.topic) == "mail.invoice_available"
                )
            )
            document = uow.one(select(IssuedDocument))
        assert len(mails) == 1
        assert document.shown_at is not None

    def test_a_draft_can_not_be_published(self, world, biller, draft):
        with pytest.raises(WrongState):
            world.run(biller, invoices.publish, draft.invoice_id)


class TestVoid:
    @pytest.mark.feature("C23")
    def test_keeps_the_number_and_reverses_the_ledger(self, world, biller, draft):
        world.run(biller, invoices.issue_and_publish, draft.invoice_id, draft.version)

        world.run(biller, invoices.void, draft.invoice_id, "Wrong rate")

        invoice = read(world, biller, Invoice, draft.invoice_id)
        with world.reading(biller) as uow:
            postings = uow.all(select(LedgerEntry))
        assert (invoice.number, invoice.outstanding_minor) == ("INV-00001", 0)
        assert sum(x.amount_minor for x in postings if x.account == "receivable") == 0

    @pytest.mark.feature("G09")
    def test_needs_a_reason(self, world, biller, draft):
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)

        with pytest.raises(InvalidInput):
            world.run(biller, invoices.void, draft.invoice_id, " \n ")

    def test_happens_once(self, world, biller, draft):
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)
        world.run(biller, invoices.void, draft.invoice_id, "Twice")

        with pytest.raises(WrongState):
            world.run(biller, invoices.void, draft.invoice_id, "Twice")


class TestEveryChange:
    @pytest.mark.feature("F067")
    def test_leaves_one_audit_entry_with_its_actor(self, world, biller, draft):
        world.run(biller, invoices.issue_and_publish, draft.invoice_id, draft.version)
        world.run(biller, invoices.archive, draft.invoice_id)
        world.run(biller, invoices.void, draft.invoice_id, "Wrong customer")

        with world.reading(biller) as uow:
            entries = uow.all(
                select(AuditEntry)
                .where(col(AuditEntry.invoice_id) == draft.invoice_id)
                .order_by(col(AuditEntry.id))
            )
        assert [entry.event for entry in entries] == [
            "draft_created",
            "invoice_issued",
            "link_created",
            "invoice_published",
            "invoice_archived",
            "invoice_voided",
        ]
        assert {entry.actor for entry in entries} == {biller.label}


class TestLinks:
    @pytest.mark.feature("F002")
    def test_each_is_another_and_says_nothing(self, world, biller):
        """Of 256 bits, so that nobody meets one by trying."""
        with world.unit(world.northwind.system) as uow:
            tokens = {uow.new_token() for _ in range(1_000)}

        assert len(tokens) == 1_000
        assert {len(urlsafe_b64decode(f"{each}=")) for each in tokens} == {32}

    @pytest.mark.feature("F002")
    def test_none_holds_the_number(self, world, biller, draft):
        step = invoices.issue_and_publish
        issued = world.run(biller, step, draft.invoice_id, draft.version)

        link = world.run(biller, portal_links.copy_link, draft.invoice_id)

        assert len(urlsafe_b64decode(f"{link}=")) == 32
        assert issued.number not in link

    @pytest.mark.feature("F006")
    def test_a_new_link_ends_the_old_one(self, world, biller, draft):
        world.run(biller, invoices.issue_and_publish, draft.invoice_id, draft.version)
        old = world.run(biller, portal_links.copy_link, draft.invoice_id)

        new = world.run(biller, portal_links.new_link, draft.invoice_id)

        assert new != old
        assert world.run(biller, portal_links.copy_link, draft.invoice_id) == new
