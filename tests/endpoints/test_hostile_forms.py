"""Whatever is typed into a form is text on all that customers get, or is refused.

The fields come from the forms themselves: a new one is tried without being named.
"""

from __future__ import annotations

import asyncio
import email
import importlib
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from email import policy
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lxml import etree
from sqlmodel import col, select

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Actor
from billing_app.domain.billable_event import Grouping
from billing_app.domain.comment import CommentForm
from billing_app.domain.credit_note import CreditForm, CreditMode
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.dispute import DisputeForm, ResolveForm
from billing_app.domain.draft import (
    DraftForm,
    LineForm,
    form_from_json,
    form_to_json,
)
from billing_app.domain.errors import BillingError
from billing_app.domain.event_form import EventForm, read_event_form
from billing_app.domain.guest_invoice import (
    GuestForm,
    guest_from_json,
    guest_to_json,
    read_guest,
)
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.product import ProductForm
from billing_app.models import (
    BillableEvent,
    CreditNote,
    IssuedDocument,
    WorkspaceSettings,
)
from billing_app.queries.settings import read_version
from billing_app.services import (
    billable_events,
    conversations,
    credit_notes,
    disputes,
    drafts,
    invoices,
    late_fees,
    members,
    payments,
    portal_links,
    products,
    settings,
    taxes,
    write_offs,
)
from billing_app.services.customer_access import ContactForm, add_contact
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.late_fees import LateFeesForm
from billing_app.services.members import MemberForm
from billing_app.services.payments import RecordPaymentForm, RestForm
from billing_app.services.settings import BankForm, BusinessForm, DocumentsForm
from billing_app.services.taxes import TaxForm
from billing_app.services.workspaces import SERIES
from billing_app.workflows import guest_invoices
from tests.endpoints.test_portal_pages import Portal, portal
from tests.support.billing import all_rows, outstanding, visitor_of
from tests.support.guest import FORM as GUEST
from tests.support.guest import NETWORK, a_guest, welcoming
from tests.support.hostile import (
    attachments_of,
    attempts,
    calls_of,
    listening,
    planted,
    read_page,
)
from tests.support.late import charge_late, night
from tests.support.quarrel import OPEN
from tests.support.talk import allowing
from tests.support.world import World

__all__ = ["portal"]

Form = TypeVar("Form")
Save = Callable[[UnitOfWork, Any], Any]

# Of no document, portal page or mail to a customer; with the reason.
ELSEWHERE = {
    "BrandingForm": "a look and a colour, both from what we know",
    "MailForm": "a server and its addresses, of which only the address is shown",
    "PortalForm": "switches",
    "RemindersForm": "days and switches",
    "SetUpForm": "the name of a workspace and its owner, before there is a customer",
    "PayForm": "what a page shows of a form, not what is typed into it",
    "GuestForm": "tried by itself, below",
}
# Lengths of what is tried, until one fits: the usual limits of our fields.
LENGTHS = (None, 10_000, 2_000, 1_000, 500, 200, 80, 60, 40, 20, 16)


LINKS = ("/", "#", "?", "http://", "https://", "mailto:", "tel:")


class Undone(Exception):
    """Takes a trial back."""


class Typist:
    """Types hostile text into each field of a form, as long as the field takes it.

    Attributes:
        taken: places that took some of it.
        kinds: names of the forms.
    """

    def __init__(self, world: World, text: str) -> None:
        self._world, self._text = world, text
        self.taken: set[str] = set()
        self.kinds: set[str] = set()

    def fill(self, actor: Actor, form: Form, save: Save) -> Form:
        """Return the form with all the hostile text that `save` takes."""
        places: dict[str, None] = {}

        def note(place: str, old: str) -> str:
            places[place] = None
            return old

        planted(form, note)
        self._try(actor, form, save)
        for place in places:
            self.kinds.add(place.partition(".")[0])
            form = self._fill_one(actor, form, place, save)
        return form

    def _fill_one(self, actor: Actor, form: Form, place: str, save: Save) -> Form:
        for length in LENGTHS:
            text = self._text[:length]

            def write(at: str, old: str, text: str = text) -> str:
                return text if at == place and not old.startswith("key-") else old

            tried = planted(form, write)
            refusal = self._refusal_of(actor, tried, save)
            if not refusal:
                self.taken.add(place)
                return tried
            assert refusal.endswith((".", "?", "!"))
            assert len(refusal) < 300 + len(text)
        return form

    def _refusal_of(self, actor: Actor, form: Any, save: Save) -> str:
        """Save it and take that back; return why it can't be saved, or nothing."""
        try:
            self._try(actor, form, save)
        except BillingError as refusal:
            return refusal.message
        return ""

    def _try(self, actor: Actor, form: Any, save: Save) -> None:
        with suppress(Undone), self._world.unit(actor) as uow:
            save(uow, form)
            raise Undone


