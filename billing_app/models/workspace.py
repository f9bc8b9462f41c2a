"""The business itself: profile, branding, defaults, taxes, series, Stripe."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Text,
    UniqueConstraint,
    false,
)
from sqlmodel import Field

from billing_app.models.base import (
    ExactDecimal,
    RowId,
    Stored,
    UtcInstant,
    WorkspaceOwned,
    later_text,
)


class Workspace(Stored, table=True):
    """One business using the product."""

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(max_length=200)
    profile: str = Field(default="simple_link", max_length=40)
    currency: str = Field(max_length=3)
    zone: str = Field(default="UTC", max_length=60)
    created_at: datetime = Field(sa_type=UtcInstant)


class WorkspaceSettings(WorkspaceOwned, table=True):
    """Everything staff set once: who sends, how it looks, what is usual.

    `address`, `bank_instructions` and `terms` are plain text with line breaks.
    `address` and its parts, and `electronic_address`, are as those of a customer.
    `fiscal_month` is the month that the business's year begins with, 1 to 12.
    `bank_by_currency` has iban, rows and reference_kind of each currency with an
    account of its own; others share `bank_iban`, `bank_details`, `reference_kind`.
    `bank_details` holds label and value pairs printed as rows; `reference_kind` is
    `domain.payment_reference.ReferenceKind`; `portal` holds
    `domain.portal_settings.PortalSettings`; `mail` holds
    `domain.mail_settings.MailSettings`, its password is `mail_password_encrypted`;
    `reminders` holds `domain.reminders.ReminderPolicy`; `late_fees` holds
    `domain.late_fee.LateFeeRule`; `custom_fields` holds
    `domain.custom_fields.CustomField`; `cash_rounding` holds the step that what is due
    is rounded to, in minor units by currency; `tax_currency` is the one that taxes are
    also printed in, where it is another than an invoice's.
    """

    __table_args__ = (
        UniqueConstraint("workspace_id"),
        CheckConstraint("fiscal_month between 1 and 12", name="fiscal_month"),
    )

    legal_name: str = Field(default="", max_length=200)
    address: str = Field(default="", sa_type=Text)
    postal_code: str = later_text(20)
    town: str = later_text(100)
    region: str = later_text(100)
    country: str = Field(default="", max_length=2)
    phone: str = Field(default="", max_length=60)
    email: str = Field(default="", max_length=254)
    website: str = Field(default="", max_length=200)
    vat_id: str = Field(default="", max_length=40)
    registration: str = Field(default="", max_length=80)
    electronic_address: str = later_text(100)
    look: str = Field(default="modern", max_length=20)
    accent: str = Field(default="#3d4fd6", max_length=7)
    logo_digest: str = Field(default="", max_length=64)
    logo_width: int = Field(default=0)
    logo_height: int = Field(default=0)
    language: str = Field(default="en", max_length=10)
    net_days: int = Field(default=30)
    fiscal_month: int = Field(default=1)
    prices_inclusive: bool = Field(default=False)
    cash_rounding: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    decimals: int | None = Field(default=None)
    notes: str = Field(default="", sa_type=Text)
    terms: str = Field(default="", sa_type=Text)
    bank_details: list[Any] = Field(default_factory=list, sa_type=JSON)
    bank_iban: str = Field(default="", max_length=34)
    reference_kind: str = Field(default="none", max_length=10)
    bank_by_currency: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    portal: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    mail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    mail_password_encrypted: str = Field(default="", sa_type=Text)
    reminders: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    late_fees: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    custom_fields: list[Any] = Field(default_factory=list, sa_type=JSON)
    tax_currency: str = Field(default="", max_length=3)
    version: int = Field(default=1)


class TaxRate(WorkspaceOwned, table=True):
    """A tax a line can carry, under the name people know it by.

    `category` is a UNCL 5305 code: S standard, Z zero, E exempt, AE reverse
    charge, O out of scope. A line with this rate is charged `with_tax_id` as well,
    and what that one comes with; a compound rate is on the price and those taxes.
    """

    name: str = Field(max_length=60)
    category: str = Field(default="S", max_length=3)
    percent: Decimal = Field(sa_type=ExactDecimal)
    exemption_reason: str = Field(default="", max_length=200)
    is_default: bool = Field(default=False)
    position: int = Field(default=0)
    archived_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    with_tax_id: int | None = Field(
        default=None, foreign_key="tax_rate.id", sa_type=BigInteger
    )
    is_compound: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )


class NumberSeries(WorkspaceOwned, table=True):
    """A counter for document numbers. Its row lock makes numbers gapless.

    Where `reset` (`domain.numbering.Reset`) is not never, the counter of each period
    is a row of its own, with the period behind its code: `invoice:2026-03`. Where the
    pattern has `{customer}`, the counter of each customer is: `i@ACME`, or in a period
    `i@ACME:2026-03`. Their patterns are empty, since that of the series holds.
    """

    __table_args__ = (UniqueConstraint("workspace_id", "code"),)

    code: str = Field(max_length=20)
    pattern: str = Field(default="INV-{counter:5}", max_length=60)
    reset: str = Field(default="never", max_length=10)
    next_value: int = Field(default=1, sa_type=BigInteger)


class StripeAccount(WorkspaceOwned, table=True):
    """The workspace's own Stripe keys, encrypted; people see the last four.

    The publishable key is public: every page that takes cards carries it.
    """

    __table_args__ = (UniqueConstraint("workspace_id"),)

    secret_key_encrypted: str = Field(default="", sa_type=Text)
    secret_key_last4: str = Field(default="", max_length=4)
    webhook_secret_encrypted: str = Field(default="", sa_type=Text)
    webhook_secret_last4: str = Field(default="", max_length=4)
    publishable_key: str = Field(default="", max_length=255)
    account_id: str = Field(default="", max_length=80)
    is_livemode: bool = Field(default=False)
    charges_enabled: bool = Field(default=False)
    checked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_error: str = Field(default="", max_length=300)
