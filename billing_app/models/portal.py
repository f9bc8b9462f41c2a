"""Portal links, customer sessions, and what is done through them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class PortalLink(WorkspaceOwned, table=True):
    """A secret URL. Found by digest; the encrypted copy lets staff copy it again.

    `invoice_id` is None for a customer link. `short_digest` is that of the code in its
    short address (`short_digest` of database/secrets.py); None until staff see a link
    that was made before there were such addresses.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        Index("ix_portal_link_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_portal_link_customer", "workspace_id", "customer_id", "id"),
        Index("ix_portal_link_short", "short_digest", unique=True),
    )

    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    token_digest: str = Field(unique=True, max_length=64)
    token_encrypted: str = Field(sa_type=Text)
    short_digest: str | None = Field(default=None, max_length=64)
    created_by: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class PortalVisit(WorkspaceOwned, table=True):
    """A look at an invoice or at the account, and how sure we are that somebody looked.

    `evidence`: fetched (the page was asked for; scanners and previews stay here), seen
    (visible for two seconds) or verified (seen in a customer session). `kind` is page,
    or pdf, receipt, statement or documents for a download. `invoice_id` is None for
    the account page. `once_key` makes several within one hour a single one.
    """

    __table_args__ = (
        CheckConstraint("evidence in ('fetched', 'seen', 'verified')", name="evidence"),
        UniqueConstraint("workspace_id", "once_key"),
        Index("ix_portal_visit_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_portal_visit_customer", "workspace_id", "customer_id", "id"),
        Index("ix_portal_visit_link", "workspace_id", "link_id", "id"),
    )

    link_id: int | None = Field(default=None, sa_type=BigInteger)
    session_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    evidence: str = Field(default="seen", max_length=10)
    kind: str = Field(default="page", max_length=12)
    once_key: str | None = Field(default=None, max_length=120)
    at: datetime = Field(sa_type=UtcInstant)


class PortalSession(WorkspaceOwned, table=True):
    """A browser that has confirmed a code. The cookie's secret is kept as a digest.

    `customer_id` is None while one of several customers behind the address is still
    to be chosen. `invoice_id` is set for a contact who may not see everything: the
    session then proves who they are on that invoice only. `email_key` is folded.
    `contact_id` is None for the customer's own address.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        Index("ix_portal_session_customer", "workspace_id", "customer_id", "id"),
    )

    token_digest: str = Field(unique=True, max_length=64)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    contact_id: int | None = Field(default=None, sa_type=BigInteger)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    may_pay: bool = Field(default=True)
    totp_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcInstant)
    seen_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class OneTimeCode(WorkspaceOwned, table=True):
    """A code that was asked for, whether the address is known or not.

    Kept for unknown addresses, too, so that both take the same way. `place` is what
    the code is for: `invoice:<id>`, `customer:<id>` or `account`. The code itself
    follows from the secret key and only its keyed digest is stored; empty until it is
    mailed, and for ever where nobody is written to. Those that share it end together.
    """

    __table_args__ = (
        Index("ix_one_time_code_place", "workspace_id", "email_key", "place", "id"),
    )

    email_key: str = Field(max_length=254)
    place: str = Field(max_length=40)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    code_digest: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime = Field(sa_type=UtcInstant)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    tries: int = Field(default=0)


class ContactTotp(WorkspaceOwned, table=True):
    """An authenticator app of a contact. `last_step` is the last accepted time step."""

    __table_args__ = (UniqueConstraint("workspace_id", "customer_id", "email_key"),)

    customer_id: int = Field(sa_type=BigInteger)
    email_key: str = Field(max_length=254)
    secret_encrypted: str = Field(sa_type=Text)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_step: int = Field(default=0, sa_type=BigInteger)
    failed_count: int = Field(default=0)
    failed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
