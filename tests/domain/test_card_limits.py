from __future__ import annotations

import pytest

from billing_app.domain import card_limits
from billing_app.domain.card_limits import (
    CHARGEABLE,
    AmountTooFine,
    AmountTooSmall,
    CurrencyNotChargeable,
    check_chargeable,
)


@pytest.mark.parametrize(
    ("amount_minor", "currency"),
    [(50, "EUR"), (30, "GBP"), (50, "JPY"), (17500, "HUF"), (10, "KWD"), (1, "ISK")],
)
def test_the_smallest_charge_passes(amount_minor: int, currency: str):
    check_chargeable(amount_minor, currency)


@pytest.mark.parametrize(
    ("amount_minor", "currency"),
    [(49, "EUR"), (29, "GBP"), (49, "JPY"), (17499, "HUF"), (0, "KWD"), (-10, "KWD")],
)
def test_less_is_refused(amount_minor: int, currency: str):
    with pytest.raises(AmountTooSmall) as refusal:
        check_chargeable(amount_minor, currency)

    assert refusal.value.field == "amount"


@pytest.mark.feature("F091")
@pytest.mark.parametrize(
    ("amount_minor", "currency", "ending"),
    [(1005, "KWD", " 0"), (12345, "TND", " 0"), (10050, "MGA", " 00")],
)
def test_too_many_decimals_are_refused(amount_minor: int, currency: str, ending: str):
    with pytest.raises(AmountTooFine, match=f"{currency} must end in{ending}\\."):
        check_chargeable(amount_minor, currency)


@pytest.mark.parametrize("currency", ["KPW", "IRR", "BGN", "XYZ", "eur", ""])
def test_other_currencies_are_refused(currency: str):
    with pytest.raises(CurrencyNotChargeable):
        check_chargeable(10000, currency)


def test_where_stripe_publishes_no_minimum_there_is_none():
    assert card_limits.minimum_minor("KWD") is None
    assert card_limits.minimum_minor("USD") == 50


def test_every_currency_with_a_rule_is_chargeable():
    ruled = [x for x in CHARGEABLE if card_limits.minimum_minor(x)]
    stepped = [x for x in CHARGEABLE if card_limits.step_minor(x) > 1]

    assert len(CHARGEABLE) == 136
    assert len(ruled) == 31
    assert sorted(stepped) == ["BHD", "JOD", "KWD", "MGA", "OMR", "TND"]
