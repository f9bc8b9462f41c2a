"""An invoice that somebody without an account is writing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from billing_app.models.base import RowId, Stored, UtcInstant


class GuestDraft(Stored, table=True):
    """One browser's invoice: of no workspace, until one takes it over.

    `form` is that of `domain.guest_invoice`. A taken one keeps its row for a week, so
    that the page that still shows it does not bring it back; then `form` has the
    workspace_id, the invoice_id and what was told of the differences.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    token_digest: str = Field(unique=True, max_length=64)
    form: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)
    changed_at: datetime = Field(index=True, sa_type=UtcInstant)
    taken_at: datetime | None = Field(default=None, sa_type=UtcInstant)
