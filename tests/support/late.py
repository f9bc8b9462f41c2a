"""Builders: a rule of late fees, reminders that charge, mornings that pass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any

from sqlmodel import select

from billing_app.domain.late_fee import LateFeeRule
from billing_app.domain.reminders import ReminderPolicy
from billing_app.models import LateFee, WorkspaceSettings
from billing_app.queries.reminders import DueReminder
from billing_app.services.reminders import queue_due
from billing_app.workflows import nightly
from billing_app.workflows.outbox import deliver_due
from tests.support.billing import all_rows
from tests.support.world import Place, World, open_world_at

# 15.00 and 2% of what is overdue, in every currency of the tests.
FEE = LateFeeRule(
    is_on=True, from_step=7, amounts={"EUR": 1_500, "USD": 1_500}, percent=Decimal(2)
)
STEPS = (0, 7, 14)


def charge_late(
    world: World, place: Place, rule: LateFeeRule = FEE, steps: tuple[int, ...] = STEPS
) -> None:
    """Let reminders leave by themselves, and charge by this rule."""
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.reminders = ReminderPolicy(True, steps).to_stored()
        settings.late_fees = rule.to_stored()


def noon(world: World, on: date, hour: int = 12) -> None:
    """Set the clock to an hour of a day, in UTC."""
    world.clock.now = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def night(world: World) -> int:
    """Run as the background does, and deliver what it promised."""
    count = nightly.run(world.runtime)
    while deliver_due(world.runtime):
        pass
    return count


def fees(world: World, place: Place) -> list[LateFee]:
    return all_rows(world, place, LateFee)


def settle(world: World, place: Place, table: Any, row_id: int, **values: Any) -> None:
    """Set columns that other parts of the product would have set."""
    with world.unit(place.system) as uow:
        row = uow.get(table, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def charge_and_wait(
    database_url: str, folder: Path, now: datetime, invoice_id: int, says: Connection
) -> None:
    """Charge in a process of its own, and stop before the commit until it is killed."""
    world = open_world_at(database_url, folder)
    world.clock.now = now
    with world.unit(world.northwind.system) as uow:
        assert queue_due(uow, [DueReminder(invoice_id, 7, may_charge=True)]) == 1
        says.send(len(uow.all(select(LateFee))))
        Event().wait()
