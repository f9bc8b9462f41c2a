"""Late fees: one invoice for each reminder that charges, and the mail tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from sqlmodel import select

from billing_app.database.authentication import OpenedLink
from billing_app.database.verify import find_broken
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.draft import read_draft
from billing_app.domain.errors import Conflict, NotFound, NotPermitted
from billing_app.domain.mail_choices import MailKind
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_invoice import FeeLine, PortalInvoice
from billing_app.domain.portal_settings import (
    MailFiles,
    PortalSettings,
    PortalSetup,
    WriteAuth,
)
from billing_app.domain.preview import preview_document
from billing_app.models import (
    Customer,
    Invoice,
    IssuedDocument,
    Reminder,
    TaxRate,
    WorkspaceSettings,
)
from billing_app.queries.drafts import open_draft
from billing_app.queries.late_fees import read_late_fees
from billing_app.queries.portal import read_issued
from billing_app.services import drafts, invoices, promises, reminders
from billing_app.services.credit_notes import reissue
from billing_app.services.customers import CustomerForm, change_customer
from billing_app.services.mail_choices import choose_mails
from billing_app.workflows.portal_pages import open_invoice
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    outstanding,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.late import FEE, charge_late, fees, night, noon, settle
from tests.support.quarrel import dispute
from tests.support.story import an_attempt, report
from tests.support.world import Place, World

# Northwind's invoices of 2 March are due on 1 April; the reminder of the 8th charges.
DUE = date(2026, 4, 1)
CHARGED = DUE + timedelta(days=7)


@pytest.fixture
def place(world: World) -> Place:
    charge_late(world, world.northwind)
    return world.northwind


@pytest.fixture
def invoice_id(world: World, place: Place) -> int:
    return an_invoice(world, place, "250.00")


@pytest.fixture(autouse=True)
def _nothing_is_broken(world: World):
    yield
    assert find_broken(world.runtime.engine, world.clock.now) == []


def page(world: World, visitor: PortalVisitor, base: str = "/p/x") -> PortalInvoice:
    setup = PortalSetup(PortalSettings(), "UTC", "EUR", False, False, "northwind")
    link = OpenedLink(visitor, setup)
    return open_invoice(world.runtime, link, base).view


def mailed(world: World) -> list[EmailMessage]:
    """Return the mails that have left, latest last."""
    mailbox = world.runtime.settings.data_dir / "mailbox"
    return [
        message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted(mailbox.glob("*.eml"), key=lambda x: x.stat().st_mtime_ns)
    ]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return body.get_content()


def document_of(world: World, place: Place, invoice_id: int) -> InvoiceDocument:
    rows = all_rows(world, place, IssuedDocument)
    return from_json(
        InvoiceDocument, next(x.content for x in rows if x.invoice_id == invoice_id)
    )


def rule(**changes: Any) -> Any:
    return replace(FEE, **changes)


class TestOneFee:
    @pytest.mark.feature("A18")
    def test_is_an_invoice_of_its_own_that_the_portal_shows(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        night(world)

        (fee,) = fees(world, place)
        assert (fee.invoice_id, fee.step, fee.overdue_minor) == (invoice_id, 7, 250_00)
        charged = read_invoice(world, place, fee.fee_id)
        assert charged.number == "INV-00002"
        assert charged.total_minor == charged.outstanding_minor == 20_00
        assert charged.published_at == world.clock.now
        assert outstanding(world, place, invoice_id) == 250_00
        visitor = visitor_of(world, place, fee.fee_id)
        shown = world.run(visitor, read_issued)
        (line,) = shown.lines
        assert line.name == "Late fee for invoice INV-00001, 7 days late"
        assert line.description == "€15.00 and 2% of €250.00 overdue"
        assert [tax.category for tax in shown.taxes] == ["O"]
        assert shown.due_minor == 20_00
        assert fees(world, world.kestrel) == []

    def test_is_named_on_the_page_of_the_late_invoice(
        self, world: World, place: Place, invoice_id: int
    ):
        """By a link to one invoice without a way to the other."""
        visitor = visitor_of(world, place, invoice_id)
        noon(world, DUE + timedelta(days=3))
        assert page(world, visitor).late_fees == ()
        noon(world, CHARGED)
        night(world)

        (fee,) = fees(world, place)
        assert page(world, visitor).late_fees == (FeeLine("INV-00002", "€20.00", ""),)
        account = page(world, visitor, f"/account/northwind/{invoice_id}")
        assert [x.href for x in account.late_fees] == [
            f"/account/northwind/{fee.fee_id}"
        ]
        # The fee's own page is not about itself, and a stranger's tells of nothing.
        other = an_invoice(world, place)
        for shown in (fee.fee_id, other):
            noon(world, CHARGED + timedelta(days=60))
            assert page(world, visitor_of(world, place, shown)).late_fees == ()

    def test_that_is_waived_is_not_named_there(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)

        world.run(place.accounting, invoices.void, fee.fee_id, "Agreed by phone")

        assert page(world, visitor_of(world, place, invoice_id)).late_fees == ()

    @pytest.mark.feature("R28")
    def test_is_in_the_mail_and_on_paper_with_the_same_figures(
        self, world: World, place: Place, invoice_id: int
    ):
        with world.unit(place.system) as uow:
            portal = PortalSettings(mail_files=MailFiles.PDF)
            uow.one(select(WorkspaceSettings)).portal = portal.to_stored()
        noon(world, CHARGED)
        night(world)
        # The PDF is printed first; the mail looks again for it.
        world.clock.advance(minutes=1)
        night(world)

        (fee,) = fees(world, place)
        printed = document_of(world, place, fee.fee_id)
        mail = mailed(world)[-1]
        text = text_of(mail)
        assert mail["subject"].startswith("Reminder: invoice INV-00001")
        assert "Amount due: €270.00" in text
        assert "Invoice INV-00001: €250.00" in text
        assert f"Late fee {printed.number}: €20.00" in text
        assert printed.due_minor == 20_00
        assert [x.get_filename() for x in mail.iter_attachments()] == [
            "Invoice-INV-00002.pdf"
        ]
        token = text.split("View late fee INV-00002:")[1].split()[0]
        assert token.startswith("http")

    def test_comes_once_however_often_the_night_runs(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        for _ in range(5):
            night(world)

        assert len(fees(world, place)) == 1
        assert len(all_rows(world, place, Invoice)) == 2

    def test_each_later_reminder_charges_again_and_none_charges_on_fees(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, DUE)
        for _ in range(70):
            night(world)
            world.clock.advance(days=1)

        assert [(x.invoice_id, x.step) for x in fees(world, place)] == [
            (invoice_id, 7),
            (invoice_id, 14),
        ]
        assert len(all_rows(world, place, Invoice)) == 3

    def test_speaks_the_customers_language_and_takes_the_chosen_tax(
        self, world: World, place: Place
    ):
        tax = next(x for x in all_rows(world, place, TaxRate) if x.percent == 21)
        charge_late(world, place, rule(percent=Decimal(0), tax_id=tax.id))
        customer_id = a_customer(world, place)
        settle(world, place, Customer, customer_id, language="de")
        an_invoice(world, place, "250.00", customer_id=customer_id)
        noon(world, CHARGED)
        night(world)

        (fee,) = fees(world, place)
        printed = document_of(world, place, fee.fee_id)
        assert (
            printed.lines[0].name
            == "Mahngebühr zu Rechnung INV-00001, 7 Tage überfällig"
        )
        assert (printed.net_minor, printed.total_minor) == (15_00, 18_15)
        assert "18,15" in text_of(mailed(world)[-1])

    def test_stays_in_its_currency(self, world: World, place: Place):
        an_invoice(world, place, "100.00", currency="USD")
        an_invoice(world, place, "100.00", currency="GBP")
        noon(world, CHARGED)
        night(world)

        assert {(x.currency, x.amount_minor) for x in fees(world, place)} == {
            ("USD", 17_00),
            ("GBP", 2_00),
        }


class TestNone:
    @pytest.mark.feature("A18")
    def test_while_it_is_switched_off(self, world: World, place: Place, invoice_id):
        charge_late(world, place, rule(is_on=False))
        noon(world, CHARGED)

        assert night(world) == 1
        assert fees(world, place) == []

    def test_with_the_first_reminders(self, world: World, place: Place, invoice_id):
        noon(world, DUE)

        assert night(world) == 1
        assert fees(world, place) == []

    def test_for_a_customer_who_is_charged_none(
        self, world: World, place: Place, invoice_id: int
    ):
        customer_id = read_invoice(world, place, invoice_id).customer_id
        form = CustomerForm(
            name="Vermeer Optics", email="ap@vermeer.example", late_fees="none"
        )
        world.run(place.operations, change_customer, customer_id, form)
        noon(world, CHARGED)

        assert night(world) == 1
        assert fees(world, place) == []

    def test_within_the_days_of_grace(self, world: World, place: Place, invoice_id):
        with world.unit(place.system) as uow:
            portal = PortalSettings(grace_days=7)
            uow.one(select(WorkspaceSettings)).portal = portal.to_stored()
        noon(world, CHARGED)
        night(world)
        assert fees(world, place) == []

        noon(world, DUE + timedelta(days=14))
        night(world)
        assert [x.step for x in fees(world, place)] == [14]

    def test_where_it_is_paid(self, world: World, place: Place, invoice_id: int):
        pay(world, place, invoice_id, "250.00")
        noon(world, CHARGED)
        night(world)

        assert fees(world, place) == []

    @pytest.mark.parametrize(
        ("amount", "overdue"), [("250.00", []), ("150.00", [100_00])]
    )
    def test_on_what_is_disputed(
        self,
        world: World,
        place: Place,
        invoice_id: int,
        amount: str,
        overdue: list[int],
    ):
        dispute(world, place, invoice_id, amount)
        noon(world, CHARGED)
        night(world)

        assert [x.overdue_minor for x in fees(world, place)] == overdue

    def test_on_what_is_on_its_way(self, world: World, place: Place, invoice_id: int):
        """The mail leaves, since a debit counts as paid only where that is chosen."""
        attempt = an_attempt(world, place, invoice_id, 250_00)
        report(world, place, attempt, AttemptStatus.PROCESSING, 250_00)
        noon(world, CHARGED)

        assert night(world) == 1
        assert fees(world, place) == []

    def test_while_a_promise_is_waited_for(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED - timedelta(days=1))
        visitor = visitor_of(world, place, invoice_id)
        promised_on = (CHARGED + timedelta(days=1)).isoformat()
        world.run(visitor, promises.make_promise, promised_on, WriteAuth.LINK, "")
        noon(world, CHARGED)
        night(world)
        assert fees(world, place) == []

        noon(world, CHARGED + timedelta(days=2))
        night(world)
        assert [x.step for x in fees(world, place)] == [7]

    def test_on_what_replaces_a_fee(self, world: World, place: Place, invoice_id: int):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)
        pay(world, place, invoice_id, "250.00")
        draft = world.run(place.accounting, reissue, fee.fee_id, "A typo").draft
        world.run(
            place.accounting,
            invoices.issue_and_publish,
            draft.invoice_id,
            draft.version,
        )
        noon(world, CHARGED + timedelta(days=37))
        night(world)

        assert len(fees(world, place)) == 1
        told = all_rows(world, place, Reminder)
        assert (draft.invoice_id, 7) in [(x.invoice_id, x.step) for x in told]


class TestTheCustomerHears:
    def test_also_when_they_pay_before_the_mail_leaves(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        before = len(mailed(world))
        with world.unit(place.system) as uow:
            due = reminders.DueReminder(invoice_id, 7, may_charge=True)
            assert reminders.queue_due(uow, [due]) == 1
        pay(world, place, invoice_id, "250.00")
        night(world)

        subjects = [mail["subject"] for mail in mailed(world)[before:]]
        assert any(x.startswith("Invoice INV-00002") for x in subjects)
        assert not any(x.startswith("Reminder") for x in subjects)

    def test_also_when_they_want_no_reminders(
        self, world: World, place: Place, invoice_id: int
    ):
        """Refusing mail is no way around a fee."""
        customer_id = read_invoice(world, place, invoice_id).customer_id
        wanted = frozenset(MailKind) - {MailKind.REMINDERS}
        world.run(place.system, choose_mails, customer_id, "ap@vermeer.example", wanted)
        noon(world, CHARGED)
        for _ in range(3):
            night(world)

        assert [x.step for x in fees(world, place)] == [7]
        subjects = [mail["subject"] for mail in mailed(world)]
        assert sum(x.startswith("Invoice INV-00002") for x in subjects) == 1
        assert not any(x.startswith("Reminder") for x in subjects)

    def test_of_open_fees_by_hand_too_but_of_no_waived_one(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)
        for expected in ("Amount due: €270.00", "Amount due: €250.00"):
            world.clock.advance(minutes=2)
            world.run(
                place.accounting, reminders.send_reminder, invoice_id, "cfo@x.example"
            )
            night(world)
            assert expected in text_of(mailed(world)[-1])
            if read_invoice(world, place, fee.fee_id).state == "issued":
                world.run(place.accounting, invoices.void, fee.fee_id, "Goodwill")


class TestDocuments:
    @pytest.mark.feature("A18")
    def test_say_what_paying_late_costs_where_that_was_chosen(
        self, world: World, place: Place
    ):
        charge_late(world, place, rule(is_on_documents=True))
        customer_id = a_customer(world, place)
        spared = a_customer(world, place, "Halden")
        settle(world, place, Customer, spared, is_free_of_late_fees=True)
        said = an_invoice(world, place, customer_id=customer_id)
        silent = an_invoice(world, place, customer_id=spared)
        noon(world, CHARGED)
        night(world)

        words = "Late payment: each reminder from 7 days after the due date costs"
        assert words in document_of(world, place, said).terms
        assert words not in document_of(world, place, silent).terms
        (fee,) = fees(world, place)
        assert words not in document_of(world, place, fee.fee_id).terms

    def test_say_it_once_in_a_copy_and_as_the_preview_does(
        self, world: World, place: Place
    ):
        charge_late(world, place, rule(is_on_documents=True))
        first = an_invoice(world, place)
        copy = world.run(place.accounting, drafts.duplicate, first)
        opened = world.run(place.accounting, open_draft, copy.invoice_id)
        assert opened.customer is not None
        preview = preview_document(
            opened.form,
            read_draft(opened.form, opened.currency, opened.desk.rules),
            today=opened.desk.today,
            net_days=30,
            language="en",
            seller=opened.desk.seller,
            buyer=opened.buyer,
            branding=opened.desk.branding,
            late_fees=opened.customer.late_fees,
        )
        world.run(place.accounting, invoices.issue, copy.invoice_id, copy.version)

        issued = document_of(world, place, copy.invoice_id)
        assert issued.terms == preview.terms == document_of(world, place, first).terms
        assert issued.terms.count("Late payment") == 1


class TestWaiving:
    @pytest.mark.feature("A18")
    def test_voids_the_fee_and_never_charges_that_step_again(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)

        world.run(place.accounting, invoices.void, fee.fee_id, "Goodwill")
        for _ in range(3):
            night(world)
            world.clock.advance(days=1)

        assert len(fees(world, place)) == 1
        told = world.run(place.viewer, read_late_fees, invoice_id)
        (charged,) = told.charged
        assert charged.is_waived
        assert told.following is not None
        assert (told.following.step, told.following.on) == (14, date(2026, 4, 15))

    def test_is_for_those_who_may_void(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)

        with pytest.raises(NotPermitted):
            world.run(place.operations, invoices.void, fee.fee_id, "Goodwill")
        with pytest.raises(NotFound):
            world.run(world.kestrel.accounting, invoices.void, fee.fee_id, "Goodwill")
        pay(world, place, fee.fee_id, "5.00")
        with pytest.raises(Conflict):
            world.run(place.accounting, invoices.void, fee.fee_id, "Goodwill")


class TestStaffSee:
    def test_what_comes_next_and_what_keeps_it_back(
        self, world: World, place: Place, invoice_id: int
    ):
        told = world.run(place.viewer, read_late_fees, invoice_id)
        assert told.following is not None
        assert (told.following.on, told.following.amount_minor) == (CHARGED, 20_00)
        assert (told.charged, told.obstacle) == ((), "")

        visitor = visitor_of(world, place, invoice_id)
        world.run(visitor, promises.make_promise, "2026-04-09", WriteAuth.LINK, "")
        told = world.run(place.viewer, read_late_fees, invoice_id)
        assert "promised to pay" in told.obstacle

    def test_what_a_fee_is_for(self, world: World, place: Place, invoice_id: int):
        noon(world, CHARGED)
        night(world)
        (fee,) = fees(world, place)

        told = world.run(place.viewer, read_late_fees, fee.fee_id)

        assert (told.fee_for_id, told.fee_for_number) == (invoice_id, "INV-00001")
        assert told.following is None
        with pytest.raises(NotFound):
            world.run(world.kestrel.viewer, read_late_fees, invoice_id)


def test_one_that_cannot_be_issued_keeps_no_other_waiting(
    world: World, place: Place, invoice_id: int
):
    """An amount beyond what a line can hold; nothing of it stays."""
    large = an_invoice(world, place, "9000000000.00")
    charge_late(world, place, rule(amounts={"EUR": 9 * 10**11}, percent=Decimal(50)))
    noon(world, CHARGED)
    night(world)

    assert [x.invoice_id for x in fees(world, place)] == [invoice_id]
    assert large not in {x.invoice_id for x in all_rows(world, place, Reminder)}
    assert len(all_rows(world, place, Invoice)) == 3
