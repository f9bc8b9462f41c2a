"""Add and change the taxes that lines can carry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import Conflict, InvalidInput, LimitReached
from billing_app.domain.events import SettingsChanged
from billing_app.domain.parsing import clean_text, parse_percent
from billing_app.domain.taxes import (
    SMALL_BUSINESS,
    check_tax,
    check_together,
    small_business_note,
)
from billing_app.models import TaxRate, WorkspaceSettings
from billing_app.queries.letterhead import others_of, tax_terms

TAXES_MAX = 50


@dataclass(frozen=True, slots=True)
class TaxForm:
    """A tax as typed.

    Attributes:
        category: a key of `domain.taxes.TAX_KINDS`.
        is_default: what a new line starts with.
        with_tax_id: of a tax that such a line is charged as well; empty for none.
        is_compound: it is on the price and those other taxes.
    """

    name: str = ""
    category: str = "S"
    percent: str = ""
    exemption_reason: str = ""
    is_default: bool = False
    with_tax_id: str = ""
    is_compound: bool = False


@staff(Permission.EDIT_SETTINGS)
def add_tax(uow: UnitOfWork, form: TaxForm) -> int:
    """Add a tax.

    Returns:
        Its id.

    Raises:
        InvalidInput: a field can't be used; its name is the error's `field`.
        LimitReached: there are too many to choose from already.
    """
    known = _taxes_in_use(uow)
    if len(known) >= TAXES_MAX:
        raise LimitReached(f"At most {TAXES_MAX} taxes fit in a list to choose from.")
    tax = TaxRate(name="", percent=Decimal(0), position=len(known))
    _fill(uow, tax, form)
    uow.add(tax)
    assert tax.id is not None
    _check_together(uow, tax)
    _settle_default(uow, tax, form.is_default)
    _record(uow, tax)
    return tax.id


@staff(Permission.EDIT_SETTINGS)
def change_tax(uow: UnitOfWork, tax_id: int, form: TaxForm) -> None:
    """Change a tax; drafts follow, issued invoices keep what was printed.

    Raises:
        NotFound: no such tax in this workspace.
        InvalidInput: a field can't be used, or there would be no default.
    """
    tax = uow.get(TaxRate, tax_id, lock=True)
    _fill(uow, tax, form)
    uow.flush()
    _check_together(uow, tax)
    _settle_default(uow, tax, form.is_default)
    _record(uow, tax)


@staff(Permission.EDIT_SETTINGS)
def archive_tax(uow: UnitOfWork, tax_id: int) -> None:
    """Take a tax off the list to choose from; drafts that have it keep it.

    Raises:
        Conflict: it is the default.
    """
    tax = uow.get(TaxRate, tax_id, lock=True)
    if tax.is_default:
        raise Conflict("New lines start with this tax. Choose another one first.")
    tax.archived_at = tax.archived_at or uow.now
    _record(uow, tax)


@staff(Permission.EDIT_SETTINGS)
def restore_tax(uow: UnitOfWork, tax_id: int) -> None:
    """Put an archived tax back on the list."""
    tax = uow.get(TaxRate, tax_id, lock=True)
    tax.archived_at = None
    _record(uow, tax)


def _fill(uow: UnitOfWork, tax: TaxRate, form: TaxForm) -> None:
    name = clean_text(form.name, length_max=60, field="name")
    reason = clean_text(form.exemption_reason, length_max=200, field="exemption_reason")
    if not name:
        raise InvalidInput("Write the name customers see, like VAT.", field="name")
    percent = parse_percent(form.percent.strip() or "0", field="percent")
    category = form.category
    if category == SMALL_BUSINESS:
        category = "E"
        country = uow.one(select(WorkspaceSettings.country))
        reason = reason or small_business_note(country)
    check_tax(category, percent, reason)
    tax.name, tax.category = name, category
    tax.percent, tax.exemption_reason = percent, reason
    tax.with_tax_id = _read_other(uow, tax, form.with_tax_id)
    tax.is_compound = form.is_compound


def _read_other(uow: UnitOfWork, tax: TaxRate, typed: str) -> int | None:
    if not typed:
        return None
    ids = {str(x): x for x in uow.all(select(TaxRate.id)) if x != tax.id}
    if typed not in ids:
        raise InvalidInput("Choose a tax from the list.", field="with_tax_id")
    return ids[typed]


def _check_together(uow: UnitOfWork, changed: TaxRate) -> None:
    """Refuse a change after which a line could not have all the taxes it is charged.

    A tax that others come with changes what those come to, too.
    """
    known = {rate.id: rate for rate in uow.all(select(TaxRate)) if rate.id is not None}
    for rate in known.values():
        others = others_of(rate, known)
        if rate.with_tax_id and (not others or others[0].with_tax_id):
            raise InvalidInput(
                "Two taxes can't each come with the other.", field="with_tax_id"
            )
        if rate is changed or changed in others:
            check_together([tax_terms(x) for x in (*others, rate)])


def _taxes_in_use(uow: UnitOfWork) -> list[TaxRate]:
    return list(uow.all(select(TaxRate).where(col(TaxRate.archived_at).is_(None))))


def _settle_default(uow: UnitOfWork, tax: TaxRate, is_default: bool) -> None:
    """Keep exactly one default: a new one replaces the old."""
    if tax.is_default and not is_default:
        raise InvalidInput(
            "New lines need a tax to start with. Make another one the default instead.",
            field="is_default",
        )
    if not is_default:
        return
    tax.archived_at = None
    for other in _taxes_in_use(uow):
        other.is_default = other.id == tax.id
    uow.flush()


def _record(uow: UnitOfWork, tax: TaxRate) -> None:
    uow.flush()
    uow.record(SettingsChanged(section="taxes", fields=(tax.name,)))
