"""What became of a promise to pay."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.promise import (
    PromiseFacts,
    PromiseState,
    compute_promise_state,
    parse_promised_on,
)

FRIDAY = date(2026, 3, 6)
SATURDAY = FRIDAY + timedelta(days=1)
NOTHING_YET = PromiseFacts(
    promised_on=FRIDAY,
    amount_minor=100_00,
    in_time_minor=0,
    received_minor=0,
    processing_minor=0,
    outstanding_minor=100_00,
)


class TestComputePromiseState:
    def test_unpaid_it_is_broken_the_day_after(self):
        assert compute_promise_state(NOTHING_YET, FRIDAY) == PromiseState.OPEN
        assert compute_promise_state(NOTHING_YET, SATURDAY) == PromiseState.BROKEN

    def test_paid_in_time_it_is_kept(self):
        facts = replace(
            NOTHING_YET,
            in_time_minor=100_00,
            received_minor=100_00,
            outstanding_minor=0,
        )

        assert compute_promise_state(facts, SATURDAY) == PromiseState.KEPT

    def test_paid_too_late_it_stays_broken(self):
        facts = replace(NOTHING_YET, received_minor=100_00, outstanding_minor=0)

        assert compute_promise_state(facts, SATURDAY) == PromiseState.BROKEN

    def test_a_part_does_not_keep_it(self):
        facts = replace(NOTHING_YET, in_time_minor=40_00, received_minor=40_00)

        assert compute_promise_state(facts, SATURDAY) == PromiseState.BROKEN

    def test_what_was_credited_need_not_be_paid(self):
        facts = replace(
            NOTHING_YET, in_time_minor=40_00, received_minor=40_00, outstanding_minor=0
        )

        assert compute_promise_state(facts, SATURDAY) == PromiseState.KEPT

    def test_a_debit_on_its_way_keeps_it_open(self):
        facts = replace(NOTHING_YET, processing_minor=100_00)

        assert compute_promise_state(facts, SATURDAY) == PromiseState.OPEN


class TestParsePromisedOn:
    @pytest.mark.parametrize("days", [0, 1, 90])
    def test_today_up_to_ninety_days(self, days: int):
        day = FRIDAY + timedelta(days=days)

        assert parse_promised_on(f" {day} ", FRIDAY) == day

    @pytest.mark.parametrize(
        "text",
        ["2026-03-05", "2026-06-05", "", "soon", "2026-02-30", "9999-99-99", "٢" * 30],
    )
    def test_anything_else_is_refused_beside_the_field(self, text: str):
        with pytest.raises(InvalidInput) as refused:
            parse_promised_on(text, FRIDAY)

        assert refused.value.field == "promised_on"
