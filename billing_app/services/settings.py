"""Change what a workspace set once: each page saves its own part, by version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import String, cast
from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork, numbers_like
from billing_app.domain.actors import Permission
from billing_app.domain.address import PLACE_LENGTH_MAX, POSTAL_CODE_LENGTH_MAX
from billing_app.domain.bank import format_iban, read_iban
from billing_app.domain.branding import check_colour
from billing_app.domain.cash_rounding import parse_cash_rounding
from billing_app.domain.contact import check_email, parse_country, parse_net_days
from billing_app.domain.currencies import exponent, read_currency
from billing_app.domain.custom_fields import (
    KEY_LENGTH,
    NAME_LENGTH_MAX,
    CustomField,
    check_fields,
    fields_from_json,
    fields_to_json,
)
from billing_app.domain.dates import parse_month, read_zone
from billing_app.domain.document import Look
from billing_app.domain.errors import InvalidInput, StaleDraft
from billing_app.domain.events import SettingsChanged
from billing_app.domain.exchange_rate import parse_tax_currency
from billing_app.domain.money import Money, rounded_up
from billing_app.domain.numbering import (
    Reset,
    check_pattern,
    counter_code,
    counter_code_of,
    counters_start,
    counts_apart,
    counts_by_customer,
    fixed_start,
    format_number,
    name_series,
    parse_counter,
    parse_reset,
    read_number,
)
from billing_app.domain.parsing import clean_text
from billing_app.domain.party_ids import (
    REGISTRATION_LENGTH_MAX,
    parse_electronic_address,
)
from billing_app.domain.payment_reference import (
    ReferenceKind,
    check_reference_kind,
)
from billing_app.models import Customer, Invoice, NumberSeries, WorkspaceSettings
from billing_app.queries.settings import next_counter, why_currency_stays

ADDRESS_LENGTH_MAX = 1_000
TEXT_LENGTH_MAX = 10_000
TYPED_LENGTH_MAX = 500
BANK_ROWS_MAX = 20
NET_DAYS_DEFAULT = 30
# A counter that is further away is never reached: INV-20260042 read as {counter:5}.
_REACH = 10**6
_IN_PARTS = ("portal", "mail", "reminders")
_KIND = "reference_kind"
_MINIMUM = "minimum_minor"


@dataclass(frozen=True, slots=True)
class BusinessForm:
    """Who sends the invoices; all text, nothing checked yet.

    Attributes:
        name: what staff call the workspace; `legal_name` is printed.
        address, electronic_address: as in `services.customers.CustomerForm`.
        currency: empty for the one there is.
    """

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
    registration: str = ""
    electronic_address: str = ""
    zone: str = ""
    currency: str = ""
    fiscal_month: str = "1"


@dataclass(frozen=True, slots=True)
class BrandingForm:
    """How documents and the portal look."""

    look: str = ""
    accent: str = ""


@dataclass(frozen=True, slots=True)
class DocumentsForm:
    """Numbers, terms and what an empty draft starts with.

    Attributes:
        reset, receipt_reset, credit_note_reset: a `Reset`.
        next_value: of the period that today is in; not asked for where each customer
            counts apart.
    """

    pattern: str = ""
    reset: str = Reset.NEVER
    next_value: str = ""
    receipt_pattern: str = ""
    receipt_reset: str = Reset.NEVER
    credit_note_pattern: str = ""
    credit_note_reset: str = Reset.NEVER
    net_days: str = ""
    notes: str = ""
    terms: str = ""
    prices_inclusive: bool = False
    tax_currency: str = ""
    cash_rounding: str = ""


@dataclass(frozen=True, slots=True)
class BankForm:
    """Where customers transfer money to, as rows of label and value.

    Attributes:
        reference_kind: what a transfer is to carry, a `ReferenceKind`.
        currency: what this account takes; empty for all that have none of their own.
    """

    iban: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    reference_kind: str = ReferenceKind.NUMBER
    currency: str = ""


@staff(Permission.EDIT_SETTINGS)
def change_business(uow: UnitOfWork, version: int, form: BusinessForm) -> int:
    """Change who sends the invoices. What is issued keeps what was printed.

    Returns:
        The new version of the settings.

    Raises:
        StaleDraft: somebody else saved since `version`.
        InvalidInput: a field can't be used; its name is the error's `field`.
    """
    name = typed_line(form.name, "name", 200)
    legal_name = typed_line(form.legal_name, "legal_name", 200)
    if not name:
        raise InvalidInput("Write the name of the business.", field="name")
    if not legal_name:
        raise InvalidInput("Invoices need the sender's name.", field="legal_name")
    zone = read_zone(form.zone)
    country = parse_country(form.country)
    settings = take_settings(uow, version)
    moved = set_values(uow.workspace, name=name, zone=zone)
    moved += _change_currency(uow, settings, form.currency)
    return save(
        uow,
        settings,
        "business",
        *moved,
        legal_name=legal_name,
        address=typed_text(form.address, "address", ADDRESS_LENGTH_MAX),
        postal_code=typed_line(form.postal_code, "postal_code", POSTAL_CODE_LENGTH_MAX),
        town=typed_line(form.town, "town", PLACE_LENGTH_MAX),
        region=typed_line(form.region, "region", PLACE_LENGTH_MAX),
        country=country,
        phone=typed_line(form.phone, "phone", 60),
        email=typed_email(form.email, "email"),
        website=typed_line(form.website, "website", 200),
        vat_id=typed_line(form.vat_id, "vat_id", 40),
        registration=typed_line(
            form.registration, "registration", REGISTRATION_LENGTH_MAX
        ),
        electronic_address=parse_electronic_address(
            form.electronic_address, country, "electronic_address"
        ),
        fiscal_month=parse_month(form.fiscal_month, field="fiscal_month"),
    )


def _change_currency(
    uow: UnitOfWork, settings: WorkspaceSettings, typed: str
) -> tuple[str, ...]:
    """Count in another currency from now on; return the names of what changed.

    Drafts keep the currency they have.

    Raises:
        InvalidInput: there is none of that name, or figures stand on the one there is.
    """
    before = uow.workspace.currency
    currency = read_currency(typed) or before
    if currency == before:
        return ()
    if reason := why_currency_stays(uow):
        raise InvalidInput(reason, field="currency")
    _rewrite_minimums(uow, settings, before, currency)
    return set_values(uow.workspace, currency=currency)


def _rewrite_minimums(
    uow: UnitOfWork, settings: WorkspaceSettings, before: str, after: str
) -> None:
    """Let least payments be the same figure in a currency of other decimals."""
    if exponent(before) == exponent(after):
        return
    stored = (cast(col(it.portal), String) for it in (Customer, Invoice))
    customers, drafts = (it.contains(f'"{_MINIMUM}"') for it in stored)
    rows: list[Any] = [
        settings,
        *uow.all(select(Customer).where(customers)),
        *uow.all(select(Invoice).where(drafts)),
    ]
    for row in rows:
        if least := row.portal.get(_MINIMUM):
            figure = Money(least, before).decimal
            row.portal = {**row.portal, _MINIMUM: rounded_up(figure, after).minor}


@staff(Permission.EDIT_SETTINGS)
def change_branding(uow: UnitOfWork, version: int, form: BrandingForm) -> int:
    """Change look and colour; returns and raises as `change_business`."""
    if form.look not in set(Look):
        raise InvalidInput("Choose one of the looks.", field="look")
    try:
        accent = check_colour(form.accent)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, field="accent") from None
    settings = take_settings(uow, version)
    return save(uow, settings, "branding", look=form.look, accent=accent)


@staff(Permission.EDIT_SETTINGS)
def set_logo(uow: UnitOfWork, digest: str, width: int, height: int) -> None:
    """Show a stored picture as the logo; an empty digest shows none.

    It is one choice, made at once, so it asks for no version.
    """
    settings = take_settings(uow)
    save(
        uow,
        settings,
        "branding",
        logo_digest=digest,
        logo_width=width,
        logo_height=height,
    )


@staff(Permission.EDIT_SETTINGS)
def change_documents(uow: UnitOfWork, version: int, form: DocumentsForm) -> int:
    """Change numbers and terms; returns and raises as `change_business`.

    Raises:
        InvalidInput: also when the counter would leave a gap, or lead to a number
            that is in use.
    """
    net_days = parse_net_days(form.net_days)
    credit_note_pattern = name_series(form.credit_note_pattern, "credit_note")
    if credit_note_pattern == name_series(form.pattern, "invoice"):
        raise InvalidInput(
            "Invoices are numbered like that. Credit notes need their own.",
            field="credit_note_pattern",
        )
    settings = take_settings(uow, version)
    changed = (
        *_change_series(uow, "invoice", form.pattern, form.reset, form.next_value),
        *_change_series(uow, "receipt", form.receipt_pattern, form.receipt_reset),
        *_change_series(
            uow, "credit_note", form.credit_note_pattern, form.credit_note_reset
        ),
    )
    return save(
        uow,
        settings,
        "documents",
        *changed,
        net_days=NET_DAYS_DEFAULT if net_days is None else net_days,
        notes=typed_text(form.notes, "notes", TEXT_LENGTH_MAX),
        terms=typed_text(form.terms, "terms", TEXT_LENGTH_MAX),
        prices_inclusive=form.prices_inclusive,
        tax_currency=parse_tax_currency(form.tax_currency),
        cash_rounding=parse_cash_rounding(
            typed_line(form.cash_rounding, "cash_rounding", TYPED_LENGTH_MAX)
        ),
    )


@staff(Permission.EDIT_SETTINGS)
def change_fields(
    uow: UnitOfWork, version: int, fields: tuple[CustomField, ...]
) -> int:
    """Change the fields that invoices, lines and customers have; returns and raises
    as `change_business`.

    A field is kept by its key; one without a key of ours is new, and so is one that
    was another's until now, or the staff's own: what was typed there in confidence is
    not shown. What is issued keeps names and values, and a draft what was typed.
    """
    settings = take_settings(uow, version)
    known = {x.key: x for x in fields_from_json(settings.custom_fields)}
    named = [
        replace(
            field,
            key=field.key
            if field.key in known and _goes_on(known[field.key], field)
            else uow.new_code(KEY_LENGTH),
            name=typed_line(field.name, "fields", NAME_LENGTH_MAX),
        )
        for field in fields
        if field.name.strip()
    ]
    check_fields(named)
    if len({field.key for field in named}) < len(named):
        raise InvalidInput("This field is here twice.", field="fields")
    return save(uow, settings, "fields", custom_fields=fields_to_json(named))


def _goes_on(before: CustomField, now: CustomField) -> bool:
    """Tell whether what was typed for a field may be read as what it is now."""
    return before.place == now.place and before.is_staff_only <= now.is_staff_only


@staff(Permission.EDIT_SETTINGS)
def change_bank(uow: UnitOfWork, version: int, form: BankForm) -> int:
    """Change the transfer instructions; returns and raises as `change_business`.

    An account of one currency goes with its last row; what is issued keeps it.
    """
    currency = read_currency(form.currency)
    rows = [
        (typed_line(label, "rows", 60), typed_line(value, "rows", 200))
        for label, value in form.rows
    ]
    rows = [(label, _account(label, value)) for label, value in rows if label or value]
    if len(rows) > BANK_ROWS_MAX:
        raise InvalidInput(f"At most {BANK_ROWS_MAX} rows fit here.", field="rows")
    if not all(all(row) for row in rows):
        raise InvalidInput("Each row needs a name and a value.", field="rows")
    iban = read_iban(form.iban)
    reference_kind = _reference_kind(form.reference_kind, iban)
    settings = take_settings(uow, version)
    details = [{"label": label, "value": value} for label, value in rows]
    if not currency:
        return save(
            uow,
            settings,
            "bank",
            bank_iban=iban,
            reference_kind=reference_kind,
            bank_details=details,
        )
    accounts = {**settings.bank_by_currency}
    accounts.pop(currency, None)
    if iban or details:
        own = {"iban": iban, "reference_kind": reference_kind, "rows": details}
        accounts[currency] = own
    return save(uow, settings, "bank", bank_by_currency=accounts)


@inner
def take_settings(uow: UnitOfWork, version: int | None = None) -> WorkspaceSettings:
    """Return the settings, locked until commit.

    Raises:
        StaleDraft: they were saved since `version`.
    """
    settings: WorkspaceSettings = uow.one(select(WorkspaceSettings).with_for_update())
    if version is not None and settings.version != version:
        raise StaleDraft(
            "Somebody else saved the settings meanwhile. What you typed is still "
            "here: save again to keep yours."
        )
    return settings


@inner
def save(
    uow: UnitOfWork,
    settings: WorkspaceSettings,
    section: str,
    *changed_elsewhere: str,
    **values: Any,
) -> int:
    """Set the values and write down which of them changed; return the version."""
    changed = set_values(settings, **values)
    # A stored value is named by its parts, which are in changed_elsewhere.
    plain = tuple(name for name in changed if name not in _IN_PARTS)
    named = tuple(dict.fromkeys((*changed_elsewhere, *plain)))
    if named:
        settings.version += 1
        uow.flush()
        uow.record(SettingsChanged(section=section, fields=named))
        tell_portal(uow)
    return settings.version


@inner
def tell_portal(uow: UnitOfWork) -> None:
    """Let open pages of the portal look again: what they may show has changed."""
    uow.touch(f"portal:{uow.actor.workspace_id}")


def set_values(row: Any, **values: Any) -> tuple[str, ...]:
    """Set what differs and return its names."""
    changed = tuple(name for name, new in values.items() if getattr(row, name) != new)
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _change_series(
    uow: UnitOfWork, code: str, pattern: str, reset: str, next_value: str = ""
) -> tuple[str, ...]:
    """Change how a series is written and counted; return the fields that changed.

    What was numbered stays as it is: a new pattern or period goes on where its
    numbers are free.
    """
    prefix = "" if code == "invoice" else f"{code}_"
    pattern = name_series(pattern, code)
    chosen = parse_reset(reset, f"{prefix}reset")
    try:
        check_pattern(pattern, chosen)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, field=f"{prefix}pattern") from None
    series = _series(uow, code)
    before = next_counter(uow, series)
    changed = set_values(series, pattern=pattern, reset=chosen.value)
    uow.flush()
    if next_value:
        changed += _change_next(uow, series, before, next_value)
    if changed:
        _check_numbers_are_free(uow, series, f"{prefix}pattern")
    return tuple(f"{prefix}{name}" for name in changed)


def _change_next(
    uow: UnitOfWork, series: NumberSeries, before: int, typed: str
) -> tuple[str, ...]:
    """Set the counter while no number is in use; later it would leave a gap."""
    counter = parse_counter(typed)
    if counter in (before, next_counter(uow, series)):
        return ()
    if counts_by_customer(series.pattern):
        raise InvalidInput(
            "Each customer has a counter of their own, so there is no next one to set.",
            field="next_value",
        )
    code = counter_code(series.code, Reset(series.reset), uow.today)
    used = select(Invoice.id).where(col(Invoice.series_code) == code).limit(1)
    if uow.first(used) is not None:
        raise InvalidInput(
            "Numbers are in use, so this one is next: a jump would leave a gap.",
            field="next_value",
        )
    statement = select(NumberSeries).where(col(NumberSeries.code) == code)
    period = uow.first(statement.with_for_update())
    if period is None:
        period = uow.add(NumberSeries(code=code, pattern=""))
    period.next_value = counter
    uow.flush()
    return ("next_value",)


def _check_numbers_are_free(uow: UnitOfWork, series: NumberSeries, field: str) -> None:
    """Refuse a form in which the counter would come to a number that is in use.

    A period or a customer whose counter has not begun goes on behind what there is,
    by itself.
    """
    code, pattern, reset = series.code, series.pattern, Reset(series.reset)
    number = ""
    if not counts_by_customer(pattern):
        number = format_number(pattern, next_counter(uow, series), uow.today)
    begun = select(NumberSeries.code, NumberSeries.next_value)
    if counts_apart(pattern, reset):
        start = counters_start(code, pattern)
        begun = begun.where(col(NumberSeries.code).startswith(start, autoescape=True))
    else:
        begun = begun.where(col(NumberSeries.code) == code)
    next_by_code: dict[str, int] = dict(uow.all(begun))
    for taken in uow.all(numbers_like(code, fixed_start(pattern))):
        read = read_number(pattern, taken)
        counter = counter_code_of(code, reset, read) if read else ""
        if read is None or counter not in next_by_code:
            continue
        if taken == number:
            raise InvalidInput(
                f"The next number would be {number}, which is in use already.",
                field=field,
            )
        if 0 <= read.counter - next_by_code[counter] < _REACH:
            raise InvalidInput(
                f"Numbers like this would come to {taken}, which is in use already.",
                field=field,
            )


def _series(uow: UnitOfWork, code: str) -> NumberSeries:
    return uow.one(
        select(NumberSeries).where(col(NumberSeries.code) == code).with_for_update()
    )


def _account(label: str, value: str) -> str:
    """Return the value of a bank row; one that is called IBAN is checked as such."""
    if label.casefold() != "iban":
        return value
    try:
        return format_iban(read_iban(value))
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, field="rows") from None


def _reference_kind(typed: str, iban: str) -> ReferenceKind:
    if typed not in set(ReferenceKind):
        raise InvalidInput("Choose what a transfer is to carry.", field=_KIND)
    kind = ReferenceKind(typed)
    check_reference_kind(kind, iban)
    return kind


def typed_line(text: str, field: str, length_max: int) -> str:
    return clean_text(text, length_max=length_max, field=field)


def typed_text(text: str, field: str, length_max: int) -> str:
    return clean_text(text, length_max=length_max, multiline=True, field=field)


def typed_email(text: str, field: str) -> str:
    return check_email(text, field) if text.strip() else ""
