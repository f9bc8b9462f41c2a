"""What a customer may read: these columns, of their own invoice, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Column, Select, event
from sqlalchemy.sql.visitors import iterate
from sqlmodel import select

from billing_app.database import authentication
from billing_app.database.authentication import NO_COOKIES
from billing_app.database.scope import tables_below
from billing_app.documents.portal import render_portal
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.credit_note import CreditForm, CreditMode
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.models import (
    Invoice,
    IssuedDocument,
    Member,
    PaymentAttempt,
    StripeAccount,
    WorkspaceOwned,
    WorkspaceSettings,
)
from billing_app.queries import portal
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.credit_notes import issue_credit_note
from billing_app.workflows import portal_pages
from tests.support.billing import (
    a_customer,
    an_event,
    an_invoice,
    an_invoice_of_events,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.world import Place, World

# Every column of a statement for customers is in here; adding one is a decision.
FOR_CUSTOMERS = {
    "invoice": {
        *("id", "state", "outstanding_minor", "processing_minor"),
        *("disputed_minor", "allocated_minor", "credited_minor", "written_off_minor"),
        "voided_at",
    },
    "credit_note": {
        *("id", "invoice_id", "number", "issued_on", "total_minor", "reason"),
        *("rounding_minor", "content", "pdf_digest", "pdf_error"),
    },
    "dispute": {"id", "invoice_id"},
    "payment_promise": {"id", "invoice_id"},
    "reminder": {"id", "invoice_id"},
    "issued_document": {
        "id",
        "invoice_id",
        "payment_id",
        "kind",
        "number",
        "content",
        "pdf_digest",
        "pdf_error",
    },
    "payment": {
        "id",
        "invoice_id",
        "received_on",
        "method",
        "method_detail",
        "reference",
        "status",
        "amount_minor",
        "allocated_minor",
        "refunded_minor",
    },
    "allocation": {"id", "invoice_id", "payment_id", "amount_minor"},
    "payment_attempt": {"id", "invoice_id", "status", "amount_minor", "created_at"},
    "billable_event": {
        *("id", "invoice_id", "line_position", "kind", "reference", "description"),
        *("happened_at", "factors", "rate"),
    },
    "payment_attempt_part": {"id", "attempt_id", "invoice_id", "amount_minor"},
}
READERS: dict[str, Callable[..., Any]] = {
    "read_invoice": portal.read_invoice,
    "find_document": portal.find_document,
    "read_issued": portal.read_issued,
    "find_credit_note": portal.find_credit_note,
    "read_credit_note": portal.read_credit_note,
}
CANARY = "canary"


@contextmanager
def overheard(world: World) -> Iterator[list[Select[Any]]]:
    """Collect what is asked of the database, with the limits added to it."""
    asked: list[Select[Any]] = []

    def listen(_connection: Any, statement: Any, *_: Any) -> None:
        if isinstance(statement, Select):
            asked.append(statement)

    event.listen(world.runtime.engine, "before_execute", listen)
    try:
        yield asked
    finally:
        event.remove(world.runtime.engine, "before_execute", listen)


def put_off(world: World, place: Place, invoice_id: int) -> None:
    """Let half of an invoice be on its way."""
    with world.unit(place.system) as uow:
        invoice = uow.get(Invoice, invoice_id)
        uow.add(
            PaymentAttempt(
                customer_id=invoice.customer_id,
                invoice_id=invoice_id,
                amount_minor=invoice.outstanding_minor,
                currency=invoice.currency,
                status="processing",
                idempotency_key=f"{CANARY} key",
                checkout_url=f"{CANARY} url",
                failure=f"{CANARY} failure",
                created_at=uow.now,
                changed_at=uow.now,
                expires_at=uow.now,
            )
        )
        uow.flush()
        invoice.processing_minor = invoice.outstanding_minor


def test_the_list_of_readers_is_whole():
    marked = {
        name
        for name, function in vars(portal).items()
        if str(getattr(function, "access", "")).startswith("portal")
    }

    assert marked == READERS.keys()


@pytest.mark.parametrize("name", READERS)
def test_asks_for_customers_columns_only(world: World, name: str):
    event = an_event(a_customer(world, world.northwind), "a", world.clock.now)
    invoice_id = an_invoice_of_events(world, world.northwind, event)
    pay(world, world.northwind, invoice_id, "10.00")
    put_off(world, world.northwind, invoice_id)
    form = CreditForm(CreditMode.AMOUNT, amount="1", reason="Agreed", request_key="k")
    issued = world.run(world.northwind.accounting, issue_credit_note, invoice_id, form)
    arguments = (issued.credit_note_id,) if name.endswith("_credit_note") else ()
    visitor = visitor_of(world, world.northwind, invoice_id)

    with overheard(world) as statements:
        world.run(visitor, READERS[name], *arguments)

    asked = {
        (column.table.name, column.name)
        for statement in statements
        for selected in statement.selected_columns
        for column in iterate(selected)
        if isinstance(column, Column)
    }
    allowed = {
        (table, name) for table, names in FOR_CUSTOMERS.items() for name in names
    }
    assert asked
    assert asked <= allowed


@pytest.mark.feature("F081")
def test_no_statement_reaches_a_table_of_staff(world: World):
    invoice_id = an_invoice(world, world.northwind)
    visitor = visitor_of(world, world.northwind, invoice_id)

    with world.reading(visitor) as uow:
        seen = {
            table.__name__: len(uow.all(select(table)))
            for table in tables_below(WorkspaceOwned)
        }

    shown = {name for name, count in seen.items() if count}
    assert shown == {"Invoice", "IssuedDocument"}


@pytest.mark.feature("F011", "F052", "F053")
def test_nothing_of_others_or_of_staff_reaches_the_page(world: World):
    """Canaries in every place a customer must not see; none sings."""
    north, south = world.places
    customer_id = a_customer(world, north)
    invoice_id = an_invoice(world, north, customer_id=customer_id)
    pay(world, north, invoice_id, "10.00", note=f"{CANARY} note", reference="Thanks")
    put_off(world, north, invoice_id)
    other = an_invoice(world, north, customer_id=a_customer(world, north, CANARY))
    pay(world, north, other, "10.00", reference=f"{CANARY} reference")
    sibling = DraftForm(customer_id=customer_id, lines=(LineForm(name=CANARY),))
    world.run(north.accounting, drafts.create_draft, sibling)
    an_invoice(world, south, customer_id=a_customer(world, south, f"{CANARY} south"))
    voided = an_invoice(world, north, customer_id=customer_id)
    world.run(north.accounting, invoices.void, voided, f"{CANARY} reason")
    with world.unit(north.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.mail = {"username": CANARY}
        settings.mail_password_encrypted = CANARY
        uow.add(StripeAccount(secret_key_encrypted=CANARY, account_id=CANARY))
        for member in uow.all(select(Member)):
            member.name = f"{CANARY} {member.name}"
        document = uow.one(
            select(IssuedDocument).where(
                IssuedDocument.invoice_id == invoice_id,
                IssuedDocument.kind == "invoice",
            )
        )
        document.pdf_error = f"{CANARY} error"
    token = world.run(north.accounting, portal_links.copy_link, invoice_id)
    link = authentication.open_portal(
        world.runtime.engine,
        PortalPlace(Door.INVOICE_LINK, token, is_account=False),
        NO_COOKIES,
        world.clock.now,
    )

    opened = portal_pages.open_invoice(world.runtime, link, "/p/token")
    painted = render_portal(
        opened.view,
        opened.sheet,
        opened.payment_code,
        as_of=opened.as_of,
        clock=opened.clock,
        exactly=opened.exactly,
    )

    assert "Thanks" in painted
    assert "Processing" in painted
    assert CANARY not in repr(opened)
    assert CANARY not in painted


class TestReadInvoice:
    def test_reads_what_is_left_and_what_came(self, world: World):
        invoice_id = an_invoice(world, world.northwind, "100.00")
        pay(world, world.northwind, invoice_id, "10.00")
        world.clock.advance(days=1)
        pay(world, world.northwind, invoice_id, "30.00", method="cash")
        visitor = visitor_of(world, world.northwind, invoice_id)

        facts = world.run(visitor, portal.read_invoice).facts

        assert facts.outstanding_minor == 6_000
        assert [(x.method, x.part_minor) for x in facts.received] == [
            ("cash", 3_000),
            ("bank_transfer", 1_000),
        ]
        assert all(x.receipt_number for x in facts.received)

    def test_shows_what_came_too_much_as_credit(self, world: World):
        invoice_id = an_invoice(world, world.northwind, "100.00")
        pay(world, world.northwind, invoice_id, "120.00")
        visitor = visitor_of(world, world.northwind, invoice_id)

        (paid,) = world.run(visitor, portal.read_invoice).facts.received

        assert (paid.part_minor, paid.credit_minor) == (10_000, 2_000)

    @pytest.mark.feature("F011")
    def test_a_link_opens_its_own_invoice_only(self, world: World):
        customer_id = a_customer(world, world.northwind)
        invoice_id = an_invoice(world, world.northwind, customer_id=customer_id)
        sibling = an_invoice(world, world.northwind, customer_id=customer_id)
        visitor = visitor_of(world, world.northwind, invoice_id)

        with pytest.raises(NotFound):
            world.run(visitor, portal.read_invoice, sibling)
        with pytest.raises(NotFound):
            world.run(visitor, portal.find_document, 0, sibling)

    @pytest.mark.feature("F050", "F052")
    def test_an_unpublished_invoice_is_not_there(self, world: World):
        invoice_id = an_invoice(world, world.northwind, is_published=False)
        customer_id = read_invoice(world, world.northwind, invoice_id).customer_id
        assert customer_id is not None
        workspace_id = world.northwind.workspace_id
        visitor = PortalVisitor(workspace_id, customer_id, 1, invoice_id)

        with pytest.raises(NotFound):
            world.run(visitor, portal.read_invoice)

    def test_a_customer_link_names_its_invoice(self, world: World):
        invoice_id = an_invoice(world, world.northwind)
        visitor = visitor_of(world, world.northwind, invoice_id)
        whole = PortalVisitor(
            visitor.workspace_id, visitor.customer_id, visitor.link_id, None
        )

        assert world.run(whole, portal.read_invoice, invoice_id).facts.document.number
        with pytest.raises(NotFound):
            world.run(whole, portal.read_invoice)
