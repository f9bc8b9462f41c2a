"""Turn invoices of another system into customers and issued invoices.

A credit note becomes an invoice below zero, so that the customer owes less; its
figures are reported as they were printed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import SystemActor
from billing_app.domain.contact import parse_country
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.import_cases import ImportCase, ImportParty, differences
from billing_app.domain.invoice import NOTES_LENGTH_MAX
from billing_app.domain.money import Money
from billing_app.domain.terms import negated
from billing_app.domain.totals import Totals, compute_totals
from billing_app.queries.figures import InvoiceFigures, find_imported, read_figures
from billing_app.runtime import Runtime
from billing_app.services.customers import CustomerForm, customer_named
from billing_app.services.invoices import (
    ReadyInvoice,
    check_printable,
    issue_ready,
)

CREDIT_NOTE = "credit_note"
_KIND_WORDS = {"invoice": "Invoice", CREDIT_NOTE: "Credit note"}
# What the columns hold.
_NAME_MAX, _VAT_ID_MAX, _UNIT_MAX, _ORDER_MAX = 200, 40, 20, 80


@dataclass(frozen=True, slots=True)
class PreparedCase:
    """A case that can be issued, and how it differs from what was printed.

    Attributes:
        heading: what its notes begin with: the number it had.
    """

    case: ImportCase
    customer: CustomerForm
    ready: ReadyInvoice
    heading: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportedInvoice:
    """One case with its figures as they are stored now.

    Attributes:
        number: empty where nothing was issued, only tried.
        is_new: issued now; else it was here from an import before.
        admits_differences: the file itself says that its figures do not follow.
        differences: a sentence for each printed figure that came out otherwise.
    """

    case_id: str
    number: str
    is_new: bool
    admits_differences: bool
    line_sum: Money
    net_total: Money
    tax_total: Money
    total: Money
    due: Money
    differences: tuple[str, ...]


def prepare_cases(cases: Sequence[ImportCase]) -> tuple[PreparedCase, ...]:
    """Compute every case and check that it can be stored, before anything is.

    Raises:
        InvalidInput: the first case that can't be issued, by its id.
    """
    prepared: list[PreparedCase] = []
    for case in cases:
        with _naming(case):
            prepared.append(_prepare(case))
    return tuple(prepared)


def try_cases(prepared: Sequence[PreparedCase]) -> tuple[ImportedInvoice, ...]:
    """Return what issuing would give, without a database."""
    return tuple(
        _imported(one, _figures_of("", one.ready.totals), is_new=True)
        for one in prepared
    )


def import_invoices(
    runtime: Runtime,
    actor: SystemActor,
    prepared: Sequence[PreparedCase],
    *,
    again: bool = False,
    tell: Callable[[int], None] = lambda count: None,
) -> tuple[ImportedInvoice, ...]:
    """Issue every case in one transaction: all of them or none.

    What an import before has issued is left as it is, unless `again`: known by
    customer, day and the number it had. Nobody is mailed: the customers have these
    invoices already. `tell` hears how many are done.

    Raises:
        InvalidInput: the first case that was refused, by its id.
    """
    with runtime.unit(actor) as uow:
        ids = [None if again else _find_known(uow, one) for one in prepared]
        are_new = [known is None for known in ids]
        for position, one in enumerate(prepared):
            if ids[position] is None:
                with _naming(one.case):
                    customer_id = customer_named(uow, one.customer)
                    issued = issue_ready(uow, customer_id, one.ready)
                ids[position] = issued.invoice_id
            tell(position + 1)
    with runtime.reading(actor) as uow:
        return tuple(
            _imported(one, read_figures(uow, invoice_id), is_new=is_new)
            for one, invoice_id, is_new in zip(prepared, ids, are_new, strict=True)
            if invoice_id is not None
        )


def _find_known(uow: UnitOfWork, one: PreparedCase) -> int | None:
    return find_imported(uow, one.customer.name, one.ready.issued_on, one.heading)


def _prepare(case: ImportCase) -> PreparedCase:
    printed = compute_totals(case.terms)
    heading = f"{_KIND_WORDS[case.kind]} {case.number}"
    terms = negated(case.terms) if case.kind == CREDIT_NOTE else case.terms
    ready = ReadyInvoice(
        terms=terms,
        totals=compute_totals(terms),
        texts=tuple(_texts(case)),
        tax_ids=("",) * len(case.lines),
        issued_on=case.issued_on,
        due_on=case.due_on,
        delivery_on=case.delivered_on,
        purchase_order=_fit(
            case.order_reference or case.buyer_reference, "order reference", _ORDER_MAX
        ),
        notes=_notes(case, heading),
        payment_terms=case.payment_terms,
    )
    check_printable(ready)
    found = differences(printed, case.expected) if case.expected else ()
    return PreparedCase(case, _customer(case.buyer), ready, heading, found)


def _texts(case: ImportCase) -> Iterator[LineTexts]:
    for position, line in enumerate(case.lines, 1):
        unit = _fit(line.unit, f"unit of line {position}", _UNIT_MAX)
        name = line.description or line.reference or f"Line {position}"
        yield LineTexts(name=name, unit=unit)


def _customer(buyer: ImportParty) -> CustomerForm:
    return CustomerForm(
        name=_fit(buyer.name, "name of the buyer", _NAME_MAX),
        country=parse_country(buyer.country),
        vat_id=_fit(buyer.vat_id, "tax number of the buyer", _VAT_ID_MAX),
    )


def _notes(case: ImportCase, heading: str) -> str:
    """Keep what the invoice said, beginning with the number it had."""
    texts = (text for _, text in case.text_lines)
    notes = "\n\n".join((heading, *texts, *case.notes))
    return _fit(notes, "notes together", NOTES_LENGTH_MAX)


def _fit(text: str, what: str, length_max: int) -> str:
    if len(text) > length_max:
        raise InvalidInput(f"The {what} must have {length_max:,} characters at most.")
    return text


def _figures_of(number: str, totals: Totals) -> InvoiceFigures:
    return InvoiceFigures(
        number=number,
        line_sum=totals.line_sum,
        net_total=totals.net_total,
        tax_total=totals.tax_total,
        total=totals.total,
        due=totals.due,
    )


def _imported(
    prepared: PreparedCase, figures: InvoiceFigures, *, is_new: bool
) -> ImportedInvoice:
    def as_printed(amount: Money) -> Money:
        return -amount if prepared.case.kind == CREDIT_NOTE else amount

    return ImportedInvoice(
        case_id=prepared.case.id,
        number=figures.number,
        is_new=is_new,
        admits_differences=prepared.case.admits_differences,
        line_sum=as_printed(figures.line_sum),
        net_total=as_printed(figures.net_total),
        tax_total=as_printed(figures.tax_total),
        total=as_printed(figures.total),
        due=as_printed(figures.due),
        differences=prepared.differences,
    )


@contextmanager
def _naming(case: ImportCase) -> Generator[None]:
    """Let a refusal say which case it is about."""
    try:
        yield
    except BillingError as refusal:
        raise InvalidInput(f"Case {case.id}: {refusal.message}") from refusal
