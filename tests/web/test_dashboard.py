"""The dashboard, through the whole pipeline but the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_app.models import InboundEvent
from billing_app.queries.settings import read_mail
from billing_app.services.mail_settings import MailForm, change_mail
from billing_app.web.staff.dashboard_state import DashboardState as State
from tests.support.billing import an_invoice, pay
from tests.support.rows import add_invoice
from tests.support.world import World
from tests.web.conftest import Browse


@pytest.mark.feature("F068")
async def test_a_payment_shows_on_an_open_page(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "1240.50")
    async with browse(world.northwind.viewer, "/dashboard") as driver:
        await driver.press(State.open)
        before = driver.shown(State, "outstanding")
        await driver.watch(State.watch)

        pay(world, world.northwind, invoice_id, "1000.00")
        await driver.until(lambda: driver.shown(State, "paid").amount == "€1,000")

    assert (before.amount, before.cents) == ("€1,240", ".50")
    assert driver.shown(State, "outstanding").amount == "€240"


async def test_names_other_currencies_and_adds_up_none(world: World, browse: Browse):
    an_invoice(world, world.northwind, "100.00")
    an_invoice(world, world.northwind, "70.00", currency="CHF")
    async with browse(world.northwind.viewer, "/dashboard") as driver:
        await driver.press(State.open)

    figure = driver.shown(State, "outstanding")
    assert figure.amount == "€100"
    assert figure.note == "2 invoices. Also CHF\u00a070.00"


async def test_shows_nothing_of_another_workspace(world: World, browse: Browse):
    an_invoice(world, world.northwind, "100.00")
    async with browse(world.kestrel.viewer, "/dashboard") as driver:
        await driver.press(State.open)

    assert driver.shown(State, "outstanding").amount == "$0"
    assert "Vermeer" not in str(driver.deltas)


async def test_says_that_mail_is_kept_until_there_is_a_server(
    world: World, browse: Browse
):
    owner = world.northwind.owner
    async with browse(owner, "/dashboard") as driver:
        await driver.press(State.open)
        assert driver.shown(State, "keeps_mail") is True

        form = MailForm(
            host="mail.example.com", security="tls", sender="ap@northwind.example"
        )
        world.run(owner, change_mail, world.run(owner, read_mail).version, form)
        await driver.press(State.open)
        assert driver.shown(State, "keeps_mail") is False


async def test_a_webhook_that_was_set_aside_says_why_and_is_tried_again(
    world: World, browse: Browse
):
    with world.unit(world.northwind.system) as uow:
        uow.add(
            InboundEvent(
                external_id="evt_1",
                kind="invoice.created",
                payload="{}",
                status="quarantined",
                last_error="It belongs to another Stripe account.",
                received_at=uow.now,
            )
        )
    async with browse(world.northwind.accounting, "/dashboard") as driver:
        await driver.press(State.open)
        (line,) = driver.shown(State, "attention")
        assert line.detail == "It belongs to another Stripe account."

        await driver.press(State.retry_webhook, event_id=line.event_id)

    assert driver.shown(State, "attention") == []
    assert driver.shown(State, "notices")[-1].words == "It is handled now."


async def test_a_webhook_of_another_workspace_is_as_one_that_does_not_exist(
    world: World, browse: Browse
):
    with world.unit(world.kestrel.system) as uow:
        theirs = uow.add(
            InboundEvent(
                external_id="evt_1",
                kind="invoice.created",
                payload="{}",
                status="quarantined",
                last_error="A reason of Kestrel's.",
                received_at=uow.now,
            )
        )
        event_id = theirs.id
    told = []
    async with browse(world.northwind.accounting, "/dashboard") as driver:
        for asked in (event_id, 900_001):
            await driver.press(State.retry_webhook, event_id=asked)
            told.append(driver.shown(State, "notices")[-1].words)
        assert "Kestrel" not in repr(driver.deltas)

    assert told == ["That webhook does not exist."] * 2
    with world.reading(world.kestrel.system) as uow:
        assert uow.get(InboundEvent, event_id).status == "quarantined"


@pytest.mark.feature("F068")
async def test_all_that_is_overdue_is_one_thing_that_needs_attention(
    world: World, browse: Browse
):
    place = world.northwind
    for each, minor, days in (
        (place, 100_00, 3),
        (place, 50_00, 1),
        (place, 70_00, 0),
        (world.kestrel, 900_00, 9),
    ):
        with world.unit(each.owner) as uow:
            due_on = uow.today - timedelta(days=days)
            add_invoice(uow, total_minor=minor, due_on=due_on)

    async with browse(place.viewer, "/dashboard") as driver:
        await driver.press(State.open)

    (line,) = driver.shown(State, "attention")
    assert (line.title, line.detail) == (
        "2 invoices are overdue",
        "The oldest is 3 days late",
    )
    assert (line.amount, line.href) == ("€150.00", "/invoices?status=overdue")
