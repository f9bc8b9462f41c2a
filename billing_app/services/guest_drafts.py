"""Keep the invoice of somebody without an account, and hand it to a workspace once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlmodel import col, delete, select

from billing_app.database.access import anyone, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.address import address_lines
from billing_app.domain.contact import country_names
from billing_app.domain.dates import due_on
from billing_app.domain.document import Party
from billing_app.domain.draft import LineForm
from billing_app.domain.errors import Conflict, InvalidInput, LimitReached, StaleDraft
from billing_app.domain.formats import format_date, format_money
from billing_app.domain.guest_invoice import (
    ADDRESS_PARTS,
    BEGINNINGS_OF_NEWCOMER,
    DRAFTS_MAX,
    DRAFTS_OF_NEWCOMERS,
    LENGTHS,
    LIFETIME,
    NET_DAYS,
    GuestForm,
    ReadGuest,
    check_size,
    guest_from_json,
    guest_to_json,
    read_guest,
    tax_words,
)
from billing_app.domain.parsing import parse_percent
from billing_app.domain.speech import LANGUAGE_NAMES, SOURCE_LANGUAGE, speech_for
from billing_app.models import Customer, GuestDraft, Invoice, TaxRate
from billing_app.queries.letterhead import (
    buyer_party,
    language_of,
    read_settings,
    seller_party,
)
from billing_app.services import customers, drafts, settings, taxes
from billing_app.services.customers import CustomerForm
from billing_app.services.taxes import TaxForm

TAKEN = (
    "This invoice is a draft in a workspace now. Sign in to go on with it, or start "
    "a new one here."
)


_BUYER = {
    "buyer_name": "name",
    "buyer_address": "address",
    "buyer_postal_code": "postal code",
    "buyer_town": "town",
    "buyer_region": "region",
    "buyer_country": "country",
    "buyer_vat_id": "VAT or tax number",
    "buyer_email": "email",
}


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The draft that a guest's invoice became.

    Attributes:
        told: a sentence for each thing that is not as it was typed.
    """

    invoice_id: int
    told: tuple[str, ...]


@anyone
def save_guest_draft(
    uow: UnitOfWork, token_digest: str, version: int, form: GuestForm, begun: int = 0
) -> int:
    """Keep what was typed, readable or not, and return its version.

    Args:
        begun: how many the guest's network began before.

    Raises:
        LimitReached: it is too large, or too many wait already.
        StaleDraft: another page of the same browser saved since `version`.
        Conflict: a workspace took it over.
    """
    check_size(form)
    stored = guest_to_json(form)
    row: GuestDraft | None = uow.first(_locked(token_digest))
    if row is None:
        uow.lock_alone("guest-drafts")
        # Two pages of one browser may both be the first.
        row = uow.first(_locked(token_digest))
    if row is None:
        is_new_here = begun < BEGINNINGS_OF_NEWCOMER
        room = DRAFTS_MAX - (0 if is_new_here else DRAFTS_OF_NEWCOMERS)
        if uow.count(select(GuestDraft.id)) >= room:
            raise LimitReached(
                "Too many invoices are being written here just now. Yours is kept "
                "in this browser; try again later."
            )
        row = uow.add(
            GuestDraft(
                token_digest=token_digest,
                form=stored,
                created_at=uow.now,
                changed_at=uow.now,
            )
        )
        return row.version
    if row.taken_at is not None:
        raise Conflict(TAKEN)
    if row.form == stored:
        return row.version
    if row.version != version:
        raise StaleDraft(
            "Another page of this browser changed this invoice. Load this one anew "
            "to go on."
        )
    row.form, row.version, row.changed_at = stored, row.version + 1, uow.now
    uow.flush()
    return row.version


@staff(Permission.EDIT_DRAFT)
def take_over(uow: UnitOfWork, token_digest: str) -> TakenOver:
    """Make a draft of a guest's invoice, for the first who asks.

    Who asks again in the same workspace, by a second click, gets the same draft.

    Its customer is found by email or name, or added. A workspace that has no
    invoice yet takes the sender and the taxes over, too.

    Raises:
        Conflict: another workspace took it over, or there is nothing to take.
        NotPermitted: the member can't add its customer.
    """
    row: GuestDraft | None = uow.first(_locked(token_digest))
    if row is not None and row.form.get("workspace_id") == uow.actor.workspace_id:
        return TakenOver(row.form["invoice_id"], tuple(row.form["told"]))
    if row is None or row.taken_at is not None:
        raise Conflict("This invoice was taken over already, or its time is over.")
    form = guest_from_json(row.form)
    row.form, row.taken_at, row.changed_at = {}, uow.now, uow.now
    uow.flush()

    told: list[str] = []
    read = read_guest(form)
    if _is_new(uow):
        _start_with(uow, form, read)
    customer_id = _customer(uow, form, read, told)
    currency = read.draft.totals.currency
    draft = replace(
        form.draft,
        customer_id=customer_id,
        currency=currency,
        lines=_with_taxes(uow, form.draft.lines, told),
        own=(),
    )
    saved = drafts.create_draft(uow, draft)
    told += _differences(uow, form, read)
    told += _other_terms(uow, form, read, uow.get(Invoice, saved.invoice_id))
    if not any(line.tax_id.endswith("%") for line in draft.lines):
        told += _other_total(uow, read, saved.invoice_id)
    row.form = {
        "workspace_id": uow.actor.workspace_id,
        "invoice_id": saved.invoice_id,
        "told": told,
    }
    uow.flush()
    return TakenOver(saved.invoice_id, tuple(told))


