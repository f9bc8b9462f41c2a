"""Say how to sign in to the demo and which links to open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing_app.database.authentication import list_system_actors
from billing_app.domain.formats import format_money
from billing_app.domain.invoice import InvoiceStatus
from billing_app.domain.money import Money
from billing_app.queries.demo import (
    DemoCustomerView,
    DemoInvoiceView,
    DemoWorkspaceView,
    read_demo_workspace,
)
from billing_app.runtime import Runtime
from billing_app.sandbox.demo.fill import PASSWORD
from billing_app.sandbox.demo.stand_ins import JOB, MAILBOX_PATH, STRIPE_PATH


def read_demo(runtime: Runtime) -> tuple[DemoWorkspaceView, ...]:
    """Read every workspace, in the order in which they were founded."""
    return tuple(
        runtime.run(actor, read_demo_workspace)
        for actor in list_system_actors(runtime.engine, JOB)
    )


def to_json(base_url: str, workspaces: tuple[DemoWorkspaceView, ...]) -> dict[str, Any]:
    """Describe the demo for programs; amounts are decimal texts."""
    return {
        "base_url": base_url,
        "staff": [
            {
                "workspace": workspace.name,
                "email": person.email,
                "password": PASSWORD,
                "role": person.role.value,
            }
            for workspace in workspaces
            for person in workspace.people
        ],
        "workspaces": [_workspace(base_url, x) for x in workspaces],
        "sandbox": {
            "stripe_url": f"{base_url}{STRIPE_PATH}/sandbox",
            "mailbox_url": f"{base_url}{MAILBOX_PATH}/",
        },
    }


def to_lines(base_url: str, workspaces: tuple[DemoWorkspaceView, ...]) -> Iterator[str]:
    """Describe the demo for a person at a terminal."""
    yield f"Sign in at {base_url}/sign-in, everybody's password is '{PASSWORD}'."
    for workspace in workspaces:
        yield ""
        yield f"{workspace.name} ({workspace.currency})"
        people = ", ".join(f"{x.email}" for x in workspace.people)
        yield f"  sign in as  {people}"
        if (shown := find_open_invoice(workspace)) is not None:
            amount = format_money(
                shown.outstanding.minor, shown.outstanding.currency, "en"
            )
            yield f"  to pay      {amount} by {shown.customer}"
            yield f"              {base_url}/p/{shown.token}"
        if (one := find_customer_with_link(workspace)) is not None:
            yield f"  account     of {one.name}"
            yield f"              {base_url}/c/{one.token}"
    yield ""
    yield f"Mail that was sent: {base_url}{MAILBOX_PATH}/"
    yield f"The stand-in Stripe: {base_url}{STRIPE_PATH}/sandbox"


def find_open_invoice(workspace: DemoWorkspaceView) -> DemoInvoiceView | None:
    """Return the newest invoice that can be opened and paid in full."""
    found = (
        x
        for x in workspace.invoices
        if x.status is InvoiceStatus.DUE and x.token is not None
    )
    return next(found, None)


def find_customer_with_link(workspace: DemoWorkspaceView) -> DemoCustomerView | None:
    """Return the first customer who has a link to all of their invoices."""
    return next((x for x in workspace.customers if x.token is not None), None)


def _workspace(base_url: str, workspace: DemoWorkspaceView) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "profile": workspace.profile,
        "currency": workspace.currency,
        "customers": [
            {"name": x.name, "url": f"{base_url}/c/{x.token}" if x.token else None}
            for x in workspace.customers
        ],
        "invoices": [_invoice(base_url, x) for x in workspace.invoices],
    }


def _invoice(base_url: str, invoice: DemoInvoiceView) -> dict[str, Any]:
    url = f"{base_url}/p/{invoice.token}" if invoice.token else None
    return {
        "number": invoice.number,
        "status": invoice.status.value,
        "currency": invoice.total.currency,
        "total": _plain(invoice.total),
        "outstanding": _plain(invoice.outstanding),
        "customer": invoice.customer,
        "url": url,
        "pdf_url": f"{url}/invoice.pdf" if url else None,
    }


def _plain(amount: Money) -> str:
    return format(amount.decimal, "f")
