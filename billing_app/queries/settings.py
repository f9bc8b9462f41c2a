"""What a workspace set once, page by page, as it stands in the forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, cast, select
from sqlmodel import col
from sqlmodel import select as select_one

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.bank import format_iban, is_qr_iban
from billing_app.domain.cash_rounding import format_cash_rounding
from billing_app.domain.currencies import read_currency
from billing_app.domain.custom_fields import CustomField, fields_from_json
from billing_app.domain.errors import NotFound
from billing_app.domain.mail_settings import KEPT, MailSettings
from billing_app.domain.money import Money
from billing_app.domain.numbering import (
    Reset,
    check_pattern,
    counter_code,
    counts_by_customer,
    format_number,
    later_starts,
    name_series,
    parse_counter,
    parse_reset,
)
from billing_app.domain.payability import StripeConnection, stripe_connection
from billing_app.domain.payment_reference import ReferenceKind
from billing_app.domain.portal_settings import (
    CUSTOMER_KEYS,
    MailFiles,
    PortalSettings,
    say_nobody_writes,
)
from billing_app.domain.portal_words import MAIL_FILES
from billing_app.domain.qr_bill import find_qr_bill_gap
from billing_app.domain.vat_id import vat_warning
from billing_app.models import (
    Customer,
    Invoice,
    NumberSeries,
    OutboxMessage,
    Payment,
    StripeAccount,
    TaxRate,
    WorkspaceSettings,
)
from billing_app.queries.letterhead import seller_party, stored_address, stored_bank

PREVIEWED_NUMBERS = 3
PREVIEWED_CUSTOMERS = 2
_NO_BANK: Mapping[str, Any] = {
    "iban": "",
    "rows": (),
    "reference_kind": ReferenceKind.NUMBER,
}


@dataclass(frozen=True, slots=True)
class BusinessSettings:
    """Who sends the invoices.

    Attributes:
        currency_stays: why the currency can't be changed any more; empty while it can.
        address: the street, or all of it where its parts aren't known.
        vat_warning: what looks wrong about the VAT number.
    """

    version: int = 0
    name: str = ""
    legal_name: str = ""
    address: str = ""
    postal_code: str = ""
    town: str = ""
    region: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    vat_id: str = ""
    vat_warning: str = ""
    registration: str = ""
    electronic_address: str = ""
    zone: str = ""
    currency: str = ""
    currency_stays: str = ""
    fiscal_month: str = "1"


@dataclass(frozen=True, slots=True)
class BrandingSettings:
    """How documents and the portal look."""

    version: int = 0
    look: str = ""
    accent: str = ""
    logo_digest: str = ""


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """Numbers and terms.

    Attributes:
        next_value: of the period that today is in.
        is_counting: numbers are in use, so the counter can't be set any more.
    """

    version: int = 0
    pattern: str = ""
    reset: str = Reset.NEVER
    next_value: int = 1
    is_counting: bool = False
    receipt_pattern: str = ""
    receipt_reset: str = Reset.NEVER
    credit_note_pattern: str = ""
    credit_note_reset: str = Reset.NEVER
    net_days: int = 0
    notes: str = ""
    terms: str = ""
    prices_inclusive: bool = False
    tax_currency: str = ""
    cash_rounding: str = ""
    fields: tuple[CustomField, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberPreview:
    """What the next numbers of a series will be.

    Attributes:
        later: what the first number will be from a day ahead on: of the next month
            or year.
        by_customer: the next numbers of two customers, by name, where each counts
            apart; `numbers` and `later` are then those of the first.
    """

    numbers: tuple[str, ...]
    later: tuple[tuple[date, str], ...] = ()
    by_customer: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class TaxSetting:
    """One tax to choose from."""

    tax_id: int
    name: str
    category: str
    percent: str
    exemption_reason: str
    is_default: bool
    is_archived: bool
    with_tax_id: str = ""
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class BankSettings:
    """Where customers transfer money to.

    Attributes:
        currency: what this account takes; empty for all that have none of their own.
        currencies: those with one of their own, and this.
        qr_bill_gap: what is missing for a Swiss QR-bill.
    """

    version: int = 0
    currency: str = ""
    currencies: tuple[str, ...] = ()
    iban: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    reference_kind: str = ReferenceKind.NUMBER
    is_qr_iban: bool = False
    qr_bill_gap: str = ""


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """How far the workspace got with Stripe.

    Attributes:
        problem: why it can't be used yet, as Stripe said it; empty when it can.
        webhook_path: what Stripe's webhooks are to be sent to, on this host.
    """

    state: StripeConnection = StripeConnection.NOT_CONNECTED
    secret_key_last4: str = ""
    webhook_secret_last4: str = ""
    publishable_key: str = ""
    account_id: str = ""
    is_livemode: bool = False
    problem: str = ""
    checked_at: datetime | None = None
    webhook_path: str = ""


@dataclass(frozen=True, slots=True)
class PortalPage:
    """What customers see and may do.

    Attributes:
        profile: the one applied last, whatever was changed since.
        minimum: in the workspace's currency; empty for none.
        differing: how many customers have an answer of their own, by setting.
        warning: what the answers, taken together, leave nobody able to do.
    """

    version: int = 0
    settings: PortalSettings = field(default_factory=PortalSettings)
    profile: str = ""
    minimum: str = ""
    currency: str = ""
    stripe: StripeConnection = StripeConnection.NOT_CONNECTED
    differing: Mapping[str, int] = field(default_factory=dict[str, int])
    warning: str = ""


@dataclass(frozen=True, slots=True)
class MailPage:
    """Where mail is handed over; the password itself is never read.

    Attributes:
        files: what mails bring along where nobody says otherwise.
        shows_pdf: the portal does; where it does not, no mail brings a file.
        differing: how many customers have an answer of their own to that.
    """

    version: int = 0
    settings: MailSettings = field(default_factory=MailSettings)
    has_password: bool = False
    files: MailFiles = MailFiles.LINK
    shows_pdf: bool = True
    differing: int = 0


@dataclass(frozen=True, slots=True)
class TriedMail:
    """How a test mail went: waiting, sent, kept in the mailbox or failed."""

    state: str
    problem: str = ""


@staff(Permission.EDIT_SETTINGS)
def read_version(uow: UnitOfWork) -> int:
    return uow.one(select_one(WorkspaceSettings.version))


@staff(Permission.EDIT_SETTINGS)
def read_business(uow: UnitOfWork) -> BusinessSettings:
    settings = _settings(uow)
    address = stored_address(settings)
    return BusinessSettings(
        version=settings.version,
        name=uow.workspace.name,
        legal_name=settings.legal_name,
        address="\n".join(address.street),
        postal_code=address.postal_code,
        town=address.town,
        region=address.region,
        country=settings.country,
        phone=settings.phone,
        email=settings.email,
        website=settings.website,
        vat_id=settings.vat_id,
        vat_warning=vat_warning(settings.vat_id, settings.country),
        registration=settings.registration,
        electronic_address=settings.electronic_address,
        zone=uow.workspace.zone,
        currency=uow.workspace.currency,
        currency_stays=why_currency_stays(uow),
        fiscal_month=str(settings.fiscal_month),
    )


@inner
def why_currency_stays(uow: UnitOfWork) -> str:
    """Return what stands on the workspace's currency by now, or nothing."""
    issued = select_one(Invoice.id).where(col(Invoice.number).is_not(None)).limit(1)
    paid = select_one(Payment.id).limit(1)
    stands = {
        "an invoice was issued": uow.first(issued),
        "a payment was recorded": uow.first(paid),
    }
    for what, row_id in stands.items():
        if row_id is not None:
            return (
                f"It stays {uow.workspace.currency}: {what}, and figures of different "
                "currencies don't add up."
            )
    return ""


