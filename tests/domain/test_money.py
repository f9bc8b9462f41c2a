from decimal import Decimal as D
from decimal import localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.currencies import currency_names
from billing_app.domain.money import (
    MINOR_MAX,
    AmountTooLarge,
    Money,
    allocate,
    percent_of,
    priced,
    rounded_up,
)

minors = st.integers(-MINOR_MAX, MINOR_MAX)
currencies = st.sampled_from(sorted(currency_names()))


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@given(figure=st.decimals(0, 10**9, places=3), currency=currencies)
def test_a_figure_is_rounded_up_to_what_a_currency_has(figure: D, currency: str):
    least = rounded_up(figure, currency)

    assert least.decimal >= figure
    assert Money(least.minor - 1, currency).decimal < figure


class TestMoney:
    def test_adds_and_compares_within_a_currency(self):
        assert eur(5) + eur(-7) == eur(-2)
        assert eur(5) - eur(7) == -eur(2)
        assert abs(eur(-2)) == eur(2)
        assert eur(1) < eur(2) <= eur(2)
        assert eur(3) > eur(2) >= eur(2)
        assert Money.sum([eur(1), eur(2)], "EUR") == eur(3)
        assert Money.sum([], "EUR") == Money.zero("EUR")
        assert Money.zero("EUR").is_zero

    def test_never_mixes_currencies(self):
        yen = Money(1, "JPY")

        assert eur(1) != yen
        with pytest.raises(AssertionError):
            assert eur(1) + yen
        with pytest.raises(AssertionError):
            assert eur(1) < yen
        with pytest.raises(AssertionError):
            Money.sum([yen], "EUR")

    @pytest.mark.parametrize("minor", [1.0, D(1), True, "1"])
    def test_takes_whole_numbers_only(self, minor: object):
        with pytest.raises(AssertionError):
            Money(minor, "EUR")  # pyright: ignore[reportArgumentType]

    def test_takes_real_currencies_only(self):
        with pytest.raises(AssertionError):
            Money(1, "XAU")

    def test_refuses_what_cannot_be_kept_exactly(self):
        with pytest.raises(AmountTooLarge):
            assert eur(MINOR_MAX) + eur(1)

    @pytest.mark.parametrize(
        ("money", "text"),
        [
            (eur(-1050), "-10.50"),
            (eur(0), "0.00"),
            (Money(7, "JPY"), "7"),
            (Money(7, "KWD"), "0.007"),
        ],
    )
    def test_decimal_has_the_currencys_decimals(self, money: Money, text: str):
        assert str(money.decimal) == text

    @given(minors, currencies)
    def test_minor_and_decimal_are_the_same_amount(self, minor: int, currency: str):
        money = Money(minor, currency)

        assert Money.from_decimal(money.decimal, currency) == money

    @pytest.mark.parametrize(
        ("value", "currency"), [("1.005", "USD"), ("10.5", "JPY"), ("0.0001", "KWD")]
    )
    def test_from_decimal_never_rounds(self, value: str, currency: str):
        with pytest.raises(AssertionError):
            Money.from_decimal(D(value), currency)


class TestPriced:
    @pytest.mark.parametrize(
        ("quantity", "price", "minor"),
        [
            ("1", "0.005", 1),
            ("-1", "0.005", -1),
            ("1", "0.00499999", 0),
            ("3", "33.335", 10001),
            ("1000000", "0.00000125", 125),
        ],
    )
    def test_rounds_half_away_from_zero(self, quantity: str, price: str, minor: int):
        assert priced(D(quantity), D(price), "EUR") == eur(minor)

    def test_a_price_may_be_for_many_units(self):
        """104 units at 7.00 for 1,000 are 0.728."""
        assert priced(D(104), D(7), "EUR", base_quantity=D(1000)) == eur(73)

    def test_rounds_to_the_decimals_of_the_currency(self):
        assert priced(D("1.5"), D(333), "JPY") == Money(500, "JPY")
        assert priced(D("1.5"), D("0.333"), "KWD") == Money(500, "KWD")

    def test_ignores_the_decimal_context(self):
        with localcontext(prec=2):
            assert priced(D("123456.78"), D("1.01"), "EUR") == eur(12469135)

    def test_percent_rounds_half_away_from_zero(self):
        assert percent_of(eur(50), D(25)) == eur(13)
        assert percent_of(eur(-50), D(25)) == eur(-13)


class TestAllocate:
    def test_left_over_units_go_to_the_largest_remainders_then_the_earliest(self):
        assert allocate(eur(100), [1, 1, 1]) == (eur(34), eur(33), eur(33))
        assert allocate(eur(10), [33, 33, 34]) == (eur(3), eur(3), eur(4))
        assert allocate(eur(5), [0, 3, 7]) == (eur(0), eur(2), eur(3))

    def test_a_negative_amount_is_the_mirror(self):
        assert allocate(eur(-100), [1, 1, 1]) == (eur(-34), eur(-33), eur(-33))

    def test_without_any_weight_the_first_part_gets_all(self):
        assert allocate(eur(7), [0, 0]) == (eur(7), eur(0))

    def test_weights_that_cancel_out_count_by_their_size(self):
        assert allocate(eur(10), [5, -5]) == (eur(5), eur(5))

    @given(
        minors,
        st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20),
    )
    def test_parts_sum_to_the_whole(self, minor: int, weights: list[int]):
        amount = eur(minor)
        # Opposite weights may ask for parts beyond what an amount can be.
        weights = weights if sum(weights) == 0 else [abs(w) for w in weights]

        parts = allocate(amount, weights)

        assert Money.sum(parts, "EUR") == amount
        assert allocate(-amount, weights) == tuple(-part for part in parts)

    @given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12), st.data())
    def test_no_part_exceeds_its_weight(self, weights: list[int], data: st.DataObject):
        """A discount within the sum leaves no line below zero."""
        amount = eur(data.draw(st.integers(0, sum(weights))))

        parts = allocate(amount, weights)

        assert all(
            0 <= part.minor <= weight
            for part, weight in zip(parts, weights, strict=True)
        )

    @given(
        st.integers(-(10**9), 10**9),
        st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(sum),
    )
    def test_each_part_is_within_one_unit_of_its_share(
        self, minor: int, weights: list[int]
    ):
        parts = allocate(eur(minor), weights)

        for part, weight in zip(parts, weights, strict=True):
            assert abs(part.minor * sum(weights) - minor * weight) < sum(weights)
