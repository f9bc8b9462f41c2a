"""Read back what an issued invoice's totals were computed from."""

from __future__ import annotations

from collections.abc import Sequence

from billing_app.domain.money import Money
from billing_app.domain.terms import DocumentTerms, LineTerms, Prices
from billing_app.domain.terms_json import adjustments_from_json, taxes_from_json
from billing_app.models import Invoice, LineItem


def terms_of(invoice: Invoice, lines: Sequence[LineItem]) -> DocumentTerms:
    """Return what was agreed; `lines` are all of the invoice's, in order."""
    currency = invoice.currency
    allowances, charges = adjustments_from_json(invoice.adjustments, currency)
    step, given = invoice.cash_rounding_minor, invoice.rounding_minor
    return DocumentTerms(
        currency=currency,
        lines=tuple(_line_terms_of(line, currency) for line in lines),
        prices=Prices.INCLUSIVE if invoice.prices_inclusive else Prices.EXCLUSIVE,
        allowances=allowances,
        charges=charges,
        prepaid=Money(invoice.prepaid_minor, currency),
        cash_rounding=Money(step, currency) if step else None,
        rounding=Money(given, currency) if given is not None and not step else None,
        decimals=invoice.decimals,
    )


def _line_terms_of(line: LineItem, currency: str) -> LineTerms:
    allowances, charges = adjustments_from_json(line.adjustments, currency)
    return LineTerms(
        quantity=line.quantity,
        unit_price=line.unit_price,
        taxes=taxes_from_json(line.taxes),
        base_quantity=line.base_quantity,
        allowances=allowances,
        charges=charges,
    )
