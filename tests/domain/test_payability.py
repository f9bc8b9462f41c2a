"""The gates before Pay now, and the amounts that pass them."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.payability import (
    AmountLimits,
    GateName,
    NotPayable,
    PayabilityFacts,
    StripeConnection,
    compute_limits,
    find_shut_gate,
    list_gates,
    read_amount,
    stripe_connection,
)
from billing_app.domain.portal_settings import PaymentMode

OPEN = PayabilityFacts(
    mode=PaymentMode.ONLINE,
    can_charge=True,
    is_issued=True,
    is_published=True,
    is_void=False,
    currency="EUR",
    outstanding_minor=10_000,
    processing_minor=0,
    allows_partial=True,
    minimum_minor=0,
)


def facts(**changes) -> PayabilityFacts:
    return replace(OPEN, **changes)


class TestGates:
    @pytest.mark.feature("F085")
    @pytest.mark.parametrize(
        ("connected", "payable", "outstanding", "online"),
        list(product([True, False], repeat=4)),
    )
    def test_only_all_of_them_together_open_the_way(
        self, connected, payable, outstanding, online
    ):
        asked = facts(
            can_charge=connected,
            is_void=not payable,
            outstanding_minor=10_000 if outstanding else 0,
            mode=PaymentMode.ONLINE if online else PaymentMode.INSTRUCTIONS,
        )

        is_open = find_shut_gate(asked) is None

        assert is_open == (connected and payable and outstanding and online)

    @pytest.mark.parametrize(
        ("change", "gate", "says"),
        [
            ({"mode": PaymentMode.OFF}, GateName.ENABLED, "as agreed"),
            ({"mode": PaymentMode.INSTRUCTIONS}, GateName.ENABLED, "as agreed"),
            ({"can_charge": False}, GateName.CONNECTED, "as agreed"),
            ({"currency": "KPW"}, GateName.CONNECTED, "KPW"),
            ({"is_void": True}, GateName.PAYABLE, "void"),
            ({"is_issued": False}, GateName.PAYABLE, "online"),
            ({"is_published": False}, GateName.PAYABLE, "online"),
            ({"outstanding_minor": 0}, GateName.OUTSTANDING, "is paid"),
            ({"outstanding_minor": -5}, GateName.OUTSTANDING, "is paid"),
            ({"processing_minor": 10_000}, GateName.OUTSTANDING, "processed"),
            ({"outstanding_minor": 49}, GateName.OUTSTANDING, "€0.50"),
        ],
    )
    def test_a_shut_gate_says_why(self, change, gate, says):
        shut = [x for x in list_gates(facts(**change)) if not x.is_open]

        assert [x.name for x in shut] == [gate]
        assert says in shut[0].refusal.message
        assert shut[0].reason

    def test_staff_see_all_that_is_missing_at_once(self):
        asked = facts(mode=PaymentMode.OFF, can_charge=False, outstanding_minor=0)

        assert sum(not gate.is_open for gate in list_gates(asked)) == 3

    def test_customers_are_not_told_how_the_business_is_set_up(self):
        shut = find_shut_gate(facts(can_charge=False))

        assert shut is not None
        assert "Stripe" not in shut.customer_reason


class TestLimits:
    @pytest.mark.parametrize(
        ("change", "smallest", "largest"),
        [
            ({}, 50, 10_000),
            ({"processing_minor": 4_000}, 50, 6_000),
            ({"minimum_minor": 2_500}, 2_500, 10_000),
            ({"minimum_minor": 20_000}, 10_000, 10_000),
            ({"minimum_minor": 7_000, "processing_minor": 4_000}, 6_000, 6_000),
            ({"allows_partial": False}, 10_000, 10_000),
            ({"currency": "JPY", "outstanding_minor": 1_000}, 50, 1_000),
            ({"currency": "KWD", "outstanding_minor": 10_005}, 10, 10_000),
        ],
    )
    def test_span_what_can_be_charged(self, change, smallest, largest):
        assert compute_limits(facts(**change)) == AmountLimits(smallest, largest)

    def test_there_are_none_behind_a_shut_gate(self):
        with pytest.raises(NotPayable, match="void"):
            compute_limits(facts(is_void=True))

    def test_what_stripe_could_only_take_in_part_needs_partial_payments(self):
        dinars = facts(currency="KWD", outstanding_minor=10_005, allows_partial=False)

        with pytest.raises(NotPayable):
            compute_limits(dinars)


class TestReadAmount:
    @pytest.mark.parametrize(
        ("change", "text", "minor"),
        [
            ({}, "100", 10_000),
            ({}, "40.00", 4_000),
            ({}, "0.50", 50),
            ({"currency": "JPY", "outstanding_minor": 1_000}, "1,000", 1_000),
            ({"currency": "KWD", "outstanding_minor": 5_250}, "5.250", 5_250),
            ({"allows_partial": False}, "100.00", 10_000),
            ({"minimum_minor": 20_000}, "100.00", 10_000),
        ],
    )
    def test_takes_what_can_be_paid(self, change, text, minor):
        assert read_amount(text, facts(**change)).minor == minor

    @pytest.mark.feature("F090", "F091")
    @pytest.mark.parametrize(
        ("change", "text", "says"),
        [
            ({}, "100.01", "€100.00 at most"),
            ({}, "0.49", "€0.50 or more"),
            ({}, "0", "€0.50 or more"),
            ({}, "-5", "below zero"),
            ({}, "1.005", "two decimals"),
            ({}, "NaN", "number"),
            ({}, "1e2", "number"),
            ({}, "４０", "number"),
            ({}, "", "Write the amount"),
            ({"currency": "JPY", "outstanding_minor": 1_000}, "10.5", "decimals"),
            ({"currency": "KWD", "outstanding_minor": 5_250}, "5.005", "end in 0"),
            ({"minimum_minor": 2_500}, "24.99", "€25.00 or more"),
            ({"allows_partial": False}, "99.99", "Please pay €100.00"),
            ({"allows_partial": False}, "100.01", "Please pay €100.00"),
            ({"processing_minor": 4_000}, "60.01", "€60.00 at most"),
        ],
    )
    def test_refuses_the_rest_with_what_would_work(self, change, text, says):
        with pytest.raises(InvalidInput, match=says) as refusal:
            read_amount(text, facts(**change))

        assert refusal.value.field == "amount"

    @pytest.mark.feature("C10", "F090")
    @given(
        st.integers(0, 12_000),
        st.integers(0, 12_000),
        st.integers(0, 12_000),
        st.integers(0, 12_000),
        st.booleans(),
    )
    def test_takes_exactly_what_lies_between_the_minimum_and_what_is_left(
        self, minor, outstanding, processing, minimum, allows_partial
    ):
        asked = facts(
            outstanding_minor=outstanding,
            processing_minor=processing,
            minimum_minor=minimum,
            allows_partial=allows_partial,
        )
        left = outstanding - processing
        fits = left >= 50 and min(max(minimum, 50), left) <= minor <= left

        try:
            taken = read_amount(f"{minor // 100}.{minor % 100:02}", asked).minor
        except BillingError:
            taken = None

        assert taken == (minor if fits and (allows_partial or minor == left) else None)


@pytest.mark.feature("G07")
@pytest.mark.parametrize(
    ("key", "secret", "charges", "expected"),
    [
        (False, False, False, StripeConnection.NOT_CONNECTED),
        (False, True, True, StripeConnection.NOT_CONNECTED),
        (True, False, True, StripeConnection.INCOMPLETE),
        (True, True, False, StripeConnection.INCOMPLETE),
        (True, True, True, StripeConnection.ACTIVE),
    ],
)
def test_the_connection_is_active_once_it_charges_and_hears(
    key, secret, charges, expected
):
    found = stripe_connection(
        has_key=key, has_webhook_secret=secret, charges_enabled=charges
    )

    assert found == expected
