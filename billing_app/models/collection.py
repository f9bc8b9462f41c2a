"""Asking for money in time: reminders that went out, and dates that were promised."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, col

from billing_app.models.base import CustomerVisible, UtcInstant


class Reminder(CustomerVisible, table=True):
    """A notice for an unpaid invoice; `sent_at` is set when the mail has left.

    `step` is the offset in days from the due date; one sent by hand carries its own
    `occasion`, so that each is sent once.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "occasion"),
        Index("ix_reminder_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_reminder_customer", "workspace_id", "customer_id", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    step: int = Field(default=0)
    occasion: str = Field(max_length=60)
    email: str = Field(default="", max_length=254)
    queued_at: datetime = Field(sa_type=UtcInstant)
    sent_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.sent_at).is_not(None)


class PaymentPromise(CustomerVisible, table=True):
    """A customer says by when they will pay; reminders wait for it.

    Whether it was kept or broken is computed from the payments: see
    `domain/promise.py`. A newer one withdraws the one that is still open, so the
    latest of an invoice counts. `noted_by` is the member who was told by phone.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_payment_promise_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_payment_promise_customer", "workspace_id", "customer_id", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    promised_on: date
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    promised_by: str = Field(max_length=200)
    link_id: int | None = Field(default=None, sa_type=BigInteger)
    session_id: int | None = Field(default=None, sa_type=BigInteger)
    noted_by: int | None = Field(default=None, sa_type=BigInteger)
    made_at: datetime = Field(sa_type=UtcInstant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)