def all_forms() -> dict[str, type]:
    """Return every form that something is typed into, by its name."""
    found: dict[str, Any] = {}
    for package in ("domain", "services", "workflows"):
        folder = importlib.import_module(f"billing_app.{package}")
        for module in pkgutil.iter_modules(folder.__path__):
            inside = importlib.import_module(f"billing_app.{package}.{module.name}")
            found |= {
                name: each
                for name, each in vars(inside).items()
                if name.endswith("Form") and is_dataclass(each)
            }
    return {name: each for name, each in found.items() if _has_text(each)}


def _has_text(form: Any) -> bool:
    return any("str" in str(each.type) for each in fields(form))


class Story:
    """One customer's business with hostile text in all that can be typed."""

    def __init__(self, portal: Portal, text: str) -> None:
        self.portal, self.world = portal, portal.world
        self.place, self.text = portal.world.northwind, text
        self.typist = Typist(self.world, text)

    def do(self, actor: Actor, form: Form, save: Save) -> Any:
        filled = self.typist.fill(actor, form, save)
        with self.world.unit(actor) as uow:
            return save(uow, filled)

    def set_up(self) -> None:
        admin = self.place.admin

        def saving(change: Callable[..., Any]) -> Save:
            return lambda uow, form: change(uow, read_version(uow), form)

        business = BusinessForm(
            name="Northwind", legal_name="Northwind B.V.", zone="Europe/Amsterdam"
        )
        self.do(admin, business, saving(settings.change_business))
        documents = DocumentsForm(
            pattern=SERIES["invoice"],
            receipt_pattern=SERIES["receipt"],
            credit_note_pattern=SERIES["credit_note"],
        )
        self.do(admin, documents, saving(settings.change_documents))
        account = BankForm(rows=(("Bank", "Blue"),))
        self.do(admin, account, saving(settings.change_bank))
        own = (CustomField("key-trip", "Trip"),)
        self.do(
            admin,
            own[0],
            lambda uow, field: settings.change_fields(uow, read_version(uow), (field,)),
        )
        self.do(admin, TaxForm("VAT", "E", "0", "Exempt by law"), taxes.add_tax)
        self.do(admin, ProductForm("Flight", currency="EUR"), products.add_product)
        self.do(admin, LateFeesForm(from_step="7"), saving(late_fees.change_late_fees))
        member = MemberForm("M", "m@northwind.example", "viewer")
        self.do(admin, member, lambda uow, form: members.add_member(uow, form, ""))
        self.portal.choose(write_auth="link", disputes="open", comments="write")
        charge_late(self.world, self.place)

    def meet(self) -> int:
        form = CustomerForm(name="Vermeer", email="ap@vermeer.example")
        biller = self.place.accounting
        customer_id = self.do(biller, form, create_customer)
        contact = ContactForm("Ines", "ines@vermeer.example", "to")
        self.do(biller, contact, lambda uow, x: add_contact(uow, customer_id, x))
        return customer_id

    def bill(self, customer_id: int, **changes: Any) -> int:
        with self.world.reading(self.place.system) as uow:
            tax = uow.all(select(taxes.TaxRate).order_by(col(taxes.TaxRate.id)))[-1]
            stored = uow.one(select(WorkspaceSettings)).custom_fields
        form = DraftForm(
            customer_id=customer_id,
            work="Work",
            amount="10",
            lines=(LineForm(name="Flight", unit_price="90", tax_id=str(tax.id)),),
            **changes,
        )
        key = stored[0]["key"]

        def issue(uow: UnitOfWork, form: DraftForm) -> int:
            # As it is kept between what a page sends and the issue.
            typed = form_from_json(form_to_json(form))
            typed = replace(typed, own=((key, form.own[0][1]),))
            made = drafts.create_draft(uow, typed)
            issued = invoices.issue_and_publish(uow, made.invoice_id, made.version)
            return issued.invoice_id

        form = replace(form, own=(("key-trip", "NW-1187"),))
        return self.do(self.place.accounting, form, issue)

    def bill_events(self, customer_id: int) -> int:
        typed = EventForm("stay", "W1", "2026-03-01", "3 pallets", "", "2", "Chilled")

        def record(uow: UnitOfWork, form: EventForm) -> None:
            event = read_event_form(
                form, customer_id=customer_id, currency="EUR", zone="UTC"
            )
            assert billable_events.record_event(uow, event)

        self.do(self.place.operations, typed, record)
        ids = [x.id for x in all_rows(self.world, self.place, BillableEvent)]
        biller = self.place.accounting
        with self.world.unit(biller) as uow:
            form = DraftForm(customer_id, currency="EUR")
            draft = drafts.create_draft(uow, form)
            draft = drafts.bill_events(
                uow, draft.invoice_id, draft.version, ids, Grouping.KIND
            )
            issued = invoices.issue_and_publish(uow, draft.invoice_id, draft.version)
        return issued.invoice_id

    def quarrel(self, invoice_id: int) -> None:
        biller = self.place.accounting
        visitor = visitor_of(self.world, self.place, invoice_id)
        comment = CommentForm("Hello", "Ines", "ines@vermeer.example")

        def post(uow: UnitOfWork, form: CommentForm) -> None:
            form = replace(form, request_key="request-1")
            conversations.post_comment(uow, invoice_id, form, allowing())

        def dispute(uow: UnitOfWork, form: DisputeForm) -> int:
            form = replace(form, request_key="dispute-1")
            return disputes.open_dispute(uow, invoice_id, form, OPEN, "")

        self.do(visitor, comment, post)
        self.do(
            biller,
            CommentForm("Hi", request_key="key-reply-1"),
            lambda uow, x: conversations.post_reply(uow, invoice_id, x),
        )
        dispute_id = self.do(visitor, DisputeForm("30.00", "Too much"), dispute)
        decided = ResolveForm("stands", "We counted again.", "A note")
        self.do(
            biller,
            decided,
            lambda uow, x: disputes.resolve_dispute(uow, dispute_id, x),
        )

    def settle(self, invoice_id: int, other_id: int) -> None:
        biller, today = self.place.accounting, f"{self.world.clock.now:%Y-%m-%d}"
        note = CreditForm(CreditMode.AMOUNT, amount="10", reason="Too much")
        self.do(
            biller,
            note,
            lambda uow, x: credit_notes.issue_credit_note(uow, invoice_id, x),
        )
        paid = RecordPaymentForm("20.00", today, "bank_transfer")
        self.do(
            biller, paid, lambda uow, x: payments.record_payment(uow, invoice_id, x)
        )
        rest = RestForm(today, "cash")
        seen = {other_id: 1_000}
        self.do(biller, rest, lambda uow, x: payments.record_rests(uow, seen, x))

    def tell(self) -> list[str]:
        """Do all of it, and deliver; return the pages that the customer reads."""
        world, biller = self.world, self.place.accounting
        self.set_up()
        customer_id = self.meet()
        invoice_id = self.bill(customer_id)
        fixed_id = self.bill(customer_id, mode=InvoiceMode.FIXED)
        events_id = self.bill_events(customer_id)
        self.quarrel(invoice_id)
        self.settle(invoice_id, fixed_id)
        why, seen = self.text[:200], outstanding(world, self.place, events_id)
        world.run(biller, write_offs.write_off, events_id, why, seen)
        world.clock.advance(days=60)
        night(world)
        account = world.run(biller, portal_links.copy_customer_link, customer_id)
        shown = (invoice_id, fixed_id, events_id)
        links = [world.run(biller, portal_links.copy_link, x) for x in shown]
        return [*(f"/p/{link}" for link in links), f"/c/{account}"]


