"""What happened, what must follow, and what came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class AuditEntry(WorkspaceOwned, table=True):
    """The stored record of an event. Append-only; the database refuses the rest."""

    __table_args__ = (
        Index("ix_audit_entry_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_audit_entry_customer", "workspace_id", "customer_id", "id"),
        Index("ix_audit_entry_recent", "workspace_id", "id"),
    )

    event: str = Field(max_length=40)
    actor: str = Field(max_length=60)
    actor_name: str = Field(default="", max_length=200)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(sa_type=UtcInstant)


class AuditSeal(WorkspaceOwned, table=True):
    """An audit entry's place in the chain of its workspace. Append-only too.

    `seal` is that of `domain.audit_chain`.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "place"),
        UniqueConstraint("workspace_id", "entry_id"),
    )

    entry_id: int = Field(sa_type=BigInteger)
    place: int = Field(sa_type=BigInteger)
    seal: str = Field(max_length=64)


class OutboxMessage(WorkspaceOwned, table=True):
    """Work promised by a commit. Unique by topic and key, so promised once.

    `is_awaited`: somebody sits before a page that waits for it.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "topic", "key"),
        Index("ix_outbox_message_waiting", "done_at", "failed_at", "available_at"),
        Index("ix_outbox_message_invoice", "workspace_id", "invoice_id"),
        Index("ix_outbox_message_failed", "workspace_id", "failed_at", "id"),
    )

    topic: str = Field(max_length=40)
    key: str = Field(max_length=120)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    available_at: datetime = Field(sa_type=UtcInstant)
    locked_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    is_awaited: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )
    attempts: int = Field(default=0)
    done_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    failed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_error: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=UtcInstant)


class InboundEvent(WorkspaceOwned, table=True):
    """A webhook, stored once before it is worked on.

    `status`: waiting, handled, ignored or quarantined.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "source", "external_id"),
        Index("ix_inbound_event_status", "status", "received_at"),
    )

    source: str = Field(default="stripe", max_length=20)
    external_id: str = Field(max_length=120)
    kind: str = Field(max_length=80)
    object_id: str = Field(default="", max_length=120)
    is_livemode: bool = Field(default=False)
    payload: str = Field(sa_type=Text)
    status: str = Field(default="waiting", max_length=12)
    attempts: int = Field(default=0)
    last_error: str = Field(default="", max_length=300)
    received_at: datetime = Field(sa_type=UtcInstant)
    handled_at: datetime | None = Field(default=None, sa_type=UtcInstant)
