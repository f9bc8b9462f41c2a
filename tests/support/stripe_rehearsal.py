"""The stand-in Stripe served for real, with a clock that tests move."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from billing_app.gateways.stripe import Checkout, CheckoutRequest, StripeGateway
from billing_app.gateways.stripe_webhooks import WebhookEvent, verify_webhook
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.sandbox.stripe_faults import ArmedFault, Fault
from tests.support.server import free_port, served

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = "sk_test_north"
OTHER_KEY = "sk_test_south"
PUBLISHABLE_KEY = "pk_test_north"
SECRET = "whsec_north"
PREFIX = "/sandbox/stripe"
BANK_DELAY = timedelta(days=4)

_keys = (f"attempt-{n}" for n in itertools.count(1))


@dataclass
class Rehearsal:
    """A stand-in under a prefix, and somebody who listens to its webhooks.

    Attributes:
        heard: the webhooks that arrived with a good signature, in their order.
        answers: statuses to give to the next webhooks instead of 200.
        browser: follows no redirects.
    """

    sandbox: StripeSandbox
    url: str
    now: datetime = NOON
    heard: list[WebhookEvent] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    browser: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False))

    def gateway(
        self, key: str = KEY, *, timeout_seconds: float = 10, retries: int = 0
    ) -> StripeGateway:
        return StripeGateway(
            key, api_base=self.url, timeout_seconds=timeout_seconds, retries=retries
        )

    def arm(self, fault: Fault, **details: Any) -> None:
        self.sandbox.faults.arm(ArmedFault(fault, **details))

    def open(self, *, idempotency_key: str | None = None, **changes: Any) -> Checkout:
        return self.gateway().create_checkout(
            self.request(**changes), idempotency_key=idempotency_key or next(_keys)
        )

    def request(self, **changes: Any) -> CheckoutRequest:
        wanted = {
            "amount_minor": 1050,
            "currency": "USD",
            "title": "Invoice INV-42",
            "reference": "attempt-1",
            "metadata": {"invoice": "42"},
            "success_url": "https://invoices.example/back?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://invoices.example/p/secret",
            "expires_at": self.now + timedelta(hours=1),
            "locale": "en",
        }
        return CheckoutRequest(**{**wanted, **changes})

    def press(self, checkout: Checkout, action: str) -> httpx.Response:
        """Press a button on the payment page: card, decline or bank."""
        page = f"{self.url}/c/pay/{checkout.id}"
        return self.browser.post(page, data={"action": action})

    def post_to_control(self, path: str, **form: str) -> httpx.Response:
        return self.browser.post(f"{self.url}/sandbox/{path}", data=form)

    def let_pass(self, duration: timedelta) -> None:
        self.now += duration
        self.sandbox.let_time_pass()

    def listen(self) -> list[str]:
        """Return the kinds of the webhooks heard, once all have arrived."""
        assert self.sandbox.deliveries.wait_until_quiet(20)
        return [event.type for event in self.heard]

    def hear(self, payload: bytes, signature: str) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.heard.append(verify_webhook(payload, signature, SECRET, self.now))
        return status


@contextlib.contextmanager
def rehearsed() -> Iterator[Rehearsal]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    accounts = [
        SandboxAccount(
            "North Ltd",
            KEY,
            f"{url}/webhook",
            SECRET,
            publishable_key=PUBLISHABLE_KEY,
        ),
        SandboxAccount("South Ltd", OTHER_KEY),
    ]
    sandbox = StripeSandbox(
        accounts,
        public_url=f"{url}{PREFIX}",
        clock=lambda: rehearsal.now,
        bank_delay=BANK_DELAY,
        retry_seconds=(0, 0),
    )
    rehearsal = Rehearsal(sandbox, sandbox.public_url)

    async def webhook(request: Request) -> Response:
        signature = request.headers["stripe-signature"]
        return Response(status_code=rehearsal.hear(await request.body(), signature))

    app = Starlette(
        routes=[
            Route("/webhook", webhook, methods=["POST"]),
            Mount(PREFIX, sandbox.app),
        ]
    )
    with served(app, port):
        sandbox.start()
        try:
            yield rehearsal
        finally:
            rehearsal.browser.close()
            sandbox.stop()
