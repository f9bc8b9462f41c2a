"""The stand-in Stripe and the mailbox, mounted in the demo's own app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.routing import Mount

from billing_app.database.authentication import list_system_actors
from billing_app.runtime import Runtime
from billing_app.sandbox.mailbox_app import mailbox_app
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.services.demo import find_stripe_connection

STRIPE_PATH = "/sandbox/stripe"
MAILBOX_PATH = "/sandbox/mailbox"
JOB = "demo"


class StandIns:
    """What the demo has in place of Stripe and a mail server."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stripe = open_stripe(runtime)
        mailbox = runtime.settings.data_dir / "mailbox"
        self.routes = [
            Mount(STRIPE_PATH, self._stripe.app),
            Mount(MAILBOX_PATH, mailbox_app(mailbox)),
        ]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Know every workspace's account and deliver webhooks, while the app runs."""
        for account in list_accounts(self._runtime):
            self._stripe.add_account(account)
        self._stripe.start()
        try:
            yield
        finally:
            self._stripe.stop()


def open_stripe(runtime: Runtime) -> StripeSandbox:
    """Make the stand-in Stripe of this data folder; it has no accounts yet."""
    return StripeSandbox(
        [],
        public_url=f"{runtime.public_url}{STRIPE_PATH}",
        clock=runtime.clock,
        folder=stripe_folder(runtime),
    )


def stripe_folder(runtime: Runtime) -> Path:
    return runtime.settings.data_dir / "sandbox-stripe"


def list_accounts(runtime: Runtime) -> list[SandboxAccount]:
    """Return one account for each workspace with keys, reporting to its endpoint."""
    found = (
        runtime.run(actor, find_stripe_connection)
        for actor in list_system_actors(runtime.engine, JOB)
    )
    return [
        SandboxAccount(
            name=connection.name,
            secret_key=connection.secret_key,
            webhook_url=f"{runtime.public_url}/webhooks/stripe/{connection.slug}",
            webhook_secret=connection.webhook_secret,
            country=connection.country,
            currency=connection.currency,
            publishable_key=connection.publishable_key,
        )
        for connection in found
        if connection is not None
    ]
