"""Where the parts of a payment go, and on which days money can have come."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.domain.payment import (
    Part,
    allocatable,
    check_received_on,
    compute_outstanding,
    is_excess,
    method_name,
    parse_method,
    take_back,
)

TODAY = date(2026, 3, 2)
AMOUNTS = st.integers(0, 10**12)


class TestReceivedOn:
    @pytest.mark.parametrize("day", [TODAY, date(2025, 12, 31), date(2000, 1, 1)])
    def test_takes_today_and_the_past(self, day):
        assert check_received_on(day, TODAY) is None

    @pytest.mark.parametrize("day", [date(2026, 3, 3), date(9999, 1, 1)])
    def test_refuses_tomorrow(self, day):
        with pytest.raises(InvalidInput, match="future") as refusal:
            check_received_on(day, TODAY)

        assert refusal.value.field == "received_on"

    def test_refuses_a_year_that_can_not_be_meant(self):
        with pytest.raises(InvalidInput, match="year"):
            check_received_on(date(26, 3, 2), TODAY)


class TestMethod:
    def test_reads_like_words(self):
        assert method_name("bank_transfer") == "Bank transfer"
        assert method_name("card", "•••• 4242") == "Card •••• 4242"

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(InvalidInput) as refusal:
            parse_method("barter")

        assert refusal.value.field == "method"


class TestOutstanding:
    @pytest.mark.parametrize(
        ("state", "left"), [("draft", 0), ("issued", 60), ("void", 0)]
    )
    def test_only_an_issued_invoice_asks_for_money(self, state, left):
        assert compute_outstanding(state, 100, 40, 0, 0) == left

    def test_what_is_credited_or_given_up_is_not_asked_for(self):
        assert compute_outstanding("issued", 100, 40, 25, 5) == 30

    @pytest.mark.parametrize(
        ("minor", "outstanding", "taken"),
        [(40, 100, 40), (120, 100, 100), (40, 0, 0), (40, -5, 0)],
    )
    def test_an_invoice_takes_no_more_than_it_asks_for(self, minor, outstanding, taken):
        assert allocatable(minor, outstanding) == taken


class TestTakeBack:
    def test_credit_goes_first_then_the_latest_invoice(self):
        """Of 100 paid as 30, 50 and 20 credit, 45 returns: 20, then 25 of 50."""
        given_up, from_credit = take_back(45, 20, [Part(1, 30), Part(2, 50)])

        assert from_credit == 20
        assert given_up == (Part(2, 25),)

    @given(AMOUNTS, st.lists(AMOUNTS, max_size=5), st.data())
    def test_gives_back_exactly_what_is_asked(self, credit, minors, data):
        parts = [Part(index, minor) for index, minor in enumerate(minors)]
        minor = data.draw(st.integers(0, credit + sum(minors)))

        given_up, from_credit = take_back(minor, credit, parts)

        assert from_credit + sum(part.minor for part in given_up) == minor
        assert 0 <= from_credit <= credit
        assert all(0 < x.minor <= parts[x.invoice_id].minor for x in given_up)


@given(AMOUNTS, AMOUNTS)
def test_only_more_than_twice_what_is_open_is_likely_a_slip(received, outstanding):
    left_over = received - outstanding

    assert is_excess(Money(received, "EUR"), Money(outstanding, "EUR")) == (
        left_over > outstanding
    )
