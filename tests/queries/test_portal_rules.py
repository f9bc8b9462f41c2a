"""Which settings hold for a customer and an invoice, and what Stripe allows of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.domain.payability import GateName
from billing_app.domain.portal_settings import (
    CommentMode,
    Level,
    LinkExpiry,
    PaymentMode,
    WriteAuth,
)
from billing_app.models import (
    Customer,
    Invoice,
    PortalLink,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.queries.customer_access import read_invoice_desk
from billing_app.queries.payability import read_payability
from billing_app.queries.portal_rules import read_customer_rules, read_invoice_rules
from billing_app.services import portal_links
from tests.support.billing import an_invoice, visitor_of
from tests.support.world import Place, World


def choose(
    world: World,
    place: Place,
    invoice_id: int,
    *,
    workspace: dict[str, Any] | None = None,
    customer: dict[str, Any] | None = None,
    invoice: dict[str, Any] | None = None,
) -> int:
    """Store what each level answers itself; return the customer's id."""
    with world.unit(place.system) as uow:
        of_all = uow.one(select(WorkspaceSettings))
        one = uow.get(Invoice, invoice_id)
        whose = uow.get(Customer, one.customer_id or 0)
        of_all.portal = workspace or {}
        whose.portal = customer or {}
        one.portal = invoice or {}
        return whose.id or 0


def test_the_narrowest_level_decides_for_an_invoice(world: World):
    invoice_id = an_invoice(world, world.northwind)
    customer_id = choose(
        world,
        world.northwind,
        invoice_id,
        workspace={"comments": "read", "write_auth": "link"},
        customer={"write_auth": "session"},
        invoice={"comments": "off"},
    )

    of_invoice = world.run(world.northwind.viewer, read_invoice_rules, invoice_id)
    of_customer = world.run(world.northwind.viewer, read_customer_rules, customer_id)

    assert of_invoice.settings.comments == CommentMode.OFF
    assert of_invoice.levels["comments"] == Level.INVOICE
    assert of_invoice.settings.write_auth == WriteAuth.SESSION
    assert of_customer.settings.comments == CommentMode.READ
    assert of_customer.levels["write_auth"] == Level.CUSTOMER


@pytest.mark.feature("C01")
def test_without_stripe_nobody_pays_online(world: World):
    invoice_id = an_invoice(world, world.northwind)

    found = world.run(world.northwind.viewer, read_invoice_rules, invoice_id)

    assert found.settings.payment == PaymentMode.INSTRUCTIONS
    assert found.levels["payment"] == Level.SYSTEM


@pytest.mark.feature("C01")
@pytest.mark.parametrize("is_connected", [False, True])
def test_the_desk_says_how_far_stripe_is(world: World, is_connected: bool):
    invoice_id = an_invoice(world, world.northwind)
    if is_connected:
        account = StripeAccount(secret_key_encrypted="x", charges_enabled=False)
        with world.unit(world.northwind.system) as uow:
            uow.add(account)

    desk = world.run(world.northwind.viewer, read_invoice_desk, invoice_id)

    why = next(rule.why for rule in desk.rules if rule.key == "payment")
    assert ("is not connected" in why) is not is_connected
    assert ("may not charge yet" in why) is is_connected


def test_the_gates_ask_what_holds_for_this_invoice(world: World):
    invoice_id = an_invoice(world, world.northwind)
    choose(world, world.northwind, invoice_id, customer={"payment": "off"})

    found = world.run(world.northwind.viewer, read_payability, invoice_id)

    shut = next(gate for gate in found.gates if gate.name == GateName.ENABLED)
    assert (shut.is_open, shut.code) == (False, "off")


@pytest.mark.feature("F101")
def test_paying_that_is_disabled_for_all_says_so(world: World):
    invoice_id = an_invoice(world, world.northwind)
    choose(
        world,
        world.northwind,
        invoice_id,
        workspace={"allows_payment": False},
        invoice={"payment": "online"},
    )

    found = world.run(world.northwind.viewer, read_payability, invoice_id)

    shut = next(gate for gate in found.gates if gate.name == GateName.ENABLED)
    assert (shut.is_open, shut.code) == (False, "disabled")


@pytest.mark.feature("C06")
def test_a_new_link_lives_as_long_as_this_customers_links(world: World):
    invoice_id = an_invoice(world, world.northwind)
    choose(
        world,
        world.northwind,
        invoice_id,
        customer={"link_expiry": LinkExpiry.AFTER_DAYS, "link_expiry_days": 5},
    )

    world.run(world.northwind.accounting, portal_links.new_link, invoice_id)

    with world.reading(world.northwind.system) as uow:
        link = uow.one(
            select(PortalLink).where(
                col(PortalLink.invoice_id) == invoice_id,
                col(PortalLink.revoked_at).is_(None),
            )
        )
    assert link.expires_at is not None
    assert (link.expires_at - world.clock.now).days == 5


def test_another_workspace_reads_nothing(world: World):
    invoice_id = an_invoice(world, world.northwind)
    customer_id = choose(world, world.northwind, invoice_id)

    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, read_invoice_rules, invoice_id)
    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, read_customer_rules, customer_id)


def test_a_visitor_asks_in_vain(world: World):
    invoice_id = an_invoice(world, world.northwind)
    visitor = visitor_of(world, world.northwind, invoice_id)

    with pytest.raises(NotPermitted):
        world.run(visitor, read_invoice_rules, invoice_id)
