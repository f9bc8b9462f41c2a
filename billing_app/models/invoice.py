"""Invoices, their working lines, and the documents issued from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    column,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, col

from billing_app.models.base import (
    CustomerVisible,
    ExactDecimal,
    Printed,
    UtcInstant,
    WorkspaceOwned,
    sort_key,
)

# The part of the status that the calendar does not decide, in the words of
# `domain.invoice.InvoicePhase`. The database derives it, so it is never stale.
PHASE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when cancelled_at is not null then 'cancelled'
when state <> 'issued' then state
when outstanding_minor < 0 then 'in_credit'
when outstanding_minor <= 0 and written_off_minor > 0 then 'written_off'
when outstanding_minor <= 0 and credited_minor > 0 and allocated_minor <= 0
then 'credited'
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when allocated_minor + prepaid_minor > 0 then 'partial'
else 'unpaid' end end
"""


class Invoice(CustomerVisible, table=True):
    """A bill: editable while a draft, frozen once issued.

    Amounts are minor units of `currency`. `outstanding_minor` is total less
    prepaid, settled allocations, credit notes and write-offs, kept beside the facts
    it is derived from so that lists can sort by it; `verify` compares them.
    `cancelled_at` and `cancel_reason` end a draft for good. `adjustments`
    are document allowances and charges in the form of `domain.terms_json`; `draft`
    is `domain.draft.DraftForm` as typed, kept so that nothing typed is ever lost.
    `series_code` and `series_value` are what the number was made of. `portal` holds
    what the portal does differently for this invoice, as `Customer.portal`.
    `disputed_minor` is the sum of its open disputes: still outstanding, not asked for.
    `payment_reference` is what transfers carry where that is not the number;
    `delivery_on` and `delivery_until_on` are the day of delivery, or the first and
    last day of it. `custom_fields` are `domain.custom_fields.FilledField` as issued,
    also those that no customer sees. `source_id` is what it was copied from;
    `replaces_id` the credited invoice that it takes the place of.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "number"),
        UniqueConstraint("workspace_id", "series_code", "series_value"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        CheckConstraint("state in ('draft', 'issued', 'void')", name="state"),
        CheckConstraint("(state = 'draft') = (number is null)", name="number"),
        CheckConstraint(
            "state = 'draft' or (issued_at is not null and issued_on is not null)",
            name="issued",
        ),
        CheckConstraint("published_at is null or number is not null", name="published"),
        CheckConstraint("state != 'void' or void_reason != ''", name="void_reason"),
        # A list walks one index per phase and sort: docs/decisions/0018.
        Index("ix_invoice_by_number", "workspace_id", "phase", "number_key", "id"),
        Index(
            "ix_invoice_by_customer", "workspace_id", "phase", "customer_name_key", "id"
        ),
        # Each of the dates carries the other, which a status or filter asks for.
        Index(
            "ix_invoice_by_issued",
            "workspace_id",
            "phase",
            "issued_key",
            "id",
            "due_key",
        ),
        Index(
            "ix_invoice_by_due",
            "workspace_id",
            "phase",
            "due_key",
            "id",
            "issued_key",
        ),
        Index("ix_invoice_by_total", "workspace_id", "phase", "total_minor", "id"),
        Index(
            "ix_invoice_by_outstanding",
            "workspace_id",
            "phase",
            "outstanding_minor",
            "id",
        ),
        Index("ix_invoice_purchase_order", "workspace_id", "purchase_order", "id"),
        Index(
            "ix_invoice_reference",
            "workspace_id",
            "payment_reference",
            sqlite_where=column("payment_reference").is_not(None),
            postgresql_where=column("payment_reference").is_not(None),
        ),
        Index(
            "ix_invoice_job",
            "workspace_id",
            "job_key",
            sqlite_where=column("job_key").is_not(None),
            postgresql_where=column("job_key").is_not(None),
        ),
        Index("ix_invoice_replaces", "workspace_id", "replaces_id"),
        Index("ix_invoice_sent", "workspace_id", "phase", "sent_at"),
        Index("ix_invoice_customer", "workspace_id", "customer_id", "phase", "id"),
        # A customer's own list, by each of its sorts. The first carries what its
        # search looks at, the second what the sums above it are made of. What such
        # a search finds is first looked up in the two after these.
        Index(
            "ix_invoice_account_issued",
            "workspace_id",
            "customer_id",
            "phase",
            "issued_key",
            "id",
            "published_at",
            "number",
            "purchase_order",
        ),
        Index(
            "ix_invoice_account_due",
            "workspace_id",
            "customer_id",
            "phase",
            "due_key",
            "id",
            "published_at",
            "currency",
            "outstanding_minor",
            "disputed_minor",
        ),
        Index(
            "ix_invoice_account_total",
            "workspace_id",
            "customer_id",
            "phase",
            "total_minor",
            "id",
        ),
        Index("ix_invoice_account_number", "workspace_id", "customer_id", "number"),
        Index(
            "ix_invoice_account_order", "workspace_id", "customer_id", "purchase_order"
        ),
        # These two answer sums without reading the rows.
        Index(
            "ix_invoice_open",
            "workspace_id",
            "phase",
            "currency",
            "due_key",
            "outstanding_minor",
            "processing_minor",
        ),
        Index(
            "ix_invoice_month",
            "workspace_id",
            "issued_on",
            "state",
            "currency",
            "total_minor",
        ),
    )

    INVOICE_COLUMN: ClassVar[str] = "id"

    # A draft may have no customer yet.
    customer_id: int | None = Field(  # type: ignore[assignment]
        default=None, sa_type=BigInteger
    )
    customer_name: str = Field(default="", max_length=200)
    customer_name_key: str = Field(default="", sa_type=sort_key(200))
    state: str = Field(default="draft", max_length=10)
    number: str | None = Field(default=None, sa_type=sort_key(60))
    series_code: str | None = Field(default=None, max_length=20)
    series_value: int | None = Field(default=None, sa_type=BigInteger)
    mode: str = Field(
        default="lines", max_length=10, sa_column_kwargs={"server_default": "lines"}
    )
    currency: str = Field(max_length=3)
    prices_inclusive: bool = Field(default=False)
    cash_rounding_minor: int = Field(default=0, sa_type=BigInteger)
    rounding_minor: int | None = Field(default=None, sa_type=BigInteger)
    decimals: int | None = Field(default=None)
    issued_on: date | None = Field(default=None)
    due_on: date | None = Field(default=None)
    delivery_on: date | None = Field(default=None)
    delivery_until_on: date | None = Field(default=None)
    purchase_order: str = Field(default="", sa_type=sort_key(80))
    job: str = Field(
        default="", max_length=200, sa_column_kwargs={"server_default": ""}
    )
    job_key: str | None = Field(default=None, sa_type=sort_key(200))
    payment_reference: str | None = Field(default=None, max_length=27)
    notes: str = Field(default="", sa_type=Text)
    terms: str = Field(default="", sa_type=Text)
    look: str = Field(default="modern", max_length=20)
    adjustments: list[Any] = Field(default_factory=list, sa_type=JSON)
    custom_fields: list[Any] = Field(default_factory=list, sa_type=JSON)
    draft: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    net_minor: int = Field(default=0, sa_type=BigInteger)
    tax_minor: int = Field(default=0, sa_type=BigInteger)
    total_minor: int = Field(default=0, sa_type=BigInteger)
    prepaid_minor: int = Field(default=0, sa_type=BigInteger)
    due_minor: int = Field(default=0, sa_type=BigInteger)
    allocated_minor: int = Field(default=0, sa_type=BigInteger)
    credited_minor: int = Field(default=0, sa_type=BigInteger)
    written_off_minor: int = Field(default=0, sa_type=BigInteger)
    processing_minor: int = Field(default=0, sa_type=BigInteger)
    outstanding_minor: int = Field(default=0, sa_type=BigInteger)
    disputed_minor: int = Field(default=0, sa_type=BigInteger)
    portal: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    void_reason: str = Field(default="", max_length=500)
    cancel_reason: str = Field(default="", max_length=500)
    version: int = Field(default=1)
    source_id: int | None = Field(default=None, sa_type=BigInteger)
    replaces_id: int | None = Field(default=None, sa_type=BigInteger)
    created_by: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcInstant)
    changed_at: datetime = Field(sa_type=UtcInstant)
    issued_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    published_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    sent_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    voided_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    archived_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    first_viewed_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    # Written by the database alone. What is missing sorts last.
    phase: str | None = Field(
        default=None,
        sa_type=String(20),
        sa_column_args=[Computed(PHASE, persisted=True)],
    )
    number_key: str | None = Field(
        default=None,
        sa_type=sort_key(60),
        sa_column_args=[Computed("coalesce(number, '~')", persisted=True)],
    )
    issued_key: date | None = Field(
        default=None,
        sa_type=Date,
        sa_column_args=[Computed("coalesce(issued_on, '9999-12-31')", persisted=True)],
    )
    due_key: date | None = Field(
        default=None,
        sa_type=Date,
        sa_column_args=[Computed("coalesce(due_on, '9999-12-31')", persisted=True)],
    )

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.published_at).is_not(None)


class LineItem(WorkspaceOwned, table=True):
    """One working line of an invoice. Customers read the issued document instead.

    `taxes` and `adjustments` are in the form of `domain.terms_json`, `custom_fields`
    are `domain.custom_fields.FilledField` as issued. Rows exist from issue on: a draft
    keeps what was typed in `Invoice.draft`.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "invoice_id", "position"),
    )

    invoice_id: int = Field(sa_type=BigInteger)
    position: int
    name: str = Field(default="", max_length=500)
    description: str = Field(default="", sa_type=Text)
    group_heading: str = Field(default="", max_length=200)
    quantity: Decimal = Field(sa_type=ExactDecimal)
    unit: str = Field(default="", max_length=20)
    unit_price: Decimal = Field(sa_type=ExactDecimal)
    base_quantity: Decimal = Field(default=Decimal(1), sa_type=ExactDecimal)
    discount_percent: Decimal = Field(default=Decimal(0), sa_type=ExactDecimal)
    taxes: list[Any] = Field(default_factory=list, sa_type=JSON)
    adjustments: list[Any] = Field(default_factory=list, sa_type=JSON)
    custom_fields: list[Any] = Field(default_factory=list, sa_type=JSON)
    amount_minor: int = Field(default=0, sa_type=BigInteger)
    net_minor: int = Field(default=0, sa_type=BigInteger)


class IssuedDocument(Printed, table=True):
    """What was printed of an invoice, or as the receipt of a payment."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invoice_id"], ["invoice.workspace_id", "invoice.id"]
        ),
        UniqueConstraint("workspace_id", "kind", "invoice_id", "payment_id"),
        Index("ix_issued_document_invoice", "workspace_id", "invoice_id", "payment_id"),
        Index("ix_issued_document_payment", "workspace_id", "payment_id"),
    )

    kind: str = Field(default="invoice", max_length=20)
    invoice_id: int = Field(sa_type=BigInteger)
    # Zero for an invoice, so that the unique constraint holds there too.
    payment_id: int = Field(default=0, sa_type=BigInteger)
    number: str = Field(max_length=80)
