"""Drafts: a fresh one for the asking, and no trail of empty ones behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from billing_app.domain.draft import DraftForm, form_from_json
from billing_app.domain.invoice import WrongState
from billing_app.models import Invoice, TaxRate, WorkspaceSettings
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.queries.shell import read_shell
from billing_app.services import drafts
from billing_app.services.customers import CustomerForm, create_customer
from tests.support.billing import a_customer, read_invoice
from tests.support.world import World


def start(world: World, customer_id: int = 0) -> int:
    actor = world.northwind.accounting
    return world.run(actor, drafts.start_draft, customer_id).invoice_id


def form_of(world: World, invoice_id: int) -> DraftForm:
    with world.reading(world.northwind.system) as uow:
        return form_from_json(uow.get(Invoice, invoice_id).draft or {})


def type_into(world: World, invoice_id: int) -> None:
    form = replace(form_of(world, invoice_id), purchase_order="PO 1")
    world.run(world.northwind.accounting, drafts.save_draft, invoice_id, 0, form)


def test_an_untouched_draft_is_used_again(world: World):
    assert start(world) == start(world)


@pytest.mark.parametrize("is_named", [True, False])
def test_one_for_a_customer_is_theirs_alone(world: World, is_named: bool):
    vermeer = a_customer(world, world.northwind)
    halden = a_customer(world, world.northwind, "Halden") if is_named else 0

    first = start(world, vermeer)

    assert start(world, vermeer) == first
    assert start(world, halden) != first


def test_one_that_was_typed_into_stays(world: World):
    first = start(world)
    type_into(world, first)

    assert start(world) != first
    assert form_of(world, first).purchase_order == "PO 1"


def listed(world: World) -> list[int]:
    """Return what the list shows, which is as many as the frame counts."""
    viewer = world.northwind.viewer
    page = world.run(viewer, list_invoices, InvoiceFilter()).page
    assert world.run(viewer, read_shell).draft_count == len(page.rows)
    return [row.id for row in page.rows]


def test_one_is_listed_once_it_is_typed_into(world: World):
    world.run(world.kestrel.accounting, drafts.start_draft)
    first = start(world)
    assert listed(world) == []

    type_into(world, first)

    assert listed(world) == [first]


def test_one_that_is_cancelled_untouched_stays_on_record(world: World):
    first = start(world)
    actor = world.northwind.accounting

    world.run(actor, drafts.cancel_draft, first, 0, "Opened by mistake")

    assert read_invoice(world, world.northwind, first).deleted_at is None


def test_one_that_is_deleted_untouched_comes_back_as_any_other(world: World):
    first = start(world)
    actor = world.northwind.accounting
    world.run(actor, drafts.delete_draft, first)
    with pytest.raises(WrongState, match="was deleted"):
        world.run(actor, drafts.save_draft, first, 1, form_of(world, first))

    world.run(actor, drafts.restore_draft, first)

    assert listed(world) == [first]


def test_a_colleagues_is_left_to_them(world: World):
    first = start(world)

    theirs = world.run(world.northwind.owner, drafts.start_draft).invoice_id

    assert theirs != first


def test_a_deleted_one_stays_deleted(world: World):
    first = start(world)
    world.run(world.northwind.accounting, drafts.delete_draft, first)

    assert start(world) != first


def test_it_starts_with_the_notes_of_today(world: World):
    start(world)
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).notes = "Thank you"

    assert form_of(world, start(world)).notes == "Thank you"


def test_saving_what_is_saved_changes_nothing(world: World):
    first = start(world)
    form = form_of(world, first)
    actor = world.northwind.accounting

    saved = world.run(actor, drafts.save_draft, first, 0, form)

    assert saved.version == 0
    assert listed(world) == []


@pytest.mark.feature("G02")
def test_a_line_begins_with_a_quantity_of_1_and_taxed(world: World):
    with world.reading(world.northwind.system) as uow:
        usual = uow.one(select(TaxRate).where(col(TaxRate.is_default)))

    (line,) = form_of(world, start(world)).lines

    assert (line.quantity, line.tax_id) == ("1", str(usual.id))
    assert usual.percent > 0


@pytest.mark.feature("G09")
@pytest.mark.parametrize(("net_days", "days"), [("", 30), ("14", 14), ("0", 0)])
def test_it_is_due_after_the_customers_terms_else_the_usual_ones(
    world: World, net_days: str, days: int
):
    form = CustomerForm(name="Halden Freight", net_days=net_days)
    customer_id = world.run(world.northwind.accounting, create_customer, form)

    draft_id = start(world, customer_id)

    with world.reading(world.northwind.system) as uow:
        due_on = uow.get(Invoice, draft_id).due_on
        assert due_on == uow.today + timedelta(days=days)
