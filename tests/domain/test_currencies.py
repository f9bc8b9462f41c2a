import pytest

from billing_app.domain.currencies import (
    currency_names,
    currency_plural,
    exponent,
    is_currency,
    read_currency,
)
from billing_app.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        *[
            (code, 0)
            for code in [
                "BIF",
                "CLP",
                "DJF",
                "GNF",
                "ISK",
                "JPY",
                "KMF",
                "KRW",
                "PYG",
                "RWF",
            ]
        ],
        *[(code, 0) for code in ["UGX", "VND", "VUV", "XAF", "XOF", "XPF"]],
        *[(code, 3) for code in ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]],
        *[(code, 2) for code in ["EUR", "USD", "GBP", "CHF", "HUF", "TWD", "INR"]],
        # Babel says 0 for these, ISO 4217 says 2.
        *[
            (code, 2)
            for code in ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD"]
        ],
        *[(code, 2) for code in ["SOS", "SYP", "YER"]],
    ],
)
def test_decimals_follow_iso_4217(code: str, decimals: int):
    assert exponent(code) == decimals


@pytest.mark.parametrize(
    "code", ["XAU", "XDR", "XTS", "XXX", "CLF", "UYI", "USN", "XAD", "eur", "EU", ""]
)
def test_metals_funds_test_codes_and_typos_are_no_currencies(code: str):
    assert not is_currency(code)
    assert code not in currency_names()


def test_every_usable_currency_has_a_name_of_its_own():
    names = currency_names()

    assert names["USD"] == "US Dollar"
    assert list(names) == sorted(names)
    assert all(name != code for code, name in names.items())
    assert len(set(names.values())) == len(names) > 150


def test_several_units_read_naturally():
    assert currency_plural("USD") == "US dollars"
    assert currency_plural("JPY") == "Japanese yen"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", ""),
        (" usd ", "USD"),
        ("US dollar", "USD"),
        ("US Dollars", "USD"),
        ("euro", "EUR"),
        ("Japanese yen", "JPY"),
    ],
)
def test_a_currency_is_its_code_or_its_name(typed: str, code: str):
    assert read_currency(typed) == code


def test_each_name_means_one_currency():
    for code, name in currency_names().items():
        assert read_currency(name) == read_currency(currency_plural(code)) == code


@pytest.mark.parametrize("typed", ["dollar", "US Dolla", "XAU", "EU", "Gold coins"])
def test_no_currency_of_that_name(typed: str):
    with pytest.raises(InvalidInput, match=f"^{typed} is not a currency"):
        read_currency(typed)
