"""Which currencies can be invoiced in, what they are called, how many decimals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import iso4217
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies

from billing_app.domain.errors import InvalidInput

# Codes of ISO 4217 with decimals that nobody pays an invoice in: funds (marked
# as such in the list) and units of account.
NOT_MONEY = frozenset(
    ["BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW", "XAD"]
)

# Decimals come from ISO 4217 itself. Babel says 0 for ALL, IRR, RSD and ten
# others whose ISO exponent is 2 or 3, so it is asked for names only.
# Metals, baskets and test codes have no exponent at all and fall out here.
_EXPONENTS: Mapping[str, int] = {
    currency.code: currency.exponent
    for currency in iso4217.Currency
    if currency.exponent is not None and currency.code not in NOT_MONEY
}


def is_currency(code: str) -> bool:
    return code in _EXPONENTS


def read_currency(typed: str) -> str:
    """Return the code of a typed code or English name, or an empty text for none.

    Raises:
        InvalidInput: there is no such currency.
    """
    typed = typed.strip()
    code = _code_by_name().get(typed.casefold(), typed.upper())
    if code and not is_currency(code):
        # As much as the field takes.
        raise InvalidInput(f"{typed[:40]} is not a currency.", field="currency")
    return code


def currency_codes() -> tuple[str, ...]:
    """Return every currency there is to choose from, by code."""
    return tuple(sorted(_EXPONENTS))


def exponent(code: str) -> int:
    """Return how many decimals the currency's amounts have: 0, 2 or 3."""
    return _EXPONENTS[code]


@cache
def exponents() -> tuple[int, ...]:
    """Return every number of decimals that some currency has."""
    return tuple(sorted(set(_EXPONENTS.values())))


@cache
def currencies_with(*decimals: int) -> tuple[str, ...]:
    """Return the codes of the currencies with one of these numbers of decimals."""
    return tuple(code for code, it in sorted(_EXPONENTS.items()) if it in decimals)


@cache
def currency_names() -> Mapping[str, str]:
    """Return the English name of each usable currency by code, sorted by code."""
    return MappingProxyType(
        {code: get_currency_name(code, locale="en") for code in sorted(_EXPONENTS)}
    )


@cache
def usual_currencies() -> Mapping[str, str]:
    """Return the currency that people of a country pay with today, by its code."""
    usual = {
        country: next(
            (code for code in get_territory_currencies(country) if code in _EXPONENTS),
            "",
        )
        for country in get_global("territory_currencies")
    }
    return MappingProxyType({country: code for country, code in usual.items() if code})


@cache
def _code_by_name() -> Mapping[str, str]:
    """Return each code by its name, said of one and of several: US dollar(s)."""
    return {
        name.casefold(): code
        for code in currency_codes()
        for name in (currency_names()[code], currency_plural(code))
    }


def currency_plural(code: str) -> str:
    """Return the name as it reads in a sentence about several: US dollars."""
    return get_currency_name(code, count=2, locale="en")
