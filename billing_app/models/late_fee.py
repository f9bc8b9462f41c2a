"""Late fees: which invoice was charged for which reminder, and with what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class LateFee(WorkspaceOwned, table=True):
    """One fee: the reminder of `step` days after the due date of a late invoice.

    The fee is an invoice of its own, `fee_id`, and is waived by voiding that. This row
    never changes, so no step of an invoice is charged twice. `amount_minor` is what
    its line asks for, `overdue_minor` what was overdue, in the invoice's currency.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "fee_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "step"),
        UniqueConstraint("workspace_id", "fee_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("step > 0", name="step"),
        CheckConstraint("fee_id <> invoice_id", name="of_another"),
        Index("ix_late_fee_customer", "workspace_id", "customer_id", "id"),
    )

    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int = Field(sa_type=BigInteger)
    step: int
    fee_id: int = Field(sa_type=BigInteger)
    overdue_minor: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    charged_at: datetime = Field(sa_type=UtcInstant)