@staff(Permission.EDIT_SETTINGS)
def read_branding(uow: UnitOfWork) -> BrandingSettings:
    settings = _settings(uow)
    return BrandingSettings(
        settings.version, settings.look, settings.accent, settings.logo_digest
    )


@staff(Permission.VIEW)
def read_logo(uow: UnitOfWork) -> str:
    """Return the digest of the workspace's logo, or an empty text."""
    return uow.one(select_one(WorkspaceSettings.logo_digest))


@staff(Permission.EDIT_SETTINGS)
def read_documents(uow: UnitOfWork) -> DocumentSettings:
    settings = _settings(uow)
    codes = ("invoice", "receipt", "credit_note")
    ours = select_one(NumberSeries).where(col(NumberSeries.code).in_(codes))
    series = {row.code: row for row in uow.all(ours)}
    own, receipt, credited = (series[code] for code in codes)
    reset = Reset(own.reset)
    is_theirs = counts_by_customer(own.pattern)
    code = counter_code(own.code, reset, uow.today)
    used = select_one(Invoice.id).where(col(Invoice.series_code) == code).limit(1)
    return DocumentSettings(
        version=settings.version,
        pattern=own.pattern,
        reset=reset,
        next_value=next_counter(uow, own),
        is_counting=not is_theirs and uow.first(used) is not None,
        receipt_pattern=receipt.pattern,
        receipt_reset=receipt.reset,
        credit_note_pattern=credited.pattern,
        credit_note_reset=credited.reset,
        net_days=settings.net_days,
        notes=settings.notes,
        terms=settings.terms,
        prices_inclusive=settings.prices_inclusive,
        tax_currency=settings.tax_currency,
        cash_rounding=format_cash_rounding(settings.cash_rounding),
        fields=fields_from_json(settings.custom_fields),
    )


