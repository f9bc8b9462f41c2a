"""Late fees on the staff's pages: the rule with its example, and waiving a fee."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from billing_app.domain.draft import DraftForm, LineForm
from billing_app.models import WorkspaceSettings
from billing_app.queries.late_fees import read_late_fee_settings
from billing_app.services.drafts import create_draft
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.settings_reminders_state import RemindersState
from billing_app.workflows import nightly
from tests.support.billing import an_invoice, read_invoice
from tests.support.late import FEE, charge_late, fees, noon
from tests.support.world import World
from tests.web.conftest import Browse

PATH = "/settings/reminders"


def form(**changes: Any) -> dict[str, Any]:
    return {
        "is_on": "on",
        "from_step": "7",
        "percent": "2.5",
        "amount-EUR": "15.00",
        "cap-EUR": "",
        "tax_id": "",
        **changes,
    }


@pytest.mark.feature("A18")
async def test_the_example_follows_what_is_typed(world: World, browse: Browse):
    state = RemindersState
    charge_late(world, world.northwind, steps=(0, 7, 14))

    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(state.open)
        assert driver.shown(state, "example") == (
            "Example: €1,000.00 overdue, charged €35.00, each time: 7, 14 days after "
            "the due date."
        )

        await driver.press(state.foresee, what="cap-EUR", text="20")
        assert "charged €20.00" in driver.shown(state, "example")
        await driver.press(state.foresee, what="from_step", text="30")
        assert "No reminder leaves that late" in driver.shown(state, "example")
        await driver.press(state.foresee, what="from_step", text="7")
        await driver.press(state.foresee, what="percent", text="")
        await driver.press(state.foresee, what="amount-EUR", text="")
        assert driver.shown(state, "example").startswith("Nothing is charged yet")
        await driver.press(state.foresee, what="percent", text="much")
        assert "percentage" in driver.shown(state, "example")


@pytest.mark.parametrize(
    ("chosen", "charged"),
    [
        ({}, "€35.11"),
        ({"cash_rounding": {"EUR": 5}}, "€35.10"),
        ({"decimals": 0}, "€35.00"),
    ],
)
async def test_the_example_is_rounded_as_the_fee_is(
    world: World, browse: Browse, chosen: dict[str, Any], charged: str
):
    """2.011 % of 1,000.00 and 15.00 are 35.11."""
    state = RemindersState
    rule = replace(FEE, percent=Decimal("2.011"))
    charge_late(world, world.northwind, rule)
    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        for name, value in chosen.items():
            setattr(settings, name, value)

    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(state.open)
        assert f"charged {charged}" in driver.shown(state, "example")


async def test_a_rule_is_saved_with_its_amounts(world: World, browse: Browse):
    state = RemindersState
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(state.open)
        await driver.press(state.save_fees, form=form(percent="", **{"amount-EUR": ""}))
        assert "percent" in driver.shown(state, "errors")
        await driver.press(state.save_fees, form=form(**{"amount-EUR": "x"}))
        assert "amount-EUR" in driver.shown(state, "errors")
        await driver.press(state.save_fees, form=form())

    saved = driver.shown(state, "fees")
    assert (saved.is_on, saved.percent, saved.amounts) == (
        True,
        "2.5",
        {"EUR": "15.00"},
    )
    assert saved.currencies[0] == "EUR"


@pytest.mark.parametrize("tax_id", ["9" * 5_000, "x", "²", "-1", "123456"])
async def test_a_tax_that_nobody_was_offered_is_refused_in_words(
    world: World, browse: Browse, tax_id: str
):
    state = RemindersState
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(state.open)
        await driver.press(state.save_fees, form=form(tax_id=tax_id))

        assert not driver.shown(state, "fees").is_on
        said = (*driver.shown(state, "errors"), *driver.shown(state, "notices"))
        assert said
        assert not any("our side" in str(it) for it in said)


@pytest.mark.feature("A18")
async def test_staff_see_what_was_charged_and_what_comes_and_waive(
    world: World, browse: Browse
):
    state, place = InvoiceDetailState, world.northwind
    charge_late(world, place)
    invoice_id = an_invoice(world, place, "250.00")

    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(state.open)
        assert driver.shown(state, "next_fee").startswith("Next: €20.00 on 8 Apr 2026")

    # Sessions end meanwhile.
    noon(world, date(2026, 4, 8))
    nightly.remind(world.runtime, place.system)
    async with browse(place.owner, f"/invoices/{invoice_id}") as driver:
        await driver.press(state.open)
        (line,) = driver.shown(state, "late_fees")
        assert (line.number, line.amount) == ("INV-00002", "€20.00")
        assert line.state == "€20.00 open"

        await driver.press(state.start_waiving, fee_id=line.fee_id)
        await driver.press(state.waive, form={"reason": "Goodwill"})
        (line,) = driver.shown(state, "late_fees")
        assert (line.state, line.can_waive) == ("Waived", False)

    (fee,) = fees(world, place)
    assert read_invoice(world, place, fee.fee_id).void_reason == "Goodwill"
    assert read_invoice(world, place, invoice_id).state == "issued"


async def test_only_a_fee_of_the_invoice_in_view_is_waived(
    world: World, browse: Browse
):
    state, place = InvoiceDetailState, world.northwind
    invoice_id, other = an_invoice(world, place), an_invoice(world, place)

    async with browse(place.accounting, f"/invoices/{invoice_id}") as driver:
        await driver.press(state.open)
        await driver.press(state.start_waiving, fee_id=other)
        await driver.press(state.waive, form={"reason": "Goodwill"})

    assert read_invoice(world, place, other).state == "issued"


def test_amounts_are_asked_for_in_each_currency_that_is_billed(world: World):
    for place, currency in ((world.northwind, "USD"), (world.kestrel, "GBP")):
        an_invoice(world, place, currency=currency)
    draft = DraftForm(currency="CHF", lines=(LineForm(name="Crane"),))
    world.run(world.northwind.accounting, create_draft, draft)

    shown = world.run(world.northwind.admin, read_late_fee_settings)

    assert shown.currencies == ("EUR", "USD")