def is_harmless(html: str, there: str) -> None:
    page = read_page(html)
    host = there.split("/")[2]
    for address in page.addresses:
        assert host not in address, address
        assert "passwd" not in address
    # An address in a comment may be followed by who wants to.
    for link in page.links:
        assert not link or link.startswith(LINKS), link
    for tag, names in page.elements:
        assert not [x for x in names if x.startswith("on")], (tag, names)
        assert tag not in ("iframe", "object", "embed", "image", "use"), tag
    assert "x()" not in page.scripts


def html_of(mail: Path) -> str:
    message = email.message_from_bytes(mail.read_bytes(), policy=policy.default)
    body = message.get_body(("html",))
    return body.get_content() if body else ""


@pytest.mark.feature("F027")
async def test_what_is_typed_is_text_for_customers(portal: Portal):
    with listening() as (there, callers):
        story = Story(portal, attempts(there))
        # Mails are sent in an event loop of their own.
        pages = await asyncio.to_thread(story.tell)

        for path in pages:
            answer = await portal.get(path)
            assert answer.status_code == 200
            assert "&lt;svg onload=x()&gt;" in answer.text
            is_harmless(answer.text, there)
        statement = await portal.get(f"{pages[-1]}/statement.pdf")
        assert statement.status_code == 200

        data = portal.world.runtime.settings.data_dir
        files = [x.read_bytes() for x in (data / "files").rglob("*.pdf")]
        assert len(files) >= 5
        for pdf in (*files, statement.content):
            for name, xml in attachments_of(pdf).items():
                assert name == "factur-x.xml"
                assert b"<svg" not in xml
                etree.fromstring(xml)
            assert all(x.startswith("http://localhost:") for x in calls_of(pdf))
        mails = list((data / "mailbox").glob("*.eml"))
        assert len(mails) >= 4
        for mail in mails:
            is_harmless(html_of(mail), there)
        assert callers == []

    typist = story.typist
    assert typist.kinds | ELSEWHERE.keys() >= all_forms().keys()
    assert typist.taken >= {
        *("BusinessForm.legal_name", "BusinessForm.address", "BusinessForm.website"),
        *("CustomerForm.name", "CustomerForm.address", "ContactForm.name"),
        *("DocumentsForm.notes", "DocumentsForm.terms", "BankForm.rows"),
        *("CustomField.name", "TaxForm.name", "TaxForm.exemption_reason"),
        *("ProductForm.description", "DraftForm.notes", "DraftForm.own"),
        *("DraftForm.purchase_order", "DraftForm.work", "LineForm.name"),
        *("LineForm.description", "LineForm.group", "LineForm.unit"),
        *("EventForm.kind", "EventForm.note", "CommentForm.body", "CommentForm.name"),
        *("DisputeForm.reason", "ResolveForm.answer", "CreditForm.reason"),
        *("RecordPaymentForm.reference", "RestForm.reference"),
    }


