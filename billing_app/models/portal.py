"""Portal links and the visits made through them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class PortalLink(WorkspaceOwned, table=True):
    """A secret URL. Found by digest; the encrypted copy lets staff copy it again.

    `invoice_id` is None for a customer link.
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
    )

    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    token_digest: str = Field(unique=True, max_length=64)
    token_encrypted: str = Field(sa_type=Text)
    created_by: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class PortalVisit(WorkspaceOwned, table=True):
    """A look at an invoice, with how sure we are that a person looked.

    `evidence`: seen (visible for two seconds in a browser) or verified. A mere
    fetch is not stored: mail scanners open every link.
    """

    __table_args__ = (Index("ix_portal_visit_invoice", "workspace_id", "invoice_id"),)

    link_id: int = Field(sa_type=BigInteger)
    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int = Field(sa_type=BigInteger)
    evidence: str = Field(default="seen", max_length=10)
    at: datetime = Field(sa_type=UtcInstant)
