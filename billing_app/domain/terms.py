"""What is agreed about a document: everything its totals depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from billing_app.domain.currencies import exponent
from billing_app.domain.money import Money


class Prices(StrEnum):
    """Whether the prices and amounts as agreed have tax in them."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """One tax on a line. All but the exemption says which tax it is.

    Attributes:
        category: UNCL 5305 code: S, Z, E, AE, K, G, O, L, M.
        percent: may be negative (a tax that is withheld) with exclusive prices.
        is_compound: it is on the price and the line's other taxes, of which none
            may be so.
    """

    name: str
    category: str
    percent: Decimal
    exemption_reason: str = ""
    exemption_code: str = ""
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An allowance or a charge, on a line or on the document.

    Attributes:
        amount: wins over the percentage, which then only explains it.
        base_amount: what the percentage is of; otherwise the line's base, or the
            sum of the lines.
        taxes: on the document only: the tax set it belongs to as a whole. None
            spreads it over the sets of the lines.
    """

    amount: Money | None = None
    percent: Decimal | None = None
    base_amount: Money | None = None
    reason: str = ""
    reason_code: str = ""
    taxes: tuple[TaxTerms, ...] | None = None

    def __post_init__(self) -> None:
        assert self.amount is not None or self.percent is not None


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What is agreed about one line.

    Attributes:
        unit_price: for base_quantity units, up to eight decimals.
        taxes: the line's tax set, in any order; empty means untaxed.
    """

    quantity: Decimal
    unit_price: Decimal
    taxes: tuple[TaxTerms, ...] = ()
    base_quantity: Decimal = Decimal(1)
    allowances: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxAccounting:
    """The currency in which the tax is owed, when it is another one.

    Attributes:
        rate: units of that currency for one unit of the document's.
        amount: the total tax as given; wins over the rate.
    """

    currency: str
    rate: Decimal | None = None
    amount: Money | None = None

    def __post_init__(self) -> None:
        assert self.amount is not None or self.rate is not None


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """Everything the totals of a document depend on.

    Attributes:
        prepaid: what was paid before; negative where it was paid back.
        cash_rounding: the due amount becomes a multiple of it, nearest first.
        rounding: the rounding of the due amount as given (BT-114).
        decimals: fewer decimals than the currency has, as for whole forints.
    """

    currency: str
    lines: tuple[LineTerms, ...]
    prices: Prices = Prices.EXCLUSIVE
    allowances: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    prepaid: Money | None = None
    cash_rounding: Money | None = None
    rounding: Money | None = None
    decimals: int | None = None
    tax_accounting: TaxAccounting | None = None

    def __post_init__(self) -> None:
        assert self.cash_rounding is None or self.rounding is None
        assert self.cash_rounding is None or self.cash_rounding.minor > 0
        assert self.decimals is None or 0 <= self.decimals <= exponent(self.currency)


def negated(terms: DocumentTerms) -> DocumentTerms:
    """Return the terms of the document that takes this one back to the cent."""
    accounting = terms.tax_accounting
    return replace(
        terms,
        lines=tuple(
            replace(
                line,
                quantity=-line.quantity,
                allowances=_negated(line.allowances),
                charges=_negated(line.charges),
            )
            for line in terms.lines
        ),
        allowances=_negated(terms.allowances),
        charges=_negated(terms.charges),
        prepaid=terms.prepaid and -terms.prepaid,
        rounding=terms.rounding and -terms.rounding,
        tax_accounting=accounting
        and replace(accounting, amount=accounting.amount and -accounting.amount),
    )


def _negated(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(
        replace(
            adjustment,
            amount=adjustment.amount and -adjustment.amount,
            base_amount=adjustment.base_amount and -adjustment.base_amount,
        )
        for adjustment in adjustments
    )
