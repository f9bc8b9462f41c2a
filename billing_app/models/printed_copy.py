"""Copies: an invoice printed anew with what was paid and credited since."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class PrintedCopy(WorkspaceOwned, table=True):
    """A copy that was handed out, so that its file is known again.

    The file itself is not kept: who has it gives its digest. It never changes.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "file_digest"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    file_digest: str = Field(max_length=64, index=True)
    as_of: date
    created_at: datetime = Field(sa_type=UtcInstant)
