"""Fill a workspace with believable customers and invoices, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from billing_app.domain.actors import SystemActor
from billing_app.domain.samples import sample_invoice
from billing_app.runtime import Runtime
from billing_app.services.seed import (
    SeededCustomers,
    read_seed_rules,
    seed_customers,
    seed_invoices,
)

# Rows of one batch are held in memory; more would not be faster.
CUSTOMERS_AT_ONCE = 5_000
INVOICES_AT_ONCE = 1_000

Tell = Callable[[str, int, int], None]


def seed(
    runtime: Runtime,
    actor: SystemActor,
    *,
    customers: int,
    invoices: int,
    start: int,
    tell: Tell = lambda what, done, whole: None,
) -> None:
    """Add customers and invoices; each batch is complete by itself.

    `start` decides the data; `tell` hears what, how many, of how many.
    """
    added = _add_customers(runtime, actor, customers, start, tell)
    rules = runtime.run(actor, read_seed_rules)
    chance = Random(start)  # noqa: S311
    for first in range(0, invoices, INVOICES_AT_ONCE):
        last = min(first + INVOICES_AT_ONCE, invoices)
        samples = [
            sample_invoice(
                chance,
                index=index,
                count=invoices,
                customers=customers,
                currency=rules.currency,
                net_days=rules.net_days,
                today=rules.today,
            )
            for index in range(first, last)
        ]
        runtime.run(actor, seed_invoices, added, samples)
        tell("invoices", last, invoices)


def _add_customers(
    runtime: Runtime, actor: SystemActor, customers: int, start: int, tell: Tell
) -> SeededCustomers:
    added: SeededCustomers | None = None
    for first in range(0, customers, CUSTOMERS_AT_ONCE):
        count = min(CUSTOMERS_AT_ONCE, customers - first)
        added = runtime.run(actor, seed_customers, added, start, count)
        tell("customers", added.count, customers)
    assert added is not None, "somebody has to be billed"
    return added
