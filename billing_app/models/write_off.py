"""Write-offs: what a business gives up of an invoice, and asks for again."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, col

from billing_app.models.base import CustomerVisible, UtcInstant


class WriteOff(CustomerVisible, table=True):
    """The rest of one issued invoice, given up. Negative takes it back.

    It never changes. Customers see the amount in their statement, as an adjustment.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("staff_reason <> ''", name="reason"),
        Index("ix_write_off_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_write_off_customer", "workspace_id", "customer_id", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    staff_reason: str = Field(max_length=500)
    written_on: date
    written_by: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)
