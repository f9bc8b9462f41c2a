"""What Stripe can charge: in which currencies, from how much, in which steps.

Amounts are in the currency's ISO 4217 minor unit, as everywhere in the product;
how Stripe writes them down is the gateway's affair.
"""

from __future__ import annotations

from billing_app.domain.errors import InvalidInput

# docs.stripe.com/currencies, "Presentment currencies", without three that ISO
# 4217 has withdrawn (ANG, BGN, STD). Some of them only for accounts in certain
# countries, which Stripe alone knows.
_CHARGEABLE = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD
    BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR
    FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD
    JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB
    TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF
    YER ZAR ZMW
"""
CHARGEABLE = frozenset(_CHARGEABLE.split())

# docs.stripe.com/currencies, "Minimum and maximum charge amounts" (2026-07). It
# counts after conversion into the currency that Stripe pays out, so it is exact
# when that is the invoice's, and a good guess otherwise.
_MINIMUM_MINOR = {
    "AED": 200,
    "ARS": 50,
    "AUD": 50,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "COP": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "IDR": 50,
    "ILS": 50,
    "INR": 50,
    "JPY": 50,
    "KRW": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PHP": 50,
    "PLN": 200,
    "RON": 200,
    "RUB": 50,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
    "ZAR": 50,
}

# The same page, "Three-decimal currencies" and "Special cases": the last digit
# of these must be 0, and MGA has no decimals at Stripe although ISO gives it two.
_STEP_MINOR = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}


class CurrencyNotChargeable(InvalidInput):
    """Stripe takes no payments in this currency."""

    code = "currency_not_chargeable"


class AmountTooSmall(InvalidInput):
    """Less than Stripe charges in this currency."""

    code = "amount_too_small"


class AmountTooFine(InvalidInput):
    """More decimals than Stripe charges in this currency."""

    code = "amount_too_fine"


def minimum_minor(currency: str) -> int | None:
    """Return the smallest charge, or None where Stripe publishes none."""
    return _MINIMUM_MINOR.get(currency)


def step_minor(currency: str) -> int:
    """Return what every charge must be a multiple of."""
    return _STEP_MINOR.get(currency, 1)


def check_chargeable(amount_minor: int, currency: str) -> None:
    """Refuse what Stripe would refuse, before anybody is sent there."""
    if currency not in CHARGEABLE:
        raise CurrencyNotChargeable(f"{currency} can't be paid online.")
    if amount_minor < max(minimum_minor(currency) or 0, 1):
        raise AmountTooSmall(
            "The amount is smaller than an online payment can be.", field="amount"
        )
    check_step(amount_minor, currency)


def check_step(amount_minor: int, currency: str) -> None:
    """Refuse an amount with more decimals than Stripe takes."""
    step = step_minor(currency)
    if amount_minor % step:
        zeros = "0" * (len(str(step)) - 1)
        raise AmountTooFine(
            f"An online payment in {currency} must end in {zeros}.", field="amount"
        )
