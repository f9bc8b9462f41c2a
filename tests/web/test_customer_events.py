"""Once a link is revoked, nothing that its page sends does or tells anything."""

from __future__ import annotations

import inspect
from typing import Any

from billing_app import runtime
from billing_app.billing_app import app
from billing_app.domain.portal_settings import WriteAuth
from billing_app.models import (
    AuditEntry,
    Comment,
    Dispute,
    Invoice,
    OutboxMessage,
    PaymentAttempt,
    PaymentPromise,
    PortalSession,
    PortalVisit,
    ThreadMark,
)
from billing_app.services import portal_links
from billing_app.web import gate
from billing_app.web.doors import Audience
from billing_app.web.portal.invoice_state import PortalInvoiceState
from tests.support.billing import all_rows, an_invoice
from tests.support.talk import choose
from tests.support.world import World
from tests.web.test_portal_state import browser

_FORM = {
    "amount": "0.01",
    "body": "I say it is 1.00",
    "customer_id": "1",
    "due_on": "2099-12-31",
    "invoice_id": "1",
    "line": "1",
    "name": "Ines",
    "email": "ines@vermeer.example",
    "number": "INV-99999",
    "outcome": "void",
    "promised_on": "2026-03-20",
    "quantity": "0",
    "reason": "Less, please",
    "request_key": "a-key-of-a-program",
    "total_minor": "1",
    "unit_price": "0.01",
}
_GUESSES: tuple[Any, ...] = (1, "1", "0.01", "void", _FORM, True, 1.5, ["1"])


async def test_none_does_or_tells_anything_once_the_link_is_revoked(world: World):
    """The page is still open, and a program goes on sending from it."""
    assert app is not None
    runtime.set_current(world.runtime)
    choose(world, world.northwind, write_auth=WriteAuth.LINK)
    invoice_id = an_invoice(world, world.northwind, "1234.56")
    accounting = world.northwind.accounting
    token = world.run(accounting, portal_links.copy_link, invoice_id)
    events = _events_of_customers()

    async with browser(token) as driver:
        await driver.press(PortalInvoiceState.refresh)
        assert "1,234.56" in repr(driver.deltas)
        world.run(accounting, portal_links.revoke_links, invoice_id)
        before, told = _written(world), len(driver.deltas)
        for name, parameters in events:
            for guess in _GUESSES if parameters else (None,):
                await driver.send(name, **dict.fromkeys(parameters, guess))

        assert "1,234.56" not in repr(driver.deltas[told:])
    assert _written(world) == before


def _events_of_customers() -> list[tuple[str, list[str]]]:
    """Return what a portal page can send: name and arguments."""
    return [
        (name, list(inspect.signature(handler).parameters)[1:])
        for name, handler in gate.handlers().items()
        if getattr(handler, "audience", None) == Audience.PORTAL
        # Those that watch run for as long as the page is open, and only read.
        and not name.endswith(".watch")
    ]


def _written(world: World) -> list[Any]:
    """Return everything that customers can cause to be written, and what they can't."""
    tables = (AuditEntry, Comment, Dispute, Invoice, OutboxMessage, PaymentAttempt)
    more = (PaymentPromise, PortalSession, PortalVisit, ThreadMark)
    return [
        row.model_dump()
        for table in (*tables, *more)
        for row in all_rows(world, world.northwind, table)
    ]
