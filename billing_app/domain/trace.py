"""How each figure comes about: parts that sum to what is shown.

A figure whose parts do not sum to it has no trace: no explanation is better than a
wrong one. Documents that were brought in from elsewhere may have such figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentTax,
    InvoiceDocument,
    Standing,
)
from billing_app.domain.money import round_half_away

# More lines than people add up; what is beyond is one part.
LINES_MAX = 12


class Figure(StrEnum):
    """The totals under the lines, by what they are called in the house."""

    LINE_SUM = "line_sum"
    TAX = "tax"
    TOTAL = "total"
    DUE = "due"


class PartKind(StrEnum):
    """What a part of a figure is."""

    LINE = "line"
    MORE_LINES = "more_lines"
    LINE_SUM = "line_sum"
    ADJUSTMENT = "adjustment"
    TAX = "tax"
    TOTAL = "total"
    PREPAID = "prepaid"
    ROUNDING = "rounding"
    RECEIVED = "received"
    CREDITED = "credited"
    WRITTEN_OFF = "adjusted"
    VOID = "made_void"
    BEYOND_LINES = "discounts_and_rounding"
    AGE = "age"
    PAYMENT = "payment"
    MORE_PAYMENTS = "more_payments"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a figure, in minor units of the document's currency.

    Attributes:
        place: of the line, adjustment or tax in the document, of the age or the
            payment among those given; of further lines and payments, how many there
            are.
        percent, base_minor: of a tax, where base times percent is the amount; with
            prices that include it, base times percent / (100 + percent).
    """

    kind: PartKind
    amount_minor: int
    place: int = 0
    percent: Decimal | None = None
    base_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PrintedPart:
    """A part of a figure in its reader's words.

    Attributes:
        arithmetic: how it was worked out, or how much of it there is.
        href: leads to what is behind it, empty where there is nothing to go to.
    """

    label: str
    arithmetic: str
    amount: str
    href: str = ""


Traces = dict[Figure, tuple[Part, ...]]


def explain(document: InvoiceDocument, standing: Standing | None = None) -> Traces:
    """Return the parts of each total; with a standing, of what is left to pay."""
    left_minor = standing.outstanding_minor if standing else document.due_minor
    figures = {
        Figure.LINE_SUM: (document.line_sum_minor, _lines(document)),
        Figure.TAX: (document.tax_minor, _taxes(document)),
        Figure.TOTAL: (document.total_minor, _total(document)),
        Figure.DUE: (left_minor, _due(document, standing)),
    }
    return {
        figure: parts
        for figure, (shown_minor, made) in figures.items()
        if (parts := _summing(shown_minor, made))
    }


def explain_credit(note: CreditNoteDocument) -> tuple[Part, ...]:
    """Return the parts of what a credit note credits."""
    beyond = [
        (PartKind.BEYOND_LINES, note.adjustment_minor),
        (PartKind.ROUNDING, note.rounding_minor),
    ]
    added = () if note.prices_inclusive else _taxes(note)
    parts = (*_lines(note), *added, *_changed(beyond))
    return _summing(note.total_minor + note.rounding_minor, parts)


def explain_outstanding(shown_minor: int, by_age: Sequence[int]) -> tuple[Part, ...]:
    """Return what is outstanding in one currency by age; what is disputed is an age."""
    ages = [Part(PartKind.AGE, minor, at) for at, minor in enumerate(by_age) if minor]
    return _summing(shown_minor, ages)


def explain_received(
    shown_minor: int, count: int, latest: Sequence[int]
) -> tuple[Part, ...]:
    """Return what was received in one currency, in `count` payments: the `latest` of
    them one by one, the others as one part.
    """
    parts = [
        Part(PartKind.PAYMENT, minor, place)
        for place, minor in enumerate(latest[:LINES_MAX])
    ]
    rest_minor = shown_minor - sum(part.amount_minor for part in parts)
    if count > len(parts):
        parts.append(Part(PartKind.MORE_PAYMENTS, rest_minor, count - len(parts)))
    return _summing(shown_minor, parts)


def _summing(shown_minor: int, parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts where they are the figure, and else none."""
    is_whole = sum(part.amount_minor for part in parts) == shown_minor
    return tuple(parts) if is_whole else ()


def _lines(document: InvoiceDocument | CreditNoteDocument) -> tuple[Part, ...]:
    amounts = [line.amount_minor for line in document.lines]
    shown = [
        Part(PartKind.LINE, amount, place)
        for place, amount in enumerate(amounts[:LINES_MAX])
    ]
    rest = amounts[LINES_MAX:]
    more = [Part(PartKind.MORE_LINES, sum(rest), len(rest))] if rest else []
    return (*shown, *more)


def _taxes(document: InvoiceDocument | CreditNoteDocument) -> tuple[Part, ...]:
    return tuple(
        _tax(place, tax, is_included=document.prices_inclusive)
        for place, tax in enumerate(document.taxes)
    )


def _tax(place: int, tax: DocumentTax, *, is_included: bool) -> Part:
    """Return a tax, with its arithmetic where that gives the amount.

    It does not where several taxes share the prices that include them.
    """
    base_minor = tax.taxable_minor + (tax.tax_minor if is_included else 0)
    top, bottom = tax.percent.as_integer_ratio()
    whole = 100 * bottom + (top if is_included else 0)
    if whole <= 0 or round_half_away(base_minor * top, whole) != tax.tax_minor:
        return Part(PartKind.TAX, tax.tax_minor, place)
    return Part(PartKind.TAX, tax.tax_minor, place, tax.percent, base_minor)


def _total(document: InvoiceDocument) -> tuple[Part, ...]:
    added = () if document.prices_inclusive else _taxes(document)
    return (
        Part(PartKind.LINE_SUM, document.line_sum_minor),
        *(
            Part(PartKind.ADJUSTMENT, adjustment.amount_minor, place)
            for place, adjustment in enumerate(document.adjustments)
        ),
        *added,
    )


def _due(document: InvoiceDocument, standing: Standing | None) -> tuple[Part, ...]:
    changes = [
        (PartKind.PREPAID, -document.prepaid_minor),
        (PartKind.ROUNDING, document.rounding_minor),
    ]
    if standing:
        changes += [
            (PartKind.RECEIVED, -standing.received_minor),
            (PartKind.CREDITED, -standing.credited_minor),
            (PartKind.WRITTEN_OFF, -standing.written_off_minor),
            (PartKind.VOID, -document.due_minor if standing.voided_on else 0),
        ]
    changed = _changed(changes)
    if not changed:
        return _total(document)
    return (Part(PartKind.TOTAL, document.total_minor), *changed)


def _changed(changes: Iterable[tuple[PartKind, int]]) -> list[Part]:
    return [Part(kind, minor) for kind, minor in changes if minor]
