"""A draft that is issued and paid at once: both steps, or neither."""

from __future__ import annotations

import pytest

from billing_app.domain.actors import Role
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted, StaleDraft
from billing_app.domain.events import Topic
from billing_app.models import OutboxMessage, Payment
from billing_app.services import drafts, invoices
from billing_app.services.drafts import SavedDraft
from billing_app.services.paid_drafts import issue_and_record
from tests.support.billing import (
    a_customer,
    a_form,
    all_rows,
    an_invoice,
    read_invoice,
)
from tests.support.world import World


@pytest.fixture
def draft(world: World) -> SavedDraft:
    form = DraftForm(
        customer_id=a_customer(world, world.northwind),
        lines=(LineForm(name="Day pass", unit_price="100"),),
    )
    return world.run(world.northwind.accounting, drafts.create_draft, form)


def pay_at_once(world: World, draft: SavedDraft, amount: str = "100.00", actor=None):
    return world.run(
        actor or world.northwind.accounting,
        issue_and_record,
        draft.invoice_id,
        draft.version,
        a_form(world, amount),
    )


@pytest.mark.feature("C24", "G01")
def test_a_draft_becomes_paid_in_one_step(world, draft):
    issued = pay_at_once(world, draft)

    invoice = read_invoice(world, world.northwind, draft.invoice_id)
    assert (invoice.phase, invoice.number) == ("paid", issued.number)
    assert (invoice.published_at, invoice.sent_at) == (None, None)
    mails = all_rows(world, world.northwind, OutboxMessage)
    assert Topic.MAIL_INVOICE not in [mail.topic for mail in mails]


def test_a_refused_payment_takes_no_number(world, draft):
    with pytest.raises(InvalidInput):
        pay_at_once(world, draft, "ten")

    assert read_invoice(world, world.northwind, draft.invoice_id).state == "draft"
    next_one = an_invoice(world, world.northwind, "1.00")
    number = read_invoice(world, world.northwind, next_one).number
    assert number is not None
    assert number.endswith("0001")


def test_a_draft_that_is_no_invoice_leaves_no_payment(world):
    empty = world.run(world.northwind.accounting, drafts.create_draft, DraftForm())

    with pytest.raises(InvalidInput):
        pay_at_once(world, empty)

    assert all_rows(world, world.northwind, Payment) == []


def test_a_draft_that_somebody_else_saved_is_refused(world, draft):
    form = DraftForm(lines=(LineForm(name="Other"),))
    world.run(
        world.northwind.owner, drafts.save_draft, draft.invoice_id, draft.version, form
    )

    with pytest.raises(StaleDraft):
        pay_at_once(world, draft)


def test_both_rights_are_needed(world, draft):
    for role in (Role.VIEWER, Role.OPERATIONS):
        with pytest.raises(NotPermitted):
            pay_at_once(world, draft, actor=world.northwind.member(role))


def test_another_workspaces_draft_does_not_exist(world, draft):
    with pytest.raises(NotFound):
        pay_at_once(world, draft, actor=world.kestrel.accounting)


def test_issued_before_it_is_not_paid_this_way(world, draft):
    world.run(
        world.northwind.accounting, invoices.issue, draft.invoice_id, draft.version
    )

    with pytest.raises(Exception, match="issued"):
        pay_at_once(world, draft)

    assert all_rows(world, world.northwind, Payment) == []
