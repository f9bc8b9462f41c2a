from __future__ import annotations

import csv
from pathlib import Path

import pytest

from billing_app.domain import card_limits, currencies
from billing_app.domain.card_limits import AmountTooFine
from billing_app.gateways.errors import GatewayRefused
from billing_app.gateways.stripe_amounts import from_stripe_amount, to_stripe_amount

TABLE = Path(__file__).parents[1] / "support/stripe_currencies.csv"
PUBLISHED = tuple(
    csv.DictReader(
        line for line in TABLE.read_text().splitlines() if not line.startswith("#")
    )
)


@pytest.mark.feature("R04")
@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (1050, "USD", 1050),
        (50, "JPY", 50),
        (12340, "KWD", 12340),
        (500, "ISK", 50000),
        (7, "UGX", 700),
        (150000, "MGA", 1500),
        (17500, "HUF", 17500),
    ],
)
def test_converts_both_ways(minor: int, currency: str, amount: int):
    assert to_stripe_amount(minor, currency) == amount
    assert from_stripe_amount(amount, currency) == minor


def test_an_amount_that_stripe_cannot_write_is_refused():
    with pytest.raises(AmountTooFine):
        to_stripe_amount(1005, "KWD")


def test_a_fraction_that_the_currency_has_not_is_never_rounded():
    with pytest.raises(GatewayRefused, match="ISK"):
        from_stripe_amount(50050, "ISK")


def test_every_chargeable_currency_is_one_of_ours():
    strangers = {x for x in card_limits.CHARGEABLE if not currencies.is_currency(x)}

    assert strangers == set()


class TestAgainstThePublishedTable:
    def test_the_same_currencies_can_be_charged(self):
        assert {row["currency"] for row in PUBLISHED} == card_limits.CHARGEABLE

    @pytest.mark.feature("R04")
    def test_one_whole_unit_is_the_same_money(self):
        for row in PUBLISHED:
            code = row["currency"]
            whole = 10 ** currencies.exponent(code)

            assert to_stripe_amount(whole, code) == 10 ** int(row["exponent"]), code

    def test_the_smallest_step_is_theirs(self):
        for row in PUBLISHED:
            code = row["currency"]
            step = card_limits.step_minor(code)

            assert to_stripe_amount(step, code) == int(row["step"]), code

    def test_the_minima_are_theirs(self):
        for row in PUBLISHED:
            minimum = card_limits.minimum_minor(row["currency"])

            assert str(minimum or "") == row["minimum"], row["currency"]
