"""Invoices of people without an account, and a world that is open to them."""

from __future__ import annotations

from dataclasses import replace

from billing_app import runtime
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.guest_invoice import GuestForm
from billing_app.workflows import guest_invoices
from tests.support.world import World

NETWORK = "203.0.113.7"
LINES = (
    LineForm(key="a", name="Photography", quantity="2", unit_price="50", tax_id="21%"),
    LineForm(key="b", name="Travel", unit_price="20"),
)
FORM = GuestForm(
    seller_name="Fern & Field",
    seller_address="12 Harbour Lane\nLondon",
    seller_vat_id="GB123456789",
    buyer_name="Vermeer Optics",
    buyer_address="Keizersgracht 214\nAmsterdam",
    buyer_email="pay@vermeer.example",
    tax_name="VAT",
    draft=DraftForm(currency="EUR", notes="Thank you", lines=LINES),
)


# The same, at addresses that machines read.
IN_PARTS = replace(
    FORM,
    seller_address="12 Harbour Lane\nFloor 2",
    seller_postal_code="E14 4AB",
    seller_town="London",
    seller_country="GB",
    buyer_address="Keizersgracht 214",
    buyer_postal_code="1016 DX",
    buyer_town="Amsterdam",
    buyer_region="Noord-Holland",
    buyer_country="Netherlands",
)


def welcoming(world: World) -> World:
    """Return the world with the page for guests open."""
    settings = replace(world.runtime.settings, guest_invoices=True)
    opened = replace(world, runtime=replace(world.runtime, settings=settings))
    runtime.set_current(opened.runtime)
    return opened


def a_guest(world: World, form: GuestForm = FORM) -> str:
    """Keep an invoice for a new browser, and return its token."""
    token = guest_invoices.begin(world.runtime, NETWORK)
    guest_invoices.save(world.runtime, token, 0, form)
    return token
