"""What was agreed, as it would be typed, is read as the same again."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.draft import read_unit_price
from billing_app.domain.money import Money
from billing_app.domain.retyping import (
    typed_discount,
    typed_percent,
    typed_price,
    typed_quantity,
)
from billing_app.domain.terms import Adjustment


@pytest.mark.parametrize(
    ("price", "currency", "typed"),
    [
        ("1250.5", "EUR", "1,250.50"),
        ("0.125", "EUR", "0.1250"),
        ("1250", "JPY", "1250"),
        ("1250.5", "JPY", "1,250.5000"),
        ("1250", "KWD", "1,250.000"),
        ("0.00000001", "USD", "0.00000001"),
    ],
)
def test_a_price_has_the_decimals_of_its_currency(price, currency, typed):
    assert typed_price(D(price), currency) == typed


@given(
    minor=st.integers(0, 10**18 - 1),
    places=st.integers(0, 8),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_any_price_is_read_as_itself(minor: int, places: int, currency: str):
    price = (D(minor).scaleb(-places) % 10**10).normalize()

    assert read_unit_price(typed_price(price, currency), currency) == price


def test_a_quantity_has_no_zeros_behind_it():
    assert [typed_quantity(D(x)) for x in ("2.40", "1E+3")] == ["2.4", "1000"]


def test_a_discount_is_written_as_agreed():
    five = Adjustment(percent=D("5.00"))
    amount = Adjustment(amount=Money(125_000, "EUR"))

    assert typed_percent((five,)) == "5"
    assert typed_discount((five,), "EUR") == "5%"
    assert typed_discount((amount,), "EUR") == "1,250.00"


@pytest.mark.parametrize(
    "allowances",
    [
        (),
        (Adjustment(percent=D(5)), Adjustment(percent=D(2))),
        (Adjustment(percent=D(5), base_amount=Money(1, "EUR")),),
        (Adjustment(percent=D(5), taxes=()),),
    ],
)
def test_what_no_draft_can_say_stays_empty(allowances):
    assert typed_percent(allowances) == typed_discount(allowances, "EUR") == ""
