"""A process that issues, records and settles until somebody kills it."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from sqlmodel import col, select

from billing_app.domain.numbering import Reset
from billing_app.domain.online_payment import AttemptStatus
from billing_app.models import NumberSeries
from billing_app.services import online_payments
from tests.support.billing import an_invoice, pay
from tests.support.story import a_report, an_attempt
from tests.support.world import World, open_world_at


def count_by_month(world: World) -> None:
    with world.unit(world.northwind.system) as uow:
        series = uow.one(
            select(NumberSeries).where(col(NumberSeries.code) == "invoice")
        )
        series.pattern, series.reset = "{year}-{month}-{counter:4}", Reset.MONTH


def toil(folder: Path, cycle: int, said: Connection) -> None:
    """Work on the database in the folder; say what has been committed, at once.

    What is said: an invoice's id, a payment's request key, an attempt's id.
    """
    world = open_world_at("", folder)
    # Time goes on: numbers are issued in the order of the clock. A new month begins
    # every fifth time, and with it, somewhere in the work, its counter.
    world.clock.advance(minutes=cycle, days=31 * (cycle // 5))
    place = world.northwind
    count_by_month(world)
    for turn in range(10_000):
        invoice_id = an_invoice(world, place, "100.00")
        said.send(("invoice", invoice_id))
        key = f"form-{cycle}-{turn}"
        pay(world, place, invoice_id, "60", request_key=key)
        said.send(("payment", key))
        attempt_id = an_attempt(world, place, invoice_id, 6_000)
        told = a_report(world, attempt_id, AttemptStatus.SUCCEEDED, 6_000)
        for _ in range(2):
            world.run(place.system, online_payments.apply_report, attempt_id, told)
            said.send(("attempt", attempt_id))
