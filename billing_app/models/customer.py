"""Who is billed, and the people there who get the mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    column,
    false,
)
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned, later_text, sort_key


class Customer(WorkspaceOwned, table=True):
    """Who is billed. `name_key` is the folded name lists sort and search by.

    `portal` holds what this customer's portal does differently from the workspace's:
    some keys of `domain.portal_settings.PortalSettings`. `number_code` stands for the
    customer in numbers with `{customer}`, and stays once a number has it; one without
    gets a code with the first such number. `custom_fields` holds the values of the
    workspace's own fields of customers, by key.

    `address` is the street where a postal code, a town or a region is there, and else
    all of the address. `electronic_address` begins with its scheme, or is a mailbox;
    `reference` is what the customer wants on each invoice, such as a Leitweg-ID.

    `merged_into_id` names the customer that is kept, where this one was recorded twice;
    that one is never merged itself.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        Index("ix_customer_name", "workspace_id", "name_key", "id"),
        Index("ix_customer_recent", "workspace_id", "created_at", "id"),
        Index("ix_customer_email", "workspace_id", "email_key"),
        # Not of all rows: else on PostgreSQL nobody could name a customer whose code
        # is being set.
        Index(
            "ix_customer_number_code",
            "workspace_id",
            "number_code",
            unique=True,
            postgresql_where=column("number_code").is_not(None),
            sqlite_where=column("number_code").is_not(None),
        ),
        Index(
            "ix_customer_merged",
            "workspace_id",
            "merged_into_id",
            postgresql_where=column("merged_into_id").is_not(None),
            sqlite_where=column("merged_into_id").is_not(None),
        ),
    )

    name: str = Field(max_length=200)
    name_key: str = Field(sa_type=sort_key(200))
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=60)
    contact_name: str = Field(default="", max_length=200)
    address: str = Field(default="", sa_type=Text)
    postal_code: str = later_text(20)
    town: str = later_text(100)
    region: str = later_text(100)
    country: str = Field(default="", max_length=2)
    vat_id: str = Field(default="", max_length=40)
    registration: str = later_text(80)
    electronic_address: str = later_text(100)
    reference: str = later_text(100)
    language: str = Field(default="", max_length=10)
    currency: str = Field(default="", max_length=3)
    net_days: int | None = Field(default=None)
    number_code: str | None = Field(default=None, max_length=8)
    is_free_of_late_fees: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )
    portal: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    custom_fields: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    archived_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    merged_into_id: int | None = Field(
        default=None, foreign_key="customer.id", sa_type=BigInteger
    )
    created_at: datetime = Field(sa_type=UtcInstant)

    # Written by the database alone, and compared with what it makes of an address.
    email_key: str | None = Field(
        default=None,
        sa_type=String(254),
        sa_column_args=[Computed("lower(email)", persisted=True)],
    )


class CustomerContact(WorkspaceOwned, table=True):
    """A further person at the customer. `kind` is to, cc or none: who gets the mail.

    The customer's own `email` is its first contact, who may do everything.
    `email_key` is the address in small letters, which a sign-in is compared with.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        Index("ix_customer_contact_customer", "workspace_id", "customer_id"),
        Index("ix_customer_contact_email", "workspace_id", "email_key"),
    )

    customer_id: int = Field(sa_type=BigInteger)
    name: str = Field(default="", max_length=200)
    email: str = Field(max_length=254)
    kind: str = Field(default="cc", max_length=10)
    may_pay: bool = Field(default=True)
    may_see_all: bool = Field(default=False)

    email_key: str | None = Field(
        default=None,
        sa_type=String(254),
        sa_column_args=[Computed("lower(email)", persisted=True)],
    )
