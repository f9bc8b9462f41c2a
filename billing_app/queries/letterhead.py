"""Who sends and who receives a document, as its parties, and the rules it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.address import AddressParts, at_address, shown_parts
from billing_app.domain.bank import compact_iban, format_iban
from billing_app.domain.custom_fields import (
    FieldPlace,
    FilledField,
    fields_from_json,
    of_place,
    read_kept,
)
from billing_app.domain.document import BankRow, Branding, Look, Party
from billing_app.domain.draft import DraftRules
from billing_app.domain.formats import language_in
from billing_app.domain.late_fee import NO_RULE, LateFeeRule
from billing_app.domain.party_ids import with_ids
from billing_app.domain.payment_reference import ReferenceKind
from billing_app.domain.totals import Prices, TaxTerms
from billing_app.models import Customer, TaxRate, WorkspaceSettings


@inner
def read_settings(uow: UnitOfWork) -> WorkspaceSettings:
    # With a value, so that the statement is kept.
    return uow.one(_SETTINGS, workspace_id=uow.actor.workspace_id)


_SETTINGS = select(WorkspaceSettings).where(
    col(WorkspaceSettings.workspace_id) == bindparam("workspace_id")
)


@inner
def read_rules(uow: UnitOfWork, settings: WorkspaceSettings) -> DraftRules:
    """Return the taxes and rounding a draft of this workspace is read by."""
    rates = uow.all(select(TaxRate).order_by(col(TaxRate.position), col(TaxRate.id)))
    known = {rate.id: rate for rate in rates if rate.id is not None}
    fields = fields_from_json(settings.custom_fields)
    return DraftRules(
        taxes={str(rate.id): tax_terms(rate) for rate in rates},
        prices=Prices.INCLUSIVE if settings.prices_inclusive else Prices.EXCLUSIVE,
        decimals=settings.decimals,
        cash_rounding=settings.cash_rounding,
        fields=of_place(fields, FieldPlace.INVOICE),
        line_fields=of_place(fields, FieldPlace.LINE),
        customer_fields=of_place(fields, FieldPlace.CUSTOMER),
        tax_currency=settings.tax_currency,
        other_taxes={
            str(rate.id): tuple(tax_terms(other) for other in others_of(rate, known))
            for rate in rates
            if rate.with_tax_id
        },
    )


def language_of(settings: WorkspaceSettings, wanted: str = "") -> str:
    """Return the language of what a customer reads; `wanted` is their own, if any."""
    return language_in(settings.country, wanted or settings.language)


def late_fees_of(settings: WorkspaceSettings, customer: Customer) -> LateFeeRule:
    """Return what this customer is charged for paying late."""
    if customer.is_free_of_late_fees:
        return NO_RULE
    return LateFeeRule.from_stored(settings.late_fees)


def fields_of(
    settings: WorkspaceSettings, customer: Customer
) -> tuple[FilledField, ...]:
    """Return what each invoice of this customer says of them."""
    fields = fields_from_json(settings.custom_fields)
    return read_kept(of_place(fields, FieldPlace.CUSTOMER), customer.custom_fields)


def others_of(rate: TaxRate, known: Mapping[int, TaxRate]) -> list[TaxRate]:
    """Return the rates that a line with this one is charged as well, nearest last."""
    others: list[TaxRate] = []
    other = known.get(rate.with_tax_id or 0)
    while other is not None and other is not rate and other not in others:
        others.insert(0, other)
        other = known.get(other.with_tax_id or 0)
    return others


def tax_terms(rate: TaxRate) -> TaxTerms:
    return TaxTerms(
        name=rate.name,
        category=rate.category,
        percent=rate.percent,
        exemption_reason=rate.exemption_reason,
        is_compound=rate.is_compound,
    )


def seller_party(settings: WorkspaceSettings) -> Party:
    party = Party(
        name=settings.legal_name,
        country=settings.country,
        vat_id=settings.vat_id,
        registration=settings.registration,
        email=settings.email,
        phone=settings.phone,
        website=settings.website,
    )
    return with_ids(_at_address(party, settings), settings.electronic_address)


def buyer_party(customer: Customer | None) -> Party:
    if customer is None:
        return Party(name="")
    party = Party(
        name=customer.name,
        country=customer.country,
        vat_id=customer.vat_id,
        registration=customer.registration,
        contact_name=customer.contact_name,
        email=customer.email,
        phone=customer.phone,
    )
    party = _at_address(party, customer)
    return with_ids(party, customer.electronic_address, customer.reference)


def _at_address(party: Party, row: WorkspaceSettings | Customer) -> Party:
    return at_address(party, row.address, row.postal_code, row.town, row.region)


def stored_address(row: WorkspaceSettings | Customer) -> AddressParts:
    """Return the address as a form shows it."""
    return shown_parts(row.address, row.postal_code, row.town, row.region, row.country)


def branding(settings: WorkspaceSettings, look: str) -> Branding:
    return Branding(
        look=Look(look or settings.look),
        accent=settings.accent,
        logo_digest=settings.logo_digest,
        logo_width=settings.logo_width,
        logo_height=settings.logo_height,
    )


@dataclass(frozen=True, slots=True)
class Bank:
    """Where transfers go.

    Attributes:
        iban: without spaces; empty where there is none.
        rows: the instructions as they are printed.
    """

    iban: str
    rows: tuple[BankRow, ...]
    reference_kind: ReferenceKind


def bank_of(settings: WorkspaceSettings, currency: str) -> Bank:
    """Return the account that takes a currency: one of its own, or that of all others.

    The IBAN leads the rows where none of them has it.
    """
    stored = stored_bank(settings, currency)
    rows = [BankRow(row["label"], row["value"]) for row in stored["rows"]]
    iban = stored["iban"]
    if iban and all(compact_iban(row.value) != iban for row in rows):
        rows.insert(0, BankRow("IBAN", format_iban(iban)))
    return Bank(iban, tuple(rows), ReferenceKind(stored["reference_kind"]))


def stored_bank(settings: WorkspaceSettings, currency: str) -> Mapping[str, Any]:
    """Return the account in the form of `bank_by_currency`."""
    return settings.bank_by_currency.get(currency) or {
        "iban": settings.bank_iban,
        "rows": settings.bank_details,
        "reference_kind": settings.reference_kind,
    }