@job
def forget_guest_drafts(uow: UnitOfWork) -> int:
    """Delete what nobody changed for a week, and return how many."""
    return uow.execute(
        delete(GuestDraft).where(col(GuestDraft.changed_at) <= uow.now - LIFETIME)
    )


def _locked(token_digest: str) -> Any:
    return (
        select(GuestDraft)
        .where(col(GuestDraft.token_digest) == token_digest)
        .with_for_update()
    )


def _is_new(uow: UnitOfWork) -> bool:
    assert isinstance(uow.actor, StaffActor)
    may_fill = uow.actor.may(Permission.EDIT_SETTINGS)
    return may_fill and uow.first(select(Invoice.id).limit(1)) is None


def _start_with(uow: UnitOfWork, form: GuestForm, read: ReadGuest) -> None:
    """Let a new workspace be who the invoice is from, where it does not say."""
    known = settings.take_settings(uow)
    ours, theirs = seller_party(known), read.seller
    empty: dict[str, str] = {}
    if theirs.address and not ours.address:
        empty |= _address(read, "seller")
    if theirs.country and not ours.country:
        empty["country"] = theirs.country
    if theirs.vat_id and not ours.vat_id:
        empty["vat_id"] = theirs.vat_id
    if empty:
        settings.save(uow, known, "business", **empty)
    for percent in read.percents:
        if not _find_rate(uow, percent):
            # The rate is read out of the name again, with a decimal point.
            name = tax_words(form.tax_name, percent, SOURCE_LANGUAGE)
            category = "S" if percent else "Z"
            taxes.add_tax(uow, TaxForm(name, category, format(percent, "f")))


def _customer(
    uow: UnitOfWork, form: GuestForm, read: ReadGuest, told: list[str]
) -> int:
    """Return the customer billed, zero where nobody was named."""
    buyer = read.buyer
    if not buyer.name:
        unnamed = [getattr(form, name) for name in _BUYER]
        if "".join(unnamed).strip():
            told.append(
                f"The customer could not be added: {_typed(*unnamed)}. Choose or add "
                "them here."
            )
        return 0
    told += (
        f"The customer's {what} can't be used and was left out: "
        f"{_typed(getattr(form, name))}."
        for name, what in _BUYER.items()
        if name in read.problems
    )
    known = _find_customer(uow, buyer)
    if known is not None:
        assert known.id is not None
        told += _kept_apart(known, buyer)
        return known.id
    made = CustomerForm(
        name=buyer.name,
        email=buyer.email,
        country=buyer.country,
        vat_id=buyer.vat_id,
        # Where nobody chose one, the workspace's goes.
        language="" if form.language == SOURCE_LANGUAGE else form.language,
    )
    return customers.create_customer(uow, replace(made, **_address(read, "buyer")))


def _address(read: ReadGuest, who: str) -> dict[str, str]:
    """Return an address as it is stored: with its parts, where they were typed."""
    parts = {name: read.texts[f"{who}_{name}"] for name in ADDRESS_PARTS}
    return {**parts, "address": "\n".join(address_lines(parts["address"]))}


def _find_customer(uow: UnitOfWork, buyer: Party) -> Customer | None:
    """Return the customer of this email address, or else of exactly this name."""
    wanted = [col(Customer.name) == buyer.name]
    if buyer.email:
        wanted.insert(0, col(Customer.email_key) == buyer.email.lower())
    for condition in wanted:
        found = uow.first(
            select(Customer)
            .where(condition, col(Customer.archived_at).is_(None))
            .order_by(col(Customer.id))
            .limit(1)
        )
        if found is not None:
            return found
    return None


