"""Credit notes as staff list them: searched, filtered, sorted and paged by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.prefix import begins_as_typed
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text
from billing_app.models import CreditNote, Invoice
from billing_app.queries.credit_notes import StaffCreditNote, read_these
from billing_app.queries.invoices import TEXT_LENGTH_MAX, DateRange, parse_range
from billing_app.queries.names import holds_name
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Key,
    Page,
    Paging,
    make_page,
    make_walk,
)


class CreditNoteSort(StrEnum):
    """What the list can be sorted by."""

    ISSUED = "issued"
    AMOUNT = "amount"


_SORTS: dict[CreditNoteSort, tuple[Any, type[Key]]] = {
    CreditNoteSort.ISSUED: (CreditNote.issued_on, date),
    CreditNoteSort.AMOUNT: (CreditNote.total_minor, int),
}


@dataclass(frozen=True, slots=True)
class CreditNoteFilter:
    """Which credit notes, in which order.

    Attributes:
        text: part of a customer's name, or the beginning of the number or of that
            of the invoice.
    """

    text: str = ""
    issued: DateRange = field(default_factory=DateRange)
    sort: CreditNoteSort = CreditNoteSort.ISSUED
    is_descending: bool = True
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class CreditNotePage:
    """A page of credit notes and their capped count."""

    page: Page[StaffCreditNote] = field(default_factory=lambda: Page())
    count: Count = field(default_factory=Count)
    moment: Moment = field(default_factory=Moment)


def parse_credit_note_filter(typed: Mapping[str, str]) -> CreditNoteFilter:
    """Read a filter from the parameters of an address.

    `q, issued, sort, after, before`, as for invoices.

    Raises:
        InvalidInput: a value that no page of ours would have put there.
    """
    wanted = typed.get("sort", "") or f"-{CreditNoteSort.ISSUED}"
    sort = wanted.removeprefix("-")
    if sort not in {known.value for known in CreditNoteSort}:
        raise InvalidInput(f"The list can't be sorted by “{sort[:40]}”.", field="sort")
    return CreditNoteFilter(
        text=clean_text(typed.get("q", ""), length_max=TEXT_LENGTH_MAX, field="q"),
        issued=parse_range(typed.get("issued", ""), "issued"),
        sort=CreditNoteSort(sort),
        is_descending=wanted.startswith("-"),
        paging=Paging(after=typed.get("after", ""), before=typed.get("before", "")),
    )


@staff(Permission.VIEW)
def list_issued_credit_notes(
    uow: UnitOfWork, wanted: CreditNoteFilter
) -> CreditNotePage:
    """Return one page of credit notes and their capped count.

    Raises:
        InvalidInput: the place to go on from was not made by this list.
    """
    every = _matching(wanted).limit(COUNT_MAX + 1)
    return CreditNotePage(
        page=credit_note_page(uow, wanted),
        count=Count(uow.count(every)),
        moment=Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.VIEW)
def find_credit_notes(
    uow: UnitOfWork, number: str, most: int
) -> tuple[StaffCreditNote, ...]:
    """Return some whose number begins as typed, or so in capitals, by number."""
    own = col(CreditNote.number)
    looks = (
        select(col(CreditNote.id), own).where(begins).order_by(own).limit(most)
        for begins in begins_as_typed(own, number)
    )
    found = {row.number: row.id for look in looks for row in uow.all(look)}
    return read_these(uow, [found[each] for each in sorted(found)[:most]])


@staff(Permission.EXPORT)
def export_credit_notes(
    uow: UnitOfWork, wanted: CreditNoteFilter
) -> Page[StaffCreditNote]:
    """Return one page for an export; `older` leads to the next."""
    return credit_note_page(uow, wanted)


@inner
def credit_note_page(
    uow: UnitOfWork, wanted: CreditNoteFilter
) -> Page[StaffCreditNote]:
    key, key_type = _SORTS[wanted.sort]
    row_id = col(CreditNote.id)
    walk = make_walk(col(key), row_id, key_type, wanted.is_descending, wanted.paging)
    ids = (
        _matching(wanted)
        .add_columns(walk.key.label("key"))
        .where(*walk.beyond())
        .order_by(*walk.order())
        .limit(wanted.paging.rows_wanted)
    )
    keys = {row.id: row.key for row in uow.all(ids)}
    return make_page(
        read_these(uow, list(keys)),
        wanted.paging,
        walk,
        lambda row: Cursor(keys[row.id], row.id),
    )


def _matching(wanted: CreditNoteFilter) -> Any:
    statement = select(col(CreditNote.id)).join(
        Invoice, col(Invoice.id) == col(CreditNote.invoice_id)
    )
    issued_on, days = col(CreditNote.issued_on), wanted.issued
    if days.first is not None:
        statement = statement.where(issued_on >= days.first)
    if days.last is not None:
        statement = statement.where(issued_on <= days.last)
    if wanted.text:
        number = wanted.text.upper()
        statement = statement.where(
            or_(
                col(CreditNote.number).startswith(number, autoescape=True),
                col(Invoice.number).startswith(number, autoescape=True),
                holds_name(Invoice.customer_name_key, wanted.text),
            )
        )
    return statement