@staff(Permission.EDIT_SETTINGS)
def preview_numbers(
    uow: UnitOfWork, code: str, pattern: str, reset: str, typed: str = ""
) -> NumberPreview:
    """Return the next numbers as a series would be written and counted.

    Attributes:
        code: of the series.
        typed: the next counter, where it can be set.

    Raises:
        InvalidInput: the pattern or the counter can't be used.
    """
    series = uow.first(select_one(NumberSeries).where(col(NumberSeries.code) == code))
    if series is None:
        raise NotFound("There is no such series.")
    pattern, chosen = name_series(pattern, code), parse_reset(reset, "reset")
    check_pattern(pattern, chosen)
    if counts_by_customer(pattern):
        return _coming_by_customer(uow, code, pattern, chosen)
    following = uow.next_value(code, pattern, chosen, uow.today)
    # What stands there unchanged is the counter of the series as it was.
    if typed and parse_counter(typed) != next_counter(uow, series):
        following = parse_counter(typed)
    return _coming(uow, code, pattern, chosen, following)


@inner
def next_counter(uow: UnitOfWork, series: NumberSeries) -> int:
    """Return the counter of a series as it stands in the form.

    Where each customer counts apart it is the one that waits meanwhile.
    """
    if counts_by_customer(series.pattern):
        return series.next_value
    reset = Reset(series.reset)
    return uow.next_value(series.code, series.pattern, reset, uow.today)


@inner
def _coming(
    uow: UnitOfWork,
    code: str,
    pattern: str,
    reset: Reset,
    following: int,
    customer: str = "",
) -> NumberPreview:
    after = following + PREVIEWED_NUMBERS
    numbers = [
        format_number(pattern, x, uow.today, customer) for x in range(following, after)
    ]
    later: list[tuple[date, str]] = []
    for day in later_starts(pattern, reset, uow.today):
        starts_anew = reset is not Reset.NEVER
        first = (
            uow.next_value(code, pattern, reset, day, customer)
            if starts_anew
            else after
        )
        later.append((day, format_number(pattern, first, day, customer)))
    return NumberPreview(tuple(numbers), tuple(later))


@inner
def _coming_by_customer(
    uow: UnitOfWork, code: str, pattern: str, reset: Reset
) -> NumberPreview:
    previews: list[tuple[str, NumberPreview]] = []
    for name, customer in _example_customers(uow):
        following = uow.next_value(code, pattern, reset, uow.today, customer)
        coming = _coming(uow, code, pattern, reset, following, customer)
        previews.append((name, coming))
    numbers = tuple((name, each.numbers) for name, each in previews)
    return replace(previews[0][1], by_customer=numbers)


@inner
def _example_customers(uow: UnitOfWork) -> list[tuple[str, str]]:
    """Return names and number codes of two customers, the latest to be added."""
    latest = (
        select(col(Customer.id), col(Customer.name), col(Customer.number_code))
        .where(col(Customer.archived_at).is_(None))
        .order_by(col(Customer.created_at).desc(), col(Customer.id).desc())
        .limit(PREVIEWED_CUSTOMERS)
    )
    examples: list[tuple[str, str]] = []
    for customer_id, name, code in uow.all(latest):
        others = [each for _, each in examples]
        code = code or uow.propose_number_code(customer_id, name, *others)
        examples.append((name, code))
    return examples or [("a customer called Acme", "ACME")]


@staff(Permission.EDIT_SETTINGS)
def list_taxes(uow: UnitOfWork) -> tuple[TaxSetting, ...]:
    """Return all taxes, those in use first, in their order."""
    rates = uow.all(
        select_one(TaxRate).order_by(
            col(TaxRate.archived_at).is_not(None),
            col(TaxRate.position),
            col(TaxRate.id),
        )
    )
    return tuple(_tax(rate) for rate in rates)


