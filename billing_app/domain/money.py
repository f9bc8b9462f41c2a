"""Amounts of money: whole minor units of one currency, never a float.

An amount is a fact and is a Money. A price, quantity or rate is a factor and is
a Decimal. `priced` and `percent_of` are the only ways from factors to amounts;
both round half away from zero. They calculate in whole numbers, so nothing here
depends on a decimal context.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_app.domain.currencies import exponent, is_currency
from billing_app.domain.errors import LimitReached

# The largest whole number that JavaScript, JSON readers and spreadsheets keep.
MINOR_MAX = 2**53 - 1


class AmountTooLarge(LimitReached):
    """A calculation left the range in which amounts are kept exactly."""

    code = "amount_too_large"


@dataclass(frozen=True, slots=True)
class Money:
    """A number of minor units (cents, yen, fils) of an ISO 4217 currency.

    Equal only to the same number of the same currency; adding or ordering
    amounts of different currencies is a programmer's error.

    Raises:
        AmountTooLarge: more than MINOR_MAX either way.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.minor) is int
        assert is_currency(self.currency)
        if not -MINOR_MAX <= self.minor <= MINOR_MAX:
            raise AmountTooLarge("This comes to more money than can be recorded here.")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def from_decimal(cls, value: Decimal, currency: str) -> Money:
        """Take an amount in major units that the currency can hold exactly."""
        numerator, denominator = value.as_integer_ratio()
        minor, remainder = divmod(numerator * 10 ** exponent(currency), denominator)
        assert remainder == 0, f"{value} has too many decimals for {currency}"
        return cls(minor, currency)

    @classmethod
    def sum(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Add up amounts of this currency; of none at all the sum is zero."""
        minor = 0
        for amount in amounts:
            assert amount.currency == currency
            minor += amount.minor
        return cls(minor, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((int(self.minor < 0), digits, -exponent(self.currency)))

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: Money) -> int:
        assert other.currency == self.currency
        return other.minor


def priced(
    quantity: Decimal,
    unit_price: Decimal,
    currency: str,
    base_quantity: Decimal = Decimal(1),
) -> Money:
    """Multiply quantity and price; the price is for base_quantity units.

    Rounds half away from zero to the currency's decimals.
    """
    return Money(
        priced_minor(quantity, unit_price, base_quantity, 10 ** exponent(currency)),
        currency,
    )


def percent_of(amount: Money, percent: Decimal) -> Money:
    """Take a percentage, rounded half away from zero to minor units."""
    return Money(percent_of_minor(amount.minor, percent), amount.currency)


def rounded_up(figure: Decimal, currency: str) -> Money:
    """Return the least amount of a currency that is not below a figure."""
    return Money(math.ceil(figure.scaleb(exponent(currency))), currency)


def allocate(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split an amount by weight so the parts sum to it exactly.

    The minor units left over by rounding down go one each to the parts with
    the largest remainders, earliest first (largest remainder method). A
    negative amount is split as the mirror of its absolute value. Each part is
    less than one minor unit away from its exact share.

    Weights may be negative. Where they cancel out to zero, their sizes count;
    where all are zero, the first part gets everything.
    """
    shares = allocate_minor(amount.minor, weights)
    return tuple(Money(share, amount.currency) for share in shares)


def round_half_away(numerator: int, denominator: int) -> int:
    """Divide by a positive number to the nearest whole, halves away from zero."""
    assert denominator > 0
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def priced_minor(
    quantity: Decimal, unit_price: Decimal, base_quantity: Decimal, per_major: int
) -> int:
    """Do the work of `priced` in whole numbers, per_major units to the major."""
    assert base_quantity > 0
    quantity_top, quantity_bottom = quantity.as_integer_ratio()
    price_top, price_bottom = unit_price.as_integer_ratio()
    base_top, base_bottom = base_quantity.as_integer_ratio()
    return round_half_away(
        quantity_top * price_top * base_bottom * per_major,
        quantity_bottom * price_bottom * base_top,
    )


def percent_of_minor(minor: int, percent: Decimal) -> int:
    top, bottom = percent.as_integer_ratio()
    return round_half_away(minor * top, bottom * 100)


def allocate_minor(minor: int, weights: Sequence[int]) -> list[int]:
    """Do the work of `allocate` in whole numbers."""
    assert weights
    whole = sum(weights)
    if whole == 0:
        weights = [abs(weight) for weight in weights]
        whole = sum(weights)
    if whole == 0:
        return [minor] + [0] * (len(weights) - 1)
    if whole < 0:
        weights = [-weight for weight in weights]
        whole = -whole

    shares = whole_shares([abs(minor) * weight for weight in weights], whole)
    return shares if minor >= 0 else [-share for share in shares]


def whole_shares(tops: Sequence[int], bottom: int) -> list[int]:
    """Round each top/bottom down, then hand out what the sum lacks.

    The sum of all the fractions has to be whole. Its missing units go one each
    to the largest remainders, earliest first.
    """
    parts = [divmod(top, bottom) for top in tops]
    shares = [share for share, _ in parts]
    missing, uneven = divmod(sum(remainder for _, remainder in parts), bottom)
    assert uneven == 0
    # Sorting is stable, so equal remainders stay earliest first.
    by_remainder = sorted(range(len(parts)), key=lambda part: -parts[part][1])
    for part in by_remainder[:missing]:
        shares[part] += 1
    return shares
