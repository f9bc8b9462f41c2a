"""However many run the night at once, and wherever one is killed: one fee."""

from __future__ import annotations

from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.errors import BillingError
from billing_app.models import Invoice, Reminder
from billing_app.services import late_fees
from billing_app.workflows import nightly
from tests.scale.test_races import THREADS, at_once
from tests.support.billing import all_rows, an_invoice, pay, read_invoice
from tests.support.late import charge_and_wait, charge_late, fees, noon
from tests.support.world import Place, World

CHARGED = date(2026, 4, 8)


@pytest.fixture
def world(anywhere: World):
    charge_late(anywhere, anywhere.northwind)
    yield anywhere
    assert find_broken(anywhere.runtime.engine, anywhere.clock.now) == []


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.mark.feature("A18")
def test_nights_that_run_at_once_charge_once(world: World, place: Place):
    late = [an_invoice(world, place, "250.00") for _ in range(4)]
    noon(world, CHARGED)

    counts = at_once([lambda: nightly.remind(world.runtime, place.system)] * THREADS)

    assert sum(counts) == len(late)
    assert sorted(x.invoice_id for x in fees(world, place)) == late
    numbers = sorted(x.number for x in all_rows(world, place, Invoice))
    assert numbers == [f"INV-{n:05}" for n in range(1, 9)]


def test_one_step_is_charged_once_whoever_asks(world: World, place: Place):
    """Past the reminder, which is sent once: the fee has a wall of its own."""
    invoice_id = an_invoice(world, place, "250.00")
    noon(world, CHARGED)

    def charge() -> int | None:
        with world.unit(place.system) as uow:
            invoice = uow.get(Invoice, invoice_id, lock=True)
            return late_fees.charge(uow, invoice, 7)

    charged = at_once([charge] * THREADS)

    (fee,) = fees(world, place)
    assert [x for x in charged if x is not None] == [fee.fee_id]
    assert len(all_rows(world, place, Invoice)) == 2


def test_a_payment_at_the_same_instant_is_charged_on_or_not(world: World, place: Place):
    """Never a fee on a part of what is owed: it is all of it, or it was paid before."""
    invoice_id = an_invoice(world, place, "250.00")
    noon(world, CHARGED)

    results = at_once(
        [
            lambda: nightly.remind(world.runtime, place.system),
            lambda: pay(world, place, invoice_id, "250.00"),
        ]
    )

    assert not any(isinstance(result, BillingError) for result in results)
    assert read_invoice(world, place, invoice_id).outstanding_minor == 0
    assert [x.overdue_minor for x in fees(world, place)] in ([], [250_00])


def test_killed_in_between_leaves_nothing_and_is_done_again(
    world: World, place: Place, tmp_path: Path
):
    invoice_id = an_invoice(world, place, "250.00")
    noon(world, CHARGED)
    context = get_context("forkserver")
    hears, says = context.Pipe(duplex=False)
    url = world.runtime.engine.url.render_as_string(hide_password=False)
    process = context.Process(
        target=charge_and_wait,
        args=(url, tmp_path / "other", world.clock.now, invoice_id, says),
        daemon=True,
    )
    process.start()
    says.close()
    assert hears.recv() == 1
    process.kill()
    process.join()

    assert fees(world, place) == []
    assert all_rows(world, place, Reminder) == []
    assert len(all_rows(world, place, Invoice)) == 1
    assert nightly.remind(world.runtime, place.system) == 1
    (fee,) = fees(world, place)
    assert read_invoice(world, place, fee.fee_id).number == "INV-00002"
