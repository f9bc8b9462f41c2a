"""A workspace that takes cards: the app's own routes and the stand-in Stripe, served.

def test_something(till):
    invoice_id = till.bill("100.00")
    page = till.start(invoice_id, "40")
    till.press(page, "card")
    till.settle_down()
    assert till.outstanding(invoice_id) == 6_000
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import select
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from billing_app import runtime as process
from billing_app.domain.actors import SystemActor
from billing_app.domain.portal_settings import PortalSettings
from billing_app.endpoints.pay import pay_routes
from billing_app.endpoints.stripe_webhook import webhook_routes
from billing_app.gateways.stripe import StripeGateway
from billing_app.gateways.stripe_webhooks import WebhookEvent
from billing_app.models import (
    InboundEvent,
    Invoice,
    Payment,
    PaymentAttempt,
    StripeAccount,
    Workspace,
    WorkspaceSettings,
)
from billing_app.runtime import Runtime
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.sandbox.stripe_faults import ArmedFault, Fault
from billing_app.services import portal_links
from billing_app.workflows import pay_online, stripe_accounts, stripe_events
from tests.support.billing import all_rows, an_invoice, outstanding, visitor_of
from tests.support.server import free_port, served
from tests.support.world import Place, World

PREFIX = "/sandbox/stripe"
KEYS = {1: "sk_test_northwind", 2: "sk_test_kestrel"}
PUBLISHABLE = {1: "pk_test_northwind", 2: "pk_test_kestrel"}
SECRETS = {1: "whsec_northwind", 2: "whsec_kestrel"}
BANK_DELAY = timedelta(days=4)


@dataclass
class Till:
    """A world in which both workspaces are connected to the stand-in."""

    world: World
    sandbox: StripeSandbox
    url: str

    @property
    def runtime(self) -> Runtime:
        return self.world.runtime

    @property
    def place(self) -> Place:
        return self.world.northwind

    @property
    def system(self) -> SystemActor:
        return self.place.system

    def bill(self, total: str = "100.00", **details: Any) -> int:
        return an_invoice(self.world, self.place, total, **details)

    def start(self, invoice_id: int, amount: str) -> str:
        """Ask for a payment page as the holder of the link; return its address."""
        visitor = visitor_of(self.world, self.place, invoice_id)
        return pay_online.start(self.runtime, visitor, amount)

    def token(self, invoice_id: int) -> str:
        return self.world.run(self.place.accounting, portal_links.copy_link, invoice_id)

    def press(self, page: str, action: str) -> httpx.Response:
        """Press a button on the payment page: card, decline or bank."""
        return httpx.post(page, data={"action": action})

    def settle_down(self) -> None:
        """Wait until every webhook has been delivered and worked on."""
        assert self.sandbox.deliveries.wait_until_quiet(20)
        self.work_off()

    def work_off(self) -> None:
        """Handle what waits in the inbox, as the background does."""
        for event in all_rows(self.world, self.place, InboundEvent):
            stripe_events.handle(self.runtime, self.system, event.id)

    def let_pass(self, **units: int) -> None:
        self.world.clock.advance(**units)
        self.sandbox.let_time_pass()

    def arm(self, fault: Fault, **details: Any) -> None:
        self.sandbox.faults.arm(ArmedFault(fault, **details))

    def gateway(self, workspace_id: int = 1) -> StripeGateway:
        api_base = self.runtime.settings.stripe_api_base
        return StripeGateway(KEYS[workspace_id], api_base=api_base, retries=0)

    def events(self) -> tuple[WebhookEvent, ...]:
        """Everything that happened at the stand-in, oldest first."""
        return self.gateway().list_events(self.world.clock.now - timedelta(days=30))

    def outstanding(self, invoice_id: int) -> int:
        return outstanding(self.world, self.place, invoice_id)

    def invoice(self, invoice_id: int) -> Invoice:
        with self.world.reading(self.system) as uow:
            return uow.get(Invoice, invoice_id)

    def payments(self) -> list[Payment]:
        return all_rows(self.world, self.place, Payment)

    def attempts(self) -> list[PaymentAttempt]:
        return all_rows(self.world, self.place, PaymentAttempt)

    def inbox(self) -> list[InboundEvent]:
        return all_rows(self.world, self.place, InboundEvent)

    def set_portal(self, **switches: Any) -> None:
        with self.world.unit(self.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.portal = replace(PortalSettings(), **switches).to_stored()

    def change_account(self, **facts: Any) -> None:
        with self.world.unit(self.system) as uow:
            account = uow.one(select(StripeAccount))
            for name, value in facts.items():
                setattr(account, name, value)


class Counter:
    """Serves one app after the other on the same port: starting takes longest.

    Attributes:
        app: whose turn it is.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.app: ASGIApp = PlainTextResponse("closed", 503)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def counter() -> Iterator[Counter]:
    port = free_port()
    counter = Counter(f"http://127.0.0.1:{port}")
    with served(counter, port):
        yield counter


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Stripe never answers: wait three seconds for it, not twenty."""
    monkeypatch.setattr(stripe_accounts, "TIMEOUT_SECONDS", 3.0)


@pytest.fixture
def till(
    world: World, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Till]:
    # The stand-in answers at once; waiting for it would only slow the tests.
    monkeypatch.setattr(stripe_accounts, "RETRIES", 0)
    url = counter.url
    settings = replace(
        world.runtime.settings, public_url=url, stripe_api_base=f"{url}{PREFIX}"
    )
    world = replace(world, runtime=replace(world.runtime, settings=settings))
    accounts = [_connect(world, place, url) for place in world.places]
    sandbox = StripeSandbox(
        accounts,
        public_url=f"{url}{PREFIX}",
        clock=world.clock,
        bank_delay=BANK_DELAY,
        retry_seconds=(0, 0),
    )
    monkeypatch.setattr(process._Current, "runtime", world.runtime)
    routes = [*webhook_routes(), *pay_routes(Markup("")), Mount(PREFIX, sandbox.app)]
    counter.app = Starlette(routes=routes)
    sandbox.start()
    try:
        yield Till(world, sandbox, url)
    finally:
        sandbox.stop()


def _connect(world: World, place: Place, url: str) -> SandboxAccount:
    """Store the workspace's keys, as Settings would; return the account."""
    key, secret = KEYS[place.workspace_id], SECRETS[place.workspace_id]
    cipher = world.runtime.cipher
    with world.unit(place.system) as uow:
        workspace: Workspace = uow.workspace
        account = SandboxAccount(
            workspace.name,
            key,
            f"{url}/webhooks/stripe/{workspace.slug}",
            secret,
            currency=workspace.currency,
            publishable_key=PUBLISHABLE[place.workspace_id],
        )
        uow.add(
            StripeAccount(
                secret_key_encrypted=cipher.encrypt(key),
                webhook_secret_encrypted=cipher.encrypt(secret),
                publishable_key=account.publishable_key,
                account_id=account.id,
                charges_enabled=True,
            )
        )
    return account


def session_id(page: str) -> str:
    """Return Stripe's name of the payment page at an address."""
    return page.rsplit("/", 1)[1]


def payload_of(event: WebhookEvent, **changes: Any) -> bytes:
    return json.dumps({**json.loads(event.payload), **changes}).encode()