def _kept_apart(known: Customer, buyer: Party) -> Iterator[str]:
    """Say what was typed of a customer who is known here by something else."""
    differing = [
        typed
        for typed, ours in (
            (buyer.name, known.name),
            ("\n".join(buyer.address), "\n".join(buyer_party(known).address)),
            (_country_name(buyer.country), _country_name(known.country)),
            (buyer.vat_id, known.vat_id),
            (buyer.email, known.email),
        )
        if typed and typed != ours
    ]
    if differing:
        yield (
            f"{known.name} is a customer here already and stays as it was. Typed "
            f"was: {_typed(*differing)}."
        )


def _country_name(code: str) -> str:
    return country_names().get(code, code)


def _with_taxes(
    uow: UnitOfWork, lines: tuple[LineForm, ...], told: list[str]
) -> tuple[LineForm, ...]:
    """Put the workspace's taxes in the place of the percentages.

    One that it does not have stays as typed, which the builder asks about.
    """
    ours: dict[str, str] = {}
    missing: list[str] = []
    for typed in dict.fromkeys(line.tax_id.strip() for line in lines):
        ours[typed] = _our_tax(uow, typed)
        if ours[typed].endswith("%"):
            missing.append(ours[typed])
    if missing:
        told.append(
            f"There is no tax of {' or '.join(missing)} here. Choose one on its lines, "
            "or add it in Settings, Taxes; until then they are not counted."
        )
    return tuple(replace(line, tax_id=ours[line.tax_id.strip()]) for line in lines)


def _our_tax(uow: UnitOfWork, typed: str) -> str:
    """Return the id of our tax, or what was typed with a sign that no id has."""
    if not typed:
        return ""
    marked = f"{typed.removesuffix('%').strip()}%"
    try:
        percent = parse_percent(typed)
    except InvalidInput:
        return marked
    return _find_rate(uow, percent) or marked


def _find_rate(uow: UnitOfWork, percent: Decimal) -> str:
    rates = uow.all(
        select(TaxRate)
        .where(
            col(TaxRate.archived_at).is_(None),
            col(TaxRate.percent) == percent,
            col(TaxRate.category).in_(("S", "Z")),
            col(TaxRate.with_tax_id).is_(None),
        )
        .order_by(col(TaxRate.is_default).desc(), col(TaxRate.position))
    )
    return str(rates[0].id) if rates else ""


def _differences(uow: UnitOfWork, form: GuestForm, read: ReadGuest) -> Iterator[str]:
    """Say what of the invoice the draft does not have, or has otherwise."""
    own = read_settings(uow)
    if form.number.strip():
        yield (
            f"Its number was {form.number.strip()}. Here it gets the next one of the "
            "series when you issue it."
        )
    typed = _typed(*(getattr(form, name) for name in LENGTHS if "seller_" in name))
    if typed and _is_another(read.seller, seller_party(own)):
        yield f"It is from {own.legal_name} now. Typed was: {typed}."


def _is_another(theirs: Party, ours: Party) -> bool:
    """Say whether anything that was typed of the sender is otherwise here."""
    names = ("name", "address", "country", "vat_id", "email")
    pairs = ((getattr(theirs, name), getattr(ours, name)) for name in names)
    return any(typed != known for typed, known in pairs if typed or known)


def _other_terms(
    uow: UnitOfWork, form: GuestForm, read: ReadGuest, invoice: Invoice
) -> Iterator[str]:
    """Say where the draft is due on another day, or in another language."""
    issued_on = read.draft.issued_on or uow.today
    printed_on = read.draft.due_on or due_on(issued_on, NET_DAYS)
    if invoice.due_on is not None and invoice.due_on != printed_on:
        before, now = format_date(printed_on), format_date(invoice.due_on)
        yield f"It was due on {before} and is due on {now} by the terms of here."
    customer = uow.get(Customer, invoice.customer_id) if invoice.customer_id else None
    wanted = customer.language if customer else ""
    ours = speech_for(language_of(read_settings(uow), wanted)).language
    if ours != form.printed_language:
        before, now = LANGUAGE_NAMES[form.printed_language], LANGUAGE_NAMES[ours]
        yield f"Its language was {before} and is {now} here."


def _other_total(uow: UnitOfWork, read: ReadGuest, invoice_id: int) -> Iterator[str]:
    invoice = uow.get(Invoice, invoice_id)
    total = read.draft.totals.total
    if (total.minor, total.currency) != (invoice.total_minor, invoice.currency):
        before = format_money(total.minor, total.currency, "en")
        now = format_money(invoice.total_minor, invoice.currency, "en")
        yield f"Its total was {before} and is {now} by the taxes and rules of here."


def _typed(*texts: str) -> str:
    lines = (line.strip() for text in texts for line in text.splitlines())
    return ", ".join(line for line in lines if line)
