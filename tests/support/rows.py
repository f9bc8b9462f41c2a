"""Rows put straight into the database, for tests of what is read from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import func, select

from billing_app.database.bulk import connection_of
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.contact import name_key
from billing_app.models import Customer, Invoice


def add_customer(
    uow: UnitOfWork, name: str = "Halden Logistics", **more: Any
) -> Customer:
    return uow.add(
        Customer(name=name, name_key=name_key(name), created_at=uow.now, **more)
    )


def add_invoice(
    uow: UnitOfWork,
    customer: Customer | None = None,
    *,
    state: str = "issued",
    number: str | None = None,
    total_minor: int = 10_000,
    outstanding_minor: int | None = None,
    **more: Any,
) -> Invoice:
    """Add an invoice with a number of its own, all of it outstanding.

    It never was a draft, which the database would refuse.
    """
    let_in(uow, "invoice_begins", "invoice")
    is_draft = state == "draft"
    counter = uow.one(select(func.count()).select_from(Invoice)) + 1
    name = customer.name if customer is not None else ""
    left = total_minor if outstanding_minor is None else outstanding_minor
    facts = {
        "customer_id": customer.id if customer is not None else None,
        "customer_name": name,
        "customer_name_key": name_key(name),
        "state": state,
        "number": None if is_draft else number or f"INV-{counter:05}",
        "series_code": None if is_draft else "invoice",
        "series_value": None if is_draft else counter,
        "currency": "EUR",
        "issued_on": None if is_draft else date(2026, 3, 1),
        "due_on": None if is_draft else date(2026, 3, 31),
        "total_minor": total_minor,
        "outstanding_minor": left if state == "issued" else 0,
        "issued_at": None if is_draft else uow.now,
        "void_reason": "Issued twice" if state == "void" else "",
        "created_at": uow.now,
        "changed_at": uow.now,
    }
    return uow.add(Invoice(**(facts | more)))


def let_in(uow: UnitOfWork, guard: str, table: str) -> Callable[[], None]:
    """Take a guard away, for rows that no service would write.

    Returns:
        What puts it back.
    """
    connection = connection_of(uow)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"alter table {table} disable trigger {guard}"))
        again = f"alter table {table} enable trigger {guard}"
    else:
        known = text("select sql from sqlite_master where name = :guard")
        again = connection.scalar(known, {"guard": guard}) or ""
        connection.execute(text(f"drop trigger if exists {guard}"))

    def put_back() -> None:
        uow.flush()
        connection.exec_driver_sql(again)

    return put_back
