"""What the command menu finds."""

from __future__ import annotations

from billing_app.web.staff.command_state import CommandState as State
from tests.support.billing import an_invoice
from tests.support.credit import an_amount, credit
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World
from tests.web.conftest import Browse


async def test_finds_invoices_and_customers_of_the_own_workspace(
    world: World, browse: Browse
):
    an_invoice(world, world.northwind, "85.00")
    with world.unit(world.kestrel.owner) as uow:
        add_invoice(uow, add_customer(uow, "Vermeer elsewhere"))
    async with browse(world.northwind.viewer, "/dashboard") as driver:
        await driver.press(State.find, text="verm")

    invoice, customer = driver.shown(State, "found")
    assert (invoice.words, invoice.detail, invoice.href) == (
        "INV-00001 · Vermeer Optics",
        "€85.00, due",
        "/invoices/1",
    )
    assert (customer.words, customer.detail) == ("Vermeer Optics", "1 open, €85.00")


async def test_nothing_typed_finds_nothing(world: World, browse: Browse):
    an_invoice(world, world.northwind)
    async with browse(world.northwind.viewer, "/dashboard") as driver:
        for text in ("verm", "  ", "> new"):
            await driver.press(State.find, text=text)

    assert driver.shown(State, "found") == []


async def test_finds_credit_notes_of_the_own_workspace_by_their_number(
    world: World, browse: Browse
):
    for place in world.places:
        invoice_id = an_invoice(world, place, "85.00")
        credit(world, place, invoice_id, an_amount("10.00"))
    async with browse(world.northwind.viewer, "/dashboard") as driver:
        for text, found in (("cn-", 1), ("CN-", 1), ("N-0", 0), ("%", 0)):
            await driver.press(State.find, text=text)
            commands = driver.shown(State, "found")
            notes = [x for x in commands if x.group == "Credit notes"]
            assert len(notes) == found, text
        await driver.press(State.find, text="cn-")

    (note,) = (x for x in driver.shown(State, "found") if x.group == "Credit notes")
    assert (note.words, note.href) == ("CN-00001 · Vermeer Optics", "/invoices/1")
    assert note.detail == "€10.00, for INV-00001"
