"""Fill an empty database with the demo's businesses, as if years had passed.

Everything is done by the services that people use, under a clock that is moved; the
stand-in Stripe knows of every online payment, as it would if it had taken it.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from billing_app.database.authentication import list_system_actors
from billing_app.database.passwords import hash_password
from billing_app.runtime import Runtime
from billing_app.sandbox.demo.aldgate import ALDGATE
from billing_app.sandbox.demo.business import DemoBusiness, DemoInvoice, Fate
from billing_app.sandbox.demo.ironwood import IRONWOOD
from billing_app.sandbox.demo.kestrel import KESTREL
from billing_app.sandbox.demo.northwind import NORTHWIND
from billing_app.sandbox.demo.plot import Plot
from billing_app.sandbox.demo.scheldt import SCHELDT
from billing_app.sandbox.demo.stand_ins import JOB, open_stripe
from billing_app.sandbox.demo.story import HISTORY_MONTHS, Clock, Story

BUSINESSES = (NORTHWIND, KESTREL, ALDGATE, SCHELDT, IRONWOOD)
# A demo runs on one's own machine and is thrown away: one password, easy to type.
PASSWORD = "tallyport demo"  # noqa: S105


def fill(runtime: Runtime) -> None:
    """Make every business, unless there is a workspace already."""
    if list_system_actors(runtime.engine, JOB):
        return
    password_hash = hash_password(PASSWORD)
    clock = Clock(runtime.now())
    moved = runtime.at(clock)
    stripe = open_stripe(moved)
    for business in BUSINESSES:
        clock.now = clock.real - timedelta(days=31 * (HISTORY_MONTHS + 1))
        _tell(Story(moved, clock, stripe, business, password_hash))


def _tell(story: Story) -> None:
    customers = story.begin()
    for invoice in (*_history(story.business), *story.business.invoices):
        Plot(story, invoice, customers[invoice.customer]).plan()
    story.live()
    story.end(customers)


def _history(business: DemoBusiness) -> list[DemoInvoice]:
    """Return a year of small invoices, nearly all paid, the same at each start."""
    chance = Random(business.key)  # noqa: S311
    planned: list[DemoInvoice] = []
    for month in range(HISTORY_MONTHS, 0, -1):
        for turn in range(business.paid_per_month):
            days_ago = month * 30 + 18 - turn * 13 - chance.randint(0, 6)
            count = chance.choice((1, 2, 2, 3))
            planned.append(
                DemoInvoice(
                    customer=chance.randrange(len(business.customers)),
                    days_ago=days_ago,
                    fate=_old_fate(chance, month),
                    lines=tuple(chance.sample(business.usual, count)),
                )
            )
    return planned


def _old_fate(chance: Random, month: int) -> Fate:
    if month > 9 and chance.random() < 0.5:
        return Fate.ARCHIVED
    return Fate.PAID_BY_CARD if chance.random() < 0.35 else Fate.PAID
