"""What customers and staff say to each other, and what staff say among themselves."""

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
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, col

from billing_app.models.base import CustomerVisible, UtcInstant, WorkspaceOwned


class Comment(CustomerVisible, table=True):
    """One message of an invoice's conversation, plain text. Customers read it.

    `side` is customer or staff. `line_position` points to a line item, `dispute_id`
    to the dispute it belongs to. `is_verified`: the author had confirmed a code.
    `request_key` is made by the browser, so that a repeated post is one comment.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "request_key"),
        CheckConstraint("side in ('customer', 'staff')", name="side"),
        Index("ix_comment_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_comment_recent", "workspace_id", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    dispute_id: int | None = Field(default=None, sa_type=BigInteger)
    line_position: int | None = Field(default=None)
    side: str = Field(max_length=10)
    author_name: str = Field(max_length=200)
    author_email: str = Field(default="", max_length=254)
    member_id: int | None = Field(default=None, sa_type=BigInteger)
    session_id: int | None = Field(default=None, sa_type=BigInteger)
    link_id: int | None = Field(default=None, sa_type=BigInteger)
    is_verified: bool = Field(default=False)
    body: str = Field(sa_type=Text)
    request_key: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcInstant)
    removed_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.removed_at).is_(None)


class ThreadMark(WorkspaceOwned, table=True):
    """How far one side has read a conversation, and been written to about it.

    `side` is who reads: customer or staff. `dispute_id` is 0 for the invoice's own
    conversation. `read_id` is the last comment that stood on an open page of theirs,
    `mailed_id` the last one that a mail has told of.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "dispute_id", "side"),
        CheckConstraint("side in ('customer', 'staff')", name="side"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    dispute_id: int = Field(default=0, sa_type=BigInteger)
    side: str = Field(max_length=10)
    read_id: int = Field(default=0, sa_type=BigInteger)
    read_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    mailed_id: int = Field(default=0, sa_type=BigInteger)
    mailed_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class StaffNote(WorkspaceOwned, table=True):
    """What staff write down for themselves. No customer query can reach it.

    It belongs to an invoice or a customer, and may be the disposition of a dispute.
    """

    __table_args__ = (
        Index("ix_staff_note_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_staff_note_customer", "workspace_id", "customer_id", "id"),
    )

    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    dispute_id: int | None = Field(default=None, sa_type=BigInteger)
    body: str = Field(sa_type=Text)
    written_by: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)


class Dispute(CustomerVisible, table=True):
    """A customer says that an invoice, or one line of it, is wrong.

    `amount_minor` of the invoice's currency is not asked for while it is open.
    `outcome` is `domain.dispute.Outcome` once it is over, and `answer` the reason as
    the customer reads it; what staff think of it is a `StaffNote`.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "request_key"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(outcome = '') = (resolved_at is null)", name="resolved"),
        CheckConstraint(
            "outcome in ('', 'stands', 'credited', 'reissued', 'void', 'withdrawn')",
            name="outcome",
        ),
        Index("ix_dispute_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_dispute_open", "workspace_id", "resolved_at", "id"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    line_position: int | None = Field(default=None)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    reason: str = Field(sa_type=Text)
    opened_by: str = Field(max_length=200)
    session_id: int | None = Field(default=None, sa_type=BigInteger)
    request_key: str = Field(max_length=64)
    opened_at: datetime = Field(sa_type=UtcInstant)
    outcome: str = Field(default="", max_length=10)
    answer: str = Field(default="", sa_type=Text)
    resolved_by: int | None = Field(default=None, sa_type=BigInteger)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)
