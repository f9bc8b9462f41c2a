"""What the page shows on which somebody without an account writes an invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import anyone, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.models import GuestDraft


@dataclass(frozen=True, slots=True)
class OpenGuestDraft:
    """A guest's invoice as it was kept.

    Attributes:
        version: zero where nothing was kept yet.
        is_taken: a workspace has it; nothing of it is here any more.
    """

    form: Mapping[str, Any] | None = None
    version: int = 0
    is_taken: bool = False


@anyone
def read_guest_draft(uow: UnitOfWork, token_digest: str) -> OpenGuestDraft:
    """Return what is kept under the digest of a guest's token."""
    row = uow.first(
        select(GuestDraft).where(col(GuestDraft.token_digest) == token_digest)
    )
    if row is None:
        return OpenGuestDraft()
    if row.taken_at is not None:
        return OpenGuestDraft(version=row.version, is_taken=True)
    return OpenGuestDraft(row.form, row.version)


@staff(Permission.VIEW)
def read_told(uow: UnitOfWork, token_digest: str, invoice_id: int) -> tuple[str, ...]:
    """Return how a draft differs from the guest's invoice that it was made of."""
    row = uow.first(
        select(GuestDraft).where(
            col(GuestDraft.token_digest) == token_digest,
            col(GuestDraft.taken_at).is_not(None),
        )
    )
    place = (uow.actor.workspace_id, invoice_id)
    if row is None or place != (row.form["workspace_id"], row.form["invoice_id"]):
        return ()
    return tuple(row.form["told"])
