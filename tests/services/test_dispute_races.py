"""A dispute and a payment at the same instant, on both databases."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import BillingError
from billing_app.domain.online_payment import Origin
from billing_app.models import OutboxMessage, PaymentAttempt, StripeAccount
from billing_app.services import disputes, drafts, invoices, online_payments
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.postgres import running_postgres
from tests.support.quarrel import OPEN, decided, dispute, stored, typed
from tests.support.world import World, make_template, open_world_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request, tmp_path_factory) -> Iterator[World]:
    """A world that can charge, on one of the two databases."""
    if request.param == "sqlite":
        world: World = request.getfixturevalue("world")
        yield connected(world)
        return
    folder = tmp_path_factory.mktemp("postgres")
    with running_postgres(tmp_path_factory.mktemp("server")) as url:
        make_template(folder, url)
        world = open_world_at(url, folder)
        yield connected(world)
        world.runtime.engine.dispose()


def connected(world: World) -> World:
    account = StripeAccount(
        secret_key_encrypted="x", webhook_secret_encrypted="y", charges_enabled=True
    )
    with world.unit(world.northwind.system) as uow:
        uow.add(account)
    return world


def at_once(*acts: Callable[[], object]) -> None:
    """Start all of them together; a refusal is an answer like any other."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait()
        with contextlib.suppress(BillingError):
            act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result()


@pytest.mark.parametrize("amount", ["100.00", "80.00"])
def test_no_page_for_more_than_is_payable_stays_open(shop: World, amount: str):
    place = shop.northwind
    invoice_id = an_invoice(shop, place, "100.00")
    origin = Origin(visitor_of(shop, place, invoice_id).link_id, None, "/p/{key}")

    at_once(
        lambda: dispute(shop, place, invoice_id, "30.00"),
        lambda: shop.run(
            place.system, online_payments.prepare, invoice_id, origin, amount
        ),
    )

    assert read_invoice(shop, place, invoice_id).disputed_minor == 3_000
    too_much = {attempt.id for attempt in all_rows(shop, place, PaymentAttempt)}
    closing = {
        message.details.get("attempt_id")
        for message in all_rows(shop, place, OutboxMessage)
        if message.topic == "stripe.expire_checkout"
    }
    assert too_much <= closing
    assert not find_broken(shop.runtime.engine, shop.clock.now)


def test_of_two_disputes_about_the_same_one_is_opened(shop: World):
    invoice_id = an_invoice(shop, shop.northwind, "100.00")

    at_once(
        *(lambda: dispute(shop, shop.northwind, invoice_id, "60.00") for _ in range(4))
    )

    assert [x.amount_minor for x in stored(shop, shop.northwind)] == [6_000]
    assert read_invoice(shop, shop.northwind, invoice_id).disputed_minor == 6_000


def test_a_repeated_post_at_once_is_one_dispute(shop: World):
    invoice_id = an_invoice(shop, shop.northwind, "100.00")
    visitor, form = visitor_of(shop, shop.northwind, invoice_id), typed()

    at_once(
        *(
            lambda: shop.run(visitor, disputes.open_dispute, invoice_id, form, OPEN, "")
            for _ in range(4)
        )
    )

    assert len(stored(shop, shop.northwind)) == 1


def test_it_is_answered_or_withdrawn_but_not_both(shop: World):
    invoice_id = an_invoice(shop, shop.northwind, "100.00")
    visitor = visitor_of(shop, shop.northwind, invoice_id)
    opened = dispute(shop, shop.northwind, invoice_id)

    at_once(
        lambda: shop.run(visitor, disputes.withdraw_dispute, opened, OPEN),
        lambda: shop.run(
            shop.northwind.accounting, disputes.resolve_dispute, opened, decided()
        ),
    )

    (row,) = stored(shop, shop.northwind)
    assert row.outcome in ("withdrawn", "stands")
    assert (row.answer == "") == (row.outcome == "withdrawn")
    assert read_invoice(shop, shop.northwind, invoice_id).disputed_minor == 0
    assert not find_broken(shop.runtime.engine, shop.clock.now)


def test_lines_disputed_at_once_never_come_to_more_than_is_asked_for(shop: World):
    """Each line alone may be disputed whole; together they are more than is left."""
    place = shop.northwind
    form = DraftForm(
        customer_id=a_customer(shop, place),
        lines=tuple(LineForm(name="Flight", unit_price="40.00") for _ in range(4)),
    )
    draft = shop.run(place.accounting, drafts.create_draft, form)
    invoice_id = shop.run(
        place.accounting, invoices.issue_and_publish, draft.invoice_id, draft.version
    ).invoice_id
    pay(shop, place, invoice_id, "50.00")

    at_once(
        *(
            partial(dispute, shop, place, invoice_id, "", line=line)
            for line in ("1", "2", "3", "4", "")
        )
    )

    amounts = [x.amount_minor for x in stored(shop, place)]
    assert sum(amounts) == 11_000
    invoice = read_invoice(shop, place, invoice_id)
    assert invoice.disputed_minor == invoice.outstanding_minor == 11_000
    assert not find_broken(shop.runtime.engine, shop.clock.now)
