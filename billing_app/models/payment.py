"""Money received, what it paid, tries to pay online, and the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

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

from billing_app.models.base import (
    CustomerVisible,
    UtcInstant,
    WorkspaceOwned,
    sort_key,
)


class Payment(CustomerVisible, table=True):
    """Money received once, from anywhere.

    `status`: settled counts; held waits for a person and pays nothing; reversed
    was taken back. `method` is cash, check, zelle, bank_transfer, card or other.
    `reference` is for the customer; the note for staff lives in `PaymentNote`.
    What is neither allocated nor refunded is the customer's credit. `invoice_id`
    is what it was meant for; allocations say what it paid. While Stripe is asked for
    a refund, `refunding_minor` is how much, and `refund_key` makes the same question
    again harmless.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "provider", "provider_payment_id"),
        UniqueConstraint("workspace_id", "request_key"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("status in ('settled', 'held', 'reversed')", name="status"),
        CheckConstraint(
            "allocated_minor >= 0 and refunded_minor >= 0"
            " and allocated_minor + refunded_minor <= amount_minor",
            name="spent",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        Index("ix_payment_received", "workspace_id", "received_on", "id"),
        Index("ix_payment_amount", "workspace_id", "amount_minor", "id"),
        Index("ix_payment_reference", "workspace_id", "reference", "id"),
        Index("ix_payment_status", "workspace_id", "status", "received_on", "id"),
        # This one answers sums without reading the rows.
        Index(
            "ix_payment_month",
            "workspace_id",
            "status",
            "received_on",
            "currency",
            "amount_minor",
        ),
        Index("ix_payment_customer", "workspace_id", "customer_id", "id"),
        # What a customer has paid in a year, without reading the rows.
        Index(
            "ix_payment_account",
            "workspace_id",
            "customer_id",
            "received_on",
            "id",
            "status",
            "currency",
            "amount_minor",
            "refunded_minor",
        ),
        Index("ix_payment_invoice", "workspace_id", "invoice_id", "id"),
    )

    # A payment is reached through its allocation, which is narrowed itself.
    INVOICE_COLUMN: ClassVar[str] = ""

    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    allocated_minor: int = Field(default=0, sa_type=BigInteger)
    refunded_minor: int = Field(default=0, sa_type=BigInteger)
    received_on: date
    method: str = Field(max_length=20)
    method_detail: str = Field(default="", max_length=60)
    reference: str = Field(default="", sa_type=sort_key(140))
    status: str = Field(default="settled", max_length=10)
    hold_reason: str = Field(default="", max_length=200)
    provider: str | None = Field(default=None, max_length=20)
    provider_payment_id: str | None = Field(default=None, max_length=120)
    attempt_id: int | None = Field(default=None, sa_type=BigInteger)
    # A form sends one key however often its button is pressed.
    request_key: str | None = Field(default=None, max_length=64)
    recorded_by: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)
    disputed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    refunding_minor: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    refund_key: str = Field(
        default="", max_length=80, sa_column_kwargs={"server_default": ""}
    )

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.status) != "held"


class PaymentNote(WorkspaceOwned, table=True):
    """What staff write down about a payment. No customer query can reach it."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "payment_id"], ["payment.workspace_id", "payment.id"]
        ),
        Index("ix_payment_note_payment", "workspace_id", "payment_id"),
    )

    payment_id: int = Field(sa_type=BigInteger)
    body: str = Field(sa_type=Text)
    written_by: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)


class Allocation(CustomerVisible, table=True):
    """The part of a payment that pays one invoice. Negative takes it back."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "payment_id"], ["payment.workspace_id", "payment.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_allocation_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_allocation_payment", "workspace_id", "payment_id", "id"),
    )

    payment_id: int = Field(sa_type=BigInteger)
    invoice_id: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)


class Refund(CustomerVisible, table=True):
    """Money of one payment returned. Negative where a refund failed and came back."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "payment_id"], ["payment.workspace_id", "payment.id"]
        ),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_refund_payment", "workspace_id", "payment_id", "id"),
        # Sums of a span of days ask which payments, and how much.
        Index(
            "ix_refund_day",
            "workspace_id",
            "refunded_on",
            "payment_id",
            "amount_minor",
        ),
    )

    INVOICE_COLUMN: ClassVar[str] = ""

    payment_id: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    refunded_on: date
    created_at: datetime = Field(sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)


class PaymentAttempt(CustomerVisible, table=True):
    """One try to pay online, stored before Stripe is asked.

    `status` is `domain.online_payment.AttemptStatus`. `idempotency_key` makes a
    repeated call harmless and names the attempt at Stripe; it is a secret.
    `read_at` is when Stripe was last asked about it. `session_id` is the customer
    session it was begun in, `back_path` the page it leads back to, without its secret.
    `invoice_id` is the invoice it was begun from, the oldest one where it pays
    several: `PaymentAttemptPart` says how much for each.
    `card_form` says where the card is typed in: on Stripe's page, which is then
    `checkout_id`, or on the invoice's own, where `intent_id` is Stripe's payment.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("idempotency_key"),
        UniqueConstraint("checkout_id"),
        UniqueConstraint("intent_id"),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "status in ('prepared', 'open', 'processing', 'succeeded', 'held',"
            " 'failed', 'expired', 'unknown')",
            name="status",
        ),
        Index("ix_payment_attempt_invoice", "workspace_id", "invoice_id", "id"),
        Index("ix_payment_attempt_status", "workspace_id", "status", "id"),
    )

    # An attempt is reached through its invoice or its part, which is narrowed itself.
    INVOICE_COLUMN: ClassVar[str] = ""

    invoice_id: int = Field(sa_type=BigInteger)
    link_id: int | None = Field(default=None, sa_type=BigInteger)
    session_id: int | None = Field(default=None, sa_type=BigInteger)
    back_path: str = Field(default="/p/{key}", max_length=80)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    status: str = Field(default="prepared", max_length=12)
    card_form: str = Field(default="checkout", max_length=10)
    idempotency_key: str = Field(max_length=80)
    checkout_id: str | None = Field(default=None, max_length=120)
    checkout_url: str = Field(default="", sa_type=Text)
    intent_id: str | None = Field(default=None, max_length=120)
    provider_payment_id: str | None = Field(default=None, max_length=120, index=True)
    account_id: str = Field(default="", max_length=80)
    is_livemode: bool = Field(default=False)
    failure: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcInstant)
    changed_at: datetime = Field(sa_type=UtcInstant)
    read_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    expires_at: datetime = Field(sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)


class PaymentAttemptPart(CustomerVisible, table=True):
    """How much of an attempt is meant for one invoice; only where it pays several."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "attempt_id"],
            ["payment_attempt.workspace_id", "payment_attempt.id"],
        ),
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "attempt_id", "invoice_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_payment_attempt_part_invoice", "workspace_id", "invoice_id", "id"),
    )

    attempt_id: int = Field(sa_type=BigInteger)
    invoice_id: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.id).is_not(None)


class LedgerEntry(WorkspaceOwned, table=True):
    """One line of a balanced journal. Append-only; the database refuses the rest."""

    __table_args__ = (
        # One journal is posted once, whoever tries it again.
        UniqueConstraint("workspace_id", "journal", "account"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_ledger_entry_invoice", "workspace_id", "invoice_id"),
    )

    journal: str = Field(max_length=60)
    account: str = Field(max_length=20)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    invoice_id: int | None = Field(default=None, sa_type=BigInteger)
    payment_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    posted_at: datetime = Field(sa_type=UtcInstant)
