"""A draft that staff show to its customer before it is an invoice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class SharedDraft(WorkspaceOwned, table=True):
    """The draft as it was when it was shared, and the secret link that shows it.

    `content` is an `InvoiceDocument` without a number, as JSON. Sharing again puts
    the draft of today behind the same link; a revoked link is never used again.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id"),
    )

    customer_id: int = Field(sa_type=BigInteger)
    invoice_id: int = Field(sa_type=BigInteger)
    token_digest: str = Field(unique=True, max_length=64)
    token_encrypted: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    shared_by: int | None = Field(default=None, sa_type=BigInteger)
    shared_at: datetime = Field(sa_type=UtcInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
