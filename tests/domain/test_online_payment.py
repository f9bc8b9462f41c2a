"""A try to pay only moves forwards, and only the right money is believed."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.online_payment import (
    AttemptStatus,
    Expected,
    Report,
    find_mismatch,
    next_status,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXPECTED = Expected(4_000, "EUR", "acct_north", is_live=False)
REPORT = Report(
    checkout_id="cs_1",
    status=AttemptStatus.SUCCEEDED,
    amount_minor=4_000,
    currency="EUR",
    account_id="acct_north",
    is_live=False,
    read_at=NOON,
)
STATUSES = st.sampled_from(sorted(AttemptStatus))


class TestNextStatus:
    @pytest.mark.parametrize("late", sorted(AttemptStatus))
    def test_money_is_never_taken_back_by_an_older_report(self, late):
        assert next_status(AttemptStatus.SUCCEEDED, late) == AttemptStatus.SUCCEEDED

    @pytest.mark.parametrize("earlier", ["open", "processing", "failed", "expired"])
    def test_late_money_wins(self, earlier):
        reported = AttemptStatus.SUCCEEDED

        assert next_status(AttemptStatus(earlier), reported) == reported

    def test_a_debit_that_failed_does_not_process_again(self):
        failed = AttemptStatus.FAILED

        assert next_status(failed, AttemptStatus.PROCESSING) == failed

    @pytest.mark.parametrize("end", ["succeeded", "failed", "expired"])
    def test_any_order_ends_the_same(self, end):
        story = ["open", "processing", end]
        ends = {
            reduce(next_status, map(AttemptStatus, told), AttemptStatus.PREPARED)
            for told in permutations(story)
        }

        assert ends == {AttemptStatus(end)}

    @given(st.lists(STATUSES, min_size=1))
    def test_telling_everything_again_changes_nothing(self, told):
        once = reduce(next_status, told, AttemptStatus.PREPARED)

        assert reduce(next_status, told, once) == once


class TestFindMismatch:
    def test_finds_none_in_what_was_asked_for(self):
        assert find_mismatch(EXPECTED, REPORT) == ""

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"amount_minor": 100}, "amount"),
            ({"amount_minor": 4_001}, "amount"),
            ({"currency": "USD"}, "USD"),
            ({"account_id": "acct_south"}, "account"),
            ({"is_live": True}, "test mode"),
        ],
    )
    def test_says_what_is_different(self, change, word):
        assert word in find_mismatch(EXPECTED, replace(REPORT, **change))
