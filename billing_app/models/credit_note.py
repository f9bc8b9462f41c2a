"""Credit notes: the documents that lower an issued invoice."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field

from billing_app.models.base import Printed, sort_key


class CreditNote(Printed, table=True):
    """A credit of all or a part of one issued invoice. It never changes.

    Amounts are minor units of `currency`, positive. `net_minor`, `tax_minor` and
    `total_minor` are what is credited; `amount_minor` is what the invoice asks for
    less, which differs where the last credit takes rounding and prepaid with it.
    `mode` is `domain.credit_note.CreditMode`. `lines` are places of credited lines,
    counted from 1; `shares` is `domain.credit_note.Shares`, from which the next
    credit of the same invoice is reckoned. `reason` is printed for the customer.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "number"),
        UniqueConstraint("workspace_id", "series_code", "series_value"),
        UniqueConstraint("workspace_id", "invoice_id", "request_key"),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        CheckConstraint("total_minor > 0 and amount_minor >= 0", name="amount"),
        CheckConstraint("net_minor + tax_minor = total_minor", name="total"),
        CheckConstraint(
            "total_minor - prepaid_minor + rounding_minor = amount_minor", name="effect"
        ),
        CheckConstraint("mode in ('whole', 'lines', 'amount')", name="mode"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_credit_note_invoice", "workspace_id", "invoice_id", "id"),
        Index(
            "ix_credit_note_customer", "workspace_id", "customer_id", "issued_on", "id"
        ),
        Index("ix_credit_note_issued", "workspace_id", "issued_on", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    dispute_id: int | None = Field(default=None, sa_type=BigInteger)
    number: str = Field(sa_type=sort_key(60))
    series_code: str = Field(max_length=20)
    series_value: int = Field(sa_type=BigInteger)
    mode: str = Field(max_length=10)
    currency: str = Field(max_length=3)
    issued_on: date
    reason: str = Field(max_length=500)
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    total_minor: int = Field(sa_type=BigInteger)
    prepaid_minor: int = Field(default=0, sa_type=BigInteger)
    rounding_minor: int = Field(default=0, sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    lines: list[Any] = Field(default_factory=list, sa_type=JSON)
    shares: list[Any] = Field(default_factory=list, sa_type=JSON)
    # A form sends one key however often its button is pressed.
    request_key: str | None = Field(default=None, max_length=64)
    issued_by: int | None = Field(default=None, sa_type=BigInteger)
