"""What was agreed, written as somebody would type it into a draft.

What no draft can say comes out empty: the copy's totals then differ, which
`queries.drafts.read_copy` finds and the builder tells.
"""

from __future__ import annotations

from decimal import Decimal

from billing_app.domain.currencies import exponent
from billing_app.domain.draft import fine_places
from billing_app.domain.terms import Adjustment


def typed_quantity(quantity: Decimal) -> str:
    return f"{quantity.normalize() + 0:f}"


def typed_price(price: Decimal, currency: str) -> str:
    """Write a price with the decimals of its currency: 1,250.50.

    A little finer would look like a slip in a draft; zeros behind it say that it is
    meant. Thousands without decimals would have two readings.
    """
    plain = typed_quantity(price)
    places = exponent(currency)
    finer = len(plain.partition(".")[2])
    decimals = places if finer <= places else max(finer, fine_places(currency))
    return f"{price:,.{decimals}f}" if decimals else plain


def typed_percent(allowances: tuple[Adjustment, ...]) -> str:
    """Write the discount of a line: a percentage of it, 5."""
    if len(allowances) != 1 or not _is_plain(allowances[0]):
        return ""
    (only,) = allowances
    if only.amount is not None or only.percent is None:
        return ""
    return typed_quantity(only.percent)


def typed_discount(allowances: tuple[Adjustment, ...], currency: str) -> str:
    """Write what goes off the whole document: 5% or 1,250.00."""
    if len(allowances) != 1 or not _is_plain(allowances[0]):
        return ""
    (only,) = allowances
    if only.amount is not None:
        return typed_price(only.amount.decimal, currency)
    assert only.percent is not None
    return f"{typed_quantity(only.percent)}%"


def _is_plain(allowance: Adjustment) -> bool:
    return allowance.base_amount is None and allowance.taxes is None
