"""Figures of the customer's account: the page of a very large one, and a row."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from sqlmodel import col, select

from bench.browser import amount_visible_ms
from bench.figure import Measured, NotMeasured, Reference, Row, best_ms
from bench.ground import PORT, Ground
from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_settings import PortalSettings, PortalSetup
from billing_app.models import Customer, Invoice
from billing_app.services.portal_links import copy_customer_link
from billing_app.workflows import account_pages

URL = f"http://localhost:{PORT}"
_PLACE = PortalPlace(Door.CUSTOMER_LINK, "bench", is_account=True)
_ASKED: tuple[dict[str, str], ...] = (
    {},
    *({"sort": f"{sign}{sort}"} for sort in ("due", "status", "total") for sign in "-"),
    *({"status": status} for status in ("open", "overdue", "paid", "disputed")),
    {"period": "this-year"},
    {"age": "31-60"},
    {"q": "INV-0"},
    {"q": "zzz"},
)


def large_account(ground: Ground, invoices: int, commit: Reference) -> Iterator[Row]:
    """Time the page as it opens, the slowest filter, and unfolding a row."""
    link = _link(ground)

    def page(typed: dict[str, str]) -> float:
        return best_ms(
            lambda: account_pages.open_account(ground.runtime, link, _PLACE, typed), 5
        )

    name = f"account of {invoices:,} invoices"
    yield Measured(f"{name}, page", page({}), "ms", target=25, reference=commit)
    times = {" ".join(f"{k}={v}" for k, v in it.items()): page(it) for it in _ASKED}
    slowest = max(times, key=lambda asked: times[asked])
    note = f"The slowest was: {slowest or 'no filter'}"
    yield Measured(
        f"{name}, slowest filter", times[slowest], "ms", reference=commit, note=note
    )
    with ground.runtime.reading(ground.system) as uow:
        invoice_id = uow.first(select(Invoice.id).order_by(col(Invoice.id).desc()))
    assert invoice_id is not None
    unfolding = best_ms(
        lambda: account_pages.unfold(ground.runtime, link, _PLACE, invoice_id), 5
    )
    yield Measured(
        f"{name}, unfold a row", unfolding, "ms", target=50, reference=commit
    )


def account_visible(ground: Ground, invoices: int) -> Iterator[Row]:
    """From the address of the account to its first content, nothing cached."""
    name = f"account of {invoices:,}, visible in Chromium"
    token = ground.runtime.run(ground.owner, copy_customer_link, _customer(ground))
    url = f"{URL}/c/{token}"
    painted = httpx.get(url, follow_redirects=True)
    assert painted.status_code == 200, painted.status_code
    assert "INV-" in painted.text, "the server does not write invoices into the page"
    milliseconds = amount_visible_ms(url)
    bare = amount_visible_ms(f"{URL}/healthz")
    if milliseconds is None or bare is None:
        yield NotMeasured(name, "there is no Chromium")
        return
    yield Measured(
        name, milliseconds, "ms", target=400, reference=Reference("bare text", bare)
    )


def _customer(ground: Ground) -> int:
    with ground.runtime.reading(ground.system) as uow:
        customer_id = uow.first(select(Customer.id))
    assert customer_id is not None
    return customer_id


def _link(ground: Ground) -> OpenedLink:
    customer_id = _customer(ground)
    visitor = PortalVisitor(ground.system.workspace_id, customer_id, 1, None)
    setup = PortalSetup(PortalSettings(), "UTC", "EUR", False, False, "bench")
    return OpenedLink(visitor, setup)