@staff(Permission.EDIT_SETTINGS)
def read_bank(uow: UnitOfWork, currency: str = "") -> BankSettings:
    """Return the account of a currency, empty where it has none; "" is all others."""
    currency = read_currency(currency)
    settings = _settings(uow)
    is_stored = not currency or currency in settings.bank_by_currency
    stored = stored_bank(settings, currency) if is_stored else _NO_BANK
    iban = stored["iban"]
    # The field of the account says it, and has it printed.
    printed = ("iban", format_iban(iban))
    return BankSettings(
        version=settings.version,
        currency=currency,
        currencies=tuple(sorted({*settings.bank_by_currency, currency} - {""})),
        iban=format_iban(iban),
        rows=tuple(
            (row["label"], row["value"])
            for row in stored["rows"]
            if (row["label"].casefold(), row["value"]) != printed
        ),
        reference_kind=stored["reference_kind"],
        is_qr_iban=is_qr_iban(iban),
        qr_bill_gap=find_qr_bill_gap(seller_party(settings), iban),
    )


@staff(Permission.EDIT_SETTINGS)
def read_stripe(uow: UnitOfWork) -> StripeSettings:
    path = f"/webhooks/stripe/{uow.workspace.slug}"
    account: StripeAccount | None = uow.first(select_one(StripeAccount))
    if account is None:
        return StripeSettings(webhook_path=path)
    return StripeSettings(
        state=_connection(account),
        secret_key_last4=account.secret_key_last4,
        webhook_secret_last4=account.webhook_secret_last4,
        publishable_key=account.publishable_key,
        account_id=account.account_id,
        is_livemode=account.is_livemode,
        problem=account.last_error,
        checked_at=account.checked_at,
        webhook_path=path,
    )


@staff(Permission.EDIT_SETTINGS)
def read_portal(uow: UnitOfWork) -> PortalPage:
    settings = _settings(uow)
    portal = PortalSettings.from_stored(settings.portal)
    currency = uow.workspace.currency
    minimum = Money(portal.minimum_minor, currency)
    account: StripeAccount | None = uow.first(select_one(StripeAccount))
    return PortalPage(
        version=settings.version,
        settings=portal,
        profile=uow.workspace.profile,
        minimum=str(minimum.decimal) if portal.minimum_minor else "",
        currency=currency,
        stripe=_connection(account) if account else StripeConnection.NOT_CONNECTED,
        differing=_count_differing(uow),
        warning=say_nobody_writes(portal),
    )


@inner
def _count_differing(uow: UnitOfWork) -> Counter[str]:
    """Count the customers with an answer of their own, by setting."""
    stored = uow.all(
        select_one(Customer.portal).where(cast(Customer.portal, String) != "{}")
    )
    return Counter(key for own in stored for key in own if key in CUSTOMER_KEYS)


@staff(Permission.EDIT_SETTINGS)
def read_mail(uow: UnitOfWork) -> MailPage:
    settings = _settings(uow)
    portal = PortalSettings.from_stored(settings.portal)
    return MailPage(
        version=settings.version,
        settings=MailSettings.from_stored(settings.mail),
        has_password=bool(settings.mail_password_encrypted),
        files=portal.mail_files,
        shows_pdf=portal.is_on and portal.shows_invoices and portal.shows_pdf,
        differing=_count_differing(uow)[MAIL_FILES.key],
    )


@staff(Permission.EDIT_SETTINGS)
def read_test_mail(uow: UnitOfWork, key: str) -> TriedMail:
    """Return how the test mail with this key went."""
    found = uow.first(
        select(
            col(OutboxMessage.done_at),
            col(OutboxMessage.failed_at),
            col(OutboxMessage.last_error),
            col(OutboxMessage.details),
        ).where(col(OutboxMessage.key) == key)
    )
    if found is None or (found.done_at is None and not found.last_error):
        return TriedMail("waiting")
    if found.done_at is not None:
        return TriedMail("kept" if found.details.get(KEPT) else "sent")
    return TriedMail("failed", found.last_error)


def _settings(uow: UnitOfWork) -> WorkspaceSettings:
    return uow.one(select_one(WorkspaceSettings))


def _connection(account: StripeAccount) -> StripeConnection:
    return stripe_connection(
        has_key=bool(account.secret_key_encrypted),
        has_webhook_secret=bool(account.webhook_secret_encrypted),
        charges_enabled=account.charges_enabled,
    )


def _tax(rate: TaxRate) -> TaxSetting:
    assert rate.id is not None
    percent = f"{rate.percent:f}"
    return TaxSetting(
        tax_id=rate.id,
        name=rate.name,
        category=rate.category,
        percent=percent,
        exemption_reason=rate.exemption_reason,
        is_default=rate.is_default,
        is_archived=rate.archived_at is not None,
        with_tax_id=str(rate.with_tax_id or ""),
        is_compound=rate.is_compound,
    )
