"""What happened in the business that a line charges for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, col

from billing_app.models.base import (
    CustomerVisible,
    ExactDecimal,
    UtcInstant,
    sort_key,
)


class BillableEvent(CustomerVisible, table=True):
    """One thing that is charged for: a stop, a storage day, a landing fee.

    `kind` is the workspace's own word. `factors` is the arithmetic as pairs of value
    and word, such as [["3", "pallets"], ["4", "days"]]; they and `rate` multiply to
    `amount` in the currency's major unit. `invoice_id` and `line_key` name the draft
    and its line that bill it; the key alone stays when they let it go, so that they
    can take it back. At issue it gets `line_position`, counted from 1, and
    `billed_at`, and from then on the database keeps the row as it is. `shown_at` is
    set when that invoice is published.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "kind", "reference"),
        Index(
            "ix_billable_event_line",
            "workspace_id",
            "invoice_id",
            "line_position",
            "id",
        ),
        Index(
            "ix_billable_event_happened",
            "workspace_id",
            "customer_id",
            "invoice_id",
            "happened_at",
            "id",
        ),
        Index(
            "ix_billable_event_reference",
            "workspace_id",
            "customer_id",
            "reference",
            "invoice_id",
        ),
    )

    kind: str = Field(max_length=60)
    reference: str = Field(sa_type=sort_key(120))
    description: str = Field(default="", max_length=500)
    happened_at: datetime = Field(sa_type=UtcInstant)
    quantity: Decimal = Field(sa_type=ExactDecimal)
    unit: str = Field(default="", max_length=20)
    rate: Decimal = Field(sa_type=ExactDecimal)
    factors: list[Any] = Field(default_factory=list, sa_type=JSON)
    amount: Decimal = Field(sa_type=ExactDecimal)
    currency: str = Field(max_length=3)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    line_key: str = Field(
        default="", max_length=40, sa_column_kwargs={"server_default": ""}
    )
    line_position: int | None = Field(default=None)
    billed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    shown_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.shown_at).is_not(None)