async def test_endless_texts_are_refused_or_printed(portal: Portal):
    """Of five thousand line breaks and a word of 200 kB as much as each field takes."""
    endless = "\n".join("x" * 5_000) + "x" * 200_000
    story = Story(portal, endless)

    pages = await asyncio.to_thread(story.tell)

    assert "DraftForm.notes" in story.typist.taken
    for path in pages:
        assert (await portal.get(path)).status_code == 200
    for kind in (IssuedDocument, CreditNote):
        rows = all_rows(portal.world, portal.place, kind)
        assert all(row.pdf_digest for row in rows)


def test_what_a_guest_types_is_text(world: World):
    with listening() as (there, callers):
        opened = welcoming(world)

        def check(uow: UnitOfWork, form: GuestForm) -> None:
            # As it is kept.
            read_guest(guest_from_json(guest_to_json(form))).check()

        typist = Typist(opened, attempts(there))
        filled = typist.fill(opened.northwind.system, GUEST, check)
        token = a_guest(opened, filled)
        _, pdf = guest_invoices.print_guest(opened.runtime, token, NETWORK)

        assert callers == []
    assert typist.taken >= {"GuestForm.number", "GuestForm.seller_name"}
    assert attachments_of(pdf) == {}
    assert calls_of(pdf) == []
