"""Figures of what is written: issuing, and money that comes through Stripe."""

from __future__ import annotations

import hmac
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from sqlmodel import col, select, update

from bench.figure import Measured, Reference, Row, median_ms
from bench.ground import PORT, Ground
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.gateways.stripe import StripeGateway
from billing_app.models import (
    Customer,
    Invoice,
    OutboxMessage,
    Payment,
    PortalLink,
    StripeAccount,
)
from billing_app.runtime import Runtime, system_clock
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.services import drafts, invoices
from billing_app.workflows import pay_online, stripe_events
from billing_app.workflows.stripe_bursts import bursts

STRIPE_PORT = PORT + 1
STRIPE_URL = f"http://127.0.0.1:{STRIPE_PORT}"
SECRET_KEY = "sk_test_bench"
WEBHOOK_SECRET = "whsec_bench"
# Four events each: the most that Stripe lists for us at once.
PAYMENTS = 250
# At 300 a second so many are under way, if each takes 50 ms to be stored and answered.
DELIVERIES_AT_ONCE = 16
WARM_UP = 32


def issue_with_five_lines(ground: Ground, commit: Reference) -> Iterator[Row]:
    """Freeze a draft of five lines; the draft is there already."""
    with ground.runtime.reading(ground.system) as uow:
        customer_id = uow.first(select(Customer.id).limit(1))
    line = LineForm(name="Consulting", quantity="3.25", unit_price="128.40")
    form = DraftForm(customer_id=customer_id, lines=(line,) * 5)
    made = [
        ground.runtime.run(ground.owner, drafts.create_draft, form) for _ in range(60)
    ]
    waiting = iter(made)

    def issue() -> None:
        draft = next(waiting)
        ground.runtime.run(
            ground.owner, invoices.issue, draft.invoice_id, draft.version
        )

    milliseconds = median_ms(issue, 50, warm_up=5)
    _forget_promises(ground)
    yield Measured(
        "issue with 5 lines", milliseconds, "ms", target=15, reference=commit
    )


def _forget_promises(ground: Ground) -> None:
    """Leave nothing to do to the server that is measured next."""
    with ground.runtime.unit(ground.system) as uow:
        uow.execute(update(OutboxMessage).values(done_at=uow.now))


def webhook_to_ledger(ground: Ground, commit: Reference) -> Iterator[Row]:
    """Take in signed webhooks and book their money, asking the stand-in for each."""
    settings = replace(
        ground.runtime.settings,
        stripe_api_base=STRIPE_URL,
        public_url=f"http://127.0.0.1:{PORT}",
    )
    runtime = replace(ground.runtime, settings=settings)
    _connect(ground)
    with _stand_in():
        payloads = _pay_many(ground, runtime)
        slug = _slug(ground)

        def bring_home(payload: bytes) -> None:
            received = stripe_events.receive(runtime, slug, payload, _sign(payload))
            assert received.event_id is not None
            bursts.handle(runtime, received.actor, received.event_id)

        with ThreadPoolExecutor(DELIVERIES_AT_ONCE) as threads:
            # The first make the statements, and read the languages, of all others.
            list(threads.map(bring_home, payloads[:WARM_UP]))
            payloads = payloads[WARM_UP:]
            assert payloads, "nothing is left to pay in this folder"
            before = _payment_count(ground)
            started, cpu_started = time.perf_counter(), time.process_time()
            list(threads.map(bring_home, payloads))
            seconds = time.perf_counter() - started
            cpu_seconds = time.process_time() - cpu_started
    _disconnect(ground)
    _forget_promises(ground)
    booked = _payment_count(ground) - before
    assert booked == len(payloads), f"{booked} of {len(payloads)} were booked"
    yield Measured(
        "webhook to ledger",
        booked / seconds,
        "/s",
        target=300,
        is_floor=True,
        reference=Reference("bare SQLite commits a second", 1000 / commit.value),
        note="Each asks the stand-in Stripe over HTTP before it is believed.",
    )
    cpu_ms = cpu_seconds * 1000 / booked
    yield Measured(
        "its CPU in our process, each",
        cpu_ms,
        "ms",
        target=1000 / 300,
        reference=commit,
    )


def _connect(ground: Ground) -> None:
    cipher = ground.runtime.cipher
    account = SandboxAccount("Bench", SECRET_KEY)
    with ground.runtime.unit(ground.system) as uow:
        if uow.first(select(StripeAccount)) is None:
            uow.add(
                StripeAccount(
                    secret_key_encrypted=cipher.encrypt(SECRET_KEY),
                    webhook_secret_encrypted=cipher.encrypt(WEBHOOK_SECRET),
                    account_id=account.id,
                    charges_enabled=True,
                )
            )


def _disconnect(ground: Ground) -> None:
    """Forget the stand-in, which nobody reaches from now on."""
    with ground.runtime.unit(ground.system) as uow:
        uow.delete(uow.one(select(StripeAccount)))


def _serve_stand_in() -> None:
    import uvicorn

    from billing_app.endpoints.http_protocol import uvicorn_options

    sandbox = StripeSandbox(
        [SandboxAccount("Bench", SECRET_KEY, currency="EUR")],
        public_url=STRIPE_URL,
        clock=system_clock,
    )
    uvicorn.run(sandbox.app, port=STRIPE_PORT, lifespan="off", **uvicorn_options())


@contextmanager
def _stand_in() -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_serve_stand_in)
    process.start()
    try:
        for _ in range(500):
            try:
                httpx.get(f"{STRIPE_URL}/sandbox")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.join()


def _pay_many(ground: Ground, runtime: Runtime) -> list[bytes]:
    """Pay many invoices on the stand-in's pages; return what it would report."""
    statement = (
        select(Invoice.id, Invoice.customer_id, PortalLink.id, Invoice.due_minor)
        .join(PortalLink, col(PortalLink.invoice_id) == col(Invoice.id))
        .where(col(Invoice.phase) == "unpaid", col(Invoice.due_minor) > 100)
        .order_by(col(Invoice.id).desc())
        .limit(PAYMENTS)
    )
    with runtime.reading(ground.system) as uow:
        found = uow.all(statement)
    for invoice_id, customer_id, link_id, due_minor in found:
        visitor = PortalVisitor(
            ground.system.workspace_id, customer_id, link_id, invoice_id
        )
        amount = f"{due_minor // 100}.{due_minor % 100:02}"
        page = pay_online.start(runtime, visitor, amount)
        httpx.post(page, data={"action": "card"})
    gateway = StripeGateway(SECRET_KEY, api_base=STRIPE_URL)
    events = gateway.list_events(runtime.now() - timedelta(hours=1))
    return [
        event.payload.encode()
        for event in events
        if event.type == "checkout.session.completed"
    ]


def _sign(payload: bytes) -> str:
    at = int(time.time())
    signed = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.".encode() + payload, "sha256")
    return f"t={at},v1={signed.hexdigest()}"


def _slug(ground: Ground) -> str:
    with ground.runtime.reading(ground.system) as uow:
        return uow.workspace.slug


def _payment_count(ground: Ground) -> int:
    with ground.runtime.reading(ground.system) as uow:
        statement: Any = select(Payment.id).where(col(Payment.provider) == "stripe")
        return uow.count(statement)
