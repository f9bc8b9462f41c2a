"""Who is billed, and the people there who get the mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned, sort_key


class Customer(WorkspaceOwned, table=True):
    """Who is billed. `name_key` is the folded name lists sort and search by."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        Index("ix_customer_name", "workspace_id", "name_key", "id"),
        Index("ix_customer_recent", "workspace_id", "created_at", "id"),
    )

    name: str = Field(max_length=200)
    name_key: str = Field(sa_type=sort_key(200))
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=60)
    contact_name: str = Field(default="", max_length=200)
    address: str = Field(default="", sa_type=Text)
    country: str = Field(default="", max_length=2)
    vat_id: str = Field(default="", max_length=40)
    language: str = Field(default="", max_length=10)
    currency: str = Field(default="", max_length=3)
    net_days: int | None = Field(default=None)
    archived_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)


class CustomerContact(WorkspaceOwned, table=True):
    """A person at the customer. `kind` is to or cc."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        Index("ix_customer_contact_customer", "workspace_id", "customer_id"),
    )

    customer_id: int = Field(sa_type=BigInteger)
    name: str = Field(default="", max_length=200)
    email: str = Field(max_length=254)
    kind: str = Field(default="cc", max_length=10)
