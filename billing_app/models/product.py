"""What the business sells, to fill lines from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from billing_app.models.base import (
    ExactDecimal,
    UtcInstant,
    WorkspaceOwned,
    sort_key,
)


class Product(WorkspaceOwned, table=True):
    """A product or service. A line takes a copy, so a change reaches no invoice.

    `unit_price` is in `currency`; None where it is agreed each time. Without
    `tax_id` a line keeps the tax it has.
    """

    __table_args__ = (Index("ix_product_name", "workspace_id", "name_key", "id"),)

    name: str = Field(max_length=200)
    name_key: str = Field(sa_type=sort_key(200))
    description: str = Field(default="", sa_type=Text)
    unit: str = Field(default="", max_length=20)
    unit_price: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    currency: str = Field(max_length=3)
    tax_id: int | None = Field(
        default=None, foreign_key="tax_rate.id", sa_type=BigInteger
    )
    archived_at: datetime | None = Field(default=None, sa_type=UtcInstant)
